//! Several targets in one run.

use layerlock::{BuiltLayer, Error, ErrorKind, Provider, Settings, Silent, build};

use crate::helpers::{Shop, elf_machine, files, project_of, tree, wheels};

fn target(layer: &BuiltLayer) -> String {
    layer.target.to_string()
}

#[test]
fn several_architectures_give_a_layer_each_in_folders_of_their_own() {
    let shop = Shop::configured(
        "[tool.layerlock]\narchitecture = [\"x86_64\", \"arm64\", \"x86_64\"]\n\
         staging = \"staged\"\n",
    );
    let layers = layerlock::build(&shop.settings(), &Silent).unwrap().layers;
    let targets: Vec<String> = layers.iter().map(target).collect();
    assert_eq!(targets, ["python3.12 x86_64", "python3.12 arm64"]);
    for (layer, machine) in layers.iter().zip(["x86_64", "aarch64"]) {
        let architecture = layer.target.architecture;
        let name = format!("shop-python3.12-{architecture}.zip");
        let zip = &layer.zip.as_ref().unwrap().path;
        assert_eq!(*zip, shop.path("dist/layers").join(name));
        let staging = layer.staging.as_ref().unwrap();
        assert_eq!(
            *staging,
            shop.path(&format!("staged/python3.12-{architecture}"))
        );
        let core = &files(staging)["python/native/core.so"];
        assert_eq!(core[18..20], elf_machine(machine).to_le_bytes());
    }
}

#[test]
fn options_name_every_runtime_with_every_architecture() {
    let [pure, ..] = wheels();
    let project = layerlock_testkit::ProjectBuilder::new("shop").package(&pure);
    let shop = Shop::new(
        &project.pyproject("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n"),
        [&pure],
    );
    let settings = Settings {
        runtimes: ["python3.13", "python3.12"]
            .map(|name| Provider::Aws.runtime(name).unwrap())
            .to_vec(),
        architectures: ["x86_64", "arm64"]
            .map(|text| text.parse().unwrap())
            .to_vec(),
        ..shop.settings()
    };
    let layers = layerlock::install(&settings, &Silent).unwrap().layers;
    let made: Vec<(String, String)> = layers
        .iter()
        .map(|layer| (layer.name.clone(), target(layer)))
        .collect();
    let mut expected = Vec::new();
    for name in ["a", "b"] {
        for runtime in ["python3.13", "python3.12"] {
            for architecture in ["x86_64", "arm64"] {
                let target = format!("{runtime} {architecture}");
                let directory = format!("dist/staging/{name}/{runtime}-{architecture}");
                assert!(
                    shop.path(&directory)
                        .join("python/pure/__init__.py")
                        .exists()
                );
                expected.push((name.to_owned(), target));
            }
        }
    }
    assert_eq!(made, expected);
}

/// One target keeps the directory that is configured, however it is spelled.
#[test]
fn a_list_of_one_is_as_good_as_none() {
    let wheels = wheels();
    let toml = "[tool.layerlock]\nruntime = [\"python3.12\"]\nstaging = \"staged\"\n";
    let shop = Shop::new(&project_of(&wheels).pyproject(toml), &wheels);
    assert_eq!(shop.build().staging.unwrap(), shop.path("staged"));
}

/// What once was the whole directory would lie around the new layers, and be deployed
/// with them.
#[test]
fn a_layer_that_fills_the_folder_that_several_share_is_refused() {
    let one = "[tool.layerlock]\nstaging = \"staged\"\n";
    for several in [
        "architecture = [\"x86_64\", \"arm64\"]\n",
        "[tool.layerlock.layers.python]\n[tool.layerlock.layers.web]\n",
    ] {
        let shop = Shop::configured(one);
        shop.build();
        project_of(&wheels())
            .pyproject(&format!("{one}{several}"))
            .write_to(shop.project.path());
        let before = tree(shop.project.path());
        let error = build(&shop.settings(), &Silent).unwrap_err();
        assert!(
            matches!(&error, Error::Remains { directory, .. } if *directory == shop.path("staged")),
            "{error:?}"
        );
        assert_eq!(error.kind(), ErrorKind::Machine);
        assert!(error.hint().is_some());
        assert_eq!(tree(shop.project.path()), before);

        fs_err::remove_dir_all(shop.path("staged")).unwrap();
        for _ in 0..2 {
            let settings = Settings {
                rebuild: true,
                ..shop.settings()
            };
            build(&settings, &Silent).unwrap();
        }
    }
}
