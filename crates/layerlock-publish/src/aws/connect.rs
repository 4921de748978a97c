//! Loads the SDK's configuration: settings, credentials, certificates and proxies.

use std::env;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_lambda::config::{
    Credentials, ProvideCredentials, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use data_encoding::BASE64;
use fs_err as fs;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::failure::credentials_error;
use super::profile;
use super::settings::{AwsRole, AwsSettings};
use crate::Error;
use crate::blocking::Blocking;

/// AWS's configuration, with credentials that exist.
pub(super) struct Connected {
    pub(super) config: SdkConfig,
    pub(super) identity: Identity,
}

/// Whose credentials are used.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity {
    /// The account, where the credentials tell it.
    pub(super) account: Option<String>,
    /// The access key's ID.
    pub(super) key: String,
}

/// AWS's default configuration, with our HTTP client for its own requests (single
/// sign-on, roles) and for those to Lambda. Region and credentials are known after this.
pub(super) fn load(blocking: &Blocking, settings: &AwsSettings) -> Result<Connected, Error> {
    let bundle = env::var_os("AWS_CA_BUNDLE")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let http_client = http_client(bundle.as_deref())?;
    blocking.run(load_async(settings, http_client))
}

async fn load_async(
    settings: &AwsSettings,
    http_client: SharedHttpClient,
) -> Result<Connected, Error> {
    let signed_in_by = profile::check(settings.profile.as_deref()).await?;
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http_client.clone());
    if let Some(region) = settings.regions.first() {
        loader = loader.region(Region::new(region.trim().to_owned()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    let mut config = loader.load().await;
    if config.region().is_none() {
        return Err(Error::NoRegion);
    }
    if let Some(profile) = &settings.profile {
        // Not the default chain, in which keys of the environment come first.
        let provider = ProviderConfig::without_region()
            .with_http_client(http_client)
            .with_region(config.region().cloned());
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&provider)
            .profile_name(profile)
            .build();
        let shared = SharedCredentialsProvider::new(provider);
        config = config.to_builder().credentials_provider(shared).build();
    }
    if let Some(role) = &settings.role {
        // First those that take it on: what they lack is no fault of the role.
        load_credentials(&config, settings)
            .await
            .map_err(|error| told_by(error, signed_in_by.as_deref()))?;
        let provider = assume(role, &config).await;
        let shared = SharedCredentialsProvider::new(provider);
        config = config.to_builder().credentials_provider(shared).build();
    }
    let (first, inner) = match load_credentials(&config, settings).await {
        Err(Error::Credentials { reason: whole }) if settings.role.is_some() => {
            let role = settings.role.as_ref().map(|role| role.arn.clone());
            // Which says no more than this error itself.
            let reason = whole.strip_prefix("an error occurred while loading credentials: ");
            return Err(Error::Role {
                role: role.unwrap_or_default(),
                reason: reason.unwrap_or(&whole).to_owned(),
            });
        }
        loaded => loaded.map_err(|error| told_by(error, signed_in_by.as_deref()))?,
    };
    let identity = Identity {
        account: first.account_id().map(|id| id.as_str().to_owned()),
        key: first.access_key_id().to_owned(),
    };
    let shared = SharedCredentialsProvider::new(Remembered { first, inner });
    Ok(Connected {
        config: config.to_builder().credentials_provider(shared).build(),
        identity,
    })
}

async fn load_credentials(
    config: &SdkConfig,
    settings: &AwsSettings,
) -> Result<(Credentials, SharedCredentialsProvider), Error> {
    let Some(provider) = config.credentials_provider() else {
        return Err(Error::Credentials {
            reason: "none are configured".to_owned(),
        });
    };
    let loaded = provider.provide_credentials().await;
    let credentials = loaded.map_err(|error| match &settings.profile {
        Some(profile) if matches!(error, CredentialsError::CredentialsNotLoaded(_)) => {
            Error::Profile {
                reason: format!("the profile `{profile}` has none"),
            }
        }
        _ => credentials_error(&error),
    })?;
    Ok((credentials, provider))
}

/// Where a person has to sign in anew: that, and how.
fn told_by(error: Error, signed_in_by: Option<&str>) -> Error {
    // What the SDK and AWS's portal say of a session that has ended or never was.
    const SIGNS: [&str; 4] = [
        "SSO token",
        "sso/cache",
        "sso\\cache",
        "UnauthorizedException",
    ];
    match (error, signed_in_by) {
        (Error::Credentials { reason }, Some(profile))
            if SIGNS.iter().any(|sign| reason.contains(sign)) =>
        {
            Error::SignedOut {
                profile: profile.to_owned(),
            }
        }
        (error, _) => error,
    }
}

/// Takes on a role with the configuration's credentials.
async fn assume(role: &AwsRole, config: &SdkConfig) -> AssumeRoleProvider {
    let mut provider = AssumeRoleProvider::builder(&role.arn)
        .session_name("layerlock")
        .configure(config);
    if let Some(external_id) = &role.external_id {
        provider = provider.external_id(external_id);
    }
    provider.build().await
}

/// Credentials that were asked for before the work, and where to get new ones when they
/// expire during it.
#[derive(Debug)]
struct Remembered {
    first: Credentials,
    inner: SharedCredentialsProvider,
}

impl ProvideCredentials for Remembered {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let soon = SystemTime::now() + Duration::from_mins(5);
        if self.first.expiry().is_none_or(|expiry| expiry > soon) {
            return future::ProvideCredentials::ready(Ok(self.first.clone()));
        }
        self.inner.provide_credentials()
    }
}

