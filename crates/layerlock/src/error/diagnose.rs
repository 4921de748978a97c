//! What each error tells beside its text: its kind, its place, its package and a hint.

use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool, Place};

use super::Error;
use crate::file_conflict::FileConflict;
use crate::wording::{architectures, listed};

impl Diagnose for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Export(error) => error.kind(),
            Self::Lock(error) => error.kind(),
            Self::OfLock { error, .. } => error.kind(),
            Self::Misfits(_)
            | Self::FileConflicts(_)
            | Self::ExcludedPython(_)
            | Self::NoArchitecture { .. }
            | Self::PrebuiltTooLarge { .. } => ErrorKind::Artifact,
            Self::Install(error) => error.kind(),
            Self::Layer(error) => error.kind(),
            Self::OwnFiles { error, .. } => error.kind(),
            Self::Npm { error, .. } => error.kind(),
            Self::Maven { error, .. } => error.kind(),
            Self::Publish(error) => error.kind(),
            Self::Handover(error) => error.kind(),
            Self::LockFile { place: None, .. }
            | Self::NotPython { place: None, .. }
            | Self::Exclude(_)
            | Self::SharedZip { .. }
            | Self::ZipName(_)
            | Self::SourceDateEpoch { .. }
            | Self::UnknownLayer { .. }
            | Self::WhichLayer { .. }
            | Self::PylockName { .. }
            | Self::ExportFindLinks
            | Self::ExportTarget { .. }
            | Self::ExportOfPoetry
            | Self::PublishName(_)
            | Self::PublishOption { .. }
            | Self::NoPublishName
            | Self::Prebuilt { .. }
            | Self::SharedParameter { .. }
            | Self::SharedPublishName { .. }
            | Self::NotAws { .. }
            | Self::NoCache
            | Self::ReportReplaces { .. }
            | Self::PageReplaces { .. }
            | Self::UnknownPackage { .. }
            | Self::ProviderLeftOut { .. } => ErrorKind::Usage,
            Self::LockFile { .. }
            | Self::Configuration { .. }
            | Self::NotPython { .. }
            | Self::NoPython { .. }
            | Self::Overlap { .. }
            | Self::SharedStaging { .. }
            | Self::NoFiles(_)
            | Self::NoName { .. }
            | Self::NoPackage { .. }
            | Self::NoRuntime { .. } => ErrorKind::Project,
            Self::Accounts { failed } => failed
                .first()
                .map_or(ErrorKind::Provider, |(_, error)| error.kind()),
            Self::LayerFiles(error) => error.kind(),
            Self::PrebuiltZip { .. } => ErrorKind::Integrity,
            Self::InUse { .. } | Self::NotPublished { .. } => ErrorKind::Provider,
            Self::CacheDirectory(_) | Self::Remains { .. } => ErrorKind::Machine,
        }
    }

    fn place(&self) -> Option<&Place> {
        match self {
            Self::Export(error) => error.place(),
            Self::Lock(error) => error.place(),
            Self::OfLock { error, .. } => error.place(),
            Self::Misfits(misfits) => misfits.packages.first().map(|one| &one.package.place),
            Self::NoFiles(packages) => packages.first().map(|one| &one.place),
            Self::Install(error) => error.place(),
            Self::ExcludedPython(excluded) => excluded.place.as_ref(),
            Self::Handover(error) => error.place(),
            Self::LockFile { place, .. }
            | Self::OwnFiles { place, .. }
            | Self::Npm { place, .. }
            | Self::Maven { place, .. }
            | Self::NotPython { place, .. } => place.as_ref(),
            Self::Configuration { place, .. }
            | Self::NoPackage { place }
            | Self::NoPython { place, .. }
            | Self::NoRuntime { place, .. } => Some(place),
            _ => None,
        }
    }

    fn package(&self) -> Option<String> {
        match self {
            Self::Misfits(misfits) => match &misfits.packages[..] {
                [only] => only.package(),
                _ => None,
            },
            Self::NoFiles(packages) => match &packages[..] {
                [only] => Some(only.name.to_string()),
                _ => None,
            },
            Self::Lock(error) => error.package(),
            Self::OfLock { error, .. } => error.package(),
            Self::Npm { error, .. } => error.package(),
            Self::Maven { error, .. } => error.package(),
            Self::Install(error) => error.package(),
            Self::ExcludedPython(excluded) => Some(excluded.package.to_string()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    fn hint_for(&self, tool: LockTool) -> Option<String> {
        let hint = match self {
            Self::Export(error) => return error.hint(),
            Self::Lock(error) => return error.hint(),
            Self::OfLock { error, tool } => return error.hint_for(*tool),
            Self::Misfits(misfits) => return Some(misfits.hint(tool)),
            Self::ExcludedPython(excluded) => return Some(excluded.hint(tool)),
            Self::Install(error) => return error.hint_for(tool),
            Self::Layer(error) => return error.hint(),
            Self::OwnFiles { error, .. } => return error.hint(),
            Self::Npm { error, .. } => return error.hint(),
            Self::Maven { error, .. } => return error.hint(),
            Self::NotPython { .. } => {
                "name a runtime of Python, or name the layers that the option is for with --layer"
            }
            Self::NoPython { .. } => {
                "a layer takes them from pyproject.toml and its lock; one of the project's own \
                 files has `folders`"
            }
            Self::Publish(error) => return error.hint(),
            Self::Handover(error) => return error.hint(),
            Self::WhichLayer { .. } => "name it with --layer, --runtime and --architecture",
            Self::Overlap { .. } => "give each output a directory of its own",
            Self::ReportReplaces { .. } => "name another file with --report",
            Self::Remains { .. } => {
                "remove it, or name another staging directory; each layer gets a directory of its \
                 own in it, which your template has to name"
            }
            Self::NoFiles(_) => match tool {
                LockTool::Poetry => {
                    "run `poetry lock`, which writes them: some releases of Poetry 1.1 and 1.2 \
                     left them out"
                }
                LockTool::Requirements => {
                    "no index that was asked has a file of that version with such a hash: correct \
                     the line, or name another index with --index-url"
                }
                LockTool::Uv | LockTool::Pylock => {
                    return Some(format!("run {}, which writes them", tool.lock()));
                }
            },
            Self::SharedZip { .. } => {
                "name what differs in `zip-name`: {layer}, {provider}, {runtime} or {architecture}"
            }
            Self::PylockName { .. } => {
                "PEP 751 has tools look for pylock.toml and pylock.NAME.toml, NAME without a dot"
            }
            Self::ExportFindLinks => {
                "remove it; `layerlock build` and `layerlock install` look there for wheels"
            }
            Self::FileConflicts(conflicts) => {
                let line = conflicts.iter().find_map(FileConflict::preference);
                let choose = line.map_or_else(String::new, |line| {
                    format!("choose whose files stay, such as `{line}` in [tool.layerlock]; ")
                });
                return Some(format!(
                    "{choose}exclude the files by exclude-files; or set `conflicts = \"warn\"` to \
                     get what pip installs"
                ));
            }
            Self::NoName { .. } => "add `name` to [project], or remove include-project",
            Self::NoPackage { .. } => {
                "remove this line and name a build backend in [build-system], or remove \
                 include-project"
            }
            Self::NoRuntime { previews, .. } if !previews.is_empty() => {
                return Some(format!(
                    "name it with --runtime {}, or widen the project's Python constraint and run \
                     {}",
                    previews[0],
                    tool.lock()
                ));
            }
            Self::NoRuntime { known, .. } => {
                return Some(format!(
                    "widen the project's Python constraint and run {}: the runtimes are {}",
                    tool.lock(),
                    listed(known)
                ));
            }
            Self::SharedStaging { .. } => "give each layer a staging directory of its own",
            Self::SourceDateEpoch { .. } => {
                "unset it, or set it to whole seconds since 1970-01-01 00:00 UTC"
            }
            Self::CacheDirectory(_) | Self::NoCache => {
                "name a directory for the cache with --cache-dir or LAYERLOCK_CACHE_DIR, or go without \
                 one by --no-cache"
            }
            Self::ProviderLeftOut { feature, .. } => {
                return Some(format!("build it with the feature `{feature}`"));
            }
            Self::SharedPublishName { .. } => {
                "add `{layer}` to the name in [tool.layerlock.publish] or in --name, or choose one \
                 by --layer"
            }
            Self::SharedParameter { .. } => {
                "add `{layer}`, `{runtime}` or `{architecture}` to `ssm-parameter` in \
                 [tool.layerlock.publish.aws], or to --ssm-parameter"
            }
            Self::Accounts { failed } => return failed.first()?.1.hint_for(tool),
            Self::NoPublishName => "name it by --name",
            Self::NoArchitecture { target } => {
                return Some(format!(
                    "build for {} by --architecture or `architecture`, or for another provider",
                    architectures(target)
                ));
            }
            Self::PrebuiltTooLarge { .. } => "split it into several layers",
            Self::LayerFiles(error) => return error.hint(),
            Self::UnknownPackage { nearest, .. } if !nearest.is_empty() => {
                return Some(format!("did you mean {}?", nearest.join(", ")));
            }
            Self::UnknownPackage { .. } => "the lock lists the packages of the project",
            Self::PageReplaces { .. } => "name another file with --html",
            Self::PrebuiltZip { .. } => {
                "unpack it with the tool that made it, and publish the directory: \
                 layerlock publish --from DIR"
            }
            Self::NotPublished { .. } => {
                "publish it there first, or name another place, such as by --provider, --region or \
                 --from; `layerlock list` lists the versions"
            }
            Self::InUse { .. } => {
                "give the functions another version first, or add --force: functions that have it \
                 keep it until they are updated"
            }
            Self::NotAws { .. } => {
                "add --provider aws, or set `provider = \"aws\"` in [tool.layerlock]"
            }
            Self::PublishName(_)
            | Self::PublishOption { .. }
            | Self::Prebuilt { .. }
            | Self::Configuration { .. }
            | Self::LockFile { .. }
            | Self::ExportTarget { .. }
            | Self::ExportOfPoetry
            | Self::Exclude(_)
            | Self::ZipName(_)
            | Self::UnknownLayer { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}
