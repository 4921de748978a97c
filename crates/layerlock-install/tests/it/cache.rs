//! What `layerlock cache` removes, and what it leaves alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use layerlock_install::index::IndexUrl;
use layerlock_install::{Cache, Error, Removed, Silent, Wheel, fetch};
use layerlock_layer::files_in;
use layerlock_testkit::{LoopbackIndex, Wheel as TestWheel, WheelBuilder};
use tempfile::TempDir;

use crate::helpers::{Machine, chosen, project_of};

/// A cache with two wheels, `Demo_Kit` and `other`.
struct Filled {
    directory: TempDir,
    made: [TestWheel; 2],
    index: LoopbackIndex,
}

impl Filled {
    fn new() -> Self {
        let made = ["Demo_Kit", "other"].map(|name| {
            WheelBuilder::new(name, "1.0")
                .spelled(name)
                .file("x.py", "")
                .build()
        });
        let filled = Self {
            directory: TempDir::new().unwrap(),
            index: LoopbackIndex::with_wheels(&made),
            made,
        };
        filled.use_all(&filled.cache());
        filled
    }

    /// Another look at the same directory.
    fn cache(&self) -> Cache {
        Cache::at(self.path())
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("cache")
    }

    fn use_all(&self, cache: &Cache) -> Vec<Wheel> {
        let default_index = || Ok(IndexUrl::parse(&self.index.url())?.into());
        let machine = Machine::default();
        let options = machine.options(cache, &default_index);
        fetch(&chosen(&project_of(&self.made)), &options, &Silent)
            .unwrap()
            .wheels
    }

    fn files(&self) -> Vec<String> {
        files_in(&self.path()).unwrap()
    }

    fn write(&self, name: &str) {
        let path = self.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, "12345").unwrap();
    }
}

/// As if the wheel had been used this long ago.
fn age(wheel: &Wheel, days: u64) {
    let listing = wheel.path.with_extension("contents");
    let file = fs_err::OpenOptions::new()
        .write(true)
        .open(listing)
        .unwrap();
    let time = SystemTime::now() - Duration::from_hours(24 * days);
    file.file().set_modified(time).unwrap();
}

fn size(path: &Path) -> u64 {
    fs_err::metadata(path).unwrap().len()
}

#[test]
fn clean_removes_all_that_is_ours_and_nothing_else() {
    let filled = Filled::new();
    for name in [
        "pip-default-index",
        "builds-v7/ab/cd",
        "notes.txt",
        "mine/wheels-v2/x",
        "data-v2/x",
    ] {
        filled.write(name);
    }
    let wheels = filled.use_all(&filled.cache());
    // What was there before, who uses the cache removes.
    filled.write("tmp/.tmpXYZ");
    let kept = wheels
        .iter()
        .flat_map(|wheel| [wheel.path.clone(), wheel.path.with_extension("contents")]);
    let bytes: u64 = kept.map(|path| size(&path)).sum();
    let removed = filled.cache().clean().unwrap();
    assert_eq!(
        removed,
        Removed {
            files: 7,
            bytes: bytes + 15
        }
    );
    assert_eq!(
        filled.files(),
        [
            "CACHEDIR.TAG",
            "data-v2/x",
            "lock",
            "mine/wheels-v2/x",
            "notes.txt"
        ]
    );
    assert_eq!(filled.cache().clean().unwrap(), Removed::default());
    // It works as before.
    filled.use_all(&filled.cache());
}

#[test]
fn a_package_is_removed_by_its_name_however_it_is_spelled() {
    let filled = Filled::new();
    let removed = filled
        .cache()
        .remove_packages(&["demo.kit".to_owned(), "none".to_owned()])
        .unwrap();
    assert_eq!(removed.files, 2);
    let before = filled.index.requests().len();
    filled.use_all(&filled.cache());
    let requests = filled.index.requests().split_off(before);
    assert!(
        requests.iter().all(|request| request.path.contains("demo")),
        "{requests:?}"
    );
    assert_eq!(requests.len(), 2);
}

#[test]
fn prune_removes_what_is_of_no_use() {
    let filled = Filled::new();
    let whole = filled.files();
    assert_eq!(filled.cache().prune(None).unwrap(), Removed::default());
    for name in [
        "tmp/.tmpXYZ",
        "wheels-v0/ab/old.whl",
        "wheels-v2/ab/archive-alone.whl",
        "wheels-v2/ab/listing-alone.contents",
    ] {
        filled.write(name);
    }
    // Of a later layerlock.
    filled.write("wheels-v2/ab/new");
    assert_eq!(
        filled.cache().prune(None).unwrap(),
        Removed {
            files: 4,
            bytes: 20
        }
    );
    let mut expected = whole;
    expected.push("wheels-v2/ab/new".to_owned());
    assert_eq!(filled.files(), expected);
}

