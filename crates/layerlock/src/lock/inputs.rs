//! What a lock is read from.

use std::path::{Path, PathBuf};

use layerlock_diagnostic::read_file;
use layerlock_uv::RequirementsLock;

use super::file::{LockFile, LockKind, read_project};
use crate::Settings;

/// The files, besides pyproject.toml, whose change is a change of what is locked.
pub(crate) fn input_files(settings: &Settings) -> Option<Vec<PathBuf>> {
    let project = read_project(settings).ok()?;
    // Layers without packages of Python need no lock, and a run that needs one fails
    // before it leaves a note.
    let Ok(file) = LockFile::find(&project, settings) else {
        return Some(Vec::new());
    };
    let mut files = vec![file.path.clone()];
    if file.kind == LockKind::Uv {
        let text = String::from_utf8(read_file(&file.path).ok()?).ok()?;
        let directory = file.path.parent().unwrap_or(Path::new(""));
        let projects = layerlock_uv::project_directories(&text).into_iter();
        let root = std::iter::once(".").chain(projects);
        let pyprojects = root.map(|path| directory.join(path).join("pyproject.toml"));
        // One that is not there was not there before either.
        files.extend(pyprojects.filter(|path| path.is_file()));
    }
    if file.kind == LockKind::Requirements {
        let lock = RequirementsLock::read(&file.path, true, &|_| None).ok()?;
        // What these may change is in no file.
        if lock.has_variables() || settings.allow_unhashed {
            return None;
        }
        if !lock.index_options().find_links.is_empty() {
            return None;
        }
        files.extend(lock.paths().iter().skip(1).cloned());
    }
    files.extend(file.others.iter().map(|name| settings.below_project(name)));
    Some(files)
}
