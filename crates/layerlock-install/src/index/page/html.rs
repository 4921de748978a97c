//! The HTML form of a page (PEP 503).

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use layerlock_client::{SafeUrl, html};

use super::project_page::{
    IndexFile, MAX_FILES, PageError, ProjectPage, check_version, index_file, is_file_name,
    too_many_links,
};

pub(super) fn parse(url: &SafeUrl, body: &[u8]) -> Result<ProjectPage, PageError> {
    let text = String::from_utf8_lossy(body);
    let page = read_html(&text);
    if page.anchors.len() > MAX_FILES {
        return Err(too_many_links(url));
    }
    if let Some(version) = &page.version {
        check_version(url, version)?;
    }
    // The first base counts, for the whole document.
    let base = page.base.and_then(|base| url.join(base.trim()));
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
            url: url.to_string(),
            title: html::title(&text),
        });
    }
    Ok(ProjectPage { files })
}

/// What of an HTML page matters, in the page's order.
#[derive(Default)]
struct HtmlPage {
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
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
        if page.anchors.len() > MAX_FILES {
            break;
        }
        if let Token::StartTag(tag) = token {
            let attribute = |name: &[u8]| {
                let value = tag.attributes.get(name)?;
                Some(String::from_utf8_lossy(value).into_owned())
            };
            match tag.name.as_slice() {
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
    }
    page
}

/// The name of the meta element that carries the version (PEP 629).
const VERSION_META: &str = "pypi:repository-version";
