//! Which of the locked packages a target gets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use layerlock_target::{Language, Target};

use crate::lock::{Entry, name_of, parent};
use crate::platform::{NodePlatform, Unfit};
use crate::tree::Tree;
use crate::{Error, Integrity, NpmProject, Omit};

/// The packages of a layer, by their places.
#[derive(Debug, Clone)]
pub struct NpmSelected {
    /// Sorted by place.
    pub packages: Vec<Locked>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// A package in its place.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Where it lies: `node_modules/a/node_modules/b`.
    pub place: String,
    /// The package's own name.
    pub name: String,
    /// The locked version.
    pub version: String,
    /// Where its files come from.
    pub source: NpmSource,
    /// Whether npm would run a script of it.
    pub has_install_script: bool,
    /// The packages of this lock that it can do without, and that the target has.
    pub optional: Vec<String>,
}

/// Where the files of a package come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NpmSource {
    /// A tarball with these digests.
    Tarball {
        /// What the lock says of its bytes.
        integrity: Integrity,
        /// Its URL, or its path from the project's folder on; none where the lock
        /// leaves that to the registry.
        resolved: Option<String>,
    },
    /// A folder of the project, which is copied.
    Folder(PathBuf),
}

impl NpmProject {
    /// The packages that a target gets, without those of the kinds in `omit`.
    pub fn select(&self, omit: &[Omit], target: &Target) -> Result<NpmSelected, Error> {
        if !target.runtime.language().runs(Language::Node) {
            return Err(Error::NotNode {
                runtime: target.runtime,
            });
        }
        let selection = Selection {
            project: self,
            platform: NodePlatform::of(target),
            tree: Tree::new(&self.packages),
            target,
            omit,
        };
        selection.run()
    }
}

struct Selection<'l> {
    project: &'l NpmProject,
    platform: NodePlatform,
    tree: Tree<'l>,
    target: &'l Target,
    omit: &'l [Omit],
}

impl<'l> Selection<'l> {
    fn run(&self) -> Result<NpmSelected, Error> {
        let packages = &self.project.packages;
        let mut warnings = Vec::new();
        let mut left_out: BTreeSet<&str> = BTreeSet::new();
        let is_kept = |(place, entry): &(&String, &Entry)| {
            place.contains("node_modules/") && !is_omitted(entry, self.omit)
        };
        let kept: BTreeMap<&String, &Entry> = packages.iter().filter(is_kept).collect();
        for (place, entry) in &kept {
            let fits = self.platform.check(entry);
            let fits = fits.and_then(|()| self.platform.check_engine(entry));
            match fits {
                Ok(()) => {}
                Err(_) if entry.optional || entry.dev_optional => {
                    left_out.extend(self.tree.optional_set(place));
                }
                Err(Unfit::Engine(range)) => warnings.push(format!(
                    "{} is for Node {range}, and the layer for {}",
                    shown(place, entry),
                    self.target.runtime
                )),
                Err(Unfit::Platform(kind, values)) => {
                    return Err(Error::Platform {
                        package: shown(place, entry),
                        kind,
                        values,
                        target: *self.target,
                    });
                }
            }
        }
        let mut chosen = Vec::new();
        for (place, entry) in kept {
            let is_gone = |place: &str| left_out.contains(place);
            // What lies in a package goes with it.
            let mut above = std::iter::successors(Some(place.as_str()), |at| parent(at));
            if above.any(is_gone) {
                continue;
            }
            chosen.extend(self.locked(place, entry, &left_out)?);
        }
        Ok(NpmSelected {
            packages: chosen,
            warnings,
        })
    }

    /// A place with where its files come from; none where they come with another's.
    fn locked(
        &self,
        place: &'l str,
        entry: &Entry,
        left_out: &BTreeSet<&str>,
    ) -> Result<Option<Locked>, Error> {
        let name = entry
            .name
            .clone()
            .unwrap_or_else(|| name_of(place).to_owned());
        if self.is_in_tarball(place, entry) {
            return Ok(None);
        }
        self.refuse_missing(place)?;
        self.refuse_incomplete(place, &name, entry)?;
        let optional = entry.optional_dependencies.keys();
        let optional = optional.filter_map(|name| self.tree.resolve(place, name));
        Ok(Some(Locked {
            source: self.source(place, entry)?,
            place: place.to_owned(),
            name,
            version: self.version(entry),
            has_install_script: entry.has_install_script,
            optional: optional
                .filter(|place| !left_out.contains(place))
                .map(str::to_owned)
                .collect(),
        }))
    }

