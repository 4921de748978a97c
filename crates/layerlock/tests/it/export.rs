use layerlock::{
    Error, ErrorKind, ExportFormat, ExportSettings, Exported, Settings, Silent, export,
};
use layerlock_testkit::{LinkStyle, LockedPackage, LoopbackIndex, ProjectBuilder, ServedFile};

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
    let Exported { text, warnings } = export(&all, &Silent).unwrap();
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
    let text = export(&bare, &Silent).unwrap().text;
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
    assert!(
        export(&with, &Silent)
            .unwrap()
            .text
            .contains("packages.example.com")
    );
    let without = ExportSettings {
        without_urls: true,
        ..with
    };
    assert!(
        !export(&without, &Silent)
            .unwrap()
            .text
            .contains("packages.example.com")
    );
}

#[test]
fn json_has_the_file_of_the_target() {
    let shop = Shop::configured("[tool.layerlock]\narchitecture = \"arm64\"\n");
    let text = export(&settings(&shop, ExportFormat::Json), &Silent)
        .unwrap()
        .text;
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
    let error = export(&both, &Silent).unwrap_err();
    let expected = ["a for python3.12 x86_64", "b for python3.12 x86_64"];
    assert!(matches!(&error, Error::WhichLayer { known } if *known == expected));
    assert_eq!(error.kind(), ErrorKind::Usage);
    both.settings.layers = vec!["b".to_owned()];
    export(&both, &Silent).unwrap();
}

#[test]
fn an_export_touches_neither_network_nor_disk() {
    let shop = Shop::configured("");
    let before = tree(shop.project.path());
    for format in [ExportFormat::Requirements, ExportFormat::Json] {
        export(&settings(&shop, format), &Silent).unwrap();
    }
    assert!(shop.index.requests().is_empty());
    assert_eq!(tree(shop.project.path()), before);
    assert!(tree(shop.cache.path()).is_empty());
}

