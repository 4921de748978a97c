//! Random projects with locks of uv: graphs with circles, markers, forks, extras and
//! groups. uv takes a lock as it is with `--frozen`, so nothing is resolved.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::random::Random;

const MARKERS: [&str; 8] = [
    "python_full_version < '3.11'",
    "python_full_version >= '3.13'",
    "sys_platform == 'linux'",
    "sys_platform == 'win32'",
    "platform_machine == 'x86_64'",
    "platform_machine != 'aarch64'",
    "python_full_version < '3.12' and platform_machine == 'aarch64'",
    "implementation_name == 'cpython' or os_name == 'nt'",
];
/// The two sides of a fork.
const FORKS: [(&str, &str); 2] = [
    ("1.0", "python_full_version < '3.12'"),
    ("2.0", "python_full_version >= '3.12'"),
];
const EXTRAS: [&str; 3] = ["a", "b", "c"];
const SOURCE: &str = "source = { registry = \"https://packages.example.com/simple\" }";

/// The flags of every random project.
const EXPORTS: &str = "$ \n$ --all-extras\n$ --all-groups\n$ --extras a\n$ --extras b --with g\n\
                       $ --only g\n$ --only h\n$ --with h --extras c\n";

/// A package: in which extras it has dependencies, and whether it is forked.
struct Package {
    extras: Vec<&'static str>,
    is_forked: bool,
}

/// Writes this many projects below a directory.
pub(super) fn projects(count: u64, seed: u64, work: &Path) -> Result<Vec<PathBuf>> {
    (seed..seed + count)
        .map(|seed| {
            let directory = work.join(format!("random-{seed}"));
            fs_err::create_dir_all(&directory)?;
            let mut random = Random::new(seed);
            fs_err::write(directory.join("uv.lock"), lock(&mut random))?;
            fs_err::write(directory.join("pyproject.toml"), PYPROJECT)?;
            fs_err::write(directory.join("exports.txt"), EXPORTS)?;
            Ok(directory)
        })
        .collect()
}

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"1.0\"\n\
                         requires-python = \">=3.10\"\n\n[project.optional-dependencies]\n\
                         a = []\nb = []\nc = []\n\n[dependency-groups]\ng = []\nh = []\n";

fn lock(random: &mut Random) -> String {
    let count = 3 + random.below(10);
    let packages: Vec<Package> = (0..count)
        .map(|_| Package {
            extras: random.some(&EXTRAS, 30),
            is_forked: random.percent(25),
        })
        .collect();
    let mut text =
        "version = 1\nrevision = 3\nrequires-python = \">=3.10\"\nresolution-markers = [\n"
            .to_owned();
    for (_, fork) in FORKS {
        let _ = writeln!(text, "    \"{fork}\",");
    }
    text.push_str("]\n");
    for (index, package) in packages.iter().enumerate() {
        let forks = if package.is_forked { 2 } else { 1 };
        for (version, fork) in FORKS.into_iter().take(forks) {
            let _ = write!(
                text,
                "\n[[package]]\nname = \"p{index}\"\nversion = \"{version}\"\n{SOURCE}\n"
            );
            if package.is_forked {
                let _ = writeln!(text, "resolution-markers = [\"{fork}\"]");
            }
            let _ = write!(text, "dependencies = {}", dependencies(random, &packages));
            let _ = write!(
                text,
                "wheels = [\n    {{ url = \"https://files.example.com/p{index}-{version}-py3-none-any.whl\", \
                 hash = \"sha256:{}\" }},\n]\n",
                "0".repeat(64)
            );
            sets(
                &mut text,
                "optional-dependencies",
                &package.extras,
                random,
                &packages,
            );
        }
    }
    text.push_str(
        "\n[[package]]\nname = \"shop\"\nversion = \"1.0\"\nsource = { virtual = \".\" }\n",
    );
    let _ = write!(text, "dependencies = {}", dependencies(random, &packages));
    sets(
        &mut text,
        "optional-dependencies",
        &EXTRAS,
        random,
        &packages,
    );
    sets(
        &mut text,
        "dev-dependencies",
        &["g", "h"],
        random,
        &packages,
    );
    text.push_str("\n[package.metadata]\nprovides-extras = [\"a\", \"b\", \"c\"]\n");
    text.push_str("\n[package.metadata.requires-dev]\ng = []\nh = []\n");
    text
}

fn sets(text: &mut String, key: &str, names: &[&str], random: &mut Random, packages: &[Package]) {
    if names.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n[package.{key}]");
    for name in names {
        let _ = write!(text, "{name} = {}", dependencies(random, packages));
    }
}

/// Some dependencies: on each side of a fork one.
fn dependencies(random: &mut Random, packages: &[Package]) -> String {
    let mut text = "[\n".to_owned();
    for (index, package) in packages.iter().enumerate() {
        // uv refuses one that is there twice.
        if !random.percent(25) {
            continue;
        }
        let extras = random.some(&package.extras, 60);
        let extra = match &extras[..] {
            [] => String::new(),
            extras => format!(", extra = [\"{}\"]", extras.join("\", \"")),
        };
        let marker = random.percent(40).then(|| random.pick(&MARKERS));
        if !package.is_forked {
            let marker = marker.map(|marker| format!(", marker = \"{marker}\""));
            let marker = marker.unwrap_or_default();
            let _ = writeln!(text, "    {{ name = \"p{index}\"{extra}{marker} }},");
            continue;
        }
        for (version, fork) in FORKS {
            let marker = match marker {
                Some(marker) => format!("({marker}) and {fork}"),
                None => fork.to_owned(),
            };
            let _ = writeln!(
                text,
                "    {{ name = \"p{index}\", version = \"{version}\", {SOURCE}{extra}, \
                 marker = \"{marker}\" }},"
            );
        }
    }
    text + "]\n"
}
