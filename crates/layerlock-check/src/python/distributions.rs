//! The distributions that a layer has, as `importlib.metadata` finds them.

use std::sync::Arc;

use layerlock_target::Target;
use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{PackageName, Requirement};
use serde::{Deserialize, Serialize};

use crate::layer::{FileInLayer, Layer, LayerReader, ReadError};
use crate::{Code, Finding};

/// A distribution of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Distribution {
    pub(crate) name: PackageName,
    pub(crate) version: String,
    /// Its METADATA.
    pub(crate) path: String,
    pub(crate) requires: Vec<Requirement>,
    pub(crate) requires_python: Option<VersionSpecifiers>,
}

/// The distributions of a layer, sorted by name, and what is wrong with their metadata.
#[derive(Debug, Default)]
pub(crate) struct Distributions {
    pub(crate) all: Vec<Distribution>,
    pub(crate) findings: Vec<Finding>,
}

impl Distributions {
    /// Reads the metadata that the target's Python finds.
    pub(crate) fn read(layer: &Layer<'_>, target: &Target) -> Result<Self, ReadError> {
        let mut reader = layer.reader();
        let mut found = Self::default();
        for site in target.module_paths() {
            found.read_site(layer, &site, &mut reader)?;
        }
        let findings = found.findings;
        let mut found = Self::of(found.all);
        found.findings = [findings, found.doubled()].concat();
        Ok(found)
    }

    /// These distributions, of which nothing is to be said.
    pub(crate) fn of(mut all: Vec<Distribution>) -> Self {
        all.sort_by(|one, other| {
            (&one.name, &one.version, &one.path).cmp(&(&other.name, &other.version, &other.path))
        });
        Self {
            all,
            findings: Vec::new(),
        }
    }

    fn read_site<'a>(
        &mut self,
        layer: &Layer<'a>,
        site: &str,
        reader: &mut LayerReader<'a>,
    ) -> Result<(), ReadError> {
        let mut directory_before = "";
        for file in layer.below(site) {
            let rest = &file.path[site.len() + 1..];
            let Some((directory, name)) = rest.split_once('/') else {
                continue;
            };
            let is_first = directory_before != directory;
            directory_before = directory;
            if !directory.ends_with(".dist-info") {
                if directory.ends_with(".egg-info") && name == "PKG-INFO" {
                    self.take(file, &reader.text(file)?);
                }
                continue;
            }
            if name == "METADATA" {
                self.take(file, &reader.text(file)?);
            } else if is_first && !layer.has(&format!("{site}/{directory}/METADATA")) {
                self.findings.push(incomplete(file, "METADATA is missing"));
            }
        }
        Ok(())
    }

    fn take(&mut self, file: &FileInLayer<'_>, text: &str) {
        let headers = Headers(text);
        let name = headers.first("Name").and_then(|name| name.parse().ok());
        let (Some(name), Some(version)) = (name, headers.first("Version")) else {
            self.findings
                .push(incomplete(file, "it lacks a name or a version"));
            return;
        };
        let requires = headers.all("Requires-Dist");
        self.all.push(Distribution {
            name,
            version: version.to_owned(),
            path: file.path.to_string(),
            // What cannot be read, pip would not have installed.
            requires: requires.filter_map(|text| text.parse().ok()).collect(),
            requires_python: headers
                .first("Requires-Python")
                .and_then(|text| text.parse().ok()),
        });
    }

    /// The first distribution of a name.
    pub(crate) fn find(&self, name: &PackageName) -> Option<&Distribution> {
        let at = self.all.partition_point(|one| one.name < *name);
        self.all.get(at).filter(|one| one.name == *name)
    }

    fn doubled(&self) -> Vec<Finding> {
        let pairs = self.all.windows(2).filter_map(|pair| {
            let [one, other] = pair else { return None };
            (one.name == other.name).then_some((one, other))
        });
        let finding = |(one, other): (&Distribution, &Distribution)| {
            let name = &one.name;
            let finding = if one.version == other.version {
                let message = format!(
                    "the metadata of {name} {} is there twice: {} and {}",
                    one.version, one.path, other.path
                );
                Finding::new(Code::DistInfoDoubled, message)
            } else {
                let message = format!(
                    "{name} is there in two versions, {} and {}: {} and {}",
                    one.version, other.version, one.path, other.path
                );
                Finding::new(Code::TwoVersions, message).with_expected(
                    &format!("{} and {}", one.version, other.version),
                    "one of them",
                )
            };
            finding
                .with_package(name)
                .with_path(&other.path)
                .with_hint("install the packages into an empty directory, each of them once")
        };
        pairs.map(finding).collect()
    }

    /// Tells whose the files are by the RECORD of each distribution (PEP 376, PEP 627).
    pub(crate) fn claim(&self, layer: &mut Layer<'_>) -> Result<(), ReadError> {
        let mut reader = layer.reader();
        for one in &self.all {
            let Some(dist_info) = one.path.strip_suffix("/METADATA") else {
                continue;
            };
            let Some(record) = layer.find(&format!("{dist_info}/RECORD")) else {
                continue;
            };
            let text = reader.text(record)?;
            let site = dist_info.rsplit_once('/').map_or("", |(site, _)| site);
            let owner: Arc<str> = format!("{} {}", one.name, one.version).into();
            for line in text.lines() {
                if let Some(path) = resolved(site, recorded_path(line)) {
                    layer.set_owner(&path, &owner);
                }
            }
        }
        Ok(())
    }
}

