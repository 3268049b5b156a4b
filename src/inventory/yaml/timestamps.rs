//! Dates and times of YAML 1.1, as Ansible prints them: ISO text.

/// The ISO text of a timestamp; `None` = it is none, an error for one that is on no calendar.
pub(super) fn iso(text: &str) -> Option<Result<String, String>> {
    let mut scanner = Scanner { rest: text };
    let year = scanner.exactly(4)?;
    let month = scanner.character('-').and_then(|()| scanner.digits(1, 2))?;
    let day = scanner.character('-').and_then(|()| scanner.digits(1, 2))?;
    if scanner.rest.is_empty() {
        // A date alone has two digits each.
        return (text.len() == 10).then(|| date(year, month, day));
    }
    let is_t = scanner.character('T').or_else(|| scanner.character('t')).is_some();
    if !is_t && scanner.blanks() == 0 {
        return None;
    }
    let hour = scanner.digits(1, 2)?;
    let minute = scanner.character(':').and_then(|()| scanner.exactly(2))?;
    let second = scanner.character(':').and_then(|()| scanner.exactly(2))?;
    let fraction = if scanner.character('.').is_some() { scanner.fraction() } else { "" };
    let zone = scanner.zone()?;
    let time = time(hour, minute, second, fraction);
    Some(date(year, month, day).and_then(|date| Ok(format!("{date}T{}{}", time?, zone?))))
}

struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    fn character(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// Skips blanks and tells how many there were.
    fn blanks(&mut self) -> usize {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let count = self.rest.len() - rest.len();
        self.rest = rest;
        count
    }

    fn run(&mut self, most: usize) -> &'t str {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        digits
    }

    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.run(most);
        (digits.len() >= least).then(|| digits.parse().ok()).flatten()
    }

    fn exactly(&mut self, count: usize) -> Option<u32> {
        self.digits(count, count)
    }

    /// Digits of a fraction: six of them count.
    fn fraction(&mut self) -> &'t str {
        let digits = self.run(usize::MAX);
        digits.get(..6).unwrap_or(digits)
    }

    /// The zone up to the end: nothing, `Z`, `+2`, `-02:30`.
    fn zone(&mut self) -> Option<Result<String, String>> {
        if self.rest.is_empty() {
            return Some(Ok(String::new()));
        }
        self.blanks();
        if self.rest == "Z" {
            return Some(Ok("+00:00".to_owned()));
        }
        let sign = if self.character('-').is_some() { '-' } else { self.character('+').map(|()| '+')? };
        let hours = self.digits(1, 2)?;
        let minutes = if self.character(':').is_some() { self.exactly(2)? } else { 0 };
        if !self.rest.is_empty() {
            return None;
        }
        let total = hours * 60 + minutes;
        if total >= 24 * 60 {
            return Some(Err(format!("a time zone of {hours}:{minutes:02} is none")));
        }
        let sign = if total == 0 { '+' } else { sign };
        Some(Ok(format!("{sign}{:02}:{:02}", total / 60, total % 60)))
    }
}

fn date(year: u32, month: u32, day: u32) -> Result<String, String> {
    let text = format!("{year:04}-{month:02}-{day:02}");
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    };
    if year == 0 || day == 0 || day > days {
        return Err(format!("`{text}` is no day of the calendar"));
    }
    Ok(text)
}

fn time(hour: u32, minute: u32, second: u32, fraction: &str) -> Result<String, String> {
    let text = format!("{hour:02}:{minute:02}:{second:02}");
    if hour > 23 || minute > 59 || second > 59 {
        return Err(format!("`{text}` is no time of the day"));
    }
    let micros = format!("{fraction:0<6}");
    Ok(if micros == "000000" { text } else { format!("{text}.{micros}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_iso_text() {
        let check = |text: &str, expected: Option<Result<&str, &str>>| {
            let found = iso(text);
            let found = found.as_ref().map(|told| told.as_deref().map_err(String::as_str));
            assert_eq!(found, expected, "{text}");
        };
        check("2024-02-03", Some(Ok("2024-02-03")));
        check("2024-2-3", None);
        check("2024-02-03T04:05:06Z", Some(Ok("2024-02-03T04:05:06+00:00")));
        check("2024-02-03 04:05:06.5 +02:00", Some(Ok("2024-02-03T04:05:06.500000+02:00")));
        check("2024-2-3t4:05:06", Some(Ok("2024-02-03T04:05:06")));
        check("2024-02-03 4:05:06.1234567-3:30", Some(Ok("2024-02-03T04:05:06.123456-03:30")));
        check("2024-02-03 4:05", None);
        check("2024-02-03x", None);
        check("2024-13-01", Some(Err("`2024-13-01` is no day of the calendar")));
        check("0000-01-01", Some(Err("`0000-01-01` is no day of the calendar")));
        check("2024-02-29T24:00:00", Some(Err("`24:00:00` is no time of the day")));
        check("2024-02-29T23:00:00 +24", Some(Err("a time zone of 24:00 is none")));
    }
}
