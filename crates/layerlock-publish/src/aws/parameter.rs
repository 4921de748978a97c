//! Parameters of AWS Systems Manager, where functions find a version's ARN.

use serde_json::{Value, json};

use super::AwsLambda;
use super::endpoint::{Endpoint, Service};
use super::signed::{Answer, Payload, Refused, Request};
use super::timeouts::{READ_TIMEOUT, timeouts};
use crate::Error;
use crate::failed::{Class, Failed};
use crate::patience::patiently;

/// The only type that is set, and read.
const TYPE: &str = "String";

const GET: &str = "ssm:GetParameter";
const PUT: &str = "ssm:PutParameter";

impl AwsLambda {
    pub(super) async fn parameter_async(&self, name: &str) -> Result<Option<String>, Error> {
        let body = json!({"Name": name});
        let ask = || async {
            match self.ask_ssm(GET, "AmazonSSM.GetParameter", &body).await {
                Ok(answer) => value(name, &answer),
                Err(refused) if refused.code() == Some("ParameterNotFound") => Ok(None),
                Err(refused) => Err(told(name, GET, refused)),
            }
        };
        patiently(self.policy, ask).await
    }

    pub(super) async fn set_parameter_async(&self, name: &str, value: &str) -> Result<(), Error> {
        let body = json!({"Name": name, "Value": value, "Type": TYPE, "Overwrite": true});
        let ask = || async {
            match self.ask_ssm(PUT, "AmazonSSM.PutParameter", &body).await {
                Ok(_) => Ok(()),
                Err(refused) => Err(told(name, PUT, refused)),
            }
        };
        patiently(self.policy, ask).await
    }

    async fn ask_ssm(
        &self,
        action: &'static str,
        target: &str,
        body: &Value,
    ) -> Result<Answer, Refused> {
        let endpoint = Endpoint::of(Service::Ssm, &self.signed.config, &self.region)?;
        let request = Request {
            service: Service::Ssm,
            action,
            method: "POST",
            origin: endpoint.origin(),
            target: format!("{}/", endpoint.path),
            headers: vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", target.to_owned()),
            ],
            payload: Payload::bytes(body.to_string().into_bytes()),
            timeouts: timeouts(READ_TIMEOUT),
        };
        self.signed.send(request).await
    }
}

fn value(name: &str, answer: &Answer) -> Result<Option<String>, Failed> {
    let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let parameter = &answer["Parameter"];
    match (parameter["Type"].as_str(), parameter["Value"].as_str()) {
        (None | Some(TYPE), Some(value)) => Ok(Some(value.to_owned())),
        (Some(found), _) => Err(Failed::finally(Error::ParameterType {
            name: name.to_owned(),
            found: Some(found.to_owned()),
        })),
        // A page of a proxy.
        (None, None) => Err(Failed {
            error: Error::Answer {
                action: GET,
                reason: "it has no parameter".to_owned(),
            },
            class: Class::Network,
            retry_after: None,
        }),
    }
}

fn told(name: &str, action: &'static str, refused: Refused) -> Failed {
    let code = refused.code().unwrap_or_default();
    let is_of_another_type = matches!(
        code,
        "HierarchyTypeMismatchException" | "UnsupportedParameterType"
    );
    let error = match refused.failed.error {
        _ if is_of_another_type => Error::ParameterType {
            name: name.to_owned(),
            found: None,
        },
        Error::AccessDenied { action, message } => Error::Denied {
            action,
            resource: format!("the parameter {name}"),
            message,
        },
        // The name is what may be wrong, and AWS does not repeat it.
        Error::Refused { code, message, .. } => Error::Refused {
            action,
            code,
            message: format!("parameter {name}: {message}"),
        },
        other => other,
    };
    Failed {
        error,
        ..refused.failed
    }
}
