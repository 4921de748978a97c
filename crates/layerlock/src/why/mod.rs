//! Why a package is in a project's layers, as the lock tells.

mod paths;
mod report;

use layerlock_lock::{Ask, Choice, LockReader, PackageName, Selected};

use pep508_rs::MarkerEnvironment;

use crate::build::{SelectedLayer, with_selections};
use crate::lock::Locked;
use crate::{Error, Settings};

use paths::Paths;
pub use report::{Presence, Step, WhyLayer, WhyReport};

/// Which package to explain, and in which layers.
#[derive(Debug, Clone)]
pub struct WhySettings {
    /// The project, and what is asked of its layers.
    pub settings: Settings,
    /// The package's name, in any spelling.
    pub package: String,
    /// How many paths to tell, the shortest first.
    pub paths: usize,
}

/// Tells the paths from the project's own dependencies to a package. Nothing but project
/// and lock is read.
pub fn why(why: &WhySettings) -> Result<WhyReport, Error> {
    let package: PackageName = why
        .package
        .trim()
        .parse()
        .map_err(|_| Error::UnknownPackage {
            name: why.package.clone(),
            nearest: Vec::new(),
        })?;
    let mut names = Vec::new();
    let layers = with_selections(&why.settings, |selected, lock| {
        let question = Question {
            package: &package,
            most: why.paths,
            selected,
            lock,
        };
        question.answer(&mut names)
    })?;
    let layers: Vec<WhyLayer> = layers.into_iter().flatten().collect();
    let is_nowhere = layers.iter().all(|it| it.presence == Presence::NotLocked);
    if is_nowhere {
        return Err(Error::UnknownPackage {
            nearest: nearest(&package, names),
            name: package.to_string(),
        });
    }
    Ok(WhyReport {
        package: package.to_string(),
        layers,
    })
}

/// What is asked of one layer.
struct Question<'q> {
    package: &'q PackageName,
    most: usize,
    selected: &'q SelectedLayer<'q>,
    lock: &'q Locked,
}

impl Question<'_> {
    /// The answer. Adds the names of all packages that it might have been.
    fn answer(&self, names: &mut Vec<PackageName>) -> Result<WhyLayer, Error> {
        let SelectedLayer {
            layer,
            choice,
            remaining,
        } = self.selected;
        let environment = layer.target.marker_environment();
        let asks = |choice: &Choice| self.lock.asks(choice, &environment);
        let excluded = remaining.excluded.iter();
        let excluded = excluded
            .clone()
            .find(|one| one.package.name == *self.package);
        if remaining.selected.contains(self.package) {
            let mut asks = asks(choice)?;
            // What is excluded asks for nothing.
            asks.retain(|ask| ask.by.iter().all(|by| remaining.selected.contains(by)));
            return Ok(self.told(Presence::Selected, &remaining.selected, &asks));
        }
        let whole = self.lock.select(choice, &environment)?;
        if let Some(excluded) = excluded {
            let presence = Presence::Excluded {
                named: excluded.is_named,
            };
            return Ok(self.told(presence, &whole, &asks(choice)?));
        }
        for other in self.other_choices(choice.package.clone())? {
            // Groups and extras may exclude each other.
            if let Ok(all) = self.lock.select(&other, &environment)
                && all.contains(self.package)
            {
                return Ok(self.told(Presence::NotChosen, &all, &asks(&other)?));
            }
        }
        if self.is_of_another_project(&environment)? {
            return Ok(self.told(Presence::OtherProject, &Selected::default(), &[]));
        }
        let locked = self.lock.package_names();
        let is_locked = locked.contains(self.package);
        names.extend(locked);
        names.extend(whole.into_packages().into_iter().map(|one| one.name));
        let presence = if is_locked {
            Presence::ElsewhereOnly
        } else {
            Presence::NotLocked
        };
        Ok(self.told(presence, &Selected::default(), &[]))
    }

    /// Whether another project of the workspace has the package.
    fn is_of_another_project(&self, environment: &MarkerEnvironment) -> Result<bool, Error> {
        for project in self.lock.projects() {
            for choice in self.other_choices(Some(project.clone()))? {
                let selected = self.lock.select(&choice, environment);
                if selected.is_ok_and(|selected| selected.contains(self.package)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// All groups and extras of a project, and each of them alone.
    fn other_choices(&self, package: Option<String>) -> Result<Vec<Choice>, Error> {
        let none = Choice {
            package,
            ..Choice::default()
        };
        let mut every = none.clone();
        every.groups.all = true;
        every.extras.all = true;
        let mut choices = vec![every];
        let names = self.lock.names(none.package.as_deref())?;
        for group in names.groups {
            let mut with = none.clone();
            with.groups.with.push(group);
            choices.push(with);
        }
        for extra in names.extras {
            let mut with = none.clone();
            with.extras.names.push(extra);
            choices.push(with);
        }
        Ok(choices)
    }

    fn told(&self, presence: Presence, selected: &Selected, asks: &[Ask]) -> WhyLayer {
        let layer = self.selected.layer;
        let packages = selected.packages().iter();
        let found = packages.clone().find(|one| one.name == *self.package);
        let paths = Paths::new(selected, asks).to(self.package, self.most);
        WhyLayer {
            name: layer.name.clone(),
            target: layer.target,
            presence,
            version: found.map(|one| one.version.clone()),
            more_paths: paths.has_more,
            needs_known: self.lock.tells_needs(),
            paths: paths.found,
        }
    }
}

/// So many names are offered in place of one that is not there.
const NEAREST: usize = 3;

/// The names that may have been meant, the likeliest first.
fn nearest(package: &PackageName, mut names: Vec<PackageName>) -> Vec<String> {
    names.sort();
    names.dedup();
    let wanted = package.as_str();
    let distance = |name: &PackageName| {
        let distance = strsim::damerau_levenshtein(wanted, name.as_str());
        let is_part = name.as_str().contains(wanted) || wanted.contains(name.as_str());
        let most = (wanted.chars().count() / 3).max(1);
        (is_part || distance <= most).then_some(distance)
    };
    let near = names
        .iter()
        .filter_map(|name| Some((distance(name)?, name)));
    let mut near: Vec<_> = near.collect();
    near.sort();
    near.truncate(NEAREST);
    near.into_iter().map(|(_, name)| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_have_been_meant_are_near() {
        let names = ["urllib3", "idna", "requests", "requests-aws4auth", "boto3"];
        let names: Vec<PackageName> = names.iter().map(|name| name.parse().unwrap()).collect();
        let near = |name: &str| nearest(&name.parse().unwrap(), names.clone());
        assert_eq!(near("reqeusts"), ["requests"]);
        assert_eq!(near("request"), ["requests", "requests-aws4auth"]);
        assert_eq!(near("urlib3"), ["urllib3"]);
        assert_eq!(near("tensorflow"), [""; 0]);
    }
}
