/*!
`OSS4-HMAC-SHA256`: the signature of requests to OSS.

[Signature V4](https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4):
the canonical request is

```text
METHOD \n /BUCKET/KEY \n QUERY \n name:value \n ... \n additional;names \n UNSIGNED-PAYLOAD
```

of which the headers are `content-type`, `content-md5` and each `x-oss-*`. The key is
derived from the secret by date, region and service. The older V1 is closed to new accounts.
*/

use data_encoding::HEXLOWER;

use super::credentials::Key;
use super::encode::{hmac_sha256, path, query, sha256_hex};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
const REQUEST: &str = "aliyun_v4_request";

/// The header that says so, and its value: the body is not part of the signature.
pub(super) const PAYLOAD: (&str, &str) = ("x-oss-content-sha256", "UNSIGNED-PAYLOAD");

/// A request as far as it is signed.
pub(super) struct ToSign<'r> {
    pub(super) method: &'r str,
    pub(super) bucket: &'r str,
    /// The object's key, not encoded.
    pub(super) object: &'r str,
    /// Not encoded.
    pub(super) query: &'r [(&'r str, &'r str)],
    /// Names in lower case, each once. Those that are not part of a signature are left out.
    pub(super) headers: &'r [(String, String)],
    pub(super) region: &'r str,
    /// As the header `x-oss-date` has it: `20261128T040506Z`.
    pub(super) time: &'r str,
}

impl ToSign<'_> {
    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self, key: &Key) -> String {
        let date = self.time.get(..8).unwrap_or(self.time);
        let scope = format!("{date}/{}/oss/{REQUEST}", self.region);
        let canonical = sha256_hex(self.canonical().as_bytes());
        let signed = [ALGORITHM, self.time, &scope, &canonical].join("\n");
        let secret = format!("aliyun_v4{}", key.secret).into_bytes();
        let parts = [date, self.region, "oss", REQUEST];
        let derived = parts
            .into_iter()
            .fold(secret, |key, part| hmac_sha256(&key, part));
        let signature = hmac_sha256(&derived, &signed);
        format!(
            "{ALGORITHM} Credential={}/{scope},Signature={}",
            key.id,
            HEXLOWER.encode(&signature)
        )
    }

    fn canonical(&self) -> String {
        let is_signed = |name: &str| {
            name.starts_with("x-oss-") || matches!(name, "content-type" | "content-md5")
        };
        let mut headers: Vec<_> = self.headers.iter().collect();
        headers.sort();
        let headers = headers.iter().filter(|(name, _)| is_signed(name));
        let headers: String = headers
            .flat_map(|(name, value)| [name, ":", value.trim(), "\n"])
            .collect();
        let resource = path(&format!("/{}/{}", self.bucket, self.object));
        let query = query(self.query, true);
        let no_other_names = "";
        [
            self.method,
            &resource,
            &query,
            &headers,
            no_other_names,
            PAYLOAD.1,
        ]
        .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;

    #[test]
    fn canonical_requests_and_signatures_are_those_of_the_official_sdk() {
        let vectors = vectors::of("oss4");
        assert!(vectors.len() >= 5);
        for vector in vectors {
            let headers = vector.headers();
            let time = headers.iter().find(|(name, _)| name == "x-oss-date");
            let signed = ToSign {
                method: vector.text("method"),
                bucket: vector.text("bucket"),
                object: vector.text("object"),
                query: &[],
                headers: &headers,
                region: vector.text("region"),
                time: &time.unwrap().1,
            };
            let name = vector.text("name");
            assert_eq!(signed.canonical(), vector.text("canonical"), "{name}");
            let authorization = signed.authorization(&vector.key());
            assert_eq!(authorization, vector.text("authorization"), "{name}");
        }
    }
}
