//! `solve` and `inverse`.

use quadric_autodiff::trace::{Var, compile, grad, hvp, jvp, vmap};
use quadric_autodiff::{DType, ErrorKind, Tensor, tensor};

use super::*;

#[test]
fn the_derivatives_of_the_inverse_are_the_closed_forms() {
    let (a, v) = (noise([4, 4], 1), noise([4, 4], 2));
    let (inverse, moved) = jvp(|a: Var| a.inverse(), &a, &v).unwrap();
    let closed = compile(|(x, v): (Var, Var)| -x.matmul(v).matmul(x)).call((inverse.clone(), v.clone())).unwrap();
    assert!(apart(&moved.to_f64_vec(), &closed.to_f64_vec()) < 1e-13);
    // D²(A⁻¹)[V, V] = 2 A⁻¹ V A⁻¹ V A⁻¹; and the third is −6 of them.
    let along = |f: &dyn Fn(Var) -> Var, a: Var, v: Var| jvp(|a: Var| f(a), &a, &v).1;
    let derivatives = |(a, v): (Var, Var)| {
        let first = move |a: Var| along(&|a: Var| a.inverse(), a, v);
        let second = move |a: Var| along(&first, a, v);
        (second(a), along(&second, a, v))
    };
    let (second, third) = compile(derivatives).call((a.clone(), v.clone())).unwrap();
    let powers = |(x, v): (Var, Var)| {
        let step = x.matmul(v);
        (step.matmul(step).matmul(x) * 2.0, step.matmul(step).matmul(step).matmul(x) * -6.0)
    };
    let (two, three) = compile(powers).call((inverse, v)).unwrap();
    assert!(apart(&second.to_f64_vec(), &two.to_f64_vec()) < 1e-12);
    assert!(apart(&third.to_f64_vec(), &three.to_f64_vec()) < 1e-12);
}

/// ∇ of bᵀ A⁻¹ c by A is −A⁻ᵀ b (A⁻¹ c)ᵀ; its Hessian is symmetric.
#[test]
fn the_gradient_of_a_bilinear_form_is_an_outer_product() {
    let (a, b, c) = (noise([5, 5], 3), noise([5], 4), noise([5], 5));
    let form = |(a, b, c): (Var, Var, Var)| (a.solve(c) * b).sum();
    let (by_a, by_b, _) = grad(form, &(a.clone(), b.clone(), c.clone())).unwrap();
    let x = compile(|(a, c): (Var, Var)| a.solve(c)).call((a.clone(), c.clone())).unwrap();
    let y = compile(|(a, b): (Var, Var)| a.t().solve(b)).call((a.clone(), b.clone())).unwrap();
    assert_eq!(by_b, x);
    let outer = |(y, x): (Var, Var)| -y.reshape([5, 1]).matmul(x.reshape([1, 5]));
    assert!(apart(&by_a.to_f64_vec(), &compile(outer).call((y, x)).unwrap().to_f64_vec()) < 1e-13);
    let (u, v) = (noise([5, 5], 6), noise([5, 5], 7));
    let of_a = |a: Var| form((a, quadric_autodiff::trace::constant(&b), quadric_autodiff::trace::constant(&c)));
    let inner = |x: &Tensor, y: &Tensor| x.to_f64_vec().iter().zip(y.to_f64_vec()).map(|(x, y)| x * y).sum::<f64>();
    let (hu, hv) = (hvp(of_a, &a, &u).unwrap(), hvp(of_a, &a, &v).unwrap());
    assert!((inner(&hu, &v) - inner(&hv, &u)).abs() < 1e-12 * inner(&hu, &v).abs());
}

/// The residual is that of a backward stable method whatever the condition; the error grows with the condition and no faster.
#[test]
fn a_condition_of_1e10_costs_ten_digits() {
    let n = 12;
    for seed in 0..5 {
        let (a, b) = (of_condition(n, n, 1e10, 100 * seed), noise([n, 3], seed));
        let solve = |(a, b): (Var, Var)| a.solve(b);
        let tape = trace::trace(solve, &(a.clone(), b.clone())).unwrap();
        let exactly = truth(&tape, &exact(&[a.clone(), b.clone()]))[0].to_f64_vec();
        let x = compile(solve).call((a.clone(), b.clone())).unwrap();
        assert!(apart(&x.to_f64_vec(), &exactly) < 1e-4, "{}", apart(&x.to_f64_vec(), &exactly));
        let back = product(&a, &x).to_f64_vec();
        let residual = back.iter().zip(b.to_f64_vec()).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(residual <= 20.0 * f64::EPSILON * largest(&x.to_f64_vec()), "{residual:e}");
    }
}

