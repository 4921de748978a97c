//! The real CDK runs the hook of cdk.json and takes the staging directory as its asset.

use anyhow::{Context, Result};
use layerlock_fixtures::CdkApp;
use serde_json::{Map, Value};

use super::subject::Subject;
use crate::checks::{Problems, Proof};
use crate::files;
use crate::tools::{Tool, Tools, has_node};

/// What it takes, where this machine can run it.
pub(crate) fn tools() -> &'static [Tool] {
    if has_node() {
        &[Tool::CdkLibrary, Tool::CdkCli]
    } else {
        &[]
    }
}

/// `cdk synth` in a fresh copy: the stack has one layer, which every function uses, and
/// its asset holds the files of the layer.
pub(crate) fn prove(subject: &Subject, app: &CdkApp, tools: &Tools) -> Result<Proof> {
    if !has_node() {
        return Ok(Proof::Skipped("no Node.js with npm here".into()));
    }
    let project = subject.new_directory("cdk")?.join("project");
    files::copy(&subject.source, &project)?;
    let synth = subject
        .layerlock
        .environment(tools.cdk())
        .directory(&project)
        .args(["synth", "--quiet", "--no-notices", "--no-version-reporting"])
        .args(["--output", "cdk.out"]);
    // The home is not the user's, so neither is a pip.conf in it; the hook needs no index,
    // since what it builds is in the cache.
    synth.stdout()?;

    let out = project.join("cdk.out");
    let template = fs_err::read(out.join(format!("{}.template.json", app.stack)))?;
    let template: Value = serde_json::from_slice(&template)?;
    let resources = template["Resources"].as_object().context("no Resources")?;
    let layers = with_type(resources, "AWS::Lambda::LayerVersion");
    let functions = with_type(resources, "AWS::Lambda::Function");
    let mut problems = Problems::default();
    problems.equal("the number of functions", functions.len(), app.functions);
    problems.equal("the number of layers", layers.len(), 1);
    let (layer_id, layer) = layers.first().context("the template has no layer")?;
    let must = serde_json::json!([{ "Ref": layer_id }]);
    for (id, function) in functions {
        problems.equal(&format!("Layers of {id}"), &function["Layers"], &must);
    }

    // The key of a directory's asset is its hash and ".zip"; the directory is in cdk.out.
    let key = layer["Content"]["S3Key"].as_str().context("no S3Key")?;
    let hash = key
        .strip_suffix(".zip")
        .context("the asset is not a directory")?;
    let asset = files::tree(&out.join(format!("asset.{hash}")))?;
    for difference in files::differences(&subject.zip, &asset, "the zip", "the CDK's asset") {
        problems.add(difference);
    }
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "one layer of {} files, {} functions",
        asset.len(),
        app.functions
    )))
}

fn with_type<'a>(resources: &'a Map<String, Value>, name: &str) -> Vec<(&'a String, &'a Value)> {
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == name)
        .map(|(id, resource)| (id, &resource["Properties"]))
        .collect()
}
