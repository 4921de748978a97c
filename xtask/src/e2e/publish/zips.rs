//! Zips that a server takes for layers and functions.

use std::io::{Cursor, Seek, Write};
use std::path::Path;

use anyhow::Result;
use data_encoding::BASE64;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// One of a small file, in base64.
pub(super) fn small() -> Result<String> {
    let zip = pack(Cursor::new(Vec::new()), b"SMALL = True\n")?;
    Ok(BASE64.encode(zip.get_ref()))
}

/// One of a file with this content, as large as that.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<()> {
    pack(fs_err::File::create(path)?, content).map(drop)
}

fn pack<W: Write + Seek>(to: W, content: &[u8]) -> Result<W> {
    let mut zip = ZipWriter::new(to);
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("python/small.py", stored)?;
    zip.write_all(content)?;
    Ok(zip.finish()?)
}
