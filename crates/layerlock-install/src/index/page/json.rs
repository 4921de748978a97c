//! The JSON form of a page (PEP 691).

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::{IndexFile, PageError, ProjectPage, check_version, index_file, is_file_name, sha256};
use crate::index::redacted;

pub(super) fn parse(url: &Url, body: &[u8]) -> Result<ProjectPage, PageError> {
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
