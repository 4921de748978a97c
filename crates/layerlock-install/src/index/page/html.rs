//! The HTML form of a page (PEP 503).

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use url::Url;

use super::{
    IndexFile, MAX_FILES, PageError, ProjectPage, check_version, index_file, is_file_name,
    too_many_links,
};
use crate::index::redacted;

pub(super) fn parse(url: &Url, body: &[u8]) -> Result<ProjectPage, PageError> {
    let page = read_html(&String::from_utf8_lossy(body));
    if page.anchors.len() > MAX_FILES {
        return Err(too_many_links(url));
    }
    if let Some(version) = &page.version {
        check_version(url, version)?;
    }
    // The first base counts, for the whole document.
    let base = page.base.and_then(|base| url.join(base.trim()).ok());
    let base = base.as_ref().unwrap_or(url);
    let files: Vec<IndexFile> = page
        .anchors
        .into_iter()
        .filter_map(|anchor| {
            let mut file = index_file(base, anchor.href.trim())?;
            file.requires_python = anchor.requires_python.filter(|text| !text.is_empty());
            file.yanked = anchor.yanked;
            is_file_name(&file.name).then_some(file)
        })
        .collect();
    // A project may have no files; a page that says which interface it speaks
    // is believed then.
    if files.is_empty() && page.version.is_none() {
        return Err(PageError::NotAnIndexPage {
            url: redacted(url),
            title: page.title,
        });
    }
    Ok(ProjectPage { files })
}

/// What of an HTML page matters, in the page's order.
#[derive(Default)]
struct HtmlPage {
    title: Option<String>,
    version: Option<String>,
    base: Option<String>,
    anchors: Vec<Anchor>,
}

struct Anchor {
    href: String,
    requires_python: Option<String>,
    yanked: Option<String>,
}

fn read_html(text: &str) -> HtmlPage {
    let mut emitter = DefaultEmitter::default();
    // So that a link in a script's text is no link.
    emitter.naively_switch_states(true);
    let mut page = HtmlPage::default();
    let mut in_title = false;
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
        if page.anchors.len() > MAX_FILES {
            break;
        }
        match token {
            Token::StartTag(tag) => {
                let attribute = |name: &[u8]| {
                    let value = tag.attributes.get(name)?;
                    Some(String::from_utf8_lossy(value).into_owned())
                };
                in_title = false;
                match tag.name.as_slice() {
                    b"title" => in_title = page.title.is_none(),
                    b"base" if page.base.is_none() => page.base = attribute(b"href"),
                    b"meta" if attribute(b"name").as_deref() == Some(VERSION_META) => {
                        page.version = page.version.or(attribute(b"content"));
                    }
                    b"a" => page.anchors.extend(attribute(b"href").map(|href| Anchor {
                        href,
                        requires_python: attribute(b"data-requires-python"),
                        yanked: attribute(b"data-yanked"),
                    })),
                    _ => {}
                }
            }
            Token::EndTag(_) => in_title = false,
            Token::String(value) if in_title => {
                let value = String::from_utf8_lossy(&value);
                let words: Vec<&str> = value.split_whitespace().collect();
                let title: String = words.join(" ").chars().take(MAX_TITLE_CHARS).collect();
                page.title = Some(title).filter(|title| !title.is_empty());
            }
            _ => {}
        }
    }
    page
}

/// The title of a page, to say what it is.
pub(crate) fn html_title(text: &str) -> Option<String> {
    read_html(text).title
}

/// The name of the meta element that carries the version (PEP 629).
const VERSION_META: &str = "pypi:repository-version";
/// As much of a title as an error shows.
const MAX_TITLE_CHARS: usize = 80;
