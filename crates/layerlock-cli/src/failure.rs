//! What a command fails with.

use std::io;

use layerlock::Error;

/// What can go wrong: the command line, the job itself, or printing its result.
pub(crate) enum Failure {
    Usage(clap::Error),
    Job(Error),
    Stdout(io::Error),
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Job(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stdout(error)
    }
}
