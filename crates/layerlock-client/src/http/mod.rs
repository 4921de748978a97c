//! HTTP: pages and files, with redirects, credentials and retries.

mod client;
mod connections;
mod download;
mod failure;
mod page;
mod patience;
mod proxy;
mod reason;
mod retry;
mod source_certificates;
mod timeouts;
mod tls;
mod trusted_hosts;

pub use client::Client;
pub use download::{Progress, RemoteFile};
pub use page::Page;
