//! boto3, which says what a server has: not we ourselves.

use std::collections::HashMap;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::server::{REGION, Server};
use crate::tools::Tools;

/// Makes the calls and prints the answers.
const SCRIPT: &str = include_str!("judge.py");

/// Asks one server.
pub(super) struct Judge<'a> {
    tools: &'a Tools,
    server: &'a Server,
}

/// One call of AWS's API, by boto3's names.
#[derive(Serialize)]
pub(super) struct Call {
    service: &'static str,
    operation: &'static str,
    arguments: Value,
    region: String,
    /// The account whose role is taken on for it.
    account: Option<String>,
}

/// What became of a call.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Answered { answer: Value },
    Refused { error: String, message: String },
}

/// The ARNs of versions, newest first, by layer.
pub(super) type Versions = HashMap<String, Vec<String>>;

impl Call {
    /// In the usual region and the credentials' own account.
    pub(super) fn new(service: &'static str, operation: &'static str, arguments: Value) -> Self {
        Self {
            service,
            operation,
            arguments,
            region: REGION.to_owned(),
            account: None,
        }
    }

    /// A call of Lambda.
    pub(super) fn of_lambda(operation: &'static str, arguments: Value) -> Self {
        Self::new("lambda", operation, arguments)
    }

    pub(super) fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }
}

impl<'a> Judge<'a> {
    pub(super) fn new(tools: &'a Tools, server: &'a Server) -> Self {
        Self { tools, server }
    }

    /// The answer to one call.
    pub(super) fn ask(&self, call: Call) -> Result<Value> {
        Ok(self.ask_all(&[call])?.pop().unwrap_or_default())
    }

    /// The answers to all; a refusal of one is an error.
    pub(super) fn ask_all(&self, calls: &[Call]) -> Result<Vec<Value>> {
        let answers = self.answers(calls)?.into_iter();
        let answers = answers.map(|answer| match answer {
            Answer::Answered { answer } => Ok(answer),
            Answer::Refused { message, .. } => bail!(message),
        });
        answers.collect()
    }

    /// The code of the error that a call ends with, if it does.
    pub(super) fn refusal(&self, call: Call) -> Result<Option<String>> {
        Ok(match self.answers(&[call])?.pop() {
            Some(Answer::Refused { error, .. }) => Some(error),
            _ => None,
        })
    }

    /// The versions of layers.
    pub(super) fn versions(&self, layers: &[String]) -> Result<Versions> {
        let calls: Vec<_> = layers.iter().map(|layer| list(layer)).collect();
        let answers = self.ask_all(&calls)?;
        let versions = answers.iter().map(arns);
        Ok(layers.iter().cloned().zip(versions).collect())
    }

    /// The statements of a version's policy, none where it has no policy.
    pub(super) fn statements(&self, places: &[Place]) -> Result<Vec<Vec<Value>>> {
        let calls = places.iter().map(|place| {
            let (layer, version) = (&place.layer, place.version);
            let arguments = json!({"LayerName": layer, "VersionNumber": version});
            place.call("get_layer_version_policy", arguments)
        });
        let answers = self.answers(&calls.collect::<Vec<_>>())?.into_iter();
        let statements = answers.map(|answer| match answer {
            Answer::Answered { answer } => {
                let policy = answer["Policy"].as_str().unwrap_or_default();
                let policy: Value = serde_json::from_str(policy)?;
                Ok(policy["Statement"].as_array().cloned().unwrap_or_default())
            }
            Answer::Refused { error, .. } if error == "ResourceNotFoundException" => Ok(Vec::new()),
            Answer::Refused { message, .. } => bail!(message),
        });
        statements.collect()
    }

    fn answers(&self, calls: &[Call]) -> Result<Vec<Answer>> {
        let calls = serde_json::to_string(calls)?;
        let python = self.tools.moto_python().without_env(&["AWS_"]);
        let command = python.args(["-I", "-c", SCRIPT, &calls]);
        let answers = self.server.environment(command).stdout()?;
        Ok(serde_json::from_str(&answers)?)
    }
}

/// A layer version somewhere.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) region: String,
    pub(super) account: Option<String>,
    pub(super) layer: String,
    pub(super) version: u64,
}

impl Place {
    /// A call of Lambda there.
    pub(super) fn call(&self, operation: &'static str, arguments: Value) -> Call {
        let mut call = Call::of_lambda(operation, arguments).in_region(&self.region);
        call.account.clone_from(&self.account);
        call
    }
}

/// Lists the versions of a layer.
pub(super) fn list(layer: &str) -> Call {
    Call::of_lambda("list_layer_versions", json!({"LayerName": layer}))
}

/// The ARNs in the answer to [`list`].
pub(super) fn arns(listed: &Value) -> Vec<String> {
    let versions = listed["LayerVersions"].as_array();
    let arns = versions.into_iter().flatten();
    arns.filter_map(|it| it["LayerVersionArn"].as_str().map(str::to_owned))
        .collect()
}
