//! What requirements files select, in the words of pip.

use std::path::Path;

use layerlock_lock::{Choice, LockReader, LockedFile, PackageSource, Selected};
use layerlock_uv::RequirementsLock;

use crate::support::environment;

/// Writes files, of which `requirements.txt` is the lock.
fn read(directory: &Path, files: &[(&str, &str)]) -> RequirementsLock {
    for (name, text) in files {
        fs_err::write(directory.join(name), text).unwrap();
    }
    RequirementsLock::read(&directory.join("requirements.txt"), false, &|_| None).unwrap()
}

fn hashed(requirement: &str, digit: char) -> String {
    let hash = String::from(digit).repeat(64);
    format!("{requirement} --hash=sha256:{hash}\n")
}

fn select(lock: &RequirementsLock, python: &str) -> Result<Selected, String> {
    let selected = lock.select(&Choice::default(), &environment(python, "x86_64"));
    selected.map_err(|error| error.to_string())
}

fn versions(lock: &RequirementsLock, python: &str) -> Vec<String> {
    let selected = select(lock, python).unwrap();
    let packages = selected.packages().iter();
    packages
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

/// It took the first constraint, whatever its marker said.
#[test]
fn a_constraint_counts_where_its_marker_holds() {
    let directory = tempfile::tempdir().unwrap();
    let constraints = [
        hashed("c==1.0 ; python_version < \"3.12\"", '1'),
        hashed("c==2.0 ; python_version >= \"3.12\"", '2'),
        "d<2 ; python_version < \"3.12\"\n".to_owned(),
    ];
    let lock = read(
        directory.path(),
        &[
            (
                "requirements.txt",
                &format!("-c limits.txt\nc\n{}", hashed("d==2", '3')),
            ),
            ("limits.txt", &constraints.concat()),
        ],
    );
    assert_eq!(versions(&lock, "3.13"), ["c 2.0", "d 2"]);
    let refused = select(&lock, "3.11").unwrap_err();
    assert!(refused.contains("does not allow d 2"), "{refused}");
    let to_look_up = lock.to_look_up();
    let asked: Vec<String> = to_look_up
        .iter()
        .map(|package| {
            format!(
                "{} {} {}",
                package.name,
                package.version,
                package.hashes.len()
            )
        })
        .collect();
    assert_eq!(asked, ["c 1.0 1", "c 2.0 1", "d 2 1"]);
}

/// pip takes a file only if all that have hashes have its own.
#[test]
fn the_hashes_of_a_constraint_narrow_those_of_a_requirement() {
    for (constraint, selected) in [
        (hashed("c==1", '1'), Ok(1)),
        (hashed("c<2", '1'), Ok(1)),
        ("c<2\n".to_owned(), Ok(2)),
        (hashed("c==1 ; python_version < \"3.12\"", '3'), Ok(2)),
        (hashed("c==1", '3'), Err("is one of its constraint's")),
        (
            format!(
                "c @ https://files.example.com/c-1-py3-none-any.whl#sha256={}\n",
                "1".repeat(64)
            ),
            Err("a constraint that is a URL"),
        ),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let line = hashed("c==1", '1').trim_end().to_owned() + &hashed("", '2');
        let files = [
            ("requirements.txt", format!("-c limits.txt\n{line}")),
            ("limits.txt", constraint.clone()),
        ];
        let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
        let mut lock = read(directory.path(), &files);
        for package in lock.to_look_up() {
            let listed = package.hashes.iter().map(|digest| LockedFile {
                name: "c-1-py3-none-any.whl".to_owned(),
                url: None,
                size: None,
                digests: vec![*digest],
                weak_hash: None,
            });
            let listed = listed.collect();
            let source = PackageSource::Registry {
                url: None,
                reference: None,
            };
            lock.add_files(&package, source, listed);
        }
        let files = select(&lock, "3.13").map(|found| found.packages()[0].files.len());
        match selected {
            Ok(count) => assert_eq!(files, Ok(count), "{constraint}"),
            Err(message) => assert!(files.unwrap_err().contains(message), "{constraint}"),
        }
    }
}

/// They stopped the build for a target that does not get them.
#[test]
fn only_a_target_that_gets_an_archive_needs_it() {
    let directory = tempfile::tempdir().unwrap();
    let text = "./wheels/nope-1.0-py3-none-any.whl ; python_version < \"3.12\"\n\
                other @ ./other ; python_version < \"3.12\"\n"
        .to_owned();
    let lock = read(
        directory.path(),
        &[("requirements.txt", &(text + &hashed("six==1", '0')))],
    );
    assert_eq!(versions(&lock, "3.13"), ["six 1"]);
    let refused = select(&lock, "3.11").unwrap_err();
    assert!(
        refused.contains("there is no `./wheels/nope-1.0-py3-none-any.whl`"),
        "{refused}"
    );
}

#[test]
fn a_url_may_stand_right_behind_its_name_and_have_its_hash_in_it() {
    let hash = "0".repeat(64);
    let url = "https://files.example.com/c-1.0-py3-none-any.whl";
    for line in [
        format!("c@{url} --hash=sha256:{hash}\n"),
        format!("c[x]@ {url} --hash=sha256:{hash}\n"),
        format!("c @ {url}#sha256={hash}\n"),
        format!("{url}#egg=c&sha256={hash}\n"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let lock = read(directory.path(), &[("requirements.txt", &line)]);
        let selected = select(&lock, "3.13").unwrap();
        let [package] = selected.packages() else {
            panic!("{line}")
        };
        assert_eq!(package.name.as_str(), "c", "{line}");
        let is_url = matches!(&package.source, PackageSource::Url { url: it, .. } if it == url);
        assert!(is_url, "{line} {:?}", package.source);
        assert_eq!(package.files[0].digests[0].hex(), hash, "{line}");
    }
    // Of a hash that proves nothing `--allow-unhashed` makes none that does.
    for line in [
        format!("c @ {url}#md5=00\n"),
        format!("c @ {url} --hash=md5:00\n"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("requirements.txt");
        fs_err::write(&path, &line).unwrap();
        let lock = RequirementsLock::read(&path, true, &|_| None).unwrap();
        let refused = select(&lock, "3.13").unwrap_err();
        assert!(refused.contains("md5:00"), "{refused}");
    }
    let commit = "0".repeat(40);
    let line = format!("git+ssh://git@git.example.com/a.git@{commit}#egg=a\n");
    let directory = tempfile::tempdir().unwrap();
    let lock = read(directory.path(), &[("requirements.txt", &line)]);
    assert_eq!(versions(&lock, "3.13"), ["a "]);
}

/// What asks for it on another target is not here, and is not the project either.
#[test]
fn who_asks_for_a_package_is_one_of_those_that_are_selected() {
    let directory = tempfile::tempdir().unwrap();
    let text = [
        hashed("a==1", '0'),
        "    # via -r requirements.in\n".to_owned(),
        hashed("b==1 ; python_version < \"3.11\"", '0'),
        "    # via a\n".to_owned(),
        hashed("d==1", '0'),
        "    # via\n    #   a\n    #   b\n".to_owned(),
        "\n# The following packages are considered to be unsafe:\n# setuptools\n".to_owned(),
    ];
    let lock = read(directory.path(), &[("requirements.txt", &text.concat())]);
    let selected = select(&lock, "3.13").unwrap();
    let requested: Vec<&str> = selected
        .requested()
        .iter()
        .map(layerlock_lock::PackageName::as_str)
        .collect();
    assert_eq!(requested, ["a"]);
}
