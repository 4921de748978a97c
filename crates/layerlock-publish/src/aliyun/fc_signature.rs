/*!
`FC id:signature`: how requests to the older API of Function Compute are signed, of which
one is left in use: that for a temporary bucket.

[Signature authentication](https://www.alibabacloud.com/help/en/functioncompute/fc-2-0/signature-authentication):

```text
METHOD \n CONTENT-MD5 \n CONTENT-TYPE \n DATE \n x-fc-name:value \n ... PATH
```
*/

use data_encoding::BASE64;

use super::credentials::Key;
use super::encode::hmac_sha256;

/// The value of the header `Authorization` of a request without a query. `headers` have
/// names in lower case.
pub(super) fn authorization(
    method: &str,
    path: &str,
    headers: &[(String, String)],
    key: &Key,
) -> String {
    let value = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name == wanted);
        found.map_or("", |(_, value)| value.as_str())
    };
    let mut own: Vec<_> = headers.iter().collect();
    own.retain(|(name, _)| name.starts_with("x-fc-"));
    own.sort();
    let own: String = own
        .iter()
        .flat_map(|(name, value)| [name, ":", value, "\n"])
        .collect();
    let resource = format!("{own}{path}");
    let signed = [
        method,
        value("content-md5"),
        value("content-type"),
        value("date"),
        &resource,
    ];
    let signature = hmac_sha256(key.secret.as_bytes(), &signed.join("\n"));
    format!("FC {}:{}", key.id, BASE64.encode(&signature))
}

#[cfg(test)]
mod tests {
    use super::super::vectors;
    use super::*;

    #[test]
    fn signatures_are_those_of_the_official_sdk() {
        let vectors = vectors::of("fc");
        assert!(vectors.len() >= 2);
        for vector in vectors {
            let signed = authorization(
                vector.text("method"),
                vector.text("path"),
                &vector.headers(),
                &vector.key(),
            );
            assert_eq!(signed, vector.text("authorization"));
        }
    }
}
