//! Layers of a project's own files, alone and beside packages.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;

use layerlock::{
    Built, CacheLocation, CheckSettings, Code, Conflicts, Error, ErrorKind, HandedOver, Handover,
    OutputFormat, PromoteSettings, PublishSettings, Publishing, Settings, Severity, Silent,
    SizeSettings, build, check, install, plan_files, promote, publish, size,
};
use layerlock_testkit::{ProjectBuilder, WheelBuilder, shared_library};
use tempfile::TempDir;

use crate::helpers::{Shop, files, unzipped};

/// The numbers of processors in compiled files.
const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// A directory with files, and a cache.
struct Own {
    root: TempDir,
    cache: TempDir,
}

impl Own {
    /// With this layerlock.toml.
    fn new(toml: &str) -> Self {
        let own = Self {
            root: TempDir::new().unwrap(),
            cache: TempDir::new().unwrap(),
        };
        own.write("layerlock.toml", toml);
        own
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// Makes a compiled file for a processor.
    fn compile(&self, name: &str, machine: u16) {
        let bytes = shared_library(machine, &["libc.so.6"], &[]);
        self.write(name, "");
        fs_err::write(self.root.path().join(name), bytes).unwrap();
    }

    fn settings(&self) -> Settings {
        Settings {
            cache: CacheLocation::At(self.cache.path().to_owned()),
            offline: true,
            ..Settings::for_project(self.root.path())
        }
    }

    fn build(&self) -> Built {
        build(&self.settings(), &Silent).unwrap()
    }

    fn fails(&self) -> Error {
        let before = files(self.root.path());
        let error = build(&self.settings(), &Silent).unwrap_err();
        assert_eq!(files(self.root.path()), before);
        error
    }
}

/// The files of the one zip, with their modes in octal.
fn listing(built: &Built) -> Vec<String> {
    let [layer] = &built.layers[..] else {
        panic!("{built}");
    };
    let members = unzipped(&layer.zip.as_ref().unwrap().path);
    let lines = members
        .iter()
        .map(|(name, (_, mode))| format!("{mode:o} {name}"));
    lines.collect()
}

const TOOLS: &str = "[layers.tools.folders]\nbin = \"build/bin\"\nlib = \"build/lib\"\n";

fn tools(toml: &str) -> Own {
    let own = Own::new(toml);
    own.write("build/bin/tool", "text");
    own.compile("build/lib/libz.so.1.3", X86_64);
    symlink("libz.so.1.3", own.root.path().join("build/lib/libz.so.1")).unwrap();
    symlink("libz.so.1", own.root.path().join("build/lib/libz.so")).unwrap();
    own
}

#[test]
fn a_layer_of_folders_needs_no_python_no_lock_and_no_runtime() {
    let own = tools(TOOLS);
    let built = own.build();
    let layer = &built.layers[0];
    assert_eq!(layer.target.to_string(), "any runtime on x86_64");
    let zip = layer.zip.as_ref().unwrap();
    assert!(zip.path.ends_with("dist/layers/tools-x86_64.zip"));
    let expected = [
        "755 bin/tool",
        "777 lib/libz.so",
        "777 lib/libz.so.1",
        "644 lib/libz.so.1.3",
    ];
    assert_eq!(listing(&built), expected);
    assert!(layer.findings.is_empty(), "{:?}", layer.findings);
    let text = built.to_string();
    let summary = "tools for any runtime on x86_64: 4 files in 2 folders, ";
    assert!(text.starts_with(summary), "{text}");
    assert!(text.contains("build/bin"), "{text}");
    let planned = plan_files(&own.settings()).unwrap();
    assert!(planned.layers[0].findings.is_empty());
}

#[test]
fn the_same_files_give_the_same_bytes_anywhere() {
    use std::os::unix::fs::PermissionsExt;

    let [one, other] = [tools(TOOLS), tools(TOOLS)];
    for name in ["build/bin/tool", "build/lib/libz.so.1.3"] {
        let mode = std::fs::Permissions::from_mode(0o600);
        fs_err::set_permissions(other.root.path().join(name), mode).unwrap();
    }
    other.write("build/lib/__pycache__/x.pyc", "");
    other.write("build/bin/.DS_Store", "");
    let digest = |own: &Own| own.build().layers[0].zip.as_ref().unwrap().digest;
    assert_eq!(digest(&one), digest(&other));
}

#[test]
fn what_has_not_changed_is_not_built_again() {
    let own = tools(TOOLS);
    assert!(!own.build().unchanged);
    assert!(own.build().unchanged);
    own.write("build/bin/tool", "other");
    let built = own.build();
    assert!(!built.unchanged);
    assert!(own.build().unchanged);
    own.write("build/bin/new", "");
    assert_eq!(listing(&own.build()).len(), 5);
    fs_err::remove_file(own.root.path().join("build/bin/new")).unwrap();
    assert_eq!(listing(&own.build()).len(), 4);
    // What a second layer's table says is another input.
    own.write(
        "layerlock.toml",
        &format!("{TOOLS}python = \"build/lib\"\n"),
    );
    assert_eq!(listing(&own.build()).len(), 7);
}

#[test]
fn a_command_makes_the_files_and_runs_only_where_its_inputs_changed() {
    const RUN: &str = "[layers.tools]\nfolders = { bin = \"out\" }\nrun = [\"sh\", \"make.sh\"]\n";
    let own = Own::new(RUN);
    own.write(
        "make.sh",
        "mkdir -p out; cp source out/tool; echo . >> count\n",
    );
    own.write("source", "1");
    let count = || {
        fs_err::read_to_string(own.root.path().join("count"))
            .unwrap()
            .len()
            / 2
    };
    own.build();
    assert_eq!(count(), 1);
    // Nobody knows what it reads.
    assert!(!own.build().unchanged);
    assert_eq!(count(), 2);

    own.write(
        "layerlock.toml",
        &format!("{RUN}inputs = [\"make.sh\", \"sourc*\"]\n"),
    );
    own.build();
    assert_eq!(count(), 3);
    assert!(own.build().unchanged);
    assert_eq!(count(), 3);
    own.write("source", "2");
    assert!(!own.build().unchanged);
    assert_eq!(count(), 4);
    assert!(own.build().unchanged);
    // What it made is looked at too.
    own.write("out/tool", "by hand");
    assert!(!own.build().unchanged);
    assert_eq!(count(), 5);
}

#[test]
fn a_command_runs_once_for_all_targets() {
    let own = Own::new(
        "[layers.tools]\nfolders = { bin = \"out\" }\nrun = [\"sh\", \"-c\", \"mkdir -p out; \
         touch out/tool; echo . >> count\"]\narchitecture = [\"x86_64\", \"arm64\"]\n",
    );
    assert_eq!(own.build().layers.len(), 2);
    let count = fs_err::read_to_string(own.root.path().join("count")).unwrap();
    assert_eq!(count, ".\n");
}

/// The table of folders, a change of the project, and the error.
type Case<'c> = (&'c str, &'c dyn Fn(&Own), ErrorKind, &'c str);

