//! The official SDKs.

use anyhow::{Context, Result};
use layerlock_testkit::{FcAccount, FcServer};
use serde_json::{Value, json};

use crate::checks::{Problems, Proof};
use crate::repository;
use crate::tools::Tools;

const DRIVE: &str = include_str!("drive.py");
const RECORD: &str = include_str!("record.py");

/// The SDKs do what their users do, and the server answers as the real one does.
pub(super) fn accepted(tools: &Tools) -> Result<Proof> {
    let server = FcServer::start(FcAccount::default())?;
    let mut problems = Problems::default();
    for (layer, id, secret, token) in [
        ("plain", "LTAItest", "s3cr3t/+=", None),
        ("temporary", "STS.test", "t3mp/+=", Some("CAIS/token+/==")),
    ] {
        let arn = format!("acs:fc:cn-hangzhou:1234567890123456:layers/{layer}/versions/1");
        server.add_function(layer, &[&arn]);
        let asked = json!({
            "url": server.url(),
            "address": server.address(),
            "id": id,
            "secret": secret,
            "token": token,
            "layer": layer,
        });
        let told = tools
            .alibaba_python()
            .args(["-c", DRIVE])
            .env("ASKED", asked.to_string())
            .stdout()?;
        let told: Value = serde_json::from_str(&told).context("the SDKs printed no JSON")?;
        let sums = told["checksums"].as_array().cloned().unwrap_or_default();
        problems.equal("the checksums", sums.len(), 4);
        for sum in sums {
            problems.equal("a checksum", &sum, &told["expected"]);
        }
        for (what, must) in [
            ("object", json!(true)),
            ("versions", json!([1, 2])),
            ("pages", json!([[2], [1]])),
            ("arn", json!(arn)),
            ("by_arn", json!(1)),
            ("got", json!("größe & mehr")),
            ("public", json!("1")),
            ("layers", json!([layer])),
            ("wrong_checksum", json!("InvalidArgument")),
            ("long", json!("InvalidArgument")),
            ("missing", json!("LayerVersionNotFound")),
            ("deleted", json!(204)),
        ] {
            problems.equal(what, &told[what], &must);
        }
        let used = told["used"].as_array().cloned().unwrap_or_default();
        problems.hold(used.contains(&json!(arn)), || "no function".to_owned());
    }
    problems.finish()?;
    Ok(Proof::Full)
}

/// What the SDKs sign now is what the unit tests compare with. `LAYERLOCK_RECORD=1` writes it
/// anew.
pub(super) fn recorded(tools: &Tools) -> Result<Proof> {
    let path = repository::root().join("fixtures/aliyun/signatures.json");
    let now = tools.alibaba_python().args(["-c", RECORD]).stdout()?;
    let now = format!("{}\n", now.trim_end());
    if std::env::var_os("LAYERLOCK_RECORD").is_some() {
        fs_err::write(&path, &now)?;
    }
    let kept = fs_err::read_to_string(&path)?;
    let mut problems = Problems::default();
    problems.hold(kept == now, || {
        "the SDKs sign something else: LAYERLOCK_RECORD=1 cargo xtask e2e --part aliyun".to_owned()
    });
    problems.finish()?;
    let count = kept.matches("\"scheme\"").count();
    Ok(Proof::Figure(format!("{count} requests")))
}
