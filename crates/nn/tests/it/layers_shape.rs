//! Layers that bring entries to other places, and those between them.

use quadric_autodiff::Tensor;
use quadric_autodiff::trace::{Var, compile};
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
    let (h, w, f) = (3, 4, 3);
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
    assert_eq!(told(|x| Flatten::new().apply(x), &[]), "flatten: the input f64[] has no axis of examples");
}
