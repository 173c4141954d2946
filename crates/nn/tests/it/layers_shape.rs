//! Layers that bring entries to other places, and those between them.

use quadric_autodiff::trace::{Var, compile, trace};
use quadric_autodiff::{DType, Tensor};
use quadric_nn::{Flatten, Interpolation, PixelShuffle, Reshape, Stateless, Upsample};

use crate::layer_checks::{Class, check_layer};
use crate::support::{noisy, relative};

#[test]
fn rearrangements_keep_what_layers_promise() {
    let none = Stateless::<Tensor>::default();
    let linear = Class::Linear;
    check_layer("flatten", linear, &Flatten::new(), &none, &noisy(1, &[2, 3, 2]));
    check_layer("reshape", linear, &Reshape::new([2, 3]), &none, &noisy(1, &[2, 3, 2]));
    check_layer("nearest", linear, &Upsample::new(2, Interpolation::Nearest), &none, &noisy(1, &[2, 2, 2, 3]));
    check_layer("bilinear", linear, &Upsample::new([3, 2], Interpolation::Bilinear), &none, &noisy(1, &[2, 1, 2, 3]));
    check_layer("pixel_shuffle", linear, &PixelShuffle::new(2), &none, &noisy(1, &[2, 4, 2, 1]));
}

/// `y_j = (1 − w) x_i + w x_{i+1}` with `i + w = (j + ½)/f − ½`, held at the ends, row by row and column by column.
#[test]
fn bilinear_interpolation_is_its_formula() {
    for (h, w, f) in [(3, 4, 3), (3, 4, 2), (1, 2, 4), (4, 1, 5), (2, 2, 1)] {
        bilinear_is_its_formula(h, w, f);
    }
}

fn bilinear_is_its_formula(h: usize, w: usize, f: usize) {
    let x = noisy(1, &[1, 1, h, w]);
    let layer: Upsample<Var> = Upsample::new(f, Interpolation::Bilinear);
    let y = compile(|x: Var| layer.apply(x)).call(x.clone()).unwrap();
    let at = |place: usize, n: usize| {
        let real = ((place as f64 + 0.5) / f as f64 - 0.5).clamp(0.0, n as f64 - 1.0);
        let low = real.floor() as usize;
        (low, (low + 1).min(n - 1), real - real.floor())
    };
    let x = x.to_f64_vec();
    let expected: Vec<f64> = (0..h * f * w * f)
        .map(|i| {
            let ((top, bottom, v), (left, right, u)) = (at(i / (w * f), h), at(i % (w * f), w));
            let row = |r: usize| (1.0 - u) * x[r * w + left] + u * x[r * w + right];
            (1.0 - v) * row(top) + v * row(bottom)
        })
        .collect();
    assert!(relative(&y.to_f64_vec(), &expected) < 1e-15);
}

/// An entry has a part in the places between its neighbours' centres alone, and its own centre is the entry itself.
#[test]
fn an_infinite_pixel_reaches_its_neighbours_and_no_further() {
    let layer: Upsample<Var> = Upsample::new(3, Interpolation::Bilinear);
    let run = |x: Tensor| compile(|x: Var| layer.apply(x)).call(x).unwrap().to_f64_vec();
    let inf = f64::INFINITY;
    let row = run(Tensor::new([1, 1, 1, 4], &[1.1, inf, 2.3, 0.7]).unwrap());
    assert_eq!(row[..12], [&[1.1, 1.1], &[inf; 5][..], &[2.3], &row[8..10], &[0.7, 0.7]].concat()[..]);
    assert!(row[8..10].iter().all(|x| x.is_finite()), "{row:?}");
    let column = run(Tensor::new([1, 1, 4, 1], &[1.1, f64::NAN, 2.3, 0.7]).unwrap());
    for (i, y) in column.iter().enumerate() {
        assert_eq!(y.is_nan(), (6..21).contains(&i), "{column:?}"); // three to a row: rows 2 to 6
    }
}

/// The parts of a line have one size: nothing is a product with a matrix.
#[test]
fn an_interpolation_costs_a_mean_of_two_whatever_the_size() {
    let layer: Upsample<Var> = Upsample::new(2, Interpolation::Bilinear);
    let tape = |n: usize| trace(|x: Var| layer.apply(x), &noisy(1, &[1, 1, n, n])).unwrap();
    assert!(!tape(8).to_string().contains("matmul"));
    assert_eq!(tape(8).equations().len(), tape(80).equations().len());
    assert_eq!(tape(0).output_types()[0].to_string(), "f64[1,1,0,0]");
}

#[test]
fn mistakes_are_told_at_the_callers_line() {
    let told = |f: fn(Var) -> Var, shape: &[usize]| {
        let error = compile(f).call(noisy(1, shape)).unwrap_err().to_string();
        error.rsplit_once(" (crates/nn/tests/it/layers_shape.rs:").expect("this file").0.to_owned()
    };
    assert_eq!(
        told(|x| Reshape::new([2, 2]).apply(x), &[3, 5]),
        "reshape: an example of the input f64[3,5] is not of shape [2, 2]"
    );
    assert_eq!(
        told(|x| PixelShuffle::new(2).apply(x), &[1, 6, 2, 2]),
        "pixel_shuffle: the input is f64[1,6,2,2], [B,C,H,W] with C a multiple of 4 is needed"
    );
    assert_eq!(
        told(|x| Upsample::new(2, Interpolation::Nearest).apply(x), &[1, 6, 2]),
        "upsample: the input is f64[1,6,2], [B,C,H,W] is needed"
    );
    for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
        let layer: Upsample<Var> = Upsample::new([2, 0], interpolation);
        let error = compile(|x: Var| layer.apply(x)).call(noisy(1, &[1, 1, 2, 2])).unwrap_err().to_string();
        assert!(error.starts_with("upsample: the factors [2, 0] must be at least 1 (crates/nn/tests/it/"), "{error}");
    }
    assert_eq!(
        told(|x| Upsample::new(2, Interpolation::Bilinear).apply(x.convert(DType::I32)), &[1, 1, 2, 2]),
        "upsample: the input is i32[1,1,2,2], and weighted means are of floats"
    );
    assert_eq!(told(|x| Flatten::new().apply(x), &[]), "flatten: the input f64[] has no axis of examples");
}
