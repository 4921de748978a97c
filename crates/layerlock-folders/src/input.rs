//! Files that a layer is made of, by a path or a pattern.

use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};

use fs_err as fs;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::FileStat;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::age::Age;
use crate::walk::{Found, outputs_in, walk};

/// Files that a layer is made of, by a path or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    /// The folder or file; of a pattern, the folder that it begins in.
    root: PathBuf,
    /// What files in it match, from `root` on.
    pattern: Option<String>,
}

/// What stands in a pattern for more than itself.
const SIGNS: [char; 4] = ['*', '?', '[', '{'];

impl Input {
    /// A folder or file.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self {
            root: path.into(),
            pattern: None,
        }
    }

    /// What a setting names, from the project's directory on: a file, a folder or a pattern
    /// such as `src/**/*.c`.
    pub fn parse(text: &str, project: &Path) -> Result<Self, Error> {
        if !text.contains(SIGNS) {
            return Ok(Self::path(project.join(text)));
        }
        let parts: Vec<Component<'_>> = Path::new(text).components().collect();
        let is_plain = |part: &&Component<'_>| !part.as_os_str().to_string_lossy().contains(SIGNS);
        let plain = parts.iter().take_while(is_plain).count();
        let pattern: PathBuf = parts[plain..].iter().collect();
        let pattern = pattern.to_string_lossy().into_owned();
        Matcher::new(&pattern).map_err(|reason| Error::Pattern {
            pattern: text.to_owned(),
            reason,
        })?;
        let mut root = project.join(parts[..plain].iter().collect::<PathBuf>());
        if root.as_os_str().is_empty() {
            // The project is where layerlock runs.
            root.push(".");
        }
        Ok(Self {
            root,
            pattern: Some(pattern),
        })
    }

    /// Whether there is anything of it.
    pub fn exists(&self) -> bool {
        match &self.pattern {
            None => self.root.exists(),
            // What cannot be looked at is there.
            Some(_) => self.files(&[]).is_none_or(|files| !files.is_empty()),
        }
    }

    /// All files of it: none where there is nothing, which may come. `outputs` of the run, as
    /// paths without links, are no part of it.
    fn files(&self, outputs: &[PathBuf]) -> Option<Vec<Found>> {
        let metadata = match fs::metadata(&self.root) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(Vec::new()),
            Err(_) => return None,
        };
        if !metadata.is_dir() {
            return Some(vec![Found {
                path: self.root.clone(),
                name: String::new(),
                kind: metadata.file_type(),
            }]);
        }
        let outputs = outputs_in(&self.root, outputs);
        let Some(pattern) = &self.pattern else {
            return walk(&self.root, &outputs, &|_| true).ok();
        };
        let matcher = Matcher::new(pattern).ok()?;
        let mut files = walk(&self.root, &outputs, &|folder| matcher.enters(folder)).ok()?;
        files.retain(|file| matcher.matches(&file.name));
        Some(files)
    }

    /// What it looks like, and for how long it has done so at least.
    pub(crate) fn look(&self, outputs: &[PathBuf]) -> Option<(Digest, Age)> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut age = Age::default();
        for file in self.files(outputs)? {
            let name = file.path.strip_prefix(&self.root).ok()?;
            let name = name.as_os_str().as_encoded_bytes();
            hasher.update(&(name.len() as u64).to_le_bytes());
            hasher.update(name);
            let own = fs::symlink_metadata(&file.path).ok()?;
            let behind = own.is_symlink().then(|| behind(&file.path)).flatten();
            hasher.update(&[u8::from(behind.is_some())]);
            for metadata in std::iter::once(own).chain(behind) {
                let stat = FileStat::of(&metadata);
                stat.add_to(&mut hasher);
                age.add(stat.last_change());
            }
        }
        Some((hasher.finish(), age))
    }
}

/// The file that a link leads to: who opens the link reads it. A folder is none.
fn behind(link: &Path) -> Option<Metadata> {
    let metadata = fs::metadata(link).ok();
    metadata.filter(Metadata::is_file)
}

/// A pattern that paths are compared with.
struct Matcher {
    whole: Gitignore,
    /// What folders on the way to a match are called, from the top on, as far as the pattern
    /// says it.
    folders: Vec<Gitignore>,
}

