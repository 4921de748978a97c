/*!
What a layer is built for.

A [`Target`] is a provider, a [`Runtime`] and an [`Architecture`]. It alone
decides both things that choosing a distribution needs: the marker environment
(PEP 508) and the ladder of wheel tags (PEP 425, PEP 600). Nothing here looks at
the machine it runs on, so the same target means the same files everywhere.

No files and no network in this crate.
*/

mod architecture;
mod limits;
mod runtime;
mod target;
mod wheel;

pub use architecture::{Architecture, UnknownArchitecture};
pub use limits::Limits;
pub use runtime::{RUNTIMES, Runtime, Support, UnknownRuntime};
pub use target::{Provider, Target};
pub use wheel::{Misfit, WheelName, WheelNameError, WheelRank};
