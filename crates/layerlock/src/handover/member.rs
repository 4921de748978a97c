//! One member of a JSON object, set in the object's text: all else keeps its bytes.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// Why a text is no JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoObject {
    pub(super) message: String,
    /// The byte that is to blame.
    pub(super) at: usize,
}

/// A member, as spans of the text.
#[derive(Debug)]
struct Member {
    /// With its quotes.
    name: Range<usize>,
    value: Range<usize>,
}

/// The text of a JSON object and where its members are.
#[derive(Debug)]
pub(super) struct Object<'t> {
    text: &'t str,
    /// What is between the brace and the first member, or the other brace.
    inside: Range<usize>,
    members: Vec<Member>,
}

impl<'t> Object<'t> {
    pub(super) fn parse(text: &'t str) -> Result<Self, NoObject> {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default();
            return Err(NoObject {
                at: offset(text, error.line(), error.column()),
                message: format!("is no JSON: {reason}"),
            });
        }
        let mut scanner = Scanner { text, at: 0 };
        scanner.space();
        if !scanner.takes(b'{') {
            return Err(NoObject {
                at: scanner.at,
                message: "holds something else than a JSON object".to_owned(),
            });
        }
        let start = scanner.at;
        scanner.space();
        let inside = start..scanner.at;
        let members = scanner.members();
        Ok(Self {
            text,
            inside,
            members,
        })
    }

    /// The last member of a name: the one that readers take.
    fn member(&self, name: &str) -> Option<&Member> {
        let has_name = |member: &&Member| {
            let found = serde_json::from_str::<String>(&self.text[member.name.clone()]);
            found.is_ok_and(|found| found == name)
        };
        self.members.iter().rev().find(has_name)
    }

    /// The object that is the value of a member.
    pub(super) fn object(&self, name: &str) -> Result<Option<Map<String, Value>>, NoObject> {
        let Some(member) = self.member(name) else {
            return Ok(None);
        };
        match serde_json::from_str(&self.text[member.value.clone()]) {
            Ok(object) => Ok(Some(object)),
            Err(_) => Err(NoObject {
                at: member.value.start,
                message: format!("has a `{name}` that is no JSON object"),
            }),
        }
    }

    /// The text with a member that has this value.
    pub(super) fn with(&self, name: &str, value: &Map<String, Value>) -> String {
        let layout = self.layout();
        let value_text = layout.object(value);
        if let Some(member) = self.member(name) {
            return self.replaced(member.value.clone(), &value_text);
        }
        let colon = if layout.is_tight { ":" } else { ": " };
        let member = format!("{}{colon}{value_text}", Value::from(name));
        let separator = &layout.separator;
        if let Some(last) = self.members.last() {
            let end = last.value.end;
            return self.replaced(end..end, &format!(",{separator}{member}"));
        }
        let end = layout.line_end();
        self.replaced(self.inside.clone(), &format!("{separator}{member}{end}"))
    }

    fn replaced(&self, span: Range<usize>, with: &str) -> String {
        let Range { start, end } = span;
        format!("{}{with}{}", &self.text[..start], &self.text[end..])
    }

    /// How the text is laid out, judged by its last member.
    fn layout(&self) -> Layout {
        let Some(last) = self.members.last() else {
            let line = if self.text.contains("\r\n") {
                "\r\n"
            } else {
                "\n"
            };
            return Layout {
                separator: format!("{line}  "),
                is_tight: false,
            };
        };
        let before = self.text[..last.name.start].trim_end_matches(SPACE);
        let after = &self.text[last.name.end..last.value.start];
        let is_tight = after == ":";
        let separator = &self.text[before.len()..last.name.start];
        // Of empty lines between members there need be no more.
        let separator = match separator.rfind('\n') {
            Some(at) if separator[..at].ends_with('\r') => &separator[at - 1..],
            Some(at) => &separator[at..],
            None if separator.is_empty() && !is_tight => " ",
            None => separator,
        };
        Layout {
            separator: separator.to_owned(),
            is_tight,
        }
    }
}

/// How members are laid out.
struct Layout {
    /// What stands before a member.
    separator: String,
    /// Whether there is nothing between a name and its value but the colon.
    is_tight: bool,
}

