//! The three kinds of signatures, verified from the secret.

use std::time::{Duration, SystemTime};

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use super::account::FcKey;
use super::asked::{Asked, Reply, decoded};
use super::state::State;

/// How long a request may be on its way.
const WINDOW: Duration = Duration::from_mins(15);

/// [HMAC](https://www.rfc-editor.org/rfc/rfc2104) with SHA-256, of which a block has 64 bytes.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new()
        .chain_update(padded(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new()
        .chain_update(padded(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// All but unreserved characters, and what else may stay.
fn encoded(text: &str, stays: &str) -> String {
    let encode = |byte: u8| {
        let c = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-_.~".contains(c) || stays.contains(c) {
            c.to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

/// `2026-11-28T04:05:06Z` or `20261128T040506Z`, in seconds since 1970.
fn seconds(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let clock = number(8, 10)? * 3600 + number(10, 12)? * 60 + number(12, 14)?;
    // Years are counted from March, so that a leap day is the last.
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    Some((days - 719_469) * 86_400 + clock)
}

fn is_now(text: &str) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap_or_default().as_secs();
    seconds(text).is_some_and(|then| now.abs_diff(then) <= WINDOW.as_secs())
}

fn refused(code: &str, message: &str) -> Reply {
    Reply::error(403, code, message)
}

fn not_matching(signed: &str) -> Reply {
    // As the real one does it, token and all: clients must not repeat it.
    let message = format!("The signature does not match, server string to sign: {signed}");
    refused("SignatureNotMatch", &message)
}

impl State {
    fn key(&self, id: &str) -> Result<FcKey, Reply> {
        let found = self.account.keys.iter().find(|key| key.id == id);
        found
            .cloned()
            .ok_or_else(|| refused("InvalidAccessKeyID", "the access key is not there"))
    }

    /// `ACS3-HMAC-SHA256`.
    pub(super) fn verify_acs3(&mut self, asked: &Asked<'_>) -> Result<(), Reply> {
        let authorization = asked.header("authorization");
        let missing = || refused("MissingAuthorization", "no ACS3-HMAC-SHA256 signature");
        let parts = authorization.strip_prefix("ACS3-HMAC-SHA256 ");
        let parts = parts.ok_or_else(missing)?;
        let part = |name: &str| {
            let mut parts = parts.split(',').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name))
        };
        let (Some(id), Some(names), Some(signature)) = (
            part("Credential="),
            part("SignedHeaders="),
            part("Signature="),
        ) else {
            return Err(missing());
        };
        let key = self.key(id)?;
        let hash = sha256_hex(&asked.message.body);
        if asked.header("x-acs-content-sha256") != hash {
            return Err(refused("InvalidPayloadHash", "the body has another hash"));
        }
        let signed_names: Vec<&str> = names.split(';').collect();
        let must_be_signed = |name: &str| name == "host" || name.starts_with("x-acs-");
        let headers = asked.message.headers.iter();
        for (name, _) in headers.filter(|(name, _)| must_be_signed(name)) {
            if !signed_names.contains(&name.as_str()) {
                let message = format!("the header {name} is not signed");
                return Err(refused("IncompleteSignature", &message));
            }
        }
        let mut query = asked.query.clone();
        query.sort();
        let query = query.iter();
        let query: Vec<_> = query
            .map(|(name, value)| format!("{name}={}", encoded(value, "")))
            .collect();
        let headers: String = signed_names
            .iter()
            .flat_map(|name| [name, ":", asked.header(name).trim(), "\n"])
            .collect();
        let path = if asked.path.is_empty() {
            "/"
        } else {
            asked.path
        };
        let canonical = [asked.method, path, &query.join("&"), &headers, names, &hash].join("\n");
        let signed = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
        let expected = HEXLOWER.encode(&hmac(key.secret.as_bytes(), signed.as_bytes()));
        if signature != expected {
            return Err(not_matching(&canonical));
        }
        if key.token.is_some()
            && key.token.as_deref() != asked.message.header("x-acs-security-token")
        {
            return Err(refused("InvalidSecurityToken", "the token is another"));
        }
        if !is_now(asked.header("x-acs-date")) {
            return Err(refused("InvalidTimeStamp.Expired", "the time is past"));
        }
        if !self
            .nonces
            .insert(asked.header("x-acs-signature-nonce").to_owned())
        {
            return Err(refused("SignatureNonceUsed", "the nonce was used before"));
        }
        Ok(())
    }

    /// `FC id:signature`.
    pub(super) fn verify_fc(&self, asked: &Asked<'_>) -> Result<FcKey, Reply> {
        let parts = asked.header("authorization").strip_prefix("FC ");
        let Some((id, signature)) = parts.and_then(|parts| parts.split_once(':')) else {
            return Err(refused("MissingAuthorization", "no FC signature"));
        };
        let key = self.key(id)?;
        let mut own: Vec<_> = asked.message.headers.iter().collect();
        own.retain(|(name, _)| name.starts_with("x-fc-"));
        own.sort();
        let own: String = own.iter().flat_map(|(n, v)| [n, ":", v, "\n"]).collect();
        let signed = [
            asked.method,
            asked.header("content-md5"),
            asked.header("content-type"),
            asked.header("date"),
            &format!("{own}{}", asked.path),
        ]
        .join("\n");
        let expected = BASE64.encode(&hmac(key.secret.as_bytes(), signed.as_bytes()));
        if signature != expected {
            return Err(not_matching(&signed));
        }
        if key.token.is_some()
            && key.token.as_deref() != asked.message.header("x-fc-security-token")
        {
            return Err(refused("InvalidSecurityToken", "the token is another"));
        }
        if asked.header("date").is_empty() {
            return Err(refused("InvalidArgument", "there is no date"));
        }
        Ok(key)
    }

    /// `OSS4-HMAC-SHA256`, for an object.
    pub(super) fn verify_oss4(
        &self,
        asked: &Asked<'_>,
        bucket: &str,
        object: &str,
    ) -> Result<FcKey, (u16, &'static str, String)> {
        let refused = |code, message: &str| (403, code, message.to_owned());
        let parts = asked.header("authorization");
        let Some(parts) = parts.strip_prefix("OSS4-HMAC-SHA256 ") else {
            return Err(refused("AccessDenied", "V1 is closed to new buckets"));
        };
        let part = |name: &str| {
            let mut parts = parts.split(',').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name))
        };
        let credential = part("Credential=").unwrap_or_default();
        let signature = part("Signature=").unwrap_or_default();
        let additional = part("AdditionalHeaders=").unwrap_or_default();
        let (id, scope) = credential.split_once('/').unwrap_or_default();
        let key = self.account.keys.iter().find(|key| key.id == id);
        let Some(key) = key else {
            return Err(refused("InvalidAccessKeyId", "the access key is not there"));
        };
        let time = asked.header("x-oss-date");
        let date = time.get(..8).unwrap_or_default();
        let region = &self.account.region;
        if scope != format!("{date}/{region}/oss/aliyun_v4_request") {
            return Err(refused("SignatureDoesNotMatch", "the scope is another"));
        }
        let names: Vec<&str> = additional.split(';').collect();
        let is_signed = |name: &str| {
            name.starts_with("x-oss-")
                || matches!(name, "content-type" | "content-md5")
                || names.contains(&name)
        };
        let mut headers: Vec<_> = asked.message.headers.iter().collect();
        headers.retain(|(name, _)| is_signed(name));
        headers.sort();
        let headers: String = headers
            .iter()
            .flat_map(|(n, v)| [n, ":", v, "\n"])
            .collect();
        let resource = encoded(&format!("/{bucket}/{object}"), "/");
        let mut query = asked.query.clone();
        query.sort();
        let query = query.iter().map(|(name, value)| match &**value {
            "" => encoded(name, ""),
            value => format!("{}={}", encoded(name, ""), encoded(value, "")),
        });
        let query = query.collect::<Vec<_>>().join("&");
        let payload = asked.header("x-oss-content-sha256");
        let canonical = [
            asked.method,
            &resource,
            &query,
            &headers,
            additional,
            payload,
        ]
        .join("\n");
        let hash = sha256_hex(canonical.as_bytes());
        let signed = ["OSS4-HMAC-SHA256", time, scope, &hash].join("\n");
        let secret = format!("aliyun_v4{}", key.secret).into_bytes();
        let derived = [date, region, "oss", "aliyun_v4_request"]
            .iter()
            .fold(secret, |key, part| hmac(&key, part.as_bytes()));
        if HEXLOWER.encode(&hmac(&derived, signed.as_bytes())) != signature {
            return Err(refused("SignatureDoesNotMatch", "StringToSign was another"));
        }
        if key.token.as_deref() != asked.message.header("x-oss-security-token") {
            return Err(refused("InvalidSecurityToken", "the token is another"));
        }
        if !is_now(time) {
            return Err(refused("RequestTimeTooSkewed", "the time is past"));
        }
        Ok(key.clone())
    }
}

/// The bucket and the key that a request names, in its host or in its path.
pub(super) fn bucket_and_key(asked: &Asked<'_>, host: &str) -> (String, String) {
    let path = decoded(asked.path.trim_start_matches('/'));
    let in_host = asked.header("host").strip_suffix(host);
    if let Some(bucket) = in_host.and_then(|rest| rest.strip_suffix('.')) {
        return (bucket.to_owned(), path);
    }
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    (bucket.to_owned(), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>, and the key of section 4.7.
    #[test]
    fn hmac_is_that_of_the_rfc() {
        let text = b"what do ya want for nothing?";
        assert_eq!(
            HEXLOWER.encode(&hmac(b"Jefe", text)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(
            HEXLOWER.encode(&hmac(&[0xaa; 131], text)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn times_are_in_seconds() {
        for text in ["2026-11-28T04:05:06Z", "20261128T040506Z"] {
            assert_eq!(seconds(text), Some(1_795_838_706));
        }
        assert_eq!(seconds("19700101T000000Z"), Some(0));
        assert_eq!(seconds("soon"), None);
        assert!(!is_now("2026-01-01T00:00:00Z"));
    }
}
