//! Where the numbers of an array stand: changes that lose nothing, and so can be undone.

use std::fmt;

use quadric_autodiff::{Error, Tensor};

use super::text::{self, Words};

/// A change of layout, from the file's to the leaf's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `[a, b]` to `[b, a]`.
    Transpose,
    /// Axis i of the result is axis `order[i]` of the array.
    Permute(Vec<usize>),
    /// Takes out an axis of size 1.
    Squeeze(usize),
    /// Puts in an axis of size 1.
    Unsqueeze(usize),
    /// The axis is cut into equal blocks, and block i of the result is block `blocks[i]` of the array.
    Order { blocks: Vec<usize>, axis: usize },
    /// One axis becomes several, row-major.
    Split { sizes: Vec<usize>, axis: usize },
    /// Several axes become one: undoes `Split`.
    Merge { sizes: Vec<usize>, axis: usize },
}

impl Layout {
    /// Reads what follows after the first word of a step; none if the word is no layout's.
    pub(super) fn parse(word: &str, words: &mut Words<'_>) -> Result<Option<Layout>, String> {
        Ok(Some(match word {
            "transpose" => Layout::Transpose,
            "permute" => Layout::Permute(permutation(words)?),
            "squeeze" => Layout::Squeeze(words.number()?),
            "unsqueeze" => Layout::Unsqueeze(words.number()?),
            "order" => Layout::Order { blocks: permutation(words)?, axis: words.on_axis()? },
            "split" => Layout::Split { sizes: words.some_numbers()?, axis: words.on_axis()? },
            "merge" => Layout::Merge { sizes: words.some_numbers()?, axis: words.on_axis()? },
            _ => return Ok(None),
        }))
    }

    /// The way back.
    pub(super) fn inverse(&self) -> Layout {
        match self.clone() {
            Layout::Transpose => Layout::Transpose,
            Layout::Permute(order) => Layout::Permute(inverted(&order)),
            Layout::Squeeze(axis) => Layout::Unsqueeze(axis),
            Layout::Unsqueeze(axis) => Layout::Squeeze(axis),
            Layout::Order { blocks, axis } => Layout::Order { blocks: inverted(&blocks), axis },
            Layout::Split { sizes, axis } => Layout::Merge { sizes, axis },
            Layout::Merge { sizes, axis } => Layout::Split { sizes, axis },
        }
    }

    /// The shape that an array of `shape` gets, or what is wrong with it.
    pub(super) fn shape(&self, shape: &[usize]) -> Result<Vec<usize>, String> {
        let misfit = |needs: String| Err(format!("\"{self}\" needs {needs}, not {shape:?}"));
        let mut shape = shape.to_vec();
        match self {
            Layout::Transpose => match shape[..] {
                [a, b] => Ok(vec![b, a]),
                _ => misfit("2 axes".to_owned()),
            },
            Layout::Permute(order) if order.len() == shape.len() => Ok(order.iter().map(|&axis| shape[axis]).collect()),
            Layout::Permute(order) => misfit(format!("{} axes", order.len())),
            Layout::Squeeze(axis) if shape.get(*axis) == Some(&1) => {
                shape.remove(*axis);
                Ok(shape)
            }
            Layout::Squeeze(axis) => misfit(format!("an axis {axis} of size 1")),
            Layout::Unsqueeze(axis) if *axis <= shape.len() => {
                shape.insert(*axis, 1);
                Ok(shape)
            }
            Layout::Unsqueeze(axis) => misfit(format!("{axis} axes or more")),
            Layout::Order { blocks, axis } => match shape.get(*axis) {
                Some(size) if size % blocks.len() == 0 => Ok(shape),
                _ => misfit(format!("an axis {axis} of {} equal blocks", blocks.len())),
            },
            Layout::Split { sizes, axis } => {
                let size = product(sizes);
                if shape.get(*axis) != Some(&size) {
                    return misfit(format!("an axis {axis} of size {size}"));
                }
                shape.splice(*axis..axis + 1, sizes.iter().copied());
                Ok(shape)
            }
            Layout::Merge { sizes, axis } => {
                let end = axis.saturating_add(sizes.len());
                if shape.get(*axis..end) != Some(sizes) {
                    return misfit(format!("axes of sizes {sizes:?} from axis {axis} on"));
                }
                shape.splice(*axis..end, [product(sizes)]);
                Ok(shape)
            }
        }
    }

    /// The array in its new layout. `shape` has said that it fits.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor, Error> {
        let permuted = |order: &[usize]| x.permute(&order.iter().map(|&axis| axis as isize).collect::<Vec<_>>());
        match self {
            Layout::Transpose => permuted(&[1, 0]),
            Layout::Permute(order) => permuted(order),
            Layout::Order { blocks, axis } => {
                let size = x.shape()[*axis] / blocks.len();
                let parts = x.split(&vec![size; blocks.len()], *axis as isize)?;
                let parts: Vec<&Tensor> = blocks.iter().map(|&block| &parts[block]).collect();
                Tensor::concat(&parts, *axis as isize)
            }
            _ => Ok(x.reshaped(self.shape(x.shape()).expect("a layout is applied to what it fits"))),
        }
    }
}

