//! Proxies: the one that pip is told of, else those of the environment.
//!
//! `PIP_PROXY`, else `proxy` in pip's configuration files, is for every request.
//! Where neither is set, `HTTP_PROXY` is for http, `HTTPS_PROXY` for https, and
//! `ALL_PROXY` for what has none; in lower case they win, as for Python. Hosts of
//! `NO_PROXY` are reached directly, whatever names the proxy: pip would forget
//! about it, but who set it meant it.

use reqwest::{ClientBuilder, NoProxy};

use super::reason;
use crate::{Error, MachineConfig, SafeUrl, SettingOrigin};

/// Which proxy a request goes by.
pub(super) struct Proxies {
    /// The first for a scheme counts.
    named: Vec<Proxy>,
    except: Option<String>,
}

/// A proxy, and what names it.
pub(super) struct Proxy {
    /// None: of every scheme.
    scheme: Option<&'static str>,
    /// With the credentials for it.
    pub(super) url: SafeUrl,
    pub(super) named_by: SettingOrigin,
}

/// For requests of a scheme, or of all, in lower and upper case.
const VARIABLES: [(Option<&str>, [&str; 2]); 3] = [
    (Some("http"), ["http_proxy", "HTTP_PROXY"]),
    (Some("https"), ["https_proxy", "HTTPS_PROXY"]),
    (None, ["all_proxy", "ALL_PROXY"]),
];

impl Proxies {
    pub(super) fn read(machine: &MachineConfig) -> Result<Self, Error> {
        let variables = &machine.variables;
        let first = |names: [&'static str; 2]| {
            let mut found = names
                .into_iter()
                .filter_map(|name| Some((variables.get(name)?, name)));
            found.next()
        };
        let of_pip = machine.pip_setting(&["PIP_PROXY"], "proxy")?;
        let named = match of_pip {
            Some((url, named_by)) => vec![Proxy::parse(None, &url, named_by)?],
            None => VARIABLES
                .into_iter()
                .filter_map(|(scheme, names)| Some((scheme, first(names)?)))
                // Whoever calls a CGI script sets this one, by a header `Proxy`.
                .filter(|(_, (_, name))| {
                    *name != "HTTP_PROXY" || variables.get("REQUEST_METHOD").is_none()
                })
                .map(|(scheme, (url, name))| {
                    Proxy::parse(scheme, url, SettingOrigin::Variable(name))
                })
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            named,
            except: first(["no_proxy", "NO_PROXY"]).map(|(hosts, _)| hosts.to_owned()),
        })
    }

    /// Makes a client use them, and none but them.
    pub(super) fn add_to(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let except = || NoProxy::from_string(self.except.as_deref()?);
        let mut builder = builder.no_proxy();
        for proxy in &self.named {
            let url = proxy.url.with_credentials();
            let made = match proxy.scheme {
                Some("http") => reqwest::Proxy::http(url),
                Some(_) => reqwest::Proxy::https(url),
                None => reqwest::Proxy::all(url),
            };
            let made = made.map_err(|error| proxy.problem(&reason::innermost(&error)))?;
            builder = builder.proxy(made.no_proxy(except()));
        }
        Ok(builder)
    }

    /// The proxy of a request to `url`, if it is not to a host of `NO_PROXY`.
    pub(super) fn find(&self, url: &SafeUrl) -> Option<&Proxy> {
        if self.is_excepted(url) {
            return None;
        }
        let is_for = |proxy: &&Proxy| {
            proxy
                .scheme
                .is_none_or(|scheme| scheme == url.url().scheme())
        };
        self.named.iter().find(is_for)
    }

    /// For messages: ranges of addresses, which `NO_PROXY` may have too, are the
    /// client's to know.
    fn is_excepted(&self, url: &SafeUrl) -> bool {
        let host = url.url().host_str().unwrap_or_default();
        let rules = self.except.as_deref().unwrap_or_default().split(',');
        rules.map(str::trim).any(|rule| {
            let name = rule.trim_start_matches('.');
            let below = host
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.'));
            rule == "*" || host == name || (below && !name.is_empty())
        })
    }
}

