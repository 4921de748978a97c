//! Layers of npm packages, whose tarballs lie in the project: nobody asks for npm.
#![cfg(unix)]

use layerlock::{
    Comparand, DiffSettings, Error, ErrorKind, Settings, Silent, UpkeepSettings, build, diff,
};
use layerlock_digest::{Algorithm, Hasher};
use layerlock_testkit::shared_library;

use crate::helpers::files;
use crate::own::{Own, X86_64, listing};

/// The integrity of bytes, as a lock has it.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    format!("sha512-{}", hasher.finish().base64())
}

/// A tar archive of these files: names and bytes.
pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in members {
        let mut header = [0_u8; 512];
        let name = format!("package/{name}");
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000000");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(header);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

/// A project whose one package is compiled, and brings a compiled file.
fn native() -> Own {
    let own = Own::new("[layers.web]\nnpm = \"web\"\nruntime = \"nodejs22\"\n");
    let elf = shared_library(X86_64, &["libc.so.6"], &[("libc.so.6", &["GLIBC_2.34"])]);
    let tarball = tar(&[
        ("package.json", b"{\"version\": \"1.0.0\"}"),
        ("binding.gyp", b"{}"),
        ("prebuilds/linux-x64/native.node", &elf),
    ]);
    let dependencies = "\"dependencies\": {\"native\": \"file:native.tgz\"}";
    own.write("web/package.json", &format!("{{{dependencies}}}"));
    fs_err::write(own.root.path().join("web/native.tgz"), &tarball).unwrap();
    let integrity = integrity(&tarball);
    let lock = format!(
        r#"{{"lockfileVersion": 3, "packages": {{"": {{{dependencies}}}, "node_modules/native":
        {{"version": "1.0.0", "resolved": "file:native.tgz", "integrity": "{integrity}"}}}}}}"#
    );
    own.write("web/package-lock.json", &lock);
    own
}

#[test]
fn a_layer_of_npm_is_compared_with_its_project() {
    let own = native();
    let zip = own.build().layers.remove(0).zip.unwrap().path;
    let compared = DiffSettings {
        before: Comparand::Path(zip),
        after: Comparand::Path(own.settings().project),
        upkeep: UpkeepSettings {
            settings: own.settings(),
            ..UpkeepSettings::default()
        },
    };
    let report = diff(&compared, &Silent).unwrap();
    assert!(!report.has_changes(), "{report}");
    assert_eq!(report.unchanged, 1);
}

/// Each build ended with exit code 8, until somebody removed the cache.
#[test]
fn a_damaged_package_in_the_cache_is_taken_in_anew() {
    let own = native();
    let first = own.build();
    let packages = own.cache.path().join("npm-v2");
    let mut damaged = 0;
    for (name, mut bytes) in files(&packages) {
        // In the data of the last member, which lies in front of the directory.
        if let Some(end) = bytes.windows(4).position(|four| four == b"PK\x01\x02") {
            bytes[end - 8] ^= 1;
            fs_err::write(packages.join(name), bytes).unwrap();
            damaged += 1;
        }
    }
    assert_eq!(damaged, 1);
    let settings = Settings {
        rebuild: true,
        ..own.settings()
    };
    let error = build(&settings, &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(matches!(&error, Error::Layer(_)), "{error}");
    let online = Settings {
        offline: false,
        ..settings
    };
    let built = build(&online, &Silent).unwrap();
    let digest = |built: &layerlock::Built| built.layers[0].zip.as_ref().unwrap().digest;
    assert_eq!(digest(&built), digest(&first));
}

/// The workspace was looked at before the command wrote into it, and so each build began anew.
#[test]
fn a_command_may_write_into_a_workspace() {
    let own = Own::new(
        "[layers.web]\nnpm = \"web\"\nruntime = \"nodejs22\"\nfolders = { bin = \"bin\" }\n\
         run = [\"sh\", \"-c\", \"date > web/packages/w/made.js\"]\ninputs = [\"src\"]\n",
    );
    own.write("bin/tool", "");
    own.write("src/a", "");
    own.write("web/package.json", r#"{"workspaces": ["packages/w"]}"#);
    own.write("web/packages/w/package.json", r#"{"name": "w"}"#);
    own.write("web/packages/w/node_modules/x/index.js", "installed");
    own.write(
        "web/package-lock.json",
        r#"{"lockfileVersion": 3, "packages": {"": {"workspaces": ["packages/w"]},
        "node_modules/w": {"resolved": "packages/w", "link": true}, "packages/w": {}}}"#,
    );
    let built = own.build();
    let names: Vec<_> = listing(&built);
    let expected = [
        "755 bin/tool",
        "644 nodejs/node_modules/w/made.js",
        "644 nodejs/node_modules/w/package.json",
    ];
    assert_eq!(names, expected);
    assert!(own.build().unchanged);
    // What is installed in the workspace is no part of it.
    own.write("web/packages/w/node_modules/x/index.js", "changed");
    assert!(own.build().unchanged);
    own.write("web/packages/w/index.js", "");
    assert!(!own.build().unchanged);
}
