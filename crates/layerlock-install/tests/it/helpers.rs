use layerlock_export::{Choice, LockedPackage, select};
use layerlock_install::{Chosen, choose};
use layerlock_target::{Architecture, Target};
use layerlock_testkit::{ProjectBuilder, Wheel};

pub(crate) fn target() -> Target {
    Target::aws("python3.12".parse().unwrap(), Architecture::X86_64)
}

/// A project that locks these wheels.
pub(crate) fn project_of<'a>(wheels: impl IntoIterator<Item = &'a Wheel>) -> ProjectBuilder {
    wheels
        .into_iter()
        .fold(ProjectBuilder::new("shop"), |project, wheel| {
            project.package(wheel)
        })
}

/// The packages of a project's lock for [`target`].
pub(crate) fn locked(project: &ProjectBuilder) -> Vec<LockedPackage> {
    let folder = project.write();
    let project = layerlock_export::Project::read(folder.path()).unwrap();
    let lock = layerlock_export::Lock::read(&project).unwrap();
    let environment = target().marker_environment();
    select(&project, &lock, &Choice::default(), &environment).unwrap()
}

pub(crate) fn chosen(project: &ProjectBuilder) -> Vec<Chosen> {
    let packages = locked(project).into_iter();
    packages
        .map(|package| choose(package, &target()).unwrap())
        .collect()
}
