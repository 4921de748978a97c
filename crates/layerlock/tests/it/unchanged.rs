//! A run that finds nothing to do.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use layerlock::{
    Built, BuiltLayer, CacheLocation, CacheRemoval, Code, ErrorKind, FrontendKind, Settings,
    Silent, build, clean_cache, install,
};
use layerlock_testkit::{ProjectBuilder, SourceTree};

use crate::helpers::{STAGED, Shop, files, project_of, tree, wheels};

fn run(settings: &Settings) -> Built {
    build(settings, &Silent).unwrap()
}

/// The report as programs read it, without the member that is to differ.
fn facts(report: &Built) -> serde_json::Value {
    let mut value = serde_json::to_value(report).unwrap();
    value.as_object_mut().unwrap().remove("unchanged").unwrap();
    value
}

#[test]
fn a_second_run_opens_no_wheel_and_gives_the_same_report() {
    let shop = Shop::configured(STAGED);
    let first = run(&shop.settings());
    assert!(!first.unchanged);
    // Without wheels and without an index nothing could be built.
    fs_err::remove_dir_all(shop.cache.path().join("wheels-v2")).unwrap();
    let settings = Settings {
        index_url: None,
        offline: true,
        ..shop.settings()
    };
    let second = run(&settings);
    assert!(second.unchanged);
    assert_eq!(facts(&second), facts(&first));
    let text = second.to_string();
    assert!(
        text.ends_with("\nunchanged: project, lock and outputs are as the last run left them"),
        "{text}"
    );
    // `install` is another job, and `rebuild` asks for the work.
    install(&settings, &Silent).unwrap_err();
    let rebuild = Settings {
        rebuild: true,
        ..settings
    };
    build(&rebuild, &Silent).unwrap_err();
}

#[test]
fn an_output_that_was_touched_is_made_again() {
    let shop = Shop::configured(STAGED);
    let built = run(&shop.settings());
    let zip = &built.layers[0].zip.as_ref().unwrap().path;
    let staging = shop.path("lambda_dependencies");
    let before = (fs_err::read(zip).unwrap(), tree(&staging));

    let edit = |path: &Path| {
        let mut bytes = fs_err::read(path).unwrap();
        bytes[0] ^= 1;
        fs_err::write(path, bytes).unwrap();
    };
    let module = staging.join("python/pure/__init__.py");
    let touches: [&dyn Fn(); 6] = [
        &|| edit(zip),
        &|| fs_err::remove_file(zip).unwrap(),
        &|| edit(&module),
        &|| fs_err::remove_file(&module).unwrap(),
        &|| fs_err::remove_dir_all(&staging).unwrap(),
        // Bytecode is nobody's work: it goes.
        &|| {
            let directory = staging.join("python/pure/__pycache__");
            fs_err::create_dir(&directory).unwrap();
            fs_err::write(directory.join("a.cpython-312.pyc"), "x").unwrap();
        },
    ];
    for touch in touches {
        assert!(run(&shop.settings()).unchanged);
        touch();
        let again = run(&shop.settings());
        assert!(!again.unchanged);
        assert_eq!(facts(&again), facts(&built));
        assert_eq!((fs_err::read(zip).unwrap(), tree(&staging)), before);
    }
    assert!(run(&shop.settings()).unchanged);
}

#[test]
fn a_foreign_file_is_not_taken_for_nothing_changed() {
    let shop = Shop::configured(STAGED);
    run(&shop.settings());
    fs_err::write(shop.path("lambda_dependencies/mine.py"), "x").unwrap();
    let error = build(&shop.settings(), &Silent).unwrap_err();
    assert!(error.to_string().contains("mine.py"), "{error}");
}

#[test]
fn another_input_is_another_run() {
    let shop = Shop::configured("");
    run(&shop.settings());
    let other = Settings {
        exclude: Some(vec!["pure".to_owned()]),
        ..shop.settings()
    };
    assert!(!run(&other).unchanged);
    // Both wrote one zip: the first finds another than its own.
    let again = run(&shop.settings());
    assert!(!again.unchanged);
    assert_eq!(again.layers[0].packages.len(), 2);

    assert!(run(&shop.settings()).unchanged);
    let pyproject = shop.project.pyproject();
    let text = fs_err::read_to_string(&pyproject).unwrap();
    fs_err::write(&pyproject, text + "# a comment\n").unwrap();
    assert!(!run(&shop.settings()).unchanged);
    let lock = shop.project.lock();
    let text = fs_err::read_to_string(&lock).unwrap();
    fs_err::write(&lock, text + "# a comment\n").unwrap();
    assert!(!run(&shop.settings()).unchanged);
}

#[test]
fn a_stale_lock_that_is_allowed_is_told_each_time() {
    let wheels = wheels();
    let project = project_of(&wheels).content_hash(&"0".repeat(64));
    let shop = Shop::new(&project, &wheels);
    let allowed = Settings {
        allow_stale_lock: true,
        ..shop.settings()
    };
    for unchanged in [false, true] {
        let built = run(&allowed);
        assert_eq!(built.unchanged, unchanged);
        let findings = built.layers[0].findings.iter();
        assert!(
            findings
                .filter(|finding| finding.code == Code::StaleLock)
                .count()
                == 1
        );
    }
    let error = build(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project);
}

