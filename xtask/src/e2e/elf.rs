//! Every shared library in the layer is for the layer's architecture.

use anyhow::{Context, Result};

use super::subject::Subject;
use crate::checks::{Problems, Proof};

/// Reads the machine of each ELF file in the layer.
pub(crate) fn prove(subject: &Subject) -> Result<Proof> {
    // The values of e_machine: EM_X86_64 and EM_AARCH64 of the ELF specification.
    let wanted = match subject.target.architecture {
        "x86_64" => 62,
        "arm64" => 183,
        other => anyhow::bail!("no machine is known for {other}"),
    };
    let unpacked = subject.unzipped("elf")?;
    let mut problems = Problems::default();
    let mut libraries = 0;
    for path in subject.zip.keys() {
        let bytes = fs_err::read(unpacked.join(path))?;
        let is_library = path.split('.').any(|part| part == "so");
        match machine(&bytes) {
            Some(machine) => {
                libraries += 1;
                problems.equal(&format!("the machine of {path}"), machine, wanted);
            }
            None => problems.hold(!is_library, || format!("{path} is not an ELF file")),
        }
    }
    problems.hold(libraries > 0, || "the layer has no library at all".into());
    problems.finish().context("libraries of another machine")?;
    Ok(Proof::Figure(format!("{libraries} libraries")))
}

/// `e_machine` of a little-endian ELF file.
fn machine(bytes: &[u8]) -> Option<u16> {
    const LITTLE_ENDIAN: u8 = 1;
    if !bytes.starts_with(b"\x7fELF") || *bytes.get(5)? != LITTLE_ENDIAN {
        return None;
    }
    Some(u16::from_le_bytes([*bytes.get(18)?, *bytes.get(19)?]))
}

#[cfg(test)]
mod tests {
    use super::machine;

    #[test]
    fn reads_the_machine_of_an_elf_header() {
        let mut header = [0u8; 64];
        header[..6].copy_from_slice(b"\x7fELF\x02\x01");
        header[18] = 183;
        assert_eq!(machine(&header), Some(183));
        header[5] = 2;
        assert_eq!(machine(&header), None);
        assert_eq!(machine(b"#!/usr/bin/env python"), None);
        assert_eq!(machine(b"\x7fELF\x02\x01"), None);
    }
}
