//! What a page for people is called, to say which one came in a file's or an index
//! page's place.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

/// As much of a title as an error shows.
const MAX_TITLE_CHARS: usize = 80;

/// The title of an HTML page, its beginning if it is long.
pub fn title(text: &str) -> Option<String> {
    let mut emitter = DefaultEmitter::default();
    // So that a tag in a script's text is no tag.
    emitter.naively_switch_states(true);
    let mut in_title = false;
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => in_title = *tag.name == b"title",
            Token::EndTag(_) => in_title = false,
            Token::String(value) if in_title => {
                let value = String::from_utf8_lossy(&value);
                let words: Vec<&str> = value.split_whitespace().collect();
                let title: String = words.join(" ").chars().take(MAX_TITLE_CHARS).collect();
                return Some(title).filter(|title| !title.is_empty());
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn the_first_title_is_on_one_line_and_not_too_long() {
        for (page, expected) in [
            (
                "<title>\n Sign\n in </title><title>no</title>",
                Some("Sign in"),
            ),
            (
                "<script>'<title>no</title>'</script><title>a &amp; b</title>",
                Some("a & b"),
            ),
            ("<title></title><p>text", None),
            ("no page", None),
        ] {
            assert_eq!(title(page).as_deref(), expected, "{page}");
        }
        let long = format!("<title>{}</title>", "x".repeat(1000));
        assert_eq!(title(&long).unwrap().len(), 80);
    }
}
