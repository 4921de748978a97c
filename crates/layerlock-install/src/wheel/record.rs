//! RECORD: which files a distribution has, with what hashes
//! ([specification](https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file)).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::ArchiveMember;
use layerlock_layer::archive::RawMember;

use super::contents::Member;
use super::limits::{MAX_OTHER_ROWS, MAX_ROWS_OF_MEMBER};
use super::problem::WheelProblem;
use super::record_fit::{RecordFit, RecordFlaws};

/// The RECORD of a wheel.
pub(super) struct Record {
    /// By name, the rows for it: there should be one.
    rows: HashMap<String, Vec<Row>>,
    /// RECORD itself and its signatures, which cannot be listed with a hash.
    exempt: [String; 3],
    /// What is wrong with its rows, whatever the archive holds.
    flaws: RecordFlaws,
}

/// What a row says of its file.
struct Row {
    /// As it stands there.
    hash: String,
    /// The digest in it; none where it is missing, malformed, or weaker than SHA-256.
    digest: Option<Digest>,
    /// Bytes.
    size: Option<u64>,
}

impl Record {
    pub(super) fn parse(
        bytes: &[u8],
        dist_info: &str,
        members: usize,
    ) -> Result<Self, WheelProblem> {
        let max_rows = members
            .saturating_mul(MAX_ROWS_OF_MEMBER)
            .saturating_add(MAX_OTHER_ROWS);
        let mut by_name: HashMap<String, Vec<Row>> = HashMap::new();
        let mut flaws = RecordFlaws::default();
        let mut is_marked = bytes.starts_with(BYTE_ORDER_MARK.as_bytes());
        for (index, row) in rows(bytes).enumerate() {
            if index == max_rows {
                return Err(WheelProblem::Metadata {
                    file: "RECORD",
                    reason: format!("more than {max_rows} rows for {members} members"),
                });
            }
            let row = row.map_err(|error| WheelProblem::Metadata {
                file: "RECORD",
                reason: error.to_string(),
            })?;
            let field = |index| row.get(index).unwrap_or_default();
            let name = plain_name(field(0));
            if is_marked {
                // The parser has left it out: other readers take it for part of the name.
                flaws.paths.add(&format!("{BYTE_ORDER_MARK}{name}"));
                is_marked = false;
            } else if name != field(0) {
                flaws.paths.add(field(0));
            }
            let rows = by_name.entry(name).or_default();
            if !rows.is_empty() {
                flaws.repeated.add(field(0));
            }
            rows.push(Row {
                hash: field(1).to_owned(),
                digest: usable_digest(field(1)),
                size: field(2).parse().ok(),
            });
        }
        Ok(Self {
            rows: by_name,
            exempt: ["RECORD", "RECORD.jws", "RECORD.p7s"]
                .map(|file| format!("{dist_info}/{file}")),
            flaws,
        })
    }

    /// How it fits these members, which have passed [`check`](Self::check).
    ///
    /// A RECORD that does not fit is harmless while installing, but wrong in an
    /// installation, where it says which files may be replaced.
    pub(super) fn fit(self, members: &[Member]) -> RecordFit {
        let is_exact = self.is_exact(members);
        let mut flaws = self.flaws.clone();
        for member in members.iter().filter(|one| !self.is_exempt(&one.name)) {
            match self.rows.get(&member.name) {
                None => flaws.unlisted.add(&member.name),
                Some(rows) if rows.iter().all(|row| row.digest.is_none()) => {
                    flaws.unhashed.add(&member.name);
                }
                Some(_) => {}
            }
        }
        if flaws != RecordFlaws::default() {
            RecordFit::Flawed(flaws)
        } else if is_exact {
            RecordFit::Exact
        } else {
            RecordFit::Inexact
        }
    }

    /// Whether it lists these members, with their sizes, and nothing else. Of itself it can
    /// know neither hash nor size; what it says of its signatures does not matter.
    fn is_exact(&self, members: &[Member]) -> bool {
        let [own_name, ..] = &self.exempt;
        let is_listed = |member: &Member| {
            self.rows.get(&member.name).is_some_and(|rows| {
                rows.iter().all(|row| {
                    if member.name == *own_name {
                        row.hash.is_empty() && row.size.is_none()
                    } else {
                        self.is_exempt(&member.name) || row.size == Some(member.data.size)
                    }
                })
            })
        };
        self.rows.len() == members.len() && members.iter().all(is_listed)
    }

    fn is_exempt(&self, name: &str) -> bool {
        self.exempt.iter().any(|exempt| exempt == name)
    }

