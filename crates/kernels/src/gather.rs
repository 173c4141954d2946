//! Reading and adding at integer indices along the middle axis of `[outer, n, inner]`.
//!
//! Indices are data, so a wrong one is a result and not a panic: `Err` carries the position of the first index
//! outside `0..n`, and the output is then unspecified. All indices are checked before anything is written.

mod blocked;

use crate::element::{Element, Real};
use blocked::Blocked;

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
/// What comes to one row is added in ascending order of m in blocks of 64 terms, and blocks combine pairwise; so the error grows like
/// 64 + log₂(k / 64) for k updates of a row, and the bits do not depend on anything but the operands. With more than 64 indices, allocates a
/// counter per row of y, and for each row that gets more than 64 updates some rows more.
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
    let each = updates.chunks_exact(indices.len() * inner).zip(y.chunks_exact_mut(n * inner));
    if indices.len() <= blocked::BLOCK {
        for (updates, y) in each {
            for (update, &j) in updates.chunks_exact(inner).zip(indices) {
                for (y, &u) in y[j as usize * inner..][..inner].iter_mut().zip(update) {
                    *y += u;
                }
            }
        }
        return Ok(());
    }
    let mut blocked = Blocked::new(n);
    for (updates, y) in each {
        if inner == 1 {
            blocked.add_each(y, updates.iter().zip(indices).map(|(&u, &j)| (j as usize, u)));
        } else {
            let each = updates.chunks_exact(inner).zip(indices);
            blocked.add_rows(y, inner, each.map(|(update, &j)| (j as usize, update)));
        }
        blocked.finish(y, inner);
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
/// Repeated indices add up in ascending order of j, as in [`scatter_add`]: the error grows like 64 + log₂(k / 64) for k updates of an element.
/// If the axis of indices is longer than 64, allocates a counter per element of one item of y.
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
    let mut blocked = (m > blocked::BLOCK).then(|| Blocked::new(n * inner));
    for (o, (indices, updates)) in indices.chunks_exact(m * inner).zip(updates.chunks_exact(m * inner)).enumerate() {
        let y = &mut y[o * n * inner..][..n * inner];
        match &mut blocked {
            Some(blocked) if inner == 1 => {
                blocked.add_each(y, updates.iter().zip(indices).map(|(&u, &j)| (j as usize, u)));
            }
            _ => {
                for (indices, updates) in indices.chunks_exact(inner).zip(updates.chunks_exact(inner)) {
                    let each = updates.iter().zip(indices).enumerate().map(|(i, (&u, &j))| (j as usize * inner + i, u));
                    match &mut blocked {
                        None => each.for_each(|(at, u)| y[at] += u),
                        Some(blocked) => blocked.add_each(y, each),
                    }
                }
            }
        }
        if let Some(blocked) = &mut blocked {
            blocked.finish(y, 1);
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

    /// Many updates of a few rows, with the other rows between them.
    #[test]
    fn many_updates_of_one_row_keep_their_digits() {
        // Row 0 gets all ones, and all but a few of the others.
        let row = |m: usize| if m % 1000 == 7 { 1 + (m / 1000 % 2) as i32 } else { 0 };
        for (terms, value) in [(1 << 25, 1.0f32), (10_000, 0.1), (1_000_000, 0.1), (10_000_000, 0.1)] {
            let indices: Vec<i32> = (0..terms).map(|m| if value == 1.0 { 0 } else { row(m) }).collect();
            let counts = [0, 1, 2].map(|j| indices.iter().filter(|&&i| i == j).count() as f64);
            for inner in [1, 3] {
                if inner == 3 && terms > 1_000_000 {
                    continue;
                }
                let updates = vec![value; terms * inner];
                let mut y = vec![f32::NAN; 4 * inner];
                scatter_add(&updates, 1, 4, inner, &indices, &mut y).unwrap();
                let along: Vec<i32> = indices.iter().flat_map(|&i| vec![i; inner]).collect();
                let mut z = vec![f32::NAN; 4 * inner];
                scatter_add_along(&updates, 1, 4, inner, &along, &mut z).unwrap();
                assert_eq!(y, z);
                for (j, count) in counts.into_iter().enumerate() {
                    let exact = count * if value == 1.0 { 1.0 } else { 0.1 };
                    for &y in &y[j * inner..][..inner] {
                        assert!(
                            (f64::from(y) - exact).abs() <= if value == 1.0 { 0.0 } else { 1e-6 } * exact,
                            "{y} {exact}"
                        );
                    }
                }
                assert_eq!(y[3 * inner], 0.0);
            }
        }
    }

    #[test]
    fn blocks_add_up_in_every_item_of_a_batch() {
        let (outer, n, inner, m) = (3, 5, 2, 1000);
        let indices: Vec<i32> = (0..m).map(|i| [0, 1, 0, 3, 0, 1][i * i % 6]).collect();
        // Small integers, whose sums are exact in any order.
        let updates: Vec<f32> = (0..outer * m * inner).map(|i| ((i * 7919) % 41) as f32 - 20.0).collect();
        let mut exact = vec![0.0; outer * n * inner];
        for (p, u) in updates.iter().enumerate() {
            exact[(p / inner / m * n + indices[p / inner % m] as usize) * inner + p % inner] += u;
        }
        let mut y = vec![f32::NAN; exact.len()];
        scatter_add(&updates, outer, n, inner, &indices, &mut y).unwrap();
        assert_eq!(y, exact);
        let along: Vec<i32> = (0..updates.len()).map(|p| indices[p / inner % m]).collect();
        scatter_add_along(&updates, outer, n, inner, &along, &mut y).unwrap();
        assert_eq!(y, exact);
    }

    #[test]
    fn infinities_and_nan_come_out_as_of_plain_addition() {
        let inf = f32::INFINITY;
        for (specials, y0) in
            [(vec![inf], inf), (vec![-inf], -inf), (vec![inf, -inf], f32::NAN), (vec![f32::NAN], f32::NAN)]
        {
            for place in [0, 63, 64, 299] {
                let mut updates = vec![1.0; 300];
                for (k, &s) in specials.iter().enumerate() {
                    updates[(place + 100 * k) % 300] = s;
                }
                let mut y = [0.0; 2];
                scatter_add(&updates, 1, 2, 1, &[0; 300], &mut y).unwrap();
                assert_eq!((y[0].to_bits() == y0.to_bits() || y[0].is_nan() && y0.is_nan(), y[1]), (true, 0.0));
            }
        }
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
