//! Numbers as people like to read them: plain near 1, scientific far from it, and no more digits than mean something.

use std::fmt;

/// A number with so many significant digits.
pub(crate) struct Number {
    value: f64,
    digits: i32,
}

impl Number {
    /// For values: nine digits.
    pub(crate) fn long(value: f64) -> Self {
        Number { value, digits: 9 }
    }

    /// For errors and tolerances: two digits.
    pub(crate) fn short(value: f64) -> Self {
        Number { value, digits: 2 }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number { value, digits } = *self;
        if value == 0.0 {
            return out.write_str("0");
        }
        let size = value.abs();
        if !(1e-3..1e6).contains(&size) {
            let text = format!("{value:.*e}", digits as usize - 1);
            let Some((mantissa, exponent)) = text.split_once('e') else {
                return out.write_str(&text); // NaN, inf
            };
            return write!(out, "{}e{exponent}", trim(mantissa));
        }
        let decimals = (digits - 1 - size.log10().floor() as i32).max(0);
        out.write_str(trim(&format!("{value:.*}", decimals as usize)))
    }
}

/// "1 entry", "2 entries".
pub(crate) fn entries(count: usize) -> String {
    if count == 1 { "1 entry".into() } else { format!("{count} entries") }
}

/// Without the zeros that end a fraction.
fn trim(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_read_well() {
        let long = |value: f64| Number::long(value).to_string();
        let short = |value: f64| Number::short(value).to_string();
        assert_eq!([long(9.0), long(-0.1 - 0.2), long(1e16)], ["9", "-0.3", "1e16"]);
        assert_eq!([short(18.2), short(0.5), short(2.68e-13)], ["18", "0.5", "2.7e-13"]);
        assert_eq!([long(f64::NAN), long(f64::INFINITY), long(0.0)], ["NaN", "inf", "0"]);
    }
}
