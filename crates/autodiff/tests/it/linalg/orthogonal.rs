//! `qr` and `lstsq`.

use quadric_autodiff::shape::Type;
use quadric_autodiff::trace::{Var, compile, constant, grad, hvp, jvp, vmap};
use quadric_autodiff::{DType, ErrorKind, Tensor, tensor};

use super::*;

#[test]
fn q_is_orthonormal_whatever_the_condition() {
    for (m, n, condition) in [(8, 8, 1e10), (30, 6, 1e10), (5, 3, 10.0)] {
        let a = of_condition(m, n, condition, 7);
        let (q, r) = compile(|a: Var| a.qr()).call(a.clone()).unwrap();
        assert!(orthonormality(&q) < 1e-14, "{:e}", orthonormality(&q));
        assert!(apart(&product(&q, &r).to_f64_vec(), &a.to_f64_vec()) < 1e-14);
        let r = r.to_f64_vec();
        assert!((0..n).all(|i| r[i * n + i] > 0.0 && r[i * n..i * n + i].iter().all(|x| *x == 0.0)));
    }
}

/// R is the Cholesky factor of AᵀA, so are its derivatives.
#[test]
fn r_moves_as_the_cholesky_factor_of_the_normal_matrix() {
    let (a, v) = (noise([6, 4], 1), noise([6, 4], 2));
    let by_qr = |a: Var| (a.qr().1 * constant(&noise([4, 4], 3))).sum();
    let by_cholesky = |a: Var| (a.t().matmul(a).cholesky().t() * constant(&noise([4, 4], 3))).sum();
    let (g, h) = (grad(by_qr, &a).unwrap(), hvp(by_qr, &a, &v).unwrap());
    assert!(apart(&g.to_f64_vec(), &grad(by_cholesky, &a).unwrap().to_f64_vec()) < 1e-13);
    assert!(apart(&h.to_f64_vec(), &hvp(by_cholesky, &a, &v).unwrap().to_f64_vec()) < 1e-12);
    // A = Q R, and QᵀQ = 1, to second order.
    let along = |a: Var, v: Var| {
        jvp(
            |a: Var| {
                jvp(
                    |a: Var| {
                        let (q, r) = a.qr();
                        (q.matmul(r), q.t().matmul(q))
                    },
                    &a,
                    &v,
                )
                .1
            },
            &a,
            &v,
        )
    };
    let ((first, flat), (second, flat_too)) = compile(|(a, v): (Var, Var)| along(a, v)).call((a, v.clone())).unwrap();
    assert!(apart(&first.to_f64_vec(), &v.to_f64_vec()) < 1e-13);
    assert!([second, flat, flat_too].iter().all(|x| largest(&x.to_f64_vec()) < 1e-12));
}

#[test]
fn a_square_q_does_not_depend_on_the_last_column() {
    let a = noise([3, 3], 4);
    let g = grad(|a: Var| (a.qr().0 * constant(&noise([3, 3], 5))).sum(), &a).unwrap().to_f64_vec();
    assert!(g.iter().enumerate().all(|(i, g)| (i % 3 == 2) == (g.abs() < 1e-14)), "{g:?}");
    let one = |a: f64| compile(|a: Var| a.qr()).call(tensor![[a]]).unwrap();
    assert_eq!(one(-2.0), (tensor![[-1.0]], tensor![[2.0]]));
    assert_eq!(grad(|a: Var| a.qr().1.sum(), &tensor![[-2.0]]).unwrap(), tensor![[-1.0]]);
    let none = Tensor::zeros(Type::new(DType::F64, [4, 0]));
    let (q, r) = compile(|a: Var| a.qr()).call(none.clone()).unwrap();
    assert_eq!((q, r.shape()[..].to_vec()), (none, vec![0, 0]));
}

/// At condition 1e6 the normal equations would keep four digits; the error here is the condition's, times the residual's share.
#[test]
fn least_squares_of_condition_1e6() {
    let (m, n) = (20, 5);
    for seed in 0..5 {
        let a = of_condition(m, n, 1e6, 50 * seed);
        let fit = |(a, b): (Var, Var)| a.lstsq(b);
        // A consistent problem, and one with a residual as large as b.
        for b in [product(&a, &noise([n, 2], seed)), noise([m, 2], seed + 9)] {
            let x = compile(fit).call((a.clone(), b.clone())).unwrap();
            let tape = trace::trace(fit, &(a.clone(), b.clone())).unwrap();
            let exactly = truth(&tape, &exact(&[a.clone(), b.clone()]))[0].to_f64_vec();
            assert!(apart(&x.to_f64_vec(), &exactly) < 1e-8, "{:e}", apart(&x.to_f64_vec(), &exactly));
            let normal = compile(|(a, b, x): (Var, Var, Var)| a.t().matmul(b - a.matmul(x)));
            let across = { normal }.call((a.clone(), b.clone(), x.clone())).unwrap();
            let scale = largest(&b.to_f64_vec()) + largest(&x.to_f64_vec());
            assert!(largest(&across.to_f64_vec()) < 1e-14 * scale * m as f64, "{across:?}");
            // The gradient against the truth.
            let length = |(a, b): (Var, Var)| a.lstsq(b).powi(2).sum();
            let (by_a, by_b) = grad(length, &(a.clone(), b.clone())).unwrap();
            let tape = trace::trace(|p: (Var, Var)| grad(length, &p), &(a.clone(), b.clone())).unwrap();
            let exactly = truth(&tape, &exact(&[a.clone(), b.clone()]));
            assert!(apart(&by_a.to_f64_vec(), &exactly[0].to_f64_vec()) < 1e-7);
            assert!(apart(&by_b.to_f64_vec(), &exactly[1].to_f64_vec()) < 1e-8);
        }
    }
}

