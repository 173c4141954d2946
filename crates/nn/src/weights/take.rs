//! What a leaf takes of the arrays it is made from: one as a whole, a part of one, or several side by side.

use std::fmt;

use quadric_autodiff::{Error, Tensor};

use super::text::{self, Words};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// The array.
    Whole,
    /// Of so many equal parts along the axis, this one.
    Part { index: usize, of: usize, axis: usize },
    /// From `start` to before `end` along the axis.
    Slice { start: usize, end: usize, axis: usize },
    /// Several arrays, one behind the other along the axis; equal ones if no sizes are said.
    Join { sizes: Option<Vec<usize>>, axis: usize },
}

impl Take {
    /// Reads what follows after the first word of a step; none if the word is none of these.
    pub(super) fn parse(word: &str, words: &mut Words<'_>) -> Result<Option<Take>, String> {
        Ok(Some(match word {
            "part" => {
                let index = words.number()?;
                words.expect("of")?;
                let of = words.number()?;
                if index >= of {
                    return Err(format!("there is no part {index} of {of}, the first is 0"));
                }
                Take::Part { index, of, axis: words.on_axis()? }
            }
            "slice" => {
                let range = words.next().and_then(|word| word.split_once(".."));
                let ends = range.and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
                match ends {
                    Some((start, end)) if start < end => Take::Slice { start, end, axis: words.on_axis()? },
                    _ => return Err("slice needs a range such as 0..4".to_owned()),
                }
            }
            "join" => {
                let sizes = Some(words.numbers()).filter(|sizes| !sizes.is_empty());
                Take::Join { sizes, axis: words.on_axis()? }
            }
            _ => return Ok(None),
        }))
    }

    /// The shape of what is taken, or what is wrong with the arrays.
    pub(super) fn shape(&self, arrays: &[Vec<usize>]) -> Result<Vec<usize>, String> {
        let mut shape = arrays[0].clone();
        let misfit = |needs: String| Err(format!("\"{self}\" needs {needs}, not {:?}", arrays[0]));
        match self {
            Take::Whole => {}
            Take::Part { of, axis, .. } => match shape.get_mut(*axis) {
                Some(size) if *size % of == 0 => *size /= of,
                _ => return misfit(format!("an axis {axis} of {of} equal parts")),
            },
            Take::Slice { start, end, axis } => match shape.get_mut(*axis) {
                Some(size) if *end <= *size => *size = end - start,
                _ => return misfit(format!("an axis {axis} of size {end} or more")),
            },
            Take::Join { sizes, axis } => {
                if *axis >= shape.len() {
                    return misfit(format!("an axis {axis}"));
                }
                let found: Vec<usize> = arrays.iter().map(|shape| shape.get(*axis).copied().unwrap_or(0)).collect();
                let others = |shape: &[usize]| [&shape[..*axis], &shape[axis + 1..]].concat();
                let alike = arrays.iter().all(|array| array.len() == shape.len() && others(array) == others(&shape));
                let expected = sizes.clone().unwrap_or_else(|| vec![found[0]; found.len()]);
                if !alike || found != expected {
                    return Err(format!(
                        "\"{self}\" needs arrays of sizes {expected:?} along axis {axis} and alike along the others, not {}",
                        arrays.iter().map(|shape| format!("{shape:?}")).collect::<Vec<_>>().join(", ")
                    ));
                }
                shape[*axis] = found.iter().sum();
            }
        }
        Ok(shape)
    }

    /// Axis and range of what is taken of an array, if it is not the whole. `shape` has said that it fits.
    pub(super) fn range(&self, shape: &[usize]) -> Option<(usize, usize, usize)> {
        match *self {
            Take::Whole | Take::Join { .. } => None,
            Take::Part { index, of, axis } => {
                let size = shape[axis] / of;
                Some((axis, index * size, (index + 1) * size))
            }
            Take::Slice { start, end, axis } => Some((axis, start, end)),
        }
    }

    /// What is taken. `shape` has said that it fits.
    pub(super) fn apply(&self, arrays: &[Tensor]) -> Result<Tensor, Error> {
        match self {
            Take::Whole => Ok(arrays[0].clone()),
            Take::Part { index, of, axis } => {
                let size = arrays[0].shape()[*axis] / of;
                arrays[0].slice(*axis as isize, index * size..(index + 1) * size)
            }
            Take::Slice { start, end, axis } => arrays[0].slice(*axis as isize, *start..*end),
            Take::Join { axis, .. } => Tensor::concat(arrays, *axis as isize),
        }
    }

    /// Cuts an array into the `n` that were joined; the other takes have it as it is.
    pub(super) fn parted(&self, x: Tensor, n: usize) -> Result<Vec<Tensor>, String> {
        let Take::Join { sizes, axis } = self else { return Ok(vec![x]) };
        let size = x.shape().get(*axis).copied();
        let sizes = match (sizes, size) {
            (Some(sizes), Some(size)) if sizes.iter().fold(0, |sum: usize, &n| sum.saturating_add(n)) == size => {
                sizes.clone()
            }
            (None, Some(size)) if size % n == 0 => vec![size / n; n],
            _ => return Err(format!("\"{self}\" does not give {}", x.ty())),
        };
        x.split(&sizes, *axis as isize).map_err(|error| error.to_string())
    }
}

/// As it is written in a table; nothing for the whole.
impl fmt::Display for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Take::Whole => Ok(()),
            Take::Part { index, of, axis } => write!(f, "part {index} of {of} on axis {axis}"),
            Take::Slice { start, end, axis } => write!(f, "slice {start}..{end} on axis {axis}"),
            Take::Join { sizes: None, axis } => write!(f, "join on axis {axis}"),
            Take::Join { sizes: Some(sizes), axis } => write!(f, "join {} on axis {axis}", text::spaced(sizes)),
        }
    }
}
