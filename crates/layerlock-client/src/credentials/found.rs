use crate::Credentials;

/// Credentials, and the place that had them.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    /// For people.
    pub(crate) place: String,
}

impl Found {
    pub(crate) fn has_password(&self) -> bool {
        self.credentials.password.is_some()
    }
}
