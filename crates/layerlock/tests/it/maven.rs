//! Layers of jars, with a Maven that is a script: the wrapper in the project.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use layerlock::{
    Built, CacheLocation, Code, Error, ErrorKind, Settings, Silent, build, plan_files,
};
use layerlock_digest::{Algorithm, Hasher};
use tempfile::TempDir;

use crate::helpers::{files, unzipped};

/// Answers what the file `listing` says, and counts how often it was asked.
const WRAPPER: &str = "#!/bin/sh\n\
    for word; do case $word in -DoutputFile=*) file=${word#*=};; esac; done\n\
    echo \"$@\" >> asked\n\
    cat listing > \"$file\"\n";

struct Own {
    root: TempDir,
    cache: TempDir,
}

impl Own {
    /// A project whose Maven lists these: coordinates, and the jar's bytes.
    fn new(jars: &[(&str, &str)]) -> Self {
        let own = Self {
            root: TempDir::new().unwrap(),
            cache: TempDir::new().unwrap(),
        };
        own.write(
            "layerlock.toml",
            "[layers.pdf]\nmaven = \"services/pdf\"\nruntime = \"java21\"\n",
        );
        own.write("services/pdf/pom.xml", "<project/>");
        own.write("services/pdf/mvnw", WRAPPER);
        let mode = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(own.path("services/pdf/mvnw"), mode).unwrap();
        own.list(jars);
        own
    }

    fn list(&self, jars: &[(&str, &str)]) {
        let mut listing = "\nThe following files have been resolved:\n".to_owned();
        for (number, (coordinates, bytes)) in jars.iter().enumerate() {
            let name = format!("m2/{number}.jar");
            self.write(&name, &format!("PK\u{3}\u{4}{bytes}"));
            let path = self.path(&name);
            listing.extend(["   ", coordinates, ":", &*path.to_string_lossy(), "\n"]);
        }
        self.write("services/pdf/listing", &listing);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// A lock with these: group, name, version, algorithm and checksum.
    fn lock(&self, locked: &[[&str; 5]]) {
        let nodes = locked
            .iter()
            .map(|[group, name, version, algorithm, checksum]| {
                serde_json::json!({
                    "groupId": group, "artifactId": name, "version": version,
                    "checksumAlgorithm": algorithm, "checksum": checksum, "children": [],
                })
            });
        // All but the first are what the first needs.
        let mut nodes: Vec<_> = nodes.collect();
        let children = nodes.split_off(1);
        nodes[0]["children"] = children.into();
        let lock = serde_json::json!({"lockFileVersion": 1, "dependencies": nodes});
        self.write("services/pdf/lockfile.json", &lock.to_string());
    }

    fn settings(&self) -> Settings {
        Settings {
            cache: CacheLocation::At(self.cache.path().to_owned()),
            ..Settings::for_project(self.root.path())
        }
    }

    fn build(&self) -> Built {
        build(&self.settings(), &Silent).unwrap()
    }

    fn fails(&self) -> Error {
        let before = files(self.root.path()).len();
        let error = build(&self.settings(), &Silent).unwrap_err();
        // Maven was asked, and nothing else is new.
        let asked = usize::from(self.path("services/pdf/asked").exists());
        assert!(files(self.root.path()).len() <= before + asked);
        assert!(!self.path("dist").exists());
        error
    }

    fn times_asked(&self) -> usize {
        let asked = fs_err::read_to_string(self.path("services/pdf/asked"));
        asked.unwrap_or_default().lines().count()
    }
}

fn hash(algorithm: Algorithm, text: &str) -> String {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(format!("PK\u{3}\u{4}{text}").as_bytes());
    hasher.finish().hex()
}

fn members(built: &Built) -> Vec<(String, Vec<u8>)> {
    let zip = built.layers[0].zip.as_ref().unwrap();
    let members = unzipped(&zip.path).into_iter();
    members.map(|(name, (bytes, _))| (name, bytes)).collect()
}

const TWO: [(&str, &str); 2] = [
    ("org.one:core:jar:1.2:compile", "core"),
    ("org.one:util:jar:2.0:runtime", "util"),
];

#[test]
fn jars_lie_in_java_lib_and_are_asked_for_once() {
    let own = Own::new(&TWO);
    let (core, util) = (
        hash(Algorithm::Sha256, "core"),
        hash(Algorithm::Sha512, "util"),
    );
    own.lock(&[
        ["org.one", "core", "1.2", "SHA-256", &core.to_uppercase()],
        ["org.one", "util", "2.0", "sha512", &util],
    ]);
    let built = own.build();
    let layer = &built.layers[0];
    assert!(layer.findings.is_empty(), "{:?}", layer.findings);
    let expected = [
        (
            "java/lib/core-1.2.jar".to_owned(),
            b"PK\x03\x04core".to_vec(),
        ),
        (
            "java/lib/util-2.0.jar".to_owned(),
            b"PK\x03\x04util".to_vec(),
        ),
    ];
    assert_eq!(members(&built), expected);
    let packages: Vec<_> = layer.packages.iter().collect();
    assert_eq!(
        (&*packages[0].name, &*packages[0].version),
        ("org.one:core", "1.2")
    );
    assert_eq!(packages[1].file, "util-2.0.jar");
    assert!(
        layer
            .zip
            .as_ref()
            .unwrap()
            .path
            .ends_with("pdf-java21-x86_64.zip")
    );

    assert!(own.build().unchanged);
    assert_eq!(own.times_asked(), 1);
    for change in [
        "services/pdf/pom.xml",
        "services/pdf/.mvn/maven.config",
        "m2/0.jar",
    ] {
        own.write(change, "PK\u{3}\u{4}core");
        assert!(!own.build().unchanged, "{change}");
    }
    assert_eq!(own.times_asked(), 4);
    // Without a lock only Maven knows which jars there are, and it is not asked.
    let planned = || plan_files(&own.settings()).unwrap().layers.remove(0);
    let files = planned().packages.into_iter();
    let files: Vec<_> = files.map(|one| (one.kind, one.file, one.sha256)).collect();
    let expected = [
        ("maven", Some("core-1.2.jar".to_owned()), Some(core)),
        ("maven", Some("util-2.0.jar".to_owned()), None),
    ];
    assert_eq!(files, expected);
    fs_err::remove_file(own.path("services/pdf/lockfile.json")).unwrap();
    let planned = planned();
    assert_eq!((planned.packages.len(), planned.findings.len()), (0, 0));
    assert_eq!(own.times_asked(), 4);
}

#[test]
fn a_layer_of_jars_may_have_folders_and_is_asked_for_once_for_all_targets() {
    let own = Own::new(&TWO);
    own.write("app/lib.txt", "own");
    own.write(
        "layerlock.toml",
        "architecture = [\"x86_64\", \"arm64\"]\n[layers.pdf]\nmaven = \"services/pdf\"\n\
         folders = { \"java/conf\" = \"app\" }\nexclude-files = [\"java/lib/util*\"]\n",
    );
    let built = own.build();
    assert_eq!(built.layers.len(), 2);
    assert_eq!(own.times_asked(), 1);
    let names: Vec<_> = members(&built).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["java/conf/lib.txt", "java/lib/core-1.2.jar"]);
}

