//! A project's page of a simple index: PEP 691 (JSON) and PEP 503 (HTML).
//!
//! Both forms give the same [`ProjectPage`]. A page is foreign input: nothing
//! on it makes the parsers panic, and what is no index page at all (a proxy's
//! login form, a listing of something else) is an error that says what came
//! instead, since "no such file on the index" would send people looking in the
//! wrong place.

use std::collections::BTreeMap;
use std::fmt;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use serde::Deserialize;
use url::Url;

use super::address::{decoded, redacted};

/// The Accept header for a page's request, JSON preferred (PEP 691).
pub const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
     application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A page may have this many bytes (64 MiB): a project with 100,000 files has
/// about half of it.
pub const MAX_PAGE_BYTES: usize = 64 * 1024 * 1024;

/// The files that an index has of one project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectPage {
    /// The files, in the page's order.
    pub files: Vec<IndexFile>,
}

/// One file of a project on an index.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexFile {
    /// The file's name: `filename` in JSON; in HTML the last segment of its
    /// address, percent-decoded, whatever the link's text says.
    pub name: String,
    /// Where it is; no fragment.
    pub url: Url,
    /// Its SHA-256 according to the index, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// The Python versions it is for (PEP 345 syntax, unparsed).
    pub requires_python: Option<String>,
    /// Why it was yanked (PEP 592); empty where no reason is given.
    pub yanked: Option<String>,
    /// Its size in bytes (PEP 700; only in JSON).
    pub size: Option<u64>,
    /// When it was uploaded, as the index writes it (PEP 700; only in JSON).
    pub upload_time: Option<String>,
}

/// Why a page could not be read. Addresses in it are redacted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Neither HTML nor the JSON of PEP 691.
    #[error("{url} answered with {}, which is no page of a simple index", named(content_type.as_deref()))]
    ContentType {
        /// The page.
        url: String,
        /// The Content-Type that came.
        content_type: Option<String>,
    },
    /// Larger than [`MAX_PAGE_BYTES`].
    #[error("{url} is larger than the {limit} bytes that a page of an index may have")]
    TooLarge {
        /// The page.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// HTML without any link to a distribution file.
    #[error("{url} is no page of a simple index: {}, without a link to a file", described(title.as_deref()))]
    NotAnIndexPage {
        /// The page.
        url: String,
        /// Its title.
        title: Option<String>,
    },
    /// JSON that is not the JSON of PEP 691.
    #[error("{url} is no project page of a simple index: {reason}")]
    Json {
        /// The page.
        url: String,
        /// What the parser said.
        reason: String,
    },
    /// A version of the interface that is not known here (PEP 629).
    #[error("{url} is in version {version} of the simple index interface; known is 1")]
    Version {
        /// The page.
        url: String,
        /// The version it names.
        version: String,
    },
}

impl PageError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ContentType { .. } | Self::NotAnIndexPage { .. } | Self::Json { .. } => {
                "check the index's address (it often ends in /simple/), and whether a login or a \
                 proxy answers in its place"
            }
            Self::TooLarge { .. } => "check the index's address: this is more than an index lists",
            Self::Version { .. } => "ask for a newer layerlock, or use an index that speaks 1.x",
        };
        Some(hint.to_owned())
    }
}

impl ProjectPage {
    /// Reads a page. `url` is where it came from after redirects, against which
    /// relative links are resolved; `content_type` is the header as it came.
    pub fn parse(url: &Url, content_type: Option<&str>, body: &[u8]) -> Result<Self, PageError> {
        if body.len() > MAX_PAGE_BYTES {
            return Err(PageError::TooLarge {
                url: redacted(url),
                limit: MAX_PAGE_BYTES,
            });
        }
        let media_type = content_type.unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/vnd.pypi.simple.v1+json" => parse_json(url, body),
            "application/vnd.pypi.simple.v1+html" | "text/html" => parse_html(url, body),
            _ => Err(PageError::ContentType {
                url: redacted(url),
                content_type: content_type.map(str::to_owned),
            }),
        }
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&IndexFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

/// As derived, but for the address, which is redacted.
impl fmt::Debug for IndexFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexFile")
            .field("name", &self.name)
            .field("url", &redacted(&self.url))
            .field("sha256", &self.sha256)
            .field("requires_python", &self.requires_python)
            .field("yanked", &self.yanked)
            .field("size", &self.size)
            .field("upload_time", &self.upload_time)
            .finish()
    }
}

/// The endings of distribution files: wheels, eggs, and the archives that an
/// sdist may be.
const FILE_ENDINGS: &[&str] = &[
    ".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar", ".egg",
];

