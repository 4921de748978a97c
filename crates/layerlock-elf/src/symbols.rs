//! The symbols that a library has for others.

use object::LittleEndian as Le;
use object::elf::{GnuHashHeader, HashHeader, SHN_UNDEF, Sym64};

use crate::file::{ElfFile, bytes_from, record};
use crate::image::wide;
use crate::needs::{Dynamic, HashTable, name};

/// More symbols than any library has, and than are read of one.
const MAX_SYMBOLS: u64 = 1 << 21;

/// More names than anybody asks for.
const MAX_NAMES: usize = 64;

/// The names of the symbols of a file that begin with a prefix, without it. Where the
/// symbols cannot be read, there are none: a loader finds none either.
pub(crate) fn exported<'a>(
    file: &ElfFile<'a>,
    dynamic: &Dynamic<'a>,
    prefix: &str,
) -> Vec<&'a str> {
    let Some((symbols, table)) = dynamic.symbols() else {
        return Vec::new();
    };
    let Some((first, count)) = hashed(file, table) else {
        return Vec::new();
    };
    let size = size_of::<Sym64<Le>>();
    let Some(symbols) = file
        .memory(symbols)
        .and_then(|all| bytes_from(all, first.checked_mul(wide(size))?))
    else {
        return Vec::new();
    };
    let count = usize::try_from(count).unwrap_or_default();
    symbols
        .chunks_exact(size)
        .take(count)
        .filter_map(record::<Sym64<Le>>)
        .filter(|symbol| symbol.st_shndx.get(Le) != SHN_UNDEF)
        .filter_map(|symbol| {
            let at = symbol.st_name.get(Le).into();
            // Most names have another beginning: they are not read to their end.
            let begins = bytes_from(dynamic.names, at)?.starts_with(prefix.as_bytes());
            begins
                .then(|| name(dynamic.names, at).ok()?.strip_prefix(prefix))
                .flatten()
        })
        .take(MAX_NAMES)
        .collect()
}

/// The first symbol that a table can find, and how many there are from there on.
fn hashed(file: &ElfFile<'_>, table: HashTable) -> Option<(u64, u64)> {
    match table {
        HashTable::SystemV(address) => {
            let header: &HashHeader<Le> = record(file.memory(address)?)?;
            Some((0, u64::from(header.chain_count.get(Le)).min(MAX_SYMBOLS)))
        }
        HashTable::Gnu(address) => {
            let table = file.memory(address)?;
            let header: &GnuHashHeader<Le> = record(table)?;
            let first = u64::from(header.symbol_base.get(Le));
            let last = last_hashed(table, header)?;
            let count = (last + 1).checked_sub(first)?;
            Some((first, count.min(MAX_SYMBOLS)))
        }
    }
}

/// The last symbol of a GNU hash table: the end of the chain of its greatest bucket,
/// which has the lowest bit.
fn last_hashed(table: &[u8], header: &GnuHashHeader<Le>) -> Option<u64> {
    let bloom = u64::from(header.bloom_count.get(Le)) * 8;
    let buckets = bytes_from(table, 16 + bloom)?;
    let count = usize::try_from(header.bucket_count.get(Le)).ok()?;
    let (buckets, chains) = buckets.split_at_checked(count.checked_mul(4)?)?;
    let greatest = numbers(buckets).max()?;
    let index = greatest.checked_sub(header.symbol_base.get(Le))?;
    let chain = bytes_from(chains, u64::from(index) * 4)?;
    let length = numbers(chain).position(|hash| hash & 1 != 0)?;
    Some(u64::from(greatest) + wide(length))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let words = bytes.as_chunks::<4>().0.iter();
    words.map(|word| u32::from_le_bytes(*word))
}
