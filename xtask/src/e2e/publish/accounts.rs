//! Several accounts, each through a role and in several regions, and who may use what is
//! published there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::judge::{Judge, Place, arns, list};
use super::server::Server;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::files;
use crate::layerlock::{Published, Report};
use crate::tools::Tools;

pub(super) const ACCOUNTS: [&str; 2] = ["111111111111", "222222222222"];
const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
const LAYER: &str = "everywhere";

/// Who may use the layers, the ID of its statement, and what else of the statement says so.
const SHARED: [(&str, &str, &str, &str); 3] = [
    (
        "account:345678901234",
        "layerlock-345678901234",
        "/Principal/AWS",
        "arn:aws:iam::345678901234:root",
    ),
    (
        "organization:o-abcdefghij",
        "layerlock-o-abcdefghij",
        "/Condition/StringEquals/aws:PrincipalOrgID",
        "o-abcdefghij",
    ),
    ("public", "layerlock-all", "/Principal", "*"),
];

/// Two accounts of a server.
pub(super) struct Accounts<'a> {
    pub(super) server: &'a Server,
    pub(super) judge: &'a Judge<'a>,
    /// Whether its policies are those of AWS. moto's leave out the condition, and have an
    /// account as it was named.
    pub(super) has_whole_policies: bool,
}

pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let directory = subject.new_directory("moto-accounts")?;
    let server = Server::start(tools, &directory)?;
    let mut problems = Problems::default();
    let accounts = Accounts {
        server: &server,
        judge: &Judge::new(tools, &server),
        has_whole_policies: false,
    };
    accounts.prove(&mut problems, subject, &project(subject, &directory)?)?;
    problems.finish()?;
    Ok(Proof::Full)
}

