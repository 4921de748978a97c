//! How each package is asked for, as `layerlock why` tells it.

use layerlock_lock::{Ask, Choice, LockReader};
use layerlock_uv::{PyLock, RequirementsLock, UvLock};

use crate::support::environment;

const PYPROJECT: &str = r#"[project]
name = "shop"
version = "1"
requires-python = ">=3.10"
dependencies = ["cart[gift]>=1,<2", "old>=3 ; python_full_version < '3.11'"]

[project.optional-dependencies]
fast = ["speed>=2"]
all = ["shop[fast]"]

[dependency-groups]
web = ["http>1"]
"#;

const UV: &str = r#"version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "cart"
version = "1.5"
source = { registry = "https://packages.example.com/simple" }
dependencies = [
    { name = "shared" },
    { name = "tomli", marker = "python_full_version < '3.13'" },
]

[package.optional-dependencies]
gift = [
    { name = "ribbon" },
]

[[package]]
name = "http"
version = "2"
source = { registry = "https://packages.example.com/simple" }
dependencies = [
    { name = "shared" },
]

[[package]]
name = "old"
version = "3"
source = { registry = "https://packages.example.com/simple" }

[[package]]
name = "ribbon"
version = "1"
source = { registry = "https://packages.example.com/simple" }

[[package]]
name = "shared"
version = "1"
source = { registry = "https://packages.example.com/simple" }

[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
dependencies = [
    { name = "cart", extra = ["gift"] },
    { name = "old", marker = "python_full_version < '3.11'" },
]

[package.optional-dependencies]
all = [
    { name = "speed" },
]
fast = [
    { name = "speed" },
]

[package.dev-dependencies]
web = [
    { name = "http" },
]

[package.metadata]
requires-dist = [
    { name = "cart", extras = ["gift"], specifier = ">=1,<2" },
    { name = "old", marker = "python_full_version < '3.11'", specifier = ">=3" },
    { name = "shop", extras = ["fast"], marker = "extra == 'all'" },
    { name = "speed", marker = "extra == 'fast'", specifier = ">=2" },
]
provides-extras = ["fast", "all"]

[package.metadata.requires-dev]
web = [{ name = "http", specifier = ">1" }]

[[package]]
name = "speed"
version = "2"
source = { registry = "https://packages.example.com/simple" }

[[package]]
name = "tomli"
version = "2"
source = { registry = "https://packages.example.com/simple" }
"#;

/// `shop > cart[gift] (>=1; group main; extra a; marker)`
fn shown(asks: Vec<Ask>) -> Vec<String> {
    let mut lines: Vec<String> = asks
        .into_iter()
        .map(|ask| {
            let by = ask.by.map_or("-".to_owned(), |by| by.to_string());
            let extras = match &ask.extras[..] {
                [] => String::new(),
                extras => format!("[{}]", extras.join(",")),
            };
            let facts = [
                ask.versions,
                ask.group.map(|group| format!("group {group}")),
                (!ask.behind.is_empty()).then(|| format!("extra {}", ask.behind.join(" or "))),
                ask.marker,
            ];
            let facts: Vec<String> = facts.into_iter().flatten().collect();
            format!("{by} > {}{extras} ({})", ask.package, facts.join("; "))
        })
        .collect();
    lines.sort();
    lines
}

fn uv(choice: &Choice, python: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("uv.lock");
    fs_err::write(&path, UV).unwrap();
    fs_err::write(directory.path().join("pyproject.toml"), PYPROJECT).unwrap();
    let lock = UvLock::read(&path, None).unwrap();
    shown(lock.asks(choice, &environment(python, "x86_64")).unwrap())
}

#[test]
fn dependencies_of_the_project_have_versions_groups_and_markers() {
    assert_eq!(
        uv(&Choice::default(), "3.10"),
        [
            "- > cart[gift] (>=1,<2; group main)",
            "- > old (>=3; group main; python_full_version < '3.11')",
            "cart > ribbon (extra gift)",
            "cart > shared ()",
            "cart > tomli (python_full_version < '3.13')",
        ]
    );
    assert_eq!(
        uv(&Choice::default(), "3.13"),
        [
            "- > cart[gift] (>=1,<2; group main)",
            "cart > ribbon (extra gift)",
            "cart > shared ()",
        ]
    );
}

#[test]
fn extras_and_groups_of_the_project_are_told() {
    let mut choice = Choice::default();
    choice.extras.names.push("fast".to_owned());
    choice.groups.with.push("web".to_owned());
    assert_eq!(
        uv(&choice, "3.13"),
        [
            "- > cart[gift] (>=1,<2; group main)",
            "- > http (>1; group web)",
            "- > speed (>=2; group main; extra fast)",
            "cart > ribbon (extra gift)",
            "cart > shared ()",
            "http > shared ()",
        ]
    );
}

#[test]
fn a_pylock_tells_what_its_packages_and_their_markers_say() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pylock.toml");
    let package = |name: &str, rest: &str| {
        format!(
            "[[packages]]\nname = \"{name}\"\nversion = \"1\"\n{rest}\n\
             directory = {{ path = \"{name}\" }}\n"
        )
    };
    let packages = [
        package(
            "cart",
            "dependencies = [{ name = \"shared\" }, { name = \"gone\" }]",
        ),
        package("shared", ""),
        package(
            "speed",
            "marker = \"'fast' in extras and os_name == 'posix'\"",
        ),
        package("http", "marker = \"'web' in dependency_groups\""),
        package("winonly", "marker = \"os_name == 'nt'\""),
    ];
    let head = "lock-version = \"1.0\"\ncreated-by = \"x\"\nextras = [\"fast\"]\n\
                dependency-groups = [\"web\"]\n\n";
    fs_err::write(&path, format!("{head}{}", packages.concat())).unwrap();
    let lock = PyLock::read(&path).unwrap();
    let mut choice = Choice::default();
    choice.extras.all = true;
    choice.groups.all = true;
    let asks = lock.asks(&choice, &environment("3.12", "x86_64")).unwrap();
    assert_eq!(
        shown(asks),
        [
            "- > cart (group main)",
            "- > http (group web)",
            "- > speed (group main; extra fast; os_name == 'posix')",
            "cart > shared ()",
        ]
    );
    assert!(lock.tells_needs());
    assert_eq!(lock.package_names().len(), 5);
}

#[test]
fn requirements_tell_what_their_comments_say() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("requirements.txt");
    let hash = "0".repeat(64);
    let line =
        |requirement: &str, via: &str| format!("{requirement} \\\n    --hash=sha256:{hash}\n{via}");
    let text = [
        line("cart[gift]==1", "    # via -r requirements.in\n"),
        line("http==1", "    # via shop (pyproject.toml)\n"),
        line(
            "shared==1 ; python_version < '3.13'",
            "    # via\n    #   cart\n    #   http[fast]\n    #   -c limits.txt\n",
        ),
    ]
    .concat();
    fs_err::write(&path, text).unwrap();
    let lock = RequirementsLock::read(&path, false, &|_| None).unwrap();
    let environment = environment("3.12", "x86_64");
    let asks = lock.asks(&Choice::default(), &environment).unwrap();
    assert_eq!(
        shown(asks),
        [
            "- > cart[gift] (group main)",
            "- > http (group main)",
            "cart > shared (python_full_version < '3.13')",
            "http > shared (python_full_version < '3.13')",
        ]
    );
    assert!(lock.tells_needs());
    fs_err::write(&path, line("cart==1", "")).unwrap();
    let lock = RequirementsLock::read(&path, false, &|_| None).unwrap();
    assert!(!lock.tells_needs());
}
