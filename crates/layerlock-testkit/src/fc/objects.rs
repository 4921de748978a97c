//! Objects in OSS, and the temporary bucket.

use serde_json::json;

use super::account::FcKey;
use super::asked::{Asked, Reply};
use super::layers::crc64;
use super::signature::bucket_and_key;
use super::state::State;

/// The bucket of temporary objects.
const TEMPORARY: &str = "fc-temporary";

/// An error, as OSS tells it.
fn error(status: u16, code: &str, message: &str) -> Reply {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{message}</Message><RequestId>1-2-3</RequestId></Error>"
    );
    Reply {
        status,
        headers: vec![
            ("content-type".to_owned(), "application/xml".to_owned()),
            ("x-oss-request-id".to_owned(), "1-2-3".to_owned()),
        ],
        body: xml.into_bytes(),
    }
}

impl State {
    /// A token that may write one object.
    pub(super) fn temporary_bucket(&mut self, asked: &Asked<'_>) -> Reply {
        if let Err(refused) = self.verify_fc(asked) {
            return refused;
        }
        if self.is_denied("fc:GetTempBucketToken") {
            return Reply::error(403, "AccessDenied", "no temporary bucket for the caller");
        }
        self.tokens += 1;
        let number = self.tokens;
        let id = format!("STS.bucket{number}");
        let key = FcKey::new(&id, "buck3t/+=", Some("token/of/bucket="));
        self.account.keys.push(key);
        Reply::json(
            200,
            &json!({
                "credentials": {
                    "AccessKeyId": id,
                    "AccessKeySecret": "buck3t/+=",
                    "SecurityToken": "token/of/bucket=",
                    "Expiration": "2099-01-01T00:00:00Z",
                },
                "ossRegion": self.account.region,
                "ossBucket": TEMPORARY,
                "objectName": format!("object{number}"),
            }),
        )
    }

    pub(super) fn oss(&mut self, asked: &Asked<'_>) -> Reply {
        let (bucket, key) = bucket_and_key(asked, &self.host);
        let who = match self.verify_oss4(asked, &bucket, &key) {
            Ok(who) => who,
            Err((status, code, message)) => return error(status, code, &message),
        };
        let of_token = who.id.strip_prefix("STS.bucket");
        let own = format!("{}/object", self.account.account);
        let may = match of_token {
            Some(number) => bucket == TEMPORARY && key == format!("{own}{number}"),
            None => bucket != TEMPORARY,
        };
        if !may {
            return error(403, "AccessDenied", "the token is for another object");
        }
        if bucket != TEMPORARY && !self.account.buckets.contains(&bucket) {
            return error(404, "NoSuchBucket", "The specified bucket does not exist.");
        }
        let action = match asked.method {
            "PUT" => "oss:PutObject",
            "DELETE" => "oss:DeleteObject",
            _ => "oss:GetObject",
        };
        if self.is_denied(action) {
            return error(
                403,
                "AccessDenied",
                "You have no right to access this object.",
            );
        }
        self.object(asked, (bucket, key))
    }

    fn object(&mut self, asked: &Asked<'_>, at: (String, String)) -> Reply {
        if asked.method == "PUT" {
            if asked.header("x-oss-forbid-overwrite") == "true" && self.objects.contains_key(&at) {
                return error(409, "FileAlreadyExists", "The object already exists.");
            }
            let reply = with_checksum(&asked.message.body, Vec::new());
            self.objects.insert(at, asked.message.body.clone());
            return reply;
        }
        if asked.method == "DELETE" {
            self.objects.remove(&at);
            return Reply::empty(204);
        }
        let Some(bytes) = self.objects.get(&at) else {
            return error(404, "NoSuchKey", "The specified key does not exist.");
        };
        let mut reply = with_checksum(bytes, bytes.clone());
        let length = ("content-length".to_owned(), bytes.len().to_string());
        reply.headers.push(length);
        reply
    }
}

fn with_checksum(bytes: &[u8], body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        headers: vec![
            ("x-oss-hash-crc64ecma".to_owned(), crc64(bytes).to_string()),
            ("x-oss-request-id".to_owned(), "1-2-3".to_owned()),
            ("etag".to_owned(), "\"0\"".to_owned()),
        ],
        body,
    }
}
