//! What is known of a verified wheel.

use std::path::PathBuf;

use layerlock_layer::ArchiveMember;
use serde::{Deserialize, Serialize};

use super::entry_points::Script;
use super::record_fit::{RecordFit, RecordFlaws};

/// A verified wheel in the cache.
#[derive(Debug, Clone)]
pub struct Wheel {
    /// The archive.
    pub path: PathBuf,
    /// What was found in it.
    pub contents: WheelContents,
}

/// What a verified wheel holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WheelContents {
    /// The name of its `.dist-info` directory.
    pub(super) dist_info: String,
    /// Whether its RECORD lists its files and nothing else.
    pub(super) record: RecordFit,
    /// Every file, in the order of the central directory.
    pub(super) members: Vec<Member>,
    /// The commands it declares, for which scripts are made.
    pub(super) scripts: Vec<Script>,
}

/// One file of a wheel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) executable: bool,
    pub(super) data: ArchiveMember,
    /// For a script in `.data/scripts` that starts with `#!python`: what follows
    /// its first line, which has to name the target's interpreter.
    pub(super) python_script: Option<Vec<u8>>,
}

impl WheelContents {
    /// What is wrong with its RECORD, if something is.
    pub fn record_flaws(&self) -> Option<&RecordFlaws> {
        match &self.record {
            RecordFit::Flawed(flaws) => Some(flaws),
            RecordFit::Exact | RecordFit::Inexact => None,
        }
    }

    /// The name of the distribution, as the wheel spells it.
    pub(crate) fn distribution(&self) -> &str {
        // NAME-VERSION.dist-info, and a name has no `-` there.
        self.dist_info.split('-').next().unwrap_or_default()
    }
}

/// The scheme key and the path of a file in the `.data` directory at the top. Like
/// pip's, the test is for the ending alone: builders spell the rest differently.
pub(super) fn in_data_directory(name: &str) -> Option<(&str, &str)> {
    let (directory, rest) = name.split_once('/')?;
    directory.strip_suffix(".data")?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}
