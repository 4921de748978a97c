//! A wheel of the command, as pip reads it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::project::{COMPLETIONS, MAN_PAGES};
use super::sbom;
use crate::checks::Problems;
use crate::files;
use crate::repository;

/// One file of it.
pub(crate) struct Member {
    pub(crate) mode: u32,
    pub(crate) bytes: Vec<u8>,
}

/// The file, read.
pub(crate) struct Wheel {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    members: BTreeMap<String, Member>,
}

impl Wheel {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let file = fs_err::File::open(path)?;
        let size = file.metadata()?.len();
        let mut archive = ZipArchive::new(file)?;
        let mut members = BTreeMap::new();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index)?;
            let name = member.name()?.into_owned();
            let mode = member.unix_mode().unwrap_or(0) & 0o777;
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes)?;
            if !name.ends_with('/') {
                members.insert(name, Member { mode, bytes });
            }
        }
        Ok(Self {
            path: path.to_owned(),
            size,
            members,
        })
    }

    /// The name of its file.
    pub(crate) fn name(&self) -> String {
        files::name(&self.path)
    }

    /// Its files, by path.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&String, &Member)> {
        self.members.iter()
    }

    /// The file with this path, in which `{}` stands for the name and the version.
    pub(crate) fn member(&self, path: &str) -> Result<&Member> {
        let path = path.replace("{}", &stem()?);
        let member = self.members.get(&path);
        member.with_context(|| format!("{} has no {path}", self.name()))
    }

    fn text(&self, path: &str) -> Result<String> {
        Ok(String::from_utf8(self.member(path)?.bytes.clone())?)
    }

    /// The command.
    pub(crate) fn binary(&self) -> Result<&Member> {
        self.member("{}.data/scripts/layerlock")
    }

    /// It has what a wheel of the command must have.
    pub(crate) fn judge(&self, problems: &mut Problems) -> Result<()> {
        let metadata = self.text("{}.dist-info/METADATA")?;
        for line in [
            "Name: layerlock".to_owned(),
            format!("Version: {}", version()?),
            "License-Expression: MIT OR Apache-2.0".to_owned(),
            "License-File: LICENSE-APACHE".to_owned(),
            "License-File: LICENSE-MIT".to_owned(),
            "Requires-Python: >=3.8".to_owned(),
            "# layerlock".to_owned(),
        ] {
            problems.hold(metadata.lines().any(|other| other == line), || {
                format!("METADATA has no line {line:?}")
            });
        }
        problems.hold(!metadata.contains("Requires-Dist"), || {
            "METADATA requires other packages".to_owned()
        });
        // Such links lead nowhere on the page of an index.
        problems.hold(!metadata.contains("](docs/"), || {
            "METADATA has links to files of this repository".to_owned()
        });
        self.judge_tags(problems)?;
        self.judge_entry_points(problems)?;
        for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let own = fs_err::read(repository::root().join(license))?;
            let inside = self.member(&format!("{{}}.dist-info/licenses/{license}"))?;
            problems.hold(inside.bytes == own, || format!("{license} is another"));
        }
        for module in ["__init__.py", "__main__.py", "py.typed"] {
            self.member(&format!("layerlock/{module}"))?;
        }
        for (_, path) in COMPLETIONS {
            let script = self.text(&format!("{{}}.data/data/{path}"))?;
            problems.hold(script.contains("promote"), || {
                format!("{path} does not complete promote")
            });
        }
        for page in ["layerlock.1", "layerlock-build.1"] {
            self.member(&format!("{{}}.data/data/{MAN_PAGES}/{page}"))?;
        }
        problems.equal("the binary's mode", self.binary()?.mode, 0o755);
        self.judge_sbom(problems)?;
        self.judge_record(problems)
    }

    /// The tags are those of the file's name, one for each platform.
    fn judge_tags(&self, problems: &mut Problems) -> Result<()> {
        let text = self.text("{}.dist-info/WHEEL")?;
        let mut tags: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("Tag: "))
            .map(str::to_owned)
            .collect();
        tags.sort();
        let mut named: Vec<String> = self
            .platform()?
            .split('.')
            .map(|platform| format!("py3-none-{platform}"))
            .collect();
        named.sort();
        problems.equal("the list of tags in WHEEL", tags, named);
        problems.hold(text.contains("Root-Is-Purelib: false\n"), || {
            "WHEEL says that there is no binary".to_owned()
        });
        Ok(())
    }

    /// The platforms of the file's name, with dots between them.
    pub(crate) fn platform(&self) -> Result<String> {
        let name = self.name();
        let start = format!("{}-py3-none-", stem()?);
        let platform = name
            .strip_prefix(&start)
            .and_then(|rest| rest.strip_suffix(".whl"));
        let platform = platform.with_context(|| format!("{name} is no {start}PLATFORM.whl"))?;
        Ok(platform.to_owned())
    }

    /// Other tools find what `python/pyproject.toml` names.
    fn judge_entry_points(&self, problems: &mut Problems) -> Result<()> {
        let pyproject = repository::root().join("python/pyproject.toml");
        let pyproject: toml::Table = toml::from_str(&fs_err::read_to_string(pyproject)?)?;
        let groups = pyproject["project"].get("entry-points");
        let groups = groups.and_then(toml::Value::as_table);
        let text = self.text("{}.dist-info/entry_points.txt");
        let text = text.unwrap_or_default();
        for (group, entries) in groups.into_iter().flatten() {
            for (name, object) in entries.as_table().into_iter().flatten() {
                let object = object.as_str().context("an entry point that is no text")?;
                let is_there = text.contains(&format!("[{group}]\n"))
                    && text.contains(&format!("{name}={object}\n"));
                problems.hold(is_there, || {
                    format!("entry_points.txt has no {name}={object} in [{group}]: {text}")
                });
                let module = object.split(':').next().unwrap_or_default();
                let module = module.replace('.', "/");
                let is_module = ["", "/__init__"]
                    .iter()
                    .any(|end| self.members.contains_key(&format!("{module}{end}.py")));
                problems.hold(is_module, || {
                    format!("the wheel has no module for {object}")
                });
            }
        }
        Ok(())
    }

    /// One list of crates, which names the command and those it is made of.
    fn judge_sbom(&self, problems: &mut Problems) -> Result<()> {
        let lists: Vec<(&String, &Member)> = self
            .members()
            .filter(|(name, _)| sbom::is_sbom(name))
            .collect();
        problems.equal("the number of SBOMs", lists.len(), 1);
        for (name, list) in lists {
            let list: serde_json::Value = serde_json::from_slice(&list.bytes)?;
            problems.hold(list["bomFormat"] == "CycloneDX", || {
                format!("{name} is no list of CycloneDX")
            });
            let components = list["components"].as_array();
            let names = components.into_iter().flatten().map(|one| &one["name"]);
            for component in ["layerlock-install", "reqwest"] {
                problems.hold(names.clone().any(|name| name == component), || {
                    format!("{name} does not name {component}")
                });
            }
        }
        let checkout = format!("{}/", repository::root().display());
        for (name, member) in self.members().filter(|(name, _)| sbom::is_sbom(name)) {
            let names_it = contains(&member.bytes, checkout.as_bytes());
            problems.hold(!names_it, || format!("{name} names {checkout}"));
        }
        Ok(())
    }

    /// RECORD lists each file with its hash and size, and nothing else.
    fn judge_record(&self, problems: &mut Problems) -> Result<()> {
        let record = format!("{}.dist-info/RECORD", stem()?);
        let mut must: Vec<String> = self
            .members()
            .map(|(name, member)| {
                if *name == record {
                    return format!("{name},,");
                }
                let digest = BASE64URL_NOPAD.encode(&Sha256::digest(&member.bytes));
                format!("{name},sha256={digest},{}", member.bytes.len())
            })
            .collect();
        must.sort();
        let text = self.text("{}.dist-info/RECORD")?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        problems.equal("RECORD", lines, must);
        Ok(())
    }
}

/// The version of the workspace, which is that of the command.
pub(crate) fn version() -> Result<String> {
    let manifest = fs_err::read_to_string(repository::root().join("Cargo.toml"))?;
    let manifest: toml::Table = toml::from_str(&manifest)?;
    let version = manifest["workspace"]["package"]["version"].as_str();
    Ok(version.context("Cargo.toml has no version")?.to_owned())
}

fn stem() -> Result<String> {
    Ok(format!("layerlock-{}", version()?))
}

/// Whether these bytes stand in those.
pub(crate) fn contains(bytes: &[u8], searched: &[u8]) -> bool {
    bytes
        .windows(searched.len())
        .any(|window| window == searched)
}
