//! The same bytes everywhere, in every form.

use anyhow::{Context, Result};
use data_encoding::{BASE64, HEXLOWER};

use super::archive;
use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::layerlock::{Layer, Layerlock, Report};
use crate::process::Command;

/// Builds again: warm in the same directory; then elsewhere, with another cache, cold and
/// warm, by a process whose umask, time zone, locale and clock settings differ.
pub(crate) fn prove(subject: &Subject) -> Result<Proof> {
    let first = &subject.layer()?.zip.sha256;
    let mut problems = Problems::default();

    let warm = subject
        .layerlock
        .report(&subject.project, &again(&subject.build_arguments()))?;
    problems.equal(
        "the digest with a warm cache",
        &warm.layer()?.zip.sha256,
        first,
    );
    outputs_of_layer_agree(warm.layer()?, &mut problems)?;

    let elsewhere = subject.new_directory("a much longer name, with spaces")?;
    let layerlock = Layerlock::new(&subject.layerlock.binary, &elsewhere)?;
    let project = elsewhere.join("deeper").join("project");
    files::copy(&subject.fixture.project(), &project)?;
    for cache in ["cold", "warm"] {
        let command = layerlock.command(&project, &again(&subject.build_arguments()));
        let command = strange(command.arg("--json"));
        let report = Report::parse(&command)?;
        let layer = report.layer()?;
        problems.equal(
            &format!("the digest elsewhere with a {cache} cache"),
            &layer.zip.sha256,
            first,
        );
        outputs_of_layer_agree(layer, &mut problems)
            .with_context(|| format!("elsewhere with a {cache} cache"))?;
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("sha256 {}", &first[..12])))
}

/// What `--json` says of the zip and the staging directory is so, and they hold the same.
pub(crate) fn outputs_agree(subject: &Subject) -> Result<Proof> {
    let layer = subject.layer()?;
    let mut problems = Problems::default();
    let staging = subject
        .fixture
        .staging
        .map(|path| subject.project.join(path));
    problems.equal(
        "the staging directory",
        layer.staging.as_ref(),
        staging.as_ref(),
    );
    outputs_of_layer_agree(layer, &mut problems)?;
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{} bytes zipped, {} unzipped",
        layer.zip.size, layer.unzipped_size
    )))
}

fn outputs_of_layer_agree(layer: &Layer, problems: &mut Problems) -> Result<()> {
    let bytes = fs_err::read(&layer.zip.path)?;
    let files = archive::read(&layer.zip.path)?;
    let sha256 = files::sha256(&bytes);
    problems.equal("zip.size", layer.zip.size, bytes.len() as u64);
    problems.equal("zip.sha256", &layer.zip.sha256, &sha256);
    let code_sha256 = BASE64.encode(&HEXLOWER.decode(sha256.as_bytes())?);
    problems.equal("zip.code_sha256", &layer.zip.code_sha256, &code_sha256);
    problems.equal("file_count", layer.file_count, files.len());
    let unzipped: u64 = files.values().map(|file| file.size).sum();
    problems.equal("unzipped_size", layer.unzipped_size, unzipped);
    let packages_sum: u64 = layer.packages.iter().map(|p| p.unzipped_size).sum();
    problems.equal(
        "the sum of packages[].unzipped_size",
        packages_sum,
        unzipped,
    );
    let zipped: u64 = layer.packages.iter().map(|p| p.zipped_size).sum();
    problems.hold(zipped <= layer.zip.size, || {
        format!("packages[].zipped_size add up to {zipped}, more than the zip")
    });
    if let Some(staging) = &layer.staging {
        let staged = files::tree(staging)?;
        for difference in files::differences(&files, &staged, "the zip", "the staging directory") {
            problems.add(difference);
        }
    }
    Ok(())
}

/// Build arguments for a run that does its work although nothing has changed.
fn again<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--rebuild"]].concat()
}

/// The command, started by a shell with a strict umask, in an odd time zone and locale.
fn strange(command: Command) -> Command {
    if !cfg!(unix) {
        return command;
    }
    command
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("LANG", "tr_TR.UTF-8")
        .started_by("sh", ["-c", "umask 077; exec \"$0\" \"$@\""])
}
