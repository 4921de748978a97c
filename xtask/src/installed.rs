//! A layer's files against those that `pip install --target` lays out.
//!
//! Every difference is explained here or fails:
//!
//! - `INSTALLER`, `REQUESTED` and `direct_url.json` are what an installer says about
//!   itself and its command line; a layer need not have them.
//! - `RECORD` lists the files of the installation, so it differs where they do.
//! - Scripts: `pip --target` writes them to `bin/` of the target, which would be
//!   `python/bin/` of a layer, on no PATH; a layer has them in `bin/`, which is on
//!   Lambda's PATH. Their text names an interpreter: pip's is the build machine's.
//! - Headers: a pip in a virtual environment, as here, writes them to
//!   `include/site/pythonX.Y` of its own Python, another one to `include/python`.

use std::collections::BTreeSet;

use crate::checks::Problems;
use crate::files::{self, Tree};
use crate::process::Command;
use crate::tools::PYTHON;

/// Files of a dist-info directory that may be on either side only, or differ.
const OF_THE_INSTALLER: &[&str] = &["INSTALLER", "REQUESTED", "direct_url.json", "RECORD"];

/// `pip install` of wheels for a target, whatever this machine is.
pub(crate) fn for_target(pip: Command, version: &str, architecture: &str) -> Command {
    with_dependencies(pip, version, architecture).arg("--no-deps")
}

/// The same with all that the wheels need.
pub(crate) fn with_dependencies(pip: Command, version: &str, architecture: &str) -> Command {
    pip.args(["install", "--quiet", "--no-compile"])
        .args(["--only-binary=:all:", "--implementation", "cp"])
        .args(["--python-version", version])
        .args(
            platforms(version, architecture)
                .iter()
                .map(|platform| format!("--platform={platform}")),
        )
}

/// Compares the files of a layer with those of pip's directory; gives how many there are.
pub(crate) fn compare(layer: &Tree, directory: Tree, problems: &mut Problems) -> usize {
    let (theirs, their_scripts) = split(directory, "bin/");
    let (ours, our_scripts) = split(under_python(layer), "../bin/");
    for difference in files::differences(&ours, &theirs, "the layer", "pip's directory") {
        problems.add(difference);
    }
    problems.equal("the set of scripts", our_scripts, their_scripts);
    ours.len()
}

/// The layer's files by their path relative to `python/`.
fn under_python(layer: &Tree) -> Tree {
    layer
        .iter()
        .map(|(path, entry)| {
            let path = match path.strip_prefix("python/") {
                Some(path) => path.to_owned(),
                None => format!("../{path}"),
            };
            (path, entry.clone())
        })
        .collect()
}

/// The files that must be equal, and the names of the scripts.
fn split(tree: Tree, scripts: &str) -> (Tree, BTreeSet<String>) {
    let mut equal = Tree::new();
    let mut names = BTreeSet::new();
    for (path, mut entry) in tree {
        let path = path.replace(&format!("include/site/python{PYTHON}/"), "include/python/");
        if let Some(name) = path.strip_prefix(scripts) {
            names.insert(name.to_owned());
        } else if !is_of_the_installer(&path) {
            // pip's modes follow the umask, apart from the executable bits.
            entry.mode = if entry.mode & 0o100 == 0 {
                0o644
            } else {
                0o755
            };
            equal.insert(path, entry);
        }
    }
    (equal, names)
}

fn is_of_the_installer(path: &str) -> bool {
    path.split_once('/').is_some_and(|(directory, file)| {
        directory.ends_with(".dist-info") && OF_THE_INSTALLER.contains(&file)
    })
}

/// Every platform tag that the runtime can load, best first.
///
/// Written apart from layerlock's own ladder, to check it: `manylinux_2_N` (PEP 600) up to
/// the glibc of the runtime's Amazon Linux, with the older names (PEP 513, 571, 599) next
/// to the versions that they stand for.
pub(crate) fn platforms(version: &str, architecture: &str) -> Vec<String> {
    let glibc = match version {
        "3.8" | "3.9" | "3.10" | "3.11" => 26,
        _ => 34,
    };
    let (machine, oldest) = match architecture {
        "arm64" => ("aarch64", 17),
        other => (other, 5),
    };
    let mut platforms = Vec::new();
    for minor in (oldest..=glibc).rev() {
        platforms.push(format!("manylinux_2_{minor}_{machine}"));
        match minor {
            17 => platforms.push(format!("manylinux2014_{machine}")),
            12 => platforms.push(format!("manylinux2010_{machine}")),
            5 => platforms.push(format!("manylinux1_{machine}")),
            _ => {}
        }
    }
    platforms.push(format!("linux_{machine}"));
    platforms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Entry;

    #[test]
    fn the_ladder_ends_at_the_runtime_s_glibc() {
        let newest = platforms("3.12", "x86_64");
        assert_eq!(newest[0], "manylinux_2_34_x86_64");
        assert!(newest.contains(&"manylinux1_x86_64".into()));
        let amazon_linux_2 = platforms("3.11", "arm64");
        assert_eq!(amazon_linux_2[0], "manylinux_2_26_aarch64");
        assert!(!amazon_linux_2.iter().any(|tag| tag.contains("2010")));
    }

    #[test]
    fn only_the_installer_s_files_may_differ() {
        assert!(is_of_the_installer("a-1.dist-info/RECORD"));
        assert!(!is_of_the_installer("a-1.dist-info/METADATA"));
        assert!(!is_of_the_installer("a/RECORD"));
        assert!(!is_of_the_installer("a-1.dist-info/sub/RECORD"));
    }

    #[test]
    fn scripts_are_compared_by_name() {
        let entry = Entry::new(0o100, b"");
        let tree = Tree::from([("bin/x".into(), entry.clone()), ("m/y".into(), entry)]);
        let (equal, names) = split(tree, "bin/");
        assert_eq!(names, BTreeSet::from(["x".to_owned()]));
        assert_eq!(equal["m/y"].mode, 0o755);
    }
}
