//! Layers that are published as they are.

use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock::{
    Architecture, Error, ErrorKind, Outcome, Prebuilt, PublishReport, PublishSettings, Publishing,
    Settings, Silent, build, publish_prebuilt,
};

use layerlock_testkit::SharedLibrary;

use crate::helpers::{Shop, unzipped};

/// Publishes for two runtimes on two architectures.
fn publish(directory: &Path, path: PathBuf, name: Option<&str>) -> Result<PublishReport, Error> {
    let runtimes = ["python3.12", "nodejs22.x"];
    let architectures = [Architecture::X86_64, Architecture::Arm64];
    publish_for(directory, path, name, &runtimes, &architectures)
}

fn publish_for(
    directory: &Path,
    path: PathBuf,
    name: Option<&str>,
    runtimes: &[&str],
    architectures: &[Architecture],
) -> Result<PublishReport, Error> {
    let prebuilt = Prebuilt {
        path,
        runtimes: runtimes.iter().map(|&name| name.to_owned()).collect(),
        architectures: architectures.to_vec(),
    };
    let settings = PublishSettings {
        settings: Settings::for_project(directory),
        to: Publishing::Local(Some(directory.join("shelf"))),
        name: name.map(str::to_owned),
        ..PublishSettings::default()
    };
    publish_prebuilt(&prebuilt, &settings, &Silent)
}

#[test]
fn a_zip_of_another_job_is_published_as_it_is() {
    let shop = Shop::configured("");
    let built = build(&shop.settings(), &Silent).unwrap();
    let zip = built.layers[0].zip.as_ref().unwrap().path.clone();
    // Where it is published there is no project.
    let other = tempfile::tempdir().unwrap();
    for outcome in [Outcome::Published, Outcome::Unchanged] {
        let report = publish(other.path(), zip.clone(), Some("vendor")).unwrap();
        let [one] = &report.published[..] else {
            panic!("{report:?}");
        };
        assert_eq!(one.outcome, outcome);
        assert_eq!(one.name, "vendor");
        assert_eq!(one.runtimes, ["python3.12", "nodejs22.x"]);
        assert_eq!(one.architectures, ["x86_64", "arm64"]);
    }
    let published = other.path().join("shelf/vendor/1/layer.zip");
    let report = publish(other.path(), zip.clone(), Some("vendor")).unwrap();
    for layer in &report.checked {
        assert_eq!(layer.path.as_ref(), Some(&zip));
        assert_eq!(layer.zip.as_ref().unwrap().path, zip);
    }
    assert_eq!(fs::read(published).unwrap(), fs::read(zip).unwrap());
}

#[test]
fn a_directory_becomes_a_zip_that_depends_on_its_files_alone() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    for layer in ["one", "two"] {
        fs::create_dir_all(at(layer).join("python/shop")).unwrap();
        fs::write(at(layer).join("python/shop/__init__.py"), "x = 1\n").unwrap();
    }
    // The same to who reads it.
    #[cfg(unix)]
    fs::os::unix::fs::symlink("__init__.py", at("one/python/shop/again.py")).unwrap();
    fs::write(at("two/python/shop/again.py"), "x = 1\n").unwrap();
    for (layer, outcome) in [("one", Outcome::Published), ("two", Outcome::Unchanged)] {
        let report = publish(directory.path(), at(layer), Some("vendor")).unwrap();
        assert_eq!(report.published[0].outcome, outcome, "{layer}");
    }
    let zip = at("shelf/vendor/1/layer.zip");
    let names: Vec<String> = unzipped(&zip).into_keys().collect();
    assert_eq!(names, ["python/shop/__init__.py", "python/shop/again.py"]);
}

