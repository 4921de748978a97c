//! How many files may be open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any run needs, and no more than any system takes.
const ENOUGH: u64 = 10_240;

/// Raises the limit as far as anybody may: macOS allows 256 by default, most Linux systems
/// 1,024. Threads and downloads take some; how many layers there are does not matter.
pub(crate) fn allow_as_many_as_possible() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(ENOUGH).min(ENOUGH);
    if current.is_some_and(|current| current < wanted) {
        let limit = Rlimit {
            current: Some(wanted),
            maximum,
        };
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