    /// Whether a place comes with the tarball of another, which is the first above that is in
    /// no bundle itself. What the project and its workspaces bundle comes with none.
    fn is_in_tarball(&self, place: &str, entry: &Entry) -> bool {
        if !entry.in_bundle {
            return false;
        }
        let mut above = std::iter::successors(parent(place), |at| parent(at));
        if entry.integrity.is_none() && entry.resolved().is_none() {
            // It has no tarball of its own.
            return above.next().is_some_and(|place| !place.is_empty());
        }
        let is_in_bundle = |place: &str| {
            let entry = self.project.packages.get(place);
            entry.is_some_and(|entry| entry.in_bundle)
        };
        let bundler = above.find(|place| !is_in_bundle(place));
        bundler.is_some_and(|place| place.contains("node_modules/"))
    }

    fn version(&self, entry: &Entry) -> String {
        let version = entry.behind(&self.project.packages).version.clone();
        version.unwrap_or_else(|| "0.0.0".to_owned())
    }

    fn source(&self, place: &str, entry: &Entry) -> Result<NpmSource, Error> {
        let resolved = entry.resolved();
        if entry.link {
            let folder = resolved.ok_or_else(|| Error::Entry {
                lock: self.project.lock_path().to_owned(),
                place: place.to_owned(),
                problem: "it is a link without a target",
            })?;
            return Ok(NpmSource::Folder(self.project.directory().join(folder)));
        }
        if let Some(resolved) = resolved
            && is_git(resolved)
        {
            return Err(Error::Git {
                package: shown(place, entry),
                url: layerlock_diagnostic::mask_user_info(resolved),
            });
        }
        let integrity = entry.integrity.as_deref();
        let integrity = integrity
            .and_then(Integrity::parse)
            .ok_or_else(|| Error::NoIntegrity {
                package: shown(place, entry),
                has_weak: integrity.is_some(),
                lock: self.project.lock_path().to_owned(),
            })?;
        Ok(NpmSource::Tarball {
            integrity,
            resolved: resolved.map(str::to_owned),
        })
    }

    /// A lock that lacks what a package needs was edited, or merged by hand.
    fn refuse_incomplete(&self, place: &str, name: &str, entry: &Entry) -> Result<(), Error> {
        let is_missing = |needed: &&String| {
            !entry.optional_dependencies.contains_key(*needed)
                && !entry.bundles(needed)
                && self.tree.resolve(place, needed).is_none()
        };
        match entry.dependencies.keys().find(is_missing) {
            None => Ok(()),
            Some(missing) => Err(Error::Incomplete {
                lock: self.project.lock_path().to_owned(),
                missing: missing.clone(),
                package: name.to_owned(),
            }),
        }
    }

    /// A lock that was written on another system may lack what this target needs:
    /// npm/cli#4828.
    fn refuse_missing(&self, place: &str) -> Result<(), Error> {
        if self.omit.contains(&Omit::Optional) {
            return Ok(());
        }
        let is_for_target = |name: &&&str| is_for_target(name, self.platform.cpu());
        match self.tree.missing_optional(place).iter().find(is_for_target) {
            None => Ok(()),
            Some(name) => Err(Error::MissingOptional {
                package: (*name).to_owned(),
                of: name_of(place).to_owned(),
                lock: self.project.lock_path().to_owned(),
            }),
        }
    }
}

/// The rule of npm's `reify` for what `--omit` leaves out.
fn is_omitted(entry: &Entry, omit: &[Omit]) -> bool {
    let omits = |kind| omit.contains(&kind);
    (entry.peer && omits(Omit::Peer))
        || (entry.dev && omits(Omit::Dev))
        || (entry.optional && omits(Omit::Optional))
        || (entry.dev_optional && omits(Omit::Optional) && omits(Omit::Dev))
        || entry.extraneous
}

/// Packages with compiled files are named after what these are for.
fn is_for_target(name: &str, cpu: &str) -> bool {
    let words: Vec<&str> = name.split(['-', '/', '_', '.', '@']).collect();
    let has = |word: &str| words.contains(&word);
    has("linux") && has(cpu) && !has("musl") && !has("musleabihf") && !has("wasm32")
}

fn is_git(resolved: &str) -> bool {
    resolved.starts_with("git+") || resolved.starts_with("git:") || resolved.starts_with("github:")
}

