//! The tables, with their keys and what each of these may be.

/// What a value has to look like.
pub(super) enum Shape {
    Any,
    Text,
    /// A text on one line.
    Line,
    /// A text that begins like a URL.
    Url,
    Flag,
    OneOf(&'static [&'static str]),
    List(&'static Shape),
    /// A table with keys of the user's choice.
    Each(&'static Shape),
    /// The same, where only keys that are names (ASCII) are looked at.
    Names(&'static Shape),
    /// A table with these keys and no others.
    Table(&'static Keys),
    /// A text, or else this.
    TextOr(&'static Shape),
    /// This, or an array of it.
    OneOrList(&'static Shape),
    /// The name of a package.
    Name,
    /// A version in lower case.
    Version,
    /// An entry in a table of dependencies.
    Dependency,
    /// One of `[tool.poetry.scripts]` that is a table.
    Script,
    /// One of `[tool.poetry.group]`.
    Group,
    /// The priority of a source.
    Priority,
    /// This, under a key that Poetry 1 alone knows.
    OfPoetry1(&'static Shape),
    /// `readme` and `license` of `[project]` as tables.
    Readme,
    License,
    /// One of its authors.
    Author,
    /// Its entry points, by groups.
    EntryPoints,
    /// One of its `license-files`.
    LicenseFile,
}

pub(super) struct Keys {
    /// What the table is, for people.
    pub(super) what: &'static str,
    pub(super) required: &'static [&'static str],
    pub(super) known: &'static [(&'static str, Shape)],
}

pub(super) const TEXTS: Shape = Shape::List(&Shape::Text);
pub(super) const TEXT_TABLE: Shape = Shape::Each(&Shape::Text);
const DEPENDENCIES: Shape = Shape::Names(&Shape::Dependency);
const FORMATS: Shape = Shape::OneOf(&["sdist", "wheel"]);
const FORMAT: Shape = Shape::OneOrList(&FORMATS);

pub(super) const POETRY: Keys = Keys {
    what: "[tool.poetry]",
    required: &[],
    known: &[
        ("authors", TEXTS),
        ("build", Shape::TextOr(&Shape::Table(&BUILD))),
        ("build-constraints", Shape::Names(&DEPENDENCIES)),
        ("classifiers", Shape::List(&Shape::Any)),
        ("dependencies", DEPENDENCIES),
        ("description", Shape::Line),
        ("dev-dependencies", DEPENDENCIES),
        ("documentation", Shape::Url),
        ("exclude", Shape::List(&Shape::Any)),
        ("extras", Shape::Names(&Shape::List(&Shape::Name))),
        ("group", Shape::Names(&Shape::Group)),
        ("homepage", Shape::Url),
        (
            "include",
            Shape::List(&Shape::TextOr(&Shape::Table(&INCLUDE))),
        ),
        ("keywords", TEXTS),
        ("license", Shape::Text),
        ("maintainers", TEXTS),
        ("name", Shape::Text),
        ("package-mode", Shape::Flag),
        ("packages", Shape::List(&Shape::Table(&PACKAGE))),
        ("plugins", Shape::Names(&TEXT_TABLE)),
        ("readme", Shape::TextOr(&TEXTS)),
        ("repository", Shape::Url),
        ("requires-plugins", DEPENDENCIES),
        ("requires-poetry", Shape::Text),
        ("scripts", Shape::Names(&Shape::TextOr(&Shape::Script))),
        ("source", Shape::List(&Shape::Table(&SOURCE))),
        ("urls", TEXT_TABLE),
        ("version", Shape::Text),
    ],
};

const BUILD: Keys = Keys {
    what: "[tool.poetry.build]",
    required: &[],
    known: &[
        ("generate-setup-file", Shape::Flag),
        ("script", Shape::Text),
    ],
};

const PACKAGE: Keys = Keys {
    what: "an entry of `packages`",
    required: &["include"],
    known: &[
        ("include", Shape::Text),
        ("from", Shape::Text),
        ("format", FORMAT),
        ("to", Shape::Text),
    ],
};

const INCLUDE: Keys = Keys {
    what: "an entry of `include`",
    required: &["path"],
    known: &[("path", Shape::Text), ("format", FORMAT)],
};

pub(super) const SCRIPT: Keys = Keys {
    what: "a script",
    required: &["reference", "type"],
    known: &[
        ("reference", Shape::Text),
        ("type", Shape::OneOf(&["file", "console"])),
        ("extras", TEXTS),
    ],
};

pub(super) const SCRIPT_BEHIND_EXTRA: Keys = Keys {
    what: "a script",
    required: &[],
    known: &[("callable", Shape::Text), ("extras", TEXTS)],
};

pub(super) const GROUP: Keys = Keys {
    what: "a group",
    required: &[],
    known: &[
        ("dependencies", DEPENDENCIES),
        ("include-groups", TEXTS),
        ("optional", Shape::Flag),
    ],
};

const SOURCE: Keys = Keys {
    what: "a source",
    required: &["name"],
    known: &[
        ("name", Shape::Text),
        ("url", Shape::Url),
        ("priority", Shape::Priority),
        ("links", Shape::Flag),
        ("indexed", Shape::Flag),
        ("default", Shape::OfPoetry1(&Shape::Flag)),
        ("secondary", Shape::OfPoetry1(&Shape::Flag)),
    ],
};

pub(super) const PRIORITIES: Shape = Shape::OneOf(&["primary", "supplemental", "explicit"]);
pub(super) const PRIORITIES_OF_POETRY_1: Shape = Shape::OneOf(&[
    "primary",
    "default",
    "secondary",
    "supplemental",
    "explicit",
]);

/// The kinds of a dependency that is a table: the key that makes one, and the
/// keys that go with it beside those of every kind.
pub(super) const KINDS: [(&str, &[&str]); 5] = [
    (
        "version",
        &["allow-prereleases", "allows-prereleases", "source"],
    ),
    (
        "git",
        &[
            "branch",
            "tag",
            "rev",
            "subdirectory",
            "develop",
            "allow-prereleases",
            "allows-prereleases",
        ],
    ),
    ("file", &["subdirectory"]),
    ("path", &["subdirectory", "develop"]),
    ("url", &["subdirectory"]),
];
pub(super) const OF_EVERY_KIND: [&str; 5] = ["python", "platform", "markers", "optional", "extras"];
/// What may be said of a dependency that `[project]` names.
pub(super) const OF_NO_KIND: [&str; 6] = [
    "python",
    "platform",
    "markers",
    "allow-prereleases",
    "source",
    "develop",
];

/// `[project]`, where other keys are let through.
pub(super) const PROJECT: [(&str, Shape); 18] = [
    ("authors", Shape::List(&Shape::Author)),
    ("classifiers", TEXTS),
    ("dependencies", TEXTS),
    (
        "dynamic",
        Shape::List(&Shape::OneOf(&[
            "version",
            "description",
            "readme",
            "requires-python",
            "license",
            "license-files",
            "authors",
            "maintainers",
            "keywords",
            "classifiers",
            "urls",
            "scripts",
            "gui-scripts",
            "entry-points",
            "dependencies",
            "optional-dependencies",
        ])),
    ),
    ("description", Shape::Text),
    ("entry-points", Shape::EntryPoints),
    ("gui-scripts", TEXT_TABLE),
    ("keywords", TEXTS),
    ("license", Shape::TextOr(&Shape::License)),
    ("license-files", Shape::List(&Shape::LicenseFile)),
    ("maintainers", Shape::List(&Shape::Author)),
    ("name", Shape::Name),
    ("optional-dependencies", Shape::Names(&TEXTS)),
    ("readme", Shape::TextOr(&Shape::Readme)),
    ("requires-python", Shape::Text),
    ("scripts", TEXT_TABLE),
    ("urls", Shape::Each(&Shape::Url)),
    ("version", Shape::Version),
];

pub(super) const AUTHOR: Keys = Keys {
    what: "an author",
    required: &[],
    known: &[("name", Shape::Text), ("email", Shape::Text)],
};

pub(super) const INCLUDED_GROUP: Keys = Keys {
    what: "an entry of a group",
    required: &["include-group"],
    known: &[("include-group", Shape::Text)],
};

pub(super) const FILE_OR_TEXT: [&str; 2] = ["file", "text"];
