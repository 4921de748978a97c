//! A Poetry 2 project in a temporary directory, whose lock names given wheels.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Wheel, content_hash, normalise_name};

/// A `[[package]]` of the lock, and its dependency line in pyproject.toml.
#[derive(Debug, Clone)]
pub struct LockedPackage {
    name: String,
    version: String,
    files: Vec<(String, String)>,
    groups: Vec<String>,
    markers: Option<String>,
    group_markers: BTreeMap<String, String>,
    extra: Option<String>,
    source: Option<String>,
    requires: Vec<(String, String)>,
    transitive: bool,
}

impl LockedPackage {
    /// A package of the main group, without files so far.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: normalise_name(name),
            version: version.to_owned(),
            files: Vec::new(),
            groups: vec!["main".to_owned()],
            markers: None,
            group_markers: BTreeMap::new(),
            extra: None,
            source: None,
            requires: Vec::new(),
            transitive: false,
        }
    }

    /// One more file of this version: another platform's wheel.
    #[must_use]
    pub fn wheel(self, wheel: &Wheel) -> Self {
        self.file(&wheel.file_name, &wheel.sha256)
    }

    /// One more file, of which only name and hash are known, true or not.
    #[must_use]
    pub fn file(mut self, file_name: &str, sha256: &str) -> Self {
        let hash = format!("sha256:{sha256}");
        self.files.push((file_name.to_owned(), hash));
        self
    }

    /// The groups it belongs to, instead of main.
    #[must_use]
    pub fn groups(mut self, groups: &[&str]) -> Self {
        self.groups = groups.iter().map(|&group| group.to_owned()).collect();
        self
    }

    /// The marker it has in every group.
    #[must_use]
    pub fn markers(mut self, marker: &str) -> Self {
        self.markers = Some(marker.to_owned());
        self
    }

    /// The marker it has in one group; groups without one have it always.
    #[must_use]
    pub fn group_marker(mut self, group: &str, marker: &str) -> Self {
        self.group_markers
            .insert(group.to_owned(), marker.to_owned());
        self
    }

    /// Belongs to this extra of the project: optional, in
    /// `[project.optional-dependencies]`, with the marker `extra == "..."`.
    #[must_use]
    pub fn extra(mut self, extra: &str) -> Self {
        self.extra = Some(extra.to_owned());
        self
    }

    /// Locked from the source of this name, see [`ProjectBuilder::source`].
    #[must_use]
    pub fn source(mut self, source: &str) -> Self {
        self.source = Some(source.to_owned());
        self
    }

    /// A line in its `[package.dependencies]`.
    #[must_use]
    pub fn requires(mut self, name: &str, constraint: &str) -> Self {
        self.requires.push((name.to_owned(), constraint.to_owned()));
        self
    }

    /// Brought in by another package: no line in pyproject.toml.
    #[must_use]
    pub fn transitive(mut self) -> Self {
        self.transitive = true;
        self
    }
}

impl From<&Wheel> for LockedPackage {
    fn from(wheel: &Wheel) -> Self {
        Self::new(&wheel.name, &wheel.version).wheel(wheel)
    }
}

impl From<&LockedPackage> for LockedPackage {
    fn from(package: &LockedPackage) -> Self {
        package.clone()
    }
}

/// Writes a [`TestProject`].
#[derive(Debug, Clone)]
pub struct ProjectBuilder {
    name: String,
    requires_python: String,
    packages: Vec<LockedPackage>,
    dependencies: Vec<String>,
    optional_groups: BTreeSet<String>,
    sources: Vec<(String, String, String)>,
    pyproject_end: String,
    lock_packages: String,
    content_hash: Option<String>,
    poetry_version: String,
    package_mode: bool,
}

