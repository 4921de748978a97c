/*!
What a layer is built for, and what the provider of its functions decides.

A [`Target`] is a [`Runtime`] of a [`Provider`] and an [`Architecture`]. It alone
decides both things that choosing a distribution needs: the marker environment
(PEP 508) and the wheel tags that it can load, in order of preference (PEP 425,
PEP 600). Nothing here looks at
the machine it runs on, so the same target means the same files everywhere.

What a provider decides (runtimes and their systems, paths, limits, names) is a
table: `provider/aws.rs`, `provider/aliyun.rs`. Other crates ask for such a fact here; what speaks to a
provider's API knows that API besides.

No files and no network in this crate.
*/

mod architecture;
mod language;
mod nearness;
mod provider;
mod runtime;
mod target;
mod wheel;

pub use architecture::{Architecture, UnknownArchitecture};
pub use language::Language;
pub use nearness::Nearness;
pub use provider::{
    LayerNames, LibraryPresence, Limits, Precedence, Provider, Support, UnknownProvider,
};
pub use runtime::{Runtime, UnknownRuntime};
pub use target::{BuildContainer, Target, TargetError};
pub use wheel::{Misfit, WheelName, WheelNameError, WheelRank};
