use std::sync::OnceLock;

use layerlock_client::{MachineConfig, Session};
use layerlock_diagnostic::Diagnose as _;
use layerlock_export::select;
use layerlock_install::index::Index;
use layerlock_install::{
    Cache, ChosenWheel, Error, FetchOptions, Sources, Wheel, WheelOrSource, choose, plan,
};
use layerlock_layer::LayerPlan;
use layerlock_lock::{Choice, LockedPackage};
use layerlock_target::{Architecture, Provider, Target};
use layerlock_testkit::{ProjectBuilder, Wheel as TestWheel};

pub(crate) fn target() -> Target {
    aws("python3.12", Architecture::X86_64)
}

/// A target on AWS Lambda.
pub(crate) fn aws(runtime: &str, architecture: Architecture) -> Target {
    Target::new(Provider::Aws.runtime(runtime).unwrap(), architecture)
}

/// A project that locks these wheels.
pub(crate) fn project_of<'a>(wheels: impl IntoIterator<Item = &'a TestWheel>) -> ProjectBuilder {
    wheels
        .into_iter()
        .fold(ProjectBuilder::new("shop"), |project, wheel| {
            project.package(wheel)
        })
}

/// The packages of a project's lock for [`target`].
pub(crate) fn locked(project: &ProjectBuilder) -> Vec<LockedPackage> {
    let directory = project.write();
    let project = layerlock_export::Project::read(directory.path()).unwrap();
    let lock = layerlock_export::Lock::read(&project).unwrap();
    let environment = target().marker_environment();
    select(&project, &lock, &Choice::default(), &environment)
        .unwrap()
        .into_packages()
}

pub(crate) fn chosen(project: &ProjectBuilder) -> Vec<ChosenWheel> {
    let packages = locked(project).into_iter();
    packages
        .map(|package| choose_wheel(package, &target()).unwrap())
        .collect()
}

/// Chooses a wheel for a package that has one.
pub(crate) fn choose_wheel(package: LockedPackage, target: &Target) -> Result<ChosenWheel, Error> {
    match choose(package, target)? {
        WheelOrSource::Wheel(chosen) => Ok(chosen),
        WheelOrSource::Source(package) => panic!("{} is to be built", package.name),
    }
}

/// The plan of a layer with all files of these wheels.
pub(crate) fn plan_all(wheels: &[(ChosenWheel, Wheel)]) -> Result<LayerPlan, Error> {
    let wheels: Vec<_> = wheels
        .iter()
        .map(|(chosen, wheel)| (chosen, wheel))
        .collect();
    plan(&wheels, &[], &target(), &mut |_| true)
}

/// A machine on which nothing is set up but what a test sets up.
#[derive(Default)]
pub(crate) struct Machine {
    pub(crate) config: MachineConfig,
    /// Made for the first options, and anew once the configuration has changed.
    pub(crate) session: OnceLock<Session>,
    pub(crate) project_sources: Vec<layerlock_lock::ProjectIndex>,
}

impl Machine {
    /// The configuration, to change.
    pub(crate) fn config(&mut self) -> &mut MachineConfig {
        self.session.take();
        &mut self.config
    }

    /// Options to fetch online, with this default index.
    pub(crate) fn options<'a>(
        &'a self,
        cache: &'a Cache,
        default_index: &'a (dyn Fn() -> Result<Index, Error> + Sync),
    ) -> FetchOptions<'a> {
        let make = || Session::new(self.config.clone());
        let session = self.session.get_or_init(make);
        FetchOptions {
            cache,
            sources: Sources::new(&self.project_sources, default_index, session),
            find_links: Vec::new(),
            offline: false,
        }
    }
}

/// No text that an error can turn into has any of these secrets.
#[track_caller]
pub(crate) fn assert_shown_nowhere(error: &Error, secrets: &[&str]) {
    let mut texts = vec![format!("{error:?} {error:#?} {error} {:?}", error.hint())];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    for text in texts {
        for secret in secrets {
            assert!(!text.contains(secret), "{secret} is in: {text}");
        }
    }
}
