//! A layer that is not built here: any zip, or a directory that becomes one.

use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_check::{FileInLayer, Finding, LayerZip, Severity};
use layerlock_digest::Digest;
use layerlock_layer::{
    Entry, EntrySource, LayerPath, LayerPlan, Mode, PlanBuilder, PlannedFile, Scratch, ZipOptions,
    prepare_zip,
};
use layerlock_target::{Architecture, Provider};

use crate::Error;
use crate::check_configuration::CheckConfiguration;
use crate::checked::{CheckedLayer, Depth, GivenTarget, check_zip};
use crate::source_date_epoch::time_of_entries;

/// A layer that another job built, or anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prebuilt {
    /// A zip, which is published as it is, or a directory of a layer's files. For Alibaba
    /// Function Compute also an object of OSS, `oss://BUCKET/KEY`.
    pub path: PathBuf,
    /// The runtimes that it is for, in the provider's names: `python3.12`, `nodejs22.x`. One
    /// version is for all of them.
    pub runtimes: Vec<String>,
    /// The architectures that it is for.
    pub architectures: Vec<Architecture>,
}

/// Its zip, opened.
pub(super) struct PrebuiltZip {
    zip: LayerZip,
    pub(super) digest: Digest,
    /// Whether it is the user's own file: another one is gone with this run.
    is_given: bool,
    /// What it has to be removed with, where it was made here.
    _scratch: Option<Scratch>,
}

impl PrebuiltZip {
    pub(super) fn path(&self) -> &Path {
        self.zip.path()
    }

    pub(super) fn size(&self) -> u64 {
        self.zip.size()
    }
}

/// What a layer is for of which nobody said it, as in reports of layers of the project.
const ANY_RUNTIME: &str = "any";

/// Folders in folders: more are a link that leads back.
const DEEPEST: usize = 64;

impl Prebuilt {
    /// The last part of its path, without its ending.
    pub(super) fn stem(&self) -> &str {
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        stem.unwrap_or_default()
    }

    /// The zip; `fetched` is where it was brought to from elsewhere. `provider` is whose
    /// functions get it.
    pub(super) fn zip(
        &self,
        fetched: Option<&Path>,
        provider: Provider,
    ) -> Result<PrebuiltZip, Error> {
        match fetched {
            Some(zip) => self.of_zip(zip, provider),
            None if self.path.is_dir() => self.of_directory(provider),
            None if self.path.exists() => self.of_zip(&self.path, provider),
            None if self.path.starts_with("s3:") => {
                Err(self.unusable("an object of S3 is not read: download it, and name the file"))
            }
            None => Err(self.unusable("there is no such file or directory")),
        }
    }

    fn of_zip(&self, path: &Path, provider: Provider) -> Result<PrebuiltZip, Error> {
        let zip = LayerZip::open(path)?;
        let layer = zip.layer().map_err(|problem| Error::PrebuiltZip {
            path: self.path.clone(),
            problem,
        })?;
        let names = layer.files().iter().map(FileInLayer::path);
        self.look(provider, names, layer.unzipped_size())?;
        drop(layer);
        Ok(PrebuiltZip {
            digest: zip.digest()?,
            zip,
            is_given: path == self.path,
            _scratch: None,
        })
    }

    fn of_directory(&self, provider: Provider) -> Result<PrebuiltZip, Error> {
        let plan = self.plan()?;
        let names = plan.entries().iter().map(|entry| entry.path.as_str());
        self.look(provider, names, plan.unzipped_size())?;
        let scratch = Scratch::create()?;
        let path = scratch.path().join("layer.zip");
        let options = ZipOptions {
            time: time_of_entries()?,
            ..ZipOptions::default()
        };
        let (summary, zip) = prepare_zip(&plan, &path, options)?;
        zip.put_in_place()?;
        Ok(PrebuiltZip {
            zip: LayerZip::open(&path)?,
            digest: summary.digest,
            is_given: false,
            _scratch: Some(scratch),
        })
    }

    /// The files of a directory; a link is what it leads to, as `zip -r` has it.
    fn plan(&self) -> Result<LayerPlan, Error> {
        let mut builder = PlanBuilder::default();
        let owner = builder.owner(self.path.display().to_string());
        for (path, name) in self.files()? {
            let name = LayerPath::new(name.clone())
                .map_err(|error| self.unusable(&format!("{name:?} {error}")))?;
            builder.push(Entry {
                path: name,
                mode: mode(&path)?,
                owner,
                source: EntrySource::File(PlannedFile::read(path)?),
            });
        }
        Ok(builder.finish()?)
    }

