//! Looking after published versions, in the local directory.

use std::time::{Duration, SystemTime};

use layerlock::{
    Change, DeleteReport, DeleteSettings, ErrorKind, Outcome, PromoteReport, PromoteSettings,
    PruneReport, PruneSettings, PublishSettings, Publishing, Silent, StatusOutcome, UpkeepSettings,
    VersionOutcome, VersionReport,
};

use crate::helpers::{Shop, tree};

/// Both architectures of each layer are one name's versions.
const TWO_LAYERS: &str = "[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\"]\n\
                          [tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n\
                          [tool.layerlock.publish]\nname = \"{project}-{layer}\"\n";

fn publish(shop: &Shop) {
    publish_as(shop, "");
}

/// Another description is another version.
fn publish_as(shop: &Shop, description: &str) {
    let settings = PublishSettings {
        settings: shop.settings(),
        description: Some(description.to_owned()),
        ..PublishSettings::default()
    };
    assert_eq!(
        layerlock::publish(&settings, &Silent).unwrap().exit_code(),
        0
    );
}

fn upkeep(shop: &Shop) -> UpkeepSettings {
    UpkeepSettings {
        settings: shop.settings(),
        ..UpkeepSettings::default()
    }
}

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

/// A project with so many versions of `shop`.
fn published(count: usize, toml: &str) -> Shop {
    let shop = Shop::configured(toml);
    for number in 1..=count {
        publish_as(&shop, &number.to_string());
    }
    shop
}

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
