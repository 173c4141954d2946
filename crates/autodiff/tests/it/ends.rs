//! What new readers tried first at the ends: trees with leaves of other kinds, notes, empty products, parameters that are none.

use quadric_autodiff::tape::parse;
use quadric_autodiff::trace::{self, Var, compile, grad, hessian, hvp, vjp};
use quadric_autodiff::{Arithmetic, DType, ErrorKind, Tensor, ops, tensor};

/// A scale that an integer leaf cannot hold is an error, not a 0; so are norms of what are no vectors.
#[test]
fn arithmetic_is_for_vectors_of_floats() {
    let mixed = (tensor![3.0, 4.0], tensor![2]);
    for error in [
        mixed.scale(Tensor::scalar(0.5)).map(drop).unwrap_err(),
        mixed.add_scaled(&mixed, Tensor::scalar(0.5)).map(drop).unwrap_err(),
        mixed.normalized().map(drop).unwrap_err(),
        mixed.square_norm().map(drop).unwrap_err(),
        mixed.dot(&mixed).map(drop).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::DType, "{error}");
        assert!(error.to_string().contains("leaf 1 is i32[1], and a vector is made of floats"), "{error}");
    }
    // Sums of integers are sums; a sum over both floats loses no digit of the wider one.
    assert_eq!(tensor![2].plus(&tensor![3]).unwrap(), tensor![5]);
    let both = (tensor![1.0f32], tensor![1e-9]);
    let size = both.square_norm().unwrap();
    assert_eq!((size.dtype(), size.item()), (DType::F64, 1.0 + 1e-18));
    assert_eq!(tensor![0.0, 0.0].normalized().unwrap(), tensor![0.0, 0.0]);
    assert!(tensor![f64::NAN, 1.0].norm().unwrap().item().is_nan());
}

/// Every reverse mode says what does not count, under the name that was called, and each trace has its own notes.
#[test]
fn notes_are_told_by_every_reverse_mode_and_belong_to_their_trace() {
    let (x, y) = (tensor![1.0], tensor![2.0]);
    let f = |(x, _): (Var, Var)| x.powi(2).sum();
    let said = |name: &str| {
        let notes = trace::notes();
        let expected = format!("{name}: the value does not depend on 1, its gradient is zero");
        assert!(notes.len() == 1 && notes[0].starts_with(&expected), "{notes:?}");
    };
    grad(f, &(x.clone(), y.clone())).unwrap();
    said("grad");
    hvp(f, &(x.clone(), y.clone()), &(x.clone(), y.clone())).unwrap();
    said("hvp");
    vjp(f, &(x.clone(), y.clone()), &Tensor::scalar(1.0)).unwrap();
    said("vjp");
    grad(|x: Var| x.sum(), &x).unwrap();
    assert_eq!(trace::notes(), [""; 0]);
    assert_eq!(hessian(|_: Var| trace::scalar(DType::F64, 1.0), &x).unwrap(), tensor![[0.0]]);
    said_of_argument("hessian");

    // A compiled function that is called, and a gradient that is taken, while another trace is open.
    let mut outer = compile(|(x, y): (Var, Var)| {
        let (g, _) = grad(f, &(x, y));
        let mut inner = compile(|z: Var| z * 2.0);
        assert_eq!(inner.call(tensor![1.0]).unwrap(), tensor![2.0]);
        assert!(inner.notes(&tensor![1.0]).unwrap().is_empty());
        grad(|_: Var| trace::scalar(DType::F64, 1.0), &tensor![1.0]).unwrap();
        g
    });
    let notes = outer.notes(&(x, y)).unwrap();
    assert!(notes.len() == 1 && notes[0].starts_with("grad: the value does not depend on 1"), "{notes:?}");
}

fn said_of_argument(name: &str) {
    let notes = trace::notes();
    assert!(notes.iter().all(|n| n.starts_with(&format!("{name}: "))) && !notes.is_empty(), "{notes:?}");
}

