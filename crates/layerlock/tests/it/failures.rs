//! Each kind of failure, and that it leaves every output as it was.

use std::path::PathBuf;
use std::thread;

use layerlock::{
    Choice, Conflicts, Error, ErrorKind, Extras, FrontendKind, Groups, Provider, PublishSettings,
    Publishing, Settings, Silent,
};
use layerlock_testkit::{
    Fault, Flaw, LockedPackage, LoopbackIndex, ProjectBuilder, ServedFile, SourceTree,
    WheelBuilder, sha256_hex,
};

use crate::helpers::{STAGED, Shop, project_of, tree, wheels};

fn project() -> ProjectBuilder {
    project_of(&wheels()).pyproject(STAGED)
}

/// A shop in which something is wrong, and the settings to see it with.
struct Broken {
    shop: Shop,
    settings: Settings,
}

impl Broken {
    /// Changes the project's files.
    fn project(&self, project: ProjectBuilder) {
        project.pyproject(STAGED).write_to(self.shop.project.path());
    }

    fn path(&self, below: &str) -> PathBuf {
        self.shop.path(below)
    }
}

/// Runs each job on a project that `breaks` broke, with and without outputs of
/// an earlier run. Each has to fail, with an error of this kind, and leave the
/// project's directory byte for byte as it was.
fn assert_fails(kind: ErrorKind, breaks: impl Fn(&mut Broken)) -> Error {
    assert_jobs_fail(&["build", "install", "publish"], kind, breaks)
}

/// The same for what is wrong with a staging directory, which a publish does not need.
fn assert_staging_fails(kind: ErrorKind, breaks: impl Fn(&mut Broken)) -> Error {
    assert_jobs_fail(&["build", "install"], kind, breaks)
}

fn assert_jobs_fail(names: &[&str], kind: ErrorKind, breaks: impl Fn(&mut Broken)) -> Error {
    let mut last = None;
    for built_before in [false, true] {
        let shop = Shop::new(&project(), &wheels());
        if built_before {
            shop.build();
        }
        let mut settings = shop.settings();
        settings.cache = layerlock::CacheLocation::Nowhere;
        let mut broken = Broken { shop, settings };
        breaks(&mut broken);
        let Broken { shop, settings } = &broken;
        let publish = PublishSettings {
            settings: settings.clone(),
            to: Publishing::Local(None),
            ..PublishSettings::default()
        };
        let before = tree(shop.project.path());
        // At once, since some wait a while before they give up.
        let jobs: [(&str, &(dyn Fn() -> Option<Error> + Sync)); 3] = [
            ("build", &|| layerlock::build(settings, &Silent).err()),
            ("install", &|| layerlock::install(settings, &Silent).err()),
            ("publish", &|| layerlock::publish(&publish, &Silent).err()),
        ];
        let results = thread::scope(|scope| {
            let jobs = jobs.iter().filter(|(name, _)| names.contains(name));
            let runs: Vec<_> = jobs.map(|(name, job)| (name, scope.spawn(job))).collect();
            let ends = runs
                .into_iter()
                .map(|(name, run)| (name, run.join().unwrap()));
            ends.collect::<Vec<_>>()
        });
        for (name, error) in results {
            let error = error.unwrap_or_else(|| panic!("{name} went well"));
            assert_eq!(error.kind(), kind, "{name}: {error:?}");
            last = Some(error);
        }
        let after = tree(shop.project.path());
        assert_eq!(after, before, "built before: {built_before}");
    }
    last.unwrap()
}

#[test]
fn no_project() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        fs_err::remove_file(broken.path("pyproject.toml")).unwrap();
    });
    assert!(error.to_string().contains("pyproject.toml"), "{error}");
}

#[test]
fn no_lock() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        fs_err::remove_file(broken.path("poetry.lock")).unwrap();
    });
    assert!(error.to_string().contains("poetry.lock"), "{error}");
    assert!(error.hint().unwrap().contains("poetry lock"));
}

#[test]
fn stale_lock() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        broken.project(project_of(&wheels()).content_hash(&"0".repeat(64)));
    });
    assert!(error.place().unwrap().path.ends_with("poetry.lock"));
    assert!(error.hint().unwrap().contains("poetry lock"));
}

#[test]
fn lock_that_is_no_toml() {
    assert_fails(ErrorKind::Project, |broken| {
        fs_err::write(broken.path("poetry.lock"), "<<<<<<< HEAD\n").unwrap();
    });
}

#[test]
fn project_without_a_name() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        let path = broken.path("pyproject.toml");
        let text = fs_err::read_to_string(&path).unwrap();
        fs_err::write(path, text.replace("name = \"shop\"\n", "")).unwrap();
    });
    assert!(error.hint().is_some(), "{error}");
}

