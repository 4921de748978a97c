//! Packages from git repositories, made by the git of this machine.

use layerlock_diagnostic::Diagnose as _;
use std::path::{Path, PathBuf};

use layerlock_install::index::{Index, IndexUrl};
use layerlock_install::{
    BuildOptions, BuildOutcome, BuildProblem, Cache, Error, FrontendKind, Silent, build, choose,
};
use layerlock_testkit::{ProjectBuilder, SourceTree};
use tempfile::TempDir;

use crate::helpers::{Machine, locked, plan_all, target};

struct Repository {
    directory: TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            directory: TempDir::new().unwrap(),
        };
        repository.git(&["init", "--quiet"]);
        repository
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings = [
            "-c",
            "user.name=Nobody",
            "-c",
            "user.email=nobody@example.com",
            "-c",
            "commit.gpgsign=false",
        ];
        duct::cmd("git", settings.iter().chain(arguments))
            .dir(self.path())
            .read()
            .unwrap()
    }

    /// Commits a source in a directory, and gives the commit.
    fn commit(&self, source: &SourceTree, directory: &str) -> String {
        source.write_to(&self.path().join(directory));
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn locked(&self, commit: &str, more: &str) -> ProjectBuilder {
        ProjectBuilder::new("shop").lock_packages(&format!(
            "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
             optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
             [package.source]\ntype = \"git\"\nurl = 'file://{}'\nreference = \"main\"\n\
             resolved_reference = \"{commit}\"\n{more}",
            self.path().display()
        ))
    }
}

fn build_in(cache: &Cache, project: &ProjectBuilder) -> Result<BuildOutcome, Error> {
    let machine = Machine::default();
    let nowhere = || Ok(Index::from(IndexUrl::parse("http://127.0.0.1:9/simple/")?));
    let fetch = machine.options(cache, &nowhere);
    let options = BuildOptions {
        fetch: &fetch,
        frontend: Some(FrontendKind::Pip),
        index_url: None,
        ignored: &[],
    };
    let packages = locked(project)
        .into_iter()
        .map(|package| choose(package, &target()).unwrap());
    build(packages.collect(), &target(), &options, &Silent)
}

/// The files of the layer.
fn layer(cache: &Cache, built: BuildOutcome) -> Vec<PathBuf> {
    let wheels: Vec<_> = built
        .chosen
        .into_iter()
        .map(|chosen| {
            let wheel = cache.wheel(&chosen.digest).unwrap();
            (chosen, wheel)
        })
        .collect();
    let plan = plan_all(&wheels).unwrap();
    let entries = plan.entries().iter();
    entries
        .map(|entry| PathBuf::from(entry.path.as_str()))
        .filter(|path| !path.to_str().unwrap().contains("dist-info"))
        .collect()
}

#[test]
fn the_locked_commit_is_built_wherever_the_branch_is_now() {
    let repository = Repository::new();
    let demo = SourceTree::new("demo", "1.0");
    let first = repository.commit(&demo.clone().file("demo/first.py", ""), ".");
    repository.git(&["rm", "--quiet", "demo/first.py"]);
    let second = repository.commit(&demo.file("demo/second.py", ""), ".");
    for (commit, module) in [(first, "first.py"), (second, "second.py")] {
        let cache = Cache::temporary().unwrap();
        let project = repository.locked(&commit, "");
        let built = build_in(&cache, &project).unwrap();
        let note = built.notes[0].to_string();
        assert!(note.contains(&commit), "{note}");
        assert_eq!(
            layer(&cache, built),
            [
                Path::new("python/demo/__init__.py"),
                &Path::new("python/demo").join(module)
            ]
        );
    }
}

