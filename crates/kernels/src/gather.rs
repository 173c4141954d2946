//! Reading and adding at integer indices along the middle axis of `[outer, n, inner]`.
//!
//! Indices are data, so a wrong one is a result and not a panic: `Err` carries the position of the first index
//! outside `0..n`, and the output is then unspecified. All indices are checked before anything is written.

use crate::element::{Element, Real};

/// y\[o, m, i\] ← x\[o, indices\[m\], i\].
///
/// # Errors
/// The position of the first index outside `0..n`.
///
/// # Panics
/// If the slices do not have `outer · n · inner` and `outer · indices.len() · inner` elements.
pub fn gather<T: Element>(
    x: &[T],
    outer: usize,
    n: usize,
    inner: usize,
    indices: &[i32],
    y: &mut [T],
) -> Result<(), usize> {
    assert_eq!(x.len(), outer * n * inner, "gather: the operand does not have outer x n x inner elements");
    assert_eq!(y.len(), outer * indices.len() * inner, "gather: the output does not have outer x m x inner elements");
    check(indices, n)?;
    if y.is_empty() {
        return Ok(());
    }
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(indices.len() * inner)) {
        if inner == 1 {
            for (y, &j) in y.iter_mut().zip(indices) {
                *y = x[j as usize];
            }
        } else {
            for (y, &j) in y.chunks_exact_mut(inner).zip(indices) {
                y.copy_from_slice(&x[j as usize * inner..][..inner]);
            }
        }
    }
    Ok(())
}

/// y ← 0; y\[o, indices\[m\], i\] += updates\[o, m, i\]: the transpose of [`gather`].
///
/// Repeated indices add up in ascending order of m, so the bits do not depend on anything but the operands.
///
/// # Errors
/// The position of the first index outside `0..n`.
///
/// # Panics
/// If the slices do not have `outer · indices.len() · inner` and `outer · n · inner` elements.
pub fn scatter_add<T: Real>(
    updates: &[T],
    outer: usize,
    n: usize,
    inner: usize,
    indices: &[i32],
    y: &mut [T],
) -> Result<(), usize> {
    assert_eq!(
        updates.len(),
        outer * indices.len() * inner,
        "scatter_add: updates do not have outer x m x inner elements"
    );
    assert_eq!(y.len(), outer * n * inner, "scatter_add: the output does not have outer x n x inner elements");
    check(indices, n)?;
    y.fill(T::zero());
    if updates.is_empty() {
        return Ok(());
    }
    for (updates, y) in updates.chunks_exact(indices.len() * inner).zip(y.chunks_exact_mut(n * inner)) {
        for (update, &j) in updates.chunks_exact(inner).zip(indices) {
            for (y, &u) in y[j as usize * inner..][..inner].iter_mut().zip(update) {
                *y += u;
            }
        }
    }
    Ok(())
}

/// y\[o, j, i\] ← x\[o, indices\[o, j, i\], i\]: one index per element, as in `take_along_axis`.
///
/// # Errors
/// The position (in the flat `indices`) of the first index outside `0..n`.
///
/// # Panics
/// If `x` does not have `outer · n · inner` elements, or `indices` and `y` do not have the same multiple of
/// `outer · inner`.
pub fn gather_along<T: Element>(
    x: &[T],
    outer: usize,
    n: usize,
    inner: usize,
    indices: &[i32],
    y: &mut [T],
) -> Result<(), usize> {
    assert_eq!(x.len(), outer * n * inner, "gather_along: the operand does not have outer x n x inner elements");
    let m = positions("gather_along", outer, inner, indices.len(), y.len());
    check(indices, n)?;
    if y.is_empty() {
        return Ok(());
    }
    for (o, (indices, y)) in indices.chunks_exact(m * inner).zip(y.chunks_exact_mut(m * inner)).enumerate() {
        let x = &x[o * n * inner..][..n * inner];
        for (indices, y) in indices.chunks_exact(inner).zip(y.chunks_exact_mut(inner)) {
            for (i, (y, &j)) in y.iter_mut().zip(indices).enumerate() {
                *y = x[j as usize * inner + i];
            }
        }
    }
    Ok(())
}

/// y ← 0; y\[o, indices\[o, j, i\], i\] += updates\[o, j, i\]: the transpose of [`gather_along`].
///
/// Repeated indices add up in ascending order of j.
///
/// # Errors
/// The position (in the flat `indices`) of the first index outside `0..n`.
///
/// # Panics
/// As [`gather_along`], with the roles of `x` and `y` exchanged.
pub fn scatter_add_along<T: Real>(
    updates: &[T],
    outer: usize,
    n: usize,
    inner: usize,
    indices: &[i32],
    y: &mut [T],
) -> Result<(), usize> {
    assert_eq!(y.len(), outer * n * inner, "scatter_add_along: the output does not have outer x n x inner elements");
    let m = positions("scatter_add_along", outer, inner, indices.len(), updates.len());
    check(indices, n)?;
    y.fill(T::zero());
    if updates.is_empty() {
        return Ok(());
    }
    for (o, (indices, updates)) in indices.chunks_exact(m * inner).zip(updates.chunks_exact(m * inner)).enumerate() {
        let y = &mut y[o * n * inner..][..n * inner];
        for (indices, updates) in indices.chunks_exact(inner).zip(updates.chunks_exact(inner)) {
            for (i, (&u, &j)) in updates.iter().zip(indices).enumerate() {
                y[j as usize * inner + i] += u;
            }
        }
    }
    Ok(())
}

