//! Locks that are not Poetry's: what is built from them, and which one is taken.

use std::fmt::Write as _;

use layerlock::{
    Choice, Comparand, DiffSettings, ExportFormat, ExportSettings, Groups, Settings, Silent,
    UpkeepSettings,
};
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

/// Its directory was taken for one of a layer's files.
#[test]
fn a_project_of_uv_is_compared_with_its_layer() {
    let uv = uv_shop(PYPROJECT);
    let layer = build_one(&settings(&uv)).zip.unwrap().path;
    for (before, unchanged) in [(layer, 2), (uv.path("uv.lock"), 3)] {
        let compared = DiffSettings {
            before: Comparand::Path(before),
            after: Comparand::Path(uv.project.path().to_owned()),
            upkeep: UpkeepSettings {
                settings: settings(&uv),
                ..UpkeepSettings::default()
            },
        };
        let report = layerlock::diff(&compared, &Silent).unwrap();
        assert!(!report.has_changes(), "{report}");
        assert_eq!(report.unchanged, unchanged);
    }
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

/// Who has `[tool.uv]` and no lock yet is not told of Poetry.
#[test]
fn a_project_of_uv_without_a_lock_is_told_to_lock_by_uv() {
    let uv = uv_shop(&format!("{PYPROJECT}\n[tool.uv]\npackage = false\n"));
    fs_err::remove_file(uv.path("uv.lock")).unwrap();
    let error = layerlock::build(&settings(&uv), &Silent).unwrap_err();
    assert!(error.to_string().ends_with("uv.lock"), "{error}");
    assert_eq!(
        error.hint().unwrap(),
        "run `uv lock` in the project's directory"
    );
    // A comment makes it nobody's.
    let comment = format!("{PYPROJECT}# see [tool.uv] and uv_build\n");
    fs_err::write(uv.path("pyproject.toml"), comment).unwrap();
    let error = layerlock::build(&settings(&uv), &Silent).unwrap_err();
    assert!(error.to_string().ends_with("poetry.lock"), "{error}");
    for of_uv in [
        "[tool.uv.sources]",
        "[build-system]\nrequires = [\"uv_build>=0.9,<0.10\"]\nbuild-backend = \"uv_build\"",
        "# no [tool.poetry] here\n[tool.uv]",
    ] {
        fs_err::write(uv.path("pyproject.toml"), format!("{PYPROJECT}{of_uv}\n")).unwrap();
        let error = layerlock::build(&settings(&uv), &Silent).unwrap_err();
        assert!(error.to_string().ends_with("uv.lock"), "{of_uv}: {error}");
    }
}

/// Layers without packages need no lock, whatever the project is managed by.
#[test]
fn layers_of_folders_alone_have_not_changed_where_no_lock_can_be_read() {
    const LAYER: &str = "[tool.layerlock.layers.tools]\nfolders = { bin = \"src\" }\n";
    for (tool, lock) in [
        ("[tool.uv]\npackage = false\n", None),
        ("[tool.pdm]\n", Some("pdm.lock")),
        ("", Some("Pipfile.lock")),
    ] {
        let shop = uv_shop(&format!("{PYPROJECT}{tool}{LAYER}"));
        fs_err::remove_file(shop.path("uv.lock")).unwrap();
        fs_err::create_dir(shop.path("src")).unwrap();
        fs_err::write(shop.path("src/tool"), "#!/bin/sh\n").unwrap();
        if let Some(lock) = lock {
            fs_err::write(shop.path(lock), "{}").unwrap();
        }
        let run = || layerlock::build(&settings(&shop), &Silent).unwrap();
        assert!(!run().unchanged, "{tool}");
        assert!(run().unchanged, "{tool}");
        // A lock that appears is another input.
        fs_err::write(shop.path("uv.lock"), uv_lock(&shop)).unwrap();
        assert!(!run().unchanged, "{tool}");
        assert!(run().unchanged, "{tool}");
    }
}

/// The names of uv's indexes are those of its project, whichever lock was exported.
#[test]
fn a_pylock_and_requirements_take_credentials_by_the_names_of_uvs_indexes() {
    let uv = uv_shop(PYPROJECT);
    let index = format!(
        "{PYPROJECT}\n[[tool.uv.index]]\nname = \"company\"\nurl = \"{}\"\n",
        uv.index.url()
    );
    fs_err::write(uv.path("pyproject.toml"), index).unwrap();
    let output = uv.path("pylock.toml");
    let export = ExportSettings {
        settings: settings(&uv),
        format: ExportFormat::Pylock,
        output: Some(output.clone()),
        ..ExportSettings::default()
    };
    layerlock::export(&export, &Silent).unwrap();
    let text = fs_err::read_to_string(&output).unwrap();
    assert!(text.contains("\nindex = "), "{text}");
    uv.index.require_basic_auth("me", "hush");
    let error = layerlock::build(
        &Settings {
            lock: Some(output),
            ..settings(&uv)
        },
        &Silent,
    )
    .unwrap_err();
    let message = error.to_string();
    assert!(message.contains("UV_INDEX_COMPANY_USERNAME"), "{message}");
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("set the variables"), "{hint}");
}

