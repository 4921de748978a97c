//! A proxy breaks chosen requests: at the end there is one version.

use std::time::Duration;

use anyhow::Result;
use layerlock_testkit::{Break, BrokenRequest, FaultProxy};

use super::run::{layer, publish, server};
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;

/// What may become of a request once.
const HOW: [Break; 9] = [
    Break::Cut,
    Break::CutAfter,
    Break::Truncated,
    Break::Slow(Duration::from_millis(200)),
    Break::RetryAfter(429),
    Break::Status(500),
    Break::Status(503),
    Break::StatusAfter(500),
    Break::Page,
];

pub(super) fn prove(subject: &Subject) -> Result<Proof> {
    let mut problems = Problems::default();
    let layer = layer(subject, "broken", b"broken")?;
    let mut count = 0;
    for how in HOW {
        for (method, number) in [("GET", 1), ("POST", 1), ("GET", 2)] {
            let server = server()?;
            let broken = BrokenRequest {
                method,
                number: Some(number),
                how,
            };
            let proxy = FaultProxy::start(&server.address(), &[broken])?;
            let finished = publish(subject, &proxy.url(), &layer, "broken").finish()?;
            let what = format!("{method} {number} {how:?}");
            problems.equal(
                &format!("the exit code after {what}"),
                finished.code,
                Some(0),
            );
            let versions = server.versions("broken").len();
            problems.equal(&format!("the versions after {what}"), versions, 1);
            count += 1;
        }
    }
    for (how, code) in [
        (Break::Cut, 5),
        (Break::Status(403), 6),
        (Break::Status(413), 6),
    ] {
        let server = server()?;
        let broken = BrokenRequest {
            method: "POST",
            number: None,
            how,
        };
        let proxy = FaultProxy::start(&server.address(), &[broken])?;
        let finished = publish(subject, &proxy.url(), &layer, "broken").finish()?;
        problems.equal(
            &format!("the exit code of {how:?}"),
            finished.code,
            Some(code),
        );
        problems.equal("the versions", server.versions("broken").len(), 0);
        count += 1;
    }
    problems.finish()?;
    Ok(Proof::Figure(format!("{count} combinations")))
}
