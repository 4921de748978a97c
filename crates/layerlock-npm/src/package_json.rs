//! package.json, as far as a layer needs it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A package.json. What is not as it should be is as if it were not there: npm is as patient.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PackageJson {
    pub(crate) bin: Option<serde_json::Value>,
    pub(crate) directories: Option<serde_json::Value>,
    pub(crate) scripts: Option<serde_json::Value>,
    pub(crate) dependencies: Option<serde_json::Value>,
    pub(crate) dev_dependencies: Option<serde_json::Value>,
    pub(crate) optional_dependencies: Option<serde_json::Value>,
    pub(crate) peer_dependencies: Option<serde_json::Value>,
    pub(crate) peer_dependencies_meta: Option<serde_json::Value>,
}

/// A text or a list of texts.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

impl PackageJson {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        // npm takes a byte order mark for nothing.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).ok()
    }

    /// The files of its commands, from its folder on, and the folder that holds only such.
    pub(crate) fn bins(&self) -> (Vec<String>, Option<String>) {
        let plain = |path: &str| {
            let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
            parts.collect::<Vec<_>>().join("/")
        };
        let files = match &self.bin {
            Some(serde_json::Value::String(file)) => vec![plain(file)],
            Some(serde_json::Value::Object(named)) => {
                let files = named.values().filter_map(serde_json::Value::as_str);
                files.map(plain).collect()
            }
            _ => Vec::new(),
        };
        let directories = self.directories.as_ref();
        let folder = directories
            .and_then(|it| it.get("bin")?.as_str())
            .map(plain);
        // `bin` goes before `directories.bin`.
        let folder = folder.filter(|_| self.bin.is_none());
        (files, folder)
    }

    /// What npm would run after it has put the package in its place.
    pub(crate) fn install_script(&self) -> Option<String> {
        let scripts = self.scripts.as_ref()?;
        ["preinstall", "install", "postinstall"]
            .iter()
            .find_map(|name| scripts.get(name)?.as_str())
            .map(str::to_owned)
    }
}

/// The texts of an object, by key.
pub(crate) fn texts(value: Option<&serde_json::Value>) -> BTreeMap<String, String> {
    let object = value.and_then(serde_json::Value::as_object);
    let pairs = object.into_iter().flatten().filter_map(|(key, value)| {
        let text = value.as_str()?;
        Some((key.clone(), text.to_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(text: &str) -> (Vec<String>, Option<String>) {
        PackageJson::parse(text.as_bytes()).unwrap().bins()
    }

    #[test]
    fn commands_are_named_in_three_ways() {
        assert_eq!(bins(r#"{"bin": "./cli.js"}"#).0, ["cli.js"]);
        assert_eq!(bins(r#"{"bin": {"a": "bin/a", "b": 1}}"#).0, ["bin/a"]);
        let folder = bins(r#"{"directories": {"bin": "./bin/"}}"#);
        assert_eq!(folder, (Vec::new(), Some("bin".to_owned())));
        assert_eq!(bins("{}"), (Vec::new(), None));
    }

    #[test]
    fn a_byte_order_mark_is_nothing() {
        let json = PackageJson::parse(b"\xef\xbb\xbf{\"scripts\": {\"install\": \"node-gyp\"}}");
        assert_eq!(json.unwrap().install_script().unwrap(), "node-gyp");
        assert!(PackageJson::parse(b"{").is_none());
    }
}
