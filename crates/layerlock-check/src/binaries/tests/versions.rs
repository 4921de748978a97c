//! Versions of symbols: of glibc, of other libraries of the system, and of those of the layer.

use layerlock_target::Provider;

use super::{MODULE, findings, findings_of, found, lib, library, told, told_on};

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
