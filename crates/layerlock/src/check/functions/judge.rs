//! What is found in a function with all of its layers.

use layerlock_check::{
    Code, Finding, FunctionParts, Inventory, Layer, NamedInventory, Part, ReadError, Severity,
    check_function, check_inventories, check_together,
};
use layerlock_lock::normalize_name;
use layerlock_target::{Language, Target};

use super::asked::Asked;
use super::foreign::Foreign;
use super::{Function, Functions, Looking, OneLayer, OwnLayer, PlannedLayer, targets_of};
use crate::Error;
use crate::check::report::CheckedFunction;
use crate::check_configuration::CheckConfiguration;
use crate::checked::{CheckedTarget, Remembered};
use crate::findings::doubted;

/// What functions are judged by.
pub(crate) struct Judge<'j, 'p> {
    functions: &'j Functions,
    /// The layers of the project that were looked at.
    planned: &'j [PlannedLayer<'p>],
    configuration: &'j CheckConfiguration,
    /// What the provider says of others' layers.
    asked: Asked,
}

/// A function with its code, which is read once for all targets.
struct WithCode<'f> {
    function: &'f Function,
    code: Option<Layer<'static>>,
    known: Remembered,
}

/// A function on one target.
struct OnTarget<'j> {
    judge: &'j Judge<'j, 'j>,
    function: &'j Function,
    target: Target,
    code: Option<&'j Layer<'static>>,
    /// What is known of the code's files.
    known: &'j Remembered,
}

impl<'j, 'p> Judge<'j, 'p> {
    /// Asks the provider first for what the project does not say of others' layers.
    pub(crate) fn new(
        functions: &'j Functions,
        planned: &'j [PlannedLayer<'p>],
        configuration: &'j CheckConfiguration,
        looking: Looking<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            asked: functions.ask(planned, looking)?,
            functions,
            planned,
            configuration,
        })
    }
}

impl Judge<'_, '_> {
    /// Checks a function for each target that all of its layers are for.
    pub(crate) fn check(&self, function: &Function) -> Result<Vec<CheckedFunction>, Error> {
        let read = WithCode::read(function)?;
        let targets = self.targets(function).into_iter();
        targets
            .map(|target| self.on(&read, target).check())
            .collect()
    }

    /// The parts of a function for each of these targets.
    pub(crate) fn parts(&self, function: &Function) -> Result<Vec<(Target, FunctionParts)>, Error> {
        let read = WithCode::read(function)?;
        let targets = self.targets(function).into_iter();
        let parts = targets.map(|target| (target, self.on(&read, target).parts()));
        Ok(parts.collect())
    }

    fn on<'o>(&'o self, read: &'o WithCode<'_>, target: Target) -> OnTarget<'o> {
        OnTarget {
            judge: self,
            function: read.function,
            target,
            code: read.code.as_ref(),
            known: &read.known,
        }
    }

    /// The targets that a function can run on: those of all of its own layers, and of them
    /// those that others' layers are for. Where there is none, those of its first layer, for
    /// which the others are wrong.
    fn targets(&self, function: &Function) -> Vec<Target> {
        let is_for = |name: &str, target: Target| self.find(name, target).is_some();
        let own: Vec<&str> = function.own().map(|own| own.name.as_str()).collect();
        let own: Vec<&str> = own
            .into_iter()
            .filter(|name| self.is_planned(name))
            .collect();
        let mut all = targets_of(self.planned);
        if let Some(first) = own.first() {
            all.retain(|target| is_for(first, *target));
        }
        let narrowed = |all: &[Target], keep: &dyn Fn(Target) -> bool| {
            let kept: Vec<Target> = all.iter().copied().filter(|it| keep(*it)).collect();
            if kept.is_empty() { all.to_vec() } else { kept }
        };
        let all = narrowed(&all, &|target| own.iter().all(|name| is_for(name, target)));
        narrowed(&all, &|target| {
            function
                .foreign()
                .all(|one| one.misfit(&self.asked, target).is_none())
        })
    }

    fn find(&self, name: &str, target: Target) -> Option<&PlannedLayer<'_>> {
        let mut planned = self.planned.iter();
        planned.find(|one| one.name() == name && one.target() == target)
    }

    fn is_planned(&self, name: &str) -> bool {
        self.planned.iter().any(|one| one.name() == name)
    }

    /// The names of the project's layers. Without a table of them there is one, which has a
    /// name of its own.
    fn layer_names(&self) -> Vec<&str> {
        let configured = &self.functions.configured;
        if !configured.is_empty() {
            return configured.iter().map(String::as_str).collect();
        }
        let mut names: Vec<&str> = self.planned.iter().map(PlannedLayer::name).collect();
        names.dedup();
        names
    }
}

