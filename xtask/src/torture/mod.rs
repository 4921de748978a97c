//! `cargo xtask torture`: runs that are killed, or asked to end, at random moments.
//!
//! Three projects are built, installed, published and pruned at a time, with one cache and
//! one directory of published versions, from a loopback index. Each has two locks that it
//! changes between, so that there is always something to write. After each kill, every
//! output must be what one of the locks gives, whole; the cache must hold nothing that is
//! not what its name says; and no version may be torn or there twice. What was asked to end
//! by SIGTERM, SIGINT or SIGHUP must have ended by it, have left nothing unfinished, and no
//! child alive. In the end a build finds all in order, nothing of the killed ones is left,
//! and the next run says that all is unchanged.

mod child;
mod victim;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use layerlock_testkit::{LoopbackIndex, Wheel, WheelBuilder};

use crate::checks::Problems;
use crate::files;
use crate::layerlock::Layerlock;
use crate::process::{Command, Running};
use crate::random::Random;
use crate::repository::{self, Profile};
use child::Pip;
use victim::{End, Job, Outputs, Victim, lock, outputs, versions};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many runs are killed
    #[arg(long, default_value_t = 30)]
    pub(crate) runs: u32,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Torture this binary instead of building one
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
}

const PACKAGES: usize = 8;
const FILES_OF_A_PACKAGE: usize = 20;
const BYTES_OF_A_FILE: usize = 20_000;

/// What happened.
#[derive(Default)]
struct Tally {
    killed: u32,
    /// Of these, those that were asked to end.
    asked: u32,
    /// Runs that ended before they were killed.
    too_late: u32,
    /// Killed runs after which the outputs were as before, and after which one was new.
    old: u32,
    new: u32,
}

/// A run of a victim.
struct Run<'v> {
    victim: &'v Victim,
    job: Job,
    /// Which lock the project has.
    which: usize,
    before: Outputs,
    running: Running,
}

struct Torture {
    layerlock: Layerlock,
    work: PathBuf,
    random: Random,
    _index: LoopbackIndex,
    pip: Pip,
    /// The wheels of the two locks.
    wheels: [Vec<Wheel>; 2],
    /// What each of the locks gives.
    expected: [Outputs; 2],
    /// How long a build from an empty cache takes.
    length: Duration,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.runs > 0, "nothing is killed 0 times");
    let binary = match &arguments.binary {
        Some(binary) => fs_err::canonicalize(binary)?,
        None => repository::build_layerlock(Profile::Dev)?,
    };
    let work = tempfile::Builder::new()
        .prefix("layerlock-torture-")
        .tempdir()?;
    let mut torture = Torture::prepare(&binary, work.path(), arguments.seed)?;
    println!(
        "{} runs to kill within {} ms each, seed {}",
        arguments.runs,
        torture.length.as_millis(),
        arguments.seed
    );
    let victims = ["first", "second", "third"].map(|name| Victim {
        name,
        directory: work.path().join(name),
    });
    let mut tally = Tally::default();
    while tally.killed < arguments.runs {
        torture
            .round(&victims, &mut tally)
            .with_context(|| format!("after {} killed runs", tally.killed))?;
    }
    torture.all_is_well(&victims)?;
    println!(
        "killed {} runs, {} of them by SIGTERM, SIGINT or SIGHUP ({} more had ended): {} left \
         outputs as before, {} new, none in between; cache and versions are whole, no child is \
         alive",
        tally.killed, tally.asked, tally.too_late, tally.old, tally.new
    );
    Ok(())
}

