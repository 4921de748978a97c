//! Damaged requirements files.

use super::Row;

/// One that is right.
pub(super) const RIGHT: &str = "six==1.17.0 \\\n    --hash=sha256:\
                            4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n";

/// What is changed in it.
pub(super) const ROWS: &[Row] = &[
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
    (
        "sha256:",
        "md5:",
        "six==1.17.0 has no hash that proves its file, only `md5:",
        1,
    ),
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
    ("six==1.17.0 \\\n", "-r none.txt\n#", "there is no file ", 1),
    ("==1.17.0", "<2", "six<2 names no exact version", 1),
    (
        "==1.17.0",
        "==1.17.0,!=1.16",
        "six==1.17.0,!=1.16 names no exact version",
        1,
    ),
    (
        "==1.17.0",
        "= 1.17.0",
        "`= 1.17.0` is not a range of versions",
        1,
    ),
    (
        "==1.17.0",
        "==1.17.0 ; os_name ==",
        "expected a marker, found its end",
        1,
    ),
    (
        "==1.17.0",
        "==1.17.0 ; (os_name == \"posix\"",
        "expected `)`, found its end",
        1,
    ),
    (
        "six==1.17.0",
        "_six==1.17.0",
        "`_six` is not a package name",
        1,
    ),
    (
        "six==1.17.0",
        "==1.17.0",
        "no package name before `==1.17.0`",
        1,
    ),
    ("six==1.17.0", "six[a,b==1.17.0", "no end to the extras", 1),
    (
        "six==1.17.0",
        "six @ https://files.example.com/",
        "`https://files.example.com/` names no file",
        1,
    ),
    (
        "six==1.17.0",
        "https://files.example.com/archive.zip",
        "what package this is does not show: write `NAME @` before it",
        1,
    ),
    (
        "six==1.17.0",
        "six @ git+https://git.example.com/six",
        "a git requirement has to name the whole commit: `git+URL@COMMIT`",
        1,
    ),
    (
        "six==1.17.0",
        "six @ git+https://git.example.com/six@abc123",
        "a git requirement has to name the whole commit: `git+URL@COMMIT`",
        1,
    ),
    (
        "six==1.17.0",
        "git+https://git.example.com/six@0000000000000000000000000000000000000000",
        "what package this is does not show: write `NAME @` before it",
        1,
    ),
    (
        "six==1.17.0",
        "hg+https://hg.example.com/six#egg=six",
        "`hg+https://hg.example.com/six` is neither of http, https, git nor on this machine",
        1,
    ),
    ("six==1.17.0", "./nowhere", "there is no `./nowhere`", 1),
    ("six==1.17.0", "-e ./nowhere", "there is no `./nowhere`", 1),
    (
        "six==1.17.0",
        "-e six==1.17.0",
        "there is no `six==1.17.0`",
        1,
    ),
    (
        "six==1.17.0",
        "--no-such-option x",
        "unknown option `--no-such-option`",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "-r requirements.txt\nsix==1.17.0 \\\n",
        "the lock includes itself",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "six==1.16.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\nsix==1.17.0 \\\n",
        "the lock selects six twice for this target: 1.16.0 and 1.17.0",
        2,
    ),
    (
        "six==1.17.0 \\\n",
        "<<<<<<< HEAD\nsix==1.17.0 \\\n",
        "the lock has merge conflict markers",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "[[package]]\nname = \"six\"\n#",
        "the lock is no requirements file: it is TOML, as poetry.lock and uv.lock are",
        0,
    ),
    (
        "six==1.17.0 \\\n",
        "[[packages]]\nname = \"six\"\n#",
        "the lock is no requirements file: it is TOML, as pylock.toml is",
        0,
    ),
    (
        "six==1.17.0 \\\n",
        "[project]\nname = \"six\"\n#",
        "the lock is no requirements file: it is TOML, as pyproject.toml is",
        0,
    ),
    (
        "--hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "--hash=sha256:abc",
        "six==1.17.0 has no hash that proves its file, only `sha256:abc`",
        1,
    ),
    (
        "--hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "--hash=crc32:00",
        "six==1.17.0 has no hash that proves its file, only `crc32:00`",
        1,
    ),
    (
        "--hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "--hash=",
        "`--hash` without a hash",
        1,
    ),
    (
        "--hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
        "--hash",
        "`--hash` without a hash",
        1,
    ),
    (
        "six==1.17.0",
        "six==1.17.0 six==1.17.0",
        "`==1.17.0 six==1.17.0` is not a range of versions",
        1,
    ),
    (
        "six==1.17.0",
        "pip install six",
        "`install six` is not a range of versions",
        1,
    ),
    (
        "six==1.17.0",
        "six==${VERSION}",
        "`==${VERSION}` is not a range of versions; the variable VERSION is not set",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "idna==3.20\nsix==1.17.0 \\\n",
        "idna==3.20 has no hash",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "-r\nsix==1.17.0 \\\n",
        "an option that names no file",
        1,
    ),
    (
        "six==1.17.0 \\\n",
        "-c none.txt\nsix==1.17.0 \\\n",
        "there is no file ",
        1,
    ),
];
