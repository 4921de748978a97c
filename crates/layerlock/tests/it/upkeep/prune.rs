//! Removing old versions, and those that are named.

use std::time::{Duration, SystemTime};

use layerlock::{
    DeleteReport, DeleteSettings, ErrorKind, PruneReport, PruneSettings, PublishSettings, Silent,
    VersionReport,
};

use super::{TWO_LAYERS, publish, published, upkeep};
use crate::helpers::{Shop, tree};

fn prune(shop: &Shop, keep: usize, change: impl FnOnce(&mut PruneSettings)) -> PruneReport {
    let mut settings = PruneSettings {
        upkeep: upkeep(shop),
        keep,
        yes: true,
        ..PruneSettings::default()
    };
    change(&mut settings);
    layerlock::prune(&settings, &Silent).unwrap()
}

fn delete(shop: &Shop, versions: &[u64], yes: bool) -> DeleteReport {
    let settings = DeleteSettings {
        upkeep: upkeep(shop),
        versions: versions.to_vec(),
        yes,
        ..DeleteSettings::default()
    };
    layerlock::delete(&settings, &Silent).unwrap()
}

/// `3 kept newest`
fn outcomes(versions: &[VersionReport]) -> Vec<String> {
    let outcome = |one: &VersionReport| {
        let reason = one.reason.as_deref().unwrap_or_default();
        let version = one.version.unwrap();
        let outcome = format!("{:?}", one.outcome).to_lowercase();
        format!("{version} {outcome} {reason}").trim().to_owned()
    };
    versions.iter().map(outcome).collect()
}

fn listed(shop: &Shop) -> Vec<u64> {
    let report = layerlock::list(&upkeep(shop), &Silent).unwrap();
    report
        .versions
        .iter()
        .filter_map(|one| one.version)
        .collect()
}

#[test]
fn old_versions_are_pruned_once_the_plan_is_confirmed() {
    let shop = published(4, "");
    let before = tree(shop.project.path());
    let plan = prune(&shop, 2, |prune| prune.yes = false);
    assert_eq!(
        outcomes(&plan.pruned),
        ["4 kept newest", "3 kept kept", "2 planned", "1 planned"]
    );
    assert_eq!(tree(shop.project.path()), before);
    assert_eq!(plan.exit_code(), 0);
    assert_eq!(
        plan.to_string(),
        "would keep local:shop:4 for python3.12 x86_64: newest\n\
         would keep local:shop:3 for python3.12 x86_64: kept\n\
         would delete local:shop:2 for python3.12 x86_64\n\
         would delete local:shop:1 for python3.12 x86_64\n\
         would delete 2 versions and keep 2; with --yes it is done"
    );
    let done = prune(&shop, 2, |_| {});
    assert_eq!(
        outcomes(&done.pruned),
        ["4 kept newest", "3 kept kept", "2 deleted", "1 deleted"]
    );
    assert!(
        done.to_string().ends_with("deleted 2 versions and kept 2"),
        "{done}"
    );
    let json = serde_json::to_value(&done).unwrap();
    assert_eq!(json["pruned"][0]["reason"], "newest");
    assert_eq!(json["pruned"][2]["outcome"], "deleted");
    assert_eq!(json["pruned"][2]["arn"], "local:shop:2");
    assert_eq!(listed(&shop), [4, 3]);

    let again = prune(&shop, 2, |_| {});
    assert!(
        again.to_string().ends_with("nothing to delete; 2 stay"),
        "{again}"
    );
    // Not even without any to keep does the newest go.
    prune(&shop, 0, |_| {});
    assert_eq!(listed(&shop), [4]);
}

#[test]
fn the_newest_are_kept_for_each_set_of_targets() {
    // Versions 1, 3, 5 are for x86_64, and 2, 4, 6 for arm64.
    let both = "[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n";
    let shop = published(3, both);
    let report = prune(&shop, 2, |_| {});
    assert_eq!(
        outcomes(&report.pruned),
        [
            "6 kept newest",
            "5 kept newest",
            "4 kept kept",
            "3 kept kept",
            "2 deleted",
            "1 deleted"
        ]
    );
}

#[test]
fn young_versions_are_kept() {
    let shop = published(3, "");
    let week = Duration::from_hours(7 * 24);
    let old = fs_err::File::options()
        .append(true)
        .open(shop.path("dist/published/shop/1/manifest.json"))
        .unwrap();
    let then = SystemTime::now() - week - Duration::from_mins(1);
    old.into_file().set_modified(then).unwrap();
    let report = prune(&shop, 1, |prune| prune.older_than = Some(week));
    assert_eq!(
        outcomes(&report.pruned),
        ["3 kept newest", "2 kept younger", "1 deleted"]
    );
}

#[test]
fn what_another_project_published_is_kept() {
    let shop = published(2, "");
    // The project gets another name, and takes over its layer.
    let path = shop.path("pyproject.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("name = \"shop\"", "name = \"billing\"")).unwrap();
    for description in ["a", "b"] {
        let settings = PublishSettings {
            settings: shop.settings(),
            name: Some("shop".to_owned()),
            description: Some(description.to_owned()),
            adopt: true,
            ..PublishSettings::default()
        };
        layerlock::publish(&settings, &Silent).unwrap();
    }
    let named = |prune: &mut PruneSettings| prune.upkeep.name = Some("shop".to_owned());
    let report = prune(&shop, 1, named);
    assert_eq!(
        outcomes(&report.pruned),
        [
            "4 kept newest",
            "3 deleted",
            "2 kept of another project",
            "1 kept of another project"
        ]
    );
    let report = prune(&shop, 1, |prune| {
        named(prune);
        prune.adopt = true;
    });
    assert_eq!(
        outcomes(&report.pruned),
        ["4 kept newest", "2 deleted", "1 deleted"]
    );
}

#[test]
fn versions_are_deleted_by_their_numbers() {
    let shop = published(3, "");
    let plan = delete(&shop, &[1, 7, 1], false);
    assert_eq!(outcomes(&plan.deleted), ["7 missing", "1 planned"]);
    assert_eq!(
        plan.to_string(),
        "there is no version 7 of shop at local\n\
         would delete local:shop:1 for python3.12 x86_64\n\
         would delete 1 version; with --yes it is done"
    );
    assert_eq!(listed(&shop), [3, 2, 1]);
    let done = delete(&shop, &[1, 3], true);
    assert_eq!(outcomes(&done.deleted), ["3 deleted", "1 deleted"]);
    assert!(done.to_string().ends_with("\ndeleted 2 versions"), "{done}");
    assert_eq!(listed(&shop), [2]);
    let again = delete(&shop, &[1], true);
    assert_eq!(
        (outcomes(&again.deleted), again.exit_code()),
        (vec!["1 missing".to_owned()], 0)
    );
}

#[test]
fn a_version_is_one_of_one_layer() {
    let shop = Shop::configured(TWO_LAYERS);
    publish(&shop);
    let mut settings = DeleteSettings {
        upkeep: upkeep(&shop),
        versions: vec![1],
        yes: true,
        ..DeleteSettings::default()
    };
    let error = layerlock::delete(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        error.to_string().ends_with("several: shop-a, shop-b"),
        "{error}"
    );
    settings.upkeep.settings.layers = vec!["b".to_owned()];
    let report = layerlock::delete(&settings, &Silent).unwrap();
    assert_eq!(report.deleted[0].arn.as_deref(), Some("local:shop-b:1"));
}
