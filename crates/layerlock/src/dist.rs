//! The directory `dist` of a project, where outputs go unless told otherwise.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_layer::{remove_abandoned, write_file};

use crate::Settings;

/// Where zips go.
pub(crate) const LAYERS: &str = "dist/layers";

/// Where `install` stages layers.
pub(crate) const STAGING: &str = "dist/staging";

/// The directory of the local provider.
pub(crate) const PUBLISHED: &str = "dist/published";

const DIST: &str = "dist";

/// What says to git that nothing in `dist` is part of the project.
pub(crate) const IGNORE_FILE: &str = "dist/.gitignore";

/// A `dist` that is not there yet. If a job makes it, it gets a `.gitignore`, as uv and
/// pytest do it; one that was there is the user's.
#[derive(Debug)]
pub(crate) struct NewDist<'s>(Option<&'s Settings>);

impl<'s> NewDist<'s> {
    /// Looks before the job makes anything.
    pub(crate) fn look(settings: &'s Settings) -> Self {
        let found = fs::symlink_metadata(settings.below_project(DIST));
        let is_new = found.is_err_and(|error| error.kind() == ErrorKind::NotFound);
        remove_remains(settings);
        Self(is_new.then_some(settings))
    }

    /// Looks whether it is there now, for what layerlock puts there by itself.
    pub(crate) fn ignore_if_made(&self) {
        let Some(settings) = self.0 else {
            return;
        };
        let is_made = |directory: &&str| settings.below_project(directory).is_dir();
        let file = settings.below_project(IGNORE_FILE);
        if [LAYERS, STAGING, PUBLISHED].iter().any(is_made) && !exists(&file) {
            // The job is done: it does not fail for this.
            let _ = write_file(&file, b"*\n");
        }
    }
}

/// Removes what a killed run left in `dist`, where it made the `.gitignore`: no output is
/// beside it for which another run would look there.
pub(crate) fn remove_remains(settings: &Settings) {
    remove_abandoned(&settings.below_project(DIST));
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The staging directories of a job that are not there yet, and that somebody chose.
pub(crate) fn new_staging<'p>(
    settings: &Settings,
    staging: impl Iterator<Item = &'p Path>,
) -> Vec<PathBuf> {
    let default = settings.below_project(STAGING);
    let mut new: Vec<PathBuf> = Vec::new();
    for directory in staging {
        if !exists(directory)
            && !directory.starts_with(&default)
            && !new.iter().any(|one| one == directory)
        {
            new.push(directory.to_owned());
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dist_that_a_job_makes_for_itself_gets_a_gitignore() {
        let temp = tempfile::tempdir().unwrap();
        let settings = Settings::for_project(temp.path());
        let text = || fs::read_to_string(temp.path().join(IGNORE_FILE)).ok();

        // Nothing is made, as in a dry run, or something that the user named.
        let new = NewDist::look(&settings);
        new.ignore_if_made();
        assert!(!temp.path().join(DIST).exists());
        fs::create_dir_all(temp.path().join("dist/mine")).unwrap();
        new.ignore_if_made();
        assert_eq!(text(), None);

        for made in [LAYERS, STAGING, PUBLISHED] {
            fs::remove_dir_all(temp.path().join(DIST)).unwrap();
            let new = NewDist::look(&settings);
            fs::create_dir_all(temp.path().join(made)).unwrap();
            new.ignore_if_made();
            assert_eq!(text().as_deref(), Some("*\n"), "{made}");
        }

        // What somebody else wrote meanwhile stays.
        fs::remove_dir_all(temp.path().join(DIST)).unwrap();
        let new = NewDist::look(&settings);
        fs::create_dir_all(temp.path().join(LAYERS)).unwrap();
        fs::write(temp.path().join(IGNORE_FILE), "mine").unwrap();
        new.ignore_if_made();
        assert_eq!(text().as_deref(), Some("mine"));

        // As does one without it that was there.
        fs::remove_file(temp.path().join(IGNORE_FILE)).unwrap();
        let old = NewDist::look(&settings);
        old.ignore_if_made();
        assert_eq!(text(), None);
    }

    #[test]
    fn what_a_killed_run_left_in_dist_goes() {
        let temp = tempfile::tempdir().unwrap();
        let settings = Settings::for_project(temp.path());
        let dist = temp.path().join(DIST);
        fs::create_dir(&dist).unwrap();
        fs::write(dist.join(".layerlock-left.tmp"), "").unwrap();
        fs::write(dist.join("mine.tmp"), "").unwrap();
        let _ = NewDist::look(&settings);
        assert_eq!(layerlock_layer::files_in(&dist).unwrap(), ["mine.tmp"]);
    }

    #[test]
    fn a_staging_directory_is_new_once() {
        let temp = tempfile::tempdir().unwrap();
        let settings = Settings::for_project(temp.path());
        let chosen = temp.path().join("lambda_dependencies");
        let default = temp.path().join(STAGING).join("shop");
        let places = [&chosen, &default, &chosen].map(PathBuf::as_path);
        assert_eq!(
            new_staging(&settings, places.into_iter()),
            std::slice::from_ref(&chosen)
        );
        fs::create_dir(&chosen).unwrap();
        assert!(new_staging(&settings, places.into_iter()).is_empty());
    }
}
