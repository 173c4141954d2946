//! Reductions against exact sums and naive loops; the same bits on every path and thread count.

use super::*;
use crate::isa::on_every_path;

/// Small integers, whose sums are exact in any order.
fn integers(n: usize) -> Vec<f64> {
    (0..n).map(|i| ((i * 7919 + 3) % 41) as f64 - 20.0).collect()
}

/// Numbers whose sums are not exact.
fn fractions<T: crate::Real>(n: usize) -> Vec<T> {
    (0..n).map(|i| T::from_f64(((i * 7919 + 3) % 4099) as f64 / 4099.0 - 0.3)).collect()
}

const SIZES: [(usize, usize, usize); 19] = [
    (0, 3, 2),
    (3, 0, 2),
    (3, 2, 0),
    (1, 1, 1),
    (2, 3, 4),
    (3, 17, 1),
    (2, 16, 1),
    (1, 255, 1),
    (1, 256, 1),
    (5, 257, 1),
    (1, 1023, 1),
    (1, 4097, 1),
    (2, 70001, 1),
    (1, 16, 33),
    (1, 17, 300),
    (3, 33, 7),
    (2, 100, 32),
    (1, 1000, 3),
    (1, 300, 257),
];

fn naive(x: &[f64], (outer, n, inner): (usize, usize, usize), start: f64, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    (0..outer * inner).map(|p| (0..n).fold(start, |s, j| f(s, x[(p / inner * n + j) * inner + p % inner]))).collect()
}

#[test]
fn sums_are_right_for_every_shape() {
    on_every_path(|_| {
        for size @ (outer, n, inner) in SIZES {
            let x = integers(outer * n * inner);
            let mut y = vec![f64::NAN; outer * inner];
            sum(&x, outer, n, inner, &mut y, 1);
            assert_eq!(y, naive(&x, size, 0.0, |a, b| a + b), "{size:?}");
            let ints: Vec<i32> = x.iter().map(|&x| x as i32).collect();
            let mut z = vec![7; outer * inner];
            sum_int(&ints, outer, n, inner, &mut z);
            assert!(z.iter().zip(&y).all(|(&z, &y)| f64::from(z) == y), "{size:?}");
        }
    });
}

#[test]
fn sums_have_the_same_bits_on_every_path_and_thread_count() {
    for (outer, n, inner) in SIZES.into_iter().chain([(1, 200_003, 1), (300, 301, 1), (1, 400, 300), (40, 50, 60)]) {
        let x = fractions::<f32>(outer * n * inner);
        let mut results = Vec::new();
        on_every_path(|_| {
            let mut y = vec![f32::NAN; outer * inner];
            sum(&x, outer, n, inner, &mut y, 1);
            results.push(y);
        });
        for threads in 2..5 {
            let mut y = vec![f32::NAN; outer * inner];
            sum(&x, outer, n, inner, &mut y, threads);
            results.push(y);
        }
        for other in &results[1..] {
            assert!(other.iter().zip(&results[0]).all(|(a, b)| a.to_bits() == b.to_bits()), "{outer} {n} {inner}");
        }
    }
}

#[test]
fn the_error_of_a_sum_stays_small() {
    for (n, inner) in [(1 << 20, 1), (1 << 18, 3)] {
        let x = fractions::<f32>(n * inner);
        let mut y = vec![0.0; inner];
        sum(&x, 1, n, inner, &mut y, 1);
        for (i, &y) in y.iter().enumerate() {
            let column = || x.iter().skip(i).step_by(inner).map(|&x| f64::from(x));
            let (exact, size) = (column().sum::<f64>(), column().map(f64::abs).sum::<f64>());
            // Sixteen sequential terms, then a tree of some 16 levels; adding one by one is off by thousands.
            assert!((f64::from(y) - exact).abs() < 40.0 * 2f64.powi(-24) * size);
        }
    }
}

