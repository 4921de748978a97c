//! A wheel of a release: what other tools say of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::pack;
use super::target::Target;
use super::wheel::{Wheel, contains};
use crate::checks::Problems;
use crate::repository;
use crate::tools::Tools;

/// How large a wheel may get: people wait for it in each job of their CI.
const LARGEST: u64 = 11_000_000;

/// The variable that names the index to bake in.
pub(crate) const INDEX: &str = "LAYERLOCK_DEFAULT_INDEX_URL";

/// The wheel is complete, small, for old systems too, and says nothing of this machine.
pub(crate) fn wheel(path: &Path, target: &Target, tools: &Tools) -> Result<Wheel> {
    let wheel = Wheel::read(path)?;
    let mut problems = Problems::default();
    wheel.judge(&mut problems)?;
    problems.equal("the platform", wheel.platform()?.as_str(), target.platform);
    problems.hold(wheel.size <= LARGEST, || {
        format!("the wheel has {} bytes, more than {LARGEST}", wheel.size)
    });
    for path in paths_of_this_machine() {
        let path = format!("{}/", path.display());
        for (name, member) in wheel.members() {
            let names_it = names_something_in(&member.bytes, path.as_bytes());
            problems.hold(!names_it, || format!("{name} names {path}"));
        }
    }
    if let Some(index) = std::env::var(INDEX).ok().filter(|index| !index.is_empty()) {
        let has_it = contains(&wheel.binary()?.bytes, index.as_bytes());
        problems.hold(has_it, || format!("the binary lacks the index of {INDEX}"));
    }
    problems.finish()?;
    audit(&wheel, target, tools)?;
    installs_on_old_systems(&wheel, target, tools)?;
    Ok(wheel)
}

/// Whether the path is there with a name behind it. `/root/` alone is what the check for
/// paths of build machines looks for.
fn names_something_in(bytes: &[u8], path: &[u8]) -> bool {
    bytes.windows(path.len() + 1).any(|window| {
        let (start, next) = window.split_at(path.len());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
        start == path && next.iter().copied().all(is_name)
    })
}

fn paths_of_this_machine() -> Vec<PathBuf> {
    let mut paths = vec![repository::root().to_owned(), pack::cargo_home()];
    // In a container it may be `/`.
    paths.extend(std::env::home_dir().filter(|home| home.components().count() > 1));
    paths
}

/// auditwheel finds nothing that systems of the wheel's tag lack.
fn audit(wheel: &Wheel, target: &Target, tools: &Tools) -> Result<()> {
    let show = tools.release_python().args(["-m", "auditwheel", "show"]);
    let said = show.arg(&wheel.path).stdout()?;
    println!("{}", said.trim());
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected = format!("platform tag: \"{}\"", target.audit);
    ensure!(
        said.contains(&expected),
        "auditwheel does not say {expected}"
    );
    Ok(())
}

/// The glibc of RHEL 7, Amazon Linux 2, RHEL 8, Debian 11 and Amazon Linux 2023.
const GLIBC: &[u32] = &[17, 26, 28, 31, 34];

/// The musl of the oldest Alpine Linux that wheels are made for.
const MUSL: &[u32] = &[2];

/// pip takes it on each system with its C library, and on none with the other.
fn installs_on_old_systems(wheel: &Wheel, target: &Target, tools: &Tools) -> Result<()> {
    let glibc = GLIBC.iter().map(|minor| ("manylinux_2", *minor));
    let musl = MUSL.iter().map(|minor| ("musllinux_1", *minor));
    for (library, minor) in glibc.chain(musl) {
        // A system takes the wheels for all older ones.
        let platforms = (0..=minor).map(|minor| format!("{library}_{minor}_{}", target.machine));
        let pip = tools
            .pip()
            .args(["install", "--dry-run", "--no-deps", "--no-index"])
            .args(["--only-binary=:all:", "--target", "unused"])
            .args(platforms.map(|platform| format!("--platform={platform}")));
        let takes = pip.arg(&wheel.path).finish()?.code == Some(0);
        let must = target.is_static() == library.starts_with("musl");
        ensure!(
            takes == must,
            "pip {} the wheel on {library}_{minor}",
            if takes { "takes" } else { "refuses" }
        );
    }
    Ok(())
}

/// Writes the command of a wheel into a directory.
pub(crate) fn unpack_binary(wheel: &Wheel, directory: &Path) -> Result<PathBuf> {
    let binary = directory.join("layerlock");
    fs_err::create_dir_all(directory)?;
    pack::write_program(&binary, &wheel.binary()?.bytes).context("failed to unpack the command")?;
    Ok(binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_counts_with_a_name_behind_it() {
        let names = |text: &str| names_something_in(text.as_bytes(), b"/home/me/");
        assert!(names("panicked at /home/me/.cargo/x.rs"));
        assert!(names("/home/me/layerlock"));
        assert!(!names("/Users//home/me//tmp/"));
        assert!(!names("/home/me/"));
    }
}
