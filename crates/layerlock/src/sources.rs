//! Where locked files come from: the index of an option, links to find, and the
//! machine's default index.

use layerlock_client::MachineConfig;
use layerlock_install::index::{Index, IndexUrl, default_index};
use layerlock_install::{Cache, FindLinks, Reporter};

use crate::{Error, Settings};

pub(crate) fn index_of_option(settings: &Settings) -> Result<Option<IndexUrl>, Error> {
    let index = settings
        .index_url
        .as_deref()
        .map(IndexUrl::parse)
        .transpose();
    Ok(index.map_err(layerlock_install::Error::from)?)
}

pub(crate) fn find_links(settings: &Settings) -> Result<Vec<FindLinks>, Error> {
    let places = settings
        .find_links
        .iter()
        .map(|text| FindLinks::parse(text))
        .collect::<Result<_, _>>();
    Ok(places.map_err(layerlock_install::Error::from)?)
}

/// The index for packages that the lock gives no source for.
pub(crate) fn find_default_index(
    machine: &MachineConfig,
    cache: &Cache,
    reporter: &dyn Reporter,
) -> Result<Index, layerlock_install::Error> {
    let found = default_index(machine, Some(cache.root()))?;
    reporter.index_found(&found.index.url.to_string(), &found.origin.to_string());
    Ok(found.into_index())
}
