//! What is different between layers, and between locks.

use fs_err as fs;
use layerlock::{
    Comparand, DiffReport, DiffSettings, PackageChange, PublishSettings, Publishing, Silent,
    UpkeepSettings, diff, publish,
};
use layerlock_testkit::{LockedPackage, ProjectBuilder, Wheel, WheelBuilder};
use tempfile::TempDir;

use crate::helpers::Shop;

fn wheel(name: &str, version: &str, size: usize) -> Wheel {
    WheelBuilder::new(name, version)
        .file(
            &format!("{name}/data.bin"),
            layerlock_testkit::noise(1, size),
        )
        .build()
}

fn shop(wheels: &[Wheel]) -> Shop {
    let project = ProjectBuilder::new("shop").requires_python(">=3.12,<3.13");
    let project = wheels.iter().fold(project, ProjectBuilder::package);
    Shop::new(&project, wheels)
}

fn compared(before: Comparand, after: Comparand) -> DiffReport {
    let settings = DiffSettings {
        before,
        after,
        upkeep: UpkeepSettings::default(),
    };
    diff(&settings, &Silent).unwrap()
}

fn changes(report: &DiffReport) -> Vec<(&str, PackageChange)> {
    let packages = report.packages.iter();
    packages
        .map(|one| (one.name.as_deref().unwrap_or_default(), one.change))
        .collect()
}

const ALL: [(&str, PackageChange); 3] = [
    ("gone", PackageChange::Removed),
    ("moved", PackageChange::Moved),
    ("new", PackageChange::Added),
];

fn before() -> Shop {
    shop(&[
        wheel("gone", "1.0", 1_000),
        wheel("moved", "1.0", 40_000),
        wheel("same", "1.0", 500),
    ])
}

fn after() -> Shop {
    shop(&[
        wheel("moved", "2.0", 50_000),
        wheel("new", "1.0", 2_000),
        wheel("same", "1.0", 500),
    ])
}

#[test]
fn two_zips_differ_by_packages_and_bytes() {
    let (before, after) = (before(), after());
    let zips = [&before, &after].map(|shop| shop.build().zip.unwrap());
    let [old, new] = zips.clone().map(|zip| Comparand::Path(zip.path));
    let report = compared(old.clone(), new);
    assert_eq!(changes(&report), ALL);
    assert_eq!(report.unchanged, 1);
    assert_eq!(report.before.zip_size, Some(zips[0].size));
    let moved = &report.packages[1];
    let [old_state, new_state] = [&moved.before, &moved.after].map(|it| it.as_ref().unwrap());
    assert_eq!(
        (&old_state.versions[0][..], &new_state.versions[0][..]),
        ("1.0", "2.0")
    );
    let [old_size, new_size] = [old_state, new_state].map(|it| it.unzipped_size.unwrap());
    assert_eq!(new_size - old_size, 10_000);
    let text = report.to_string();
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(
        rows[0].starts_with("  - gone ") && rows[0].ends_with("  1.0"),
        "{text}"
    );
    assert!(
        rows[1].starts_with("  ~ moved  +10.0 kB  ") && rows[1].ends_with("  1.0 -> 2.0"),
        "{text}"
    );
    assert!(rows[2].starts_with("  + new "), "{text}");
    assert!(text.ends_with("\n1 package is the same"), "{text}");

    let same = compared(old.clone(), old);
    assert!(!same.has_changes());
    assert!(same.to_string().ends_with("\nno package is different"));
}

