//! For tests only: wheels made in memory and a loopback index to serve them.
//!
//! Tests make the input that they need, hostile input included, instead of
//! fetching it: [`WheelBuilder`] makes a wheel, [`LoopbackIndex`] serves it
//! over real HTTP on 127.0.0.1 with faults on demand, and [`ProjectBuilder`]
//! writes a Poetry project whose lock names it. [`FaultProxy`] breaks chosen requests on
//! their way to a real server, [`RecordingLambda`] keeps those to a made-up one, and
//! [`FcServer`] speaks Alibaba Function Compute and OSS. Everything is deterministic:
//! the same calls give the same bytes.
//!
//! Functions here panic on errors of the machine (no free port, no temporary
//! directory), so that tests need not handle them.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot make its input has failed"
)]

mod container;
mod content_hash;
mod corpus;
mod elf;
mod fault_proxy;
mod fc;
mod index;
mod message;
mod mutate;
mod noise;
mod page;
mod project;
mod recorder;
mod source;
mod tls;
mod wheel;

pub use content_hash::content_hash;
pub use corpus::{HostileWheel, hostile_wheels, index_pages, sound_wheel};
pub use elf::{SharedLibrary, shared_library};
pub use fault_proxy::{Break, BrokenRequest, FaultProxy};
pub use fc::{FcAccount, FcFunction, FcKey, FcServer, FcVersion};
pub use index::{Fault, LoopbackIndex, Request, ServedFile};
pub use mutate::{Change, mutate};
pub use noise::noise;
pub use page::{LinkStyle, PageLink, html_page, json_page};
pub use project::{LockedPackage, ProjectBuilder, TestProject};
pub use recorder::{RecordedRequest, RecordingLambda};
pub use source::SourceTree;
pub use tls::Identity;
pub use wheel::{Flaw, HOSTILE_NAMES, Wheel, WheelBuilder};

use sha2::{Digest, Sha256};

/// The SHA-256 of `bytes`, as lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// `name` as PEP 503 normalises it: lower case, runs of `-`, `_` and `.` are
/// one `-`.
pub fn normalise_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut after_separator = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !after_separator {
                out.push('-');
            }
            after_separator = true;
        } else {
            out.push(c.to_ascii_lowercase());
            after_separator = false;
        }
    }
    out
}
