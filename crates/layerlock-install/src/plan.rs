//! Where the files of wheels land in a layer.

use std::collections::HashMap;
use std::path::Path;

use layerlock_layer::{Entry, LayerPlan, PlanBuilder};
use layerlock_lock::PackageName;
use layerlock_target::Target;

use crate::wheel::{listed_files, push_wheel};
use crate::{ChosenWheel, Error, Wheel};

/// Plans the layer that holds these wheels, as their own rules lay them out, without
/// the files that `keep` refuses. RECORD always stays, and does not list what was
/// refused. The owners of the plan are the packages, in the order given.
///
/// Where two packages bring one path, the file of the one that comes later in `order`
/// stays, as if they were installed so one after the other; packages that it does not
/// name come last.
pub fn plan(
    wheels: &[(&ChosenWheel, &Wheel)],
    order: &[PackageName],
    target: &Target,
    keep: &mut dyn FnMut(&Entry) -> bool,
) -> Result<LayerPlan, Error> {
    let mut builder = PlanBuilder::default();
    push_wheels(wheels, order, target, keep, &mut builder)?;
    Ok(builder.finish()?)
}

/// The rank that [`push_wheels`] gives the files of a package by its place in the order of
/// installation. There is one between any two of them, for files of others.
pub const fn rank_at(place: usize) -> usize {
    2 * place + 1
}

/// The same for a plan that others bring files to as well.
pub fn push_wheels(
    wheels: &[(&ChosenWheel, &Wheel)],
    order: &[PackageName],
    target: &Target,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<(), Error> {
    let places: HashMap<_, _> = order
        .iter()
        .enumerate()
        .map(|(at, name)| (name, at))
        .collect();
    for (chosen, wheel) in wheels {
        let package = &chosen.package;
        let place = places.get(&package.name).copied().unwrap_or(order.len());
        let rank = rank_at(place);
        let owner = builder.ranked_owner(format!("{} {}", package.name, package.version), rank);
        push_wheel(wheel, target, owner, keep, builder).map_err(|problem| Error::Wheel {
            file: chosen.wheel.to_string(),
            problem,
        })?;
    }
    Ok(())
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
