//! Packages without a file for the target, all of a layer at once.

use std::fmt;

use layerlock_diagnostic::LockTool;
use layerlock_export::Project;
use layerlock_install::NoWheel;
use layerlock_lock::{LockReader, PackageName};
use layerlock_target::{Runtime, Support, Target};

use crate::runtime_fit::{Fit, LayerQuery, fits, is_allowed, is_supported_and_allowed};

/// Packages of a layer that have no file for its target. One alone is here only where no
/// runtime suits all packages.
#[derive(Debug)]
pub struct Misfits {
    /// The packages, sorted by name.
    pub packages: Vec<NoWheel>,
    /// The runtimes that every package of the layer has a file for.
    pub runtimes: Vec<Runtime>,
    /// Packages that keep other runtimes out, where no runtime suits all.
    others: Vec<PackageName>,
    /// Each allowed runtime with what it has of the packages and the others.
    columns: Vec<Column>,
}

/// What one runtime has of the packages.
#[derive(Debug)]
struct Column {
    runtime: Runtime,
    /// `None` where the package is not needed.
    fits: Vec<Option<Fit>>,
}

/// The runtimes that a project allows and that every package of a layer has a file for,
/// on the target's architecture.
pub(crate) fn suitable_runtimes(
    project: &Project,
    lock: &dyn LockReader,
    query: &LayerQuery<'_>,
    target: &Target,
) -> Vec<Runtime> {
    let suits = |runtime: &Runtime| {
        is_supported_and_allowed(*runtime, project)
            && suits(lock, query, &Target::new(*runtime, target.architecture))
    };
    target.provider().runtimes().filter(suits).collect()
}

/// Whether every package of a layer has a file for a target.
pub(crate) fn suits(lock: &dyn LockReader, query: &LayerQuery<'_>, target: &Target) -> bool {
    fits(lock, query, target).is_some_and(|fits| fits.iter().all(|(_, fit)| *fit > Fit::Nothing))
}

impl Misfits {
    pub(crate) fn new(
        packages: Vec<NoWheel>,
        suitable: Vec<Runtime>,
        project: &Project,
        lock: &dyn LockReader,
        query: &LayerQuery<'_>,
        target: &Target,
    ) -> Self {
        let is_shown =
            |runtime: &Runtime| is_allowed(*runtime, project) && runtime.support().is_offered();
        let runtimes = target.provider().runtimes().filter(is_shown);
        let fits: Vec<_> = runtimes
            .map(|runtime| {
                let target = Target::new(runtime, target.architecture);
                (runtime, fits(lock, query, &target).unwrap_or_default())
            })
            .collect();
        let mut names: Vec<PackageName> = Vec::new();
        names.extend(packages.iter().map(|one| one.package.name.clone()));
        if suitable.is_empty() {
            for (name, fit) in fits.iter().flat_map(|(_, fits)| fits) {
                if *fit == Fit::Nothing && !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        let column = |(runtime, fits): (Runtime, Vec<(PackageName, Fit)>)| {
            let of = |name: &PackageName| {
                let found = fits.iter().find(|(other, _)| other == name);
                found.map(|(_, fit)| *fit)
            };
            Column {
                runtime,
                fits: names.iter().map(of).collect(),
            }
        };
        Self {
            columns: fits.into_iter().map(column).collect(),
            runtimes: suitable,
            others: names.split_off(packages.len()),
            packages,
        }
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self, tool: LockTool) -> String {
        let other = self.other_runtimes();
        let is_on_index = |one: &&NoWheel| one.advice.same_version.is_some();
        let names: Vec<&str> = self
            .packages
            .iter()
            .filter(is_on_index)
            .map(|one| one.package.name.as_str())
            .collect();
        match &names[..] {
            [] => other,
            _ if names.len() == self.packages.len() && self.others.is_empty() => format!(
                "run {}: the index has wheels of the same versions for this target by now, or put \
                 these into a directory and build with --find-links DIR, or {other}",
                tool.look_again()
            ),
            _ => format!(
                "{other}\n(run {} for {}: the index has a wheel of the same version for this \
                 target by now)",
                tool.lock(),
                names.join(", ")
            ),
        }
    }

    fn other_runtimes(&self) -> String {
        let runtimes: Vec<String> = self.runtimes.iter().map(ToString::to_string).collect();
        match &runtimes[..] {
            [] => "no runtime that the project allows suits all packages: lock other versions, \
                   or exclude what you do not need"
                .to_owned(),
            [only] => format!("build for {only}, which every package has a file for"),
            [others @ .., last] => format!(
                "build for {} or {last}: every package has a file for them",
                others.join(", ")
            ),
        }
    }
}

impl fmt::Display for Misfits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.packages.first() else {
            return Ok(());
        };
        match self.packages.len() {
            1 => write!(f, "1 package has no wheel for {}", first.target)?,
            count => write!(f, "{count} packages have no wheel for {}", first.target)?,
        }
        let packages = self.packages.iter().map(|one| &one.package);
        let labels: Vec<String> = packages
            .map(|package| format!("{} {}", package.name, package.version))
            .chain(self.others.iter().map(ToString::to_string))
            .collect();
        let width = labels.iter().map(String::len).max().unwrap_or(0);
        let runtimes: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.runtime.to_string())
            .collect();
        write!(f, "\n  {:width$}  {}", "", runtimes.join("  "))?;
        for (row, label) in labels.iter().enumerate() {
            let mut cells = vec![format!("  {label:width$}")];
            cells.extend(self.columns.iter().map(|Column { runtime, fits }| {
                let width = runtime.identifier().len();
                format!("{:width$}", word(fits[row]))
            }));
            write!(f, "\n{}", cells.join("  ").trim_end())?;
        }
        let retired = self.columns.iter().map(|column| column.runtime);
        let retired: Vec<String> = retired
            .filter(|runtime| runtime.support() == Support::Retired)
            .map(|runtime| runtime.to_string())
            .collect();
        if !retired.is_empty() {
            write!(f, "\n(retired: {})", retired.join(", "))?;
        }
        for one in &self.packages {
            write!(f, "\n{}", one.nearest_text())?;
        }
        Ok(())
    }
}

/// What a runtime has of a package.
fn word(fit: Option<Fit>) -> &'static str {
    match fit {
        Some(Fit::Wheels) => "wheel",
        Some(Fit::Build) => "source",
        Some(Fit::Nothing) => "-",
        None => "unneeded",
    }
}
