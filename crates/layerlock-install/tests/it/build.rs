//! Packages without a wheel, built by the pip of this machine from sources that
//! bring their own backend.

use std::path::Path;
use std::sync::Mutex;

use layerlock_export::LockedPackage;
use layerlock_install::index::{Index, IndexUrl};
use layerlock_install::{
    BuildError, BuildNote, BuildOptions, BuildProblem, Built, Cache, Chosen, Error, FetchOptions,
    FindLinks, FrontendKind, Pick, Reporter, Wheel, build, choose, fetch, is_supplied, plan,
};
use layerlock_target::{Architecture, Target};
use layerlock_testkit::{
    LoopbackIndex, ProjectBuilder, ServedFile, Source, WheelBuilder, sha256_hex, shared_library,
};
use tempfile::TempDir;

use crate::helpers::{Machine, locked, target};

/// An index, a cache, and a folder for sources.
struct Shop {
    index: LoopbackIndex,
    folder: TempDir,
    cache: Cache,
    machine: Machine,
    find_links: Vec<FindLinks>,
}

fn never() -> Result<Index, Error> {
    panic!("an index is named")
}

/// Counts builds and keeps what they say.
#[derive(Default)]
struct Log(Mutex<(usize, String)>);

impl Reporter for Log {
    fn build_started(&self, _package: &str, _frontend: &str) {
        self.0.lock().unwrap().0 += 1;
    }

    fn build_output(&self, _package: &str, line: &str) {
        let said = &mut self.0.lock().unwrap().1;
        said.push_str(line);
        said.push('\n');
    }
}

impl Log {
    fn builds(&self) -> usize {
        self.0.lock().unwrap().0
    }
}

impl Shop {
    fn open() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            index: LoopbackIndex::start(),
            cache: Cache::at(folder.path().join("cache")),
            machine: Machine::default(),
            find_links: Vec::new(),
            folder,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn build(&self, project: &ProjectBuilder, log: &Log) -> Result<Built, Error> {
        self.build_for(project, &target(), false, log)
    }

    fn build_for(
        &self,
        project: &ProjectBuilder,
        target: &Target,
        offline: bool,
        log: &Log,
    ) -> Result<Built, Error> {
        let packages = locked(project).into_iter();
        let picks = packages.map(|package| choose(package, target));
        let fetch = self.fetch_options(offline);
        let options = BuildOptions {
            fetch: &fetch,
            frontend: Some(FrontendKind::Pip),
            index_url: None,
            ignored: &[],
        };
        build(picks.collect::<Result<_, _>>()?, target, &options, log)
    }

    fn fetch_options(&self, offline: bool) -> FetchOptions<'_> {
        let mut options = self.machine.options(&self.cache, &never);
        options.sources.option = Some(IndexUrl::parse(&self.index.url()).unwrap());
        options.find_links.clone_from(&self.find_links);
        options.supplied.clone_from(&self.find_links);
        options.offline = offline;
        options
    }

    /// Builds the one package, again from the cache alone, and gives what a layer
    /// takes of it.
    fn built(&self, project: &ProjectBuilder) -> (Chosen, Wheel) {
        let log = Log::default();
        let built = self.build(project, &log).unwrap();
        let again = self.build_for(project, &target(), true, &log).unwrap();
        assert_eq!(log.builds(), 1);
        assert_eq!(again.notes, built.notes);
        let [chosen] = built.chosen.try_into().unwrap();
        assert_eq!(again.chosen[0].sha256, chosen.sha256);
        self.wheel_of(chosen)
    }

    fn wheel_of(&self, chosen: Chosen) -> (Chosen, Wheel) {
        let chosen = [chosen];
        let options = self.fetch_options(true);
        let [wheel] = fetch(&chosen, &options, &Log::default())
            .unwrap()
            .wheels
            .try_into()
            .unwrap();
        let [chosen] = chosen;
        (chosen, wheel)
    }

    fn refusal(&self, project: &ProjectBuilder) -> BuildError {
        self.refusal_for(project, &target())
    }

    fn refusal_for(&self, project: &ProjectBuilder, target: &Target) -> BuildError {
        match self.build_for(project, target, false, &Log::default()) {
            Err(Error::Build(error)) => *error,
            other => panic!("{other:?}"),
        }
    }
}

/// The paths that a wheel brings into a layer.
fn paths((chosen, wheel): (Chosen, Wheel)) -> Vec<String> {
    let plan = plan(&[(chosen, wheel)], &target()).unwrap();
    let entries = plan.entries().iter();
    entries.map(|entry| entry.path.to_string()).collect()
}