#[test]
fn unknown_group_or_extra() {
    let error = assert_fails(ErrorKind::Usage, |broken| {
        broken.settings.choice = Some(Choice {
            groups: Groups {
                with: vec!["wbe".to_owned()],
                ..Groups::default()
            },
            ..Choice::default()
        });
    });
    assert!(error.to_string().contains("wbe"), "{error}");
    assert_fails(ErrorKind::Usage, |broken| {
        broken.settings.choice = Some(Choice {
            extras: Extras {
                names: vec!["none".to_owned()],
                all: false,
            },
            ..Choice::default()
        });
    });
}

#[test]
fn index_address_that_is_none() {
    for url in ["packages.example.com", "ftp://packages.example.com/simple"] {
        assert_fails(ErrorKind::Usage, |broken| {
            broken.settings.index_url = Some(url.to_owned());
        });
    }
}

#[test]
fn no_wheel_for_the_target() {
    let [_, x86_64, _] = wheels();
    let error = assert_fails(ErrorKind::Artifact, |broken| {
        broken.project(ProjectBuilder::new("shop").package(&x86_64));
        broken.settings.runtimes = vec![Provider::Aws.runtime("python3.12").unwrap()];
        broken.settings.architectures = vec!["arm64".parse().unwrap()];
    });
    let text = error.to_string();
    assert!(text.contains("native 2.0 has no wheel for"), "{text}");
    assert!(error.place().unwrap().path.ends_with("poetry.lock"));
    let hint = error.hint().unwrap();
    assert_eq!(
        hint.lines().next().unwrap(),
        "run `poetry lock` (`poetry lock --no-cache` if that changes nothing): the index has \
         native-2.0-cp312-cp312-manylinux_2_28_aarch64.whl by now, or build with --find-links wheels, where the command below puts it, or build for \
         x86_64"
    );
}

#[test]
fn no_runtime_is_recommended_that_the_project_does_not_allow() {
    let native = |minor: u8| {
        WheelBuilder::new("native", "2.0")
            .tag(&format!("cp3{minor}-cp3{minor}-manylinux_2_28_x86_64"))
            .build()
    };
    let package = LockedPackage::from(&native(12))
        .wheel(&native(13))
        .wheel(&native(14));
    let error = assert_fails(ErrorKind::Artifact, |broken| {
        let project = ProjectBuilder::new("shop").requires_python(">=3.11,<3.14");
        broken.project(project.package(&package));
        broken.settings.runtimes = vec![Provider::Aws.runtime("python3.11").unwrap()];
    });
    assert_eq!(
        error.hint().unwrap(),
        "build for python3.12 or python3.13, or lock another version of native"
    );
}

#[test]
fn runtime_that_the_project_does_not_allow() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        broken.settings.runtimes = vec![Provider::Aws.runtime("python3.13").unwrap()];
    });
    assert!(error.place().unwrap().path.ends_with("pyproject.toml"));
}

#[test]
fn git_commit_that_is_none() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        broken.project(project_of(&wheels()).lock_packages(
            "[[package]]\nname = \"gitted\"\nversion = \"1.0\"\ndescription = \"\"\n\
             optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
             [package.source]\ntype = \"git\"\nurl = \"https://packages.example.com/x.git\"\n\
             reference = \"main\"\nresolved_reference = \"0123456789\"\n",
        ));
    });
    assert!(error.to_string().contains("gitted"), "{error}");
}

#[test]
fn failed_build() {
    let sdist = SourceTree::new("demo", "1.0")
        .failing("no compiler")
        .sdist();
    let package =
        LockedPackage::new("demo", "1.0").file(&sdist.file_name, &sha256_hex(&sdist.bytes));
    let error = assert_fails(ErrorKind::Artifact, |broken| {
        broken.shop.index.add(&sdist);
        broken.project(project_of(&wheels()).package(&package));
        broken.settings.build_frontend = Some(FrontendKind::Pip);
    });
    assert!(error.to_string().contains("no compiler"), "{error}");
    assert!(error.place().unwrap().path.ends_with("poetry.lock"));
}

#[test]
fn folder_that_is_not_there() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        broken.project(project_of(&wheels()).lock_packages(
            "[[package]]\nname = \"local\"\nversion = \"1.0\"\ndescription = \"\"\n\
             optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
             [package.source]\ntype = \"directory\"\nurl = \"libs/local\"\n",
        ));
    });
    assert!(error.to_string().contains("local"), "{error}");
}