impl Matcher {
    fn new(pattern: &str) -> Result<Self, String> {
        // These may stand for several folders. Braces with a slash in them end in another part.
        let is_whole = |part: &str| part.matches('{').count() == part.matches('}').count();
        let says_one =
            |part: &&str| !part.contains(['[', '\\']) && !part.contains("**") && is_whole(part);
        let parts: Vec<&str> = pattern.split('/').collect();
        let known = parts.iter().take_while(|part| says_one(part)).count();
        let folders = (1..=known).map(|count| matcher(&parts[..count].join("/")));
        Ok(Self {
            whole: matcher(pattern)?,
            folders: folders.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a file may match that lies in a folder. Who looks into each one of a project
    /// looks into `node_modules`, too.
    fn enters(&self, folder: &str) -> bool {
        let depth = folder.matches('/').count();
        let pattern = self.folders.get(depth);
        pattern.is_none_or(|pattern| pattern.matched(folder, true).is_ignore())
    }

    fn matches(&self, file: &str) -> bool {
        let matched = self.whole.matched_path_or_any_parents(file, false);
        matched.is_ignore()
    }
}

fn matcher(pattern: &str) -> Result<Gitignore, String> {
    let mut builder = GitignoreBuilder::new("");
    // From the folder on, wherever it has its slashes.
    let line = format!("/{}", pattern.trim_start_matches('/'));
    let added = builder.add_line(None, &line);
    added.map_err(|error| error.to_string())?;
    builder.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::write;

    #[test]
    fn inputs_are_files_folders_and_patterns() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for name in [
            "src/a.c",
            "src/deep/b.c",
            "src/c.h",
            "Makefile",
            "other/a.c",
        ] {
            write(root, name, "");
        }
        let found = |text: &str| {
            let input = Input::parse(text, root).unwrap();
            let files = input.files(&[]).unwrap_or_default();
            assert_eq!(input.exists(), !files.is_empty(), "{text}");
            let names = files.into_iter().map(|file| {
                let path = file.path.strip_prefix(root).unwrap().to_owned();
                path.to_str().unwrap().to_owned()
            });
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("Makefile"), ["Makefile"]);
        assert_eq!(found("src"), ["src/a.c", "src/c.h", "src/deep/b.c"]);
        assert_eq!(found("src/*.c"), ["src/a.c"]);
        assert_eq!(found("src/**/*.c"), ["src/a.c", "src/deep/b.c"]);
        assert_eq!(found("*/a.c"), ["other/a.c", "src/a.c"]);
        assert_eq!(found("src/*.py"), [""; 0]);
        assert_eq!(found("none"), [""; 0]);
        assert!(Input::parse("src/[z-a]", root).is_err());
    }

    /// There was no folder of an empty name, and so nothing to look into.
    #[test]
    fn a_pattern_may_begin_where_layerlock_runs() {
        // Tests run in the folder of their crate.
        for text in ["*.toml", "*/lib.rs", "**/lib.rs", "s*", "src/*.rs"] {
            let input = Input::parse(text, Path::new("")).unwrap();
            assert!(input.exists(), "{text}");
            assert!(input.look(&[]).is_some(), "{text}");
        }
    }

    /// All folders of the project were looked into, `node_modules` and `.venv` too.
    #[test]
    fn folders_that_no_match_can_lie_in_are_not_entered() {
        for (pattern, entered, left) in [
            ("*.c", &[][..], &["a", "node_modules"][..]),
            (
                "*/a.c",
                &["x", "node_modules", "x/a.c", "x/a.c/y"],
                &["x/y"],
            ),
            (
                "s*/deep/*.c",
                &["src", "src/deep", "src/deep/x.c"],
                &["a", "src/other"],
            ),
            (
                "s*/**/*.c",
                &["src", "src/a", "src/a/b"],
                &["a", "node_modules"],
            ),
            ("**/*.c", &["a", "a/b"], &[]),
            ("{a,b/c}/*.c", &["a", "b", "b/c"], &[]),
            ("{a,b}/*.c", &["a", "b"], &["c", "node_modules"]),
            ("[ab]/*.c", &["a", "b"], &[]),
            ("?", &["a", "a/b"], &["ab"]),
        ] {
            let matcher = Matcher::new(pattern).unwrap();
            for folder in entered {
                assert!(matcher.enters(folder), "{pattern}: {folder}");
            }
            for folder in left {
                assert!(!matcher.enters(folder), "{pattern}: {folder}");
            }
        }
    }

    /// One name that is no UTF-8 made the inputs none, and then `there is no such input`.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_that_is_not_utf_8_is_a_name() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "src/a.c", "");
        let [one, other] = [b"src/caf\xe9.c", b"src/caf\xe8.c"];
        let path = |name: &[u8]| root.join(OsStr::from_bytes(name));
        fs::write(path(one), "").unwrap();
        for text in ["src", "src/*.c", "*/*.c", "src/caf*"] {
            let input = Input::parse(text, root).unwrap();
            assert!(input.exists(), "{text}");
            let digest = || input.look(&[]).unwrap().0;
            let before = digest();
            assert_eq!(digest(), before);
            fs::rename(path(one), path(other)).unwrap();
            assert_ne!(digest(), before, "{text}");
            fs::rename(path(other), path(one)).unwrap();
        }
    }
}
