//! Damaged pylock.toml files.

use super::Row;

/// One that is right.
pub(super) const RIGHT: &str = r#"lock-version = "1.0"
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

/// What is changed in it.
pub(super) const ROWS: &[Row] = &[
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
    (
        "lock-version = \"1.0\"\n",
        "",
        "the lock is no pylock.toml (PEP 751): it has no `lock-version`",
        0,
    ),
    (
        "lock-version = \"1.0\"",
        "lock-version = 1.0",
        "`lock-version` is of type float, not a string",
        1,
    ),
    (
        "lock-version = \"1.0\"",
        "lock-version = \"1\"",
        "`1` is not a lock version",
        1,
    ),
    (
        "lock-version = \"1.0\"\n",
        "<<<<<<< HEAD\nlock-version = \"1.0\"\n",
        "the lock has merge conflict markers",
        1,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nrequires-python = \"3 or so\"\n",
        "`3 or so` is not a range of versions",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nrequires-python = 3\n",
        "`requires-python` is of type integer, not a string",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nenvironments = [\"os_name ==\"]\n",
        "expected a marker, found its end",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nenvironments = [\"os_name == 'nt'\"]\n",
        "the lock is for other environments than Python 3.12 on Linux, x86_64",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nenvironments = \"linux\"\n",
        "`environments` is of type string, not an array",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nextras = \"a\"\n",
        "`extras` is of type string, not an array",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\ndependency-groups = [1]\n",
        "an item of `dependency-groups` is of type integer, not a string",
        3,
    ),
    (
        "created-by = \"pip\"\n",
        "created-by = \"pip\"\nrequires-python = \">=3.13\"\n",
        "Python 3.12 is outside of the lock's `requires-python`, `>=3.13`",
        3,
    ),
    (
        "[[packages]]\n",
        "packages = 1\n[[other]]\n",
        "cannot extend value of type integer with a dotted key",
        9,
    ),
    ("name = \"six\"\n", "", "a package without `name`", 4),
    (
        "name = \"six\"\n",
        "name = 6\n",
        "`name` is of type integer, not a string",
        5,
    ),
    (
        "name = \"six\"\n",
        "name = \"../six\"\n",
        "`../six` is not a package name",
        5,
    ),
    (
        "version = \"1.17.0\"",
        "version = \"one\"",
        "`one` is not a version",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "version = 1.17",
        "`version` is of type float, not a string",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "marker = 1",
        "a marker is of type integer, not a string",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "marker = \"'a' == 'b'\"",
        "`'a' == 'b'` compares two texts",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "dependencies = \"six\"",
        "`dependencies` is of type string, not an array",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "dependencies = [{ version = \"1\" }]",
        "a dependency without `name`",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "requires-python = \">=3.13\"",
        "Python 3.12 is outside of the lock's `requires-python`, `>=3.13`",
        6,
    ),
    (
        "version = \"1.17.0\"",
        "vcs = { type = \"git\", url = \"x\", commit-id = \"y\" }",
        "a package with both vcs and wheels",
        4,
    ),
    (
        "version = \"1.17.0\"",
        "index = 1",
        "`index` is of type integer, not a string",
        6,
    ),
    (
        "[[packages.wheels]]",
        "[[packages.whls]]",
        "`wheels` is of type table, not an array",
        12,
    ),
    (
        "\n[[packages.wheels]]\nname = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n\n[packages.wheels.hashes]\n",
        "\n[packages.vcs]\ntype = \"hg\"\n",
        "version control by hg, not by git",
        9,
    ),
    (
        "\n[[packages.wheels]]\nname = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n\n[packages.wheels.hashes]\n",
        "\n[packages.vcs]\ntype = \"git\"\nurl = \"x\"\n",
        "`vcs` without `commit-id`",
        8,
    ),
    (
        "\n[[packages.wheels]]\nname = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n\n[packages.wheels.hashes]\n",
        "\n[packages.vcs]\ntype = \"git\"\ncommit-id = \"0\"\n",
        "`vcs` without `url`",
        8,
    ),
    (
        "\n[[packages.wheels]]\nname = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n\n[packages.wheels.hashes]\n",
        "\n[packages.directory]\n",
        "`directory` without `path`",
        8,
    ),
    (
        "\n[[packages.wheels]]\nname = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n\n[packages.wheels.hashes]\n",
        "\n[packages.archive]\nsize = 1\n",
        "a file without `name` and `url`",
        8,
    ),
    (
        "name = \"six-1.17.0-py3-none-any.whl\"\nurl = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\n",
        "",
        "a file without `name` and `url`",
        8,
    ),
    (
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"",
        "url = 1",
        "`url` is of type integer, not a string",
        10,
    ),
    (
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"",
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\nsize = \"big\"",
        "`size` is not a number of bytes",
        11,
    ),
    (
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"",
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"\nsize = -1",
        "`size` is not a number of bytes",
        11,
    ),
    (
        "[packages.wheels.hashes]\nsha256 = \"",
        "[packages.wheels.hashes]\nsha256 = 1 # \"",
        "a hash is of type integer, not a string",
        13,
    ),
];
