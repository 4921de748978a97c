//! Timing whole processes, side by side.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::process::Command;

/// One of those that are compared: prepares its run, then times it.
pub(crate) type Side<'a> = &'a dyn Fn(usize) -> Result<Duration>;

/// Runs all sides in turn, so that each meets the same moments of the machine; the
/// median of each. The first round, which fills caches, does not count.
pub(crate) fn interleaved<const N: usize>(
    runs: usize,
    sides: [Side<'_>; N],
) -> Result<[Duration; N]> {
    let mut times = [(); N].map(|()| Vec::with_capacity(runs));
    for run in 0..=runs {
        for (side, times) in sides.iter().zip(&mut times) {
            let time = side(run)?;
            if run > 0 {
                times.push(time);
            }
        }
    }
    Ok(times.map(median))
}

/// Times commands, one after the other.
pub(crate) fn time(commands: &[Command]) -> Result<Duration> {
    commands.iter().map(Command::time).sum()
}

/// Removes what an earlier run made.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs_err::remove_dir_all(path)?;
    } else if path.exists() {
        fs_err::remove_file(path)?;
    }
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        let times = [5, 1, 9].map(Duration::from_secs);
        assert_eq!(median(times.to_vec()), Duration::from_secs(5));
    }

    #[test]
    fn the_first_round_does_not_count() {
        let slow_first = |run| Ok(Duration::from_secs(if run == 0 { 100 } else { 1 }));
        let times = interleaved(1, [&slow_first, &slow_first]).unwrap();
        assert_eq!(times, [Duration::from_secs(1); 2]);
    }
}
