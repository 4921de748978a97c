//! The operations of Function Compute, API 2023-03-30, each one request.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::acs3::ToSign;
use super::credentials::Key;
use super::encode;
use super::endpoint::Endpoint;
use super::failure::{self, Asked};
use super::headers::{acs_headers, token_headers};
use super::http::{Answer, COPY_TIMEOUT, Http, Request, TIMEOUT};
use crate::failed::Failed;
use crate::{LayerVersion, Use};

const VERSION: &str = "2023-03-30";
/// The most that a page of a list can have.
const PAGE: &str = "100";

/// The only architecture there is, which the API does not name.
pub(super) const ARCHITECTURE: &str = "x86_64";

/// Function Compute in one region.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) http: Http,
    pub(super) key: Key,
    pub(super) region: String,
    pub(super) endpoint: Endpoint,
}

/// A request, before it is signed.
struct Call<'c> {
    method: Method,
    /// The operation's name.
    name: &'static str,
    /// Encoded, without the version that all begin with.
    path: String,
    query: Vec<(&'c str, &'c str)>,
    body: Option<Bytes>,
    timeout: Duration,
    asked: Asked<'c>,
}

impl<'c> Call<'c> {
    fn get(name: &'static str, path: String, asked: Asked<'c>) -> Self {
        Self {
            method: Method::GET,
            name,
            path,
            query: Vec::new(),
            body: None,
            timeout: TIMEOUT,
            asked,
        }
    }
}

/// One version, as answers have it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    #[serde(rename = "version")]
    number: u64,
    layer_version_arn: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    compatible_runtime: Option<Vec<String>>,
    #[serde(default)]
    code_size: Option<u64>,
    /// CRC-64 in decimal: a text, or a number.
    #[serde(default)]
    code_checksum: Value,
    #[serde(default)]
    license: Option<String>,
    #[serde(default)]
    create_time: Option<String>,
    #[serde(default)]
    acl: Value,
    #[serde(default)]
    code: Option<Code>,
}

/// Where a version's zip is.
#[derive(Debug, Deserialize)]
struct Code {
    #[serde(default)]
    location: Option<String>,
}

/// A page of versions, newest first.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versions {
    #[serde(default)]
    layers: Option<Vec<Version>>,
    #[serde(default)]
    next_version: Option<u64>,
}

/// A page of functions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Functions {
    #[serde(default)]
    functions: Option<Vec<Function>>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Function {
    #[serde(default, rename = "functionArn")]
    arn: Option<String>,
    #[serde(default, rename = "functionName")]
    name: Option<String>,
    #[serde(default)]
    layers: Option<Vec<Value>>,
}

