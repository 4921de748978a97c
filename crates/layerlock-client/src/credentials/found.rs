use crate::Credentials;

/// Credentials, and the place that had them.
#[derive(Debug, Clone)]
pub(crate) struct FoundCredentials {
    pub(crate) credentials: Credentials,
    /// As messages name it: a variable, a file, "the keyring, under ...".
    pub(crate) place: String,
}

impl FoundCredentials {
    pub(crate) fn has_password(&self) -> bool {
        self.credentials.password.is_some()
    }
}
