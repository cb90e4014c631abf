//! An HTTP-date in any of its three forms (RFC 9110 §5.6.7). Case says nothing, and the name of the weekday need not be
//! that day's: what is wrong in many an origin's `Expires` is not the moment.

use crate::time::UnixMillis;
use time::{Date, Month};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// 1970-01-01.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;
/// Two digits of a year below this are of this century. RFC 9110 counts from today, and there is no clock here.
const CENTURY_TURNS: u16 = 70;

/// Reads one; `None` for anything else, and for a time before 1970.
pub(super) fn http_date(text: &str) -> Option<UnixMillis> {
    let text = text.trim();
    let weekday = text.get(..3)?;
    WEEKDAYS.iter().find(|known| known.eq_ignore_ascii_case(weekday))?;
    match text.split_once(',') {
        Some((_, rest)) => match *rest.strip_prefix(' ')?.split(' ').collect::<Vec<_>>().as_slice() {
            [day, month, year, time, zone] => at(day, month, digits(year, 4)?, time, zone),
            [date, time, zone] => {
                let mut parts = date.split('-');
                let (day, month, year) = (parts.next()?, parts.next()?, digits(parts.next()?, 2)?);
                let century = if year < CENTURY_TURNS { 2000 } else { 1900 };
                parts.next().is_none().then(|| at(day, month, century + year, time, zone))?
            }
            _ => None,
        },
        // asctime(), which has no zone and a space in front of a single digit.
        None => match *text.split(' ').collect::<Vec<_>>().as_slice() {
            [_, month, day, time, year] => at(day, month, digits(year, 4)?, time, "GMT"),
            [_, month, "", day, time, year] if day.len() == 1 => {
                at(&format!("0{day}"), month, digits(year, 4)?, time, "GMT")
            }
            _ => None,
        },
    }
}

fn at(day: &str, month: &str, year: u16, time: &str, zone: &str) -> Option<UnixMillis> {
    if !zone.eq_ignore_ascii_case("GMT") {
        return None;
    }
    let month = MONTHS.iter().position(|known| known.eq_ignore_ascii_case(month))? + 1;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let day = u8::try_from(digits(day, 2)?).ok()?;
    let days = Date::from_calendar_date(i32::from(year), month, day).ok()?.to_julian_day() - EPOCH_JULIAN_DAY;
    let mut parts = time.split(':');
    let mut next = |end| digits(parts.next()?, 2).filter(|number| *number < end);
    // A minute may have 61 seconds.
    let (hour, minute, second) = (next(24)?, next(60)?, next(61)?);
    let seconds =
        i64::from(days) * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    (parts.next().is_none() && seconds >= 0).then_some(UnixMillis(seconds * 1000))
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn all_three_forms_in_any_case_say_the_same() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            " sun, 06 NOV 1994 08:49:37 gMT ",
            "Mon, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), Some(UnixMillis(784_111_777_000)), "{text}");
        }
        assert_eq!(http_date("Sun, 21 Nov 2286 04:46:39 GMT"), Some(UnixMillis(10_000_039_599_000)));
    }

    #[test]
    fn what_only_looks_like_a_date_is_none() {
        for text in [
            "0",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov  1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:38 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "dimanche, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_another_library_prints_is_read(seconds in 0u64..253_402_300_799) {
            let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            prop_assert_eq!(http_date(&text), Some(UnixMillis(i64::try_from(seconds).unwrap() * 1000)));
        }

        #[test]
        fn what_another_library_reads_is_read_alike(text in "(Mon|Sunday), ?[0-3][0-9][ -](Feb|Nov)[ -]([0-9]{2}|20[0-9]{2}) [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT") {
            if let Ok(known) = httpdate::parse_http_date(&text) {
                let seconds = known.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
                prop_assert_eq!(http_date(&text), Some(UnixMillis(i64::try_from(seconds).unwrap() * 1000)));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = http_date(&text);
        }
    }
}
