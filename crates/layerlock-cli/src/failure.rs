//! What a command fails with.

use std::io;

use layerlock::Error;

/// What can go wrong: the command line, the job itself, writing a file, or printing the
/// result.
pub(crate) enum Failure {
    Usage(clap::Error),
    Job(Error),
    /// What failed on this machine, as a message.
    Machine(String),
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
