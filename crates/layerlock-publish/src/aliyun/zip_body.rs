//! A zip on its way: read piece by piece while the connection takes it, so that memory does
//! not grow with it.

use std::io::{self, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use data_encoding::BASE64;
use fs_err as fs;
use http_body::{Body, Frame, SizeHint};
use layerlock_digest::{Algorithm, Digest, Hasher};
use serde_json::{Map, Value, json};

use crate::moving::Moved;
use crate::{Artifact, Error};

/// How much is sent at once.
const PIECE: usize = 1 << 16;

/// The members of a request that makes a version, but for its code.
pub(super) fn members(artifact: &Artifact) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert(
        "compatibleRuntime".to_owned(),
        artifact.runtimes.clone().into(),
    );
    let description = artifact.marked_description();
    members.insert("description".to_owned(), description.into());
    if let Some(license) = &artifact.license {
        members.insert("license".to_owned(), license.clone().into());
    }
    members
}

/// The body of a request with the zip in it. The zip must be the artifact's.
pub(super) fn request(artifact: &Artifact, crc64: u64) -> Result<Bytes, Error> {
    let zip = fs::read(&artifact.zip)?;
    check(artifact, Digest::sha256_of(&zip))?;
    let mut members = members(artifact);
    let code = json!({"checksum": crc64.to_string(), "zipFile": BASE64.encode(&zip)});
    members.insert("code".to_owned(), code);
    Ok(Value::Object(members).to_string().into())
}

/// The body of a request for a zip in a bucket.
pub(super) fn stored_request(artifact: &Artifact, bucket: &str, key: &str, crc64: u64) -> Bytes {
    let mut members = members(artifact);
    let code = json!({
        "checksum": crc64.to_string(),
        "ossBucketName": bucket,
        "ossObjectName": key,
    });
    members.insert("code".to_owned(), code);
    Value::Object(members).to_string().into()
}

/// An error where a file is not the artifact's zip.
fn check(artifact: &Artifact, found: Digest) -> Result<(), Error> {
    if found == artifact.digest {
        return Ok(());
    }
    Err(Error::ZipChanged {
        path: artifact.zip.clone(),
        expected: artifact.code_sha256(),
        found: found.base64(),
    })
}

/// The CRC-64/XZ of an artifact's zip.
pub(super) fn crc64_of(artifact: &Artifact) -> Result<u64, Error> {
    let mut zip = fs::File::open(&artifact.zip)?;
    let mut digest = crc64fast::Digest::new();
    let mut piece = vec![0; PIECE];
    loop {
        match zip.read(&mut piece)? {
            0 => return Ok(digest.sum64()),
            count => digest.write(&piece[..count]),
        }
    }
}

/// Bytes that are counted on their way.
pub(super) fn counted(bytes: Bytes, moved: &Arc<Moved>) -> reqwest::Body {
    reqwest::Body::wrap(Streamed {
        left: bytes.len() as u64,
        pieces: Pieces::Bytes(bytes),
        moved: Arc::clone(moved),
    })
}

/// A zip that is read and counted on its way. Its last piece is kept back where the file is
/// no longer the artifact's zip, so that the provider gets nothing to take.
pub(super) fn zip(artifact: &Artifact, moved: &Arc<Moved>) -> Result<reqwest::Body, Error> {
    Ok(reqwest::Body::wrap(Streamed {
        left: artifact.size,
        pieces: Pieces::Zip {
            file: fs::File::open(&artifact.zip)?,
            hasher: Some(Box::new(Hasher::new(Algorithm::Sha256))),
            artifact: Box::new(artifact.clone()),
        },
        moved: Arc::clone(moved),
    }))
}

enum Pieces {
    Bytes(Bytes),
    Zip {
        file: fs::File,
        hasher: Option<Box<Hasher>>,
        artifact: Box<Artifact>,
    },
}

struct Streamed {
    pieces: Pieces,
    left: u64,
    moved: Arc<Moved>,
}

impl Pieces {
    /// The next one, of what is left.
    fn next(&mut self, left: u64) -> Result<Bytes, Error> {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let (file, hasher, artifact) = match self {
            Self::Bytes(bytes) => return Ok(bytes.split_to(wanted.min(bytes.len()))),
            Self::Zip {
                file,
                hasher,
                artifact,
            } => (file, hasher, artifact),
        };
        let mut piece = Vec::with_capacity(wanted);
        file.take(wanted as u64).read_to_end(&mut piece)?;
        if let Some(hasher) = hasher {
            hasher.update(&piece);
        }
        let is_last = piece.len() as u64 == left || piece.len() < wanted;
        if let Some(mut hasher) = hasher.take_if(|_| is_last) {
            io::copy(file, &mut *hasher)?;
            check(artifact, hasher.finish())?;
        }
        Ok(piece.into())
    }
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = io::Error;

    /// Reading a piece blocks, for less than the thread would take to hand it to another.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let left = self.left;
        if left == 0 {
            return Poll::Ready(None);
        }
        match self.pieces.next(left) {
            Ok(piece) => {
                self.left = left.saturating_sub(piece.len() as u64);
                self.moved.add(piece.len());
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
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
