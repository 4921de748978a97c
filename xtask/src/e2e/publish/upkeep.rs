//! What becomes of published versions: listed, compared, pruned and deleted.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::judge::{Call, Judge, arns, list};
use super::run::publish;
use super::server::{REGION, Server};
use super::zips;
use crate::checks::{Problems, Proof};
use crate::e2e::subject::Subject;
use crate::process::Finished;
use crate::tools::Tools;

/// What `--json` of any of the commands prints.
#[derive(Deserialize)]
struct Rows {
    #[serde(default, alias = "pruned", alias = "deleted", alias = "status")]
    versions: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    version: Option<u64>,
    arn: Option<String>,
    outcome: String,
    /// Why a version is kept.
    reason: Option<String>,
    region: Option<String>,
    provider: String,
    layer: String,
    created: Option<String>,
    description: Option<String>,
    #[serde(default)]
    runtimes: Vec<String>,
}

/// A server with versions of a layer, and who looks after them.
struct Upkeep<'a> {
    subject: &'a Subject,
    server: &'a Server,
    judge: &'a Judge<'a>,
}

pub(super) fn prove(subject: &Subject, tools: &Tools) -> Result<Proof> {
    let server = Server::start(tools, &subject.new_directory("moto-upkeep")?)?;
    let upkeep = Upkeep {
        subject,
        server: &server,
        judge: &Judge::new(tools, &server),
    };
    let mut problems = Problems::default();
    upkeep.status(&mut problems)?;
    upkeep.prune(&mut problems)?;
    problems.finish()?;
    Ok(Proof::Full)
}