fn demo() -> Source {
    Source::new("demo", "1.0")
}

/// A project that locks `demo` 1.0 with these keys in its `[[package]]`.
fn locking(files: &str, source: &str) -> ProjectBuilder {
    ProjectBuilder::new("shop").lock_packages(&format!(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\n\
         files = [{files}]\n{source}"
    ))
}

fn locked_file(name: &str, bytes: &[u8]) -> String {
    format!(
        "{{file = \"{name}\", hash = \"sha256:{}\"}}",
        sha256_hex(bytes)
    )
}

fn source(kind: &str, url: &str, more: &str) -> String {
    format!("\n[package.source]\ntype = \"{kind}\"\nurl = '{url}'\n{more}")
}

fn locking_sdist(file: &ServedFile) -> ProjectBuilder {
    locking(&locked_file(&file.file_name, &file.bytes), "")
}

fn locking_path(kind: &str, path: &Path, files: &str) -> ProjectBuilder {
    locking(files, &source(kind, path.to_str().unwrap(), ""))
}

#[test]
fn a_source_distribution_is_built_once() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    shop.index.add(&sdist);
    let project = locking_sdist(&sdist);
    let (chosen, wheel) = shop.built(&project);
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
    assert_eq!(chosen.sha256.to_vec(), sha256(&wheel.path));
    assert_eq!(shop.index.request_count(&shop.index.file_path(&sdist)), 1);
    // Backends are told one time; what is packed anew is not compressed.
    let bytes = fs_err::read(&wheel.path).unwrap();
    let epoch = b"315532800";
    assert!(bytes.windows(epoch.len()).any(|window| window == epoch));
    assert_eq!(
        paths((chosen, wheel)),
        [
            "python/demo-1.0.dist-info/EPOCH",
            "python/demo-1.0.dist-info/METADATA",
            "python/demo-1.0.dist-info/RECORD",
            "python/demo-1.0.dist-info/WHEEL",
            "python/demo/__init__.py",
        ]
    );

    // A pure wheel is for every target.
    let log = Log::default();
    let arm64 = Target::aws("python3.13".parse().unwrap(), Architecture::Arm64);
    shop.build_for(&project, &arm64, true, &log).unwrap();
    assert_eq!(log.builds(), 0);
}

fn sha256(path: &Path) -> Vec<u8> {
    let hex = sha256_hex(&fs_err::read(path).unwrap());
    data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()
}

#[test]
fn the_note_says_what_was_built_of_what_by_what() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    shop.index.add(&sdist);
    let built = shop.build(&locking_sdist(&sdist), &Log::default()).unwrap();
    let [note] = &built.notes[..] else {
        panic!("{:?}", built.notes);
    };
    let text = note.to_string();
    assert!(
        text.starts_with("demo 1.0 was built from demo-1.0.tar.gz by pip "),
        "{text}"
    );
    assert!(text.contains(" with Python 3."), "{text}");
    assert_eq!(note.package(), "demo");
}

/// The backend writes other zips each time, as different versions of one do.
#[test]
fn the_same_source_gives_the_same_bytes_each_time() {
    let built: Vec<[u8; 32]> = (0..2)
        .map(|_| {
            let shop = Shop::open();
            let sdist = demo().sdist();
            shop.index.add(&sdist);
            shop.built(&locking_sdist(&sdist)).0.sha256
        })
        .collect();
    assert!(built.iter().all(|sha256| *sha256 == built[0]));
}

#[test]
fn a_source_distribution_of_other_bytes_is_refused() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let project = locking_sdist(&sdist);
    shop.index.add(demo().file("evil.py", "").sdist());
    let log = Log::default();
    let error = shop.build(&project, &log).unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
    assert_eq!(log.builds(), 0);
}

#[test]
fn offline_nothing_is_fetched_to_build() {
    let shop = Shop::open();
    let project = locking_sdist(&demo().sdist());
    let error = shop
        .build_for(&project, &target(), true, &Log::default())
        .unwrap_err();
    assert!(
        matches!(&error, Error::Offline { file } if file == "demo-1.0.tar.gz"),
        "{error:?}"
    );
    assert!(shop.index.requests().is_empty());
}

