//! Files that the target's loader or Python does not take.

use layerlock_testkit::SharedLibrary;

use super::Content::Bytes;
use super::{AARCH64, MODULE, findings, found, lib, library, text, told};

#[test]
fn another_processor_is_named_as_elf_names_it() {
    let arm = || lib(&SharedLibrary::new(AARCH64));
    assert_eq!(
        told(&[("python/demo/_core.abi3.so", arm())]),
        "error[other-machine]: python/demo/_core.abi3.so is for aarch64, and the target's \
         processor is x86-64\n  hint: install the package's wheel for x86_64, or publish the \
         layer for arm64"
    );
    // What many files share is told once.
    let layer = [
        ("python/demo/_a.cpython-312-aarch64-linux-gnu.so", arm()),
        ("python/demo/_b.cpython-312-aarch64-linux-gnu.so", arm()),
        ("python/demo.libs/libx.so.1", arm()),
        ("python/other/_c.cpython-312-aarch64-linux-gnu.so", arm()),
    ];
    let findings = findings("python3.12", &layer);
    let messages: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "python/demo.libs/libx.so.1 is for aarch64, and the target's processor is x86-64; the \
             same goes for 2 more files of demo",
            "python/other/_c.cpython-312-aarch64-linux-gnu.so is for aarch64, and the target's \
             processor is x86-64",
        ]
    );
}

#[test]
fn a_package_that_brings_a_file_for_each_processor_is_sound() {
    let code = "python/demo/__init__.py";
    let fitting = "python/demo/attach_amd64.so";
    for (path, alone) in [
        ("python/demo/attach_arm64.so", "error"),
        ("python/demo/data/sample", "warning"),
    ] {
        let arm = || lib(&SharedLibrary::new(AARCH64));
        assert_eq!(
            found(&[(code, text()), (path, arm())]),
            [format!("{alone}[other-machine] {path}")]
        );
        assert_eq!(
            found(&[(code, text()), (path, arm()), (fitting, lib(&library()))]),
            [format!("note[other-machine] {path}")]
        );
    }
}

#[test]
fn a_module_for_another_python_is_told_unless_there_is_one_for_the_target() {
    let path = "python/demo/_core.cpython-311-x86_64-linux-gnu.so";
    assert_eq!(
        told(&[(path, lib(&library()))]),
        format!(
            "error[foreign-module]: {path} is for Python 3.11, and the target has Python 3.12\n  \
             hint: install the package's wheel for Python 3.12 on x86_64"
        )
    );
    for other in [
        MODULE,
        "python/demo/_core.abi3.so",
        "python/demo/_core.so",
        "python/demo/_core.py",
        "python/demo/_core/__init__.py",
    ] {
        let content = if other.contains(".so") {
            lib(&library())
        } else {
            text()
        };
        assert_eq!(
            found(&[(path, lib(&library())), (other, content)]),
            [format!("note[foreign-module] {path}")]
        );
    }
    // Another module, and one that is for another processor itself.
    for (other, content) in [
        ("python/demo/_other.abi3.so", lib(&library())),
        ("python/_core.abi3.so", lib(&library())),
        (
            "python/demo/_core.abi3.so",
            lib(&SharedLibrary::new(AARCH64)),
        ),
    ] {
        let found = found(&[(path, lib(&library())), (other, content)]);
        assert!(
            found.contains(&format!("error[foreign-module] {path}")),
            "{found:?}"
        );
    }
    // It says so in its needs alone.
    let module = library().needs("libpython3.9.so.1.0");
    let text = told(&[("python/demo/_core.abi3.so", lib(&module))]);
    assert!(
        text.contains("is for Python 3.9, and the target has Python 3.12"),
        "{text}"
    );
    // What a name for the target holds is what counts.
    let arm = lib(&SharedLibrary::new(AARCH64));
    assert_eq!(
        found(&[(MODULE, arm)]),
        [format!("error[other-machine] {MODULE}")]
    );
    let path = "python/demo/_core.cpython-312-aarch64-linux-gnu.so";
    assert_eq!(
        found(&[(path, lib(&library()))]),
        [format!("error[foreign-module] {path}")]
    );
}

#[test]
fn musl_is_told() {
    let musl = library().needs("libc.musl-x86_64.so.1");
    for path in [
        "python/demo/_core.cpython-312-x86_64-linux-musl.so",
        "python/demo/_core.abi3.so",
        "python/demo.libs/libx.so",
        "bin/tool",
    ] {
        let text = told(&[(path, lib(&musl))]);
        let expected = format!(
            "error[musl]: {path} is for musl, as on Alpine, and the runtime's C library is glibc"
        );
        assert!(text.starts_with(&expected), "{text}");
    }
    let path = "python/demo/_core.cpython-312-x86_64-linux-musl.so";
    assert_eq!(
        found(&[(path, lib(&musl)), (MODULE, lib(&library()))]),
        [format!("note[musl] {path}")]
    );
}