#[test]
fn what_is_wrong_is_told_with_its_line_and_leaves_everything() {
    let folders = "[layers.tools]\nfolders = ";
    let link = |target: &'static str| {
        move |own: &Own| symlink(target, own.root.path().join("build/bin/link")).unwrap()
    };
    let nothing = |_: &Own| {};
    let pipe = |own: &Own| {
        let path = own.root.path().join("build/bin/pipe");
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let artifact = ErrorKind::Artifact;
    let project = ErrorKind::Project;
    let cases: [Case<'_>; 16] = [
        ("{ bin = \"none\" }", &nothing, project, "there is no "),
        (
            "{ bin = \"build/bin\" }",
            &link("/etc/passwd"),
            artifact,
            "bin/link is a link to \"/etc/passwd\", an absolute path",
        ),
        (
            "{ bin = \"build/bin\" }",
            &link("../../etc"),
            artifact,
            "which leads out of the layer",
        ),
        (
            "{ bin = \"build/bin\" }",
            &link("none"),
            artifact,
            "which is not in the layer",
        ),
        (
            "{ bin = \"build/bin\" }",
            &link("link"),
            artifact,
            "which leads back to where it began",
        ),
        ("{ bin = \"build/bin\" }", &pipe, artifact, "is a pipe"),
        (
            "{ \"/opt/bin\" = \"build/bin\" }",
            &nothing,
            project,
            "\"/opt/bin\" is no place in a layer: it is an absolute path",
        ),
        (
            "{ \"../bin\" = \"build/bin\" }",
            &nothing,
            project,
            "\"../bin\" is no place in a layer",
        ),
        ("{}", &nothing, project, "an empty table leaves nothing"),
        ("\"bin\"", &nothing, project, "invalid type: string"),
        (
            "{ bin = \"build/bin\" }\nrun = []",
            &nothing,
            project,
            "it names no program",
        ),
        (
            "{ bin = \"build/bin\" }\nrun = [\"no-such-program\"]",
            &nothing,
            artifact,
            "there is no program \"no-such-program\"",
        ),
        (
            "{ bin = \"build/bin\" }\nrun = [\"sh\", \"-c\", \"echo no rule >&2; exit 2\"]",
            &nothing,
            artifact,
            "failed with exit status: 2:\n  no rule",
        ),
        (
            "{ bin = \"none\" }\nrun = [\"true\"]",
            &nothing,
            artifact,
            "there is no ",
        ),
        (
            "{ bin = \"build/bin\" }\ninputs = [\"src\"]",
            &nothing,
            project,
            "there is no `run`",
        ),
        (
            "{ bin = \"build/bin\" }\nrun = [\"true\"]\ninputs = [\"nope\"]",
            &nothing,
            project,
            "the input `nope` is no file or folder",
        ),
    ];
    for (table, change, kind, message) in cases {
        let own = tools(&format!("{folders}{table}\n"));
        change(&own);
        let before = listed(own.root.path());
        let error = build(&own.settings(), &Silent).unwrap_err();
        assert_eq!(listed(own.root.path()), before, "{table}");
        assert_eq!(error.kind(), kind, "{table}: {error}");
        assert!(error.to_string().contains(message), "{table}: {error}");
        assert!(
            error.hint().is_some()
                || message.starts_with("invalid type")
                || error.place().is_some(),
            "{table}"
        );
    }
    let own = Own::new("[layers.tools]\nrun = [\"true\"]\n");
    let error = own.fails().to_string();
    assert!(error.contains("named by `folders`"), "{error}");
}

