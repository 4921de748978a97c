use layerlock_testkit::{Change, PageLink, html_page, index_pages, json_page, mutate};
use proptest::prelude::*;

use layerlock_client::SafeUrl;

use super::project_page::{FILE_ENDINGS, is_file_name};
use super::*;

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const PAGE: &str = "https://packages.example.com/simple/foo/";

fn page_url() -> SafeUrl {
    SafeUrl::parse(PAGE).unwrap()
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
fn each_seed_of_the_fuzz_target_is_a_page() {
    for page in index_pages() {
        let text = String::from_utf8_lossy(&page);
        assert_eq!(read_hostile_page(&page), 1, "{text}");
    }
}

proptest! {
    /// What a fuzzer does, in little.
    #[test]
    fn no_mutation_of_a_page_gets_past_what_is_counted_on(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(any::<Change>(), 1..6),
    ) {
        let seeds = index_pages();
        // It panics where something got past.
        let seed: &Vec<u8> = which.get(&seeds);
        read_hostile_page(&mutate(seed, &changes));
    }
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
        file.url.url().as_str(),
        "https://packages.example.com/f/foo-1.0%2Bcpu-py3-none-any.whl?a=1&b=2"
    );
    assert_eq!(file.digest, digest.parse().ok());
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
        assert_eq!(file.url.url().as_str(), url);
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
    assert_eq!((file.name.as_str(), file.digest), ("foo-1.tar.gz", None));
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
            "{PAGE} is no page of a simple index: it has no link to a file, and its title is \
             \"Sign in\""
        )
    );
    assert_eq!(
        html("<html></html>").unwrap_err().to_string(),
        format!("{PAGE} is no page of a simple index: it has no link to a file")
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
    assert_eq!(
        file.url.url().as_str(),
        "https://packages.example.com/opaque/123"
    );
    assert_eq!((file.digest, file.yanked, file.size), (None, None, None));
}

#[test]
fn an_absurdly_large_page_is_refused() {
    let body = vec![b' '; MAX_PAGE_BYTES + 1];
    let error = ProjectPage::parse(&page_url(), Some(JSON), &body).unwrap_err();
    assert!(matches!(error, PageError::TooLarge { .. }), "{error}");
}

#[test]
fn a_page_of_absurdly_many_files_is_refused() {
    let repeated = |piece: &str, count| vec![piece; count].join(",");
    let anchor = "<a href=a-1.whl>a</a>";
    let file = r#"{"filename":"a-1.whl","url":"a"}"#;
    let pages = |count| {
        let files = format!("{{\"files\": [{}]}}", repeated(file, count));
        [html(&repeated(anchor, count)), json(&files)]
    };
    for page in pages(MAX_FILES) {
        assert_eq!(page.unwrap().files.len(), MAX_FILES);
    }
    for page in pages(MAX_FILES + 1) {
        let error = page.unwrap_err();
        assert!(matches!(error, PageError::TooManyLinks { .. }), "{error}");
    }
}

#[test]
fn an_error_shows_no_token() {
    let url = SafeUrl::parse("https://token@packages.example.com/simple/foo/?key=token").unwrap();
    let error = ProjectPage::parse(&url, None, b"").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("token"), "{error}");
}

fn link() -> impl Strategy<Value = PageLink> {
    let name = "[a-z]{1,8}-[0-9]{1,2}(\\.[0-9])?";
    let ending = prop::sample::select(FILE_ENDINGS);
    let directory =
        prop::sample::select(&["", "../../files/", "/pool/", "https://files.example.com/x/"][..]);
    let text = || prop::option::of("[ -~é]{1,20}");
    (
        (name, ending, directory),
        prop::option::of("[0-9a-f]{64}"),
        text(),
        prop::option::of("[ -~é]{0,20}"),
    )
        .prop_map(
            |((name, ending, directory), sha256, requires_python, yanked)| {
                let file_name = format!("{name}{ending}");
                PageLink {
                    url: format!("{directory}{file_name}"),
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
            prop_assert_eq!(file.digest.map(|digest| digest.hex()), link.sha256.clone());
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
                prop_assert!(file.url.url().fragment().is_none());
            }
        }
    }

    #[test]
    fn no_json_of_the_right_kind_makes_the_parser_panic(
        filename in ".{0,20}", url in ".{0,20}", digest in ".{0,70}"
    ) {
        let body = serde_json::json!({"files": [
            {"filename": filename, "url": url, "hashes": {"sha256": digest}}
        ]});
        let page = json(&body.to_string()).unwrap();
        prop_assert!(page.files.len() <= 1);
    }
}

/// Attributes were kept, all of a tag: 6.5 million took 800 MB.
#[test]
fn a_tag_of_many_attributes_is_a_tag() {
    let many: Vec<String> = (0..200_000)
        .map(|number| format!(" a{number}='>'"))
        .collect();
    let many = many.concat();
    let page = format!("<a{many} href='a-1.zip' href='b-1.zip'><a data-yanked href=c-1.zip>");
    let files = html(&page).unwrap().files;
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a-1.zip", "c-1.zip"]);
    assert_eq!(files[1].yanked.as_deref(), Some(""));
}

#[test]
fn bytes_that_are_no_text_are_passed_over() {
    let mut page = vec![0xff; 100_000];
    page.extend(b"<a href='a-1.zip'>\xff</a>");
    page.extend([&b"<a href='"[..], &vec![b'x'; 100_000], b"-1.zip'>"].concat());
    let files = ProjectPage::parse(&page_url(), Some("text/html"), &page);
    assert_eq!(only_file(files).name, "a-1.zip");
}

/// It was kept as a whole before it was looked at.
#[test]
fn a_reason_for_yanking_that_is_no_text_is_an_error() {
    let yanked = |yanked: &str| {
        json(&format!(
            r#"{{"files": [{{"filename": "a-1.zip", "url": "a-1.zip", "yanked": {yanked}}}]}}"#
        ))
    };
    assert_eq!(only_file(yanked("false")).yanked, None);
    assert_eq!(only_file(yanked("null")).yanked, None);
    assert_eq!(only_file(yanked("true")).yanked.as_deref(), Some(""));
    assert_eq!(only_file(yanked("\"old\"")).yanked.as_deref(), Some("old"));
    for other in ["[1, 2]", "{}", "1"] {
        assert!(
            matches!(yanked(other), Err(PageError::Json { .. })),
            "{other}"
        );
    }
}
