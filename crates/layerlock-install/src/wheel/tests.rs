use std::sync::LazyLock;

use data_encoding::BASE64URL;
use layerlock_diagnostic::{Diagnose as _, ErrorKind};
use layerlock_layer::archive::{ArchiveProblem, RawMember};
use layerlock_layer::{LayerPath, Method, PathError};
use layerlock_testkit::{
    Flaw, HOSTILE_NAMES, Wheel as TestWheel, WheelBuilder, hostile_wheels, noise, sound_wheel,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::record_fit::RecordFit;
use super::*;
use crate::Cache;

mod records;

fn sample() -> WheelBuilder {
    sound_wheel()
}

const RUN: &str = "demo/run";

fn verify(wheel: &TestWheel) -> Result<WheelContents, WheelProblem> {
    WheelContents::verify(&wheel.file_name.parse().unwrap(), &wheel.bytes)
}

/// The problem of a wheel, whose message has to name the member.
fn refusal(wheel: &WheelBuilder, member: &str) -> WheelProblem {
    let problem = verify(&wheel.clone().build()).unwrap_err();
    let message = problem.to_string();
    let shown = format!("{member:?}");
    let shown = shown.trim_matches('"');
    assert!(message.contains(shown), "{message} does not name {member}");
    problem
}

fn flawed(flaw: Flaw, member: &str) -> WheelProblem {
    refusal(&sample().flaw(flaw), member)
}

fn run() -> String {
    RUN.to_owned()
}

#[test]
fn every_way_to_write_a_sound_wheel_is_accepted() {
    let plain = verify(&sample().build()).unwrap();
    assert_eq!(plain.dist_info, "demo-1.0.dist-info");
    let executables: Vec<&str> = plain
        .members
        .iter()
        .filter(|member| member.executable)
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(executables, [RUN]);

    for (what, builder) in [
        ("stored", sample().stored()),
        ("streamed", sample().streamed()),
        ("stored and streamed", sample().stored().streamed()),
        (
            "directories",
            sample().directory("demo").directory("demo/sub"),
        ),
        ("a build tag", sample().build_tag("7local")),
        ("a later minor version", sample().wheel_version("1.9")),
        ("a set of tags", sample().tag("py2.py3-none-any")),
        (
            "a platform",
            sample().tag("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ),
    ] {
        let contents =
            verify(&builder.build()).unwrap_or_else(|problem| panic!("{what}: {problem}"));
        let facts = |contents: &WheelContents| -> Vec<_> {
            let members = contents.members.iter();
            members
                .filter(|member| member.name.starts_with("demo/"))
                .map(|member| (member.name.clone(), member.executable, member.data.digest))
                .collect()
        };
        assert_eq!(facts(&contents), facts(&plain), "{what}");
    }
}

#[test]
fn a_wheel_made_on_windows_has_no_executables_and_is_accepted() {
    let contents = verify(&sample().without_modes().build()).unwrap();
    assert!(contents.members.iter().all(|member| !member.executable));
}

#[test]
fn names_and_versions_may_be_spelled_in_other_ways_in_dist_info() {
    for (file_name, spelling, version) in [
        ("foo_bar-1.0-py3-none-any.whl", "Foo.Bar", "1.0"),
        ("Foo_Bar-1.0-py3-none-any.whl", "foo_bar", "1.0"),
        ("foo.bar-1.0-py3-none-any.whl", "foo_bar", "1.0"),
        ("foo_bar-1.0rc1-py3-none-any.whl", "foo_bar", "1.0.RC1"),
        ("foo_bar-2020.1.5-py3-none-any.whl", "foo_bar", "2020.01.05"),
        ("foo_bar-1.0-py3-none-any.whl", "foo_bar", "1.0.0"),
        ("foo_bar-1.0+cpu.2-py3-none-any.whl", "foo_bar", "1.0+CPU.2"),
    ] {
        let wheel = WheelBuilder::new("Foo.Bar", version)
            .spelled(spelling)
            .build();
        WheelContents::verify(&file_name.parse().unwrap(), &wheel.bytes)
            .unwrap_or_else(|problem| panic!("{file_name}: {problem}"));
    }
}

#[test]
fn a_dist_info_of_another_distribution_or_version_is_refused() {
    for (name, version) in [("other", "1.0"), ("demo", "1.1")] {
        let wheel = WheelBuilder::new(name, version).build();
        let problem =
            WheelContents::verify(&"demo-1.0-py3-none-any.whl".parse().unwrap(), &wheel.bytes);
        assert_eq!(problem, Err(WheelProblem::DistInfoName(wheel.dist_info)));
    }
}

#[test]
fn there_has_to_be_one_dist_info_directory() {
    let two = sample().file("other-1.0.dist-info/METADATA", "").build();
    assert_eq!(verify(&two), Err(WheelProblem::DistInfoCount(2)));
    let empty_zip = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    assert_eq!(
        WheelContents::verify(&"demo-1.0-py3-none-any.whl".parse().unwrap(), &empty_zip),
        Err(WheelProblem::DistInfoCount(0))
    );
}

#[test]
fn a_strong_hash_in_record_that_is_wrong_is_refused() {
    use WheelProblem as P;
    assert!(matches!(
        flawed(Flaw::WrongRecordHash(run()), RUN),
        P::RecordHash { name, expected, actual }
            if name == RUN && expected.starts_with("sha256=") && expected != actual
    ));
}

/// selenium 4.1.0 and catboost are such wheels, and pip, uv and Poetry install them.
#[test]
fn a_record_with_flaws_that_installers_pass_over_is_told_and_not_kept() {
    for (flaw, told) in [
        (Flaw::MissingFromRecord(run()), "does not list `demo/run`"),
        (
            Flaw::NoRecordHash(run()),
            "lists `demo/run` without a sha256 or stronger hash",
        ),
        (
            Flaw::WeakRecordHash(run()),
            "lists `demo/run` without a sha256 or stronger hash",
        ),
    ] {
        let contents = verify(&sample().flaw(flaw).build()).unwrap();
        assert_eq!(contents.record_flaws().unwrap().to_string(), told);
    }
}

#[test]
fn a_record_that_is_inexact_is_no_reason_to_refuse_but_is_not_kept() {
    assert_eq!(verify(&sample().build()).unwrap().record, RecordFit::Exact);
    for flaw in [
        Flaw::RecordWithoutMember("my_code.py".to_owned()),
        Flaw::RecordWithoutMember("demo/".to_owned()),
        Flaw::WrongRecordSize(run()),
    ] {
        let wheel = sample().flaw(flaw).build();
        assert_eq!(verify(&wheel).unwrap().record, RecordFit::Inexact);
    }
}

/// What is in memory and what is in a file go through the same door.
#[test]
fn a_wheel_in_a_file_is_read_as_one_in_memory() {
    let sound = [
        sample().build(),
        sample().stored().build(),
        sample().streamed().build(),
        // More than is read at once, before and after it is unpacked.
        sample().file("demo/large.bin", noise(1, 300_000)).build(),
        sample()
            .stored()
            .file("demo/large.bin", noise(1, 300_000))
            .build(),
    ];
    let hostile = hostile_wheels().into_iter().map(|hostile| hostile.wheel);
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("wheel");
    for wheel in sound.into_iter().chain(hostile) {
        fs_err::write(&path, &wheel.bytes).unwrap();
        let file = fs_err::File::open(&path).unwrap();
        let name = wheel.file_name.parse().unwrap();
        assert_eq!(
            WheelContents::verify_file(&name, &file).unwrap(),
            WheelContents::verify(&name, &wheel.bytes),
            "{}",
            wheel.sha256
        );
    }
}

#[test]
fn a_wheel_without_its_metadata_is_refused() {
    for file in ["METADATA", "WHEEL", "RECORD"] {
        let path = format!("{}/{file}", sample().dist_info());
        assert_eq!(
            flawed(Flaw::NoMember(path), file),
            WheelProblem::Missing(file)
        );
    }
    assert_eq!(
        refusal(&sample().wheel_version("2.0"), "2.0"),
        WheelProblem::WheelVersion("2.0".to_owned())
    );
}

#[test]
fn a_bomb_is_refused_by_what_it_claims() {
    let bomb = (0..5).fold(sample(), |builder, index| {
        let name = format!("demo/{index}");
        builder
            .file(&name, "0")
            .flaw(Flaw::ClaimedSize(name, u32::MAX - 1))
    });
    let problem = verify(&bomb.build()).unwrap_err();
    assert!(matches!(
        problem,
        WheelProblem::Archive(ArchiveProblem::TooLarge(bytes)) if bytes > 4 << 30
    ));
    // As a package with everything for graphics processors is.
    assert_eq!(problem.kind(), ErrorKind::Artifact);
    let hint = problem.hint().unwrap();
    assert!(hint.starts_with("no layer can hold it"), "{hint}");
}

/// They are kept in memory, where programs in their place are not.
#[test]
fn python_scripts_are_bounded_together_and_programs_are_not() {
    let script = |start: &[u8], megabytes: usize| {
        let mut content = vec![0; megabytes << 20];
        content[..start.len()].copy_from_slice(start);
        content
    };
    let program = script(b"\x7fELF", 65);
    let wheel = sample().data("scripts", "program", &program).build();
    assert!(verify(&wheel).is_ok());

    let half = script(b"#!python\n", 40);
    let one = sample().data("scripts", "one", &half);
    assert!(verify(&one.clone().build()).is_ok());
    let two = verify(&one.data("scripts", "two", &half).build());
    assert!(
        matches!(&two, Err(WheelProblem::Archive(ArchiveProblem::Data { name, problem }))
            if name.ends_with("/two") && problem.contains("too large")),
        "{two:?}"
    );
}

#[test]
fn every_hostile_name_is_refused_with_its_reason() {
    for name in HOSTILE_NAMES {
        let reason = match *name {
            n if n.starts_with('/') => PathError::Absolute,
            n if n.contains('\\') || n.contains(':') => {
                let first = n.find(['\\', ':']).map(|at| &n[at..=at]);
                if first == Some(":") {
                    PathError::Colon
                } else {
                    PathError::Backslash
                }
            }
            n if n.contains('\0') => PathError::Control,
            _ => PathError::Dots,
        };
        let expected = WheelProblem::Archive(ArchiveProblem::Name {
            name: (*name).to_owned(),
            reason,
        });
        assert_eq!(refusal(&sample().file(name, "x"), name), expected);
        // Where it names a directory it is no better.
        let directory = verify(&sample().directory(name).build());
        assert!(
            matches!(
                directory,
                Err(WheelProblem::Archive(ArchiveProblem::Name { .. }))
            ),
            "{name:?}"
        );
    }
}

#[test]
fn commands_that_would_smuggle_code_or_paths_are_refused() {
    for (name, reference) in [
        ("tool", "os:system('id')"),
        ("tool", "os:system;import evil"),
        ("tool", "demo import x;import evil:main"),
        ("tool", "demo:main()\\nimport evil"),
        ("tool", "demo.cli"),
        ("tool", ":main"),
        ("tool", "demo..cli:main"),
        ("tool", "demo:1main"),
        ("../../tool", "demo:main"),
        ("/tool", "demo:main"),
        ("sub/tool", "demo:main"),
        ("sub\\tool", "demo:main"),
        (".profile", "demo:main"),
        ("-rf", "demo:main"),
        ("", "demo:main"),
        ("to ol", "demo:main"),
    ] {
        for group in ["console_scripts", "gui_scripts"] {
            let wheel = WheelBuilder::new("demo", "1.0").entry_point(group, name, reference);
            let problem = verify(&wheel.build());
            assert!(
                matches!(
                    &problem,
                    Err(WheelProblem::Metadata { file: "entry_points.txt", reason })
                        if reason.contains(group)
                ),
                "{name} = {reference}: {problem:?}"
            );
        }
    }
}

#[test]
fn other_groups_of_entry_points_are_no_commands() {
    let wheel = WheelBuilder::new("demo", "1.0")
        .entry_point("pytest11", "a plugin", "demo plugin")
        .entry_point("console_scripts", "demo", "demo.cli:App.run [extra]");
    let contents = verify(&wheel.build()).unwrap();
    let names: Vec<&str> = contents.scripts.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["demo"]);
}

#[test]
fn kept_contents_are_the_same_when_reloaded() {
    let temp = tempfile::tempdir().unwrap();
    let cache = Cache::at(temp.path());
    let wheel = sample().build();
    let contents = verify(&wheel).unwrap();
    let archive = cache.temporary_file().unwrap();
    fs_err::write(archive.path(), &wheel.bytes).unwrap();
    let seven = layerlock_digest::Digest::sha256_of(b"7");
    cache.insert(&seven, archive, contents.clone()).unwrap();

    let reloaded = cache.wheel(&seven).unwrap();
    assert_eq!(reloaded.contents, contents);
    assert_eq!(fs_err::read(reloaded.path).unwrap(), wheel.bytes);
    assert!(
        cache
            .wheel(&layerlock_digest::Digest::sha256_of(b"8"))
            .is_none()
    );
}

#[test]
fn every_hostile_wheel_of_the_corpus_is_refused_with_its_reason() {
    assert_eq!(read_hostile(&sound_wheel().build().bytes), Ok(()));
    for hostile in hostile_wheels() {
        let problem = read_hostile(&hostile.wheel.bytes).expect_err(&hostile.what);
        let text = problem.to_string();
        assert!(text.contains(hostile.reason), "{}: {text}", hostile.what);
    }
}

#[test]
fn a_bomb_costs_no_more_than_a_wheel_of_the_size_that_it_claims() {
    // 200 MB of zeros that say they are three bytes: unpacking stops there.
    let bomb = sample()
        .file("demo/bomb", vec![0; 200 << 20])
        .flaw(Flaw::ClaimedSize("demo/bomb".to_owned(), 3))
        .build();
    let start = std::time::Instant::now();
    assert!(matches!(
        verify(&bomb),
        Err(WheelProblem::Archive(ArchiveProblem::Data { .. }))
    ));
    assert!(start.elapsed().as_millis() < 500, "{:?}", start.elapsed());
}

proptest! {
    /// What a fuzzer does, in little: wheels of the corpus with some bytes changed,
    /// moved, left out or put in.
    #[test]
    fn no_mutation_of_the_corpus_gets_past_what_is_counted_on(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(
            (0_u8..5, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()),
            1..6,
        ),
    ) {
        static CORPUS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
            let hostile = hostile_wheels().into_iter().map(|hostile| hostile.wheel);
            let sound = [sample().build(), sample().stored().build(), sample().streamed().build()];
            hostile.chain(sound).map(|wheel| wheel.bytes).collect()
        });
        let mut bytes = which.get(CORPUS.as_slice()).clone();
        for (kind, one, other, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let (one, other) = (one.index(bytes.len()), other.index(bytes.len()));
            match kind {
                0 => bytes[one] = byte,
                1 => bytes[one] ^= 1 << (byte % 8),
                2 => bytes.swap(one, other),
                3 => bytes.truncate(one.max(other)),
                _ => {
                    let piece = bytes[one.min(other)..one.max(other)].to_vec();
                    bytes.splice(one..one, piece);
                }
            }
        }
        // It panics where something got past.
        let _ = read_hostile(&bytes);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let name = "demo-1.0-py3-none-any.whl".parse().unwrap();
        prop_assert!(WheelContents::verify(&name, &bytes).is_err());
    }

    #[test]
    fn a_changed_wheel_never_panics_and_never_passes_other_bytes(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..4),
        cut in 0_usize..40,
        streamed in any::<bool>(),
    ) {
        let builder = if streamed { sample().streamed() } else { sample() };
        let wheel = builder.build();
        let sound = verify(&wheel).unwrap();
        let mut bytes = wheel.bytes.clone();
        bytes.truncate(bytes.len() - cut);
        for (at, flip) in flips {
            *at.get_mut(&mut bytes) ^= flip;
        }
        if let Ok(contents) = WheelContents::verify(&wheel.file_name.parse().unwrap(), &bytes) {
            // What may differ and pass: times, versions, modes.
            let data = |contents: &WheelContents| -> Vec<_> {
                let members = contents.members.iter();
                members.map(|member| (member.name.clone(), member.data.digest)).collect()
            };
            prop_assert_eq!(data(&contents), data(&sound));
        }
    }
}

