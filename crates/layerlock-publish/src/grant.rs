//! Who may use a layer version besides its own account.

use crate::Error;

/// Who may use a layer version besides its own account.
///
/// See [AddLayerVersionPermission](https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    principal: String,
    organization: Option<String>,
}

impl Grant {
    /// A grant to `principal`: a 12-digit account ID, an account's root ARN, or `*`
    /// for all accounts. `*` can be limited to one `organization` (`o-...`).
    pub fn new(principal: &str, organization: Option<&str>) -> Result<Self, Error> {
        let refuse = |reason: String| Err(Error::Grant { reason });
        if principal != "*" && !is_account(principal) && account_of_root(principal).is_none() {
            return refuse(format!(
                "the principal {principal:?} must be a 12-digit account ID, an account's root ARN or *"
            ));
        }
        if let Some(organization) = organization {
            if !is_organization(organization) {
                return refuse(format!(
                    "{organization:?} is not an organization ID (o-...)"
                ));
            }
            if principal != "*" {
                return refuse("an organization can only be given with the principal *".to_owned());
            }
        }
        Ok(Self {
            principal: principal.to_owned(),
            organization: organization.map(str::to_owned),
        })
    }

    /// The account ID, the account's root ARN, or `*`.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The organization that `*` is limited to.
    pub fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }
}

/// An AWS account ID is twelve digits.
fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The account ID in a root ARN, `arn:aws:iam::123456789012:root`.
pub(crate) fn account_of_root(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:aws")?;
    let (partition, rest) = rest.split_once(':')?;
    let account = rest.strip_prefix("iam::")?.strip_suffix(":root")?;
    let partition_is_valid = partition
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    (partition_is_valid && is_account(account)).then_some(account)
}

/// `o-` and 10 to 32 lower-case letters and digits.
fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::{Diagnose as _, ErrorKind};

    use super::*;

    #[test]
    fn only_grants_that_the_provider_allows_are_made() {
        let grant = Grant::new("*", Some("o-abcdefghij")).unwrap();
        assert_eq!(
            (grant.principal(), grant.organization()),
            ("*", Some("o-abcdefghij"))
        );
        Grant::new("123456789012", None).unwrap();
        Grant::new("arn:aws:iam::123456789012:root", None).unwrap();
        Grant::new("arn:aws-us-gov:iam::123456789012:root", None).unwrap();

        for (principal, organization) in [
            ("", None),
            ("12345678901", None),
            ("everyone", None),
            ("arn:aws:iam::123456789012:user/x", None),
            ("arn:aws:iam::1234:root", None),
            ("arn:evil/../aws:iam::123456789012:root", None),
            ("123456789012", Some("o-abcdefghij")),
            ("*", Some("abcdefghij")),
            ("*", Some("o-short")),
            ("*", Some("o-ABCDEFGHIJ")),
        ] {
            let error = Grant::new(principal, organization).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{principal:?}");
        }
    }
}
