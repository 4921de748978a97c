use std::path::{Path, PathBuf};
use std::time::SystemTime;

use layerlock::{
    ErrorKind, HandedOver, Handover, OutputFormat, PublishSettings, Publishing, Settings, Silent,
};

use crate::helpers::{Shop, tree};

const TWO: &str = "[tool.layerlock.layers.base]\n[tool.layerlock.layers.web-app]\n";

fn settings(shop: &Shop, layers: &[&str]) -> PublishSettings {
    let layers = layers.iter().map(|&layer| layer.to_owned());
    PublishSettings {
        settings: Settings {
            layers: layers.collect(),
            ..shop.settings()
        },
        to: Publishing::Local(None),
        ..PublishSettings::default()
    }
}

fn publish(settings: &PublishSettings, format: OutputFormat, file: Option<&Path>) -> HandedOver {
    let handover = Handover::of_publish(settings, format, file).unwrap();
    let report = layerlock::publish(settings, &Silent).unwrap();
    handover.write(&report).unwrap()
}

fn text(handed_over: HandedOver) -> String {
    let HandedOver::Text(text) = handed_over else {
        panic!("{handed_over:?}")
    };
    text
}

fn refused(settings: &PublishSettings, format: OutputFormat, file: &Path) -> (ErrorKind, String) {
    let error = Handover::of_publish(settings, format, Some(file)).unwrap_err();
    (error.kind(), error.to_string())
}

fn modified(path: &Path) -> SystemTime {
    fs_err::metadata(path).unwrap().modified().unwrap()
}

fn read(path: &PathBuf) -> String {
    fs_err::read_to_string(path).unwrap()
}

