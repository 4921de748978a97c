//! The HTML form of a page (PEP 503).

use html5gum::emitters::callback::CallbackEvent;
use layerlock_client::{SafeUrl, html};

use super::project_page::{
    IndexFile, MAX_FILES, PageError, ProjectPage, check_version, index_file, is_file_name,
    too_many_links,
};

pub(super) fn parse(url: &SafeUrl, body: &[u8]) -> Result<ProjectPage, PageError> {
    let page = read_html(body);
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
            title: html::title(body),
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

fn read_html(body: &[u8]) -> HtmlPage {
    let mut page = HtmlPage::default();
    let mut tag = Tag::default();
    html::events(body, |event| {
        match event {
            CallbackEvent::OpenStartTag { name } => tag = Tag::named(name),
            CallbackEvent::AttributeName { name } => tag.begin(name),
            CallbackEvent::AttributeValue { value } => tag.set(value),
            CallbackEvent::CloseStartTag { .. } => page.take(std::mem::take(&mut tag)),
            _ => {}
        }
        (page.anchors.len() > MAX_FILES).then_some(())
    });
    page
}

/// The attributes that matter, of any tag.
const ATTRIBUTES: [&str; 5] = [
    "href",
    "name",
    "content",
    "data-requires-python",
    "data-yanked",
];

/// A longer value is that of no link to a file.
const LONGEST_VALUE: usize = 64 << 10;

/// A start tag, with those attributes that matter.
#[derive(Default)]
struct Tag {
    name: Vec<u8>,
    values: [Option<String>; ATTRIBUTES.len()],
    /// Which attribute has begun, unless it was there before: the first counts.
    begun: Option<usize>,
}

impl Tag {
    fn named(name: &[u8]) -> Self {
        Self {
            name: name[..name.len().min(LONGEST_VALUE)].to_vec(),
            ..Self::default()
        }
    }

    fn begin(&mut self, name: &[u8]) {
        self.begun = ATTRIBUTES
            .iter()
            .position(|attribute| attribute.as_bytes() == name)
            .filter(|index| self.values[*index].is_none());
        if let Some(index) = self.begun {
            self.values[index] = Some(String::new());
        }
    }

    fn set(&mut self, value: &[u8]) {
        if let Some(index) = self.begun.take()
            && value.len() <= LONGEST_VALUE
        {
            self.values[index] = Some(String::from_utf8_lossy(value).into_owned());
        }
    }
}

impl HtmlPage {
    fn take(&mut self, tag: Tag) {
        let [href, name, content, requires_python, yanked] = tag.values;
        match tag.name.as_slice() {
            b"base" if self.base.is_none() => self.base = href,
            b"meta" if name.as_deref() == Some(VERSION_META) => {
                self.version = self.version.take().or(content);
            }
            b"a" => self.anchors.extend(href.map(|href| Anchor {
                href,
                requires_python,
                yanked,
            })),
            _ => {}
        }
    }
}

/// The name of the meta element that carries the version (PEP 629).
const VERSION_META: &str = "pypi:repository-version";