/// The newest version that the index has a wheel of.
#[test]
fn no_wheel_where_the_index_has_one_of_another_version() {
    let wheel = |version: &str, glibc: u8| {
        WheelBuilder::new("compiled", version)
            .tag(&format!("cp312-cp312-manylinux_2_{glibc}_x86_64"))
            .build()
    };
    let newest = wheel("2.0", 38);
    for (offline, hint) in [
        (
            false,
            "lock compiled 1.10, the newest version with a wheel for this target",
        ),
        (true, "lock another version of compiled"),
    ] {
        let error = assert_fails(ErrorKind::Artifact, |broken| {
            for other in [
                wheel("1.9", 28),
                wheel("1.10", 28),
                wheel("1.11rc1", 28),
                wheel("1.12", 38),
            ] {
                broken.shop.index.add(&other);
            }
            broken.shop.index.add(ServedFile {
                yanked: Some(String::new()),
                ..ServedFile::from(&wheel("1.11", 28))
            });
            broken.shop.index.add(ServedFile {
                requires_python: Some(">=3.13".to_owned()),
                ..ServedFile::from(&wheel("1.11.1", 28))
            });
            broken.project(ProjectBuilder::new("shop").package(&newest));
            broken.settings.runtimes = vec![Provider::Aws.runtime("python3.12").unwrap()];
            broken.settings.offline = offline;
        });
        assert_eq!(error.hint().unwrap(), hint);
    }
}

/// The lock is older than the wheel: nothing has to move to another version.
#[test]
fn no_wheel_where_the_index_has_one_of_the_locked_version_by_now() {
    let wheel = |version: &str, python: &str| {
        WheelBuilder::new("compiled", version)
            .tag(&format!("{python}-{python}-manylinux_2_17_x86_64"))
            .build()
    };
    let locked = wheel("1.0", "cp311");
    let error = assert_fails(ErrorKind::Artifact, |broken| {
        for other in [&locked, &wheel("1.0", "cp312"), &wheel("2.0", "cp312")] {
            broken.shop.index.add(other);
        }
        broken.project(ProjectBuilder::new("shop").package(&locked));
        broken.settings.runtimes = vec![Provider::Aws.runtime("python3.12").unwrap()];
    });
    let hint = error.hint().unwrap();
    let (ways, command) = hint.split_once('\n').unwrap();
    assert_eq!(
        ways,
        "run `poetry lock` (`poetry lock --no-cache` if that changes nothing): the index has \
         compiled-1.0-cp312-cp312-manylinux_2_17_x86_64.whl by now, or build with --find-links wheels, where the command below puts it, or build for \
         python3.11, or lock compiled 2.0, the newest version with a wheel for this target"
    );
    assert!(command.starts_with("docker run "), "{command}");
    assert!(command.ends_with("' compiled==1.0"), "{command}");
}

/// psycopg2 has wheels for Windows alone, and wants libpq to be built.
#[test]
fn failed_build_of_a_package_with_a_binary_sibling() {
    let sdist = SourceTree::new("pg", "1.0")
        .failing("Error: pg_config executable not found.")
        .sdist();
    let package = LockedPackage::new("pg", "1.0").file(&sdist.file_name, &sha256_hex(&sdist.bytes));
    for (tag, is_named) in [
        ("cp312-cp312-manylinux_2_17_x86_64", true),
        ("cp312-cp312-win_amd64", false),
    ] {
        let sibling = WheelBuilder::new("pg_binary", "1.0").tag(tag).build();
        let error = assert_fails(ErrorKind::Artifact, |broken| {
            broken.shop.index.add(&sdist);
            broken.shop.index.add(&sibling);
            broken.project(project_of(&wheels()).package(&package));
            broken.settings.build_frontend = Some(FrontendKind::Pip);
        });
        let hint = error.hint().unwrap();
        assert_eq!(
            hint.starts_with("replace pg by pg-binary, which has a wheel for this target, or "),
            is_named,
            "{hint}"
        );
        assert!(hint.contains("its own output says why"), "{hint}");
    }
}

/// Poetry 1.1.14 and betas of 1.2 wrote `six = []`.
#[test]
fn packages_without_files_in_the_lock() {
    let error = assert_fails(ErrorKind::Project, |broken| {
        let packages = ["six", "yarl"].map(|name| LockedPackage::new(name, "1.0"));
        let [six, yarl] = &packages;
        broken.project(ProjectBuilder::new("shop").package(six).package(yarl));
    });
    assert_eq!(
        error.to_string(),
        "the lock lists no files of six 1.0, yarl 1.0"
    );
    assert!(error.hint().unwrap().starts_with("run `poetry lock`"));
    assert!(error.place().is_some());
}

#[test]
fn packages_that_bring_different_files_of_one_name() {
    let wheel = |name: &str| WheelBuilder::new(name, "1.0").file("same.py", name).build();
    let (one, two) = (wheel("one"), wheel("two"));
    let error = assert_fails(ErrorKind::Artifact, |broken| {
        broken.shop.index.add(&one);
        broken.shop.index.add(&two);
        broken.project(project_of(&wheels()).package(&one).package(&two));
        broken.settings.conflicts = Some(Conflicts::Error);
    });
    assert_eq!(
        error.to_string(),
        "python/same.py comes from both one 1.0 and two 1.0"
    );
    let hint = error.hint().unwrap();
    assert!(hint.contains("`prefer = [\"two\"]`"), "{hint}");
}

