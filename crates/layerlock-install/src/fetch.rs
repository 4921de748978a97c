//! From chosen wheels to verified ones.

use std::collections::HashMap;
use std::thread;

use data_encoding::HEXLOWER;
use futures::stream::{self, StreamExt, TryStreamExt};
use layerlock_export::PackageSource;
use layerlock_target::WheelName;
use url::Url;

use crate::client::{Client, Download};
use crate::index::{IndexUrl, ProjectPage, redacted};
use crate::{Cache, Chosen, Error, Reporter, Wheel, WheelContents};

/// Where wheels come from.
pub struct FetchOptions<'a> {
    /// Where verified wheels are kept.
    pub cache: &'a Cache,
    /// An index for every package, whatever the lock says (`--index-url`).
    pub index: Option<IndexUrl>,
    /// The index for packages that the lock gives no source for. Asked only when
    /// a file of theirs has to be fetched: finding it out may take a while.
    pub default_index: &'a (dyn Fn() -> Result<IndexUrl, Error> + Sync),
    /// Whether to do without the network.
    pub offline: bool,
}

/// How many pages and how many files are fetched at once. More does not make a
/// single index faster.
const PAGES_AT_ONCE: usize = 16;
const FILES_AT_ONCE: usize = 8;

/// Gives the verified wheel for each chosen one, in the same order: from the
/// cache, else downloaded, compared with the lock's hash, and checked.
///
/// Blocks until all are there or one has failed; fit to be called from anywhere,
/// an asynchronous context included.
pub fn fetch(
    chosen: &[Chosen],
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<Vec<Wheel>, Error> {
    let mut wheels: HashMap<[u8; 32], Wheel> = HashMap::new();
    let mut missing: Vec<&Chosen> = Vec::new();
    for one in chosen {
        match options.cache.wheel(&one.sha256) {
            Some(wheel) => {
                wheels.insert(one.sha256, wheel);
            }
            None if missing.iter().all(|other| other.sha256 != one.sha256) => missing.push(one),
            None => {}
        }
    }
    if let Some(first) = missing.first() {
        if options.offline {
            return Err(Error::Offline {
                file: first.wheel.to_string(),
            });
        }
        reporter.downloads_planned(missing.len());
        let fetched = on_a_thread_of_its_own(|| fetch_missing(missing, options, reporter))?;
        wheels.extend(fetched);
    }
    Ok(chosen
        .iter()
        // Each was in the cache or has been fetched.
        .map(|one| wheels[&one.sha256].clone())
        .collect())
}

/// A runtime cannot be started where one runs already, as in a caller's async
/// function; a thread of its own has none.
fn on_a_thread_of_its_own<T, F>(work: impl FnOnce() -> F + Send) -> Result<T, Error>
where
    T: Send,
    F: Future<Output = Result<T, Error>>,
{
    thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .map_err(|error| Error::Client(error.to_string()))?;
            runtime.block_on(work())
        });
        worker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

async fn fetch_missing(
    missing: Vec<&Chosen>,
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<Vec<([u8; 32], Wheel)>, Error> {
    let client = Client::new()?;
    let mut default_index = None;
    let mut sources = Vec::with_capacity(missing.len());
    for one in missing {
        let index = match (&options.index, &one.package.source) {
            (Some(index), _) => index.clone(),
            (None, PackageSource::Registry { url: Some(url), .. }) => IndexUrl::parse(url)
                .map_err(|error| Error::LockedAddress {
                    error,
                    place: one.package.place.clone(),
                })?,
            _ => match &default_index {
                Some(index) => IndexUrl::clone(index),
                None => default_index.insert((options.default_index)()?).clone(),
            },
        };
        sources.push(Link { one, index });
    }

    let mut files: Vec<File<'_>> = stream::iter(sources)
        .map(|link| link.look_up(&client))
        .buffer_unordered(PAGES_AT_ONCE)
        .try_collect()
        .await?;
    // The largest first: begun last, it would go on alone at the end.
    files.sort_by_key(|file| (std::cmp::Reverse(file.weight()), file.one.wheel.to_string()));
    stream::iter(files)
        .map(|file| file.fetch(&client, options.cache, reporter))
        .buffer_unordered(FILES_AT_ONCE)
        .try_collect()
        .await
}

/// A chosen wheel and the index that has it.
struct Link<'a> {
    one: &'a Chosen,
    index: IndexUrl,
}

/// A chosen wheel and its address.
struct File<'a> {
    one: &'a Chosen,
    index: IndexUrl,
    url: Url,
    /// Bytes, where the index tells (PEP 700).
    size: Option<u64>,
}

impl<'a> Link<'a> {
    async fn look_up(self, client: &Client) -> Result<File<'a>, Error> {
        let Self { one, index } = self;
        let page = client.page(&index, &one.package.name).await?;
        let parsed = ProjectPage::parse(&page.url, page.content_type.as_deref(), &page.body)?;
        let name = one.wheel.as_str();
        let file = parsed.file(name).ok_or_else(|| Error::NotOnIndex {
            file: name.to_owned(),
            page: redacted(&page.url),
        })?;
        Ok(File {
            one,
            url: file.url.clone(),
            size: file.size,
            index,
        })
    }
}

impl File<'_> {
    /// An order of sizes. Where the index does not tell them, wheels for one
    /// platform are taken to be larger than those for any.
    fn weight(&self) -> u64 {
        match self.size {
            Some(size) => size,
            None if self.one.wheel.tags().ends_with("-any") => 0,
            None => u64::MAX,
        }
    }

    async fn fetch(
        self,
        client: &Client,
        cache: &Cache,
        reporter: &dyn Reporter,
    ) -> Result<([u8; 32], Wheel), Error> {
        let Self { one, .. } = self;
        let name = one.wheel.as_str();
        let download = client
            .download(&self.url, &self.index, name, cache, reporter)
            .await?;
        if download.sha256 != one.sha256 {
            return Err(Error::HashMismatch {
                file: name.to_owned(),
                expected: HEXLOWER.encode(&one.sha256),
                actual: HEXLOWER.encode(&download.sha256),
                url: redacted(&self.url),
                place: one.package.place.clone(),
            });
        }
        let wheel_name = one.wheel.clone();
        let destination = cache.clone();
        // Unpacking is work for the processor: it must not hold up downloads.
        let wheel =
            tokio::task::spawn_blocking(move || verify(download, &wheel_name, &destination))
                .await
                .map_err(|error| Error::Client(error.to_string()))??;
        reporter.download_finished(name);
        Ok((one.sha256, wheel))
    }
}

fn verify(download: Download, name: &WheelName, cache: &Cache) -> Result<Wheel, Error> {
    let Download { file, sha256 } = download;
    let bytes = fs_err::read(file.path()).map_err(Error::io("read", file.path()))?;
    let contents = WheelContents::verify(name, &bytes).map_err(|problem| Error::Wheel {
        file: name.to_string(),
        problem,
    })?;
    cache.insert(&sha256, file, contents)
}
