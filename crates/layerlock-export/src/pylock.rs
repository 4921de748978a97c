//! pylock.toml (PEP 751), as poetry-plugin-export writes it.
//!
//! The file names the URL of every file, which the lock does not: whoever
//! asks for the text looks the packages up on their indexes.

use std::fmt::Write as _;
use std::path::Path;

use layerlock_lock::{Choice, LockedFile, LockedPackage, PackageSource};
use toml::value::{Datetime, Offset};

use crate::Error;
use crate::choice::resolve;
use crate::constraint::PythonConstraint;
use crate::document::resolve_path;
use crate::lock::{Lock, Package};
use crate::marker::Marker;
use crate::project::Project;
use crate::python_text::python_text;
use crate::requirements::MarkerTexts;
use crate::select::locked_package;
use crate::selection::{Selection, in_order};

/// What an index has of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The URL of the index, without credentials.
    pub index: String,
    /// The files of the package, in the order in which the package has them.
    pub files: Vec<IndexedFile>,
}

/// What an index tells of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedFile {
    /// The URL.
    pub url: String,
    /// The size in bytes, where the index tells it (PEP 700).
    pub size: Option<u64>,
    /// The time of the upload as the index writes it (PEP 700). One that TOML
    /// knows no value for is left out.
    pub upload_time: Option<String>,
}

/// The packages that a choice of groups and extras selects, as a pylock.toml
/// for every environment that the project allows.
///
/// Local packages below `directory`, where the file is to lie (absolute), get
/// paths relative to it, others absolute ones. `look_up` is called once, with
/// the packages that come from an index, and gives what it has of each, in
/// their order.
///
/// The text is that of poetry-plugin-export 1.10, but for what it tells of itself
/// and for what would be wrong:
///
/// - `created-by` is `layerlock`: PEP 751 has the name of the tool there that
///   wrote the file. The table `[tool.poetry-plugin-export]`, which says what was
///   exported, keeps its name for those who read it.
/// - `index` is the one that was asked, without credentials. For packages that
///   the lock has no source for, the plugin writes a fixed URL, which is
///   pip's own default.
/// - All wheels are listed. The plugin loses those that the lock has before a
///   source distribution where others come after it.
/// - A package that is on an index, but without a source in a project whose
///   sources replace the default index, is looked up on the default index; the
///   plugin fails.
/// - A hash that proves nothing (md5) is an error.
pub fn pylock<E: From<Error>>(
    project: &Project,
    lock: &Lock,
    choice: &Choice,
    directory: &Path,
    look_up: impl FnOnce(&[LockedPackage]) -> Result<Vec<Listing>, E>,
) -> Result<String, E> {
    if lock.graph().is_some() {
        let path = lock.path().to_owned();
        return Err(Error::OldLock { path }.into());
    }
    let selection = resolve(choice, project)?;
    let mut markers = MarkerTexts::new(project, &selection)?;
    let mut writer = Writer::default();
    writer.header(project, markers.project());

    let mut selected = Vec::new();
    let mut indexed = Vec::new();
    for package in lock.packages() {
        let Some(marker) = markers.settled(package, &selection) else {
            continue;
        };
        let locked = locked_package(lock, package, Vec::new(), Vec::new())?;
        refuse_weak_hash(&locked)?;
        let is_indexed = matches!(package.source, PackageSource::Registry { .. });
        if is_indexed {
            if locked.files.is_empty() {
                return Err(invalid(&locked, "has no files in the lock").into());
            }
            indexed.push(locked.clone());
        }
        selected.push((package, locked, marker));
    }
    let mut listings = look_up(&indexed)?.into_iter();
    if selected.is_empty() {
        writer.entry("packages", "[]");
    }
    for (package, locked, marker) in &selected {
        writer.package(package, locked, marker);
        match &package.source {
            PackageSource::Registry { .. } => {
                if let Some(listing) = listings.next() {
                    writer.indexed(locked, &listing);
                }
            }
            source => writer.direct(source, only_file(locked)?, directory),
        }
    }
    writer.footer(&selection);
    Ok(writer.text)
}