/// What checks had found in packages of npm was removed each time.
#[test]
fn prune_keeps_the_packages_of_npm_that_are_used_and_what_is_known_of_them() {
    let filled = Filled::new();
    let used = "npm-v2/ab/sha512-abcd";
    let unused = "npm-v2/ab/sha512-abef";
    for name in [used, unused] {
        filled.write(&format!("{name}.zip"));
        filled.write(&format!("{name}.contents"));
    }
    let notes = ["sha512-abcd", "sha512-abef", "sha512-ffff"].map(|archive| {
        let note = format!("checks-v1/{archive}-compiled");
        filled.write(&note);
        note
    });
    let layer = filled
        .cache()
        .check_of_layer("arn:aws:lambda:eu-west-1:1:layer:a:1");
    let layer = layer.strip_prefix(filled.path()).unwrap().to_str().unwrap();
    filled.write(layer);
    for half in [
        "npm-v2/cd/sha512-cd.zip",
        "npm-v2/ef/sha512-ef.contents",
        "npm-v2/ef/.layerlock-abc.tmp",
    ] {
        filled.write(half);
    }
    let whole = filled.files();
    assert_eq!(filled.cache().prune(None).unwrap().files, 4);
    let has = |name: &str| filled.path().join(name).exists();
    assert!(has(&notes[0]) && has(&notes[1]) && !has(&notes[2]) && has(layer));
    assert_eq!(filled.files().len(), whole.len() - 4);

    let old = std::time::SystemTime::now() - Duration::from_hours(24 * 40);
    for name in [&format!("{unused}.contents"), layer] {
        let mut file = fs_err::OpenOptions::new();
        let file = file.write(true).open(filled.path().join(name)).unwrap();
        file.file().set_modified(old).unwrap();
    }
    let month = Duration::from_hours(24 * 30);
    // The package's two files, its note, and the layer's.
    assert_eq!(filled.cache().prune(Some(month)).unwrap().files, 4);
    assert!(!has(layer) && has(&notes[0]) && has(&format!("{used}.zip")));
    assert!(!has(&notes[1]) && !has(&format!("{unused}.zip")));
}

#[test]
fn what_is_kept_unpacked_goes_with_its_wheel() {
    let filled = Filled::new();
    let wheels = filled.use_all(&filled.cache());
    let directory = layerlock_layer::unpacked_directory(&wheels[0].path);
    let directory = directory.strip_prefix(filled.path()).unwrap();
    let directory = directory.to_str().unwrap().to_owned();
    for name in ["0123", ".unfinished"] {
        filled.write(&format!("{directory}/{name}"));
    }
    filled.write("wheels-v2/ab/alone.unpacked/4567");
    let removed = filled.cache().prune(None).unwrap();
    assert_eq!((removed.files, removed.bytes), (2, 10));
    assert!(filled.files().contains(&format!("{directory}/0123")));

    age(&wheels[0], 40);
    let removed = filled.cache().prune(Some(Duration::from_hours(24 * 30)));
    assert_eq!(removed.unwrap().files, 3);
    assert!(!filled.path().join(directory).exists());
}

/// It failed, or removed files behind the link.
#[test]
fn prune_removes_what_is_in_the_place_of_a_directory_of_unpacked_files() {
    let filled = Filled::new();
    let [demo, other] = filled.use_all(&filled.cache()).try_into().unwrap();
    let [file, link] =
        [&demo, &other].map(|wheel| layerlock_layer::unpacked_directory(&wheel.path));
    let elsewhere = tempfile::tempdir().unwrap();
    fs_err::write(elsewhere.path().join(".profile"), "mine").unwrap();
    fs_err::write(&file, "123").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
    assert_eq!(filled.cache().prune(None).unwrap().files, 2);
    assert!(!file.exists() && !link.is_symlink());
    assert!(elsewhere.path().join(".profile").exists());
}

#[test]
fn prune_knows_when_a_wheel_was_used_last() {
    let filled = Filled::new();
    let [demo, other] = filled.use_all(&filled.cache()).try_into().unwrap();
    age(&demo, 40);
    age(&other, 40);
    // The one is used again.
    assert!(
        filled
            .cache()
            .wheel(&locked_hash(&filled.made[0]))
            .is_some()
    );
    let month = Duration::from_hours(24 * 30);
    filled.write("runs-v5/note");
    assert_eq!(filled.cache().prune(Some(month)).unwrap().files, 2);
    assert!(filled.files().contains(&"runs-v5/note".to_owned()));
    assert!(demo.path.exists());
    assert!(!other.path.exists());
}

/// On CI, where caches are saved and restored, half a download would travel with them.
#[test]
fn what_a_killed_run_did_not_finish_is_removed_by_the_next() {
    let filled = Filled::new();
    let cache = filled.cache();
    filled.use_all(&cache);
    filled.write("tmp/half-a-download");
    let hash = locked_hash(&filled.made[0]);
    // Somebody uses the cache: it may be theirs.
    let other = filled.cache();
    assert!(other.wheel(&hash).is_some());
    assert!(filled.files().contains(&"tmp/half-a-download".to_owned()));
    drop((cache, other));
    assert!(filled.cache().wheel(&hash).is_some());
    assert!(!filled.files().contains(&"tmp/half-a-download".to_owned()));
}

