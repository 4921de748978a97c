//! What is hostile, damaged or odd, one case a line: refused with its kind and its reason, or
//! laid out as npm lays it out.

use layerlock_diagnostic::{Diagnose, ErrorKind};
use serde_json::{Value, json};

use crate::shop::{Shop, none, target};

/// What a case ends in.
enum End {
    /// These files, below the package's folder.
    Files(&'static [&'static str]),
    /// An error of this kind, whose text has this in it.
    Refused(ErrorKind, &'static str),
}

use End::{Files, Refused};
use ErrorKind::{Artifact, Integrity, Project};

/// A member of a tar archive as it is, hostile or not: name, bytes, kind, and where a link
/// leads.
type Member<'m> = (&'m [u8], &'m [u8], u8, &'m str);

const FILE: u8 = b'0';

fn member(name: &[u8], content: &[u8], kind: u8, link: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[136..147].copy_from_slice(b"00000000000");
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..263].copy_from_slice(b"ustar\0");
    header[263..265].copy_from_slice(b"00");
    sign(&mut header);
    let mut bytes = header.to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Writes a header's checksum.
fn sign(header: &mut [u8]) {
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let members = members.iter();
    let mut bytes: Vec<u8> = members
        .flat_map(|(name, content, kind, link)| member(name, content, *kind, link))
        .collect();
    bytes.extend([0; 1024]);
    bytes
}

/// One file of this name.
fn named(name: &str) -> Vec<u8> {
    tar(&[(name.as_bytes(), b"x", FILE, "")])
}

/// A file whose name stands in front of it: in a pax header, or as GNU's tar writes it.
fn renamed(kind: u8, name: &str) -> Vec<u8> {
    let content = if kind == b'x' {
        let record = format!(" path={name}\n");
        let length = (record.len()..record.len() + 9)
            .find(|all| all.to_string().len() + record.len() == *all);
        format!("{}{record}", length.unwrap())
    } else {
        format!("{name}\0")
    };
    tar(&[
        (b"package/header", content.as_bytes(), kind, ""),
        (b"package/short", b"x", FILE, ""),
    ])
}

fn good() -> Vec<u8> {
    named("package/a.js")
}

