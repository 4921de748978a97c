//! Deleting versions, but for those that functions use.
//!
//! What is used is looked at before the plan is told, and again right before the deletions:
//! in between somebody may have given a version to a function. What a configured parameter
//! has stays too: the next deployment takes it from there, and after a change and its revert
//! it is not the newest.

use std::fmt;

use layerlock_publish::{Error as ProviderError, Use};

use super::ground::Ground;
use super::report::{VersionOutcome, VersionReport};
use crate::Error;
use crate::publish::carry_out::side_by_side;
use crate::publish::destination::Place;

/// How many deletions follow on one look at what is used.
const AFTER_A_LOOK: usize = 50;

/// A version in a place. It is to be deleted while its outcome is `Planned`.
pub(super) struct Candidate<'p> {
    pub(super) place: &'p Place,
    pub(super) report: VersionReport,
}

/// Keeps what functions use.
pub(super) fn spare_used(candidates: &mut [Candidate<'_>]) {
    side_by_side(by_place(candidates), |mut planned| spare(&mut planned));
}

/// Keeps what the project's parameters have.
pub(super) fn spare_named(candidates: &mut [Candidate<'_>], ground: &Ground) -> Result<(), Error> {
    let mut asked: Vec<(&Place, String)> = Vec::new();
    let mut named = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let place = candidate.place;
        if !candidate.is_planned() {
            continue;
        }
        let Some(name) = ground.parameter(place, &candidate.report)? else {
            continue;
        };
        let is_same =
            |(other, asked): &(&Place, String)| std::ptr::eq(*other, place) && *asked == name;
        let at = asked.iter().position(is_same).unwrap_or_else(|| {
            asked.push((place, name));
            asked.len() - 1
        });
        named.push((index, at));
    }
    let found = side_by_side(asked, |(place, name): (&Place, String)| {
        (place.publisher.parameter(&name), name)
    });
    for (index, at) in named {
        let report = &mut candidates[index].report;
        match &found[at] {
            (Ok(arn), name) if *arn == report.arn => {
                report.outcome = VersionOutcome::Kept;
                report.reason = Some(format!("in the parameter {name}"));
            }
            (Ok(_), _) => {}
            (Err(error), name) => {
                let what = format!("failed to see which version the parameter {name} has");
                report.fail_as(&format!("{what}, of {}", report.layer_and_place()), error);
            }
        }
    }
    Ok(())
}

/// Deletes what is planned, in all places side by side; with `looks` but for what functions
/// use by now.
pub(super) fn carry_out(candidates: &mut [Candidate<'_>], looks: bool) {
    side_by_side(by_place(candidates), |mut planned| {
        // The oldest first: where a run ends in the middle, the newest are left.
        planned.reverse();
        for part in planned.chunks_mut(AFTER_A_LOOK) {
            if looks {
                spare(part);
            }
            for candidate in part {
                candidate.delete();
            }
        }
    });
}

/// What is planned, one list for each place.
fn by_place<'c, 'p>(candidates: &'c mut [Candidate<'p>]) -> Vec<Vec<&'c mut Candidate<'p>>> {
    let mut places: Vec<Vec<&mut Candidate<'p>>> = Vec::new();
    for candidate in candidates.iter_mut().filter(|one| one.is_planned()) {
        let is_same = |place: &&mut Vec<&mut Candidate<'p>>| {
            let first = place.first();
            first.is_some_and(|first| std::ptr::eq(first.place, candidate.place))
        };
        match places.iter_mut().find(is_same) {
            Some(place) => place.push(candidate),
            None => places.push(vec![candidate]),
        }
    }
    places
}

/// Keeps what functions use, of what is planned in one place. Where nobody can tell, nothing
/// is deleted.
fn spare(planned: &mut [&mut Candidate<'_>]) {
    let Some(first) = planned.first() else { return };
    let uses = first.place.publisher.uses();
    for candidate in planned.iter_mut() {
        match &uses {
            Ok(uses) => candidate.spare(uses),
            Err(error) => candidate.doubt(error),
        }
    }
}

impl Candidate<'_> {
    fn is_planned(&self) -> bool {
        self.report.outcome == VersionOutcome::Planned
    }

    fn spare(&mut self, uses: &[Use]) {
        let is_this = |one: &&Use| Some(&one.layer) == self.report.arn.as_ref();
        let functions = uses.iter().filter(is_this);
        let mut functions: Vec<_> = functions.map(|one| one.function.clone()).collect();
        functions.sort();
        functions.dedup();
        if !functions.is_empty() {
            self.report.outcome = VersionOutcome::Kept;
            self.report.reason = Some(format!("in use by {}", Functions(&functions)));
        }
        self.report.used_by = Some(functions);
    }

    fn doubt(&mut self, error: &ProviderError) {
        let VersionReport {
            provider, region, ..
        } = &self.report;
        let region = region.as_ref().map(|region| format!(" in {region}"));
        let account = self.report.account.as_ref();
        let account = account.map(|account| format!(" (account {account})"));
        let what = format!(
            "failed to see which functions use layers at {provider}{}{}",
            region.unwrap_or_default(),
            account.unwrap_or_default()
        );
        self.report.fail_as(&what, error);
    }

    fn delete(&mut self) {
        let (true, Some(version)) = (self.is_planned(), self.report.version) else {
            return;
        };
        match self.place.publisher.delete(&self.report.layer, version) {
            Ok(()) => self.report.outcome = VersionOutcome::Deleted,
            Err(error) => self.report.fail("failed to delete", &error),
        }
    }
}

