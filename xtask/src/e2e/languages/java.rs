//! Jars that the real Maven lists, from Debian's packages, and a class that needs them.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::json;

use super::mounted::{Mounted, Project, fixture, lacks};
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::Layer;
use crate::process::Command;
use crate::tools::Tools;

/// Debian's packages are a repository of Maven.
pub(super) const REPOSITORY: &str = "/usr/share/maven-repo";
const PACKAGES: &str = "maven default-jdk-headless libmaven-dependency-plugin-java libcommons-cli-java \
     libcommons-io-java libslf4j-java";
const SETTINGS: &str = "runtime = \"java17\"\n[layers.pdf]\nmaven = \".\"\n";
const INTEGRITY: i32 = 7;

fn lacks_maven() -> Option<Proof> {
    let plugin = format!("{REPOSITORY}/org/apache/maven/plugins/maven-dependency-plugin");
    let missing = lacks(&["mvn", "java", "javac"], PACKAGES);
    missing.or_else(|| {
        let is_there = Path::new(&plugin).exists();
        let why = format!("no Maven repository of Debian (apt-get install {PACKAGES})");
        (!is_there).then_some(Proof::Skipped(why))
    })
}

/// A copy of the project whose Maven has this repository, and asks no other.
fn project(binary: &Path, local: &Path) -> Result<Project> {
    let project = Project::new(binary, &fixture("java/project"), SETTINGS)?;
    let told = format!("--offline\n-Dmaven.repo.local={}\n", local.display());
    fs_err::create_dir(project.path.join(".mvn"))?;
    fs_err::write(project.path.join(".mvn/maven.config"), told)?;
    Ok(project)
}

fn jars(layer: &Layer) -> Vec<&str> {
    layer
        .packages
        .iter()
        .map(|package| &*package.file)
        .collect()
}

/// Has Java run the class that needs a jar of the layer.
pub(super) fn run_class(layer: &Layer) -> Result<Proof> {
    let words = [
        "/usr/bin/env",
        "java",
        "-cp",
        "/opt/java/lib/*",
        "/var/task/Main.java",
        "-g",
        "layers",
    ];
    let mounted = Mounted::new(Some(&layer.zip.path), &fixture("java/task"))?;
    let (command, proof) = mounted.command(&[], &words);
    let said = command.stdout()?;
    if !said.starts_with("hello layers from ") || !said.contains("java/lib/commons-cli") {
        bail!("the class said {said:?}");
    }
    let without = Mounted::new(None, &fixture("java/task"))?;
    let (command, _) = without.command(&[], &words);
    if command.finish()?.code == Some(0) {
        bail!("the class ran without the layer");
    }
    Ok(proof)
}

pub(super) fn prove(_: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = lacks_maven() {
        return Ok(skipped);
    }
    let first = project(binary, Path::new(REPOSITORY))?;
    let layer = first.build()?;
    let mut problems = Problems::default();
    let expected = ["commons-cli-debian.jar", "slf4j-api-debian.jar"];
    problems.equal("the jars", jars(&layer), expected.to_vec());
    let other = project(binary, Path::new(REPOSITORY))?.build()?;
    problems.equal("the same bytes", &other.zip.sha256, &layer.zip.sha256);
    let again = first.layerlock.report(&first.path, &["build"])?;
    problems.hold(again.unchanged, || {
        "Maven was asked again, and nothing had changed".to_owned()
    });
    problems.finish()?;
    run_class(&layer)
}

/// Two groups have an artifact of one name and version; and what is locked is compared.
pub(super) fn prove_lock(_: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = lacks_maven() {
        return Ok(skipped);
    }
    let directory = tempfile::tempdir()?;
    let local = directory.path().join("repository");
    let copy = Command::new("cp").args(["-as", REPOSITORY]).arg(&local);
    copy.stdout()?;
    let twin = local.join("org/example/commons-cli/debian");
    fs_err::create_dir_all(&twin)?;
    let jar = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    fs_err::write(twin.join("commons-cli-debian.jar"), jar)?;
    let pom = "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>\
               <artifactId>commons-cli</artifactId><version>debian</version></project>";
    fs_err::write(twin.join("commons-cli-debian.pom"), pom)?;

    let project = project(binary, &local)?;
    let path = project.path.join("pom.xml");
    let dependency = "<dependencies><dependency><groupId>org.example</groupId><artifactId>\
                      commons-cli</artifactId><version>debian</version></dependency>";
    let text = fs_err::read_to_string(&path)?.replacen("<dependencies>", dependency, 1);
    fs_err::write(&path, text)?;
    let layer = project.build()?;
    let mut problems = Problems::default();
    let expected = [
        "org.example.commons-cli-debian.jar",
        "commons-cli.commons-cli-debian.jar",
        "slf4j-api-debian.jar",
    ];
    problems.equal("the jars", jars(&layer), expected.to_vec());

    let locked: Vec<_> = layer
        .packages
        .iter()
        .map(|package| {
            let (group, name) = package.name.split_once(':').unwrap_or_default();
            json!({
                "groupId": group, "artifactId": name, "version": package.version,
                "checksumAlgorithm": "SHA-256", "checksum": package.sha256, "children": [],
            })
        })
        .collect();
    let lock = json!({"lockFileVersion": 1, "dependencies": locked}).to_string();
    let lock_path = project.path.join("lockfile.json");
    fs_err::write(&lock_path, &lock)?;
    let said = project
        .layerlock
        .command(&project.path, &["build"])
        .finish()?;
    problems.hold(
        said.code == Some(0) && !said.stderr.contains("unverified"),
        || said.describe(),
    );
    fs_err::write(
        &lock_path,
        lock.replace(&files::sha256(jar), &files::sha256(b"")),
    )?;
    let said = project
        .layerlock
        .command(&project.path, &["build"])
        .finish()?;
    let names_it = said.stderr.contains("org.example:commons-cli:debian");
    problems.hold(said.code == Some(INTEGRITY) && names_it, || said.describe());
    problems.finish()?;
    Ok(Proof::Full)
}