#[test]
fn what_is_not_locked_or_may_change_is_told_and_asked_for_again() {
    let own = Own::new(&[
        ("org.one:core:jar:1.2-SNAPSHOT:compile", "core"),
        ("org.one:util:jar:2.0:compile", "util"),
        ("org.two:util:jar:2.0:compile", "other"),
        ("org.two:bom:pom:2.0:compile", "pom"),
    ]);
    fs_err::rename(own.path("m2/1.jar"), own.path("m2/1.zip")).unwrap();
    let listing = fs_err::read_to_string(own.path("services/pdf/listing")).unwrap();
    let listing = listing
        .replace("1.jar", "1.zip")
        .replace("org.one:util:jar", "org.one:util:zip");
    own.write("services/pdf/listing", &listing);
    let built = own.build();
    let codes: Vec<_> = built.layers[0]
        .findings
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, [Code::Unverified, Code::Snapshot, Code::NoJar]);
    let text = built.to_string();
    assert!(
        text.contains("org.one:core:1.2-SNAPSHOT is a snapshot"),
        "{text}"
    );
    assert!(text.contains("org.one:util:2.0 is no jar"), "{text}");
    let names: Vec<_> = members(&built).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["java/lib/core-1.2-SNAPSHOT.jar", "java/lib/util-2.0.jar"]
    );
    assert!(!own.build().unchanged);
    assert_eq!(own.times_asked(), 2);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let own = Own::new(&TWO);
    let core = hash(Algorithm::Sha256, "core");
    let good = ["org.one", "core", "1.2", "SHA-256", &*core];
    for (util, kind, message) in [
        (
            ["org.one", "util", "2.0", "SHA-256", &*core],
            ErrorKind::Integrity,
            "m2/1.jar does not have the checksum that",
        ),
        (
            ["org.one", "util", "2.0", "SHA-1", "00"],
            ErrorKind::Integrity,
            "has no hash of org.one:util:2.0 but a weak one, SHA-1",
        ),
        (
            ["org.one", "util", "1.9", "SHA-256", &*core],
            ErrorKind::Project,
            "is out of date: it has no org.one:util:2.0",
        ),
    ] {
        own.lock(&[good, util]);
        let error = own.fails();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!(error.package().as_deref(), Some("org.one:util:2.0"));
        let place = error.place().unwrap().to_string();
        assert!(place.contains("layerlock.toml:2"), "{place}");
    }
    own.write("services/pdf/lockfile.json", "{");
    assert!(
        own.fails()
            .to_string()
            .contains("lockfile.json is invalid: EOF")
    );
    fs_err::remove_file(own.path("services/pdf/lockfile.json")).unwrap();

    for (listing, kind, message) in [
        (
            "   none\n",
            ErrorKind::Project,
            "need no jars when they run",
        ),
        ("   a:b\n", ErrorKind::Artifact, "cannot be read: \"a:b\""),
        (
            "   a:b:jar:1:compile\n",
            ErrorKind::Artifact,
            "Maven has no file of a:b:1",
        ),
        (
            "   a:b:jar:1:compile:/none/b.jar\n",
            ErrorKind::Artifact,
            "Maven has no file of a:b:1",
        ),
        (
            "   a:b:jar:1:compile:/\n",
            ErrorKind::Artifact,
            "a:b:1 is no jar yet, but the folder /",
        ),
        (
            "   a:..:jar:/../x:compile:M2\n",
            ErrorKind::Artifact,
            "cannot be in a layer",
        ),
    ] {
        let jar = own.path("m2/0.jar").display().to_string();
        own.write("services/pdf/listing", &listing.replace("M2", &jar));
        let error = own.fails();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }

    own.write(
        "services/pdf/mvnw",
        "#!/bin/sh\necho '[ERROR] Could not transfer artifact'; exit 1\n",
    );
    let error = own.fails();
    assert_eq!(error.kind(), ErrorKind::Network);
    let runtime = "[layers.pdf]\nmaven = \"services/pdf\"\nruntime = \"nodejs22\"\n";
    own.write("layerlock.toml", runtime);
    assert_eq!(
        own.fails().to_string(),
        "nodejs22.x runs Node.js, and no jars"
    );
    own.write("layerlock.toml", "[layers.pdf]\nmaven = \"services\"\n");
    own.write("services/build.gradle", "");
    let error = own.fails().to_string();
    assert!(error.starts_with("there is no pom.xml in "), "{error}");
    assert!(error.ends_with("services, only build.gradle"), "{error}");
}

