//! Publishing: to servers that speak AWS's API, and to a directory.

mod accounts;
mod bucket;
mod environment;
mod handover;
mod judge;
mod killed;
mod languages;
mod looked_into;
mod ministack;
mod network;
mod once;
mod owners;
mod parameter;
mod promote;
mod recorded;
mod requests;
mod run;
mod server;
mod upkeep;
mod versions;
mod zips;

pub(crate) use languages::layers_of_other_languages;

use std::thread;

use anyhow::{Result, anyhow};
use layerlock_fixtures::SHARED_LAYER;

use super::subject::Subject;
use crate::checks::{Checks, Proof};
use crate::tools::Tools;

/// All checks of a fixture's layer.
pub(crate) fn prove(checks: &mut Checks, subject: &Subject, tools: &Tools) {
    type Check = fn(&Subject, &Tools) -> Result<Proof>;
    let each: [(&str, Check); 2] = [
        ("publish to AWS (moto)", versions::aws),
        ("publish to a local directory", |subject, _| {
            versions::local(subject)
        }),
    ];
    for (name, check) in each {
        checks.check(name, || check(subject, tools));
    }
    // Some hundred publishes: of the small layer.
    if subject.fixture.name != SHARED_LAYER.name {
        return;
    }
    let small: [(&str, Check); 14] = [
        ("a region that refuses stops no other", once::regions),
        ("one version of two runs at once", once::at_once),
        ("one version after a kill", killed::killed),
        ("the request of the AWS CLI", recorded::prove),
        ("one request where nothing changed", requests::prove),
        ("two accounts, and a shared layer", accounts::prove),
        ("a layer of another project", owners::prove),
        (
            "credentials, endpoints and what is left",
            environment::prove,
        ),
        ("120 MB through a bucket", bucket::large),
        (
            "one object and version, whatever becomes of S3",
            bucket::broken,
        ),
        ("the parameter that has an ARN", parameter::prove),
        ("list, status, prune and delete", upkeep::prove),
        ("results where the next step reads them", handover::prove),
        ("publish to AWS (MiniStack)", ministack::prove),
    ];
    thread::scope(|scope| {
        // It waits for a minute, most of the time: the others are done meanwhile.
        const BROKEN: &str = "one version, whatever becomes of requests";
        let broken = checks
            .wants(BROKEN)
            .then(|| scope.spawn(|| once::broken(subject, tools)));
        for (name, check) in small {
            checks.check(name, || check(subject, tools));
        }
        if let Some(broken) = broken {
            checks.check(BROKEN, || {
                broken.join().map_err(|_| anyhow!("the check panicked"))?
            });
        }
    });
}
