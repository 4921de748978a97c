//! The bytes of a file, all of them or those that matter.
//!
//! A library of a wheel lies deflated in it, and can have a hundred megabytes. What a
//! loader reads of it to judge it are some tables, of which nearly all lie at its start,
//! at its end, or in small segments. So a file is streamed once, and these parts are
//! kept. Where a table lies elsewhere, it is noted, and the file streamed once more.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

/// How often a file is streamed: where its headers are at an unusual place, they tell of
/// other such places.
pub(crate) const MOST_PASSES: usize = 3;

/// Some parts of a file.
pub(crate) struct Image<'a> {
    len: u64,
    pieces: Vec<Piece<'a>>,
    /// Where somebody looked for bytes that were not kept.
    missed: RefCell<Vec<Range<u64>>>,
}

struct Piece<'a> {
    offset: u64,
    bytes: Cow<'a, [u8]>,
}

/// How much is kept of a start and of an end, and the largest segment that is kept whole.
const START: u64 = 4 << 20;
const END: usize = 1 << 20;
const SMALL_SEGMENT: u64 = 2 << 20;

/// How much is kept from where a table was missed, before it, where others may lie, and
/// of all that was missed.
const MISSED: u64 = 4 << 20;
const BEFORE_MISSED: u64 = 1 << 20;
const MAX_MISSED: u64 = 32 << 20;

impl<'a> Image<'a> {
    /// A file that is there as a whole.
    pub(crate) fn whole(bytes: &'a [u8]) -> Self {
        Self {
            len: wide(bytes.len()),
            pieces: vec![Piece {
                offset: 0,
                bytes: Cow::Borrowed(bytes),
            }],
            missed: RefCell::default(),
        }
    }

    /// How long the file is.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes from an offset to where the file, or what is kept of it, ends; but not
    /// beyond `end`.
    pub(crate) fn from(&self, offset: u64, end: u64) -> Option<&[u8]> {
        let end = end.min(self.len);
        if offset > end {
            return None;
        }
        let kept = self.pieces.iter().filter_map(|piece| {
            let within = usize::try_from(offset.checked_sub(piece.offset)?).ok()?;
            piece.bytes.get(within..).filter(|rest| !rest.is_empty())
        });
        let rest = kept.max_by_key(|rest| rest.len()).unwrap_or_default();
        let wanted = end - offset;
        let whole = usize::try_from(wanted).ok().and_then(|len| rest.get(..len));
        if whole.is_some() {
            return whole;
        }
        let start = offset + wide(rest.len());
        let missed = start.saturating_sub(BEFORE_MISSED)..end.min(start.saturating_add(MISSED));
        self.missed.borrow_mut().push(missed);
        (!rest.is_empty()).then_some(rest)
    }
}

impl Image<'_> {
    /// What was looked for and not kept: no more than fits into memory.
    pub(crate) fn missed(&self) -> Vec<Range<u64>> {
        let mut left = MAX_MISSED;
        let missed = self.missed.borrow();
        let within = missed.iter().map_while(|range| {
            left = left.checked_sub(range.end - range.start)?;
            Some(range.clone())
        });
        within.collect()
    }
}

/// What is kept of a file that goes by.
pub(crate) struct Keeper {
    /// How much has gone by.
    at: u64,
    start: Vec<u8>,
    /// What is to be kept behind the start, with what is kept of each.
    ranges: Vec<(Range<u64>, Vec<u8>)>,
    /// The last bytes behind the start, at most twice as many as are kept.
    end: Vec<u8>,
}