/// The file at `link`, where that is the address of a distribution file.
fn index_file(base: &Url, link: &str) -> Option<IndexFile> {
    let mut url = base.join(link).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let sha256 = url.fragment().and_then(fragment_sha256);
    url.set_fragment(None);
    let name = decoded(url.path().rsplit('/').next().unwrap_or_default());
    Some(IndexFile {
        name,
        url,
        sha256,
        requires_python: None,
        yanked: None,
        size: None,
        upload_time: None,
    })
}

fn is_file_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending)) && !name.contains(['/', '\\', '\0'])
}

/// `sha256=...` in a link's fragment, alone or among others joined by `&`.
fn fragment_sha256(fragment: &str) -> Option<String> {
    fragment
        .split('&')
        .find_map(|part| part.strip_prefix("sha256="))
        .and_then(sha256)
}

fn sha256(digest: &str) -> Option<String> {
    let valid = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| digest.to_ascii_lowercase())
}

/// PEP 629: what has another major version must not be read.
fn check_version(url: &Url, version: &str) -> Result<(), PageError> {
    if version.trim().split('.').next() == Some("1") {
        return Ok(());
    }
    Err(PageError::Version {
        url: redacted(url),
        version: version.trim().to_owned(),
    })
}

#[derive(Deserialize)]
struct JsonPage {
    #[serde(default)]
    meta: JsonMeta,
    files: Vec<JsonFile>,
}

#[derive(Deserialize, Default)]
struct JsonMeta {
    #[serde(rename = "api-version")]
    api_version: Option<String>,
}

#[derive(Deserialize)]
struct JsonFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    #[serde(rename = "requires-python", default)]
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Option<JsonYanked>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(rename = "upload-time", default)]
    upload_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum JsonYanked {
    Flag(bool),
    Reason(String),
}

