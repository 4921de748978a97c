//! Runs at the same time, and runs that are killed.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use layerlock_testkit::{Break, BrokenRequest, FaultProxy};

use super::run::{first, layer, publish, server};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::random::Random;

const AT_ONCE: usize = 20;
const KILLS: usize = 100;

/// The way of a zip takes its time.
const UPLOAD: BrokenRequest = BrokenRequest {
    method: "POST",
    number: None,
    how: Break::Slow(Duration::from_millis(60)),
};

/// Two processes publish the same at the same time.
pub(super) fn at_once(subject: &Subject) -> Result<Proof> {
    let server = server()?;
    let mut problems = Problems::default();
    for round in 0..AT_ONCE {
        let name = format!("once-{round}");
        let layer = layer(subject, &name, name.as_bytes())?;
        let publish = publish(subject, &server.url(), &layer, &name);
        let made = thread::scope(|scope| {
            let runs = [(); 2].map(|()| scope.spawn(|| first(&publish, "published")));
            runs.map(|run| {
                run.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        });
        for made in made {
            problems.equal("the version", made?["version"].as_u64(), Some(1));
        }
        problems.equal("the versions", server.versions(&name).len(), 1);
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("{AT_ONCE} times")))
}

/// A run is killed at a random moment; the next one runs once the server has answered.
pub(super) fn killed(subject: &Subject) -> Result<Proof> {
    let server = server()?;
    let proxy = FaultProxy::start(&server.address(), &[UPLOAD])?;
    let mut random = Random::new(16);
    let mut problems = Problems::default();
    let mut begun = 0;
    for round in 0..KILLS {
        let name = format!("killed-{round}");
        let layer = layer(subject, &name, name.as_bytes())?;
        let publish = publish(subject, &proxy.url(), &layer, &name);
        let log = layer.join("../log");
        let running = publish.start(&log)?;
        thread::sleep(Duration::from_millis(random.next() % 160));
        running.kill()?;
        while !proxy.is_idle() {
            thread::sleep(Duration::from_millis(5));
        }
        begun += server.versions(&name).len();
        let made = first(&publish, "published")?;
        ensure!(made["error"].is_null(), "{made}");
        problems.equal("the versions", server.versions(&name).len(), 1);
    }
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{KILLS} kills, {begun} after the version"
    )))
}
