//! The runtime of a layer for which nobody named one.

use layerlock::{Architecture, ErrorKind, Finding, Settings, Silent, plan};
use layerlock_testkit::{LockedPackage, ProjectBuilder, Wheel, WheelBuilder};

use crate::helpers::{Shop, native, shop_of_natives};

/// A project on Python 3.11 and later whose packages have wheels for these Pythons.
fn shop(packages: &[(&str, &[u8])], configuration: &str) -> Shop {
    shop_of_natives(">=3.11", packages, configuration)
}

/// What was chosen for the only layer, and why.
fn chosen(settings: &Settings) -> (String, Finding) {
    let layers = plan(settings, &Silent).unwrap().layers;
    let [layer] = &layers[..] else {
        panic!("{layers:?}");
    };
    (layer.target.to_string(), layer.findings[0].clone())
}

#[test]
fn it_is_the_newest_that_every_package_has_a_wheel_for() {
    let shop = shop(&[("alpha", &[11, 12, 13]), ("beta", &[11, 12])], "");
    let (target, finding) = chosen(&shop.settings());
    assert_eq!(target, "python3.12 x86_64");
    assert_eq!(
        finding.message,
        "built for python3.12, the newest allowed runtime that every package has a wheel for \
         (python3.14: alpha, beta have no wheel; python3.13: beta has no wheel)"
    );
}

#[test]
fn excluded_packages_have_no_say() {
    let shop = shop(&[("alpha", &[11, 12, 13]), ("beta", &[11, 12])], "");
    let (target, _) = chosen(&Settings {
        exclude: Some(vec!["beta".to_owned()]),
        ..shop.settings()
    });
    assert_eq!(target, "python3.13 x86_64");
}

#[test]
fn layers_of_other_groups_can_get_other_runtimes() {
    let tables = "[tool.layerlock.layers.all]\n[tool.layerlock.layers.some]\n\
                  exclude = [\"beta\"]\n";
    let shop = shop(&[("alpha", &[11, 13]), ("beta", &[11])], tables);
    let layers = plan(&shop.settings(), &Silent).unwrap().layers;
    let targets: Vec<String> = layers
        .iter()
        .map(|layer| layer.target.to_string())
        .collect();
    assert_eq!(targets, ["python3.11 x86_64", "python3.13 x86_64"]);
}

#[test]
fn where_none_fits_the_error_is_that_of_the_newest() {
    let shop = shop(&[("alpha", &[12]), ("beta", &[13])], "");
    let error = plan(&shop.settings(), &Silent).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("2 packages have no wheel for python3.14 x86_64"),
        "{message}"
    );
    let error = plan(
        &Settings {
            architectures: vec![Architecture::Arm64],
            ..shop.settings()
        },
        &Silent,
    );
    assert!(error.unwrap_err().to_string().contains("python3.14 arm64"));
}

#[test]
fn a_runtime_without_a_build_comes_before_a_newer_one_with_one() {
    let wheel = native("alpha", 12);
    let pure = WheelBuilder::new("alpha", "1.0").build();
    let mac = WheelBuilder::new("alpha", "1.0")
        .tag("cp313-cp313-macosx_11_0_arm64")
        .build();
    // A source can be built where there is no compiled wheel for Linux at all.
    let with_source =
        |wheel: &Wheel| LockedPackage::from(wheel).file("alpha-1.0.tar.gz", &"0".repeat(64));
    for (package, served, expected) in [
        (with_source(&wheel), &wheel, "python3.12 x86_64"),
        (with_source(&pure), &pure, "python3.14 x86_64"),
    ] {
        let project = ProjectBuilder::new("shop").requires_python(">=3.11");
        let shop = Shop::new(&project.package(&package), [served]);
        assert_eq!(chosen(&shop.settings()).0, expected);
    }
    let project = ProjectBuilder::new("shop").requires_python(">=3.11");
    let shop = Shop::new(&project.package(with_source(&mac)), []);
    // The source is asked for, and nobody has it.
    let error = plan(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error}");
}

#[test]
fn a_supplied_wheel_counts_as_one() {
    let shop = shop(&[("alpha", &[11, 12]), ("beta", &[11, 12, 13])], "");
    let supplied = native("alpha", 13);
    let directory = shop.path("wheels");
    fs_err::create_dir(&directory).unwrap();
    fs_err::write(directory.join(&supplied.file_name), &supplied.bytes).unwrap();
    let (target, _) = chosen(&shop.settings());
    assert_eq!(target, "python3.12 x86_64");
    let (target, _) = chosen(&Settings {
        find_links: vec![directory.display().to_string()],
        ..shop.settings()
    });
    assert_eq!(target, "python3.13 x86_64");
}

#[test]
fn a_layer_for_another_runtime_than_the_templates_name_is_a_warning() {
    let shop = shop(&[("alpha", &[11, 12, 13])], "");
    let warnings = || -> Vec<String> {
        let built = layerlock::build(&shop.settings(), &Silent).unwrap();
        let findings = built.layers.into_iter().flat_map(|layer| layer.findings);
        let of_templates = findings.filter(|one| one.code == layerlock::Code::OtherRuntime);
        of_templates.map(|one| one.to_string()).collect()
    };
    assert_eq!(warnings(), [""; 0]);
    let infra = shop.path("infra");
    fs_err::create_dir(&infra).unwrap();
    fs_err::write(
        infra.join("main.tf"),
        "x {\n  runtime = \"python3.11\"\n}\n",
    )
    .unwrap();
    // A template that is new is seen as soon as anything else makes a run.
    fs_err::remove_dir_all(shop.path("dist")).unwrap();
    let [warning] = &warnings()[..] else {
        panic!("one warning");
    };
    let path = infra.join("main.tf");
    assert_eq!(
        *warning,
        format!(
            "warning[other-runtime]: the layer is for python3.13, and the project's functions run \
             on python3.11 ({}:2)\n  hint: set `runtime = \"python3.11\"` in [tool.layerlock], or \
             the functions' runtime to python3.13",
            path.display()
        )
    );
    // One that changes makes a run.
    fs_err::write(&path, "x {\n  runtime = \"python3.13\"\n}\n\n").unwrap();
    assert_eq!(warnings(), [""; 0]);
    // Generated copies do not count.
    fs_err::create_dir(shop.path("cdk.out")).unwrap();
    fs_err::write(&path, "").unwrap();
    fs_err::write(shop.path("cdk.out/x.tf"), "runtime = \"python3.11\"\n").unwrap();
    fs_err::remove_dir_all(shop.path("dist")).unwrap();
    assert_eq!(warnings(), [""; 0]);
}
