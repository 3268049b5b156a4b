//! Floats as Python writes them (`repr`): the shortest digits that read back the same.

/// Python's `repr` of a float: `0.1`, `1e+16`, `1e-07`, `inf`, `nan`.
pub fn python(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..16).contains(&exponent) => {
            let plain = format!("{value}");
            if plain.contains('.') { plain } else { format!("{plain}.0") }
        }
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}

/// The same for JSON as Python writes it: `Infinity`, `-Infinity`, `NaN`.
pub fn json(value: f64) -> String {
    match python(value).as_str() {
        "inf" => "Infinity".to_owned(),
        "-inf" => "-Infinity".to_owned(),
        "nan" => "NaN".to_owned(),
        finite => finite.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let check = |value: f64, expected: &str| assert_eq!(python(value), expected);
        check(0.1, "0.1");
        check(1.0, "1.0");
        check(-0.0, "-0.0");
        check(1e15, "1000000000000000.0");
        check(1e16, "1e+16");
        check(1.5e-7, "1.5e-07");
        check(0.0001, "0.0001");
        check(0.000_01, "1e-05");
        check(12_345_678.123_456_79, "12345678.12345679");
        check(1e300, "1e+300");
        check(f64::INFINITY, "inf");
    }
}