/// The position of the first index outside `0..n`, as an error.
fn check(indices: &[i32], n: usize) -> Result<(), usize> {
    match indices.iter().position(|&j| j < 0 || j as usize >= n) {
        Some(position) => Err(position),
        None => Ok(()),
    }
}

/// The length of the middle axis of `indices`.
fn positions(what: &str, outer: usize, inner: usize, indices: usize, values: usize) -> usize {
    assert_eq!(indices, values, "{what}: one index per element");
    let m = indices.checked_div(outer * inner).unwrap_or(0);
    assert_eq!(indices, outer * m * inner, "{what}: the indices do not fill outer x inner columns");
    m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_takes_rows_and_single_elements() {
        let x = [1, 2, 3, 4, 5, 6];
        let mut y = [0; 8];
        gather(&x, 1, 3, 2, &[2, 0, 2, 1], &mut y).unwrap();
        assert_eq!(y, [5, 6, 1, 2, 5, 6, 3, 4]);
        let mut y = [0; 4];
        gather(&x, 2, 3, 1, &[2, 0], &mut y).unwrap();
        assert_eq!(y, [3, 1, 6, 4]);
        gather(&x, 2, 3, 1, &[], &mut []).unwrap();
    }

    #[test]
    fn the_first_wrong_index_is_named() {
        let mut y = [0.0f32; 3];
        assert_eq!(gather(&[1.0, 2.0], 1, 2, 1, &[1, 2, -1], &mut y), Err(1));
        assert_eq!(gather(&[1.0, 2.0], 1, 2, 1, &[1, 0, -1], &mut y), Err(2));
        assert_eq!(gather::<f32>(&[], 1, 0, 1, &[0, 0, 0], &mut y), Err(0));
        assert_eq!(scatter_add(&[1.0, 2.0, 3.0], 1, 2, 1, &[0, 1, 7], &mut y[..2]), Err(2));
        assert_eq!(gather_along(&[1.0, 2.0], 1, 2, 1, &[5, 0, 0], &mut y), Err(0));
        assert_eq!(scatter_add_along(&[1.0, 2.0, 3.0], 1, 2, 1, &[0, -1, 0], &mut y[..2]), Err(1));
    }

    #[test]
    fn scatter_add_is_the_transpose_of_gather() {
        let (outer, n, inner, indices) = (2, 4, 3, [3, 1, 1, 0, 3]);
        let x: Vec<f64> = (0..outer * n * inner).map(|i| (i % 7) as f64 - 3.0).collect();
        let w: Vec<f64> = (0..outer * indices.len() * inner).map(|i| (i % 5) as f64 - 2.0).collect();
        let mut gathered = vec![f64::NAN; w.len()];
        gather(&x, outer, n, inner, &indices, &mut gathered).unwrap();
        let mut scattered = vec![f64::NAN; x.len()];
        scatter_add(&w, outer, n, inner, &indices, &mut scattered).unwrap();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        assert_eq!(dot(&w, &gathered), dot(&scattered, &x));
        assert_eq!(scattered[2 * inner], 0.0);
    }

    #[test]
    fn elements_are_gathered_and_scattered_one_by_one() {
        let x: Vec<f64> = (0..12).map(f64::from).collect(); // [2, 3, 2]
        let indices = [2, 0, 1, 1, 0, 0, 2, 2]; // [2, 2, 2]
        let mut y = [f64::NAN; 8];
        gather_along(&x, 2, 3, 2, &indices, &mut y).unwrap();
        assert_eq!(y, [4.0, 1.0, 2.0, 3.0, 6.0, 7.0, 10.0, 11.0]);
        let mut z = [f64::NAN; 12];
        scatter_add_along(&[1.0; 8], 2, 3, 2, &indices, &mut z).unwrap();
        assert_eq!(z, [0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
        scatter_add_along(&[1.0, 2.0, 4.0], 1, 2, 1, &[1, 0, 1], &mut z[..2]).unwrap();
        assert_eq!(z[..2], [2.0, 5.0]);
    }

    #[test]
    fn nothing_to_add_leaves_zeros() {
        let mut y = [f32::NAN; 6];
        scatter_add(&[], 2, 3, 1, &[], &mut y).unwrap();
        assert_eq!(y, [0.0; 6]);
        scatter_add::<f32>(&[], 0, 3, 1, &[1, 2], &mut []).unwrap();
        gather_along::<f32>(&[], 0, 3, 1, &[], &mut []).unwrap();
        scatter_add_along::<f32>(&[], 2, 0, 0, &[], &mut []).unwrap();
    }
}
