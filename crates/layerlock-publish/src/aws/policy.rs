//! Who may use a layer version: its policy of grants.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use serde_json::Value;

use super::{AwsLambda, to_number};
use crate::failed::Failed;
use crate::patience::patiently;
use crate::{Error, Grant, grant};

/// All that a grant allows.
const ALLOWED: &str = "lambda:GetLayerVersion";

impl AwsLambda {
    pub(super) async fn grant_async(
        &self,
        layer: &str,
        version: u64,
        grant: &Grant,
    ) -> Result<(), Error> {
        const ACTION: &str = "lambda:AddLayerVersionPermission";
        let number = to_number(version)?;
        let ask = || async {
            let answer = self
                .client
                .add_layer_version_permission()
                .layer_name(layer)
                .version_number(number)
                .statement_id(statement_id(grant))
                .action(ALLOWED)
                .principal(grant.principal())
                .set_organization_id(grant.organization().map(str::to_owned))
                .send()
                .await;
            match answer {
                Ok(_) => Ok(()),
                // The statement's ID contains the whole grant: the same grant exists.
                Err(error) if error.code() == Some("ResourceConflictException") => Ok(()),
                Err(error) => Err(Failed::new(ACTION, &error)),
            }
        };
        patiently(self.policy, ask).await
    }

    pub(super) async fn grants_async(
        &self,
        layer: &str,
        version: u64,
    ) -> Result<Vec<Grant>, Error> {
        const ACTION: &str = "lambda:GetLayerVersionPolicy";
        let number = to_number(version)?;
        let ask = || async {
            let request = self.client.get_layer_version_policy().layer_name(layer);
            match request.version_number(number).send().await {
                Ok(answer) => Ok(answer.policy),
                // There is none as long as nothing was granted.
                Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
                Err(error) => Err(Failed::new(ACTION, &error)),
            }
        };
        let policy = patiently(self.policy, ask).await?;
        Ok(policy.map(|text| grants_of(&text)).unwrap_or_default())
    }
}

/// The grants of a policy. What is none of ours in form is left out: it allows something
/// else.
fn grants_of(policy: &str) -> Vec<Grant> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    statements.iter().filter_map(grant_of).collect()
}

fn grant_of(statement: &Value) -> Option<Grant> {
    if statement["Effect"] != "Allow" || statement["Action"] != ALLOWED {
        return None;
    }
    // What has the ID of a grant is that grant: it could not be added beside it.
    if let Some(grant) = statement["Sid"].as_str().and_then(grant_of_id) {
        return Some(grant);
    }
    let principal = &statement["Principal"];
    let principal = principal.as_str().or_else(|| principal["AWS"].as_str())?;
    // In a policy an account stands as its root.
    let principal = grant::account_of_root(principal).unwrap_or(principal);
    let condition = &statement["Condition"];
    let organization = &condition["StringEquals"]["aws:PrincipalOrgID"];
    if !condition.is_null() && !organization.is_string() {
        return None;
    }
    Grant::new(principal, organization.as_str()).ok()
}

/// Starts the ID of each statement that is made here.
const ID: &str = "layerlock-";

/// Contains the whole grant, so that the same grant has the same ID:
/// `layerlock-all`, `layerlock-123456789012`, `layerlock-o-abcdefghij`.
fn statement_id(grant: &Grant) -> String {
    let who = match (grant.principal(), grant.organization()) {
        (_, Some(organization)) => organization,
        ("*", None) => "all",
        (principal, None) => grant::account_of_root(principal).unwrap_or(principal),
    };
    format!("{ID}{who}")
}

/// The grant of such an ID.
fn grant_of_id(id: &str) -> Option<Grant> {
    let grant = match id.strip_prefix(ID)? {
        "all" => Grant::new("*", None),
        who if who.starts_with("o-") => Grant::new("*", Some(who)),
        who => Grant::new(who, None),
    };
    grant.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_off_a_policy() {
        let policy = r#"{"Version": "2012-10-17", "Id": "default", "Statement": [
            {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
             "Resource": "arn:aws:lambda:eu-west-1:210987654321:layer:web:1"},
            {"Sid": "b", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
             "Action": "lambda:GetLayerVersion"},
            {"Sid": "c", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
             "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}},
            {"Sid": "d", "Effect": "Deny", "Principal": "*", "Action": "lambda:GetLayerVersion"},
            {"Sid": "e", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion",
             "Condition": {"StringEquals": {"aws:SourceArn": "x"}}}
        ]}"#;
        let expected = [
            Grant::new("*", None).unwrap(),
            Grant::new("123456789012", None).unwrap(),
            Grant::new("*", Some("o-abcdefghij")).unwrap(),
        ];
        assert_eq!(grants_of(policy), expected);
        assert_eq!(grants_of("no JSON"), []);
    }

    #[test]
    fn an_id_tells_its_whole_grant() {
        for (principal, organization) in [
            ("*", None),
            ("123456789012", None),
            ("*", Some("o-abcdefghij")),
        ] {
            let grant = Grant::new(principal, organization).unwrap();
            assert_eq!(grant_of_id(&statement_id(&grant)), Some(grant));
        }
        assert_eq!(grant_of_id("layerlock-me"), None);
        assert_eq!(grant_of_id("other"), None);
    }
}
