use quadric_autodiff::{DType, Tensor, tensor, trace::*, transform::Part};
#[test]
fn smoke() {
    let g = grad(|x: Var| (x * x).sum(), &tensor![1.0, -3.0]).unwrap();
    assert_eq!(g, tensor![2.0, -6.0]);
    let h_v = hvp(|x: Var| x.powi(3).sum(), &tensor![1.0, 2.0], &tensor![1.0, 0.0]).unwrap();
    assert_eq!(h_v, tensor![6.0, 0.0]);
    let h = hessian(|x: Var| (x * x * x).sum(), &tensor![1.0, 2.0]).unwrap();
    println!("{h}");
    let w = Tensor::from_fn(DType::F64, [3, 2], |i| (i as f64 * 0.7).sin());
    let x = Tensor::from_fn(DType::F64, [4, 3], |i| (i as f64 * 0.3).cos());
    let f = |x: &Tensor| {
        let x = x.clone();
        move |w: Var| {
            let x = constant(&x);
            let z = cut("z", x.matmul(w).tanh());
            ((z - z.max_axes(&[-1]).stop_gradient().reshape([4, 1])).exp().sum_axes(&[-1]).ln()).mean()
                + (w * w).sum() * 0.5
        }
    };
    let v = Tensor::from_fn(DType::F64, [3, 2], |i| (i as f64).exp().sin());
    let run = |p: Part| hvp_of_part(&p, f(&x), &w, &v).unwrap().to_f64_vec();
    let (h, g, n, a, m, r) = (
        run(Part::Hessian),
        run(Part::gauss_newton("z")),
        run(Part::nme("z")),
        run(Part::activation_nme("z")),
        run(Part::multilinear_nme("z")),
        run(Part::remainder("z")),
    );
    println!("H {h:?}\nG {g:?}\nN {n:?}\nA {a:?}\nM {m:?}\nR {r:?}");
    for i in 0..6 {
        assert!((h[i] - g[i] - n[i] - r[i]).abs() < 1e-13);
        assert!((n[i] - a[i] - m[i]).abs() < 1e-13);
    }
    let e = hvp_of_part(&Part::nme("y"), f(&x), &w, &v).unwrap_err();
    println!("{e}");
    let e = grad(|w: Var| w.matmul(constant(&tensor![[1.0, 2.0]])), &w).unwrap_err();
    println!("{e}");
    let t = trace(f(&x), &w).unwrap();
    println!("{t}");
    let j = quadric_autodiff::transform::vjp(&t, &[true]).unwrap();
    println!("{}", j.tape);
    let fs = grad(|x: Var| declare_second_derivative("flat", x, |x| x.sin(), |x| x.zeros_like()).sum(), &tensor![0.5])
        .unwrap();
    println!("{fs}");
}
