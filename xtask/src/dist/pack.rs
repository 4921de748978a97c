//! maturin, which makes a wheel of a binary: one that it lets cargo compile, or one that
//! is there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::project::Project;
use super::sbom;
use super::target::Target;
use crate::files;
use crate::process::Command;
use crate::repository;
use crate::tools::Tools;

/// Makes a wheel for this machine of a binary that is there, in `directory`.
pub(crate) fn binary(tools: &Tools, binary: &Path, directory: &Path) -> Result<PathBuf> {
    let stripped = strip(binary, directory)?;
    wheel(tools, &stripped, &Command::new(binary), &[], directory)
}

/// Makes a wheel for a target of its binary, in `directory`; `command` is that binary, or
/// another that writes the same about itself.
pub(super) fn release(
    tools: &Tools,
    target: &Target,
    binary: &Path,
    command: &Command,
    directory: &Path,
) -> Result<PathBuf> {
    let options = [
        ["--target", target.triple],
        ["--compatibility", target.policy],
        ["--auditwheel", "check"],
    ];
    wheel(tools, binary, command, options.as_flattened(), directory)
}

/// Lets maturin make a wheel of a binary that is there.
///
/// maturin has no option for that. It runs the cargo that the variable `CARGO` names, so
/// it gets one that compiles nothing and answers with this binary.
fn wheel(
    tools: &Tools,
    binary: &Path,
    command: &Command,
    options: &[&str],
    directory: &Path,
) -> Result<PathBuf> {
    let project = Project::lay_out(&directory.join("project"), Some(command))?;
    let cargo = directory.join("cargo");
    let messages = directory.join("messages.json");
    fs_err::write(&messages, format!("{}\n", message_of_cargo(binary)?))?;
    let real = repository::cargo();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = rustc ]; then exec cat '{}'; fi\nexec '{}' \"$@\"\n",
        messages.display(),
        real.program().to_string_lossy()
    );
    write_program(&cargo, &script)?;
    let mut maturin = maturin(tools, &project).args(options).env("CARGO", &cargo);
    // The times that give the same bytes again.
    let times = std::env::var("SOURCE_DATE_EPOCH").ok().or_else(last_commit);
    if let Some(times) = times {
        maturin = maturin.env("SOURCE_DATE_EPOCH", times);
    }
    let out = directory.join("wheel");
    let wheel = run(&maturin, &out, false)?;
    sbom::make_anonymous(&wheel)?;
    Ok(wheel)
}

/// Compiles the command for a target, linked so that it runs on old systems too, and
/// returns a wheel with it alone.
pub(super) fn compile(tools: &Tools, target: &Target, directory: &Path) -> Result<PathBuf> {
    let project = Project::lay_out(&directory.join("project"), None)?;
    let zig = repository::target("xtask").join("zig");
    let flags: Vec<String> = remapped_paths()?
        .into_iter()
        .map(|(path, name)| format!("--remap-path-prefix={path}={name}"))
        .collect();
    let maturin = maturin(tools, &project)
        .args(["--profile", "dist", "--zig"])
        .args(["--target", target.triple])
        .args(["--compatibility", target.policy])
        .path_first(&[&tools.programs_of("release")])
        // What is written in C would be compiled again where the last differs.
        .without_env(&["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "SOURCE_DATE_EPOCH"])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_ZIGBUILD_CACHE_DIR", zig.join("wrappers"))
        .env("ZIG_GLOBAL_CACHE_DIR", zig.join("global"))
        .env("ZIG_LOCAL_CACHE_DIR", zig.join("local"));
    run(&maturin, &directory.join("compiled"), true)
}

/// maturin in the project.
fn maturin(tools: &Tools, project: &Project) -> Command {
    tools
        .maturin()
        .directory(&project.directory)
        .args(["build", "--locked"])
        // The last two are of the cargo that runs xtask: see `repository::cargo`.
        .without_env(&["MATURIN_", "CARGO_MANIFEST_", "CARGO_PKG_"])
        .env("CARGO_TARGET_DIR", repository::target(""))
}

/// Runs it, and returns its wheel.
fn run(maturin: &Command, out: &Path, is_shown: bool) -> Result<PathBuf> {
    if out.exists() {
        fs_err::remove_dir_all(out)?;
    }
    let maturin = maturin.clone().arg("--out").arg(out);
    if is_shown {
        maturin.show()?;
    } else {
        maturin.stdout()?;
    }
    let made: Vec<PathBuf> = fs_err::read_dir(out)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    let [wheel] = made.as_slice() else {
        bail!("maturin made {} files instead of one wheel", made.len());
    };
    Ok(wheel.clone())
}

/// The time of the last commit, where git is there and knows one.
fn last_commit() -> Option<String> {
    let git = Command::new("git").directory(repository::root());
    let time = git.args(["log", "-1", "--format=%ct"]).stdout().ok()?;
    Some(time.trim().to_owned()).filter(|time| !time.is_empty())
}

/// What stands in a binary for the directories of this machine. The later of two that fit
/// counts.
fn remapped_paths() -> Result<Vec<(String, String)>> {
    let mut paths = vec![(repository::root().to_owned(), "layerlock".to_owned())];
    for registry in registries()? {
        paths.push((registry, "crates".to_owned()));
    }
    paths
        .into_iter()
        .map(|(path, name)| {
            let path = path.to_str().context("a path that is no text")?.to_owned();
            Ok((path, name))
        })
        .collect()
}

/// Where cargo keeps the sources of crates, one directory for each registry.
fn registries() -> Result<Vec<PathBuf>> {
    let sources = cargo_home().join("registry").join("src");
    if !sources.exists() {
        return Ok(Vec::new());
    }
    let mut registries = fs_err::read_dir(sources)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    registries.sort();
    Ok(registries)
}

pub(super) fn cargo_home() -> PathBuf {
    let home = std::env::home_dir().unwrap_or_default();
    std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from)
}

/// A copy without symbols, as the release has it. Where there is no `strip`, as it is.
fn strip(binary: &Path, directory: &Path) -> Result<PathBuf> {
    let stripped = directory.join(files::name(binary));
    let strip = Command::new("strip").arg("-o").arg(&stripped).arg(binary);
    if strip.stdout().is_err() {
        fs_err::copy(binary, &stripped)?;
    }
    Ok(stripped)
}

/// What `cargo rustc --message-format json` says when this binary is ready.
fn message_of_cargo(binary: &Path) -> Result<Value> {
    let metadata = repository::cargo().args(["metadata", "--locked", "--no-deps"]);
    let metadata = metadata.args(["--format-version", "1"]).stdout()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let named = |list: &Value, name: &str| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().find(|one| one["name"] == name).cloned()
    };
    let package = named(&metadata["packages"], "layerlock-cli").context("no such package")?;
    let target = named(&package["targets"], "layerlock").context("no such binary")?;
    Ok(json!({
        "reason": "compiler-artifact",
        "package_id": package["id"],
        "manifest_path": package["manifest_path"],
        "target": target,
        "profile": {
            "opt_level": "0",
            "debuginfo": 0,
            "debug_assertions": true,
            "overflow_checks": true,
            "test": false,
        },
        "features": [],
        "filenames": [binary],
        "executable": binary,
        "fresh": true,
    }))
}

#[cfg(unix)]
pub(super) fn write_program(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::write(path, content)?;
    let mode = std::fs::Permissions::from_mode(0o755);
    Ok(fs_err::set_permissions(path, mode)?)
}

#[cfg(not(unix))]
pub(super) fn write_program(_: &Path, _: impl AsRef<[u8]>) -> Result<()> {
    bail!("a binary that is there can be packed on Unix only")
}
