//! Why a package is in a layer.

use std::path::Path;

use layerlock::{
    Choice, Extras, Groups, Presence, Provider, Settings, WhyReport, WhySettings, why,
};
use layerlock_testkit::{LockedPackage, ProjectBuilder, TestProject};

fn package(name: &str, version: &str) -> LockedPackage {
    LockedPackage::new(name, version).file(
        &format!("{name}-{version}-py3-none-any.whl"),
        &"0".repeat(64),
    )
}

/// `app` and, with an extra, `fast` need `base`; the tools alone need `tool`.
fn shop(toml: &str) -> TestProject {
    ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(package("app", "1.0").requires("base", ">=2,<3"))
        .package(package("fast", "3.1").extra("speed").requires("base", "*"))
        .package(package("base", "2.5").transitive())
        .package(
            package("tool", "0.9")
                .groups(&["dev"])
                .requires("part", ">=1"),
        )
        .package(package("part", "1.1").transitive().groups(&["dev"]))
        .package(package("windows", "1").markers("sys_platform == \"win32\""))
        .pyproject(toml)
        .write()
}

fn asked(settings: Settings, package: &str) -> WhySettings {
    WhySettings {
        settings,
        package: package.to_owned(),
        paths: 10,
    }
}

fn told(settings: Settings, package: &str) -> WhyReport {
    why(&asked(settings, package)).unwrap()
}

#[test]
fn each_path_names_group_versions_and_extra() {
    let project = shop("");
    let mut settings = Settings::for_project(project.path());
    assert_eq!(
        told(settings.clone(), "Base").to_string(),
        "shop for python3.12 x86_64: base 2.5\n\
         \x20 app 1.0 (==1.0; group main)\n\
         \x20   base 2.5 (>=2,<3)"
    );
    settings.choice = Some(Choice {
        extras: Extras {
            all: true,
            ..Extras::default()
        },
        ..Choice::default()
    });
    let report = told(settings, "base");
    assert_eq!(
        report.to_string(),
        "shop for python3.12 x86_64: base 2.5\n\
         \x20 app 1.0 (==1.0; group main)\n\
         \x20   base 2.5 (>=2,<3)\n\
         \x20 fast 3.1 (==3.1; group main; extra speed)\n\
         \x20   base 2.5"
    );
    let steps = &report.layers[0].paths[1];
    assert_eq!(steps[0].behind, ["speed"]);
    assert_eq!(steps[0].group.as_deref(), Some("main"));
    assert_eq!(steps[1].group, None);
}

#[test]
fn paths_are_told_as_many_as_are_asked_for() {
    let project = shop("");
    let mut settings = Settings::for_project(project.path());
    settings.choice = Some(Choice {
        extras: Extras {
            all: true,
            ..Extras::default()
        },
        ..Choice::default()
    });
    for (paths, more) in [(1, true), (2, false)] {
        let report = why(&WhySettings {
            paths,
            ..asked(settings.clone(), "base")
        })
        .unwrap();
        assert_eq!(report.layers[0].paths.len(), paths);
        assert_eq!(report.layers[0].more_paths, more);
    }
}

#[test]
fn what_is_not_in_the_layer_is_told_with_the_reason() {
    let project = shop("");
    let settings = Settings::for_project(project.path());
    assert_eq!(
        told(settings.clone(), "part").to_string(),
        "shop for python3.12 x86_64: part 1.1 is not in it: only groups or extras that are not \
         chosen need it\n\
         \x20 tool 0.9 (0.9; group dev)\n\
         \x20   part 1.1 (>=1)"
    );
    let windows = told(settings.clone(), "windows");
    assert_eq!(windows.layers[0].presence, Presence::ElsewhereOnly);
    assert_eq!(
        windows.to_string(),
        "shop for python3.12 x86_64: windows is not in it: it is locked for other targets alone"
    );
    let excluded = Settings {
        exclude: Some(vec!["app".to_owned()]),
        ..settings
    };
    let named = told(excluded.clone(), "app").to_string();
    assert!(
        named.contains("app 1.0 is excluded by its name; without that:\n  app 1.0 ("),
        "{named}"
    );
    let with_it = told(excluded, "base").to_string();
    assert!(
        with_it.contains("base 2.5 is excluded with all that need it; without that:\n  app 1.0"),
        "{with_it}"
    );
}

#[test]
fn layers_with_one_answer_are_told_once() {
    let project = shop(
        "[tool.layerlock.layers.web]\narchitecture = [\"x86_64\", \"arm64\"]\n\
         [tool.layerlock.layers.tools]\ngroups = [\"dev\"]\n",
    );
    let text = told(Settings::for_project(project.path()), "tool").to_string();
    let first: Vec<_> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(
        first,
        [
            "tools for python3.12 x86_64: tool 0.9",
            "web for python3.12 x86_64, python3.12 arm64: tool 0.9 is not in it: only groups or \
             extras that are not chosen need it"
        ]
    );
    let one = Settings {
        layers: vec!["tools".to_owned()],
        ..Settings::for_project(project.path())
    };
    assert_eq!(told(one, "tool").layers.len(), 1);
}

