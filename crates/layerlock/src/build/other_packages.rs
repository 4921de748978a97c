//! The packages of other languages than Python in layers.

use std::path::PathBuf;

use layerlock_check::Finding;
use layerlock_digest::Digest;
use layerlock_folders::Watched;
use layerlock_install::{Cache, Reporter};
use layerlock_layer::{Entry, OwnerId, PlanBuilder};
use layerlock_maven::Jars;

use super::npm::NpmFiles;
use super::{maven, npm};
use crate::Error;
use crate::configuration::Layer;

/// The packages of one layer, on this machine and verified.
pub(super) struct OtherPackages {
    npm: Option<NpmFiles>,
    jars: Option<Jars>,
}

/// A package in the plan.
pub(super) struct OtherOwner {
    pub(super) name: String,
    pub(super) version: String,
    /// Its file, or the folder that it is copied from.
    pub(super) file: String,
    /// Where it lies in the layer.
    pub(super) place: String,
    /// SHA-256 of its file; none of a folder.
    pub(super) digest: Option<Digest>,
    pub(super) owner: OwnerId,
}

/// Brings the packages of all layers to this machine. What they are made of is watched too.
pub(super) fn fetch(
    layers: &[Layer],
    cache: &Cache,
    is_offline: bool,
    reporter: &dyn Reporter,
    watched: Option<Watched>,
) -> Result<(Vec<OtherPackages>, Option<Watched>), Error> {
    let npm = npm::fetch(layers, cache, is_offline, reporter)?;
    let jars = maven::resolve(layers, is_offline, reporter)?;
    let watched = maven::watch(watched, &jars);
    let packages = npm.into_iter().zip(jars);
    let packages = packages.map(|(npm, jars)| OtherPackages { npm, jars });
    Ok((packages.collect(), watched))
}

impl OtherPackages {
    /// Adds the files of the packages that `keep` does not refuse.
    pub(super) fn push(
        &self,
        layer: &Layer,
        outputs: &[PathBuf],
        rank: usize,
        keep: &mut dyn FnMut(&Entry) -> bool,
        builder: &mut PlanBuilder,
    ) -> Result<Vec<OtherOwner>, Error> {
        let mut owners = Vec::new();
        if let Some(npm) = &self.npm {
            let pushed = npm.push(layer, outputs, rank, keep, builder)?;
            owners.extend(pushed.into_iter().map(|npm| OtherOwner {
                name: npm.name,
                version: npm.version,
                file: npm.file,
                place: npm.place,
                digest: npm.digest,
                owner: npm.owner,
            }));
        }
        if let (Some(jars), Some(maven)) = (&self.jars, &layer.maven) {
            let pushed = layerlock_maven::push(jars, rank, keep, builder);
            let pushed = pushed.map_err(maven::told(maven))?;
            owners.extend(pushed.into_iter().map(|jar| OtherOwner {
                name: jar.name,
                version: jar.version,
                file: jar.file,
                place: jar.place,
                digest: Some(jar.digest),
                owner: jar.owner,
            }));
        }
        Ok(owners)
    }

    /// What the user should know.
    pub(super) fn findings(&self, layer: &Layer) -> Vec<Finding> {
        let of_npm = self.npm.iter().flat_map(NpmFiles::findings);
        let jars = self.jars.iter().zip(&layer.maven);
        let of_jars = jars.flat_map(|(jars, maven)| maven::findings(jars, maven));
        of_npm.chain(of_jars).collect()
    }
}
