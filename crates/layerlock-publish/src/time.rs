//! Times as AWS writes them: `2026-11-20T10:00:00.000+0000`.

use std::time::{Duration, SystemTime};

const DAY: u64 = 86_400;
/// Years, months and days repeat after so many days.
const CYCLE: u64 = 146_097;
/// From 1 March of the year 0, a start of a cycle, to 1 January 1970.
const EPOCH: u64 = 719_468;

/// A time of ISO 8601 from 1970 on: with any fraction, and `Z`, `+00:00` or `+0000` at its
/// end, or nothing, which is UTC.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let (date, clock) = text.trim().split_once(['T', ' '])?;
    let at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(at);
    let clock = clock.split('.').next()?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let is_time = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_time {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let offset = Duration::from_secs(offset(zone)?);
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    if zone.starts_with('-') {
        time.checked_add(offset)
    } else {
        time.checked_sub(offset)
    }
}

/// In UTC, as AWS writes it. Times before 1970 are 1970.
pub(crate) fn format(time: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = parts(time);
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}+0000")
}

/// Year, month, day, hour, minute and second, in UTC.
pub(crate) fn parts(time: SystemTime) -> [u64; 6] {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.unwrap_or_default().as_secs();
    let (day, clock) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = date(day);
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    [year, month, day, hour, minute, second]
}

fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let digits = |text: &str| {
        let is_number =
            !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    let numbers: Option<Vec<u64>> = text.split(between).map(digits).collect();
    numbers?.try_into().ok()
}

/// Seconds of `Z`, `+01:00`, `-0130` or nothing.
fn offset(zone: &str) -> Option<u64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let digits = zone.get(1..)?.replace(':', "");
    let number: u64 = digits.parse().ok()?;
    (digits.len() == 4).then_some(number / 100 * 3600 + number % 100 * 60)
}

/// Days since 1970. A year is counted from March, so that its last day is the leap day.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + of_year - EPOCH
}

/// Year, month and day of a day since 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH;
    let (cycle, day) = (days / CYCLE, days % CYCLE);
    let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = cycle * 400 + year + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        let since = parse(text)?.duration_since(SystemTime::UNIX_EPOCH);
        Some(since.unwrap().as_secs())
    }

    #[test]
    fn times_are_read_in_the_forms_that_servers_write() {
        for text in [
            "2026-11-20T10:00:00.000+0000",
            "2026-11-20T10:00:00Z",
            "2026-11-20T10:00:00.123456",
            "2026-11-20 12:30:00+02:30",
            "2026-11-20T09:00:00.000-0100",
        ] {
            assert_eq!(seconds(text), Some(1_795_168_800), "{text}");
        }
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2024-02-29T23:59:59Z"), Some(1_709_251_199));
        for text in [
            "",
            "yesterday",
            "2026-11-20",
            "2026-13-01T00:00:00Z",
            "2026-11-20T10:00:00+1",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_read_as_it_was_written() {
        for day in (0..40_000).step_by(13) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(day * DAY + 3661);
            assert_eq!(parse(&format(time)), Some(time), "{}", format(time));
        }
        let leap = SystemTime::UNIX_EPOCH + Duration::from_millis(1_709_164_800_042);
        assert_eq!(format(leap), "2024-02-29T00:00:00.042+0000");
    }
}
