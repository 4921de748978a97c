//! A package of which no file fits the target: what comes nearest, and what would take it.

use std::fmt;

use layerlock_diagnostic::{Diagnose, ErrorKind, LockTool, Place};
use layerlock_lock::LockedPackage;
use layerlock_target::{Architecture, Misfit, Runtime, Target, WheelName};

use super::advice::Advice;

/// No file of a package fits the target.
#[derive(Debug, Clone)]
pub struct NoWheel {
    /// The package, as it is locked.
    pub package: LockedPackage,
    /// What was looked for.
    pub target: Target,
    /// The wheel that comes nearest, and by what it misses.
    pub nearest: Option<(WheelName, Misfit)>,
    /// The runtimes of the target's architecture that could load a locked wheel,
    /// of those that functions can still be created on.
    pub runtimes: Vec<Runtime>,
    /// The architectures on which the target's runtime could.
    pub architectures: Vec<Architecture>,
    /// What the index has by now, where it was [asked](crate::advise()).
    pub advice: Advice,
    /// What makes a wheel of it in the runtime's own image, to paste into a shell, where
    /// that is of use.
    pub container_command: Option<String>,
}

impl NoWheel {
    /// Looks for the wheel that comes nearest, and for what would take one.
    pub(crate) fn new(package: LockedPackage, target: &Target, wheels: &[WheelName]) -> Self {
        let misfits = wheels.iter().filter_map(|wheel| {
            let misfit = target.rank(wheel).err()?;
            Some((wheel, misfit))
        });
        // Of equals the first: the lock's order is the same everywhere.
        let nearest = misfits
            .rev()
            .max_by_key(|(wheel, _)| target.nearness(wheel))
            .map(|(wheel, misfit)| (wheel.clone(), misfit));
        let fits = |target: Target| wheels.iter().any(|wheel| target.rank(wheel).is_ok());
        let runtimes = target.provider().runtimes().filter(|&runtime| {
            runtime.support().is_current() && fits(Target { runtime, ..*target })
        });
        let architectures = target.provider().architectures().iter().copied();
        let architectures = architectures.filter(|&architecture| {
            fits(Target {
                architecture,
                ..*target
            })
        });
        Self {
            target: *target,
            nearest,
            runtimes: runtimes.collect(),
            architectures: architectures.collect(),
            advice: Advice::default(),
            container_command: None,
            package,
        }
    }
}

impl NoWheel {
    /// What comes nearest, as a line about the package that stands alone: it names the
    /// runtime's glibc too.
    pub fn nearest_text(&self) -> String {
        let line = format!("{}: {}", self.package.name, self.why());
        match self.nearest {
            Some((_, Misfit::Glibc)) => {
                let runtime = self.target.runtime;
                let (major, minor) = runtime.glibc();
                format!("{line}, and {runtime} has {major}.{minor}")
            }
            _ => line,
        }
    }

    fn why(&self) -> String {
        let Some((wheel, misfit)) = &self.nearest else {
            return "the lock has no wheel and no source distribution of it".to_owned();
        };
        let misses = match (misfit, wheel.least_glibc(self.target.architecture)) {
            (Misfit::Python, _) => "is for another Python".to_owned(),
            (Misfit::Abi, _) => "is for another ABI".to_owned(),
            (Misfit::Glibc, Some((major, minor))) => format!("needs glibc {major}.{minor}"),
            (Misfit::Glibc | Misfit::Platform, _) => "is for another platform".to_owned(),
        };
        format!("the nearest, {wheel}, {misses}")
    }
}

impl Diagnose for NoWheel {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Artifact
    }

    fn place(&self) -> Option<&Place> {
        Some(&self.package.place)
    }

    fn package(&self) -> Option<String> {
        Some(self.package.name.to_string())
    }

    fn hint(&self) -> Option<String> {
        self.hint_for(LockTool::default())
    }

    fn hint_for(&self, tool: LockTool) -> Option<String> {
        let name = &self.package.name;
        let mut ways = Vec::new();
        if let Some(relock) = self.advice.relock(tool) {
            ways.push(relock);
            ways.push("build with --find-links wheels, where the command below puts it".to_owned());
        }
        let runtimes: Vec<String> = self.runtimes.iter().map(ToString::to_string).collect();
        if let Some((last, others)) = runtimes.split_last() {
            ways.push(match others {
                [] => format!("build for {last}"),
                _ => format!("build for {} or {last}", others.join(", ")),
            });
        }
        for architecture in &self.architectures {
            ways.push(format!("build for {architecture}"));
        }
        let is_on_index = self.advice.same_version.is_some();
        let any_other = || (!is_on_index).then(|| format!("lock another version of {name}"));
        ways.extend(self.advice.other(name.as_str()).or_else(any_other));
        if !is_on_index && self.container_command.is_some() {
            ways.push(
                "make a wheel of it by the command below and build with --find-links wheels"
                    .to_owned(),
            );
        }
        let mut hint = ways.join(", or ");
        if let Some(command) = &self.container_command {
            hint.push('\n');
            hint.push_str(command);
        }
        Some(hint)
    }
}

impl std::error::Error for NoWheel {}

impl fmt::Display for NoWheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            package, target, ..
        } = self;
        let runtime = target.runtime;
        let (major, minor) = runtime.glibc();
        write!(
            f,
            "{} {} has no wheel for {target} (CPython {}, {} with glibc {major}.{minor})",
            package.name,
            package.version,
            runtime.python_version(),
            runtime.operating_system(),
        )?;
        write!(f, ": {}", self.why())
    }
}
