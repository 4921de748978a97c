//! From chosen wheels to verified ones.
//!
//! A wheel is taken from the nearest place that has it: the cache, a directory that
//! `--find-links` names, Poetry's own cache, a page that `--find-links` names,
//! an index. Wherever it comes from, it is compared with the lock's hash and
//! checked before it enters the cache.

use std::cmp::Reverse;
use std::collections::HashMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use layerlock_client::{Client, RemoteFile, Site};
use layerlock_digest::Digest;
use layerlock_lock::PackageName;
use tempfile::NamedTempFile;

use crate::download::download;
use crate::index::{Index, ProjectPage};
use crate::local::{self, LocalFiles};
use crate::locked_url;
use crate::pages::fetch_page;
use crate::search::{Misses, WantedFile, search};
use crate::{Cache, ChosenWheel, Error, FindLinks, Reporter, Sources, Wheel, WheelContents};

/// Where wheels come from.
pub struct FetchOptions<'a> {
    /// Where verified wheels are kept.
    pub cache: &'a Cache,
    /// The indexes, and what of this machine says how to reach them.
    pub sources: Sources<'a>,
    /// Directories and pages to look in before any index, which the user named for
    /// this run (`--find-links`). Wheels in these directories are taken though no lock
    /// lists them; one of the machine's settings is only a hint where locked files
    /// are.
    pub find_links: Vec<FindLinks>,
    /// Whether to do without the network.
    pub offline: bool,
}

impl FetchOptions<'_> {
    /// Where to look before any index: what the user named, then what the machine
    /// names.
    pub(crate) fn all_find_links(&self) -> Vec<FindLinks> {
        let of_machine = FindLinks::from_machine(self.sources.session.machine());
        self.find_links.iter().cloned().chain(of_machine).collect()
    }
}

/// What was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The wheels, in the order asked for.
    pub wheels: Vec<Wheel>,
    /// Whether all of them lay in a cache that outlives this run.
    pub were_cached: bool,
    /// Files that their index has yanked since they were locked. Known only of
    /// those that an index was asked for now.
    pub yanked: Vec<Yanked>,
}

/// A file that its index withdrew from new choices (PEP 592). The lock has chosen it
/// before, so it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yanked {
    /// The package.
    pub package: PackageName,
    /// The file.
    pub file: String,
    /// Why; empty where the index gives no reason.
    pub reason: String,
}

/// How many pages and how many files are fetched at once. More does not make a
/// single index faster.
pub(crate) const PAGES_AT_ONCE: usize = 16;
const FILES_AT_ONCE: usize = 8;

/// Gives the verified wheel for each chosen one.
///
/// Blocks until all are there or one has failed; fit to be called from anywhere,
/// an asynchronous context included.
pub fn fetch(
    chosen: &[ChosenWheel],
    options: &FetchOptions<'_>,
    reporter: &dyn Reporter,
) -> Result<Fetched, Error> {
    let mut wheels: HashMap<Digest, Wheel> = HashMap::new();
    let mut missing: Vec<&ChosenWheel> = Vec::new();
    for one in chosen {
        match options.cache.wheel(&one.digest) {
            Some(wheel) => {
                wheels.insert(one.digest, wheel);
            }
            None if missing.iter().all(|other| other.digest != one.digest) => missing.push(one),
            None => {}
        }
    }
    let were_cached = missing.is_empty() && !options.cache.is_temporary();
    let mut yanked = Vec::new();
    if !missing.is_empty() {
        let fetcher = WheelFetcher { options, reporter };
        let session = options.sources.session;
        wheels.extend(session.block_on(|| fetcher.fetch(missing, &mut yanked))?);
    }
    Ok(Fetched {
        wheels: chosen
            .iter()
            // Each was in the cache or has been fetched.
            .map(|one| wheels[&one.digest].clone())
            .collect(),
        were_cached,
        yanked,
    })
}

type Verified = (Digest, Wheel);

#[derive(Clone, Copy)]
struct WheelFetcher<'a> {
    options: &'a FetchOptions<'a>,
    reporter: &'a dyn Reporter,
}

impl<'a> WheelFetcher<'a> {
    async fn fetch(
        self,
        missing: Vec<&'a ChosenWheel>,
        yanked: &mut Vec<Yanked>,
    ) -> Result<Vec<Verified>, Error> {
        let find_links = &self.options.all_find_links();
        let (mut wheels, missing) = self.take_local(missing, find_links).await?;
        if let Some(first) = missing.first() {
            if self.options.offline {
                return Err(Error::Offline {
                    file: first.wheel.to_string(),
                });
            }
            self.reporter.downloads_planned(missing.len());
            wheels.extend(self.download(missing, find_links, yanked).await?);
        }
        Ok(wheels)
    }