/// Hostile and odd tarballs.
fn tarballs() -> Vec<(&'static str, Vec<u8>, End)> {
    let mut huge = good();
    huge[124..136].copy_from_slice(b"20000000000\0");
    sign(&mut huge);
    let mut sized = good();
    sized[124..136].copy_from_slice(b"not a number");
    sign(&mut sized);
    let mut unsigned = good();
    unsigned[0] = b'q';
    let mut cut = good();
    cut.truncate(700);
    let deep = format!("package/{}f", "d/".repeat(200));
    let refused = |reason| Refused(Integrity, reason);
    vec![
        (
            "out of the package",
            named("package/../../x"),
            refused("`..` part"),
        ),
        (
            "out by the first folder",
            named("../x"),
            refused("`..` part"),
        ),
        (
            "a backslash in front",
            named("..\\x"),
            refused("a backslash"),
        ),
        (
            "a dot in front",
            named("./package/x"),
            Files(&["package/x"]),
        ),
        ("absolute", named("/etc/passwd"), refused("absolute path")),
        (
            "a backslash",
            named("package/..\\x"),
            refused("a backslash"),
        ),
        ("a drive", named("package/C:x"), refused("a colon")),
        (
            "a line feed",
            named("package/a\nb"),
            refused("control character"),
        ),
        (
            "Latin-1",
            tar(&[(b"package/caf\xe9", b"", FILE, "")]),
            refused("not UTF-8"),
        ),
        (
            "pax: out",
            renamed(b'x', "package/../../x"),
            refused("`..` part"),
        ),
        (
            "GNU: out",
            renamed(b'L', "package/../../x"),
            refused("`..` part"),
        ),
        (
            "pax: another name",
            renamed(b'x', "package/long"),
            Files(&["long"]),
        ),
        (
            "GNU: another name",
            renamed(b'L', "package/long"),
            Files(&["long"]),
        ),
        (
            "no archive",
            b"<html>not found</html>".to_vec(),
            refused("cannot be unpacked"),
        ),
        ("nothing", Vec::new(), refused("has no files")),
        (
            "a gzip that is cut",
            vec![0x1f, 0x8b, 8, 0],
            refused("cannot be unpacked"),
        ),
        ("a tar that is cut", cut, refused("cannot be unpacked")),
        ("a wrong sum", unsigned, refused("cannot be unpacked")),
        ("a size that is none", sized, refused("cannot be unpacked")),
        ("two gigabytes", huge, refused("unpacks to more than")),
        (
            "a link to the system",
            tar(&[
                (b"package/l", b"", b'2', "/etc/passwd"),
                (b"package/a", b"", FILE, ""),
            ]),
            Files(&["a"]),
        ),
        (
            "a hard link",
            tar(&[
                (b"package/a", b"", FILE, ""),
                (b"package/l", b"", b'1', "package/a"),
            ]),
            Files(&["a"]),
        ),
        (
            "a device and a pipe",
            tar(&[
                (b"package/d", b"", b'3', ""),
                (b"package/p", b"", b'6', ""),
                (b"package/a", b"", FILE, ""),
            ]),
            Files(&["a"]),
        ),
        (
            "links alone",
            tar(&[(b"package/l", b"", b'2', "/etc/passwd")]),
            refused("has no files"),
        ),
        (
            "through a link",
            tar(&[
                (b"package/l", b"", b'2', "/tmp"),
                (b"package/l/x", b"", FILE, ""),
            ]),
            Files(&["l/x"]),
        ),
        (
            "a file and a folder of one name",
            tar(&[
                (b"package/a", b"", FILE, ""),
                (b"package/a/b", b"", FILE, ""),
            ]),
            refused("cannot be laid out"),
        ),
        (
            "one name twice",
            tar(&[(b"package/a", b"1", FILE, ""), (b"other/a", b"2", FILE, "")]),
            Files(&["a"]),
        ),
        (
            "names that differ in case",
            tar(&[
                (b"package/A", b"1", FILE, ""),
                (b"package/a", b"2", FILE, ""),
            ]),
            Files(&["A", "a"]),
        ),
        ("dots and slashes", named("package/./b//c"), Files(&["b/c"])),
        (
            "a file beside the folder",
            named("top"),
            refused("has no files"),
        ),
        ("a name of Windows", named("package/con"), Files(&["con"])),
        ("a dot at the end", named("package/a."), Files(&["a."])),
        ("another first folder", named("lodash-4.0/a"), Files(&["a"])),
        ("two hundred folders", renamed(b'x', &deep), Files(&[DEEP])),
    ]
}

const DEEP: &str = "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/\
                    d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/\
                    d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/\
                    d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/\
                    d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/f";