#[test]
fn pylock_has_what_the_index_tells_of_every_platforms_file() {
    let [pure, x86_64, aarch64] = wheels();
    let mut shop = Shop::configured("");
    let time = "2026-11-21T05:20:00.5Z";
    shop.index = LoopbackIndex::with_wheels([&x86_64, &aarch64]);
    shop.index.add(ServedFile {
        upload_time: Some(time.to_owned()),
        ..ServedFile::from(&pure)
    });
    let text = export(&settings(&shop, ExportFormat::Pylock), &Silent)
        .unwrap()
        .text;
    let parsed: toml::Table = text.parse().unwrap();
    let packages = parsed["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 2);
    let index = shop.index.url();
    for (package, wheels) in packages.iter().zip([vec![&aarch64, &x86_64], vec![&pure]]) {
        assert_eq!(package["index"].as_str(), Some(index.trim_end_matches('/')));
        let listed = package["wheels"].as_array().unwrap();
        assert_eq!(listed.len(), wheels.len());
        for (listed, wheel) in listed.iter().zip(wheels) {
            assert_eq!(listed["name"].as_str(), Some(&wheel.file_name[..]));
            let url = shop.index.file_url(wheel);
            assert_eq!(listed["url"].as_str(), Some(&url[..]));
            let size = i64::try_from(wheel.bytes.len()).unwrap();
            assert_eq!(listed["size"].as_integer(), Some(size));
            let sha256 = listed["hashes"]["sha256"].as_str();
            assert_eq!(sha256, Some(&wheel.sha256[..]));
        }
    }
    assert!(text.contains("upload-time = 2026-11-21T05:20:00.500000Z, size = "));
    // No file was fetched.
    assert_eq!(shop.index.requests().len(), 2);
}

#[test]
fn pylock_makes_do_with_html_and_finds_what_links_lead_to() {
    let shop = Shop::configured("");
    let json = settings(&shop, ExportFormat::Pylock);
    shop.index.link_style(LinkStyle::Relative);
    let from_json = export(&json, &Silent).unwrap().text;
    shop.index.html_only();
    let from_html = export(&json, &Silent).unwrap().text;
    let files = shop.index.url().replace("simple/", "files/");
    assert!(
        from_json.contains(&format!("url = \"{files}")),
        "{from_json}"
    );
    assert!(from_json.contains("size = ") && !from_html.contains("size = "));
    assert_eq!(without_sizes(&from_json), from_html);
}

/// The text without the sizes in it.
fn without_sizes(text: &str) -> String {
    let mut parts = text.split(", size = ");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        without.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    without
}

#[test]
fn pylock_shows_no_credentials_but_uses_them() {
    let mut shop = Shop::configured("");
    let [pure, ..] = wheels();
    shop.index.require_basic_auth("somebody", "hush");
    let mut settings = settings(&shop, ExportFormat::Pylock);
    settings.settings.index_url = Some(shop.index.url_with_credentials("somebody", "hush"));
    let text = export(&settings, &Silent).unwrap().text;
    assert!(text.contains(&shop.index.file_url(&pure)), "{text}");
    assert!(!text.contains("hush"), "{text}");

    // Neither does what goes wrong.
    shop.index = LoopbackIndex::start();
    settings.settings.index_url = Some(shop.index.url_with_credentials("somebody", "hush"));
    let error = export(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[test]
fn pylock_offline_says_why_not() {
    let shop = Shop::configured("");
    let mut offline = settings(&shop, ExportFormat::Pylock);
    offline.settings.offline = true;
    let error = export(&offline, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(
        error.to_string(),
        "--offline or UV_OFFLINE forbids asking an index for the URLs of native"
    );
    assert!(shop.index.requests().is_empty());
}

#[test]
fn pylock_of_a_name_that_no_tool_looks_for_is_refused() {
    let shop = Shop::configured("");
    for (name, is_fine) in [
        ("pylock.toml", true),
        ("pylock.dev.toml", true),
        ("pylock..toml", false),
        ("pylock.a.b.toml", false),
        ("mypylock.toml", false),
        ("requirements.txt", false),
    ] {
        let output = ExportSettings {
            output: Some(shop.path(&format!("out/{name}"))),
            ..settings(&shop, ExportFormat::Pylock)
        };
        match export(&output, &Silent) {
            Ok(exported) => {
                assert!(is_fine, "{name}");
                let written = fs_err::read_to_string(shop.path(&format!("out/{name}"))).unwrap();
                assert_eq!(written, exported.text);
            }
            Err(error) => {
                assert!(matches!(error, Error::PylockName { .. }), "{error}");
                assert!(!is_fine, "{name}");
                assert_eq!(error.kind(), ErrorKind::Usage);
            }
        }
    }
}

#[test]
fn a_file_with_credentials_is_for_its_owner_alone() {
    let [pure, ..] = wheels();
    let url = "https://somebody:hush@packages.example.com/simple";
    let project = ProjectBuilder::new("shop")
        .source("company", url, "primary")
        .package(LockedPackage::from(&pure).source("company"));
    let shop = Shop::new(&project, []);
    let output = shop.path("requirements.txt");
    let settings = ExportSettings {
        output: Some(output.clone()),
        ..settings(&shop, ExportFormat::Requirements)
    };
    let exported = export(&settings, &Silent).unwrap();
    assert!(exported.text.contains(&format!("index-url {url}\n")));
    let [warning] = &exported.warnings[..] else {
        panic!("{:?}", exported.warnings);
    };
    assert!(
        warning.contains("credentials") && !warning.contains("hush"),
        "{warning}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs_err::metadata(&output).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // Without URLs nothing is secret.
    let public = ExportSettings {
        without_urls: true,
        ..settings
    };
    assert_eq!(export(&public, &Silent).unwrap().warnings, [""; 0]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs_err::metadata(&output).unwrap().permissions().mode();
        assert_ne!(mode & 0o777, 0o600);
    }
}

/// CI images write it, and Poetry merges it into its configuration.
#[test]
fn credentials_of_the_projects_own_poetry_toml_are_used_and_exported() {
    let [pure, ..] = wheels();
    let index = LoopbackIndex::with_wheels([&pure]);
    index.require_basic_auth("ci", "pw");
    let project = ProjectBuilder::new("shop")
        .source("priv", &index.url(), "primary")
        .package(LockedPackage::from(&pure).source("priv"));
    let shop = Shop::new(&project, []);
    let build = || {
        let settings = Settings {
            index_url: None,
            ..shop.settings()
        };
        layerlock::build(&settings, &Silent).map(drop)
    };
    build().unwrap_err();
    let text = "[http-basic.priv]\nusername = \"ci\"\npassword = \"pw\"\n";
    fs_err::write(shop.path("poetry.toml"), text).unwrap();
    build().unwrap();
    let settings = ExportSettings {
        with_credentials: true,
        ..settings(&shop, ExportFormat::Requirements)
    };
    let text = export(&settings, &Silent).unwrap().text;
    assert!(
        text.contains("--index-url http://ci:pw@127.0.0.1:"),
        "{text}"
    );
}

#[test]
fn links_to_find_are_refused_and_not_passed_over() {
    let shop = Shop::configured("");
    for format in [ExportFormat::Requirements, ExportFormat::Pylock] {
        let mut settings = settings(&shop, format);
        settings.settings.find_links = vec![shop.project.path().to_str().unwrap().to_owned()];
        let error = export(&settings, &Silent).unwrap_err();
        assert!(matches!(error, Error::ExportFindLinks), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}
