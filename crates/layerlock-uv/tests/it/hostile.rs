//! Damaged and hostile locks: each is refused with a message and, where there is one, the
//! line that is to blame. Nothing panics.

use layerlock_diagnostic::Diagnose as _;
use layerlock_lock::{Choice, LockError, LockReader};
use layerlock_uv::{PyLock, RequirementsLock, UvLock};

use crate::support::environment;

mod pylock;
mod requirements;
mod uv;

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"1\"\n";

/// A change of a right lock: what is replaced by what; the start of the message, and the
/// line; 0 where there is none.
type Row = (&'static str, &'static str, &'static str, usize);

/// The error of a file with this text.
fn refusal(name: &str, text: &str) -> LockError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs_err::write(&path, text).unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), PYPROJECT).unwrap();
    let environment = environment("3.12", "x86_64");
    let choice = Choice::default();
    let reader: Result<Box<dyn LockReader>, layerlock_uv::Error> = match name {
        "uv.lock" => UvLock::read(&path, None).map(|lock| Box::new(lock) as _),
        "pylock.toml" => PyLock::read(&path).map(|lock| Box::new(lock) as _),
        _ => RequirementsLock::read(&path, false, &|_| None).map(|lock| Box::new(lock) as _),
    };
    match reader {
        Ok(reader) => reader.select(&choice, &environment).unwrap_err(),
        Err(error) => error.into(),
    }
}

fn assert_refused(name: &str, right: &str, rows: &[Row]) {
    assert!(rows.len() >= 40, "{}", rows.len());
    for (old, new, expected, line) in rows {
        assert!(right.contains(old) && !expected.is_empty(), "{old}");
        let error = refusal(name, &right.replacen(old, new, 1));
        // Where the file lies is no matter.
        let message = error.to_string();
        let start = message.find("/tmp").or_else(|| message.find(name));
        let shown = match start {
            Some(0) => {
                let rest = message.split_once(' ').map_or("", |(_, rest)| rest);
                let file = message
                    .split(' ')
                    .next()
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap();
                if file == name {
                    format!("the lock {rest}")
                } else {
                    format!("{file} {rest}")
                }
            }
            _ => message.clone(),
        };
        let is_it = shown.starts_with(expected) || message.starts_with(expected);
        assert!(is_it, "{new}: {message}");
        let found = error.place().map_or(0, |place| place.line);
        assert_eq!(found, *line, "{new}: {message}");
    }
}

#[test]
fn damaged_locks_of_uv_are_told_with_their_line() {
    assert_refused("uv.lock", uv::RIGHT, uv::ROWS);
}

#[test]
fn damaged_pylocks_are_told_with_their_line() {
    assert_refused("pylock.toml", pylock::RIGHT, pylock::ROWS);
}

#[test]
fn damaged_requirements_are_told_with_their_line() {
    assert_refused("requirements.txt", requirements::RIGHT, requirements::ROWS);
}

#[test]
fn what_is_no_text_is_refused() {
    for name in ["uv.lock", "pylock.toml", "requirements.txt"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs_err::write(&path, b"\xff\xfe").unwrap();
        let message = match name {
            "uv.lock" => UvLock::read(&path, None).unwrap_err().to_string(),
            "pylock.toml" => PyLock::read(&path).unwrap_err().to_string(),
            _ => RequirementsLock::read(&path, false, &|_| None)
                .unwrap_err()
                .to_string(),
        };
        assert!(message.contains("is not UTF-8 text"), "{message}");
    }
    for name in ["uv.lock", "pylock.toml"] {
        for text in ["", "# only a comment\n", "{}"] {
            assert!(
                refusal(name, text).to_string().contains("is no "),
                "{name} {text}"
            );
        }
    }
}

/// However a lock is cut short, it is an error or a lock, and no panic.
#[test]
fn locks_that_end_too_soon_do_not_panic() {
    for (name, text) in [
        ("uv.lock", uv::RIGHT),
        ("pylock.toml", pylock::RIGHT),
        ("requirements.txt", requirements::RIGHT),
    ] {
        for end in (0..text.len()).step_by(7) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(name);
            fs_err::write(&path, &text[..end]).unwrap();
            let environment = environment("3.12", "x86_64");
            let choice = Choice::default();
            let _ = match name {
                "uv.lock" => UvLock::read_even_stale(&path, None)
                    .map(|lock| lock.select(&choice, &environment).is_ok()),
                "pylock.toml" => {
                    PyLock::read(&path).map(|lock| lock.select(&choice, &environment).is_ok())
                }
                _ => RequirementsLock::read(&path, false, &|_| None)
                    .map(|lock| lock.select(&choice, &environment).is_ok()),
            };
        }
    }
}

/// What is wrong in a large lock was hidden by that the whole is too large to be parsed.
#[test]
fn what_is_wrong_in_a_large_lock_is_told() {
    let package = |index: usize| {
        let long = "x".repeat(4000);
        format!(
            "[[package]]\nname = \"p{index}\"\nversion = \"1\"\n\
             source = {{ registry = \"https://packages.example.com/{long}\" }}\n\n"
        )
    };
    let packages: String = (0..1000).map(package).collect();
    let head = "version = 1\nrequires-python = \">=3.10\"\n\n";
    for (head, last, expected) in [
        (head, "[[package]]\nname = 1\n", "`source`"),
        (
            head,
            "[[package]]\nname = 1\nsource = { registry = \"x\" }\n",
            "`name` is of type integer",
        ),
        (head, "<<<<<<< HEAD\n", "merge conflict markers"),
        (
            "version = 1\n<<<<<<< HEAD\n\n",
            "",
            "merge conflict markers",
        ),
    ] {
        let error = refusal("uv.lock", &format!("{head}{packages}{last}")).to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
