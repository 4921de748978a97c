use layerlock::{ErrorKind, PublishReport, PublishSettings, Publishing, Severity, Silent};
use layerlock_testkit::{ProjectBuilder, WheelBuilder};

use crate::helpers::{Shop, files, project_of, tree, wheels};

fn publish(shop: &Shop, dry_run: bool) -> PublishReport {
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(None),
        dry_run,
    };
    layerlock::publish(&settings, &Silent).unwrap()
}

#[test]
fn a_layer_is_published_once_and_again_when_it_changes() {
    let shop = Shop::configured("");
    let first = publish(&shop, false);
    let zip = first.report.layers[0].zip.as_ref().unwrap();
    let version = &first.published[0];
    assert_eq!((version.version, version.reused), (1, false));
    assert_eq!(version.code_sha256, zip.code_sha256);
    let bytes = fs_err::read(&zip.path).unwrap();
    let published = files(&shop.path("dist/published"));
    assert!(published.values().any(|file| *file == bytes));

    let second = publish(&shop, false);
    assert_eq!(
        (second.published[0].version, second.published[0].reused),
        (1, true)
    );
    assert!(second.to_string().contains("unchanged"), "{second}");
    assert_eq!(files(&shop.path("dist/published")), published);

    let [pure, ..] = wheels();
    ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&pure)
        .write_to(shop.project.path());
    let third = publish(&shop, false);
    assert_eq!(
        (third.published[0].version, third.published[0].reused),
        (2, false)
    );
}

#[test]
fn a_dry_run_publishes_nothing_and_says_what_it_would() {
    let shop = Shop::configured("");
    let fresh = publish(&shop, true);
    assert!(fresh.published.is_empty());
    assert_eq!(fresh.planned[0].reused, None);
    assert!(
        fresh
            .to_string()
            .contains("would publish a new version of shop for python3.12 x86_64 to local")
    );
    assert!(tree(&shop.path("dist/published")).is_empty());

    let arn = publish(&shop, false).published[0].arn.clone();
    let again = publish(&shop, true);
    assert_eq!(again.planned[0].reused.as_ref(), Some(&arn));
    let json = serde_json::to_value(&again).unwrap();
    assert_eq!(json["planned"][0]["reused"], arn);
    assert_eq!(json["published"], serde_json::json!([]));
    assert_eq!(json["layers"][0]["name"], "shop");
}

#[test]
fn every_layer_goes_to_the_folder_that_was_named() {
    let wheels = wheels();
    let project =
        project_of(&wheels).pyproject("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n");
    let shop = Shop::new(&project, &wheels);
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(Some(shop.path("shelf"))),
        dry_run: false,
    };
    let report = layerlock::publish(&settings, &Silent).unwrap();
    let names: Vec<&str> = report.published.iter().map(|p| p.layer.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(shop.path("shelf/a").is_dir() && shop.path("shelf/b").is_dir());
    assert!(!shop.path("dist/published").exists());
}

#[test]
fn what_was_published_before_a_failure_is_told() {
    let wheels = wheels();
    let project =
        project_of(&wheels).pyproject("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n");
    let shop = Shop::new(&project, &wheels);
    let shelf = shop.path("shelf");
    fs_err::create_dir(&shelf).unwrap();
    fs_err::write(
        shelf.join("b"),
        "a file where the layer's directory must be",
    )
    .unwrap();
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(Some(shelf)),
        dry_run: false,
    };
    let error = layerlock::publish(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Machine);
    let text = error.to_string();
    assert!(
        text.ends_with("after local:a:1 had been published"),
        "{text}"
    );
}

#[test]
fn a_layer_that_cannot_work_is_built_but_not_published() {
    let huge = WheelBuilder::new("huge", "1.0")
        .file("huge.bin", vec![0; 262_144_001])
        .build();
    let shop = Shop::new(&ProjectBuilder::new("shop").package(&huge), [&huge]);
    let report = publish(&shop, false);
    let layer = &report.report.layers[0];
    let finding = layer
        .findings
        .iter()
        .find(|f| f.severity == Severity::Error);
    assert_eq!(finding.unwrap().code.name(), "layer-too-large");
    assert!(layer.zip.as_ref().unwrap().path.exists());
    assert!(report.published.is_empty());
    assert!(!shop.path("dist/published").exists());
}

/// One layer's versions for several targets: which is for which?
#[test]
fn a_version_is_told_with_what_it_is_for() {
    let shop = Shop::configured("[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n");
    let planned = publish(&shop, true).to_string();
    assert!(
        planned.contains("would publish a new version of shop for python3.12 arm64 to local"),
        "{planned}"
    );
    let report = publish(&shop, false);
    let text = report.to_string();
    for line in [
        "published local:shop:1 for python3.12 x86_64",
        "published local:shop:2 for python3.12 arm64",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    for (version, architecture) in [(0, "x86_64"), (1, "arm64")] {
        let version = &json["published"][version];
        assert_eq!(version["architectures"], serde_json::json!([architecture]));
        assert_eq!(version["runtimes"], serde_json::json!(["python3.12"]));
    }
    let json = serde_json::to_value(publish(&shop, true)).unwrap();
    let planned = &json["planned"][1];
    assert_eq!(planned["architectures"], serde_json::json!(["arm64"]));
    assert_eq!(planned["reused"], "local:shop:2");
}

#[test]
fn a_layer_that_is_built_already_is_published_without_building() {
    let shop = Shop::configured("");
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(None),
        dry_run: false,
    };
    let built = layerlock::build(&settings.settings, &Silent).unwrap();
    // Nothing could be built from here on.
    fs_err::remove_file(shop.project.path().join("poetry.lock")).unwrap();
    let report = layerlock::publish_built(&built, &settings).unwrap();
    let zip = built.layers[0].zip.as_ref().unwrap();
    assert_eq!(report.published[0].code_sha256, zip.digest.base64());
    let again = layerlock::publish_built(&built, &settings).unwrap();
    assert!(again.published[0].reused);
}
