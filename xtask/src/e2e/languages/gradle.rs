//! The recipe for Gradle of docs/folders.md, with the real Gradle.

use std::path::Path;

use anyhow::Result;

use super::java::{REPOSITORY, run_class};
use super::mounted::{Project, fixture, lacks};
use crate::checks::{Problems, Proof};
use crate::e2e::archive;
use crate::tools::Tools;

const SETTINGS: &str = "[layers.pdf]\nruntime = \"java17\"\n\
    folders = { \"java/lib\" = \"build/layer\" }\n\
    run = [\"gradle\", \"--offline\", \"--no-daemon\", \"--quiet\", \"layer\"]\n\
    inputs = [\"build.gradle\"]\n";

pub(super) fn prove(_: &Tools, binary: &Path) -> Result<Proof> {
    const PACKAGES: &str = "gradle default-jdk-headless libcommons-cli-java";
    if let Some(skipped) = lacks(&["gradle", "java", "javac"], PACKAGES) {
        return Ok(skipped);
    }
    if !Path::new(REPOSITORY).join("commons-cli").exists() {
        return Ok(Proof::Skipped(format!(
            "no jars of Debian (apt-get install {PACKAGES})"
        )));
    }
    let mut problems = Problems::default();
    let mut digests = Vec::new();
    let mut proof = Proof::Full;
    for _ in 0..2 {
        let project = Project::new(binary, &fixture("gradle"), SETTINGS)?;
        let home = project.beside("gradle-home");
        let layer = project.build_with(|command| command.env("GRADLE_USER_HOME", home))?;
        let names: Vec<String> = archive::read(&layer.zip.path)?.into_keys().collect();
        problems.equal(
            "the jars",
            names,
            vec!["java/lib/commons-cli-debian.jar".to_owned()],
        );
        if digests.is_empty() {
            proof = run_class(&layer)?;
        }
        digests.push(layer.zip.sha256);
    }
    problems.equal("the same bytes of two copies", &digests[0], &digests[1]);
    problems.finish()?;
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[test]
    fn the_page_has_the_task_that_is_proved() {
        let page = fs_err::read_to_string(repository::root().join("docs/folders.md")).unwrap();
        let build = fs_err::read_to_string(fixture("gradle").join("build.gradle")).unwrap();
        let at = build.find("tasks.create").unwrap();
        assert!(page.contains(&build[at..]));
    }
}
