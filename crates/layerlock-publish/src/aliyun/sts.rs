//! Security Token Service: roles, and whose the credentials are.

use reqwest::Method;
use serde_json::Value;

use super::acs3::ToSign;
use super::credentials::{Key, Machine, Oidc, Role, Source, faulty};
use super::encode;
use super::endpoint::{Endpoint, STS_VARIABLE};
use super::failure::{self, Asked};
use super::headers::acs_headers;
use super::http::{Answer, Http, Request, TIMEOUT};
use crate::failed::Failed;
use crate::patience::{Policy, patiently};
use crate::{Error, FcError};

const VERSION: &str = "2015-04-01";
const DEFAULT_SESSION: &str = "layerlock";
const DEFAULT_SECONDS: u64 = 3600;

/// Asks STS.
pub(super) struct Sts<'h> {
    http: &'h Http,
    policy: Policy,
    place: &'h StsPlace,
}

/// Where STS is.
#[derive(Debug, Clone, Default)]
pub(super) struct StsPlace {
    /// The endpoint that somebody configured.
    endpoint: Option<Endpoint>,
    /// The region whose STS is asked, unless a role names another.
    region: Option<String>,
}

impl StsPlace {
    /// As a machine says it.
    pub(super) fn of(machine: &Machine<'_>) -> Result<Self, Error> {
        let endpoint = machine.get(STS_VARIABLE);
        Ok(Self {
            endpoint: endpoint.map(|text| Endpoint::parse(&text)).transpose()?,
            region: machine.get("ALIBABA_CLOUD_STS_REGION"),
        })
    }
}

impl<'h> Sts<'h> {
    /// STS at the place that a machine says.
    pub(super) fn of(place: &'h StsPlace, http: &'h Http, policy: Policy) -> Self {
        Self {
            http,
            policy,
            place,
        }
    }

    /// The key that a source gives. Roles are asked for.
    pub(super) async fn key(&self, source: &Source) -> Result<Key, Error> {
        match source {
            Source::Key(key) => Ok(key.clone()),
            Source::Role { by, role } => {
                let key = Box::pin(self.key(by)).await?;
                self.assume(&key, role).await
            }
            Source::Oidc(oidc) => self.assume_by_token(oidc).await,
        }
    }

    /// The account's number.
    pub(super) async fn account(&self, key: &Key) -> Result<String, Error> {
        const ACTION: &str = "sts:GetCallerIdentity";
        let answer = self
            .ask(ACTION, "GetCallerIdentity", &[], Some(key), None)
            .await?;
        let account = answer["AccountId"].as_str();
        account.map(str::to_owned).ok_or_else(|| {
            let reason = "it names no account".to_owned();
            let action = ACTION;
            FcError::Answer { action, reason }.into()
        })
    }

    async fn assume(&self, key: &Key, role: &Role) -> Result<Key, Error> {
        const ACTION: &str = "sts:AssumeRole";
        let seconds = role.seconds.unwrap_or(DEFAULT_SECONDS).to_string();
        let mut query = role_query(role, &seconds);
        if let Some(id) = &role.external_id {
            query.push(("ExternalId", id));
        }
        let region = role.region.as_deref();
        let answer = self
            .ask(ACTION, "AssumeRole", &query, Some(key), region)
            .await
            .map_err(|error| of_role(role, error))?;
        credentials_of(ACTION, &answer)
    }

    async fn assume_by_token(&self, oidc: &Oidc) -> Result<Key, Error> {
        const ACTION: &str = "sts:AssumeRoleWithOIDC";
        let role = &oidc.role;
        let token = fs_err::read_to_string(&oidc.token_file)
            .map_err(|error| faulty(format!("the OIDC token cannot be read: {error}")))?;
        let seconds = role.seconds.unwrap_or(DEFAULT_SECONDS).to_string();
        let mut query = role_query(role, &seconds);
        query.push(("OIDCProviderArn", &oidc.provider));
        query.push(("OIDCToken", token.trim()));
        let region = role.region.as_deref();
        let answer = self
            .ask(ACTION, "AssumeRoleWithOIDC", &query, None, region)
            .await
            .map_err(|error| of_role(role, error))?;
        credentials_of(ACTION, &answer)
    }

    /// A request, which is not signed where the credentials are a token in it.
    async fn ask(
        &self,
        action: &'static str,
        name: &str,
        query: &[(&str, &str)],
        key: Option<&Key>,
        region: Option<&str>,
    ) -> Result<Value, Error> {
        let endpoint = self.endpoint(region);
        // In the body, so that no log of a server has the token in a URL.
        let body = encode::query(query, false);
        let send = || async {
            let mut headers = acs_headers(endpoint.host(), name, VERSION, body.as_bytes());
            let content_type = "application/x-www-form-urlencoded";
            headers.push(("content-type".to_owned(), content_type.to_owned()));
            if let Some(key) = key {
                headers.extend(super::headers::token_headers(key));
                let authorization = ToSign {
                    method: "POST",
                    path: "/",
                    query: &[],
                    headers: &headers,
                    body_hash: &encode::sha256_hex(body.as_bytes()),
                }
                .authorization(key);
                headers.push(("authorization".to_owned(), authorization));
            }
            let request = Request {
                method: Method::POST,
                url: endpoint.url("/", ""),
                headers,
                body: Some(body.clone().into()),
                timeout: TIMEOUT,
            };
            let answer = self.http.send(action, request).await?;
            read(action, region, &answer)
        };
        patiently(self.policy, send).await
    }

    fn endpoint(&self, region: Option<&str>) -> Endpoint {
        match (
            &self.place.endpoint,
            region.or(self.place.region.as_deref()),
        ) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(region)) => Endpoint::of_host(format!("sts.{region}.aliyuncs.com")),
            (None, None) => Endpoint::of_host("sts.aliyuncs.com".to_owned()),
        }
    }
}

fn role_query<'r>(role: &'r Role, seconds: &'r str) -> Vec<(&'static str, &'r str)> {
    let session = role.session.as_deref().unwrap_or(DEFAULT_SESSION);
    let mut query = vec![
        ("RoleArn", role.arn.as_str()),
        ("RoleSessionName", session),
        ("DurationSeconds", seconds),
    ];
    if let Some(policy) = &role.policy {
        query.push(("Policy", policy));
    }
    query
}

fn read(action: &'static str, region: Option<&str>, answer: &Answer) -> Result<Value, Failed> {
    if !answer.is_success() {
        let asked = Asked::new(action, region.unwrap_or("STS"));
        return Err(failure::refused(&asked, answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| failure::unexpected(action, "it is no JSON"))
}

/// A refusal of a role, with its ARN.
fn of_role(role: &Role, error: Error) -> Error {
    match error {
        Error::Fc(
            told @ (FcError::Denied { .. } | FcError::Refused { .. } | FcError::Argument { .. }),
        ) => FcError::Role {
            role: role.arn.clone(),
            reason: told.to_string(),
        }
        .into(),
        other => other,
    }
}

fn credentials_of(action: &'static str, answer: &Value) -> Result<Key, Error> {
    let credentials = &answer["Credentials"];
    let member = |name: &str| credentials[name].as_str().map(str::to_owned);
    let (Some(id), Some(secret)) = (member("AccessKeyId"), member("AccessKeySecret")) else {
        let reason = "it has no credentials".to_owned();
        return Err(FcError::Answer { action, reason }.into());
    };
    let token = member("SecurityToken");
    Ok(Key { id, secret, token })
}
