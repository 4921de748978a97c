//! Which package brought each file of a layer, as far as the layer itself tells.
//!
//! - A `RECORD` or an `installed-files.txt` lists a Python package's files; what lies in
//!   its `.dist-info` or `.egg-info` is its own anyway.
//! - Where no list has a file (bytecode, a layer without `RECORD`), it is the package's
//!   whose files alone lie in the same folder at the top, or that has the folder's name or
//!   lists it in `top_level.txt`.
//! - What lies in `node_modules` is the package's that has the folder.

use std::collections::{BTreeMap, HashMap, HashSet};

/// A package that a layer has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundPackage {
    /// Its name, normalised as its language has it.
    pub name: String,
    /// Its version, where the layer tells.
    pub version: Option<String>,
    /// The names of what it requires, extras apart; markers have no say in it.
    pub requires: Vec<String>,
}

/// Packages, and whose each file is.
pub(crate) struct Owners {
    /// Sorted by name, then by version.
    pub(crate) packages: Vec<FoundPackage>,
    /// By index of the file, the index of the package.
    pub(crate) of_file: Vec<Option<usize>>,
}

impl Owners {
    /// Finds the packages among files, sorted by path; `text` reads one of them.
    pub(crate) fn find(paths: &[&str], text: impl FnMut(usize) -> Option<String>) -> Self {
        let mut search = Search {
            text,
            indices: paths
                .iter()
                .enumerate()
                .map(|(at, path)| (*path, at))
                .collect(),
            packages: Vec::new(),
            of_file: vec![None; paths.len()],
            paths,
        };
        search.read_python();
        search.read_node();
        search.finish()
    }
}

/// Where a Python package's metadata lies, and what it is called there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Metadata<'p> {
    /// `python/six-1.17.0.dist-info`
    directory: &'p str,
    /// `python/`, or nothing.
    base: &'p str,
    name: &'p str,
    version: Option<&'p str>,
}

impl<'p> Metadata<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let start = path
            .rfind(".dist-info/")
            .or_else(|| path.rfind(".egg-info/"))?;
        let length = path[start..].find('/')?;
        let directory = &path[..start + length];
        let at = path[..start].rfind('/').map_or(0, |at| at + 1);
        let stem = &path[at..start];
        let (name, version) = match stem.split_once('-') {
            // egg-info may have `-py3.12` behind.
            Some((name, rest)) => (name, rest.split('-').next()),
            None => (stem, None),
        };
        (!name.is_empty()).then_some(Self {
            directory,
            base: &path[..at],
            name,
            version,
        })
    }
}

struct Search<'p, Text> {
    paths: &'p [&'p str],
    indices: HashMap<&'p str, usize>,
    text: Text,
    packages: Vec<FoundPackage>,
    of_file: Vec<Option<usize>>,
}

impl<'p, Text: FnMut(usize) -> Option<String>> Search<'p, Text> {
    fn read(&mut self, path: &str) -> Option<String> {
        let index = *self.indices.get(path)?;
        (self.text)(index)
    }

    fn read_python(&mut self) {
        let mut found: BTreeMap<Metadata<'p>, Vec<usize>> = BTreeMap::new();
        for (index, path) in self.paths.iter().enumerate() {
            if let Some(metadata) = Metadata::of(path) {
                found.entry(metadata).or_default().push(index);
            }
        }
        let mut found: Vec<_> = found.into_iter().collect();
        found.sort_by_key(|(metadata, _)| metadata.base.matches('/').count());
        // By base: folders at the top, and the packages that may have them.
        let mut folders: HashMap<&'p str, HashMap<String, HashSet<usize>>> = HashMap::new();
        for (metadata, own) in found {
            // A copy that another package lists among its files is part of that one.
            if own.iter().all(|index| self.of_file[*index].is_some()) {
                continue;
            }
            let owner = self.packages.len();
            let package = self.python_package(&metadata);
            let base = folders.entry(metadata.base).or_default();
            let mut claim = |folder: &str| {
                base.entry(folder.to_owned()).or_default().insert(owner);
            };
            claim(&package.name.replace('-', "_"));
            self.packages.push(package);
            for index in own {
                self.of_file[index] = Some(owner);
            }
            let file = |name: &str| format!("{}/{name}", metadata.directory);
            for name in self
                .read(&file("top_level.txt"))
                .unwrap_or_default()
                .lines()
            {
                claim(name.trim());
            }
            for path in self.listed(&metadata) {
                if let Some(folder) = path.strip_prefix(metadata.base) {
                    claim(folder.split('/').next().unwrap_or(folder));
                }
                if let Some(&index) = self.indices.get(&path[..]) {
                    self.of_file[index] = Some(owner);
                }
            }
        }
        for (base, folders) in folders {
            self.guess(base, &folders);
        }
    }