impl Proxy {
    fn parse(
        scheme: Option<&'static str>,
        text: &str,
        named_by: SettingOrigin,
    ) -> Result<Self, Error> {
        let text = text.trim();
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        // The text itself is not shown: where its parts are is not known.
        let problem = |reason: String| Error::Proxy {
            named_by: named_by.clone(),
            reason,
        };
        let url = SafeUrl::parse(&whole).map_err(|error| problem(error.reason))?;
        match url.url().scheme() {
            "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h" => Ok(Self {
                scheme,
                url,
                named_by,
            }),
            other => Err(problem(format!("{other:?} is no kind of proxy"))),
        }
    }

    fn problem(&self, reason: &str) -> Error {
        Error::Proxy {
            named_by: self.named_by.clone(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipFiles;

    fn proxies(variables: &[(&str, &str)], pip: Option<&str>) -> Result<Proxies, Error> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        if let Some(text) = pip {
            fs_err::write(&file, text).unwrap();
        }
        let mut machine = MachineConfig {
            pip_files: PipFiles::new([file]),
            ..MachineConfig::default()
        };
        for (name, value) in variables {
            machine.variables.insert(name, *value);
        }
        Proxies::read(&machine)
    }

    /// The proxies of an http and of an https request.
    fn both(proxies: &Proxies) -> [Option<String>; 2] {
        ["http://x/", "https://x/"].map(|url| {
            let proxy = proxies.find(&SafeUrl::parse(url).unwrap())?;
            Some(proxy.url.to_string())
        })
    }

    #[test]
    fn each_scheme_has_its_variable_and_the_rest_the_last() {
        let found = |variables: &[(&str, &str)]| both(&proxies(variables, None).unwrap());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(found(&[]), [None, None]);
        assert_eq!(
            found(&[("HTTP_PROXY", "http://a:1"), ("ALL_PROXY", "c:3")]),
            [some("http://a:1/"), some("http://c:3/")]
        );
        assert_eq!(
            found(&[("https_proxy", "http://u:hush@b:2")]),
            [None, some("http://****@b:2/")]
        );
        #[cfg(not(windows))]
        assert_eq!(
            found(&[("HTTP_PROXY", "http://a:1"), ("http_proxy", "http://b:2")]),
            [some("http://b:2/"), None]
        );
        assert_eq!(
            found(&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")]),
            [None, None]
        );
    }

    #[test]
    fn no_proxy_is_named_for_hosts_that_are_excepted() {
        let found = |except| {
            let variables = [("HTTP_PROXY", "http://a:1"), ("NO_PROXY", except)];
            let proxies = proxies(&variables, None).unwrap();
            [
                "http://one.example.com/",
                "http://example.com/",
                "http://x/",
            ]
            .map(|url| proxies.find(&SafeUrl::parse(url).unwrap()).is_some())
        };
        assert_eq!(found("other, ,y"), [true, true, true]);
        assert_eq!(found("y, example.com"), [false, false, true]);
        assert_eq!(found(".example.com"), [false, false, true]);
        assert_eq!(found("ample.com,x"), [true, true, false]);
        assert_eq!(found("*"), [false, false, false]);
    }

    #[test]
    fn pips_proxy_wins_and_its_variable_over_its_files() {
        let of_file = Some("[global]\nproxy = file:1\n");
        let environment = ("HTTPS_PROXY", "http://environment:3");
        let origin = |variables: &[(&str, &str)]| {
            let found = proxies(variables, of_file).unwrap();
            assert_eq!(found.named.len(), 1);
            let [http, https] = both(&found);
            assert_eq!(http, https);
            http.unwrap()
        };
        assert_eq!(origin(&[environment]), "http://file:1/");
        let variable = ("PIP_PROXY", "http://variable:2");
        assert_eq!(origin(&[environment, variable]), "http://variable:2/");
    }

    #[test]
    fn what_is_no_proxy_is_blamed_on_what_names_it_without_its_password() {
        for url in ["ftp://u:hush@host:1", "http://u:hush@[", "http://u:hush@:x"] {
            let error = proxies(&[("HTTPS_PROXY", url)], None).err().unwrap();
            let text = format!("{error} {error:?}");
            assert!(text.contains("HTTPS_PROXY"), "{text}");
            assert!(!text.contains("hush"), "{text}");
        }
    }
}
