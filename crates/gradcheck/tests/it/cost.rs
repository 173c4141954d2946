//! What a check costs in calls of the function, as the README says it.

use std::cell::Cell;

use quadric_gradcheck::{gradient, hvp_from_value};

fn calls(n: usize, factor: f64, hessian: bool) -> usize {
    let count = Cell::new(0);
    let f = |x: &[f64]| {
        count.set(count.get() + 1);
        x.iter().map(|x| x.sin()).sum::<f64>()
    };
    let x: Vec<f64> = (0..n).map(|i| 0.3 + 0.01 * i as f64).collect();
    let passed = if hessian {
        let v = vec![1.0; n];
        let product = |x: &[f64], v: &[f64]| x.iter().zip(v).map(|(x, v)| -x.sin() * v * factor).collect::<Vec<f64>>();
        hvp_from_value(f, product, &x, &v).is_passed()
    } else {
        gradient(f, |x| x.iter().map(|x| x.cos() * factor).collect(), &x).is_passed()
    };
    assert_eq!(passed, factor == 1.0);
    count.get()
}

#[test]
fn a_check_costs_what_the_readme_says() {
    for n in [1, 10, 100] {
        let (right, wrong, products) = (calls(n, 1.0, false), calls(n, 1.1, false), calls(n, 1.0, true));
        println!("n = {n}: gradient {right}, a wrong one {wrong}, hvp_from_value {products}");
        // A smooth function: 12 values a line.
        assert!(right <= 12 * (n + 2) + 24, "{right}");
        assert!(products <= 24 * (n + 1), "{products}");
        assert!(wrong <= 9 * right / 2, "{wrong}");
    }
}