/// The one file of an archive; none of what is no archive.
fn only_file(package: &LockedPackage) -> Result<Option<&LockedFile>, Error> {
    match (&package.source, &package.files[..]) {
        (PackageSource::Url { .. } | PackageSource::File { .. }, [file]) => Ok(Some(file)),
        (PackageSource::Url { .. } | PackageSource::File { .. }, files) => Err(invalid(
            package,
            &format!("is one archive with {} files", files.len()),
        )),
        _ => Ok(None),
    }
}

/// "hashes: the table MUST contain at least one entry" of a secure algorithm (PEP 751).
fn refuse_weak_hash(package: &LockedPackage) -> Result<(), Error> {
    let weak = package.files.iter().find_map(|file| {
        let weak = file.weak_hash.as_ref()?;
        Some(Error::Hash {
            place: weak.place.clone().into(),
            package: package.name.to_string(),
            file: file.name.clone(),
            hash: weak.text.clone(),
        })
    });
    weak.map_or(Ok(()), Err)
}

fn invalid(package: &LockedPackage, problem: &str) -> Error {
    Error::invalid(package.place.clone(), format!("{} {problem}", package.name))
}

#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn header(&mut self, project: &Project, python: &Marker) {
        self.entry("lock-version", &quoted("1.0"));
        if project.python().text() != "*" {
            self.entry("environments", &list(&[python.to_string()]));
            self.requires_python(project.python());
        }
        self.entry("created-by", &quoted("layerlock"));
    }

    /// What is the same for packages from everywhere.
    fn package(&mut self, package: &Package, locked: &LockedPackage, marker: &Marker) {
        self.text.push_str("\n[[packages]]\n");
        self.entry("name", &quoted(locked.name.as_str()));
        // A directory may have another version by the time it is installed.
        if !matches!(locked.source, PackageSource::Directory { .. }) {
            self.entry("version", &quoted(&locked.version));
        }
        if *marker != Marker::Any {
            self.entry("marker", &quoted(&marker.to_string()));
        }
        if !package.python.is_any() {
            self.requires_python(&package.python);
        }
    }

    /// Alternatives are no version specifier, so they are for people only. The
    /// markers say the same.
    fn requires_python(&mut self, python: &PythonConstraint) {
        let text = python_text(python);
        if text.contains("||") {
            self.text.push_str("# ");
        }
        self.entry("requires-python", &quoted(&text));
    }

    fn indexed(&mut self, package: &LockedPackage, listing: &Listing) {
        self.entry("index", &quoted(&listing.index));
        let files = package.files.iter().zip(&listing.files);
        let (wheels, sdists): (Vec<_>, Vec<_>) =
            files.partition(|(file, _)| Path::new(&file.name).extension() == Some("whl".as_ref()));
        if let Some((file, indexed)) = sdists.last() {
            self.entry("sdist", &indexed_file(file, indexed));
        }
        if !wheels.is_empty() {
            self.text.push_str("wheels = [\n");
            for (file, indexed) in wheels {
                self.text.push_str("    ");
                self.text.push_str(&indexed_file(file, indexed));
                self.text.push_str(",\n");
            }
            self.text.push_str("]\n");
        }
    }

    /// `file` is that of an archive.
    fn direct(&mut self, source: &PackageSource, file: Option<&LockedFile>, directory: &Path) {
        match source {
            PackageSource::Registry { .. } => {}
            PackageSource::Git {
                url,
                reference,
                commit,
                subdirectory,
            } => {
                self.text.push_str("\n[packages.vcs]\n");
                self.entry("type", &quoted("git"));
                self.entry("url", &quoted(url));
                let reference = reference.as_deref().unwrap_or("HEAD");
                self.entry("requested-revision", &quoted(reference));
                self.entry("commit-id", &quoted(commit));
                if let Some(subdirectory) = subdirectory {
                    self.entry("subdirectory", &quoted(subdirectory));
                }
            }
            PackageSource::Directory { path, develop } => {
                self.text.push_str("\n[packages.directory]\n");
                self.entry("path", &quoted(&path_from(path, directory)));
                if *develop {
                    self.entry("editable", "true");
                }
            }
            PackageSource::Url { url, subdirectory } => {
                self.archive("url", url, file, subdirectory.as_deref());
            }
            PackageSource::File { path, subdirectory } => {
                let path = path_from(path, directory);
                self.archive("path", &path, file, subdirectory.as_deref());
            }
        }
    }

    fn archive(
        &mut self,
        key: &str,
        place: &str,
        file: Option<&LockedFile>,
        subdirectory: Option<&str>,
    ) {
        let mut fields = vec![format!("{key} = {}", quoted(place))];
        fields.extend(file.map(hashes));
        fields
            .extend(subdirectory.map(|directory| format!("subdirectory = {}", quoted(directory))));
        self.entry("archive", &inline(&fields));
    }

    fn footer(&mut self, selection: &Selection) {
        self.text.push_str("\n[tool.poetry-plugin-export]\n");
        self.entry("groups", &list(&in_order(&selection.groups)));
        let extras: Vec<_> = selection.extras.iter().cloned().collect();
        self.entry("extras", &list(&extras));
    }

    fn entry(&mut self, key: &str, value: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{key} = {value}");
    }
}

