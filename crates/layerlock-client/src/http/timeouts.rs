//! How long servers are waited for, and how often they are tried.
//!
//! People who work behind slow networks raise these for their tools: what pip, uv
//! or Poetry is told counts here, where it is more than the usual.

use std::time::Duration;

use crate::{Error, MachineConfig, SettingOrigin};

/// Limits of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timeouts {
    /// For a connection.
    pub(super) connect: Duration,
    /// Between two pieces of an answer: slow is fine, silent is not.
    pub(super) read: Duration,
    /// For something of use to come, all tries together.
    pub(super) in_all: Duration,
    /// Tries after the first.
    pub(super) retries: usize,
}

const USUAL: Timeouts = Timeouts {
    connect: Duration::from_secs(15),
    read: Duration::from_secs(30),
    in_all: Duration::from_secs(55),
    retries: 3,
};
/// More would be no help, and look like hanging.
const MOST_RETRIES: usize = 10;
const LONGEST: Duration = Duration::from_hours(1);

impl Timeouts {
    pub(super) fn read(machine: &MachineConfig) -> Result<Self, Error> {
        let timeouts = named(
            machine,
            machine.pip_setting(&["PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"], "timeout")?,
            ["UV_HTTP_TIMEOUT", "POETRY_REQUESTS_TIMEOUT"],
        );
        let retries = named(
            machine,
            machine.pip_setting(&["PIP_RETRIES"], "retries")?,
            ["UV_HTTP_RETRIES", "POETRY_REQUESTS_MAX_RETRIES"],
        );
        // What is no number is its owner's to complain of.
        let seconds = timeouts.iter().filter_map(|text| text.trim().parse().ok());
        let timeout = seconds
            .fold(0.0, f64::max)
            .clamp(0.0, LONGEST.as_secs_f64());
        let timeout = Duration::from_secs_f64(timeout);
        let retries = retries.iter().filter_map(|text| text.trim().parse().ok());
        Ok(Self {
            connect: timeout.max(USUAL.connect),
            read: timeout.max(USUAL.read),
            in_all: timeout.max(USUAL.in_all),
            retries: retries.fold(USUAL.retries, usize::max).min(MOST_RETRIES),
        })
    }
}

/// What pip is told, and what these variables of others say.
fn named(
    machine: &MachineConfig,
    of_pip: Option<(String, SettingOrigin)>,
    others: [&str; 2],
) -> Vec<String> {
    let others = others
        .into_iter()
        .filter_map(|name| machine.variables.get(name).map(str::to_owned));
    let of_pip = of_pip.into_iter().map(|(value, _)| value);
    of_pip.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipFiles;

    fn with(variables: &[(&str, &str)]) -> Timeouts {
        let mut machine = MachineConfig::default();
        for (name, value) in variables {
            machine.variables.insert(name, *value);
        }
        Timeouts::read(&machine).unwrap()
    }

    #[test]
    fn the_longest_timeout_counts() {
        assert_eq!(with(&[]), USUAL);
        assert_eq!(with(&[("PIP_TIMEOUT", "3"), ("PIP_RETRIES", "0")]), USUAL);
        let timeouts = with(&[
            ("PIP_DEFAULT_TIMEOUT", "20.5"),
            ("UV_HTTP_TIMEOUT", "100"),
            ("POETRY_REQUESTS_TIMEOUT", "soon"),
            ("PIP_RETRIES", "4"),
            ("POETRY_REQUESTS_MAX_RETRIES", "6"),
        ]);
        assert_eq!(timeouts.retries, 6);
        assert_eq!(timeouts.connect, Duration::from_secs(100));
        assert_eq!(timeouts.read, Duration::from_secs(100));
        assert_eq!(timeouts.in_all, Duration::from_secs(100));
        let timeouts = with(&[("PIP_TIMEOUT", "40")]);
        assert_eq!(
            (timeouts.read.as_secs(), timeouts.in_all),
            (40, USUAL.in_all)
        );
        let timeouts = with(&[("PIP_TIMEOUT", "1e300"), ("PIP_RETRIES", "99999")]);
        assert_eq!((timeouts.read, timeouts.retries), (LONGEST, MOST_RETRIES));
    }

    #[test]
    fn pips_files_count_where_it_has_no_variable() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pip.conf");
        fs_err::write(&file, "[global]\ntimeout = 200\nretries = 5\n").unwrap();
        let mut machine = MachineConfig {
            pip_files: PipFiles::new([file]),
            ..MachineConfig::default()
        };
        let timeouts = Timeouts::read(&machine).unwrap();
        assert_eq!((timeouts.read.as_secs(), timeouts.retries), (200, 5));
        machine.variables.insert("PIP_TIMEOUT", "90");
        assert_eq!(Timeouts::read(&machine).unwrap().read.as_secs(), 90);
    }
}
