//! Hosts whose certificates are not looked at.
//!
//! Those of `PIP_TRUSTED_HOST`, else `trusted-host` in pip's configuration files,
//! and of `UV_INSECURE_HOST`: who names a host there has decided so, for pip and uv
//! as for us. What comes from it has to have the locked hash all the same; what is
//! at stake are the credentials that are sent to it.

use url::{Host, Url};

use crate::index::PipSettings;
use crate::{Error, Surroundings};

/// What names a host, a port of it or, for uv, every host.
#[derive(Debug)]
pub(super) struct TrustedHosts(Vec<Trusted>);

#[derive(Debug, PartialEq, Eq)]
enum Trusted {
    Everybody,
    Host {
        /// As an address has it, in lower case.
        host: String,
        /// None: every port.
        port: Option<u16>,
    },
}

impl TrustedHosts {
    pub(super) fn of(surroundings: &Surroundings) -> Result<Self, Error> {
        let of_pip = PipSettings::value(surroundings, "PIP_TRUSTED_HOST", "trusted-host")?;
        let of_pip = of_pip.map(|(hosts, _)| hosts).unwrap_or_default();
        let of_uv = surroundings.variables.get("UV_INSECURE_HOST");
        let listed = of_pip
            .split_whitespace()
            .filter(|host| *host != "*")
            .chain(of_uv.unwrap_or_default().split_whitespace());
        Ok(Self(listed.filter_map(Trusted::parse).collect()))
    }

    /// Whether the certificate of whoever answers for `url` does not matter.
    pub(super) fn has(&self, url: &Url) -> bool {
        self.0.iter().any(|trusted| match trusted {
            Trusted::Everybody => true,
            Trusted::Host { host, port } => {
                url.host_str() == Some(host)
                    && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
        })
    }
}

impl Trusted {
    /// A host, with a port or without; uv takes an address too. What is neither
    /// names nobody.
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everybody);
        }
        let netloc = text.split_once("://").map_or(text, |(_, rest)| rest);
        let netloc = netloc.trim_end_matches('/');
        // An IPv6 address may come without its brackets.
        let bare = netloc.parse().ok().map(Host::<&str>::Ipv6);
        let netloc = bare.map_or_else(|| netloc.to_owned(), |host| host.to_string());
        // A scheme without a port of its own: each that is given is kept.
        let url = Url::parse(&format!("trusted://{netloc}")).ok()?;
        Some(Self::Host {
            host: url.host_str()?.to_ascii_lowercase(),
            port: url.port(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(surroundings: &Surroundings, url: &str) -> bool {
        let hosts = TrustedHosts::of(surroundings).unwrap();
        hosts.has(&Url::parse(url).unwrap())
    }

    fn with(name: &str, value: &str) -> Surroundings {
        let mut surroundings = Surroundings::default();
        surroundings.variables.insert(name, value);
        surroundings
    }

    #[test]
    fn a_host_is_trusted_at_its_port_or_at_all() {
        let surroundings = with(
            "PIP_TRUSTED_HOST",
            "One.example.com two.example.com:8443 ::1 [fe80::1]:444 three.example.com:443",
        );
        for (url, is_trusted) in [
            ("https://one.example.com/simple/", true),
            ("https://one.example.com:8443/", true),
            ("https://two.example.com:8443/", true),
            ("https://two.example.com/", false),
            ("https://three.example.com/", true),
            ("https://[::1]:1/", true),
            ("https://[fe80::1]:444/", true),
            ("https://[fe80::1]/", false),
            ("https://example.com/", false),
            ("https://a.one.example.com/", false),
            ("https://one.example.com.evil.example/", false),
        ] {
            assert_eq!(trusts(&surroundings, url), is_trusted, "{url}");
        }
        assert!(!trusts(
            &Surroundings::default(),
            "https://one.example.com/"
        ));
    }

    #[test]
    fn pips_files_and_uvs_variable_name_hosts_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pip.conf");
        let text = "[global]\ntrusted-host =\n    one.example.com\n    two.example.com\n";
        fs_err::write(&file, text).unwrap();
        let mut surroundings = with("UV_INSECURE_HOST", "https://uv.example.com:1/");
        surroundings.configuration_files.push(file);
        for url in [
            "https://one.example.com/",
            "https://two.example.com/",
            "https://uv.example.com:1/",
        ] {
            assert!(trusts(&surroundings, url), "{url}");
        }
        assert!(!trusts(&surroundings, "https://uv.example.com/"));
        // Every host is uv's to say.
        assert!(trusts(&with("UV_INSECURE_HOST", "*"), "https://x/"));
        assert!(!trusts(&with("PIP_TRUSTED_HOST", "*"), "https://x/"));
    }
}
