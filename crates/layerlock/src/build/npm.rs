//! The npm packages of layers: selected from a lock, fetched, judged, and put into the plan.

use std::path::PathBuf;

use layerlock_check::{Code, Finding};
use layerlock_folders::{Input, Inputs};
use layerlock_install::{Cache, Reporter};
use layerlock_layer::{Entry, PlanBuilder};
use layerlock_npm::{
    Layout, Npm, NpmNote, NpmOwner, NpmPackages, NpmProject, NpmSelected, NpmSource, Store,
    check_native, push,
};
use layerlock_target::Provider;

use crate::Error;
use crate::configuration::{Layer, NpmLayer};

/// The packages of one layer, in the cache.
pub(super) struct NpmFiles {
    project: NpmProject,
    selected: NpmSelected,
    packages: NpmPackages,
    notes: Vec<NpmNote>,
}

fn told(npm: &NpmLayer) -> impl Fn(layerlock_npm::Error) -> Error {
    move |error| match error {
        // What our cache has can be taken in anew.
        layerlock_npm::Error::Layer(error @ layerlock_layer::Error::Archive { .. }) => {
            Error::Layer(error)
        }
        error => Error::Npm {
            error: Box::new(error),
            place: Some(npm.place.clone()),
        },
    }
}

/// What is selected of a layer's lock, without a look at any package.
pub(super) fn select(layer: &Layer) -> Result<Option<(NpmProject, NpmSelected)>, Error> {
    let Some(npm) = &layer.npm else {
        return Ok(None);
    };
    let read = if npm.allow_stale_lock {
        NpmProject::read_even_stale
    } else {
        NpmProject::read
    };
    let project = read(&npm.directory).map_err(told(npm))?;
    let selected = project
        .select(&npm.omit, &layer.target)
        .map_err(told(npm))?;
    Ok(Some((project, selected)))
}

/// Brings the packages of all layers into the cache, and judges their compiled files.
pub(super) fn fetch(
    layers: &[Layer],
    cache: &Cache,
    is_offline: bool,
    reporter: &dyn Reporter,
) -> Result<Vec<Option<NpmFiles>>, Error> {
    let fetched = layers.iter().map(|layer| {
        let (Some(npm), Some((project, selected))) = (&layer.npm, select(layer)?) else {
            return Ok(None);
        };
        let store = Store::at(cache.npm()?);
        let machine = Npm::on_this_machine(&npm.directory, is_offline);
        let fetching = |count: usize| {
            let packages = if count == 1 { "package" } else { "packages" };
            reporter.noted(&format!(
                "npm fetches {count} {packages} for {}",
                layer.name
            ));
        };
        let packages = store.get(&selected.packages, &machine, &fetching);
        let packages = packages.map_err(told(npm))?;
        let notes = check_native(&selected.packages, &packages, &layer.target);
        Ok(Some(NpmFiles {
            notes: notes.map_err(told(npm))?,
            project,
            selected,
            packages,
        }))
    });
    fetched.collect()
}

impl NpmFiles {
    /// Adds the files of the packages that `keep` does not refuse.
    pub(super) fn push(
        &self,
        layer: &Layer,
        outputs: &[PathBuf],
        rank: usize,
        keep: &mut dyn FnMut(&Entry) -> bool,
        builder: &mut PlanBuilder,
    ) -> Result<Vec<NpmOwner>, Error> {
        let folder = layer.npm.as_ref().map(|npm| npm.folder.as_str());
        let layout = Layout {
            project: &self.project,
            packages: &self.selected.packages,
            store: &self.packages,
            folder: folder.unwrap_or("nodejs"),
            // It reads them to tell what a function has.
            has_manifests: layer.target.provider() == Provider::Aliyun,
            outputs,
        };
        push(&layout, rank, keep, builder).map_err(|error| Error::Npm {
            error: Box::new(error),
            place: layer.npm.as_ref().map(|npm| npm.place.clone()),
        })
    }

    /// What the user should know.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let stale = self.project.stale().map(|what| {
            let lock = self.project.lock_path().display();
            let message = format!("{lock} is out of date, and may lack what is needed now: {what}");
            Finding::new(Code::StaleLock, message)
                .with_hint("run `npm install --package-lock-only` there")
        });
        let engines = self.selected.warnings.iter();
        let engines = engines.map(|message| Finding::new(Code::OtherNode, message.clone()));
        let notes = self.notes.iter().map(|note| {
            Finding::new(Code::GeneratedCode, note.message.clone()).with_package(&note.package)
        });
        stale.into_iter().chain(engines).chain(notes).collect()
    }
}

/// Watches what the packages of layers are read from: locks, tarballs of the project, and
/// folders that are copied, without what was installed in these.
pub(super) fn watch(layers: &[Layer], outputs: &[PathBuf], inputs: &mut Inputs) {
    let (mut files, mut left_out) = (Vec::new(), outputs.to_vec());
    for layer in layers {
        let Some(npm) = &layer.npm else {
            continue;
        };
        files.extend(NpmProject::files(&npm.directory));
        // What is wrong with the lock is told later.
        let Ok(Some((project, selected))) = select(layer) else {
            continue;
        };
        files.extend(project.manifests());
        for locked in &selected.packages {
            if let NpmSource::Folder(folder) = &locked.source {
                files.push(folder.clone());
                left_out.push(folder.join("node_modules"));
            }
            files.extend(locked.local_tarball(&npm.directory));
        }
    }
    left_out.sort();
    left_out.dedup();
    inputs.add(files.into_iter().map(Input::path), &left_out);
}
