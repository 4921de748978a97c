//! What the bytes of one file tell, whatever layer it is in. It can be kept for the files of
//! a wheel, by the hash of that.

use std::ops::ControlFlow;

use layerlock_elf::Binary;
use layerlock_layer::parallel::{self, Schedule};

use crate::binaries::{may_be_binary, read_binary, read_binary_in_pieces};
use crate::file_facts::{FileFacts, Header};
use crate::layer::{FileInLayer, Layer, LayerReader, ReadError};
use crate::names::ending;
use crate::python::source;
use crate::room::Room;
use crate::secrets;

/// Which facts: those of one kind are found out and kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactsOf {
    /// Compiled files, which each build checks.
    Compiled,
    /// All others.
    Text,
}

/// What is known of files already, and takes what is found out of the others.
pub trait Known: Sync {
    /// What is known of a file.
    fn facts(&self, what: FactsOf, file: &FileInLayer<'_>) -> Option<FileFacts>;

    /// Takes what was found out of a file.
    fn learn(&self, what: FactsOf, file: &FileInLayer<'_>, facts: &FileFacts);
}

/// Nothing is known, and nothing kept.
#[derive(Debug, Clone, Copy)]
pub struct NothingKnown;

impl Known for NothingKnown {
    fn facts(&self, _: FactsOf, _: &FileInLayer<'_>) -> Option<FileFacts> {
        None
    }

    fn learn(&self, _: FactsOf, _: &FileInLayer<'_>, _: &FileFacts) {}
}

/// Text that is larger is data, and no settings of anybody.
const LARGEST_TEXT: u64 = 1 << 20;
/// Source that is larger is made by a program.
const LARGEST_SOURCE: u64 = 4 << 20;
/// A larger compiled file goes by in pieces. To unpack it as a whole is faster.
const LARGEST_AT_ONCE: u64 = 2 << 20;

/// What all files that are looked at take up at once, in bytes.
const ROOM: u64 = 24 << 20;
/// As much is kept of a compiled file that goes by.
const KEPT_OF_BINARY: u64 = 12 << 20;
/// A syntax tree is so many times as large as its source.
const TREE: u64 = 12;

/// Looks at every file of a layer for Python 3.`minor` that is not compiled, except at
/// those of which everything is known. Gives the facts in the order of the files.
pub(crate) fn examine(
    layer: &Layer<'_>,
    minor: Option<u8>,
    known: &dyn Known,
) -> Result<Vec<FileFacts>, ReadError> {
    examine_for(layer, FactsOf::Text, known, |reader, file| {
        if ending(file.name()) == Some("pyc") {
            return of_bytecode(reader, file);
        }
        Ok(facts_of(file, &reader.bytes(file)?, minor))
    })
}

/// Looks at every compiled file of a layer. Gives the facts in the order of the files.
pub(crate) fn examine_compiled(
    layer: &Layer<'_>,
    known: &dyn Known,
) -> Result<Vec<FileFacts>, ReadError> {
    examine_for(layer, FactsOf::Compiled, known, |reader, file| {
        Ok(FileFacts {
            binary: binary(reader, file)?,
            ..FileFacts::default()
        })
    })
}

fn examine_for<'a>(
    layer: &Layer<'a>,
    what: FactsOf,
    known: &dyn Known,
    find: impl Fn(&mut LayerReader<'a>, &FileInLayer<'a>) -> Result<FileFacts, ReadError> + Sync,
) -> Result<Vec<FileFacts>, ReadError> {
    let room = Room::of(ROOM);
    let (facts, _) = parallel::with_state::<_, _, _, ReadError>(
        &layer.files,
        Schedule::InParts,
        |_| Ok(layer.reader()),
        |reader, file| {
            if !is_of_interest(what, file) {
                return Ok(FileFacts::default());
            }
            if let Some(facts) = known.facts(what, file) {
                return Ok(facts);
            }
            let _part = room.take(cost(what, file));
            let facts = find(reader, file)?;
            known.learn(what, file, &facts);
            Ok(facts)
        },
    )?;
    Ok(facts)
}

/// The memory that it takes to look at a file.
fn cost(what: FactsOf, file: &FileInLayer<'_>) -> u64 {
    match (what, ending(file.name())) {
        (FactsOf::Compiled, _) => file.size.min(KEPT_OF_BINARY),
        (FactsOf::Text, Some("pyc")) => 0,
        (FactsOf::Text, Some("py")) => file.size.saturating_mul(TREE),
        (FactsOf::Text, _) => file.size,
    }
}

fn binary<'a>(
    reader: &mut LayerReader<'a>,
    file: &FileInLayer<'a>,
) -> Result<Option<Binary>, ReadError> {
    if file.size <= LARGEST_AT_ONCE {
        return Ok(read_binary(&reader.bytes(file)?));
    }
    read_binary_in_pieces(|take| reader.pieces(file, take))
}

fn of_bytecode<'a>(
    reader: &mut LayerReader<'a>,
    file: &FileInLayer<'a>,
) -> Result<FileFacts, ReadError> {
    let mut start = Vec::new();
    reader.pieces(file, &mut |piece| {
        let missing = Header::LENGTH - start.len();
        start.extend(piece.iter().take(missing));
        if start.len() == Header::LENGTH {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(FileFacts {
        pyc: Header::read(&start),
        ..FileFacts::default()
    })
}

/// Whether something is to be found in a file like this.
fn is_of_interest(what: FactsOf, file: &FileInLayer<'_>) -> bool {
    if file.is_link {
        return false;
    }
    if what == FactsOf::Compiled {
        return may_be_binary(&file.path);
    }
    match ending(file.name()) {
        Some("py") => file.size <= LARGEST_SOURCE,
        Some("pyc") => true,
        _ => file.size <= LARGEST_TEXT && (is_command(file) || secrets::is_for(file)),
    }
}

/// Whether a function or a shell may start it.
pub(crate) fn is_command(file: &FileInLayer<'_>) -> bool {
    match file.path.split_once('/') {
        Some(("bin" | "extensions", name)) => !name.contains('/'),
        Some((_, rest)) => rest.starts_with("bin/"),
        None => false,
    }
}

fn facts_of(file: &FileInLayer<'_>, bytes: &[u8], minor: Option<u8>) -> FileFacts {
    let mut facts = FileFacts::default();
    if ending(file.name()) == Some("py") {
        facts.syntax = minor.and_then(|minor| source::problem(bytes, minor));
    }
    if is_command(file) {
        facts.is_elf = bytes.starts_with(b"\x7fELF");
        facts.shebang = shebang(bytes);
    }
    if bytes.len() as u64 <= LARGEST_TEXT {
        facts.secrets = secrets::find(file, bytes);
    }
    facts
}

/// The first line without its line feed, where it begins with `#!`.
fn shebang(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    let line = line.strip_prefix(b"#!")?;
    Some(String::from_utf8_lossy(line).into_owned())
}