fn incomplete(file: &FileInLayer<'_>, what: &str) -> Finding {
    let directory = file.path.rsplit_once('/').map_or("", |(it, _)| it);
    Finding::new(
        Code::DistInfoIncomplete,
        format!("{directory} does not tell what it is of: {what}"),
    )
    .about(file.package(), Some(&file.path))
    .with_hint("install the package anew: importlib.metadata and plugins need its metadata")
}

/// The first field of a line of CSV.
fn recorded_path(line: &str) -> &str {
    match line.strip_prefix('"') {
        Some(rest) => rest.split("\",").next().unwrap_or(rest),
        None => line.split(',').next().unwrap_or(line),
    }
}

/// A path that is relative to a directory of the layer.
fn resolved(directory: &str, path: &str) -> Option<String> {
    if !path.starts_with("../") {
        return Some(format!("{directory}/{path}"));
    }
    let mut parts: Vec<&str> = directory.split('/').collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The headers of METADATA: those of an e-mail, which end at the first empty line.
struct Headers<'t>(&'t str);

impl<'t> Headers<'t> {
    fn all(&self, key: &str) -> impl Iterator<Item = &'t str> {
        let lines = self.0.lines().take_while(|line| !line.trim().is_empty());
        lines.filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(key).then_some(value.trim())
        })
    }

    fn first(&self, key: &str) -> Option<&'t str> {
        self.all(key).next()
    }
}

impl Distribution {
    /// The version, where it is one.
    pub(crate) fn parsed_version(&self) -> Option<Version> {
        self.version.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_name_files_from_their_site_packages_on() {
        for (line, path) in [
            ("a/b.py,sha256=x,1", Some("python/a/b.py")),
            ("\"a,b.py\",sha256=x,1", Some("python/a,b.py")),
            ("../bin/a,sha256=x,1", Some("bin/a")),
            ("../../../a,,", None),
        ] {
            assert_eq!(
                resolved("python", recorded_path(line)).as_deref(),
                path,
                "{line}"
            );
        }
    }

    #[test]
    fn headers_end_at_the_first_empty_line() {
        let headers = Headers("Name: a\nrequires-dist: b\nRequires-Dist:c>1\n\nRequires-Dist: d\n");
        assert_eq!(headers.first("name"), Some("a"));
        assert_eq!(
            headers.all("Requires-Dist").collect::<Vec<_>>(),
            ["b", "c>1"]
        );
    }
}
