//! What one target gets, as text that pip reads: requirements.txt, and pylock.toml
//! (PEP 751).
//!
//! Each package has the one file that was chosen for the target, so no marker is left,
//! and whoever installs from the text gets what the layer has.

use std::fmt::Write as _;
use std::path::Path;

use layerlock_lock::{LockedFile, LockedPackage, PackageSource};
use url::Url;

/// A package, and the file that was chosen for it. A directory and a commit have none.
#[derive(Debug, Clone)]
pub struct ExportedPackage {
    /// The package.
    pub package: LockedPackage,
    /// Its file.
    pub file: Option<LockedFile>,
}

/// What the packages are for.
#[derive(Debug, Clone)]
pub struct ExportTarget {
    /// The Python, such as `3.12`.
    pub python: String,
    /// The machine, as markers name it: `x86_64` or `aarch64`.
    pub machine: String,
}

/// How requirements.txt is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequirementsFormat {
    /// Whether hashes are left out.
    pub without_hashes: bool,
    /// Whether the URLs of indexes are left out.
    pub without_urls: bool,
}

/// requirements.txt for one target.
pub fn requirements(
    packages: &[ExportedPackage],
    target: &ExportTarget,
    format: RequirementsFormat,
) -> String {
    let ExportTarget { python, machine } = target;
    let mut text = format!("# by layerlock, for Python {python} on Linux, {machine}\n");
    let mut indexes: Vec<&str> = Vec::new();
    for ExportedPackage { package, .. } in packages {
        if let PackageSource::Registry {
            url: Some(url),
            reference: Some(_),
        } = &package.source
            && !indexes.contains(&url.as_str())
        {
            indexes.push(url);
        }
    }
    if !format.without_urls {
        for url in indexes {
            let _ = writeln!(text, "--extra-index-url {}", layerlock_url::shown(url));
        }
    }
    for exported in packages {
        text.push_str(&requirement(exported));
        if !format.without_hashes
            && let Some(file) = &exported.file
        {
            for digest in &file.digests {
                let _ = write!(text, " \\\n    --hash={digest}");
            }
        }
        text.push('\n');
    }
    text
}

/// A requirement without its hashes.
fn requirement(exported: &ExportedPackage) -> String {
    let package = &exported.package;
    let extras = match &package.extras[..] {
        [] => String::new(),
        extras => format!("[{}]", extras.join(",")),
    };
    let name = format!("{}{extras}", package.name);
    let with_fragment = |subdirectory: &Option<String>| match subdirectory {
        Some(subdirectory) => format!("#subdirectory={subdirectory}"),
        None => String::new(),
    };
    match &package.source {
        PackageSource::Registry { .. } => format!("{name}=={}", package.version),
        PackageSource::Git {
            url,
            commit,
            subdirectory,
            ..
        } => format!("{name} @ git+{url}@{commit}{}", with_fragment(subdirectory)),
        PackageSource::Url { url, subdirectory } => {
            format!("{name} @ {url}{}", with_fragment(subdirectory))
        }
        PackageSource::Directory { path, .. } => format!("{name} @ {}", file_url(path)),
        PackageSource::File { path, subdirectory } => {
            format!("{name} @ {}{}", file_url(path), with_fragment(subdirectory))
        }
    }
}

/// The URL of a path, which is made absolute.
fn file_url(path: &Path) -> String {
    let path: std::path::PathBuf = std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .components()
        .collect();
    match Url::from_file_path(&path) {
        Ok(url) => url.into(),
        Err(()) => path.display().to_string(),
    }
}

