use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

use super::*;
use crate::Change;
use layerlock_diagnostic::{Diagnose as _, ErrorKind};

/// A directory to publish to, with files that stand for zips beside it.
struct Fixture {
    directory: TempDir,
    publisher: LocalDirectory,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let publisher = LocalDirectory::new(directory.path().join("published"));
        Self {
            directory,
            publisher,
        }
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("published")
    }

    fn artifact(&self, bytes: &str) -> Artifact {
        let digest = Digest::sha256_of(bytes.as_bytes());
        let zip = self.directory.path().join(digest.hex());
        fs::write(&zip, bytes).unwrap();
        Artifact {
            crc64: None,
            object: None,
            layer: "web".to_owned(),
            zip,
            size: bytes.len() as u64,
            digest,
            project: Some("shop".to_owned()),
            adopt: false,
            description: Some("made by a test".to_owned()),
            license: None,
            runtimes: vec!["python3.12".to_owned()],
            architectures: vec!["arm64".to_owned()],
        }
    }

    fn plan(&self, artifact: &Artifact) -> Result<PublishPlan, Error> {
        let versions = self
            .publisher
            .survey(&artifact.layer, std::slice::from_ref(artifact))?;
        self.publisher.plan(artifact, &versions)
    }

    fn publish(&self, bytes: &str) -> Publication {
        self.publisher.publish(&self.artifact(bytes)).unwrap()
    }

    fn numbers(&self) -> Vec<u64> {
        let versions = self.publisher.list("web").unwrap();
        versions.iter().map(|version| version.version).collect()
    }

    /// All that is in the directory but is neither a layer nor the lock.
    fn leftovers(&self) -> Vec<String> {
        fs::read_dir(self.root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "web" && name != LOCK)
            .collect()
    }
}

#[test]
fn a_version_is_the_zip_and_its_manifest() {
    let fixture = Fixture::new();
    let published = fixture.publish("one");

    assert_eq!(
        published,
        Publication {
            arn: "local:web:1".to_owned(),
            version: 1,
            reused: false,
            duplicate: None,
        }
    );
    let directory = fixture.publisher.version_directory("web", 1).unwrap();
    assert_eq!(fs::read(directory.join("layer.zip")).unwrap(), b"one");
    insta::assert_snapshot!(fs::read_to_string(directory.join("manifest.json")).unwrap(), @r#"
    {
      "layer": "web",
      "version": 1,
      "arn": "local:web:1",
      "size": 3,
      "sha256": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
      "code_sha256": "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=",
      "runtimes": [
        "python3.12"
      ],
      "architectures": [
        "arm64"
      ],
      "description": "made by a test [layerlock shop 7692c3ad3540bb80]",
      "license": null
    }
    "#);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_version_has_the_modes_that_the_umask_gives() {
    use std::os::unix::fs::PermissionsExt;

    let fixture = Fixture::new();
    fixture.publish("one");
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let version = fixture.publisher.version_directory("web", 1).unwrap();
    // Not the 0700 of temporary directories.
    assert_eq!(mode(version), mode(fixture.root().join("web")));
}

#[test]
fn a_version_is_used_again_only_where_it_is_the_same() {
    let fixture = Fixture::new();
    let create = |changed: &[Change], newest| PublishPlan::Create {
        changed: changed.to_vec(),
        newest,
    };
    let plan = |artifact: &Artifact| fixture.plan(artifact).unwrap();
    assert_eq!(plan(&fixture.artifact("one")), create(&[Change::New], None));
    assert!(!fixture.root().exists(), "a plan only reads");

    fixture.publish("one");
    let again = fixture.publish("one");
    assert_eq!((again.version, again.reused), (1, true));

    let other = fixture.publish("two");
    assert_eq!((other.version, other.reused), (2, false));
    // A change that is taken back.
    let back = fixture.publish("one");
    assert_eq!((back.version, back.reused), (1, true));

    let mut artifact = fixture.artifact("two");
    artifact.description = Some("in other words".to_owned());
    assert_eq!(plan(&artifact), create(&[Change::Description], Some(2)));
    artifact.architectures = vec!["x86_64".to_owned()];
    assert_eq!(plan(&artifact), create(&[Change::New], Some(2)));
    assert_eq!(fixture.numbers(), [2, 1]);
}

#[test]
fn a_layer_of_another_project_is_refused_and_can_be_taken_over() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let mut theirs = fixture.artifact("two");
    theirs.project = Some("billing".to_owned());
    let error = fixture.publisher.publish(&theirs).unwrap_err();
    assert!(matches!(error, Error::OtherProject { .. }), "{error}");
    assert_eq!(fixture.numbers(), [1]);

    theirs.adopt = true;
    assert_eq!(fixture.publisher.publish(&theirs).unwrap().version, 2);
    // It is theirs now, and no longer ours.
    theirs.adopt = false;
    assert!(fixture.publisher.publish(&theirs).unwrap().reused);
    fixture
        .publisher
        .publish(&fixture.artifact("one"))
        .unwrap_err();
}

