//! What the server has, and who may ask.

/// What the server has of its own.
#[derive(Debug, Clone)]
pub struct FcAccount {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// Who may ask.
    pub keys: Vec<FcKey>,
    /// The buckets of OSS.
    pub buckets: Vec<String>,
    /// How many items a page of a list has at most, whatever a client asks for.
    pub page: usize,
    /// Actions that everybody is denied, such as `fc:ListFunctions`.
    pub denied: Vec<String>,
}

impl Default for FcAccount {
    fn default() -> Self {
        Self {
            account: "1234567890123456".to_owned(),
            region: "cn-hangzhou".to_owned(),
            keys: vec![
                FcKey::new("LTAItest", "s3cr3t/+=", None),
                FcKey::new("STS.test", "t3mp/+=", Some("CAIS/token+/==")),
            ],
            buckets: vec!["layers".to_owned()],
            page: 100,
            denied: Vec::new(),
        }
    }
}

/// A key of the account, or of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FcKey {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

impl FcKey {
    /// A key; one with a token is temporary.
    pub fn new(id: &str, secret: &str, token: Option<&str>) -> Self {
        Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: token.map(str::to_owned),
        }
    }
}