impl Layout {
    fn line_end(&self) -> &str {
        match self.separator.rfind('\n') {
            Some(at) if self.separator[..at].ends_with('\r') => "\r\n",
            Some(_) => "\n",
            None => "",
        }
    }

    /// An object of texts, as the value of a member.
    fn object(&self, object: &Map<String, Value>) -> String {
        let colon = if self.is_tight { ":" } else { ": " };
        let members = object.iter();
        let members =
            members.map(|(name, value)| format!("{}{colon}{value}", Value::from(name.as_str())));
        let members: Vec<_> = members.collect();
        if members.is_empty() {
            return "{}".to_owned();
        }
        let end = self.line_end();
        if end.is_empty() {
            let comma = if self.is_tight { "," } else { ", " };
            return format!("{{{}}}", members.join(comma));
        }
        let indent = self.separator.rsplit('\n').next().unwrap_or_default();
        let inner = format!("{end}{indent}{indent}");
        let members = members.join(&format!(",{inner}"));
        format!("{{{inner}{members}{end}{indent}}}")
    }
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Goes through a text that is known to be JSON.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(SPACE).len();
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.rest().as_bytes().first() == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The members of an object, whose first one begins here.
    fn members(&mut self) -> Vec<Member> {
        let mut members = Vec::new();
        while self.rest().starts_with('"') {
            let name = self.value();
            self.space();
            self.takes(b':');
            self.space();
            let value = self.value();
            members.push(Member { name, value });
            self.space();
            self.takes(b',');
            self.space();
        }
        members
    }

    fn value(&mut self) -> Range<usize> {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(&byte) = self.rest().as_bytes().first() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                _ if depth > 0 => self.at += 1,
                _ => self.at += self.word(),
            }
            if depth == 0 {
                break;
            }
        }
        start..self.at
    }

    /// A number, `true`, `false` or `null`.
    fn word(&self) -> usize {
        let ends = |c: char| SPACE.contains(&c) || [',', ':', ']', '}'].contains(&c);
        let rest = self.rest();
        rest.find(ends).unwrap_or(rest.len())
    }

    fn string(&mut self) {
        let mut is_escaped = true;
        let end = self.rest().bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = match byte {
                b'\\' => !is_escaped,
                _ => false,
            };
            ends
        });
        self.at += end.map_or(self.rest().len(), |end| end + 1);
    }
}

