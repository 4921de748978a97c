//! Random projects, with locks as Poetry 2 and Poetry 1.8 write them.
//!
//! A project is a function of its seed. The graph of a lock of 2.0 is one that a
//! resolver could have found: each package is locked once, so each walk meets it. A
//! lock of 2.1 is never walked: there groups and markers are drawn freely.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use layerlock_testkit::content_hash;
use serde_json::{Value, json};

use crate::diff_export::project::Project;
use crate::random::Random;
use crate::tools::{Tool, Tools};
use crate::{files, repository};

const PYTHONS: &[&str] = &[
    "^3.8",
    "^3.11",
    ">=3.9,<4",
    ">=3.9,<4.0",
    ">=3.10",
    "~3.12",
    "~=3.9",
    ">=3.9.1,<3.14",
    ">=3.8,!=3.9.7,<3.15",
    ">=3.8.1,<4.0.0",
    ">3.8,<=3.13",
    "3.12.*",
    "<3.9 || >=3.11",
    "*",
    "^3.11.2",
    ">=3.10,<3.11",
    ">=3.9,!=3.10.*",
    "~3.9 || ~3.11",
];
/// `requires-python` knows neither `^` nor `||`.
const REQUIRES_PYTHONS: &[&str] = &[
    ">=3.9",
    ">=3.9,<4",
    ">=3.9.1,<3.14",
    "~=3.10",
    ">=3.8,!=3.9.7,<3.15",
    "==3.12.*",
    ">=3.9,!=3.10.*",
];
const PACKAGE_PYTHONS: &[&str] = &["*", ">=3.7", ">=3.9", ">=3.9,!=3.9.7", ">=3.8,<4.0"];
/// The walk of an old lock fails where a package is asked for on a Python that it does
/// not take, so most of these take each.
const OLD_PACKAGE_PYTHONS: &[&str] = &["*", "*", "*", "*", "*", "*", "*", "*", "*", ">=3.7"];
const GROUPS: &[&str] = &["dev", "docs", "test-tools", "a1"];
const EXTRAS: &[&str] = &["a", "b", "c-d"];
const NAMES: &[&str] = &[
    "alpha",
    "alpha-core",
    "beta",
    "gamma-x",
    "delta",
    "delta2",
    "eps-ilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lamb-da",
    "mu",
];

