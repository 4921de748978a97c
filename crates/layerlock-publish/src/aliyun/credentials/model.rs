//! What credentials are, and where they come from.

use std::fmt;
use std::path::PathBuf;

use crate::{Error, FcError};

/// What signs requests.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::aliyun) struct Key {
    /// The access key's ID.
    pub(in crate::aliyun) id: String,
    pub(in crate::aliyun) secret: String,
    /// The token of temporary credentials.
    pub(in crate::aliyun) token: Option<String>,
}

/// Shows no more than that there is one.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What gives a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aliyun) enum Source {
    Key(Key),
    /// A role that another source takes on.
    Role {
        by: Box<Self>,
        role: Role,
    },
    /// A role that a token of another identity provider gives.
    Oidc(Oidc),
}

/// A RAM role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::aliyun) struct Role {
    pub(in crate::aliyun) arn: String,
    pub(in crate::aliyun) session: Option<String>,
    pub(in crate::aliyun) policy: Option<String>,
    pub(in crate::aliyun) external_id: Option<String>,
    pub(in crate::aliyun) seconds: Option<u64>,
    /// The region whose STS is asked.
    pub(in crate::aliyun) region: Option<String>,
}

/// A role by a token of another identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aliyun) struct Oidc {
    pub(in crate::aliyun) role: Role,
    pub(in crate::aliyun) provider: String,
    pub(in crate::aliyun) token_file: PathBuf,
}

/// What was found, and what stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::aliyun) struct Found {
    pub(in crate::aliyun) source: Source,
    /// The profile's region.
    pub(in crate::aliyun) region: Option<String>,
}

/// What the machine says.
pub(in crate::aliyun) struct Machine<'m> {
    pub(in crate::aliyun) variable: &'m dyn Fn(&str) -> Option<String>,
    pub(in crate::aliyun) home: Option<PathBuf>,
}

impl Machine<'_> {
    /// A variable that is set to something.
    pub(in crate::aliyun) fn get(&self, name: &str) -> Option<String> {
        let value = (self.variable)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        let value = self.get(name);
        value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

pub(in crate::aliyun) fn faulty(reason: String) -> Error {
    FcError::Credentials { reason }.into()
}

pub(super) fn unsupported(what: &str) -> Error {
    FcError::Unsupported {
        what: what.to_owned(),
    }
    .into()
}