/// A listing in which a bit flipped would give files of other names.
#[test]
fn a_damaged_listing_counts_as_absent() {
    let filled = Filled::new();
    let [demo, other] = filled.use_all(&filled.cache()).try_into().unwrap();
    let hash = locked_hash(&filled.made[0]);
    let listing = demo.path.with_extension("contents");
    let whole = fs_err::read(&listing).unwrap();
    for index in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[index] ^= 1;
        fs_err::write(&listing, damaged).unwrap();
        assert!(filled.cache().wheel(&hash).is_none(), "byte {index}");
    }
    // One of another wheel is whole, and not of this one.
    fs_err::copy(other.path.with_extension("contents"), &listing).unwrap();
    assert!(filled.cache().wheel(&hash).is_none());
    fs_err::write(&listing, whole).unwrap();
    assert!(filled.cache().wheel(&hash).is_some());
}

/// A note of a build is as good as the wheel that it names.
#[test]
fn prune_removes_the_notes_of_builds_whose_wheels_are_gone() {
    let filled = Filled::new();
    let [demo, _] = filled.use_all(&filled.cache()).try_into().unwrap();
    let sha256 = demo.path.file_stem().unwrap().to_str().unwrap().to_owned();
    for name in ["builds-v2/ab/kept", "builds-v2/cd/gone", "builds-v0/ef/old"] {
        filled.write(name);
    }
    let note = format!("{sha256}\ndemo-1.0-py3-none-any.whl\npip\n");
    let note = layerlock_digest::seal(note.into_bytes(), b"kept");
    fs_err::write(filled.path().join("builds-v2/ab/kept"), note).unwrap();
    let has = |name: &str| filled.path().join(name).exists();

    assert_eq!(filled.cache().prune(None).unwrap().files, 2);
    assert!(has("builds-v2/ab/kept") && !has("builds-v2/cd/gone") && !has("builds-v0"));
    // Two wheels of two files each, and the note.
    let removed = filled.cache().prune(Some(Duration::ZERO)).unwrap();
    assert_eq!(removed.files, 5);
    assert!(!has("builds-v2/ab/kept"));
}

fn locked_hash(wheel: &TestWheel) -> layerlock_digest::Digest {
    let locked = chosen(&project_of([wheel]));
    locked[0].digest
}

type Job = fn(&Cache) -> Result<Removed, Error>;

#[test]
fn nothing_is_removed_while_the_cache_is_in_use() {
    let filled = Filled::new();
    let busy = filled.cache();
    let wheels = filled.use_all(&busy);
    let jobs: [Job; 3] = [
        Cache::clean,
        |cache| cache.prune(Some(Duration::ZERO)),
        |cache| cache.remove_packages(&["other".to_owned()]),
    ];
    for job in jobs {
        let error = job(&filled.cache()).unwrap_err();
        assert!(matches!(error, Error::CacheInUse { .. }), "{error:?}");
    }
    assert!(wheels.iter().all(|wheel| wheel.path.exists()));
    // Users do not wait for each other.
    filled.use_all(&filled.cache());
    drop(busy);
    filled.cache().clean().unwrap();
}

/// Whatever the names in it are: what makes a directory a cache is its tag.
#[test]
fn a_directory_of_others_is_refused() {
    let directory = TempDir::new().unwrap();
    for name in ["tmp", "data-v2", "wheels-v2"] {
        fs_err::create_dir(directory.path().join(name)).unwrap();
        fs_err::write(directory.path().join(name).join("thesis.txt"), "precious").unwrap();
    }
    let cache = Cache::at(directory.path());
    // The tag of somebody else's cache is no permission either.
    for tag in [
        None,
        Some("Signature: 8a477f597d28d172789f06886806bc55\n# of pip\n"),
    ] {
        if let Some(tag) = tag {
            fs_err::write(directory.path().join("CACHEDIR.TAG"), tag).unwrap();
        }
        let before = files_in(directory.path()).unwrap();
        for result in [cache.clean(), cache.prune(None), cache.remove_packages(&[])] {
            assert!(matches!(result, Err(Error::NotACache { .. })), "{result:?}");
        }
        assert_eq!(files_in(directory.path()).unwrap(), before);
    }
}

#[test]
fn a_cache_that_is_not_there_has_nothing_to_remove() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("none");
    for directory in [&missing, directory.path()] {
        let cache = Cache::at(directory);
        assert_eq!(cache.clean().unwrap(), Removed::default());
        assert_eq!(
            cache.prune(Some(Duration::ZERO)).unwrap(),
            Removed::default()
        );
    }
    assert!(!missing.exists());
    assert_eq!(files_in(directory.path()).unwrap(), [""; 0]);
}
