//! Passwords in settings, access keys, private keys.

use super::url::is_placeholder;

/// Whether a line of settings gives a password or token its value: `password = hunter2x`,
/// `API_TOKEN: abc`, `machine host login me password hunter2x`.
pub(super) fn is_setting(line: &str) -> bool {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return false;
    }
    ['=', ':'].iter().any(|&separator| {
        let Some((key, value)) = line.split_once(separator) else {
            return false;
        };
        let key = key.trim().trim_matches(['"', '\'']).to_lowercase();
        let key = key.rsplit([' ', '.', ':', '/']).next().unwrap_or_default();
        let value = value.split(" #").next().unwrap_or_default();
        let value = value.trim().trim_matches(['"', '\'', ',']);
        is_secret(key) && !value.contains(' ') && value.len() >= 6 && !is_placeholder(value)
    })
}

fn is_secret(key: &str) -> bool {
    let key = key.replace('-', "_");
    let words = [
        "password",
        "passwd",
        "secret_key",
        "access_key",
        "api_key",
        "apikey",
        "authtoken",
    ];
    words.iter().any(|word| key.ends_with(word))
        || matches!(&*key, "token" | "secret" | "_auth" | "pypi_token")
        || key.ends_with("_token")
        || key.ends_with("_secret")
}

/// Whether a line has the identifier of an access key of AWS, and not one of its
/// documentation.
pub(super) fn has_access_key(line: &str) -> bool {
    ["AKIA", "ASIA"].iter().any(|start| {
        line.match_indices(start).any(|(at, _)| {
            let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            let starts = !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let rest = &line[at..];
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let key = &rest[..end];
            let is_word = !rest[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
            let has_digit = key.contains(|c: char| c.is_ascii_digit());
            starts && is_word && key.len() == 20 && has_digit && !key.contains("EXAMPLE")
        })
    })
}

/// Whether a private key begins in a line: its marker, and data in the next.
pub(super) fn begins_private_key(line: &str, next: Option<&str>) -> bool {
    let line = line.trim();
    let is_marker = line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----");
    let is_data = |line: &str| {
        let line = line.trim();
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        line.len() >= 32 && line.chars().all(is_base64)
            // The headers of a key that is kept under a password.
            || line.starts_with("Proc-Type:")
    };
    is_marker && next.is_some_and(is_data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_with_a_value_are_told_from_those_without() {
        for (line, expected) in [
            ("password = hunter2x", true),
            ("API_TOKEN=abcdef123456", true),
            ("//packages.example.com/:_authToken=abcdef123456", true),
            ("packages.example.com/:_authToken=abcdef123456", true),
            ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", true),
            ("\"password\": \"hunter2x\",", true),
            ("password = ${PASSWORD}", false),
            ("password = <your password>", false),
            ("password = ", false),
            ("# password = hunter2x", false),
            ("token_count = 1234567", false),
            ("passwords are long: they have to be", false),
        ] {
            assert_eq!(is_setting(line), expected, "{line}");
        }
    }

    #[test]
    fn access_keys_are_told_from_the_documentations() {
        assert!(has_access_key("key = 'AKIAQ3EGUVLZ7WXY2ABC'"));
        for line in [
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAQ3",
            "XAKIAQ3EGUVLZ7WXY2AB",
            "AKIAABCDEFGHIJKLMNOP",
        ] {
            assert!(!has_access_key(line), "{line}");
        }
    }

    #[test]
    fn a_private_key_has_data() {
        let data = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
        let marker = "-----BEGIN RSA PRIVATE KEY-----";
        assert!(begins_private_key(marker, Some(data)));
        assert!(begins_private_key(marker, Some("Proc-Type: 4,ENCRYPTED")));
        assert!(!begins_private_key(marker, Some("...")));
        assert!(!begins_private_key(marker, None));
        assert!(!begins_private_key(
            "START = '-----BEGIN PRIVATE KEY-----'",
            Some(data)
        ));
        assert!(!begins_private_key(
            "-----BEGIN PUBLIC KEY-----",
            Some(data)
        ));
    }
}