#[test]
fn formats_of_other_systems_are_told() {
    let mach_o = || Bytes(b"\xcf\xfa\xed\xfe\x0c\0\0\x01".to_vec());
    let mut pe = vec![0; 0x40];
    pe[..2].copy_from_slice(b"MZ");
    pe[0x3c] = 0x40;
    pe.extend(b"PE\0\0");
    for (path, severity) in [
        ("python/demo/_core.cpython-312-darwin.so", "error"),
        ("python/demo/_core.abi3.so", "error"),
        ("python/demo/.dylibs/libx.1.dylib", "error"),
        ("bin/tool", "error"),
        ("python/demo/data/sample", "warning"),
    ] {
        assert_eq!(
            found(&[(path, mach_o())]),
            [format!("{severity}[mach-o] {path}")]
        );
    }
    // A package that brings a library for each system.
    assert_eq!(
        found(&[
            ("python/demo/attach.dylib", mach_o()),
            ("python/demo/attach.so", lib(&library()))
        ]),
        ["note[mach-o] python/demo/attach.dylib"]
    );
    // Python finds this one, whatever lies beside it.
    assert_eq!(
        found(&[
            (MODULE, mach_o()),
            ("python/demo/other.abi3.so", lib(&library()))
        ]),
        [format!("error[mach-o] {MODULE}")]
    );
    // A module of Windows is one that Linux does not have.
    let path = "python/demo/_core.cp312-win_amd64.pyd";
    let text = told(&[(path, Bytes(pe.clone()))]);
    let expected = format!(
        "error[foreign-module]: {path} is for Windows, and the target has Linux on x86_64\n"
    );
    assert!(text.starts_with(&expected), "{text}");
    assert_eq!(
        found(&[(path, Bytes(pe.clone())), (MODULE, lib(&library()))]),
        [format!("warning[pe-file] {path}")]
    );
    assert_eq!(
        told(&[("python/demo/cli.exe", Bytes(pe))]),
        "warning[pe-file]: python/demo/cli.exe is a file for Windows\n  hint: if nothing loads \
         it, leave it out by exclude-files"
    );
}

#[test]
fn damaged_files_are_told() {
    let whole = library().without_sections().build();
    for (bytes, severity, code, says) in [
        (
            whole[..whole.len() - 1].to_vec(),
            "error",
            "truncated-binary",
            "is truncated: ",
        ),
        (
            whole[..10].to_vec(),
            "error",
            "truncated-binary",
            "is truncated: ",
        ),
        (
            library().mapped_at_distance(0x10).build(),
            "error",
            "misaligned-binary",
            "was damaged by strip: ",
        ),
        (
            library().needs(&"n".repeat(5000)).build(),
            "error",
            "unreadable-binary",
            "cannot be read as a library: ",
        ),
    ] {
        let text = told(&[(MODULE, Bytes(bytes.clone()))]);
        let expected = format!("{severity}[{code}]: {MODULE} {says}");
        assert!(text.starts_with(&expected), "{text}");
        let text = told(&[("python/demo/data/sample", Bytes(bytes))]);
        assert!(text.starts_with("warning["), "{text}");
    }
}

#[test]
fn what_has_the_name_of_a_library_and_is_none_is_told() {
    for (path, content, severity) in [
        (MODULE, "", "error"),
        ("python/demo/_core.abi3.so", "../_core.abi3.so", "error"),
        (
            "python/demo/libx.so",
            "version https://example.com/spec",
            "warning",
        ),
        ("python/demo.libs/libx.so.1", "", "warning"),
    ] {
        let content = Bytes(content.as_bytes().to_vec());
        assert_eq!(
            found(&[(path, content)]),
            [format!("{severity}[unreadable-binary] {path}")]
        );
    }
    for path in [
        "python/demo/_core.cpython-311-x86_64-linux-gnu.so",
        "python/demo/data.bin",
        "bin/tool",
    ] {
        assert_eq!(found(&[(path, text())]), [""; 0]);
    }
}

#[test]
fn weaknesses_are_warnings() {
    for (library, code) in [
        (library().with_executable_stack(), "executable-stack"),
        (library().dynamic_entry(22, 0), "text-relocations"),
        (library().dynamic_entry(30, 4), "text-relocations"),
    ] {
        assert_eq!(
            found(&[(MODULE, lib(&library))]),
            [format!("warning[{code}] {MODULE}")]
        );
    }
}
