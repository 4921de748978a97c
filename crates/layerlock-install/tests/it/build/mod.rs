//! Packages without a wheel, built by the pip of this machine from sources that
//! bring their own backend.

mod directories;
mod files;
mod fit;
mod frontends;
mod sdists;
mod supplied;

use std::path::Path;
use std::sync::Mutex;

use layerlock_install::index::{Index, IndexUrl};
use layerlock_install::{
    BuildError, BuildOptions, BuildOutcome, Cache, ChosenWheel, Error, FetchOptions, FindLinks,
    FrontendKind, Reporter, Wheel, build, choose, fetch,
};
use layerlock_target::Target;
use layerlock_testkit::{LoopbackIndex, ProjectBuilder, ServedFile, SourceTree, sha256_hex};
use tempfile::TempDir;

use crate::helpers::{Machine, locked, plan_all, target};

/// An index, a cache, and a directory for sources.
struct Shop {
    index: LoopbackIndex,
    directory: TempDir,
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
        let directory = TempDir::new().unwrap();
        Self {
            index: LoopbackIndex::start(),
            cache: Cache::at(directory.path().join("cache")),
            machine: Machine::default(),
            find_links: Vec::new(),
            directory,
        }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn build(&self, project: &ProjectBuilder, log: &Log) -> Result<BuildOutcome, Error> {
        self.build_for(project, &target(), false, log)
    }

    fn build_for(
        &self,
        project: &ProjectBuilder,
        target: &Target,
        offline: bool,
        log: &Log,
    ) -> Result<BuildOutcome, Error> {
        let packages = locked(project).into_iter();
        let choices = packages.map(|package| choose(package, target));
        let fetch = self.fetch_options(offline);
        let options = BuildOptions {
            fetch: &fetch,
            frontend: Some(FrontendKind::Pip),
            index_url: None,
            ignored: &[],
        };
        build(choices.collect::<Result<_, _>>()?, target, &options, log)
    }

    fn fetch_options(&self, offline: bool) -> FetchOptions<'_> {
        let mut options = self.machine.options(&self.cache, &never);
        options.sources.option = Some(IndexUrl::parse(&self.index.url()).unwrap());
        options.find_links.clone_from(&self.find_links);
        options.offline = offline;
        options
    }

    /// Builds the one package, again from the cache alone, and gives what a layer
    /// takes of it.
    fn built(&self, project: &ProjectBuilder) -> (ChosenWheel, Wheel) {
        let log = Log::default();
        let built = self.build(project, &log).unwrap();
        let again = self.build_for(project, &target(), true, &log).unwrap();
        assert_eq!(log.builds(), 1);
        assert_eq!(again.notes, built.notes);
        let [chosen] = built.chosen.try_into().unwrap();
        assert_eq!(again.chosen[0].digest, chosen.digest);
        self.wheel_of(chosen)
    }

    fn wheel_of(&self, chosen: ChosenWheel) -> (ChosenWheel, Wheel) {
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
fn paths((chosen, wheel): (ChosenWheel, Wheel)) -> Vec<String> {
    let plan = plan_all(&[(chosen, wheel)]).unwrap();
    let entries = plan.entries().iter();
    entries.map(|entry| entry.path.to_string()).collect()
}

fn demo() -> SourceTree {
    SourceTree::new("demo", "1.0")
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

/// The number of x86-64 in `e_machine`.
const X86_64: u16 = 62;
