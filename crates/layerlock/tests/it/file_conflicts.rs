//! Paths to which two packages bring different files.

use layerlock::{BuiltLayer, Conflicts, Error, ErrorKind, Silent, build};
use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};

use crate::helpers::{Shop, unzipped};

const PATH: &str = "python/shared.py";

/// A project with packages that each bring `shared.py`, with their name in it. `needs`
/// is `(package, what it needs)`.
fn shop(names: &[&str], needs: &[(&str, &str)], pyproject: &str) -> Shop {
    let wheels: Vec<_> = names
        .iter()
        .map(|name| {
            WheelBuilder::new(name, "1.0")
                .file("shared.py", name)
                .build()
        })
        .collect();
    let mut project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n")
        .pyproject(pyproject);
    for (name, wheel) in names.iter().zip(&wheels) {
        let mut package = LockedPackage::from(wheel);
        for (_, needed) in needs.iter().filter(|(package, _)| package == name) {
            package = package.requires(needed, "*");
        }
        project = project.package(package);
    }
    Shop::new(&project, &wheels)
}

/// Whose file is in the layer.
fn winner(layer: &BuiltLayer) -> String {
    let members = unzipped(&layer.zip.as_ref().unwrap().path);
    String::from_utf8(members[PATH].0.clone()).unwrap()
}

