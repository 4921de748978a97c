use std::io;
use std::path::Path;

use fs_err as fs;

use crate::Error;

/// The files below a directory, as paths relative to it with `/` between their
/// parts, sorted. A directory that is not there has none.
pub fn files_in(directory: &Path) -> Result<Vec<String>, Error> {
    fn walk(directory: &Path, prefix: &str, files: &mut Vec<String>) -> Result<(), Error> {
        let read = Error::io("read", directory);
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && prefix.is_empty() => {
                return Ok(());
            }
            Err(error) => return Err(read(error)),
        };
        let entries: Vec<_> = entries.collect::<Result<_, _>>().map_err(read)?;
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{prefix}{}", name.to_string_lossy());
            let kind = entry.file_type().map_err(Error::io("read", entry.path()))?;
            if kind.is_dir() {
                walk(&entry.path(), &format!("{path}/"), files)?;
            } else {
                files.push(path);
            }
        }
        Ok(())
    }
    let mut files = Vec::new();
    walk(directory, "", &mut files)?;
    files.sort();
    Ok(files)
}
