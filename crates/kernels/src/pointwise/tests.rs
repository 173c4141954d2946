//! Special values, and one result per element on every path; `accuracy` has the errors.

mod accuracy;

use super::*;
use crate::element::{Int, Real};
use crate::isa::on_every_path;

/// Every function of one number; of those with a parameter the samples that their declaration names.
fn unary() -> impl Iterator<Item = Unary> {
    let own = [unary::DECLARED, powi::FAMILIES];
    own.into_iter().chain(crate::math::DECLARED.iter().copied()).flatten().copied()
}

/// Every function of two numbers.
fn binaries() -> impl Iterator<Item = Binary> {
    [binary::BINARY, crate::math::BINARY].into_iter().flatten().copied()
}

/// The distance between neighbouring numbers of a format around `y`: `digits` bits, `lowest` the subnormals' exponent.
fn ulp(y: f64, digits: i32, lowest: i32) -> f64 {
    let exponent = (y.abs().to_bits() >> 52).max(1) as i32 - 1023;
    let exponent = (exponent - digits + 1).max(lowest);
    // Not powi: its 1 / 2ⁿ overflows for subnormal results.
    f64::from_bits(if exponent < -1022 { 1 << (exponent + 1074) } else { ((exponent + 1023) as u64) << 52 })
}

fn apply<T: Real>(op: Unary, x: &[T]) -> Vec<T> {
    let mut y = vec![T::nan(); x.len()];
    op.apply(x, &mut y);
    y
}

/// Ordinary, extreme and special values, shuffled together.
fn awkward<T: Real>(n: usize) -> Vec<T> {
    let special = [
        0.0,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e30,
        -3e6,
        1e-40,
        -5e-324,
        88.8,
        -104.0,
        -745.0,
        1048577.0,
    ];
    (0..n)
        .map(|i| {
            let ordinary = ((i * 7919) % 1000) as f64 / 100.0 - 5.0;
            T::from_f64(if i % 5 == 3 { special[(i / 5) % special.len()] } else { ordinary })
        })
        .collect()
}

fn bits<T: Real>(x: &[T]) -> Vec<u64> {
    // A NaN's payload is nobody's business.
    x.iter().map(|v| if v.is_nan() { u64::MAX } else { v.as_f64().to_bits() }).collect()
}

fn an_element_depends_on_its_value_alone<T: Real>() {
    let x = awkward::<T>(1103);
    on_every_path(|isa| {
        for op in unary() {
            let whole = bits(&apply(op, &x));
            let one_by_one: Vec<u64> = x.iter().flat_map(|&v| bits(&apply(op, &[v]))).collect();
            assert_eq!(whole, one_by_one, "{op:?} on {}", isa.name());
            let shifted = bits(&apply(op, &x[3..700]));
            assert_eq!(shifted, whole[3..700], "{op:?} on {}", isa.name());
        }
    });
}

#[test]
fn an_element_does_not_depend_on_its_place() {
    an_element_depends_on_its_value_alone::<f32>();
    an_element_depends_on_its_value_alone::<f64>();
}

#[test]
fn paths_differ_by_rounding_only_and_avx_paths_not_at_all() {
    let x = awkward::<f64>(999);
    for op in unary() {
        let mut results = Vec::new();
        on_every_path(|_| results.push(apply(op, &x)));
        if let [_, avx2, avx512] = &results[..] {
            assert_eq!(bits(avx2), bits(avx512), "{op:?}");
        }
        for other in &results[1..] {
            for ((&p, &o), &x) in results[0].iter().zip(other).zip(&x) {
                let same = p == o || (p.is_nan() && o.is_nan()) || (p - o).abs() <= 4.0 * ulp(p, 53, -1074);
                assert!(same, "{op:?}({x}): {p} and {o}");
            }
        }
    }
}