#[test]
fn dot_is_the_sum_of_the_products() {
    for n in [0, 1, 15, 16, 17, 1000, 100_001] {
        let (a, b) = (fractions::<f64>(n), integers(n));
        let products: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        let mut y = [f64::NAN];
        sum(&products, 1, n, 1, &mut y, 1);
        on_every_path(|_| assert_eq!(dot(&a, &b, 1).to_bits(), y[0].to_bits()));
        assert_eq!(dot(&a, &b, 3).to_bits(), y[0].to_bits());
    }
}

#[test]
fn a_long_dot_keeps_its_digits() {
    let ones = vec![1f32; 1 << 25];
    for threads in [1, 2, 3, 7] {
        assert_eq!(dot(&ones, &ones, threads), 33554432.0);
        for n in [10_000, 1_000_000, 10_000_000] {
            let found = f64::from(dot(&vec![0.1; n], &ones[..n], threads));
            assert!((found / (0.1 * n as f64) - 1.0).abs() <= 1e-6, "{n}: {found}");
        }
    }
}

#[test]
fn max_propagates_nan_and_argmax_finds_the_first() {
    on_every_path(|_| {
        for size @ (outer, n, inner) in SIZES {
            let mut x = integers(outer * n * inner);
            for with_nan in [false, true] {
                if with_nan {
                    x.iter_mut().skip(5).step_by(97).for_each(|x| *x = f64::NAN);
                }
                for threads in [1, 3] {
                    let mut y = vec![0.0; outer * inner];
                    max(&x, outer, n, inner, &mut y, threads);
                    let larger = |a: f64, b: f64| if a.is_nan() || a > b { a } else { b };
                    let expected = naive(&x, size, f64::NEG_INFINITY, larger);
                    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
                    assert!(y.iter().zip(&expected).all(same), "{size:?}");
                }
                let mut index = vec![-1; outer * inner];
                argmax(&x, outer, n, inner, &mut index);
                for (p, &found) in index.iter().enumerate() {
                    let column: Vec<f64> = (0..n).map(|j| x[(p / inner * n + j) * inner + p % inner]).collect();
                    let expected = column.iter().position(|v| v.is_nan()).unwrap_or_else(|| {
                        let largest = column.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                        column.iter().position(|&v| v == largest).unwrap_or(0)
                    });
                    assert_eq!(found as usize, expected, "{size:?}");
                }
            }
        }
    });
}

#[test]
fn max_of_minus_infinities_is_minus_infinity() {
    let mut y = [0.0; 1];
    max(&[f32::NEG_INFINITY; 40], 1, 40, 1, &mut y, 1);
    assert_eq!(y, [f32::NEG_INFINITY]);
    let mut index = [9];
    argmax(&[f32::NEG_INFINITY; 40], 1, 40, 1, &mut index);
    assert_eq!(index, [0]);
}

#[test]
fn cumsum_runs_both_ways() {
    let x = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
    let mut y = [f64::NAN; 6];
    cumsum(&x, 1, 3, 2, false, &mut y);
    assert_eq!(y, [1.0, 10.0, 3.0, 30.0, 6.0, 60.0]);
    cumsum(&x, 1, 3, 2, true, &mut y);
    assert_eq!(y, [6.0, 60.0, 5.0, 50.0, 3.0, 30.0]);
    cumsum(&x, 2, 3, 1, false, &mut y);
    assert_eq!(y, [1.0, 11.0, 13.0, 20.0, 23.0, 53.0]);
    cumsum(&x, 2, 3, 1, true, &mut y);
    assert_eq!(y, [13.0, 12.0, 2.0, 53.0, 33.0, 30.0]);
    cumsum::<f32>(&[], 2, 0, 3, true, &mut []);
}

