//! Several layers of one function.

use layerlock_check::{Code, FunctionParts, Part, check_budget, check_function, check_together};
use layerlock_target::Provider;

use crate::layers::{clean, nothing, with_layer};

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
    let found = check_function(&FunctionParts {
        budget: Some(9),
        ..function(5, &[Some(5)])
    });
    assert_eq!(found[0].code, Code::OverBudget);
    assert_eq!(check_budget("the layer", 9, 9), None);
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
