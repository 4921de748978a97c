//! Writes the seeds of each target into `corpus/TARGET`: the locks of `fixtures/uv`, and
//! the pylock.toml of `tests/data`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = |target: &str| {
        let folder = crate_folder.join("corpus").join(target);
        std::fs::create_dir_all(&folder).map(|()| folder)
    };
    let folder = corpus("uv-lock")?;
    for project in std::fs::read_dir(crate_folder.join("../../../fixtures/uv"))? {
        let project = project?;
        let seed = project.path().join("uv.lock");
        if seed.is_file() {
            std::fs::copy(seed, folder.join(project.file_name()))?;
        }
    }
    let seed = crate_folder.join("../tests/data/pylock.toml");
    std::fs::copy(seed, corpus("pylock")?.join("pylock.toml")).map(drop)
}
