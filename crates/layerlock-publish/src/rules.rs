/*!
Names and limits of a layer version, as AWS Lambda has them.

They hold for every backend, so that what the local folder takes, the provider
takes too. Sizes are layerlock-target's. Source of the numbers:
[PublishLayerVersion](https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html).
*/

use crate::{Artifact, Error};

/// Characters of a layer's name: letters, digits, `-` and `_` of ASCII.
pub const MAX_NAME: usize = 140;
/// Characters of a version's description.
pub const MAX_DESCRIPTION: usize = 256;
/// Characters of a version's license.
pub const MAX_LICENSE: usize = 512;
/// Compatible runtimes of a version.
pub const MAX_RUNTIMES: usize = 15;
/// Compatible architectures of a version.
pub const MAX_ARCHITECTURES: usize = 2;

/// Checks all that can be known before the provider is asked.
pub(crate) fn check(artifact: &Artifact) -> Result<(), Error> {
    check_name(&artifact.layer)?;
    let characters = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
    for (what, found, limit) in [
        (
            "characters in the description",
            characters(&artifact.description),
            MAX_DESCRIPTION,
        ),
        (
            "characters in the license",
            characters(&artifact.license),
            MAX_LICENSE,
        ),
        ("compatible runtimes", artifact.runtimes.len(), MAX_RUNTIMES),
        (
            "compatible architectures",
            artifact.architectures.len(),
            MAX_ARCHITECTURES,
        ),
    ] {
        if found > limit {
            return Err(Error::TooMany { what, found, limit });
        }
    }
    Ok(())
}

/// Checks a layer's name. One that passes is also a safe file name: it has no
/// separator and no dot.
pub fn check_name(layer: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=MAX_NAME).contains(&layer.len()) && layer.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::LayerName {
            name: layer.to_owned(),
        })
    }
}

/// An AWS account's number is twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `arn:aws:iam::123456789012:root`: the account in it.
pub(crate) fn account_of_root(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:aws")?;
    let (partition, rest) = rest.split_once(':')?;
    let account = rest.strip_prefix("iam::")?.strip_suffix(":root")?;
    let partition_is_valid = partition
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    (partition_is_valid && is_account(account)).then_some(account)
}

/// `o-` and 10 to 32 small letters and digits.
pub(crate) fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn artifact() -> Artifact {
        Artifact {
            layer: "web".to_owned(),
            zip: "layer.zip".into(),
            size: 0,
            sha256: [0; 32],
            description: None,
            license: None,
            runtimes: Vec::new(),
            architectures: Vec::new(),
        }
    }

    #[test]
    fn names_are_the_providers() {
        for name in ["a", "-", "Shared_Layer-2", &"n".repeat(MAX_NAME)] {
            check_name(name).unwrap();
        }
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "C:",
            "a b",
            "a\0",
            "é",
            "web.lock",
            "arn:aws:lambda:eu-west-1:123456789012:layer:web",
            &"n".repeat(MAX_NAME + 1),
        ] {
            let error = check_name(name).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{name:?}");
        }
    }

    #[test]
    fn limits_hold_and_are_named() {
        let mut full = artifact();
        // Characters, not bytes.
        full.description = Some("é".repeat(MAX_DESCRIPTION));
        full.license = Some("l".repeat(MAX_LICENSE));
        full.runtimes = vec!["python3.12".to_owned(); MAX_RUNTIMES];
        full.architectures = vec!["arm64".to_owned(); MAX_ARCHITECTURES];
        check(&full).unwrap();

        let message = |change: fn(&mut Artifact)| {
            let mut artifact = full.clone();
            change(&mut artifact);
            check(&artifact).unwrap_err().to_string()
        };
        assert_eq!(
            message(|artifact| artifact.description = Some("d".repeat(257))),
            "257 characters in the description, at most 256 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.license = Some("l".repeat(513))),
            "513 characters in the license, at most 512 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.runtimes.push("python3.13".to_owned())),
            "16 compatible runtimes, at most 15 are allowed"
        );
        assert_eq!(
            message(|artifact| artifact.architectures.push("x86_64".to_owned())),
            "3 compatible architectures, at most 2 are allowed"
        );
    }
}
