//! Reads the settings and their defaults, and gets credentials.

use std::env;
use std::sync::{Arc, Mutex};

use super::AliyunFc;
use super::api::Api;
use super::credentials::{self, Found, Machine, Role, Source};
use super::endpoint::{Endpoint, FC_VARIABLE, OSS_VARIABLE};
use super::http::Http;
use super::settings::AliyunSettings;
use super::storage::Storage;
use super::sts::{Sts, StsPlace};
use crate::blocking::Blocking;
use crate::patience::Policy;
use crate::{Error, FcError};

impl AliyunFc {
    /// Reads the settings and their defaults, and gets credentials; sends no request to
    /// Function Compute. There is one publisher for each region.
    pub fn connect(settings: &AliyunSettings) -> Result<Vec<Self>, Error> {
        let machine = Machine {
            variable: &credentials::variable,
            home: env::home_dir(),
        };
        connect(settings, &machine, Policy::default())
    }
}

/// On a machine, with so much patience.
pub(super) fn connect(
    settings: &AliyunSettings,
    machine: &Machine<'_>,
    policy: Policy,
) -> Result<Vec<AliyunFc>, Error> {
    let blocking = Arc::new(Blocking::new()?);
    let http = Http::new()?;
    let found = credentials::find(machine, settings.profile.as_deref());
    let region_of_profile = found.as_ref().ok().and_then(|found| found.region.clone());
    // What nobody set is told before what is wrong with the credentials.
    let regions = regions(settings, machine, region_of_profile)?;
    let source = with_role(found?, settings);
    let sts = StsPlace::of(machine)?;
    let key = blocking.run(Sts::of(&sts, &http, policy).key(&source))?;
    let account = settings.account.clone();
    let account = account.or_else(|| machine.get("ALIBABA_CLOUD_ACCOUNT_ID"));
    let publisher = |region: String| {
        let filled =
            |text: &Option<String>| text.as_ref().map(|it| it.replace("{region}", &region));
        let fc = machine
            .get(FC_VARIABLE)
            .or_else(|| filled(&settings.endpoint));
        let oss = machine
            .get(OSS_VARIABLE)
            .or_else(|| filled(&settings.oss_endpoint));
        let fc = fc.map(|text| Endpoint::parse(&text)).transpose()?;
        let oss = oss.map(|text| Endpoint::parse(&text)).transpose()?;
        Ok(AliyunFc {
            blocking: Arc::clone(&blocking),
            storage: Storage {
                bucket: filled(&settings.bucket),
                endpoint: oss.unwrap_or_else(|| Endpoint::of_oss(&region)),
                fc_endpoint: fc.clone(),
                sts: sts.clone(),
            },
            api: Api {
                http: http.clone(),
                key: key.clone(),
                endpoint: fc.unwrap_or_else(|| Endpoint::of_fc(&region)),
                region,
            },
            account: Mutex::new(account.clone()),
            policy,
            locks: settings.locks.clone(),
            checksums: Mutex::default(),
            kept: Mutex::default(),
        })
    };
    regions.into_iter().map(publisher).collect()
}

/// Each once.
fn regions(
    settings: &AliyunSettings,
    machine: &Machine<'_>,
    of_profile: Option<String>,
) -> Result<Vec<String>, Error> {
    let mut regions: Vec<String> = Vec::new();
    for region in settings.regions.iter().map(|region| region.trim()) {
        check(region)?;
        if !regions.iter().any(|other| other == region) {
            regions.push(region.to_owned());
        }
    }
    if !regions.is_empty() {
        return Ok(regions);
    }
    let region = machine.get("ALIBABA_CLOUD_REGION_ID").or(of_profile);
    let region = region.ok_or(FcError::NoRegion)?;
    check(&region)?;
    Ok(vec![region])
}

/// A region's name is a part of a host's. Which ones there are, only Alibaba Cloud knows.
fn check(region: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !region.is_empty() && region.bytes().all(is_allowed) {
        return Ok(());
    }
    let reason = format!("{region:?} is not the name of a region, such as cn-hangzhou");
    Err(FcError::Settings { reason }.into())
}

/// The role of the settings is taken on by whatever credentials there are.
fn with_role(found: Found, settings: &AliyunSettings) -> Source {
    match &settings.role_arn {
        None => found.source,
        Some(arn) => Source::Role {
            by: Box::new(found.source),
            role: Role {
                arn: arn.clone(),
                ..Role::default()
            },
        },
    }
}
