//! Convolutions and their transposes.

use quadric_autodiff::trace::{Var, compile, vjp};
use quadric_autodiff::{DType, Tensor};
use quadric_nn::{
    Conv, Conv1d, Conv2d, Conv3d, ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Init, MaxPool1d,
    Padding, generator, initial_state,
};

use crate::layer_checks::{Class, check_layer};
use crate::reference::Reference;
use crate::support::noisy;

fn biased<const N: usize>(layer: Conv<N>) -> Conv<N> {
    let bias = layer.bias.map(|bias| noisy(3, bias.shape()));
    Conv { bias, ..layer }
}

fn check<const N: usize>(name: &str, layer: Conv<N>, input: &[usize]) {
    let layer = biased(layer);
    check_layer(name, Class::Multilinear, &layer, &initial_state(&layer).unwrap(), &noisy(1, input));
}

#[test]
fn convolutions_keep_what_layers_promise() {
    let rng = &mut generator(1);
    let f64 = DType::F64;
    check("conv1d", Conv1d::new(2, 3, 3, f64, rng).stride(2).padding(1), &[2, 2, 6]);
    check("conv2d", Conv2d::new(2, 3, [3, 2], f64, rng).padding([(1, 0), (0, 2)]).dilation([1, 2]), &[2, 2, 4, 4]);
    check("conv2d, groups", Conv2d::with_init(4, 2, 2, 2, Init::TorchUniform, f64, rng).stride(2), &[2, 4, 3, 4]);
    check("conv2d, depthwise", Conv2d::depthwise(2, 2, 3, f64, rng).padding(Padding::Same), &[2, 2, 4, 3]);
    check("conv2d, pointwise", Conv2d::new(3, 2, 1, f64, rng).without_bias(), &[2, 3, 2, 3]);
    check("conv3d", Conv3d::new(2, 2, [2, 1, 2], f64, rng).stride([1, 2, 1]).padding([1, 0, 1]), &[2, 2, 2, 3, 2]);
}

#[test]
fn convolutions_are_torchs() {
    let rng = &mut generator(1);
    let f64 = DType::F64;
    let conv1d = Conv1d::new(3, 4, 3, f64, rng).stride(2).padding(1);
    Reference::load("conv1d").check(&conv1d, &[], |layer: Conv1d<Var>, x| vec![layer.apply(x[0])]);
    let conv2d = Conv2d::with_init(4, 6, 3, 2, Init::HeNormal, f64, rng).stride(2).padding(1);
    Reference::load("conv2d").check(&conv2d, &[], |layer: Conv2d<Var>, x| vec![layer.apply(x[0])]);
    let reference = Reference::load("conv2d_dilated");
    let (inputs, outputs) = (reference.tensor("input.0").shape()[1], reference.tensor("param.bias").size());
    let dilated = Conv2d::new(inputs, outputs, [3, 2], f64, rng).stride([1, 2]).padding([2, 1]).dilation([2, 1]);
    reference.check(&dilated, &[], |layer: Conv2d<Var>, x| vec![layer.apply(x[0])]);
    let depthwise = Conv2d::depthwise(4, 2, 3, f64, rng).padding(1).without_bias();
    Reference::load("conv2d_depthwise").check(&depthwise, &[], |layer: Conv2d<Var>, x| vec![layer.apply(x[0])]);
}

