use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::testing::{
    CHANGES, TestFile, archive_plan, bytes_plan, files_plan, sample, truncated_plan,
};
use crate::{EntrySource, PlannedFile};

fn write(plan: &LayerPlan, directory: &Path, is_ours: impl Fn(&str) -> bool) -> Result<(), Error> {
    stage(plan, directory, is_ours, false)
}

fn stage(
    plan: &LayerPlan,
    directory: &Path,
    is_ours: impl Fn(&str) -> bool,
    keep_unpacked: bool,
) -> Result<(), Error> {
    StagingDirectory::claim(directory, plan, is_ours)?
        .prepare(plan, keep_unpacked)?
        .put_in_place()
        .map(drop)
}

fn nothing_is_ours(_: &str) -> bool {
    false
}

#[test]
fn holds_the_files_of_the_plan_and_no_others() {
    let temp = tempfile::tempdir().unwrap();
    let plan = archive_plan(temp.path(), &sample());
    let directory = temp.path().join("made/here/lambda_dependencies");
    write(&plan, &directory, nothing_is_ours).unwrap();

    let names: Vec<_> = sample().iter().map(|file| file.0).collect();
    assert_eq!(files_in(&directory).unwrap(), names);
    for (name, bytes, executable) in sample() {
        let path = directory.join(name);
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if executable { 0o755 } else { 0o644 }, "{name}");
    }
    assert_eq!(
        fs::read_dir(directory.parent().unwrap()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn files_on_disk_are_copied_and_must_not_change() {
    let large = vec![b'x'; usize::try_from(LARGE).unwrap() + 1];
    let files = [
        ("a/tool", &b"#!/bin/sh\n"[..], true),
        ("large", &large, false),
    ];
    let temp = tempfile::tempdir().unwrap();
    let plan = files_plan(temp.path(), &files);
    let directory = temp.path().join("staging");
    write(&plan, &directory, nothing_is_ours).unwrap();
    for (name, bytes, _) in files {
        assert!(fs::read(directory.join(name)).unwrap() == bytes, "{name}");
    }

    for entry in plan.entries() {
        let EntrySource::File(file) = &entry.source else {
            panic!("a file");
        };
        let before = fs::read(file.path()).unwrap();
        for change in CHANGES {
            change(file.path()).unwrap();
            let other = temp.path().join("other");
            let error = write(&plan, &other, nothing_is_ours).unwrap_err();
            assert!(
                matches!(&error, Error::FileChanged { file: told } if told == file.path()),
                "{error}"
            );
            assert!(!other.exists());
            fs::write(file.path(), &before).unwrap();
        }
        // A pipe would have us wait.
        let pipe = temp.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        fs::rename(&pipe, file.path()).unwrap();
        write(&plan, &temp.path().join("other"), nothing_is_ours).unwrap_err();
        PlannedFile::read(file.path()).unwrap_err();
        fs::remove_file(file.path()).unwrap();
        fs::write(file.path(), before).unwrap();
    }
}

#[test]
fn a_second_plan_takes_the_place_of_the_first() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("staging");
    let first = bytes_plan(&[("python/a.py", b"1", false), ("python/b.py", b"1", false)]);
    let second = bytes_plan(&[("python/a.py", b"2", false)]);
    write(&first, &directory, nothing_is_ours).unwrap();
    write(&second, &directory, |file| file == "python/b.py").unwrap();
    assert_eq!(files_in(&directory).unwrap(), ["python/a.py"]);
    assert_eq!(fs::read(directory.join("python/a.py")).unwrap(), b"2");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn files_of_others_are_an_error_and_stay() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("staging");
    fs::create_dir_all(directory.join("python")).unwrap();
    fs::write(directory.join("python/mine.py"), "precious").unwrap();
    let plan = bytes_plan(&[("python/a.py", b"1", false)]);
    let error = write(&plan, &directory, nothing_is_ours).unwrap_err();
    assert!(error.to_string().contains("python/mine.py"), "{error}");
    assert_eq!(files_in(&directory).unwrap(), ["python/mine.py"]);
}

#[test]
fn a_failure_leaves_the_old_tree() {
    let temp = tempfile::tempdir().unwrap();
    let plan = truncated_plan(temp.path());

    let out = tempfile::tempdir().unwrap();
    let directory = out.path().join("staging");
    let before = bytes_plan(&[("python/a.py", b"1", false)]);
    write(&before, &directory, nothing_is_ours).unwrap();
    write(&plan, &directory, |_| true).unwrap_err();
    assert_eq!(files_in(&directory).unwrap(), ["python/a.py"]);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
}

#[test]
fn a_link_to_a_directory_stays_a_link() {
    let temp = tempfile::tempdir().unwrap();
    let real = temp.path().join("real");
    let link = temp.path().join("link");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let plan = bytes_plan(&[("python/a.py", b"1", false)]);
    write(&plan, &link, nothing_is_ours).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(files_in(&real).unwrap(), ["python/a.py"]);
}

#[test]
fn what_has_not_changed_is_not_written_again() {
    use std::os::unix::fs::MetadataExt;

    // As if the files had been there for a while.
    let age = |directory: &Path| {
        let long_ago = SystemTime::now() - Duration::from_mins(1);
        for file in files_in(directory).unwrap() {
            let file = fs::File::open(directory.join(file)).unwrap();
            file.file().set_modified(long_ago).unwrap();
        }
    };
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("staging");
    let other_name = temp.path().join("elsewhere");
    let names = [
        "changed",
        "edited",
        "mode",
        "named-twice",
        "same",
        "touched",
    ];
    let files: Vec<TestFile<'_>> = names.iter().map(|name| (*name, &b"1"[..], false)).collect();
    write(&bytes_plan(&files), &directory, nothing_is_ours).unwrap();
    let path = |name: &str| directory.join(name);

    fs::write(path("edited"), "2").unwrap();
    fs::set_permissions(path("mode"), std::fs::Permissions::from_mode(0o600)).unwrap();
    fs::hard_link(path("named-twice"), &other_name).unwrap();
    age(&directory);
    fs::write(path("touched"), "1").unwrap();
    let before: Vec<_> = names.iter().map(|name| inode(&path(name))).collect();
    let times = fs::metadata(path("same")).unwrap().modified().unwrap();

    let mut files = files;
    files[0].1 = b"3";
    write(&bytes_plan(&files), &directory, |_| true).unwrap();
    let kept: Vec<_> = names
        .iter()
        .zip(before)
        .filter(|(name, before)| inode(&path(name)) == *before)
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(kept, ["same"]);
    assert_eq!(
        fs::metadata(path("same")).unwrap().modified().unwrap(),
        times
    );
    for (name, bytes, _) in files {
        assert_eq!(fs::read(path(name)).unwrap(), bytes, "{name}");
        let mode = fs::metadata(path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o644, "{name}");
    }
    // An edit reaches no other file.
    fs::write(path("named-twice"), "mine").unwrap();
    assert_eq!(fs::read(other_name).unwrap(), b"1");
}

#[test]
fn what_another_run_has_put_in_the_place_of_a_file_is_not_linked() {
    let temp = tempfile::tempdir().unwrap();
    let [seen, other, new] = ["seen", "other", "new"].map(|name| temp.path().join(name));
    fs::write(&seen, "1").unwrap();
    let metadata = fs::symlink_metadata(&seen).unwrap();
    assert!(link(&seen, &metadata, &new));
    fs::remove_file(&new).unwrap();

    fs::write(&other, "2").unwrap();
    fs::rename(&other, &seen).unwrap();
    // No new file has the number of the one that was seen.
    assert!(!link(&seen, &metadata, &new));
    assert!(!new.exists());
}

#[test]
fn large_files_are_unpacked_like_small_ones() {
    let temp = tempfile::tempdir().unwrap();
    let large = vec![b'x'; usize::try_from(LARGE).unwrap() + 5];
    let files = [("python/large.so", &large[..], false), ("z", b"z", false)];
    let directory = temp.path().join("staging");
    write(
        &archive_plan(temp.path(), &files),
        &directory,
        nothing_is_ours,
    )
    .unwrap();
    assert!(fs::read(directory.join("python/large.so")).unwrap() == large);
}

/// As on a disk that ignores case, where the file of another path is there already.
#[test]
fn a_path_that_is_taken_is_an_error_and_not_overwritten() {
    let temp = tempfile::tempdir().unwrap();
    let archived = archive_plan(temp.path(), &[(LARGE_FILE, &large_bytes(), false)]);
    let made = bytes_plan(&[(LARGE_FILE, b"1", false)]);
    for (number, plan) in [archived, made].iter().enumerate() {
        let root = temp.path().join(number.to_string());
        fs::create_dir_all(root.join("python")).unwrap();
        fs::write(root.join(LARGE_FILE), "other").unwrap();
        let writer = Writer {
            plan,
            root: &root,
            directory: Path::new("staging"),
            is_update: false,
            keep_with_room: None,
            cloning: Cloning::default(),
        };
        let error = writer.write().unwrap_err();
        let Error::CaseCollision { directory, path } = &error else {
            panic!("{error}");
        };
        assert_eq!(directory, Path::new("staging"));
        assert_eq!(path.as_str(), LARGE_FILE);
        assert_eq!(fs::read(root.join(LARGE_FILE)).unwrap(), b"other");
    }
}

#[test]
fn a_directory_that_is_there_is_taken_and_one_that_cannot_be_made_is_an_error() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("python");
    create_directory(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
    create_directory(&path).unwrap();
    let error = create_directory(&temp.path().join("none/python")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_disk_keeps_room_for_four_trees_in_whole_blocks() {
    let plan = bytes_plan(&[("a", b"1", false), ("b", b"234", false), ("c", b"", false)]);
    assert_eq!(room_to_leave(&plan), 4 * (4 + 3 * 4096));
}

/// A large and a small file in an archive, and where the large one is kept.
struct Keeping {
    temp: tempfile::TempDir,
    plan: LayerPlan,
    kept: PathBuf,
}

const LARGE_FILE: &str = "python/large.so";

fn large_bytes() -> Vec<u8> {
    (0..25_000_u32).flat_map(u32::to_le_bytes).collect()
}

impl Keeping {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let files = [
            (LARGE_FILE, &large_bytes()[..], false),
            ("python/stored", b"1", false),
            ("python/small", b"2", false),
        ];
        let plan = archive_plan(temp.path(), &files);
        let kept = crate::unpacked_directory(&plan.archives()[0]);
        Self { temp, plan, kept }
    }

    /// Stages into a new directory, which has what it should.
    fn stage(&self, name: &str, keep_unpacked: bool) -> PathBuf {
        let directory = self.temp.path().join(name);
        stage(&self.plan, &directory, nothing_is_ours, keep_unpacked).unwrap();
        let large = fs::read(directory.join(LARGE_FILE)).unwrap();
        assert!(large == large_bytes(), "{name}");
        assert_eq!(fs::read(directory.join("python/small")).unwrap(), b"2");
        let metadata = fs::metadata(directory.join(LARGE_FILE)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, 0o644);
        directory
    }

    fn kept_file(&self) -> PathBuf {
        let kept = files_in(&self.kept).unwrap();
        assert_eq!(kept.len(), 1, "{kept:?}");
        self.kept.join(&kept[0])
    }
}

#[test]
fn large_files_are_kept_if_wanted_and_no_edit_reaches_them() {
    let keeping = Keeping::new();
    keeping.stage("not", false);
    assert!(!keeping.kept.exists());

    let made = keeping.stage("made", true);
    let copied = keeping.stage("copied", false);
    for directory in [&made, &copied] {
        fs::write(directory.join(LARGE_FILE), "edited").unwrap();
    }
    assert!(fs::read(keeping.kept_file()).unwrap() == large_bytes());
    keeping.stage("again", false);
}

#[test]
fn what_is_kept_is_used_in_place_of_the_archive() {
    let keeping = Keeping::new();
    keeping.stage("made", true);
    // The large file comes first: without it nothing else can be read wrongly.
    let mut archive = fs::read(&keeping.plan.archives()[0]).unwrap();
    archive[60..70].fill(0xff);
    fs::write(&keeping.plan.archives()[0], archive).unwrap();
    keeping.stage("copied", false);

    fs::remove_dir_all(&keeping.kept).unwrap();
    let directory = keeping.temp.path().join("broken");
    stage(&keeping.plan, &directory, nothing_is_ours, true).unwrap_err();
    assert!(!keeping.kept.exists(), "nothing wrong is kept");
}

#[test]
fn what_is_kept_and_damaged_is_made_anew() {
    let longer = [&large_bytes()[..], b"x"].concat();
    let other = vec![b'x'; large_bytes().len()];
    for damage in [&b"short"[..], &other, &longer, b""] {
        let keeping = Keeping::new();
        keeping.stage("made", true);
        let kept = keeping.kept_file();
        fs::write(&kept, damage).unwrap();
        keeping.stage("unpacked", true);
        assert!(fs::read(kept).unwrap() == large_bytes());
        keeping.stage("copied", false);
    }
}

/// This hung, or filled the disk.
#[test]
fn what_is_kept_and_no_plain_file_is_made_anew() {
    let replace: [&dyn Fn(&Path); 4] = [
        &|path| {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.unwrap().success());
        },
        &|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        &|path| std::os::unix::fs::symlink("nowhere", path).unwrap(),
        &|path| fs::create_dir(path).unwrap(),
    ];
    for replace in replace {
        let keeping = Keeping::new();
        keeping.stage("made", true);
        let kept = keeping.kept_file();
        fs::remove_file(&kept).unwrap();
        replace(&kept);
        keeping.stage("unpacked", true);
        let metadata = fs::symlink_metadata(&kept).unwrap();
        assert!(metadata.is_file() || metadata.is_dir());
        keeping.stage("copied", false);
    }
}

#[test]
fn a_directory_that_takes_nothing_is_done_without() {
    let keeping = Keeping::new();
    fs::write(&keeping.kept, "in the way").unwrap();
    keeping.stage("made", true);
    assert_eq!(fs::read(&keeping.kept).unwrap(), b"in the way");
}

#[test]
fn links_are_links_and_a_change_of_one_is_seen() {
    let staged = |target: &str, directory: &Path| {
        let files = ["lib/libz.so.1", "lib/libz.so.2"];
        let plan = crate::testing::plan_with_links(&files, &[("lib/libz.so", target)]).unwrap();
        write(&plan, directory, nothing_is_ours).unwrap();
        let link = directory.join("lib/libz.so");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new(target));
        assert_eq!(fs::read(&link).unwrap(), b"text");
        crate::Stamp::read(directory).unwrap()
    };
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("staging");
    let first = staged("libz.so.1", &directory);
    assert_eq!(crate::Stamp::read(&directory).unwrap(), first);
    assert_ne!(staged("libz.so.2", &directory), first);
}

/// Neither a link in the place of a file nor a file in the place of a link is taken for
/// the other.
#[test]
fn a_link_and_a_file_with_its_text_take_each_others_place() {
    let temp = tempfile::tempdir().unwrap();
    let directory = temp.path().join("staging");
    let link = crate::testing::plan_with_links(&["text"], &[("a", "text")]).unwrap();
    let file = crate::testing::plan_with_links(&["text", "a"], &[]).unwrap();
    let is_link = || {
        fs::symlink_metadata(directory.join("a"))
            .unwrap()
            .is_symlink()
    };
    for _ in 0..2 {
        write(&link, &directory, nothing_is_ours).unwrap();
        assert!(is_link());
        write(&file, &directory, nothing_is_ours).unwrap();
        assert!(!is_link());
    }
}
