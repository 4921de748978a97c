//! Writes the seeds of each target into `corpus/TARGET`: the testkit's wheels, sound and
//! hostile, its pages of an index, and what the cache keeps of the sound wheels.

use std::path::Path;

use layerlock_install::contents_file;
use layerlock_testkit::{hostile_wheels, index_pages, sha256_hex, sound_wheel};

fn main() -> std::io::Result<()> {
    let sound = [
        sound_wheel().build(),
        sound_wheel().stored().build(),
        sound_wheel().streamed().build(),
    ]
    .map(|wheel| wheel.bytes);
    write("contents", sound.iter().filter_map(|wheel| contents_file(wheel)))?;
    let hostile = hostile_wheels().into_iter().map(|hostile| hostile.wheel.bytes);
    write("wheel", sound.into_iter().chain(hostile))?;
    write("page", index_pages())
}

fn write(target: &str, seeds: impl IntoIterator<Item = Vec<u8>>) -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    std::fs::create_dir_all(&folder)?;
    for seed in seeds {
        std::fs::write(folder.join(sha256_hex(&seed)), seed)?;
    }
    Ok(())
}