/// By loops over everything, in three dimensions with all settings at once.
#[test]
fn a_convolution_of_volumes_is_its_sum() {
    let (stride, low, dilation) = ([2, 1, 1], [1, 0, 2], [1, 2, 1]);
    let layer = biased(Conv3d::with_init(4, 2, [2, 2, 3], 2, Init::HeNormal, DType::F64, &mut generator(1)))
        .stride(stride)
        .padding([(1, 0), (0, 1), (2, 1)])
        .dilation(dilation);
    let x = noisy(1, &[2, 4, 4, 5, 3]);
    let y = compile(|(layer, x): (Conv3d<Var>, Var)| layer.apply(x)).call((layer.clone(), x.clone())).unwrap();
    assert_eq!(y.shape().to_vec(), [2, 2, 2, 4, 4]);
    let at = |t: &Tensor, index: &[usize]| {
        t.to_vec::<f64>()[index.iter().zip(&t.shape()[..]).fold(0, |i, (a, n)| i * n + a)]
    };
    for i in 0..y.size() {
        let (b, o) = (i / 64, i / 32 % 2);
        let place = [i / 16 % 2, i / 4 % 4, i % 4];
        let mut sum = at(layer.bias.as_ref().unwrap(), &[o]);
        for k in 0..2 * 2 * 2 * 3 {
            let (c, kernel) = (k / 12, [k / 6 % 2, k / 3 % 2, k % 3]);
            let source: Option<Vec<usize>> = (0..3)
                .map(|a| {
                    (place[a] * stride[a] + kernel[a] * dilation[a]).checked_sub(low[a]).filter(|s| *s < [4, 5, 3][a])
                })
                .collect();
            if let Some(source) = source {
                sum += at(&layer.weight, &[o, c, kernel[0], kernel[1], kernel[2]])
                    * at(&x, &[b, 2 * o + c, source[0], source[1], source[2]]);
            }
        }
        assert!((at(&y, &[b, o, place[0], place[1], place[2]]) - sum).abs() < 1e-13);
    }
}

#[test]
fn same_padding_gives_a_place_to_every_stride() {
    for (n, stride, dilation) in [(5, 1, 1), (6, 1, 2), (7, 2, 1), (8, 2, 1), (2, 3, 2)] {
        let layer = Conv1d::new(1, 1, 4, DType::F64, &mut generator(1));
        let layer = layer.padding(Padding::Same).stride(stride).dilation(dilation);
        let y = compile(|(layer, x): (Conv1d<Var>, Var)| layer.apply(x)).call((layer, noisy(1, &[1, 1, n]))).unwrap();
        assert_eq!(y.shape().to_vec(), [1, 1, n.div_ceil(stride)]);
    }
}

/// Padding around nothing would be windows of zeros: more places than ⌈0/s⌉.
#[test]
fn same_padding_of_an_axis_without_entries_is_told() {
    let place = |error: quadric_autodiff::Error| {
        error.to_string().rsplit_once(" (crates/nn/tests/it/layers_conv.rs:").expect("this file").0.to_owned()
    };
    for kernel in [1, 3] {
        let layer = Conv2d::new(1, 1, kernel, DType::F64, &mut generator(1)).padding(Padding::Same);
        let mut run = compile(|(layer, x): (Conv2d<Var>, Var)| layer.apply(x));
        assert_eq!(
            place(run.call((layer, noisy(1, &[1, 1, 4, 0]))).unwrap_err()),
            "conv2d: axis 3 of the input f64[1,1,4,0] has no entries that `Padding::Same` could be around"
        );
        let layer = ConvTranspose1d::new(1, 1, kernel, DType::F64, &mut generator(1)).padding(Padding::Same);
        let mut run = compile(|(layer, x): (ConvTranspose1d<Var>, Var)| layer.apply(x));
        assert_eq!(
            place(run.call((layer, noisy(1, &[1, 1, 0]))).unwrap_err()),
            "conv_transpose1d: axis 2 of the input f64[1,1,0] has no entries that `Padding::Same` could be around"
        );
        let pool = MaxPool1d::<Var>::new(kernel).padding(Padding::Same);
        assert_eq!(
            place(compile(|x: Var| pool.apply(x)).call(noisy(1, &[1, 1, 0])).unwrap_err()),
            "max_pool1d: axis 2 of the input f64[1,1,0] has no entries that `Padding::Same` could be around"
        );
    }
}

