//! Locks that are not Poetry's: what is built from them, and which one is taken.

use std::fmt::Write as _;

use layerlock::{Choice, ExportFormat, ExportSettings, Groups, Settings, Silent};
use layerlock_testkit::{ProjectBuilder, Wheel, sha256_hex};

use crate::helpers::{Shop, build_one, project_of, wheels};

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"0.1.0\"\n\
                         requires-python = \">=3.12,<3.13\"\ndependencies = [\"pure\", \"native\"]\n";

/// A shop whose project is uv's: the lock has the URLs of the index's files.
fn uv_shop(pyproject: &str) -> Shop {
    let shop = Shop::new(&ProjectBuilder::new("shop"), &wheels());
    fs_err::remove_file(shop.path("poetry.lock")).unwrap();
    fs_err::write(shop.path("pyproject.toml"), pyproject).unwrap();
    fs_err::write(shop.path("uv.lock"), uv_lock(&shop)).unwrap();
    shop
}

fn uv_lock(shop: &Shop) -> String {
    let [pure, x86_64, aarch64] = wheels();
    let package = |name: &str, version: &str, wheels: &[&Wheel]| {
        let mut text = format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
             source = {{ registry = \"{}\" }}\nwheels = [\n",
            shop.index.url()
        );
        for wheel in wheels {
            let url = shop.index.file_url(*wheel);
            let hash = sha256_hex(&wheel.bytes);
            let _ = writeln!(text, "    {{ url = \"{url}\", hash = \"sha256:{hash}\" }},");
        }
        text + "]\n"
    };
    let own = "\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n\
               dependencies = [\n    { name = \"native\" },\n    { name = \"pure\" },\n]\n\
               [package.metadata]\nrequires-dist = [{ name = \"native\" }, { name = \"pure\" }]\n";
    format!(
        "version = 1\nrevision = 3\nrequires-python = \"==3.12.*\"\n{}{}{own}",
        package("native", "2.0", &[&x86_64, &aarch64]),
        package("pure", "1.0", &[&pure]),
    )
}

/// Without an index that is named: each lock says where its files are.
fn settings(shop: &Shop) -> Settings {
    Settings {
        index_url: None,
        ..shop.settings()
    }
}

fn zip(settings: &Settings) -> Vec<u8> {
    let layer = build_one(settings);
    fs_err::read(&layer.zip.unwrap().path).unwrap()
}

#[test]
fn a_lock_of_uv_gives_the_bytes_of_poetrys_and_asks_for_no_page() {
    let wheels = wheels();
    let poetry = Shop::new(&project_of(&wheels), &wheels);
    let uv = uv_shop(PYPROJECT);
    assert_eq!(zip(&settings(&uv)), zip(&poetry.settings()));
    for project in ["pure", "native"] {
        assert_eq!(uv.index.request_count(&uv.index.page_path(project)), 0);
    }
    // What a build without changes reads has not changed.
    let again = layerlock::build(&settings(&uv), &Silent).unwrap();
    assert!(again.unchanged);
    fs_err::write(uv.path("uv.lock"), uv_lock(&uv) + "\n").unwrap();
    let changed = layerlock::build(&settings(&uv), &Silent).unwrap();
    assert!(!changed.unchanged);
}

#[test]
fn exports_of_a_lock_of_uv_give_its_bytes_too() {
    let uv = uv_shop(PYPROJECT);
    let expected = zip(&settings(&uv));
    for (format, name) in [
        (ExportFormat::Requirements, "requirements.txt"),
        (ExportFormat::Pylock, "pylock.toml"),
    ] {
        let output = uv.path(name);
        let export = ExportSettings {
            settings: settings(&uv),
            format,
            output: Some(output.clone()),
            ..ExportSettings::default()
        };
        layerlock::export(&export, &Silent).unwrap();
        let from_export = Settings {
            lock: Some(output),
            // A requirements file has no URLs.
            ..uv.settings()
        };
        assert_eq!(zip(&from_export), expected, "{name}");
    }
}

#[test]
fn requirements_without_hashes_are_an_error_or_a_finding() {
    let uv = uv_shop(PYPROJECT);
    fs_err::write(uv.path("plain.txt"), "pure==1.0\nnative==2.0\n").unwrap();
    let plain = Settings {
        lock: Some(uv.path("plain.txt")),
        ..uv.settings()
    };
    let error = layerlock::build(&plain, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "pure==1.0 has no hash");
    assert_eq!(error.place().unwrap().line, 1);
    let allowed = Settings {
        allow_unhashed: true,
        ..plain
    };
    let layer = build_one(&allowed);
    let finding = layer
        .findings
        .iter()
        .find(|one| one.code.name() == "unverified");
    assert!(
        finding.unwrap().message.contains("pure, native"),
        "{finding:?}"
    );
}

/// Of several locks the first is taken, and told, until somebody chooses.
#[test]
fn which_lock_is_taken_is_told_where_there_are_two() {
    let uv = uv_shop(PYPROJECT);
    fs_err::write(
        uv.path("pylock.toml"),
        "lock-version = \"1.0\"\npackages = []\n",
    )
    .unwrap();
    let messages = |settings: &Settings| {
        let findings = build_one(settings).findings.into_iter();
        let messages: Vec<String> = findings.map(|one| one.message).collect();
        messages.join("\n")
    };
    let told = "uv.lock is used, and pylock.toml beside it is not";
    assert!(messages(&settings(&uv)).contains(told));
    let chosen = format!("{PYPROJECT}\n[tool.layerlock]\nlock = \"uv.lock\"\n");
    fs_err::write(uv.path("pyproject.toml"), &chosen).unwrap();
    assert!(!messages(&settings(&uv)).contains(told));
    let other = Settings {
        lock: Some(uv.path("pylock.toml")),
        ..settings(&uv)
    };
    assert_eq!(build_one(&other).packages.len(), 0);

    fs_err::write(
        uv.path("pyproject.toml"),
        chosen.replace("uv.lock", "none.lock"),
    )
    .unwrap();
    let error = layerlock::build(&settings(&uv), &Silent).unwrap_err();
    assert_eq!(error.to_string(), "there is no such file");
    assert!(error.place().is_some());
}

#[test]
fn locks_that_are_not_read_are_told_with_a_way_to_export_them() {
    for (name, command) in [
        ("pdm.lock", "pdm export"),
        ("Pipfile.lock", "pipenv requirements --hash"),
    ] {
        let shop = uv_shop(PYPROJECT);
        fs_err::remove_file(shop.path("uv.lock")).unwrap();
        fs_err::write(shop.path(name), "{}").unwrap();
        let error = layerlock::build(&settings(&shop), &Silent).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.hint().unwrap().contains(command), "{name}");
    }
}

#[test]
fn a_stale_lock_of_uv_is_an_error_unless_it_is_allowed() {
    let uv = uv_shop(&PYPROJECT.replace("\"native\"", "\"native>=2\""));
    let error = layerlock::build(&settings(&uv), &Silent).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the project asks for `native>=2`, otherwise than when it was locked"),
        "{error}"
    );
    assert_eq!(error.place().unwrap().line, 5);
    let allowed = Settings {
        allow_stale_lock: true,
        ..settings(&uv)
    };
    let layer = build_one(&allowed);
    assert!(
        layer
            .findings
            .iter()
            .any(|one| one.code.name() == "stale-lock")
    );
}

#[test]
fn groups_of_a_lock_of_uv_are_known_by_its_project() {
    let uv = uv_shop(PYPROJECT);
    let unknown = Settings {
        choice: Some(Choice {
            groups: Groups {
                with: vec!["web".to_owned()],
                ..Groups::default()
            },
            ..Choice::default()
        }),
        ..settings(&uv)
    };
    let error = layerlock::build(&unknown, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "the project has no group `web` (--with)");
    let package = Settings {
        package: Some("store".to_owned()),
        ..settings(&uv)
    };
    let error = layerlock::build(&package, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "the workspace has no package `store`");
}