fn indexed_file(file: &LockedFile, indexed: &IndexedFile) -> String {
    let mut fields = vec![
        format!("name = {}", quoted(&file.name)),
        format!("url = {}", quoted(&indexed.url)),
    ];
    let time = indexed.upload_time.as_deref().and_then(date_time);
    fields.extend(time.map(|time| format!("upload-time = {time}")));
    let size = indexed.size.filter(|&size| size > 0);
    fields.extend(size.map(|size| format!("size = {size}")));
    fields.push(hashes(file));
    inline(&fields)
}

fn hashes(file: &LockedFile) -> String {
    let digests: Vec<_> = file
        .digests
        .iter()
        .map(|digest| format!("{} = {}", digest.algorithm().name(), quoted(&digest.hex())))
        .collect();
    format!("hashes = {{{}}}", digests.join(", "))
}

fn inline(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(", "))
}

fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// A TOML string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A time as Python writes it: no fraction, or one of six digits, and `Z` for
/// UTC. None where it is none, or a day without a time.
fn date_time(text: &str) -> Option<String> {
    let parsed: Datetime = text.parse().ok()?;
    let (date, time) = (parsed.date?, parsed.time?);
    let mut written = format!("{date}T{:02}:{:02}", time.hour, time.minute);
    let _ = write!(written, ":{:02}", time.second.unwrap_or(0));
    let microseconds = time.nanosecond.unwrap_or(0) / 1000;
    if microseconds > 0 {
        let _ = write!(written, ".{microseconds:06}");
    }
    match parsed.offset {
        None => {}
        Some(Offset::Z | Offset::Custom { minutes: 0 }) => written.push('Z'),
        Some(Offset::Custom { minutes }) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            let _ = write!(written, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
    }
    Some(written)
}

/// The path seen from `directory` where it lies below, else whole.
fn path_from(path: &Path, directory: &Path) -> String {
    let path = resolve_path(path);
    let path = path.strip_prefix(directory).unwrap_or(&path);
    let text = path.to_string_lossy();
    let text = text.strip_prefix(r"\\?\").unwrap_or(&text);
    match text {
        "" => ".".to_owned(),
        text if std::path::MAIN_SEPARATOR == '\\' => text.replace('\\', "/"),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_python() {
        for (listed, written) in [
            ("2024-07-16T04:41:07Z", Some("2024-07-16T04:41:07Z")),
            ("2024-07-16T04:41:07+00:00", Some("2024-07-16T04:41:07Z")),
            ("2024-07-16T04:41:07.000000Z", Some("2024-07-16T04:41:07Z")),
            (
                "2024-07-16T04:41:07.5Z",
                Some("2024-07-16T04:41:07.500000Z"),
            ),
            (
                "2024-07-16 04:41:07.123456789-02:30",
                Some("2024-07-16T04:41:07.123456-02:30"),
            ),
            ("2024-07-16T04:41:07", Some("2024-07-16T04:41:07")),
            ("2024-13-16T04:41:07Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(date_time(listed).as_deref(), written, "{listed}");
        }
    }

    #[test]
    fn a_string_is_one_whatever_is_in_it() {
        let text = "a\"b\\c\nd\u{1}é\u{7f}";
        let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
        assert_eq!(table["x"].as_str(), Some(text));
    }
}