#[test]
fn lines_have_the_names_that_their_readers_like() {
    let shop = Shop::configured(TWO);
    let settings = settings(&shop, &[]);
    for (format, expected) in [
        (OutputFormat::Text, "local:base:1\nlocal:web-app:1\n"),
        (
            OutputFormat::Env,
            "LAYERLOCK_BASE_ARN=local:base:1\nLAYERLOCK_WEB_APP_ARN=local:web-app:1\n",
        ),
        (
            OutputFormat::Sam,
            "BaseLayerArn=local:base:1 WebAppLayerArn=local:web-app:1\n",
        ),
    ] {
        assert_eq!(text(publish(&settings, format, None)), expected);
        // The same as a file, written once.
        let file = shop.path(&format!("out/{format}"));
        let written = publish(&settings, format, Some(&file));
        assert_eq!(written, HandedOver::Written(file.clone()));
        assert_eq!(read(&file), expected);
        let before = modified(&file);
        let again = publish(&settings, format, Some(&file));
        assert_eq!(again, HandedOver::Unchanged(file.clone()));
        assert_eq!(modified(&file), before);
    }
    let dash = Some(Path::new("-"));
    assert_eq!(
        text(publish(&settings, OutputFormat::GitHub, dash)),
        "base-arn=local:base:1\nweb-app-arn=local:web-app:1\n"
    );
    assert_eq!(
        text(publish(&settings, OutputFormat::Terraform, dash)),
        "{\n  \"layer_arns\": {\n    \"base\": \"local:base:1\",\n    \"web-app\": \"local:web-app:1\"\n  }\n}\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&text(publish(&settings, OutputFormat::Json, None))).unwrap();
    assert_eq!(json["published"][1]["arn"], "local:web-app:1");
}

/// The key of a layer for several targets says what differs.
#[test]
fn keys_follow_the_settings() {
    let shop = Shop::configured("[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n");
    let settings = settings(&shop, &[]);
    let expected =
        "LAYERLOCK_SHOP_X86_64_ARN=local:shop:1\nLAYERLOCK_SHOP_ARM64_ARN=local:shop:2\n";
    assert_eq!(text(publish(&settings, OutputFormat::Env, None)), expected);
    let mut one = settings;
    one.settings.architectures = vec!["arm64".parse().unwrap()];
    let expected = "LAYERLOCK_SHOP_ARN=local:shop:2\n";
    assert_eq!(text(publish(&one, OutputFormat::Env, None)), expected);
}

#[test]
fn cdk_gets_a_member_of_its_context_and_the_rest_stays() {
    let shop = Shop::configured(TWO);
    let all = settings(&shop, &[]);
    let file = shop.path("cdk.context.json");
    let written = publish(&all, OutputFormat::Cdk, None);
    assert_eq!(written, HandedOver::Written(file.clone()));
    let arns = "\"layerlock\": {\n    \"base\": \"local:base:1\",\n    \"web-app\": \"local:web-app:1\"\n  }";
    assert_eq!(read(&file), format!("{{\n  {arns}\n}}\n"));

    let zones = "\"availability-zones:account=1\": [\n    \"eu-west-1a\"\n  ]";
    let old = "\"layerlock\": {\"gone\": \"local:gone:1\", \"web-app\": \"local:web-app:7\"}";
    fs_err::write(
        &file,
        format!("{{\n  {zones},\n  {old},\n  \"z\": 1e999\n}}"),
    )
    .unwrap();
    // What this run is not about stays as it is, and what no layer is goes.
    let written = publish(&settings(&shop, &["base"]), OutputFormat::Cdk, None);
    assert_eq!(written, HandedOver::Written(file.clone()));
    let partly = arns.replace("web-app:1", "web-app:7");
    let expected = format!("{{\n  {zones},\n  {partly},\n  \"z\": 1e999\n}}");
    assert_eq!(read(&file), expected);
    let _ = publish(&all, OutputFormat::Cdk, None);
    assert_eq!(read(&file), expected.replace("web-app:7", "web-app:1"));
    let before = modified(&file);
    let again = publish(&all, OutputFormat::Cdk, None);
    assert_eq!(again, HandedOver::Unchanged(file.clone()));
    assert_eq!(modified(&file), before);
}

#[test]
fn a_context_that_is_none_is_told_before_anything_is_published() {
    let shop = Shop::configured(TWO);
    let file = shop.path("cdk.context.json");
    for (content, message, line) in [
        ("{\n  \"a\": 1,\n}\n", "is no JSON: key must be a string", 3),
        ("[1]", "holds something else than a JSON object", 1),
        (
            "{\n\"layerlock\": \"mine\"}",
            "has a `layerlock` that is no JSON object",
            2,
        ),
        ("", "is no JSON: EOF while parsing a value", 1),
    ] {
        fs_err::write(&file, content).unwrap();
        let error = Handover::of_publish(&settings(&shop, &[]), OutputFormat::Cdk, None);
        let error = error.unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert_eq!(error.place().unwrap().line, line, "{content}");
        assert_eq!(error.kind(), ErrorKind::Project);
        assert_eq!(read(&file), content);
    }
    assert!(!shop.path("dist").exists());
}

/// Several projects of a repository may have one CDK app.
#[test]
fn a_file_outside_of_the_project_keeps_the_keys_of_other_projects() {
    let shop = Shop::configured(TWO);
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("cdk.context.json");
    fs_err::write(&file, r#"{"layerlock":{"other":"local:other:4"}}"#).unwrap();
    let _ = publish(&settings(&shop, &["base"]), OutputFormat::Cdk, Some(&file));
    assert_eq!(
        read(&file),
        r#"{"layerlock":{"base":"local:base:1","other":"local:other:4"}}"#
    );
}

#[test]
fn terraform_gets_a_file_of_its_own() {
    let shop = Shop::configured(TWO);
    let file = shop.path("layerlock.auto.tfvars.json");
    let written = publish(&settings(&shop, &["base"]), OutputFormat::Terraform, None);
    assert_eq!(written, HandedOver::Written(file.clone()));
    let one = "{\n  \"layer_arns\": {\n    \"base\": \"local:base:1\"\n  }\n}\n";
    assert_eq!(read(&file), one);
    let _ = publish(
        &settings(&shop, &["web-app"]),
        OutputFormat::Terraform,
        None,
    );
    let both = one.replace(":1\"\n", ":1\",\n    \"web-app\": \"local:web-app:1\"\n");
    assert_eq!(read(&file), both);
    let before = modified(&file);
    let again = publish(&settings(&shop, &[]), OutputFormat::Terraform, None);
    assert_eq!(again, HandedOver::Unchanged(file.clone()));
    assert_eq!(modified(&file), before);
    fs_err::write(&file, "{\"layer_arns\": {\"old\": \"x\"}, \"mine\": 1}").unwrap();
    let _ = publish(&settings(&shop, &[]), OutputFormat::Terraform, None);
    assert_eq!(read(&file), both);
}

/// Terraform in infra/, the Python project above it.
#[test]
fn terraform_finds_the_zips_of_a_build_from_its_own_directory() {
    let shop = Shop::configured(TWO);
    let settings = shop.settings();
    let built = layerlock::build(&settings, &Silent).unwrap().report();
    let zip = built.layers[0].zip.as_ref().unwrap();
    let value = |file: Option<&Path>| -> serde_json::Value {
        let handover = Handover::of_build(&settings, OutputFormat::Terraform, file).unwrap();
        let text = match handover.write(&built).unwrap() {
            HandedOver::Written(path) => read(&path),
            HandedOver::Text(text) => text,
            other => panic!("{other:?}"),
        };
        serde_json::from_str(&text).unwrap()
    };
    let layer = &value(Some(&shop.path("infra/layers.auto.tfvars.json")))["layer_zips"]["base"];
    let name = zip.path.file_name().unwrap().to_str().unwrap();
    assert_eq!(layer["path"], format!("../dist/layers/{name}"));
    assert_eq!(layer["source_code_hash"], zip.code_sha256);
    assert_eq!(layer["architectures"], serde_json::json!(["x86_64"]));
    assert_eq!(layer["name"], "base");
    let path = value(None)["layer_zips"]["base"]["path"].clone();
    assert_eq!(path, format!("dist/layers/{name}"));
    let path = value(Some(Path::new("-")))["layer_zips"]["base"]["path"].clone();
    assert_eq!(path, zip.absolute_path.to_str().unwrap());
}

#[cfg(unix)]
#[test]
fn a_path_is_right_where_the_directory_of_the_file_is_a_link() {
    let shop = Shop::configured(TWO);
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), shop.path("infra")).unwrap();
    let settings = shop.settings();
    let built = layerlock::build(&settings, &Silent).unwrap().report();
    let file = shop.path("infra/layers.auto.tfvars.json");
    let handover = Handover::of_build(&settings, OutputFormat::Terraform, Some(&file)).unwrap();
    let _ = handover.write(&built).unwrap();
    let value: serde_json::Value = serde_json::from_str(&read(&file)).unwrap();
    let path = value["layer_zips"]["base"]["path"].as_str().unwrap();
    assert!(shop.path("infra").join(path).is_file(), "{path}");
}

