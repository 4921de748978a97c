//! What can be wrong with a wheel, and how it is made so.

use std::collections::BTreeSet;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::container::{self, Member};

/// What can be wrong with a wheel. Paths are those of members; a flaw that
/// names a path which is no member makes [`build`](super::WheelBuilder::build)
/// panic, so that no test passes for want of its flaw.
#[derive(Debug, Clone)]
pub enum Flaw {
    /// RECORD carries another hash for this member.
    WrongRecordHash(String),
    /// RECORD carries another size for this member.
    WrongRecordSize(String),
    /// RECORD has this member without hash and size.
    NoRecordHash(String),
    /// RECORD hashes this member with MD5, which the specification rules out.
    WeakRecordHash(String),
    /// RECORD does not list this member.
    MissingFromRecord(String),
    /// RECORD lists this path, which is no member.
    RecordWithoutMember(String),
    /// No member of this path, neither in the archive nor in RECORD: for
    /// METADATA, WHEEL or RECORD itself.
    NoMember(String),
    /// The member is a symbolic link; its content is the link's target.
    Symlink(String),
    /// The local header has the second name, the central directory the first.
    LocalName(String, String),
    /// The member says that it is encrypted.
    Encrypted(String),
    /// The member's CRC-32 is not that of its content.
    WrongCrc(String),
    /// Both headers say that the member unpacks to this many bytes.
    ClaimedSize(String, u32),
    /// The local header alone says that the member unpacks to this many bytes.
    LocalSize(String, u32),
    /// The local header alone says that the member is compressed by this method.
    LocalMethod(String, u16),
    /// The local header alone says that the member is encrypted.
    LocallyEncrypted(String),
    /// The member is streamed, and its data descriptor has another CRC-32.
    Descriptor(String),
    /// The member is a block device.
    Device(String),
    /// The member says that it is compressed by this method.
    Method(String, u16),
    /// The member's data holds another member, `nested.py`, whole: the directory
    /// lists both, and bytes are counted twice, as bombs do it.
    Nested(String),
    /// The last bytes of the archive, this many, are missing.
    Truncated(usize),
}

pub(super) fn apply_to_members(flaw: &Flaw, members: &mut Vec<Member>) {
    let mut change = |path: &str, change: &dyn Fn(&mut Member)| {
        let mut found = false;
        for member in members.iter_mut().filter(|member| member.path() == path) {
            change(member);
            found = true;
        }
        assert!(found, "{flaw:?} names no member");
    };
    match flaw {
        Flaw::WrongRecordHash(path)
        | Flaw::WrongRecordSize(path)
        | Flaw::NoRecordHash(path)
        | Flaw::WeakRecordHash(path)
        | Flaw::MissingFromRecord(path) => change(path, &|_| ()),
        Flaw::LocalSize(path, size) => change(path, &|member| member.local_size = Some(*size)),
        Flaw::LocalMethod(path, method) => {
            change(path, &|member| member.local_method = Some(*method));
        }
        Flaw::LocallyEncrypted(path) => change(path, &|member| member.locally_encrypted = true),
        Flaw::Descriptor(path) => change(path, &|member| {
            member.streamed = true;
            member.wrong_descriptor = true;
        }),
        Flaw::Device(path) => change(path, &|member| member.mode = Some(0o060_644)),
        Flaw::Method(path, method) => change(path, &|member| member.method = Some(*method)),
        Flaw::Nested(path) => {
            let mut nested = Member::file("nested.py", b"x = 1\n".to_vec());
            let record = container::local_record(&nested);
            nested.nested = true;
            change(path, &|member| {
                member.data.clone_from(&record);
                member.stored = true;
            });
            let at = members.iter().position(|member| member.path() == *path);
            members.insert(at.map_or(0, |at| at + 1), nested);
        }
        Flaw::Symlink(path) => change(path, &|member| member.mode = Some(0o120_777)),
        Flaw::LocalName(path, other) => change(path, &|member| {
            member.local_name = Some(other.as_bytes().to_vec());
        }),
        Flaw::Encrypted(path) => change(path, &|member| member.encrypted = true),
        Flaw::WrongCrc(path) => change(path, &|member| member.wrong_crc = true),
        Flaw::ClaimedSize(path, size) => {
            change(path, &|member| member.claimed_size = Some(*size));
        }
        Flaw::NoMember(path) => {
            change(path, &|_| ());
            members.retain(|member| member.path() != *path);
        }
        Flaw::RecordWithoutMember(_) | Flaw::Truncated(_) => {}
    }
}

/// RECORD: path, `sha256=` and the hash in URL-safe base64 without padding,
/// size in bytes; for RECORD itself the last two are empty.
pub(super) fn record_file(members: &[Member], record: &str, flaws: &[Flaw]) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for member in members {
        let path = member.path();
        if path.ends_with('/') || !seen.insert(path.clone()) {
            continue;
        }
        if path == record {
            rows.push([path, String::new(), String::new()]);
            continue;
        }
        let digest = BASE64URL_NOPAD.encode(&Sha256::digest(&member.data));
        rows.push([
            path,
            format!("sha256={digest}"),
            member.data.len().to_string(),
        ]);
    }
    for flaw in flaws {
        let row = |rows: &[[String; 3]], path: &str| {
            rows.iter()
                .position(|row| row[0] == path)
                .unwrap_or_else(|| panic!("{flaw:?} names no row of RECORD"))
        };
        match flaw {
            Flaw::WrongRecordHash(path) => {
                let digest = BASE64URL_NOPAD.encode(&Sha256::digest(b"another content"));
                let at = row(&rows, path);
                rows[at][1] = format!("sha256={digest}");
            }
            Flaw::WrongRecordSize(path) => {
                let at = row(&rows, path);
                rows[at][2].push('0');
            }
            Flaw::NoRecordHash(path) => {
                let at = row(&rows, path);
                rows[at][1].clear();
                rows[at][2].clear();
            }
            Flaw::WeakRecordHash(path) => {
                // Refused for its algorithm: the digest is never looked at.
                let at = row(&rows, path);
                rows[at][1] = format!("md5={}", BASE64URL_NOPAD.encode(&[7; 16]));
            }
            Flaw::MissingFromRecord(path) => rows.retain(|row| row[0] != *path),
            Flaw::RecordWithoutMember(path) => {
                let digest = BASE64URL_NOPAD.encode(&Sha256::digest(b""));
                rows.push([path.clone(), format!("sha256={digest}"), "0".to_owned()]);
            }
            _ => {}
        }
    }
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in &rows {
        writer.write_record(row).expect("a Vec takes every write");
    }
    writer.into_inner().expect("a Vec takes every write")
}
