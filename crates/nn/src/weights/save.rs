//! From a tree into a file, by the same table.

use std::collections::BTreeMap;

use quadric_autodiff::{Tensor, Tree};

use super::rule::Rule;
use super::table::Table;
use super::take::Take;
use crate::archive::{Archive, Conversion, Dtype, Entry, Shown, stored};
use crate::data::{DataError, DataErrorKind};
use crate::tensors::told;

/// What one leaf gives to one array.
struct Piece<'a> {
    leaf: String,
    take: &'a Take,
    dtype: Option<Dtype>,
    x: Tensor,
}

impl Table {
    /// The file that [`load`](Table::load) would read this tree from: every rule's steps undone, in the order of the file's names. PyTorch's
    /// `safetensors.torch.load_file` reads it; the note `format: pt` is there because Hugging Face's library asks for it.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] with all that stands against it in one sentence: a leaf without a rule or of a shape that its rule
    /// never gives, an array of which parts are missing, leaves that are tied to one array and differ; [`DataErrorKind::Unsupported`]
    /// for numbers that the file's type has not; [`DataErrorKind::Malformed`] for an array that would be called `__metadata__`.
    pub fn save<H: Tree<Leaf = Tensor>>(&self, tree: &H) -> Result<Archive, DataError> {
        let mut arrays: BTreeMap<String, Vec<Piece<'_>>> = BTreeMap::new();
        let mut faults = Vec::new();
        for (leaf, x) in tree.leaf_names().into_iter().zip(tree.leaves()) {
            let Some((rule, _)) = self.rules.iter().find_map(|rule| Some((rule, rule.sources_of(&leaf)?))) else {
                faults.push(format!("\"{leaf}\" {} has no rule", x.ty()));
                continue;
            };
            match undone(rule, &leaf, x) {
                Ok(pieces) => {
                    for (name, x) in pieces {
                        let piece = Piece { leaf: leaf.clone(), take: &rule.take, dtype: rule.dtype, x };
                        arrays.entry(name).or_default().push(piece);
                    }
                }
                Err(fault) => faults.push(format!("\"{leaf}\" {}: {fault}", x.ty())),
            }
        }
        let mut archive = Archive::new();
        archive.note("format", "pt");
        for (name, pieces) in arrays {
            match assembled(&pieces) {
                Ok((x, dtype)) => {
                    let dtype = dtype.unwrap_or(stored(x.dtype()));
                    archive.insert(Entry::from_tensor_as(name, &x, dtype, Conversion::Rounded)?);
                }
                Err(fault) => faults.push(format!("{}: {fault}", Shown(&name))),
            }
        }
        if faults.is_empty() {
            return Ok(archive);
        }
        Err(DataError::new(DataErrorKind::Mismatch, format!("saving by the table of weights: {}", told(faults))))
    }
}

/// The leaf with its rule's steps undone: arrays and their names.
fn undone(rule: &Rule, leaf: &str, x: &Tensor) -> Result<Vec<(String, Tensor)>, String> {
    let back = |x: Tensor, steps: &[super::layout::Layout]| {
        steps.iter().rev().try_fold(x, |x, step| {
            let step = step.inverse();
            step.shape(x.shape())?;
            step.apply(&x).map_err(|error| error.to_string())
        })
    };
    let x = back(x.clone(), &rule.after)?;
    let pieces: Vec<Tensor> = if rule.stack {
        let n = match x.shape().first() {
            Some(&n) if n > 0 => n,
            _ => return Err("\"stack\" needs a leading axis, not of size 0".to_owned()),
        };
        let parts = x.split(&vec![1; n], 0).map_err(|error| error.to_string())?;
        parts.into_iter().map(|part| part.reshaped(&part.shape()[1..])).collect()
    } else {
        vec![x]
    };
    let mut named = Vec::new();
    let sources = rule.sources_of(leaf).expect("the rule is this leaf's");
    for (i, piece) in pieces.into_iter().enumerate() {
        let parts = rule.take.parted(back(piece, &rule.each)?, sources.len())?;
        for (source, part) in sources.iter().zip(parts) {
            let name = if rule.stack { source.filled(&[&i.to_string()]) } else { source.clone() };
            named.push((name.to_string(), part));
        }
    }
    Ok(named)
}

/// The array of which these are the pieces.
fn assembled(pieces: &[Piece<'_>]) -> Result<(Tensor, Option<Dtype>), String> {
    let dtype = pieces[0].dtype;
    let of_one_kind = pieces.iter().all(|piece| {
        piece.dtype == dtype
            && piece.x.dtype() == pieces[0].x.dtype()
            && match (piece.take, pieces[0].take) {
                (Take::Part { of, axis, .. }, Take::Part { of: others, axis: along, .. }) => {
                    of == others && axis == along
                }
                (Take::Slice { axis, .. }, Take::Slice { axis: along, .. }) => axis == along,
                (Take::Whole | Take::Join { .. }, Take::Whole | Take::Join { .. }) => true,
                _ => false,
            }
    });
    if !of_one_kind {
        let leaves: Vec<String> = pieces.iter().map(|piece| format!("\"{}\"", piece.leaf)).collect();
        return Err(format!("{} take it in different ways or types", leaves.join(", ")));
    }
    // Pieces by where they begin; tied leaves give one piece twice.
    let mut places: BTreeMap<usize, &Piece<'_>> = BTreeMap::new();
    for piece in pieces {
        let start = match piece.take {
            Take::Part { index, .. } => *index,
            Take::Slice { start, .. } => *start,
            Take::Whole | Take::Join { .. } => 0,
        };
        let first = *places.entry(start).or_insert(piece);
        if first.x != piece.x {
            return Err(format!("\"{}\" and \"{}\" are tied to it and differ", first.leaf, piece.leaf));
        }
    }
    let axis = match pieces[0].take {
        Take::Whole | Take::Join { .. } => return Ok((pieces[0].x.clone(), dtype)),
        Take::Part { of, axis, .. } => {
            if let Some(missing) = (0..*of).find(|index| !places.contains_key(index)) {
                return Err(format!("no leaf has part {missing} of {of}"));
            }
            *axis
        }
        Take::Slice { axis, .. } => {
            let mut end = 0;
            for (start, piece) in &places {
                let Take::Slice { end: next, .. } = piece.take else { unreachable!("all are slices") };
                if *start != end {
                    return Err(format!(
                        "\"{}\" begins at {start} along axis {axis}, what is before it ends at {end}",
                        piece.leaf
                    ));
                }
                if piece.x.shape().get(*axis) != Some(&(next - start)) {
                    return Err(format!(
                        "\"{}\" gives {}, which is no {start}..{next} on axis {axis}",
                        piece.leaf,
                        piece.x.ty()
                    ));
                }
                end = *next;
            }
            *axis
        }
    };
    let parts: Vec<&Tensor> = places.values().map(|piece| &piece.x).collect();
    let whole = Tensor::concat(&parts, axis as isize).map_err(|error| error.to_string())?;
    // Parts that are not equal would be read back as others.
    if let Take::Part { of, .. } = pieces[0].take
        && parts.iter().any(|part| part.shape()[axis] * of != whole.shape()[axis])
    {
        return Err("its parts are not of one size".to_owned());
    }
    Ok((whole, dtype))
}
