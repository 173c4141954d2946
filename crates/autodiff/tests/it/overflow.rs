//! Derivatives that are ordinary numbers although a partial on the way is none: it overflows, or the base of a power is 0.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian, jvp};
use quadric_autodiff::{DType, Tensor, tensor};

/// Equal, or apart by no more than `bound` of it.
fn is_close(got: f64, expected: f64, bound: f64) -> bool {
    got == expected || (got - expected).abs() <= bound * expected.abs()
}

/// `f(x)` with its first derivative by reverse mode, and its second by three roads.
fn to_second_order(dtype: DType, x: f64, f: impl Fn(Var) -> Var + Copy) -> [f64; 5] {
    let one = |x: Var| x.full_like(1.0);
    let reverse = move |x: Var| grad(|x: Var| f(x), &x);
    let forward = move |x: Var| jvp(f, &x, &one(x)).1;
    let all = move |x: Var| (f(x), reverse(x), jvp(reverse, &x, &one(x)).1, grad(reverse, &x), grad(forward, &x));
    let (a, b, c, d, e) = compile(all).call(Tensor::from_fn(dtype, [], |_| x)).unwrap();
    [a, b, c, d, e].map(|t| t.item())
}

fn check(what: &str, got: [f64; 5], expected: [f64; 3], bound: f64) {
    let [value, first, second] = expected;
    for (road, got, expected) in [
        ("value", got[0], value),
        ("reverse", got[1], first),
        ("forward over reverse", got[2], second),
        ("reverse over reverse", got[3], second),
        ("reverse over forward", got[4], second),
    ] {
        assert!(is_close(got, expected, bound), "{what}, {road}: {got:e}, not {expected:e}");
    }
}

#[test]
fn quotients_and_powers_whose_slope_overflows() {
    let f32 = |x, f: fn(Var) -> Var| to_second_order(DType::F32, x, f);
    // s/x for s = 1e-30 at 1e-20: −1e10 and 2e30, where 1/x² is no f32. Forward mode first meets the slope of s/x itself.
    check("div", f32(1e-20, |x| 1e-30 / x), [1e-10, -1e10, 2e30], 1e-6);
    type Function = fn(Var) -> Var;
    let others: [(&str, Function); 3] =
        [("recip", |x| x.recip() * 1e-30), ("powi", |x| x.powi(-1) * 1e-30), ("pow", |x| x.pow(-1.0) * 1e-30)];
    for (name, f) in others {
        let [value, first, second, again, _] = f32(1e-20, f);
        check(name, [value, first, second, again, again], [1e-10, -1e10, 2e30], 1e-6);
    }
    for f in [|x: Var| x.recip() * 1e20, |x: Var| x.powi(-1) * 1e20, |x: Var| x.pow(-1.0) * 1e20] {
        let got = f32(1e20, f);
        assert!(is_close(got[1], -1e-20, 1e-6), "{got:?}");
    }
    let got = f32(1e-26, |x| x.rsqrt() * 1e-10);
    assert!(is_close(got[1], -5e28, 1e-6), "{got:?}");
    let got = to_second_order(DType::F64, 1e-170, |x| x.recip() * 1e-200);
    assert!(is_close(got[1], -1e140, 1e-14) && got[2] == f64::INFINITY, "{got:?}");
    let got = to_second_order(DType::F64, 1e-26, |x| x.rsqrt() * 1e-10);
    check("rsqrt in f64", got, [1e3, -5e28, 7.5e54], 1e-14);
    let got = f32(1e-36, |x| x.sqrt() * 1e-18);
    check("sqrt", got, [1e-36, 0.5, -2.5e35], 1e-6);
    let got = f32(1e-30, |x| x.log() * 1e-25);
    check("log", got, [-6.907755e-24, 1e5, -1e35], 1e-6);
}

/// At base 0: a factor of the exponent that is exactly 0 ends its term, logarithms are limits, and mixed derivatives are equal.
#[test]
fn powers_at_base_zero() {
    let power = |(a, b): (Var, Var)| a.pow(b).sum();
    let at = |a: f64, b: f64| {
        let second = |x: (Var, Var)| {
            let first = |x: (Var, Var)| grad(power, &x);
            (grad(|x: (Var, Var)| first(x).0, &x), grad(|x: (Var, Var)| first(x).1, &x))
        };
        let ((aa, ab), (ba, bb)) = compile(second).call((Tensor::scalar(a), Tensor::scalar(b))).unwrap();
        [aa, ab, ba, bb].map(|t| t.item())
    };
    let inf = f64::INFINITY;
    assert_eq!(at(0.0, 1.0), [0.0, -inf, -inf, 0.0]); // ∂²/∂a∂b = aᵇ⁻¹ (1 + b ln a)
    assert_eq!(at(0.0, 2.0), [2.0, 0.0, 0.0, 0.0]);
    assert_eq!(at(0.0, 0.5), [-inf, -inf, -inf, 0.0]);
    assert_eq!(at(0.0, 3.0), [0.0; 4]);
    assert_eq!(at(1.0, 0.0), [0.0, 1.0, 1.0, 0.0]);

    // Third derivatives of x¹ and second of x⁰ beside 0, for exponents that are numbers and for ones that are arrays.
    for (n, x) in [(0.0, 1e-160), (1.0, 1e-160), (1.0, 0.0), (0.0, -2.0), (2.0, 1e-200)] {
        let literal = |x: Var| x.pow(n);
        let array = |x: Var| x.pow(constant(&Tensor::scalar(n)));
        for third in [thirds(x, literal), thirds(x, array)] {
            assert_eq!(third, [if n == 2.0 { 2.0 } else { 0.0 }, 0.0], "x^{n} at {x:e}");
        }
    }
}

/// The second and the third derivative.
fn thirds(x: f64, f: impl Fn(Var) -> Var + Copy) -> [f64; 2] {
    let slope = move |x: Var| jvp(f, &x, &x.full_like(1.0)).1;
    let bend = move |x: Var| jvp(slope, &x, &x.full_like(1.0)).1;
    let both = move |x: Var| (bend(x), grad(bend, &x));
    let (second, third) = compile(both).call(Tensor::scalar(x)).unwrap();
    [second.item(), third.item()]
}

/// `|x|³` written as a power of a square has derivatives 0 at 0, as it has when it is written as what it is.
#[test]
fn a_power_of_a_square_is_one_of_the_absolute_value() {
    let f = |x: Var| (x * x).pow(1.5);
    assert_eq!(to_second_order(DType::F64, 0.0, f), [0.0; 5]);
    check("at −2", to_second_order(DType::F64, -2.0, f), [8.0, -12.0, 12.0], 1e-15);
    assert_eq!(hessian(|x: Var| (x * x).pow(1.5).sum(), &tensor![0.0, 1.0]).unwrap(), tensor![[0.0, 0.0], [0.0, 6.0]]);
}
