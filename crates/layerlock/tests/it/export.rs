use layerlock::{Error, ErrorKind, ExportFormat, ExportSettings, Exported, export};
use layerlock_testkit::{LockedPackage, ProjectBuilder};

use crate::helpers::{Shop, tree, wheels};

fn settings(shop: &Shop, format: ExportFormat) -> ExportSettings {
    ExportSettings {
        settings: shop.settings(),
        format,
        ..ExportSettings::default()
    }
}

#[test]
fn requirements_have_every_platforms_hash_unless_told_otherwise() {
    let shop = Shop::configured("");
    let all = settings(&shop, ExportFormat::Requirements);
    let Exported { text, warnings } = export(&all).unwrap();
    assert!(text.contains("pure==1.0"), "{text}");
    for wheel in wheels() {
        assert!(
            text.contains(&format!("--hash=sha256:{}", wheel.sha256)),
            "{text}"
        );
    }
    assert_eq!(warnings, [""; 0]);
    let bare = ExportSettings {
        without_hashes: true,
        ..all
    };
    let text = export(&bare).unwrap().text;
    assert!(
        text.contains("pure==1.0") && !text.contains("--hash"),
        "{text}"
    );
}

#[test]
fn requirements_name_the_source_unless_told_otherwise() {
    let [pure, ..] = wheels();
    let url = "https://packages.example.com/simple/";
    let project = ProjectBuilder::new("shop")
        .source("company", url, "primary")
        .package(LockedPackage::from(&pure).source("company"));
    let shop = Shop::new(&project, []);
    let with = settings(&shop, ExportFormat::Requirements);
    assert!(export(&with).unwrap().text.contains("packages.example.com"));
    let without = ExportSettings {
        without_urls: true,
        ..with
    };
    assert!(
        !export(&without)
            .unwrap()
            .text
            .contains("packages.example.com")
    );
}

#[test]
fn json_has_the_file_of_the_target() {
    let shop = Shop::configured("[tool.layerlock]\narchitecture = \"arm64\"\n");
    let text = export(&settings(&shop, ExportFormat::Json)).unwrap().text;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let [_, _, native] = wheels();
    assert_eq!(
        json["packages"][0],
        serde_json::json!({
            "name": "native",
            "version": "2.0",
            "kind": "registry",
            "extras": [],
            "groups": ["main"],
            "file": native.file_name,
            "sha256": native.sha256,
        })
    );
    assert_eq!(json["packages"].as_array().unwrap().len(), 2);
}

#[test]
fn json_is_for_one_layer() {
    let shop = Shop::configured("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n");
    let mut both = settings(&shop, ExportFormat::Json);
    let error = export(&both).unwrap_err();
    assert!(matches!(&error, Error::WhichLayer { known } if known == &["a", "b"]));
    assert_eq!(error.kind(), ErrorKind::Usage);
    both.settings.layer = Some("b".to_owned());
    export(&both).unwrap();
}

#[test]
fn an_export_touches_neither_network_nor_disk() {
    let shop = Shop::configured("");
    let before = tree(shop.project.path());
    for format in [ExportFormat::Requirements, ExportFormat::Json] {
        export(&settings(&shop, format)).unwrap();
    }
    assert!(shop.index.requests().is_empty());
    assert_eq!(tree(shop.project.path()), before);
    assert!(tree(shop.cache.path()).is_empty());
}
