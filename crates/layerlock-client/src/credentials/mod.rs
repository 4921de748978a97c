//! Credentials for a request: where they may be, and which of them go where.

mod environment;
mod found;
mod keychain;
mod keyring;
mod netrc;
mod poetry;

pub(crate) use environment::in_variables;
pub(crate) use found::FoundCredentials;
pub(crate) use keychain::Keychain;
pub use poetry::poetry_credentials;
