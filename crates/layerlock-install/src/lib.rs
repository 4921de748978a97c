/*!
From locked packages to the plan of a layer.

For each package the best wheel for the target is [chosen](choose()) from the
files that the lock lists, [fetched](fetch()) into a content-addressed
[`Cache`], and checked there once; a [plan](plan()) then says where its files
land. Nothing about this machine takes part in the choice, and nothing that was
not checked against the lock's hash and the wheel's own RECORD is ever used. What
has no wheel is [built](build()) into the same cache.
*/

mod advice;
mod build;
mod cache;
mod cache_directory;
mod choose;
mod download;
mod error;
mod fetch;
mod fetch_source;
mod find_links;
mod frontend_kind;
pub mod index;
mod list;
mod local;
mod locked_url;
mod look_up;
mod pages;
mod plan;
mod problem;
mod reporter;
mod search;
mod sources;
mod temporary;
mod wheel;

pub use advice::{advise, advise_all};
pub use build::{
    BuildNote, BuildOptions, BuildOutcome, build, is_supplied, lasting_source_stamp, source_stamp,
};
pub use cache::{Cache, Removed};
#[doc(hidden)]
pub use cache::{contents_file, read_hostile_contents};
pub use choose::{ChosenWheel, WheelOrSource, choose, source_file};
pub use error::Error;
pub use fetch::{FetchOptions, Fetched, Yanked, fetch};
pub use find_links::{FindLinks, FindLinksError};
pub use frontend_kind::{FrontendKind, UnknownFrontend};
pub use list::{Release, list};
pub use look_up::{ListedPackage, look_up};
pub use plan::{is_installed, plan, push_wheels, rank_at};
pub use problem::{Advice, BuildError, BuildProblem, NoWheel};
pub use reporter::{Reporter, Silent};
pub use sources::Sources;
#[doc(hidden)]
pub use wheel::read_hostile;
pub use wheel::{RecordFlaws, Wheel, WheelContents, WheelProblem};