#[test]
fn without_a_cache_nothing_is_remembered_and_no_credential_is() {
    let shop = Shop::configured("");
    let nowhere = Settings {
        cache: CacheLocation::Nowhere,
        ..shop.settings()
    };
    run(&nowhere);
    assert!(!run(&nowhere).unchanged);

    let secret = Settings {
        index_url: Some(shop.index.url_with_credentials("user", "hunter2")),
        ..shop.settings()
    };
    run(&secret);
    let notes = shop.cache.path().join("runs-v5");
    let notes: Vec<_> = fs_err::read_dir(notes).unwrap().collect();
    assert_eq!(notes.len(), 1);
    for note in notes {
        let text = fs_err::read_to_string(note.unwrap().path()).unwrap();
        assert!(!text.contains("hunter2"));
    }
    assert!(run(&shop.settings()).unchanged);
}

/// A note in which a bit flipped tells a hash that the zip does not have.
#[test]
fn a_damaged_note_counts_as_none() {
    let shop = Shop::new(&ProjectBuilder::new("shop"), []);
    run(&shop.settings());
    let notes = shop.cache.path().join("runs-v5");
    let note = fs_err::read_dir(notes).unwrap().next().unwrap().unwrap();
    let whole = fs_err::read(note.path()).unwrap();
    for index in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[index] ^= 1;
        fs_err::write(note.path(), damaged).unwrap();
        assert!(!run(&shop.settings()).unchanged, "byte {index}");
        assert!(run(&shop.settings()).unchanged);
    }
}

#[test]
fn what_a_killed_run_left_beside_an_output_goes_also_where_nothing_changed() {
    let shop = Shop::configured(STAGED);
    run(&shop.settings());
    let remains = [
        shop.path("dist/layers/.layerlock-killed.tmp"),
        shop.path(".layerlock-killed.tmp"),
    ];
    for path in &remains {
        fs_err::write(path, "half a layer").unwrap();
    }
    assert!(run(&shop.settings()).unchanged);
    for path in &remains {
        assert!(!path.exists(), "{}", path.display());
    }
}

/// What can be fetched anew is no reason to fail.
#[test]
fn a_damaged_wheel_in_the_cache_is_fetched_anew() {
    let shop = Shop::configured("");
    let first = shop.build();
    let damage = || {
        let wheels = files(&shop.cache.path().join("wheels-v2"));
        for (name, mut bytes) in wheels
            .into_iter()
            .filter(|(name, _)| Path::new(name).extension().is_some_and(|it| it == "whl"))
        {
            // In the data of its first member.
            bytes[60] ^= 1;
            fs_err::write(shop.cache.path().join("wheels-v2").join(name), bytes).unwrap();
        }
    };
    damage();
    let settings = Settings {
        rebuild: true,
        ..shop.settings()
    };
    let offline = Settings {
        offline: true,
        ..settings.clone()
    };
    let error = build(&offline, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.hint().unwrap().contains("layerlock cache clean"));
    let built = build(&settings, &Silent).unwrap();
    let digest = |layer: &BuiltLayer| layer.zip.as_ref().unwrap().digest;
    assert_eq!(digest(&built.layers[0]), digest(&first));
    // A directory in the place of a file, too.
    for (name, _) in files(&shop.cache.path().join("wheels-v2")) {
        let path = shop.cache.path().join("wheels-v2").join(name);
        fs_err::remove_file(&path).unwrap();
        fs_err::create_dir(&path).unwrap();
    }
    let built = build(&settings, &Silent).unwrap();
    assert_eq!(digest(&built.layers[0]), digest(&first));
}

/// Whatever is the first thing in it, a cache is known to be one.
#[test]
fn a_cache_with_nothing_but_a_note_can_be_cleaned() {
    let shop = Shop::new(&ProjectBuilder::new("shop"), []);
    run(&shop.settings());
    assert!(run(&shop.settings()).unchanged);
    let cleaned = clean_cache(&shop.settings().cache, &CacheRemoval::All).unwrap();
    assert_eq!(cleaned.removed_files, 1);
    assert!(!run(&shop.settings()).unchanged);
}

/// A monorepo pays for its packages when they change, not at each run.
#[test]
fn packages_that_are_directories_are_built_again_once_they_change() {
    let project = ProjectBuilder::new("shop").lock_packages(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
         [package.source]\ntype = \"directory\"\nurl = \"demo\"\n",
    );
    let shop = Shop::new(&project, []);
    let source = SourceTree::new("demo", "1.0");
    source.write_to(&shop.path("demo"));
    let settings = Settings {
        build_frontend: Some(FrontendKind::Pip),
        project: shop.path(""),
        ..shop.settings()
    };
    // What was just written may be written again without being seen.
    assert!(!run(&settings).unchanged);
    sleep(Duration::from_millis(2100));
    let built = run(&settings);
    assert!(!built.unchanged);
    assert!(run(&settings).unchanged);
    assert_eq!(facts(&run(&settings)), facts(&built));

    fs_err::write(shop.path("demo/demo/more.py"), "x = 1\n").unwrap();
    let changed = run(&settings);
    assert!(!changed.unchanged);
    let digest = |built: &Built| built.layers[0].packages[0].digest;
    assert_ne!(digest(&changed), digest(&built));
}
