//! The hash by which Poetry knows that a lock belongs to a pyproject.toml.
//!
//! It is the SHA-256 of what Python's `json.dumps(x, sort_keys=True)` makes of
//! the tables that the resolver looks at. With neither `[project]` keys nor
//! `[dependency-groups]`, `x` is the old form: the keys of `[tool.poetry]` at
//! the top, `null` where one of the four oldest is missing.

use std::fmt::Write as _;

use layerlock_digest::Digest;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

const PROJECT_KEYS: [&str; 3] = ["dependencies", "optional-dependencies", "requires-python"];
const LEGACY_KEYS: [&str; 4] = ["dependencies", "dev-dependencies", "extras", "source"];
const POETRY_KEYS: [&str; 5] = [
    "dependencies",
    "dev-dependencies",
    "extras",
    "group",
    "source",
];

/// What a hash covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Covers {
    /// `[project]`, `[dependency-groups]` and Poetry's own tables: since 2.3.
    Everything,
    /// All but `[dependency-groups]`: Poetry 2.0 to 2.2.
    ProjectAndPoetry,
    /// Poetry's own tables: Poetry 1, which knows no other.
    Poetry,
}

/// The hash of a parsed pyproject.toml in lower-case hexadecimal.
pub(crate) fn content_hash(root: &DeTable<'_>, covers: Covers) -> String {
    let json = relevant_content(root, covers);
    Digest::sha256_of(json.as_bytes()).hex()
}

fn relevant_content(root: &DeTable<'_>, covers: Covers) -> String {
    let project = root
        .get("project")
        .map(Spanned::get_ref)
        .filter(|_| covers != Covers::Poetry);
    let project = values(project, &PROJECT_KEYS);
    let groups = root
        .get("dependency-groups")
        .map(Spanned::get_ref)
        .filter(|groups| {
            covers == Covers::Everything && groups.as_table().is_some_and(|table| !table.is_empty())
        });
    let poetry = root
        .get("tool")
        .and_then(|tool| tool.get_ref().get("poetry"))
        .map(Spanned::get_ref);
    let poetry = values(poetry, &POETRY_KEYS);

    let mut json = String::new();
    if project.is_empty() && groups.is_none() {
        let entries: Vec<_> = POETRY_KEYS
            .iter()
            .map(|key| {
                let found = poetry.iter().find(|(present, _)| present == key);
                (*key, found.map(|(_, value)| *value))
            })
            .filter(|(key, value)| value.is_some() || LEGACY_KEYS.contains(key))
            .collect();
        write_object(&mut json, &entries, |json, value| match value {
            Some(value) => write_value(json, value),
            None => json.push_str("null"),
        });
        return json;
    }
    json.push('{');
    if let Some(groups) = groups {
        json.push_str("\"dependency-groups\": ");
        write_value(&mut json, groups);
        json.push_str(", ");
    }
    if !project.is_empty() {
        json.push_str("\"project\": ");
        write_object(&mut json, &project, |json, value| write_value(json, value));
        json.push_str(", ");
    }
    json.push_str("\"tool\": {\"poetry\": ");
    write_object(&mut json, &poetry, |json, value| write_value(json, value));
    json.push_str("}}");
    json
}

/// Those of the keys that a table has, in the order of the keys.
fn values<'t, 'a>(
    table: Option<&'t DeValue<'a>>,
    keys: &[&'static str],
) -> Vec<(&'static str, &'t DeValue<'a>)> {
    keys.iter()
        .filter_map(|key| Some((*key, table?.get(*key)?.get_ref())))
        .collect()
}

fn write_object<K: AsRef<str>, V>(
    json: &mut String,
    entries: &[(K, V)],
    write: impl Fn(&mut String, &V),
) {
    json.push('{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            json.push_str(", ");
        }
        write_string(json, key.as_ref());
        json.push_str(": ");
        write(json, value);
    }
    json.push('}');
}

// Writing to a String cannot fail, so the results of `write!` are dropped below.

fn write_value(json: &mut String, value: &DeValue<'_>) {
    match value {
        DeValue::String(text) => write_string(json, text),
        DeValue::Integer(integer) => write_integer(json, integer),
        DeValue::Float(float) => write_float(json, float),
        DeValue::Boolean(true) => json.push_str("true"),
        DeValue::Boolean(false) => json.push_str("false"),
        // Python's json cannot write one, so no lock has the hash of one.
        DeValue::Datetime(datetime) => write_string(json, &datetime.to_string()),
        DeValue::Array(array) => {
            json.push('[');
            for (index, item) in array.iter().enumerate() {
                if index > 0 {
                    json.push_str(", ");
                }
                write_value(json, item.get_ref());
            }
            json.push(']');
        }
        DeValue::Table(table) => {
            let mut entries: Vec<_> = table
                .iter()
                .map(|(key, value)| (key.get_ref(), value.get_ref()))
                .collect();
            entries.sort_by_key(|(key, _)| *key);
            write_object(json, &entries, |json, value| write_value(json, value));
        }
    }
}

fn write_integer(json: &mut String, integer: &DeInteger<'_>) {
    match i128::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(number) => json.push_str(&number.to_string()),
        Err(_) => json.push_str(integer.as_str()),
    }
}

/// A float as Python's `repr` writes it: the shortest digits that give it
/// back, with an exponent from 1e16 up and below 1e-4.
fn write_float(json: &mut String, float: &DeFloat<'_>) {
    let Ok(number) = float.as_str().parse::<f64>() else {
        json.push_str(float.as_str());
        return;
    };
    if number.is_nan() {
        json.push_str("NaN");
    } else if number.is_infinite() {
        json.push_str(if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
    } else if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        let _ = write!(json, "{number:?}");
    } else {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        let _ = write!(json, "{digits}e{sign}{exponent:0>2}");
    }
}

fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}
