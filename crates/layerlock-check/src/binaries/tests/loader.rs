//! Where the loader looks, and in which order.

use layerlock_testkit::SharedLibrary;

use super::Content::Link;
use super::{AARCH64, MODULE, found, lib, library, told};

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
