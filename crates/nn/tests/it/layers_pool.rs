//! Pools.

use quadric_autodiff::trace::{self, Var, compile, concat, grad};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d, GlobalAvgPool,
    GlobalMaxPool, Layer, MaxPool1d, MaxPool2d, MaxPool3d, Padding, Stateless,
};

use crate::layer_checks::{Class, check_layer};
use crate::reference::Reference;
use crate::support::noisy;
use crate::tensor;

#[test]
fn pools_keep_what_layers_promise() {
    let none = Stateless::<Tensor>::default();
    let max = Class::Nonlinear;
    check_layer("max_pool1d", max, &MaxPool1d::new(3).stride(2).padding(1), &none, &noisy(1, &[2, 2, 6]));
    check_layer("max_pool2d", max, &MaxPool2d::new(2), &none, &noisy(1, &[2, 2, 4, 5]));
    let dilated = MaxPool2d::new([2, 1]).dilation([2, 1]).stride(1).padding([(1, 0), (0, 0)]);
    check_layer("max_pool2d, dilated", max, &dilated, &none, &noisy(1, &[2, 2, 4, 3]));
    check_layer("max_pool3d", max, &MaxPool3d::new(2).stride(1), &none, &noisy(1, &[2, 1, 3, 2, 3]));
    let mean = Class::Linear;
    check_layer("avg_pool1d", mean, &AvgPool1d::new(2).padding(1), &none, &noisy(1, &[2, 2, 4]));
    let inside = AvgPool2d::new(3).stride(2).padding(1).without_padding_counted().ceil();
    check_layer("avg_pool2d", mean, &inside, &none, &noisy(1, &[2, 2, 4, 3]));
    check_layer("avg_pool3d", mean, &AvgPool3d::new([2, 2, 1]), &none, &noisy(1, &[2, 1, 2, 4, 2]));
    check_layer("adaptive_avg_pool2d", mean, &AdaptiveAvgPool2d::new([2, 3]), &none, &noisy(1, &[2, 2, 3, 5]));
    check_layer("adaptive_max_pool2d", max, &AdaptiveMaxPool2d::new([2, 3]), &none, &noisy(1, &[2, 2, 3, 5]));
    check_layer("adaptive_max_pool2d, even", max, &AdaptiveMaxPool2d::new([2, 1]), &none, &noisy(1, &[2, 2, 4, 3]));
    check_layer("global_avg_pool", mean, &GlobalAvgPool::new(), &none, &noisy(1, &[2, 3, 2, 2]));
    check_layer("global_max_pool", max, &GlobalMaxPool::new(), &none, &noisy(1, &[2, 3, 2, 2]));
}

#[test]
fn pools_are_torchs() {
    let max: MaxPool2d<Var> = MaxPool2d::new(3).stride(2).padding(1);
    Reference::load("max_pool2d").check_function(|x| max.apply(x[0]));
    let mean: AvgPool2d<Var> = AvgPool2d::new(2);
    Reference::load("avg_pool2d").check_function(|x| mean.apply(x[0]));
    let padded: AvgPool2d<Var> = AvgPool2d::new(3).stride(2).padding(1);
    Reference::load("avg_pool2d_padded").check_function(|x| padded.apply(x[0]));
}

fn of<L>(layer: L, x: &Tensor) -> Tensor
where
    L: Tree<Leaf = Tensor, With<Tensor> = L>,
    L::With<Var>: Layer<State = Stateless<Var>> + quadric_autodiff::VarTree<Host = L>,
{
    compile(|(layer, x): (L::With<Var>, Var)| layer.infer(x, &Stateless::default())).call((layer, x.clone())).unwrap()
}

/// Windows side by side are not written out; each is what it is when it is.
#[test]
fn windows_side_by_side_are_the_same_as_written_out() {
    let x = noisy(1, &[2, 3, 5, 7]);
    let written_out = Padding::from([(0, 0), (0, 1)]); // the last column belongs to no window
    let both = |kernel: [usize; 2]| {
        let near = |a: Tensor, b: Tensor| assert!(crate::relative(&a.to_f64_vec(), &b.to_f64_vec()) < 1e-15);
        near(of(MaxPool2d::new(kernel), &x), of(MaxPool2d::new(kernel).padding(written_out), &x));
        near(of(AvgPool2d::new(kernel), &x), of(AvgPool2d::new(kernel).padding(written_out), &x));
    };
    both([2, 3]);
    both([5, 3]);
}