/// `torch.nn.init` reads a weight `[in, out/g, k…]` as that of a convolution: its fan in is `out/g · Πk`.
#[test]
fn torchs_weights_of_a_transpose_have_torchs_bound() {
    let weight = |inputs, outputs, groups| {
        let rng = &mut generator(1);
        let layer = ConvTranspose2d::with_init(inputs, outputs, [2, 3], groups, Init::TorchUniform, DType::F64, rng);
        layer.weight.to_f64_vec().into_iter().fold(0.0f64, |largest, w| largest.max(w.abs()))
    };
    for (inputs, outputs, groups) in [(64, 4, 1), (4, 64, 1), (32, 16, 4)] {
        let bound = 1.0 / ((outputs / groups * 6) as f64).sqrt();
        let largest = weight(inputs, outputs, groups);
        assert!(0.98 * bound < largest && largest <= bound, "{largest} of {bound}");
    }
}

#[test]
fn mistakes_are_told_at_the_callers_line() {
    let conv = Conv2d::new(2, 3, 3, DType::F64, &mut generator(1));
    let told = |layer: &Conv2d, x: Tensor| {
        let run = compile(|(layer, x): (Conv2d<Var>, Var)| layer.apply(x)).call((layer.clone(), x));
        let sentence = run.unwrap_err().to_string();
        let (what, place) = sentence.rsplit_once(" (").unwrap();
        assert!(place.starts_with("crates/nn/tests/it/layers_conv.rs:"), "{place}");
        what.to_owned()
    };
    assert_eq!(
        told(&conv, noisy(1, &[4, 3, 8, 8])),
        "conv2d: axis 1 of the input f64[4,3,8,8] is not of the 2 channels"
    );
    assert_eq!(told(&conv, noisy(1, &[4, 2, 8])), "conv2d: the input is f64[4,2,8], [B,C,H,W] is needed");
    assert_eq!(
        told(&conv.clone().padding([(0, 0), (1, 0)]).dilation(2), noisy(1, &[4, 2, 5, 3])),
        "conv2d: a window of 5 entries does not fit axis 3 of the input f64[4,2,5,3]: 3 entries and 1 + 0 of padding"
    );
    assert_eq!(
        told(&conv, noisy(1, &[4, 2, 8, 8]).to_dtype(DType::F32)),
        "conv2d: the input is f32[4,2,8,8] and the parameters are f64: convert one of them"
    );
    assert_eq!(
        told(&conv.clone().stride(0), noisy(1, &[4, 2, 8, 8])),
        "conv2d: kernel [3, 3], stride [0, 0] and dilation [1, 1] must be at least 1"
    );
}

#[test]
#[should_panic(expected = "Conv::with_init: 2 groups do not divide 3 outputs")]
fn groups_that_do_not_divide_are_told() {
    let _ = Conv2d::with_init(4, 3, 3, 2, Init::HeNormal, DType::F64, &mut generator(1));
}

fn check_transpose<const N: usize>(name: &str, layer: ConvTranspose<N>, input: &[usize]) {
    let bias = layer.bias.map(|bias| noisy(3, bias.shape()));
    let layer = ConvTranspose { bias, ..layer };
    check_layer(name, Class::Multilinear, &layer, &initial_state(&layer).unwrap(), &noisy(1, input));
}

#[test]
fn transposed_convolutions_keep_what_layers_promise() {
    let rng = &mut generator(1);
    let f64 = DType::F64;
    let of_sequences = ConvTranspose1d::new(2, 3, 3, f64, rng).stride(2).padding(1).output_padding(1);
    check_transpose("conv_transpose1d", of_sequences, &[2, 2, 4]);
    let grouped = ConvTranspose2d::with_init(4, 2, [2, 3], 2, Init::GlorotUniform, f64, rng);
    check_transpose("conv_transpose2d", grouped.dilation([1, 2]).padding([(0, 1), (2, 1)]), &[2, 4, 3, 2]);
    check_transpose("conv_transpose2d, pointwise", ConvTranspose2d::new(3, 2, 1, f64, rng), &[2, 3, 2, 2]);
    let of_volumes = ConvTranspose3d::new(2, 2, [2, 1, 2], f64, rng).stride([2, 1, 1]).padding([1, 0, 0]);
    check_transpose("conv_transpose3d", of_volumes.without_bias(), &[2, 2, 2, 1, 2]);
}

