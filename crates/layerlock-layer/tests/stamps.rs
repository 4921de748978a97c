//! What is done to an output after it was written shows in its stamp.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input has failed"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use layerlock_layer::{
    Entry, EntrySource, LayerPath, LayerPlan, Mode, PlanBuilder, StagingDirectory, Stamp,
    ZipOptions, prepare_zip,
};

fn plan() -> LayerPlan {
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("demo");
    for (path, text) in [("python/empty.py", ""), ("python/mod.py", "import os\n")] {
        builder.push(Entry {
            path: LayerPath::new(path).unwrap(),
            mode: Mode::Regular,
            owner,
            source: EntrySource::Bytes(text.as_bytes().into()),
        });
    }
    builder.finish().unwrap()
}

/// Both outputs, and their stamps.
fn outputs(directory: &Path) -> [(PathBuf, Stamp); 2] {
    let plan = plan();
    let (zip, staging) = (directory.join("layer.zip"), directory.join("staging"));
    prepare_zip(&plan, &zip, ZipOptions::default())
        .unwrap()
        .1
        .put_in_place()
        .unwrap();
    let claimed = StagingDirectory::claim(&staging, &plan, |_| false).unwrap();
    claimed
        .prepare(&plan, false)
        .unwrap()
        .put_in_place()
        .unwrap();
    [zip, staging].map(|path| {
        let stamp = Stamp::read(&path).unwrap();
        (path, stamp)
    })
}

#[test]
fn an_output_that_nobody_touched_has_its_stamp() {
    let temp = tempfile::tempdir().unwrap();
    for (path, stamp) in outputs(temp.path()) {
        assert!(stamp.is_certain());
        assert_eq!(Stamp::read(&path).unwrap(), stamp);
    }
}

#[test]
fn an_edit_of_the_same_size_in_the_same_instant_is_seen() {
    for _ in 0..30 {
        let temp = tempfile::tempdir().unwrap();
        let [(zip, zip_stamp), (staging, staging_stamp)] = outputs(temp.path());
        for file in [&zip, &staging.join("python/mod.py")] {
            let mut bytes = fs::read(file).unwrap();
            bytes[3] ^= 1;
            fs::write(file, bytes).unwrap();
        }
        assert_ne!(Stamp::read(&zip).unwrap(), zip_stamp);
        assert_ne!(Stamp::read(&staging).unwrap(), staging_stamp);
    }
}

#[test]
fn what_comes_goes_or_is_renamed_in_a_directory_is_seen() {
    let set_back = |staging: &Path| {
        let path = staging.join("python/empty.py");
        let file = fs::OpenOptions::new().append(true).open(path).unwrap();
        let earlier = SystemTime::now() - Duration::from_secs(9);
        file.file().set_modified(earlier).unwrap();
    };
    let changes: [&dyn Fn(&Path); 5] = [
        &|staging| fs::write(staging.join("python/new"), "").unwrap(),
        &|staging| fs::create_dir(staging.join("empty")).unwrap(),
        &|staging| fs::remove_file(staging.join("python/mod.py")).unwrap(),
        &|staging| fs::rename(staging.join("python/mod.py"), staging.join("mod.py")).unwrap(),
        &set_back,
    ];
    for change in changes {
        let temp = tempfile::tempdir().unwrap();
        let [_, (staging, stamp)] = outputs(temp.path());
        change(&staging);
        assert_ne!(Stamp::read(&staging).unwrap(), stamp);
    }
}

#[cfg(unix)]
#[test]
fn the_mode_of_a_directory_itself_is_seen() {
    use std::os::unix::fs::PermissionsExt;
    let temp = tempfile::tempdir().unwrap();
    let [_, (staging, stamp)] = outputs(temp.path());
    fs::set_permissions(&staging, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_ne!(Stamp::read(&staging).unwrap(), stamp);
}
