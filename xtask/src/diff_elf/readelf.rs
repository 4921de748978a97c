//! What an ELF file says, as `readelf -h -d -V` prints it and as layerlock does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What is compared of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Elf {
    pub(super) is_64_bit: bool,
    pub(super) machine: String,
    needed: Vec<String>,
    soname: Option<String>,
    rpath: Option<String>,
    runpath: Option<String>,
    /// Library and version, with whether the file loads without it.
    versions: Vec<(String, String, bool)>,
    defined_versions: Vec<String>,
}

impl Elf {
    /// What layerlock prints.
    pub(super) fn of_json(json: &Value) -> Result<Self> {
        let texts =
            |value: &Value| -> Result<Vec<String>> { Ok(serde_json::from_value(value.clone())?) };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let mut versions = Vec::new();
        for library in json["versions"].as_array().into_iter().flatten() {
            let weak = texts(&library["weak"])?;
            for version in texts(&library["versions"])? {
                let name = text(&library["library"]).context("a library without a name")?;
                let is_weak = weak.contains(&version);
                versions.push((name, version, is_weak));
            }
        }
        let machine = json["machine"]["number"].as_u64();
        Ok(Self {
            is_64_bit: json["machine"]["is_64_bit"].as_bool() == Some(true),
            machine: machine_name(machine.context("no machine")?),
            needed: texts(&json["needed"])?,
            soname: text(&json["soname"]),
            rpath: text(&json["rpath"]),
            runpath: text(&json["runpath"]),
            versions,
            defined_versions: texts(&json["defined_versions"])?,
        })
    }
}

/// What readelf calls a machine: its own names, of those that wheels are for.
fn machine_name(number: u64) -> String {
    match number {
        62 => "Advanced Micro Devices X86-64".to_owned(),
        183 => "AArch64".to_owned(),
        3 => "Intel 80386".to_owned(),
        40 => "ARM".to_owned(),
        247 => "Linux BPF".to_owned(),
        number => format!("{number}"),
    }
}

/// What it says of several files, by their paths.
pub(super) fn parse(output: &str) -> Result<BTreeMap<PathBuf, Elf>> {
    let mut all = BTreeMap::new();
    for part in output.split("\nFile: ") {
        let part = part.strip_prefix("File: ").unwrap_or(part);
        let Some((path, rest)) = part.split_once('\n') else {
            continue;
        };
        if path.is_empty() {
            continue;
        }
        let elf = parse_one(rest).with_context(|| format!("readelf on {path}"))?;
        all.insert(PathBuf::from(path), elf);
    }
    Ok(all)
}

#[derive(PartialEq, Eq)]
enum Section {
    Other,
    Needs,
    Definitions,
}

fn parse_one(text: &str) -> Result<Elf> {
    let mut elf = Elf::default();
    let mut section = Section::Other;
    let mut library = String::new();
    for line in text.lines() {
        if line.starts_with("Version needs section") {
            section = Section::Needs;
        } else if line.starts_with("Version definition section") {
            section = Section::Definitions;
        } else if line.starts_with("Version symbols section") {
            section = Section::Other;
        }
        let line = line.trim();
        if let Some(class) = line.strip_prefix("Class:") {
            elf.is_64_bit = class.trim() == "ELF64";
        } else if let Some(machine) = line.strip_prefix("Machine:") {
            machine.trim().clone_into(&mut elf.machine);
        } else if line.starts_with("0x") && section == Section::Other {
            dynamic_entry(line, &mut elf);
        }
        match section {
            Section::Other => {}
            Section::Needs => {
                if let Some(file) = field(line, "File: ") {
                    file.clone_into(&mut library);
                } else if let Some(name) = field(line, "Name: ") {
                    let is_weak = line.contains("Flags: WEAK");
                    elf.versions
                        .push((library.clone(), name.to_owned(), is_weak));
                }
            }
            Section::Definitions => {
                let is_itself = line.contains("Flags: BASE");
                if let Some(name) = field(line, "Name: ").filter(|_| !is_itself) {
                    elf.defined_versions.push(name.to_owned());
                }
            }
        }
    }
    if elf.machine.is_empty() {
        bail!(
            "no header in {:?}",
            text.chars().take(200).collect::<String>()
        );
    }
    Ok(elf)
}

/// A word after a label.
fn field<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(label)?;
    rest.split_whitespace().next()
}

fn dynamic_entry(line: &str, elf: &mut Elf) {
    let Some((kind, value)) = line
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
    else {
        return;
    };
    let bracketed = value
        .split_once('[')
        .and_then(|(_, rest)| rest.rsplit_once(']'))
        .map(|(value, _)| value.to_owned());
    let Some(value) = bracketed else {
        return;
    };
    match kind {
        "NEEDED" => elf.needed.push(value),
        "SONAME" => elf.soname = Some(value),
        "RPATH" => elf.rpath = Some(value),
        "RUNPATH" => elf.runpath = Some(value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
File: /a/00001
ELF Header:
  Class:                             ELF64
  Machine:                           AArch64

Dynamic section at offset 0x2dc8 contains 27 entries:
  Tag        Type                         Name/Value
 0x0000000000000001 (NEEDED)             Shared library: [libm.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x000000000000000e (SONAME)             Library soname: [libx.so.1]
 0x000000000000001d (RUNPATH)            Library runpath: [$ORIGIN/../x.libs]
 0x000000000000000c (INIT)               0x1000

Version symbols section '.gnu.version' contains 2 entries:
 Addr: 0x0000000000000524  Offset: 0x000524  Link: 3 (.dynsym)
  000:   0 (*local*)       2 (GLIBC_2.34)    1 (*global*)

Version definition section '.gnu.version_d' contains 2 entries:
  Addr: 0x0000000000000540  Offset: 0x000540  Link: 4 (.dynstr)
  000000: Rev: 1  Flags: BASE  Index: 1  Cnt: 1  Name: libx.so.1
  0x001c: Rev: 1  Flags: none  Index: 2  Cnt: 2  Name: X_1
  0x0038: Parent 1: X_0

Version needs section '.gnu.version_r' contains 1 entry:
 Addr: 0x0000000000000558  Offset: 0x000558  Link: 4 (.dynstr)
  000000: Version: 1  File: libc.so.6  Cnt: 2
  0x0010:   Name: GLIBC_2.4  Flags: WEAK  Version: 3
  0x0020:   Name: GLIBC_2.34  Flags: none  Version: 2

File: /a/00002
ELF Header:
  Class:                             ELF32
  Machine:                           Intel 80386
";

    #[test]
    fn output_is_read_file_by_file() {
        let all = parse(OUTPUT).unwrap();
        let json = serde_json::json!({
            "machine": {"number": 183, "is_64_bit": true},
            "needed": ["libm.so.6", "libc.so.6"],
            "soname": "libx.so.1", "rpath": null, "runpath": "$ORIGIN/../x.libs",
            "versions": [{
                "library": "libc.so.6",
                "versions": ["GLIBC_2.4", "GLIBC_2.34"],
                "weak": ["GLIBC_2.4"],
            }],
            "defined_versions": ["X_1"],
        });
        let expected = Elf::of_json(&json).unwrap();
        assert_eq!(all[&PathBuf::from("/a/00001")], expected);
        let other = &all[&PathBuf::from("/a/00002")];
        assert_eq!(
            (other.is_64_bit, other.machine.as_str()),
            (false, "Intel 80386")
        );
        assert_eq!(all.len(), 2);
    }
}
