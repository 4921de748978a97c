//! Project pages of a simple index, as text: PEP 503 (HTML) and PEP 691 (JSON).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// How a page refers to its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkStyle {
    /// With scheme and host.
    #[default]
    Absolute,
    /// Relative to the page.
    Relative,
    /// Relative to a `<base href>`; in JSON, which has none, to the page.
    Base,
}

/// One file on a project page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageLink {
    /// The file's name, the text of its link.
    pub file_name: String,
    /// Its URL, percent-encoded, absolute or relative, without fragment.
    pub url: String,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: Option<String>,
    /// `requires-python`, such as `>=3.10`.
    pub requires_python: Option<String>,
    /// Why it was yanked; empty: yanked without a reason.
    pub yanked: Option<String>,
    /// Size in bytes (PEP 700, only in JSON).
    pub size: Option<u64>,
    /// When it was uploaded (PEP 700, only in JSON).
    pub upload_time: Option<String>,
}

/// The page as PEP 503 HTML, with `base` in a `<base href>`.
pub fn html_page(project: &str, links: &[PageLink], base: Option<&str>) -> String {
    let project = escape(project);
    let mut page = String::from("<!DOCTYPE html>\n<html>\n  <head>\n");
    page.push_str("    <meta name=\"pypi:repository-version\" content=\"1.0\">\n");
    if let Some(base) = base {
        let _ = writeln!(page, "    <base href=\"{}\">", escape(base));
    }
    let _ = writeln!(page, "    <title>Links for {project}</title>\n  </head>");
    let _ = writeln!(page, "  <body>\n    <h1>Links for {project}</h1>");
    for link in links {
        let _ = write!(page, "    <a href=\"{}", escape(&link.url));
        if let Some(sha256) = &link.sha256 {
            let _ = write!(page, "#sha256={sha256}");
        }
        page.push('"');
        if let Some(specifier) = &link.requires_python {
            let _ = write!(page, " data-requires-python=\"{}\"", escape(specifier));
        }
        if let Some(reason) = &link.yanked {
            let _ = write!(page, " data-yanked=\"{}\"", escape(reason));
        }
        let _ = writeln!(page, ">{}</a><br/>", escape(&link.file_name));
    }
    page.push_str("  </body>\n</html>\n");
    page
}

/// The page as PEP 691 JSON.
pub fn json_page(project: &str, links: &[PageLink]) -> String {
    let files: Vec<Value> = links.iter().map(json_file).collect();
    json!({
        "meta": {"api-version": "1.1"},
        "name": project,
        "files": files,
    })
    .to_string()
}

fn json_file(link: &PageLink) -> Value {
    let mut file = Map::new();
    file.insert("filename".to_owned(), json!(link.file_name));
    file.insert("url".to_owned(), json!(link.url));
    let hashes: Map<String, Value> = link
        .sha256
        .iter()
        .map(|digest| ("sha256".to_owned(), json!(digest)))
        .collect();
    file.insert("hashes".to_owned(), Value::Object(hashes));
    if let Some(specifier) = &link.requires_python {
        file.insert("requires-python".to_owned(), json!(specifier));
    }
    let yanked = match link.yanked.as_deref() {
        None => json!(false),
        Some("") => json!(true),
        Some(reason) => json!(reason),
    };
    file.insert("yanked".to_owned(), yanked);
    if let Some(size) = link.size {
        file.insert("size".to_owned(), json!(size));
    }
    if let Some(time) = &link.upload_time {
        file.insert("upload-time".to_owned(), json!(time));
    }
    Value::Object(file)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> PageLink {
        PageLink {
            file_name: "a-1-py3-none-any.whl".to_owned(),
            url: "../../files/a-1-py3-none-any.whl?x=1&y=2".to_owned(),
            sha256: Some("ab".repeat(32)),
            requires_python: Some(">=3.8,<4".to_owned()),
            yanked: Some(String::new()),
            size: Some(7),
            upload_time: Some("2026-11-21T05:20:00.5Z".to_owned()),
        }
    }

    #[test]
    fn html_escapes_what_it_carries() {
        let page = html_page("a", &[link()], Some("https://packages.example.com/f/"));
        let sha256 = "ab".repeat(32);
        let anchor = format!(
            "<a href=\"../../files/a-1-py3-none-any.whl?x=1&amp;y=2#sha256={sha256}\" \
             data-requires-python=\"&gt;=3.8,&lt;4\" data-yanked=\"\">a-1-py3-none-any.whl</a>"
        );
        assert!(page.contains(&anchor), "{page}");
        assert!(
            page.contains("<base href=\"https://packages.example.com/f/\">"),
            "{page}"
        );
    }

    #[test]
    fn json_has_the_keys_of_pep_691_and_700() {
        let page: Value = serde_json::from_str(&json_page("a", &[link()])).unwrap();
        let file = &page["files"][0];
        assert_eq!(file["yanked"], json!(true));
        assert_eq!(file["size"], json!(7));
        assert_eq!(file["upload-time"], json!("2026-11-21T05:20:00.5Z"));
        assert_eq!(file["requires-python"], json!(">=3.8,<4"));
        assert_eq!(file["hashes"]["sha256"], json!("ab".repeat(32)));
    }
}