#[test]
fn hash_mismatch() {
    let [_, native, _] = wheels();
    let wrong = "0".repeat(64);
    let error = assert_fails(ErrorKind::Integrity, |broken| {
        let package = LockedPackage::new("native", "2.0").file(&native.file_name, &wrong);
        broken.project(
            ProjectBuilder::new("shop")
                .requires_python(">=3.12,<3.13")
                .package(package),
        );
    });
    let text = error.to_string();
    assert!(
        text.contains(&wrong) && text.contains(&native.sha256),
        "{text}"
    );
}

#[test]
fn hostile_wheel() {
    let evil = WheelBuilder::new("evil", "1.0")
        .file("evil.py", "/etc/passwd")
        .flaw(Flaw::Symlink("evil.py".to_owned()))
        .build();
    let error = assert_fails(ErrorKind::Integrity, |broken| {
        broken.shop.index.add(&evil);
        broken.project(project_of(&wheels()).package(&evil));
    });
    assert!(error.to_string().contains("\"evil.py\""), "{error}");
}

#[test]
fn index_that_is_down() {
    assert_fails(ErrorKind::Network, |broken| {
        // The settings keep the URL of the one that stops here.
        broken.shop.index = LoopbackIndex::start();
    });
}

#[test]
fn index_that_lacks_the_package_or_is_none() {
    let page = "/simple/pure/";
    for fault in [Fault::Status(404), Fault::LoginPage] {
        assert_fails(ErrorKind::Network, |broken| {
            broken.shop.index.fault(page, fault.clone());
        });
    }
}

#[test]
fn offline_without_a_cache() {
    let error = assert_fails(ErrorKind::Network, |broken| broken.settings.offline = true);
    assert!(error.hint().unwrap().contains("--offline"));
}

#[test]
fn foreign_file_in_the_staging_directory() {
    let error = assert_staging_fails(ErrorKind::Machine, |broken| {
        let directory = broken.path("lambda_dependencies/python");
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join("my_code.py"), "precious").unwrap();
    });
    assert!(error.to_string().contains("python/my_code.py"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn foreign_file_in_the_staging_directory_of_the_second_layer() {
    assert_staging_fails(ErrorKind::Machine, |broken| {
        broken.project(
            project_of(&wheels())
                .pyproject("[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n"),
        );
        let directory = broken.path("lambda_dependencies/b");
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::write(directory.join("my_code.py"), "precious").unwrap();
    });
}

#[test]
fn file_where_an_output_folder_has_to_be() {
    assert_fails(ErrorKind::Machine, |broken| {
        let file = broken.path("in-the-way");
        fs_err::write(&file, "precious").unwrap();
        broken.settings.output = Some(file.clone());
        broken.settings.staging = Some(file.join("staging"));
    });
}

#[test]
fn staging_directory_that_cannot_be_written_leaves_the_zip_as_it_was() {
    assert_staging_fails(ErrorKind::Machine, |broken| {
        let file = broken.path("in-the-way");
        fs_err::write(&file, "precious").unwrap();
        // The zip could be written; it comes first.
        broken.settings.staging = Some(file.join("staging"));
    });
}

#[test]
fn outputs_that_lie_in_each_other() {
    for toml in [
        "[tool.layerlock]\nstaging = \"dist\"\n",
        "[tool.layerlock.layers.a]\nstaging = \"out/../out/a\"\n\
         [tool.layerlock.layers.b]\nstaging = \"out\"\n",
    ] {
        let shop = Shop::configured(toml);
        let before = tree(shop.project.path());
        let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
        assert!(matches!(error, Error::Overlap { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Project);
        assert_eq!(tree(shop.project.path()), before);
    }
}

#[test]
fn name_that_is_a_path() {
    assert_fails(ErrorKind::Project, |broken| {
        broken.project(ProjectBuilder::new("/somewhere/else"));
    });
}

/// As in a container whose user has no home.
#[test]
fn a_cache_that_cannot_be_written_to_says_how_to_do_without() {
    let shop = Shop::configured(STAGED);
    let settings = Settings {
        cache: layerlock::CacheLocation::At(shop.project.pyproject().join("cache")),
        ..shop.settings()
    };
    let before = tree(shop.project.path());
    for job in [layerlock::build, layerlock::install] {
        let error = job(&settings, &Silent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Machine);
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("--cache-dir") && hint.contains("--no-cache"),
            "{hint}"
        );
    }
    assert_eq!(tree(shop.project.path()), before);
}