/// importlib.metadata answers with what stands there.
#[test]
fn metadata_has_to_be_of_the_file_names_release() {
    let verify_named = |file_name: &str, name: &str, version: &str| {
        let wheel = WheelBuilder::new(name, version).spelled("demo").build();
        WheelContents::verify(&file_name.parse().unwrap(), &wheel.bytes)
    };
    for (file_name, name, version) in [
        ("demo-1.0-py3-none-any.whl", "Demo", "1.0"),
        ("demo-1.0-py3-none-any.whl", "DEMO", "1.0"),
    ] {
        assert!(verify_named(file_name, name, version).is_ok(), "{name}");
    }
    assert_eq!(
        verify_named("demo-1.0-py3-none-any.whl", "other", "1.0"),
        Err(WheelProblem::MetadataOf("other 1.0".to_owned()))
    );
    for (text, missing) in [
        ("", "Name in METADATA"),
        ("Name: demo\n", "Version in METADATA"),
        ("Version: 1.0\n", "Name in METADATA"),
        ("\nName: demo\nVersion: 1.0\n", "Name in METADATA"),
    ] {
        let member = verify::check_metadata(&"demo-1.0-py3-none-any.whl".parse().unwrap(), text);
        assert_eq!(member, Err(WheelProblem::Missing(missing)), "{text:?}");
    }
    let odd = "Metadata-Version: 2.1\nNAME: Demo\nVersion:1.0.0\n\nVersion: 2.0\n";
    let name = "demo-1.0-py3-none-any.whl".parse().unwrap();
    assert_eq!(verify::check_metadata(&name, odd), Ok(()));
}
