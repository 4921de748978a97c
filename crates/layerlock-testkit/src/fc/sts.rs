//! Security Token Service: who one is, and roles.

use serde_json::json;

use super::account::FcKey;
use super::asked::{Asked, Reply, decoded};
use super::state::State;

impl State {
    pub(super) fn sts(&mut self, asked: &Asked<'_>) -> Reply {
        let action = asked.header("x-acs-action").to_owned();
        // A token of another provider is its own proof.
        if action != "AssumeRoleWithOIDC"
            && let Err(refused) = self.verify_acs3(asked)
        {
            return refused;
        }
        if self.is_denied(&format!("sts:{action}")) {
            return Reply::error(
                403,
                "NoPermission",
                "You are not authorized to do this action.",
            );
        }
        let body = String::from_utf8_lossy(&asked.message.body).into_owned();
        let of_body = |name: &str| {
            let mut parts = body.split('&').filter_map(|part| part.split_once('='));
            let found = parts.find(|(found, _)| *found == name);
            found.map(|(_, value)| decoded(value))
        };
        let of_query = |name: &str| asked.query(name).map(str::to_owned);
        let parameter = |name: &str| of_body(name).or_else(|| of_query(name));
        match &*action {
            "GetCallerIdentity" => Reply::json(
                200,
                &json!({"AccountId": self.account.account, "IdentityType": "RAMUser"}),
            ),
            "AssumeRole" | "AssumeRoleWithOIDC" => {
                if parameter("RoleArn").is_none() || parameter("RoleSessionName").is_none() {
                    return Reply::error(400, "MissingRoleArn", "RoleArn is mandatory.");
                }
                if action == "AssumeRoleWithOIDC"
                    && parameter("OIDCToken").as_deref() != Some("oidc-token")
                {
                    let message = "the OIDC token is not accepted";
                    return Reply::error(400, "AuthenticationFail.OIDCToken.Invalid", message);
                }
                self.role()
            }
            _ => Reply::error(404, "InvalidAction.NotFound", "there is no such operation"),
        }
    }

    fn role(&mut self) -> Reply {
        self.tokens += 1;
        let id = format!("STS.role{}", self.tokens);
        let key = FcKey::new(&id, "r0le/+=", Some("token/of/role="));
        self.account.keys.push(key);
        Reply::json(
            200,
            &json!({"Credentials": {
                "AccessKeyId": id,
                "AccessKeySecret": "r0le/+=",
                "SecurityToken": "token/of/role=",
                "Expiration": "2099-01-01T00:00:00Z",
            }}),
        )
    }
}
