//! How layers stand.

use layerlock::{Change, ErrorKind, PublishSettings, Silent, StatusOutcome};

use super::{TWO_LAYERS, publish};
use crate::helpers::Shop;

#[test]
fn a_layer_that_could_not_be_compared_is_no_drift() {
    let shop = Shop::configured(TWO_LAYERS);
    publish(&shop);
    let settings = || PublishSettings {
        settings: shop.settings(),
        description: Some(String::new()),
        ..PublishSettings::default()
    };
    let report = layerlock::status(&settings(), &Silent).unwrap();
    let is_current = |outcome| outcome == StatusOutcome::Current;
    assert!(
        report.status.iter().all(|one| is_current(one.outcome)),
        "{report}"
    );
    assert_eq!((report.status.len(), report.exit_code()), (4, 0));

    // What another project published since differs.
    let other = PublishSettings {
        name: Some("shop-a".to_owned()),
        ..settings()
    };
    let mut mine = other.settings.clone();
    mine.layers = vec!["a".to_owned()];
    let path = shop.path("pyproject.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("name = \"shop\"", "name = \"billing\"")).unwrap();
    let report = layerlock::status(
        &PublishSettings {
            settings: mine,
            ..other
        },
        &Silent,
    )
    .unwrap();
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.status[0].outcome, StatusOutcome::Drift);
    assert_eq!(report.status[0].changed, [Change::Project]);
    fs_err::write(&path, text).unwrap();

    fs_err::write(shop.path("dist/published/shop-a/2/layer.zip"), "damaged").unwrap();
    let report = layerlock::status(&settings(), &Silent).unwrap();
    assert_eq!(report.exit_code(), ErrorKind::Integrity.exit_code());
    let error = report.failures().next().unwrap();
    assert!(
        error.message.starts_with("failed to compare shop-a for "),
        "{error:?}"
    );
    let file = shop.path("status.json");
    let mut with_file = settings();
    with_file.settings.report = Some(file.clone());
    layerlock::status(&with_file, &Silent).unwrap();
    assert!(
        fs_err::read_to_string(file)
            .unwrap()
            .contains("\"status\": [")
    );
}