fn special_values_of<T: Real>() {
    let t = T::from_f64;
    let (inf, nan) = (T::infinity(), T::nan());
    let cases = [
        (Unary::EXP, inf, inf),
        (Unary::EXP, -inf, t(0.0)),
        (Unary::EXP, t(1e6), inf),
        (Unary::EXP, t(-1e6), t(0.0)),
        (Unary::EXP, t(0.0), t(1.0)),
        (Unary::EXPM1, inf, inf),
        (Unary::EXPM1, -inf, t(-1.0)),
        (Unary::EXPM1, t(1e6), inf),
        (Unary::EXPM1, t(-0.0), t(-0.0)),
        (Unary::EXPM1, T::min_positive_value() / t(4.0), T::min_positive_value() / t(4.0)),
        (Unary::LOG, t(0.0), -inf),
        (Unary::LOG, t(-0.0), -inf),
        (Unary::LOG, t(-1.0), nan),
        (Unary::LOG, -inf, nan),
        (Unary::LOG, inf, inf),
        (Unary::LOG, t(1.0), t(0.0)),
        (Unary::LOG1P, t(-1.0), -inf),
        (Unary::LOG1P, t(-2.0), nan),
        (Unary::LOG1P, inf, inf),
        (Unary::LOG1P, t(-0.0), t(-0.0)),
        (Unary::SIN, t(-0.0), t(-0.0)),
        (Unary::SIN, inf, nan),
        (Unary::COS, t(0.0), t(1.0)),
        (Unary::COS, -inf, nan),
        (Unary::SIN, t(1e15), t(1e15).sin()),
        (Unary::TANH, inf, t(1.0)),
        (Unary::TANH, -inf, t(-1.0)),
        (Unary::TANH, t(-0.0), t(-0.0)),
        (Unary::ERF, inf, t(1.0)),
        (Unary::ERF, -inf, t(-1.0)),
        (Unary::ERF, t(-0.0), t(-0.0)),
        (Unary::LOGISTIC, inf, t(1.0)),
        (Unary::LOGISTIC, -inf, t(0.0)),
        (Unary::LOGISTIC, t(0.0), t(0.5)),
        (Unary::SIGN, t(-0.0), t(-0.0)),
        (Unary::SIGN, t(-3.0), t(-1.0)),
        (Unary::ABS, t(-0.0), t(0.0)),
        (Unary::FLOOR, t(-0.5), t(-1.0)),
        (Unary::CEIL, t(-0.5), t(-0.0)),
        (Unary::CEIL, t(0.5), t(1.0)),
        (Unary::ROUND, t(2.5), t(2.0)),
        (Unary::ROUND, t(-3.5), t(-4.0)),
        (Unary::ROUND, t(-0.5), t(-0.0)),
        (Unary::ROUND, -inf, -inf),
        (Unary::SINH, -inf, -inf),
        (Unary::SINH, t(-0.0), t(-0.0)),
        (Unary::SINH, t(1e6), inf),
        (Unary::COSH, -inf, inf),
        (Unary::COSH, t(0.0), t(1.0)),
        (Unary::GAUSSIAN, inf, t(0.0)),
        (Unary::GAUSSIAN, -inf, t(0.0)),
        (Unary::GAUSSIAN, t(1e30), t(0.0)),
        (Unary::GAUSSIAN, t(-0.0), t(1.0)),
        (Unary::HALF_GAUSSIAN, inf, t(0.0)),
        (Unary::HALF_GAUSSIAN, -inf, t(0.0)),
        (Unary::HALF_GAUSSIAN, t(1e30), t(0.0)),
        (Unary::HALF_GAUSSIAN, t(0.0), t(1.0)),
        (Unary::NORMAL_CDF, inf, t(1.0)),
        (Unary::NORMAL_CDF, -inf, t(0.0)),
        (Unary::NORMAL_CDF, t(1e30), t(1.0)),
        (Unary::NORMAL_CDF, t(-1e30), t(0.0)),
        (Unary::NORMAL_CDF, t(0.0), t(0.5)),
        (Unary::NORMAL_CDF, t(-0.0), t(0.5)),
        (Unary::ERFC, inf, t(0.0)),
        (Unary::ERFC, -inf, t(2.0)),
        (Unary::ERFC, t(1e30), t(0.0)),
        (Unary::ERFC, t(-1e30), t(2.0)),
        (Unary::ERFC, t(0.0), t(1.0)),
        (Unary::ERFC, t(-0.0), t(1.0)),
        (Unary::SECH, inf, t(0.0)),
        (Unary::SECH, -inf, t(0.0)),
        (Unary::SECH, t(1e6), t(0.0)),
        (Unary::SECH, t(-0.0), t(1.0)),
        (Unary::SOFTPLUS, inf, inf),
        (Unary::SOFTPLUS, -inf, t(0.0)),
        (Unary::SOFTPLUS, t(1e6), t(1e6)),
        (Unary::SOFTPLUS, t(-1e6), t(0.0)),
        (Unary::SOFTPLUS, t(-0.0), T::from_f64(std::f64::consts::LN_2)),
        (Unary::ATAN, inf, t(std::f64::consts::FRAC_PI_2)),
        (Unary::ATAN, -inf, t(-std::f64::consts::FRAC_PI_2)),
        (Unary::ATAN, t(-0.0), t(-0.0)),
        (Unary::ASIN, t(1.0), t(std::f64::consts::FRAC_PI_2)),
        (Unary::ASIN, t(-0.0), t(-0.0)),
        (Unary::ASIN, t(1.1), nan),
        (Unary::ASIN, -inf, nan),
        (Unary::ACOS, t(1.0), t(0.0)),
        (Unary::ACOS, t(-1.0), t(std::f64::consts::PI)),
        (Unary::ACOS, t(-1.1), nan),
        (Unary::ACOS, inf, nan),
        (Unary::ASINH, inf, inf),
        (Unary::ASINH, -inf, -inf),
        (Unary::ASINH, t(-0.0), t(-0.0)),
        (Unary::ASINH, T::min_positive_value() / t(4.0), T::min_positive_value() / t(4.0)),
        (Unary::ACOSH, t(1.0), t(0.0)),
        (Unary::ACOSH, t(0.5), nan),
        (Unary::ACOSH, t(-1e7), nan),
        (Unary::ACOSH, t(-1e30), nan),
        (Unary::ACOSH, -inf, nan),
        (Unary::ACOSH, inf, inf),
        (Unary::ATANH, t(1.0), inf),
        (Unary::ATANH, t(-1.0), -inf),
        (Unary::ATANH, t(-0.0), t(-0.0)),
        (Unary::ATANH, t(1.5), nan),
        (Unary::ATANH, -inf, nan),
        (Unary::ERF_INV, t(1.0), inf),
        (Unary::ERF_INV, t(-1.0), -inf),
        (Unary::ERF_INV, t(-0.0), t(-0.0)),
        (Unary::ERF_INV, t(-1.5), nan),
        (Unary::ERF_INV, inf, nan),
        (Unary::LGAMMA, t(1.0), t(0.0)),
        (Unary::LGAMMA, t(0.0), inf),
        (Unary::LGAMMA, t(-3.0), inf),
        (Unary::LGAMMA, inf, inf),
        (Unary::LGAMMA, -inf, inf),
        (Unary::polygamma(0), t(0.0), -inf),
        (Unary::polygamma(0), t(-0.0), inf),
        (Unary::polygamma(0), t(-2.0), nan),
        (Unary::polygamma(0), inf, inf),
        (Unary::polygamma(0), -inf, nan),
        (Unary::polygamma(1), t(-2.0), inf),
        (Unary::polygamma(1), inf, t(0.0)),
        (Unary::polygamma(2), inf, t(-0.0)),
        (Unary::polygamma(3), t(-0.0), inf),
        (Unary::polygamma(4), t(0.0), -inf),
        (Unary::polygamma(4), t(-0.0), inf),
        (Unary::polygamma(100), inf, t(-0.0)),
        (Unary::powi(0), nan, t(1.0)),
        (Unary::powi(-3), t(2.0), t(0.125)),
        (Unary::powi(i32::MIN), t(1.0), t(1.0)),
        (Unary::powi(5), t(-2.0), t(-32.0)),
        (Unary::powi(7), t(-0.0), t(-0.0)),
        (Unary::powi(8), t(-0.0), t(0.0)),
        (Unary::powi(7), -inf, -inf),
        (Unary::powi(8), -inf, inf),
        (Unary::powi(7), t(-1e300), -inf),
        (Unary::powi(-7), t(-0.0), -inf),
        (Unary::powi(-8), t(-0.0), inf),
        (Unary::powi(-7), -inf, t(-0.0)),
        (Unary::powi(-8), inf, t(0.0)),
        (Unary::powi(-7), t(-1e-300), -inf),
        (Unary::powi(i32::MAX), t(-1.0), t(-1.0)),
        (Unary::powi(i32::MAX), t(1.5), inf),
        (Unary::powi(i32::MAX), t(0.5), t(0.0)),
        (Unary::powi(i32::MIN), t(1.5), t(0.0)),
        (Unary::powi(i32::MIN), t(0.0), inf),
        (Unary::powi(i32::MIN), -inf, t(0.0)),
        (Unary::RECIP, t(-0.0), -inf),
        (Unary::RSQRT, t(4.0), t(0.5)),
        (Unary::NOT, t(-0.0), t(1.0)),
        (Unary::NOT, nan, t(0.0)),
    ];
    on_every_path(|isa| {
        for (op, x, y) in cases {
            let found = apply(op, &[x]);
            assert_eq!(bits(&found), bits(&[y]), "{op:?}({x:?}) on {}: {found:?}, not {y:?}", isa.name());
        }
        for op in unary() {
            if op != Unary::powi(0) && op != Unary::NOT {
                assert!(apply(op, &[nan])[0].is_nan(), "{op:?}(NaN)");
            }
        }
    });
}

