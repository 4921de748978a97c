//! How many files may be open at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any run needs, and no more than any system takes.
const ENOUGH: u64 = 10_240;

/// Raises the limit as far as anybody may. Each layer keeps two files open until all are
/// done, and by default macOS allows 256, most Linux systems 1,024. Where it cannot be
/// raised, only a run with so many layers notices.
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