    /// Takes what lies on this machine, and gives back what does not.
    async fn take_local(
        self,
        missing: Vec<&'a ChosenWheel>,
        find_links: &[FindLinks],
    ) -> Result<(Vec<Verified>, Vec<&'a ChosenWheel>), Error> {
        let Self { options, reporter } = self;
        // Without a cache of layerlock, Poetry's is not used either.
        let poetry = (!options.cache.is_temporary()).then_some(options.sources.session.machine());
        let names = missing.iter().map(|one| one.wheel.as_str());
        let files = &LocalFiles::search(names, find_links, poetry);
        let results: Vec<Result<Verified, &ChosenWheel>> = stream::iter(missing)
            .map(|one| async move {
                let named = files.named(one.wheel.as_str()).iter().cloned();
                let locked = locked_url::local_file(&one.package, one.wheel.as_str());
                for path in named.chain(locked) {
                    let digest = one.digest;
                    let cache = options.cache.clone();
                    let shown = path.display().to_string();
                    let taken = blocking(move || local::take(&path, &digest, &cache)).await?;
                    if let Some(file) = taken {
                        reporter.found_locally(one.wheel.as_str(), &shown);
                        return Ok(Ok(self.verify(one, file).await?));
                    }
                }
                Ok::<_, Error>(Err(one))
            })
            .buffered(FILES_AT_ONCE)
            .try_collect()
            .await?;
        let (mut wheels, mut missing) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(wheel) => wheels.push(wheel),
                Err(one) => missing.push(one),
            }
        }
        Ok((wheels, missing))
    }

    async fn download(
        self,
        missing: Vec<&'a ChosenWheel>,
        find_links: &[FindLinks],
        yanked: &mut Vec<Yanked>,
    ) -> Result<Vec<Verified>, Error> {
        let Self { options, reporter } = self;
        let client = options.sources.session.client()?;
        let (mut files, missing) = look_on_pages(missing, find_links, client).await?;
        let (with_url, missing) = with_locked_url(missing, &options.sources)?;
        files.extend(with_url);
        let on_indexes: Vec<Vec<ListedWheel<'_>>> =
            stream::iter(by_project(missing, &options.sources)?)
                .map(|project| project.look_up(client))
                .buffer_unordered(PAGES_AT_ONCE)
                .try_collect()
                .await?;
        files.extend(on_indexes.into_iter().flatten());
        for ListedWheel {
            one, file, yank, ..
        } in &files
        {
            if let Some(reason) = yank {
                reporter.file_yanked(&file.name, reason);
                yanked.push(Yanked {
                    package: one.package.name.clone(),
                    file: file.name.clone(),
                    reason: reason.clone(),
                });
            }
        }
        yanked.sort_by(|one, other| one.file.cmp(&other.file));
        // The largest first: started last, it would be the only download left at the end.
        files.sort_by_key(|listed| (Reverse(listed.weight()), listed.file.name.clone()));
        stream::iter(files)
            .map(|listed| async move {
                let ListedWheel { one, file, .. } = &listed;
                let place = &one.package.place;
                let archive = download(client, file, place, options.cache, reporter).await;
                let archive = archive.map_err(|error| listed.failed(error))?;
                self.verify(one, archive).await
            })
            .buffer_unordered(FILES_AT_ONCE)
            .try_collect()
            .await
    }

    /// Reads an archive that has the locked hash, and puts it into the cache.
    async fn verify(self, one: &ChosenWheel, archive: NamedTempFile) -> Result<Verified, Error> {
        let (name, digest) = (one.wheel.clone(), one.digest);
        let cache = self.options.cache.clone();
        // Unpacking is work for the processor: it must not hold up downloads.
        let wheel = blocking(move || {
            let contents = fs_err::File::open(archive.path())
                .and_then(|file| WheelContents::verify_file(&name, &file))
                .map_err(Error::io("read", archive.path()))?
                .map_err(|problem| Error::Wheel {
                    file: name.to_string(),
                    problem,
                })?;
            cache.insert(&digest, archive, contents)
        })
        .await?;
        self.reporter.download_finished(one.wheel.as_str());
        Ok((digest, wheel))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| layerlock_client::Error::Start(error.to_string()))?
}