#[test]
fn a_directory_is_compared_with_a_zip_by_its_unpacked_bytes() {
    let before = before();
    let zip = before.build().zip.unwrap().path;
    let temp = TempDir::new().unwrap();
    for (name, (bytes, _)) in crate::helpers::unzipped(&zip) {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let directory = Comparand::Path(temp.path().to_owned());
    assert!(!compared(Comparand::Path(zip.clone()), directory.clone()).has_changes());
    // The same version with other bytes, and a file of no package.
    fs::write(temp.path().join("python/same/data.bin"), "short").unwrap();
    fs::write(temp.path().join("python/own.py"), "OWN = 1\n").unwrap();
    let report = compared(Comparand::Path(zip), directory);
    assert_eq!(
        changes(&report),
        [("same", PackageChange::Resized), ("", PackageChange::Added)]
    );
    assert!(
        report.to_string().contains("\n  + (no package)"),
        "{report}"
    );
}

#[test]
fn two_locks_differ_by_packages() {
    let (before, after) = (before(), after());
    for (old, new) in [
        (before.project.lock(), after.project.lock()),
        // The directories of projects stand for their locks.
        (
            before.project.path().to_owned(),
            after.project.path().to_owned(),
        ),
    ] {
        let report = compared(Comparand::Path(old), Comparand::Path(new));
        assert_eq!(changes(&report), ALL);
        assert_eq!(report.before.unzipped_size, None);
        let text = report.to_string();
        assert!(text.contains("\npackages: 3 -> 3\n"), "{text}");
        assert!(text.contains("\n  ~ moved  1.0 -> 2.0\n"), "{text}");
    }
}

/// What the lock has for other groups was told as added, and a stale lock as it is.
#[test]
fn against_a_layer_a_project_is_what_its_layer_takes() {
    let wheels = [wheel("moved", "1.0", 40_000), wheel("same", "1.0", 500)];
    let test = LockedPackage::new("test", "1.0")
        .file("test-1.0-py3-none-any.whl", &"0".repeat(64))
        .groups(&["dev"]);
    let project = ProjectBuilder::new("shop").requires_python(">=3.12,<3.13");
    let project = wheels.iter().fold(project, ProjectBuilder::package);
    let shop = Shop::new(&project.package(test), &wheels);
    let zip = shop.build().zip.unwrap().path;
    let asked = |before: Comparand, after: Comparand| {
        let settings = DiffSettings {
            before,
            after,
            upkeep: UpkeepSettings {
                settings: shop.settings(),
                ..UpkeepSettings::default()
            },
        };
        diff(&settings, &Silent)
    };
    let directory = Comparand::Path(shop.project.path().to_owned());
    let report = asked(Comparand::Path(zip.clone()), directory.clone()).unwrap();
    assert!(!report.has_changes(), "{report}");
    assert_eq!(report.unchanged, 2);
    let report = asked(directory.clone(), Comparand::Path(shop.project.lock())).unwrap();
    assert!(!report.has_changes(), "{report}");
    assert_eq!(report.unchanged, 3);

    // A lock without its project is no more than that.
    let alone = TempDir::new().unwrap();
    fs::copy(shop.project.lock(), alone.path().join("poetry.lock")).unwrap();
    let alone = Comparand::Path(alone.path().to_owned());
    let report = asked(Comparand::Path(zip.clone()), alone).unwrap();
    assert_eq!(changes(&report), [("test", PackageChange::Added)]);

    let pyproject = fs::read_to_string(shop.project.pyproject()).unwrap();
    let changed = pyproject.replace("dependencies = [", "dependencies = [\"other\", ");
    assert_ne!(changed, pyproject);
    fs::write(shop.project.pyproject(), changed).unwrap();
    let error = asked(Comparand::Path(zip), directory).unwrap_err();
    assert_eq!(error.kind().exit_code(), 3, "{error}");
}

#[test]
fn a_zip_is_compared_with_what_is_published() {
    let (before, after) = (before(), after());
    let shelf = TempDir::new().unwrap();
    let to = Publishing::Local(Some(shelf.path().to_owned()));
    let settings = PublishSettings {
        settings: before.settings(),
        to: to.clone(),
        ..PublishSettings::default()
    };
    publish(&settings, &Silent).unwrap();
    let zip = after.build().zip.unwrap().path;
    let asked = |version| DiffSettings {
        before: Comparand::Published(version),
        after: Comparand::Path(zip.clone()),
        upkeep: UpkeepSettings {
            settings: after.settings(),
            to: to.clone(),
            name: None,
        },
    };
    for version in [None, Some(1)] {
        let report = diff(&asked(version), &Silent).unwrap();
        assert_eq!(changes(&report), ALL);
        assert!(
            report.before.name.starts_with("version 1 of shop at local"),
            "{report}"
        );
    }
    let error = diff(&asked(Some(2)), &Silent).unwrap_err();
    assert_eq!(error.kind().exit_code(), 6);
    assert!(
        error
            .to_string()
            .starts_with("there is no version 2 of shop"),
        "{error}"
    );
}

#[test]
fn what_is_neither_layer_nor_lock_is_told() {
    let before = before();
    let lock = Comparand::Path(before.project.lock());
    let asked = |after| DiffSettings {
        before: lock.clone(),
        after: Comparand::Path(after),
        upkeep: UpkeepSettings::default(),
    };
    let missing = diff(&asked(before.path("missing.zip")), &Silent).unwrap_err();
    assert_eq!(missing.kind().exit_code(), 2);
    let project = diff(&asked(before.project.pyproject()), &Silent).unwrap_err();
    assert_eq!(project.kind().exit_code(), 3);
    assert!(project.to_string().contains("it is no lock"), "{project}");
}
