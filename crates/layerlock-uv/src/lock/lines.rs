//! The wheels of a package as uv writes them: last of all, and each on a line.
//!
//! They are most of a lock, and to read such lines takes a fraction of the time that a
//! TOML parser does. What is not exactly as uv writes it is left to the parser.

use std::ops::Range;

use layerlock_lock::is_plain_file_name;
use memchr::{memchr, memmem};

use super::package::File;
use crate::file_url::file_name_of;

/// What a package's text ends with.
#[derive(Debug)]
pub(super) struct WheelLines {
    /// Where their array begins in the text.
    pub(super) start: usize,
    pub(super) wheels: Vec<File>,
}

const OPENING: &str = "\nwheels = [\n";

/// The wheels that end the text of a package, which starts at `offset` in the file.
///
/// A line inside of a value may look like the array's first. Then the text before it ends
/// in the middle of that value, which is an error when it is parsed.
pub(super) fn wheel_lines(text: &str, offset: usize) -> Option<WheelLines> {
    let start = memmem::find(text.as_bytes(), OPENING.as_bytes())?;
    // Behind another header it is the array of something else.
    let mut lines = text[..start].lines().skip(1);
    if lines.any(|line| line.trim_start().starts_with('[')) {
        return None;
    }
    let mut wheels = Vec::new();
    let mut at = start + OPENING.len();
    loop {
        let end = at + memchr(b'\n', &text.as_bytes()[at..])?;
        let line = &text[at..end];
        if line == "]" {
            let is_last = text[end..].bytes().all(|byte| byte == b'\n');
            return (is_last && !wheels.is_empty()).then_some(WheelLines { start, wheels });
        }
        wheels.push(wheel(line, offset + at)?);
        at = end + 1;
    }
}

/// `    { url = "URL", hash = "HASH", size = SIZE, upload-time = "TIME" },`, the last two
/// where uv knows them.
fn wheel(line: &str, offset: usize) -> Option<File> {
    let (url, rest) = string_after(line, "    { url = ")?;
    let (hash, rest) = string_after(rest, ", hash = ")?;
    let hash_end = line.len() - rest.len();
    let (size, rest) = match rest.strip_prefix(", size = ") {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (size, rest) = rest.split_at(digits);
            // Other numbers TOML writes otherwise.
            let is_plain = size.len() < 19 && (size == "0" || !size.starts_with('0'));
            (Some(is_plain.then(|| size.parse().ok())??), rest)
        }
        None => (None, rest),
    };
    let rest = match string_after(rest, ", upload-time = ") {
        Some((_, rest)) => rest,
        None => rest,
    };
    let name = file_name_of(url);
    (rest == " }," && is_plain_file_name(&name)).then(|| File {
        name,
        url: Some(url.to_owned()),
        size,
        hash: Some(hash.to_owned()),
        span: quoted(hash, offset + hash_end),
    })
}

/// The string behind `prefix`, which has nothing in it that TOML escapes or refuses, and
/// what follows.
fn string_after<'t>(text: &'t str, prefix: &str) -> Option<(&'t str, &'t str)> {
    let text = text.strip_prefix(prefix)?.strip_prefix('"')?;
    let (string, rest) = text.split_at(memchr(b'"', text.as_bytes())?);
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'\\';
    let are_plain = string.bytes().fold(true, |all, byte| all & is_plain(byte));
    are_plain.then(|| (string, &rest[1..]))
}

/// The span of a string with its quotes that ends at `end`.
fn quoted(string: &str, end: usize) -> Range<usize> {
    end - string.len() - 2..end
}