impl Upkeep<'_> {
    /// Runs a command on a layer, with its exit code.
    fn run(&self, command: &str, layer: &str, more: &[&str]) -> Result<(Finished, Vec<Row>)> {
        let mut arguments = vec![command, "--provider", "aws", "--region", REGION, "--json"];
        arguments.extend(["--name", layer]);
        arguments.extend(more);
        let project = &self.subject.project;
        let command = self.subject.layerlock.command(project, &arguments);
        let finished = self.server.environment(command).finish()?;
        let rows: Rows =
            serde_json::from_str(&finished.stdout).with_context(|| finished.describe())?;
        Ok((finished, rows.versions))
    }

    /// Whether what is published is what the lock gives.
    fn status(&self, problems: &mut Problems) -> Result<()> {
        let publish = || -> Result<()> {
            let command = publish(self.subject, "compared");
            self.server.environment(command).stdout().map(drop)
        };
        let mut look = |when: &str, more: &[&str], code: i32, outcome: &str| -> Result<()> {
            let (finished, rows) = self.run("status", "compared", more)?;
            problems.equal(
                &format!("the exit code of status {when}"),
                finished.code,
                Some(code),
            );
            let outcomes: Vec<_> = rows.iter().map(|row| row.outcome.as_str()).collect();
            problems.equal(&format!("the status {when}"), &outcomes[..], &[outcome]);
            Ok(())
        };
        look("before anything is published", &[], 1, "drift")?;
        publish()?;
        look("after a publish", &[], 0, "current")?;
        look("of other words", &["--description", "other"], 1, "drift")?;
        look("of less", &["--exclude", "idna"], 1, "drift")?;
        let arguments = json!({"LayerName": "compared", "VersionNumber": 1});
        self.judge
            .ask(Call::of_lambda("delete_layer_version", arguments))?;
        look("after somebody deleted it", &[], 1, "drift")
    }

    /// Old versions go, but for what functions use.
    fn prune(&self, problems: &mut Problems) -> Result<()> {
        self.publish_many()?;
        self.use_some()?;
        self.list(problems)?;

        let kept = [8, 7, 3, 2, 1];
        let (planned, rows) = self.run("prune", "many", &["--keep", "2"])?;
        problems.equal("the exit code of a plan", planned.code, Some(0));
        problems.equal("what it plans", &with(&rows, "planned")[..], &[6, 5, 4]);
        problems.equal("what it keeps", &with(&rows, "kept")[..], &kept);
        let used = rows.iter().filter(|row| {
            row.reason
                .as_deref()
                .is_some_and(|reason| reason.starts_with("in use by"))
        });
        problems.equal("what is in use", used.count(), 3);
        problems.equal("what a plan leaves", self.numbers()?.len(), 8);

        let young = ["--keep", "2", "--older-than", "1", "--yes"];
        let (finished, rows) = self.run("prune", "many", &young)?;
        problems.equal("the exit code where all is young", finished.code, Some(0));
        problems.equal("what is deleted of it", with(&rows, "deleted").len(), 0);
        problems.equal("what is left of it", self.numbers()?.len(), 8);

        let (finished, rows) = self.run("prune", "many", &["--keep", "2", "--yes"])?;
        problems.equal("the exit code of prune", finished.code, Some(0));
        problems.equal("what is deleted", &with(&rows, "deleted")[..], &[6, 5, 4]);
        problems.equal("what is left", self.numbers()?, kept.to_vec());

        let (finished, _) = self.run("delete", "many", &["--version", "3,8", "--yes"])?;
        problems.hold(finished.code != Some(0), || {
            "a used version can be deleted".to_owned()
        });
        let (finished, _) = self.run("delete", "many", &["--version", "7"])?;
        problems.equal("the exit code of a plan to delete", finished.code, Some(0));
        let still = self.numbers()?;
        problems.hold(still.contains(&3) && still.contains(&7), || {
            format!("a used or only planned version is deleted: {still:?}")
        });
        let (finished, _) = self.run("delete", "many", &["--version", "7", "--yes"])?;
        problems.equal("the exit code of delete", finished.code, Some(0));
        let force = ["--version", "3", "--yes", "--force"];
        let (finished, _) = self.run("delete", "many", &force)?;
        problems.equal("the exit code of delete --force", finished.code, Some(0));
        let left = self.numbers()?;
        problems.hold(!left.contains(&3) && !left.contains(&7), || {
            format!("a version is not deleted: {left:?}")
        });
        Ok(())
    }

    /// The rows are those of boto3.
    fn list(&self, problems: &mut Problems) -> Result<()> {
        let (finished, rows) = self.run("list", "many", &[])?;
        problems.equal("the exit code of list", finished.code, Some(0));
        let listed = self.judge.ask(list("many"))?;
        let versions = listed["LayerVersions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        problems.equal("how many versions are listed", rows.len(), versions.len());
        for (row, version) in rows.iter().zip(&versions) {
            let found = json!({
                "LayerVersionArn": row.arn,
                "Version": row.version,
                "Description": row.description,
                "CreatedDate": row.created,
                "CompatibleRuntimes": row.runtimes,
            });
            for (name, value) in found.as_object().into_iter().flatten() {
                problems.equal(&format!("{name} in list"), value, &version[name]);
            }
            problems.equal("the provider", row.provider.as_str(), "aws");
            problems.equal("the region", row.region.as_deref(), Some(REGION));
            problems.equal("the layer", row.layer.as_str(), "many");
            problems.equal("the outcome", row.outcome.as_str(), "listed");
        }
        Ok(())
    }

    /// Eight versions, none of a project.
    fn publish_many(&self) -> Result<()> {
        let zip = zips::small()?;
        let publish = (1..=8).map(|number| {
            let arguments = json!({
                "LayerName": "many",
                "Description": format!("by hand {number}"),
                "Content": {"ZipFile": {"$base64": zip}},
                "CompatibleRuntimes": [self.subject.target.runtime],
                "CompatibleArchitectures": [self.subject.target.architecture],
            });
            Call::of_lambda("publish_layer_version", arguments)
        });
        self.judge.ask_all(&publish.collect::<Vec<_>>()).map(drop)
    }

    /// Version 1 by a function, 2 by a published version of one alone, and 3 by a version
    /// with an alias.
    fn use_some(&self) -> Result<()> {
        let arguments = json!({"RoleName": "runs", "AssumeRolePolicyDocument": "{}"});
        let role = self.judge.ask(Call::new("iam", "create_role", arguments))?;
        let role = &role["Role"]["Arn"];
        let zip = zips::small()?;
        let listed = arns(&self.judge.ask(list("many"))?);
        let layer = |number: usize| listed.iter().rev().nth(number - 1);
        let create = |name: &str, number: usize| {
            let arguments = json!({
                "FunctionName": name,
                "Runtime": self.subject.target.runtime,
                "Handler": "small.handler",
                "Role": role,
                "Code": {"ZipFile": {"$base64": zip}},
                "Layers": [layer(number)],
                "Publish": number > 1,
            });
            Call::of_lambda("create_function", arguments)
        };
        let detach = |name: &str| {
            let arguments = json!({"FunctionName": name, "Layers": []});
            Call::of_lambda("update_function_configuration", arguments)
        };
        let alias = json!({"FunctionName": "aliased", "Name": "live", "FunctionVersion": "1"});
        self.judge.ask_all(&[
            create("latest", 1),
            create("published", 2),
            detach("published"),
            create("aliased", 3),
            Call::of_lambda("create_alias", alias),
            detach("aliased"),
        ])?;
        Ok(())
    }

    /// The versions that boto3 finds, newest first.
    fn numbers(&self) -> Result<Vec<u64>> {
        let listed = self.judge.ask(list("many"))?;
        let versions = listed["LayerVersions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let numbers = versions.iter().map(|version| version["Version"].as_u64());
        Ok(numbers.flatten().collect())
    }
}

/// The versions of that outcome.
fn with(rows: &[Row], outcome: &str) -> Vec<u64> {
    let rows = rows.iter().filter(|row| row.outcome == outcome);
    rows.filter_map(|row| row.version).collect()
}
