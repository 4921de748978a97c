//! Modes, extensions, commands and links.

use layerlock_target::Target;

use crate::file_facts::FileFacts;
use crate::groups::Groups;
use crate::layer::{FileInLayer, Layer, ReadError};
use crate::{Code, Finding};

/// A function runs as a user of its own: what others may not do, it may not.
const READ: u32 = 0o004;
const EXECUTE: u32 = 0o001;

/// Files that a function may not read by their modes.
pub(crate) fn check_modes(layer: &Layer<'_>, target: Option<&Target>) -> Vec<Finding> {
    let mut unreadable = Groups::default();
    for file in &layer.files {
        if !file.is_link && file.mode.is_some_and(|mode| mode & READ == 0) {
            unreadable.add(file, target);
        }
    }
    let finding = |group: crate::groups::Group| {
        let mode = layer.find(group.first()).and_then(|file| file.mode);
        let mode = format!("{:04o}", mode.unwrap_or_default());
        let message = format!(
            "functions run as another user, who may not read this by its mode {mode}: {}",
            group.files()
        );
        Finding::new(Code::UnreadableFile, message)
            .about(group.package(), Some(group.first()))
            .with_expected(&mode, "0644 or 0755")
            .with_hint("run `chmod -R a+rX` on the directory, and zip it again")
    };
    unreadable.into_iter().map(finding).collect()
}

/// Whether extensions and commands can be started.
pub(crate) fn check_commands(layer: &Layer<'_>, facts: &[FileFacts]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, facts) in layer.files.iter().zip(facts) {
        let kind = match file.path.split_once('/') {
            Some(("extensions", name)) if !name.contains('/') => Kind::Extension,
            // Other files may lie there as well.
            Some(("bin", name)) if !name.contains('/') && can_be_started(facts) => Kind::Command,
            _ => continue,
        };
        if file.is_link {
            continue;
        }
        findings.extend(not_executable(file, kind));
        findings.extend(carriage_return(file, facts, kind));
    }
    findings
}

#[derive(Clone, Copy)]
enum Kind {
    Extension,
    Command,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Extension => "the extension",
            Self::Command => "the command",
        }
    }
}

fn can_be_started(facts: &FileFacts) -> bool {
    facts.is_elf || facts.shebang.is_some()
}

fn not_executable(file: &FileInLayer<'_>, kind: Kind) -> Option<Finding> {
    let seen = match file.mode {
        Some(mode) if mode & EXECUTE != 0 => return None,
        Some(mode) => format!("{mode:04o}"),
        // Made on Windows: it is unpacked without the bit.
        None => "no mode".to_owned(),
    };
    let code = match kind {
        Kind::Extension => Code::ExtensionNotExecutable,
        Kind::Command => Code::CommandNotExecutable,
    };
    let message = format!(
        "{} {} is not executable: it has {seen} and cannot be started",
        kind.name(),
        file.path
    );
    Some(
        Finding::new(code, message)
            .about(file.package(), Some(&file.path))
            .with_expected(&seen, "0755")
            .with_hint(format!(
                "run `chmod 755 {}` before it is zipped, on a system that has modes",
                file.path
            )),
    )
}

fn carriage_return(file: &FileInLayer<'_>, facts: &FileFacts, kind: Kind) -> Option<Finding> {
    let line = facts.shebang.as_deref()?;
    let interpreter = line.strip_suffix('\r')?;
    let code = match kind {
        Kind::Extension => Code::ExtensionCarriageReturn,
        Kind::Command => Code::CommandCarriageReturn,
    };
    let message = format!(
        "the first line of {} {} ends with a carriage return: Linux looks for an interpreter \
         whose name has it too",
        kind.name(),
        file.path
    );
    Some(
        Finding::new(code, message)
            .about(file.package(), Some(&file.path))
            .with_expected(&format!("#!{interpreter}\\r"), &format!("#!{interpreter}"))
            .with_hint("save it with the line endings of Unix, as `dos2unix` does"),
    )
}

/// Links that lead to nothing in the layer.
pub(crate) fn check_links(layer: &Layer<'_>, mount: &str) -> Result<Vec<Finding>, ReadError> {
    let mut reader = layer.reader();
    let mut findings = Vec::new();
    for file in layer.files.iter().filter(|file| file.is_link) {
        let target = reader.text(file)?;
        if leads_somewhere(layer, file, &target, mount) {
            continue;
        }
        findings.push(
            Finding::new(
                Code::BrokenLink,
                format!(
                    "{} is a link to {target:?}, which is not in the layer",
                    file.path
                ),
            )
            .about(file.package(), Some(&file.path))
            .with_hint("zip what it leads to in its place: `zip -r` does so without `-y`"),
        );
    }
    Ok(findings)
}

fn leads_somewhere(layer: &Layer<'_>, file: &FileInLayer<'_>, target: &str, mount: &str) -> bool {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        // Of the system, or of the layer where it is mounted.
        Some(_) => match target
            .strip_prefix(mount)
            .and_then(|it| it.strip_prefix('/'))
        {
            Some(inner) => return layer.has(inner) || !layer.below(inner).is_empty(),
            None => {
                return ["/usr/", "/bin/", "/lib", "/var/", "/tmp", "/dev/", "/etc/"]
                    .iter()
                    .any(|system| target.starts_with(system));
            }
        },
        None => file
            .path
            .rsplit_once('/')
            .map_or(vec![], |(it, _)| it.split('/').collect()),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    layer.has(&path) || !layer.below(&path).is_empty()
}
