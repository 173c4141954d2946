//! The largest element, and where it is.

use super::check;
use crate::element::Real;
use crate::isa::{Job, dispatch};
use crate::parallel;

/// y\[o, i\] ← maxⱼ x\[o, j, i\]; NaN if one of them is; -∞ if n = 0.
///
/// # Panics
/// If the slices do not have `outer · n · inner` and `outer · inner` elements.
pub fn max<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [T], threads: usize) {
    check("max", x.len(), outer, n, inner, y.len(), outer * inner);
    if y.is_empty() || n == 0 {
        return y.fill(T::neg_infinity());
    }
    if inner == 1 {
        parallel::rows(threads, x.len(), y, 1, |first, y| dispatch(Rows { x: &x[first * n..][..y.len() * n], n, y }));
    } else if outer > 1 {
        parallel::rows(threads, x.len(), y, inner, |first, y| {
            for (i, y) in y.chunks_exact_mut(inner).enumerate() {
                dispatch(Columns { x: &x[(first + i) * n * inner..], n, stride: inner, y });
            }
        });
    } else {
        parallel::rows(threads, x.len(), y, 1, |first, y| dispatch(Columns { x: &x[first..], n, stride: inner, y }));
    }
}

/// y\[o, i\] ← the first j at which x\[o, j, i\] is largest. NaN counts as largest, and the first NaN wins.
/// 0 if n = 0.
///
/// # Panics
/// As [`max`].
pub fn argmax<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [i32]) {
    check("argmax", x.len(), outer, n, inner, y.len(), outer * inner);
    if x.is_empty() {
        return y.fill(0);
    }
    if inner == 1 {
        for (row, y) in x.chunks_exact(n).zip(y) {
            let largest = dispatch(Largest(row));
            let found = row.iter().position(|&v| v == largest || v.is_nan());
            *y = found.expect("the maximum is one of the elements") as i32;
        }
    } else {
        for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(inner)) {
            argmax_columns(x, inner, y);
        }
    }
}

fn argmax_columns<T: Real>(x: &[T], inner: usize, y: &mut [i32]) {
    const WIDTH: usize = 128;
    for (c, y) in y.chunks_mut(WIDTH).enumerate() {
        let mut best = [T::zero(); WIDTH];
        let best = &mut best[..y.len()];
        best.copy_from_slice(&x[c * WIDTH..][..y.len()]);
        y.fill(0);
        for (j, row) in x.chunks_exact(inner).enumerate().skip(1) {
            for ((y, best), &v) in y.iter_mut().zip(&mut *best).zip(&row[c * WIDTH..]) {
                let better = (v > *best) | (v.is_nan() & !best.is_nan());
                *y = if better { j as i32 } else { *y };
                *best = if better { v } else { *best };
            }
        }
    }
}

/// The larger one, or the NaN.
#[inline(always)]
fn larger<T: Real>(a: T, b: T) -> T {
    if (a > b) | a.is_nan() { a } else { b }
}

#[inline(always)]
fn largest<T: Real>(x: &[T]) -> T {
    const LANES: usize = 32;
    if x.len() < LANES {
        return x.iter().fold(T::neg_infinity(), |m, &v| larger(m, v));
    }
    let mut lanes = [T::neg_infinity(); LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &v) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, v);
        }
    }
    for (lane, &v) in lanes.iter_mut().zip(rest) {
        *lane = larger(*lane, v);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] = larger(lanes[l], lanes[l + width]);
        }
        width /= 2;
    }
    lanes[0]
}

struct Largest<'a, T>(&'a [T]);

impl<T: Real> Job for Largest<'_, T> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        largest(self.0)
    }
}

struct Rows<'a, T> {
    x: &'a [T],
    n: usize,
    y: &'a mut [T],
}

impl<T: Real> Job for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (row, y) in self.x.chunks_exact(self.n).zip(self.y) {
            *y = largest(row);
        }
    }
}

struct Columns<'a, T> {
    x: &'a [T],
    n: usize,
    stride: usize,
    y: &'a mut [T],
}

impl<T: Real> Job for Columns<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Columns { x, n, stride, y } = self;
        const WIDTH: usize = 256;
        for (c, y) in y.chunks_mut(WIDTH).enumerate() {
            y.copy_from_slice(&x[c * WIDTH..][..y.len()]);
            for j in 1..n {
                let row = &x[j * stride + c * WIDTH..][..y.len()];
                for (y, &v) in y.iter_mut().zip(row) {
                    *y = larger(*y, v);
                }
            }
        }
    }
}
