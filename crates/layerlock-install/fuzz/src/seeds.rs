//! Writes the testkit's wheels, sound and hostile, into `corpus/wheel`.

use std::path::Path;

use layerlock_testkit::{hostile_wheels, sound_wheel};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/wheel");
    std::fs::create_dir_all(&folder)?;
    let sound = [
        sound_wheel().build(),
        sound_wheel().stored().build(),
        sound_wheel().streamed().build(),
    ];
    let hostile = hostile_wheels().into_iter().map(|hostile| hostile.wheel);
    for wheel in sound.into_iter().chain(hostile) {
        std::fs::write(folder.join(wheel.sha256), wheel.bytes)?;
    }
    Ok(())
}