#[test]
fn special_values() {
    special_values_of::<f32>();
    special_values_of::<f64>();
}

fn special_values_of_two<T: Real>() {
    let t = T::from_f64;
    let (inf, nan, ln_2) = (T::infinity(), T::nan(), t(std::f64::consts::LN_2));
    let largest = T::max_value();
    let cases = [
        (Binary::HYPOT, t(3.0), t(-4.0), t(5.0)),
        (Binary::HYPOT, t(-0.0), t(-0.0), t(0.0)),
        (Binary::HYPOT, inf, nan, inf),
        (Binary::HYPOT, nan, -inf, inf),
        (Binary::HYPOT, nan, t(1.0), nan),
        (Binary::HYPOT, t(1.0), nan, nan),
        (Binary::HYPOT, largest, t(1.0), largest),
        (Binary::HYPOT, largest, largest, inf),
        (Binary::HYPOT, T::min_positive_value(), t(0.0), T::min_positive_value()),
        (Binary::LOGADDEXP, -inf, -inf, -inf),
        (Binary::LOGADDEXP, inf, inf, inf),
        (Binary::LOGADDEXP, inf, -inf, inf),
        (Binary::LOGADDEXP, -inf, inf, inf),
        (Binary::LOGADDEXP, -inf, t(-3.0), t(-3.0)),
        (Binary::LOGADDEXP, t(7.0), -inf, t(7.0)),
        (Binary::LOGADDEXP, t(7.0), inf, inf),
        (Binary::LOGADDEXP, nan, inf, nan),
        (Binary::LOGADDEXP, -inf, nan, nan),
        (Binary::LOGADDEXP, largest, -largest, largest),
        (Binary::LOGADDEXP, largest, largest, largest),
        (Binary::LOGADDEXP, t(0.0), t(-0.0), ln_2),
        (Binary::LOGADDEXP, t(0.0), t(1e4), t(1e4)),
    ];
    on_every_path(|isa| {
        for (op, a, b, y) in cases {
            let found = op.at(a, b);
            assert_eq!(bits(&[found]), bits(&[y]), "{op:?}({a:?}, {b:?}) on {}: {found:?}, not {y:?}", isa.name());
        }
    });
}