#[test]
fn a_folder_is_copied_even_where_the_project_links_it() {
    let shop = Shop::open();
    let folder = shop.path("libs");
    demo().write_to(&folder);
    let project = locking("", &source("directory", folder.to_str().unwrap(), "")).lock_packages("");
    let before = files_below(&folder);
    let layer = paths(shop.built(&project));
    assert!(
        layer.contains(&"python/demo/__init__.py".to_owned()),
        "{layer:?}"
    );
    assert_eq!(files_below(&folder), before);

    let develop = ProjectBuilder::new("shop").lock_packages(&format!(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\
         develop = true\n{}",
        source("directory", folder.to_str().unwrap(), "")
    ));
    let shop = Shop::open();
    assert_eq!(paths(shop.built(&develop)), layer);
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut files = layerlock_layer::files_in(folder).unwrap();
    files.retain(|file| !file.contains("__pycache__"));
    files.sort();
    files
}

#[test]
fn a_folder_that_changed_is_built_anew_with_the_version_that_it_has_now() {
    let shop = Shop::open();
    let folder = shop.path("libs");
    demo().write_to(&folder);
    let project = locking_path("directory", &folder, "");
    let (before, _) = shop.built(&project);
    Source::new("demo", "2.0")
        .file("demo/more.py", "x = 2\n")
        .write_to(&folder);
    let (after, wheel) = shop.built(&project);
    assert_ne!(before.sha256, after.sha256);
    assert_eq!(after.package.version, "2.0");
    assert!(paths((after, wheel)).contains(&"python/demo/more.py".to_owned()));
}

#[test]
fn a_wheel_on_this_machine_is_taken_as_it_is() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0").file("demo.py", "").build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    let log = Log::default();
    let built = shop
        .build(&locking_path("file", &path, &files), &log)
        .unwrap();
    assert_eq!((log.builds(), built.notes), (0, Vec::new()));
    let [chosen] = built.chosen.try_into().unwrap();
    let (_, taken) = shop.wheel_of(chosen);
    assert_eq!(fs_err::read(taken.path).unwrap(), wheel.bytes);

    let wrong = locked_file(&wheel.file_name, b"other");
    let error = shop
        .build(&locking_path("file", &path, &wrong), &log)
        .unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
}

#[test]
fn a_wheel_on_this_machine_for_another_target_is_no_wheel() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0")
        .tag("cp312-cp312-win_amd64")
        .build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    let project = locking_path("file", &path, &files);
    let error = shop.build(&project, &Log::default()).unwrap_err();
    assert!(matches!(error, Error::NoWheel(_)), "{error:?}");
    assert!(error.to_string().contains("win_amd64"), "{error}");
}

#[test]
fn an_archive_on_this_machine_is_built() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let path = shop.path(&sdist.file_name);
    fs_err::write(&path, &sdist.bytes).unwrap();
    let files = locked_file(&sdist.file_name, &sdist.bytes);
    let (chosen, _) = shop.built(&locking_path("file", &path, &files));
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
}

#[test]
fn files_at_an_address_are_fetched_compared_and_taken_or_built() {
    let shop = Shop::open();
    let wheel = WheelBuilder::new("demo", "1.0").file("demo.py", "").build();
    let sdist = demo().sdist();
    for file in [ServedFile::from(&wheel), sdist] {
        shop.index.add(&file);
        let url = shop.index.file_url(&file);
        let files = locked_file(&file.file_name, &file.bytes);
        let project = locking(&files, &source("url", &url, ""));
        let built = shop.build(&project, &Log::default()).unwrap();
        let requests = shop.index.requests().len();
        shop.build_for(&project, &target(), true, &Log::default())
            .unwrap();
        assert_eq!(shop.index.requests().len(), requests);
        assert_eq!(built.chosen[0].wheel.as_str(), wheel.file_name);

        let wrong = locking(
            &locked_file(&file.file_name, b"other"),
            &source("url", &url, ""),
        );
        let error = Shop {
            cache: Cache::temporary().unwrap(),
            ..Shop::open()
        }
        .build(&wrong, &Log::default())
        .unwrap_err();
        assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");

        // Locks of Poetry 1 have no hash for them.
        let unhashed = locking("", &source("url", &url, ""));
        let built = shop.build(&unhashed, &Log::default()).unwrap();
        let unverified = BuildNote::Unverified {
            package: "demo".to_owned(),
            from: url,
        };
        assert!(built.notes.contains(&unverified), "{:?}", built.notes);
    }
}

