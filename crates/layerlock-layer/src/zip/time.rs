/// The time that the members of a zip have, as MS-DOS wrote it (APPNOTE 4.4.6):
/// to two seconds, from 1980 to 2107. The default is the first of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryTime {
    pub(super) date: u16,
    pub(super) time: u16,
}

impl Default for EntryTime {
    fn default() -> Self {
        Self {
            date: (1 << 5) | 1,
            time: 0,
        }
    }
}

impl EntryTime {
    /// The time in UTC that is these seconds after 1970, or the nearest that the
    /// format knows.
    pub fn from_unix(seconds: i64) -> Self {
        // 1980-01-01 00:00:00 and 2107-12-31 23:59:58.
        let seconds = seconds.clamp(315_532_800, 4_354_819_198);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Days from 1 March 2000 on, where leap days end their years and eras.
        let day_of_cycle = (days - 11_017 + 146_097) % 146_097;
        let century = (day_of_cycle / 36_524).min(3);
        let day_of_century = day_of_cycle - century * 36_524;
        let day_of_leap = day_of_century % 1461;
        let year_of_leap = (day_of_leap / 365).min(3);
        let day = day_of_leap - year_of_leap * 365;
        // Months from March on have 31, 30, 31, 30, 31 days over and over.
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let cycle = if days < 11_017 { 1600 } else { 2000 };
        let year = cycle
            + century * 100
            + day_of_century / 1461 * 4
            + year_of_leap
            + i64::from(month >= 10);
        let month = if month < 10 { month + 3 } else { month - 9 };
        let narrow = |value: i64| u16::try_from(value).unwrap_or(0);
        Self {
            date: narrow(((year - 1980) << 9) | (month << 5) | day_of_month),
            time: narrow(((second / 3600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EntryTime;

    fn shown(seconds: i64) -> String {
        let EntryTime { date, time } = EntryTime::from_unix(seconds);
        format!(
            "{}-{:02}-{:02} {:02}:{:02}:{:02}",
            1980 + (date >> 9),
            date >> 5 & 15,
            date & 31,
            time >> 11,
            time >> 5 & 63,
            (time & 31) * 2
        )
    }

    #[test]
    fn times_are_utc_and_kept_within_what_a_zip_knows() {
        for (seconds, expected) in [
            (i64::MIN, "1980-01-01 00:00:00"),
            (0, "1980-01-01 00:00:00"),
            (315_532_800, "1980-01-01 00:00:00"),
            (315_532_803, "1980-01-01 00:00:02"),
            (951_782_399, "2000-02-28 23:59:58"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_709_164_800, "2024-02-29 00:00:00"),
            (1_735_689_599, "2024-12-31 23:59:58"),
            (1_735_689_600, "2025-01-01 00:00:00"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (4_107_456_000, "2100-02-28 00:00:00"),
            (4_354_819_199, "2107-12-31 23:59:58"),
            (i64::MAX, "2107-12-31 23:59:58"),
        ] {
            assert_eq!(shown(seconds), expected, "{seconds}");
        }
        assert_eq!(EntryTime::from_unix(0), EntryTime::default());
    }

    /// Day by day, by the rule of the Gregorian calendar.
    #[test]
    fn every_day_is_that_of_the_calendar() {
        let mut second = 315_532_800;
        for year in 1980..=2107 {
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let february = if is_leap { 29 } else { 28 };
            let days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, days) in (1..).zip(days) {
                for day in 1..=days {
                    let date = format!("{year}-{month:02}-{day:02}");
                    assert_eq!(shown(second), format!("{date} 00:00:00"));
                    assert_eq!(shown(second + 86_399), format!("{date} 23:59:58"));
                    second += 86_400;
                }
            }
        }
        assert_eq!(second, 4_354_819_200);
    }

    #[test]
    fn every_second_of_a_day_is_told_to_two() {
        let midnight = 1_709_164_800;
        for hour in 0..24 {
            for minute in 0..60 {
                for second in 0..60 {
                    let time = midnight + (hour * 60 + minute) * 60 + second;
                    let even = second / 2 * 2;
                    let expected = format!("2024-02-29 {hour:02}:{minute:02}:{even:02}");
                    assert_eq!(shown(time), expected);
                }
            }
        }
    }
}