    fn python_package(&mut self, metadata: &Metadata<'p>) -> FoundPackage {
        let directory = metadata.directory;
        let text = self
            .read(&format!("{directory}/METADATA"))
            .or_else(|| self.read(&format!("{directory}/PKG-INFO")))
            .unwrap_or_default();
        let headers = text.lines().take_while(|line| !line.trim().is_empty());
        let headers: Vec<_> = headers.filter_map(|line| line.split_once(": ")).collect();
        let header = |wanted: &str| {
            let mut headers = headers.iter();
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim().to_owned())
        };
        let requires = headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Requires-Dist"))
            .filter_map(|(_, text)| required(text));
        let mut requires: Vec<_> = requires.collect();
        requires.sort();
        requires.dedup();
        FoundPackage {
            name: normalized(&header("Name").unwrap_or_else(|| metadata.name.to_owned())),
            version: header("Version").or_else(|| metadata.version.map(str::to_owned)),
            requires,
        }
    }

    /// The paths in the layer that a package's own list has.
    fn listed(&mut self, metadata: &Metadata<'p>) -> Vec<String> {
        let directory = metadata.directory;
        if let Some(record) = self.read(&format!("{directory}/RECORD")) {
            let mut reader = csv::ReaderBuilder::new();
            let mut reader = reader
                .has_headers(false)
                .flexible(true)
                .from_reader(record.as_bytes());
            let base = metadata.base.trim_end_matches('/');
            let rows = reader.records().filter_map(Result::ok);
            return rows.filter_map(|row| resolved(base, row.get(0)?)).collect();
        }
        let list = self.read(&format!("{directory}/installed-files.txt"));
        let list = list.unwrap_or_default();
        let lines = list.lines();
        lines
            .filter_map(|line| resolved(directory, line.trim()))
            .collect()
    }

    /// Files that no list has, by the folder at the top (or the module) that one package
    /// alone lays claim to.
    fn guess(&mut self, base: &str, folders: &HashMap<String, HashSet<usize>>) {
        for (index, path) in self.paths.iter().enumerate() {
            let (None, Some(rest)) = (self.of_file[index], path.strip_prefix(base)) else {
                continue;
            };
            let top = match rest.strip_prefix("__pycache__/") {
                Some(bytecode) => bytecode,
                None => rest.split('/').next().unwrap_or(rest),
            };
            let module = top.split('.').next().unwrap_or(top);
            let source = format!("{module}.py");
            let claims = [top, &source, module];
            let claim = claims.iter().find_map(|name| folders.get(*name));
            if let Some(owners) = claim
                && let (1, Some(&owner)) = (owners.len(), owners.iter().next())
            {
                self.of_file[index] = Some(owner);
            }
        }
    }

    fn read_node(&mut self) {
        const FOLDER: &str = "node_modules/";
        let mut owners: BTreeMap<&'p str, usize> = BTreeMap::new();
        for (index, path) in self.paths.iter().enumerate() {
            let Some(at) = path.rfind(FOLDER).map(|at| at + FOLDER.len()) else {
                continue;
            };
            let rest = &path[at..];
            let depth = if rest.starts_with('@') { 2 } else { 1 };
            // What lies in `node_modules` itself is nobody's.
            let Some((slash, _)) = rest.match_indices('/').nth(depth - 1) else {
                continue;
            };
            let (directory, name) = (&path[..at + slash], &rest[..slash]);
            if name.starts_with('.') || self.of_file[index].is_some() {
                continue;
            }
            if !owners.contains_key(directory) {
                owners.insert(directory, self.packages.len());
                let package = self.node_package(directory, name);
                self.packages.push(package);
            }
            let owner = owners[directory];
            self.of_file[index] = Some(owner);
        }
    }

    fn node_package(&mut self, directory: &str, name: &str) -> FoundPackage {
        let json = self.read(&format!("{directory}/package.json"));
        let json = json.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let json = json.unwrap_or_default();
        let requires = json["dependencies"].as_object();
        let requires = requires.into_iter().flatten().map(|(name, _)| name.clone());
        let mut requires: Vec<_> = requires.collect();
        requires.sort();
        FoundPackage {
            name: name.to_owned(),
            version: json["version"].as_str().map(str::to_owned),
            requires,
        }
    }

    fn finish(self) -> Owners {
        let mut order: Vec<usize> = (0..self.packages.len()).collect();
        let key = |index: &usize| {
            let package = &self.packages[*index];
            (package.name.clone(), package.version.clone(), *index)
        };
        order.sort_by_key(key);
        let mut place = vec![0; order.len()];
        for (at, index) in order.iter().enumerate() {
            place[*index] = at;
        }
        let of_file = self.of_file.into_iter();
        Owners {
            packages: order.iter().map(|at| self.packages[*at].clone()).collect(),
            of_file: of_file.map(|owner| owner.map(|at| place[at])).collect(),
        }
    }
}

