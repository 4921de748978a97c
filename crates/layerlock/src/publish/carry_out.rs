//! Plans everything, then does it side by side, and says of each what became of it.

use std::convert::Infallible;
use std::fmt;

use layerlock_layer::parallel;
use layerlock_publish::{
    Artifact, Change, Error, Grant, LayerVersion, Publication, PublishPlan, Publisher,
};

use super::destination::Place;
use super::report::{Outcome, Published};
use super::reporter::{PublishReporter, Upload};

/// How many requests are made at once: providers answer a few a second, and uploads share
/// the line.
const AT_ONCE: usize = 4;

/// One layer for one target in one place.
pub(crate) struct Job<'p> {
    pub(crate) place: &'p Place,
    /// The layer's name in the project.
    pub(crate) layer: String,
    pub(crate) artifact: Artifact,
    /// The name of the parameter that gets the version's ARN.
    pub(crate) parameter: Option<String>,
}

/// What is to be done for a job, or became of it.
struct Step<'p> {
    job: Job<'p>,
    plan: Result<Plan, Box<Published>>,
}

/// What is to be done for a job.
struct Plan {
    version: PublishPlan,
    after: After,
}

/// What is to be done once there is a version.
#[derive(Default)]
struct After {
    /// The grants that it lacks.
    share: Vec<Grant>,
    /// Whether the parameter gets its ARN.
    parameter: bool,
}

impl After {
    fn changes(&self) -> Vec<Change> {
        let changes = [
            (!self.share.is_empty(), Change::Share),
            (self.parameter, Change::SsmParameter),
        ];
        let changes = changes.into_iter();
        changes
            .filter_map(|(is_changed, change)| is_changed.then_some(change))
            .collect()
    }
}

/// Plans all jobs, then carries them out. The results are in the order of the jobs.
pub(crate) fn carry_out(
    jobs: Vec<Job<'_>>,
    dry_run: bool,
    reporter: &dyn PublishReporter,
) -> Vec<Published> {
    let planned = side_by_side(grouped(jobs), plan);
    if !dry_run {
        for step in planned.iter().flatten().map(|(_, step)| step) {
            let version = step.plan.as_ref().map(|plan| &plan.version);
            if matches!(version, Ok(PublishPlan::Create { .. })) {
                reporter.upload_planned(&step.job.upload());
            }
        }
    }
    // The versions of one layer are made one after the other, so that each run numbers them
    // in the same way.
    let done = side_by_side(planned, |group| {
        let steps = group.into_iter();
        let done = steps.map(|(index, step)| (index, step.end(dry_run, reporter)));
        done.collect::<Vec<_>>()
    });
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, published)| published).collect()
}

/// The jobs by place and layer, each with its position.
fn grouped(jobs: Vec<Job<'_>>) -> Vec<Vec<(usize, Job<'_>)>> {
    let mut groups: Vec<Vec<(usize, Job<'_>)>> = Vec::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let is_same = |group: &&mut Vec<(usize, Job<'_>)>| {
            group.first().is_some_and(|(_, first)| {
                std::ptr::eq(first.place, job.place) && first.artifact.layer == job.artifact.layer
            })
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push((index, job)),
            None => groups.push(vec![(index, job)]),
        }
    }
    groups
}

/// Plans the jobs for one layer in one place.
fn plan(group: Vec<(usize, Job<'_>)>) -> Vec<(usize, Step<'_>)> {
    let Some((_, first)) = group.first() else {
        return Vec::new();
    };
    let artifacts: Vec<_> = group.iter().map(|(_, job)| job.artifact.clone()).collect();
    let surveyed = first.publisher().survey(&first.artifact.layer, &artifacts);
    let plan = |job: &Job<'_>| match &surveyed {
        Ok(versions) => job
            .plan(versions)
            .map_err(|error| Box::new(job.failed(&error, Some(versions)))),
        Err(error) => Err(Box::new(job.failed(error, None))),
    };
    let steps = group.into_iter();
    let steps = steps.map(|(index, job)| {
        (
            index,
            Step {
                plan: plan(&job),
                job,
            },
        )
    });
    steps.collect()
}

impl Step<'_> {
    /// Does what was planned, or with `dry_run` tells it.
    fn end(self, dry_run: bool, reporter: &dyn PublishReporter) -> Published {
        let Self { job, plan } = self;
        let plan = match plan {
            Ok(plan) => plan,
            Err(failed) => return *failed,
        };
        if dry_run {
            return job.planned(&plan);
        }
        match &plan.version {
            PublishPlan::Reuse(_) => job.reuse(&plan),
            PublishPlan::Create { changed, .. } => job.publish(&plan, changed, reporter),
        }
    }
}