/// Its last part, decoded, names a temporary file.
#[test]
fn an_address_whose_file_name_leads_elsewhere_is_refused() {
    let shop = Shop::open();
    let sdist = demo().sdist();
    let files = locked_file(&sdist.file_name, &sdist.bytes);
    let absolute = shop.path("pwn.tar.gz").display().to_string();
    for name in [
        "..%2Fpwn.tar.gz",
        &absolute.replace('/', "%2F"),
        "..%5Cpwn.tar.gz",
        "pwn%00.tar.gz",
        "",
    ] {
        let url = format!("{}x/{name}", shop.index.url());
        let project = locking(&files, &source("url", &url, ""));
        let error = shop.build(&project, &Log::default()).unwrap_err();
        assert!(matches!(error, Error::LockedAddress { .. }), "{error:?}");
        let text = format!("{error} {}", error.hint().unwrap());
        assert!(text.contains("plain file name"), "{text}");
        assert!(text.contains("pyproject.toml"), "{text}");
    }
    assert!(shop.index.requests().is_empty());
}

/// An archive as those of a repository are: the package lies in a folder of it.
#[test]
fn a_folder_in_an_archive_is_built() {
    let shop = Shop::open();
    let outer = Source::new("outer", "3.0").failing("the wrong folder");
    let mut archive = outer.clone();
    for (name, text) in [
        ("pyproject.toml", None),
        ("backend/backend.py", None),
        ("demo/__init__.py", Some("VALUE = 1\n")),
        ("TAG", Some("py3-none-any")),
    ] {
        let own = TempDir::new().unwrap();
        demo().write_to(own.path());
        let text = text.map_or_else(
            || fs_err::read_to_string(own.path().join(name)).unwrap(),
            str::to_owned,
        );
        archive = archive.file(&format!("packages/demo/{name}"), text);
    }
    let sdist = archive.sdist();
    let path = shop.path(&sdist.file_name);
    fs_err::write(&path, &sdist.bytes).unwrap();
    let files = locked_file(&sdist.file_name, &sdist.bytes);
    let more = "subdirectory = \"packages/demo\"\n";
    let project = locking(&files, &source("file", path.to_str().unwrap(), more));
    let (chosen, _) = shop.built(&project);
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");
}

#[test]
fn a_failed_build_says_what_it_said() {
    let shop = Shop::open();
    let folder = shop.path("libs");
    demo()
        .failing("no compiler for FORTRAN IV")
        .write_to(&folder);
    let log = Log::default();
    let project = locking_path("directory", &folder, "");
    let Err(Error::Build(error)) = shop.build(&project, &log) else {
        panic!("it has to fail");
    };
    let text = error.to_string();
    assert!(text.starts_with("demo 1.0 cannot be built: pip "), "{text}");
    assert!(text.contains("no compiler for FORTRAN IV"), "{text}");
    let said = log.0.lock().unwrap().1.clone();
    assert!(said.contains("the backend builds demo 1.0"), "{said}");
}

