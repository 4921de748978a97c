//! Many files of one kind as one finding for each package.

use std::collections::BTreeMap;

use layerlock_target::Target;

use crate::layer::FileInLayer;

/// Files by what they are part of.
#[derive(Default)]
pub(crate) struct Groups(BTreeMap<String, Group>);

/// Files of one package, or of one directory.
pub(crate) struct Group {
    package: Option<String>,
    first: String,
    count: usize,
    bytes: u64,
}

impl Groups {
    pub(crate) fn add(&mut self, file: &FileInLayer<'_>, target: Option<&Target>) {
        let package = file
            .package()
            .map_or_else(|| top_level(&file.path, target), str::to_owned);
        let group = self.0.entry(package).or_insert_with(|| Group {
            package: file.package().map(str::to_owned),
            first: file.path.to_string(),
            count: 0,
            bytes: 0,
        });
        group.count += 1;
        group.bytes += file.size;
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = Group> {
        self.0.into_values()
    }
}

impl Group {
    pub(crate) fn package(&self) -> Option<&str> {
        self.package.as_deref()
    }

    /// The path of the first file.
    pub(crate) fn first(&self) -> &str {
        &self.first
    }

    /// Which files: the only one, or how many with the first.
    pub(crate) fn files(&self) -> String {
        let Self {
            first,
            count,
            bytes,
            ..
        } = self;
        if *count == 1 {
            first.clone()
        } else {
            format!("{count} files ({bytes} bytes), such as {first}")
        }
    }
}

/// The module or folder in the layer that a path is part of.
fn top_level(path: &str, target: Option<&Target>) -> String {
    for folder in target.map(Target::module_paths).unwrap_or_default() {
        let rest = path.strip_prefix(&folder);
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix('/')) {
            let top = rest.split('/').next().unwrap_or_default();
            return format!("{folder}/{top}");
        }
    }
    path.split('/').next().unwrap_or_default().to_owned()
}
