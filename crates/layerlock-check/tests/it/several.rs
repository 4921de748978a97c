//! Several layers of one function.

use layerlock_check::{
    Code, FunctionParts, Inventory, NothingKnown, Others, Part, check_budget, check_function,
    check_inventories, check_together,
};
use layerlock_target::Provider;
use layerlock_testkit::SharedLibrary;

use crate::layers::{Crafted, clean, nothing, with_layer};

/// `e_machine` of this processor's ELF files.
const X86_64: u16 = 62;

fn function(code: u64, sizes: &[Option<u64>]) -> FunctionParts {
    FunctionParts {
        name: "report".to_owned(),
        provider: Provider::Aws,
        code: Some(code),
        layers: sizes
            .iter()
            .enumerate()
            .map(|(index, size)| Part {
                name: format!("layer{index}"),
                unzipped_size: *size,
                reason: None,
            })
            .collect(),
        budget: None,
    }
}

#[test]
fn code_and_layers_count_together() {
    const LIMIT: u64 = 262_144_000;
    assert_eq!(check_function(&function(1, &[Some(LIMIT - 1)])), []);
    let found = check_function(&function(2, &[Some(LIMIT - 2), Some(1)]));
    assert_eq!(found[0].code, Code::FunctionTooLarge);
    assert_eq!(
        found[0].message,
        "the function report unzips to 262144001 bytes with its layers (code 2, layer0 262143998, \
         layer1 1), the provider accepts 262144000"
    );
    let found = check_function(&function(0, &[Some(1); 6]));
    assert_eq!(found[0].code, Code::TooManyLayers);
    let found = check_function(&function(0, &[None]));
    assert_eq!(found[0].code, Code::SizeUnknown);
    let mut unknown = function(0, &[None]);
    unknown.layers[0].reason = Some("nobody asked".to_owned());
    assert_eq!(
        check_function(&unknown)[0].message,
        "the size of the layer layer0 of the function report is not known here (nobody asked): it \
         is counted as nothing"
    );
    let found = check_function(&FunctionParts {
        budget: Some(9),
        ..function(5, &[Some(5)])
    });
    assert_eq!(found[0].code, Code::OverBudget);
    assert_eq!(check_budget("the layer", 9, 9), None);
    // What a project states may be anything.
    let found = check_function(&function(1, &[Some(u64::MAX), None, Some(u64::MAX)]));
    assert_eq!(found[1].code, Code::FunctionTooLarge);
    let text = format!("unzips to {} bytes", u64::MAX);
    assert!(found[1].message.contains(&text), "{found:?}");
}

#[test]
fn of_two_layers_the_later_one_is_seen_on_aws() {
    let core = clean();
    let web = nothing()
        .with("python/idna/__init__.py", "VALUE = 2\n")
        .with("python/shop/__init__.py", "VALUE = 1\n")
        .with("python/idna-3.10.dist-info/RECORD", "other\n");
    let (core, web) = (core.zip(), web.zip());
    let found = with_layer(&core, |core| {
        with_layer(&web, |web| {
            let same = check_together(&[("core", &core), ("again", &core)], Provider::Aws);
            assert_eq!(same, []);
            check_together(&[("core", &core), ("web", &web)], Provider::Aws)
        })
    });
    let [finding] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(finding.code, Code::LayersDiffer);
    assert_eq!(
        finding.message,
        "the layers core and web bring different files to python/idna/__init__.py: functions see \
         those of web, since a later layer hides an earlier one's files"
    );
}

fn inventory(layer: &Crafted) -> Inventory {
    let target = layer.target();
    with_layer(&layer.zip(), |layer| {
        Inventory::read(&layer, &target, &NothingKnown).unwrap()
    })
}

fn code(files: &Crafted) -> Inventory {
    let target = files.target();
    with_layer(&files.zip(), |layer| {
        Inventory::of_code(&layer, &target, &NothingKnown).unwrap()
    })
}

/// What is told of a function with these layers and this code.
fn told(layers: &[(&str, &Crafted)], of_code: Option<&Crafted>) -> Vec<String> {
    let inventories: Vec<(&str, Inventory)> = layers
        .iter()
        .map(|(name, layer)| (*name, inventory(layer)))
        .collect();
    let named: Vec<_> = inventories.iter().map(|(name, it)| (*name, it)).collect();
    let of_code = of_code.map(code);
    let target = nothing().target();
    let found = check_inventories(&named, of_code.as_ref(), &target, &|_| None);
    let lines = found.iter().map(|finding| {
        let text = finding.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    });
    lines.collect()
}

