//! Whether a lock is out of date, against the real `uv lock --check`: after each change of
//! `fixtures/uv/changes.toml` uv is asked anew, and has to say what the file says, and
//! layerlock the same, but for what nobody but uv can tell.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::files;
use crate::layerlock::Layerlock;
use crate::repository;
use crate::tools::Tools;

#[derive(Deserialize)]
struct Changes {
    change: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Change {
    project: String,
    title: String,
    file: Option<String>,
    old: Option<String>,
    new: Option<String>,
    remove: Option<String>,
    stale: bool,
    only_uv: Option<String>,
}

/// The index that the locks name.
const INDEX: &str = "https://packages.example.com/simple";

pub(super) fn run(tools: &Tools, layerlock: &Layerlock, work: &Path) -> Result<()> {
    let fixtures = repository::root().join("fixtures/uv");
    let text = fs_err::read_to_string(fixtures.join("changes.toml"))?;
    let changes: Changes = toml::from_str(&text)?;
    let (mut same, mut only_uv, mut differing) = (0, 0, 0);
    for (index, change) in changes.change.iter().enumerate() {
        let project = work.join(format!("change-{index}")).join(&change.project);
        files::copy(&fixtures.join(&change.project), &project)?;
        change.apply(&project)?;
        let theirs = is_stale_for_uv(tools, work, &project)?;
        let ours = is_stale_for_layerlock(layerlock, &project)?;
        let expected = change.stale && change.only_uv.is_none();
        if theirs != change.stale || ours != expected {
            differing += 1;
            println!(
                "DIFFERS: {}, {}: uv says {}, layerlock {}, changes.toml {}",
                change.project,
                change.title,
                shown(theirs),
                shown(ours),
                shown(change.stale),
            );
        } else if change.only_uv.is_some() {
            only_uv += 1;
        } else {
            same += 1;
        }
    }
    println!("{same} changes are judged the same, {only_uv} only uv can judge, {differing} differ");
    if differing > 0 || same == 0 {
        bail!("{differing} changes are judged otherwise");
    }
    Ok(())
}

fn shown(is_stale: bool) -> &'static str {
    if is_stale { "stale" } else { "up to date" }
}

/// uv that has to resolve anew has no index to ask.
fn is_stale_for_uv(tools: &Tools, work: &Path, project: &Path) -> Result<bool> {
    let check = tools
        .uv_apart(&work.join("uv-cache"))
        .directory(project)
        .env("UV_DEFAULT_INDEX", INDEX)
        .args(["lock", "--check", "--offline"]);
    Ok(check.finish()?.code != Some(0))
}

fn is_stale_for_layerlock(layerlock: &Layerlock, project: &Path) -> Result<bool> {
    let export = ["export", "--format", "json", "--runtime", "python3.12"];
    let finished = layerlock.command(project, &export).finish()?;
    let is_stale = finished.stderr.contains(" is out of date: ");
    ensure!(
        is_stale == (finished.code == Some(3)),
        "{}",
        finished.describe()
    );
    Ok(is_stale)
}

impl Change {
    fn apply(&self, project: &Path) -> Result<()> {
        if let Some(directory) = &self.remove {
            return Ok(fs_err::remove_dir_all(project.join(directory))?);
        }
        let file = project.join(self.file.as_deref().unwrap_or("pyproject.toml"));
        let new = self.new.as_deref().context("a change without `new`")?;
        let Some(old) = &self.old else {
            fs_err::create_dir_all(file.parent().context("no parent directory")?)?;
            return Ok(fs_err::write(file, new)?);
        };
        let text = fs_err::read_to_string(&file)?;
        ensure!(
            text.contains(old.as_str()),
            "{} changes nothing",
            self.title
        );
        Ok(fs_err::write(file, text.replace(old.as_str(), new))?)
    }
}
