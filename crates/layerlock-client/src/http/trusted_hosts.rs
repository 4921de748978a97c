//! Hosts whose certificates are not looked at.
//!
//! Those of `PIP_TRUSTED_HOST`, else `trusted-host` in pip's configuration files,
//! and of `UV_INSECURE_HOST`: who names a host there has decided so, for pip and uv
//! as for us. What comes from it has to have the locked hash all the same; what is
//! at stake are the credentials that are sent to it.

use url::{Host, Url};

use crate::{Error, MachineConfig};

/// What names a host, a port of it or, for uv, every host.
#[derive(Debug)]
pub(super) struct TrustedHosts(Vec<Trusted>);

#[derive(Debug, PartialEq, Eq)]
enum Trusted {
    AnyHost,
    Host {
        /// As a URL has it, in lower case.
        host: String,
        /// None: every port.
        port: Option<u16>,
    },
}

impl TrustedHosts {
    pub(super) fn read(machine: &MachineConfig) -> Result<Self, Error> {
        let of_pip = machine.pip_setting(&["PIP_TRUSTED_HOST"], "trusted-host")?;
        let of_pip = of_pip.map(|(hosts, _)| hosts).unwrap_or_default();
        let of_uv = machine.variables.get("UV_INSECURE_HOST");
        let listed = of_pip
            .split_whitespace()
            .filter(|host| *host != "*")
            .chain(of_uv.unwrap_or_default().split_whitespace());
        Ok(Self(listed.filter_map(Trusted::parse).collect()))
    }

    /// Whether the certificate of whoever answers for `url` does not matter.
    pub(super) fn contains(&self, url: &Url) -> bool {
        self.0.iter().any(|trusted| match trusted {
            Trusted::AnyHost => true,
            Trusted::Host { host, port } => {
                url.host_str() == Some(host)
                    && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
        })
    }
}

impl Trusted {
    /// A host, with a port or without; uv takes a URL too. What is neither
    /// names nobody.
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::AnyHost);
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
    use crate::PipFiles;

    fn trusts(machine: &MachineConfig, url: &str) -> bool {
        let hosts = TrustedHosts::read(machine).unwrap();
        hosts.contains(&Url::parse(url).unwrap())
    }

    fn with(name: &str, value: &str) -> MachineConfig {
        let mut machine = MachineConfig::default();
        machine.variables.insert(name, value);
        machine
    }

    #[test]
    fn a_host_is_trusted_at_its_port_or_at_all() {
        let machine = with(
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
            assert_eq!(trusts(&machine, url), is_trusted, "{url}");
        }
        assert!(!trusts(
            &MachineConfig::default(),
            "https://one.example.com/"
        ));
    }

    #[test]
    fn pips_files_and_uvs_variable_name_hosts_too() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        let text = "[global]\ntrusted-host =\n    one.example.com\n    two.example.com\n";
        fs_err::write(&file, text).unwrap();
        let mut machine = with("UV_INSECURE_HOST", "https://uv.example.com:1/");
        machine.pip_files = PipFiles::new([file]);
        for url in [
            "https://one.example.com/",
            "https://two.example.com/",
            "https://uv.example.com:1/",
        ] {
            assert!(trusts(&machine, url), "{url}");
        }
        assert!(!trusts(&machine, "https://uv.example.com/"));
        // Every host is uv's to say.
        assert!(trusts(&with("UV_INSECURE_HOST", "*"), "https://x/"));
        assert!(!trusts(&with("PIP_TRUSTED_HOST", "*"), "https://x/"));
    }
}
