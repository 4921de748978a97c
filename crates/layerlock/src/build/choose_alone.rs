//! A layer as the lock alone tells it.

use layerlock_check::{Code, Finding, check_plan};
use layerlock_export::Project;
use layerlock_install::WheelOrSource;
use layerlock_layer::PlanBuilder;
use layerlock_lock::LockReader;

use super::layer_job::LayerJob;
use super::{maven, npm};
use crate::file_plan::{LayerFiles, PackageFile};
use crate::lock::Locked;
use crate::templates::Template;
use crate::{Error, findings};

impl LayerJob<'_, Vec<WheelOrSource>> {
    /// The files that were chosen, and what can be found without looking into them.
    pub(super) fn files(
        &self,
        project: &Project,
        lock: Option<&Locked>,
        templates: &[Template],
    ) -> Result<LayerFiles, Error> {
        let layer = self.layer;
        let of_npm = npm::select(layer)?.map(|(_, selected)| selected.packages);
        let of_npm = of_npm.iter().flatten().map(PackageFile::of_npm);
        let jars = maven::locked(layer)?;
        let others: Vec<_> = of_npm.chain(jars.iter().map(PackageFile::of_jar)).collect();
        let excluded = self.excluded_packages();
        let lock = lock.map(|lock| lock as &dyn LockReader);
        let mut findings = findings::lock(lock, layer)?;
        findings.extend(findings::default_runtime(layer));
        let wheels = self.step.iter().filter_map(|one| match one {
            WheelOrSource::Wheel(chosen) => Some((&chosen.package.name, &chosen.wheel)),
            WheelOrSource::Source(_) => None,
        });
        findings.extend(findings::default_architecture(layer, wheels));
        // A plan without files tells what there is to say of the target.
        let of_target = check_plan(&PlanBuilder::default().finish()?, &layer.target);
        let holds = |one: &Finding| {
            // Without a lock only Maven knows which jars there are.
            let is_empty = self.step.is_empty()
                && layer.own_files.is_empty()
                && others.is_empty()
                && layer.maven.is_none();
            one.code != Code::EmptyLayer || is_empty
        };
        let of_target = of_target.into_iter().filter(holds).collect();
        findings.extend(findings::on_project(of_target, project, layer));
        findings.extend(findings::excluded_packages(layer, &excluded, &self.unknown));
        findings.extend(findings::templates(&layer.target, templates));
        Ok(LayerFiles {
            name: layer.name.clone(),
            target: layer.target,
            packages: self
                .step
                .iter()
                .map(PackageFile::new)
                .chain(others)
                .collect(),
            excluded,
            findings,
        })
    }
}