/// pylock.toml for one target.
pub fn pylock(packages: &[ExportedPackage], target: &ExportTarget) -> String {
    let ExportTarget { python, machine } = target;
    let mut text = String::from("lock-version = \"1.0\"\n");
    let environment = format!(
        "python_version == '{python}' and sys_platform == 'linux' and platform_machine == \
         '{machine}'"
    );
    let _ = writeln!(text, "environments = [{}]", quoted(&environment));
    let _ = writeln!(
        text,
        "requires-python = {}",
        quoted(&format!("=={python}.*"))
    );
    text.push_str("created-by = \"layerlock\"\n");
    for exported in packages {
        text.push_str(&package_table(exported));
    }
    text
}

fn package_table(exported: &ExportedPackage) -> String {
    let ExportedPackage { package, file } = exported;
    let mut text = format!("\n[[packages]]\nname = {}\n", quoted(package.name.as_str()));
    if !package.version.is_empty() && !matches!(package.source, PackageSource::Directory { .. }) {
        let _ = writeln!(text, "version = {}", quoted(&package.version));
    }
    match &package.source {
        PackageSource::Registry { url, .. } => {
            if let Some(url) = url {
                let _ = writeln!(text, "index = {}", quoted(&layerlock_url::shown(url)));
            }
            if let Some(file) = file {
                let table = file_table(file, None);
                if file.name.strip_suffix(".whl").is_some() {
                    let _ = writeln!(text, "wheels = [{table}]");
                } else {
                    let _ = writeln!(text, "sdist = {table}");
                }
            }
        }
        PackageSource::Git {
            url,
            reference,
            commit,
            subdirectory,
        } => {
            let mut pairs = vec![("type", "git"), ("url", url)];
            pairs.extend(reference.as_deref().map(|it| ("requested-revision", it)));
            pairs.push(("commit-id", commit));
            pairs.extend(subdirectory.as_deref().map(|it| ("subdirectory", it)));
            let _ = writeln!(text, "vcs = {}", inline(&pairs));
        }
        PackageSource::Directory { path, .. } => {
            let path = path.strip_prefix(".").unwrap_or(path);
            let path = path.display().to_string();
            let path = if path.is_empty() { "." } else { &path };
            let _ = writeln!(text, "directory = {}", inline(&[("path", path)]));
        }
        PackageSource::Url { url, subdirectory } => {
            let file = LockedFile {
                url: Some(url.clone()),
                ..file.clone().unwrap_or_else(nameless)
            };
            let table = file_table(&file, subdirectory.as_deref());
            let _ = writeln!(text, "archive = {table}");
        }
        PackageSource::File { path, subdirectory } => {
            let file = LockedFile {
                url: Some(file_url(path)),
                ..file.clone().unwrap_or_else(nameless)
            };
            let table = file_table(&file, subdirectory.as_deref());
            let _ = writeln!(text, "archive = {table}");
        }
    }
    text
}

/// A file that the lock knows nothing of.
fn nameless() -> LockedFile {
    LockedFile {
        name: String::new(),
        url: None,
        size: None,
        digests: Vec::new(),
        weak_hash: None,
    }
}

fn file_table(file: &LockedFile, subdirectory: Option<&str>) -> String {
    let mut parts = Vec::new();
    if let Some(url) = &file.url {
        // A file on this machine is named by its path.
        match Url::parse(url).ok().and_then(|url| local_path(&url)) {
            Some(path) => parts.push(format!("path = {}", quoted(&path))),
            None => parts.push(format!("url = {}", quoted(url))),
        }
    } else if !file.name.is_empty() {
        parts.push(format!("name = {}", quoted(&file.name)));
    }
    parts.extend(file.size.map(|size| format!("size = {size}")));
    parts.extend(subdirectory.map(|it| format!("subdirectory = {}", quoted(it))));
    let hashes: Vec<String> = file
        .digests
        .iter()
        .map(|digest| {
            let algorithm = digest.algorithm().name();
            format!("{algorithm} = {}", quoted(&digest.hex()))
        })
        .collect();
    parts.push(format!("hashes = {{ {} }}", hashes.join(", ")));
    format!("{{ {} }}", parts.join(", "))
}

