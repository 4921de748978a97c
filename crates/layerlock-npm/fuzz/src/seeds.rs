//! Writes the seeds into `corpus/package-lock`: the locks of `fixtures/npm`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = crate_folder.join("corpus/package-lock");
    std::fs::create_dir_all(&folder)?;
    for project in std::fs::read_dir(crate_folder.join("../../../fixtures/npm"))? {
        let project = project?;
        let seed = project.path().join("package-lock.json");
        if seed.is_file() {
            std::fs::copy(seed, folder.join(project.file_name()))?;
        }
    }
    Ok(())
}
