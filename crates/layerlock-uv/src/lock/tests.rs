//! A lock that is read in parts says what it says as a whole.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::lines::wheel_lines;
use super::*;

fn locks() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uv");
    let projects = fs_err::read_dir(fixtures).unwrap();
    let locks = projects.map(|project| project.unwrap().path().join("uv.lock"));
    let mut locks: Vec<PathBuf> = locks.filter(|lock| lock.is_file()).collect();
    locks.sort();
    locks
}

/// The packages as one parser after the other reads them.
fn read_both(lock: &[u8]) -> (Option<String>, Option<String>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("uv.lock");
    fs_err::write(&path, lock).unwrap();
    let Ok(document) = Document::read(&path) else {
        return (None, None);
    };
    let shown = |read: Result<(Head, Vec<Package>), Error>| Some(format!("{:#?}", read.ok()?));
    let parts = document.cut("package");
    let parts = parts.filter(|parts| parts.rest.part_text().is_empty());
    let in_parts = parts.and_then(|parts| shown(read_parts(&parts, directory.path())));
    (in_parts, shown(read_whole(&document, directory.path())))
}

/// The first lines that are not the same.
fn difference(one: Option<String>, other: Option<String>) -> Option<(String, String)> {
    let lines = |text: Option<String>| -> Vec<String> {
        let text = text.unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let (one, other) = (lines(one), lines(other));
    let end = [String::from("the end")];
    let longest = one.len().max(other.len()) + 1;
    let one = one.iter().chain(end.iter().cycle());
    let other = other.iter().chain(end.iter().cycle());
    let mut pairs = one.zip(other).take(longest);
    let (one, other) = pairs.find(|(one, other)| one != other)?;
    Some((one.clone(), other.clone()))
}

#[test]
fn the_locks_of_the_fixtures_are_read_in_parts() {
    let locks = locks();
    assert!(locks.len() > 30, "{locks:?}");
    for path in locks {
        let (in_parts, as_a_whole) = read_both(&fs_err::read(&path).unwrap());
        assert!(in_parts.is_some(), "{}", path.display());
        assert_eq!(difference(in_parts, as_a_whole), None, "{}", path.display());
    }
}

/// What may be at a place of a lock, from which on lines mean something else.
const NEW: &str = "\n|\nwheels = \\[\n|wheels = \\[\\]\n|    \\{ url = \"x\", hash = \"y\" \\},\n|\\]\n|\"\"\"|'''|\
                   \\[\\[package\\]\\]\n|\\[package\\.x\\]\n| \\[package\\.x\\]\n| \\[\\[package\\]\\]\n| \\[x\\]\n|\\[x\\]\n|#|[\\[\\]{}=\"'.,\n a-c0-9\\\\\t\u{7f}é]{0,4}";

proptest! {
    /// Where a change makes the parts unreadable the whole is read: that is no difference.
    #[test]
    fn no_change_of_a_lock_makes_its_parts_say_something_else(
        lock in select(locks()),
        at in any::<Index>(),
        at_line in any::<bool>(),
        length in 0usize..24,
        new in NEW,
    ) {
        let mut lock = fs_err::read(lock).unwrap();
        let mut start = at.index(lock.len());
        if at_line {
            start = lock[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        }
        let end = (start + length).min(lock.len());
        lock.splice(start..end, new.bytes());
        let (in_parts, as_a_whole) = read_both(&lock);
        if in_parts.is_some() {
            prop_assert_eq!(difference(in_parts, as_a_whole), None);
        }
    }
}

#[test]
fn wheels_are_read_off_lines_where_they_are_as_uv_writes_them() {
    let first = "    { url = \"https://files.example.com/a-1%2Bb-py3-none-any.whl\", \
                 hash = \"sha256:00\", size = 12, upload-time = \"2026-01-01T00:00:00Z\" },\n";
    let second = "    { url = \"https://files.example.com/b.whl\", hash = \"sha256:11\" },\n";
    let text = format!("[[package]]\nname = \"a\"\nwheels = [\n{first}{second}]\n\n");
    let lines = wheel_lines(&text, 100).unwrap();
    assert_eq!(&text[..lines.start], "[[package]]\nname = \"a\"");
    let [first, second] = &lines.wheels[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(first.name, "a-1+b-py3-none-any.whl");
    assert_eq!((first.size, second.size), (Some(12), None));
    let place = text.find("\"sha256:11\"").unwrap();
    assert_eq!(
        second.span,
        100 + place..100 + place + "\"sha256:11\"".len()
    );
}

#[test]
fn what_uv_does_not_write_is_left_to_the_parser() {
    let line = "    { url = \"https://files.example.com/a.whl\", hash = \"sha256:00\" },\n";
    let text = |lines: &str| format!("[[package]]\nname = \"a\"\nwheels = [\n{lines}]\n");
    assert!(wheel_lines(&text(line), 0).is_some());
    for other in [
        text(""),
        text("    # one\n"),
        text(&line.replace("url", "path")),
        text(&line.replace("sha256:00", "sha256:\\u0030")),
        text(&line.replace("a.whl", "ä.whl")),
        text(&line.replace("a.whl", "\t")),
        text(&line.replace("a.whl", "")),
        text(&line.replace(" },", ", size = 01 },")),
        text(&line.replace(" },", ", size = 1_0 },")),
        text(&line.replace(" },", ", size = +1 },")),
        text(&line.replace(" },", ", size =  1 },")),
        text(&line.replace(" },", ", size = 9999999999999999999 },")),
        text(&line.replace(" },", ", x = 1 },")),
        text(&line.replace(" },\n", " }\n")),
        text(&line.replace('\n', "\r\n")),
        text(line).replace("wheels", "\n[package.x]\nwheels"),
        text(line).replace("wheels", " [package.metadata]\nwheels"),
        text(line).replace("wheels", "\t[[package]]\nname = \"b\"\nwheels"),
        format!("{}x = 1\n", text(line)),
        text(line).replace("]\n", "]"),
    ] {
        assert!(wheel_lines(&other, 0).is_none(), "{other}");
    }
}
