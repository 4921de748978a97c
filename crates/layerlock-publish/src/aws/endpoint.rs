/*!
Where S3 and Systems Manager are.

An endpoint that somebody configured goes first, as with the SDK and the AWS CLI:
`AWS_ENDPOINT_URL_S3`, then `AWS_ENDPOINT_URL`, then the profile's `services` and
`endpoint_url`. Else it is the region's own.
*/

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use crate::Error;

/// A service to which requests are signed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    S3,
    Ssm,
}

impl Service {
    /// The name in signatures and hosts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Ssm => "ssm",
        }
    }

    /// The name in variables and profiles.
    fn id(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Ssm => "SSM",
        }
    }
}

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// `https` or `http`.
    pub(super) scheme: String,
    /// The host, with the port where one is named.
    pub(super) host: String,
    /// The path before that of each request, without a slash at its end.
    pub(super) path: String,
    /// Whether somebody configured it.
    pub(super) is_custom: bool,
}

impl Endpoint {
    /// That of the service.
    pub(super) fn of(service: Service, config: &SdkConfig, region: &str) -> Result<Self, Error> {
        match configured(service, config) {
            // Not repeated in the error: there may be a password in it.
            Some(url) => Self::parse(&url).ok_or_else(|| Error::Settings {
                reason: format!(
                    "the endpoint of {} is not an address such as https://host:port",
                    service.id()
                ),
            }),
            None => Ok(Self {
                scheme: "https".to_owned(),
                host: regional(service, config, region),
                path: String::new(),
                is_custom: false,
            }),
        }
    }

    /// Reads an address. What it says of a user is left out: a request is signed.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split(['?', '#']).next()?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let host = authority.rsplit('@').next()?;
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]~%".contains(&byte);
        let holds = matches!(&*scheme, "https" | "http")
            && host.bytes().all(is_allowed)
            && has_name_and_port(host)
            && path.bytes().all(|byte| byte.is_ascii_graphic());
        holds.then(|| Self {
            scheme,
            host: host.to_ascii_lowercase(),
            path: path.trim_end_matches('/').to_owned(),
            is_custom: true,
        })
    }

    /// `https://host:port`
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }
}