/// The first layer of a folder alone was looked at, and none where only the lock was read.
#[test]
fn jars_are_refused_for_each_target_that_can_use_none() {
    let own = Own::new(&TWO);
    for targets in [
        "[\"aws:java21\", \"aws:nodejs22\"]",
        "[\"aws:nodejs22\", \"aws:java21\"]",
    ] {
        let settings = format!("targets = {targets}\n[layers.pdf]\nmaven = \"services/pdf\"\n");
        own.write("layerlock.toml", &settings);
        let planned = plan_files(&own.settings()).map(drop).unwrap_err();
        for error in [own.fails(), planned] {
            let message = "nodejs22.x runs Node.js, and no jars";
            assert_eq!(error.to_string(), message, "{targets}");
            assert_eq!(error.kind(), ErrorKind::Project);
        }
        assert_eq!(own.times_asked(), 0);
    }
}

/// No RECORD lists jars: what tells that they are nobody's is that the last run left them so.
#[test]
fn a_jar_that_the_project_needs_no_more_goes_from_the_staging_directory() {
    let own = Own::new(&TWO);
    own.write(
        "layerlock.toml",
        "[layers.pdf]\nmaven = \"services/pdf\"\nruntime = \"java21\"\nstaging = \"staged\"\n",
    );
    own.build();
    own.write("services/pdf/pom.xml", "<project><!-- less --></project>");
    own.list(&TWO[..1]);
    own.build();
    let staged = files(&own.path("staged"));
    assert_eq!(
        staged.into_keys().collect::<Vec<_>>(),
        ["java/lib/core-1.2.jar"]
    );
    // What somebody put there is theirs.
    own.write("staged/java/lib/mine.jar", "");
    own.list(&TWO);
    let error = build(&own.settings(), &Silent).unwrap_err();
    assert!(error.to_string().contains("java/lib/mine.jar"), "{error}");
}

#[test]
fn an_empty_layer_of_jars_says_so() {
    let own = Own::new(&TWO);
    own.write(
        "layerlock.toml",
        "[layers.pdf]\nmaven = \"services/pdf\"\nruntime = \"java21\"\nexclude-files = [\"*.jar\"]\n",
    );
    let built = own.build();
    let found = built.layers[0].findings.iter();
    let empty = found.filter(|it| it.code == Code::EmptyLayer);
    let messages: Vec<_> = empty.map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "error[empty-layer]: the layer is empty: Maven names no jars for it, or all are \
          excluded\n  hint: exclude less"
        ]
    );
}
