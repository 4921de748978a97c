//! The page that shows each file: one HTML file that needs no other, and no network.

use serde_json::{Value, json};

use super::measure::{Measured, MeasuredPackage};
use super::text::title;

/// The page, with a place for what it shows.
const TEMPLATE: &str = include_str!("page.html");
const PLACE: &str = "{{data}}";

pub(super) fn page(layers: &[Measured]) -> String {
    let layers: Vec<Value> = layers.iter().map(layer).collect();
    let data = json!({ "layers": layers }).to_string();
    // Nothing in it can end the element that it is in, whatever a file is called.
    let data = data.replace('<', "\\u003c");
    TEMPLATE.replacen(PLACE, &data, 1)
}

fn layer(layer: &Measured) -> Value {
    let packages: Vec<Value> = layer.packages.iter().map(package).collect();
    let files = layer
        .files
        .iter()
        .map(|file| json!([file.path, file.owner, file.size, file.zipped_size]));
    json!({
        "title": title(layer.name.as_deref(), layer.path.as_deref(), layer.target),
        "packages": packages,
        "files": files.collect::<Vec<_>>(),
    })
}

fn package(package: &MeasuredPackage) -> Value {
    let project = (package.requested == Some(true)).then_some("the project");
    let needed_by = package.needed_by.iter().map(String::as_str);
    let needed_by: Vec<&str> = project.into_iter().chain(needed_by).collect();
    json!([package.name, package.version, needed_by])
}

#[cfg(test)]
mod tests {
    use super::super::measure::MeasuredFile;
    use super::*;

    fn page_of(path: &str) -> String {
        page(&[Measured {
            name: None,
            path: Some("layer.zip".into()),
            target: None,
            zip_size: Some(10),
            packages: vec![MeasuredPackage {
                name: "six".to_owned(),
                version: Some("1.17.0".to_owned()),
                requested: Some(true),
                needed_by: vec!["app".to_owned()],
            }],
            files: vec![MeasuredFile {
                path: path.to_owned(),
                size: 7,
                zipped_size: Some(5),
                owner: Some(0),
                digest: None,
            }],
        }])
    }

    /// What the page reads, as a browser takes it out.
    fn data(page: &str) -> Value {
        let (_, rest) = page
            .split_once(r#"<script type="application/json" id="data">"#)
            .unwrap();
        let (data, _) = rest.split_once("</script>").unwrap();
        serde_json::from_str(data).unwrap()
    }

    #[test]
    fn a_files_name_stays_a_name_whatever_it_is() {
        for path in [
            "python/six.py",
            "python/</script><script>alert(1)</script>",
            "python/<!--<script>",
            "python/{{data}}\u{2028}\"\\",
        ] {
            let page = page_of(path);
            assert_eq!(
                data(&page)["layers"][0],
                json!({
                    "title": "layer.zip",
                    "packages": [["six", "1.17.0", ["the project", "app"]]],
                    "files": [[path, 0, 7, 5]],
                })
            );
            assert_eq!(page.matches("<script").count(), 2, "{path}");
        }
    }

    /// It is opened from disks and in mails: nothing may be missing there.
    #[test]
    fn the_page_needs_nothing_else() {
        assert_eq!(TEMPLATE.matches(PLACE).count(), 1);
        for forbidden in [
            "http:",
            "https:",
            "src=",
            "@import",
            "url(",
            "fetch(",
            "innerHTML",
        ] {
            assert!(!TEMPLATE.contains(forbidden), "{forbidden}");
        }
        assert!(TEMPLATE.contains("default-src 'none'"));
    }
}