/// As it is written in a table.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::Transpose => f.write_str("transpose"),
            Layout::Permute(order) => write!(f, "permute {}", text::spaced(order)),
            Layout::Squeeze(axis) => write!(f, "squeeze {axis}"),
            Layout::Unsqueeze(axis) => write!(f, "unsqueeze {axis}"),
            Layout::Order { blocks, axis } => write!(f, "order {} on axis {axis}", text::spaced(blocks)),
            Layout::Split { sizes, axis } => write!(f, "split {} on axis {axis}", text::spaced(sizes)),
            Layout::Merge { sizes, axis } => write!(f, "merge {} on axis {axis}", text::spaced(sizes)),
        }
    }
}

/// Saturating: no array has an axis of that size.
fn product(sizes: &[usize]) -> usize {
    sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size))
}

fn permutation(words: &mut Words<'_>) -> Result<Vec<usize>, String> {
    let order = words.numbers();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if order.is_empty() || sorted.into_iter().ne(0..order.len()) {
        return Err(format!("{order:?} is no order of 0, 1, …"));
    }
    Ok(order)
}

fn inverted(order: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; order.len()];
    for (i, &from) in order.iter().enumerate() {
        inverse[from] = i;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use quadric_autodiff::DType;

    use super::*;

    fn step(text: &str) -> Layout {
        let mut words = Words::new(text);
        let word = words.next().unwrap();
        Layout::parse(word, &mut words).unwrap().unwrap()
    }

    /// Every layout on a fitting array: the shape is the one foretold, the numbers are where the definition says, and the way back
    /// leads back.
    #[test]
    fn a_layout_is_undone_by_its_inverse() {
        type Sizes = &'static [usize];
        let cases: [(&str, Sizes, Sizes, Sizes); 9] = [
            ("transpose", &[2, 3], &[3, 2], &[0, 3, 1, 4, 2, 5]),
            ("permute 2 0 1", &[1, 2, 3], &[3, 1, 2], &[0, 3, 1, 4, 2, 5]),
            ("permute 1 2 0", &[2, 1, 3], &[1, 3, 2], &[0, 3, 1, 4, 2, 5]),
            ("squeeze 1", &[2, 1, 3], &[2, 3], &[0, 1, 2, 3, 4, 5]),
            ("unsqueeze 2", &[2, 3], &[2, 3, 1], &[0, 1, 2, 3, 4, 5]),
            ("order 1 2 0 on axis 1", &[2, 3], &[2, 3], &[1, 2, 0, 4, 5, 3]),
            ("order 1 0 on axis 0", &[4], &[4], &[2, 3, 0, 1]),
            ("split 2 2 on axis 1", &[1, 4], &[1, 2, 2], &[0, 1, 2, 3]),
            ("merge 2 1 3 on axis 0", &[2, 1, 3, 1], &[6, 1], &[0, 1, 2, 3, 4, 5]),
        ];
        for (text, from, to, places) in cases {
            let layout = step(text);
            assert_eq!(layout.to_string(), text);
            let x = Tensor::from_fn(DType::F32, from, |i| i as f64);
            let y = layout.apply(&x).unwrap();
            assert_eq!((layout.shape(from).unwrap(), y.shape().to_vec()), (to.to_vec(), to.to_vec()), "{text}");
            assert_eq!(y.to_f64_vec(), places.iter().map(|&i| i as f64).collect::<Vec<_>>(), "{text}");
            assert_eq!(layout.inverse().shape(to).unwrap(), from, "{text}");
            assert_eq!(layout.inverse().apply(&y).unwrap(), x, "{text}");
        }
    }

    #[test]
    fn a_misfit_is_told_with_the_shape() {
        let cases: [(&str, &[usize], &str); 8] = [
            ("transpose", &[2], "\"transpose\" needs 2 axes, not [2]"),
            ("permute 0 1", &[2], "\"permute 0 1\" needs 2 axes, not [2]"),
            ("squeeze 0", &[2], "\"squeeze 0\" needs an axis 0 of size 1, not [2]"),
            ("unsqueeze 2", &[2], "\"unsqueeze 2\" needs 2 axes or more, not [2]"),
            ("order 1 0 on axis 0", &[3], "\"order 1 0 on axis 0\" needs an axis 0 of 2 equal blocks, not [3]"),
            ("split 2 3 on axis 0", &[5], "\"split 2 3 on axis 0\" needs an axis 0 of size 6, not [5]"),
            (
                "merge 2 3 on axis 1",
                &[2, 3],
                "\"merge 2 3 on axis 1\" needs axes of sizes [2, 3] from axis 1 on, not [2, 3]",
            ),
            (
                "merge 2 on axis 18446744073709551615",
                &[2],
                "\"merge 2 on axis 18446744073709551615\" needs axes of sizes [2] from axis 18446744073709551615 on, not [2]",
            ),
        ];
        for (text, shape, sentence) in cases {
            assert_eq!(step(text).shape(shape).unwrap_err(), sentence);
        }
    }
}
