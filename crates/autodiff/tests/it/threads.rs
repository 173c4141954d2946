//! The same bits on any number of threads, on arrays large enough to be shared among them.

use quadric_autodiff::trace::{self, Var, grad};
use quadric_autodiff::{DType, Tensor};

use super::support::{exact, run, truth, ulps};

fn filled(dtype: DType, shape: &[usize], step: f64) -> Tensor {
    Tensor::from_fn(dtype, shape, |i| (i as f64 * step).sin() * 1.7)
}

#[test]
fn large_arrays_give_the_same_bits_on_any_number_of_threads() {
    for dtype in [DType::F32, DType::F64] {
        let x = filled(dtype, &[211, 503], 0.37);
        let w = filled(dtype, &[503, 67], 0.11);
        let pointwise = |(x, _): (Var, Var)| {
            let y = (x * x).tanh() + x.exp() * 0.5 - x.sin().maximum(x.cos());
            trace::select(y.gt(0.3), y, x.logistic()) / (x.abs() + 1.0)
        };
        let sums = |(x, _): (Var, Var)| {
            (x.sum(), x.sum_axes(&[0]), x.sum_axes(&[1]), x.max_axes(&[0]), x.max_axes(&[1]), x.cumsum(0), x.argsort(1))
        };
        let product = |(x, w): (Var, Var)| {
            (x.matmul(w), w.t().matmul(x.t()), x.matmul(x.t()), x.t().matmul(x).tanh().sum_axes(&[0]))
        };
        let loss = |(x, w): (Var, Var)| {
            let z = x.matmul(w).tanh();
            let z = z - z.max_axes(&[1]).reshape([211, 1]);
            z.exp().sum_axes(&[1]).log().mean()
        };
        let gradient = |(x, w): (Var, Var)| grad(loss, &(x, w));
        let args = (x.clone(), w.clone());
        let tapes = [
            trace::trace(pointwise, &args).unwrap(),
            trace::trace(sums, &args).unwrap(),
            trace::trace(product, &args).unwrap(),
            trace::trace(gradient, &args).unwrap(),
        ];
        for tape in &tapes {
            let one = run(tape, &[x.clone(), w.clone()], (true, 1));
            for road in [(true, 2), (true, 3), (true, 7), (false, 1), (false, 2)] {
                assert_eq!(run(tape, &[x.clone(), w.clone()], road), one, "{road:?}:\n{tape}");
            }
        }
    }
}

/// Sums add pairwise: the error of 10⁶ terms is a few ulps of the sum of magnitudes, in f32 too.
#[test]
fn long_sums_keep_their_digits() {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::from_fn(dtype, [1_000_000], |i| 1.0 + (i % 7) as f64 * 0.1);
        let tape = trace::trace(|x: Var| x.sum(), &x).unwrap();
        let got = run(&tape, std::slice::from_ref(&x), (true, 2));
        let want = truth(&tape, &exact(std::slice::from_ref(&x)));
        let epsilon = if dtype == DType::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        assert!(ulps(&got[0].to_f64_vec(), &want[0], epsilon) <= 4.0);
    }
}
