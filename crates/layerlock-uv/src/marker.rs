//! Environment markers, settled for one target.
//!
//! The structure of a marker is read here, and each comparison of an environment's
//! value left to [`MarkerTree`], which compares as uv does. So a marker is never joined
//! with another one, which could take any time. What a lock asks of extras and groups,
//! `extra == "x"` of uv.lock and `"x" in extras` of PEP 751, is a look at a set.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;
use std::sync::Arc;

use layerlock_lock::normalize_name;
use pep508_rs::{MarkerEnvironment, MarkerTree};

/// Parentheses within parentheses: more than any marker has, few enough for every stack.
const MAX_DEPTH: usize = 64;

/// What a marker may ask; those with dots and the last but one are of old.
const VARIABLES: [&str; 20] = [
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
    "extra",
    "extras",
    "dependency_groups",
    "os.name",
    "sys.platform",
    "platform.version",
    "platform.machine",
    "python_implementation",
    "platform.python_implementation",
];

/// A condition on the environment that a package is installed in.
#[derive(Debug, Clone)]
pub(crate) struct Marker(Arc<Node>);

#[derive(Debug)]
enum Node {
    Environment(MarkerTree),
    /// Whether a name is, or is not, in one of the sets.
    Set {
        set: Set,
        name: String,
        is_in: bool,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
}

#[derive(Debug, Clone, Copy)]
enum Set {
    Extras,
    Groups,
}

/// What was asked for, besides the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Active {
    /// Extras, as markers name them.
    pub(crate) extras: BTreeSet<String>,
    /// Groups.
    pub(crate) groups: BTreeSet<String>,
}

impl Marker {
    /// Reads a marker.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0 };
        let node = parser.alternatives(0)?;
        match parser.rest() {
            "" => Ok(Self(Arc::new(node))),
            rest => Err(format!("expected `and` or `or`, found {}", excerpt(rest))),
        }
    }

    /// Its text, without what extras and groups settle; nothing where no more is left.
    pub(crate) fn without_sets(&self, active: &Active) -> Option<String> {
        match self.0.rest(active) {
            Rest::Settled(_) => None,
            Rest::Text { text, .. } => Some(text),
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, environment: &MarkerEnvironment, active: &Active) -> bool {
        self.0.holds(environment, active)
    }
}

/// What is left of a marker when extras and groups are settled.
enum Rest {
    Settled(bool),
    Text { text: String, is_or: bool },
}

impl Node {
    fn rest(&self, active: &Active) -> Rest {
        match self {
            Self::Environment(tree) => match tree.try_to_string() {
                Some(text) => Rest::Text { text, is_or: false },
                None => Rest::Settled(!tree.is_false()),
            },
            Self::Set { .. } => Rest::Settled(self.is_in_set(active)),
            Self::And(parts) => join(parts, active, " and ", false),
            Self::Or(parts) => join(parts, active, " or ", true),
        }
    }

    fn holds(&self, environment: &MarkerEnvironment, active: &Active) -> bool {
        match self {
            Self::Environment(tree) => tree.evaluate(environment, &[]),
            Self::Set { .. } => self.is_in_set(active),
            Self::And(parts) => parts.iter().all(|part| part.holds(environment, active)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(environment, active)),
        }
    }

    /// Whether a look at a set says so.
    fn is_in_set(&self, active: &Active) -> bool {
        let Self::Set { set, name, is_in } = self else {
            return true;
        };
        let set = match set {
            Set::Extras => &active.extras,
            Set::Groups => &active.groups,
        };
        set.contains(name) == *is_in
    }
}

/// The parts that are left, joined. `decides` is what one settled part makes of the whole.
fn join(parts: &[Node], active: &Active, word: &str, decides: bool) -> Rest {
    let mut left = Vec::new();
    for part in parts {
        match part.rest(active) {
            Rest::Settled(settled) if settled == decides => return Rest::Settled(decides),
            Rest::Settled(_) => {}
            Rest::Text { text, is_or } => left.push((text, is_or)),
        }
    }
    if left.len() < 2 {
        let only = left.pop();
        return only.map_or(Rest::Settled(!decides), |(text, is_or)| Rest::Text {
            text,
            is_or,
        });
    }
    let texts = left.into_iter().map(|(text, is_or)| {
        if is_or && !decides {
            format!("({text})")
        } else {
            text
        }
    });
    Rest::Text {
        text: texts.collect::<Vec<_>>().join(word),
        is_or: decides,
    }
}

