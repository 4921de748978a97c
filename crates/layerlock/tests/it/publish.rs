use layerlock::{
    AwsDestination, Change, Code, Compression, ErrorKind, Finding, Outcome, PublishReport,
    PublishSettings, Published, Publishing, Settings, Severity, Silent,
};
use layerlock_testkit::{ProjectBuilder, WheelBuilder};

use crate::helpers::{Shop, files, project_of, tree, wheels};

fn publish(shop: &Shop, dry_run: bool) -> PublishReport {
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(None),
        dry_run,
        ..PublishSettings::default()
    };
    layerlock::publish(&settings, &Silent).unwrap()
}

#[test]
fn a_layer_is_published_once_and_again_when_it_changes() {
    let shop = Shop::configured("");
    let first = publish(&shop, false);
    let zip = first.report.layers[0].zip.as_ref().unwrap();
    let version = &first.published[0];
    assert_eq!((version.version, version.reused), (Some(1), false));
    assert_eq!(version.outcome, Outcome::Published);
    assert_eq!(version.changed, [Change::New]);
    assert_eq!(version.code_sha256, zip.code_sha256);
    let bytes = fs_err::read(&zip.path).unwrap();
    let published = files(&shop.path("dist/published"));
    assert!(published.values().any(|file| *file == bytes));

    let second = publish(&shop, false);
    assert_eq!(second.published[0].outcome, Outcome::Unchanged);
    assert_eq!(
        (second.published[0].version, second.published[0].reused),
        (Some(1), true)
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
        (Some(2), false)
    );
    assert_eq!(third.published[0].changed, [Change::Bytes]);
}

#[test]
fn a_dry_run_publishes_nothing_and_says_what_it_would() {
    let shop = Shop::configured("");
    let before = tree(shop.project.path());
    let fresh = publish(&shop, true);
    let planned = &fresh.published[0];
    assert_eq!(planned.outcome, Outcome::Planned);
    assert_eq!((&planned.arn, planned.version), (&None, None));
    assert!(
        fresh
            .to_string()
            .contains("would publish a new version of shop for python3.12 x86_64 to local")
    );
    // Not even the zip, whose place is told all the same.
    assert_eq!(tree(shop.project.path()), before);
    let zip = fresh.report.layers[0].zip.as_ref().unwrap();
    assert!(zip.path.starts_with(shop.path("dist/layers")), "{zip:?}");

    let real = publish(&shop, false);
    assert_eq!(real.published[0].code_sha256, planned.code_sha256);
    assert_eq!(real.report.layers[0].zip.as_ref().unwrap().path, zip.path);
    let again = publish(&shop, true);
    assert_eq!(again.published[0].outcome, Outcome::Unchanged);
    assert_eq!(again.published[0].arn, real.published[0].arn);
    let json = serde_json::to_value(&again).unwrap();
    assert_eq!(json["published"][0]["outcome"], "unchanged");
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
        ..PublishSettings::default()
    };
    let report = layerlock::publish(&settings, &Silent).unwrap();
    let names: Vec<&str> = report.published.iter().map(|p| p.layer.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(shop.path("shelf/a").is_dir() && shop.path("shelf/b").is_dir());
    assert!(!shop.path("dist/published").exists());
}

#[test]
fn a_layer_that_fails_does_not_stop_the_others() {
    let wheels = wheels();
    let project = project_of(&wheels).pyproject(
        "[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n[tool.layerlock.layers.c]\n",
    );
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
        ..PublishSettings::default()
    };
    let report = layerlock::publish(&settings, &Silent).unwrap();
    let outcomes: Vec<_> = report.published.iter().map(|one| one.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Published, Outcome::Failed, Outcome::Published]
    );
    assert_eq!(report.exit_code(), ErrorKind::Machine.exit_code());
    let error = report.failures().next().unwrap();
    assert!(
        error
            .message
            .starts_with("failed to publish b for python3.12 x86_64 to local: "),
        "{error:?}"
    );
    // It is told as an error, and not in the report's text.
    assert!(!report.to_string().contains("failed"), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["published"][1]["error"]["code"], 8);
    assert_eq!(json["published"][1]["arn"], serde_json::Value::Null);
}