/// PyTorch's numbers of windows and means, worked out by hand.
#[test]
fn rounding_up_gives_every_window_that_begins_inside() {
    let x = tensor(&[1, 1, 5], &[1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(of(MaxPool1d::new(2).ceil(), &x), tensor(&[1, 1, 3], &[2.0, 4.0, 5.0]));
    assert_eq!(of(MaxPool1d::new(2), &x), tensor(&[1, 1, 2], &[2.0, 4.0]));
    // Beyond the input nothing is counted, whether or not the padding is.
    assert_eq!(of(AvgPool1d::new(2).ceil(), &x), tensor(&[1, 1, 3], &[1.5, 3.5, 5.0]));
    // The padding behind is counted, what is beyond it is not: (4 + 5 + 0) / 3 and (0 + nothing) is no window.
    assert_eq!(of(AvgPool1d::new(3).padding(1).ceil(), &x), tensor(&[1, 1, 2], &[1.0, 4.0]));
    // A window that would begin in the padding behind is none.
    assert_eq!(of(MaxPool1d::new(2).stride(3).padding(1).ceil(), &x), tensor(&[1, 1, 2], &[1.0, 4.0]));
    assert_eq!(of(MaxPool1d::new(1).stride(5).padding(0).ceil(), &x), tensor(&[1, 1, 1], &[1.0]));
    assert_eq!(of(AvgPool1d::new(4).stride(3).padding([(1, 1)]).ceil(), &x), tensor(&[1, 1, 2], &[1.5, 3.0]));
}

#[test]
fn ties_share_the_cotangent_and_the_padding_has_no_part_in_them() {
    let pool: MaxPool1d<Var> = MaxPool1d::new(2).stride(1).padding(1);
    let g = grad(|x: Var| pool.apply(x).sum(), &tensor(&[1, 1, 3], &[-1.0, -1.0, -2.0])).unwrap();
    assert_eq!(g, tensor(&[1, 1, 3], &[1.5, 1.5, 1.0]));
    let pool: AdaptiveMaxPool2d<Var> = AdaptiveMaxPool2d::new(1);
    let g = grad(|x: Var| pool.apply(x).sum(), &tensor(&[1, 1, 2, 2], &[1.0, 1.0, 1.0, 0.0])).unwrap();
    assert!(g.to_f64_vec().iter().zip([1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn adaptive_parts_are_torchs() {
    // n = 5 into 3: 0..2, 1..4, 3..5.
    let x = Tensor::from_fn(DType::F64, [1, 1, 1, 5], |i| (i * i) as f64);
    let means = of(AdaptiveAvgPool2d::new([1, 3]), &x);
    assert!(crate::relative(&means.to_f64_vec(), &[0.5, 14.0 / 3.0, 12.5]) < 1e-15);
    assert_eq!(of(AdaptiveMaxPool2d::new([1, 3]), &x), tensor(&[1, 1, 1, 3], &[1.0, 9.0, 16.0]));
    // More parts than entries repeat them.
    assert_eq!(of(AdaptiveAvgPool2d::new([2, 5]), &x).shape().to_vec(), [1, 1, 2, 5]);
}

/// Against every part cut out by itself and reduced at once, in value and derivative, with ties: entries of three values.
#[test]
fn adaptive_parts_are_those_cut_out_one_by_one() {
    let one_by_one = |x: Var, sizes: [usize; 2], reduce: fn(Var, &[isize]) -> Var| {
        let range = |i: usize, n: usize, m: usize| i * n / m..((i + 1) * n).div_ceil(m);
        let (shape, [rows, columns]) = (x.shape(), sizes);
        let row = |i: usize| {
            let part = |j: usize| {
                let part = x.slice(2, range(i, shape[2], rows)).slice(3, range(j, shape[3], columns));
                reduce(part, &[2, 3]).expand_dims(&[2, 3])
            };
            concat(&(0..columns).map(part).collect::<Vec<Var>>(), 3)
        };
        concat(&(0..rows).map(row).collect::<Vec<Var>>(), 2)
    };
    for (h, w, sizes) in [(5, 7, [3, 4]), (4, 5, [2, 3]), (3, 2, [5, 2]), (10, 11, [7, 1]), (6, 6, [4, 9])] {
        let x = Tensor::from_fn(DType::F64, [2, 2, h, w], |i| (crate::noise(1, i) * 1.5).round());
        let (max, mean) = (AdaptiveMaxPool2d::<Var>::new(sizes), AdaptiveAvgPool2d::<Var>::new(sizes));
        let both = |f: &dyn Fn(Var) -> Var| {
            let loss = |x: Var| {
                let y = f(x);
                (y * trace::iota(y.dtype(), y.shape(), 3)).sum()
            };
            compile(|x: Var| (f(x), grad(loss, &x))).call(x.clone()).unwrap()
        };
        for (ours, theirs) in [
            (both(&|x| max.apply(x)), both(&|x| one_by_one(x, sizes, Var::max_axes))),
            (both(&|x| mean.apply(x)), both(&|x| one_by_one(x, sizes, Var::mean_axes))),
        ] {
            assert!(crate::relative(&ours.0.to_f64_vec(), &theirs.0.to_f64_vec()) < 1e-15, "{h}×{w} into {sizes:?}");
            assert!(crate::relative(&ours.1.to_f64_vec(), &theirs.1.to_f64_vec()) < 1e-14, "{h}×{w} into {sizes:?}");
        }
    }
    let pool = AdaptiveMaxPool3d::<Var>::new([2, 1, 3]);
    let y = compile(|x: Var| pool.apply(x)).call(Tensor::from_fn(DType::F64, [1, 1, 3, 2, 4], |i| i as f64)).unwrap();
    assert_eq!(y, tensor(&[1, 1, 2, 1, 3], &[13.0, 14.0, 15.0, 21.0, 22.0, 23.0]));
}

#[test]
fn the_program_of_an_adaptive_pool_does_not_grow_with_its_parts() {
    let equations = |m: usize| {
        let pool = AdaptiveAvgPool2d::<Var>::new(m);
        trace::trace(|x: Var| pool.apply(x), &noisy(1, &[1, 1, 2 * m + 1, 2 * m + 1])).unwrap().equations().len()
    };
    assert_eq!(equations(5), equations(50));
    assert!(equations(50) < 60, "{}", equations(50));
}

#[test]
fn mistakes_are_told() {
    let told = |layer: MaxPool2d, x: Tensor| {
        let run = compile(|(layer, x): (MaxPool2d<Var>, Var)| layer.apply(x)).call((layer, x));
        run.unwrap_err().to_string().rsplit_once(" (crates/nn/tests/it/layers_pool.rs:").unwrap().0.to_owned()
    };
    assert_eq!(
        told(MaxPool2d::new(3), noisy(1, &[1, 1, 2, 4])),
        "max_pool2d: a window of 3 entries does not fit axis 2 of the input f64[1,1,2,4]: 2 entries and 0 + 0 of padding"
    );
    assert_eq!(
        told(MaxPool2d::new(2).padding(2), noisy(1, &[1, 1, 4, 4])),
        "max_pool2d: a window of [2, 2] lies in the padding [(2, 2), (2, 2)] of the input f64[1,1,4,4] alone"
    );
    let run = compile(|x: Var| AdaptiveAvgPool2d::<Var>::new(2).apply(x)).call(noisy(1, &[1, 1, 4]));
    let sentence = run.unwrap_err().to_string();
    let what = "adaptive_avg_pool2d: the input f64[1,1,4] cannot be cut into [2, 2] parts along the axes behind its channels (";
    assert!(sentence.starts_with(what), "{sentence}");
}
