//! The recipe for Composer of docs/composer.md, with the real Composer and PHP.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::mounted::{Mounted, Project, fixture, lacks};
use crate::checks::{Problems, Proof};
use crate::e2e::archive;
use crate::process::Command;
use crate::tools::Tools;

const CALL: &str = "require '/opt/php/vendor/autoload.php'; \
                    echo (new Example\\Greeter\\Greeter)->greet('layers');";

/// The recipe in one copy: a repository of git with a commit of its own.
fn copy(binary: &Path, artifacts: &Path, author: &str) -> Result<Project> {
    let project = Project::new(binary, &fixture("php/project"), "")?;
    let manifest = project.path.join("composer.json");
    let text = fs_err::read_to_string(&manifest)?;
    fs_err::write(
        &manifest,
        text.replace("ARTIFACTS", &artifacts.display().to_string()),
    )?;
    for words in [
        &["init", "--quiet", "--initial-branch", author][..],
        &["add", "."],
        &["commit", "--quiet", "--message", author],
    ] {
        Command::new("git")
            .args([
                "-c",
                &format!("user.name={author}"),
                "-c",
                "user.email=me@example.com",
            ])
            .args(words)
            .directory(&project.path)
            .stdout()?;
    }
    Ok(project)
}

fn composer(command: Command, home: PathBuf) -> Command {
    command
        .env("COMPOSER_HOME", home)
        .env("COMPOSER_ALLOW_SUPERUSER", "1")
}

pub(super) fn prove(_: &Tools, binary: &Path) -> Result<Proof> {
    const PACKAGES: &str = "composer php-cli php-zip git";
    if let Some(skipped) = lacks(&["composer", "php", "git"], PACKAGES) {
        return Ok(skipped);
    }
    let shared = tempfile::tempdir()?;
    let artifacts = shared.path().join("artifacts");
    fs_err::create_dir(&artifacts)?;
    pack(&fixture("php/package"), &artifacts.join("greeter.zip"))?;

    let [one, other] = [
        copy(binary, &artifacts, "one")?,
        copy(binary, &artifacts, "other")?,
    ];
    let update = ["update", "--no-install", "--no-interaction", "--quiet"];
    let update = Command::new("composer").args(update).directory(&one.path);
    composer(update, one.beside("composer")).stdout()?;
    fs_err::copy(
        one.path.join("composer.lock"),
        other.path.join("composer.lock"),
    )?;

    let mut layers = Vec::new();
    for project in [&one, &other] {
        layers.push(project.build_with(|command| composer(command, project.beside("composer")))?);
    }
    let mut problems = Problems::default();
    problems.equal(
        "the same bytes of two copies",
        &layers[0].zip.sha256,
        &layers[1].zip.sha256,
    );
    let tree = archive::read(&layers[0].zip.path)?;
    for file in [
        "php/composer.json",
        "php/composer.lock",
        "php/vendor/autoload.php",
        "php/vendor/example/greeter/src/Greeter.php",
    ] {
        problems.hold(tree.contains_key(file), || {
            format!("the layer lacks {file}")
        });
    }
    problems.finish()?;

    let mounted = Mounted::new(Some(&layers[0].zip.path), &fixture("php/package"))?;
    let words = ["/usr/bin/env", "php", "-r", CALL];
    let (command, proof) = mounted.command(&[], &words);
    let said = command.stdout()?;
    if !said.starts_with("hello layers from ") || !said.ends_with("php/vendor/example/greeter/src")
    {
        bail!("PHP said {said:?}");
    }
    Ok(proof)
}

/// A package as a repository has it.
fn pack(directory: &Path, zip: &Path) -> Result<()> {
    use std::io::Write as _;

    let mut writer = zip::ZipWriter::new(fs_err::File::create(zip)?);
    for name in ["composer.json", "src/Greeter.php"] {
        writer.start_file(name, zip::write::SimpleFileOptions::default())?;
        writer.write_all(&fs_err::read(directory.join(name))?)?;
    }
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository;

    #[test]
    fn the_page_has_the_recipe_that_is_proved() {
        let page = fs_err::read_to_string(repository::root().join("docs/composer.md")).unwrap();
        for name in ["layer.sh", "layerlock.toml"] {
            let text = fs_err::read_to_string(fixture("php/project").join(name)).unwrap();
            assert!(page.contains(&text), "{name}");
        }
    }
}