#[test]
fn a_running_sum_keeps_its_digits() {
    let (n, width) = (1 << 25, 1);
    let (x, mut y) = (vec![1f32; n], vec![f32::NAN; n]);
    for reverse in [false, true] {
        cumsum(&x, 1, n, width, reverse, &mut y);
        for k in [1, 64, 65, 1 << 24, (1 << 24) + 2, n] {
            assert_eq!(y[if reverse { n - k } else { k - 1 }], k as f32, "{k} ones, reverse: {reverse}");
        }
    }
    for (n, inner) in [(10_000, 1), (1_000_000, 1), (10_000_000, 1), (1_000_000, 3), (10_000, 100), (10_000, 5000)] {
        let (x, mut y) = (vec![0.1f32; n * inner], vec![f32::NAN; n * inner]);
        for reverse in [false, true] {
            cumsum(&x, 1, n, inner, reverse, &mut y);
            let errors = y.iter().enumerate().map(|(p, &y)| {
                let j = p / inner;
                (f64::from(y) / (0.1 * (if reverse { n - j } else { j + 1 }) as f64) - 1.0).abs()
            });
            let worst = errors.fold(0.0, f64::max);
            assert!(worst <= 1e-6, "{n} x {inner}: {worst:e}");
        }
    }
}

#[test]
fn a_running_sum_is_one_of_its_column_alone() {
    for n in [1, 63, 64, 65, 128, 129, 1000] {
        for inner in [1, 2, 15, 16, 33, 64, 250, 300] {
            let x = fractions::<f32>(2 * n * inner);
            for reverse in [false, true] {
                let mut results = Vec::new();
                on_every_path(|_| {
                    let mut y = vec![f32::NAN; x.len()];
                    cumsum(&x, 2, n, inner, reverse, &mut y);
                    results.push(y);
                });
                assert!(results.iter().all(|y| *y == results[0]), "{n} {inner}");
                for column in [0, inner - 1, inner, 2 * inner - 1] {
                    let at = |j: usize| (column / inner * n + j) * inner + column % inner;
                    let mut alone = vec![f32::NAN; n];
                    let mut exact = 0.0;
                    cumsum(&(0..n).map(|j| x[at(j)]).collect::<Vec<_>>(), 1, n, 1, reverse, &mut alone);
                    for step in 0..n {
                        let j = if reverse { n - 1 - step } else { step };
                        exact += f64::from(x[at(j)]);
                        assert_eq!(results[0][at(j)], alone[j], "{n} {inner} {column} {j}");
                        assert!((f64::from(alone[j]) - exact).abs() <= 1e-6 * (1.0 + n as f64), "{n} {inner} {j}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_running_sum_keeps_infinities_and_signs_of_zero() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    for inner in [1, 2] {
        for (at, value, then, last) in
            [(10, inf, 0.5, inf), (100, -inf, 0.5, -inf), (10, inf, -inf, nan), (70, nan, 1.0, nan)]
        {
            let mut x = vec![0.5f32; 300 * inner];
            x[at * inner] = value;
            x[200 * inner] = then;
            let mut y = vec![7.0; x.len()];
            cumsum(&x, 1, 300, inner, false, &mut y);
            assert_eq!(y[(at - 1) * inner], 0.5 * at as f32);
            assert!(y[at * inner] == value || value.is_nan() && y[at * inner].is_nan());
            assert!(y[199 * inner] == value || value.is_nan() && y[199 * inner].is_nan());
            assert!(y[299 * inner] == last || last.is_nan() && y[299 * inner].is_nan(), "{value} and {then}");
        }
        let mut y = vec![7.0; 200 * inner];
        cumsum(&vec![-0.0f32; 200 * inner], 1, 200, inner, true, &mut y);
        assert!(y.iter().all(|y| y.to_bits() == (-0.0f32).to_bits()));
    }
}

#[test]
fn argsort_is_stable_with_nan_last() {
    let x = [2.0, f64::NAN, 1.0, -0.0, 2.0, 0.0, f64::NEG_INFINITY, f64::INFINITY];
    let mut y = [0; 8];
    argsort(&x, 1, 8, 1, &mut y);
    assert_eq!(y, [6, 3, 5, 2, 0, 4, 7, 1]);
    argsort(&x, 1, 4, 2, &mut y);
    assert_eq!(y, [3, 1, 1, 2, 0, 3, 2, 0]); // columns 2 1 2 -inf and NaN -0 0 inf
    argsort::<f32>(&[], 0, 3, 1, &mut []);
}
