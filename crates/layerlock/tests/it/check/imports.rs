//! Modules of a layer, imported by an interpreter.

use fs_err as fs;
use layerlock::{Code, Severity, Silent, check};
use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};

use super::{settings, shop};
use crate::helpers::Shop;

/// Where an interpreter of the version is, modules are imported; else a note says so.
#[test]
fn modules_are_imported_by_an_interpreter_that_sees_the_layer_alone() {
    let shop = shop("");
    let layer = shop.path("layer");
    fs::create_dir_all(layer.join("python/good")).unwrap();
    fs::write(layer.join("python/good/__init__.py"), "import json\n").unwrap();
    fs::write(layer.join("python/also.py"), "").unwrap();
    fs::write(layer.join("python/bad.py"), "import surely_not_there\n").unwrap();
    // A package with an adapter for those who have another one too.
    fs::write(layer.join("python/tool.py"), "").unwrap();
    fs::write(
        layer.join("python/tool_adapter.py"),
        "import surely_not_there\n",
    )
    .unwrap();
    // A module that another one has to import, and a package in a namespace.
    fs::write(
        layer.join("python/second.py"),
        "import sys\nassert 'tool' in sys.modules\n",
    )
    .unwrap();
    let space = layer.join("python/space/inner/deeper");
    fs::create_dir_all(&space).unwrap();
    fs::write(space.join("__init__.py"), "").unwrap();
    fs::write(space.join("part.py"), "raise ValueError\n").unwrap();
    let info = layer.join("python/tool-1.0.dist-info");
    fs::create_dir_all(&info).unwrap();
    fs::write(
        info.join("METADATA"),
        "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
    )
    .unwrap();
    fs::write(info.join("RECORD"), "tool.py,,\ntool_adapter.py,,\n").unwrap();
    fs::write(layer.join("python/sdk.py"), "import boto3\n").unwrap();
    let mut settings = settings(&shop, &[layer]);
    settings.import = true;
    settings.runtimes = vec!["python3.12".to_owned()];
    settings.architectures = vec![if cfg!(target_arch = "x86_64") {
        layerlock::Architecture::X86_64
    } else {
        layerlock::Architecture::Arm64
    }];
    let report = check(&settings, &Silent).unwrap();
    let layer = &report.layers[0];
    let of_imports = layer
        .findings
        .iter()
        .filter(|one| matches!(one.code, Code::ImportFailed | Code::ImportSkipped));
    let messages: Vec<_> = of_imports.map(|one| one.message.as_str()).collect();
    if let [only] = &messages[..] {
        assert!(
            only.starts_with("no module was imported: no Python 3.12"),
            "{only}"
        );
        return;
    }
    assert_eq!(
        messages,
        [
            "the module sdk needs boto3: the runtime brings it",
            "the module bad cannot be imported: ModuleNotFoundError: No module named \
             'surely_not_there'",
            "the module tool_adapter cannot be imported: ModuleNotFoundError: No module named \
             'surely_not_there'; tool does without it",
        ]
    );
    let severities: Vec<_> = layer
        .findings
        .iter()
        .filter(|one| one.code == Code::ImportFailed)
        .map(|one| one.severity)
        .collect();
    assert_eq!(severities, [Severity::Error, Severity::Info]);
    let modules: Vec<_> = layer
        .imports
        .iter()
        .map(|one| one.module.as_str())
        .collect();
    assert_eq!(
        modules,
        ["also", "good", "second", "space.inner.deeper", "tool"]
    );
    // The same layer gives the same object, however long it took.
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["layers"][0]["imports"],
        serde_json::json!(
            modules
                .iter()
                .map(|module| serde_json::json!({ "module": module }))
                .collect::<Vec<_>>()
        )
    );
}

/// The files of a namespace may be in several layers, as those of `google.cloud` are.
#[test]
fn a_part_of_a_namespace_that_another_layer_brings_is_no_error() {
    let wheel = |name: &str, files: &[(&str, &str)]| {
        let wheel = WheelBuilder::new(name, "1.0");
        let files = files.iter();
        files
            .fold(wheel, |wheel, (path, text)| wheel.file(path, text))
            .build()
    };
    let web = wheel(
        "web",
        &[
            (
                "google/cloud/one/__init__.py",
                "import google.cloud._helpers.deep\n",
            ),
            (
                "google/cloud/two/__init__.py",
                "from google.cloud import _helpers\n",
            ),
            (
                "google/cloud/three/__init__.py",
                "from google.cloud import nowhere\n",
            ),
            (
                "google/cloud/four/__init__.py",
                "import google.cloud.exceptions\n",
            ),
            ("odd.py", "import left.part\n"),
        ],
    );
    let core = wheel(
        "core",
        &[
            ("google/cloud/_helpers/__init__.py", ""),
            ("google/cloud/_helpers/deep.py", ""),
            ("google/cloud/exceptions.py", ""),
            ("left/part/data.txt", "a namespace too"),
        ],
    );
    let in_group = |wheel, group| LockedPackage::from(wheel).groups(&[group]);
    let architecture = if cfg!(target_arch = "x86_64") {
        "x86_64"
    } else {
        "arm64"
    };
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(in_group(&web, "web"))
        .package(in_group(&core, "core"))
        .pyproject(&format!(
            "[tool.layerlock]\nruntime = \"python3.12\"\narchitecture = \"{architecture}\"\n\
             [tool.layerlock.layers.web]\ngroups = [\"web\"]\n\
             [tool.layerlock.layers.core]\ngroups = [\"core\"]\n"
        ));
    let shop = Shop::new(&project, [&web, &core]);
    let mut settings = settings(&shop, &[]);
    settings.import = true;
    let report = check(&settings, &Silent).unwrap();
    let web = &report.layers[1].findings;
    let messages: Vec<_> = web
        .iter()
        .filter(|one| matches!(one.code, Code::ImportFailed | Code::ImportSkipped))
        .map(|one| one.message.as_str())
        .collect();
    if let [only] = &messages[..] {
        assert!(
            only.starts_with("no module was imported: no Python 3.12"),
            "{only}"
        );
        return;
    }
    let of_core = |module: &str, needed: &str| {
        format!("the module {module} needs {needed}: the layer core brings it")
    };
    assert_eq!(
        messages,
        [
            of_core("google.cloud.four", "google.cloud.exceptions"),
            of_core("google.cloud.one", "google.cloud._helpers"),
            of_core("google.cloud.two", "google.cloud._helpers"),
            of_core("odd", "left"),
            "the module google.cloud.three cannot be imported: ImportError: cannot import name \
             'nowhere' from 'google.cloud' (unknown location)"
                .to_owned(),
        ]
    );
}
