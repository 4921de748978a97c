//! Damaged locks of uv.

use super::Row;

/// One that is right.
pub(super) const RIGHT: &str = r#"version = 1
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

/// What is changed in it.
pub(super) const ROWS: &[Row] = &[
    (
        "version = 1\n",
        "version = 2\n",
        "uv.lock of version 2 cannot be read",
        1,
    ),
    (
        "version = 1\n",
        "version = \"1\"\n",
        "`version` is not a whole number",
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
    (
        "version = 1\n",
        "version = 1.5\n",
        "`version` is not a whole number",
        1,
    ),
    (
        "version = 1\n",
        "version = 99999999999999999999\n",
        "uv.lock of version 99999999999999999999 cannot be read: the newest known version is 1",
        1,
    ),
    (
        "version = 1\n",
        "version = [1]\n",
        "`version` is not a whole number",
        1,
    ),
    (
        "revision = 3\n",
        "revision = 3\nsupported-markers = [\"os_name ==\"]\n",
        "expected a marker, found its end",
        3,
    ),
    (
        "revision = 3\n",
        "revision = 3\nconflicts = [[{ extra = \"a\" }, { extra = \"b\" }]]\n",
        "a conflict without `package`",
        3,
    ),
    (
        "revision = 3\n",
        "revision = 3\nconflicts = [1]\n",
        "a set of conflicts is of type integer, not an array",
        3,
    ),
    (
        "revision = 3\n",
        "revision = 3\nmanifest = 1\n",
        "`manifest` is of type integer, not a table",
        3,
    ),
    (
        "requires-python = \">=3.10\"\n",
        "requires-python = \">=3.10\"\n\n[manifest]\nmembers = [1]\n",
        "an item of `members` is of type integer, not a string",
        6,
    ),
    (
        "requires-python = \">=3.10\"\n",
        "requires-python = \">=3.10\"\n\n[manifest]\nconstraints = [{ specifier = \"<1\" }]\n",
        "a requirement without `name`",
        6,
    ),
    (
        "name = \"six\"\nversion",
        "name = \"six\"\nname = \"six\"\nversion",
        "duplicate key",
        15,
    ),
    (
        "name = \"six\"\nversion",
        "name = 6\nversion",
        "`name` is of type integer, not a string",
        14,
    ),
    (
        "version = \"1.17.0\"",
        "version = 1.17",
        "`version` is of type float, not a string",
        15,
    ),
    (
        "wheels = [",
        "wheels = \"six.whl\"\nother = [",
        "`wheels` is of type string, not an array",
        17,
    ),
    (
        "wheels = [\n",
        "wheels = [\n    \"six.whl\",\n",
        "a file is of type string, not a table",
        18,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "{ url = 1 }",
        "`url` is of type integer, not a string",
        16,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "{ git = \"https://git.example.com/a#main\" }",
        "a git source without the commit",
        16,
    ),
    (
        "{ registry = \"https://packages.example.com/simple\" }",
        "{ }",
        "`source` says nothing",
        16,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", extra = \"a\" }",
        "`extra` is of type string, not an array",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", version = \"two\" }",
        "`two` is not a version",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", source = { svn = \"x\" } }",
        "unknown kind of source: svn",
        10,
    ),
    (
        "{ name = \"six\" }",
        "{ name = \"six\", marker = 1 }",
        "a marker is of type integer, not a string",
        10,
    ),
    (
        "hash = \"sha256:",
        "hash = 1, old = \"sha256:",
        "`hash` is of type integer, not a string",
        18,
    ),
    (
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"",
        "url = \"\"",
        "`` is not a plain file name",
        18,
    ),
    (
        "url = \"https://files.example.com/six-1.17.0-py3-none-any.whl\"",
        "filename = \"a\\u0000.whl\", url = \"https://x.example.com/\"",
        "`a\\0.whl` is not a plain file name",
        18,
    ),
    (
        "dependencies = [\n",
        "optional-dependencies = 1\ndependencies = [\n",
        "`optional-dependencies` is of type integer, not a table",
        9,
    ),
    (
        "dependencies = [\n",
        "dev-dependencies = { a = 1 }\ndependencies = [\n",
        "`a` is of type integer, not an array",
        9,
    ),
    (
        "dependencies = [\n",
        "metadata = { requires-dist = [1] }\ndependencies = [\n",
        "a requirement is of type integer, not a table",
        9,
    ),
    (
        "dependencies = [\n",
        "metadata = { provides-extras = \"a\" }\ndependencies = [\n",
        "`provides-extras` is of type string, not an array",
        9,
    ),
];
