//! Whether files are as they were, without reading them.

use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_err as fs;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::{FileStat, nanoseconds};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::walk::{Found, outputs_in, walk};

/// Files that a layer is made of, by a path or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The folder or file; of a pattern, the folder that it begins in.
    root: PathBuf,
    /// What files in it match, from `root` on.
    pattern: Option<String>,
}

/// What files looked like to `stat`. Equal means that nothing was changed since.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Watched {
    inputs: Vec<(Input, Digest)>,
    /// What is no part of them: the outputs of the run.
    outputs: Vec<PathBuf>,
}

/// Where the clock of a file system is coarse, in the worst case: two seconds. A file that
/// is younger may be changed again without a trace.
const COARSE_TICK: Duration = Duration::from_secs(2);
/// The same where times are in nanoseconds: a tick of the kernel's clock, ten times over.
const FINE_TICK: Duration = Duration::from_millis(100);

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
        const SIGNS: [char; 4] = ['*', '?', '[', '{'];
        if !text.contains(SIGNS) {
            return Ok(Self::path(project.join(text)));
        }
        let parts: Vec<Component<'_>> = Path::new(text).components().collect();
        let is_plain = |part: &&Component<'_>| !part.as_os_str().to_string_lossy().contains(SIGNS);
        let plain = parts.iter().take_while(is_plain).count();
        let pattern: PathBuf = parts[plain..].iter().collect();
        let input = Self {
            root: project.join(parts[..plain].iter().collect::<PathBuf>()),
            pattern: Some(pattern.to_string_lossy().into_owned()),
        };
        input.matcher().map_err(|reason| Error::Pattern {
            pattern: text.to_owned(),
            reason,
        })?;
        Ok(input)
    }

    /// Whether there is anything of it.
    pub fn exists(&self) -> bool {
        match &self.pattern {
            None => self.root.exists(),
            Some(_) => self.files(&[]).is_some_and(|files| !files.is_empty()),
        }
    }

    fn matcher(&self) -> Result<Option<Gitignore>, String> {
        let Some(pattern) = &self.pattern else {
            return Ok(None);
        };
        let mut builder = GitignoreBuilder::new("");
        // From the folder on, wherever it has its slashes.
        let line = format!("/{}", pattern.trim_start_matches('/'));
        let added = builder.add_line(None, &line);
        added.map_err(|error| error.to_string())?;
        builder.build().map(Some).map_err(|error| error.to_string())
    }

    /// All files of it: none where there is nothing, which may come.
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
        let mut files = walk(&self.root, &outputs_in(&self.root, outputs)).ok()?;
        if let Some(matcher) = self.matcher().ok()? {
            files.retain(|file| {
                let matched = matcher.matched_path_or_any_parents(&file.name, false);
                matched.is_ignore()
            });
        }
        Some(files)
    }

    /// What it looks like, and for how long it has done so at least.
    fn look(&self, outputs: &[PathBuf]) -> Option<(Digest, Age)> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut age = Age::default();
        for file in self.files(outputs)? {
            hasher.update(&(file.name.len() as u64).to_le_bytes());
            hasher.update(file.name.as_bytes());
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

/// The last change of some files.
#[derive(Debug, Clone, Copy, Default)]
struct Age {
    /// Of those whose times are in nanoseconds, and of the others.
    fine: Option<i128>,
    coarse: Option<i128>,
}

impl Age {
    fn add(&mut self, time: i128) {
        let newest = if time % 1_000_000 == 0 {
            &mut self.coarse
        } else {
            &mut self.fine
        };
        *newest = (*newest).max(Some(time));
    }

    /// How long to wait until nothing can be changed without a trace; none where that is
    /// longer than somebody waits.
    fn wait(self) -> Option<Duration> {
        let now = nanoseconds(SystemTime::now());
        let until = |time: Option<i128>, tick: Duration| match time {
            None => 0,
            Some(time) => time + nanoseconds(UNIX_EPOCH + tick) - now,
        };
        if until(self.coarse, COARSE_TICK) > 0 {
            return None;
        }
        let fine = until(self.fine, FINE_TICK).max(0);
        let wait = Duration::from_nanos(u64::try_from(fine).ok()?);
        // A file of a time to come may be any age.
        (wait <= FINE_TICK).then_some(wait)
    }
}

impl Watched {
    /// Looks at files. None where a change of them might not be seen later, or where they
    /// cannot be looked at. May wait for a tenth of a second: what a command has just made
    /// is that young.
    pub fn look(inputs: Vec<Input>, outputs: Vec<PathBuf>) -> Option<Self> {
        let mut watched = Self {
            inputs: Vec::with_capacity(inputs.len()),
            outputs,
        };
        let mut wait = Duration::ZERO;
        for input in inputs {
            let (digest, age) = input.look(&watched.outputs)?;
            wait = wait.max(age.wait()?);
            watched.inputs.push((input, digest));
        }
        if wait.is_zero() {
            return Some(watched);
        }
        std::thread::sleep(wait);
        watched.is_as_it_was().then_some(watched)
    }

    /// Whether nothing has changed since.
    pub fn is_as_it_was(&self) -> bool {
        let is_same = |(input, digest): &(Input, Digest)| {
            let now = input.look(&self.outputs);
            now.is_some_and(|(now, _)| now == *digest)
        };
        self.inputs.iter().all(is_same)
    }

    /// Takes in what others look at.
    pub fn extend(&mut self, other: Self) {
        self.inputs.extend(other.inputs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn every_change_of_a_folder_is_seen_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "a/b.py", "1");
        write(root, "a/c.py", "2");
        let outputs = vec![root.join("a/out")];
        let look = || Watched::look(vec![Input::path(root.join("a"))], outputs.clone()).unwrap();
        let first = look();
        for noise in ["a/out/layer.zip", "a/.git/HEAD", "a/__pycache__/b.pyc", "d"] {
            write(root, noise, "noise");
        }
        assert!(first.is_as_it_was());
        write(root, "a/b.py", "3");
        assert!(!first.is_as_it_was());
        let second = look();
        write(root, "a/d.py", "");
        assert!(!second.is_as_it_was());
        let third = look();
        fs::remove_file(root.join("a/c.py")).unwrap();
        assert!(!third.is_as_it_was());
        let fourth = look();
        fs::rename(root.join("a/d.py"), root.join("a/e.py")).unwrap();
        assert!(!fourth.is_as_it_was());
    }

    /// What a command has just made, as most files of a folder are in a build.
    #[test]
    fn what_is_young_is_waited_for() {
        let temp = tempfile::tempdir().unwrap();
        write(temp.path(), "a", "1");
        let watched = Watched::look(vec![Input::path(temp.path())], Vec::new()).unwrap();
        write(temp.path(), "a", "2");
        assert!(!watched.is_as_it_was());
    }

    /// What lies behind a link could change, come and go unseen.
    #[cfg(unix)]
    #[test]
    fn a_file_behind_a_link_counts() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        write(root, "real/lock.json", "1");
        fs::create_dir(root.join("linked")).unwrap();
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(root.join(target), root.join(name)).unwrap();
        };
        link("real/lock.json", "lock.json");
        link("real/lock.json", "linked/lock.json");
        link("real", "linked/folder");
        for input in ["lock.json", "linked", "linked/*.json"] {
            let look = || {
                let input = Input::parse(input, root).unwrap();
                Watched::look(vec![input], Vec::new()).unwrap()
            };
            let first = look();
            write(root, "real/lock.json", "2");
            assert!(!first.is_as_it_was(), "{input}");
            let second = look();
            fs::remove_file(root.join("real/lock.json")).unwrap();
            assert!(!second.is_as_it_was(), "{input}");
            write(root, "real/lock.json", "3");
        }
        // What lies in a folder behind a link is no part of it.
        let watched = Watched::look(vec![Input::path(root.join("linked"))], Vec::new()).unwrap();
        write(root, "real/other", "");
        assert!(watched.is_as_it_was());
    }

    #[test]
    fn coarse_and_future_times_are_not_relied_on() {
        let now = nanoseconds(SystemTime::now());
        let age = |time: i128| {
            let mut age = Age::default();
            age.add(time);
            age.wait()
        };
        let whole = now - now % 1_000_000_000;
        assert_eq!(age(whole), None);
        assert_eq!(age(whole - 10_000_000_000), Some(Duration::ZERO));
        assert_eq!(age(whole - 10_000_000_001), Some(Duration::ZERO));
        assert!(age(now - now % 1_000_000 + 1).is_some_and(|wait| !wait.is_zero()));
        assert_eq!(age(whole + 60_000_000_001), None);
    }

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
}
