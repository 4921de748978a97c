//! What the official SDKs sign, recorded by `cargo xtask e2e aliyun --record`.

use serde_json::Value;

use super::credentials::Key;

/// One request and its signature.
pub(super) struct Vector(Value);

/// Those of a kind of signature.
pub(super) fn of(scheme: &str) -> Vec<Vector> {
    let text = include_str!("../../../../fixtures/aliyun/signatures.json");
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    let of_scheme = all.into_iter().filter(|one| one["scheme"] == scheme);
    of_scheme.map(Vector).collect()
}

impl Vector {
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn key(&self) -> Key {
        Key {
            id: self.text("key").to_owned(),
            secret: self.text("secret").to_owned(),
            token: self.0["token"].as_str().map(str::to_owned),
        }
    }

    pub(super) fn query(&self) -> Vec<(String, String)> {
        self.pairs("query")
    }

    /// Names in lower case.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let pairs = self.pairs("headers").into_iter();
        pairs
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect()
    }

    fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let members = self.0[name].as_object().into_iter().flatten();
        members
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect()
    }
}
