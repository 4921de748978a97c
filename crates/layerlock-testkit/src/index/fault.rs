//! Faults that a test can ask of the index.

use std::time::Duration;

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with a one-line text as its body.
    Status(u16),
    /// This status with this Retry-After: seconds, or a date.
    Throttle(u16, String),
    /// The connection ends after this many bytes of the body. Content-Length is that of
    /// the whole body.
    CutBody(usize),
    /// Content-Length is this, whatever the length of the body.
    ContentLength(usize),
    /// An answer of HTTP/1.0 without Content-Length, whose body ends after this many bytes.
    Unannounced(usize),
    /// After this many bytes of the body, nothing for that long, then the rest.
    Slow {
        /// Bytes of the body that arrive at once.
        after: usize,
        /// The pause; ends early when the index is dropped.
        pause: Duration,
    },
    /// 302 to this URL, absolute or relative.
    Redirect(String),
    /// An HTML page with a form instead of what was asked for, status 200.
    LoginPage,
    /// This body instead of the right one, with the right headers.
    Body(Vec<u8>),
    /// This piece again and again, without Content-Length, until the client
    /// disconnects.
    Endless {
        /// The piece.
        piece: Vec<u8>,
        /// Whether it is compressed with gzip.
        gzip: bool,
    },
}
