//! Wheels from a loopback index into a cache.

mod failures;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use layerlock_client::Error as ClientError;
use layerlock_diagnostic::Diagnose as _;
use layerlock_install::index::{IndexUrl, PageError};
use layerlock_install::{Cache, Error, Reporter, Silent, Wheel, fetch};
use layerlock_layer::archive::ArchiveProblem;
use layerlock_layer::files_in;
use layerlock_testkit::{
    Fault, Flaw, LinkStyle, LockedPackage, LoopbackIndex, PageLink, ProjectBuilder, ServedFile,
    Wheel as TestWheel, WheelBuilder, json_page,
};
use tempfile::TempDir;

use crate::helpers::{Machine, assert_shown_nowhere, chosen, project_of};

const USER: &str = "me";
const PASSWORD: &str = "hunter2";
/// `me:hunter2` as a request carries it.
const AUTHORIZATION: &str = "Basic bWU6aHVudGVyMg==";

/// An index with one wheel, and an empty cache.
struct Shop {
    index: LoopbackIndex,
    wheel: TestWheel,
    project: ProjectBuilder,
    directory: TempDir,
}

impl Shop {
    fn open() -> Self {
        Self::with(demo().build())
    }

    fn with(wheel: TestWheel) -> Self {
        Self {
            index: LoopbackIndex::with_wheels([&wheel]),
            project: project_of([&wheel]),
            wheel,
            directory: TempDir::new().unwrap(),
        }
    }

    fn cache(&self) -> Cache {
        Cache::at(self.directory.path())
    }

    fn page(&self) -> String {
        self.index.page_path("demo")
    }

    fn file(&self) -> String {
        self.index.file_path(&self.wheel)
    }

    /// Fetches from the index, with credentials in its URL.
    fn fetch(&self) -> Result<Vec<Wheel>, Error> {
        self.fetch_hearing(&Silent)
    }

    fn fetch_hearing(&self, reporter: &dyn Reporter) -> Result<Vec<Wheel>, Error> {
        let url = self.index.url_with_credentials(USER, PASSWORD);
        fetch_from(&url, &self.project, &self.cache(), reporter)
    }

    /// The one wheel, which has to be whole.
    fn fetched(&self) -> Wheel {
        let [wheel] = self.fetch().unwrap().try_into().unwrap();
        assert_eq!(fs_err::read(&wheel.path).unwrap(), self.wheel.bytes);
        wheel
    }

    /// The error, which has to leave the cache empty and keep the password.
    fn refusal(&self) -> Error {
        let error = self.fetch().unwrap_err();
        assert_secret_kept(&error);
        assert_no_files(self.directory.path());
        error
    }
}

fn demo() -> WheelBuilder {
    WheelBuilder::new("demo", "1.0").file("demo.py", "x = 1\n".repeat(100))
}

fn fetch_from(
    index: &str,
    project: &ProjectBuilder,
    cache: &Cache,
    reporter: &dyn Reporter,
) -> Result<Vec<Wheel>, Error> {
    let machine = Machine::default();
    let default_index = || Ok(IndexUrl::parse(index)?.into());
    let options = machine.options(cache, &default_index);
    Ok(fetch(&chosen(project), &options, reporter)?.wheels)
}

fn assert_secret_kept(error: &Error) {
    assert_shown_nowhere(error, &[PASSWORD, &AUTHORIZATION[6..]]);
}

/// Nothing but what marks a cache as one and locks it.
fn assert_no_files(cache: &Path) {
    let mut files = files_in(cache).unwrap();
    files.retain(|file| file != "CACHEDIR.TAG" && file != "lock");
    assert_eq!(files, [""; 0]);
}

#[test]
fn every_form_of_an_index_gives_the_wheel() {
    for style in [LinkStyle::Absolute, LinkStyle::Relative, LinkStyle::Base] {
        for html_only in [false, true] {
            let shop = Shop::with(
                WheelBuilder::new("demo", "1.0+cpu.1")
                    .file("demo.py", "")
                    .build(),
            );
            shop.index.link_style(style);
            if html_only {
                shop.index.html_only();
            }
            shop.fetched();
        }
    }
}

#[test]
fn wheels_come_in_the_order_asked_for() {
    let wheels: Vec<TestWheel> = (0..20)
        .map(|number| {
            let content = "x".repeat(number * 100);
            WheelBuilder::new(&format!("demo{number:02}"), "1.0")
                .file("x.py", content)
                .build()
        })
        .collect();
    let index = LoopbackIndex::with_wheels(&wheels);
    let cache = Cache::temporary().unwrap();
    let fetched = fetch_from(&index.url(), &project_of(&wheels), &cache, &Silent).unwrap();
    let found: Vec<Vec<u8>> = fetched
        .iter()
        .map(|wheel| fs_err::read(&wheel.path).unwrap())
        .collect();
    assert_eq!(
        found,
        wheels.iter().map(|w| w.bytes.clone()).collect::<Vec<_>>()
    );
}

