//! `[tool.layerlock]` in the text of a pyproject.toml, and settings added to it.

use std::fmt::Write as _;

use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, TomlError, Value};

const HEADER: &str = "[tool.layerlock]";

/// A setting to add: its key, and one text or several.
pub(super) type Setting = (&'static str, Vec<String>);

/// A pyproject.toml, parsed so that what is added leaves the rest as it is.
pub(super) struct Pyproject {
    document: DocumentMut,
}

impl Pyproject {
    pub(super) fn parse(text: &str) -> Result<Self, TomlError> {
        // The parser keeps each line's end in comments alone: see `diff::change`.
        let document = text.replace("\r\n", "\n").parse()?;
        Ok(Self { document })
    }

    fn table(&self) -> Option<&dyn TableLike> {
        let tool = self.document.get("tool")?.as_table_like()?;
        tool.get("layerlock")?.as_table_like()
    }

    /// Whether there is a `[tool.layerlock]`, in any form.
    pub(super) fn has_table(&self) -> bool {
        self.table().is_some()
    }

    /// Whether `[tool.layerlock]` has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table().is_some_and(|table| table.contains_key(key))
    }

    /// Whether there are tables of layers, and each has this key.
    pub(super) fn every_layer_has(&self, key: &str) -> bool {
        let layers = self.table().and_then(|table| table.get("layers"));
        let Some(layers) = layers.and_then(Item::as_table_like) else {
            return false;
        };
        let has_key = |layer: &Item| {
            layer
                .as_table_like()
                .is_some_and(|layer| layer.contains_key(key))
        };
        !layers.is_empty() && layers.iter().all(|(_, layer)| has_key(layer))
    }

    /// The text with settings added, with line feeds alone as ends of lines.
    pub(super) fn with(mut self, settings: &[Setting]) -> String {
        if self.has_table() {
            self.insert(settings);
            return self.document.to_string();
        }
        let text = self.document.to_string();
        let appended = appended(&text, settings);
        if Self::parse(&appended).is_ok_and(|parsed| parsed.has_table()) {
            return appended;
        }
        // `tool` is closed: an inline table.
        let tool = self.document.entry("tool").or_insert(Item::None);
        if let Some(tool) = tool.as_table_like_mut() {
            let settings = settings.iter().map(|(key, texts)| (*key, value(texts)));
            let layerlock: InlineTable = settings.collect();
            tool.insert("layerlock", Item::Value(layerlock.into()));
        }
        self.document.to_string()
    }

    fn insert(&mut self, settings: &[Setting]) {
        let tool = self.document.get_mut("tool");
        let item = tool.and_then(|tool| tool.as_table_like_mut()?.get_mut("layerlock"));
        let Some(item) = item else {
            return;
        };
        // Where tables of layers alone imply it, it goes before the first of them.
        if let Item::Table(table) = item
            && table.is_implicit()
            && !table.is_dotted()
        {
            let first = table
                .iter()
                .filter_map(|(_, item)| first_position(item))
                .min();
            table.set_position(first);
        }
        if let Some(table) = item.as_table_like_mut() {
            for (key, texts) in settings {
                table.insert(key, Item::Value(value(texts)));
            }
        }
    }
}

/// Where the first header is that an item has.
fn first_position(item: &Item) -> Option<isize> {
    let table = item.as_table()?;
    let below = table.iter().filter_map(|(_, item)| first_position(item));
    table.position().into_iter().chain(below).min()
}

pub(super) fn value(texts: &[String]) -> Value {
    match texts {
        [text] => text.into(),
        texts => texts.iter().collect::<Array>().into(),
    }
}

/// The text with a table at its end.
fn appended(text: &str, settings: &[Setting]) -> String {
    let mut appended = text.to_owned();
    if !appended.is_empty() {
        if !appended.ends_with('\n') {
            appended.push('\n');
        }
        if !appended.ends_with("\n\n") {
            appended.push('\n');
        }
    }
    appended.push_str(HEADER);
    for (key, texts) in settings {
        let _ = write!(appended, "\n{key} = {}", value(texts));
    }
    appended.push('\n');
    appended
}

#[cfg(test)]
mod tests {
    use super::{Pyproject, Setting};

