//! What a layer is built for: of which provider, for which runtimes and architectures.
//!
//! Options come before the layer's table, and this before `[tool.layerlock]`. In each of
//! them `targets` stands in place of `runtime` and `architecture`.

use layerlock_diagnostic::Place;
use layerlock_target::{Architecture, Language, Runtime, Support, Target};
use toml::Spanned;

use super::Resolver;
use super::table::{LayerTable, OneOrSeveral};
use super::target_set::Targets;
use crate::Error;
use crate::default_runtime::{DefaultRuntime, RuntimeQuery};
use crate::runtime_fit::{LayerQuery, is_allowed};
use crate::sources::find_links;

/// The layer whose targets are looked for.
struct Asker<'a> {
    name: &'a str,
    /// Whether it has packages of Python.
    has_packages: bool,
    /// Whether no option can be for another layer.
    is_meant: bool,
}

impl Asker<'_> {
    fn fits(&self, runtime: Runtime) -> bool {
        !self.has_packages || runtime.language() == Language::Python
    }

    /// Runtimes of options of which none is for this layer, which was meant.
    fn refuse_given(&self, runtimes: &[Runtime]) -> Result<(), Error> {
        match runtimes {
            [first, ..] if self.is_meant && !runtimes.iter().any(|it| self.fits(*it)) => {
                Err(self.not_python(*first, None))
            }
            _ => Ok(()),
        }
    }

    fn not_python(&self, runtime: Runtime, place: Option<Place>) -> Error {
        Error::NotPython {
            runtime,
            layer: self.name.to_owned(),
            place,
        }
    }
}