/// A path of a RECORD in the layer; none where it leads out of it.
fn resolved(base: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The name in a requirement (PEP 508); none where it is for an extra.
fn required(text: &str) -> Option<String> {
    let (requirement, marker) = text.split_once(';').unwrap_or((text, ""));
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let mut words = marker.split(|c: char| !is_word(c));
    if words.any(|word| word == "extra") {
        return None;
    }
    let name = requirement.trim().split(|c: char| !is_word(c)).next()?;
    (!name.is_empty()).then(|| normalized(name))
}

/// A name as PEP 503 normalises it.
fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (path, text) of each file, in any order, and for each the name of its owner.
    fn owners(files: &[(&str, &str)]) -> (Vec<FoundPackage>, Vec<(String, String)>) {
        let mut files = files.to_vec();
        files.sort_unstable();
        let paths: Vec<_> = files.iter().map(|(path, _)| *path).collect();
        let owners = Owners::find(&paths, |index| Some(files[index].1.to_owned()));
        let names = paths.iter().zip(&owners.of_file).map(|(path, owner)| {
            let name = owner.map(|index| owners.packages[index].name.clone());
            ((*path).to_owned(), name.unwrap_or_default())
        });
        (owners.packages.clone(), names.collect())
    }

    #[track_caller]
    fn assert_owner(owned: &[(String, String)], path: &str, owner: &str) {
        let found = owned.iter().find(|(one, _)| one == path).unwrap();
        assert_eq!(found.1, owner, "{path}");
    }

    #[test]
    fn a_record_lists_its_packages_files() {
        let (packages, owned) = owners(&[
            (
                "python/Flask_Cors-4.0.dist-info/RECORD",
                "flask_cors/__init__.py,,\n\"flask_cors/a,b.py\",,\n../bin/cors,,\n\
                 ../../../etc/passwd,,\n/abs,,\n",
            ),
            (
                "python/Flask_Cors-4.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Flask-Cors\nVersion: 4.0.0\n\
                 Requires-Dist: Flask[async] (>=0.9)\nRequires-Dist: six ; python_version<'3'\n\
                 Requires-Dist: pytest; extra == 'test'\n\nRequires-Dist: not-a-header\n",
            ),
            ("python/flask_cors/__init__.py", ""),
            ("python/flask_cors/a,b.py", ""),
            ("python/flask_cors/__pycache__/__init__.cpython-312.pyc", ""),
            ("python/other/__init__.py", ""),
            ("bin/cors", ""),
            ("abs", ""),
        ]);
        assert_eq!(
            packages,
            [FoundPackage {
                name: "flask-cors".to_owned(),
                version: Some("4.0.0".to_owned()),
                requires: vec!["flask".to_owned(), "six".to_owned()],
            }]
        );
        for (path, owner) in [
            ("bin/cors", "flask-cors"),
            ("abs", ""),
            ("python/other/__init__.py", ""),
        ] {
            assert_owner(&owned, path, owner);
        }
        for (path, owner) in &owned {
            assert!(!path.contains("ask") || owner == "flask-cors", "{path}");
        }
    }

    /// Some tools take RECORD out, and some all but METADATA.
    #[test]
    fn without_a_record_the_folders_name_tells() {
        let (packages, owned) = owners(&[
            ("python/PyYAML-6.0.dist-info/METADATA", "Name: PyYAML"),
            ("python/PyYAML-6.0.dist-info/top_level.txt", "_yaml\nyaml\n"),
            ("python/yaml/__init__.py", ""),
            ("python/_yaml/__init__.py", ""),
            ("python/typing_extensions-4.12.dist-info/WHEEL", ""),
            ("python/typing_extensions.py", ""),
            ("python/__pycache__/typing_extensions.cpython-312.pyc", ""),
            ("python/__pycache__/own.cpython-312.pyc", ""),
            (
                "python/old-1.2-py3.12.egg-info/PKG-INFO",
                "Name: old\nVersion: 1.2\n",
            ),
            (
                "python/old-1.2-py3.12.egg-info/installed-files.txt",
                "../old_module/a.py\n",
            ),
            ("python/old_module/a.py", ""),
        ]);
        let named: Vec<_> = packages
            .iter()
            .map(|it| (&it.name[..], it.version.as_deref()))
            .collect();
        assert_eq!(
            named,
            [
                ("old", Some("1.2")),
                ("pyyaml", Some("6.0")),
                ("typing-extensions", Some("4.12"))
            ]
        );
        for (path, owner) in [
            ("python/yaml/__init__.py", "pyyaml"),
            ("python/_yaml/__init__.py", "pyyaml"),
            ("python/typing_extensions.py", "typing-extensions"),
            (
                "python/__pycache__/typing_extensions.cpython-312.pyc",
                "typing-extensions",
            ),
            ("python/__pycache__/own.cpython-312.pyc", ""),
            ("python/old_module/a.py", "old"),
        ] {
            assert_owner(&owned, path, owner);
        }
    }

    #[test]
    fn a_folder_of_several_packages_is_nobodys() {
        let (_, owned) = owners(&[
            ("python/a-1.dist-info/RECORD", "google/a.py,,\n"),
            ("python/b-1.dist-info/RECORD", "google/b.py,,\n"),
            ("python/google/a.py", ""),
            ("python/google/b.py", ""),
            ("python/google/c.py", ""),
        ]);
        assert_owner(&owned, "python/google/a.py", "a");
        assert_owner(&owned, "python/google/b.py", "b");
        assert_owner(&owned, "python/google/c.py", "");
    }

    #[test]
    fn a_vendored_package_is_part_of_the_one_that_has_it() {
        let (packages, owned) = owners(&[
            (
                "python/setuptools-80.dist-info/RECORD",
                "setuptools/_vendor/more-1.dist-info/RECORD,,\nsetuptools/_vendor/more/a.py,,\n",
            ),
            (
                "python/setuptools/_vendor/more-1.dist-info/RECORD",
                "more/a.py,,\n",
            ),
            ("python/setuptools/_vendor/more/a.py", ""),
        ]);
        assert_eq!(packages.len(), 1);
        assert!(owned.iter().all(|(_, owner)| owner == "setuptools"));
    }

    #[test]
    fn node_modules_are_packages_by_their_folders() {
        let (packages, owned) = owners(&[
            (
                "nodejs/node_modules/@aws-sdk/client/package.json",
                r#"{"version": "3.0.0", "dependencies": {"tslib": "^2"}}"#,
            ),
            ("nodejs/node_modules/@aws-sdk/client/index.js", ""),
            (
                "nodejs/node_modules/@aws-sdk/client/node_modules/tslib/x.js",
                "",
            ),
            ("nodejs/node_modules/.package-lock.json", "{}"),
            ("nodejs/node_modules/.bin/tsc", "{}"),
            ("nodejs/node_modules/tslib/package.json", "not json"),
        ]);
        let named: Vec<_> = packages
            .iter()
            .map(|it| (&it.name[..], it.version.as_deref()))
            .collect();
        assert_eq!(
            named,
            [
                ("@aws-sdk/client", Some("3.0.0")),
                ("tslib", None),
                ("tslib", None)
            ]
        );
        assert_eq!(packages[0].requires, ["tslib"]);
        assert_owner(&owned, "nodejs/node_modules/.bin/tsc", "");
        assert_owner(&owned, "nodejs/node_modules/.package-lock.json", "");
        assert_owner(
            &owned,
            "nodejs/node_modules/@aws-sdk/client/index.js",
            "@aws-sdk/client",
        );
    }
}
