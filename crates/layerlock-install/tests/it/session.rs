//! What is found out once for a run, whatever it fetches.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use layerlock_client::{Error as ClientError, PipFiles};
use layerlock_install::index::IndexUrl;
use layerlock_install::{BuildOptions, Cache, Error, FrontendKind, Silent, build, choose, fetch};
use layerlock_testkit::{
    LockedPackage, LoopbackIndex, ProjectBuilder, SourceTree, WheelBuilder, sha256_hex,
};
use tempfile::TempDir;

use crate::helpers::{Machine, chosen, locked, project_of, target};

/// A keyring that asks its user for a password would do so for every package.
#[test]
fn the_keyring_is_asked_once_for_several_source_distributions() {
    let home = TempDir::new().unwrap();
    let sdists = ["alpha", "beta"].map(|name| SourceTree::new(name, "1.0").sdist());
    let index = LoopbackIndex::start();
    for sdist in &sdists {
        index.add(sdist);
    }
    index.require_basic_auth("me", "hunter2");
    let calls = home.path().join("calls");
    let keyring = home.path().join("keyring");
    let script = format!(
        "#!/bin/sh\necho \"$2 $3\" >> {}\n\
         case $2 in http*) echo hunter2 ;; *) exit 1 ;; esac\n",
        calls.display()
    );
    fs_err::write(&keyring, script).unwrap();
    fs_err::set_permissions(&keyring, std::fs::Permissions::from_mode(0o755)).unwrap();
    let auth = "[http-basic.my-company]\nusername = \"me\"\n";
    fs_err::write(home.path().join("auth.toml"), auth).unwrap();
    let mut machine = Machine::default();
    machine.config().keyring_command = Some(keyring.to_str().unwrap().to_owned());
    machine.config().poetry_configuration = Some(home.path().to_owned());
    let project = ProjectBuilder::new("shop").source("my-company", &index.url(), "explicit");
    let project = sdists
        .iter()
        .zip(["alpha", "beta"])
        .fold(project, |project, (sdist, name)| {
            let digest = sha256_hex(&sdist.bytes);
            let package = LockedPackage::new(name, "1.0").file(&sdist.file_name, &digest);
            project.package(package.source("my-company"))
        });
    let cache = Cache::at(home.path().join("cache"));
    let options = machine.options(&cache, &|| panic!("the lock names the index"));
    let packages = locked(&project)
        .into_iter()
        .map(|package| choose(package, &target()))
        .collect::<Result<_, _>>()
        .unwrap();
    let options = BuildOptions {
        fetch: &options,
        frontend: Some(FrontendKind::Pip),
        index_url: None,
        ignored: &[],
    };
    let built = build(packages, &target(), &options, &Silent).unwrap();
    assert_eq!(built.chosen.len(), 2);
    assert_eq!(
        fs_err::read_to_string(&calls).unwrap(),
        format!("poetry-repository-my-company me\n{} me\n", index.url())
    );
    // The first page, with the user name alone, and never again.
    let password = format!("Basic {}", data_encoding::BASE64.encode(b"me:hunter2"));
    let requests = index.requests().into_iter();
    let refused = requests.filter(|request| request.header("authorization") != Some(&password));
    assert_eq!(refused.count(), 1);
}

#[test]
fn pips_configuration_is_read_when_something_is_fetched_and_not_before() {
    let home = TempDir::new().unwrap();
    let wheel = WheelBuilder::new("demo", "1.0").build();
    let index = LoopbackIndex::with_wheels([&wheel]);
    let default_index = || Ok(IndexUrl::parse(&index.url())?.into());
    let chosen = chosen(&project_of([&wheel]));
    let cache = Cache::at(home.path().join("cache"));
    let working = Machine::default();
    fetch(&chosen, &working.options(&cache, &default_index), &Silent).unwrap();

    let mut broken = Machine::default();
    let file = home.path().join("pip.conf");
    fs_err::write(&file, "[global\n").unwrap();
    broken.config().pip_files = PipFiles::new([file]);
    fetch(&chosen, &broken.options(&cache, &default_index), &Silent).unwrap();
    let empty = Cache::at(home.path().join("empty"));
    let error = fetch(&chosen, &broken.options(&empty, &default_index), &Silent).unwrap_err();
    assert!(
        matches!(error, Error::Client(ClientError::PipFile { .. })),
        "{error:?}"
    );
}

#[test]
fn the_default_index_is_found_once_for_several_source_distributions() {
    let sdists = ["alpha", "beta"].map(|name| SourceTree::new(name, "1.0").sdist());
    let index = LoopbackIndex::start();
    let mut project = ProjectBuilder::new("shop");
    for (sdist, name) in sdists.iter().zip(["alpha", "beta"]) {
        index.add(sdist);
        let digest = sha256_hex(&sdist.bytes);
        project = project.package(LockedPackage::new(name, "1.0").file(&sdist.file_name, &digest));
    }
    let asked = AtomicUsize::new(0);
    let default_index = || {
        asked.fetch_add(1, Ordering::Relaxed);
        Ok(IndexUrl::parse(&index.url())?.into())
    };
    let (cache, machine) = (Cache::temporary().unwrap(), Machine::default());
    let options = BuildOptions {
        fetch: &machine.options(&cache, &default_index),
        frontend: Some(FrontendKind::Pip),
        index_url: None,
        ignored: &[],
    };
    let picks = locked(&project)
        .into_iter()
        .map(|package| choose(package, &target()))
        .collect::<Result<_, _>>()
        .unwrap();
    build(picks, &target(), &options, &Silent).unwrap();
    assert_eq!(asked.into_inner(), 1);
}