impl Resolver<'_> {
    pub(super) fn targets(
        &self,
        name: &str,
        layer: &LayerTable,
        several: bool,
    ) -> Result<Targets, Error> {
        let settings = self.settings;
        let asker = Asker {
            name,
            has_packages: layer.has_packages(),
            is_meant: !several || settings.layers.iter().any(|it| it == name),
        };
        let are_parts_given = !settings.runtimes.is_empty() || !settings.architectures.is_empty();
        let given = self.given_targets(&asker)?;
        let targets = if let Some(given) = given {
            given
        } else if let Some(setting) = self.configured(layer)?
            && !are_parts_given
        {
            self.configured_targets(setting, &asker)?
        } else {
            self.of_parts(layer, &asker)?
        };
        for target in &targets.all {
            let known = target.provider().architectures();
            if !known.contains(&target.architecture) {
                return Err(Error::NoArchitecture { target: *target });
            }
        }
        Ok(targets)
    }

    /// Those of the options; none where all of them are for another layer.
    fn given_targets(&self, asker: &Asker<'_>) -> Result<Option<Targets>, Error> {
        if self.settings.targets.is_empty() {
            return Ok(None);
        }
        let mut targets = self.of_provider(self.settings.targets.iter().copied());
        if targets.all.is_empty() {
            return Err(Error::PublishOption {
                option: "--target",
                message: format!("no target is one of {}", self.provider),
            });
        }
        let runtimes: Vec<Runtime> = targets.all.iter().map(|it| it.runtime).collect();
        asker.refuse_given(&runtimes)?;
        targets.all.retain(|target| asker.fits(target.runtime));
        Ok(Some(targets).filter(|targets| !targets.all.is_empty()))
    }

    /// The setting `targets` that counts for a layer.
    fn configured<'t>(
        &'t self,
        layer: &'t LayerTable,
    ) -> Result<Option<&'t Spanned<OneOrSeveral>>, Error> {
        let parts = |runtime: bool, architecture: bool| runtime || architecture;
        let own_parts = parts(layer.runtime.is_some(), layer.architecture.is_some());
        let common = &self.table;
        let common_parts = parts(common.runtime.is_some(), common.architecture.is_some());
        for (targets, has_parts) in [(&layer.targets, own_parts), (&common.targets, common_parts)] {
            if let Some(targets) = targets
                && has_parts
            {
                let message = "`targets` stands in place of `runtime` and `architecture`: remove \
                               one or the other";
                return Err(self.bad(targets, &message));
            }
        }
        Ok(match &layer.targets {
            Some(targets) => Some(targets),
            // The layer's own say of one part is its say of all.
            None if own_parts => None,
            None => common.targets.as_ref(),
        })
    }

    fn configured_targets(
        &self,
        setting: &Spanned<OneOrSeveral>,
        asker: &Asker<'_>,
    ) -> Result<Targets, Error> {
        let parsed = self.parsed(setting, str::parse::<Target>)?;
        let targets = self.of_provider(parsed);
        if targets.all.is_empty() {
            let message = format!("no target is one of {}", self.provider);
            return Err(self.bad(setting, &message));
        }
        let runtimes: Vec<Runtime> = targets.all.iter().map(|it| it.runtime).collect();
        self.refuse_configured(setting, &runtimes, asker)?;
        Ok(targets)
    }

    /// Those of the provider that somebody asks for, else all.
    fn of_provider(&self, targets: impl IntoIterator<Item = Target>) -> Targets {
        let asked = self.settings.provider;
        let is_asked = |target: &Target| asked.is_none_or(|asked| target.provider() == asked);
        Targets::named(targets.into_iter().filter(is_asked))
    }

    /// Each runtime with each architecture.
    fn of_parts(&self, layer: &LayerTable, asker: &Asker<'_>) -> Result<Targets, Error> {
        let (runtimes, default_runtime) = self.runtimes(layer, asker)?;
        let architectures = self.architectures(layer)?;
        let targets = runtimes.iter().flat_map(|runtime| {
            let with = |architecture: &Architecture| Target::new(*runtime, *architecture);
            architectures.iter().map(with)
        });
        Ok(Targets {
            default_runtime,
            // Where there is one alone, there was nothing to name.
            is_default_architecture: self.settings.architectures.is_empty()
                && layer.architecture.is_none()
                && self.table.architecture.is_none()
                && self.provider.architectures().len() > 1,
            ..Targets::named(targets)
        })
    }

    fn runtimes(
        &self,
        layer: &LayerTable,
        asker: &Asker<'_>,
    ) -> Result<(Vec<Runtime>, Option<DefaultRuntime>), Error> {
        if !self.settings.runtimes.is_empty() {
            let named = self.settings.runtimes.iter();
            let runtimes = named.map(|named| self.provider.runtime(named.identifier()));
            let runtimes: Result<_, _> = runtimes.collect();
            let runtimes = runtimes.map_err(|error| Error::PublishOption {
                option: "--runtime",
                message: format!("{error} at {}", self.provider.title()),
            });
            let mut runtimes: Vec<Runtime> = runtimes?;
            asker.refuse_given(&runtimes)?;
            runtimes.retain(|runtime| asker.fits(*runtime));
            if !runtimes.is_empty() {
                return Ok((runtimes, None));
            }
        }
        if let Some(setting) = layer.runtime.as_ref().or(self.table.runtime.as_ref()) {
            let runtimes = self.parsed(setting, |name| self.provider.runtime(name))?;
            self.refuse_configured(setting, &runtimes, asker)?;
            return Ok((runtimes, None));
        }
        if !asker.has_packages {
            return Ok((vec![self.provider.any_runtime()], None));
        }
        let query = RuntimeQuery {
            provider: self.provider,
            architectures: &self.architectures(layer)?,
            layer: LayerQuery {
                choice: &self.choice(layer)?,
                exclude: &self.exclude(layer)?,
                find_links: &find_links(self.settings)?,
            },
        };
        match (self.choose_runtime)(&query) {
            Some(chosen) => Ok((vec![chosen.runtime], Some(chosen))),
            None => Err(self.no_runtime()),
        }
    }

    /// A setting that names a runtime which the layer has no use for.
    fn refuse_configured(
        &self,
        setting: &Spanned<OneOrSeveral>,
        runtimes: &[Runtime],
        asker: &Asker<'_>,
    ) -> Result<(), Error> {
        match runtimes.iter().find(|runtime| !asker.fits(**runtime)) {
            Some(other) => Err(asker.not_python(*other, Some(self.project.place(setting.span())))),
            None => Ok(()),
        }
    }

    fn no_runtime(&self) -> Error {
        let previews = self.provider.runtimes().filter(|runtime| {
            runtime.support() == Support::Preview && is_allowed(*runtime, self.project)
        });
        Error::NoRuntime {
            constraint: self.project.python().to_string(),
            previews: previews.collect(),
            known: self.provider.runtimes().collect(),
            place: self.project.python_place().clone(),
        }
    }

    fn architectures(&self, layer: &LayerTable) -> Result<Vec<Architecture>, Error> {
        if !self.settings.architectures.is_empty() {
            return Ok(self.settings.architectures.clone());
        }
        let configured = layer.architecture.as_ref();
        match configured.or(self.table.architecture.as_ref()) {
            Some(setting) => self.parsed(setting, str::parse),
            None => Ok(vec![self.provider.default_architecture()]),
        }
    }
}