/// Whether it is a name, or an address in brackets, and after that at most a port. What merely
/// ends like a host of AWS, `host:x.amazonaws.com`, must not pass for one.
fn has_name_and_port(host: &str) -> bool {
    let name_ends = match host.strip_prefix('[') {
        Some(_) => host.find(']').map(|at| at + 1),
        None => host.find(':').or(Some(host.len())),
    };
    let (name, port) = host.split_at(name_ends.unwrap_or_default());
    let is_port = |text: &str| text.parse::<u16>().is_ok();
    !name.is_empty() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn configured(service: Service, config: &SdkConfig) -> Option<String> {
    let whole = || config.endpoint_url().map(str::to_owned);
    // What code sets comes before the environment and the profile.
    if config.get_origin("endpoint_url").is_client_config() {
        return whole();
    }
    let key = ServiceConfigKey::builder()
        .service_id(service.id())
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = config.service_config().and_then(|it| it.load_config(key));
    own.or_else(whole).filter(|url| !url.trim().is_empty())
}

/// <https://docs.aws.amazon.com/general/latest/gr/s3.html> and
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>
fn regional(service: Service, config: &SdkConfig, region: &str) -> String {
    let (suffix, dual_stack_suffix) = suffixes(region);
    let is_fips = config.use_fips() == Some(true);
    let is_dual_stack = config.use_dual_stack() == Some(true);
    let fips = if is_fips { "-fips" } else { "" };
    match service {
        Service::S3 if is_dual_stack => format!("s3{fips}.dualstack.{region}.{suffix}"),
        Service::S3 => format!("s3{fips}.{region}.{suffix}"),
        Service::Ssm if is_dual_stack => format!("ssm{fips}.{region}.{dual_stack_suffix}"),
        // There all endpoints are.
        Service::Ssm if region.starts_with("us-gov-") => format!("ssm.{region}.{suffix}"),
        Service::Ssm => format!("ssm{fips}.{region}.{suffix}"),
    }
}

/// How the hosts of the region's partition end, and those for IPv6 too.
fn suffixes(region: &str) -> (&'static str, &'static str) {
    const PARTITIONS: [(&str, &str, &str); 6] = [
        ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
        ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ];
    let found = PARTITIONS
        .into_iter()
        .find(|(prefix, ..)| region.starts_with(prefix));
    found.map_or(("amazonaws.com", "api.aws"), |(_, suffix, dual_stack)| {
        (suffix, dual_stack)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(
        service: Service,
        region: &str,
        change: fn(&mut aws_types::sdk_config::Builder),
    ) -> String {
        let mut config = SdkConfig::builder();
        change(&mut config);
        Endpoint::of(service, &config.build(), region).unwrap().host
    }

    #[test]
    fn a_region_has_hosts_in_its_partition() {
        for (region, s3, ssm) in [
            (
                "eu-west-1",
                "s3.eu-west-1.amazonaws.com",
                "ssm.eu-west-1.amazonaws.com",
            ),
            (
                "cn-north-1",
                "s3.cn-north-1.amazonaws.com.cn",
                "ssm.cn-north-1.amazonaws.com.cn",
            ),
            (
                "us-gov-west-1",
                "s3.us-gov-west-1.amazonaws.com",
                "ssm.us-gov-west-1.amazonaws.com",
            ),
            (
                "us-isob-east-1",
                "s3.us-isob-east-1.sc2s.sgov.gov",
                "ssm.us-isob-east-1.sc2s.sgov.gov",
            ),
        ] {
            assert_eq!(host(Service::S3, region, |_| {}), s3);
            assert_eq!(host(Service::Ssm, region, |_| {}), ssm);
        }
    }

    #[test]
    fn a_region_has_other_hosts_for_fips_and_ipv6() {
        let fips = |config: &mut aws_types::sdk_config::Builder| {
            config.set_use_fips(Some(true));
        };
        let dual = |config: &mut aws_types::sdk_config::Builder| {
            config.set_use_dual_stack(Some(true));
        };
        for (service, change, expected) in [
            (
                Service::S3,
                fips as fn(&mut _),
                "s3-fips.us-east-1.amazonaws.com",
            ),
            (Service::S3, dual, "s3.dualstack.us-east-1.amazonaws.com"),
            (Service::Ssm, fips, "ssm-fips.us-east-1.amazonaws.com"),
            (Service::Ssm, dual, "ssm.us-east-1.api.aws"),
        ] {
            assert_eq!(host(service, "us-east-1", change), expected);
        }
        assert_eq!(
            host(Service::Ssm, "us-gov-east-1", fips),
            "ssm.us-gov-east-1.amazonaws.com"
        );
    }

    #[test]
    fn an_address_is_a_scheme_and_a_host() {
        let parsed = Endpoint::parse("HTTP://user:hunter2@Minio.example.com:9000/s3/?x").unwrap();
        assert_eq!(parsed.origin(), "http://minio.example.com:9000");
        assert_eq!(parsed.path, "/s3");
        for good in ["http://[::1]:9000", "http://[::1]", "https://minio"] {
            assert_eq!(Endpoint::parse(good).unwrap().origin(), good);
        }
        for bad in [
            "minio.example.com",
            "ftp://minio.example.com",
            "http://",
            "http://:9000",
            "https://minio:abc",
            "https://minio:",
            "https://minio:65536",
            "https://minio:x:9000",
            "https://[::1]x",
            "https://[::1",
            "http://minio example.com",
            "http://minio.example.com/a b",
        ] {
            assert_eq!(Endpoint::parse(bad), None, "{bad}");
        }
        for bad in ["user:hunter2@minio", "https://minio:abc"] {
            let mut config = SdkConfig::builder();
            config.set_endpoint_url(Some(bad.to_owned()));
            let error = Endpoint::of(Service::S3, &config.build(), "eu-west-1").unwrap_err();
            insta::allow_duplicates! {
                insta::assert_snapshot!(error, @"invalid AWS settings: the endpoint of S3 is not an address such as https://host:port");
            }
        }
    }
}
