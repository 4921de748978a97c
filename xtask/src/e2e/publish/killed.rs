//! Kills at random moments of a run, each followed by a run after what the killed one had
//! begun is done.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use layerlock_testkit::{Break, BrokenRequest, FaultProxy};

use super::judge::Judge;
use super::once::{one_each, version};
use super::run::{names, publish};
use super::server::{Server, environment_at};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::random::Random;
use crate::tools::Tools;

const KILLS: usize = 100;

/// What the layers' names begin with.
const NAME: &str = "killed";

/// Runs side by side: most of the time is spent in waiting.
const WORKERS: usize = 4;

/// The way of a zip to AWS takes its time.
const UPLOAD: BrokenRequest = BrokenRequest {
    method: "POST",
    number: None,
    how: Break::Slow(Duration::from_millis(100)),
};

/// How far runs had come when they were killed.
#[derive(Debug, Default)]
struct Moments {
    /// Before they published.
    before: usize,
    /// After they had begun to.
    publishing: usize,
    /// They had ended by themselves.
    ended: usize,
}

/// The moments of the kills lie one after the other over the whole length of a run, each at
/// random in its share of it.
pub(super) fn killed(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-killed")?;
    let server = Server::start(tools, &directory)?;
    let moments = Mutex::new(Moments::default());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (server, directory, moments) = (&server, &directory, &moments);
                scope.spawn(move || {
                    let directory = directory.join(worker.to_string());
                    fs_err::create_dir(&directory)?;
                    let proxy = FaultProxy::start(server.address(), &[UPLOAD])?;
                    kill_some(subject, worker, &proxy, &directory, moments)
                })
            })
            .collect();
        let done = workers.into_iter().map(thread::ScopedJoinHandle::join);
        done.collect::<Vec<_>>()
            .into_iter()
            .try_for_each(|worker| worker.map_err(|_| anyhow!("a worker panicked"))?)
    })?;
    let mut problems = Problems::default();
    one_each(
        &mut problems,
        &Judge::new(tools, &server),
        &names(NAME, KILLS),
    )?;
    let moments = moments
        .into_inner()
        .map_err(|_| anyhow!("a worker panicked"))?;
    problems.hold(moments.before > 0 && moments.publishing > 0, || {
        format!("the kills are not spread over a run: {moments:?}")
    });
    problems.finish()?;
    let Moments {
        before,
        publishing,
        ended,
    } = moments;
    Ok(Proof::Figure(format!(
        "{KILLS} kills: {before} before the publish, {publishing} from it on, {ended} too late"
    )))
}

/// The kills of one worker: each `WORKERS`th.
fn kill_some(
    subject: &Subject,
    worker: usize,
    proxy: &FaultProxy,
    directory: &Path,
    moments: &Mutex<Moments>,
) -> Result<()> {
    let run = |name: &str| environment_at(publish(subject, name), &proxy.url());
    // The first is slow: nothing is at hand yet.
    let mut length = Duration::ZERO;
    for whole in 0..3 {
        let whole = run(&format!("whole-{worker}-{whole}"));
        let started = Instant::now();
        let code = whole.start(&directory.join("whole"))?.wait()?;
        ensure!(code == Some(0), "a whole run failed");
        length = started.elapsed();
    }
    let mut random = Random::new(worker as u64);
    let names = names(NAME, KILLS);
    for (index, name) in names.iter().enumerate().skip(worker).step_by(WORKERS) {
        let requests = proxy.requests().len();
        let killed = run(name).start(&directory.join("killed"))?;
        let thousandths = index * 1000 + random.below(1000);
        thread::sleep(length * u32::try_from(thousandths)? / u32::try_from(KILLS * 1000)?);
        killed.kill()?;
        let ended = killed.wait()?.is_some();
        wait_until_idle(proxy)?;
        let sent = proxy.methods().into_iter().skip(requests);
        let is_publishing = sent.into_iter().any(|method| method == "POST");
        {
            let mut moments = moments.lock().map_err(|_| anyhow!("a worker panicked"))?;
            match (ended, is_publishing) {
                (true, _) => moments.ended += 1,
                (false, true) => moments.publishing += 1,
                (false, false) => moments.before += 1,
            }
        }
        let log = directory.join("again");
        let code = run(name).start(&log)?.wait()?;
        let found = version(&log).with_context(|| format!("after kill {index}"))?;
        ensure!(
            (code, found) == (Some(0), Some(1)),
            "after kill {index} a run ended with {code:?} and version {found:?}"
        );
    }
    Ok(())
}

/// Waits until the server has done what a client that is gone asked for.
fn wait_until_idle(proxy: &FaultProxy) -> Result<()> {
    const LIMIT: Duration = Duration::from_mins(1);
    let started = Instant::now();
    loop {
        // A connection that the proxy has not taken yet is taken in this time.
        thread::sleep(Duration::from_millis(100));
        if proxy.is_idle() {
            return Ok(());
        }
        ensure!(started.elapsed() < LIMIT, "moto does not answer");
    }
}
