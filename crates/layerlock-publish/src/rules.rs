//! Checks of an artifact's texts, lists and names, before a provider is asked.

use layerlock_target::Provider;

use crate::{Artifact, Error};

/// Checks the artifact against a provider's limits, all but the zip's size.
pub(crate) fn check(provider: Provider, artifact: &Artifact) -> Result<(), Error> {
    check_name(provider, &artifact.layer)?;
    let limits = provider.limits();
    let characters = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
    for (what, found, limit) in [
        (
            "characters in the description",
            characters(&artifact.description),
            limits.description,
        ),
        (
            "characters in the license",
            characters(&artifact.license),
            limits.license,
        ),
        (
            "compatible runtimes",
            artifact.runtimes.len(),
            limits.runtimes,
        ),
        (
            "compatible architectures",
            artifact.architectures.len(),
            limits.architectures,
        ),
    ] {
        if found > limit {
            return Err(Error::TooMany { what, found, limit });
        }
    }
    Ok(())
}

/// Checks a layer's name. One that passes is also a safe file name.
pub(crate) fn check_name(provider: Provider, layer: &str) -> Result<(), Error> {
    let allowed = provider.layer_names();
    if allowed.allow(layer) {
        return Ok(());
    }
    Err(Error::LayerName {
        name: layer.to_owned(),
        allowed,
    })
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::{Diagnose as _, ErrorKind};
    use layerlock_digest::Digest;

    use super::*;

    fn artifact() -> Artifact {
        Artifact {
            crc64: None,
            object: None,
            layer: "web".to_owned(),
            zip: "layer.zip".into(),
            size: 0,
            digest: Digest::sha256_of(b""),
            project: None,
            adopt: false,
            description: None,
            license: None,
            runtimes: Vec::new(),
            architectures: Vec::new(),
        }
    }

    #[test]
    fn names_are_the_providers() {
        check_name(Provider::Aws, "Shared_Layer-2").unwrap();
        for name in ["", "../x", "web.lock", &"n".repeat(141)] {
            let error = check_name(Provider::Aws, name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{name:?}");
            let hint = error.hint().unwrap();
            assert!(hint.ends_with("1 to 140 characters of a-z, A-Z, 0-9, - and _"));
        }
    }

    #[test]
    fn each_provider_has_rules_of_its_own() {
        check_name(Provider::Aliyun, "web-1").unwrap();
        for name in ["1web", &"n".repeat(65)] {
            check_name(Provider::Aws, name).unwrap();
            assert!(check_name(Provider::Aliyun, name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn limits_hold_and_are_named() {
        let mut full = artifact();
        // Characters, not bytes.
        full.description = Some("é".repeat(256));
        full.license = Some("l".repeat(512));
        full.runtimes = vec!["python3.12".to_owned(); 15];
        full.architectures = vec!["arm64".to_owned(); 2];
        check(Provider::Aws, &full).unwrap();

        let message = |change: fn(&mut Artifact)| {
            let mut artifact = full.clone();
            change(&mut artifact);
            check(Provider::Aws, &artifact).unwrap_err().to_string()
        };
        assert_eq!(
            message(|artifact| artifact.description = Some("d".repeat(257))),
            "too many characters in the description: 257, at most 256 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.license = Some("l".repeat(513))),
            "too many characters in the license: 513, at most 512 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.runtimes.push("python3.13".to_owned())),
            "too many compatible runtimes: 16, at most 15 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.architectures.push("x86_64".to_owned())),
            "too many compatible architectures: 3, at most 2 are allowed"
        );
    }
}