#[test]
fn transposed_convolutions_are_torchs() {
    let layer = ConvTranspose2d::new(3, 2, 3, DType::F64, &mut generator(1)).stride(2).padding(1).output_padding(1);
    Reference::load("conv_transpose2d").check(&layer, &[], |layer: ConvTranspose2d<Var>, x| vec![layer.apply(x[0])]);
}

/// In three dimensions with all settings at once: the vjp of the convolution with the same weight.
#[test]
fn a_transposed_convolution_is_the_transpose_of_the_convolution() {
    let (stride, padding, dilation) = ([2, 3, 1], [(1, 0), (0, 1), (2, 1)], [1, 2, 1]);
    let conv = Conv3d::with_init(4, 6, [2, 2, 3], 2, Init::HeNormal, DType::F64, &mut generator(1)).without_bias();
    let conv = conv.stride(stride).padding(padding).dilation(dilation);
    let transpose: ConvTranspose3d = ConvTranspose {
        weight: conv.weight.clone(),
        bias: None,
        windows: conv.windows,
        output_padding: [1, 2, 0],
        groups: 2,
    };
    let image = noisy(1, &[2, 4, 4, 7, 3]);
    let mut forward = compile(|(conv, x): (Conv3d<Var>, Var)| conv.apply(x));
    let shape = forward.call((conv.clone(), image.clone())).unwrap().shape().to_vec();
    let y_bar = noisy(2, &shape);
    let mut expected = compile(|(conv, x, y_bar): (Conv3d<Var>, Var, Var)| vjp(|x: Var| conv.apply(x), &x, &y_bar).1);
    let expected = expected.call((conv, image, y_bar.clone())).unwrap();
    let mut ours = compile(|(layer, x): (ConvTranspose3d<Var>, Var)| layer.apply(x));
    let ours = ours.call((transpose, y_bar)).unwrap();
    assert_eq!(ours.shape(), expected.shape());
    assert!(crate::relative(&ours.to_f64_vec(), &expected.to_f64_vec()) < 1e-15);
}

#[test]
fn same_padding_of_a_transpose_gives_a_stride_to_every_place() {
    for (n, kernel, stride) in [(4, 3, 2), (4, 2, 3), (5, 4, 1)] {
        let layer = ConvTranspose1d::new(1, 1, kernel, DType::F64, &mut generator(1));
        let layer = layer.padding(Padding::Same).stride(stride);
        let mut run = compile(|(layer, x): (ConvTranspose1d<Var>, Var)| layer.apply(x));
        assert_eq!(run.call((layer, noisy(1, &[1, 1, n]))).unwrap().shape().to_vec(), [1, 1, n * stride]);
    }
}

#[test]
fn mistakes_of_a_transpose_are_told_at_the_callers_line() {
    let layer = ConvTranspose2d::new(2, 3, 3, DType::F64, &mut generator(1));
    let told = |layer: &ConvTranspose2d, x: Tensor| {
        let run = compile(|(layer, x): (ConvTranspose2d<Var>, Var)| layer.apply(x)).call((layer.clone(), x));
        run.unwrap_err().to_string().rsplit_once(" (crates/nn/tests/it/layers_conv.rs:").unwrap().0.to_owned()
    };
    assert_eq!(
        told(&layer.clone().output_padding([0, 1]), noisy(1, &[1, 2, 4, 4])),
        "conv_transpose2d: the output padding [0, 1] must be smaller than the stride [1, 1]"
    );
    assert_eq!(
        told(&layer.clone().padding(2), noisy(1, &[1, 2, 4, 1])),
        "conv_transpose2d: of 3 places along axis 3 of the output, 2 + 2 are cut off: nothing is left of the input f64[1,2,4,1]"
    );
    assert_eq!(
        told(&layer, noisy(1, &[1, 3, 4, 4])),
        "conv_transpose2d: axis 1 of the input f64[1,3,4,4] is not of the 2 channels"
    );
}