#[test]
fn layers_for_two_architectures_take_turns_without_new_versions() {
    let fixture = Fixture::new();
    let publish = |architecture: &str| {
        let mut artifact = fixture.artifact(architecture);
        artifact.architectures = vec![architecture.to_owned()];
        fixture.publisher.publish(&artifact).unwrap().version
    };
    for _ in 0..3 {
        assert_eq!((publish("x86_64"), publish("arm64")), (1, 2));
    }
}

#[test]
fn a_number_is_never_used_again() {
    let fixture = Fixture::new();
    fixture.publish("one");
    fixture.publish("two");
    fixture.publisher.delete("web", 2).unwrap();
    assert_eq!(fixture.numbers(), [1]);
    let directory = fixture.publisher.version_directory("web", 2).unwrap();
    assert!(!directory.join(ZIP).exists(), "its space is free again");

    assert_eq!(fixture.publish("two").version, 3);
    for version in [1, 3] {
        fixture.publisher.delete("web", version).unwrap();
    }
    assert_eq!(fixture.numbers(), [0; 0]);
    assert_eq!(fixture.publish("two").version, 4);

    // Deleted already, and never there.
    fixture.publisher.delete("web", 2).unwrap();
    fixture.publisher.delete("web", 99).unwrap();
    fixture.publisher.delete("other", 1).unwrap();
    assert_eq!(fixture.publish("three").version, 5);
}

#[test]
fn an_interrupted_delete_has_deleted_the_version() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let directory = fixture.publisher.version_directory("web", 1).unwrap();
    // Killed after each step.
    fs::write(directory.join(DELETED), "").unwrap();
    assert_eq!(fixture.numbers(), [0; 0]);
    fs::remove_file(directory.join(MANIFEST)).unwrap();
    assert_eq!(fixture.numbers(), [0; 0]);
    assert_eq!(fixture.publish("one").version, 2);

    fixture.publisher.delete("web", 1).unwrap();
    assert!(!directory.join(ZIP).exists(), "a second delete finishes it");
}

