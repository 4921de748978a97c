//! Writes the seeds of each target into `corpus/TARGET`: the files of `tests/data`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, file) in [("lock", "poetry.lock"), ("pyproject", "pyproject.toml")] {
        let folder = crate_folder.join("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        for project in std::fs::read_dir(crate_folder.join("../tests/data"))? {
            let project = project?;
            let seed = project.path().join(file);
            if seed.is_file() {
                std::fs::copy(seed, folder.join(project.file_name()))?;
            }
        }
    }
    Ok(())
}
