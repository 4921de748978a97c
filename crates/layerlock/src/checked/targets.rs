//! What a layer is for that anybody made.

use std::path::Path;

use layerlock_check::{Code, Finding, LayerTarget};
use layerlock_target::{Architecture, Provider, Support, Target};

use super::layer::CheckedTarget;

/// What somebody said that given layers are for.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenTargets {
    /// Targets as a whole; where there are any, nothing else counts.
    pub(crate) whole: Vec<Target>,
    pub(crate) provider: Option<Provider>,
    /// In the provider's names.
    pub(crate) runtimes: Vec<String>,
    pub(crate) architectures: Vec<Architecture>,
}

/// What a given layer is for.
#[derive(Debug, Clone)]
pub(crate) struct GivenTarget {
    pub(super) checked_for: LayerTarget,
    pub(super) shown: CheckedTarget,
}

impl GivenTargets {
    /// Each runtime with each architecture, and what the user should know of how they were
    /// chosen.
    pub(crate) fn of_layer(&self, path: &Path) -> Vec<(GivenTarget, Vec<Finding>)> {
        if !self.whole.is_empty() {
            let targets = self.whole.iter();
            return targets
                .map(|target| (of_target(*target), Vec::new()))
                .collect();
        }
        let provider = self.provider.unwrap_or(Provider::Aws);
        let (of_name, architecture_of_name) = named(path, provider);
        let mut told = Vec::new();
        let runtimes = match &self.runtimes[..] {
            [] => vec![of_name.unwrap_or_else(|| {
                let newest = newest(provider);
                let message = format!("checked for {newest}, the newest runtime");
                told.push(
                    Finding::new(Code::DefaultRuntime, message)
                        .with_hint("name the function's runtime with --runtime"),
                );
                newest
            })],
            named => named.to_vec(),
        };
        let architectures = match &self.architectures[..] {
            [] => vec![architecture_of_name.unwrap_or_else(|| provider.default_architecture())],
            named => named.to_vec(),
        };
        let mut targets = Vec::new();
        for runtime in &runtimes {
            for &architecture in &architectures {
                targets.push((
                    GivenTarget::new(provider, runtime, architecture),
                    told.clone(),
                ));
            }
        }
        targets
    }
}

impl GivenTarget {
    /// Whether it is checked as a layer for Python.
    pub(crate) fn is_python(&self) -> bool {
        matches!(self.checked_for, LayerTarget::Python(_))
    }

    /// Functions on a runtime, in the provider's names.
    pub(crate) fn new(provider: Provider, runtime: &str, architecture: Architecture) -> Self {
        let known = provider.runtime(runtime).ok();
        let target = known.map(|runtime| Target::new(runtime, architecture));
        Self {
            checked_for: target.map_or(LayerTarget::Unknown(provider), LayerTarget::from),
            shown: CheckedTarget {
                provider,
                runtime: runtime.to_owned(),
                architecture,
            },
        }
    }
}

fn of_target(target: Target) -> GivenTarget {
    GivenTarget {
        checked_for: target.into(),
        shown: target.into(),
    }
}

fn newest(provider: Provider) -> String {
    let mut runtimes = provider.runtimes().rev();
    let is_supported = |support| matches!(support, Support::Until(_) | Support::Current);
    let supported = runtimes.find(|runtime| is_supported(runtime.support()));
    supported.map_or_else(String::new, |runtime| runtime.to_string())
}

/// The runtime and the architecture in a file's name: builds name a zip
/// `LAYER-RUNTIME-ARCHITECTURE.zip`.
fn named(path: &Path, provider: Provider) -> (Option<String>, Option<Architecture>) {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let parts = || stem.split('-');
    let is_runtime = |part: &&str| provider.runtime(part).is_ok_and(|it| !it.is_any());
    let runtime = parts().find(is_runtime);
    let architecture = Architecture::ALL
        .into_iter()
        .find(|one| parts().any(|part| part == one.name()));
    (runtime.map(str::to_owned), architecture)
}
