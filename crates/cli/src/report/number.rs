//! Numbers as text, the same text for the same bits.
//!
//! Rust prints a float correctly rounded at any precision, without locale and without the C library, so these strings are the
//! same on every machine. Rounding happens once, in the exponent form, and the digits are then moved; taking `log10` of the
//! number to find its magnitude would be off by one just below powers of ten.

use super::model::Estimate;

/// `x` to `digits` significant digits: plain from 0.001 up to 100000, else with an exponent.
pub fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return special(x);
    }
    let scientific = format!("{x:.*e}", digits - 1);
    let exponent = exponent_of(&scientific);
    match exponent {
        _ if x == 0.0 => "0".to_owned(),
        -3..5 => format!("{x:.*}", (digits as i32 - 1 - exponent).max(0) as usize),
        _ => scientific,
    }
}

/// Value and standard error to the same decimal place, the second significant digit of the error: `123.4 ± 5.6`.
pub fn estimate(estimate: Estimate) -> String {
    let Estimate { value, error } = estimate;
    if !value.is_finite() || !error.is_finite() || error <= 0.0 {
        return significant(value, 5);
    }
    let place = exponent_of(&format!("{error:.1e}")) - 1;
    let plain = (1e-4..1e6).contains(&value.abs().max(error)) && place >= -6;
    if plain {
        let decimals = (-place).max(0) as usize;
        format!("{value:.decimals$} ± {error:.decimals$}")
    } else {
        format!("{value:.3e} ± {error:.1e}")
    }
}

/// A share as per cent with two decimals: `97.78 %`.
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.2} %", 100.0 * share) } else { special(share) }
}

/// The shortest text that reads back as the same number, for CSV.
pub fn exact(x: f64) -> String {
    if x.is_finite() { format!("{x:?}") } else { special(x) }
}

fn special(x: f64) -> String {
    match x {
        _ if x.is_nan() => "nan",
        f64::INFINITY => "inf",
        _ => "-inf",
    }
    .to_owned()
}

/// Numbers as they are set in print, alone or in a list: a real minus sign, and `1.2 × 10⁻⁷` in place of `1.2e-7`.
pub fn typeset(number: &str) -> String {
    let set = |word: &str| match word.split_once('e') {
        Some((mantissa, exponent)) if exponent.parse::<i32>().is_ok() => {
            format!("{} × 10{}", mantissa.replace('-', "−"), superscript(exponent))
        }
        _ if word.parse::<f64>().is_ok() => word.replace('-', "−"),
        _ => word.to_owned(),
    };
    let set = |word: &str| match word.strip_suffix(',') {
        Some(word) => set(word) + ",",
        None => set(word),
    };
    number.split(' ').map(set).collect::<Vec<_>>().join(" ")
}

/// Digits and minus sign raised: `-12` gives `⁻¹²`.
pub fn superscript(digits: &str) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0' | '4'..='9' => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
        other => other,
    };
    digits.chars().map(raised).collect()
}

fn exponent_of(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_digits_are_rounded_once() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1.000"),
            (-12.3456, "-12.35"),
            (999.96, "1000"),
            (99994.0, "99994"),
            (99996.0, "1.000e5"),
            (0.00123456, "0.001235"),
            (0.00099996, "0.001000"),
            (0.000999949, "9.999e-4"),
            (1.5e-17, "1.500e-17"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(significant(x, 4), text, "{x:e}");
        }
    }

    #[test]
    fn value_and_error_end_at_the_same_place() {
        let of = |value, error| super::estimate(Estimate { value, error });
        assert_eq!(of(123.456, 5.64), "123.5 ± 5.6");
        assert_eq!(of(-0.01234, 0.00098), "-0.01234 ± 0.00098");
        assert_eq!(of(51234.0, 1234.0), "51234 ± 1234");
        assert_eq!(of(1.0, 0.0), "1.0000");
        assert_eq!(of(1e-9, 2e-10), "1.000e-9 ± 2.0e-10");
        assert_eq!(of(f64::NAN, 1.0), "nan");
    }

    #[test]
    fn print_has_real_signs() {
        assert_eq!(typeset("-1.5e-17"), "−1.5 × 10⁻¹⁷");
        assert_eq!(typeset("-12.3 ± 4.5"), "−12.3 ± 4.5");
        assert_eq!(typeset("-1.5, 2e-3"), "−1.5, 2 × 10⁻³");
        assert_eq!(typeset("psam-nme"), "psam-nme");
    }
}