/// A change and its revert.
#[test]
fn what_was_published_once_is_not_published_again() {
    let shop = Shop::configured("");
    let publish = |exclude: &[&str]| {
        let mut settings = PublishSettings {
            settings: shop.settings(),
            ..PublishSettings::default()
        };
        settings.settings.exclude = Some(exclude.iter().map(ToString::to_string).collect());
        layerlock::publish(&settings, &Silent).unwrap().published[0].clone()
    };
    let [pure, ..] = wheels();
    let versions = [publish(&[]), publish(&[&pure.name]), publish(&[])];
    let numbers = versions.map(|one: Published| one.version);
    assert_eq!(numbers, [Some(1), Some(2), Some(1)]);
}

#[test]
fn publishing_needs_no_staging_directory_and_writes_none() {
    let shop = Shop::configured("[tool.layerlock]\nstaging = \"staged\"\n");
    publish(&shop, false);
    assert!(!shop.path("staged").exists());

    // One of an earlier run does not stop a publish for other targets.
    layerlock::build(&shop.settings(), &Silent).unwrap();
    let staged = tree(&shop.path("staged"));
    assert!(!staged.is_empty());
    // Its zip is that of the build, which stays the last one.
    assert!(publish(&shop, false).report.unchanged);
    assert!(
        layerlock::build(&shop.settings(), &Silent)
            .unwrap()
            .unchanged
    );

    let mut settings = PublishSettings {
        settings: shop.settings(),
        ..PublishSettings::default()
    };
    settings.settings.architectures = ["x86_64", "arm64"].map(|it| it.parse().unwrap()).to_vec();
    let report = layerlock::publish(&settings, &Silent).unwrap();
    assert_eq!(report.published.len(), 2);
    assert_eq!(tree(&shop.path("staged")), staged);
}

#[test]
fn a_layer_of_another_project_is_not_replaced() {
    let [shop, billing] = ["shop", "billing"].map(|name| {
        let [pure, ..] = wheels();
        let project = ProjectBuilder::new(name)
            .requires_python(">=3.12,<3.13")
            .package(&pure)
            .pyproject("[tool.layerlock.layers.base]\n");
        Shop::new(&project, [&pure])
    });
    let publish = |project: &Shop, change: fn(&mut PublishSettings)| {
        let mut settings = PublishSettings {
            settings: project.settings(),
            to: Publishing::Local(Some(shop.path("shelf"))),
            ..PublishSettings::default()
        };
        change(&mut settings);
        let report = layerlock::publish(&settings, &Silent).unwrap();
        (report.exit_code(), report.published[0].clone())
    };
    assert_eq!(publish(&shop, |_| {}).0, 0);
    let (code, refused) = publish(&billing, |_| {});
    assert_eq!((code, refused.outcome), (6, Outcome::Failed));
    let error = refused.error.unwrap();
    assert!(
        error.message.ends_with(
            "the newest version, local:base:1, was published by the project `shop`, and this is \
             `billing`"
        ),
        "{error:?}"
    );
    let (code, named) = publish(&billing, |settings| {
        settings.name = Some("{project}-{layer}".to_owned());
    });
    assert_eq!(
        (code, &*named.name, &*named.layer),
        (0, "billing-base", "base")
    );
    assert_eq!(named.arn.unwrap(), "local:billing-base:1");
    let (code, adopted) = publish(&billing, |settings| settings.adopt = true);
    assert_eq!((code, adopted.version), (0, Some(2)));
    assert_eq!(adopted.changed, [Change::Project]);
}

#[test]
fn names_and_words_are_configured() {
    let shop = Shop::configured(
        "[tool.layerlock.publish]\nname = \"{project}_{runtime}\"\ndescription = \"Ours\"\n\
         license = \"MIT\"\n",
    );
    let report = publish(&shop, false);
    assert_eq!(report.published[0].name, "shop_python3-12");
    let manifest = shop.path("dist/published/shop_python3-12/1/manifest.json");
    let text = fs_err::read_to_string(manifest).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let description = manifest["description"].as_str().unwrap();
    assert!(
        description.starts_with("Ours [layerlock shop "),
        "{description}"
    );
    assert_eq!(manifest["license"], "MIT");

    let mut settings = PublishSettings {
        settings: shop.settings(),
        description: Some("Theirs".to_owned()),
        ..PublishSettings::default()
    };
    let report = layerlock::publish(&settings, &Silent).unwrap();
    assert_eq!(report.published[0].changed, [Change::Description]);

    settings.to = Publishing::Configured(AwsDestination {
        regions: vec!["eu-west-1".to_owned()],
        ..AwsDestination::default()
    });
    let error = layerlock::publish(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        error.to_string(),
        "--region can only be used with --provider aws"
    );
}

