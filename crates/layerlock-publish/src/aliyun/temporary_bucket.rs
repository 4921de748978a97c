//! The account's temporary bucket, into which a zip may go without a bucket of one's own.

use std::time::SystemTime;

use reqwest::Method;
use serde::Deserialize;

use super::credentials::Key;
use super::endpoint::Endpoint;
use super::failure::{self, Asked};
use super::fc_signature;
use super::headers::USER_AGENT;
use super::http::{Http, Request, TIMEOUT};
use super::oss::Object;
use crate::failed::Failed;

const ACTION: &str = "fc:GetTempBucketToken";
const PATH: &str = "/2016-08-15/tempBucketToken";

/// The answer. Its members have two ways of writing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    credentials: Credentials,
    oss_bucket: String,
    object_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
}

/// A place in it, and the key that may write there for some minutes.
pub(super) async fn ask(
    http: &Http,
    endpoint: &Endpoint,
    key: &Key,
    account: &str,
    region: &str,
) -> Result<(Object, Key), Failed> {
    let mut headers = vec![
        ("host".to_owned(), endpoint.host().to_owned()),
        (
            "date".to_owned(),
            httpdate::fmt_http_date(SystemTime::now()),
        ),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("user-agent".to_owned(), USER_AGENT.to_owned()),
        ("x-fc-account-id".to_owned(), account.to_owned()),
    ];
    if let Some(token) = &key.token {
        headers.push(("x-fc-security-token".to_owned(), token.clone()));
    }
    let authorization = fc_signature::authorization("GET", PATH, &headers, key);
    headers.push(("authorization".to_owned(), authorization));
    let request = Request {
        method: Method::GET,
        url: endpoint.url(PATH, ""),
        headers,
        body: None,
        timeout: TIMEOUT,
    };
    let answer = http.send(ACTION, request).await?;
    if !answer.is_success() {
        return Err(failure::refused(&Asked::new(ACTION, region), &answer));
    }
    let token: Token = serde_json::from_slice(&answer.body)
        .map_err(|_| failure::unexpected(ACTION, "it names no bucket"))?;
    let object = Object {
        bucket: token.oss_bucket,
        key: format!("{account}/{}", token.object_name),
    };
    let credentials = token.credentials;
    let key = Key {
        id: credentials.access_key_id,
        secret: credentials.access_key_secret,
        token: Some(credentials.security_token),
    };
    Ok((object, key))
}
