//! The responses of an index without faults.

use super::request::Request;
use super::served_file::{ServedFile, path_below_files};
use super::state::State;
use crate::page::{LinkStyle, PageLink, html_page, json_page};

/// The media type of PEP 691 JSON.
pub(super) const JSON: &str = "application/vnd.pypi.simple.v1+json";

impl State {
    pub(super) fn answer(&mut self, request: &Request, path: &str, origin: &str) -> Response {
        if let Some(quota) = &mut self.quota
            && !quota.take()
        {
            self.over_quota += 1;
            return Response::text(429, "not so fast");
        }
        if let Some(expected) = &self.proxy_credentials
            && (request.path.contains("://") || request.method == "CONNECT")
            && request.header("proxy-authorization") != Some(expected)
        {
            return Response::text(407, "who asks?");
        }
        if let Some(expected) = &self.credentials
            && request.header("authorization") != Some(expected)
        {
            let mut response = Response::text(401, "credentials, please");
            let challenge = "Basic realm=\"packages\"".to_owned();
            response.headers.push(("WWW-Authenticate", challenge));
            return response;
        }
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::text(405, "this index only gives");
        }
        if let Some(file) = self
            .files()
            .find(|file| path.strip_prefix("/files/") == Some(path_below_files(file).as_str()))
        {
            return self.file(file, request);
        }
        let page = path
            .strip_prefix("/simple/")
            .and_then(|rest| rest.strip_suffix('/'));
        if let Some((project, files)) = page.and_then(|name| self.files.get_key_value(name)) {
            let accept = request.header("accept").unwrap_or_default();
            let json = accept.contains(JSON) && !self.html_only;
            return self.page(project, files, json, origin);
        }
        Response::text(404, "not on this index")
    }

    /// A file, or its rest from the offset that the client asks for.
    fn file(&self, file: &ServedFile, request: &Request) -> Response {
        let kind = "application/octet-stream";
        let version = format!("\"{}\"", crate::sha256_hex(&file.bytes));
        let is_same =
            self.without_versions || request.header("if-range").is_none_or(|tag| tag == version);
        let from = request
            .header("range")
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .filter(|from: &usize| *from < file.bytes.len() && is_same && !self.without_ranges);
        let mut response = match from {
            None => Response::new(200, kind, file.bytes.as_slice()),
            Some(from) => {
                let mut response = Response::new(206, kind, &file.bytes[from..]);
                let length = file.bytes.len();
                let range = format!("bytes {from}-{}/{length}", length - 1);
                response.headers.push(("Content-Range", range));
                response
            }
        };
        if !self.without_versions {
            response.headers.push(("ETag", version));
        }
        response
    }

    fn page(&self, project: &str, files: &[ServedFile], json: bool, origin: &str) -> Response {
        let prefix = match self.link_style {
            LinkStyle::Absolute => format!("{origin}/files/"),
            LinkStyle::Base if !json => String::new(),
            LinkStyle::Base | LinkStyle::Relative => "../../files/".to_owned(),
        };
        let links: Vec<PageLink> = files
            .iter()
            .map(|file| PageLink {
                file_name: file.file_name.clone(),
                url: format!("{prefix}{}", path_below_files(file)),
                sha256: file.sha256.clone(),
                requires_python: file.requires_python.clone(),
                yanked: file.yanked.clone(),
                size: u64::try_from(file.bytes.len()).ok(),
                upload_time: file.upload_time.clone(),
            })
            .collect();
        if json {
            return Response::new(200, JSON, json_page(project, &links));
        }
        // Absolute: pip supports no other.
        let base = format!("{origin}/files/");
        let base = (self.link_style == LinkStyle::Base).then_some(base.as_str());
        Response::new(
            200,
            "text/html; charset=utf-8",
            html_page(project, &links, base),
        )
    }

    fn files(&self) -> impl Iterator<Item = &ServedFile> {
        self.files.values().flatten()
    }
}

pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.into(),
        }
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::new(status, "text/plain", body)
    }
}

pub(super) const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>\
    <form action=\"/login\" method=\"post\"><input name=\"user\"><input type=\"password\" \
    name=\"password\"></form><a href=\"/help\">Help</a></body></html>";