/// The SDK's client with the proxies that the environment names. It uses rustls with
/// ring, since the default needs a C compiler and cmake.
pub(super) fn http_client(bundle: Option<&Path>) -> Result<SharedHttpClient, Error> {
    let tls = TlsContext::builder()
        .with_trust_store(trust_store(bundle)?)
        .build()
        .map_err(|error| Error::Settings {
            reason: error.to_string(),
        })?;
    Ok(
        Builder::new().build_with_connector_fn(move |settings, components| {
            let mut connector = Connector::builder()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .tls_context(tls.clone())
                .proxy_config(ProxyConfig::from_env());
            connector.set_connector_settings(settings.cloned());
            if let Some(components) = components {
                connector.set_sleep_impl(components.sleep_impl());
            }
            connector.build()
        }),
    )
}

/// The certificates of `bundle` only, as in the AWS CLI. Without a bundle, those that
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` name, else the machine's.
///
/// The SDK does not support `AWS_CA_BUNDLE`. It panics on a certificate that it cannot
/// parse, and in debug builds on a machine without certificates. So certificates are
/// parsed here first, and invalid ones ignored.
fn trust_store(bundle: Option<&Path>) -> Result<TrustStore, Error> {
    let certificates = match bundle {
        Some(path) => read_bundle(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut parsed = RootCertStore::empty();
    let mut store = TrustStore::empty();
    for certificate in certificates {
        if parsed.add(certificate.clone()).is_ok() {
            store.add_pem_certificate(to_pem(&certificate));
        }
    }
    match bundle {
        Some(path) if parsed.is_empty() => Err(Error::CaBundle {
            path: path.to_owned(),
            reason: "it contains no valid certificate".to_owned(),
        }),
        _ => Ok(store),
    }
}

fn read_bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bundle_error = |reason: String| Error::CaBundle {
        path: path.to_owned(),
        reason,
    };
    let pem = fs::read(path).map_err(|error| bundle_error(error.to_string()))?;
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| bundle_error(error.to_string()))
}

fn to_pem(certificate: &CertificateDer<'_>) -> String {
    let body = BASE64.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerlock_diagnostic::{Diagnose as _, ErrorKind};

    /// Made with openssl for this test; its key was thrown away.
    const AUTHORITY: &str = include_str!("test-authority.pem");

    fn bundle(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bundle.pem");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    #[test]
    fn a_bundle_stands_in_for_the_machines_certificates() {
        let (_directory, path) = bundle(&format!("# Corporate\n{AUTHORITY}\n{AUTHORITY}"));
        // The SDK's parser accepts these certificates: it panics otherwise.
        let client = http_client(Some(&path)).unwrap();
        drop(client);
        let certificate = &read_bundle(&path).unwrap()[0];
        let again = CertificateDer::from_pem_slice(to_pem(certificate).as_bytes()).unwrap();
        assert_eq!(&again, certificate);
    }

    #[test]
    fn a_useless_bundle_is_an_error_that_names_it() {
        let not_a_certificate =
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
        let cut = AUTHORITY[..AUTHORITY.len() / 2].to_owned();
        for text in [String::new(), "hello".to_owned(), not_a_certificate, cut] {
            let (_directory, path) = bundle(&text);
            let error = http_client(Some(&path)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Machine, "{text:?}");
            assert!(error.to_string().contains("bundle.pem"), "{error}");
        }
        let error = http_client(Some(Path::new("no-such-bundle.pem"))).unwrap_err();
        assert!(error.to_string().contains("no-such-bundle.pem"), "{error}");
    }
}