/// The first one, and how many others there are.
struct Functions<'f>(&'f [String]);

impl fmt::Display for Functions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            [only] => f.write_str(only),
            [first, second] => write!(f, "{first} and {second}"),
            [first, others @ ..] => write!(f, "{first} and {} others", others.len()),
        }
    }
}

/// A plan, or what became of it, line by line and in total. Failures are errors, and not
/// among the lines.
pub(super) fn text(versions: &[VersionReport], is_plan: bool) -> String {
    let told = versions.iter().filter(|one| one.error.is_none());
    let mut lines: Vec<_> = told.map(|one| line(one, is_plan)).collect();
    lines.push(total(versions, is_plan));
    lines.join("\n")
}

fn line(version: &VersionReport, is_plan: bool) -> String {
    let arn = version.arn.clone().unwrap_or_else(|| version.what());
    let targets = version.targets();
    let named = if targets.is_empty() {
        arn
    } else {
        format!("{arn} for {targets}")
    };
    match version.outcome {
        VersionOutcome::Planned => format!("would delete {named}"),
        VersionOutcome::Deleted => format!("deleted {named}"),
        VersionOutcome::Missing => format!("there is no {}", version.what()),
        _ => {
            let reason = version.reason.as_deref().unwrap_or_default();
            let kept = if is_plan { "would keep" } else { "kept" };
            format!("{kept} {named}: {reason}")
        }
    }
}

