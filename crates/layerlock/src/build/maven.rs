//! The jars of layers: listed by Maven, compared with the lock, and put into the plan.

use std::path::Path;

use layerlock_check::{Code, Finding};
use layerlock_folders::{Input, Inputs, Watched};
use layerlock_install::Reporter;
use layerlock_maven::{Jars, LockedJar, MavenProject};

use crate::Error;
use crate::configuration::{Layer, MavenLayer};

pub(super) fn told(maven: &MavenLayer) -> impl Fn(layerlock_maven::Error) -> Error {
    move |error| Error::Maven {
        error: Box::new(error),
        place: Some(maven.place.clone()),
    }
}

/// The project of a layer's jars, where functions on its target can use some.
fn project(layer: &Layer, maven: &MavenLayer) -> Result<MavenProject, Error> {
    let project = MavenProject::read(&maven.directory).map_err(told(maven))?;
    MavenProject::check_target(&layer.target).map_err(told(maven))?;
    Ok(project)
}

/// Asks Maven for the jars of all layers; once for layers of one project.
pub(super) fn resolve(
    layers: &[Layer],
    is_offline: bool,
    reporter: &dyn Reporter,
) -> Result<Vec<Option<Jars>>, Error> {
    let mut known: Vec<(&Path, Jars)> = Vec::new();
    let mut all = Vec::with_capacity(layers.len());
    let projects = layers.iter().map(|layer| {
        let maven = layer.maven.as_ref();
        maven
            .map(|maven| Ok((project(layer, maven)?, maven)))
            .transpose()
    });
    // What is wrong with any is told before Maven runs.
    let projects: Vec<_> = projects.collect::<Result<_, Error>>()?;
    for (layer, project) in layers.iter().zip(projects) {
        let Some((project, maven)) = project else {
            all.push(None);
            continue;
        };
        if let Some((_, jars)) = known.iter().find(|(folder, _)| **folder == maven.directory) {
            all.push(Some(jars.clone()));
            continue;
        }
        let name = format!("the jars of {}", layer.name);
        reporter.build_started(&name, "Maven");
        let jars = project.resolve(is_offline);
        reporter.build_finished(&name, "Maven");
        let jars = jars.map_err(told(maven))?;
        known.push((&maven.directory, jars.clone()));
        all.push(Some(jars));
    }
    Ok(all)
}

/// The jars of a layer that its lock tells of.
pub(super) fn locked(layer: &Layer) -> Result<Vec<LockedJar>, Error> {
    let Some(maven) = &layer.maven else {
        return Ok(Vec::new());
    };
    project(layer, maven)?.locked().map_err(told(maven))
}

/// What decides which jars layers have.
pub(super) fn inputs(layers: &[Layer]) -> Vec<Input> {
    let projects = layers.iter().filter_map(|layer| layer.maven.as_ref());
    let files = projects.flat_map(|maven| MavenProject::files(&maven.directory));
    files.map(Input::path).collect()
}

/// Watches the jars too. None where they may change without being seen.
pub(super) fn watch(watched: Option<Watched>, jars: &[Option<Jars>]) -> Option<Watched> {
    let mut watched = watched?;
    let jars = jars.iter().flatten().flat_map(|jars| &jars.jars);
    let mut files = Vec::new();
    for jar in jars {
        if jar.is_snapshot {
            return None;
        }
        files.push(Input::path(jar.file.path()));
    }
    let mut inputs = Inputs::default();
    inputs.add(files, &[]);
    watched.extend(inputs.look()?);
    Some(watched)
}

/// What the user should know of jars.
pub(super) fn findings(jars: &Jars, maven: &MavenLayer) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pom = maven.directory.join("pom.xml");
    if !jars.is_locked {
        let message = format!(
            "there is no lockfile.json beside {}: nothing says what the bytes of its jars are",
            pom.display()
        );
        findings.push(Finding::new(Code::Unverified, message).with_hint(
            "`mvn io.github.chains-project:maven-lockfile:generate` writes one, and a build then \
             compares each jar with it",
        ));
    }
    let snapshots = jars.jars.iter().filter(|jar| jar.is_snapshot);
    findings.extend(snapshots.map(|jar| {
        let message = format!(
            "{}:{} is a snapshot: it may have other bytes tomorrow",
            jar.name, jar.version
        );
        Finding::new(Code::Snapshot, message)
            .with_package(&jar.name)
            .with_hint("depend on a release")
    }));
    findings.extend(jars.others.iter().map(|other| {
        let message = format!("{other} is no jar, and is not in the layer");
        Finding::new(Code::NoJar, message).with_package(other)
    }));
    findings
}