/// Begun last, a large file would go on alone at the end.
#[test]
fn the_largest_files_are_begun_first() {
    let wheels: Vec<TestWheel> = (0..12)
        .map(|number| {
            WheelBuilder::new(&format!("demo{number:02}"), "1.0")
                .stored()
                .file("x.bin", vec![0; number * 1000])
                .build()
        })
        .collect();
    let index = LoopbackIndex::with_wheels(&wheels);
    // As many as are fetched at once have been asked for before one is there.
    for wheel in &wheels {
        let pause = std::time::Duration::from_millis(300);
        index.fault(&index.file_path(wheel), Fault::Slow { after: 0, pause });
    }
    let cache = Cache::temporary().unwrap();
    fetch_from(&index.url(), &project_of(&wheels), &cache, &Silent).unwrap();
    let requests = index.requests().into_iter().map(|request| request.path);
    let mut first: Vec<String> = requests
        .filter(|path| path.starts_with("/files/"))
        .take(8)
        .collect();
    first.sort();
    let largest: Vec<String> = wheels[4..]
        .iter()
        .map(|wheel| index.file_path(wheel))
        .collect();
    assert_eq!(first, largest);
}

#[test]
fn a_warm_cache_makes_no_request_and_works_offline() {
    let shop = Shop::open();
    let cold = shop.fetched();
    let requests = shop.index.requests().len();
    assert_eq!(requests, 2);
    let warm = shop.fetched();
    assert_eq!((warm.path, warm.contents), (cold.path, cold.contents));
    assert_eq!(shop.index.requests().len(), requests);

    let (cache, machine) = (shop.cache(), Machine::default());
    let mut offline = machine.options(&cache, &|| panic!("a warm cache needs no index"));
    offline.offline = true;
    fetch(&chosen(&shop.project), &offline, &Silent).unwrap();
}

#[test]
fn offline_with_a_cold_cache_is_an_error_and_no_request() {
    let shop = Shop::open();
    let (cache, machine) = (shop.cache(), Machine::default());
    let mut options = machine.options(&cache, &|| panic!("no index is asked for offline"));
    options.sources.option = Some(IndexUrl::parse(&shop.index.url()).unwrap());
    options.offline = true;
    let error = fetch(&chosen(&shop.project), &options, &Silent).unwrap_err();
    assert!(
        matches!(&error, Error::Offline { file } if *file == shop.wheel.file_name),
        "{error:?}"
    );
    assert!(shop.index.requests().is_empty());
    assert_no_files(shop.directory.path());
}

#[test]
fn credentials_go_to_the_index_and_nowhere_else() {
    let shop = Shop::open();
    shop.index.require_basic_auth(USER, PASSWORD);
    shop.fetched();
    for request in shop.index.requests() {
        assert_eq!(request.header("authorization"), Some(AUTHORIZATION));
    }

    // Another host, first by a link on the page, then by a redirect.
    let other = LoopbackIndex::with_wheels([&shop.wheel]);
    let link = PageLink {
        file_name: shop.wheel.file_name.clone(),
        url: other.file_url(&shop.wheel),
        sha256: None,
        requires_python: None,
        yanked: None,
        size: None,
        upload_time: None,
    };
    let linked = Shop::open();
    let body = json_page("demo", &[link]).into_bytes();
    linked.index.fault(&linked.page(), Fault::Body(body));
    linked.fetched();

    let redirected = Shop::open();
    let target = Fault::Redirect(other.file_url(&shop.wheel));
    redirected.index.fault(&redirected.file(), target);
    redirected.fetched();

    assert_eq!(other.requests().len(), 2);
    for request in other.requests() {
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn missing_credentials_are_told_with_what_to_do() {
    let shop = Shop::open();
    shop.index.require_basic_auth("somebody", "else");
    let error = shop.refusal();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Unauthorized { status: 401, .. })
        ),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "failed to get {}demo/: the server answered 401 to the credentials from the index's \
             URL",
            shop.index.url()
        )
    );
    assert_eq!(shop.index.request_count(&shop.page()), 1);
}

#[test]
fn other_bytes_than_locked_are_refused_with_both_hashes() {
    let mut shop = Shop::open();
    let other = demo().file("evil.py", "").build();
    shop.index = LoopbackIndex::start();
    shop.index.add(ServedFile {
        bytes: other.bytes.clone(),
        // The page vouches for them: the lock does not.
        sha256: Some(other.sha256.clone()),
        ..ServedFile::from(&shop.wheel)
    });
    let error = shop.refusal();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has sha256 {}, the lock says {}",
            shop.wheel.file_name, other.sha256, shop.wheel.sha256
        )
    );
    assert!(error.place().unwrap().path.ends_with("poetry.lock"));
    // The page said so before anything was fetched. One that does not is no
    // better off.
    assert_eq!(shop.index.request_count(&shop.file()), 0);
    shop.index = LoopbackIndex::start();
    shop.index.add(ServedFile {
        bytes: other.bytes,
        sha256: None,
        ..ServedFile::from(&shop.wheel)
    });
    assert_eq!(shop.refusal().to_string(), error.to_string());
    assert_eq!(shop.index.request_count(&shop.file()), 1);
}

