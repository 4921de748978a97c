//! The JSON form of a page (PEP 691).

use std::fmt;

use layerlock_client::SafeUrl;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::project_page::{
    IndexFile, MAX_FILES, PageError, ProjectPage, check_version, index_file, is_file_name, sha256,
    too_many_links,
};

impl<'de> Deserialize<'de> for JsonFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Files;
        impl<'de> Visitor<'de> for Files {
            type Value = JsonFiles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of files")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<JsonFiles, A::Error> {
                let mut files = Vec::new();
                while let Some(file) = list.next_element()? {
                    files.push(file);
                    if files.len() > MAX_FILES {
                        while list.next_element::<IgnoredAny>()?.is_some() {}
                        return Ok(JsonFiles(None));
                    }
                }
                Ok(JsonFiles(Some(files)))
            }
        }
        deserializer.deserialize_seq(Files)
    }
}

pub(super) fn parse(url: &SafeUrl, body: &[u8]) -> Result<ProjectPage, PageError> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let page: JsonPage = serde_json::from_slice(body).map_err(|error| PageError::Json {
        url: url.to_string(),
        reason: error.to_string(),
    })?;
    if let Some(version) = &page.meta.api_version {
        check_version(url, version)?;
    }
    let files = page.files.0.ok_or_else(|| too_many_links(url))?;
    let files = files.into_iter().filter_map(|file| {
        let link = index_file(url, &file.url)?;
        let digest = file.hashes.sha256.as_deref().and_then(sha256);
        let yanked = match file.yanked {
            None | Some(JsonYanked::Flag(false)) => None,
            Some(JsonYanked::Flag(true)) => Some(String::new()),
            Some(JsonYanked::Reason(reason)) => Some(reason),
        };
        is_file_name(&file.filename).then_some(IndexFile {
            name: file.filename,
            url: link.url,
            digest: digest.or(link.digest),
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
    files: JsonFiles,
}

/// The files, or none where they are more than [`MAX_FILES`].
struct JsonFiles(Option<Vec<JsonFile>>);

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
    hashes: JsonHashes,
    #[serde(rename = "requires-python", default)]
    requires_python: Option<String>,
    #[serde(default)]
    yanked: Option<JsonYanked>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(rename = "upload-time", default)]
    upload_time: Option<String>,
}

/// There may be others.
#[derive(Deserialize, Default)]
struct JsonHashes {
    sha256: Option<String>,
}

enum JsonYanked {
    Flag(bool),
    Reason(String),
}

/// By hand: what is neither, however large, is passed over and not kept first.
impl<'de> Deserialize<'de> for JsonYanked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Yanked;
        impl Visitor<'_> for Yanked {
            type Value = JsonYanked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or the reason as a text")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<JsonYanked, E> {
                Ok(JsonYanked::Flag(flag))
            }

            fn visit_str<E>(self, reason: &str) -> Result<JsonYanked, E> {
                Ok(JsonYanked::Reason(reason.to_owned()))
            }
        }
        deserializer.deserialize_any(Yanked)
    }
}