/// Names alone: a pipe cannot be read.
fn listed(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs_err::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                directories.push(entry.path());
            }
            names.push(entry.path().display().to_string());
        }
    }
    names.sort();
    names
}

/// A project with a package, and this table of a layer `web`.
fn overlay(table: &str) -> Shop {
    let wheel = WheelBuilder::new("pure", "1.0")
        .file("pure/__init__.py", "VALUE = 1\n")
        .file("pure/data.txt", "theirs")
        .build();
    let toml = format!(
        "[tool.layerlock]\nruntime = \"python3.12\"\n[tool.layerlock.layers.web]\n{table}\n"
    );
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.8")
        .pyproject(&toml);
    let shop = Shop::new(&project.package(&wheel), [&wheel]);
    for (name, text) in [
        ("src/shared/a.py", "A = 1\n"),
        ("src/pure/data.txt", "ours"),
    ] {
        let path = shop.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    shop
}

#[test]
fn own_files_lie_over_those_of_packages_and_a_conflict_is_told() {
    let shop = overlay("groups = [\"main\"]\nfolders = { python = \"src\" }\nstaging = \"staged\"");
    let built = build(&shop.settings(), &Silent).unwrap();
    let layer = &built.layers[0];
    assert_eq!((layer.packages.len(), layer.folders.len()), (1, 1));
    let read = |name: &str| fs_err::read_to_string(shop.path("staged/python").join(name)).unwrap();
    assert_eq!(read("pure/data.txt"), "ours");
    assert_eq!(read("pure/__init__.py"), "VALUE = 1\n");
    assert_eq!(read("shared/a.py"), "A = 1\n");
    let conflicts: Vec<_> = layer
        .findings
        .iter()
        .filter(|it| it.code == Code::FileConflict)
        .collect();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        conflicts[0].message,
        "python/pure/data.txt comes from both folder src and pure 1.0, with different bytes: the \
         layer has the one of folder src, since own files lie over those of others"
    );
    let text = built.to_string();
    assert!(text.contains("in 1 package and 1 folder"), "{text}");

    let preferred = Settings {
        prefer: Some(vec!["pure".to_owned()]),
        ..shop.settings()
    };
    build(&preferred, &Silent).unwrap();
    assert_eq!(read("pure/data.txt"), "theirs");
    let strict = Settings {
        conflicts: Some(Conflicts::Error),
        ..shop.settings()
    };
    let error = build(&strict, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    assert!(error.hint().unwrap().contains("`prefer = [\"pure\"]`"));
}

#[test]
fn a_layer_of_folders_alone_has_no_packages() {
    let shop = overlay("folders = { python = \"src\" }");
    fs_err::remove_file(shop.project.lock()).unwrap();
    let built = build(&shop.settings(), &Silent).unwrap();
    let layer = &built.layers[0];
    assert!(layer.packages.is_empty());
    // What the project says for all of its layers holds for this one.
    assert_eq!(layer.target.to_string(), "python3.12 x86_64");
    assert!(build(&shop.settings(), &Silent).unwrap().unchanged);
}

#[test]
fn files_that_went_from_a_folder_go_from_the_staging_directory() {
    let own = tools(&format!("staging = \"staged\"\n{TOOLS}"));
    let run = || install(&own.settings(), &Silent);
    own.write("build/bin/old", "");
    run().unwrap();
    fs_err::remove_file(own.root.path().join("build/bin/old")).unwrap();
    run().unwrap();
    let staged = own.root.path().join("staged");
    assert!(!staged.join("bin/old").exists() && staged.join("bin/tool").exists());
    let target = fs_err::read_link(staged.join("lib/libz.so")).unwrap();
    assert_eq!(target, Path::new("libz.so.1"));
    // What somebody put there is theirs.
    fs_err::write(staged.join("bin/mine"), "").unwrap();
    let error = run().unwrap_err();
    assert!(error.to_string().contains("bin/mine"), "{error}");
}

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