#[test]
fn special_values_of_functions_of_two_numbers() {
    special_values_of_two::<f32>();
    special_values_of_two::<f64>();
}

#[test]
fn powers_of_two_are_exact_down_to_the_smallest_number() {
    on_every_path(|isa| {
        for n in 1..=149 {
            let y = f32::from_bits(if n < 127 { (127 - n) << 23 } else { 1 << (149 - n) });
            assert_eq!(Unary::powi(-(n as i32)).at(2.0f32), y, "2^-{n} on {}", isa.name());
            assert_eq!(Unary::powi(n as i32).at(0.5f32), y, "0.5^{n} on {}", isa.name());
        }
        for n in 1..=1074 {
            let y = f64::from_bits(if n < 1023 { (1023 - n) << 52 } else { 1 << (1074 - n) });
            assert_eq!(Unary::powi(-(n as i32)).at(2.0f64), y, "2^-{n} on {}", isa.name());
            assert_eq!(Unary::powi(n as i32).at(0.5f64), y, "0.5^{n} on {}", isa.name());
        }
        // x⁻², x⁻³ and x⁻⁴ where x to the positive power is infinite.
        for (n, x, y) in [(-2, 70, 140), (-3, 48, 144), (-4, 37, 148)] {
            assert_eq!(Unary::powi(n).at(2f32.powi(x)), f32::from_bits(1 << (149 - y)), "(2^{x})^{n}");
        }
        for (n, x, y) in [(-2, 530, 1060), (-3, 350, 1050), (-4, 268, 1072)] {
            assert_eq!(Unary::powi(n).at(2f64.powi(x)), f64::from_bits(1 << (1074 - y)), "(2^{x})^{n}");
        }
    });
}