fn local_path(url: &Url) -> Option<String> {
    let is_local = url.scheme() == "file";
    let path = is_local.then(|| url.to_file_path().ok()).flatten()?;
    Some(path.display().to_string())
}

fn inline(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key} = {}", quoted(value)))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use layerlock_diagnostic::Place;

    use super::*;

    fn package(name: &str, source: PackageSource) -> LockedPackage {
        LockedPackage {
            name: name.parse().unwrap(),
            version: "1.0".to_owned(),
            source,
            extras: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            place: Place {
                path: PathBuf::from("uv.lock"),
                line: 1,
                column: 1,
                span: 0..0,
            },
            requires_python: "*".to_owned(),
        }
    }

    fn file(name: &str, url: Option<&str>) -> LockedFile {
        LockedFile {
            name: name.to_owned(),
            url: url.map(str::to_owned),
            size: Some(7),
            digests: vec![format!("sha256:{}", "0".repeat(64)).parse().unwrap()],
            weak_hash: None,
        }
    }

    fn packages() -> Vec<ExportedPackage> {
        let registry = PackageSource::Registry {
            url: Some("https://user:hush@packages.example.com/simple".to_owned()),
            reference: Some("inner".to_owned()),
        };
        let git = PackageSource::Git {
            url: "https://git.example.com/b.git".to_owned(),
            reference: Some("v1".to_owned()),
            commit: "1".repeat(40),
            subdirectory: Some("sub".to_owned()),
        };
        let directory = PackageSource::Directory {
            path: PathBuf::from("./lib"),
            develop: true,
        };
        let wheel = file(
            "a-1.0-py3-none-any.whl",
            Some("https://files.example.com/a.whl"),
        );
        vec![
            ExportedPackage {
                package: LockedPackage {
                    extras: vec!["x".to_owned(), "y".to_owned()],
                    ..package("a", registry)
                },
                file: Some(wheel),
            },
            ExportedPackage {
                package: package("b", git),
                file: None,
            },
            ExportedPackage {
                package: package("c", directory),
                file: None,
            },
        ]
    }

    fn target() -> ExportTarget {
        ExportTarget {
            python: "3.12".to_owned(),
            machine: "x86_64".to_owned(),
        }
    }

    #[test]
    fn requirements_have_one_file_each_and_no_password() {
        let text = requirements(&packages(), &target(), RequirementsFormat::default());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1..4],
            [
                "--extra-index-url https://packages.example.com/simple",
                "a[x,y]==1.0 \\",
                &format!("    --hash=sha256:{}", "0".repeat(64)),
            ]
        );
        let commit = "1".repeat(40);
        let git = format!("b @ git+https://git.example.com/b.git@{commit}#subdirectory=sub");
        assert_eq!(lines[4], git);
        assert!(lines[5].starts_with("c @ file:///"), "{}", lines[5]);
        assert!(lines[5].ends_with("/lib"), "{}", lines[5]);
        let bare = RequirementsFormat {
            without_hashes: true,
            without_urls: true,
        };
        let text = requirements(&packages(), &target(), bare);
        assert!(!text.contains("--"), "{text}");
    }

    #[test]
    fn a_pylock_is_toml_that_says_what_it_is_for() {
        let text = pylock(&packages(), &target());
        let read: toml::Table = text.parse().unwrap();
        assert_eq!(read["requires-python"].as_str(), Some("==3.12.*"));
        let packages = read["packages"].as_array().unwrap();
        let wheel = &packages[0]["wheels"][0];
        assert_eq!(wheel["size"].as_integer(), Some(7));
        assert_eq!(wheel["hashes"]["sha256"].as_str(), Some(&*"0".repeat(64)));
        assert_eq!(
            packages[1]["vcs"]["requested-revision"].as_str(),
            Some("v1")
        );
        assert_eq!(packages[2]["directory"]["path"].as_str(), Some("lib"));
        assert!(!text.contains("hush"), "{text}");
    }
}
