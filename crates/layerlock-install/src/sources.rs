//! Which indexes are asked for a package, and in which order.
//!
//! - `--index-url`, where it is given: that index, for every package.
//! - For a package that the lock has a source for: that source. The lock gives
//!   its name and its URL; as for Poetry, the name counts, so that the
//!   URL in pyproject.toml is used as it is today, and credentials are found
//!   by that name.
//! - For any other package: the index that pip would use, then pip's and uv's
//!   extra indexes. The lock's hash makes that safe, which is not so for a
//!   resolver: whichever index has a file of this name, its bytes must be those
//!   that were locked.

use std::sync::OnceLock;

use layerlock_client::Session;
use layerlock_lock::{LockedPackage, PackageSource, ProjectIndex};

use crate::Error;
use crate::index::{Index, IndexUrl, extra_indexes};

/// The indexes of a project on this machine.
pub struct Sources<'a> {
    /// An index for every package, whatever the lock says (`--index-url`).
    pub option: Option<IndexUrl>,
    /// The project's sources, `[[tool.poetry.source]]`.
    pub project: &'a [ProjectIndex],
    /// The index for packages that the lock gives no source for. Asked once, and
    /// only when a file of theirs has to be fetched: finding it out may take a while.
    pub default_index: &'a (dyn Fn() -> Result<Index, Error> + Sync),
    /// The run's connections, and the machine, which may add indexes.
    pub session: &'a Session,
    /// Those for packages that the lock gives no source for, once they are known.
    found: OnceLock<Vec<Index>>,
}

impl<'a> Sources<'a> {
    /// The sources of a project, and none that an option names.
    pub fn new(
        project: &'a [ProjectIndex],
        default_index: &'a (dyn Fn() -> Result<Index, Error> + Sync),
        session: &'a Session,
    ) -> Self {
        Self {
            option: None,
            project,
            default_index,
            session,
            found: OnceLock::new(),
        }
    }

    /// The indexes to ask for a package, the first first.
    pub(crate) fn indexes_for(&self, package: &LockedPackage) -> Result<Vec<Index>, Error> {
        if let Some(url) = &self.option {
            return Ok(vec![Index {
                name: self.name_of(url),
                ..url.clone().into()
            }]);
        }
        match &package.source {
            PackageSource::Registry {
                url: Some(url),
                reference,
            } => Ok(vec![self.locked(package, url, reference.as_deref())?]),
            _ => self.for_any_package(),
        }
    }

    fn locked(
        &self,
        package: &LockedPackage,
        url: &str,
        reference: Option<&str>,
    ) -> Result<Index, Error> {
        let by_name = self
            .project
            .iter()
            .find(|source| reference.is_some_and(|name| source.name.eq_ignore_ascii_case(name)))
            .and_then(|source| source.url.as_deref());
        let url = IndexUrl::parse(by_name.unwrap_or(url)).map_err(|error| Error::LockedUrl {
            error,
            place: package.place.clone(),
        })?;
        Ok(Index {
            // Some locks have the URL alone.
            name: reference.map(str::to_owned).or_else(|| self.name_of(&url)),
            ..url.into()
        })
    }

    fn for_any_package(&self) -> Result<Vec<Index>, Error> {
        if let Some(indexes) = self.found.get() {
            return Ok(indexes.clone());
        }
        let mut indexes = vec![(self.default_index)()?];
        for extra in extra_indexes(self.session.machine())? {
            if indexes.iter().all(|other| other.url != extra.index.url) {
                indexes.push(extra.into_index());
            }
        }
        Ok(self.found.get_or_init(|| indexes).clone())
    }

    /// `--index-url` may name a source of the project by its URL; then its
    /// credentials are for it.
    fn name_of(&self, url: &IndexUrl) -> Option<String> {
        let is_it = |source: &&ProjectIndex| {
            let known = source
                .url
                .as_deref()
                .and_then(|url| IndexUrl::parse(url).ok());
            known.is_some_and(|other| other.url() == url.url())
        };
        self.project
            .iter()
            .find(is_it)
            .map(|source| source.name.clone())
    }
}
