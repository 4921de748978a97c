//! Every kind of wheel that must be refused, for tests and as seeds for fuzzing.

use crate::{Flaw, HOSTILE_NAMES, PageLink, Wheel, WheelBuilder, html_page, json_page};

/// A wheel that must be refused.
#[derive(Debug, Clone)]
pub struct HostileWheel {
    /// What is wrong with it.
    pub what: String,
    /// The wheel.
    pub wheel: Wheel,
    /// Words that the reason for the refusal has to have.
    pub reason: &'static str,
}

/// A sound wheel with something of everything: a module, an empty file, an
/// executable, a script of either kind.
pub fn sound_wheel() -> WheelBuilder {
    WheelBuilder::new("demo", "1.0")
        .file("demo/__init__.py", "VALUE = 1\n".repeat(40))
        .file("demo/empty.py", "")
        .executable("demo/run", "#!/bin/sh\n")
        .data("scripts", "demo-old", "#!python\nimport demo\n")
        .entry_point("console_scripts", "demo", "demo.cli:main")
}

/// Pages of an index, of both kinds, with something of everything that a page may say.
pub fn index_pages() -> Vec<Vec<u8>> {
    let link = |number: usize| PageLink {
        file_name: format!("demo-1.{number}-py3-none-any.whl"),
        url: format!("../../files/demo-1.{number}-py3-none-any.whl"),
        sha256: (number != 1).then(|| "ab".repeat(32)),
        requires_python: (number != 2).then(|| ">=3.8,<4".to_owned()),
        yanked: (number == 3).then(|| "broken & \"old\"".to_owned()),
        size: Some(1234),
        upload_time: Some("2026-01-02T03:04:05.678Z".to_owned()),
    };
    let links: Vec<PageLink> = (0..4).map(link).collect();
    let base = Some("https://packages.example.com/other/");
    [
        html_page("demo", &links, None),
        html_page("demo", &links, base),
        html_page("demo", &[], None),
        json_page("demo", &links),
        json_page("demo", &[]),
    ]
    .map(String::into_bytes)
    .into()
}

/// [`sound_wheel`], with one thing wrong at a time.
pub fn hostile_wheels() -> Vec<HostileWheel> {
    let run = || "demo/run".to_owned();
    let metadata = |file: &str| format!("{}/{file}", sound_wheel().dist_info());
    let mut wheels = Vec::new();
    let mut add = |what: &str, reason, builder: WheelBuilder| {
        wheels.push(HostileWheel {
            what: what.to_owned(),
            wheel: builder.build(),
            reason,
        });
    };
    for name in HOSTILE_NAMES {
        let what = format!("a file named {name:?}");
        add(&what, "member", sound_wheel().file(name, "x"));
        let what = format!("a directory named {name:?}");
        add(&what, "member", sound_wheel().directory(name));
    }
    for (flaw, reason) in [
        (Flaw::WrongRecordHash(run()), "RECORD says"),
        (Flaw::NoMember(metadata("METADATA")), "has no METADATA"),
        (Flaw::NoMember(metadata("WHEEL")), "has no WHEEL"),
        (Flaw::NoMember(metadata("RECORD")), "has no RECORD"),
        (Flaw::Symlink(run()), "a link or a device"),
        (Flaw::Device(run()), "a link or a device"),
        (
            Flaw::LocalName(run(), "demo/own".to_owned()),
            "another name",
        ),
        (Flaw::LocalSize(run(), 3), "another size"),
        (Flaw::LocalMethod(run(), 0), "another compression method"),
        (Flaw::LocallyEncrypted(run()), "another encryption flag"),
        (Flaw::Descriptor(run()), "another checksum"),
        (Flaw::Encrypted(run()), "is encrypted"),
        (Flaw::Method(run(), 12), "method 12"),
        (Flaw::WrongCrc(run()), "the checksum"),
        (Flaw::ClaimedSize(run(), 3), "more than its header"),
        (Flaw::ClaimedSize(run(), 300), "less than its header"),
        (Flaw::ClaimedSize(run(), u32::MAX - 1), "far more than"),
        (
            Flaw::ClaimedSize(metadata("RECORD"), 1 << 30),
            "too large for what it is",
        ),
        (Flaw::Nested(run()), "overlaps another"),
        (Flaw::Truncated(1), "not a readable zip"),
        (Flaw::Truncated(200), "not a readable zip"),
    ] {
        add(&format!("{flaw:?}"), reason, sound_wheel().flaw(flaw));
    }
    add(
        "a member that is there twice",
        "is there twice",
        sound_wheel().file("demo/run", "#!/bin/sh\n"),
    );
    add(
        "two distributions",
        "2 .dist-info directories",
        sound_wheel().file("other-1.0.dist-info/METADATA", ""),
    );
    add(
        "a distribution of another name",
        "not what its file name says",
        WheelBuilder::new("other", "1.0").spelled("other"),
    );
    add(
        "a version of the format that is to come",
        "only 1.x is known",
        sound_wheel().wheel_version("2.0"),
    );
    add(
        "a command that is code",
        "malformed entry_points.txt",
        sound_wheel().entry_point("console_scripts", "tool", "demo:main()\nimport evil"),
    );
    add(
        "a command that is a path",
        "malformed entry_points.txt",
        sound_wheel().entry_point("console_scripts", "../../tool", "demo:main"),
    );
    // Each is looked at under the sound wheel's name.
    for hostile in &mut wheels {
        "demo-1.0-py3-none-any.whl".clone_into(&mut hostile.wheel.file_name);
    }
    wheels
}