/// Where a line and column are, both from 1; the column counts bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = lines.map(str::len).sum();
    (start + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arns(pairs: &[(&str, &str)]) -> Map<String, Value> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, arn)| ((*key).to_owned(), Value::from(*arn)))
            .collect()
    }

    fn with(text: &str, pairs: &[(&str, &str)]) -> String {
        Object::parse(text).unwrap().with("layerlock", &arns(pairs))
    }

    #[test]
    fn a_member_is_added_as_the_others_are_laid_out() {
        for (text, expected) in [
            ("{}", "{\n  \"layerlock\": {\n    \"base\": \"a:1\"\n  }\n}"),
            (
                "{ }\r\n",
                "{\r\n  \"layerlock\": {\r\n    \"base\": \"a:1\"\r\n  }\r\n}\r\n",
            ),
            (r#"{"a":1}"#, r#"{"a":1,"layerlock":{"base":"a:1"}}"#),
            (r#"{"a": 1}"#, r#"{"a": 1, "layerlock": {"base": "a:1"}}"#),
            (
                r#"{ "a": 1, "b": 2 }"#,
                r#"{ "a": 1, "b": 2, "layerlock": {"base": "a:1"} }"#,
            ),
            (
                "{\n    \"a\": [1, {\"b\": \"}\"}]\n}\n",
                "{\n    \"a\": [1, {\"b\": \"}\"}],\n    \"layerlock\": {\n        \"base\": \"a:1\"\n    }\n}\n",
            ),
            (
                "{\n\t\"a\": \"\\\"\\\\\",\n\n\t\"ü\": 1e999\n}",
                "{\n\t\"a\": \"\\\"\\\\\",\n\n\t\"ü\": 1e999,\n\t\"layerlock\": {\n\t\t\"base\": \"a:1\"\n\t}\n}",
            ),
        ] {
            assert_eq!(with(text, &[("base", "a:1")]), expected, "{text}");
        }
    }

    #[test]
    fn a_member_that_is_there_is_replaced_in_its_place() {
        let text = "{\n  \"layerlock\": {\n    \"old\": \"a:1\"\n  },\n  \"z\": null\n}\n";
        let object = Object::parse(text).unwrap();
        assert_eq!(
            object.object("layerlock"),
            Ok(Some(arns(&[("old", "a:1")])))
        );
        assert_eq!(object.object("other"), Ok(None));
        assert_eq!(
            with(text, &[("base", "a:2"), ("web", "a:3")]),
            "{\n  \"layerlock\": {\n    \"base\": \"a:2\",\n    \"web\": \"a:3\"\n  },\n  \"z\": null\n}\n"
        );
        assert_eq!(
            with(text, &[]),
            "{\n  \"layerlock\": {},\n  \"z\": null\n}\n"
        );
        // The name is what it means, and the last one counts.
        let text = r#"{"layerlock":1,"layerloc\u006b":{}}"#;
        assert_eq!(
            with(text, &[("b", "a:1")]),
            r#"{"layerlock":1,"layerloc\u006b":{"b":"a:1"}}"#
        );
    }

    #[test]
    fn what_is_no_object_is_told_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("[]", 0),
            (" \n\"a\"", 2),
            ("{\n  \"a\": 1,\n}", 12),
            ("{} x", 3),
            ("{\"a\": tru}", 9),
        ] {
            assert_eq!(Object::parse(text).unwrap_err().at, at, "{text:?}");
        }
        let object = Object::parse("{\"layerlock\": 3}").unwrap();
        assert_eq!(
            object.object("layerlock").unwrap_err(),
            NoObject {
                message: "has a `layerlock` that is no JSON object".to_owned(),
                at: 14
            }
        );
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name(), inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![any::<String>(), "[a-z]{1,3}", Just("layerlock".to_owned())]
    }

    fn text_of(object: &Value, indent: usize) -> String {
        if indent == 0 {
            return object.to_string();
        }
        let indent = " ".repeat(indent);
        let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
        serde::Serialize::serialize(object, &mut serializer).unwrap();
        String::from_utf8(text).unwrap()
    }

    proptest! {
        /// Whatever else is in an object stays, byte by byte.
        #[test]
        fn all_else_keeps_its_bytes(
            members in prop::collection::vec((name(), json()), 0..6),
            keys in prop::collection::btree_map("[a-z.-]{1,5}", "[a-z:0-9]{1,9}", 0..4),
            indent in 0..5_usize,
            around in prop::array::uniform2("[ \t\r\n]{0,2}"),
        ) {
            let members: Map<String, Value> = members.into_iter().collect();
            let before = Value::Object(members.clone());
            let text = format!("{}{}{}", around[0], text_of(&before, indent), around[1]);
            let value: Map<_, _> = keys.into_iter().map(|(k, v)| (k, Value::from(v))).collect();

            let object = Object::parse(&text).unwrap();
            prop_assert_eq!(object.members.len(), members.len());
            for (member, (name, value)) in object.members.iter().zip(&members) {
                let read = |span: &Range<usize>| {
                    serde_json::from_str::<Value>(&text[span.clone()]).unwrap()
                };
                prop_assert_eq!(read(&member.name), Value::from(name.as_str()));
                prop_assert_eq!(read(&member.value), value.clone());
            }

            let set = object.with("layerlock", &value);
            let mut expected = members.clone();
            expected.insert("layerlock".to_owned(), Value::Object(value.clone()));
            let read: Map<String, Value> = serde_json::from_str(&set).unwrap();
            prop_assert_eq!(&read, &expected);
            prop_assert!(read.keys().eq(expected.keys()));
            let again = Object::parse(&set).unwrap();
            prop_assert_eq!(again.object("layerlock"), Ok(Some(value.clone())));
            prop_assert_eq!(again.with("layerlock", &value), set.clone());
            if let Some(at) = object.member("layerlock").map(|it| it.value.clone())
                .or_else(|| object.members.last().map(|it| it.value.end..it.value.end))
            {
                prop_assert!(set.starts_with(&text[..at.start]));
                prop_assert!(set.ends_with(&text[at.end..]));
            }
        }
    }
}