#[test]
fn publishers_at_once_get_distinct_versions() {
    const COUNT: u64 = 16;
    let fixture = Fixture::new();
    let start = Barrier::new(16);
    let versions: BTreeSet<u64> = thread::scope(|scope| {
        let publishers: Vec<_> = (0..COUNT)
            .map(|number| {
                let (fixture, start) = (&fixture, &start);
                scope.spawn(move || {
                    let artifact = fixture.artifact(&format!("bytes of {number}"));
                    start.wait();
                    let published = fixture.publisher.publish(&artifact).unwrap();
                    assert!(!published.reused);
                    let directory = fixture
                        .publisher
                        .version_directory("web", published.version);
                    assert_eq!(
                        fs::read_to_string(directory.unwrap().join(ZIP)).unwrap(),
                        format!("bytes of {number}")
                    );
                    published.version
                })
            })
            .collect();
        publishers
            .into_iter()
            .map(|publisher| publisher.join().unwrap())
            .collect()
    });
    assert_eq!(versions, (1..=COUNT).collect());
    assert_eq!(fixture.numbers().len(), 16);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[test]
fn publishers_of_the_same_bytes_at_once_share_one_version() {
    let fixture = Fixture::new();
    fixture.publish("before");
    let artifact = fixture.artifact("same");
    let start = Barrier::new(16);
    let published: Vec<Publication> = thread::scope(|scope| {
        let publishers: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    fixture.publisher.publish(&artifact).unwrap()
                })
            })
            .collect();
        publishers
            .into_iter()
            .map(|publisher| publisher.join().unwrap())
            .collect()
    });
    assert!(published.iter().all(|it| it.version == 2), "{published:?}");
    assert_eq!(published.iter().filter(|it| !it.reused).count(), 1);
    assert_eq!(fixture.numbers(), [2, 1]);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[test]
fn a_claim_never_replaces() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let draft = Draft::new(&fixture.root(), &fixture.artifact("two")).unwrap();
    draft.write_manifest(&fixture.artifact("two"), 1).unwrap();
    let taken = fixture.publisher.version_directory("web", 1).unwrap();

    assert!(!claim(draft.directory.path(), &taken).unwrap());
    assert_eq!(fs::read(taken.join(ZIP)).unwrap(), b"one");

    fixture.publisher.delete("web", 1).unwrap();
    assert!(
        !claim(draft.directory.path(), &taken).unwrap(),
        "a number stays taken"
    );

    // Any other error is not "taken".
    let nowhere = fixture.root().join("no-such-layer/1");
    assert_eq!(
        claim(draft.directory.path(), &nowhere).unwrap_err().kind(),
        ErrorKind::Machine
    );
}

#[test]
fn what_a_kill_leaves_is_not_listed_and_goes_away() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let draft = fixture.root().join(".draft-killed");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join(ZIP), "hal").unwrap();
    assert_eq!(fixture.numbers(), [1]);

    assert_eq!(fixture.publish("two").version, 2);
    assert_eq!(fixture.leftovers(), [""; 0]);

    // Also with one that has nothing to do.
    fs::create_dir(&draft).unwrap();
    assert!(fixture.publish("two").reused);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[test]
fn the_draft_of_a_live_publisher_stays() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let publishing = PublishingLock::enter(&fixture.root()).unwrap();
    let draft = Draft::new(&fixture.root(), &fixture.artifact("live")).unwrap();

    fixture.publish("two");
    assert!(draft.directory.path().join(ZIP).exists());

    drop(publishing);
    fixture.publish("three");
    assert!(!draft.directory.path().exists());
}

