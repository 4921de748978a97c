//! What a page for people is called, to say which one came in a file's or an index
//! page's place.

use std::cell::RefCell;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

/// As much of a title as an error shows.
const MAX_TITLE_CHARS: usize = 80;

/// What a page for people is made of, one after the other. Nothing of it is kept: a page may
/// be one tag with millions of attributes. Where they are more than any page has, there is
/// nothing.
pub fn events(html: &[u8], mut take: impl FnMut(&CallbackEvent<'_>) -> Option<()>) {
    if has_endless_tag(html) {
        return;
    }
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| take(&event));
    // So that a tag in a script's text is no tag.
    emitter.naively_switch_states(true);
    let mut tokens = Tokenizer::new_with_emitter(html, emitter);
    let _ = tokens.next();
}

/// Attributes of a tag with values in double quotes.
const MAX_ATTRIBUTES: usize = 200;

/// Whether there may be a tag of more attributes. html5gum 0.9 calls itself for each that
/// follows one with a value in double quotes, until the stack is full.
///
/// Whatever is a comment or a script: between the values there is nothing but blanks, a name
/// and `=`, so that it is enough to look at each second part between double quotes.
fn has_endless_tag(html: &[u8]) -> bool {
    let mut runs = [0; 2];
    for (index, part) in html.split(|byte| *byte == b'"').enumerate() {
        let run = &mut runs[index % 2];
        *run = if is_before_value(part) { *run + 1 } else { 0 };
        if *run > MAX_ATTRIBUTES {
            return true;
        }
    }
    false
}

/// Whether this is ` NAME=`, of which the name may begin with `=`.
fn is_before_value(part: &[u8]) -> bool {
    part.first().is_some_and(u8::is_ascii_whitespace)
        && part.trim_ascii_end().ends_with(b"=")
        && !part.contains(&b'>')
}

/// The title of an HTML page, its beginning if it is long.
pub fn title(html: &[u8]) -> Option<String> {
    let found = RefCell::new(None);
    let mut in_title = false;
    events(html, |event| {
        match event {
            CallbackEvent::OpenStartTag { name } => in_title = *name == b"title",
            CallbackEvent::EndTag { .. } => in_title = false,
            CallbackEvent::String { value } if in_title => {
                let head = &value[..value.len().min(MAX_TITLE_BYTES)];
                let text = String::from_utf8_lossy(head);
                let words: Vec<&str> = text.split_whitespace().collect();
                let title: String = words.join(" ").chars().take(MAX_TITLE_CHARS).collect();
                *found.borrow_mut() = Some(title).filter(|title| !title.is_empty());
                return Some(());
            }
            _ => {}
        }
        None
    });
    found.into_inner()
}

/// Enough for the title with the blanks around it.
const MAX_TITLE_BYTES: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::{events, title};

    /// In a thread with as little stack as any: it was full.
    #[test]
    fn a_tag_of_any_size_needs_no_stack() {
        for (attribute, is_read) in [
            (" a=\"b\"", false),
            ("\n a = \">\"", false),
            (" ==\"b\"", false),
            (" a='b'", true),
            (" a", true),
            ("/a=\"b\"", true),
        ] {
            let page = format!("<a{}>", attribute.repeat(50_000));
            let mut count = 0;
            events(page.as_bytes(), |_| {
                count += 1;
                None
            });
            assert_eq!(count > 50_000, is_read, "{attribute}");
        }
        let page = format!("<a{}>", " a=\"b\"".repeat(200)).repeat(100);
        let mut count = 0;
        events(page.as_bytes(), |_| {
            count += 1;
            None
        });
        assert_eq!(count, 100 * 402);
    }

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
            assert_eq!(title(page.as_bytes()).as_deref(), expected, "{page}");
        }
        let long = format!("<title>{}</title>", "x".repeat(1000));
        assert_eq!(title(long.as_bytes()).unwrap().len(), 80);
    }
}