/// Markers by their text: a lock has few that differ.
#[derive(Default)]
pub(crate) struct Markers(HashMap<String, Marker>);

impl Markers {
    pub(crate) fn get(&mut self, text: &str) -> Result<Marker, String> {
        if let Some(known) = self.0.get(text) {
            return Ok(known.clone());
        }
        let marker = Marker::parse(text)?;
        self.0.insert(text.to_owned(), marker.clone());
        Ok(marker)
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

/// One side of a comparison.
enum Side<'t> {
    Text(&'t str),
    Variable(&'t str),
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text[self.at..].trim_start()
    }

    fn skip_to(&mut self, rest: &str) {
        self.at = self.text.len() - rest.len();
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, String> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.word("or") {
            parts.push(self.conjunction(depth)?);
        }
        Ok(one_or(parts, Node::Or))
    }

    fn conjunction(&mut self, depth: usize) -> Result<Node, String> {
        let mut parts = vec![self.atom(depth)?];
        while self.word("and") {
            parts.push(self.atom(depth)?);
        }
        Ok(one_or(parts, Node::And))
    }

    fn atom(&mut self, depth: usize) -> Result<Node, String> {
        let Some(inner) = self.rest().strip_prefix('(') else {
            return self.comparison();
        };
        if depth == MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} parentheses deep"));
        }
        self.skip_to(inner);
        let node = self.alternatives(depth + 1)?;
        match self.rest().strip_prefix(')') {
            Some(rest) => self.skip_to(rest),
            None => return Err(format!("expected `)`, found {}", excerpt(self.rest()))),
        }
        Ok(node)
    }

    fn comparison(&mut self) -> Result<Node, String> {
        let start = self.text.len() - self.rest().len();
        let left = self.side()?;
        let operator = self.operator()?;
        let right = self.side()?;
        let text = &self.text[start..self.at];
        if let Some(set) = set_of(&left, &right) {
            let node = of_set(set, &left, operator, &right);
            return node.ok_or_else(|| format!("`{text}` makes no sense"));
        }
        match (&left, &right) {
            (Side::Text(_), Side::Text(_)) => Err(format!("`{text}` compares two texts")),
            (Side::Variable(_), Side::Variable(_)) => {
                Err(format!("`{text}` has no text in quotes"))
            }
            _ => MarkerTree::from_str(text)
                .map(Node::Environment)
                .map_err(|error| error.message.to_string()),
        }
    }

    fn side(&mut self) -> Result<Side<'t>, String> {
        let rest = self.rest();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let (value, after) = rest[1..]
                .split_once(quote)
                .ok_or_else(|| format!("no end to the text {}", excerpt(rest)))?;
            self.skip_to(after);
            return Ok(Side::Text(value));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() {
            return Err(format!("expected a marker, found {}", excerpt(rest)));
        }
        self.skip_to(after);
        if !VARIABLES.contains(&name) {
            return Err(format!("`{name}` is not a marker"));
        }
        Ok(Side::Variable(name))
    }

    fn operator(&mut self) -> Result<&'static str, String> {
        const SYMBOLS: [&str; 8] = ["===", "==", "!=", "<=", ">=", "~=", "<", ">"];
        let rest = self.rest();
        for symbol in SYMBOLS {
            if let Some(after) = rest.strip_prefix(symbol) {
                self.skip_to(after);
                return Ok(symbol);
            }
        }
        if self.word("in") {
            return Ok("in");
        }
        if self.word("not") && self.word("in") {
            return Ok("not in");
        }
        Err(format!("expected an operator, found {}", excerpt(rest)))
    }

    fn word(&mut self, word: &str) -> bool {
        match self.rest().strip_prefix(word) {
            Some(rest) if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                self.skip_to(rest);
                true
            }
            _ => false,
        }
    }
}

/// Which set a comparison asks, by either side.
fn set_of(left: &Side<'_>, right: &Side<'_>) -> Option<Set> {
    match (left, right) {
        (Side::Variable("extra" | "extras"), _) | (_, Side::Variable("extra" | "extras")) => {
            Some(Set::Extras)
        }
        (Side::Variable("dependency_groups"), _) | (_, Side::Variable("dependency_groups")) => {
            Some(Set::Groups)
        }
        _ => None,
    }
}