/// Odd entries of a lock: the place of the package `a`, and what its entry has besides.
fn entries() -> Vec<(&'static str, &'static str, Value, End)> {
    const A: &str = "node_modules/a";
    const OTHER: &str = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
    let other_and_right = format!("{OTHER} {}", Shop::integrity(&good()));
    let weak_and_right = format!(
        "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= {}",
        Shop::integrity(&good())
    );
    let weaker = format!("sha256-{} {OTHER}", "A".repeat(43) + "=");
    vec![
        (
            "other bytes",
            A,
            json!({"integrity": OTHER}),
            Refused(Artifact, "no program \"npm\""),
        ),
        (
            "no integrity",
            A,
            json!({"integrity": null}),
            Refused(Integrity, "has no integrity of a"),
        ),
        (
            "SHA-1",
            A,
            json!({"integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}),
            Refused(Integrity, "but a weak one"),
        ),
        (
            "half a hash",
            A,
            json!({"integrity": "sha512-AAAA"}),
            Refused(Integrity, "but a weak one"),
        ),
        (
            "one of two hashes",
            A,
            json!({"integrity": other_and_right}),
            Files(&["a.js"]),
        ),
        (
            "a weak one beside",
            A,
            json!({"integrity": weak_and_right}),
            Files(&["a.js"]),
        ),
        (
            "the stronger one decides",
            A,
            json!({"integrity": weaker}),
            Refused(Artifact, "no program \"npm\""),
        ),
        (
            "a tarball that is not there",
            A,
            json!({"resolved": "file:none.tgz"}),
            Refused(ErrorKind::Machine, "none.tgz"),
        ),
        (
            "a tarball out of the project, of other bytes",
            A,
            json!({"resolved": "file:../other.tgz"}),
            Refused(Integrity, "does not have the integrity"),
        ),
        (
            "git",
            A,
            json!({"resolved": "git+ssh://git@example.com/a.git#0123"}),
            Refused(Artifact, "comes from a git repository"),
        ),
        (
            "a link to nowhere",
            A,
            json!({"link": true}),
            Refused(Project, "a link without a target"),
        ),
        (
            "a link to what is not there",
            A,
            json!({"link": true, "resolved": "packages/none"}),
            Refused(Project, "a@1.0.0 is a link: there is no"),
        ),
        (
            "another system",
            A,
            json!({"os": ["darwin"], "cpu": ["!x64"]}),
            Refused(Artifact, "is for os darwin alone"),
        ),
        (
            "what the target needs is not locked",
            A,
            json!({"optionalDependencies": {"@a/linux-x64-gnu": "1.0.0"}}),
            Refused(Artifact, "lacks @a/linux-x64-gnu, which a needs"),
        ),
        (
            "what it needs is not locked",
            A,
            json!({"dependencies": {"b": "^1.0.0"}}),
            Refused(Project, "it lacks b, which a needs"),
        ),
        (
            "what it may do without is not locked",
            A,
            json!({
                "dependencies": {"fsevents": "1", "bundled": "1"},
                "optionalDependencies": {"fsevents": "1"},
                "bundleDependencies": ["bundled"],
                "peerDependencies": {"react": "*"},
            }),
            Files(&["a.js"]),
        ),
        (
            "a place above",
            "node_modules/../../a",
            none(),
            Refused(Project, "`..` part"),
        ),
        (
            "a place that is none",
            "node_modules/",
            none(),
            Refused(Project, "empty part"),
        ),
        (
            "a place with a backslash",
            "node_modules/a\\b",
            none(),
            Refused(Project, "a backslash"),
        ),
        (
            "a place with a colon",
            "node_modules/a:b",
            none(),
            Refused(Project, "a colon"),
        ),
        (
            "capitals and dots",
            "node_modules/Big.js_2",
            none(),
            Files(&["a.js"]),
        ),
        ("a scope", "node_modules/@s.t/_a", none(), Files(&["a.js"])),
        (
            "an alias",
            A,
            json!({"name": "@real/name"}),
            Files(&["a.js"]),
        ),
        (
            "a version that is none",
            A,
            json!({"version": null}),
            Files(&["a.js"]),
        ),
    ]
}

#[test]
fn faults_are_refused_and_oddities_are_not() {
    let mut count = 0;
    let mut judge = |case: &str, shop: &Shop, place: &str, end: &End| {
        count += 1;
        let planned = shop.plan(&target("nodejs22"));
        match (end, planned) {
            (Files(expected), Ok(plan)) => {
                let base = format!("nodejs/{place}/");
                let files = plan.entries().iter().map(|entry| entry.path.as_str());
                let files: Vec<&str> = files.filter_map(|path| path.strip_prefix(&*base)).collect();
                assert_eq!(files, *expected, "{case}");
            }
            (Refused(kind, reason), Err(error)) => {
                assert!(error.to_string().contains(reason), "{case}: {error}");
                assert_eq!(error.kind(), *kind, "{case}: {error}");
                // Nothing is kept that was not proved to be right.
                let is_kept = shop.path("cache/npm-v2").exists();
                assert!(!is_kept || *kind != Integrity, "{case}");
            }
            (Files(_), Err(error)) => panic!("{case}: {error}"),
            (Refused(..), Ok(_)) => panic!("{case} was taken"),
        }
    };
    for (case, tarball, end) in tarballs() {
        let shop = Shop::new().with_tarball("node_modules/a", &tarball, &none());
        judge(case, &shop, "node_modules/a", &end);
    }
    for (case, place, more, end) in entries() {
        let shop = Shop::new().with_tarball(place, &good(), &more);
        fs_err::write(shop.path("other.tgz"), "other").unwrap();
        judge(case, &shop, place, &end);
    }
    assert!(count >= 40, "{count} cases");
}
