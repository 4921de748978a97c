//! What the reader finds in files: one line of JSON for each path among the arguments, as
//! `[path, what it is]`. `cargo xtask diff-elf` compares it with `readelf`.
//!
//! Each file is read as a whole and as a stream, which have to give the same.

#![expect(clippy::print_stdout, reason = "this is a command")]

use std::io;

use layerlock_elf::Binary;

fn main() -> io::Result<()> {
    for path in std::env::args().skip(1) {
        let bytes = fs_err::read(&path)?;
        let whole = Binary::read(&bytes, "PyInit_");
        let streamed = Binary::read_stream(|| fs_err::File::open(&path), "PyInit_")?;
        if whole != streamed {
            let text = format!("{path}: {whole:?} as a whole, {streamed:?} as a stream");
            return Err(io::Error::other(text));
        }
        println!("{}", serde_json::to_string(&(&path, whole))?);
    }
    Ok(())
}