/// `name@version`.
fn shown(place: &str, entry: &Entry) -> String {
    let name = entry.name.as_deref().unwrap_or_else(|| name_of(place));
    match &entry.version {
        Some(version) => format!("{name}@{version}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use layerlock_target::{Architecture, Provider};

    use super::*;

    const SHA: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";

    /// A project with these packages besides the root.
    fn project(packages: &str) -> NpmProject {
        let temp = tempfile::tempdir().unwrap();
        let packages = packages.replace("SHA", SHA);
        let lock = format!(r#"{{"lockfileVersion": 3, "packages": {{"": {{}}, {packages}}}}}"#);
        fs_err::write(temp.path().join("package.json"), "{}").unwrap();
        fs_err::write(temp.path().join("package-lock.json"), lock).unwrap();
        NpmProject::read(temp.path()).unwrap()
    }

    fn target(runtime: &str, architecture: Architecture) -> Target {
        Target::new(Provider::Aws.runtime(runtime).unwrap(), architecture)
    }

    fn selected(project: &NpmProject, omit: &[Omit], target: &Target) -> Vec<String> {
        let selected = project.select(omit, target).unwrap();
        selected.packages.into_iter().map(|it| it.place).collect()
    }

    #[test]
    fn kinds_are_left_out_as_npm_does_it() {
        let project = project(
            r#""node_modules/a": {"version": "1", "integrity": "SHA"},
            "node_modules/d": {"version": "1", "integrity": "SHA", "dev": true},
            "node_modules/do": {"version": "1", "integrity": "SHA", "devOptional": true},
            "node_modules/o": {"version": "1", "integrity": "SHA", "optional": true},
            "node_modules/p": {"version": "1", "integrity": "SHA", "peer": true},
            "node_modules/x": {"version": "1", "integrity": "SHA", "extraneous": true}"#,
        );
        let target = target("nodejs22", Architecture::X86_64);
        let names = |omit: &[Omit]| {
            let places = selected(&project, omit, &target);
            places.join(" ").replace("node_modules/", "")
        };
        assert_eq!(names(&[]), "a d do o p");
        assert_eq!(names(&[Omit::Dev]), "a do o p");
        assert_eq!(names(&[Omit::Dev, Omit::Optional]), "a p");
        assert_eq!(names(&[Omit::Optional]), "a d do p");
        assert_eq!(names(&[Omit::Peer]), "a d do o");
    }

    #[test]
    fn optional_packages_of_other_platforms_go_with_what_they_alone_need() {
        let project = project(
            r#""node_modules/sharp": {"version": "1", "integrity": "SHA", "optionalDependencies":
                {"l": "1", "m": "1", "d": "1", "n": "1"}},
            "node_modules/l": {"version": "1", "integrity": "SHA", "optional": true,
                "os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]},
            "node_modules/m": {"version": "1", "integrity": "SHA", "optional": true,
                "os": ["linux"], "cpu": ["x64"], "libc": ["musl"], "dependencies": {"mm": "1"}},
            "node_modules/m/node_modules/mm": {"version": "1", "integrity": "SHA", "optional": true},
            "node_modules/d": {"version": "1", "integrity": "SHA", "optional": true,
                "os": ["darwin"], "cpu": ["arm64"]},
            "node_modules/n": {"version": "1", "integrity": "SHA", "optional": true,
                "engines": {"node": ">=24"}}"#,
        );
        let x64 = target("nodejs22", Architecture::X86_64);
        assert_eq!(
            selected(&project, &[], &x64),
            ["node_modules/l", "node_modules/sharp"]
        );
        let newer = target("nodejs24", Architecture::Arm64);
        assert_eq!(
            selected(&project, &[], &newer),
            ["node_modules/n", "node_modules/sharp"]
        );
    }

    #[test]
    fn what_comes_with_another_package_or_from_a_folder_needs_no_tarball() {
        let project = project(
            r#""node_modules/a": {"version": "1", "integrity": "SHA"},
            "node_modules/a/node_modules/b": {"version": "1", "inBundle": true},
            "node_modules/w": {"resolved": "packages/w", "link": true},
            "packages/w": {"version": "3.0.0"},
            "packages/w/node_modules/c": {"version": "1", "integrity": "SHA"}"#,
        );
        let target = target("nodejs22", Architecture::X86_64);
        let selected = project.select(&[], &target).unwrap().packages;
        let told: Vec<_> = selected.iter().map(|it| (&*it.place, it.shown())).collect();
        let expected = [
            ("node_modules/a", "a@1".to_owned()),
            ("node_modules/w", "w@3.0.0".to_owned()),
            ("packages/w/node_modules/c", "c@1".to_owned()),
        ];
        assert_eq!(told, expected);
        let NpmSource::Folder(folder) = &selected[1].source else {
            panic!("a folder");
        };
        assert!(folder.ends_with(Path::new("packages/w")));
    }

    /// As npm 11 locks a project that bundles `a` and `e`, where `e` bundles another `c`
    /// itself: `npm ci` puts all of them there. What lay below `a` was left out.
    #[test]
    fn what_the_project_bundles_comes_with_no_tarball() {
        let project = project(
            r#""node_modules/a": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/a/node_modules/c": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/b": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/b/node_modules/c": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/c": {"version": "2", "integrity": "SHA"},
            "node_modules/e": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/e/node_modules/c": {"version": "1", "inBundle": true},
            "node_modules/f": {"version": "1", "integrity": "SHA"},
            "node_modules/f/node_modules/g": {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/f/node_modules/g/node_modules/c":
                {"version": "1", "integrity": "SHA", "inBundle": true},
            "node_modules/w": {"resolved": "packages/w", "link": true},
            "packages/w": {"version": "1"},
            "packages/w/node_modules/c": {"version": "3", "integrity": "SHA", "inBundle": true}"#,
        );
        let target = target("nodejs22", Architecture::X86_64);
        let expected = [
            "node_modules/a",
            "node_modules/a/node_modules/c",
            "node_modules/b",
            "node_modules/b/node_modules/c",
            "node_modules/c",
            "node_modules/e",
            "node_modules/f",
            "node_modules/w",
            "packages/w/node_modules/c",
        ];
        assert_eq!(selected(&project, &[], &target), expected);
    }

    #[test]
    fn what_is_left_out_may_be_missing() {
        let project = project(
            r#""node_modules/a": {"version": "1", "integrity": "SHA",
                "optionalDependencies": {"@a/linux-x64": "1"}}"#,
        );
        let target = target("nodejs22", Architecture::X86_64);
        project.select(&[Omit::Dev], &target).unwrap_err();
        let selected = selected(&project, &[Omit::Optional], &target);
        assert_eq!(selected, ["node_modules/a"]);
    }

    #[test]
    fn what_a_layer_cannot_have_is_named() {
        let x64 = target("nodejs22", Architecture::X86_64);
        for (packages, message) in [
            (
                r#""node_modules/a": {"version": "1.0.0"}"#,
                "has no integrity of a@1.0.0",
            ),
            (
                r#""node_modules/a": {"version": "1", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}"#,
                "has no integrity of a@1 but a weak one",
            ),
            (
                r#""node_modules/a": {"version": "1", "resolved": "git+ssh://git@example.com/a.git#0123"}"#,
                "a@1 comes from a git repository, git+ssh://",
            ),
            (
                r#""node_modules/a": {"version": "1", "integrity": "SHA", "os": ["darwin"]}"#,
                "a@1 is for os darwin alone, and the layer for nodejs22.x x86_64",
            ),
            (
                r#""node_modules/a": {"version": "1", "integrity": "SHA", "optionalDependencies": {"@a/linux-x64": "1", "@a/darwin-arm64": "1"}}"#,
                "lacks @a/linux-x64, which a needs",
            ),
            (
                r#""node_modules/a": {"link": true}"#,
                "it is a link without a target",
            ),
        ] {
            let error = project(packages).select(&[], &x64).unwrap_err().to_string();
            assert!(error.contains(message), "{packages}: {error}");
        }
        let packages = r#""node_modules/a": {"version": "1", "integrity": "SHA"}"#;
        let python = target("python3.12", Architecture::X86_64);
        let error = project(packages)
            .select(&[], &python)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "python3.12 runs Python, and no packages of npm");
    }

    #[test]
    fn a_needed_package_for_another_node_is_a_warning() {
        let packages = r#""node_modules/a": {"version": "1", "integrity": "SHA", "engines": {"node": ">=24"}}"#;
        let target = target("nodejs22", Architecture::X86_64);
        let selected = project(packages).select(&[], &target).unwrap();
        assert_eq!(
            selected.warnings,
            ["a@1 is for Node >=24, and the layer for nodejs22.x"]
        );
        assert_eq!(selected.packages.len(), 1);
    }
}
