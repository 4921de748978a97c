//! Layers of a project's own files, alone and beside packages.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;

use layerlock::{Code, Conflicts, ErrorKind, Settings, Silent, build, install, plan_files};

use crate::own::{Own, TOOLS, listing, overlay, tools};

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
