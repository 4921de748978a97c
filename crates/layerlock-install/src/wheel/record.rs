//! RECORD: which files a distribution has, with what hashes
//! ([specification](https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file)).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use layerlock_layer::ArchiveMember;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::archive::RawMember;
use super::{Member, WheelProblem};

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
        let mut sha256 = Sha256::new();
        let compressed_crc32 = if self.is_exempt(name) {
            member.read_into(|piece| sha256.update(piece))?
        } else {
            let [expected, _] = self
                .rows
                .get(name)
                .ok_or_else(|| WheelProblem::NotInRecord(name.to_owned()))?;
            let no_hash = || WheelProblem::NoHash(name.to_owned());
            let (algorithm, encoded) = expected.split_once('=').ok_or_else(no_hash)?;
            let (actual, compressed_crc32) = match algorithm {
                "sha256" => {
                    let packed = member.read_into(|piece| sha256.update(piece))?;
                    (BASE64URL_NOPAD.encode(&sha256.clone().finalize()), packed)
                }
                "sha384" => also::<Sha384>(member, &mut sha256)?,
                "sha512" => also::<Sha512>(member, &mut sha256)?,
                _ => return Err(no_hash()),
            };
            // Some builders pad, against the specification and harmlessly.
            if encoded.trim_end_matches('=') != actual {
                return Err(WheelProblem::RecordHash {
                    name: name.to_owned(),
                    expected: expected.clone(),
                    actual: format!("{algorithm}={actual}"),
                });
            }
            compressed_crc32
        };
        Ok(ArchiveMember {
            offset: member.offset,
            method: member.method,
            compressed_size: member.compressed_size,
            compressed_crc32,
            size: member.size,
            crc32: member.crc32,
            sha256: sha256.finalize().into(),
        })
    }
}

/// Hashes a member twice over: with the algorithm that RECORD has, and with the
/// one that plans compare by. Gives the first, encoded, and the CRC-32 of the data
/// in the archive.
fn also<D: Digest>(
    member: &RawMember<'_>,
    sha256: &mut Sha256,
) -> Result<(String, u32), WheelProblem> {
    let mut other = D::new();
    let packed = member.read_into(|piece| {
        other.update(piece);
        sha256.update(piece);
    })?;
    Ok((BASE64URL_NOPAD.encode(&other.finalize()), packed))
}

/// A RECORD for an installation: name, and SHA-256 and size where it has them.
pub(super) fn write(rows: &BTreeMap<String, Option<([u8; 32], u64)>>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    for (name, facts) in rows {
        let (hash, size) = match facts {
            Some((sha256, size)) => (
                format!("sha256={}", BASE64URL_NOPAD.encode(sha256)),
                size.to_string(),
            ),
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
