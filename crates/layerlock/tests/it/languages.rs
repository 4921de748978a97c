//! Layers for other runtimes than Python's: settings, targets, checks, and what becomes of them.
#![cfg(unix)]

use std::path::Path;

use crate::own::{AARCH64, Own, TOOLS, overlay, tools};
use layerlock::{
    CheckSettings, Code, ErrorKind, HandedOver, Handover, OutputFormat, PromoteSettings,
    PublishSettings, Publishing, Settings, Severity, Silent, SizeSettings, build, check,
    plan_files, promote, publish, size,
};

#[test]
fn settings_have_one_file() {
    let own = tools(TOOLS);
    own.write(
        "pyproject.toml",
        "[project]\nname = \"shop\"\nversion = \"1\"\n",
    );
    assert_eq!(own.build().layers[0].name, "tools");
    own.write(
        "pyproject.toml",
        "[tool.layerlock]\nruntime = \"python3.12\"\n",
    );
    let error = own.fails();
    assert_eq!(error.kind(), ErrorKind::Project);
    let message = "the settings are in both [tool.layerlock] and layerlock.toml";
    assert!(error.to_string().contains(message), "{error}");
    assert!(error.place().unwrap().path.ends_with("pyproject.toml"));

    let prefixed = Own::new("[tool.layerlock.layers.tools]\nfolders = { bin = \"b\" }\n");
    let error = prefixed.fails().to_string();
    assert!(
        error.contains("layerlock.toml has its settings at the top"),
        "{error}"
    );
    let packages = Own::new("runtime = \"python3.12\"\n");
    let error = packages.fails();
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(
        error.to_string().contains("there is no pyproject.toml"),
        "{error}"
    );
}

#[test]
fn a_runtime_of_another_language_is_for_layers_without_python_packages() {
    let own = tools(&format!("runtime = \"nodejs22\"\n{TOOLS}"));
    let built = own.build();
    assert_eq!(built.layers[0].target.to_string(), "nodejs22.x x86_64");
    assert!(
        built.layers[0]
            .zip
            .as_ref()
            .unwrap()
            .path
            .ends_with("tools-nodejs22.x-x86_64.zip")
    );

    let shop = overlay("groups = [\"main\"]\nruntime = \"nodejs22.x\"");
    let error = build(&shop.settings(), &Silent).unwrap_err();
    let message = "the layer web has Python packages, and nodejs22.x runs Node.js";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), ErrorKind::Project);
}

#[test]
fn targets_of_another_language_are_for_layers_without_python_packages() {
    let targets = "targets = [\"aws:nodejs22.x:arm64\", \"aliyun:python3.10\"]";
    let own = tools(&format!("{targets}\n{TOOLS}"));
    let built = own.build();
    let names: Vec<_> = built
        .layers
        .iter()
        .map(|it| it.target.to_string())
        .collect();
    assert_eq!(names, ["nodejs22.x arm64", "python3.10 x86_64"]);

    let shop = overlay(&format!("groups = [\"main\"]\n{targets}"));
    let error = build(&shop.settings(), &Silent).unwrap_err();
    let message = "the layer web has Python packages, and nodejs22.x runs Node.js";
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), ErrorKind::Project);
    let shop = overlay("groups = [\"main\"]");
    let given = Settings {
        targets: vec!["aws:nodejs22.x".parse().unwrap()],
        ..shop.settings()
    };
    let error = build(&given, &Silent).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[test]
fn a_layer_of_folders_for_the_other_provider_needs_no_runtime_either() {
    let own = tools(&format!("provider = \"aliyun\"\n{TOOLS}"));
    let built = own.build();
    let layer = &built.layers[0];
    assert_eq!(layer.target.to_string(), "any runtime on x86_64");
    let zip = layer.zip.as_ref().unwrap();
    assert!(zip.path.ends_with("tools-aliyun-x86_64.zip"), "{zip:?}");
}

#[test]
fn files_of_folders_are_measured_and_are_of_no_package() {
    let shop = overlay("groups = [\"main\"]\nfolders = { python = \"src\" }");
    let settings = SizeSettings {
        settings: shop.settings(),
        paths: Vec::new(),
        top: 10,
        html: None,
    };
    let layer = &size(&settings, &Silent).unwrap().layers[0];
    let names: Vec<_> = layer.packages.iter().map(|it| &*it.name).collect();
    assert_eq!(names, ["pure"]);
    // shared/a.py, and pure/data.txt in the place of the package's.
    assert_eq!(layer.without_package.as_ref().unwrap().file_count, 2);

    let own = tools(TOOLS);
    let alone = SizeSettings {
        settings: own.settings(),
        ..settings
    };
    let layer = &size(&alone, &Silent).unwrap().layers[0];
    assert!(layer.packages.is_empty());
    assert_eq!(layer.without_package.as_ref().unwrap().file_count, 4);
}

#[test]
fn checks_of_python_are_for_layers_of_python() {
    for (runtime, is_told) in [("", false), ("nodejs22.x", false), ("python3.12", true)] {
        let own = Own::new("[layers.tools.folders]\nlib = \"made\"\nbin = \"made\"\n");
        own.write("made/six/__init__.py", "print 1\n");
        if !runtime.is_empty() {
            let toml = fs_err::read_to_string(own.root.path().join("layerlock.toml")).unwrap();
            own.write(
                "layerlock.toml",
                &format!("runtime = \"{runtime}\"\n{toml}"),
            );
        }
        let settings = CheckSettings {
            settings: own.settings(),
            ..CheckSettings::default()
        };
        let report = check(&settings, &Silent).unwrap();
        let mut findings = report.layers[0].findings.iter();
        let is_found = findings.any(|it| it.code == Code::SyntaxError);
        assert_eq!(
            is_found, is_told,
            "{runtime}: {:?}",
            report.layers[0].findings
        );
    }
}

