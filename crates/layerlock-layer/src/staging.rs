//! The staging directory: a layer as files, for tools that package a folder.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

use fs_err::{self as fs, OpenOptions};

use crate::output::{OutputFolder, Prepared};
use crate::source::Archives;
use crate::{Entry, Error, LayerPlan};

/// A directory that may be replaced: it holds nothing of anybody else's.
#[derive(Debug)]
pub struct StagingDirectory(PathBuf);

impl StagingDirectory {
    /// Looks for files that are neither in the plan nor accepted by `is_ours`
    /// (given a path in the layer). They were put there by somebody else, and
    /// are an error rather than a loss.
    ///
    /// Apart from the writing, so that a job can look before it writes its first
    /// output.
    pub fn claim(
        directory: &Path,
        plan: &LayerPlan,
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Self, Error> {
        let mut files = files_in(directory)?;
        files.retain(|file| !plan.contains(file) && !is_ours(file));
        if files.is_empty() {
            return Ok(Self(directory.to_owned()));
        }
        Err(Error::Foreign {
            directory: directory.to_owned(),
            files,
        })
    }

    /// Writes a plan as files beside the directory, to be swapped with it when
    /// it is published.
    pub fn prepare(&self, plan: &LayerPlan) -> Result<Prepared, Error> {
        let output = OutputFolder::beside(&self.0)?;
        let root = output.path();
        let folders: BTreeSet<&str> = plan
            .entries()
            .iter()
            .flat_map(|entry| entry.path.parents())
            .collect();
        // Sorted: a folder comes before those in it.
        for folder in folders {
            let path = root.join(folder);
            create_folder(&path).map_err(Error::io("create", &path))?;
        }
        write_files(plan, root, &self.0)?;
        Ok(output.prepared())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// The files below a folder, as paths relative to it with `/` between their
/// parts, sorted. A folder that is not there has none.
pub fn files_in(directory: &Path) -> Result<Vec<String>, Error> {
    fn walk(folder: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Error> {
        let read = Error::io("read", folder);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && prefix.is_empty() => {
                return Ok(());
            }
            Err(error) => return Err(read(error)),
        };
        let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(read)?;
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            let kind = entry.file_type().map_err(Error::io("read", entry.path()))?;
            if kind.is_dir() {
                walk(&entry.path(), &format!("{path}/"), files)?;
            } else {
                files.push(path);
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(directory, "", &mut files)?;
    files.sort();
    Ok(files)
}

/// Unpacks with all cores: the threads take the next entry as they get free.
fn write_files(plan: &LayerPlan, root: &Path, directory: &Path) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Error> {
        let mut archives = Archives::new(plan);
        loop {
            let Some(entry) = plan.entries().get(next.fetch_add(1, Ordering::Relaxed)) else {
                return Ok(());
            };
            let bytes = archives.read(entry)?;
            write_file(root, entry, &bytes).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Error::CaseCollision {
                    directory: directory.to_owned(),
                    path: entry.path.clone(),
                },
                _ => Error::io("write", directory.join(entry.path.as_str()))(error),
            })?;
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut result = work();
        for worker in workers {
            let other = worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(other);
        }
        result
    })
}

fn write_file(root: &Path, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = options.open(root.join(entry.path.as_str()))?;
    file.write_all(bytes)?;
    // A time of its own: see `Stamp::is_certain`. Where it cannot be set, it is
    // not certain.
    let _ = file.file().set_modified(SystemTime::now());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Set, not asked for at creation: the umask has no say in a layer.
        let mode = std::fs::Permissions::from_mode(entry.mode.bits());
        file.set_permissions(mode)?;
    }
    Ok(())
}

fn create_folder(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        // Names that differ in case alone, on a disk that ignores it: the files
        // in them will tell.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        result => result?,
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
