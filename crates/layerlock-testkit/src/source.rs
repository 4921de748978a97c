//! Source trees with a build backend of their own (PEP 517, `backend-path`), which
//! build without an index.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};

use crate::ServedFile;
use crate::container::{self, Member};

/// The source tree of a package, which `uv build` and `pip wheel` can build.
///
/// Its backend packs the directory with the package's name. The wheel differs from
/// build to build in times, compression and generator, like wheels of different
/// versions of one backend.
#[derive(Debug, Clone)]
pub struct SourceTree {
    name: String,
    version: String,
    files: Vec<(String, Vec<u8>)>,
    links: Vec<(String, String)>,
}

impl SourceTree {
    /// The source of a package with one module of its name.
    pub fn new(name: &str, version: &str) -> Self {
        let source = Self {
            name: name.to_owned(),
            version: version.to_owned(),
            files: Vec::new(),
            links: Vec::new(),
        };
        source
            .file(
                "pyproject.toml",
                format!(
                    "[build-system]\nrequires = []\nbuild-backend = \"backend\"\n\
                     backend-path = [\"backend\"]\n\n\
                     [project]\nname = \"{name}\"\nversion = \"{version}\"\n"
                ),
            )
            .file("backend/backend.py", BACKEND)
            .file(&format!("{name}/__init__.py"), "VALUE = 1\n")
            .tag("py3-none-any")
    }

    /// Adds a file, or replaces its content.
    #[must_use]
    pub fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.retain(|(other, _)| other != path);
        self.files
            .push((path.to_owned(), content.as_ref().to_vec()));
        self
    }

    /// A symbolic link in its archives, before all files.
    #[must_use]
    pub fn link(mut self, path: &str, target: &str) -> Self {
        self.links.push((path.to_owned(), target.to_owned()));
        self
    }

    /// The tag of the wheel that it makes.
    #[must_use]
    pub fn tag(self, tag: &str) -> Self {
        self.file("TAG", tag)
    }

    /// A requirement in its wheel's metadata.
    #[must_use]
    pub fn requires(self, requirement: &str) -> Self {
        self.file("REQUIRES", requirement)
    }

    /// The range of Pythons in its wheel's metadata, which pip asks for before it builds.
    #[must_use]
    pub fn requires_python(self, range: &str) -> Self {
        self.file("PYTHON", range)
    }

    /// Its build fails with this message.
    #[must_use]
    pub fn failing(self, message: &str) -> Self {
        self.file("FAIL", message)
    }

    /// Writes the files into a directory.
    ///
    /// # Panics
    ///
    /// Where they cannot be written.
    pub fn write_to(&self, directory: &Path) {
        for (name, content) in &self.files {
            let path = directory.join(name);
            if let Some(parent) = path.parent() {
                fs_err::create_dir_all(parent).expect("a directory for the source");
            }
            fs_err::write(path, content).expect("a file of the source can be written");
        }
    }

    /// The source distribution: `NAME-VERSION.tar.gz`.
    pub fn sdist(&self) -> ServedFile {
        let directory = format!("{}-{}", self.name, self.version);
        let metadata = format!(
            "Metadata-Version: 2.1\nName: {}\nVersion: {}\n",
            self.name, self.version
        );
        let mut archive = GzEncoder::new(Vec::new(), Compression::default());
        let own = ("PKG-INFO".to_owned(), metadata.into_bytes());
        for (name, target) in &self.links {
            let header = tar_header(&format!("{directory}/{name}"), 0, target);
            archive.write_all(&header).expect("a Vec takes every write");
        }
        for (name, content) in self.files.iter().chain([&own]) {
            let header = tar_header(&format!("{directory}/{name}"), content.len(), "");
            archive.write_all(&header).expect("a Vec takes every write");
            archive.write_all(content).expect("a Vec takes every write");
            let padding = vec![0; content.len().next_multiple_of(512) - content.len()];
            archive
                .write_all(&padding)
                .expect("a Vec takes every write");
        }
        archive
            .write_all(&[0; 1024])
            .expect("a Vec takes every write");
        let bytes = archive.finish().expect("a Vec takes every write");
        self.served(format!("{directory}.tar.gz"), bytes)
    }

    /// The same as a zip, as repository servers make it.
    pub fn zip(&self) -> ServedFile {
        let directory = format!("{}-{}", self.name, self.version);
        let file = |name: &String, content: &[u8]| {
            Member::file(&format!("{directory}/{name}"), content.to_vec())
        };
        let links = self.links.iter().map(|(name, target)| Member {
            mode: Some(0o120_777),
            ..file(name, target.as_bytes())
        });
        let files = self.files.iter().map(|(name, content)| file(name, content));
        let members: Vec<Member> = links.chain(files).collect();
        self.served(format!("{directory}.zip"), container::write(&members))
    }

    fn served(&self, file_name: String, bytes: Vec<u8>) -> ServedFile {
        ServedFile {
            project: self.name.clone(),
            file_name,
            bytes,
            sha256: None,
            requires_python: None,
            yanked: None,
            upload_time: None,
        }
    }
}

/// A ustar header of a plain file, or of a link where that has a target.
fn tar_header(name: &str, size: usize, target: &str) -> [u8; 512] {
    let mut header = [0; 512];
    let mut put = |at: usize, text: &str| {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, name);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{size:011o}\0"));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, if target.is_empty() { "0" } else { "2" });
    put(157, target);
    put(257, "ustar\0");
    put(263, "00");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

const BACKEND: &str = r#"
import base64
import hashlib
import os
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read()


def project(key):
    for line in read("pyproject.toml").decode().splitlines():
        if line.startswith(key + " = "):
            return line.split('"')[1]


def build_wheel(directory, config_settings=None, metadata_directory=None):
    name, version, tag = project("name"), project("version"), read("TAG").decode()
    print("the backend builds", name, version)
    if os.path.exists(os.path.join(ROOT, "FAIL")):
        raise SystemExit(read("FAIL").decode())
    files = {}
    for path, _, names in os.walk(os.path.join(ROOT, name)):
        for file in names:
            if not file.endswith(".pyc"):
                full = os.path.relpath(os.path.join(path, file), ROOT)
                files[full.replace(os.sep, "/")] = read(full)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if os.path.exists(os.path.join(ROOT, "PYTHON")):
        metadata += "Requires-Python: " + read("PYTHON").decode() + "\n"
    if os.path.exists(os.path.join(ROOT, "REQUIRES")):
        metadata += "Requires-Dist: " + read("REQUIRES").decode() + "\n"
    files[info + "/METADATA"] = metadata.encode()
    generator = f"test {time.time_ns()}"
    wheel = f"Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files[info + "/WHEEL"] = wheel.encode()
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "none")
    files[info + "/EPOCH"] = epoch.encode()
    record = ""
    for path in sorted(files):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[path]).digest())
        record += f"{path},sha256={digest.rstrip(b'=').decode()},{len(files[path])}\n"
    files[info + "/RECORD"] = (record + info + "/RECORD,,\n").encode()
    result = f"{name}-{version}-{tag}.whl"
    method = zipfile.ZIP_DEFLATED if time.time_ns() % 2 else zipfile.ZIP_STORED
    with zipfile.ZipFile(os.path.join(directory, result), "w", method) as archive:
        for path in sorted(files, reverse=bool(time.time_ns() % 2)):
            info = zipfile.ZipInfo(path, time.localtime()[:6])
            info.compress_type = method
            archive.writestr(info, files[path])
    return result


def build_sdist(directory, config_settings=None):
    raise SystemExit("nobody asked for a source distribution")
"#;