#[test]
fn a_lock_that_stands_alone_needs_no_project_beside_the_settings() {
    let own = Own::new("runtime = \"python3.12\"\n");
    own.write(
        "pylock.toml",
        "lock-version = \"1.0\"\ncreated-by = \"test\"\npackages = []\n",
    );
    assert!(
        plan_files(&own.settings()).unwrap().layers[0]
            .packages
            .is_empty()
    );
}

/// A program for another processor was not found in layers of other languages than Python.
#[test]
fn a_program_for_another_processor_is_told() {
    for runtime in [
        "",
        "runtime = \"provided.al2023\"\n",
        "runtime = \"nodejs22\"\n",
    ] {
        let own = tools(&format!("{runtime}{TOOLS}"));
        own.compile("build/bin/tool", AARCH64);
        let built = own.build();
        let [finding] = &built.layers[0].findings[..] else {
            panic!("{built}");
        };
        let told = (finding.code, finding.severity, finding.path.as_deref());
        assert_eq!(
            told,
            (Code::OtherMachine, Severity::Error, Some("bin/tool"))
        );
        // A check does not say it twice, and finds it in the zip too.
        let checked = check(
            &CheckSettings {
                settings: own.settings(),
                ..CheckSettings::default()
            },
            &Silent,
        );
        assert_eq!(checked.unwrap().findings().count(), 1);
        let zip = built.layers[0].zip.as_ref().unwrap().path.clone();
        let given = check(
            &CheckSettings {
                settings: own.settings(),
                given: vec![zip],
                runtimes: vec!["nodejs22.x".to_owned()],
                ..CheckSettings::default()
            },
            &Silent,
        );
        let codes: Vec<_> = given.unwrap().findings().map(|one| one.code).collect();
        assert_eq!(codes, [Code::OtherMachine]);
    }
}

/// Tools that read it took `any` for a runtime.
#[test]
fn a_layer_for_all_runtimes_is_handed_over_and_promoted_without_any() {
    let own = tools(TOOLS);
    let settings = own.settings();
    let built = own.build().report();
    let handover = Handover::of_build(&settings, OutputFormat::Terraform, Some(Path::new("-")));
    let HandedOver::Text(text) = handover.unwrap().write(&built).unwrap() else {
        panic!("no text");
    };
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let layer = &value["layer_zips"]["tools"];
    assert_eq!(layer["runtimes"], serde_json::json!([]));
    assert_eq!(layer["architectures"], serde_json::json!(["x86_64"]));

    let to = own.root.path().join("shelf");
    let promotion = PromoteSettings {
        settings: settings.clone(),
        from: Some("local".to_owned()),
        to: vec![format!("local:{}", to.display())],
        ..PromoteSettings::default()
    };
    let missing = promote(&promotion, &Silent).unwrap();
    let [failed] = &missing.published[..] else {
        panic!("{missing:?}");
    };
    assert_eq!(failed.runtimes, [""; 0]);
    let message = &failed.error.as_ref().unwrap().message;
    let expected = "failed to promote tools: there is no version for any runtime on x86_64 of \
                    tools at local";
    assert_eq!(message, expected);
    let publishing = PublishSettings {
        settings,
        to: Publishing::Local(None),
        ..PublishSettings::default()
    };
    publish(&publishing, &Silent).unwrap();
    let done = promote(&promotion, &Silent).unwrap();
    assert_eq!(done.published[0].arn.as_deref(), Some("local:tools:1"));
    assert_eq!(done.published[0].runtimes, [""; 0]);
}

/// What the layer is made of is told, and not groups that it has none of.
#[test]
fn an_empty_layer_of_another_language_says_what_is_empty() {
    let lock = r#"{"name": "a", "lockfileVersion": 3, "packages": {"": {"name": "a"}}}"#;
    let of_npm = "npm = \"service\"\nruntime = \"nodejs22.x\"\n";
    let folders = "folders = { bin = \"none\" }\n";
    for (table, message, hint) in [
        (
            of_npm.to_owned(),
            "the layer is empty: its lock of npm has no packages for it, or all are excluded",
            "omit less, or exclude less",
        ),
        (
            format!("{of_npm}{folders}"),
            "the layer is empty: its folders have no files, its lock of npm has no packages for \
             it, or all are excluded",
            "name other folders, omit less, or exclude less",
        ),
        (
            folders.to_owned(),
            "the layer is empty: its folders have no files, or all are excluded",
            "name other folders, or exclude less",
        ),
    ] {
        let own = Own::new(&format!("[layers.web]\n{table}"));
        own.write("service/package.json", r#"{"name": "a"}"#);
        own.write("service/package-lock.json", lock);
        fs_err::create_dir(own.root.path().join("none")).unwrap();
        let built = own.build();
        let found = built.layers[0].findings.iter();
        let found: Vec<_> = found.filter(|it| it.code == Code::EmptyLayer).collect();
        assert_eq!(found[0].message, message);
        assert_eq!(found[0].hint.as_deref(), Some(hint));
    }
}
