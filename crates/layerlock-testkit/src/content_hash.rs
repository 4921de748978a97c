//! The hash by which a lock knows its pyproject.toml.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::sha256_hex;

/// The content-hash that Poetry 2.3 and later gives this pyproject.toml:
/// SHA-256 of the relevant tables as Python's `json.dumps(..., sort_keys=True)`
/// writes them.
///
/// # Panics
///
/// Where the text is no TOML.
pub fn content_hash(pyproject: &str) -> String {
    let document: Value = toml::from_str(pyproject).expect("pyproject.toml is TOML");
    let pick = |table: &Value, keys: &[&str]| -> Map<String, Value> {
        let present = |&key: &&str| Some((key.to_owned(), table.get(key)?.clone()));
        keys.iter().filter_map(present).collect()
    };
    let poetry = &document["tool"]["poetry"];
    let project = pick(
        &document["project"],
        &["requires-python", "dependencies", "optional-dependencies"],
    );
    let groups = document["dependency-groups"].as_object();
    let groups = groups.filter(|groups| !groups.is_empty());

    let mut relevant = Map::new();
    if project.is_empty() && groups.is_none() {
        for key in ["dependencies", "source", "extras", "dev-dependencies"] {
            let value = poetry.get(key).cloned().unwrap_or(Value::Null);
            relevant.insert(key.to_owned(), value);
        }
        relevant.extend(pick(poetry, &["group"]));
    } else {
        if !project.is_empty() {
            relevant.insert("project".to_owned(), Value::Object(project));
        }
        if let Some(groups) = groups {
            let groups = Value::Object(groups.clone());
            relevant.insert("dependency-groups".to_owned(), groups);
        }
        let keys = [
            "dependencies",
            "source",
            "extras",
            "dev-dependencies",
            "group",
        ];
        relevant.insert("tool".to_owned(), json!({"poetry": pick(poetry, &keys)}));
    }
    let mut text = String::new();
    python_json(&Value::Object(relevant), &mut text);
    sha256_hex(text.as_bytes())
}

/// `value` as Python's `json.dumps(value, sort_keys=True)` writes it: `", "`
/// and `": "` between, keys in order, everything beyond ASCII as `\uXXXX`.
fn python_json(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                python_json(item, out);
            }
            out.push(']');
        }
        Value::Object(table) => {
            let sorted: BTreeMap<&String, &Value> = table.iter().collect();
            out.push('{');
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                python_json(&Value::String(key.clone()), out);
                out.push_str(": ");
                python_json(item, out);
            }
            out.push('}');
        }
        scalar => {
            for unit in scalar.to_string().encode_utf16() {
                match u8::try_from(unit) {
                    Ok(byte) if byte < 0x7f => out.push(char::from(byte)),
                    // Python leaves DEL as it is, like the rest of ASCII.
                    Ok(0x7f) => out.push('\x7f'),
                    _ => {
                        let _ = write!(out, "\\u{unit:04x}");
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_hash_is_poetrys() {
        // Both digests were made by Poetry 2.5.1.
        let new = "[project]\nrequires-python = \">=3.12\"\ndependencies = [\"réquests (>=2,<3)\"]\n\
                   [tool.poetry]\npackage-mode = false\n\
                   [tool.poetry.group.dev.dependencies]\npytest = {version = \"^8\", optional = true}\n\
                   [dependency-groups]\nlint = [\"ruff\"]\n";
        assert_eq!(
            content_hash(new),
            "5156b3b99cabd45da128efa3500f6a78b5e53a514bf1008684fdce803df3e618"
        );
        let old = "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.12\"\n";
        assert_eq!(
            content_hash(old),
            "34e39677d8527182346093002688d17a5d2fc204b9eb3e094b2e6ac519028228"
        );
    }
}