    fn settings() -> [Setting; 2] {
        [
            ("runtime", vec!["python3.13".to_owned()]),
            (
                "architecture",
                vec!["x86_64".to_owned(), "arm64".to_owned()],
            ),
        ]
    }

    const LINES: &str = "runtime = \"python3.13\"\narchitecture = [\"x86_64\", \"arm64\"]\n";

    #[track_caller]
    fn assert_added(before: &str, after: &str) {
        let added = Pyproject::parse(before).unwrap().with(&settings());
        let after = after.replace("LINES\n", LINES);
        assert_eq!(added, after);
        let parsed = Pyproject::parse(&added).unwrap();
        assert!(parsed.has("runtime") && parsed.has("architecture"));
    }

    #[test]
    fn without_a_table_there_is_one_at_the_end() {
        for (before, blank) in [
            ("", ""),
            ("[project]\nname = \"shop\" # us\n", "\n"),
            ("[project]\nname = \"shop\"\n\n", ""),
            ("[tool.poetry]\n\n# the end\n", "\n"),
            ("tool.poetry.name = 'shop'\n", "\n"),
            ("[tool]\npoetry.name = 'shop'\n[build-system]\n", "\n"),
        ] {
            assert_added(before, &format!("{before}{blank}[tool.layerlock]\nLINES\n"));
        }
        assert_added(
            "[tool.poetry]\nname = 'shop'",
            "[tool.poetry]\nname = 'shop'\n\n[tool.layerlock]\nLINES\n",
        );
    }

    #[test]
    fn a_table_that_is_there_is_added_to() {
        for (before, after) in [
            (
                "[tool.layerlock]\n# none\n\n[build-system] # x\n",
                "[tool.layerlock]\nLINES\n# none\n\n[build-system] # x\n",
            ),
            (
                "[tool.layerlock]\nexclude = [ 'a',\n 'b' ] # why\n# more\n\n[z]\n",
                "[tool.layerlock]\nexclude = [ 'a',\n 'b' ] # why\nLINES\n# more\n\n[z]\n",
            ),
            (
                "[a]\n\n# web\n[tool.layerlock.layers.web]\ngroups = ['web']\n",
                "[a]\n\n[tool.layerlock]\nLINES\n\n# web\n[tool.layerlock.layers.web]\ngroups = ['web']\n",
            ),
            (
                "[tool.layerlock.layers.web]\n[b]\n[tool.layerlock.layers.data]\n",
                "[tool.layerlock]\nLINES\n[tool.layerlock.layers.web]\n[b]\n[tool.layerlock.layers.data]\n",
            ),
            (
                "[tool]\nlayerlock.exclude = []\nother.x = 1\n",
                "[tool]\nlayerlock.exclude = []\nlayerlock.runtime = \"python3.13\"\n\
                 layerlock.architecture = [\"x86_64\", \"arm64\"]\nother.x = 1\n",
            ),
        ] {
            assert_added(before, after);
        }
    }

    #[test]
    fn an_inline_table_stays_one() {
        let inline = "runtime = \"python3.13\", architecture = [\"x86_64\", \"arm64\"]";
        for (before, after) in [
            (
                "[tool]\nlayerlock = { exclude = ['a'] } # x\n",
                format!("[tool]\nlayerlock = {{ exclude = ['a'] , {inline} }} # x\n"),
            ),
            (
                "[tool]\nlayerlock = {}\n",
                format!("[tool]\nlayerlock = {{ {inline} }}\n"),
            ),
            (
                "tool = {poetry = {name = 'shop'}}\n",
                format!("tool = {{poetry = {{name = 'shop'}}, layerlock = {{ {inline} }} }}\n"),
            ),
        ] {
            assert_added(before, &after);
        }
    }

    #[test]
    fn layers_that_have_all_of_a_setting_need_no_common_one() {
        for (text, expected) in [
            ("", false),
            ("[tool.layerlock]\n", false),
            ("[tool.layerlock.layers.a]\nruntime = 'x'\n", true),
            (
                "[tool.layerlock.layers.a]\nruntime = 'x'\n[tool.layerlock.layers.b]\n",
                false,
            ),
        ] {
            let parsed = Pyproject::parse(text).unwrap();
            assert_eq!(parsed.every_layer_has("runtime"), expected, "{text}");
        }
    }
}