fn parse_json(url: &Url, body: &[u8]) -> Result<ProjectPage, PageError> {
    let body = String::from_utf8_lossy(body);
    let body = body.trim_start_matches('\u{feff}');
    let page: JsonPage = serde_json::from_str(body).map_err(|error| PageError::Json {
        url: redacted(url),
        reason: error.to_string(),
    })?;
    if let Some(version) = &page.meta.api_version {
        check_version(url, version)?;
    }
    let files = page.files.into_iter().filter_map(|file| {
        let link = index_file(url, &file.url)?;
        let hash = file.hashes.get("sha256").and_then(|digest| sha256(digest));
        let yanked = match file.yanked {
            None | Some(JsonYanked::Flag(false)) => None,
            Some(JsonYanked::Flag(true)) => Some(String::new()),
            Some(JsonYanked::Reason(reason)) => Some(reason),
        };
        is_file_name(&file.filename).then_some(IndexFile {
            name: file.filename,
            url: link.url,
            sha256: hash.or(link.sha256),
            requires_python: file.requires_python,
            yanked,
            size: file.size,
            upload_time: file.upload_time,
        })
    });
    Ok(ProjectPage {
        files: files.collect(),
    })
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

fn parse_html(url: &Url, body: &[u8]) -> Result<ProjectPage, PageError> {
    let page = read_html(&String::from_utf8_lossy(body));
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

fn read_html(text: &str) -> HtmlPage {
    let mut emitter = DefaultEmitter::default();
    // So that a link in a script's text is no link.
    emitter.naively_switch_states(true);
    let mut page = HtmlPage::default();
    let mut in_title = false;
    for token in Tokenizer::new_with_emitter(text, emitter) {
        let Ok(token) = token;
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

fn named(content_type: Option<&str>) -> String {
    match content_type {
        Some(text) => format!("{text:?}"),
        None => "no content type".to_owned(),
    }
}

fn described(title: Option<&str>) -> String {
    match title {
        Some(title) => format!("it is titled {title:?}"),
        None => "it has no title".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use layerlock_testkit::{PageLink, html_page, json_page};
    use proptest::prelude::*;

    use super::*;

    const JSON: &str = "application/vnd.pypi.simple.v1+json";
    const PAGE: &str = "https://packages.example.com/simple/foo/";

    fn page_url() -> Url {
        Url::parse(PAGE).unwrap()
    }

    fn html(body: &str) -> Result<ProjectPage, PageError> {
        let content_type = Some("text/html; charset=UTF-8");
        ProjectPage::parse(&page_url(), content_type, body.as_bytes())
    }

    fn json(body: &str) -> Result<ProjectPage, PageError> {
        ProjectPage::parse(&page_url(), Some(JSON), body.as_bytes())
    }

    fn only_file(page: Result<ProjectPage, PageError>) -> IndexFile {
        let [file] = <[IndexFile; 1]>::try_from(page.unwrap().files).unwrap();
        file
    }

    #[test]
    fn an_html_link_says_all_that_pep_503_lets_it_say() {
        let digest = "AB".repeat(32);
        let file = only_file(html(&format!(
            "<A HREF='../../f/foo-1.0%2Bcpu-py3-none-any.whl?a=1&amp;b=2#egg=x&sha256={digest}' \
             data-requires-python='&gt;=3.8,&lt;4' data-yanked='broken &amp; old'>some text</a>"
        )));
        assert_eq!(file.name, "foo-1.0+cpu-py3-none-any.whl");
        assert_eq!(
            file.url.as_str(),
            "https://packages.example.com/f/foo-1.0%2Bcpu-py3-none-any.whl?a=1&b=2"
        );
        assert_eq!(file.sha256, Some(digest.to_lowercase()));
        assert_eq!(file.requires_python.as_deref(), Some(">=3.8,<4"));
        assert_eq!(file.yanked.as_deref(), Some("broken & old"));
        assert_eq!(file.size, None);
        assert!(!format!("{file:?}").contains("b=2"));
    }

    #[test]
    fn links_are_relative_to_the_first_base_wherever_it_stands() {
        for (base, url) in [
            ("", "https://packages.example.com/simple/foo/a-1.zip"),
            (
                "<base href='/pool/'>",
                "https://packages.example.com/pool/a-1.zip",
            ),
            (
                "<base target=x><base href=\"https://files.example.com/x/\"><base href='/no/'>",
                "https://files.example.com/x/a-1.zip",
            ),
        ] {
            let file = only_file(html(&format!("<a href=' a-1.zip '>a</a>{base}")));
            assert_eq!(file.url.as_str(), url);
        }
    }

    #[test]
    fn what_is_no_link_to_a_file_is_passed_over() {
        let page = html(
            "<!-- <a href='x-1.whl'>x</a> --><script>'<a href=\"y-1.whl\">'</script>\
             <a>z-1.whl</a><a href='../'>up</a><a href='foo-1.whl.asc'>sig</a>\
             <a href='ftp://packages.example.com/foo-1.whl'>f</a><a href='javascript:foo-1.whl'>j</a>\
             <a href='a%2Fb-1.whl'>slash</a><a href='https://['>bad</a>\
             <a href='foo-1.tar.gz#sha256=short'>foo</a>",
        );
        let file = only_file(page);
        assert_eq!((file.name.as_str(), file.sha256), ("foo-1.tar.gz", None));
    }

    #[test]
    fn a_login_page_is_told_apart_from_a_project_without_files() {
        let error = html(
            "<html><head><title>Sign\n in</title></head><form action=/login><input></form>\
             <a href=/help>Help</a></html>",
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{PAGE} is no page of a simple index: it is titled \"Sign in\", \
                 without a link to a file"
            )
        );
        assert!(error.hint().unwrap().contains("login"));
        assert!(matches!(
            html(""),
            Err(PageError::NotAnIndexPage { title: None, .. })
        ));
        assert_eq!(
            html(&html_page("foo", &[], None)),
            Ok(ProjectPage::default())
        );
        assert_eq!(json(&json_page("foo", &[])), Ok(ProjectPage::default()));
    }

    #[test]
    fn other_content_types_are_refused() {
        for content_type in [None, Some("application/json"), Some("text/plain")] {
            let error = ProjectPage::parse(&page_url(), content_type, b"{}").unwrap_err();
            let text = content_type.unwrap_or("no content type");
            assert!(error.to_string().contains(text), "{error}");
        }
        for content_type in ["TEXT/HTML", "application/vnd.pypi.simple.v1+html ; x=y"] {
            let page = html_page("foo", &[], None);
            let page = ProjectPage::parse(&page_url(), Some(content_type), page.as_bytes());
            assert_eq!(page, Ok(ProjectPage::default()));
        }
    }

    #[test]
    fn another_major_version_is_refused() {
        let versions = [
            json(r#"{"meta": {"api-version": "2.0"}, "files": []}"#),
            html("<meta name='pypi:repository-version' content='2.0'><a href='a-1.whl'>a</a>"),
        ];
        for page in versions {
            let error = page.unwrap_err();
            assert!(matches!(&error, PageError::Version { version, .. } if version == "2.0"));
        }
        let newer = json(r#"{"meta": {"api-version": "1.9"}, "files": []}"#);
        assert_eq!(newer, Ok(ProjectPage::default()));
    }

    #[test]
    fn json_of_something_else_is_refused() {
        for text in [
            "",
            "[]",
            "{\"message\": \"no\"}",
            "<html>",
            "{\"files\": [1]}",
        ] {
            let error = json(text).unwrap_err();
            assert!(matches!(error, PageError::Json { .. }), "{error}");
        }
    }

    #[test]
    fn json_may_leave_out_what_is_optional() {
        let file = only_file(json(
            r#"{"files": [{"filename": "foo-1.zip", "url": "/opaque/123", "hashes": {"md5": "x"},
                "requires-python": null, "size": null, "yanked": null, "other": []}]}"#,
        ));
        assert_eq!(file.name, "foo-1.zip");
        assert_eq!(file.url.as_str(), "https://packages.example.com/opaque/123");
        assert_eq!((file.sha256, file.yanked, file.size), (None, None, None));
    }

    #[test]
    fn an_absurdly_large_page_is_refused() {
        let body = vec![b' '; MAX_PAGE_BYTES + 1];
        let error = ProjectPage::parse(&page_url(), Some(JSON), &body).unwrap_err();
        assert!(matches!(error, PageError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn an_error_shows_no_token() {
        let url = Url::parse("https://token@packages.example.com/simple/foo/?key=token").unwrap();
        let error = ProjectPage::parse(&url, None, b"").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("token"), "{error}");
    }

    fn link() -> impl Strategy<Value = PageLink> {
        let name = "[a-z]{1,8}-[0-9]{1,2}(\\.[0-9])?";
        let ending = prop::sample::select(FILE_ENDINGS);
        let folder = prop::sample::select(
            &["", "../../files/", "/pool/", "https://files.example.com/x/"][..],
        );
        let text = || prop::option::of("[ -~é]{1,20}");
        (
            (name, ending, folder),
            prop::option::of("[0-9a-f]{64}"),
            text(),
            prop::option::of("[ -~é]{0,20}"),
        )
            .prop_map(
                |((name, ending, folder), sha256, requires_python, yanked)| {
                    let file_name = format!("{name}{ending}");
                    PageLink {
                        url: format!("{folder}{file_name}"),
                        file_name,
                        sha256,
                        requires_python,
                        yanked,
                        size: None,
                        upload_time: None,
                    }
                },
            )
    }

    proptest! {
        #[test]
        fn html_and_json_of_one_index_give_the_same_files(
            links in prop::collection::vec(link(), 1..8)
        ) {
            let from_html = html(&html_page("foo", &links, None)).unwrap();
            let from_json = json(&json_page("foo", &links)).unwrap();
            prop_assert_eq!(&from_html, &from_json);
            let names: Vec<&str> = from_json.files.iter().map(|file| file.name.as_str()).collect();
            let expected: Vec<&str> = links.iter().map(|link| link.file_name.as_str()).collect();
            prop_assert_eq!(names, expected);
            for (file, link) in from_json.files.iter().zip(&links) {
                prop_assert_eq!(&file.sha256, &link.sha256);
                prop_assert_eq!(&file.yanked, &link.yanked);
                prop_assert_eq!(&file.requires_python, &link.requires_python);
            }
        }

        #[test]
        fn no_bytes_make_the_parsers_panic(
            body in prop::collection::vec(any::<u8>(), 0..400),
            is_json in any::<bool>(),
        ) {
            let content_type = if is_json { JSON } else { "text/html" };
            let _ = ProjectPage::parse(&page_url(), Some(content_type), &body);
        }

        #[test]
        fn no_tag_soup_makes_the_html_parser_panic(
            parts in prop::collection::vec(prop::sample::select(&[
                "<a href=", "'", "\"", ">", "<base href=", "</a>", "<title>", "<script>", "<!--",
                "-->", "&amp;", "&#x110000;", "%zz", "x-1.whl", "#sha256=", "//", "https://[", "\0",
                "é", "<meta name='pypi:repository-version' content=", " data-yanked",
            ][..]), 0..40)
        ) {
            if let Ok(page) = html(&parts.concat()) {
                for file in page.files {
                    prop_assert!(is_file_name(&file.name));
                    prop_assert!(file.url.fragment().is_none());
                }
            }
        }

        #[test]
        fn no_json_of_the_right_kind_makes_the_parser_panic(
            filename in ".{0,20}", address in ".{0,20}", digest in ".{0,70}"
        ) {
            let body = serde_json::json!({"files": [
                {"filename": filename, "url": address, "hashes": {"sha256": digest}}
            ]});
            let page = json(&body.to_string()).unwrap();
            prop_assert!(page.files.len() <= 1);
        }
    }
}
