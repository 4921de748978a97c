/*!
A zip on its way.

It is read from its file piece by piece while the connection takes it, so that memory does
not grow with it: the SDK's own way holds it three times, as bytes, in base64 and in JSON.
What is sent is hashed on its way, and the last piece is kept back where the file is no
longer the artifact's zip, so that the provider gets nothing to take.
*/

use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aws_runtime::auth::PayloadSigningOverride;
use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::BoxError;
use aws_sdk_lambda::primitives::SdkBody;
use bytes::Bytes;
use data_encoding::BASE64;
use fs_err as fs;
use http_body::{Body, Frame, SizeHint};
use layerlock_digest::{Algorithm, Digest, Hasher};
use serde_json::{Map, Value};

use super::signed::Payload;
use crate::moving::Moved;
use crate::{Artifact, Error};

/// How much of the zip is read at once: a multiple of three, so that its base64 needs no
/// padding before the end.
const PIECE: u64 = 3 << 14;

/// What a request carries: the zip, or JSON with the zip in base64.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    artifact: Artifact,
    json: Option<Json>,
}

/// What is before and after the zip's base64.
#[derive(Debug, Clone)]
struct Json {
    begin: Bytes,
    end: Bytes,
}

impl Content {
    /// The zip itself.
    pub(super) fn zip(artifact: &Artifact) -> Self {
        Self {
            artifact: artifact.clone(),
            json: None,
        }
    }

    /// The body of a `PublishLayerVersion` request.
    pub(super) fn request(artifact: &Artifact) -> Self {
        let mut members = Map::new();
        let names = |names: &[String]| (!names.is_empty()).then(|| Value::from(names.to_vec()));
        for (name, value) in [
            ("CompatibleArchitectures", names(&artifact.architectures)),
            ("CompatibleRuntimes", names(&artifact.runtimes)),
            (
                "Description",
                Some(Value::from(artifact.marked_description())),
            ),
            ("LicenseInfo", artifact.license.clone().map(Value::from)),
        ] {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        }
        let members = Value::from(members).to_string();
        let begin = members.strip_suffix('}').unwrap_or(&members);
        Self {
            artifact: artifact.clone(),
            json: Some(Json {
                begin: Bytes::from(format!(r#"{begin},"Content":{{"ZipFile":""#)),
                end: Bytes::from_static(br#""}}"#),
            }),
        }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        let size = self.artifact.size;
        match &self.json {
            None => size,
            Some(json) => (json.begin.len() + json.end.len()) as u64 + size.div_ceil(3) * 4,
        }
    }

    /// How far it is, once it is on its way.
    pub(super) fn moved(&self) -> Arc<Moved> {
        Moved::new(self.length(), self.artifact.size)
    }

    /// Reads the zip to hash the content. The zip must be the artifact's.
    pub(super) fn hash(&self) -> Result<Digest, Error> {
        let mut pieces = Pieces::open(self)?;
        let mut hasher = Hasher::new(Algorithm::Sha256);
        while let Some(piece) = pieces.next()? {
            hasher.update(&piece);
        }
        Ok(hasher.finish())
    }

    /// It as what a request carries. It must be the zip itself, whose hash is known.
    pub(super) fn payload(&self, moved: &Arc<Moved>) -> Result<Payload, Error> {
        Ok(Payload {
            body: self.body(moved)?,
            digest: self.artifact.digest,
            length: Some(self.length()),
        })
    }

    /// It as the body of a request, which tells `moved` how far it is.
    pub(super) fn body(&self, moved: &Arc<Moved>) -> Result<SdkBody, Error> {
        Ok(SdkBody::from_body_1_x(Streamed {
            pieces: Pieces::open(self)?,
            left: self.length(),
            moved: Arc::clone(moved),
        }))
    }
}

/// Gives a content piece by piece.
struct Pieces {
    artifact: Artifact,
    zip: fs::File,
    /// Bytes of the zip that are not read.
    left: u64,
    /// `None` once all of it was read, and compared with the artifact.
    hasher: Option<Hasher>,
    begin: Option<Bytes>,
    is_base64: bool,
    end: Option<Bytes>,
}

impl Pieces {
    fn open(content: &Content) -> Result<Self, Error> {
        let artifact = content.artifact.clone();
        let json = content.json.clone();
        Ok(Self {
            zip: fs::File::open(&artifact.zip)?,
            left: artifact.size,
            hasher: Some(Hasher::new(Algorithm::Sha256)),
            artifact,
            is_base64: json.is_some(),
            begin: json.as_ref().map(|json| json.begin.clone()),
            end: json.map(|json| json.end),
        })
    }

    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(begin) = self.begin.take() {
            return Ok(Some(begin));
        }
        if self.hasher.is_none() {
            return Ok(self.end.take());
        }
        let mut piece = Vec::new();
        let wanted = self.left.min(PIECE);
        (&mut self.zip).take(wanted).read_to_end(&mut piece)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        self.left -= piece.len() as u64;
        if self.left == 0 || (piece.len() as u64) < wanted {
            self.check()?;
        }
        Ok(Some(if self.is_base64 {
            Bytes::from(BASE64.encode(&piece))
        } else {
            Bytes::from(piece)
        }))
    }

    /// Compares the file, of which nothing should be left, with the artifact.
    fn check(&mut self) -> Result<(), Error> {
        let Some(mut hasher) = self.hasher.take() else {
            return Ok(());
        };
        io::copy(&mut self.zip, &mut hasher)?;
        let found = hasher.finish();
        if found == self.artifact.digest && self.left == 0 {
            return Ok(());
        }
        Err(Error::ZipChanged {
            path: self.artifact.zip.clone(),
            expected: self.artifact.code_sha256(),
            found: found.base64(),
        })
    }
}

/// A content as a body.
struct Streamed {
    pieces: Pieces,
    left: u64,
    moved: Arc<Moved>,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    /// Reading a piece blocks, for less than the thread would take to hand it to another.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.pieces.next() {
            Ok(Some(piece)) => {
                self.moved.add(piece.len());
                self.left = self.left.saturating_sub(piece.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Ok(None) => Poll::Ready(None),
            Err(error) => {
                // The client would tell it as one of the network.
                self.moved.fail(error);
                Poll::Ready(Some(Err(io::Error::other("the zip cannot be sent"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Puts the content into a request of the SDK, which is signed by the content's hash.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) content: Content,
    /// The content's hash.
    pub(super) digest: Digest,
    pub(super) moved: Arc<Moved>,
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Sending {
    fn name(&self) -> &'static str {
        "Sending"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let length = self.content.length().to_string();
        let headers = context.request_mut().headers_mut();
        headers.insert("content-length", length);
        let digest = PayloadSigningOverride::Precomputed(self.digest.hex());
        config.interceptor_state().store_put(digest);
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.content.body(&self.moved) {
            Ok(body) => *context.request_mut().body_mut() = body,
            Err(error) => {
                self.moved.fail(error);
                return Err("the zip cannot be read".into());
            }
        }
        Ok(())
    }
}
