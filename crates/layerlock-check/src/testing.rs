//! Targets and plans for tests.

use layerlock_layer::{
    ArchiveMember, Entry, EntrySource, LayerPath, LayerPlan, Method, Mode, PlanBuilder,
};
use layerlock_target::{Architecture, Provider, Target};

pub(crate) fn target(runtime: &str) -> Target {
    let runtime = Provider::Aws.runtime(runtime).unwrap();
    Target::new(runtime, Architecture::Arm64)
}

/// A plan of files (path, owner, bytes), of which nothing but their size is known.
pub(crate) fn plan(files: &[(&str, &str, u64)]) -> LayerPlan {
    let mut builder = PlanBuilder::default();
    let archive = builder.archive("source.zip");
    for &(path, owner, size) in files {
        let owner = builder.owner(owner);
        let member = ArchiveMember {
            offset: 0,
            method: Method::Deflated,
            compressed_size: 1,
            compressed_crc32: 0,
            size,
            crc32: 0,
            digest: EntrySource::Bytes(path.as_bytes().into()).digest(),
        };
        builder.push(Entry {
            path: LayerPath::new(path).unwrap(),
            mode: Mode::Regular,
            owner,
            source: EntrySource::Member(archive, member),
        });
    }
    builder.finish().unwrap()
}