    /// Unpacks a member and compares it with its rows.
    ///
    /// "Installation will fail if any file in the archive is not both mentioned
    /// and correctly hashed in RECORD": pip, uv and Poetry let pass what is not
    /// mentioned, or has no hash, and so does this. The archive's own hash is the
    /// locked one. A strong hash that is wrong means a damaged file.
    pub(super) fn check(&self, member: &RawMember<'_>) -> Result<ArchiveMember, WheelProblem> {
        let name = member.name.as_str();
        let rows = match self.rows.get(name) {
            Some(rows) if !self.is_exempt(name) => &rows[..],
            _ => &[],
        };
        let expected: Vec<(&Row, &Digest)> = rows
            .iter()
            .filter_map(|row| Some((row, row.digest.as_ref()?)))
            .collect();
        // Plans compare by SHA-256, whatever RECORD has.
        let is_needed = |one: &Algorithm| {
            *one == Algorithm::Sha256 || expected.iter().any(|(_, it)| it.algorithm() == *one)
        };
        let needed = Algorithm::ALL.into_iter().filter(is_needed);
        let mut hashers: Vec<Hasher> = needed.map(Hasher::new).collect();
        let compressed_crc32 = member.read_into(|piece| {
            for hasher in &mut hashers {
                hasher.update(piece);
            }
        })?;
        let actual: Vec<Digest> = hashers.into_iter().map(Hasher::finish).collect();
        for (row, digest) in expected {
            let same = actual
                .iter()
                .find(|one| one.algorithm() == digest.algorithm());
            if let Some(actual) = same
                && actual != digest
            {
                return Err(WheelProblem::RecordHash {
                    name: name.to_owned(),
                    expected: row.hash.clone(),
                    actual: hash(actual),
                });
            }
        }
        // SHA-256 is the first of all.
        Ok(checked(member, actual[0], compressed_crc32))
    }
}

/// As editors on Windows write it at the start of a file.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A row's path as members are named: without `./`, with `/` alone.
fn plain_name(path: &str) -> String {
    let parts = path.split(['/', '\\']);
    let parts: Vec<&str> = parts.filter(|part| *part != ".").collect();
    parts.join("/")
}

/// The digest that a row's `ALGORITHM=BASE64URL` says. "The hash algorithm must be
/// sha256 or better"; another one says nothing.
fn usable_digest(hash: &str) -> Option<Digest> {
    let (algorithm, encoded) = hash.split_once('=')?;
    let mut known = Algorithm::ALL.into_iter();
    let algorithm = known.find(|known| known.name() == algorithm)?;
    // Some builders pad, against the specification and harmlessly.
    let bytes = BASE64URL_NOPAD
        .decode(encoded.trim_end_matches('=').as_bytes())
        .ok()?;
    Digest::from_bytes(algorithm, &bytes)
}

fn checked(member: &RawMember<'_>, digest: Digest, compressed_crc32: u32) -> ArchiveMember {
    ArchiveMember {
        offset: member.offset,
        method: member.method,
        compressed_size: member.compressed_size,
        compressed_crc32,
        size: member.size,
        crc32: member.crc32,
        digest,
    }
}

/// A digest in the way of RECORD.
fn hash(digest: &Digest) -> String {
    format!("{}={}", digest.algorithm().name(), digest.base64_url())
}

/// A RECORD for an installation: name, and SHA-256 and size where it has them.
pub(super) fn write(rows: &BTreeMap<String, Option<(Digest, u64)>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    for (name, facts) in rows {
        let (hash, size) = match facts {
            Some((digest, size)) => (hash(digest), size.to_string()),
            None => Default::default(),
        };
        #[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
        writer
            .write_record([name, &hash, &size])
            .expect("memory takes every row");
    }
    #[expect(clippy::expect_used, reason = "writing to memory cannot fail")]
    writer.into_inner().expect("memory takes every row")
}

/// Every file that the distributions installed in a layer's directory account
/// for, as paths in the layer: what their RECORDs list.
pub(crate) fn listed_files(directory: &Path, site_packages: &str) -> HashSet<String> {
    let root = directory.join(site_packages);
    let Ok(entries) = fs_err::read_dir(&root) else {
        return HashSet::new();
    };
    let mut files = HashSet::new();
    for entry in entries.flatten() {
        if entry.path().extension().is_none_or(|e| e != "dist-info") {
            continue;
        }
        let record = entry.path().join("RECORD");
        // To open a pipe is to wait.
        if !record.is_file() {
            continue;
        }
        let Ok(record) = fs_err::read(record) else {
            continue;
        };
        for row in rows(&record).flatten() {
            if let Some(path) = row.get(0).and_then(|name| resolve(site_packages, name)) {
                files.insert(path);
            }
        }
    }
    files
}

/// `../bin/tool` as seen from `python` is `bin/tool`. Nothing where it leads
/// out of the layer.
fn resolve(site_packages: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = site_packages.split('/').collect();
    for part in name.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn rows(bytes: &[u8]) -> impl Iterator<Item = Result<csv::StringRecord, csv::Error>> + '_ {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
        .into_records()
}