/// hatch-vcs and its like make a version of the last tag and the commits since.
#[test]
fn a_package_that_asks_git_for_its_version_has_the_history_to_tell() {
    let backend = "import subprocess\n\
                   from backend import *\n\
                   import backend\n\
                   def build_wheel(*arguments, **named):\n    \
                       said = subprocess.check_output(['git', 'describe', '--tags'])\n    \
                       assert said.startswith(b'v1.0-1-g'), said\n    \
                       return backend.build_wheel(*arguments, **named)\n";
    let demo = SourceTree::new("demo", "1.0")
        .file("backend/vcs.py", backend)
        .file(
            "pyproject.toml",
            "[build-system]\nrequires = []\nbuild-backend = \"vcs\"\n\
             backend-path = [\"backend\"]\n\n\
             [project]\nname = \"demo\"\nversion = \"1.0\"\n",
        );
    let repository = Repository::new();
    repository.commit(&demo, ".");
    repository.git(&["tag", "v1.0"]);
    let commit = repository.commit(&demo.file("demo/more.py", ""), ".");
    build_in(
        &Cache::temporary().unwrap(),
        &repository.locked(&commit, ""),
    )
    .unwrap();
}

#[test]
fn a_directory_of_the_repository_is_built_and_none_outside_of_it() {
    let repository = Repository::new();
    let demo = SourceTree::new("demo", "1.0");
    let commit = repository.commit(&demo, "packages/demo");
    let cache = Cache::temporary().unwrap();
    let project = repository.locked(&commit, "subdirectory = \"packages/demo\"\n");
    let built = build_in(&cache, &project).unwrap();
    assert_eq!(layer(&cache, built), [Path::new("python/demo/__init__.py")]);

    for subdirectory in ["packages/other", "..", "/", "packages/demo/../../.."] {
        let project = repository.locked(&commit, &format!("subdirectory = \"{subdirectory}\"\n"));
        let error = build_in(&cache, &project).unwrap_err();
        assert!(
            matches!(&error, Error::Build(build) if matches!(build.problem, BuildProblem::Subdirectory(_))),
            "{error:?}"
        );
    }
}

/// What this machine has behind such a link is no part of the commit; git's own
/// files may have credentials.
#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_repository_is_refused() {
    let link = |to: &str| {
        let repository = Repository::new();
        let directory = repository.path().join("demo");
        fs_err::create_dir(&directory).unwrap();
        std::os::unix::fs::symlink(to, directory.join("link.py")).unwrap();
        let commit = repository.commit(&SourceTree::new("demo", "1.0"), ".");
        build_in(
            &Cache::temporary().unwrap(),
            &repository.locked(&commit, ""),
        )
    };
    for to in ["/etc/passwd", "../..", "../.git/config"] {
        let error = link(to).unwrap_err();
        assert!(
            matches!(&error, Error::Build(build) if matches!(
                &build.problem, BuildProblem::Link(link) if link == Path::new("demo/link.py")
            )),
            "{error:?}"
        );
    }
    for to in ["__init__.py", "../demo/__init__.py"] {
        link(to).unwrap();
    }
}

#[test]
fn a_kept_build_needs_no_repository() {
    let repository = Repository::new();
    let commit = repository.commit(&SourceTree::new("demo", "1.0"), ".");
    let project = repository.locked(&commit, "");
    let cache = Cache::temporary().unwrap();
    let first = build_in(&cache, &project).unwrap();
    drop(repository);
    let second = build_in(&cache, &project).unwrap();
    assert_eq!(first.chosen[0].digest, second.chosen[0].digest);
}

#[test]
fn a_commit_that_is_not_there_is_said() {
    let repository = Repository::new();
    repository.commit(&SourceTree::new("demo", "1.0"), ".");
    let nowhere = "0123456789abcdef0123456789abcdef01234567";
    let project = repository.locked(nowhere, "");
    let error = build_in(&Cache::temporary().unwrap(), &project).unwrap_err();
    assert!(
        matches!(&error, Error::Build(build) if matches!(build.problem, BuildProblem::Git { .. })),
        "{error:?}"
    );
    assert!(error.hint().unwrap().contains("URL"));
}