/// A comparison of extras or groups; nothing where it makes no sense.
fn of_set(set: Set, left: &Side<'_>, operator: &str, right: &Side<'_>) -> Option<Node> {
    let (name, is_in) = match (left, operator, right) {
        (Side::Variable("extra"), "==" | "===", Side::Text(name))
        | (Side::Text(name), "==" | "===", Side::Variable("extra"))
        | (Side::Text(name), "in", Side::Variable("extras" | "dependency_groups")) => (name, true),
        (Side::Variable("extra"), "!=", Side::Text(name))
        | (Side::Text(name), "!=", Side::Variable("extra"))
        | (Side::Text(name), "not in", Side::Variable("extras" | "dependency_groups")) => {
            (name, false)
        }
        _ => return None,
    };
    Some(Node::Set {
        set,
        name: normalize_name(name),
        is_in,
    })
}

fn one_or(mut parts: Vec<Node>, many: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

/// The start of a text, for errors.
fn excerpt(text: &str) -> String {
    match text.trim_start() {
        "" => "its end".to_owned(),
        text => format!("`{}`", text.chars().take(30).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::environment;

    fn active(extras: &[&str], groups: &[&str]) -> Active {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Active {
            extras: names(extras),
            groups: names(groups),
        }
    }

    #[test]
    fn markers_are_settled_for_an_environment() {
        let environment = environment("3.12.4", "x86_64");
        for (text, holds) in [
            ("python_full_version < '3.12.5'", true),
            ("python_full_version == '3.12.*'", true),
            (
                "python_version >= \"3.9\" and sys_platform == 'win32'",
                false,
            ),
            (
                "sys_platform == 'linux' or (os_name == 'nt' and python_version < '3')",
                true,
            ),
            ("'x86' in platform_machine", true),
            ("platform_machine not in 'aarch64 arm64'", true),
            ("'3.12' == python_version", true),
            ("extra == 'extra-4-shop-a'", true),
            (
                "extra != 'extra-4-shop-a' or sys_platform == 'darwin'",
                false,
            ),
            ("'A_b' in extras", false),
            ("'c' not in extras and 'Dev' in dependency_groups", true),
        ] {
            let marker = Marker::parse(text).unwrap();
            let active = active(&["extra-4-shop-a"], &["dev"]);
            assert_eq!(marker.holds(&environment, &active), holds, "{text}");
        }
    }

    #[test]
    fn what_is_left_of_a_marker_has_no_extras_and_groups() {
        for (text, left) in [
            (
                "python_full_version < '3.12'",
                Some("python_full_version < '3.12'"),
            ),
            ("extra == 'a'", None),
            ("extra == 'a' and os_name == 'nt'", Some("os_name == 'nt'")),
            ("extra == 'a' or os_name == 'nt'", None),
            ("extra == 'b' or os_name == 'nt'", Some("os_name == 'nt'")),
            (
                "extra == 'a' and (os_name == 'nt' or sys_platform == 'linux')",
                Some("os_name == 'nt' or sys_platform == 'linux'"),
            ),
            (
                "(os_name == 'nt' or sys_platform == 'linux') and platform_machine == 'arm64'",
                Some(
                    "(os_name == 'nt' or sys_platform == 'linux') and platform_machine == 'arm64'",
                ),
            ),
            (
                "'dev' in dependency_groups and os_name == 'nt'",
                Some("os_name == 'nt'"),
            ),
        ] {
            let found = Marker::parse(text)
                .unwrap()
                .without_sets(&active(&["a"], &["dev"]));
            assert_eq!(found.as_deref(), left, "{text}");
        }
    }

    #[test]
    fn what_is_no_marker_is_told() {
        let deep = format!("{}os_name == 'nt'{}", "(".repeat(65), ")".repeat(65));
        for text in [
            "",
            "os_name",
            "os_name ==",
            "os_name == 'nt",
            "os_name == 'nt' or",
            "os_name == 'nt' os_name == 'nt'",
            "(os_name == 'nt'",
            "'a' == 'b'",
            "os_name == sys_platform",
            "colour == 'red'",
            "extra > 'a'",
            "extras in 'a'",
            "'a' == dependency_groups",
            "os_name % 'nt'",
            &deep,
        ] {
            assert!(Marker::parse(text).is_err(), "{text}");
        }
    }
}