fn findings(layer: &BuiltLayer) -> Vec<String> {
    layer.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_package_is_installed_after_those_it_needs_else_in_pips_order() {
    for (needs, expected) in [
        // pip goes from z to a where nothing else decides.
        (&[][..], "alpha"),
        (&[("beta", "alpha")], "beta"),
        (&[("alpha", "beta")], "alpha"),
        // In a circle too.
        (&[("alpha", "beta"), ("beta", "alpha")], "alpha"),
    ] {
        let shop = shop(&["alpha", "beta"], needs, "");
        assert_eq!(winner(&shop.build()), expected, "{needs:?}");
    }
}

#[test]
fn each_path_is_a_warning_that_names_both_and_the_line_that_changes_it() {
    let layer = shop(&["alpha", "beta"], &[("beta", "alpha")], "").build();
    assert_eq!(
        findings(&layer),
        [
            "warning[file-conflict]: python/shared.py comes from both alpha 1.0 and beta 1.0, with \
          different bytes: the layer has the one of beta 1.0, as pip would install it\n  \
          hint: set `prefer = [\"alpha\"]` in [tool.layerlock] to have the other one, or exclude \
          both with `exclude-files = [\"/python/shared.py\"]`"
        ]
    );
    let finding = &layer.findings[0];
    assert_eq!(finding.path.as_deref(), Some(PATH));
    assert_eq!(finding.package.as_deref(), Some("alpha"));
}

#[test]
fn the_lines_that_the_warning_names_help() {
    let needs = &[("beta", "alpha")][..];
    let preferring = shop(&["alpha", "beta"], needs, "prefer = [\"alpha\"]\n");
    let layer = preferring.build();
    assert_eq!(winner(&layer), "alpha");
    assert!(layer.findings.is_empty());

    let excluding = "exclude-files = [\"/python/shared.py\"]\n";
    let excluding = shop(&["alpha", "beta"], needs, excluding);
    let layer = excluding.build();
    assert!(!findings(&layer)[0].contains("file-conflict"));
    assert!(!unzipped(&layer.zip.unwrap().path).contains_key(PATH));
}

/// Of web applications: a pattern takes such a name for something else.
#[test]
fn the_line_helps_whatever_the_files_name_is() {
    let names = ["[id].js", "{a}*?.js", "it's \"it\".js"];
    let wheels = ["alpha", "beta"].map(|package| {
        let wheel = WheelBuilder::new(package, "1.0");
        let with = |wheel: WheelBuilder, name: &&str| wheel.file(name, package);
        names.iter().fold(wheel, with).build()
    });
    let build = |line: &str| {
        let project = ProjectBuilder::new("shop")
            .requires_python(">=3.12,<3.13")
            .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n")
            .pyproject(line);
        let project = wheels.iter().fold(project, |project, wheel| {
            project.package(LockedPackage::from(wheel))
        });
        Shop::new(&project, &wheels).build()
    };
    let told = findings(&build(""));
    assert_eq!(told.len(), names.len());
    for hint in told {
        let (_, line) = hint.split_once("exclude both with `").unwrap();
        let left = findings(&build(&format!("{}\n", line.strip_suffix('`').unwrap())));
        let conflicts = left.iter().filter(|one| one.contains("file-conflict"));
        assert_eq!(conflicts.count(), names.len() - 1, "{line}");
    }
}

#[test]
fn the_first_name_in_prefer_wins_over_the_next() {
    for (prefer, expected) in [
        ("[\"beta\"]", "beta"),
        ("[\"gamma\", \"beta\"]", "gamma"),
        ("[\"beta\", \"gamma\"]", "beta"),
        ("[\"Beta\"]", "beta"),
    ] {
        let line = format!("prefer = {prefer}\n");
        let shop = shop(&["alpha", "beta", "gamma"], &[], &line);
        let layer = shop.build();
        assert_eq!(winner(&layer), expected, "{prefer}");
        assert!(layer.findings.is_empty(), "{:?}", findings(&layer));
    }
}

#[test]
fn a_setting_takes_the_place_of_what_is_configured() {
    let shop = shop(&["alpha", "beta"], &[], "prefer = [\"alpha\"]\n");
    let mut settings = shop.settings();
    settings.prefer = Some(vec!["beta".to_owned()]);
    let built = build(&settings, &Silent).unwrap();
    assert_eq!(winner(&built.layers[0]), "beta");
    // It is another run than that without the setting.
    let built = build(&shop.settings(), &Silent).unwrap();
    assert_eq!(winner(&built.layers[0]), "alpha");
}

#[test]
fn conflicts_can_be_errors_again() {
    let table = "conflicts = \"error\"\n";
    let shop = shop(&["alpha", "beta", "gamma"], &[], table);
    let error = build(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Artifact);
    let Error::FileConflicts(conflicts) = &error else {
        panic!("{error}");
    };
    assert_eq!(conflicts.len(), 2);
    assert_eq!(
        error.to_string(),
        "python/shared.py comes from both alpha 1.0 and beta 1.0; python/shared.py comes from \
         both alpha 1.0 and gamma 1.0"
    );
    assert!(!shop.path("dist").exists());

    let mut settings = shop.settings();
    settings.conflicts = Some(Conflicts::Warn);
    assert_eq!(
        build(&settings, &Silent).unwrap().layers[0].findings.len(),
        2
    );
    settings.conflicts = None;
    settings.prefer = Some(vec!["beta".to_owned()]);
    assert_eq!(
        winner(&build(&settings, &Silent).unwrap().layers[0]),
        "beta"
    );
}

#[test]
fn a_name_in_prefer_that_no_layer_has_is_told() {
    let layer = shop(&["alpha"], &[], "prefer = [\"alpha\", \"delta\"]\n").build();
    assert_eq!(
        findings(&layer),
        [
            "warning[prefer-unknown]: preferred package `delta` is not in this layer\n  hint: correct \
          its name in `prefer`, or remove it there"
        ]
    );

    let bad = shop(&["alpha"], &[], "prefer = [\"not a name\"]\n");
    let error = build(&bad.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(error.place().is_some());
}

/// Owners of files are called `NAME VERSION`, and the project's own folders `folder PATH`.
#[test]
fn a_package_called_folder_is_no_folder() {
    let needs = [("folder", "alpha")];
    let shop_of = |needs, toml| shop(&["alpha", "folder"], needs, toml);
    let conflicting = shop_of(&needs, "");
    let layer = conflicting.build();
    assert_eq!(winner(&layer), "folder");
    let text = findings(&layer).join("\n");
    assert!(text.contains("as pip would install it"), "{text}");
    assert!(text.contains("prefer = [\"alpha\"]"), "{text}");
    let preferred = shop(
        &["alpha", "folder"],
        &[("alpha", "folder")],
        "prefer = [\"folder\"]\n",
    );
    let layer = preferred.build();
    assert_eq!(winner(&layer), "folder");
    assert_eq!(findings(&layer), [""; 0]);
}

#[cfg(unix)]
#[test]
fn of_two_folders_none_is_a_package() {
    let own = crate::own::Own::new("[layers.tools.folders]\nbin = \"one\"\n\".\" = \"two\"\n");
    own.write("one/tool", "1");
    own.write("two/bin/tool", "2");
    let built = own.build();
    let layer = &built.layers[0];
    let [finding] = &layer.findings[..] else {
        panic!("{:?}", layer.findings);
    };
    assert_eq!(finding.package, None);
    assert!(
        finding
            .hint
            .as_ref()
            .unwrap()
            .starts_with("remove one of them")
    );
}
