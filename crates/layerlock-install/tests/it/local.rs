//! Files that are on this machine already: --find-links and Poetry's cache.

use std::path::{Path, PathBuf};

use layerlock_install::index::IndexUrl;
use layerlock_install::{Cache, Error, FetchOptions, Fetched, FindLinks, Reporter, Silent, fetch};
use layerlock_layer::archive::ArchiveProblem;
use layerlock_testkit::{
    Flaw, LoopbackIndex, PageLink, Wheel as TestWheel, WheelBuilder, html_page,
};
use tempfile::TempDir;

use crate::helpers::{Machine, chosen, project_of};

/// A wheel, an index that has it, and directories.
struct Shop {
    wheel: TestWheel,
    index: LoopbackIndex,
    directory: TempDir,
}

impl Shop {
    fn open() -> Self {
        Self::with(
            WheelBuilder::new("demo", "1.0")
                .file("demo.py", "x = 1\n")
                .build(),
        )
    }

    fn with(wheel: TestWheel) -> Self {
        Self {
            index: LoopbackIndex::with_wheels([&wheel]),
            wheel,
            directory: TempDir::new().unwrap(),
        }
    }

    /// Writes a file by the wheel's name into a directory, which is made.
    fn put(&self, directory: &str, bytes: &[u8]) -> PathBuf {
        let directory = self.directory.path().join(directory);
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join(&self.wheel.file_name), bytes).unwrap();
        directory
    }

    fn cache(&self) -> Cache {
        Cache::at(self.directory.path().join("cache"))
    }

    fn fetch(
        &self,
        machine: &Machine,
        change: impl Fn(&mut FetchOptions<'_>),
    ) -> Result<Fetched, Error> {
        self.fetch_into(&self.cache(), machine, change)
    }

    fn fetch_into(
        &self,
        cache: &Cache,
        machine: &Machine,
        change: impl Fn(&mut FetchOptions<'_>),
    ) -> Result<Fetched, Error> {
        let default_index = || Ok(IndexUrl::parse(&self.index.url())?.into());
        let mut options = machine.options(cache, &default_index);
        change(&mut options);
        fetch(&chosen(&project_of([&self.wheel])), &options, &Silent)
    }
}

fn directories(directories: &[&Path]) -> Vec<FindLinks> {
    directories
        .iter()
        .map(|directory| FindLinks::Directory((*directory).to_owned()))
        .collect()
}

/// A machine on which Poetry has downloaded a file.
fn with_poetry(shop: &Shop, bytes: &[u8]) -> Machine {
    shop.put(
        "poetry/artifacts/05/59/ad/b3ef192fa045107c7ad5a7e1f62d20846010ceb935448bf3f0353f5cd8",
        bytes,
    );
    let mut machine = Machine::default();
    machine.config().poetry_cache = Some(shop.directory.path().join("poetry"));
    machine
}

#[test]
fn a_directory_of_find_links_needs_no_index_and_no_network() {
    let shop = Shop::open();
    let directory = shop.put("wheels", &shop.wheel.bytes);
    let fetched = shop
        .fetch(&Machine::default(), |options| {
            options.find_links = directories(&[&directory]);
            options.offline = true;
        })
        .unwrap();
    assert_eq!(
        fs_err::read(&fetched.wheels[0].path).unwrap(),
        shop.wheel.bytes
    );
    // A copy: the directory is the user's.
    assert!(fetched.wheels[0].path.starts_with(shop.cache().root()));
    assert!(shop.index.requests().is_empty());
}

#[test]
fn find_links_works_without_a_cache() {
    let shop = Shop::open();
    let directory = shop.put("wheels", &shop.wheel.bytes);
    let cache = Cache::temporary().unwrap();
    shop.fetch_into(&cache, &Machine::default(), |options| {
        options.find_links = directories(&[&directory]);
        options.offline = true;
    })
    .unwrap();
}

#[test]
fn other_bytes_by_the_same_name_are_passed_over() {
    let shop = Shop::open();
    let stale = shop.put("stale", b"of another build");
    let right = shop.put("right", &shop.wheel.bytes);
    for places in [vec![&*stale, &*right], vec![&*stale]] {
        let cache = Cache::temporary().unwrap();
        shop.fetch_into(&cache, &Machine::default(), |options| {
            options.find_links = directories(&places);
        })
        .unwrap();
    }
    // Only the second had to ask.
    assert_eq!(
        shop.index.request_count(&shop.index.file_path(&shop.wheel)),
        1
    );
    let error = shop
        .fetch(&Machine::default(), |options| {
            options.find_links = directories(&[&stale]);
            options.offline = true;
        })
        .unwrap_err();
    assert!(matches!(error, Error::Offline { .. }), "{error:?}");
}

#[test]
fn a_hostile_wheel_with_the_locked_hash_is_refused_from_a_directory_too() {
    let flaw = Flaw::Symlink("demo.py".to_owned());
    let shop = Shop::with(
        WheelBuilder::new("demo", "1.0")
            .file("demo.py", "")
            .flaw(flaw)
            .build(),
    );
    let directory = shop.put("wheels", &shop.wheel.bytes);
    let error = shop
        .fetch(&Machine::default(), |options| {
            options.find_links = directories(&[&directory]);
        })
        .unwrap_err();
    let expected = ArchiveProblem::Special("demo.py".to_owned()).into();
    assert!(
        matches!(&error, Error::Wheel { problem, .. } if *problem == expected),
        "{error:?}"
    );
}

#[test]
fn a_page_of_find_links_is_asked_before_any_index() {
    let shop = Shop::open();
    let pages = LoopbackIndex::with_wheels([&shop.wheel]);
    pages.require_basic_auth("me", "hunter2");
    let link = PageLink {
        file_name: shop.wheel.file_name.clone(),
        url: pages.file_url(&shop.wheel),
        sha256: None,
        requires_python: None,
        yanked: None,
        size: None,
        upload_time: None,
    };
    let page = pages.page_path("demo");
    let body = html_page("links", &[link], None).into_bytes();
    pages.html_only();
    pages.fault(&page, layerlock_testkit::Fault::Body(body));
    let url = pages.url_with_credentials("me", "hunter2");
    let url = format!("{url}demo/?v=1");
    shop.fetch(&Machine::default(), |options| {
        options.find_links = vec![FindLinks::parse(&url).unwrap()];
    })
    .unwrap();
    assert!(shop.index.requests().is_empty());
    assert_eq!(pages.requests().len(), 2);
}

#[test]
fn what_poetry_downloaded_is_not_downloaded_again() {
    let shop = Shop::open();
    let machine = with_poetry(&shop, &shop.wheel.bytes);
    let fetched = shop
        .fetch(&machine, |options| options.offline = true)
        .unwrap();
    assert!(fetched.wheels[0].path.starts_with(shop.cache().root()));
    assert!(shop.index.requests().is_empty());
}

#[test]
fn what_poetry_has_with_other_bytes_is_downloaded() {
    let shop = Shop::open();
    let half = shop.wheel.bytes.len() / 2;
    let machine = with_poetry(&shop, &shop.wheel.bytes[..half]);
    shop.fetch(&machine, |_| {}).unwrap();
    assert_eq!(
        shop.index.request_count(&shop.index.file_path(&shop.wheel)),
        1
    );
}

#[test]
fn poetrys_cache_is_not_read_by_who_wants_no_cache() {
    let shop = Shop::open();
    let machine = with_poetry(&shop, &shop.wheel.bytes);
    shop.fetch_into(&Cache::temporary().unwrap(), &machine, |_| {})
        .unwrap();
    assert_eq!(
        shop.index.request_count(&shop.index.file_path(&shop.wheel)),
        1
    );
}

#[test]
fn a_reporter_hears_where_a_file_was_found_and_of_no_download() {
    struct Log(std::sync::Mutex<Vec<String>>);
    impl Reporter for Log {
        fn found_locally(&self, file: &str, path: &str) {
            self.0.lock().unwrap().push(format!("{file} {path}"));
        }
        fn downloads_planned(&self, _: usize) {
            panic!("nothing is downloaded");
        }
    }
    let shop = Shop::open();
    let directory = shop.put("wheels", &shop.wheel.bytes);
    let (machine, cache) = (Machine::default(), shop.cache());
    let mut options = machine.options(&cache, &|| panic!("no index is needed"));
    options.find_links = directories(&[&directory]);
    let log = Log(Vec::new().into());
    fetch(&chosen(&project_of([&shop.wheel])), &options, &log).unwrap();
    let path = directory.join(&shop.wheel.file_name);
    let expected = format!("{} {}", shop.wheel.file_name, path.display());
    assert_eq!(log.0.into_inner().unwrap(), [expected]);
}