#[test]
fn what_a_package_requires_may_be_in_any_layer_or_in_the_code() {
    let web = nothing().package("web", "1.0", "Requires-Dist: core>=2\n");
    let core = nothing().package("core", "2.1", "");
    let old = nothing().package("core", "1.0", "");
    assert_eq!(told(&[("web", &web), ("core", &core)], None), [""; 0]);
    assert_eq!(
        told(&[("web", &web)], None),
        [
            "error[requirement-missing]: web 1.0 requires core >=2, which is in none of the \
             function's layers"
        ]
    );
    let lacks = [
        "error[requirement-version]: web 1.0 requires core >=2, and the function's layers \
                  have core 1.0",
    ];
    assert_eq!(told(&[("web", &web), ("old", &old)], None), lacks);
    // Code comes before all layers.
    let in_code = |layer: &Crafted| layer.clone().moved(|path| path.replace("python/", ""));
    assert_eq!(told(&[("web", &web)], Some(&in_code(&core))), [""; 0]);
    assert_eq!(
        told(&[("core", &core), ("web", &web)], Some(&in_code(&old))),
        lacks
    );
}

#[test]
fn of_two_versions_in_two_layers_the_one_that_is_seen_counts() {
    let web = nothing()
        .package("web", "1.0", "Requires-Dist: core>=2\n")
        .package("core", "2.1", "");
    let old = nothing().package("core", "1.0", "");
    let both = told(&[("old", &old), ("web", &web)], None);
    assert_eq!(
        both,
        [
            "warning[two-versions]: core is there in two versions, 1.0 in the layer old and 2.1 in \
             the layer web: functions see files of both, and of one path those of web"
        ]
    );
    let hidden = told(&[("web", &web), ("old", &old)], None);
    assert_eq!(hidden.len(), 2, "{hidden:?}");
    assert!(
        hidden[1].starts_with("error[requirement-version]"),
        "{hidden:?}"
    );
}

#[test]
fn a_library_may_be_in_any_layer_or_in_the_code() {
    let module = SharedLibrary::new(X86_64).needs("libown.so.1").build();
    let own = SharedLibrary::new(X86_64).build();
    let module = nothing().with("python/demo/_core.abi3.so", module);
    let library = |path: &str| nothing().with(path, &own);
    let in_lib = library("lib/libown.so.1");
    assert_eq!(told(&[("demo", &module), ("own", &in_lib)], None), [""; 0]);
    for path in ["libown.so.1", "lib/libown.so.1"] {
        assert_eq!(told(&[("demo", &module)], Some(&library(path))), [""; 0]);
    }
    let missing = [
        "error[missing-library]: python/demo/_core.abi3.so needs libown.so.1, which is neither in \
         the function's layers nor in python3.12",
    ];
    assert_eq!(told(&[("demo", &module)], None), missing);
    // What is wrong with the code itself is not told here.
    let broken = nothing().with(
        "_app.abi3.so",
        SharedLibrary::new(X86_64).needs("libodd.so").build(),
    );
    assert_eq!(told(&[], Some(&broken)), [""; 0]);
}

/// They have a library in another layer as those of Python have it.
#[test]
fn layers_of_other_languages_know_the_libraries_beside_them() {
    let program = SharedLibrary::new(X86_64).needs("libq.so.1").build();
    let layer = nothing().with("bin/tool", program).on("nodejs22.x");
    let codes = |libraries: &[&str]| -> Vec<Code> {
        let others = Others {
            libraries,
            ..Others::NONE
        };
        let found = layer.check_beside(&others).findings;
        found.iter().map(|finding| finding.code).collect()
    };
    assert!(codes(&[]).contains(&Code::MissingLibrary));
    assert!(!codes(&["libq.so.1"]).contains(&Code::MissingLibrary));
}

#[test]
fn a_retired_runtime_of_another_language_is_told() {
    for (runtime, is_retired) in [("nodejs18.x", true), ("nodejs22.x", false)] {
        let layer = nothing().with("nodejs/a.js", "").on(runtime);
        let found = layer.check_beside(&Others::NONE).findings;
        let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(
            codes.contains(&Code::RuntimeRetired),
            is_retired,
            "{runtime}"
        );
    }
}