    /// Each file with its name in the layer.
    fn files(&self) -> Result<Vec<(PathBuf, String)>, Error> {
        let mut files = Vec::new();
        let mut folders = vec![(self.path.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            if depth > DEEPEST {
                let reason = format!("{} has a link that leads back", folder.display());
                return Err(self.unusable(&reason));
            }
            let read = |error| layerlock_layer::Error::io("read", &folder)(error);
            for entry in fs::read_dir(&folder).map_err(read)? {
                let path = entry.map_err(read)?.path();
                let name = path.file_name().and_then(|name| name.to_str());
                let Some(name) = name else {
                    let reason = format!("the name of {} is no UTF-8", path.display());
                    return Err(self.unusable(&reason));
                };
                let name = format!("{prefix}{name}");
                if path.is_dir() {
                    folders.push((path, format!("{name}/"), depth + 1));
                } else {
                    files.push((path, name));
                }
            }
        }
        Ok(files)
    }

    /// Looks at the files of a layer, whose sizes together are `unpacked` bytes.
    fn look<'n>(
        &self,
        provider: Provider,
        names: impl Iterator<Item = &'n str>,
        unpacked: u64,
    ) -> Result<(), Error> {
        let limit = provider.limits().unzipped;
        if unpacked > limit {
            return Err(Error::PrebuiltTooLarge {
                path: self.path.clone(),
                size: unpacked,
                limit,
            });
        }
        let names: Vec<&str> = names.collect();
        if names.is_empty() {
            return Err(self.unusable("it holds no file"));
        }
        let is_zip = |name: &&str| {
            !name.contains('/') && Path::new(name).extension().is_some_and(|it| it == "zip")
        };
        if names.iter().all(is_zip) {
            return Err(self.unusable("it holds zips, and no layer: name one of them"));
        }
        Ok(())
    }

    /// Checks its zip as each build checks its own, for all that it is said to be for.
    pub(super) fn check(
        &self,
        zip: &PrebuiltZip,
        provider: Provider,
        configuration: &CheckConfiguration,
    ) -> Result<Vec<CheckedLayer>, Error> {
        let (architectures, depth) = match &self.architectures[..] {
            [] => (vec![provider.default_architecture()], Depth::Names),
            named => (named.to_vec(), Depth::Brief),
        };
        let runtimes = match &self.runtimes[..] {
            [] => vec![ANY_RUNTIME.to_owned()],
            named => named.to_vec(),
        };
        let targets = runtimes.iter().flat_map(|runtime| {
            let target =
                |architecture: &Architecture| GivenTarget::new(provider, runtime, *architecture);
            architectures.iter().map(target)
        });
        let targets: Vec<GivenTarget> = targets.collect();
        let are_of_python: Vec<bool> = targets.iter().map(GivenTarget::is_python).collect();
        let targets = targets.into_iter().map(|target| (target, Vec::new()));
        let of_zip = (&zip.zip, zip.digest);
        let mut checked = check_zip(of_zip, &self.path, targets.collect(), depth, configuration)?;
        lower_errors_of_some(&mut checked, &are_of_python);
        for layer in &mut checked {
            layer.name = Some(self.stem().to_owned());
            layer.zip = layer.zip.take().filter(|_| zip.is_given);
        }
        Ok(checked)
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::Prebuilt {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// What a layer is published for is a filter of the console: where it works for some of that,
/// it is no error that it does not for others.
fn lower_errors_of_some(checked: &mut [CheckedLayer], are_of_python: &[bool]) {
    let errors: Vec<Vec<Finding>> = checked
        .iter()
        .map(|it| it.errors().cloned().collect())
        .collect();
    for (index, layer) in checked.iter_mut().enumerate() {
        let same_language = errors.iter().zip(are_of_python);
        let same_language: Vec<&Vec<Finding>> = same_language
            .filter(|(_, is_of_python)| **is_of_python == are_of_python[index])
            .map(|(errors, _)| errors)
            .collect();
        for finding in &mut layer.findings {
            let is_same =
                |other: &Finding| other.code == finding.code && other.path == finding.path;
            if !same_language
                .iter()
                .all(|errors| errors.iter().any(is_same))
            {
                finding.severity = finding.severity.min(Severity::Warning);
            }
        }
    }
}

/// Executable where anybody may execute it; on Windows nobody knows.
fn mode(path: &Path) -> Result<Mode, Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let metadata = fs::metadata(path).map_err(layerlock_layer::Error::io("read", path))?;
        if metadata.permissions().mode() & 0o111 != 0 {
            return Ok(Mode::Executable);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(Mode::Regular)
}
