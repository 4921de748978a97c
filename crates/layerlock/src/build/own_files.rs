//! The project's own files of layers: made, looked at, and put into the plan.

use std::path::PathBuf;

use layerlock_diagnostic::Place;
use layerlock_folders::{Input, Inputs, RunCommand, Watched};
use layerlock_install::Reporter;
use layerlock_layer::{Entry, PlanBuilder};

use super::{maven, npm};
use crate::Error;
use crate::configuration::{Layer, OwnFolder};

fn told(place: &Place) -> impl Fn(layerlock_folders::Error) -> Error {
    move |error| Error::OwnFiles {
        error,
        place: Some(place.clone()),
    }
}

/// Makes the own files of all layers, and tells what they and what they are made of look
/// like: nothing where that may change without being seen. `outputs` of the run are no part
/// of any.
pub(super) fn make(
    layers: &[Layer],
    outputs: &[PathBuf],
    reporter: &dyn Reporter,
) -> Result<Option<Watched>, Error> {
    let files = layers.iter().map(|layer| &layer.own_files);
    // What a command reads is not known unless somebody says so.
    let are_known = files
        .clone()
        .all(|files| files.run.is_none() || files.inputs.is_some());
    if !are_known {
        run_all(layers, reporter)?;
        return Ok(None);
    }
    // Before a command reads them: what changes from here on is a change.
    let mut read = Inputs::default();
    let named = files.clone().filter_map(|files| files.inputs.as_ref());
    read.add(named.flatten().cloned(), outputs);
    let read = read.look();
    run_all(layers, reporter)?;
    let Some(mut watched) = read else {
        return Ok(None);
    };
    // A command may have made these.
    let mut made = Inputs::default();
    let folders = files.flat_map(|files| &files.folders);
    made.add(folders.map(|own| Input::path(own.folder.from())), outputs);
    npm::watch(layers, outputs, &mut made);
    made.add(maven::inputs(layers), &[]);
    Ok(made.look().map(|made| {
        watched.extend(made);
        watched
    }))
}

/// Each command once: a layer is built for several targets, and layers share a command.
fn run_all(layers: &[Layer], reporter: &dyn Reporter) -> Result<(), Error> {
    let mut ran: Vec<&RunCommand> = Vec::new();
    for layer in layers {
        let Some((command, place)) = &layer.own_files.run else {
            continue;
        };
        if ran.contains(&command) {
            continue;
        }
        ran.push(command);
        let name = format!("the files of {}", layer.name);
        reporter.build_started(&name, &command.to_string());
        let done = command.run(&mut |line| reporter.build_output(&name, line));
        reporter.build_finished(&name, &command.to_string());
        done.map_err(told(place))?;
    }
    Ok(())
}

/// Adds the files of a layer's folders that `keep` does not refuse. They outrank packages
/// of lower rank than `rank`: own files lie over those of others.
pub(super) fn push(
    layer: &Layer,
    outputs: &[PathBuf],
    rank: usize,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<(), Error> {
    for own in &layer.own_files.folders {
        // `folder 1.0` would be a package of that name.
        let is_like_version = own.name.starts_with(|first: char| first.is_ascii_digit());
        let at = if is_like_version { "./" } else { "" };
        let owner = builder.ranked_owner(format!("folder {at}{}", own.name), rank);
        for entry in read(layer, own, outputs)? {
            let entry = Entry {
                path: entry.path,
                mode: entry.mode,
                owner,
                source: entry.source,
            };
            if keep(&entry) {
                builder.push(entry);
            }
        }
    }
    Ok(())
}

fn read(
    layer: &Layer,
    own: &OwnFolder,
    outputs: &[PathBuf],
) -> Result<Vec<layerlock_folders::FolderEntry>, Error> {
    let run = layer.own_files.run.as_ref();
    own.folder.read(outputs).map_err(|error| match error {
        layerlock_folders::Error::Missing { path, .. } => {
            told(&own.place)(layerlock_folders::Error::Missing {
                path,
                made_by: run.map(|(command, _)| command.to_string()),
            })
        }
        error => told(&own.place)(error),
    })
}