/// The smallest squared residual moves with b by twice the residual, and with A by −2 ρ xᵀ (Danskin).
#[test]
fn the_smallest_residual_moves_as_if_x_did_not() {
    let (a, b) = (noise([7, 3], 1), noise([7], 2));
    let cost = |(a, b): (Var, Var)| (a.matmul(a.lstsq(b).reshape([3, 1])).reshape([7]) - b).powi(2).sum();
    let (by_a, by_b) = grad(cost, &(a.clone(), b.clone())).unwrap();
    let closed = |(a, b): (Var, Var)| {
        let x = a.lstsq(b).reshape([3, 1]);
        let rho = b.reshape([7, 1]) - a.matmul(x);
        (rho.matmul(x.t()) * -2.0, rho.reshape([7]) * 2.0)
    };
    let (closed_a, closed_b) = compile(closed).call((a, b)).unwrap();
    assert!(apart(&by_a.to_f64_vec(), &closed_a.to_f64_vec()) < 1e-13);
    assert!(apart(&by_b.to_f64_vec(), &closed_b.to_f64_vec()) < 1e-13);
}

#[test]
fn batches_and_narrow_numbers_of_least_squares() {
    let (a, b) = (noise([3, 6, 2], 3), noise([3, 6], 4));
    let fit = |(a, b): (Var, Var)| a.lstsq(b);
    let x = compile(fit).call((a.clone(), b.clone())).unwrap();
    assert_eq!(x.shape()[..], [3, 2]);
    assert_eq!(compile(|p: (Var, Var)| vmap(fit, &p)).call((a.clone(), b.clone())).unwrap(), x);
    let y = compile(fit).call((a.to_dtype(DType::F32), b.to_dtype(DType::F32))).unwrap();
    assert!(y.dtype() == DType::F32 && apart(&y.to_f64_vec(), &x.to_f64_vec()) < 1e-5);
    // As many rows as unknowns: a system.
    let (a, b) = (noise([4, 4], 5), noise([4], 6));
    let pair = |(a, b): (Var, Var)| (a.lstsq(b), a.solve(b));
    let (x, y) = compile(pair).call((a, b)).unwrap();
    assert!(apart(&x.to_f64_vec(), &y.to_f64_vec()) < 1e-13);
}

#[test]
fn a_deficient_matrix_is_named() {
    let fit = |(a, b): (Var, Var)| a.lstsq(b);
    let deficient = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0], [10.0, 11.0, 12.0]];
    let said = message(compile(fit).call((deficient.clone(), tensor![1.0, 0.0, 0.0, 0.0])));
    assert_eq!(
        said,
        "lstsq: the matrix has not full rank (column 2 is, to rounding, a combination of those before it)"
    );
    let said = message(compile(|a: Var| a.qr().1).call(deficient.clone()));
    assert_eq!(said, "qr_r: the matrix has not full rank (column 2 is, to rounding, a combination of those before it)");
    let said = message(compile(|a: Var| a.qr().0).call(pair([1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0])));
    assert_eq!(
        said,
        "qr_q: matrix 1 of the batch has not full rank (column 0 is, to rounding, a combination of those before it)"
    );
    let tape = trace::trace(|a: Var| a.qr().0, &deficient).unwrap();
    let said = quadric_autodiff::reference::run_f64(&tape, &[&deficient]).unwrap_err();
    assert!(said.to_string().starts_with("qr_q: the matrix has not full rank (column 2"), "{said}");
    // Small columns are columns.
    assert!(compile(fit).call((tensor![[1.0, 0.0], [0.0, 1e-200]], tensor![1.0, 1.0])).is_ok());
    for place in 0..4 {
        let a = Tensor::from_fn(DType::F64, [2, 2], |i| if i == place { f64::NAN } else { 1.0 });
        let (q, r) = compile(|a: Var| a.qr()).call(a.clone()).unwrap();
        let x = compile(fit).call((a, tensor![1.0, 2.0])).unwrap();
        assert!([q, r, x].iter().all(|t| t.to_f64_vec().iter().all(|x| x.is_nan())));
    }
    let e = compile(|a: Var| a.qr().0).call(noise([2, 3], 0)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Shape);
    assert!(
        e.to_string().starts_with("qr_q: the operand is f64[2,3], a matrix with no fewer rows than columns is needed"),
        "{e}"
    );
}
