//! Which index is asked for what.

use layerlock_client::Error as ClientError;
use layerlock_install::index::IndexUrl;
use layerlock_install::{Cache, Error, Fetched, Silent, fetch};
use layerlock_target::Architecture;
use layerlock_testkit::{
    LockedPackage, LoopbackIndex, ProjectBuilder, ServedFile, Wheel as TestWheel, WheelBuilder,
};

use crate::helpers::{Machine, aws, choose_wheel, chosen, locked, project_of};

fn demo() -> TestWheel {
    WheelBuilder::new("demo", "1.0").file("demo.py", "").build()
}

/// Fetches what a project locks on a machine with this default index.
fn fetch_on(machine: &Machine, project: &ProjectBuilder, index: &str) -> Result<Fetched, Error> {
    let default_index = || Ok(IndexUrl::parse(index)?.into());
    let cache = Cache::temporary().unwrap();
    fetch(
        &chosen(project),
        &machine.options(&cache, &default_index),
        &Silent,
    )
}

#[test]
fn extra_indexes_have_what_the_default_index_lacks() {
    let wheel = demo();
    let without_project = LoopbackIndex::start();
    let without_file = LoopbackIndex::with_wheels([&WheelBuilder::new("demo", "0.9").build()]);
    let with_other_bytes = LoopbackIndex::start();
    with_other_bytes.add(ServedFile {
        sha256: Some("0".repeat(64)),
        ..ServedFile::from(&wheel)
    });
    let with_it = LoopbackIndex::with_wheels([&wheel]);
    let not_asked = LoopbackIndex::with_wheels([&wheel]);
    let mut machine = Machine::default();
    let variables = &mut machine.config().variables;
    variables.insert(
        "PIP_EXTRA_INDEX_URL",
        format!("{} {}", without_file.url(), with_other_bytes.url()),
    );
    variables.insert("UV_INDEX", format!("named={}", with_it.url()));
    variables.insert("UV_EXTRA_INDEX_URL", not_asked.url());
    fetch_on(&machine, &project_of([&wheel]), &without_project.url()).unwrap();
    for index in [&without_project, &without_file, &with_other_bytes] {
        assert_eq!(index.requests().len(), 1);
    }
    assert_eq!(with_it.request_count(&with_it.file_path(&wheel)), 1);
    assert!(not_asked.requests().is_empty());
}

#[test]
fn what_no_index_has_is_told_with_every_page() {
    let wheel = demo();
    let other = WheelBuilder::new("demo", "0.9").build();
    let [one, two] = [(); 2].map(|()| LoopbackIndex::with_wheels([&other]));
    let mut machine = Machine::default();
    machine
        .config()
        .variables
        .insert("PIP_EXTRA_INDEX_URL", two.url());
    let error = fetch_on(&machine, &project_of([&wheel]), &one.url()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} is not among the files of {}demo/ nor of {}demo/",
            wheel.file_name,
            one.url(),
            two.url()
        )
    );
}

#[test]
fn a_locked_source_is_asked_alone() {
    let wheel = demo();
    let [company, elsewhere] = [(); 2].map(|()| LoopbackIndex::with_wheels([&wheel]));
    let path = company.page_path("demo");
    company.fault(&path, layerlock_testkit::Fault::Status(404));
    let mut machine = Machine::default();
    machine
        .config()
        .variables
        .insert("PIP_EXTRA_INDEX_URL", elsewhere.url());
    let project = ProjectBuilder::new("shop")
        .source("company", &company.url(), "explicit")
        .package(LockedPackage::from(&wheel).source("company"));
    let error = fetch_on(&machine, &project, &elsewhere.url()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Client(ClientError::Status { status: 404, .. })
        ),
        "{error:?}"
    );
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_locked_source_is_known_by_its_name() {
    let wheel = demo();
    let [old, new] = [(); 2].map(|()| LoopbackIndex::with_wheels([&wheel]));
    let project = ProjectBuilder::new("shop")
        .source("company", &old.url(), "explicit")
        .package(LockedPackage::from(&wheel).source("company"));
    // The URL in pyproject.toml, where it is not the lock's.
    let moved = ProjectBuilder::new("shop")
        .source("Company", &new.url(), "explicit")
        .write();
    let machine = Machine {
        project_sources: layerlock_export::Project::read(moved.path())
            .unwrap()
            .sources()
            .to_vec(),
        ..Machine::default()
    };
    fetch_on(&machine, &project, "http://127.0.0.1:9/").unwrap();
    assert!(old.requests().is_empty());
    assert_eq!(new.requests().len(), 2);
}

#[test]
fn a_page_is_asked_for_once_for_all_files_of_a_project() {
    let wheel = |machine: &str| {
        let tag = format!("cp312-cp312-manylinux_2_28_{machine}");
        WheelBuilder::new("native", "1.0")
            .tag(&tag)
            .file("x.so", machine)
            .build()
    };
    let wheels = [wheel("x86_64"), wheel("aarch64")];
    let index = LoopbackIndex::with_wheels(&wheels);
    let package = LockedPackage::from(&wheels[0]).wheel(&wheels[1]);
    let project = ProjectBuilder::new("shop").package(package);
    let both: Vec<_> = [Architecture::X86_64, Architecture::Arm64]
        .into_iter()
        .flat_map(|architecture| {
            let target = aws("python3.12", architecture);
            let packages = locked(&project).into_iter();
            packages.map(move |package| choose_wheel(package, &target).unwrap())
        })
        .collect();
    let default_index = || Ok(IndexUrl::parse(&index.url())?.into());
    let (machine, cache) = (Machine::default(), Cache::temporary().unwrap());
    let fetched = fetch(&both, &machine.options(&cache, &default_index), &Silent).unwrap();
    for (found, made) in fetched.wheels.iter().zip(&wheels) {
        assert_eq!(fs_err::read(&found.path).unwrap(), made.bytes);
    }
    assert_eq!(index.request_count(&index.page_path("native")), 1);
}

#[test]
fn a_yanked_file_is_used_when_it_is_locked_and_told() {
    for html_only in [false, true] {
        for reason in ["broken on Tuesdays", ""] {
            let wheel = demo();
            let index = LoopbackIndex::start();
            index.add(ServedFile {
                yanked: Some(reason.to_owned()),
                ..ServedFile::from(&wheel)
            });
            if html_only {
                index.html_only();
            }
            let fetched =
                fetch_on(&Machine::default(), &project_of([&wheel]), &index.url()).unwrap();
            assert_eq!(fetched.wheels.len(), 1);
            let [yanked] = fetched.yanked.try_into().unwrap();
            assert_eq!(
                (yanked.package.as_str(), yanked.file),
                ("demo", wheel.file_name)
            );
            assert_eq!(yanked.reason, reason);
        }
    }
}

#[test]
fn a_file_for_other_pythons_is_used_when_it_is_locked() {
    // The lock has decided; `data-requires-python` is for who still chooses.
    let wheel = demo();
    let index = LoopbackIndex::start();
    index.add(ServedFile {
        requires_python: Some(">=3.99,<4 & \"odd\"".to_owned()),
        ..ServedFile::from(&wheel)
    });
    for html_only in [false, true] {
        if html_only {
            index.html_only();
        }
        fetch_on(&Machine::default(), &project_of([&wheel]), &index.url()).unwrap();
    }
}
