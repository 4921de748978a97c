//! Wheels and archives on this machine and at a URL.

use layerlock_diagnostic::Diagnose as _;
use layerlock_install::{BuildNote, BuildProblem, Cache, Error};
use layerlock_testkit::{ServedFile, SourceTree, WheelBuilder};
use tempfile::TempDir;

use super::{Log, Shop, demo, locked_file, locking, locking_path, locking_sdist, paths, source};
use crate::helpers::target;

#[test]
fn a_wheel_on_this_machine_is_taken_as_it_is() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0").file("demo.py", "").build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    let log = Log::default();
    let built = shop
        .build(&locking_path("file", &path, &files), &log)
        .unwrap();
    assert_eq!((log.builds(), built.notes), (0, Vec::new()));
    let [chosen] = built.chosen.try_into().unwrap();
    let (_, taken) = shop.wheel_of(chosen);
    assert_eq!(fs_err::read(taken.path).unwrap(), wheel.bytes);

    let wrong = locked_file(&wheel.file_name, b"other");
    let error = shop
        .build(&locking_path("file", &path, &wrong), &log)
        .unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
}

#[test]
fn a_wheel_on_this_machine_for_another_target_is_no_wheel() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0")
        .tag("cp312-cp312-win_amd64")
        .build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    let project = locking_path("file", &path, &files);
    let error = shop.build(&project, &Log::default()).unwrap_err();
    assert!(matches!(error, Error::NoWheel(_)), "{error:?}");
    assert!(error.to_string().contains("win_amd64"), "{error}");
}

#[test]
fn an_archive_on_this_machine_is_built() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let path = shop.path(&sdist.file_name);
    fs_err::write(&path, &sdist.bytes).unwrap();
    let files = locked_file(&sdist.file_name, &sdist.bytes);
    let (chosen, _) = shop.built(&locking_path("file", &path, &files));
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
}

#[test]
fn files_at_a_url_are_fetched_compared_and_taken_or_built() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0").file("demo.py", "").build();
    let sdist = demo().sdist();
    for file in [ServedFile::from(&wheel), sdist] {
        shop.index.add(&file);
        let url = shop.index.file_url(&file);
        let files = locked_file(&file.file_name, &file.bytes);
        let project = locking(&files, &source("url", &url, ""));
        let built = shop.build(&project, &Log::default()).unwrap();
        let requests = shop.index.requests().len();
        shop.build_for(&project, &target(), true, &Log::default())
            .unwrap();
        assert_eq!(shop.index.requests().len(), requests);
        assert_eq!(built.chosen[0].wheel.as_str(), wheel.file_name);

        let wrong = locking(
            &locked_file(&file.file_name, b"other"),
            &source("url", &url, ""),
        );
        let error = Shop {
            cache: Cache::temporary().unwrap(),
            ..Shop::open()
        }
        .build(&wrong, &Log::default())
        .unwrap_err();
        assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");

        // Locks of Poetry 1 have no hash for them.
        let unhashed = locking("", &source("url", &url, ""));
        let built = shop.build(&unhashed, &Log::default()).unwrap();
        let unverified = BuildNote::Unverified {
            package: "demo".parse().unwrap(),
            from: url,
        };
        assert!(built.notes.contains(&unverified), "{:?}", built.notes);
    }
}

/// Release pages have such files, and Poetry installs them.
#[test]
fn a_wheel_by_a_name_that_is_none_is_told_what_to_be_called() {
    let shop = Shop::open();
    for (name, expected) in [
        ("demo-any-py3-none-any.whl", "demo-1.0-py3-none-any.whl"),
        (
            "demo-cp312-cp312-linux_x86_64.whl",
            "demo-1.0-cp312-cp312-linux_x86_64.whl",
        ),
        ("latest.whl", "demo-1.0-py3-none-any.whl"),
    ] {
        let wheel = WheelBuilder::new("demo", "1.0").build();
        let file = ServedFile {
            file_name: name.to_owned(),
            ..ServedFile::from(&wheel)
        };
        shop.index.add(&file);
        fs_err::write(shop.path(name), &file.bytes).unwrap();
        let files = locked_file(name, &file.bytes);
        for project in [
            locking(&files, &source("url", &shop.index.file_url(&file), "")),
            locking_path("file", &shop.path(name), &files),
        ] {
            let error = shop.refusal(&project);
            let text = error.to_string();
            assert!(
                text.starts_with(&format!(
                    "demo 1.0 cannot be used: `{name}` is not a wheel's"
                )),
                "{text}"
            );
            let hint = error.hint().unwrap();
            assert!(
                hint.contains(&format!(
                    "rename the file to NAME-VERSION-PYTHON-ABI-PLATFORM.whl, here {expected},"
                )),
                "{hint}"
            );
        }
    }
}