fn comparison(random: &mut Random) -> String {
    const ORDER: &[&str] = &["<", "<=", ">", ">=", ">=", "<", "==", "!="];
    const EQUAL: &[&str] = &["==", "==", "!="];
    match random.below(10) {
        0..4 => {
            let minor = random.pick(&["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]);
            format!("python_version {} \"{minor}\"", random.pick(ORDER))
        }
        4 => {
            let full = random.pick(&["3.8.0", "3.9.7", "3.10.2", "3.11.0", "3.11.4", "3.13.1"]);
            format!("python_full_version {} \"{full}\"", random.pick(ORDER))
        }
        _ => {
            let (variable, values): (&str, &[&str]) = match random.below(7) {
                0 | 1 => ("sys_platform", &["linux", "win32", "darwin", "cygwin"]),
                2 => ("platform_machine", &["x86_64", "aarch64", "arm64"]),
                3 => ("platform_python_implementation", &["CPython", "PyPy"]),
                4 => ("implementation_name", &["cpython", "pypy", "PyPy"]),
                5 => ("platform_system", &["Linux", "Windows", "Darwin"]),
                _ => ("os_name", &["nt", "posix"]),
            };
            format!(
                "{variable} {} \"{}\"",
                random.pick(EQUAL),
                random.pick(values)
            )
        }
    }
}

fn marker(random: &mut Random, depth: usize, extras: &[&str]) -> String {
    if depth >= 2 || random.percent(40) {
        if !extras.is_empty() && random.percent(20) {
            let operator = random.pick(&["==", "==", "==", "!="]);
            return format!("extra {operator} \"{}\"", random.pick(extras));
        }
        return comparison(random);
    }
    let count = 2 + random.below(2);
    let parts: Vec<String> = (0..count)
        .map(|_| marker(random, depth + 1, extras))
        .collect();
    let joined = parts.join(random.pick(&[" and ", " or "]));
    if depth == 0 {
        joined
    } else {
        format!("({joined})")
    }
}

/// Markers as a lock has them.
struct Markers {
    texts: Vec<String>,
    with_extras: Vec<String>,
}

impl Markers {
    fn draw(random: &mut Random, tools: &Tools, directory: &Path) -> Result<Self> {
        let mut canonical = |extras: &[&str]| -> Result<Vec<String>> {
            let drawn: Vec<String> = (0..1500).map(|_| marker(random, 0, extras)).collect();
            let (script, file) = (
                directory.join("canonical.py"),
                directory.join("markers.json"),
            );
            fs_err::write(&script, include_str!("canonical.py"))?;
            fs_err::write(&file, serde_json::to_vec(&drawn)?)?;
            let python = tools.poetry_python(Tool::Poetry).arg(script).arg(file);
            let written: Vec<Option<String>> = serde_json::from_str(&python.stdout()?)?;
            Ok(written.into_iter().flatten().collect())
        };
        Ok(Self {
            texts: canonical(&[])?,
            with_extras: canonical(EXTRAS)?,
        })
    }

    fn pick(&self, random: &mut Random, extras: bool) -> &str {
        let of = if extras {
            &self.with_extras
        } else {
            &self.texts
        };
        &of[random.below(of.len())]
    }
}

/// Projects `seed..seed + count`, written under `target/diff-export`.
pub(crate) fn projects(count: u64, seed: u64, tools: &Tools) -> Result<Vec<Project>> {
    let root = repository::target("diff-export");
    fs_err::create_dir_all(&root)?;
    // One pool for all seeds, so that a seed gives the same project in each run.
    let markers = Markers::draw(&mut Random::new(0), tools, &root)?;
    let mut projects = Vec::new();
    for seed in seed..seed + count {
        let directory = root.join(format!("random-{seed}"));
        let mut random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let (pyproject, lock) = if random.percent(70) {
            new_lock(&mut random, &markers)
        } else {
            old_lock(&mut random, &markers)
        };
        fs_err::create_dir_all(&directory)?;
        fs_err::write(directory.join("pyproject.toml"), pyproject)?;
        fs_err::write(directory.join("poetry.lock"), lock)?;
        projects.push(Project::read(directory)?);
    }
    Ok(projects)
}

/// pyproject.toml and a lock of 2.1.
fn new_lock(random: &mut Random, markers: &Markers) -> (String, String) {
    let groups = random.some(GROUPS, 40);
    let extras = random.some(EXTRAS, 50);
    let in_project = random.percent(50);
    let python = if in_project {
        random.pick(REQUIRES_PYTHONS)
    } else {
        random.pick(PYTHONS)
    };

    let mut pyproject = String::new();
    let extra_line = |extra: &&str| format!("{extra} = [\"alpha\"]\n");
    let tables: String = extras.iter().map(extra_line).collect();
    if in_project {
        let optional = if extras.is_empty() {
            ""
        } else {
            "[project.optional-dependencies]\n"
        };
        let _ = write!(
            pyproject,
            "[project]\nname = \"random\"\nversion = \"1\"\nrequires-python = \"{python}\"\n\
             dependencies = [\"alpha\"]\n{optional}{tables}[tool.poetry]\npackage-mode = false\n"
        );
    } else {
        let header = if extras.is_empty() {
            ""
        } else {
            "[tool.poetry.extras]\n"
        };
        let _ = write!(
            pyproject,
            "[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\n\
             python = \"{python}\"\nalpha = {{version = \"*\", optional = true}}\n{header}{tables}"
        );
    }
    let in_groups_table = in_project && random.percent(50);
    if in_groups_table && !groups.is_empty() {
        pyproject.push_str("[dependency-groups]\n");
    }
    for group in &groups {
        if in_groups_table {
            let _ = writeln!(pyproject, "{group} = [\"beta\"]");
        } else {
            let optional = random.percent(30);
            let _ = write!(
                pyproject,
                "[tool.poetry.group.{group}]\noptional = {optional}\n\
                 [tool.poetry.group.{group}.dependencies]\nbeta = \"*\"\n"
            );
        }
    }
    for (name, priority) in [
        ("one", "primary"),
        ("two", "supplemental"),
        ("three", "explicit"),
    ] {
        let _ = write!(
            pyproject,
            "[[tool.poetry.source]]\nname = \"{name}\"\n\
             url = \"https://{name}.packages.example.com/simple/\"\npriority = \"{priority}\"\n"
        );
    }

    let mut all = vec!["main"];
    all.extend(&groups);
    let mut lock = header("2.5.1");
    let has_sources = random.percent(30);
    for name in NAMES {
        let versions = [0, 1, 1, 1, 1, 1, 2][random.below(7)];
        for version in ["1.0", "2.1.post1"].into_iter().take(versions) {
            let mut package_groups = random.some(&all, 50);
            if package_groups.is_empty() {
                package_groups.push(random.pick(&all));
            }
            package_groups.sort_unstable();
            package(random, &mut lock, (name, version), PACKAGE_PYTHONS);
            let _ = writeln!(lock, "groups = {}", json!(package_groups));
            let with_extras = !extras.is_empty() && random.percent(50);
            if random.percent(55) {
                let marker = markers.pick(random, with_extras);
                let _ = writeln!(lock, "markers = {}", json!(marker));
            } else if random.percent(50) {
                let rows: Vec<String> = random
                    .some(&package_groups, 75)
                    .iter()
                    .map(|group| {
                        let marker = markers.pick(random, with_extras && *group == "main");
                        format!("{} = {}", json!(group), json!(marker))
                    })
                    .collect();
                if !rows.is_empty() {
                    let _ = writeln!(lock, "markers = {{{}}}", rows.join(", "));
                }
            }
            package_files(random, &mut lock, name, version);
            package_source(random, &mut lock, name, has_sources);
            lock.push('\n');
        }
    }
    if !lock.contains("[[package]]") {
        lock.push_str("package = []\n\n");
    }
    metadata(&mut lock, &pyproject, &extras, python, "2.1");
    (pyproject, lock)
}

/// pyproject.toml and a lock of 2.0, whose packages depend on one another.
fn old_lock(random: &mut Random, markers: &Markers) -> (String, String) {
    let groups = random.some(GROUPS, 40);
    let extras = random.some(EXTRAS, 50);
    let python = random.pick(PYTHONS);
    let names = &NAMES[..4 + random.below(NAMES.len() - 4)];

    let mut pyproject = format!(
        "[tool.poetry]\nname = \"random\"\nversion = \"1\"\ndescription = \"\"\nauthors = []\n\
         [tool.poetry.dependencies]\npython = \"{python}\"\n"
    );
    let mut optional = Vec::new();
    for name in names {
        if random.percent(40) {
            let is_optional = !extras.is_empty() && random.percent(35);
            if is_optional {
                optional.push(*name);
            }
            root_dependency(random, markers, &mut pyproject, name, is_optional);
        }
    }
    let mut lock_extras = Vec::new();
    if !extras.is_empty() {
        pyproject.push_str("[tool.poetry.extras]\n");
        for extra in &extras {
            let extra_packages = random.some(&optional, 60);
            let _ = writeln!(pyproject, "{extra} = {}", json!(extra_packages));
            lock_extras.push((*extra, extra_packages));
        }
    }
    for group in &groups {
        let _ = writeln!(pyproject, "[tool.poetry.group.{group}.dependencies]");
        for name in random.some(names, 25) {
            root_dependency(random, markers, &mut pyproject, name, false);
        }
    }

    let mut lock = header("1.8.5");
    for name in names {
        package(random, &mut lock, (name, "1.0"), OLD_PACKAGE_PYTHONS);
        package_files(random, &mut lock, name, "1.0");
        let others: Vec<&str> = names
            .iter()
            .copied()
            .filter(|other| other != name)
            .collect();
        let (plain, extra_packages) = (random.some(&others, 11), random.some(&others, 7));
        let extra_packages: Vec<&str> = extra_packages
            .into_iter()
            .filter(|n| !plain.contains(n))
            .collect();
        if !plain.is_empty() || !extra_packages.is_empty() {
            lock.push_str("\n[package.dependencies]\n");
        }
        for other in &plain {
            let range = random.pick(&["*", ">=0.5", ">=1.0,<2.0"]);
            let mut dependency = vec![format!("version = \"{range}\"")];
            if random.percent(30) {
                dependency.push("extras = [\"x\"]".into());
            }
            if random.percent(40) {
                let marker = markers.pick(random, false);
                dependency.push(format!("markers = {}", json!(marker)));
            }
            let _ = writeln!(lock, "{other} = {{{}}}", dependency.join(", "));
        }
        for other in &extra_packages {
            let mut marker = "extra == \"x\"".to_owned();
            if random.percent(30) {
                marker = format!("({}) and extra == \"x\"", markers.pick(random, false));
            }
            let _ = writeln!(
                lock,
                "{other} = {{version = \"*\", optional = true, markers = {}}}",
                json!(marker)
            );
        }
        // Each package has the extra, often without a dependency.
        let _ = writeln!(lock, "\n[package.extras]\nx = {}\n", json!(extra_packages));
    }
    let _ = writeln!(lock, "[extras]");
    for (extra, names) in &lock_extras {
        let _ = writeln!(lock, "{extra} = {}", json!(names));
    }
    lock.push('\n');
    metadata(&mut lock, &pyproject, &[], python, "2.0");
    (pyproject, lock)
}

fn root_dependency(
    random: &mut Random,
    markers: &Markers,
    pyproject: &mut String,
    name: &str,
    optional: bool,
) {
    let mut dependency = vec![format!(
        "version = \"{}\"",
        random.pick(&["*", "^1.0", ">=0.1"])
    )];
    if optional {
        dependency.push("optional = true".into());
    }
    if random.percent(30) {
        dependency.push("extras = [\"x\"]".into());
    }
    if random.percent(35) {
        dependency.push(format!("markers = {}", json!(markers.pick(random, false))));
    } else if random.percent(20) {
        dependency.push(format!(
            "python = \"{}\"",
            random.pick(&[">=3.10", "<3.11", "^3.9"])
        ));
    }
    let _ = writeln!(pyproject, "{name} = {{{}}}", dependency.join(", "));
}

fn header(poetry: &str) -> String {
    format!(
        "# This file is automatically @generated by Poetry {poetry} and should not be changed by hand.\n\n"
    )
}

fn package(
    random: &mut Random,
    lock: &mut String,
    (name, version): (&str, &str),
    pythons: &[&str],
) {
    let (optional, python) = (random.percent(20), random.pick(pythons));
    let _ = write!(
        lock,
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"\"\n\
         optional = {optional}\npython-versions = \"{python}\"\n"
    );
}

fn package_files(random: &mut Random, lock: &mut String, name: &str, version: &str) {
    let count = random.below(3);
    let files: Vec<String> = (0..count)
        .map(|number| {
            let file = format!(
                "{}-{version}-{number}-py3-none-any.whl",
                name.replace('-', "_")
            );
            let hash = files::sha256(file.as_bytes());
            format!("{{file = \"{file}\", hash = \"sha256:{hash}\"}}")
        })
        .collect();
    let _ = writeln!(lock, "files = [{}]", files.join(", "));
}

fn package_source(random: &mut Random, lock: &mut String, name: &str, has_sources: bool) {
    let source = match random.below(20) {
        0 => format!(
            "type = \"git\"\nurl = \"https://git.example.com/{name}.git\"\nreference = \"main\"\n\
             resolved_reference = \"0123456789abcdef0123456789abcdef01234567\"\n"
        ),
        1 => format!("type = \"url\"\nurl = \"https://files.example.com/{name}.zip\"\n"),
        2 => format!("type = \"directory\"\nurl = \"libs/{name}\"\n"),
        3 => format!("type = \"file\"\nurl = \"wheels/{name}.whl\"\n"),
        4..10 if has_sources => {
            let source = random.pick(&["one", "two", "three"]);
            format!(
                "type = \"legacy\"\nurl = \"https://{source}.packages.example.com/simple\"\n\
                 reference = \"{source}\"\n"
            )
        }
        _ => return,
    };
    let _ = write!(lock, "\n[package.source]\n{source}");
}

fn metadata(lock: &mut String, pyproject: &str, extras: &[&str], python: &str, version: &str) {
    if !extras.is_empty() {
        lock.push_str("[extras]\n");
        for extra in extras {
            let _ = writeln!(lock, "{extra} = {}", Value::from(vec!["alpha"]));
        }
        lock.push('\n');
    }
    let hash = content_hash(pyproject);
    let _ = write!(
        lock,
        "[metadata]\nlock-version = \"{version}\"\npython-versions = \"{python}\"\n\
         content-hash = \"{hash}\"\n"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random::new(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(random.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn a_seed_gives_the_same_project() {
        let markers = Markers {
            texts: vec!["sys_platform == \"linux\"".into()],
            with_extras: vec!["extra == \"a\"".into()],
        };
        for make in [new_lock, old_lock] {
            assert_eq!(
                make(&mut Random::new(7), &markers),
                make(&mut Random::new(7), &markers)
            );
            assert_ne!(
                make(&mut Random::new(7), &markers),
                make(&mut Random::new(8), &markers)
            );
        }
    }
}
