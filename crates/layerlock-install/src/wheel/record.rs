//! RECORD: which files a distribution has, with what hashes
//! ([specification](https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file)).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::ArchiveMember;
use layerlock_layer::archive::RawMember;

use super::contents::Member;
use super::problem::WheelProblem;

/// The RECORD of a wheel.
pub(super) struct Record {
    /// Hash and size as they stand there, by name.
    rows: HashMap<String, [String; 2]>,
    /// RECORD itself and its signatures, which cannot be listed with a hash.
    exempt: [String; 3],
}

impl Record {
    pub(super) fn parse(bytes: &[u8], dist_info: &str) -> Result<Self, WheelProblem> {
        let mut by_name = HashMap::new();
        for row in rows(bytes) {
            let row = row.map_err(|error| WheelProblem::Metadata {
                file: "RECORD",
                reason: error.to_string(),
            })?;
            let field = |index| row.get(index).unwrap_or_default().to_owned();
            by_name.insert(field(0), [field(1), field(2)]);
        }
        Ok(Self {
            rows: by_name,
            exempt: ["RECORD", "RECORD.jws", "RECORD.p7s"]
                .map(|file| format!("{dist_info}/{file}")),
        })
    }

    /// Whether it lists these members, with their sizes, itself, and nothing else.
    ///
    /// A RECORD that does not is harmless while installing, but wrong in an
    /// installation, where it says which files may be replaced.
    pub(super) fn is_exact(&self, members: &[Member]) -> bool {
        let listed = self.rows.keys().filter(|name| !self.is_exempt(name));
        let mut plain = members.iter().filter(|m| !self.is_exempt(&m.name));
        let [own_name, ..] = &self.exempt;
        self.rows.contains_key(own_name)
            && listed.count() == plain.clone().count()
            && plain.all(|member| {
                self.rows
                    .get(&member.name)
                    .is_some_and(|[_, size]| size.parse() == Ok(member.data.size))
            })
    }

    fn is_exempt(&self, name: &str) -> bool {
        self.exempt.iter().any(|exempt| exempt == name)
    }

    /// Unpacks a member and compares it with its row.
    ///
    /// "Installation will fail if any file in the archive is not both mentioned
    /// and correctly hashed in RECORD", and hashes must be sha256 or better.
    pub(super) fn check(&self, member: &RawMember<'_>) -> Result<ArchiveMember, WheelProblem> {
        let name = member.name.as_str();
        let Some((row, algorithm, encoded)) = self.expected(name)? else {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            let compressed_crc32 = member.read_into(|piece| hasher.update(piece))?;
            return Ok(checked(member, hasher.finish(), compressed_crc32));
        };
        // Plans compare by SHA-256, whatever RECORD has.
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut other = (algorithm != Algorithm::Sha256).then(|| Hasher::new(algorithm));
        let compressed_crc32 = member.read_into(|piece| {
            hasher.update(piece);
            if let Some(other) = &mut other {
                other.update(piece);
            }
        })?;
        let digest = hasher.finish();
        let actual = other.map_or(digest, Hasher::finish);
        // Some builders pad, against the specification and harmlessly.
        if encoded.trim_end_matches('=') != actual.base64_url() {
            return Err(WheelProblem::RecordHash {
                name: name.to_owned(),
                expected: row.to_owned(),
                actual: hash(&actual),
            });
        }
        Ok(checked(member, digest, compressed_crc32))
    }

    /// The hash that a member must have, as it stands in its row, and its parts.
    /// Nothing for the files that cannot have one.
    fn expected(&self, name: &str) -> Result<Option<(&str, Algorithm, &str)>, WheelProblem> {
        if self.is_exempt(name) {
            return Ok(None);
        }
        let [row, _] = self
            .rows
            .get(name)
            .ok_or_else(|| WheelProblem::NotInRecord(name.to_owned()))?;
        let parts = row.split_once('=').and_then(|(algorithm, encoded)| {
            let mut known = Algorithm::ALL.into_iter();
            let algorithm = known.find(|known| known.name() == algorithm)?;
            Some((row.as_str(), algorithm, encoded))
        });
        match parts {
            Some(parts) => Ok(Some(parts)),
            None => Err(WheelProblem::NoHash(name.to_owned())),
        }
    }
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