/// The cache says once that it drops programs, and begins anew with other options.
#[test]
fn a_cache_that_evicts_says_so_once() {
    use quadric_autodiff::trace::CompileOptions;
    let options = CompileOptions { cached: 2, ..CompileOptions::default() };
    let mut f = compile(|x: Var| x * 2.0).with_options(options.clone());
    let of = |n: usize| Tensor::from_vec(&vec![1.0; n]);
    let told = |f: &mut trace::Compiled<Var, Var, _>, n| f.notes(&of(n)).unwrap().to_vec();
    assert!(told(&mut f, 1).is_empty() && told(&mut f, 2).is_empty());
    let third = told(&mut f, 3);
    assert!(third.len() == 1 && third[0].starts_with("more than 2 kinds of arguments came"), "{third:?}");
    assert!(told(&mut f, 4).is_empty());
    assert_eq!(f.evictions(), 2);
    let mut f = f.with_options(options);
    assert_eq!(f.evictions(), 0);
    assert!((1..=3).map(|n| told(&mut f, n).len()).eq([0, 0, 1]));
}

#[test]
fn running_products_of_nothing_and_of_zeros() {
    let products = |x: Tensor| compile(|x: Var| x.cumprod(0)).call(x);
    assert_eq!(products(Tensor::new([0], &[0.0; 0]).unwrap()).unwrap().shape()[..], [0]);
    assert_eq!(products(tensor![3.0]).unwrap(), tensor![3.0]);
    assert!(products(tensor![3]).is_err());
    let signs = products(tensor![-0.0, 2.0, -1.0]).unwrap().to_f64_vec();
    assert_eq!(signs.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [-0.0f64, -0.0, 0.0].map(f64::to_bits));

    // p = x₀ x₁ x₂ at (0, 2, 0): every second derivative is the third factor, and the third derivative is 1.
    let p = |x: Var| x.cumprod(0).slice(0, 2..3).sum();
    let at = tensor![0.0, 2.0, 0.0];
    assert_eq!(grad(p, &at).unwrap(), tensor![0.0, 0.0, 0.0]);
    assert_eq!(hessian(p, &at).unwrap(), tensor![[0.0, 0.0, 2.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
    let bend = |x: Var| hvp(p, &x, &trace::constant(&tensor![1.0, 0.0, 0.0])).slice(0, 1..2).sum();
    assert_eq!(grad(bend, &at).unwrap(), tensor![0.0, 0.0, 1.0]);
}

/// A recurrence does not read its first factor: not in its value, and in no derivative.
#[test]
fn a_recurrence_does_not_read_its_first_factor() {
    let z = |(a, b): (Var, Var)| a.linear_recurrence(b, 0).sum();
    let (a, b) = (tensor![f64::NAN, 2.0, 3.0], tensor![1.0, 1.0, 1.0]);
    let (a_bar, b_bar) = grad(z, &(a.clone(), b.clone())).unwrap();
    assert_eq!((a_bar, b_bar), (tensor![0.0, 1.0 + 3.0, 3.0], tensor![1.0 + 2.0 + 6.0, 1.0 + 3.0, 1.0]));
    let (h_a, h_b) = hvp(z, &(a.clone(), b.clone()), &(tensor![f64::NAN, 1.0, 0.0], tensor![0.0, 0.0, 0.0])).unwrap();
    assert_eq!((h_a, h_b), (tensor![0.0, 0.0, 1.0], tensor![1.0 + 3.0, 0.0, 0.0]));
}

/// What is no parameter of a primitive is not passed over.
#[test]
fn a_parameter_that_is_none_is_an_error() {
    let error =
        parse("tape f(v0: f64[2]) { v1: f64[2] = exp[n=3] v0; return v1 }", &|n, p| ops::find(n, p), &[]).unwrap_err();
    assert!(error.to_string().contains("parameter `n` is none of it"), "{error}");
}

/// The smallest power has a value and no derivative that is known; it says so and does not stop.
#[test]
fn the_smallest_power_has_no_derivative() {
    let f = |x: Var| x.powi(i32::MIN + 1).sum();
    assert_eq!(compile(f).call(tensor![1.0]).unwrap(), Tensor::scalar(1.0));
    let error = grad(f, &tensor![1.0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRule, "{error}");
}

/// Two operations that run as one pass round as two: `(1 + 2⁻³⁰)² − 1` loses the last bit of the square, which a fused
/// multiply-add would keep.
#[test]
fn two_fused_operations_round_as_two() {
    let a = 1.0 + 2f64.powi(-30);
    let x = Tensor::from_vec(&[a; 37]);
    let mut f = compile(|x: Var| x * x - 1.0);
    assert_eq!(f.program(&x).unwrap().size().0, 1, "one step");
    let y = f.call(x).unwrap().to_f64_vec();
    assert!(y.iter().all(|y| *y == a * a - 1.0 && *y != a.mul_add(a, -1.0)), "{y:?}");
}
