//! The runtime of a layer for which nobody named one.
//!
//! It is the newest that the project allows and that every package of the layer has a
//! wheel for. Where there is none, the newest for which every package has a wheel or a
//! source to build. The names of files in the lock tell; nothing is fetched.

use std::fmt;

use layerlock_export::Project;
use layerlock_lock::{LockReader, PackageName};
use layerlock_target::{Architecture, Provider, Runtime, Target};

use crate::runtime_fit::{Fit, LayerQuery, fits, is_supported_and_allowed};

/// What a layer without a runtime asks for.
pub(crate) struct RuntimeQuery<'q> {
    pub(crate) provider: Provider,
    /// The runtime has to do for all of them.
    pub(crate) architectures: &'q [Architecture],
    pub(crate) layer: LayerQuery<'q>,
}

/// The runtime that was chosen, and what kept newer ones out.
#[derive(Debug, Clone)]
pub(crate) struct DefaultRuntime {
    pub(crate) runtime: Runtime,
    fit: Fit,
    passed_over: Vec<PassedOver>,
}

/// A newer runtime, and the packages without a wheel for it.
#[derive(Debug, Clone)]
struct PassedOver {
    runtime: Runtime,
    without_wheel: Vec<PackageName>,
}

/// The newest runtime that the project allows, whatever is locked; `None` where it
/// allows none.
pub(crate) fn newest_allowed(provider: Provider, project: &Project) -> Option<DefaultRuntime> {
    let python = project.python();
    let runtime = provider.newest_runtime(|minor| python.allows_minor(3, u64::from(minor)))?;
    Some(DefaultRuntime {
        runtime,
        fit: Fit::Nothing,
        passed_over: Vec::new(),
    })
}

/// The newest runtime that the project allows and the locked files fit; where none
/// does, the newest allowed, whose misfits then are told as of one that was named.
pub(crate) fn choose(
    project: &Project,
    lock: &dyn LockReader,
    query: &RuntimeQuery<'_>,
) -> Option<DefaultRuntime> {
    let is_candidate = |runtime: &Runtime| is_supported_and_allowed(*runtime, project);
    let mut best: Option<DefaultRuntime> = None;
    let mut passed_over = Vec::new();
    for runtime in query.provider.runtimes().rev().filter(is_candidate) {
        let (fit, without_wheel) = fit(lock, &query.layer, query.architectures, runtime);
        // Of equals the first, which is the newest.
        if best.as_ref().is_none_or(|best| fit > best.fit) {
            best = Some(DefaultRuntime {
                runtime,
                fit,
                passed_over: passed_over.clone(),
            });
        }
        if fit == Fit::Wheels {
            break;
        }
        passed_over.push(PassedOver {
            runtime,
            without_wheel,
        });
    }
    best.filter(|best| best.fit > Fit::Nothing)
        .or_else(|| newest_allowed(query.provider, project))
}

/// How well a runtime does, on the architecture on which it does worst, and the
/// packages without a wheel.
fn fit(
    lock: &dyn LockReader,
    query: &LayerQuery<'_>,
    architectures: &[Architecture],
    runtime: Runtime,
) -> (Fit, Vec<PackageName>) {
    let mut worst = Fit::Wheels;
    let mut without_wheel = Vec::new();
    for &architecture in architectures {
        let Some(fits) = fits(lock, query, &Target::new(runtime, architecture)) else {
            return (Fit::Nothing, without_wheel);
        };
        for (name, fit) in fits {
            worst = worst.min(fit);
            if fit < Fit::Wheels && !without_wheel.contains(&name) {
                without_wheel.push(name);
            }
        }
    }
    (worst, without_wheel)
}

impl DefaultRuntime {
    /// Why it is this runtime: which one of all it is.
    pub(crate) fn reason(&self) -> String {
        let kept_out: Vec<String> = self.passed_over.iter().map(ToString::to_string).collect();
        let kept_out = kept_out.join("; ");
        match self.fit {
            Fit::Wheels if !kept_out.is_empty() => format!(
                "the newest allowed runtime that every package has a wheel for ({kept_out})"
            ),
            Fit::Build if !kept_out.is_empty() => format!(
                "the newest allowed runtime that every package has a wheel or a source for \
                 ({kept_out})"
            ),
            _ => "the newest runtime that the project's Python allows".to_owned(),
        }
    }
}

/// Why it is this runtime: a sentence without its full stop.
impl fmt::Display for DefaultRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "built for {}, {}", self.runtime, self.reason())
    }
}

/// How many packages are named before the rest is counted.
const NAMED: usize = 5;

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runtime,
            without_wheel,
        } = self;
        let named: Vec<&str> = without_wheel
            .iter()
            .take(NAMED)
            .map(PackageName::as_str)
            .collect();
        match (named.len(), without_wheel.len() - named.len()) {
            (0, _) => write!(f, "{runtime}: nothing can be selected from the lock"),
            (1, 0) => write!(f, "{runtime}: {} has no wheel", named[0]),
            (_, 0) => write!(f, "{runtime}: {} have no wheel", named.join(", ")),
            (_, more) => write!(
                f,
                "{runtime}: {} and {more} more have no wheel",
                named.join(", ")
            ),
        }
    }
}