#[test]
fn a_wheel_of_something_else_is_refused() {
    let shop = Shop::open();
    let other = Source::new("other", "1.0");
    other.write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    assert!(
        matches!(error.problem, BuildProblem::OtherRelease { .. }),
        "{error}"
    );

    // A folder lives on; an archive has the version that it was locked with.
    let sdist = ServedFile {
        file_name: "demo-1.0.tar.gz".to_owned(),
        ..Source::new("demo", "1.1").sdist()
    };
    shop.index.add(&sdist);
    let error = shop.refusal(&locking_sdist(&sdist));
    assert!(
        matches!(error.problem, BuildProblem::OtherRelease { .. }),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let shop = Shop::open();
    let error = shop.refusal(&locking_path("directory", &shop.path("nowhere"), ""));
    assert!(
        matches!(error.problem, BuildProblem::NoFolder(_)),
        "{error}"
    );
}

/// The number of x86-64 in `e_machine`.
const X86_64: u16 = 62;

#[test]
fn a_compiled_wheel_is_taken_where_all_of_it_fits() {
    let shop = Shop::open();
    let library = shared_library(
        X86_64,
        &["libc.so.6", "libown.so.1"],
        &[("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])],
    );
    demo()
        .tag("cp312-cp312-linux_x86_64")
        .file("demo/core.so", library)
        .file("demo/libs/libown.so.1", shared_library(X86_64, &[], &[]))
        .write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let (chosen, _) = shop.built(&project);
    assert_eq!(
        chosen.wheel.as_str(),
        "demo-1.0-cp312-cp312-linux_x86_64.whl"
    );

    // It was kept for its own target alone.
    let older = Target::aws("python3.11".parse().unwrap(), Architecture::X86_64);
    let error = shop.refusal_for(&project, &older);
    assert!(
        error.to_string().contains("is for another Python"),
        "{error}"
    );
}

/// Its tag says that it fits everywhere, and its library that it does not.
#[test]
fn a_library_in_a_wheel_for_any_platform_is_kept_for_its_own_target() {
    let shop = Shop::open();
    demo()
        .file("demo/core.so", shared_library(X86_64, &[], &[]))
        .write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let (chosen, _) = shop.built(&project);
    assert_eq!(chosen.wheel.as_str(), "demo-1.0-py3-none-any.whl");

    let other = Target::aws("python3.12".parse().unwrap(), Architecture::Arm64);
    let error = shop.refusal_for(&project, &other);
    assert!(error.to_string().contains("demo/core.so"), "{error}");
}

#[test]
fn a_compiled_wheel_that_does_not_fit_is_refused_with_a_way_out() {
    let shop = Shop::open();
    let versions: &[(&str, &[&str])] = &[("libc.so.6", &["GLIBC_2.38"])];
    demo()
        .tag("cp312-cp312-linux_x86_64")
        .file(
            "demo/core.so",
            shared_library(X86_64, &["libc.so.6"], versions),
        )
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    assert_eq!(
        error.to_string(),
        "demo 1.0 does not build for python3.12 x86_64 here: \
         demo-1.0-cp312-cp312-linux_x86_64.whl, built on this machine, does not fit: \
         demo/core.so needs GLIBC_2.38, the runtime has GLIBC_2.34 at most"
    );
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    for part in [
        "docker run --rm --platform linux/amd64",
        "aws-lambda-python:3.12",
        "dnf install -y gcc gcc-c++ && pip wheel --no-deps --wheel-dir wheels",
        "--find-links wheels",
    ] {
        assert!(hint.contains(part), "{hint}");
    }
}

#[test]
fn a_locked_wheel_that_does_not_fit_is_refused_from_a_file_and_an_address() {
    let shop = Shop::open();
    let versions: &[(&str, &[&str])] = &[("libc.so.6", &["GLIBC_2.38"])];
    let wheel = WheelBuilder::new("demo", "1.0")
        .tag("cp312-cp312-linux_x86_64")
        .file(
            "demo/core.so",
            shared_library(X86_64, &["libc.so.6"], versions),
        )
        .build();
    let path = shop.path(&wheel.file_name);
    fs_err::write(&path, &wheel.bytes).unwrap();
    shop.index.add(&wheel);
    let url = shop.index.file_url(ServedFile::from(&wheel));
    let files = locked_file(&wheel.file_name, &wheel.bytes);
    for project in [
        locking_path("file", &path, &files),
        locking(&files, &source("url", &url, "")),
    ] {
        let error = shop.refusal(&project);
        assert_eq!(
            error.to_string(),
            format!(
                "demo 1.0 cannot be used on python3.12 x86_64: {} does not fit: demo/core.so \
                 needs GLIBC_2.38, the runtime has GLIBC_2.34 at most",
                wheel.file_name
            )
        );
    }
}

#[test]
fn a_supplied_wheel_that_does_not_fit_hides_no_other_and_is_named() {
    let mut shop = Shop::open();
    let folder = shop.path("wheels");
    fs_err::create_dir(&folder).unwrap();
    shop.find_links = vec![FindLinks::Folder(folder.clone())];
    let put = |tag: &str, library: Vec<u8>| {
        let wheel = WheelBuilder::new("demo", "1.0")
            .tag(tag)
            .file("demo/core.so", library)
            .build();
        fs_err::write(folder.join(&wheel.file_name), &wheel.bytes).unwrap();
        wheel.file_name
    };
    let best = put(
        "cp312-cp312-manylinux_2_34_x86_64",
        shared_library(X86_64, &["libpq.so.5"], &[]),
    );
    let project = locking("", "");
    let [package] = locked(&project).try_into().unwrap();
    let fetch = shop.fetch_options(true);
    let options = BuildOptions {
        fetch: &fetch,
        frontend: Some(FrontendKind::Pip),
        index_url: None,
        ignored: &[],
    };
    let made = || {
        let picks = vec![Pick::Source(LockedPackage::clone(&package))];
        build(picks, &target(), &options, &Log::default())
    };
    let text = made().unwrap_err().to_string();
    assert!(
        text.contains(&best) && text.contains("libpq.so.5"),
        "{text}"
    );

    let second = put("cp312-cp312-linux_x86_64", shared_library(X86_64, &[], &[]));
    assert_eq!(made().unwrap().chosen[0].wheel.as_str(), second);
}

/// Where the lock has compiled wheels for Linux, a build here would take long and
/// fit no better. Those for other systems say nothing of it.
#[test]
fn a_package_with_compiled_wheels_for_linux_is_not_built() {
    for (wheel, is_built) in [
        ("demo-1.0-cp312-cp312-manylinux_2_38_x86_64.whl", false),
        ("demo-1.0-cp312-cp312-musllinux_1_2_x86_64.whl", false),
        ("demo-1.0-cp313-cp313-linux_x86_64.whl", false),
        ("demo-1.0-cp312-cp312-win_amd64.whl", true),
        ("demo-1.0-cp312-cp312-macosx_11_0_arm64.whl", true),
        ("demo-1.0-py2-none-any.whl", true),
    ] {
        let files = [wheel, "demo-1.0.tar.gz"].map(|name| locked_file(name, b""));
        let [package] = locked(&locking(&files.join(", "), "")).try_into().unwrap();
        match choose(package, &target()) {
            Ok(Pick::Source(_)) => assert!(is_built, "{wheel}"),
            Err(Error::NoWheel(_)) => assert!(!is_built, "{wheel}"),
            other => panic!("{other:?}"),
        }
    }
}

/// What the error about such a package recommends: to build it elsewhere.
#[test]
fn a_wheel_that_the_user_made_is_taken_from_its_folder() {
    let mut shop = Shop::open();
    let folder = shop.path("wheels");
    fs_err::create_dir(&folder).unwrap();
    shop.find_links = vec![FindLinks::Folder(folder.clone())];
    let put = |tag: &str, version: &str, library: Vec<u8>| {
        let wheel = WheelBuilder::new("demo", version)
            .tag(tag)
            .file("demo/core.so", library)
            .build();
        fs_err::write(folder.join(&wheel.file_name), &wheel.bytes).unwrap();
        wheel.file_name
    };
    let files = ["demo-1.0-cp312-cp312-win_amd64.whl", "demo-1.0.tar.gz"];
    let project = locking(&files.map(|name| locked_file(name, b"")).join(", "), "");
    let options = |shop: &Shop| {
        let [package] = locked(&project).try_into().unwrap();
        is_supplied(&package, &target(), &shop.fetch_options(true))
    };
    assert!(!options(&shop));
    put("cp312-cp312-linux_aarch64", "1.0", Vec::new());
    put("cp312-cp312-linux_x86_64", "1.1", Vec::new());
    assert!(!options(&shop));

    let fitting = put(
        "cp312-cp312-linux_x86_64",
        "1.0",
        shared_library(X86_64, &[], &[]),
    );
    assert!(options(&shop));
    demo().failing("never").write_to(&shop.path("libs"));
    let project = locking_path("directory", &shop.path("libs"), "");
    let built = shop
        .build_for(&project, &target(), true, &Log::default())
        .unwrap();
    assert!(
        matches!(&built.notes[..], [BuildNote::Supplied { .. }]),
        "{:?}",
        built.notes
    );
    let [chosen] = built.chosen.try_into().unwrap();
    assert_eq!(chosen.wheel.as_str(), fitting);
    shop.wheel_of(chosen);

    // What would not be taken from a build here is not taken from there.
    put(
        "cp312-cp312-linux_x86_64",
        "1.0",
        shared_library(X86_64, &["libpq.so.5"], &[]),
    );
    let error = shop.refusal(&project);
    assert!(
        matches!(error.problem, BuildProblem::Failed { .. }),
        "{error}"
    );
}

/// setuptools takes a staging directory in the project for one of its packages.
#[test]
fn an_output_that_setuptools_takes_for_a_package_is_told_where_to_go() {
    let shop = Shop::open();
    demo()
        .failing("Multiple top-level packages discovered in a flat-layout: ['demo', 'staged'].")
        .write_to(&shop.path("libs"));
    let error = shop.refusal(&locking_path("directory", &shop.path("libs"), ""));
    let hint = Error::Build(Box::new(error)).hint().unwrap();
    assert!(hint.contains("below dist"), "{hint}");
}
