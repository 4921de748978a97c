//! One lock, two clouds: targets of several providers.

use layerlock::{ErrorKind, Provider, Settings, Silent, build};

use crate::helpers::{Shop, unzipped};

#[test]
fn targets_of_two_providers_give_a_layer_each_and_zips_that_do_not_collide() {
    let shop = Shop::configured(
        "[tool.layerlock.layers.web]\n\
         targets = [\"aws:python3.12:arm64\", \"aws:python3.12\", \"aliyun:python3.12\"]\n",
    );
    let layers = build(&shop.settings(), &Silent).unwrap().layers;
    let zips: Vec<_> = layers
        .iter()
        .map(|layer| layer.zip.as_ref().unwrap().path.clone())
        .collect();
    let expected = [
        "web-python3.12-arm64.zip",
        "web-python3.12-x86_64.zip",
        "web-aliyun-python3.12-x86_64.zip",
    ]
    .map(|name| shop.path("dist/layers").join(name));
    assert_eq!(zips, expected);
    assert!(zips.iter().all(|zip| zip.exists()));
    let json = serde_json::to_value(layers[2].target).unwrap();
    assert_eq!(json["provider"], "aliyun");
    // Where packages lie is the same for both.
    let names = |zip| unzipped(zip).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&zips[1]), names(&zips[2]));

    // What a provider is named for chooses among them.
    let settings = Settings {
        provider: Some(Provider::Aliyun),
        ..shop.settings()
    };
    let layers = build(&settings, &Silent).unwrap().layers;
    assert_eq!(layers.len(), 1);
    assert_eq!(layers[0].target.provider(), Provider::Aliyun);
}

#[test]
fn options_stand_in_place_of_configured_targets() {
    let shop = Shop::configured("[tool.layerlock]\ntargets = [\"aws:python3.12:arm64\"]\n");
    let settings = Settings {
        targets: vec!["aliyun:python3.12".parse().unwrap()],
        ..shop.settings()
    };
    let layers = build(&settings, &Silent).unwrap().layers;
    assert_eq!(layers[0].target.to_string(), "python3.12 x86_64");
    assert_eq!(layers[0].target.provider(), Provider::Aliyun);
}

#[test]
fn a_provider_has_its_own_runtimes_architectures_and_names() {
    for (toml, kind, message) in [
        (
            "provider = \"aliyun\"\narchitecture = \"arm64\"\nruntime = \"python3.12\"\n",
            ErrorKind::Artifact,
            "there is no layer for arm64: functions of Alibaba Function Compute run on x86_64 alone",
        ),
        (
            "targets = \"aliyun:python3.12:arm64\"\n",
            ErrorKind::Artifact,
            "there is no layer for arm64: functions of Alibaba Function Compute run on x86_64 alone",
        ),
        (
            "provider = \"aliyun\"\nruntime = \"python3.13\"\n",
            ErrorKind::Project,
            "unknown runtime `python3.13`: there are python3.9, python3.10, python3.12, \
             custom.debian10, custom.debian11, custom.debian12",
        ),
        (
            "targets = [\"aliyun:python3.12\"]\nruntime = \"python3.12\"\n",
            ErrorKind::Project,
            "`targets` stands in place of `runtime` and `architecture`: remove one or the other",
        ),
        (
            "targets = [\"azure:python3.12\"]\n",
            ErrorKind::Project,
            "unknown provider `azure`: there are aws and aliyun",
        ),
    ] {
        let shop = Shop::configured(&format!("[tool.layerlock]\n{toml}"));
        let error = build(&shop.settings(), &Silent).unwrap_err();
        assert_eq!(
            (error.to_string(), error.kind()),
            (message.to_owned(), kind)
        );
    }
    let shop =
        Shop::configured("[tool.layerlock]\nprovider = \"aliyun\"\n[tool.layerlock.layers.9web]\n");
    let message = build(&shop.settings(), &Silent).unwrap_err().to_string();
    assert!(
        message.contains("of which the first is a letter"),
        "{message}"
    );
}