#[test]
fn a_file_that_is_no_longer_at_its_url_is_no_matter_of_an_index() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0").build();
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    let project = locking(&files, &source("url", &shop.index.file_url(&wheel), ""));
    let error = shop.build(&project, &Log::default()).unwrap_err();
    assert!(matches!(error, Error::FileAtUrl { .. }), "{error:?}");
    assert_eq!(error.package().as_deref(), Some("demo"));
    assert!(error.place().is_some());
    assert_eq!(
        error.hint().unwrap(),
        "the file is no longer there: correct the dependency's URL in pyproject.toml, then run \
         `poetry lock`"
    );
}

/// Its last part, decoded, names a temporary file.
#[test]
fn a_url_whose_file_name_leads_elsewhere_is_refused() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let files = locked_file(&sdist.file_name, &sdist.bytes);
    let absolute = shop.path("pwn.tar.gz").display().to_string();
    for name in [
        "..%2Fpwn.tar.gz",
        &absolute.replace('/', "%2F"),
        "..%5Cpwn.tar.gz",
        "pwn%00.tar.gz",
        "",
    ] {
        let url = format!("{}x/{name}", shop.index.url());
        let project = locking(&files, &source("url", &url, ""));
        let error = shop.build(&project, &Log::default()).unwrap_err();
        assert!(matches!(error, Error::LockedUrl { .. }), "{error:?}");
        let text = format!("{error} {}", error.hint().unwrap());
        assert!(text.contains("plain file name"), "{text}");
        assert!(text.contains("pyproject.toml"), "{text}");
    }
    assert!(shop.index.requests().is_empty());
}

/// An archive as those of a repository are: the package lies in a directory of it.
fn archive_of_a_repository() -> SourceTree {
    let own = TempDir::new().unwrap();
    demo().write_to(own.path());
    let files = layerlock_layer::files_in(own.path()).unwrap();
    let outer = SourceTree::new("outer", "3.0").failing("the wrong directory");
    files.into_iter().fold(outer, |archive, name| {
        let content = fs_err::read(own.path().join(&name)).unwrap();
        archive.file(&format!("packages/demo/{name}"), content)
    })
}

#[test]
fn a_directory_in_an_archive_is_built() {
    // A repository may have links in other directories.
    let repository = archive_of_a_repository().link("docs/README", "../README");
    for archive in [repository.sdist(), repository.zip()] {
        let shop = Shop::open();
        let path = shop.path(&archive.file_name);
        fs_err::write(&path, &archive.bytes).unwrap();
        let files = locked_file(&archive.file_name, &archive.bytes);
        let locking = |directory: &str| {
            let more = format!("subdirectory = \"{directory}\"\n");
            locking(&files, &source("file", path.to_str().unwrap(), &more))
        };
        let (chosen, _) = shop.built(&locking("packages/demo"));
        assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
        for directory in ["packages/other", "../..", "packages/demo/pyproject.toml"] {
            let error = shop.refusal(&locking(directory));
            assert!(
                matches!(error.problem, BuildProblem::Subdirectory(_)),
                "{error}"
            );
        }
    }
}

/// pip before 24.1 would write through the link, or pack what is behind it.
#[test]
fn an_archive_that_leads_out_of_itself_is_refused() {
    for (name, target) in [
        ("demo/link.py", "/etc/passwd"),
        ("demo/link.py", "../../../etc/passwd"),
        ("demo/link.py", "a/../../../x"),
    ] {
        let shop = Shop::open();
        let sdist = demo().link(name, target).sdist();
        shop.index.add(&sdist);
        let error = shop.refusal(&locking_sdist(&sdist));
        assert!(matches!(error.problem, BuildProblem::Link(_)), "{error}");
        assert!(
            error.to_string().contains("demo-1.0/demo/link.py"),
            "{error}"
        );
    }
    let shop = Shop::open();
    let sdist = demo().file("../../out.py", "").sdist();
    shop.index.add(&sdist);
    let error = shop.refusal(&locking_sdist(&sdist));
    assert!(matches!(error.problem, BuildProblem::Link(_)), "{error}");

    let shop = Shop::open();
    let sdist = demo().link("x", "demo").file("x/behind.py", "").sdist();
    shop.index.add(&sdist);
    let error = shop.refusal(&locking_sdist(&sdist));
    assert!(matches!(error.problem, BuildProblem::Link(_)), "{error}");
}

#[test]
fn a_link_within_an_archive_is_built() {
    let shop = Shop::open();
    let sdist = demo().link("demo/same.py", "../demo/__init__.py").sdist();
    shop.index.add(&sdist);
    let layer = paths(shop.built(&locking_sdist(&sdist)));
    assert!(
        layer.contains(&"python/demo/same.py".to_owned()),
        "{layer:?}"
    );
}
