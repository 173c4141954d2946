//! What a value of the command line may be.

use std::fmt::Display;
use std::str::FromStr;

use quadric::autodiff::DType;

/// What has a text form.
pub fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse::<T>().map_err(|e| e.to_string())
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        Ok(_) => Err("a finite number is needed".into()),
        Err(_) => Err("a number is needed".into()),
    }
}

/// From 0 on.
pub fn strength(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x >= 0.0 { Ok(x) } else { Err("a number from 0 on is needed".into()) })
}

/// Above 0.
pub fn rate(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x > 0.0 { Ok(x) } else { Err("a number above 0 is needed".into()) })
}

/// From 0 to below 1.
pub fn fraction(text: &str) -> Result<f64, String> {
    number(text)
        .and_then(|x| if (0.0..1.0).contains(&x) { Ok(x) } else { Err("a number from 0 to below 1 is needed".into()) })
}

/// 1, 2, …
pub fn positive(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| "a whole number from 1 on is needed".into())
}

/// 2, 3, …
pub fn at_least_two(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|n| *n > 1).ok_or_else(|| "a whole number from 2 on is needed".into())
}

/// A float type.
pub fn dtype(text: &str) -> Result<DType, String> {
    DType::from_name(text).filter(|d| d.is_float()).ok_or_else(|| "f32 or f64 is needed".into())
}

/// `NAME=SIZES`.
pub fn shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let (name, sizes) = text.split_once('=').ok_or("NAME=SIZES is needed, as in x=2,3")?;
    let sizes = sizes.split(',').filter(|s| !s.is_empty());
    let sizes = sizes.map(|s| s.trim().parse().map_err(|_| format!("`{s}` is no size"))).collect::<Result<_, _>>()?;
    Ok((name.trim().to_string(), sizes))
}
