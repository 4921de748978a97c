//! `cargo xtask torture`: builds that are killed at random moments.
//!
//! Two projects build at a time, with one cache, from a loopback index. Each has two
//! locks that it changes between, so that there is always something to write. After each
//! kill, every output must be what one of the locks gives, whole, and the cache must hold
//! nothing that is not what its name says. In the end a build finds all in order and
//! nothing of the killed ones is left.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use layerlock_testkit::{LoopbackIndex, ProjectBuilder, Wheel, WheelBuilder};

use crate::checks::Problems;
use crate::files::{self, Tree};
use crate::layerlock::Layerlock;
use crate::process::Running;
use crate::random::Random;
use crate::repository::{self, Profile};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many builds are killed
    #[arg(long, default_value_t = 100)]
    pub(crate) runs: u32,
    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Torture this binary instead of building one
    #[arg(long, value_name = "PATH")]
    pub(crate) binary: Option<PathBuf>,
}

const PACKAGES: usize = 8;
const FILES_OF_A_PACKAGE: usize = 40;
const BYTES_OF_A_FILE: usize = 20_000;

/// What a build of one lock gives: the files of `dist/layers` and of the staging directory.
#[derive(PartialEq)]
struct Outputs {
    zips: Tree,
    staging: Tree,
}

/// A project, and the lock that its last complete build was of.
struct Victim {
    name: &'static str,
    directory: PathBuf,
}

/// What happened.
#[derive(Default)]
struct Tally {
    killed: u32,
    /// Builds that ended before they were killed.
    too_late: u32,
    /// Killed builds after which the outputs were of the old lock, of the new one.
    old: u32,
    new: u32,
}

struct Torture {
    layerlock: Layerlock,
    work: PathBuf,
    random: Random,
    index: LoopbackIndex,
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
        "{} builds to kill within {} ms each, seed {}",
        arguments.runs,
        torture.length.as_millis(),
        arguments.seed
    );
    let victims = ["first", "second"].map(|name| Victim {
        name,
        directory: work.path().join(name),
    });
    let mut tally = Tally::default();
    while tally.killed < arguments.runs {
        torture
            .round(&victims, &mut tally)
            .with_context(|| format!("after {} killed builds", tally.killed))?;
    }
    torture.all_is_well(&victims)?;
    println!(
        "killed {} builds ({} more had ended): {} outputs as before, {} new, none in between; \
         the cache is whole",
        tally.killed, tally.too_late, tally.old, tally.new
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
            index,
            wheels,
            expected,
            length,
        })
    }

    /// Starts both builds, kills one or both, and looks at what is left.
    fn round(&mut self, victims: &[Victim; 2], tally: &mut Tally) -> Result<()> {
        if self.random.percent(30) {
            // The whole cache goes; a user may do so at any time.
            fs_err::remove_dir_all(&self.layerlock.cache).or_else(|error| {
                if error.kind() == std::io::ErrorKind::NotFound {
                    Ok(())
                } else {
                    Err(error)
                }
            })?;
        }
        let mut builds = Vec::new();
        for victim in victims {
            let which = self.random.below(2);
            lock(&self.wheels[which], &victim.directory);
            let before = outputs(&victim.directory)?;
            builds.push((victim, which, before, self.start(victim)?));
        }
        let both = self.random.percent(50);
        for (number, (victim, which, before, build)) in builds.into_iter().enumerate() {
            if number == 0 || both {
                let longest = usize::try_from(self.length.as_micros())?;
                let moment = self.random.below(longest);
                thread::sleep(Duration::from_micros(u64::try_from(moment)?));
                build.kill()?;
            }
            let code = build.wait()?;
            let after = outputs(&victim.directory)?;
            let name = victim.name;
            match code {
                // Killed.
                None => {
                    let new = &self.expected[which];
                    // One output is in place before the other.
                    ensure!(
                        after.zips == before.zips || after.zips == new.zips,
                        "the zip of {name} is neither the old nor the new one"
                    );
                    ensure!(
                        after.staging == before.staging || after.staging == new.staging,
                        "the staging directory of {name} is neither the old nor the new one"
                    );
                    tally.killed += 1;
                    if after == before {
                        tally.old += 1;
                    } else {
                        tally.new += 1;
                    }
                }
                Some(0) => {
                    ensure!(
                        after == self.expected[which],
                        "{name} is not what it should be"
                    );
                    tally.too_late += 1;
                }
                Some(code) => {
                    let log = fs_err::read_to_string(self.log(victim))?;
                    anyhow::bail!("{name} ended with exit code {code}:\n{log}");
                }
            }
        }
        self.cache_is_whole()
    }

    fn start(&self, victim: &Victim) -> Result<Running> {
        self.layerlock
            .command(&victim.directory, &["build", "--quiet"])
            .env("PIP_INDEX_URL", self.index.url())
            .start(&self.log(victim))
    }

    fn log(&self, victim: &Victim) -> PathBuf {
        self.work.join(victim.name).with_extension("log")
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

    /// The next builds find everything in order, and take away what was left.
    fn all_is_well(&self, victims: &[Victim; 2]) -> Result<()> {
        let mut problems = Problems::default();
        for victim in victims {
            for (wheels, expected) in self.wheels.iter().zip(&self.expected) {
                lock(wheels, &victim.directory);
                let build = self.start(victim)?;
                problems.equal("the exit code", build.wait()?, Some(0));
                let is = outputs(&victim.directory)?;
                problems.hold(is == *expected, || {
                    format!("{} is not what it should be", victim.name)
                });
            }
            for file in files::temporary_files(&victim.directory)? {
                problems.add(format!("{file} is left in {}", victim.name));
            }
        }
        problems.finish()
    }
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

fn lock(wheels: &[Wheel], directory: &Path) {
    let mut project = ProjectBuilder::new("victim")
        .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\nstaging = \"staging\"\n");
    for wheel in wheels {
        project = project.package(wheel);
    }
    project.write_to(directory);
}

fn outputs(project: &Path) -> Result<Outputs> {
    let mut zips = files::tree(&project.join("dist/layers"))?;
    // What a killed build leaves beside its output, the next takes away.
    zips.retain(|path, _| !path.starts_with('.'));
    Ok(Outputs {
        zips,
        staging: files::tree(&project.join("staging"))?,
    })
}
