//! Projects that allow only some patch releases of a Python.

use layerlock::{BuiltLayer, Code};
use layerlock_testkit::{LockedPackage, ProjectBuilder};

use crate::helpers::{Shop, wheels};

fn built(python: &str) -> BuiltLayer {
    let wheels = wheels();
    let mut project = ProjectBuilder::new("shop").requires_python(python);
    for wheel in &wheels {
        let package = LockedPackage::from(wheel);
        project = project.package(package.markers("python_full_version == \"3.12.3\""));
    }
    Shop::new(&project, &wheels).build()
}

fn warnings(layer: &BuiltLayer) -> Vec<String> {
    let findings = layer.findings.iter();
    let of_patch = findings.filter(|one| one.code == Code::PatchRelease);
    of_patch.map(ToString::to_string).collect()
}

#[test]
fn a_pinned_patch_release_gives_its_packages_and_a_warning() {
    let layer = built("==3.12.3");
    assert_eq!(layer.packages.len(), 2);
    let [warning] = &warnings(&layer)[..] else {
        panic!("{:?}", layer.findings);
    };
    let expected = "warning[patch-release]: the project allows Python `==3.12.3`, but the provider \
                    chooses the patch release of Python 3.12: packages are those for 3.12.3\n  \
                    hint: allow all of Python 3.12 in ";
    assert!(warning.starts_with(expected), "{warning}");
    assert!(warning.ends_with("pyproject.toml:4"), "{warning}");
}

#[test]
fn where_every_later_patch_release_is_allowed_there_is_no_warning() {
    let layer = built(">=3.12.3,<3.13");
    assert!(warnings(&layer).is_empty());
}

#[test]
fn the_hint_of_an_empty_layer_lists_the_projects_groups() {
    let layer = built(">=3.12.3,<3.13");
    let empty = layer
        .findings
        .iter()
        .find(|one| one.code == Code::EmptyLayer);
    assert_eq!(
        empty.unwrap().hint.as_deref(),
        Some("choose other groups or extras, or exclude less; the project's groups are main")
    );
}
