//! What is published.

use layerlock::{DeleteSettings, ErrorKind, Publishing, Silent, UpkeepSettings, VersionOutcome};

use super::{TWO_LAYERS, publish, publish_as, published, upkeep};
use crate::helpers::Shop;

#[test]
fn the_projects_layers_are_listed_newest_first() {
    let shop = Shop::configured(TWO_LAYERS);
    let empty = layerlock::list(&upkeep(&shop), &Silent).unwrap();
    assert_eq!(
        empty.to_string(),
        "shop-a at local: no versions\nshop-b at local: no versions"
    );
    assert_eq!(
        serde_json::to_value(&empty).unwrap(),
        serde_json::json!({"versions": []})
    );
    assert_eq!(empty.exit_code(), 0);

    publish_as(&shop, "Ours");
    let report = layerlock::list(&upkeep(&shop), &Silent).unwrap();
    let arns: Vec<_> = report
        .versions
        .iter()
        .filter_map(|one| one.arn.as_deref())
        .collect();
    assert_eq!(
        arns,
        [
            "local:shop-a:2",
            "local:shop-a:1",
            "local:shop-b:2",
            "local:shop-b:1"
        ]
    );
    let json = serde_json::to_value(&report).unwrap();
    let version = &json["versions"][0];
    assert_eq!(version["provider"], "local");
    assert_eq!(version["region"], serde_json::Value::Null);
    assert_eq!(
        (&version["layer"], &version["version"]),
        (&"shop-a".into(), &2.into())
    );
    assert_eq!(version["architectures"], serde_json::json!(["arm64"]));
    assert_eq!(
        (&version["project"], &version["outcome"]),
        (&"shop".into(), &"listed".into())
    );
    assert!(
        version["description"]
            .as_str()
            .unwrap()
            .starts_with("Ours [layerlock shop ")
    );
    let created = version["created"].as_str().unwrap();
    let text = report.to_string();
    let minute = created[..16].replace('T', " ");
    let row = format!("  2  {minute}  python3.12 arm64   shop  local:shop-a:2");
    assert!(
        text.starts_with(&format!("shop-a at local\n{row}\n")),
        "{text}"
    );

    // One layer of the project, or one by its name.
    let mut one = upkeep(&shop);
    one.settings.layers = vec!["b".to_owned()];
    let named = UpkeepSettings {
        name: Some("shop-b".to_owned()),
        ..upkeep(&shop)
    };
    for settings in [one, named] {
        let report = layerlock::list(&settings, &Silent).unwrap();
        assert!(report.versions.iter().all(|one| one.layer == "shop-b"));
        assert_eq!(report.versions.len(), 2);
    }
}

#[test]
fn a_layer_that_is_named_needs_no_project() {
    let shop = Shop::configured("");
    publish(&shop);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = upkeep(&shop);
    settings.to = Publishing::Local(Some(shop.path("dist/published")));
    settings.settings.project = elsewhere.path().to_owned();
    let error = layerlock::list(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project);
    for (name, count) in [("shop", 1), ("other", 0)] {
        settings.name = Some(name.to_owned());
        let report = layerlock::list(&settings, &Silent).unwrap();
        assert_eq!((report.versions.len(), report.exit_code()), (count, 0));
    }
    // What a layer's name is made of, only a project says.
    settings.name = Some("{project}-{layer}".to_owned());
    assert_eq!(
        layerlock::list(&settings, &Silent).unwrap_err().kind(),
        ErrorKind::Project
    );
    settings.name = Some("a b".to_owned());
    assert_eq!(
        layerlock::list(&settings, &Silent).unwrap_err().kind(),
        ErrorKind::Usage
    );
}

#[test]
fn a_lock_is_not_needed_to_list() {
    let shop = Shop::configured("[tool.layerlock.publish]\nname = \"{layer}-{runtime}\"\n");
    publish(&shop);
    fs_err::remove_file(shop.path("poetry.lock")).unwrap();
    let report = layerlock::list(&upkeep(&shop), &Silent).unwrap();
    assert_eq!(report.versions[0].layer, "shop-python3-12");
}

#[test]
fn a_layer_that_cannot_be_listed_stops_no_other() {
    let shop = Shop::configured(TWO_LAYERS);
    publish(&shop);
    let manifest = shop.path("dist/published/shop-a/1/manifest.json");
    fs_err::write(manifest, "{").unwrap();
    let report = layerlock::list(&upkeep(&shop), &Silent).unwrap();
    let outcomes: Vec<_> = report.versions.iter().map(|one| one.outcome).collect();
    assert_eq!(
        outcomes,
        [
            VersionOutcome::Failed,
            VersionOutcome::Listed,
            VersionOutcome::Listed
        ]
    );
    assert_eq!(report.exit_code(), ErrorKind::Integrity.exit_code());
    let error = report.failures().next().unwrap();
    assert!(
        error
            .message
            .starts_with("failed to list shop-a at local: damaged version "),
        "{error:?}"
    );
    assert!(!report.to_string().contains("shop-a"), "{report}");
}

/// Its error says to delete it.
#[test]
fn a_damaged_version_can_be_deleted() {
    let shop = published(2, "");
    fs_err::write(shop.path("dist/published/shop/2/layer.zip"), "damaged").unwrap();
    let settings = DeleteSettings {
        upkeep: upkeep(&shop),
        versions: vec![2],
        yes: true,
        ..DeleteSettings::default()
    };
    let report = layerlock::delete(&settings, &Silent).unwrap();
    assert_eq!(report.deleted[0].outcome, VersionOutcome::Deleted);
    assert_eq!(report.exit_code(), 0);
    let left = layerlock::list(&upkeep(&shop), &Silent).unwrap();
    assert_eq!(left.versions.len(), 1);
}