#[test]
fn what_cannot_be_published_is_told_where_it_is_configured() {
    for (table, part) in [
        ("name = \"{stage}\"", "unknown placeholder `{stage}`"),
        ("name = \"a b\"", "' ' cannot be in a layer name"),
        (
            &format!("description = \"{}\"", "d".repeat(257)),
            "this one has 257",
        ),
        (
            &format!("license = \"{}\"", "l".repeat(513)),
            "this one has 513",
        ),
        ("nam = \"x\"", "unknown field `nam`"),
        ("aws = { region = \"eu-west-1\" }", "unknown field `region`"),
        ("aws = { share = [\"all\"] }", "\"all\" is none of `public`"),
        (
            "aws = { share = [\"organization:x\"] }",
            "is not an organization ID",
        ),
        ("aws = { bucket = \"Layers\" }", "invalid bucket name"),
        (
            "aws = { storage = \"move\" }",
            "neither `copy` nor `reference`",
        ),
        (
            "aws = { ssm-parameter = \"layers/x\" }",
            "a parameter's name is",
        ),
        ("aws = { role-arn = \"admin\" }", "is not the ARN of a role"),
        ("aws = { external-id = \"x\" }", "there is none"),
        ("aws = { accounts = [] }", "an empty list of accounts"),
        (
            "aws = { accounts = [{ accounts = [{}] }] }",
            "has no accounts of its own",
        ),
        (
            "aws = { accounts = [{ role-arn = \"x\" }] }",
            "is not the ARN of a role",
        ),
    ] {
        let shop = Shop::configured(&format!("[tool.layerlock.publish]\n{table}\n"));
        let settings = PublishSettings {
            settings: shop.settings(),
            ..PublishSettings::default()
        };
        let published = layerlock::publish(&settings, &Silent).expect_err(table);
        // Also where nothing is published.
        let built = layerlock::build(&settings.settings, &Silent).expect_err(table);
        for error in [published, built] {
            assert_eq!(error.kind(), ErrorKind::Project, "{error}");
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.place().is_some(), "{error}");
        }
    }
}

#[test]
fn two_layers_of_one_name_are_refused() {
    let wheels = wheels();
    let project =
        project_of(&wheels).pyproject("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n");
    let shop = Shop::new(&project, &wheels);
    let settings = PublishSettings {
        settings: shop.settings(),
        name: Some("{project}".to_owned()),
        ..PublishSettings::default()
    };
    let error = layerlock::publish(&settings, &Silent).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the layers a and b would both be published as shop"
    );
    assert!(error.hint().unwrap().contains("{layer}"));
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
    for (version, architecture) in [(1, "x86_64"), (2, "arm64")] {
        let directory = shop.path(&format!("dist/published/shop/{version}"));
        let line = format!(
            "published local:shop:{version} for python3.12 {architecture} in {}",
            directory.display()
        );
        assert!(text.contains(&line), "{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    for (version, architecture) in [(0, "x86_64"), (1, "arm64")] {
        let version = &json["published"][version];
        assert_eq!(version["architectures"], serde_json::json!([architecture]));
        assert_eq!(version["runtimes"], serde_json::json!(["python3.12"]));
    }
    let json = serde_json::to_value(publish(&shop, true)).unwrap();
    let planned = &json["published"][1];
    assert_eq!(planned["architectures"], serde_json::json!(["arm64"]));
    assert_eq!(planned["arn"], "local:shop:2");
}

