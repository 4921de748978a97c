//! What `why` tells. The field names are the interface of `--json`.

use std::fmt;

use layerlock_target::Target;
use serde::Serialize;

/// Why a package is in layers, or is not. Displays as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct WhyReport {
    /// The package's name, normalised.
    pub package: String,
    /// One for each layer that was asked for.
    pub layers: Vec<WhyLayer>,
}

/// What one layer has of the package.
#[derive(Debug, Clone, Serialize)]
pub struct WhyLayer {
    /// The layer's name.
    pub name: String,
    /// What it is built for.
    pub target: Target,
    /// Whether the package is in it.
    #[serde(flatten)]
    pub presence: Presence,
    /// The locked version; none where this target gets none.
    pub version: Option<String>,
    /// The paths to it from the project's own dependencies, the shortest first.
    pub paths: Vec<Vec<Step>>,
    /// Whether there are more of them.
    pub more_paths: bool,
    /// Whether the lock says which package needs which. Where it does not, each package is
    /// taken for one that the project asks for.
    pub needs_known: bool,
}

/// Whether a package is in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "presence", rename_all = "kebab-case")]
pub enum Presence {
    /// It is in it.
    Selected,
    /// It is excluded from it.
    Excluded {
        /// Whether it is named; if not, only such packages need it.
        named: bool,
    },
    /// Only groups or extras that are not chosen need it.
    NotChosen,
    /// Only other projects of the workspace need it.
    OtherProject,
    /// It is locked, for other targets.
    ElsewhereOnly,
    /// It is not locked.
    NotLocked,
}

/// A dependency on the way: what asks for it stands before it, the project before the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The package that is asked for.
    pub package: String,
    /// Its locked version.
    pub version: String,
    /// The group of the project that asks for it, where the project does.
    pub group: Option<String>,
    /// The extras of who asks that bring it in, one of which is enough.
    pub behind: Vec<String>,
    /// The extras of it that are asked for.
    pub extras: Vec<String>,
    /// The versions that may be; none where any may.
    pub versions: Option<String>,
    /// The marker that holds, without what it says of extras.
    pub marker: Option<String>,
}

impl fmt::Display for WhyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = |one: &WhyLayer, next: &WhyLayer| {
            one.name == next.name && one.answer(&self.package) == next.answer(&self.package)
        };
        for (index, layers) in self.layers.chunk_by(same).enumerate() {
            let [first, ..] = layers else {
                continue;
            };
            if index > 0 {
                f.write_str("\n")?;
            }
            let targets = layers.iter().map(|layer| layer.target.to_string());
            let targets = targets.collect::<Vec<_>>().join(", ");
            let name = &first.name;
            write!(f, "{name} for {targets}: {}", first.answer(&self.package))?;
        }
        Ok(())
    }
}

impl WhyLayer {
    /// What is told of the package, and the paths to it.
    fn answer(&self, package: &str) -> String {
        let version = self.version.as_deref().unwrap_or_default();
        let mut lines = vec![match self.presence {
            Presence::Selected => format!("{package} {version}"),
            Presence::Excluded { named: true } => {
                format!("{package} {version} is excluded by its name; without that:")
            }
            Presence::Excluded { named: false } => {
                format!("{package} {version} is excluded with all that need it; without that:")
            }
            Presence::NotChosen => format!(
                "{package} {version} is not in it: only groups or extras that are not chosen need \
                 it"
            ),
            Presence::OtherProject => format!(
                "{package} is not in it: only other projects of the workspace need it; name one by \
                 --package"
            ),
            Presence::ElsewhereOnly => {
                format!("{package} is not in it: it is locked for other targets alone")
            }
            Presence::NotLocked => format!("{package} is not locked"),
        }];
        // The beginning that two paths have in common is told once.
        let mut before: &[Step] = &[];
        for path in &self.paths {
            let common = path
                .iter()
                .zip(before)
                .take_while(|(one, other)| one == other);
            for (depth, step) in path.iter().enumerate().skip(common.count()) {
                lines.push(format!("{:indent$}{step}", "", indent = 2 * (depth + 1)));
            }
            before = path;
        }
        if self.more_paths {
            lines.push("  and more: --paths COUNT tells more of them".to_owned());
        }
        if !self.needs_known && !self.paths.is_empty() {
            lines.push("  (the lock does not say which package needs which)".to_owned());
        }
        lines.join("\n")
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        if !self.extras.is_empty() {
            write!(f, "[{}]", self.extras.join(","))?;
        }
        write!(f, " {}", self.version)?;
        let group = self.group.as_ref().map(|group| format!("group {group}"));
        let behind =
            (!self.behind.is_empty()).then(|| format!("extra {}", self.behind.join(" or ")));
        let facts = [self.versions.clone(), group, behind, self.marker.clone()];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        if facts.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", facts.join("; "))
    }
}