#[test]
fn what_is_no_layer_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    fs::create_dir_all(at("empty/python")).unwrap();
    fs::create_dir_all(at("layers")).unwrap();
    fs::write(at("layers/base.zip"), "PK").unwrap();
    fs::write(at("text.zip"), "no zip").unwrap();
    fs::create_dir_all(at("large/python")).unwrap();
    let large = fs::File::create(at("large/python/data")).unwrap();
    large.set_len(262_144_001).unwrap();
    for (path, kind, part) in [
        ("none", ErrorKind::Usage, "there is no such file"),
        ("empty", ErrorKind::Usage, "it holds no file"),
        ("layers", ErrorKind::Usage, "name one of them"),
        ("text.zip", ErrorKind::Integrity, "is not a readable zip"),
        ("large", ErrorKind::Artifact, "262144001 bytes"),
    ] {
        let error = publish(directory.path(), at(path), Some("vendor")).unwrap_err();
        assert_eq!(error.kind(), kind, "{path}: {error}");
        assert!(error.to_string().contains(part), "{path}: {error}");
    }
    let object = PathBuf::from("s3://layers/web.zip");
    let error = publish(directory.path(), object, Some("vendor")).unwrap_err();
    let message = "cannot publish s3://layers/web.zip: an object of S3 is not read";
    assert!(error.to_string().starts_with(message), "{error}");
    let error = publish(directory.path(), at("text.zip"), None).unwrap_err();
    assert!(error.to_string().contains("needs a name"), "{error}");
    assert!(!at("shelf").exists());
}

fn codes(report: &PublishReport) -> Vec<(String, &'static str)> {
    let layers = report.checked.iter();
    layers
        .flat_map(|layer| {
            let findings = layer.findings.iter();
            findings.map(|one| (layer.target.to_string(), one.code.name()))
        })
        .collect()
}

/// As `publish` refuses a layer that it has built.
#[test]
fn a_layer_that_cannot_work_is_not_published() {
    const X86_64: u16 = 62;
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    fs::create_dir_all(at("root/shop")).unwrap();
    fs::write(at("root/shop/__init__.py"), "x = 1\n").unwrap();
    let report = publish(directory.path(), at("root"), Some("vendor")).unwrap();
    let of = |target: &str, code| (target.to_owned(), code);
    assert_eq!(
        codes(&report),
        [
            of("python3.12 x86_64", "packages-at-root"),
            of("python3.12 arm64", "packages-at-root"),
            of("nodejs22.x x86_64", "packages-at-root"),
            of("nodejs22.x arm64", "packages-at-root"),
        ]
    );
    assert_eq!((report.published.len(), report.exit_code()), (0, 1));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["layers"][0]["findings"][0]["code"], "packages-at-root");
    assert_eq!(json["layers"][0]["zip"], serde_json::Value::Null);
    assert_eq!(json["published"], serde_json::json!([]));

    fs::create_dir_all(at("mixed/python/shop")).unwrap();
    fs::write(
        at("mixed/python/shop/_x.abi3.so"),
        SharedLibrary::new(X86_64).build(),
    )
    .unwrap();
    let on_arm = || {
        let (name, runtimes, arm64) = (Some("vendor"), ["python3.12"], [Architecture::Arm64]);
        publish_for(directory.path(), at("mixed"), name, &runtimes, &arm64).unwrap()
    };
    let report = on_arm();
    assert_eq!(codes(&report), [of("python3.12 arm64", "other-machine")]);
    assert_eq!((report.published.len(), report.exit_code()), (0, 1));
    assert!(!at("shelf").exists());
    // It works for one of the two that it is published for.
    let report = publish(directory.path(), at("mixed"), Some("both")).unwrap();
    assert_eq!(
        codes(&report),
        [
            of("python3.12 arm64", "other-machine"),
            of("nodejs22.x arm64", "other-machine"),
        ]
    );
    assert_eq!((report.published.len(), report.exit_code()), (1, 0));

    // The project may say otherwise.
    fs::write(
        at("layerlock.toml"),
        "[check]\nallow = [{ finding = \"other-machine\", reason = \"nobody imports it\" }]\n",
    )
    .unwrap();
    let report = on_arm();
    assert_eq!((report.published.len(), report.exit_code()), (1, 0));
}

#[test]
fn compiled_files_are_not_judged_where_nobody_says_for_which_processor() {
    const AARCH64: u16 = 183;
    let directory = tempfile::tempdir().unwrap();
    let layer = directory.path().join("layer");
    fs::create_dir_all(layer.join("python")).unwrap();
    fs::write(
        layer.join("python/_x.abi3.so"),
        SharedLibrary::new(AARCH64).build(),
    )
    .unwrap();
    let runtimes = ["python3.12"];
    let report = publish_for(directory.path(), layer, Some("vendor"), &runtimes, &[]).unwrap();
    assert_eq!(codes(&report), []);
    assert_eq!(report.published.len(), 1);
}