impl Accounts<'_> {
    /// Publishes what [`project`] made.
    pub(super) fn prove(
        &self,
        problems: &mut Problems,
        subject: &Subject,
        project: &Path,
    ) -> Result<()> {
        let run = |more: &[&str]| -> Result<Vec<Published>> {
            let mut arguments = subject.arguments("publish");
            arguments.extend(["--json", "--offline", "--name", LAYER]);
            arguments.extend(more);
            let command = subject.layerlock.command(project, &arguments);
            Ok(Report::parse(&self.server.environment(command))?.published)
        };

        let planned = run(&["--dry-run"])?;
        all_are(problems, "planned", "a dry run", &planned);
        self.all_have(problems, 0, "a dry run")?;

        let first = run(&[])?;
        all_are(problems, "published", "the first run", &first);
        for published in &first {
            let account = published.account.as_deref().unwrap_or("no account");
            let region = published.region.as_deref().unwrap_or("no region");
            let arn = format!("arn:aws:lambda:{region}:{account}:layer:{LAYER}:1");
            problems.equal("an ARN", published.arn.as_deref(), Some(&*arn));
        }
        self.all_are_shared(problems, "the first run")?;
        let own = arns(&self.judge.ask(list(LAYER))?);
        problems.equal("the versions in the keys' own account", own.len(), 0);

        let second = run(&[])?;
        all_are(problems, "unchanged", "the second run", &second);
        let changed = second.iter().filter(|it| !it.changed.is_empty());
        problems.equal("what the second run changed", changed.count(), 0);
        self.all_are_shared(problems, "the second run")?;

        self.repair(problems, &run)
    }

    /// Somebody takes one grant away in one place.
    fn repair(
        &self,
        problems: &mut Problems,
        run: &dyn Fn(&[&str]) -> Result<Vec<Published>>,
    ) -> Result<()> {
        let places = places();
        let place = places.last().context("there are places")?;
        let arguments = json!({
            "LayerName": LAYER,
            "VersionNumber": 1,
            "StatementId": "layerlock-all",
        });
        let remove = place.call("remove_layer_version_permission", arguments);
        self.judge.ask(remove)?;

        let there = |published: &[Published]| -> Result<(String, Vec<String>)> {
            let mut found = published.iter().filter(|it| {
                it.region.as_deref() == Some(&*place.region) && it.account == place.account
            });
            let found = found.next().context("no entry for the place")?;
            Ok((found.outcome.clone(), found.changed.clone()))
        };
        let share = vec!["share".to_owned()];
        let planned = there(&run(&["--dry-run"])?)?;
        let what = "what a dry run says of a version that lacks a grant";
        problems.equal(what, planned, ("planned".to_owned(), share.clone()));
        let left = self.judge.statements(&places)?.pop().unwrap_or_default();
        problems.equal("the grants after a dry run", left.len(), SHARED.len() - 1);

        let repaired = run(&[])?;
        let what = "what becomes of a version that lacks a grant";
        problems.equal(what, there(&repaired)?, ("unchanged".to_owned(), share));
        let others = repaired.iter().filter(|it| it.changed.is_empty()).count();
        problems.equal("how many lacked nothing", others, places.len() - 1);
        self.all_are_shared(problems, "the repair")
    }

    /// There are so many versions in each place.
    fn all_have(&self, problems: &mut Problems, count: usize, after: &str) -> Result<()> {
        let places = places();
        let lists: Vec<_> = places
            .iter()
            .map(|place| place.call("list_layer_versions", json!({"LayerName": LAYER})))
            .collect();
        for (place, listed) in places.iter().zip(self.judge.ask_all(&lists)?) {
            let what = format!("the versions in {place:?} after {after}");
            problems.equal(&what, arns(&listed).len(), count);
        }
        Ok(())
    }

    /// There is one version, and it has each grant once, and no other.
    fn all_are_shared(&self, problems: &mut Problems, after: &str) -> Result<()> {
        self.all_have(problems, 1, after)?;
        let places = places();
        for (place, statements) in places.iter().zip(self.judge.statements(&places)?) {
            let what = format!("how many grants {place:?} has after {after}");
            problems.equal(&what, statements.len(), SHARED.len());
            for (grant, id, pointer, must) in SHARED {
                let is_it = |statement: &Value| {
                    let content = statement.pointer(pointer).and_then(Value::as_str);
                    let has_condition = !statement["Condition"].is_null();
                    statement["Sid"] == id
                        && (!self.has_whole_policies
                            || (content == Some(must)
                                && has_condition == grant.starts_with("organization:")))
                };
                let count = statements.iter().filter(|it| is_it(it)).count();
                let what = format!("how often {place:?} has the grant {grant} after {after}");
                problems.equal(&what, count, 1);
            }
        }
        Ok(())
    }
}

/// The fixture's project, published to two accounts in two regions each.
pub(super) fn project(subject: &Subject, directory: &Path) -> Result<PathBuf> {
    let project = directory.join("project");
    files::copy(&subject.fixture.project(), &project)?;
    let path = project.join("pyproject.toml");
    let mut text = fs_err::read_to_string(&path)?;
    let share: Vec<&str> = SHARED.iter().map(|(grant, ..)| *grant).collect();
    writeln!(text, "\n[tool.layerlock.publish.aws]")?;
    writeln!(text, "regions = {REGIONS:?}\nshare = {share:?}")?;
    for account in ACCOUNTS {
        let role = format!("arn:aws:iam::{account}:role/layers");
        writeln!(
            text,
            "\n[[tool.layerlock.publish.aws.accounts]]\nrole-arn = {role:?}"
        )?;
    }
    fs_err::write(&path, text)?;
    Ok(project)
}

/// Each region of each account.
fn places() -> Vec<Place> {
    let places = ACCOUNTS.iter().flat_map(|account| {
        REGIONS.iter().map(|region| Place {
            region: (*region).to_owned(),
            account: Some((*account).to_owned()),
            layer: LAYER.to_owned(),
            version: 1,
        })
    });
    places.collect()
}

fn all_are(problems: &mut Problems, outcome: &str, run: &str, published: &[Published]) {
    let found: Vec<_> = published.iter().map(|it| it.outcome.as_str()).collect();
    problems.equal(
        &format!("what becomes of each in {run}"),
        &found[..],
        &[outcome; 4][..],
    );
}
