//! Where Function Compute, OSS and STS are.

use std::net::IpAddr;

use url::{Host, Url};

use super::encode;
use crate::{Error, FcError};

/// A variable with the endpoint of Function Compute, for private networks and tests.
pub(super) const FC_VARIABLE: &str = "LAYERLOCK_FC_ENDPOINT";
/// The same for OSS.
pub(super) const OSS_VARIABLE: &str = "LAYERLOCK_OSS_ENDPOINT";
/// The same for STS.
pub(super) const STS_VARIABLE: &str = "LAYERLOCK_STS_ENDPOINT";

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `https` or `http`.
    scheme: String,
    /// With the port where one is named.
    host: String,
    is_ip: bool,
}

impl Endpoint {
    /// An endpoint that somebody configured: a host or a URL without a path.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let url = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        // Not repeated in the error: there may be a password in it.
        let refused = || {
            Error::from(FcError::Settings {
                reason: "an endpoint is not an address such as https://host:port".to_owned(),
            })
        };
        let url = Url::parse(&url).map_err(|_| refused())?;
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none();
        if !is_bare || !matches!(url.scheme(), "http" | "https") {
            return Err(refused());
        }
        let (is_ip, mut host) = match url.host().ok_or_else(refused)? {
            Host::Domain(name) => (name == "localhost", name.to_owned()),
            Host::Ipv4(ip) => (true, ip.to_string()),
            Host::Ipv6(ip) => (true, format!("[{}]", IpAddr::V6(ip))),
        };
        if let Some(port) = url.port() {
            host = format!("{host}:{port}");
        }
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host,
            is_ip,
        })
    }

    /// One of Alibaba Cloud's own.
    pub(super) fn of_host(host: String) -> Self {
        Self {
            scheme: "https".to_owned(),
            host,
            is_ip: false,
        }
    }

    /// [Function Compute's](https://www.alibabacloud.com/help/en/functioncompute/fc-3-0/developer-reference/endpoints).
    /// Some regions have an older form, by the official SDK's own table.
    pub(super) fn of_fc(region: &str) -> Self {
        const OLD: [&str; 4] = [
            "me-central-1",
            "cn-shanghai-finance-1",
            "cn-heyuan-acdr-1",
            "cn-hangzhou-finance",
        ];
        Self::of_host(if OLD.contains(&region) {
            format!("{region}.fc.aliyuncs.com")
        } else {
            format!("fcv3.{region}.aliyuncs.com")
        })
    }

    /// The one with an account in it, which temporary buckets are asked of.
    pub(super) fn of_account(account: &str, region: &str) -> Self {
        Self::of_host(format!("{account}.{region}.fc.aliyuncs.com"))
    }

    /// [That of OSS](https://www.alibabacloud.com/help/en/oss/user-guide/regions-and-endpoints).
    pub(super) fn of_oss(region: &str) -> Self {
        Self::of_host(format!("oss-{region}.aliyuncs.com"))
    }

    /// The value of the header `Host`.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The URL of an encoded path, with an encoded query.
    pub(super) fn url(&self, path: &str, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}://{}{path}{mark}{query}", self.scheme, self.host)
    }

    /// The host and the path of an object. A bucket is part of the host, but for one that is
    /// an IP address.
    pub(super) fn object(&self, bucket: &str, key: &str) -> (String, String) {
        let key = encode::path(key);
        if self.is_ip {
            let path = format!("/{bucket}/{key}");
            (self.host.clone(), self.url(&path, ""))
        } else {
            let host = format!("{bucket}.{}", self.host);
            let url = format!("{}://{host}/{key}", self.scheme);
            (host, url)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_or_a_url_without_more() {
        let endpoint = Endpoint::parse("http://127.0.0.1:8080/").unwrap();
        assert_eq!(endpoint.url("/x", "a=b"), "http://127.0.0.1:8080/x?a=b");
        let endpoint = Endpoint::parse("fc.example.com").unwrap();
        assert_eq!(endpoint.url("/x", ""), "https://fc.example.com/x");
        for text in [
            "",
            "ftp://a",
            "https://u:p@host",
            "https://host/path",
            "a b",
        ] {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains("an endpoint is not an address"), "{text}");
            assert!(!error.contains("u:p"));
        }
    }

    #[test]
    fn a_bucket_is_part_of_the_host_but_for_an_ip_address() {
        let own = Endpoint::of_oss("cn-hangzhou").object("layers", "a b.zip");
        let host = "layers.oss-cn-hangzhou.aliyuncs.com";
        assert_eq!(own, (host.to_owned(), format!("https://{host}/a%20b.zip")));
        for (text, host) in [
            ("http://127.0.0.1:1", "127.0.0.1:1"),
            ("http://[::1]:1", "[::1]:1"),
        ] {
            let object = Endpoint::parse(text).unwrap().object("layers", "k");
            assert_eq!(object, (host.to_owned(), format!("http://{host}/layers/k")));
        }
    }
}
