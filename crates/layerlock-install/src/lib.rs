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
mod choose;
mod download;
mod error;
mod fetch;
mod fetch_source;
pub mod index;
mod local;
mod look_up;
mod plan;
mod reporter;
mod search;
mod temporary;
mod wheel;

pub use advice::advise;
pub use build::{
    BuildError, BuildNote, BuildOptions, BuildProblem, Built, FrontendKind, UnknownFrontend, build,
    is_supplied,
};
pub use cache::{Cache, Removed};
pub use choose::{Chosen, NoWheel, Pick, choose};
pub use error::Error;
pub use fetch::{FetchOptions, Fetched, Yanked, fetch};
pub use local::{FindLinks, FindLinksError};
pub use look_up::{ListedPackage, look_up};
pub use plan::{is_installed, plan, plan_filtered};
pub use reporter::{Reporter, Silent};
#[doc(hidden)]
pub use wheel::read_hostile;
pub use wheel::{Wheel, WheelContents, WheelProblem};