/// Where the result is subnormal, and just where it is 0.
#[test]
fn the_tails_underflow_gradually() {
    let (smallest32, smallest64) = (f32::from_bits(1), f64::from_bits(1));
    let ends = [
        (Unary::GAUSSIAN, 10.16, 10.21, 27.28, 27.31),
        (Unary::HALF_GAUSSIAN, 14.37, 14.43, 38.58, 38.61),
        (Unary::NORMAL_CDF, -14.14, -14.19, -38.46, -38.50),
        (Unary::ERFC, 10.05, 10.07, 27.22, 27.24),
        (Unary::SECH, 103.9, 104.7, 745.1, 745.9),
        (Unary::SOFTPLUS, -103.2, -104.0, -744.4, -745.2),
    ];
    on_every_path(|isa| {
        for (op, last32, zero32, last64, zero64) in ends {
            let name = isa.name();
            assert_eq!((op.at(last32 as f32), op.at(zero32 as f32)), (smallest32, 0.0), "{op:?} on {name}");
            assert_eq!((op.at(last64), op.at(zero64)), (smallest64, 0.0), "{op:?} on {name}");
        }
    });
}

/// So near to 0 that 1/x is infinite, and where a power or a factorial alone would leave the range of `f64`.
#[test]
fn polygamma_reaches_to_the_ends_of_the_range() {
    let polygamma = |n, x: f64| Unary::polygamma(n).at(x);
    for n in 0..=Unary::MAX_POLYGAMMA {
        assert_eq!(polygamma(n, -1e-309), f64::INFINITY, "order {n} below 0");
        assert_eq!(
            polygamma(n, 1e-309),
            if n % 2 == 1 { f64::INFINITY } else { f64::NEG_INFINITY },
            "order {n} above 0"
        );
    }
    let values = [
        (100, 1300.0, -3.910812986000636e-156),
        (30, 1e11, -8.841761995065966e-300),
        (100, 0.04, -1.4519261613315593e299),
        (4, -0.5, -3.4742498266672253),
        (7, -1.25, 330352687.7181861),
        (20, -2.7, -2.325831561706772e29),
        (100, -0.3, 6.036106975936756e210),
    ];
    for (n, x, y) in values {
        let found = polygamma(n, x);
        assert!((found - y).abs() <= 1e-13 * y.abs(), "polygamma({n})({x}) = {found:e}, not {y:e}");
    }
}

#[test]
fn a_function_is_printed_with_its_parameter() {
    assert_eq!(format!("{:?} {:?} {:?}", Unary::EXP, Unary::powi(0), Unary::powi(-2)), "exp powi(0) powi(-2)");
}

#[test]
fn empty_slices_are_fine() {
    for op in unary() {
        assert!(apply::<f32>(op, &[]).is_empty());
    }
    Binary::ADD.apply::<f64>(Operand::Slice(&[]), Operand::Scalar(1.0), &mut []);
    select::<f64>(Operand::Scalar(1.0), Operand::Slice(&[]), Operand::Scalar(1.0), &mut []);
}

fn scalar(op: Binary, a: f64, b: f64) -> f64 {
    let nan = a.is_nan() || b.is_nan();
    let truth = |b: bool| f64::from(u8::from(b));
    match op.name() {
        "add" => a + b,
        "sub" => a - b,
        "mul" => a * b,
        "div" => a / b,
        "pow" => a.powf(b),
        // Their values are in `accuracy` and below; here it is that every form gives the same.
        "hypot" | "logaddexp" => op.at(a, b),
        "atan2" => a.atan2(b),
        "max" | "min" if nan => f64::NAN,
        // Of equal numbers (zeros of either sign) the second one.
        "max" => [b, a][usize::from(a > b)],
        "min" => [b, a][usize::from(a < b)],
        "lt" => truth(a < b),
        "le" => truth(a <= b),
        "eq" => truth(a == b),
        "ne" => truth(a != b),
        "and" => truth(a != 0.0 && b != 0.0),
        "or" => truth(a != 0.0 || b != 0.0),
        other => unreachable!("{other}"),
    }
}

