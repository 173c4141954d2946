//! `eigh` and `svd`.

use quadric_autodiff::shape::Type;
use quadric_autodiff::trace::{Var, compile, constant, grad, hvp, vmap};
use quadric_autodiff::{DType, ErrorKind, Tensor, tensor};

use super::*;

/// X diag(w) Yᵀ
fn rebuilt(x: Var, w: Var, y_t: Var) -> Var {
    (x * w).matmul(y_t)
}

fn symmetric(n: usize, seed: u64) -> Tensor {
    compile(|a: Var| a + a.t()).call(noise([n, n], seed)).unwrap()
}

#[test]
fn a_symmetric_matrix_is_its_eigenvectors_and_values() {
    for n in [1, 2, 5, 20] {
        let a = symmetric(n, n as u64);
        let all = |a: Var| {
            let (w, v) = a.eigh();
            (w, v, rebuilt(v, w, v.t()))
        };
        let (w, v, back) = compile(all).call(a.clone()).unwrap();
        assert!(apart(&back.to_f64_vec(), &a.to_f64_vec()) < 1e-14);
        assert!(orthonormality(&v) < 1e-14 && w.to_f64_vec().is_sorted());
        assert!(apart(&w.to_f64_vec(), &truly(|a: Var| a.eigh().0, &a)) < 4e-15);
        // Only the lower triangle is read.
        let lower = Tensor::from_fn(DType::F64, [n, n], |i| if i % n > i / n { f64::NAN } else { a.to_f64_vec()[i] });
        assert_eq!(compile(|a: Var| a.eigh()).call(lower).unwrap(), (w, v));
    }
}