#[test]
fn a_build_hands_over_paths_and_hashes() {
    let shop = Shop::configured("");
    let settings = shop.settings();
    let built = layerlock::build(&settings, &Silent).unwrap().report();
    let zip = built.layers[0].zip.as_ref().unwrap();
    let told = |format, file: Option<&str>| {
        let handover = Handover::of_build(&settings, format, file.map(Path::new)).unwrap();
        handover.write(&built).unwrap()
    };
    assert_eq!(told(OutputFormat::Text, None), HandedOver::Nothing);
    let path = zip.absolute_path.display();
    assert_eq!(
        text(told(OutputFormat::Env, None)),
        format!(
            "LAYERLOCK_SHOP_ZIP={path}\nLAYERLOCK_SHOP_SHA256={}\n",
            zip.sha256
        )
    );
    assert_eq!(
        text(told(OutputFormat::GitHub, Some("-"))),
        format!("shop-zip={path}\nshop-sha256={}\n", zip.sha256)
    );
    // What no line can have is told before the build.
    let mut quoted = settings.clone();
    quoted.output = Some(shop.path("it's"));
    let error = Handover::of_build(&quoted, OutputFormat::Env, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error
            .to_string()
            .starts_with("the format env cannot have the path "),
        "{error}"
    );
    assert!(Handover::of_build(&quoted, OutputFormat::Terraform, None).is_ok());
    for format in [OutputFormat::Cdk, OutputFormat::Sam] {
        let error = Handover::of_build(&settings, format, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().contains(format.name()), "{error}");
    }
}

