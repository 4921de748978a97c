/*!
The request that carries a zip.

A zip is read once, into the request's JSON: the SDK's own way holds it three times, as
bytes, in base64 and in JSON. The request goes out piece by piece and is watched on its
way: the SDK knows only how long a whole request takes, so that a dead connection would
have as much time as a large upload needs.
*/

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io::Read as _;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::BoxError;
use aws_sdk_lambda::primitives::SdkBody;
use bytes::Bytes;
use data_encoding::BASE64;
use fs_err as fs;
use http_body::{Body, Frame, SizeHint};
use layerlock_digest::{Algorithm, Hasher};
use serde_json::{Map, Value};
use tokio::time::{MissedTickBehavior, interval};

use crate::{Artifact, Error};

/// How much is handed to the connection at once.
const PIECE: usize = 1 << 16;

/// How often is looked whether an upload goes on.
const TICK: Duration = Duration::from_millis(100);

/// The body of a `PublishLayerVersion` request. The zip must be the artifact's.
pub(super) fn body(artifact: &Artifact) -> Result<Bytes, Error> {
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

    let mut zip = fs::File::open(&artifact.zip)?;
    let size = usize::try_from(artifact.size).unwrap_or_default();
    let mut text = String::with_capacity(begin.len() + BASE64.encode_len(size) + 32);
    text.push_str(begin);
    text.push_str(r#","Content":{"ZipFile":""#);
    let mut hasher = Hasher::new(Algorithm::Sha256);
    let base64 = BASE64;
    let mut encoder = base64.new_encoder(&mut text);
    let mut piece = vec![0; PIECE];
    loop {
        let count = zip.read(&mut piece)?;
        if count == 0 {
            break;
        }
        hasher.update(&piece[..count]);
        encoder.append(&piece[..count]);
    }
    encoder.finalize();
    text.push_str(r#""}}"#);
    let found = hasher.finish();
    if found != artifact.digest {
        return Err(Error::ZipChanged {
            path: artifact.zip.clone(),
            expected: artifact.code_sha256(),
            found: found.base64(),
        });
    }
    Ok(Bytes::from(text))
}

/// How far an upload is.
#[derive(Debug)]
pub(super) struct Moved {
    /// Of the request.
    bytes: AtomicU64,
    /// Bytes of the request, and of the zip in it.
    sizes: (u64, u64),
    last: Mutex<Instant>,
}

impl Moved {
    pub(super) fn new(request: u64, zip: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes: AtomicU64::new(0),
            sizes: (request, zip),
            last: Mutex::new(Instant::now()),
        })
    }

    fn add(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How much of the zip.
    fn of_zip(&self) -> u64 {
        let (request, zip) = self.sizes;
        let bytes = self.bytes.load(Ordering::Relaxed);
        bytes.saturating_mul(zip) / request.max(1)
    }

    fn idle(&self) -> Duration {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed()
    }
}

/// Puts the body into the request: whole for the signature, in pieces for the way.
pub(super) struct Sending {
    pub(super) body: Bytes,
    pub(super) moved: Arc<Moved>,
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
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
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(self.body.clone());
        let length = self.body.len().to_string();
        request.headers_mut().insert("content-length", length);
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *context.request_mut().body_mut() = SdkBody::from_body_1_x(Counted {
            rest: self.body.clone(),
            moved: Arc::clone(&self.moved),
        });
        Ok(())
    }
}

/// A body that counts what the connection takes of it.
struct Counted {
    rest: Bytes,
    moved: Arc<Moved>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let count = self.rest.len().min(PIECE);
        self.moved.add(count);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// Waits for the answer to an upload, and tells `sent` how many more bytes of the zip moved.
/// `None` where nothing moved for so long.
pub(super) async fn watch<T>(
    sending: impl Future<Output = T>,
    moved: &Moved,
    stall: Duration,
    sent: &(dyn Fn(u64) + Sync),
) -> Option<T> {
    let mut sending = pin!(sending);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut told = 0;
    loop {
        let answer = poll_fn(|context| match sending.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => ticks.poll_tick(context).map(|_| None),
        })
        .await;
        let bytes = moved.of_zip();
        if bytes > told {
            sent(bytes - told);
            told = bytes;
        }
        if answer.is_some() || moved.idle() > stall {
            return answer;
        }
    }
}