/// A wheel that a page lists.
struct ListedWheel<'a> {
    one: &'a ChosenWheel,
    file: RemoteFile,
    /// Why it was yanked, if it was.
    yank: Option<String>,
    /// Whether the lock itself has its URL.
    is_locked_url: bool,
}

/// The wheels of one project that are wanted, and the indexes to ask for them:
/// its page is asked for once, however many of its files are needed.
struct WantedProject<'a> {
    indexes: Vec<Index>,
    wanted: Vec<&'a ChosenWheel>,
}

fn by_project<'a>(
    missing: Vec<&'a ChosenWheel>,
    sources: &Sources<'_>,
) -> Result<Vec<WantedProject<'a>>, Error> {
    let mut projects: Vec<WantedProject<'a>> = Vec::new();
    for one in missing {
        let same = |project: &&mut WantedProject<'_>| {
            let other = &project.wanted[0].package;
            other.name == one.package.name && other.source == one.package.source
        };
        match projects.iter_mut().find(same) {
            Some(project) => project.wanted.push(one),
            None => projects.push(WantedProject {
                indexes: sources.indexes_for(&one.package)?,
                wanted: vec![one],
            }),
        }
    }
    Ok(projects)
}

impl<'a> WantedProject<'a> {
    /// Asks one index after the other until every file is found.
    async fn look_up(self, client: &Client) -> Result<Vec<ListedWheel<'a>>, Error> {
        let Self {
            indexes,
            mut wanted,
        } = self;
        let mut listed = Vec::with_capacity(wanted.len());
        let project = &wanted[0].package.name;
        let found = search(client, project.as_str(), &indexes, |page, index, misses| {
            take(&mut wanted, &mut listed, page, &index.site(), misses);
            wanted.is_empty().then_some(())
        });
        match found.await? {
            Ok(()) => Ok(listed),
            Err(misses) => Err(misses.error(wanted[0].wheel.as_str())),
        }
    }
}

/// Moves those that a page lists from the one to the other.
fn take<'a>(
    wanted: &mut Vec<&'a ChosenWheel>,
    listed: &mut Vec<ListedWheel<'a>>,
    page: &ProjectPage,
    site: &Site,
    misses: &mut Misses,
) {
    wanted.retain(|&one| {
        let locked = WantedFile {
            name: one.wheel.as_str(),
            digest: Some(one.digest),
            place: &one.package.place,
        };
        let Some(file) = misses.find(page, &locked) else {
            return true;
        };
        listed.push(ListedWheel {
            one,
            file: locked.on_index(file, site.clone()),
            yank: file.yanked.clone(),
            is_locked_url: false,
        });
        false
    });
}

/// The wheels whose URL the lock has, and those that an index has to be asked for.
fn with_locked_url<'a>(
    missing: Vec<&'a ChosenWheel>,
    sources: &Sources<'_>,
) -> Result<(Vec<ListedWheel<'a>>, Vec<&'a ChosenWheel>), Error> {
    let (mut listed, mut to_ask) = (Vec::new(), Vec::new());
    for one in missing {
        let name = one.wheel.as_str();
        match locked_url::remote_file(&one.package, name, one.digest, sources)? {
            Some(file) => listed.push(ListedWheel {
                one,
                file,
                yank: None,
                is_locked_url: true,
            }),
            None => to_ask.push(one),
        }
    }
    Ok((listed, to_ask))
}

/// Looks for files on the pages that `--find-links` names.
async fn look_on_pages<'a>(
    mut missing: Vec<&'a ChosenWheel>,
    find_links: &[FindLinks],
    client: &Client,
) -> Result<(Vec<ListedWheel<'a>>, Vec<&'a ChosenWheel>), Error> {
    let mut listed = Vec::new();
    for (url, site) in find_links.iter().filter_map(FindLinks::page) {
        let page = fetch_page(client, &url, &site).await?;
        let misses = &mut Misses::default();
        take(&mut missing, &mut listed, &page.links, &site, misses);
    }
    Ok((listed, missing))
}

impl ListedWheel<'_> {
    fn failed(&self, error: Error) -> Error {
        if self.is_locked_url {
            locked_url::failed(error, &self.file.name, &self.one.package)
        } else {
            error
        }
    }

    /// An order of sizes. Where the index does not tell them, wheels for one
    /// platform are taken to be larger than those for any.
    fn weight(&self) -> u64 {
        match self.file.size {
            Some(size) => size,
            None if self.one.wheel.tags().ends_with("-any") => 0,
            None => u64::MAX,
        }
    }
}