#[test]
fn nothing_is_written_where_something_failed_nor_in_a_dry_run() {
    let shop = Shop::configured(TWO);
    let mut settings = settings(&shop, &[]);
    fs_err::create_dir_all(shop.path("dist/published")).unwrap();
    fs_err::write(shop.path("dist/published/base"), "in the way").unwrap();
    let formats = [
        OutputFormat::Text,
        OutputFormat::Json,
        OutputFormat::Env,
        OutputFormat::GitHub,
        OutputFormat::Cdk,
        OutputFormat::Terraform,
        OutputFormat::Sam,
    ];
    let file = shop.path("out");
    fs_err::write(&file, "{}").unwrap();
    for format in formats {
        let handed_over = publish(&settings, format, Some(&file));
        match format {
            OutputFormat::Json => assert!(text(handed_over).contains("\"failed\"")),
            _ => assert_eq!(handed_over, HandedOver::Withheld(file.clone())),
        }
        assert_eq!(read(&file), "{}");
    }
    let dash = Path::new("-");
    // Scripts that take half of it have to look at the exit code.
    let half = text(publish(&settings, OutputFormat::Text, Some(dash)));
    assert_eq!(half, "local:web-app:1\n");
    let handed_over = publish(&settings, OutputFormat::Env, Some(dash));
    assert_eq!(handed_over, HandedOver::Nothing);

    settings.dry_run = true;
    fs_err::remove_file(shop.path("dist/published/base")).unwrap();
    let before = tree(shop.project.path());
    for format in formats {
        for file in [file.as_path(), dash] {
            let handed_over = publish(&settings, format, Some(file));
            match format {
                OutputFormat::Json => assert!(text(handed_over).contains("\"planned\"")),
                _ => assert_eq!(handed_over, HandedOver::Nothing),
            }
        }
    }
    assert_eq!(tree(shop.project.path()), before);
}

#[test]
fn a_file_of_the_project_or_an_output_is_not_replaced() {
    let shop = Shop::configured("[tool.layerlock]\nstaging = \"staged\"\nzip-name = \"l.zip\"\n");
    let mut settings = settings(&shop, &[]);
    settings.settings.report = Some(shop.path("report.json"));
    for name in [
        "pyproject.toml",
        "poetry.lock",
        "dist/layers/l.zip",
        "report.json",
    ] {
        let (kind, message) = refused(&settings, OutputFormat::Env, &shop.path(name));
        assert_eq!(kind, ErrorKind::Usage);
        let start = "the output file would replace ";
        assert!(
            message.starts_with(start) && message.ends_with(name),
            "{message}"
        );
    }
    let (_, message) = refused(&settings, OutputFormat::Env, &shop.path("staged/env"));
    assert!(
        message.contains("is inside the staging directory"),
        "{message}"
    );
    let (kind, _) = refused(&settings, OutputFormat::Env, shop.project.path());
    assert_eq!(kind, ErrorKind::Machine);
}

#[test]
fn two_layers_with_one_key_are_told_before_anything_is_published() {
    let shop = Shop::configured("[tool.layerlock.layers.a-b]\n[tool.layerlock.layers.a_b]\n");
    let both = settings(&shop, &[]);
    let (kind, message) = refused(&both, OutputFormat::Env, Path::new("-"));
    assert_eq!(kind, ErrorKind::Usage);
    assert_eq!(
        message,
        "the layers a-b and a_b would both be LAYERLOCK_A_B_ARN"
    );
    assert!(Handover::of_publish(&both, OutputFormat::Terraform, None).is_ok());
    let one = settings(&shop, &["a_b"]);
    assert!(Handover::of_publish(&one, OutputFormat::Env, None).is_ok());
}

/// A .env file has other variables, which nobody gets back.
#[test]
fn a_file_of_variables_keeps_what_is_not_layerlocks() {
    let shop = Shop::configured(TWO);
    let file = shop.path(".env");
    let old = "TOKEN=abc\nLAYERLOCK_GONE_ARN=local:gone:1\nLAYERLOCK_CACHE_DIR=/c\n\
               LAYERLOCK_WEB_APP_ARN=local:web-app:9\n";
    fs_err::write(&file, old).unwrap();
    let _ = publish(&settings(&shop, &["base"]), OutputFormat::Env, Some(&file));
    let expected = "TOKEN=abc\nLAYERLOCK_CACHE_DIR=/c\nLAYERLOCK_WEB_APP_ARN=local:web-app:9\n\
                    LAYERLOCK_BASE_ARN=local:base:1\n";
    assert_eq!(read(&file), expected);
}