#[test]
fn other_names_in_the_directory_are_no_versions() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let layer = fixture.root().join("web");
    for name in ["007", "+8", "0", "-1", "notes", "18446744073709551616"] {
        fs::create_dir(layer.join(name)).unwrap();
    }
    // Used numbers, though not by versions.
    fs::write(layer.join("2"), "a file").unwrap();
    fs::create_dir(layer.join("3")).unwrap();

    assert_eq!(fixture.numbers(), [1]);
    assert_eq!(fixture.publish("two").version, 4);

    fs::create_dir(layer.join(u64::MAX.to_string())).unwrap();
    let error = fixture
        .publisher
        .publish(&fixture.artifact("three"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[test]
fn a_zip_that_is_not_the_one_built_is_refused_and_nothing_stays() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let artifact = fixture.artifact("two");
    fs::write(&artifact.zip, "too").unwrap();
    let error = fixture.publisher.publish(&artifact).unwrap_err();
    assert!(matches!(error, Error::ZipChanged { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Integrity);

    fs::remove_file(&artifact.zip).unwrap();
    let error = fixture.publisher.publish(&artifact).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Machine);
    let name = artifact.zip.file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "{error}");

    assert_eq!(fixture.numbers(), [1]);
    assert_eq!(fixture.leftovers(), [""; 0]);
}

#[test]
fn a_damaged_version_is_an_error_until_it_is_deleted() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("layer.zip is missing", |directory| {
            fs::remove_file(directory.join(ZIP)).unwrap();
        }),
        ("layer.zip has 4 bytes, manifest.json says 3", |directory| {
            fs::write(directory.join(ZIP), "long").unwrap();
        }),
        ("the zip's hash differs from the manifest's", |directory| {
            fs::write(directory.join(ZIP), "two").unwrap();
        }),
        ("manifest.json: EOF", |directory| {
            fs::write(directory.join(MANIFEST), "{").unwrap();
        }),
        // As where the file system treats `Web` and `web` as one name.
        (
            "manifest.json describes version 1 of layer \"Web\"",
            |directory| {
                let manifest = fs::read_to_string(directory.join(MANIFEST)).unwrap();
                let manifest = manifest.replace("\"web\"", "\"Web\"");
                fs::write(directory.join(MANIFEST), manifest).unwrap();
            },
        ),
    ];
    for (reason, damage) in damages {
        let fixture = Fixture::new();
        fixture.publish("one");
        damage(&fixture.publisher.version_directory("web", 1).unwrap());

        let error = fixture
            .publisher
            .publish(&fixture.artifact("one"))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.to_string().contains(reason), "{error}");

        fixture.publisher.delete("web", 1).unwrap();
        assert_eq!(fixture.publish("one").version, 2);
    }
}

#[test]
fn a_damaged_old_version_does_not_prevent_publishing() {
    let fixture = Fixture::new();
    fixture.publish("one");
    fixture.publish("two");
    let old = fixture.publisher.version_directory("web", 1).unwrap();
    fs::remove_file(old.join(ZIP)).unwrap();

    assert!(fixture.publish("two").reused);
    assert_eq!(fixture.publish("three").version, 3);
    fixture.publisher.list("web").unwrap_err();
}

#[test]
fn hostile_names_reach_no_file() {
    let fixture = Fixture::new();
    fixture.publish("one");
    // What a traversal would hit.
    let victim = fixture.directory.path().join("victim/1");
    fs::create_dir_all(&victim).unwrap();
    fs::write(victim.join(MANIFEST), "{}").unwrap();

    let mut artifact = fixture.artifact("two");
    artifact.layer = "../victim".to_owned();
    let grant = Grant::new("*", None).unwrap();
    for error in [
        fixture.plan(&artifact).unwrap_err(),
        fixture.publisher.publish(&artifact).unwrap_err(),
        fixture.publisher.list("../victim").unwrap_err(),
        fixture.publisher.delete("../victim", 1).unwrap_err(),
        fixture.publisher.grant("../victim", 1, &grant).unwrap_err(),
        fixture.publisher.version_directory("..", 1).unwrap_err(),
    ] {
        assert!(matches!(error, Error::LayerName { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 1);
}

#[test]
fn grants_are_refused_and_not_only_written_down() {
    let fixture = Fixture::new();
    fixture.publish("one");
    let grant = Grant::new("123456789012", None).unwrap();
    let error = fixture.publisher.grant("web", 1, &grant).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(
        error.to_string(),
        "the provider `local` does not support grants"
    );
}

#[test]
fn a_directory_that_cannot_be_made_is_the_machines() {
    let fixture = Fixture::new();
    fs::write(fixture.root(), "in the way").unwrap();
    let error = fixture
        .publisher
        .publish(&fixture.artifact("one"))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Machine);
    assert!(error.to_string().contains("published"), "{error}");
}
