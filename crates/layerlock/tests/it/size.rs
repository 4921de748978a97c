//! Where the bytes of layers are.

use fs_err as fs;
use layerlock::{Silent, SizeReport, SizeSettings, size};
use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder, noise};

use crate::helpers::{Shop, tree};

/// `app` needs `base`, and both bring one large file.
fn shop() -> Shop {
    let large = noise(3, 50_000);
    let base = WheelBuilder::new("base", "2.0")
        .file("base/__init__.py", "")
        .file("base/data.bin", large.clone())
        .build();
    let app = WheelBuilder::new("app", "1.0")
        .file("app/__init__.py", "import base\n".repeat(100))
        .file("app/data.bin", large)
        .requires("base>=2")
        .build();
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(LockedPackage::from(&app).requires("base", ">=2"))
        .package(LockedPackage::from(&base).transitive());
    Shop::new(&project, [&base, &app])
}

fn sized(settings: &SizeSettings) -> SizeReport {
    size(settings, &Silent).unwrap()
}

fn settings(shop: &Shop) -> SizeSettings {
    SizeSettings {
        settings: shop.settings(),
        paths: Vec::new(),
        top: 3,
        html: None,
    }
}

#[test]
fn a_projects_layers_are_measured_and_nothing_is_written() {
    let shop = shop();
    let before = tree(shop.project.path());
    let report = sized(&settings(&shop));
    assert_eq!(tree(shop.project.path()), before);

    // What a build makes has the same bytes.
    let built = shop.build();
    let [layer] = &report.layers[..] else {
        panic!("{report:?}");
    };
    assert_eq!(layer.name.as_deref(), Some("shop"));
    assert_eq!(layer.target, Some(built.target));
    assert_eq!(layer.unzipped_size, built.unzipped_size);
    assert_eq!(layer.file_count, built.file_count);
    assert_eq!(layer.zip_size, built.zip.as_ref().map(|zip| zip.size));
    let [app, base] = &layer.packages[..] else {
        panic!("{layer:?}");
    };
    assert_eq!((&app.name[..], app.requested), ("app", Some(true)));
    assert_eq!((&base.name[..], base.requested), ("base", Some(false)));
    assert_eq!(base.needed_by, ["app"]);
    for package in &layer.packages {
        let of_build = built.packages.iter().find(|it| it.name == package.name);
        let of_build = of_build.unwrap();
        assert_eq!(package.sizes.unzipped_size, of_build.unzipped_size);
        assert_eq!(package.sizes.zipped_size, of_build.zipped_size);
    }
    assert_eq!(layer.without_package, None);
    assert_eq!(layer.largest_files.len(), 3);
    assert_eq!(layer.largest_files[0].path, "python/app/data.bin");
    assert_eq!(layer.largest_files[0].package.as_deref(), Some("app"));
    let [same, ..] = &layer.duplicates[..] else {
        panic!("{layer:?}");
    };
    assert_eq!(same.paths, ["python/app/data.bin", "python/base/data.bin"]);
    assert_eq!(
        (same.unzipped_size, same.superfluous_size),
        (50_000, 50_000)
    );
}

/// A zip alone tells the same as the project, but for what the project asks for.
#[test]
fn a_zip_and_a_directory_tell_as_much_as_the_project() {
    let shop = shop();
    let of_project = sized(&settings(&shop));
    let zip = shop.build().zip.unwrap().path;
    let unpacked = shop.path("unpacked");
    for (name, bytes) in crate::helpers::unzipped(&zip) {
        let path = unpacked.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes.0).unwrap();
    }
    let directory_of_zips = zip.parent().unwrap().to_owned();
    for (path, is_zip) in [
        (zip.clone(), true),
        (directory_of_zips, true),
        (unpacked, false),
    ] {
        let report = sized(&SizeSettings {
            paths: vec![path.clone()],
            ..settings(&shop)
        });
        let (found, expected) = (&report.layers[0], &of_project.layers[0]);
        let layer = if is_zip { &zip } else { &path };
        assert_eq!(found.path.as_ref(), Some(layer));
        assert_eq!(found.unzipped_size, expected.unzipped_size);
        assert_eq!(found.zip_size, expected.zip_size.filter(|_| is_zip));
        assert_eq!(found.without_package, None);
        for (one, other) in found.packages.iter().zip(&expected.packages) {
            assert_eq!((&one.name, &one.version), (&other.name, &other.version));
            assert_eq!(one.sizes.unzipped_size, other.sizes.unzipped_size);
            let zipped = other.sizes.zipped_size.filter(|_| is_zip);
            assert_eq!(one.sizes.zipped_size, zipped);
            assert_eq!(one.needed_by, other.needed_by);
            assert_eq!(one.requested, None);
        }
        assert_eq!(found.duplicates[0].paths, expected.duplicates[0].paths);
    }
}

#[test]
fn the_report_fits_into_a_terminal() {
    let shop = shop();
    let text = sized(&settings(&shop)).text(Some(80));
    let lines: Vec<_> = text.lines().collect();
    // The first one is text, which is broken between words.
    let mut rows = lines[1..].iter();
    assert!(rows.all(|row| row.chars().count() <= 80), "{text}");
    assert!(
        lines[0].starts_with("shop for python3.12 x86_64: 102.1 kB unzipped, "),
        "{text}"
    );
    assert_eq!(
        lines[1],
        "   unzipped   share     zipped  package   needed by"
    );
    assert!(lines[2].ends_with("  app 1.0   the project"), "{text}");
    assert!(lines[3].ends_with("  base 2.0  app"), "{text}");
    assert!(
        text.contains("the same file more than once: 50.1 kB unzipped are copies"),
        "{text}"
    );
}

#[test]
fn the_page_has_each_file() {
    let shop = shop();
    let html = shop.path("page.html");
    let asked = SizeSettings {
        html: Some(html.clone()),
        ..settings(&shop)
    };
    let report = sized(&asked);
    assert_eq!(report.html.as_ref(), Some(&html));
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains(r#"["python/base/data.bin",1,50000,"#));
    // The same input gives the same bytes.
    sized(&asked);
    assert_eq!(fs::read_to_string(&html).unwrap(), page);
}

#[test]
fn a_page_replaces_nothing_that_it_is_made_of() {
    let shop = shop();
    let zip = shop.build().zip.unwrap().path;
    let before = tree(shop.project.path());
    for (html, paths, message) in [
        (
            zip.clone(),
            vec![zip.clone()],
            format!(
                "the page would replace {}, which it is made of",
                zip.display()
            ),
        ),
        (
            shop.path("poetry.lock"),
            Vec::new(),
            "poetry.lock".to_owned(),
        ),
    ] {
        let error = size(
            &SizeSettings {
                html: Some(html),
                paths,
                ..settings(&shop)
            },
            &Silent,
        )
        .unwrap_err();
        assert_eq!(error.kind().exit_code(), 2);
        assert!(error.to_string().contains(&message), "{error}");
    }
    assert_eq!(tree(shop.project.path()), before);
}

#[test]
fn what_is_no_layer_is_told() {
    let shop = shop();
    let measure = |name: &str| {
        let settings = SizeSettings {
            paths: vec![shop.path(name)],
            ..settings(&shop)
        };
        size(&settings, &Silent).unwrap_err()
    };
    let missing = measure("missing.zip");
    assert_eq!(missing.kind().exit_code(), 2);
    assert!(
        missing
            .to_string()
            .starts_with("there is no zip or directory ")
    );
    let text = measure("pyproject.toml");
    assert_eq!(text.kind().exit_code(), 7);
    assert!(text.to_string().starts_with("cannot read "), "{text}");
}