#[test]
fn a_layer_that_is_built_already_is_published_without_building() {
    let shop = Shop::configured("");
    let settings = PublishSettings {
        settings: shop.settings(),
        ..PublishSettings::default()
    };
    let built = layerlock::build(&settings.settings, &Silent).unwrap();
    // Nothing could be built from here on.
    fs_err::remove_file(shop.project.path().join("poetry.lock")).unwrap();
    let report = layerlock::publish_built(&built, &settings, &Silent).unwrap();
    let zip = built.layers[0].zip.as_ref().unwrap();
    assert_eq!(report.published[0].code_sha256, zip.digest.base64());
    let again = layerlock::publish_built(&built, &settings, &Silent).unwrap();
    assert!(again.published[0].reused);
}

fn trial(shop: &Shop) -> PublishSettings {
    PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(None),
        dry_run: true,
        ..PublishSettings::default()
    }
}

/// A dry run that succeeds where the run fails would be worth nothing.
#[test]
fn a_dry_run_refuses_what_the_run_would() {
    let shop = Shop::configured(
        "[tool.layerlock]\nzip-name = \"x.zip\"\n[tool.layerlock.layers.a]\n\
         [tool.layerlock.layers.b]\n",
    );
    let settings = trial(&shop);
    let error = layerlock::publish(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);

    let shop = Shop::configured("[tool.layerlock]\nzip-name = \"x.zip\"\n");
    let mut settings = trial(&shop);
    let zip = shop.path("dist/layers/x.zip");
    fs_err::create_dir_all(zip.parent().unwrap()).unwrap();
    fs_err::write(&zip, "an earlier zip").unwrap();
    settings.settings.report = Some(zip.clone());
    let error = layerlock::publish(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(fs_err::read(&zip).unwrap(), b"an earlier zip");
}

#[test]
fn a_zip_that_a_publish_removes_is_told() {
    let table = "[tool.layerlock]\nzip-name = \"x.zip\"\n";
    let shop = Shop::configured(table);
    assert!(!publish(&shop, false).to_string().contains("removed"));
    let pyproject = shop.path("pyproject.toml");
    let text = fs_err::read_to_string(&pyproject).unwrap();
    fs_err::write(&pyproject, text.replace("x.zip", "y.zip")).unwrap();
    let report = publish(&shop, false).to_string();
    let removed = format!(
        "removed: {}, which",
        shop.path("dist/layers/x.zip").display()
    );
    assert!(report.contains(&removed), "{report}");
}

/// A request takes 50 MB, a bucket and a directory more.
#[test]
fn a_large_zip_is_told_where_it_cannot_be_published() {
    let large = WheelBuilder::new("large", "1.0")
        .file("large.bin", vec![0; 53_000_000])
        .build();
    let project = ProjectBuilder::new("shop").requires_python(">=3.12,<3.13");
    let is_told = |findings: &[Finding]| {
        let mut codes = findings.iter().map(|finding| finding.code);
        codes.any(|code| code == Code::ZipTooLargeForRequest)
    };
    for (table, expected) in [
        ("", true),
        ("[tool.layerlock.publish.aws]\nbucket = \"layers\"\n", false),
        (
            "[tool.layerlock.publish.aws]\n[[tool.layerlock.publish.aws.accounts]]\nprofile = \
             \"a\"\nbucket = \"layers\"\n[[tool.layerlock.publish.aws.accounts]]\nprofile = \"b\"\n",
            true,
        ),
    ] {
        let shop = Shop::new(&project.clone().pyproject(table).package(&large), [&large]);
        let settings = Settings {
            compression: Some(Compression::Store),
            ..shop.settings()
        };
        let built = layerlock::build(&settings, &Silent).unwrap();
        assert_eq!(is_told(&built.layers[0].findings), expected, "{table}");
        let publish = PublishSettings {
            settings,
            to: Publishing::Local(None),
            ..PublishSettings::default()
        };
        let published = layerlock::publish(&publish, &Silent).unwrap();
        assert!(!is_told(&published.report.layers[0].findings), "{table}");
    }
}

/// Where nothing is published either.
#[test]
fn what_a_killed_publish_left_goes_with_the_next() {
    let shop = Shop::configured("");
    publish(&shop, false);
    let draft = shop.path("dist/published/.draft-killed");
    for _ in 0..2 {
        fs_err::create_dir(&draft).unwrap();
        fs_err::write(draft.join("layer.zip"), "half").unwrap();
        let report = publish(&shop, false);
        assert_eq!(report.published[0].outcome, Outcome::Unchanged);
        assert!(!draft.exists());
    }
}
