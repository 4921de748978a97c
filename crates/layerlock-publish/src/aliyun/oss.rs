//! Objects in OSS.

use std::time::{Duration, SystemTime};

use reqwest::{Method, Response};

use super::credentials::Key;
use super::encode;
use super::endpoint::Endpoint;
use super::failure::{self, Asked};
use super::headers::USER_AGENT;
use super::http::{Answer, Http, Request, TIMEOUT, UPLOAD_TIMEOUT, read};
use super::oss4::{PAYLOAD, ToSign};
use crate::failed::Failed;

/// A checksum of an object: CRC-64 in decimal.
const CRC64: &str = "x-oss-hash-crc64ecma";

/// A place for an object, and who may write it.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// OSS in one region.
pub(super) struct Oss<'a> {
    pub(super) http: &'a Http,
    pub(super) credentials: &'a Key,
    pub(super) region: &'a str,
    pub(super) endpoint: &'a Endpoint,
}

/// What is known of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) crc64: Option<u64>,
    pub(super) size: Option<u64>,
}

impl Oss<'_> {
    fn asked<'s>(&'s self, action: &'static str, object: &'s Object) -> Asked<'s> {
        Asked::new(action, self.region).of_bucket(&object.bucket)
    }

    /// What is there; `None` where nothing is.
    pub(super) async fn head(&self, object: &Object) -> Result<Option<Head>, Failed> {
        let asked = self.asked("oss:GetObject", object);
        let request = self.signed(Method::HEAD, object, &[], TIMEOUT);
        let answer = self.http.send(asked.action, request).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(failure::refused(&asked, &answer));
        }
        Ok(Some(Head {
            crc64: crc64(&answer),
            size: number(&answer, "content-length"),
        }))
    }

    /// Writes an object, and gives OSS's checksum of it. With `is_new` one that is there
    /// stays, and `None` is given.
    pub(super) async fn put(
        &self,
        object: &Object,
        body: reqwest::Body,
        is_new: bool,
    ) -> Result<Option<Option<u64>>, Failed> {
        let asked = self.asked("oss:PutObject", object);
        let mut headers = vec![("content-type", "application/zip")];
        if is_new {
            headers.push(("x-oss-forbid-overwrite", "true"));
        }
        let request = Request {
            body: Some(body),
            ..self.signed(Method::PUT, object, &headers, UPLOAD_TIMEOUT)
        };
        let answer = self.http.send(asked.action, request).await?;
        if answer.status == 409 && failure::code(&answer).as_deref() == Some("FileAlreadyExists") {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(failure::refused(&asked, &answer));
        }
        Ok(Some(crc64(&answer)))
    }

    /// Begins to read an object.
    pub(super) async fn open(&self, object: &Object) -> Result<Response, Failed> {
        let asked = self.asked("oss:GetObject", object);
        let request = self.signed(Method::GET, object, &[], UPLOAD_TIMEOUT);
        let answer = self.http.open(asked.action, request).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let answer = read(asked.action, answer).await?;
        Err(failure::refused(&asked, &answer))
    }

    fn signed(
        &self,
        method: Method,
        object: &Object,
        more: &[(&str, &str)],
        timeout: Duration,
    ) -> Request {
        let now = SystemTime::now();
        let time = encode::basic_time(now);
        let date = httpdate::fmt_http_date(now);
        let (host, url) = self.endpoint.object(&object.bucket, &object.key);
        let own = [
            ("host", host.as_str()),
            ("date", &date),
            ("user-agent", USER_AGENT),
            ("x-oss-date", &time),
            PAYLOAD,
        ];
        let token = self.credentials.token.as_deref();
        let token = token.map(|token| ("x-oss-security-token", token));
        let all = own.iter().chain(more).copied().chain(token);
        let mut headers: Vec<_> = all
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let authorization = ToSign {
            method: method.as_str(),
            bucket: &object.bucket,
            object: &object.key,
            query: &[],
            headers: &headers,
            region: self.region,
            time: &time,
        }
        .authorization(self.credentials);
        headers.push(("authorization".to_owned(), authorization));
        Request {
            method,
            url,
            headers,
            body: None,
            timeout,
        }
    }
}

fn crc64(answer: &Answer) -> Option<u64> {
    number(answer, CRC64)
}

fn number(answer: &Answer, header: &str) -> Option<u64> {
    answer.header(header)?.trim().parse().ok()
}
