//! Layers with one fault each, and sound ones.

use layerlock_target::{Architecture, Provider, Target};
use layerlock_testkit::SharedLibrary;

use super::{
    BinaryContent, BinaryFile, check_binaries_beside, may_be_binary, read_binary,
    read_binary_in_pieces,
};
use crate::Finding;

const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// What a file of a test holds.
enum Content {
    Bytes(Vec<u8>),
    Link(&'static str),
}

use Content::{Bytes, Link};

fn library() -> SharedLibrary {
    SharedLibrary::new(X86_64).needs("libc.so.6")
}

fn lib(library: &SharedLibrary) -> Content {
    Bytes(library.build())
}

fn text() -> Content {
    Bytes(b"import os\n".to_vec())
}

fn findings(runtime: &str, files: &[(&str, Content)]) -> Vec<Finding> {
    findings_of(Provider::Aws, runtime, files)
}

fn findings_of(provider: Provider, runtime: &str, files: &[(&str, Content)]) -> Vec<Finding> {
    findings_beside(&[], provider, runtime, files)
}

fn findings_beside(
    others: &[&str],
    provider: Provider,
    runtime: &str,
    files: &[(&str, Content)],
) -> Vec<Finding> {
    let runtime = provider.runtime(runtime).unwrap();
    let target = Target::new(runtime, Architecture::X86_64);
    let binaries: Vec<_> = files
        .iter()
        .map(|(_, content)| match content {
            Bytes(bytes) => read_binary(bytes),
            Link(_) => None,
        })
        .collect();
    let files = files.iter().zip(&binaries);
    let files = files.map(|((path, content), binary)| BinaryFile {
        path,
        package: None,
        content: match (content, binary) {
            (Link(target), _) => BinaryContent::Link(target),
            (_, Some(binary)) => BinaryContent::Binary(binary),
            _ => BinaryContent::Other,
        },
    });
    check_binaries_beside(files, others.iter().copied(), &target)
}

/// The findings of a layer for Python 3.12: severity, code and path.
fn found(files: &[(&str, Content)]) -> Vec<String> {
    let findings = findings("python3.12", files);
    let line = |finding: &Finding| {
        let text = finding.to_string();
        let (head, _) = text.split_once("]:").unwrap();
        format!("{head}] {}", finding.path.as_deref().unwrap())
    };
    findings.iter().map(line).collect()
}

/// The message of the one finding there is.
fn told(files: &[(&str, Content)]) -> String {
    told_on("python3.12", files)
}

fn told_on(runtime: &str, files: &[(&str, Content)]) -> String {
    let findings = findings(runtime, files);
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    finding.to_string()
}

const MODULE: &str = "python/demo/_core.cpython-312-x86_64-linux-gnu.so";

#[test]
fn a_sound_layer_is_without_findings() {
    let module = library()
        .needs("libdemo-1a.so.1")
        .needs("libstdc++.so.6")
        .needs("libpython3.12.so.1.0")
        .runpath("$ORIGIN/../demo.libs")
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
        .needs_versions("libdemo-1a.so.1", &["DEMO_1"])
        .exports(&["PyInit__core"]);
    let own = library()
        .soname("libdemo-1a.so.1")
        .defines(&["DEMO_1", "DEMO_2"]);
    let layer = [
        (
            "bin/tool",
            lib(&library().interpreter("/lib64/ld-linux-x86-64.so.2")),
        ),
        ("python/demo/__init__.py", text()),
        (MODULE, lib(&module)),
        ("python/demo/_pure.abi3.so", lib(&library())),
        ("python/demo.libs/libdemo-1a.so.1", lib(&own)),
        ("python/demo/data.bin", Bytes(vec![0; 100])),
        // The code of a graphics card, and of the kernel.
        ("python/demo/kernel.cubin", lib(&SharedLibrary::new(190))),
        ("python/demo/filter.o", lib(&SharedLibrary::new(247))),
        ("python/demo-1.0.dist-info/RECORD", text()),
    ];
    assert_eq!(found(&layer), [""; 0]);
}

#[test]
fn a_library_that_is_nowhere_is_told_with_what_loads_it() {
    let module = library()
        .needs("libgdal.so.37")
        .rpath("$ORIGIN/../demo.libs");
    let gdal = library().needs("libodd.so.1");
    assert_eq!(
        told(&[
            ("python/demo/__init__.py", text()),
            (MODULE, lib(&module)),
            ("python/demo.libs/libgdal.so.37", lib(&gdal)),
        ]),
        format!(
            "error[missing-library]: python/demo.libs/libgdal.so.37 needs libodd.so.1, which is \
             neither in the layer nor in python3.12; {MODULE} loads it\n  hint: put libodd.so.1 \
             into lib/ of a layer, built on the runtime's own system, or take a release of the \
             package that brings it"
        )
    );
}

/// The libraries of a user's first week.
#[test]
fn known_misfits_are_told_with_what_to_do() {
    for (path, needed, code, hint) in [
        (
            "python/cv2/cv2.abi3.so",
            "libGL.so.1",
            "missing-library",
            "take opencv-python-headless in place of opencv-python",
        ),
        (
            "python/cv2/cv2.abi3.so",
            "libgthread-2.0.so.0",
            "missing-library",
            "take opencv-python-headless in place of opencv-python",
        ),
        (
            "python/rasterio/_base.cpython-312-x86_64-linux-gnu.so",
            "libexpat.so.1",
            "image-library",
            "copy libexpat.so.1 from the image into lib/ of a layer",
        ),
        (
            "python/pyodbc.cpython-312-x86_64-linux-gnu.so",
            "libodbc.so.2",
            "missing-library",
            "put unixODBC's libodbc and the driver for your database into lib/ of a layer",
        ),
        (
            "python/psycopg2/_psycopg.cpython-312-x86_64-linux-gnu.so",
            "libpq.so.5",
            "missing-library",
            "take psycopg2-binary or psycopg[binary], whose wheels bring it",
        ),
        (
            "python/lightgbm/lib/lib_lightgbm.so",
            "libgomp.so.1",
            "missing-library",
            "put libgomp.so.1 into lib/ of a layer, built on the runtime's own system, or take a \
             release of the package that brings it",
        ),
    ] {
        let layer = [
            ("python/lightgbm/__init__.py", text()),
            (path, lib(&library().needs(needed))),
        ];
        let text = told(&layer);
        assert!(
            text.starts_with(&format!("error[{code}]: {path} needs {needed}, ")),
            "{text}"
        );
        assert!(text.ends_with(&format!("hint: {hint}")), "{text}");
    }
}

#[test]
fn libraries_that_a_file_misses_are_told_together() {
    let module = library()
        .needs("libodd.so.1")
        .needs("libexpat.so.1")
        .needs("libssl.so.3")
        .needs("libeven.so.2")
        .needs("libcrypto.so.3")
        .needs("libprime.so.3");
    let messages: Vec<String> = findings("python3.12", &[(MODULE, lib(&module))])
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(
        messages,
        [
            format!(
                "{MODULE} needs libodd.so.1, libeven.so.2 and libprime.so.3, which are neither \
                 in the layer nor in python3.12"
            ),
            format!(
                "{MODULE} needs libexpat.so.1, which is in the container image of python3.12 and \
                 not in the managed runtime"
            ),
            format!(
                "{MODULE} needs libssl.so.3 and libcrypto.so.3, which python3.12 should have for \
                 its own Python, and nobody promises"
            ),
        ]
    );
}

#[test]
fn what_another_layer_has_is_a_note() {
    let layer = [(
        MODULE,
        lib(&library().needs("libexpat.so.1").needs("libodd.so.1")),
    )];
    let lines = |others: &[&str]| -> Vec<String> {
        findings_beside(others, Provider::Aws, "python3.12", &layer)
            .iter()
            .map(|finding| finding.to_string().lines().next().unwrap().to_owned())
            .collect()
    };
    let both = lines(&["libexpat.so.1", "libodd.so.1"]);
    assert_eq!(both.len(), 2);
    for (line, library) in both.iter().zip(["libexpat.so.1", "libodd.so.1"]) {
        assert_eq!(
            *line,
            format!(
                "note[library-off-path]: {MODULE} needs {library}, which is in lib/ of another \
                 layer: functions need both"
            )
        );
    }
    let one = lines(&["libexpat.so.1"]);
    assert!(
        one.iter()
            .any(|line| line.starts_with("error[missing-library]")),
        "{one:?}"
    );
}

#[test]
fn what_the_runtime_should_have_is_a_warning() {
    assert_eq!(
        found(&[(MODULE, lib(&library().needs("libssl.so.3")))]),
        [format!("warning[uncertain-library] {MODULE}")]
    );
    assert_eq!(
        found(&[(MODULE, lib(&library().needs("libcrypt.so.1")))]),
        [format!("error[missing-library] {MODULE}")]
    );
}

#[test]
fn severity_goes_by_what_gets_at_a_library() {
    let broken = library().needs("libodd.so.1");
    let code = "python/demo/__init__.py";
    for (path, severity) in [
        // Modules.
        ("python/_demo.cpython-312-x86_64-linux-gnu.so", "error"),
        ("python/demo/sub/_x.abi3.so", "error"),
        (
            "python/lib/python3.12/site-packages/demo/_x.abi3.so",
            "error",
        ),
        // Libraries beside code, or in a folder beside it.
        ("python/libx.so", "error"),
        ("python/demo/libx.so", "error"),
        ("python/demo/lib/libx.so.1", "error"),
        // Commands.
        ("bin/tool", "error"),
        ("extensions/tool", "error"),
        // Plugins and what else nothing gets at.
        ("python/demo/plugins/libx.so", "warning"),
        ("python/demo/qt/plugins/platforms/libqxcb.so", "warning"),
        ("python/demo/deep/folder/libx.so", "warning"),
        ("python/demo.libs/libx.so", "warning"),
        ("python/demo/driver/node", "warning"),
        ("lib/libx.so", "warning"),
    ] {
        assert_eq!(
            found(&[(code, text()), (path, lib(&broken))]),
            [format!("{severity}[missing-library] {path}")]
        );
    }
    // A plugin that a module is linked with is none.
    let module = library().needs("libx.so").rpath("$ORIGIN/plugins");
    assert_eq!(
        found(&[
            (MODULE, lib(&module)),
            ("python/demo/plugins/libx.so", lib(&broken))
        ]),
        ["error[missing-library] python/demo/plugins/libx.so"]
    );
    // numba does without these.
    let path = "python/numba/np/ufunc/omppool.cpython-312-x86_64-linux-gnu.so";
    assert_eq!(
        found(&[(path, lib(&broken))]),
        [format!("warning[missing-library] {path}")]
    );
    // A plain library is a module where it says so.
    let module = broken.exports(&["PyInit_x"]);
    for (path, severity) in [
        ("python/demo/far/away/x.so", "error"),
        ("python/demo/far/away/y.so", "warning"),
        ("python/demo.libs/x.so", "warning"),
    ] {
        assert_eq!(
            found(&[(code, text()), (path, lib(&module))]),
            [format!("{severity}[missing-library] {path}")]
        );
    }
}

/// Each way to a library, and what is none.
#[test]
fn libraries_are_looked_for_where_the_loader_does() {
    let needs = || library().needs("libown.so.1");
    let beside = "python/demo/libown.so.1";
    let apart = "python/demo.libs/libown.so.1";
    for (module, own, is_found) in [
        (needs(), "lib/libown.so.1", true),
        (needs(), "lib/sub/libown.so.1", false),
        (needs(), "python/lib/libown.so.1", false),
        (needs(), apart, false),
        (needs().rpath("$ORIGIN"), beside, true),
        (needs().runpath("${ORIGIN}"), beside, true),
        (needs().rpath("$ORIGIN/../demo.libs"), apart, true),
        (
            needs().runpath("/nowhere:$ORIGIN/../demo.libs/"),
            apart,
            true,
        ),
        (needs().rpath("/opt/python/demo.libs"), apart, true),
        (
            needs().runpath("/opt/python/./demo/../demo.libs"),
            apart,
            true,
        ),
        // From the layer out, and in again.
        (
            needs().rpath("$ORIGIN/../../../opt/python/demo.libs"),
            apart,
            true,
        ),
        (
            needs().rpath("$ORIGIN/../../../../../opt/lib"),
            "lib/libown.so.1",
            true,
        ),
        (
            needs().rpath("/usr/lib64:../demo.libs:demo.libs"),
            apart,
            false,
        ),
        // A file that has both goes by the newer one.
        (
            needs().rpath("$ORIGIN/../demo.libs").runpath("$ORIGIN"),
            apart,
            false,
        ),
        (
            library().needs("/opt/python/demo.libs/libown.so.1"),
            apart,
            true,
        ),
        (library().needs("/elsewhere/libown.so.1"), apart, false),
    ] {
        let layer = [(MODULE, lib(&module)), (own, lib(&library()))];
        let expected: &[String] = if is_found {
            &[]
        } else {
            &[format!("error[missing-library] {MODULE}")]
        };
        assert_eq!(found(&layer), expected, "{own} {module:?}");
    }
}

#[test]
fn an_old_path_counts_for_what_is_loaded_by_it_and_a_new_one_does_not() {
    let first = |module: SharedLibrary| {
        [
            (MODULE, lib(&module.needs("libfirst.so"))),
            (
                "python/demo.libs/libfirst.so",
                lib(&library().needs("libsecond.so")),
            ),
            ("python/demo.libs/libsecond.so", lib(&library())),
        ]
    };
    assert_eq!(
        found(&first(library().rpath("$ORIGIN/../demo.libs"))),
        [""; 0]
    );
    assert_eq!(
        found(&first(library().runpath("$ORIGIN/../demo.libs"))),
        ["error[missing-library] python/demo.libs/libfirst.so"]
    );
}

#[test]
fn what_is_loaded_already_is_not_looked_for() {
    // By the name of its own, and under the name of a link.
    let module = library()
        .needs("libfirst.so")
        .needs("libsecond.so")
        .rpath("$ORIGIN/../demo.libs");
    let layer = [
        (MODULE, lib(&module)),
        ("python/demo.libs/libfirst.so", Link("libfirst.so.1.2")),
        (
            "python/demo.libs/libfirst.so.1.2",
            lib(&library().soname("libfirst.so.1")),
        ),
        (
            "python/demo.libs/libsecond.so",
            lib(&library().needs("libfirst.so.1").needs("libfirst.so")),
        ),
    ];
    assert_eq!(found(&layer), [""; 0]);
}

#[test]
fn links_are_followed_and_those_that_lead_nowhere_are_not() {
    for (leads_to, is_found) in [
        ("libown.so.1.2", true),
        ("/opt/lib/libown.so.1.2", true),
        ("../lib/./libown.so.1.2", true),
        ("libown.so.1", false),
        ("/usr/lib/libown.so.1.2", false),
        ("../../../x", false),
    ] {
        let layer = [
            (MODULE, lib(&library().needs("libown.so.1"))),
            ("lib/libown.so.1", Link(leads_to)),
            ("lib/libown.so.1.2", lib(&library())),
        ];
        let expected: &[String] = if is_found {
            &[]
        } else {
            &[format!("error[missing-library] {MODULE}")]
        };
        assert_eq!(found(&layer), expected, "{leads_to}");
    }
}

#[test]
fn a_file_for_another_processor_is_passed_over_by_the_loader() {
    let module = library()
        .needs("libown.so")
        .rpath("$ORIGIN/arm:$ORIGIN/intel");
    let (arm, intel) = ("python/demo/arm/libown.so", "python/demo/intel/libown.so");
    let layer = |intel_too: bool| {
        let mut layer = vec![
            (MODULE, lib(&module)),
            (arm, lib(&SharedLibrary::new(AARCH64))),
        ];
        if intel_too {
            layer.push((intel, lib(&library())));
        }
        layer
    };
    assert_eq!(found(&layer(true)), [format!("note[other-machine] {arm}")]);
    assert_eq!(
        found(&layer(false)),
        [
            format!("error[missing-library] {MODULE}"),
            format!("note[other-machine] {arm}")
        ]
    );
}

#[test]
fn a_library_that_something_else_loads_first_is_a_note() {
    // As torchvision's, which needs what `import torch` has loaded.
    let torch = library().needs("libtorch.so").rpath("$ORIGIN/lib");
    let layer = [
        ("python/torch/_C.abi3.so", lib(&torch)),
        ("python/torch/lib/libtorch.so", lib(&library())),
        (
            "python/vision/_C.so",
            lib(&library().needs("libtorch.so").exports(&["PyInit__C"])),
        ),
    ];
    assert_eq!(
        told(&layer),
        "note[library-off-path]: python/vision/_C.so needs libtorch.so, and finds \
         python/torch/lib/libtorch.so only once that was loaded by others"
    );
    // Nobody loads it.
    assert_eq!(
        told(&[
            (MODULE, lib(&library().needs("libown.so.1"))),
            ("python/lib/libown.so.1", lib(&library()))
        ]),
        format!(
            "error[missing-library]: {MODULE} needs libown.so.1, and the loader does not look for \
             it where python/lib/libown.so.1 is\n  hint: move it to lib/libown.so.1 of a layer"
        )
    );
}

#[test]
fn a_newer_glibc_is_told_with_the_runtime_that_has_it() {
    let module = library().needs_versions(
        "libc.so.6",
        &["GLIBC_2.2.5", "GLIBC_2.9", "GLIBC_2.28", "GLIBC_2.27"],
    );
    let path = "python/numpy/_core.cpython-311-x86_64-linux-gnu.so";
    assert_eq!(
        told_on("python3.11", &[(path, lib(&module))]),
        format!(
            "error[glibc-too-new]: {path} needs GLIBC_2.28 of libc.so.6, and python3.11 has \
             GLIBC_2.26 at most\n  hint: take a wheel for manylinux_2_26 or older, or a runtime \
             that has it: python3.12"
        )
    );
    let module = library().needs_versions("libm.so.6", &["GLIBC_2.100"]);
    let text = told(&[(MODULE, lib(&module))]);
    assert!(
        text.ends_with("hint: take a wheel for manylinux_2_34 or older"),
        "{text}"
    );
}

#[test]
fn versions_are_asked_of_the_library_that_is_loaded() {
    let stdcxx = library().needs("libstdc++.so.6").needs_versions(
        "libstdc++.so.6",
        &["CXXABI_1.3.99", "GLIBCXX_3.4.29", "GLIBCXX_3.4.32"],
    );
    let findings = findings("python3.12", &[(MODULE, lib(&stdcxx))]);
    let messages: Vec<&str> = findings.iter().map(|one| one.message.as_str()).collect();
    let message = format!(
        "{MODULE} needs CXXABI_1.3.99 of libstdc++.so.6, and python3.12 has CXXABI_1.3.13 at most"
    );
    assert_eq!(messages[0], message);
    assert!(messages[1].contains("GLIBCXX_3.4.32"), "{messages:?}");
    assert_eq!(messages.len(), 2);

    // The system's own comes before that of a layer, and one beside the module before both.
    let newer = || lib(&library().defines(&["CXXABI_1.3.99", "GLIBCXX_3.4.29", "GLIBCXX_3.4.32"]));
    let layer = [(MODULE, lib(&stdcxx)), ("lib/libstdc++.so.6", newer())];
    assert_eq!(
        found(&layer),
        [
            format!("error[symbol-version] {MODULE}"),
            format!("error[symbol-version] {MODULE}")
        ]
    );
    let stdcxx = stdcxx.rpath("$ORIGIN/own");
    let layer = [
        (MODULE, lib(&stdcxx)),
        ("python/demo/own/libstdc++.so.6", newer()),
    ];
    assert_eq!(found(&layer), [""; 0]);

    // A library of the layer that is too old, and one that has no versions.
    let module = library()
        .needs("libown.so.1")
        .needs_versions("libown.so.1", &["OWN_1", "OWN_2"]);
    let own = "lib/libown.so.1";
    assert_eq!(
        told(&[
            (MODULE, lib(&module)),
            (own, lib(&library().defines(&["OWN_1"])))
        ]),
        format!(
            "error[symbol-version]: {MODULE} needs OWN_2 of {own}, which does not have it\n  \
             hint: install the package and its libraries in releases that belong together"
        )
    );
    assert_eq!(
        found(&[(MODULE, lib(&module)), (own, lib(&library()))]),
        [""; 0]
    );
}

/// Function Compute's `LD_LIBRARY_PATH` has the layers, and the system comes after it.
#[test]
fn on_alibaba_a_library_of_the_layer_comes_before_the_systems() {
    let module = library()
        .needs("libstdc++.so.6")
        .needs("libexpat.so.1")
        .needs_versions("libstdc++.so.6", &["GLIBCXX_3.4.32"]);
    let path = "python/demo/_core.cpython-310-x86_64-linux-gnu.so";
    let own = |versions: &[&str]| lib(&library().defines(versions));
    for (layer, expected) in [
        (
            vec![(path, lib(&module))],
            vec!["GLIBCXX_3.4.32 of libstdc++.so.6"],
        ),
        (
            vec![
                (path, lib(&module)),
                ("lib/libstdc++.so.6", own(&["GLIBCXX_3.4.32"])),
            ],
            vec![],
        ),
        (
            vec![
                (path, lib(&module)),
                ("lib/libstdc++.so.6", own(&["GLIBCXX_3.4.31"])),
            ],
            vec!["GLIBCXX_3.4.32 of lib/libstdc++.so.6, which does not have it"],
        ),
    ] {
        let findings = findings_of(Provider::Aliyun, "python3.10", &layer);
        assert_eq!(findings.len(), expected.len(), "{findings:?}");
        for (finding, expected) in findings.iter().zip(expected) {
            assert!(finding.message.contains(expected), "{findings:?}");
        }
    }
}

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

const DT_RELR: u64 = 36;

#[test]
fn packed_relocations_are_told_once() {
    let packed = library().dynamic_entry(DT_RELR, 0x2000);
    let asking = packed
        .clone()
        .needs_versions("libc.so.6", &["GLIBC_ABI_DT_RELR"]);
    for module in [packed, asking] {
        assert_eq!(
            found(&[(MODULE, lib(&module))]),
            [format!("error[glibc-too-new] {MODULE}")]
        );
    }
}

/// Libraries that need each other, and a chain that is long.
#[test]
fn circles_and_long_chains_have_an_end() {
    let mut layer = vec![];
    let names: Vec<String> = (0..200).map(|index| format!("lib{index}.so")).collect();
    let paths: Vec<String> = names.iter().map(|name| format!("lib/{name}")).collect();
    for (index, path) in paths.iter().enumerate() {
        let next = &names[(index + 1) % names.len()];
        let own = library().needs(next).needs(&names[index / 2]);
        layer.push((path.as_str(), lib(&own)));
    }
    layer.push((MODULE, lib(&library().needs("lib0.so"))));
    assert_eq!(found(&layer), [""; 0]);
}

#[test]
fn a_file_in_pieces_is_read_as_the_whole_is() {
    let module = library()
        .needs("libown.so.1")
        .exports(&["PyInit_core"])
        .padded(12 << 20)
        .build();
    for bytes in [&module[..], &module[..module.len() - 1], b"text", b""] {
        let mut passes = 0;
        let read = read_binary_in_pieces(|take| {
            passes += 1;
            bytes.chunks(1 << 20).for_each(take);
            Ok::<(), std::convert::Infallible>(())
        });
        assert_eq!(read, Ok(read_binary(bytes)));
        assert!(passes <= 3);
    }
    let broken = read_binary_in_pieces(|take| {
        take(&module[..100]);
        Err("broken")
    });
    assert_eq!(broken, Err("broken"));
}

#[test]
fn files_are_looked_at_by_their_names() {
    for path in [
        "python/x.so",
        "bin/tool",
        "a.so.1",
        "a.dylib",
        "x.exe",
        "x.node",
    ] {
        assert!(may_be_binary(path), "{path}");
    }
    for path in [
        "x.py",
        "x.pyc",
        "a/x.json",
        "demo-1.0.dist-info/RECORD",
        "x.tar.gz",
    ] {
        assert!(!may_be_binary(path), "{path}");
    }
}