#[test]
fn binary_operations_agree_with_scalars_in_every_form() {
    let a = awkward::<f64>(131);
    let b: Vec<f64> = awkward::<f64>(131 * 3).into_iter().step_by(3).collect();
    on_every_path(|isa| {
        for op in binaries() {
            let each = |f: &dyn Fn(usize) -> (f64, f64)| -> Vec<u64> {
                bits(&(0..a.len()).map(f).map(|(a, b)| scalar(op, a, b)).collect::<Vec<_>>())
            };
            let run = |a: Operand<'_, f64>, b: Operand<'_, f64>| {
                let mut y = vec![f64::NAN; 131];
                op.apply(a, b, &mut y);
                bits(&y)
            };
            let name = isa.name();
            use Operand::{Scalar, Slice};
            assert_eq!(run(Slice(&a), Slice(&b)), each(&|i| (a[i], b[i])), "{op:?} {name}");
            assert_eq!(run(Slice(&a), Scalar(2.5)), each(&|i| (a[i], 2.5)), "{op:?} {name}");
            assert_eq!(run(Scalar(2.5), Slice(&b)), each(&|i| (2.5, b[i])), "{op:?} {name}");
            assert_eq!(run(Scalar(2.5), Scalar(0.5)), each(&|_| (2.5, 0.5)), "{op:?} {name}");
        }
    });
}

#[test]
fn select_never_lets_the_other_branch_through() {
    let mut y = [f64::NAN; 4];
    select(
        Operand::Slice(&[1.0, 0.0, -0.0, f64::NAN]),
        Operand::Slice(&[1.0, f64::NAN, f64::INFINITY, 4.0]),
        Operand::Slice(&[f64::NAN, 2.0, 3.0, f64::NAN]),
        &mut y,
    );
    assert_eq!(y, [1.0, 2.0, 3.0, 4.0]);
    select(Operand::Slice(&[0.0, 1.0, 0.0, 1.0]), Operand::Scalar(7.0), Operand::Scalar(8.0), &mut y);
    assert_eq!(y, [8.0, 7.0, 8.0, 7.0]);
}

#[test]
fn integers_wrap_and_never_panic() {
    let x = [i32::MIN, -7, -1, 0, 1, 7, i32::MAX];
    let mut y = [0; 7];
    map_int(&x, &mut y, |x| Int::sub(0, x));
    assert_eq!(y, [i32::MIN, 7, 1, 0, -1, -7, -i32::MAX]);
    zip_int(&x, &[-1; 7], &mut y, Int::div);
    assert_eq!(y, [i32::MIN, 7, 1, 0, -1, -7, -i32::MAX]);
    zip_int(&x, &[0; 7], &mut y, Int::div);
    assert_eq!(y, [0; 7]);
    zip_int(&x, &[-1; 7], &mut y, Int::add);
    assert_eq!(y[0], i32::MAX);
}

#[test]
fn comparisons_yield_bytes_and_nan_is_unordered() {
    let (a, b) = ([1.0, 2.0, f32::NAN], [2.0, 2.0, f32::NAN]);
    let run = |holds: fn(f32, f32) -> bool| {
        let mut y = [7u8; 3];
        compare(&a, &b, &mut y, holds);
        y
    };
    assert_eq!(run(|a, b| a < b), [1, 0, 0]);
    assert_eq!(run(|a, b| a <= b), [1, 1, 0]);
    assert_eq!(run(|a, b| a == b), [0, 1, 0]);
    assert_eq!(run(|a, b| a != b), [1, 0, 1]);
    let mut y = [0; 3];
    select_any(&[0, 1, 2], &[1, 2, 3], &[4, 5, 6], &mut y);
    assert_eq!(y, [4, 2, 3]);
}

#[test]
#[should_panic(expected = "differ in length")]
fn lengths_must_agree() {
    Binary::ADD.apply(Operand::Slice(&[1.0f32]), Operand::Scalar(1.0), &mut [0.0; 2]);
}
