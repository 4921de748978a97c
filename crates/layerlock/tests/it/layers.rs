//! Several layers in one run.

use layerlock::{Settings, Silent, build};
use layerlock_testkit::{LockedPackage, ProjectBuilder, Wheel, WheelBuilder};

use crate::helpers::{Shop, build_one};

const COUNT: usize = 12;

/// A shared package, and one for each of many groups, a layer each.
fn shop() -> (Shop, Wheel) {
    let shared = WheelBuilder::new("shared", "1.0")
        .file("shared/__init__.py", "SHARED = 1\n".repeat(1000))
        .build();
    let own: Vec<Wheel> = (0..COUNT)
        .map(|number| {
            WheelBuilder::new(&format!("own{number:02}"), "1.0")
                .file(&format!("own{number:02}.py"), number.to_string())
                .build()
        })
        .collect();
    let mut project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&shared);
    let mut toml = "[tool.layerlock]\nstaging = \"staged\"\n".to_owned();
    for wheel in &own {
        let name = &wheel.name;
        project = project.package(LockedPackage::from(wheel).groups(&[name]));
        let groups = format!("groups = [\"main\", \"{name}\"]");
        toml.extend(["[tool.layerlock.layers.", name, "]\n", &groups, "\n"]);
    }
    let shop = Shop::new(&project.pyproject(&toml), own.iter().chain([&shared]));
    (shop, shared)
}

#[test]
fn layers_of_one_run_are_as_if_built_one_by_one() {
    let (shop, shared) = shop();
    let all = build(&shop.settings(), &Silent).unwrap().layers;
    let names: Vec<_> = all.iter().map(|layer| layer.name.clone()).collect();
    let expected: Vec<_> = (0..COUNT).map(|number| format!("own{number:02}")).collect();
    assert_eq!(names, expected);
    // What they share was downloaded once.
    let path = shop.index.file_path(&shared);
    assert_eq!(shop.index.request_count(&path), 1);

    for layer in &all {
        let alone = build_one(&Settings {
            layers: vec![layer.name.clone()],
            output: Some(shop.path("alone")),
            staging: Some(shop.path("staged-alone").join(&layer.name)),
            ..shop.settings()
        });
        assert_eq!(
            alone.zip.unwrap().digest,
            layer.zip.as_ref().unwrap().digest
        );
        assert_eq!(
            crate::helpers::tree(&alone.staging.unwrap()),
            crate::helpers::tree(layer.staging.as_ref().unwrap())
        );
    }
}

#[test]
fn the_first_layers_trouble_is_told_and_no_output_is_changed() {
    let (shop, _) = shop();
    for name in ["own09", "own04", "own07"] {
        let foreign = shop.path("staged").join(name).join("mine.txt");
        fs_err::create_dir_all(foreign.parent().unwrap()).unwrap();
        fs_err::write(foreign, "x").unwrap();
    }
    for _ in 0..5 {
        let error = build(&shop.settings(), &Silent).unwrap_err().to_string();
        assert!(
            error.contains("own04") && error.contains("mine.txt"),
            "{error}"
        );
        assert!(!shop.path("dist").exists());
        assert!(!shop.path("staged/own00").exists());
    }
}
