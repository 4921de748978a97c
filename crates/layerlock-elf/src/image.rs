//! The bytes of a file, all of them or those that matter.
//!
//! A library of a wheel lies deflated in it, and can have a hundred megabytes. What a
//! loader reads of it to judge it are some tables, of which nearly all lie at its start,
//! at its end, or in small segments. So a file is streamed once, and these parts are
//! kept. Where a table lies elsewhere, it is noted, and the file streamed once more.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read};
use std::ops::Range;

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
const START: u64 = 8 << 20;
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

impl Image<'static> {
    /// What matters of a stream, and of it what lies in `wanted`. `small_segments` tells
    /// from a start which parts of the file to keep.
    pub(crate) fn stream(
        mut stream: impl Read,
        wanted: &[Range<u64>],
        small_segments: impl Fn(&Image<'_>) -> Vec<Range<u64>>,
    ) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut stream).take(START).read_to_end(&mut start)?;
        let mut ranges = wanted.to_vec();
        if wide(start.len()) == START {
            // Nobody knows yet how long it is: an end that lies far enough.
            let beginning = Image {
                len: u64::MAX,
                ..Image::whole(&start)
            };
            let small = small_segments(&beginning).into_iter();
            ranges.extend(small.filter(|range| range.end - range.start <= SMALL_SEGMENT));
        }
        let mut keeper = Keeper::new(start, ranges);
        let mut buffer = vec![0; 1 << 16];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => keeper.take(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(keeper.finish())
    }

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

/// What is kept of a stream while it goes by.
struct Keeper {
    at: u64,
    pieces: Vec<Piece<'static>>,
    /// What is to be kept behind the start, with what is kept of each.
    ranges: Vec<(Range<u64>, Vec<u8>)>,
    /// The last bytes, at most twice as many as are kept.
    end: Vec<u8>,
}

impl Keeper {
    fn new(start: Vec<u8>, ranges: Vec<Range<u64>>) -> Self {
        let at = wide(start.len());
        Self {
            at,
            pieces: vec![Piece {
                offset: 0,
                bytes: Cow::Owned(start),
            }],
            ranges: ranges.into_iter().map(|range| (range, vec![])).collect(),
            end: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
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

    fn finish(mut self) -> Image<'static> {
        let kept = self.ranges.into_iter().map(|(range, bytes)| Piece {
            offset: range.start,
            bytes: Cow::Owned(bytes),
        });
        self.pieces.extend(kept);
        // Where the file is only a little longer than its start, there is no gap.
        if let Some(start) = self.pieces.first_mut()
            && wide(start.bytes.len()) + wide(self.end.len()) == self.at
        {
            start.bytes.to_mut().append(&mut self.end);
        }
        self.pieces.push(Piece {
            offset: self.at - wide(self.end.len()),
            bytes: Cow::Owned(self.end),
        });
        Image {
            len: self.at,
            pieces: self.pieces,
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

    /// Gives what it has in small pieces.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(4093);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn bytes(len: u64) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn a_small_file_is_kept_whole() {
        let file = bytes(5 << 10);
        let image = Image::stream(Drops(&file), &[], |_| unreachable!()).unwrap();
        assert_eq!(image.len(), 5 << 10);
        assert_eq!(image.from(0, u64::MAX), Some(&file[..]));
        assert_eq!(image.from(100, 200), Some(&file[100..200]));
        assert_eq!(image.from(5 << 10, u64::MAX), Some(&[][..]));
        assert_eq!(image.from((5 << 10) + 1, u64::MAX), None);
        assert_eq!(image.missed(), []);
    }

    #[test]
    fn of_a_large_file_its_start_its_end_and_what_is_asked_for_are_kept() {
        let file = bytes(20 << 20);
        let (small, large) = ((9 << 20)..(10 << 20), (10 << 20)..(14 << 20));
        let wanted = (START - 100)..(START + 100);
        let segments = || vec![small.clone(), large.clone()];
        let image = Image::stream(Drops(&file), &[wanted], |start| {
            assert_eq!(start.from(0, 3), Some(&file[..3]));
            segments()
        });
        let image = image.unwrap();
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
