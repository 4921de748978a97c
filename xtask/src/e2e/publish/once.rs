//! One version, whatever becomes of requests, runs and answers.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use layerlock_testkit::Break::{
    Cut, CutAfter, Hang, Page, RetryAfter, Slow, Status, StatusAfter, Truncated,
};
use layerlock_testkit::{Break, BrokenRequest, FaultProxy};

use super::judge::Judge;
use super::run::{names, publish};
use super::server::{Server, environment_at};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::layerlock::Report;
use crate::tools::Tools;

/// Requests that are broken, the exit code, the outcome, and how many versions there are.
type Case = (
    &'static [(&'static str, usize, Break)],
    i32,
    &'static str,
    usize,
);

/// Each request of that method.
const EACH: usize = 0;

const CASES: &[Case] = &[
    (&[("POST", 1, Cut)], 0, "published", 1),
    (&[("POST", EACH, Cut)], 5, "failed", 0),
    (&[("POST", 1, CutAfter)], 0, "published", 1),
    (&[("POST", EACH, CutAfter)], 0, "published", 1),
    (&[("POST", 1, Truncated)], 0, "published", 1),
    (&[("POST", EACH, Truncated)], 0, "published", 1),
    (&[("POST", 1, Status(500))], 0, "published", 1),
    (&[("POST", EACH, Status(500))], 5, "failed", 0),
    (&[("POST", 1, StatusAfter(500))], 0, "published", 1),
    (&[("POST", EACH, StatusAfter(500))], 0, "published", 1),
    (&[("POST", 1, Status(503))], 0, "published", 1),
    (&[("POST", EACH, StatusAfter(503))], 0, "published", 1),
    (&[("POST", 1, Status(429))], 0, "published", 1),
    (&[("POST", 1, RetryAfter(429))], 0, "published", 1),
    (&[("POST", EACH, Status(429))], 6, "failed", 0),
    (&[("POST", EACH, Status(413))], 6, "failed", 0),
    (&[("POST", EACH, Status(403))], 6, "failed", 0),
    (&[("POST", 1, Page)], 0, "published", 1),
    (&[("POST", EACH, Page)], 5, "failed", 0),
    (&[("POST", 1, Hang)], 0, "published", 1),
    (
        &[("POST", 1, Slow(Duration::from_secs(5)))],
        0,
        "published",
        1,
    ),
    (&[("GET", 1, Cut)], 0, "published", 1),
    (&[("GET", 1, Status(500))], 0, "published", 1),
    (&[("GET", 1, RetryAfter(429))], 0, "published", 1),
    (&[("GET", 1, Hang)], 0, "published", 1),
    (&[("GET", EACH, Status(403))], 6, "failed", 0),
    (&[("GET", EACH, Cut)], 5, "failed", 0),
    // The look after a lost answer is broken too.
    (
        &[("POST", 1, CutAfter), ("GET", 3, Status(500))],
        0,
        "published",
        1,
    ),
    (
        &[("POST", 1, CutAfter), ("GET", 3, Truncated)],
        0,
        "published",
        1,
    ),
    // The look for what others published, after the answer.
    (&[("GET", 3, Status(503))], 0, "published", 1),
    (&[("GET", 3, Cut), ("GET", 4, Cut)], 0, "published", 1),
];