impl Version {
    /// CRC-64/XZ of the zip.
    pub(super) fn crc64(&self) -> Option<u64> {
        match &self.code_checksum {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    pub(super) fn arn(&self) -> &str {
        &self.layer_version_arn
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.code.as_ref()?.location.as_deref()
    }

    /// Whether everybody may use the layer.
    pub(super) fn is_public(&self) -> bool {
        match &self.acl {
            Value::String(text) => text == "1",
            Value::Number(number) => number.as_u64() == Some(1),
            Value::Bool(is_public) => *is_public,
            _ => false,
        }
    }

    pub(super) fn into_version(self, layer: &str) -> LayerVersion {
        LayerVersion {
            crc64: self.crc64(),
            layer: layer.to_owned(),
            version: self.number,
            arn: self.layer_version_arn,
            code_sha256: None,
            size: self.code_size,
            created: self.create_time,
            description: self.description,
            license: self.license,
            runtimes: self.compatible_runtime.unwrap_or_default(),
            architectures: vec![ARCHITECTURE.to_owned()],
        }
    }
}

impl Api {
    fn asked(&self, action: &'static str) -> Asked<'_> {
        Asked::new(action, &self.region)
    }

    /// A page of a layer's versions, newest first, and the number that the next page starts
    /// at; none of a layer that is not there.
    pub(super) async fn versions(
        &self,
        layer: &str,
        start: Option<u64>,
    ) -> Result<(Vec<Version>, Option<u64>), Failed> {
        let asked = self.asked("fc:ListLayerVersions").of_layer(layer);
        let path = format!("/layers/{}/versions", encode::component(layer));
        let start = start.map(|number| number.to_string());
        let mut call = Call::get("ListLayerVersions", path, asked);
        call.query.push(("limit", PAGE));
        if let Some(start) = &start {
            call.query.push(("startVersion", start));
        }
        let answer = self.send(&call).await?;
        if answer.status == 404 && failure::code(&answer).as_deref() == Some("LayerNotFound") {
            return Ok((Vec::new(), None));
        }
        let page: Versions = read(&asked, &answer)?;
        let next = page.next_version.filter(|next| *next > 0);
        Ok((page.layers.unwrap_or_default(), next))
    }

    /// A version; `None` where it is not there.
    pub(super) async fn version(
        &self,
        layer: &str,
        version: u64,
    ) -> Result<Option<Version>, Failed> {
        let asked = self.asked("fc:GetLayerVersion");
        let asked = asked.of_layer(layer).of_version(version);
        let path = format!("/layers/{}/versions/{version}", encode::component(layer));
        let answer = self
            .send(&Call::get("GetLayerVersion", path, asked))
            .await?;
        if answer.status == 404 && is_missing(&answer) {
            return Ok(None);
        }
        read(&asked, &answer).map(Some)
    }

    /// Makes a version. The body is what the API takes; the connection may end before the
    /// answer.
    pub(super) async fn create(
        &self,
        layer: &str,
        body: Bytes,
        wrap: impl FnOnce(Bytes) -> reqwest::Body,
        timeout: Duration,
    ) -> Result<Version, Failed> {
        let asked = self.asked("fc:CreateLayerVersion").of_layer(layer);
        let path = format!("/layers/{}/versions", encode::component(layer));
        let call = Call {
            method: Method::POST,
            body: Some(body.clone()),
            timeout,
            ..Call::get("CreateLayerVersion", path, asked)
        };
        let request = Request {
            body: Some(wrap(body)),
            ..self.signed(&call)
        };
        let answer = self.http.send(asked.action, request).await?;
        read(&asked, &answer)
    }

    /// Deletes a version. It is no error if it is not there.
    pub(super) async fn delete(&self, layer: &str, version: u64) -> Result<(), Failed> {
        let asked = self.asked("fc:DeleteLayerVersion");
        let asked = asked.of_layer(layer).of_version(version);
        let path = format!("/layers/{}/versions/{version}", encode::component(layer));
        let call = Call {
            method: Method::DELETE,
            ..Call::get("DeleteLayerVersion", path, asked)
        };
        let answer = self.send(&call).await?;
        if answer.is_success() || answer.status == 404 && is_missing(&answer) {
            return Ok(());
        }
        Err(failure::refused(&asked, &answer))
    }

    /// Lets everybody use a layer.
    pub(super) async fn make_public(&self, layer: &str) -> Result<(), Failed> {
        let asked = self.asked("fc:PutLayerACL").of_layer(layer);
        let path = format!("/layers/{}/acl", encode::component(layer));
        let call = Call {
            method: Method::PUT,
            query: vec![("acl", "1"), ("public", "true")],
            ..Call::get("PutLayerACL", path, asked)
        };
        let answer = self.send(&call).await?;
        if answer.is_success() {
            return Ok(());
        }
        Err(failure::refused(&asked, &answer))
    }

    /// A page of what functions use, and the token of the next page.
    pub(super) async fn uses(
        &self,
        token: Option<&str>,
    ) -> Result<(Vec<Use>, Option<String>), Failed> {
        let asked = self.asked("fc:ListFunctions");
        let mut call = Call::get("ListFunctions", "/functions".to_owned(), asked);
        call.query.push(("limit", PAGE));
        if let Some(token) = token {
            call.query.push(("nextToken", token));
        }
        let page: Functions = read(&asked, &self.send(&call).await?)?;
        let functions = page.functions.unwrap_or_default();
        let uses = functions.into_iter().flat_map(Function::uses).collect();
        Ok((uses, page.next_token.filter(|token| !token.is_empty())))
    }

    async fn send(&self, call: &Call<'_>) -> Result<Answer, Failed> {
        self.http.send(call.asked.action, self.signed(call)).await
    }

    /// Signed anew at each attempt: a nonce is for one request.
    fn signed(&self, call: &Call<'_>) -> Request {
        let path = format!("/{VERSION}{}", call.path);
        let body = call.body.clone().unwrap_or_default();
        let mut headers = acs_headers(self.endpoint.host(), call.name, VERSION, &body);
        if call.body.is_some() {
            let json = "application/json; charset=utf-8";
            headers.push(("content-type".to_owned(), json.to_owned()));
        }
        headers.extend(token_headers(&self.key));
        let authorization = ToSign {
            method: call.method.as_str(),
            path: &path,
            query: &call.query,
            headers: &headers,
            body_hash: &encode::sha256_hex(&body),
        }
        .authorization(&self.key);
        headers.push(("authorization".to_owned(), authorization));
        Request {
            method: call.method.clone(),
            url: self.endpoint.url(&path, &encode::query(&call.query, false)),
            headers,
            body: call.body.clone().map(Into::into),
            timeout: call.timeout,
        }
    }
}

impl Function {
    fn uses(self) -> Vec<Use> {
        let name = self.name.unwrap_or_default();
        let function = self.arn.filter(|arn| !arn.is_empty());
        let function = function.unwrap_or(name);
        let layers = self.layers.unwrap_or_default();
        // An object with an `arn`, or the ARN itself.
        let arns = layers
            .iter()
            .filter_map(|layer| layer["arn"].as_str().or_else(|| layer.as_str()));
        let uses = arns.map(|arn| Use {
            layer: arn.to_owned(),
            function: function.clone(),
        });
        uses.collect()
    }
}

/// How long Function Compute may take over a zip that it reads in a bucket.
pub(super) const FROM_BUCKET: Duration = COPY_TIMEOUT;

fn is_missing(answer: &Answer) -> bool {
    let code = failure::code(answer);
    matches!(
        code.as_deref(),
        Some("LayerNotFound" | "LayerVersionNotFound")
    )
}

fn read<T: DeserializeOwned>(asked: &Asked<'_>, answer: &Answer) -> Result<T, Failed> {
    if !answer.is_success() {
        return Err(failure::refused(asked, answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| {
        let reason = if error.is_eof() {
            "it ends early"
        } else {
            "it is not what the API answers"
        };
        failure::unexpected(asked.action, reason)
    })
}
