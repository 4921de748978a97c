//! Damaged and hostile locks: each is refused with a message and, where there is one, the
//! line that is to blame. Nothing panics.

use layerlock_diagnostic::Diagnose as _;
use layerlock_lock::{Choice, LockError, LockReader};
use layerlock_uv::{PyLock, RequirementsLock, UvLock};

use crate::support::environment;

const PYPROJECT: &str = "[project]\nname = \"shop\"\nversion = \"1\"\n";

/// A lock of uv that is right.
const UV: &str = r#"version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "six" },
]

[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://packages.example.com/simple" }
wheels = [
    { url = "https://files.example.com/six-1.17.0-py3-none-any.whl", hash = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274", size = 11050 },
]
"#;

const PYLOCK: &str = r#"lock-version = "1.0"
created-by = "pip"

[[packages]]
name = "six"
version = "1.17.0"

[[packages.wheels]]
name = "six-1.17.0-py3-none-any.whl"
url = "https://files.example.com/six-1.17.0-py3-none-any.whl"

[packages.wheels.hashes]
sha256 = "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
"#;

const REQUIREMENTS: &str = "six==1.17.0 \\\n    --hash=sha256:\
                            4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n";

/// A change of a right lock: what is replaced by what; the start of the message, and the
/// line; 0 where there is none.
type Row = (&'static str, &'static str, &'static str, usize);

const UV_ROWS: [Row; 25] = [
    (
        "version = 1\n",
        "version = 2\n",
        "uv.lock of version 2 cannot be read",
        1,
    ),
    (
        "version = 1\n",
        "version = \"1\"\n",
        "`version` is not a number",
        1,
    ),
    (
        "version = 1\n",
        "",
        "the lock is no lock of uv: it has no `version`",
        0,
    ),
    (
        "version = 1\n",
        "lock-version = \"1.0\"\n",
        "the lock is no lock of uv: it is in the format of pylock.toml",
        0,
    ),
    (
        "version = 1\n",
        "<<<<<<< HEAD\nversion = 1\n",
        "the lock has merge conflict markers",
        1,
    ),
    (
        "\">=3.10\"",
        "\"3 or so\"",
        "`3 or so` is not a range of versions",
        3,
    ),
    (
        "\">=3.10\"",
        "310",
        "`requires-python` is of type integer",
        3,
    ),
    (
        "name = \"six\"\nversion",
        "nam = \"six\"\nversion",
        "a package without `name`",
        13,
    ),
    (
        "name = \"six\"\nversion",
        "name = \"../six\"\nversion",
        "`../six` is not a package name",
        14,
    ),
    (
        "version = \"1.17.0\"",
        "version = \"one\"",
        "`one` is not a version",
        15,
    ),
    (
        "source = { registry = \"https://packages.example.com/simple\" }\n",
        "",
        "a package without `source`",
        13,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "{ svn = \"x\" }",
        "unknown kind of source: svn",
        16,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "{ git = \"https://git.example.com/a\" }",
        "a git source without the commit",
        16,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "\"pypi\"",
        "`source` is of type string",
        16,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"seven\" }",
        "a dependency on seven, that the lock does not have",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", version = \"2\" }",
        "a dependency on six 2, that the lock does not have",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", marker = \"python_version >\" }",
        "expected a marker",
        10,
    ),
    (
        "{ name = \"six\" }",
        "\"six\"",
        "a dependency is of type string",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ version = \"1\" }",
        "a dependency without `name`",
        10,
    ),
    (
        "files.example.com/six-1.17.0-py3-none-any.whl",
        "files.example.com/..%2Fsix.whl",
        "`../six.whl` is not a plain file name",
        18,
    ),
    (
        "size = 11050",
        "size = -1",
        "`size` is not a number of bytes",
        18,
    ),
    (
        "size = 11050",
        "size = \"big\"",
        "`size` is not a number of bytes",
        18,
    ),
    ("{ url = ", "{ link = ", "a file without `url`", 18),
    ("\n]\n\n[[package]]", "\n\n[[package]]", "missing comma", 13),
    (
        "name = \"shop\"",
        "name = \"store\"",
        "the lock is out of date: it has no package `shop`",
        1,
    ),
];

const PYLOCK_ROWS: [Row; 10] = [
    (
        "\"1.0\"",
        "\"2.0\"",
        "pylock.toml of version 2.0 cannot be read",
        1,
    ),
    ("\"1.0\"", "\"one\"", "`one` is not a lock version", 1),
    (
        "lock-version = \"1.0\"",
        "version = 1",
        "the lock is no pylock.toml (PEP 751): it is in the format of uv.lock",
        0,
    ),
    (
        "version = \"1.17.0\"",
        "marker = \"os_name == 1\"",
        "`1` is not a marker",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "marker = \"((((\"",
        "expected a marker",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "archive = { url = \"https://x\", hashes = {} }",
        "a package with both archive and wheels",
        4,
    ),
    (
        "version = \"1.17.0\"",
        "requires-python = \"old\"",
        "`old` is not a range",
        6,
    ),
    (
        "\n[packages.wheels.hashes]\nsha256",
        "\n[packages.wheels.sums]\nsha256",
        "a file without `hashes`",
        8,
    ),
    (
        "name = \"six-1.17.0-py3-none-any.whl\"",
        "name = \"a/b.whl\"",
        "`a/b.whl` is not a plain file name",
        8,
    ),
    (
        "name = \"six\"\n",
        "name = \"-\"\n",
        "`-` is not a package name",
        5,
    ),
];

const REQUIREMENTS_ROWS: [Row; 13] = [
    ("==1.17.0", "", "six names no exact version", 1),
    (
        "==1.17.0",
        ">=1.17.0",
        "six>=1.17.0 names no exact version",
        1,
    ),
    (
        "==1.17.0",
        "==1.17.*",
        "six==1.17.* names no exact version",
        1,
    ),
    ("==1.17.0", "==one", "`==one` is not a range of versions", 1),
    (
        "==1.17.0",
        "==1.17.0 ; python >= '3'",
        "`python` is not a marker",
        1,
    ),
    ("sha256:", "md5:", "six==1.17.0 has no hash", 1),
    ("--hash=", "--sum=", "unknown option `--sum`", 1),
    (
        "six==1.17.0 \\\n",
        "six==1.17.0\n",
        "unknown option `--hash`",
        2,
    ),
    (
        "six==1.17.0",
        "six @ ftp://files.example.com/six.whl",
        "`ftp://files.example.com/six.whl` is neither",
        1,
    ),
    (
        "six==1.17.0",
        "six @ git+https://git.example.com/six@main",
        "a git requirement has to name the whole commit",
        1,
    ),
    ("six==1.17.0", "six[a==1.17.0", "no end to the extras", 1),
    (
        "six==1.17.0 \\\n",
        "{\"default\": {}}\n#",
        "the lock is no requirements file: it is JSON",
        0,
    ),
    (
        "six==1.17.0 \\\n",
        "-r none.txt\n#",
        "none.txt cannot be read",
        0,
    ),
];

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
    for (old, new, expected, line) in rows {
        assert!(right.contains(old), "{old}");
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
    assert_refused("uv.lock", UV, &UV_ROWS);
}

#[test]
fn damaged_pylocks_are_told_with_their_line() {
    assert_refused("pylock.toml", PYLOCK, &PYLOCK_ROWS);
}

#[test]
fn damaged_requirements_are_told_with_their_line() {
    assert_refused("requirements.txt", REQUIREMENTS, &REQUIREMENTS_ROWS);
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
        ("uv.lock", UV),
        ("pylock.toml", PYLOCK),
        ("requirements.txt", REQUIREMENTS),
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