/// Breaks requests in all ways, each for a layer of its own.
pub(super) fn broken(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-broken")?)?;
    let problems = Mutex::new(Problems::default());
    let names = names("broken", CASES.len());
    let next = Mutex::new(names.iter().zip(CASES));
    let run = |name: &str, (broken, code, outcome, _): &Case| -> Result<()> {
        let rules: Vec<_> = broken
            .iter()
            .map(|(method, number, how)| BrokenRequest {
                method,
                number: (*number != EACH).then_some(*number),
                how: *how,
            })
            .collect();
        let proxy = FaultProxy::start(server.address(), &rules)?;
        let command = publish(subject, name);
        let finished = environment_at(command, &proxy.url()).finish()?;
        let report: Report = serde_json::from_str(&finished.stdout)
            .map_err(|error| anyhow!("{error}: {}", finished.describe()))?;
        let mut problems = problems.lock().map_err(|_| anyhow!("a case panicked"))?;
        let what = format!("the exit code after {broken:?}");
        problems.equal(&what, finished.code, Some(*code));
        let what = format!("the outcome after {broken:?}");
        let outcomes: Vec<_> = report
            .published
            .iter()
            .map(|it| it.outcome.as_str())
            .collect();
        problems.equal(&what, &outcomes[..], &[*outcome]);
        Ok(())
    };
    // Most of the time is spent in waiting.
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some((name, case)) = next.lock().ok().and_then(|mut it| it.next()) {
                        run(name, case)?;
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| anyhow!("a case panicked"))?)
    })?;
    let mut problems = problems
        .into_inner()
        .map_err(|_| anyhow!("a case panicked"))?;
    let versions = Judge::new(tools, &server).versions(&names)?;
    for (name, (broken, _, _, count)) in names.iter().zip(CASES) {
        let found = versions.get(name).map_or(0, Vec::len);
        problems.equal(&format!("the versions after {broken:?}"), found, *count);
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("{} combinations", CASES.len())))
}

/// Several regions, one of which refuses: the others are published to, and the next run does
/// the rest.
pub(super) fn regions(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-regions")?)?;
    let refused = BrokenRequest {
        method: "POST",
        number: Some(2),
        how: Status(403),
    };
    let proxy = FaultProxy::start(server.address(), &[refused])?;
    let mut problems = Problems::default();
    // One of them twice.
    let regions = "us-east-1,eu-west-1,us-east-1";
    let command = publish(subject, "regions").args(["--region", regions]);
    for (what, code, outcomes) in [
        ("the first run", 6, ["failed", "published", "published"]),
        ("the second run", 0, ["published", "unchanged", "unchanged"]),
        ("the third run", 0, ["unchanged"; 3]),
    ] {
        let command = environment_at(command.clone(), &proxy.url());
        let finished = command.finish()?;
        problems.equal(what, finished.code, Some(code));
        let report: Report = serde_json::from_str(&finished.stdout)?;
        let mut found: Vec<_> = report
            .published
            .iter()
            .map(|it| it.outcome.as_str())
            .collect();
        found.sort_unstable();
        problems.equal(
            &format!("what became of each in {what}"),
            &found[..],
            &outcomes[..],
        );
        let named = report
            .published
            .iter()
            .filter(|it| it.outcome == "failed")
            .all(|failed| {
                finished
                    .stderr
                    .contains(failed.region.as_deref().unwrap_or("no region"))
            });
        problems.hold(named, || {
            format!("{what} does not name the region: {}", finished.stderr)
        });
    }
    problems.finish()?;
    Ok(Proof::Full)
}

/// Two runs that begin together.
pub(super) fn at_once(subject: &Subject, tools: &Tools) -> Result<Proof> {
    const TIMES: usize = 20;
    let directory = subject.new_directory("moto-at-once")?;
    let server = Server::start(tools, &directory)?;
    let mut problems = Problems::default();
    let names = names("together", TIMES);
    for name in &names {
        let command = server.environment(publish(subject, name));
        let logs = [directory.join("first"), directory.join("second")];
        let runs = [command.start(&logs[0])?, command.start(&logs[1])?];
        for (run, log) in runs.iter().zip(&logs) {
            problems.equal("the exit code", run.wait()?, Some(0));
            problems.equal("the version", version(log)?, Some(1));
        }
    }
    one_each(&mut problems, &Judge::new(tools, &server), &names)?;
    problems.finish()?;
    Ok(Proof::Figure(format!("{TIMES} times")))
}

/// The version that a run reported into a file.
pub(super) fn version(log: &Path) -> Result<Option<u64>> {
    let text = fs_err::read_to_string(log)?;
    let report: Report = serde_json::from_str(&text).map_err(|error| anyhow!("{error}: {text}"))?;
    Ok(report.published.first().and_then(|one| one.version))
}

/// There is one version of each layer.
pub(super) fn one_each(problems: &mut Problems, judge: &Judge, layers: &[String]) -> Result<()> {
    let versions = judge.versions(layers)?;
    for (name, found) in versions {
        problems.equal(&format!("the versions of {name}"), found.len(), 1);
    }
    Ok(())
}
