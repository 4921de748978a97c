//! Where the locks of this machine's runs are.

use std::path::PathBuf;

use crate::CacheLocation;

/// In the cache, where there is one.
pub(super) fn directory(cache: &CacheLocation) -> PathBuf {
    let kept = crate::cache::lasting_cache(cache).filter(|cache| cache.make().is_ok());
    match kept {
        Some(cache) => cache.publish_locks(),
        None => std::env::temp_dir().join("layerlock-publish-locks"),
    }
}