#[test]
fn two_runs_at_once_share_a_cache() {
    let shop = Shop::open();
    // Both are under way before either is done.
    let slow = Fault::Slow {
        after: 10,
        pause: std::time::Duration::from_millis(100),
    };
    shop.index.fault(&shop.file(), slow);
    std::thread::scope(|scope| {
        let runs = [
            scope.spawn(|| shop.fetched()),
            scope.spawn(|| shop.fetched()),
        ];
        let [one, other] = runs.map(|run| run.join().unwrap());
        assert_eq!((one.path, one.contents), (other.path, other.contents));
    });
    assert_eq!(shop.index.request_count(&shop.file()), 2);
    shop.fetched();
    assert_eq!(shop.index.request_count(&shop.file()), 2);
}

#[test]
fn a_damaged_cache_entry_is_fetched_anew() {
    let shop = Shop::open();
    let archive = shop.fetched().path;
    let contents = archive.with_extension("contents");
    let half = shop.wheel.bytes.len() / 2;
    let damages: [&dyn Fn(); 6] = [
        &|| fs_err::write(&archive, &shop.wheel.bytes[..half]).unwrap(),
        &|| fs_err::remove_file(&archive).unwrap(),
        &|| fs_err::write(&contents, b"").unwrap(),
        &|| fs_err::write(&contents, [0xff; 64]).unwrap(),
        &|| fs_err::write(&contents, b"garbage of some length").unwrap(),
        &|| fs_err::remove_file(&contents).unwrap(),
    ];
    for (index, damage) in damages.iter().enumerate() {
        damage();
        shop.fetched();
        assert_eq!(shop.index.request_count(&shop.file()), index + 2);
    }
}

#[test]
fn the_locks_source_wins_over_the_default_index_and_an_option_over_both() {
    let wheel = demo().build();
    let company = LoopbackIndex::with_wheels([&wheel]);
    let named = LoopbackIndex::with_wheels([&wheel]);
    let project = ProjectBuilder::new("shop")
        .source("company", &company.url(), "explicit")
        .package(LockedPackage::from(&wheel).source("company"));
    for (option, used) in [(None, &company), (Some(&named), &named)] {
        let (cache, machine) = (Cache::temporary().unwrap(), Machine::default());
        let mut options = machine.options(&cache, &|| panic!("every package has its index"));
        options.sources.option = option.map(|index| IndexUrl::parse(&index.url()).unwrap());
        fetch(&chosen(&project), &options, &Silent).unwrap();
        assert_eq!(used.request_count(&used.file_path(&wheel)), 1);
    }
    assert_eq!(company.requests().len(), 2);
}

#[test]
fn the_default_index_is_asked_for_once() {
    let wheels = ["one", "two", "three"].map(|name| WheelBuilder::new(name, "1.0").build());
    let index = LoopbackIndex::with_wheels(&wheels);
    let asked = AtomicUsize::new(0);
    let (cache, machine) = (Cache::temporary().unwrap(), Machine::default());
    let default_index = || {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(IndexUrl::parse(&index.url())?.into())
    };
    let options = machine.options(&cache, &default_index);
    let packages = chosen(&project_of(&wheels));
    fetch(&packages, &options, &Silent).unwrap();
    fetch(&packages, &options, &Silent).unwrap();
    assert_eq!(asked.into_inner(), 1);
}

#[test]
fn callers_inside_a_runtime_do_not_panic() {
    let shop = Shop::open();
    let current = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    current.block_on(async { shop.fetched() });
    let shop = Shop::open();
    let several = tokio::runtime::Runtime::new().unwrap();
    several.block_on(async { shop.fetched() });
}

#[test]
fn a_reporter_hears_each_step_and_no_password() {
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);
    impl Log {
        fn note(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }
    }
    impl Reporter for Log {
        fn downloads_planned(&self, count: usize) {
            self.note(format!("{count} planned"));
        }
        fn download_started(&self, file: &str, size: Option<u64>) {
            self.note(format!("{file} of {size:?}"));
        }
        fn download_progressed(&self, _: &str, bytes: u64) {
            assert!(bytes > 0);
        }
        fn download_restarted(&self, file: &str, reason: &str) {
            assert!(!reason.contains(PASSWORD), "{reason}");
            self.note(format!("{file} again"));
        }
        fn download_finished(&self, file: &str) {
            self.note(format!("{file} done"));
        }
    }
    let shop = Shop::open();
    shop.index.fault_first(&shop.file(), 1, Fault::CutBody(10));
    let log = Log::default();
    shop.fetch_hearing(&log).unwrap();
    let file = &shop.wheel.file_name;
    let length = shop.wheel.bytes.len();
    let started = |bytes: usize| format!("{file} of {:?}", Some(bytes));
    assert_eq!(
        log.0.into_inner().unwrap(),
        [
            "1 planned".to_owned(),
            started(length),
            format!("{file} again"),
            started(length - 10),
            format!("{file} done"),
        ]
    );
}
