//! The names of zips, and zips that no layer is built as any more.

use layerlock::{BuiltLayer, Code, ErrorKind, Settings, Silent, build};
use layerlock_testkit::{ProjectBuilder, WheelBuilder};

use crate::helpers::{Shop, project_of, wheels};

/// The names of the zips in dist/layers.
fn zips(shop: &Shop) -> Vec<String> {
    let entries = fs_err::read_dir(shop.path("dist/layers")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A project with a package for every Python.
fn pure_shop(table: &str) -> Shop {
    let pure = WheelBuilder::new("pure", "1.0").build();
    let project = ProjectBuilder::new("shop").requires_python(">=3.8");
    Shop::new(&project.package(&pure).pyproject(table), [&pure])
}

fn run(settings: &Settings) -> Vec<String> {
    let built = build(settings, &Silent).unwrap();
    let removed = built.removed.iter();
    removed
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

/// Replaces a text in pyproject.toml. The lock does not depend on the table.
fn edit(shop: &Shop, from: &str, to: &str) {
    let path = shop.path("pyproject.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs_err::write(&path, text.replace(from, to)).unwrap();
}

#[test]
fn a_zip_is_named_as_configured_as_the_layer_has_it_or_as_asked_for() {
    let shop = Shop::configured("[tool.layerlock]\nzip-name = \"shared.zip\"\n");
    shop.build();
    assert_eq!(zips(&shop), ["shared.zip"]);
    let settings = Settings {
        zip_name: Some("{layer}-{architecture}.zip".to_owned()),
        ..shop.settings()
    };
    assert!(run(&settings).is_empty());
    assert_eq!(zips(&shop), ["shared.zip", "shop-x86_64.zip"]);

    let layers = "[tool.layerlock]\nzip-name = \"{layer}.zip\"\n[tool.layerlock.layers.a]\n\
                  [tool.layerlock.layers.b]\nzip-name = \"other-{layer}.zip\"\n";
    let shop = Shop::configured(layers);
    build(&shop.settings(), &Silent).unwrap();
    assert_eq!(zips(&shop), ["a.zip", "other-b.zip"]);
}

#[test]
fn two_zips_of_one_name_are_refused_before_anything_is_built() {
    for (table, message) in [
        (
            "architecture = [\"x86_64\", \"arm64\"]\nzip-name = \"{layer}.zip\"\n",
            "shop for python3.12 x86_64 and shop for python3.12 arm64 would be one zip, ",
        ),
        (
            "[tool.layerlock.layers.a]\nzip-name = \"x.zip\"\n[tool.layerlock.layers.b]\n\
             zip-name = \"X.zip\"\n",
            "a for python3.12 x86_64 and b for python3.12 x86_64 would be one zip, ",
        ),
    ] {
        let shop = Shop::configured(&format!(
            "[tool.layerlock]\nruntime = \"python3.12\"\n{table}"
        ));
        let error = build(&shop.settings(), &Silent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(error.hint().unwrap().contains("{architecture}"));
        assert!(!shop.path("dist").exists());
        // Without zips nothing is in the way.
        layerlock::plan(&shop.settings(), &Silent).unwrap();
    }
}

#[test]
fn a_name_that_is_none_is_an_error_with_its_place() {
    let shop = Shop::configured("[tool.layerlock]\nzip-name = \"dist/{layer}.zip\"\n");
    let error = build(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(error.place().is_some());
    let settings = Settings {
        zip_name: Some("{nothing}.zip".to_owned()),
        ..shop.settings()
    };
    let error = build(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn a_zip_that_no_layer_is_built_as_any_more_is_removed_and_told() {
    let shop = pure_shop("[tool.layerlock]\nruntime = \"python3.12\"\n");
    assert!(run(&shop.settings()).is_empty());
    edit(
        &shop,
        "runtime = \"python3.12\"",
        "runtime = \"python3.13\"",
    );
    assert_eq!(run(&shop.settings()), ["shop-python3.12-x86_64.zip"]);
    assert_eq!(zips(&shop), ["shop-python3.13-x86_64.zip"]);
    // It is told once.
    assert!(run(&shop.settings()).is_empty());
    edit(
        &shop,
        "\n[tool.layerlock]",
        "\n[tool.layerlock]\nzip-name = \"one.zip\"",
    );
    assert_eq!(run(&shop.settings()), ["shop-python3.13-x86_64.zip"]);
    assert_eq!(zips(&shop), ["one.zip"]);
}

#[test]
fn a_zip_that_somebody_replaced_or_another_command_makes_stays() {
    let shop = pure_shop("[tool.layerlock]\nruntime = \"python3.12\"\n");
    let other = Settings {
        runtimes: vec![layerlock::Provider::Aws.runtime("python3.11").unwrap()],
        ..shop.settings()
    };
    run(&other);
    run(&shop.settings());
    let zip = shop.path("dist/layers/shop-python3.12-x86_64.zip");
    fs_err::write(&zip, "somebody's").unwrap();
    edit(
        &shop,
        "runtime = \"python3.12\"",
        "runtime = \"python3.13\"",
    );
    assert!(run(&shop.settings()).is_empty());
    assert_eq!(
        zips(&shop),
        [
            "shop-python3.11-x86_64.zip",
            "shop-python3.12-x86_64.zip",
            "shop-python3.13-x86_64.zip",
        ]
    );
}

#[test]
fn a_run_that_fails_removes_nothing() {
    let shop = pure_shop("[tool.layerlock]\nruntime = \"python3.12\"\n");
    run(&shop.settings());
    edit(&shop, "runtime = \"python3.12\"", "runtime = \"python2.7\"");
    build(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(zips(&shop), ["shop-python3.12-x86_64.zip"]);
}

#[test]
fn several_layers_can_be_asked_for() {
    let tables = ["a", "b", "c"].map(|name| format!("[tool.layerlock.layers.{name}]\n"));
    let shop = Shop::configured(&tables.concat());
    let names = |layers: &[&str]| -> Vec<String> {
        let settings = Settings {
            layers: layers.iter().map(ToString::to_string).collect(),
            ..shop.settings()
        };
        let built = build(&settings, &Silent).unwrap().layers;
        built.into_iter().map(|layer| layer.name).collect()
    };
    assert_eq!(names(&[]), ["a", "b", "c"]);
    assert_eq!(names(&["c", "a"]), ["a", "c"]);
    assert_eq!(names(&["b", "b"]), ["b"]);
    let unknown = Settings {
        layers: vec!["a".to_owned(), "d".to_owned()],
        ..shop.settings()
    };
    let error = build(&unknown, &Silent).unwrap_err();
    assert_eq!(error.to_string(), "unknown layer `d`: there are a, b, c");
}

#[test]
fn a_default_architecture_is_told_where_a_package_is_compiled() {
    let note = |layer: &BuiltLayer| {
        let mut findings = layer.findings.iter();
        let note = findings.find(|one| one.code == Code::DefaultArchitecture);
        note.map(|note| note.message.clone())
    };
    let native = wheels();
    let project = |table: &str| {
        let shop = Shop::new(&project_of(&native).pyproject(table), &native);
        note(&shop.build())
    };
    assert_eq!(
        project("").unwrap(),
        "built for x86_64, the provider's default architecture: native is compiled for it"
    );
    assert_eq!(
        project("[tool.layerlock]\narchitecture = \"x86_64\"\n"),
        None
    );
    assert_eq!(note(&pure_shop("").build()), None);
}