impl ProjectBuilder {
    /// A project for Python `>=3.10,<4.0` without dependencies.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            requires_python: ">=3.10,<4.0".to_owned(),
            packages: Vec::new(),
            dependencies: Vec::new(),
            optional_groups: BTreeSet::new(),
            sources: Vec::new(),
            pyproject_end: String::new(),
            lock_packages: String::new(),
            content_hash: None,
            poetry_version: "2.5.1".to_owned(),
            package_mode: false,
        }
    }

    /// `requires-python`.
    #[must_use]
    pub fn requires_python(mut self, specifier: &str) -> Self {
        specifier.clone_into(&mut self.requires_python);
        self
    }

    /// `package-mode = true`: the project is a package itself.
    #[must_use]
    pub fn package_mode(mut self) -> Self {
        self.package_mode = true;
        self
    }

    /// A requirement of the project as it stands in pyproject.toml (PEP 508), beside those
    /// that the packages make.
    #[must_use]
    pub fn dependency(mut self, requirement: &str) -> Self {
        self.dependencies.push(requirement.to_owned());
        self
    }

    /// One more package: a `&Wheel` for the main group, or a
    /// [`LockedPackage`] with details.
    #[must_use]
    pub fn package(mut self, package: impl Into<LockedPackage>) -> Self {
        self.packages.push(package.into());
        self
    }

    /// Makes a group optional, or adds an empty one.
    #[must_use]
    pub fn optional_group(mut self, group: &str) -> Self {
        self.optional_groups.insert(group.to_owned());
        self
    }

    /// A `[[tool.poetry.source]]`; `priority` is `primary`, `supplemental` or
    /// `explicit`.
    #[must_use]
    pub fn source(mut self, name: &str, url: &str, priority: &str) -> Self {
        self.sources
            .push((name.to_owned(), url.to_owned(), priority.to_owned()));
        self
    }

    /// TOML for the end of pyproject.toml, e.g. a `[tool.layerlock]` table. It
    /// counts for the content-hash where Poetry would count it.
    #[must_use]
    pub fn pyproject(mut self, toml: &str) -> Self {
        self.pyproject_end.push('\n');
        self.pyproject_end.push_str(toml);
        self
    }

    /// TOML for the lock, after its other packages: whole `[[package]]` tables
    /// of shapes that [`LockedPackage`] has not.
    #[must_use]
    pub fn lock_packages(mut self, toml: &str) -> Self {
        self.lock_packages.push_str(toml);
        self.lock_packages.push('\n');
        self
    }

    /// This content-hash instead of the right one: the lock is stale.
    #[must_use]
    pub fn content_hash(mut self, hash: &str) -> Self {
        self.content_hash = Some(hash.to_owned());
        self
    }

    /// The version of Poetry that the lock's first line names.
    #[must_use]
    pub fn poetry_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.poetry_version);
        self
    }

    /// The text of pyproject.toml.
    pub fn pyproject_text(&self) -> String {
        let mut text = format!(
            "[project]\nname = {}\nversion = \"0.1.0\"\nrequires-python = {}\n",
            quoted(&self.name),
            quoted(&self.requires_python),
        );
        text.push_str("dependencies = [\n");
        for requirement in &self.dependencies {
            let _ = writeln!(text, "    {},", quoted(requirement));
        }
        for package in self
            .direct("main")
            .filter(|package| package.extra.is_none())
        {
            let _ = writeln!(text, "    {},", quoted(&requirement(package, "main")));
        }
        text.push_str("]\n");

        let extras = self.packages.iter().filter_map(|p| p.extra.clone());
        let extras: BTreeSet<String> = extras.collect();
        if !extras.is_empty() {
            text.push_str("\n[project.optional-dependencies]\n");
        }
        for extra in &extras {
            let of_extra = self
                .direct("main")
                .filter(|package| package.extra.as_ref() == Some(extra))
                .map(|package| quoted(&requirement(package, "main")));
            let of_extra: Vec<String> = of_extra.collect();
            let _ = writeln!(text, "{} = [{}]", quoted(extra), of_extra.join(", "));
        }

        let _ = writeln!(
            text,
            "\n[tool.poetry]\npackage-mode = {}",
            self.package_mode
        );
        for group in self.groups() {
            if group == "main" {
                continue;
            }
            let key = quoted(&group);
            if self.optional_groups.contains(&group) {
                let _ = writeln!(text, "\n[tool.poetry.group.{key}]\noptional = true");
            }
            let _ = writeln!(text, "\n[tool.poetry.group.{key}.dependencies]");
            for package in self.direct(&group) {
                let mut value = format!("{{version = {}", quoted(&package.version));
                if let Some(marker) = marker(package, &group) {
                    let _ = write!(value, ", markers = {}", quoted(marker));
                }
                let _ = writeln!(text, "{} = {value}}}", quoted(&package.name));
            }
        }
        for (name, url, priority) in &self.sources {
            let (name, url, priority) = (quoted(name), quoted(url), quoted(priority));
            let _ = writeln!(
                text,
                "\n[[tool.poetry.source]]\nname = {name}\nurl = {url}\npriority = {priority}"
            );
        }
        text.push_str(&self.pyproject_end);
        text
    }

    /// The text of poetry.lock, lock version 2.1.
    ///
    /// # Panics
    ///
    /// Where pyproject.toml, with what [`pyproject`](Self::pyproject) added, is
    /// no TOML, or a package's source was never declared.
    pub fn lock_text(&self) -> String {
        let mut text = format!(
            "# This file is automatically @generated by Poetry {} and should not be changed by hand.\n",
            self.poetry_version
        );
        let mut packages: Vec<&LockedPackage> = self.packages.iter().collect();
        packages.sort_by_key(|package| (&package.name, &package.version));
        for package in packages {
            self.lock_package(&mut text, package);
        }
        if self.packages.is_empty() && self.lock_packages.is_empty() {
            text.push_str("package = []\n");
        }
        text.push_str(&self.lock_packages);
        let extras = self.packages.iter().filter(|p| p.extra.is_some());
        let mut by_extra: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for package in extras {
            let extra = package.extra.as_deref().unwrap_or_default();
            by_extra
                .entry(extra)
                .or_default()
                .push(quoted(&package.name));
        }
        if !by_extra.is_empty() {
            text.push_str("\n[extras]\n");
        }
        for (extra, mut names) in by_extra {
            names.sort();
            let _ = writeln!(text, "{} = [{}]", quoted(extra), names.join(", "));
        }
        let hash = self
            .content_hash
            .clone()
            .unwrap_or_else(|| content_hash(&self.pyproject_text()));
        let _ = write!(
            text,
            "\n[metadata]\nlock-version = \"2.1\"\npython-versions = {}\ncontent-hash = {}\n",
            quoted(&self.requires_python),
            quoted(&hash),
        );
        text
    }

    /// Writes the project into a new temporary directory, which goes with it.
    ///
    /// # Panics
    ///
    /// Where the directory cannot be made, and as [`lock_text`](Self::lock_text).
    pub fn write(&self) -> TestProject {
        let directory = tempfile::tempdir().expect("a temporary directory");
        self.write_to(directory.path());
        TestProject { directory }
    }

    /// Writes pyproject.toml and poetry.lock into this directory, made if missing.
    ///
    /// # Panics
    ///
    /// Where they cannot be written, and as [`lock_text`](Self::lock_text).
    pub fn write_to(&self, directory: &Path) {
        fs_err::create_dir_all(directory).expect("a directory for the project");
        fs_err::write(directory.join("pyproject.toml"), self.pyproject_text())
            .expect("pyproject.toml can be written");
        fs_err::write(directory.join("poetry.lock"), self.lock_text())
            .expect("poetry.lock can be written");
    }

    fn direct(&self, group: &str) -> impl Iterator<Item = &LockedPackage> {
        self.packages
            .iter()
            .filter(move |package| !package.transitive && package.groups.iter().any(|g| g == group))
    }

    fn groups(&self) -> BTreeSet<String> {
        let used = self.packages.iter().flat_map(|package| &package.groups);
        used.chain(&self.optional_groups).cloned().collect()
    }

    fn lock_package(&self, text: &mut String, package: &LockedPackage) {
        let mut groups: Vec<String> = package.groups.iter().map(|group| quoted(group)).collect();
        groups.sort();
        let _ = write!(
            text,
            "\n[[package]]\nname = {}\nversion = {}\ndescription = \"\"\noptional = {}\n\
             python-versions = \"*\"\ngroups = [{}]\n",
            quoted(&package.name),
            quoted(&package.version),
            package.extra.is_some(),
            groups.join(", "),
        );
        if let Some(marker) = lock_marker(package) {
            let _ = writeln!(text, "markers = {marker}");
        }
        let mut files = package.files.clone();
        files.sort();
        text.push_str("files = [");
        for (file, hash) in &files {
            let (file, hash) = (quoted(file), quoted(hash));
            let _ = write!(text, "\n    {{file = {file}, hash = {hash}}},");
        }
        text.push_str(if files.is_empty() { "]\n" } else { "\n]\n" });
        if !package.requires.is_empty() {
            text.push_str("\n[package.dependencies]\n");
        }
        for (name, constraint) in &package.requires {
            let _ = writeln!(text, "{} = {}", quoted(name), quoted(constraint));
        }
        if let Some(source) = &package.source {
            let found = self.sources.iter().find(|(name, ..)| name == source);
            let (_, url, _) = found.unwrap_or_else(|| panic!("no source {source:?} declared"));
            let _ = write!(
                text,
                "\n[package.source]\ntype = \"legacy\"\nurl = {}\nreference = {}\n",
                quoted(url.trim_end_matches('/')),
                quoted(source),
            );
        }
    }
}