impl Job<'_> {
    fn publisher(&self) -> &dyn Publisher {
        self.place.publisher.as_ref()
    }

    fn plan(&self, versions: &[LayerVersion]) -> Result<Plan, Error> {
        let version = self.publisher().plan(&self.artifact, versions)?;
        let after = match &version {
            PublishPlan::Reuse(version) => self.lacking(version)?,
            PublishPlan::Create { .. } => After {
                share: self.place.share.clone(),
                parameter: self.parameter.is_some(),
            },
        };
        Ok(Plan { version, after })
    }

    /// What a version that is there lacks.
    fn lacking(&self, version: &LayerVersion) -> Result<After, Error> {
        let mut share = self.place.share.clone();
        if !share.is_empty() {
            let has = self.publisher().grants(&version.layer, version.version)?;
            share.retain(|grant| !has.contains(grant));
        }
        let parameter = match &self.parameter {
            Some(name) => self.publisher().parameter(name)?.as_deref() != Some(&version.arn),
            None => false,
        };
        Ok(After { share, parameter })
    }

    /// What would be done.
    fn planned(&self, plan: &Plan) -> Published {
        let mut changed = plan.after.changes();
        match &plan.version {
            PublishPlan::Reuse(version) => Published {
                outcome: if changed.is_empty() {
                    Outcome::Unchanged
                } else {
                    Outcome::Planned
                },
                changed,
                ..self.settled(&version.clone().into())
            },
            PublishPlan::Create { changed: why, .. } => {
                // A new version has neither.
                changed.clone_from(why);
                Published {
                    outcome: Outcome::Planned,
                    changed,
                    ..self.published()
                }
            }
        }
    }

    /// Sends nothing; a directory is rid of what killed runs left.
    fn reuse(&self, plan: &Plan) -> Published {
        let done = self
            .publisher()
            .carry_out(&self.artifact, &plan.version, &|_| {});
        match done {
            Ok(done) => self.settle(plan, &done, Vec::new()),
            Err(error) => self.failed(&error, None),
        }
    }

    fn publish(
        &self,
        plan: &Plan,
        changed: &[Change],
        reporter: &dyn PublishReporter,
    ) -> Published {
        let upload = self.upload();
        let sent = |bytes| reporter.upload_progressed(&upload, bytes);
        let done = self
            .publisher()
            .carry_out(&self.artifact, &plan.version, &sent);
        reporter.upload_finished(&upload);
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                return Published {
                    changed: changed.to_vec(),
                    ..self.failed(&error, None)
                };
            }
        };
        if let Some(duplicate) = &done.duplicate {
            reporter.warned(&format!(
                "{duplicate} has the same bytes as {}, which another run published at the same \
                 time, and could not be deleted: use {} and delete the other",
                done.arn, done.arn
            ));
        }
        let changed = if done.reused {
            Vec::new()
        } else {
            changed.to_vec()
        };
        self.settle(plan, &done, changed)
    }

    /// Does what is to be done once there is a version.
    fn settle(&self, plan: &Plan, version: &Publication, changed: Vec<Change>) -> Published {
        let mut settled = Published {
            changed,
            ..self.settled(version)
        };
        if version.reused {
            settled.changed.extend(plan.after.changes());
        }
        match self.share_and_name(&plan.after, version) {
            Ok(()) => settled,
            Err(error) => settled.failed(&error),
        }
    }

    fn share_and_name(&self, after: &After, version: &Publication) -> Result<(), Error> {
        for grant in &after.share {
            self.publisher()
                .grant(&self.artifact.layer, version.version, grant)?;
        }
        match &self.parameter {
            Some(name) if after.parameter => self.publisher().set_parameter(name, &version.arn),
            _ => Ok(()),
        }
    }

    fn settled(&self, version: &Publication) -> Published {
        Published {
            account: version
                .account()
                .map(str::to_owned)
                .or_else(|| self.publisher().account()),
            outcome: if version.reused {
                Outcome::Unchanged
            } else {
                Outcome::Published
            },
            arn: Some(version.arn.clone()),
            version: Some(version.version),
            directory: self
                .publisher()
                .directory(&self.artifact.layer, version.version),
            reused: version.reused,
            duplicate: version.duplicate.clone(),
            ..self.published()
        }
    }

    fn failed(&self, error: &Error, versions: Option<&[LayerVersion]>) -> Published {
        let newest = versions.and_then(<[_]>::first);
        let place = Published {
            account: newest
                .and_then(LayerVersion::account)
                .map(str::to_owned)
                .or_else(|| self.publisher().account()),
            ..self.published()
        };
        place.failed(error)
    }

    /// What is known before anything is asked.
    fn published(&self) -> Published {
        let Self {
            layer, artifact, ..
        } = self;
        Published {
            name: artifact.layer.clone(),
            runtimes: artifact.runtimes.clone(),
            architectures: artifact.architectures.clone(),
            code_sha256: artifact.code_sha256(),
            ..Published::not_yet(self.publisher(), layer)
        }
    }

    fn upload(&self) -> Upload<'_> {
        Upload {
            name: &self.artifact.layer,
            provider: self.publisher().provider(),
            region: self.publisher().region(),
            size: self.artifact.size,
        }
    }
}

/// `base for python3.12 arm64`
impl fmt::Display for Job<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = [&self.artifact.runtimes[..], &self.artifact.architectures].concat();
        write!(f, "{} for {}", self.layer, targets.join(" "))
    }
}

/// Works on several items at once.
pub(crate) fn side_by_side<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let Ok(results) = parallel::at_most(AT_ONCE, items, |item| Ok::<_, Infallible>(work(item)));
    results
}