impl Torture {
    fn prepare(binary: &Path, work: &Path, seed: u64) -> Result<Self> {
        let mut random = Random::new(seed);
        let index = LoopbackIndex::start();
        let wheels = ["1.0", "2.0"].map(|version| -> Vec<Wheel> {
            (0..PACKAGES)
                .map(|number| wheel(number, version, &mut random))
                .collect()
        });
        for wheel in wheels.iter().flatten() {
            index.add(wheel);
        }
        let mut length = Duration::ZERO;
        let mut expected = Vec::new();
        for wheels in &wheels {
            let directory = work.join("model");
            fs_err::create_dir_all(&directory)?;
            lock(wheels, &directory);
            let layerlock = Layerlock::new(binary, &directory)?;
            let started = Instant::now();
            layerlock
                .command(&directory, &["build", "--quiet"])
                .env("PIP_INDEX_URL", index.url())
                .stdout()?;
            length = length.max(started.elapsed());
            expected.push(outputs(&directory)?);
            fs_err::remove_dir_all(&directory)?;
        }
        let expected: [Outputs; 2] = expected.try_into().ok().context("two locks")?;
        ensure!(expected[0] != expected[1], "the two locks give the same");
        Ok(Self {
            layerlock: Layerlock::new(binary, work)?,
            work: work.to_owned(),
            random,
            pip: Pip::new(work, &index.url())?,
            _index: index,
            wheels,
            expected,
            length,
        })
    }

    /// Starts all runs, kills some, and looks at what is left.
    fn round(&mut self, victims: &[Victim], tally: &mut Tally) -> Result<()> {
        self.forget()?;
        let unfinished = self.unfinished()?;
        let mut runs = Vec::new();
        for victim in victims {
            let which = self.random.below(2);
            lock(&self.wheels[which], &victim.directory);
            let job = Job::any(&mut self.random);
            runs.push(Run {
                victim,
                job,
                which,
                before: outputs(&victim.directory)?,
                running: self.start(victim, job)?,
            });
        }
        let mut may_leave = false;
        for (number, run) in runs.into_iter().enumerate() {
            let mut end = None;
            if number == 0 || self.random.percent(60) {
                // Most runs take less than a build from an empty cache.
                let longest = usize::try_from(self.length.as_micros())?;
                let longest = self.random.below(longest);
                let moment = self.random.below(longest);
                thread::sleep(Duration::from_micros(u64::try_from(moment)?));
                end = Some(End::any(&mut self.random));
                stop(&run.running, end)?;
            }
            let code = run.running.wait()?;
            may_leave |= code.is_none() && end == Some(End::Kill);
            self.judge(&run, code, end, tally)
                .with_context(|| format!("{:?} of {}, by {end:?}", run.job, run.victim.name))?;
        }
        self.cache_is_whole()?;
        self.versions()?;
        let mut left = self.unfinished()?;
        left.retain(|file| !may_leave && !unfinished.contains(file));
        ensure!(left.is_empty(), "left by what was asked to end: {left:?}");
        Ok(())
    }