/// A project on disk, removed when dropped.
#[derive(Debug)]
pub struct TestProject {
    directory: TempDir,
}

impl TestProject {
    /// The project's directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Its pyproject.toml.
    pub fn pyproject(&self) -> PathBuf {
        self.path().join("pyproject.toml")
    }

    /// Its poetry.lock.
    pub fn lock(&self) -> PathBuf {
        self.path().join("poetry.lock")
    }
}

/// The package as a PEP 508 requirement, in Poetry's style.
fn requirement(package: &LockedPackage, group: &str) -> String {
    let base = format!("{} (=={})", package.name, package.version);
    match marker(package, group) {
        Some(marker) => format!("{base} ; {marker}"),
        None => base,
    }
}

fn marker<'a>(package: &'a LockedPackage, group: &str) -> Option<&'a str> {
    let marker = package.markers.as_ref();
    let marker = marker.or_else(|| package.group_markers.get(group));
    marker.map(String::as_str)
}

/// The value of `markers` in the lock: one text, or a table by group.
fn lock_marker(package: &LockedPackage) -> Option<String> {
    let extra = package
        .extra
        .as_ref()
        .map(|extra| format!("extra == \"{extra}\""));
    match (&package.markers, extra) {
        (Some(marker), Some(extra)) => Some(quoted(&format!("({marker}) and {extra}"))),
        (Some(marker), None) => Some(quoted(marker)),
        (None, Some(extra)) => Some(quoted(&extra)),
        (None, None) if package.group_markers.is_empty() => None,
        (None, None) => {
            let rows = package.group_markers.iter();
            let rows =
                rows.map(|(group, marker)| format!("{} = {}", quoted(group), quoted(marker)));
            Some(format!("{{{}}}", rows.collect::<Vec<_>>().join(", ")))
        }
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::WheelBuilder;

    #[test]
    fn both_files_are_toml_and_agree() {
        let wheel = WheelBuilder::new("Foo.Bar", "1.0").build();
        let other = WheelBuilder::new("extra-thing", "2.0").build();
        let project = ProjectBuilder::new("shop")
            .source("company", "https://packages.example.com/simple/", "primary")
            .optional_group("docs")
            .package(&wheel)
            .package(LockedPackage::from(&other).extra("more").source("company"))
            .package(
                LockedPackage::new("both", "3")
                    .file("both-3-py3-none-any.whl", &"0".repeat(64))
                    .groups(&["main", "dev"])
                    .group_marker("dev", "sys_platform == \"linux\"")
                    .requires("foo-bar", ">=1"),
            )
            .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n")
            .write();
        let read = |path: PathBuf| -> Value {
            toml::from_str(&fs_err::read_to_string(path).unwrap()).unwrap()
        };
        let pyproject = read(project.pyproject());
        assert_eq!(
            pyproject["project"]["dependencies"],
            json!(["foo-bar (==1.0)", "both (==3)"])
        );
        assert_eq!(
            pyproject["project"]["optional-dependencies"]["more"],
            json!(["extra-thing (==2.0)"])
        );
        assert_eq!(pyproject["tool"]["layerlock"]["runtime"], "python3.12");
        let groups = &pyproject["tool"]["poetry"]["group"];
        assert_eq!(groups["docs"]["optional"], true);
        assert_eq!(
            groups["dev"]["dependencies"]["both"]["markers"],
            "sys_platform == \"linux\""
        );

        let lock = read(project.lock());
        let packages = lock["package"].as_array().unwrap();
        assert_eq!(packages.len(), 3);
        assert_eq!(packages[0]["groups"], json!(["dev", "main"]));
        assert_eq!(
            packages[0]["markers"],
            json!({"dev": "sys_platform == \"linux\""})
        );
        assert_eq!(packages[1]["markers"], "extra == \"more\"");
        assert_eq!(
            packages[1]["source"]["url"],
            "https://packages.example.com/simple"
        );
        assert_eq!(
            packages[2]["files"],
            json!([{"file": wheel.file_name, "hash": format!("sha256:{}", wheel.sha256)}])
        );
        assert_eq!(lock["extras"], json!({"more": ["extra-thing"]}));
        let text = fs_err::read_to_string(project.pyproject()).unwrap();
        assert_eq!(lock["metadata"]["content-hash"], content_hash(&text));
    }
}