#[test]
fn a_package_that_is_not_locked_is_an_error_that_names_the_nearest() {
    let project = shop("");
    let settings = Settings::for_project(project.path());
    for (name, message, hint) in [
        ("bse", "the lock has no package bse", "did you mean base?"),
        (
            "flask",
            "the lock has no package flask",
            "the lock lists the packages of the project",
        ),
        (
            "no name",
            "the lock has no package no name",
            "the lock lists the packages of the project",
        ),
    ] {
        let error = why(&asked(settings.clone(), name)).unwrap_err();
        assert_eq!(error.kind().exit_code(), 2);
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
}

/// Lock versions 2.0 and 2.1 of one project: the same is told of both.
#[test]
fn old_locks_tell_the_same() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/export");
    for (lock, versions) in [
        ("extras-2.0", ">=1.5.6,<1.5.7 || >1.5.7"),
        ("extras-2.1", ">=1.5.6,!=1.5.7"),
    ] {
        let settings = Settings {
            runtimes: vec![layerlock::Provider::Aws.runtime("python3.12").unwrap()],
            choice: Some(Choice {
                groups: Groups {
                    all: true,
                    ..Groups::default()
                },
                extras: Extras {
                    all: true,
                    ..Extras::default()
                },
                package: None,
            }),
            ..Settings::for_project(fixtures.join(lock))
        };
        assert_eq!(
            told(settings.clone(), "pysocks").to_string(),
            format!(
                "extras-through-extras for python3.12 x86_64: pysocks 1.7.1\n\
                 \x20 requests[socks] 2.32.5 (group dev)\n\
                 \x20   pysocks 1.7.1 ({versions}; extra socks)"
            ),
            "{lock}"
        );
        let text = told(settings, "idna").to_string();
        let second = text.lines().nth(1).unwrap();
        assert_eq!(
            second, "  httpx[http2,socks] 0.25.2 (^0.25; group main; extra http or tools)",
            "{lock}"
        );
    }
}

/// A project that real uv locked, in this repository.
fn of_uv(name: &str) -> Settings {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uv");
    Settings::for_project(fixtures.join(name))
}

#[test]
fn a_lock_of_uv_tells_versions_groups_and_extras_of_its_projects() {
    let mut settings = of_uv("conflict-extras");
    settings.runtimes = vec![Provider::Aws.runtime("python3.12").unwrap()];
    // Not all extras can be chosen at once: they exclude each other.
    assert_eq!(
        told(settings.clone(), "six").to_string(),
        "shop for python3.12 x86_64: six 1.16.0 is not in it: only groups or extras that are not \
         chosen need it\n  six 1.16.0 (==1.16.0; group main; extra new)"
    );
    settings.choice = Some(Choice {
        extras: Extras {
            names: vec!["old".to_owned()],
            ..Extras::default()
        },
        ..Choice::default()
    });
    assert_eq!(
        told(settings.clone(), "six").to_string(),
        "shop for python3.12 x86_64: six 1.15.0\n  six 1.15.0 (==1.15.0; group main; extra old)"
    );
    assert_eq!(
        told(settings, "tzdata").to_string(),
        "shop for python3.12 x86_64: tzdata 2026.6\n  python-dateutil 4.0.0 (group main; extra \
         old; python_full_version >= '3.11')\n    tzdata 2026.6 (python_full_version >= '3.11')"
    );
}

#[test]
fn a_lock_that_does_not_say_what_needs_what_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let lock = "lock-version = \"1.0\"\ncreated-by = \"uv\"\n\n[[packages]]\nname = \"six\"\n\
                version = \"1.17.0\"\ndirectory = { path = \"six\" }\n";
    fs_err::write(directory.path().join("pylock.toml"), lock).unwrap();
    let settings = Settings {
        runtimes: vec![Provider::Aws.runtime("python3.12").unwrap()],
        ..Settings::for_project(directory.path())
    };
    let text = told(settings, "six").to_string();
    assert!(
        text.ends_with(
            "six 1.17.0\n  six 1.17.0 (group main)\n  (the lock does not say which package \
             needs which)"
        ),
        "{text}"
    );
}

#[test]
fn a_package_of_another_project_of_the_workspace_is_told_as_such() {
    let mut settings = of_uv("workspace");
    settings.runtimes = vec![Provider::Aws.runtime("python3.12").unwrap()];
    assert_eq!(
        told(settings, "requests").to_string(),
        "shop for python3.12 x86_64: requests is not in it: only other projects of the workspace \
         need it; name one by --package"
    );
}