#[test]
fn batches_vectors_and_narrow_numbers() {
    let (a, b) = (noise([2, 3, 4, 4], 8), noise([2, 3, 4], 9));
    let x = compile(|(a, b): (Var, Var)| a.solve(b)).call((a.clone(), b.clone())).unwrap();
    assert_eq!(x.shape()[..], [2, 3, 4]);
    let each = |(a, b): (Var, Var)| vmap(|(a, b): (Var, Var)| vmap(|(a, b): (Var, Var)| a.solve(b), &(a, b)), &(a, b));
    assert_eq!(compile(each).call((a.clone(), b.clone())).unwrap(), x);
    let narrow = |t: &Tensor| t.to_dtype(DType::F32);
    let y = compile(|(a, b): (Var, Var)| a.solve(b)).call((narrow(&a), narrow(&b))).unwrap();
    assert_eq!(y.dtype(), DType::F32);
    assert!(apart(&y.to_f64_vec(), &x.to_f64_vec()) < 1e-4);
    // Nothing to solve, and one number to divide by.
    let solve = |a: Tensor, b: Tensor| compile(|(a, b): (Var, Var)| a.solve(b)).call((a, b)).unwrap();
    let none = |shape: &[usize]| Tensor::zeros(quadric_autodiff::shape::Type::new(DType::F64, shape));
    assert_eq!(solve(none(&[0, 0]), none(&[0])), none(&[0]));
    assert_eq!(solve(none(&[0, 0]), none(&[0, 2])), none(&[0, 2]));
    assert_eq!(solve(tensor![[-4.0]], tensor![[2.0, 1.0]]), tensor![[-0.5, -0.25]]);
    let inverse = compile(|a: Var| a.inverse()).call(none(&[2, 0, 0])).unwrap();
    assert_eq!(inverse, none(&[2, 0, 0]));
}

#[test]
fn a_singular_matrix_is_named() {
    let solve = |a: Tensor, b: Tensor| compile(|(a, b): (Var, Var)| a.solve(b)).call((a, b));
    let singular = tensor![[1.0, 2.0], [2.0, 4.0]];
    assert_eq!(
        message(solve(singular.clone(), tensor![1.0, 1.0])),
        "solve: the matrix is singular (no pivot in column 1)"
    );
    let many = pair([1.0, 0.0, 0.0, 1.0], [0.0, 2.0, 0.0, 4.0]);
    let rhs = tensor![[1.0, 1.0], [1.0, 1.0]];
    assert_eq!(message(solve(many, rhs)), "solve: matrix 1 of the batch is singular (no pivot in column 0)");
    // The interpreter says the same.
    let tape = trace::trace(|a: Var| a.inverse(), &singular).unwrap();
    let said = quadric_autodiff::reference::run_f64(&tape, &[&singular]).unwrap_err();
    assert!(said.to_string().starts_with("solve: the matrix is singular (no pivot in column 1)"), "{said}");
}

/// What is not finite in A makes all of the result NaN; in b it stays in its column.
#[test]
fn what_is_no_number_stays_none() {
    let solve = |a: Tensor, b: Tensor| compile(|(a, b): (Var, Var)| a.solve(b)).call((a, b)).unwrap().to_f64_vec();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for place in 0..4 {
            let a = Tensor::from_fn(DType::F64, [2, 2], |i| if i == place { bad } else { 0.0 });
            assert!(solve(a.clone(), tensor![1.0, 2.0]).iter().all(|x| x.is_nan()), "{a:?}");
            let g = grad(|a: Var| a.solve(quadric_autodiff::trace::constant(&tensor![1.0, 2.0])).sum(), &a).unwrap();
            assert!(g.to_f64_vec().iter().all(|x| x.is_nan()), "{a:?}");
        }
    }
    let x = solve(tensor![[2.0, 0.0], [0.0, 4.0]], tensor![[1.0, f64::NAN], [1.0, 1.0]]);
    assert!(x[0] == 0.5 && x[1].is_nan() && x[2] == 0.25);
}

#[test]
fn shapes_that_do_not_fit_are_told() {
    let error = |a: Tensor, b: Tensor| compile(|(a, b): (Var, Var)| a.solve(b)).call((a, b)).unwrap_err();
    let e = error(noise([2, 3], 0), noise([2], 0));
    assert_eq!(e.kind(), ErrorKind::Shape);
    assert!(e.to_string().starts_with("solve: the operand is f64[2,3], a square matrix is needed"), "{e}");
    let e = error(noise([2, 2], 0), noise([3, 1], 0));
    assert!(e.to_string().starts_with("solve: rhs f64[3,1] does not fit the matrix f64[2,2]"), "{e}");
    let e = error(noise([2, 2], 0), tensor![1.0f32, 2.0]);
    assert_eq!(e.kind(), ErrorKind::DType);
    assert!(e.to_string().starts_with("solve: dtypes differ: lhs f64[2,2], rhs f32[2,1]"), "{e}");
    let e = compile(|a: Var| a.inverse()).call(noise([3], 0)).unwrap_err();
    assert!(e.to_string().starts_with("inverse: the operand is f64[3], a square matrix is needed"), "{e}");
    let e = compile(|a: Var| a.inverse()).call(tensor![[1]]).unwrap_err();
    assert!(e.to_string().starts_with("inverse: the operand is i32[1,1], a float is needed"), "{e}");
}