fn total(versions: &[VersionReport], is_plan: bool) -> String {
    let count = |outcome| {
        let versions = versions.iter();
        versions.filter(|one| one.outcome == outcome).count()
    };
    let kept = count(VersionOutcome::Kept);
    let (gone, deletes, keeps) = if is_plan {
        (count(VersionOutcome::Planned), "would delete", "keep")
    } else {
        (count(VersionOutcome::Deleted), "deleted", "kept")
    };
    let gone_text = match gone {
        0 if count(VersionOutcome::Failed) > 0 => "nothing was deleted".to_owned(),
        0 => "nothing to delete".to_owned(),
        1 => format!("{deletes} 1 version"),
        _ => format!("{deletes} {gone} versions"),
    };
    let kept_text = match (gone, kept) {
        (_, 0) => String::new(),
        (0, _) => format!("; {kept} stay"),
        _ => format!(" and {keeps} {kept}"),
    };
    let how = if is_plan && gone > 0 {
        "; with --yes it is done"
    } else {
        ""
    };
    format!("{gone_text}{kept_text}{how}")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use layerlock_publish::{Artifact, Grant, LayerVersion, Publication, PublishPlan, Publisher};

    use super::*;
    use crate::Settings;
    use crate::name_template::{NameKind, NameTemplate};
    use crate::upkeep::report;
    use VersionOutcome::{Deleted, Failed, Kept, Planned};

    /// A provider in which functions use these versions, one list for each look.
    #[derive(Default)]
    struct Fake {
        uses: Mutex<Vec<Result<Vec<u64>, ProviderError>>>,
        deleted: Arc<Mutex<Vec<u64>>>,
    }

    fn arn(version: u64) -> String {
        format!("arn:aws:lambda:eu-west-1:123456789012:layer:web:{version}")
    }

    impl Publisher for Fake {
        fn provider(&self) -> &'static str {
            "aws"
        }

        fn region(&self) -> Option<&str> {
            Some("eu-west-1")
        }

        fn survey(&self, layer: &str, _: &[Artifact]) -> Result<Vec<LayerVersion>, ProviderError> {
            self.list(layer)
        }

        fn carry_out(
            &self,
            _: &Artifact,
            _: &PublishPlan,
            _: &(dyn Fn(u64) + Sync),
        ) -> Result<Publication, ProviderError> {
            Err(self.without("publishing"))
        }

        fn list(&self, _: &str) -> Result<Vec<LayerVersion>, ProviderError> {
            Ok(Vec::new())
        }

        fn delete(&self, _: &str, version: u64) -> Result<(), ProviderError> {
            if version == 2 {
                return Err(self.without("this one"));
            }
            self.deleted.lock().unwrap().push(version);
            Ok(())
        }

        fn grant(&self, _: &str, _: u64, _: &Grant) -> Result<(), ProviderError> {
            Err(self.without("grants"))
        }

        fn grants(&self, _: &str, _: u64) -> Result<Vec<Grant>, ProviderError> {
            Ok(Vec::new())
        }

        fn parameter(&self, name: &str) -> Result<Option<String>, ProviderError> {
            match name {
                "/layers/web" => Ok(Some(arn(3))),
                "/none/web" => Ok(None),
                _ => Err(self.without("this parameter")),
            }
        }

        fn uses(&self) -> Result<Vec<Use>, ProviderError> {
            let versions = self.uses.lock().unwrap().remove(0)?;
            let uses = versions.into_iter().flat_map(|version| {
                ["$LATEST", "7"].map(|of| Use {
                    layer: arn(version),
                    function: format!("arn:aws:lambda:eu-west-1:123456789012:function:f:{of}"),
                })
            });
            Ok(uses.collect())
        }
    }

    fn candidates(place: &Place) -> Vec<Candidate<'_>> {
        let versions = [4, 3, 2, 1].map(|version| LayerVersion {
            crc64: None,
            layer: "web".to_owned(),
            version,
            arn: arn(version),
            code_sha256: None,
            size: None,
            created: None,
            description: None,
            license: None,
            runtimes: Vec::new(),
            architectures: Vec::new(),
        });
        let planned = VersionOutcome::Planned;
        let candidate = |version| Candidate {
            place,
            report: VersionReport::of_version(place, version, planned),
        };
        versions.iter().map(candidate).collect()
    }

    fn outcomes(candidates: &[Candidate<'_>]) -> Vec<VersionOutcome> {
        candidates.iter().map(|one| one.report.outcome).collect()
    }

    #[test]
    fn what_is_used_is_looked_at_twice_and_one_failure_stops_no_other() {
        let fake = Fake {
            uses: Mutex::new(vec![Ok(vec![3]), Ok(vec![1, 3])]),
            ..Fake::default()
        };
        let deleted = Arc::clone(&fake.deleted);
        let place = Place::of(fake);
        let mut candidates = candidates(&place);
        spare_used(&mut candidates);
        assert_eq!(outcomes(&candidates), [Planned, Kept, Planned, Planned]);
        let kept = &candidates[1].report;
        assert_eq!(
            kept.reason.as_deref(),
            Some(
                "in use by arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST and \
                 arn:aws:lambda:eu-west-1:123456789012:function:f:7"
            )
        );
        assert_eq!(kept.used_by.as_ref().map(Vec::len), Some(2));
        carry_out(&mut candidates, true);
        assert_eq!(outcomes(&candidates), [Deleted, Kept, Failed, Kept]);
        assert_eq!(*deleted.lock().unwrap(), [4]);
        let failed = candidates[2].report.error.as_ref().unwrap();
        assert!(
            failed.message.starts_with(
                "failed to delete version 2 of web at aws in eu-west-1 (account 123456789012): "
            ),
            "{failed:?}"
        );
    }

    #[test]
    fn nothing_is_deleted_where_nobody_tells_what_is_used() {
        let denied = || {
            Err(ProviderError::AccessDenied {
                action: "lambda:ListFunctions",
                message: "no".to_owned(),
            })
        };
        // At the first look, or at the second.
        for uses in [vec![denied()], vec![Ok(Vec::new()), denied()]] {
            let fake = Fake {
                uses: Mutex::new(uses),
                ..Fake::default()
            };
            let deleted = Arc::clone(&fake.deleted);
            let place = Place::of(fake);
            let mut candidates = candidates(&place);
            spare_used(&mut candidates);
            carry_out(&mut candidates, true);
            assert_eq!(outcomes(&candidates), [Failed; 4]);
            assert!(deleted.lock().unwrap().is_empty());
            let reports: Vec<_> = candidates.into_iter().map(|one| one.report).collect();
            assert_eq!(report::exit_code(&reports), 6);
            let failures: Vec<_> = report::failures(&reports).collect();
            assert_eq!(
                failures[0].message,
                "failed to see which functions use layers at aws in eu-west-1 (account \
                 123456789012): AWS denied lambda:ListFunctions: no"
            );
            // Told once.
            assert_eq!(failures.len(), 1);
        }
    }

    /// After a change and its revert it is not the newest.
    #[test]
    fn what_a_parameter_has_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::for_project(directory.path());
        let ground = Ground::read(&settings, Some("web")).unwrap();
        for (template, expected) in [
            ("/layers/{layer}", [Planned, Kept, Planned, Planned]),
            ("/none/{layer}", [Planned; 4]),
            ("/denied/{layer}", [Failed; 4]),
        ] {
            let mut place = Place::of(Fake::default());
            let template = NameTemplate::parse(NameKind::Parameter, template).unwrap();
            place.parameter = Some(template);
            let mut candidates = candidates(&place);
            spare_named(&mut candidates, &ground).unwrap();
            assert_eq!(outcomes(&candidates), expected);
            if expected[1] == Kept {
                let reason = candidates[1].report.reason.as_deref();
                assert_eq!(reason, Some("in the parameter /layers/web"));
            }
        }
    }

    #[test]
    fn with_force_nobody_is_asked() {
        let place = Place::of(Fake::default());
        let mut candidates = candidates(&place);
        carry_out(&mut candidates, false);
        assert_eq!(outcomes(&candidates), [Deleted, Deleted, Failed, Deleted]);
    }
}