impl<'f> WithCode<'f> {
    fn read(function: &'f Function) -> Result<Self, Error> {
        let code = function.code.as_deref();
        Ok(Self {
            function,
            code: code.map(Layer::of_directory).transpose()?,
            known: Remembered::default(),
        })
    }
}

impl OnTarget<'_> {
    fn check(&self) -> Result<CheckedFunction, Error> {
        let parts = self.parts();
        let mut findings = check_function(&parts);
        findings.extend(self.function.own().filter_map(|own| self.not_there(own)));
        let foreign = self.function.foreign();
        findings.extend(foreign.filter_map(|one| self.wrong(one)));
        let own: Vec<(&str, &Layer<'_>)> =
            self.planned().map(|one| (one.name(), &one.layer)).collect();
        findings.extend(check_together(&own, self.target.provider()));
        if self.target.runtime.language() == Language::Python {
            findings.extend(self.together()?);
        }
        Ok(CheckedFunction {
            name: self.function.name.clone(),
            target: CheckedTarget::from(self.target),
            unzipped_size: parts.unzipped_size(),
            layers: parts.layers.into_iter().map(|one| one.name).collect(),
            findings: self.judge.configuration.apply(findings),
        })
    }

    /// Its layers that were looked at, in its order.
    fn planned(&self) -> impl Iterator<Item = &PlannedLayer<'_>> {
        let own = self.function.own();
        own.filter_map(|own| self.judge.find(&own.name, self.target))
    }

    fn parts(&self) -> FunctionParts {
        let part = |one: &OneLayer| match one {
            OneLayer::Own(own) => Part {
                name: own.name.clone(),
                unzipped_size: self.size_of(&own.name),
                reason: None,
            },
            OneLayer::Foreign(foreign) => {
                let size = foreign.size(&self.judge.asked);
                let reason = size.err().flatten();
                Part {
                    name: foreign.arn.clone(),
                    unzipped_size: size.ok(),
                    reason: reason.map(str::to_owned),
                }
            }
        };
        FunctionParts {
            name: self.function.name.clone(),
            provider: self.target.provider(),
            code: self.code.map(Layer::unzipped_size),
            layers: self.function.layers.iter().map(part).collect(),
            budget: self.function.budget,
        }
    }

    /// Bytes of one of its own layers. What is not there has none, and is told by itself.
    fn size_of(&self, name: &str) -> Option<u64> {
        let is_left_out = !self.judge.is_planned(name) && self.judge.layer_names().contains(&name);
        let found = self.judge.find(name, self.target);
        let size = found.map(|it| it.layer.unzipped_size());
        size.or((!is_left_out).then_some(0))
    }

    /// A name that is no layer's, or a layer that is not built for the target.
    fn not_there(&self, own: &OwnLayer) -> Option<Finding> {
        let OwnLayer { name, place } = own;
        let function = &self.function.name;
        let names = self.judge.layer_names();
        if !names.contains(&name.as_str()) {
            let message = format!(
                "the function {function} names the layer `{name}`, which the project does not \
                 have ({place})"
            );
            let hint = format!(
                "correct the name, or give the ARN of a layer; the project's layers: {}",
                names.join(", ")
            );
            return Some(Finding::new(Code::UnknownLayer, message).with_hint(hint));
        }
        let is_for_others = self.judge.is_planned(name);
        if !is_for_others || self.judge.find(name, self.target).is_some() {
            return None;
        }
        let message = format!(
            "the layer {name} of the function {function} is not built for {}, as its other layers \
             are",
            self.target
        );
        Some(
            Finding::new(Code::WrongLayer, message)
                .with_hint("build all layers of a function for one runtime and architecture"),
        )
    }

    /// A layer of others that is for another architecture or runtime.
    fn wrong(&self, foreign: &Foreign) -> Option<Finding> {
        let target = self.target;
        let other = foreign.misfit(&self.judge.asked, target)?;
        let message = format!(
            "the layer {} of the function {} is for {other}, and the function runs on {target}",
            foreign.arn, self.function.name
        );
        Some(
            Finding::new(Code::WrongLayer, message)
                .with_expected(&other, &target)
                .with_hint("attach the layer of the function's architecture and runtime"),
        )
    }

    /// What the layers lack, or have twice, all together: without what was told of each.
    fn together(&self) -> Result<Vec<Finding>, Error> {
        let target = &self.target;
        let code = self.code;
        let code = code.map(|code| Inventory::of_code(code, target, self.known));
        let code = code.transpose().map_err(unreadable)?;
        let layers: Vec<NamedInventory<'_>> = self.inventories().collect();
        let unknown = self.unknown();
        let findings = check_inventories(&layers, code.as_ref(), target, &|package| {
            self.elsewhere(package, unknown)
        });
        let is_told = |finding: &Finding| {
            let mut told = self.planned().flat_map(|one| &one.findings);
            told.any(|told| {
                told.code == finding.code
                    && told.path == finding.path
                    && told.package == finding.package
            })
        };
        let findings = findings.into_iter().filter(|finding| !is_told(finding));
        let doubted = |finding| match unknown {
            Some(unknown) => doubted(finding, &may_hold(unknown)),
            None => finding,
        };
        let findings = findings.map(|finding| self.of_others(finding));
        Ok(findings.map(doubted).collect())
    }

    /// What its layers have, in its order, as far as that is known.
    fn inventories(&self) -> impl Iterator<Item = NamedInventory<'_>> {
        self.function.layers.iter().filter_map(|one| match one {
            OneLayer::Own(own) => {
                let found = self.judge.find(&own.name, self.target)?;
                Some((own.name.as_str(), &found.inventory))
            }
            OneLayer::Foreign(foreign) => {
                let inventory = foreign.inventory(&self.judge.asked, self.target)?;
                Some((foreign.arn.as_str(), inventory))
            }
        })
    }

    /// What others published is theirs to mend, and may be meant so.
    fn of_others(&self, finding: Finding) -> Finding {
        let mut foreign = self.function.foreign();
        let is_theirs = finding.path.as_deref().is_some_and(|path| {
            foreign.any(|one| {
                let inventory = one.inventory(&self.judge.asked, self.target);
                inventory.is_some_and(|inventory| inventory.has_file(path))
            })
        });
        if is_theirs {
            let severity = finding.severity.min(Severity::Warning);
            finding.with_severity(severity)
        } else {
            finding
        }
    }

    /// The first layer of which nobody knows here what it holds.
    fn unknown(&self) -> Option<&str> {
        let mut layers = self.function.layers.iter();
        layers.find_map(|one| match one {
            OneLayer::Own(own) => {
                let is_known = self.judge.find(&own.name, self.target).is_some();
                (!is_known).then_some(own.name.as_str())
            }
            OneLayer::Foreign(foreign) => {
                let inventory = foreign.inventory(&self.judge.asked, self.target);
                inventory.is_none().then_some(foreign.arn.as_str())
            }
        })
    }

    /// Where a package comes from that none of the layers has.
    fn elsewhere(&self, package: &str, unknown: Option<&str>) -> Option<String> {
        let excluded = self.planned().find_map(|one| {
            let mut excluded = one.built.excluded.iter();
            excluded.find(|it| normalize_name(&it.name) == package)
        });
        match (excluded, unknown) {
            (Some(excluded), _) => Some(excluded.whence(self.target.runtime)),
            (None, Some(unknown)) => Some(format!("{} may bring it", may_hold(unknown))),
            (None, None) => None,
        }
    }
}

/// A layer of which nobody knows here what it holds.
fn may_hold(unknown: &str) -> String {
    format!("the layer {unknown}, whose files are not looked at here,")
}

fn unreadable(error: ReadError) -> Error {
    match error {
        ReadError::Layer(error) => error.into(),
        // A directory is no archive.
        ReadError::Archive(problem) => Error::PrebuiltZip {
            path: std::path::PathBuf::new(),
            problem,
        },
    }
}
