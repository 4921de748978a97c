//! What is known of the files of wheels: kept in the cache by the wheel's hash, so that the
//! next check reads none of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use layerlock_check::{
    FactsOf, FileFacts, FileInLayer, Finding, Known, Layer, ReadError, check_compiled,
};
use layerlock_digest::{seal, unseal};
use layerlock_install::Cache;
use layerlock_layer::{LayerPlan, write_file};
use layerlock_target::Target;

use crate::Error;

/// Checks the compiled files of a planned layer, which each build does. `libraries` are
/// those of other layers.
pub(crate) fn compiled(
    plan: &LayerPlan,
    target: &Target,
    libraries: &[&str],
    cache: &Cache,
) -> Result<Vec<Finding>, Error> {
    let kept = KeptFacts::of_compiled(cache, plan);
    let findings = match check_compiled(&Layer::of_plan(plan), target, &kept, libraries) {
        Err(ReadError::Layer(error)) => return Err(error.into()),
        findings => findings.unwrap_or_default(),
    };
    kept.keep();
    Ok(findings)
}

/// The names of the files that a layer has in the folder in which the target's loader looks
/// for libraries.
pub(crate) fn libraries<'p>(plan: &'p LayerPlan, target: &Target) -> Vec<&'p str> {
    let folder = target.libraries();
    let entries = plan.entries().iter();
    let below = entries.filter_map(|entry| entry.path.as_str().strip_prefix(folder));
    let names = below.filter_map(|rest| rest.strip_prefix('/'));
    names.filter(|name| !name.contains('/')).collect()
}

/// The facts of one wheel's files, by where the data of each begins in the archive.
type OfWheel = HashMap<u64, FileFacts>;

/// What is known of the wheels of one layer.
pub(crate) struct KeptFacts {
    compiled: Vec<Wheel>,
    text: Vec<Wheel>,
}

struct Wheel {
    /// Where it is kept.
    path: PathBuf,
    known: OfWheel,
    /// What was found out now.
    new: Mutex<Vec<(u64, FileFacts)>>,
}

impl KeptFacts {
    /// Reads what the cache knows of the compiled files of a plan's wheels. What cannot be
    /// read is not known.
    pub(crate) fn of_compiled(cache: &Cache, plan: &LayerPlan) -> Self {
        Self {
            compiled: wheels(cache, plan, "compiled"),
            text: Vec::new(),
        }
    }

    /// The same of all files, for Python 3.`minor`.
    pub(crate) fn of_all(cache: &Cache, plan: &LayerPlan, minor: u8) -> Self {
        Self {
            text: wheels(cache, plan, &format!("3.{minor}")),
            ..Self::of_compiled(cache, plan)
        }
    }

    fn wheel(&self, what: FactsOf, file: &FileInLayer<'_>) -> Option<(&Wheel, u64)> {
        let (archive, offset) = file.member()?;
        let wheels = match what {
            FactsOf::Compiled => &self.compiled,
            FactsOf::Text => &self.text,
        };
        Some((wheels.get(archive.index())?, offset))
    }

    /// Keeps what was found out. Where that fails, the next check finds it out again.
    pub(crate) fn keep(self) {
        for wheel in self.compiled.into_iter().chain(self.text) {
            let new = wheel.new.into_inner().unwrap_or_default();
            if new.is_empty() {
                continue;
            }
            let mut all: Vec<(u64, FileFacts)> = wheel.known.into_iter().chain(new).collect();
            all.sort_unstable_by_key(|(offset, _)| *offset);
            let about = about(&wheel.path);
            if let Ok(bytes) = postcard::to_stdvec(&all) {
                let _ = write_file(&wheel.path, &seal(bytes, &about));
            }
        }
    }
}

impl Known for KeptFacts {
    fn facts(&self, what: FactsOf, file: &FileInLayer<'_>) -> Option<FileFacts> {
        let (wheel, offset) = self.wheel(what, file)?;
        wheel.known.get(&offset).cloned()
    }

    fn learn(&self, what: FactsOf, file: &FileInLayer<'_>, facts: &FileFacts) {
        if let Some((wheel, offset)) = self.wheel(what, file)
            && let Ok(mut new) = wheel.new.lock()
        {
            new.push((offset, facts.clone()));
        }
    }
}

fn wheels(cache: &Cache, plan: &LayerPlan, what: &str) -> Vec<Wheel> {
    let archives = plan.archives().iter();
    let wheel = |archive: &PathBuf| {
        let stem = archive.file_stem().unwrap_or_default().to_string_lossy();
        let path = cache.checks().join(format!("{stem}-{what}"));
        Wheel {
            known: read(&path).unwrap_or_default(),
            path,
            new: Mutex::default(),
        }
    };
    archives.map(wheel).collect()
}

fn about(path: &Path) -> Vec<u8> {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().to_vec()
}

fn read(path: &Path) -> Option<OfWheel> {
    let sealed = fs_err::read(path).ok()?;
    let bytes = unseal(&sealed, &about(path))?;
    let all: Vec<(u64, FileFacts)> = postcard::from_bytes(bytes).ok()?;
    Some(all.into_iter().collect())
}