    /// Some of what the cache remembers goes, or all; a user may do so at any time.
    fn forget(&mut self) -> Result<()> {
        let cache = &self.layerlock.cache;
        let removed = match self.random.below(10) {
            0..3 => fs_err::remove_dir_all(cache),
            3..6 => fs_err::remove_file(cache.join("pip-default-index")),
            _ => Ok(()),
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Looks at the outputs of a run, and at the children of one that was asked to end.
    fn judge(
        &self,
        run: &Run<'_>,
        code: Option<i32>,
        end: Option<End>,
        tally: &mut Tally,
    ) -> Result<()> {
        let (before, new) = (&run.before, &self.expected[run.which]);
        let after = outputs(&run.victim.directory)?;
        match code {
            // One output is in place before the other.
            None => {
                ensure!(
                    after.zips == before.zips || after.zips == new.zips,
                    "the zip is neither the old nor the new one"
                );
                ensure!(
                    after.staging == before.staging || after.staging == new.staging,
                    "the staging directory is neither the old nor the new one"
                );
                tally.killed += 1;
                if end != Some(End::Kill) {
                    tally.asked += 1;
                    let alive = self.pip.alive(run.victim.name);
                    ensure!(alive.is_empty(), "a child goes on: {alive:?}");
                }
                if after == *before {
                    tally.old += 1;
                } else {
                    tally.new += 1;
                }
                Ok(())
            }
            Some(0) => {
                let zips = match run.job {
                    Job::Build | Job::Publish => &new.zips,
                    Job::Install | Job::Prune => &before.zips,
                };
                let staging = match run.job {
                    Job::Publish | Job::Prune => &before.staging,
                    Job::Build | Job::Install => &new.staging,
                };
                ensure!(after.zips == *zips, "the zip is not what it should be");
                ensure!(
                    after.staging == *staging,
                    "the staging directory is not what it should be"
                );
                tally.too_late += 1;
                Ok(())
            }
            Some(code) => {
                let log = fs_err::read_to_string(self.log(run.victim))?;
                anyhow::bail!("exit code {code}:\n{log}");
            }
        }
    }

    fn start(&self, victim: &Victim, job: Job) -> Result<Running> {
        let published = self.published().to_string_lossy().into_owned();
        let command = self
            .layerlock
            .command(&victim.directory, &job.arguments(&published));
        self.pip.ask(command, victim.name).start(&self.log(victim))
    }

    fn log(&self, victim: &Victim) -> PathBuf {
        self.work.join(victim.name).with_extension("log")
    }

    fn published(&self) -> PathBuf {
        self.work.join("published")
    }

    fn versions(&self) -> Result<Vec<u64>> {
        let zips = self.expected.iter().flat_map(|one| one.zips.values());
        let zips: Vec<&str> = zips.map(|zip| zip.sha256.as_str()).collect();
        versions(&self.published(), &zips)
    }

    /// Each wheel in the cache is what its name says.
    fn cache_is_whole(&self) -> Result<()> {
        let mut problems = Problems::default();
        for (path, entry) in files::tree(&self.layerlock.cache)? {
            let name = path.rsplit('/').next().unwrap_or(&path);
            if let Some(sha256) = name.strip_suffix(".whl") {
                problems.equal(&path, entry.sha256.as_str(), sha256);
            }
        }
        problems.finish()
    }

    /// What is unfinished: beside outputs, in the cache, and drafts of versions.
    fn unfinished(&self) -> Result<BTreeSet<String>> {
        let is_unfinished = |path: &String| {
            path.split('/')
                .any(|part| part.starts_with(".layerlock-") || part.starts_with(".draft-"))
                || path.starts_with("cache/tmp/")
                || path.starts_with("temporary/")
        };
        let files = files::tree(&self.work)?.into_keys();
        Ok(files.filter(is_unfinished).collect())
    }

    /// The next runs find everything in order, take away what was left, and have nothing to
    /// do from then on.
    fn all_is_well(&self, victims: &[Victim]) -> Result<()> {
        let mut problems = Problems::default();
        for victim in victims {
            for (wheels, expected) in self.wheels.iter().zip(&self.expected) {
                lock(wheels, &victim.directory);
                for job in [Job::Build, Job::Publish] {
                    let code = self.start(victim, job)?.wait()?;
                    problems.equal("the exit code", code, Some(0));
                }
                let is = outputs(&victim.directory)?;
                problems.hold(is == *expected, || {
                    format!("{} is not what it should be", victim.name)
                });
            }
            let project = &victim.directory;
            let next = self.layerlock.command(project, &["build"]);
            let next = self.pip.ask(next, victim.name).finish()?;
            problems.hold(next.stderr.contains("\nunchanged: "), || {
                format!("the next run does not say so: {}", next.describe())
            });
        }
        problems.equal("the number of versions", self.versions()?.len(), 2);
        let prune = self.start(&victims[0], Job::Prune)?;
        problems.equal("the exit code of prune", prune.wait()?, Some(0));
        problems.equal("versions after prune", self.versions()?.len(), 1);
        for file in self.unfinished()? {
            problems.add(format!("{file} is left"));
        }
        problems.finish()
    }
}

/// Ends it; one that has ended already does not mind.
fn stop(running: &Running, end: Option<End>) -> Result<()> {
    let Some(end) = end else { return Ok(()) };
    if end == End::Kill {
        return running.kill();
    }
    let process = running.id()?.to_string();
    Command::new("kill")
        .args([end.signal(), &process])
        .finish()?;
    Ok(())
}

fn wheel(number: usize, version: &str, random: &mut Random) -> Wheel {
    let name = format!("package-{number}");
    let mut builder = WheelBuilder::new(&name, version);
    for file in 0..FILES_OF_A_PACKAGE {
        let path = format!("package_{number}/module_{file}.py");
        builder = builder.file(&path, random.bytes(BYTES_OF_A_FILE));
    }
    builder.build()
}