/// Power sums of eigenvalues are traces of powers: as functions of the lower triangle they have the same gradients, and Hessians
/// where eigenvalues are distinct.
#[test]
fn power_sums_move_as_traces_of_powers() {
    let lower = |a: Var| {
        let shape = a.shape();
        let (row, column) = (trace::iota(DType::I32, shape.clone(), 0), trace::iota(DType::I32, shape, 1));
        let strictly = trace::select(column.lt(row), a, a.zeros_like());
        trace::select(row.lt(column), a.zeros_like(), a) + strictly.t()
    };
    let by_values = |a: Var| a.eigh().0.powi(3).sum();
    let by_trace = |a: Var| (lower(a).matmul(lower(a)) * lower(a)).sum();
    let (a, v) = (symmetric(5, 3), noise([5, 5], 4));
    let near = |x: Tensor, y: Tensor, bound| assert!(apart(&x.to_f64_vec(), &y.to_f64_vec()) < bound, "{x:?}\n{y:?}");
    near(grad(by_values, &a).unwrap(), grad(by_trace, &a).unwrap(), 1e-13);
    near(hvp(by_values, &a, &v).unwrap(), hvp(by_trace, &a, &v).unwrap(), 1e-12);
    // Repeated eigenvalues: all, or two of three.
    for a in [tensor![[2.0, 0.0], [0.0, 2.0]], tensor![[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]] {
        near(grad(by_values, &a).unwrap(), grad(by_trace, &a).unwrap(), 1e-13);
        // A third power needs V's derivative for its second, and there is none.
        let said = message(hvp(by_values, &a, &a));
        assert!(
            said.starts_with("inverse_gaps: entries ") && said.contains(" of the spectrum coincide to rounding ("),
            "{said}"
        );
    }
    let eye = Tensor::from_fn(DType::F64, [4, 4], |i| f64::from(u8::from(i % 5 == 0)));
    let g = grad(|a: Var| a.eigh().0.powi(2).sum(), &eye).unwrap();
    near(g, compile(|a: Var| a * 2.0).call(eye).unwrap(), 1e-15);
}

/// A function of the matrix through its eigenvectors: exp A of a symmetric A by two roads.
#[test]
fn functions_of_matrices_move_through_eigenvectors() {
    let (a, v) = (symmetric(4, 8), symmetric(4, 9));
    let weights = noise([4, 4], 10);
    let by_vectors = |a: Var| {
        let (w, u) = a.eigh();
        (rebuilt(u, w.exp(), u.t()) * constant(&weights)).sum()
    };
    let by_series = |a: Var| {
        // Of the symmetric matrix of the lower triangle, with the same halves.
        let (w, u) = a.eigh();
        let a = rebuilt(u, w, u.t());
        let (mut term, mut sum) = (a, a);
        for k in 2..30 {
            term = term.matmul(a) * (1.0 / f64::from(k));
            sum = sum + term;
        }
        (sum * constant(&weights)).sum()
    };
    for order in 1..3 {
        let of = |f: &dyn Fn(Var) -> Var| if order == 1 { grad(f, &a) } else { hvp(f, &a, &v) }.unwrap().to_f64_vec();
        assert!(apart(&of(&by_vectors), &of(&by_series)) < 1e-10, "{order}");
    }
    // A itself, rebuilt, has the identity for a derivative.
    let g = grad(
        |a: Var| {
            let (w, u) = a.eigh();
            (rebuilt(u, w, u.t()) * constant(&weights)).sum()
        },
        &a,
    )
    .unwrap()
    .to_f64_vec();
    let c = weights.to_f64_vec();
    for (p, g) in g.iter().enumerate() {
        let (i, j) = (p / 4, p % 4);
        let expected = if i > j {
            c[p] + c[j * 4 + i]
        } else if i == j {
            c[p]
        } else {
            0.0
        };
        assert!((g - expected).abs() < 1e-13, "{i} {j}: {g} {expected}");
    }
}

#[test]
fn eigenvectors_of_repeated_values_have_no_derivative() {
    let said = message(grad(|a: Var| a.eigh().1.sum(), &tensor![[1.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 3.0]]));
    assert_eq!(
        said,
        "inverse_gaps: entries 2 and 1 of the spectrum coincide to rounding (3 and 3), and their vectors have no derivative"
    );
    // Apart by rounding alone is not apart.
    let near = tensor![[3.0, 0.0], [0.0, 3.0 + 2.0 * f64::EPSILON]];
    assert!(message(grad(|a: Var| a.eigh().1.sum(), &near)).contains("coincide to rounding"));
    let said = message(grad(|a: Var| a.eigh().1.sum(), &pair([1.0, 0.0, 0.0, 2.0], [0.0; 4])));
    assert_eq!(
        said,
        "inverse_gaps: entries 1 and 0 of spectrum 1 of the batch coincide to rounding (0 and 0), and their vectors have no derivative"
    );
    // Values and vectors themselves are no trouble.
    let (w, v) = compile(|a: Var| a.eigh()).call(tensor![[3.0, 0.0], [0.0, 3.0]]).unwrap();
    assert_eq!((w, v), (tensor![3.0, 3.0], tensor![[1.0, 0.0], [0.0, 1.0]]));
}

/// Bad conditions, narrow numbers, batches, nothing, one number, none.
#[test]
fn spectra_at_the_ends() {
    let a = of_condition(9, 9, 1e10, 3);
    let gram = product(&a, &compile(|a: Var| a.t()).call(a.clone()).unwrap());
    let w = compile(|a: Var| a.eigh().0).call(gram.clone()).unwrap().to_f64_vec();
    assert!(apart(&w, &truly(|a: Var| a.eigh().0, &gram)) < 1e-14);
    let s = compile(|a: Var| a.svd().1).call(a.clone()).unwrap().to_f64_vec();
    let exactly = truly(|a: Var| a.svd().1, &a);
    assert!(apart(&s, &exactly) < 1e-14 && (s[8] / exactly[8] - 1.0).abs() < 1e-5, "{s:?} {exactly:?}");
    let narrow = compile(|a: Var| a.eigh().0).call(gram.to_dtype(DType::F32)).unwrap();
    assert!(narrow.dtype() == DType::F32 && apart(&narrow.to_f64_vec(), &w) < 1e-6);

    let many = noise([3, 4, 4], 1);
    let both = |a: Var| (a.eigh(), a.svd());
    let all = compile(both).call(many.clone()).unwrap();
    assert_eq!(compile(|a: Var| vmap(both, &a)).call(many).unwrap(), all);
    let none = Tensor::zeros(Type::new(DType::F64, [2, 0, 0]));
    let ((w, v), (u, s, vt)) = compile(both).call(none).unwrap();
    assert_eq!([w, s].map(|t| t.shape()[..].to_vec()), [[2, 0], [2, 0]]);
    assert_eq!([v, u, vt].map(|t| t.shape()[..].to_vec()), [[2, 0, 0], [2, 0, 0], [2, 0, 0]]);
    let ((w, v), (u, s, vt)) = compile(both).call(tensor![[-3.0]]).unwrap();
    assert_eq!((w, v, u, s, vt), (tensor![-3.0], tensor![[1.0]], tensor![[-1.0]], tensor![3.0], tensor![[1.0]]));
    assert_eq!(grad(|a: Var| a.eigh().0.sum() + a.svd().1.sum(), &tensor![[-3.0]]).unwrap(), tensor![[0.0]]);
    for bad in [f64::NAN, f64::INFINITY] {
        let ((w, v), (u, s, vt)) = compile(both).call(tensor![[1.0, 0.0], [bad, 1.0]]).unwrap();
        assert!([w, v, u, s, vt].iter().all(|t| t.to_f64_vec().iter().all(|x| x.is_nan())));
        // No plausible number comes out of a derivative.
        let g = grad(|a: Var| a.eigh().1.sum(), &tensor![[1.0, 0.0], [bad, 1.0]]).unwrap().to_f64_vec();
        assert!([g[0], g[2], g[3]].iter().all(|x| x.is_nan()), "{g:?}");
    }
    let e = compile(|a: Var| a.eigh().0).call(noise([2, 3], 0)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Shape);
    assert!(e.to_string().starts_with("eigh: the operand is f64[2,3], a square matrix is needed"), "{e}");
    let e = compile(|a: Var| a.svd().1).call(noise([3], 0)).unwrap_err();
    assert!(e.to_string().starts_with("svd_values: the operand is f64[3], a matrix"), "{e}");
}

#[test]
fn a_matrix_of_any_shape_and_rank_is_its_singular_vectors_and_values() {
    let rank_one = product(&noise([5, 1], 1), &noise([1, 3], 2));
    let zero = Tensor::zeros(Type::new(DType::F64, [3, 3]));
    for a in [noise([4, 4], 3), noise([9, 3], 4), noise([3, 7], 5), rank_one, zero, of_condition(6, 6, 1e10, 6)] {
        let all = |a: Var| {
            let (u, s, vt) = a.svd();
            (u, s, vt, rebuilt(u, s, vt))
        };
        let (u, s, vt, back) = compile(all).call(a.clone()).unwrap();
        let size = largest(&a.to_f64_vec()).max(1e-300);
        let off = back.to_f64_vec().iter().zip(a.to_f64_vec()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(off <= 1e-14 * size, "{off:e} of {size:e}");
        assert!(s.to_f64_vec().iter().rev().is_sorted());
        let v = compile(|x: Var| x.t()).call(vt).unwrap();
        assert!(
            orthonormality(&u) < 1e-14 && orthonormality(&v) < 1e-14,
            "{} {}",
            orthonormality(&u),
            orthonormality(&v)
        );
    }
}

#[test]
fn singular_values_move_as_norms_and_determinants() {
    for shape in [[4, 4], [6, 3], [3, 5]] {
        let a = noise(shape, 7);
        let near =
            |x: Tensor, y: Tensor, bound| assert!(apart(&x.to_f64_vec(), &y.to_f64_vec()) < bound, "{x:?}\n{y:?}");
        near(
            grad(|a: Var| a.svd().1.powi(2).sum(), &a).unwrap(),
            compile(|a: Var| a * 2.0).call(a.clone()).unwrap(),
            1e-13,
        );
        // The fourth powers: Σ σ⁴ = ‖AᵀA‖², to second order.
        let (by_values, by_gram) = (|a: Var| a.svd().1.powi(4).sum(), |a: Var| a.t().matmul(a).powi(2).sum());
        let v = noise(shape, 8);
        near(grad(by_values, &a).unwrap(), grad(by_gram, &a).unwrap(), 1e-13);
        near(hvp(by_values, &a, &v).unwrap(), hvp(by_gram, &a, &v).unwrap(), 1e-12);
        // U Vᵀ, the polar factor, by both bases.
        let polar = |a: Var| {
            let (u, _, vt) = a.svd();
            u.matmul(vt)
        };
        let whole = |a: Var| {
            let (u, s, vt) = a.svd();
            (rebuilt(u, s, vt) * constant(&v)).sum()
        };
        near(grad(whole, &a).unwrap(), v.clone(), 1e-13);
        if shape[0] >= shape[1] {
            // P (AᵀA)^½ = A, so P = A (AᵀA)^−½.
            let root = |a: Var| {
                let (w, u) = a.t().matmul(a).eigh();
                a.matmul(rebuilt(u, w.rsqrt(), u.t()))
            };
            let of = |f: fn(Var) -> Var, a: &Tensor| grad(|a: Var| (f(a) * constant(&v)).sum(), a).unwrap();
            near(of(polar, &a), of(root, &a), 1e-11);
        }
    }
    let a = noise([5, 5], 9);
    let log = |a: Var| a.svd().1.log().sum();
    let g = grad(log, &a).unwrap();
    let inverse = compile(|a: Var| a.inverse().t()).call(a).unwrap();
    assert!(apart(&g.to_f64_vec(), &inverse.to_f64_vec()) < 1e-12);
    // Repeated: the gradient of the nuclear norm at an orthogonal matrix is that matrix.
    let turn = tensor![[0.6, -0.8], [0.8, 0.6]];
    let g = grad(|a: Var| a.svd().1.sum(), &turn).unwrap();
    assert!(apart(&g.to_f64_vec(), &turn.to_f64_vec()) < 1e-15);
    let said = message(grad(|a: Var| a.svd().0.sum(), &tensor![[2.0, 0.0], [0.0, 2.0]]));
    assert_eq!(
        said,
        "inverse_gaps: entries 1 and 0 of the spectrum coincide to rounding (2 and 2), and their vectors have no derivative"
    );
    let said = message(grad(|a: Var| a.svd().2.sum(), &tensor![[2.0, 0.0], [0.0, 0.0]]));
    assert!(said.starts_with("inverse_gaps: entries 1 and 3 of the spectrum coincide to rounding (0 and"), "{said}");
}