/// Tells from the start of a file which parts of it matter.
type Places = fn(&Image<'_>) -> Vec<Range<u64>>;

impl Keeper {
    /// Keeps what matters, and what lies in `wanted`.
    pub(crate) fn new(wanted: Vec<Range<u64>>) -> Self {
        Self {
            at: 0,
            start: Vec::new(),
            ranges: wanted.into_iter().map(|range| (range, vec![])).collect(),
            end: Vec::new(),
        }
    }

    /// What is kept of the start.
    pub(crate) fn start(&self) -> &[u8] {
        &self.start
    }

    /// Takes the bytes that come next.
    pub(crate) fn take(&mut self, bytes: &[u8], places: Places) {
        let room = usize::try_from(START - wide(self.start.len())).unwrap_or_default();
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        self.start.extend_from_slice(first);
        self.at += wide(first.len());
        if !first.is_empty() && first.len() == room {
            self.keep_small(places);
        }
        if !rest.is_empty() {
            self.take_behind_start(rest);
        }
    }

    /// Nobody knows yet how long the file is: an end that lies far enough.
    fn keep_small(&mut self, places: Places) {
        let beginning = Image {
            len: u64::MAX,
            ..Image::whole(&self.start)
        };
        let small = places(&beginning).into_iter();
        let small = small.filter(|range| range.end - range.start <= SMALL_SEGMENT);
        self.ranges.extend(small.map(|range| (range, vec![])));
    }

    fn take_behind_start(&mut self, bytes: &[u8]) {
        let (start, end) = (self.at, self.at + wide(bytes.len()));
        for (range, kept) in &mut self.ranges {
            // A range begins in what goes by, or all before was kept already.
            let from = range.start.max(start);
            let to = range.end.min(end);
            let index = |offset: u64| usize::try_from(offset - start).unwrap_or(bytes.len());
            if from < to {
                if kept.is_empty() {
                    range.start = from;
                }
                kept.extend_from_slice(&bytes[index(from)..index(to)]);
            }
        }
        self.end.extend_from_slice(bytes);
        if self.end.len() > 2 * END {
            self.end.drain(..self.end.len() - END);
        }
        self.at = end;
    }

    /// What was kept, after all has gone by.
    pub(crate) fn finish(mut self) -> Image<'static> {
        // Where the file is only a little longer than its start, there is no gap.
        if wide(self.start.len()) + wide(self.end.len()) == self.at {
            self.start.append(&mut self.end);
        }
        let end_at = self.at - wide(self.end.len());
        let (start, end) = ((0, self.start), (end_at, self.end));
        let ranges = self.ranges.into_iter();
        let ranges = ranges.map(|(range, bytes)| (range.start, bytes));
        let pieces = ranges.chain([start, end]).map(|(offset, bytes)| Piece {
            offset,
            bytes: Cow::Owned(bytes),
        });
        Image {
            len: self.at,
            pieces: pieces.collect(),
            missed: RefCell::default(),
        }
    }
}

pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of a file that goes by in small pieces.
    fn kept(file: &[u8], wanted: Vec<Range<u64>>, places: Places) -> Image<'static> {
        let mut keeper = Keeper::new(wanted);
        for piece in file.chunks(4093) {
            keeper.take(piece, places);
        }
        keeper.finish()
    }

    fn bytes(len: u64) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn a_small_file_is_kept_whole() {
        let file = bytes(5 << 10);
        let image = kept(&file, vec![], |_| unreachable!());
        assert_eq!(image.len(), 5 << 10);
        assert_eq!(image.from(0, u64::MAX), Some(&file[..]));
        assert_eq!(image.from(100, 200), Some(&file[100..200]));
        assert_eq!(image.from(5 << 10, u64::MAX), Some(&[][..]));
        assert_eq!(image.from((5 << 10) + 1, u64::MAX), None);
        assert_eq!(image.missed(), []);
    }

    #[test]
    fn of_a_large_file_its_start_its_end_and_what_is_asked_for_are_kept() {
        const SMALL: Range<u64> = (9 << 20)..(10 << 20);
        const LARGE: Range<u64> = (10 << 20)..(14 << 20);
        let file = bytes(20 << 20);
        let (small, large) = (SMALL, LARGE);
        let wanted = (START - 100)..(START + 100);
        let image = kept(&file, vec![wanted], |start| {
            assert_eq!(start.from(0, 3), Some(&[0, 1, 2][..]));
            vec![SMALL, LARGE]
        });
        let is_kept = |from: u64, to: u64| {
            let range = usize::try_from(from).unwrap()..usize::try_from(to).unwrap();
            image.from(from, to) == Some(&file[range])
        };
        assert!(is_kept(0, START) && is_kept(19 << 20, 20 << 20));
        assert!(is_kept(small.start + 7, small.end));
        assert!(is_kept(START, START + 100));
        assert_eq!(image.missed(), []);
        assert!(!is_kept(large.start + 5, large.start + 10));
        assert!(!is_kept(small.end - 10, small.end + 10));
        assert_eq!(
            image.missed(),
            [
                large.start + 5 - BEFORE_MISSED..large.start + 10,
                small.end - BEFORE_MISSED..small.end + 10
            ]
        );
    }
}
