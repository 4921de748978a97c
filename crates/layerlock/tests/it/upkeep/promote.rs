//! Publishing elsewhere what is published.

use layerlock::{
    Change, ErrorKind, Outcome, PromoteReport, PromoteSettings, PublishSettings, Publishing, Silent,
};

use super::{TWO_LAYERS, publish, published};
use crate::helpers::Shop;

fn promote(shop: &Shop, change: impl FnOnce(&mut PromoteSettings)) -> PromoteReport {
    let mut settings = PromoteSettings {
        settings: shop.settings(),
        from: Some("local".to_owned()),
        to: vec![format!("local:{}", shop.path("shelf").display())],
        ..PromoteSettings::default()
    };
    change(&mut settings);
    layerlock::promote(&settings, &Silent).unwrap()
}

#[test]
fn the_same_bytes_are_published_elsewhere_once() {
    let both = "[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n\
                [tool.layerlock.publish]\nlicense = \"MIT\"\n";
    let shop = published(2, both);
    let plan = promote(&shop, |promote| promote.dry_run = true);
    let outcomes: Vec<_> = plan.published.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Planned; 2]);
    assert!(!shop.path("shelf").exists());

    let done = promote(&shop, |_| {});
    let arns: Vec<_> = done
        .published
        .iter()
        .filter_map(|one| one.arn.as_deref())
        .collect();
    assert_eq!(arns, ["local:shop:1", "local:shop:2"]);
    assert_eq!(done.exit_code(), 0);
    // Versions 3 and 4 are the newest there.
    for (old, new) in [(3, 1), (4, 2)] {
        for file in ["layer.zip", "manifest.json"] {
            let [old, new] = [("dist/published", old), ("shelf", new)].map(|(root, version)| {
                fs_err::read(shop.path(&format!("{root}/shop/{version}/{file}"))).unwrap()
            });
            if file == "layer.zip" {
                assert_eq!(old, new);
                continue;
            }
            let [old, new]: [serde_json::Value; 2] =
                [old, new].map(|json| serde_json::from_slice(&json).unwrap());
            for fact in [
                "code_sha256",
                "description",
                "license",
                "runtimes",
                "architectures",
            ] {
                assert_eq!(old[fact], new[fact]);
            }
        }
    }
    let again = promote(&shop, |_| {});
    assert!(
        again
            .published
            .iter()
            .all(|one| one.reused && one.outcome == Outcome::Unchanged)
    );
    assert_eq!(again.to_string().lines().count(), 2);

    // An old one by its number, without a project.
    let elsewhere = tempfile::tempdir().unwrap();
    let old = promote(&shop, |promote| {
        promote.settings.project = elsewhere.path().to_owned();
        promote.local_directory = Some(shop.path("dist/published"));
        promote.name = Some("shop".to_owned());
        promote.version = Some(1);
    });
    assert_eq!(old.published[0].arn.as_deref(), Some("local:shop:3"));
    assert_eq!(old.published[0].changed, [Change::Description]);
}

#[test]
fn what_cannot_be_promoted_is_told_and_stops_no_other() {
    let shop = Shop::configured(TWO_LAYERS);
    publish(&shop);
    fs_err::write(shop.path("dist/published/shop-a/1/layer.zip"), "damaged").unwrap();
    fs_err::remove_dir_all(shop.path("dist/published/shop-b/2")).unwrap();
    let report = promote(&shop, |_| {});
    let outcomes: Vec<_> = report.published.iter().map(|one| one.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Failed,
            Outcome::Failed,
            Outcome::Published,
            Outcome::Failed
        ]
    );
    let messages: Vec<_> = report
        .failures()
        .map(|error| error.message.clone())
        .collect();
    assert!(
        messages[0].starts_with("failed to list shop-a at local: damaged"),
        "{messages:?}"
    );
    assert_eq!(
        messages[1],
        "failed to promote shop-b: there is no version for python3.12 arm64 of shop-b at local"
    );
    assert_eq!(messages.len(), 2);
    assert_eq!(report.exit_code(), ErrorKind::Provider.exit_code());

    // Of the same size, and so found when it is read.
    let zip = shop.path("dist/published/shop-b/1/layer.zip");
    let mut bytes = fs_err::read(&zip).unwrap();
    bytes[100] ^= 1;
    fs_err::write(&zip, bytes).unwrap();
    let report = promote(&shop, |promote| {
        promote.settings.layers = vec!["b".to_owned()];
        promote.settings.architectures = vec!["x86_64".parse().unwrap()];
        promote.to = vec![format!("local:{}", shop.path("other").display())];
    });
    assert_eq!(report.exit_code(), ErrorKind::Integrity.exit_code());
    let error = report.failures().next().unwrap();
    assert!(
        error
            .message
            .starts_with("failed to download version 1 of shop-b at local: damaged"),
        "{error:?}"
    );
    assert!(!shop.path("other/shop-b").exists());
}

/// As with what is built.
#[test]
fn a_dist_that_a_promotion_makes_is_ignored_by_git() {
    let shop = Shop::configured("");
    let settings = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(Some(shop.path("shelf"))),
        ..PublishSettings::default()
    };
    layerlock::publish(&settings, &Silent).unwrap();
    fs_err::remove_dir_all(shop.path("dist")).unwrap();
    let report = promote(&shop, |promote| {
        promote.from = Some(format!("local:{}", shop.path("shelf").display()));
        promote.to = vec!["local".to_owned()];
    });
    assert_eq!(report.exit_code(), 0);
    let directory = shop.path("dist/published/shop/1");
    assert_eq!(report.published[0].directory.as_ref(), Some(&directory));
    let ignored = fs_err::read_to_string(shop.path("dist/.gitignore"));
    assert_eq!(ignored.unwrap(), "*\n");
}