#[test]
fn a_workspace_whose_root_asks_for_nothing_tells_its_projects() {
    let directory = tempfile::tempdir().unwrap();
    let member = "[project]\nname = \"web\"\nversion = \"1\"\n";
    for (file, text) in [
        (
            "pyproject.toml",
            "[project]\nname = \"shop\"\nversion = \"1\"\n[tool.uv.workspace]\nmembers = \
             [\"web\"]\n",
        ),
        ("web/pyproject.toml", member),
        (
            "uv.lock",
            "version = 1\nrequires-python = \">=3.10\"\n[manifest]\nmembers = [\"shop\", \
             \"web\"]\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = { virtual = \".\" \
             }\n[[package]]\nname = \"web\"\nversion = \"1\"\nsource = { virtual = \"web\" }\n",
        ),
    ] {
        let path = directory.path().join(file);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    let layer = build_one(&Settings::for_project(directory.path()));
    let finding = layer
        .findings
        .iter()
        .find(|one| one.code.name() == "project");
    let finding = finding.unwrap();
    assert_eq!(
        finding.message,
        "shop, the root of the workspace, asks for no package"
    );
    let hint = finding.hint.as_deref().unwrap();
    assert_eq!(hint, "name a project of the workspace by --package: web");
}

/// Hints name the commands of who wrote the lock, and Poetry's to nobody else.
#[test]
fn hints_name_what_writes_the_lock() {
    let old = PYPROJECT.replace(">=3.12,<3.13", ">=3.7,<3.8");
    for (lock, command) in [
        ("uv.lock", "`uv lock`"),
        ("pylock.toml", "`uv export --format pylock.toml`"),
    ] {
        let shop = uv_shop(&old);
        fs_err::rename(shop.path("uv.lock"), shop.path(lock)).unwrap();
        let error = layerlock::build(&settings(&shop), &Silent).unwrap_err();
        let hint = error.hint().unwrap();
        let start = format!("widen the project's Python constraint and run {command}: ");
        assert!(hint.starts_with(&start), "{hint}");
    }
    // A wheel for another processor than the lock has.
    let uv = uv_shop(PYPROJECT);
    let lock = uv_lock(&uv);
    let only_arm: Vec<&str> = lock.lines().filter(|it| !it.contains("x86_64")).collect();
    fs_err::write(uv.path("uv.lock"), only_arm.join("\n") + "\n").unwrap();
    let x86_64 = Settings {
        runtimes: vec![layerlock::Provider::Aws.runtime("python3.12").unwrap()],
        architectures: vec![layerlock::Architecture::X86_64],
        index_url: Some(uv.index.url()),
        ..settings(&uv)
    };
    let error = layerlock::build(&x86_64, &Silent).unwrap_err();
    let hint = error.hint().unwrap();
    assert!(
        hint.starts_with("run `uv lock`: the index has "),
        "{error}\n{hint}"
    );
    assert!(!hint.contains("poetry"), "{hint}");
}
