//! Where the files of wheels land in a layer.

use std::path::Path;

use layerlock_layer::{Entry, LayerPlan, PlanBuilder};
use layerlock_target::Target;

use crate::wheel::{listed_files, push_wheel};
use crate::{ChosenWheel, Error, Wheel};

/// Plans the layer that holds these wheels, as their own rules lay them out, without
/// the files that `keep` refuses. RECORD always stays, and does not list what was
/// refused. The owners of the plan are the packages, in the order given.
pub fn plan(
    wheels: &[(&ChosenWheel, &Wheel)],
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
