use std::path::Path;

use layerlock_layer::{Entry, LayerPlan, PlanBuilder};
use layerlock_target::Target;

use crate::wheel::{listed_files, push_wheel};
use crate::{Chosen, Error, Wheel};

/// Plans the layer that holds these wheels, as their own rules lay them out. The
/// owners of the plan are the packages, in the order given.
pub fn plan(wheels: &[(Chosen, Wheel)], target: &Target) -> Result<LayerPlan, Error> {
    let wheels: Vec<_> = wheels
        .iter()
        .map(|(chosen, wheel)| (chosen, wheel))
        .collect();
    plan_filtered(&wheels, target, &mut |_| true)
}

/// The same without the files that `keep` refuses; RECORD, which always stays,
/// does not list them.
pub fn plan_filtered(
    wheels: &[(&Chosen, &Wheel)],
    target: &Target,
    keep: &mut dyn FnMut(&Entry) -> bool,
) -> Result<LayerPlan, Error> {
    let mut builder = PlanBuilder::default();
    for (chosen, wheel) in wheels {
        let owner = builder.owner(format!(
            "{} {}",
            chosen.package.name, chosen.package.version
        ));
        push_wheel(wheel, target, owner, keep, &mut builder).map_err(|problem| Error::Wheel {
            file: chosen.wheel.to_string(),
            problem,
        })?;
    }
    Ok(builder.finish()?)
}

/// Tells which files of a staging directory an installer put there: those that
/// a RECORD in it lists, and bytecode that Python left beside them.
pub fn is_installed(directory: &Path, target: &Target) -> impl Fn(&str) -> bool + use<> {
    let listed = listed_files(directory, target.site_packages());
    move |file| {
        let bytecode = file.contains("/__pycache__/")
            && Path::new(file).extension().is_some_and(|e| e == "pyc");
        bytecode || listed.contains(file)
    }
}
