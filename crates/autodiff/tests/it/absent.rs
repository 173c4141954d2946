//! What has no derivative leaves no trace of itself: an unread result whose value or slope is infinite or NaN does not touch
//! the derivatives of what is read, by any road and at any order, in loops and checkpoints as outside of them.

use quadric_autodiff::trace::{
    self, Var, checkpoint, custom_derivative, cut, grad, hessian, hvp, jvp, linearize, scan, scan_n, vjp, vmap,
};
use quadric_autodiff::{Tensor, tensor};

/// The derivatives of a function of one number at a point, to third order, by every nesting of the two modes.
fn derivatives(f: impl Fn(Var) -> Var + Copy, x: f64) -> Vec<(String, f64)> {
    let x = Tensor::scalar(x);
    let one = Tensor::scalar(1.0);
    let forward = |f: &dyn Fn(Var) -> Var, x: Var| jvp(|x: Var| f(x), &x, &x.number(1.0)).1;
    let reverse = |f: &dyn Fn(Var) -> Var, x: Var| vjp(|x: Var| f(x), &x, &x.number(1.0)).1;
    let by = |modes: usize, order: usize, x: &Tensor| -> f64 {
        let mode =
            |k: usize, g: &dyn Fn(Var) -> Var, x: Var| if modes >> k & 1 == 0 { forward(g, x) } else { reverse(g, x) };
        let d1 = move |x: Var| mode(0, &f, x);
        let d2 = move |x: Var| mode(1, &d1, x);
        let d3 = move |x: Var| mode(2, &d2, x);
        let tape = match order {
            1 => trace::trace(d1, x),
            2 => trace::trace(d2, x),
            _ => trace::trace(d3, x),
        };
        super::support::run_all(&tape.unwrap(), std::slice::from_ref(x))[0].item()
    };
    let mut all = Vec::new();
    for order in 1..=3 {
        for modes in 0..1 << order {
            let name: String = (0..order).map(|k| if modes >> k & 1 == 0 { 'F' } else { 'R' }).collect();
            all.push((format!("order {order}: {name}"), by(modes, order, &x)));
        }
    }
    all.push(("order 1: grad".into(), grad(f, &x).unwrap().item()));
    all.push(("order 1: linearize".into(), linearize(f, &x).unwrap().1.apply(&one).unwrap().item()));
    all.push(("order 2: hvp".into(), hvp(f, &x, &one).unwrap().item()));
    let of_vector = |x: Var| f(x.reshape([]));
    all.push(("order 2: hessian".into(), hessian(of_vector, &x.reshaped([1])).unwrap().reshaped([]).item()));
    let rows = |x: Var| vmap(|x: Var| hvp(f, &x, &x.number(1.0)), &x);
    all.push(("order 2: vmap".into(), trace::compile(rows).call(x.reshaped([1])).unwrap().reshaped([]).item()));
    all.push(("order 3: grad of hvp".into(), grad(|x: Var| hvp(f, &x, &x.number(1.0)), &x).unwrap().item()));
    all
}

#[track_caller]
fn assert_derivatives(f: impl Fn(Var) -> Var + Copy, x: f64, expected: [f64; 3]) {
    for (road, found) in derivatives(f, x) {
        let order = road.chars().find_map(|c| c.to_digit(10)).unwrap() as usize;
        let wanted = expected[order - 1];
        assert!((found - wanted).abs() <= 1e-12 * (1.0 + wanted.abs()), "{road}: {found}, not {wanted}");
    }
}

/// No stacked output.
fn nothing() -> Vec<Var> {
    Vec::new()
}

/// `ln √(x − 1)`: at 1 the value is −∞ and every partial is infinite.
fn pole(x: Var) -> Var {
    (x - 1.0).sqrt().log()
}

#[test]
fn an_unread_result_of_a_checkpoint() {
    assert_derivatives(|x| (x.powi(3), pole(x)).0, 1.0, [3.0, 6.0, 6.0]);
    assert_derivatives(|x| checkpoint(|x: Var| (x.powi(3), pole(x)), &x).0, 1.0, [3.0, 6.0, 6.0]);
    assert_derivatives(|x| checkpoint(|x: Var| (pole(x), x.powi(3)), &x).1, 1.0, [3.0, 6.0, 6.0]);
    // One inside another, whose own unread result is what is unread outside.
    let nested =
        |x: Var| checkpoint(|x: Var| (checkpoint(|x: Var| (x * x, pole(x)), &x).0 * x, pole(x) * f64::NAN), &x).0;
    assert_derivatives(nested, 1.0, [3.0, 6.0, 6.0]);
}

#[test]
fn an_unread_operand_of_a_checkpoint() {
    // The second result has no tangent: what follows it outside is not reached by zeros.
    let f = |x: Var| {
        let (a, b) = checkpoint(|x: Var| (x.powi(3), x.stop_gradient() - 1.0), &x);
        a + b.sqrt()
    };
    assert_derivatives(f, 1.0, [3.0, 6.0, 6.0]);
}

#[test]
fn an_unread_state_of_a_loop() {
    let ones = |x: Var| x.number(1.0).broadcast_to([3]);
    // a carries x through three steps; b is a·NaN from the first.
    let nan = |x: Var| scan(|(a, b): (Var, Var), _: Var| ((a, b * f64::NAN), nothing()), &(x, x), &ones(x)).0.0;
    assert_derivatives(nan, 1.0, [1.0, 0.0, 0.0]);
    let product = |x: Var| {
        scan(
            |(a, b): (Var, Var), s: Var| ((a * x * s, b + pole(a)), nothing()),
            &(x.number(1.0), x.number(0.0)),
            &ones(x),
        )
        .0
        .0
    };
    assert_derivatives(product, 1.0, [3.0, 6.0, 6.0]);
    // What is read is stacked, and the state of it ends unread.
    let stacked = |x: Var| scan(|a: Var, s: Var| (a * x * s, (a, pole(a))), &x, &ones(x)).1.0.sum();
    assert_derivatives(stacked, 1.0, [6.0, 8.0, 6.0]); // x + x² + x³
}

#[test]
fn an_unread_output_of_a_loop() {
    let f = |x: Var| {
        let ones = x.number(1.0).broadcast_to([3]);
        scan(|a: Var, s: Var| (a * x * s, pole(a)), &x.number(1.0), &ones).0
    };
    assert_derivatives(f, 1.0, [3.0, 6.0, 6.0]);
    let inside = |x: Var| checkpoint(|x: Var| f(x), &x);
    assert_derivatives(inside, 1.0, [3.0, 6.0, 6.0]);
}

#[test]
fn a_state_that_a_stop_or_a_comparison_lies_before_carries_no_tangent() {
    // b is a function of x by a stop alone; its root has an infinite slope at 0.
    let f = |x: Var| {
        let ones = x.number(1.0).broadcast_to([2]);
        let step = |(a, b): (Var, Var), s: Var| {
            ((a * x * s + b.sqrt(), (a.stop_gradient() - a.stop_gradient()) * s), nothing())
        };
        scan(step, &(x.number(1.0), x.number(0.0)), &ones).0.0
    };
    assert_derivatives(f, 2.0, [4.0, 2.0, 0.0]);
    let compared = |x: Var| {
        let ones = x.number(1.0).broadcast_to([2]);
        let step = |(a, b): (Var, Var), s: Var| {
            ((a * x * s + b.sqrt(), a.lt(x * 0.0).convert(quadric_autodiff::DType::F64)), nothing())
        };
        scan(step, &(x.number(1.0), x.number(0.0)), &ones).0.0
    };
    assert_derivatives(compared, 2.0, [4.0, 2.0, 0.0]);
}

/// A state that is constant in the first steps, or unread behind the last ones, has an infinite slope in just those steps.
#[test]
fn a_state_that_begins_or_ends_without_a_derivative() {
    // √x + x, after one step from 0.
    let root = |x: Var| scan_n(2, |s: Vec<Var>| (vec![s[0].sqrt() + x], nothing()), &vec![x.number(0.0)]).0[0];
    assert_derivatives(root, 4.0, [1.25, -1.0 / 32.0, 3.0 / 256.0]);
    let one_step = |x: Var| scan_n(1, |s: Vec<Var>| (vec![s[0].sqrt() + x * x], nothing()), &vec![x.number(0.0)]).0[0];
    assert_derivatives(one_step, 4.0, [8.0, 2.0, 0.0]);
    // The slope in x of √s·x is finite, its slope in s is not.
    let product = |x: Var| scan_n(2, |s: Vec<Var>| (vec![s[0].sqrt() * x + x], nothing()), &vec![x.number(0.0)]).0[0];
    assert_derivatives(product, 4.0, [4.0, 0.375, -3.0 / 64.0]); // x^1.5 + x
    // The root is of a constant for two steps.
    let two = |x: Var| {
        let step = |s: Vec<Var>| (vec![s[1], x, s[2] + s[0].sqrt() * x + x], nothing());
        scan_n(3, step, &vec![x.number(0.0); 3]).0[2]
    };
    assert_derivatives(two, 4.0, [6.0, 0.375, -3.0 / 64.0]); // x^1.5 + 3x
    // Stacked: 2, 1, and an unread 0.
    let stacked = |x: Var| scan_n(2, |s: Vec<Var>| (vec![(s[0] - 1.0).sqrt()], vec![s[0]]), &vec![x]).1[0].sum();
    assert_derivatives(stacked, 2.0, [1.5, -0.25, 0.375]); // x + √(x − 1)
    // Both ends at once.
    let both = |x: Var| {
        let step = |s: Vec<Var>| (vec![s[0].sqrt() * x + x, (s[1] - 1.0).sqrt()], vec![s[0] * x, s[1]]);
        let (_, y) = scan_n(2, step, &vec![x.number(0.0), x]);
        y[0].sum() + y[1].sum()
    };
    assert_derivatives(both, 2.0, [5.5, 1.75, 0.375]); // x² + x + √(x − 1)
}

#[test]
fn declared_derivatives_with_an_absent_direction() {
    // d(x, y) = 2x dx + dy/y, where y is a constant 0 or the second result is unread.
    let both = |x: Var, y: Var| {
        custom_derivative(
            "both",
            &[x, y],
            |v| vec![v[0] * v[0], v[1].log()],
            |v, d| vec![v[0] * d[0] * 2.0, d[1] / v[1]],
        )
    };
    let unread = |x: Var| both(x, x - 1.0)[0] * x;
    assert_derivatives(unread, 1.0, [3.0, 6.0, 6.0]);
    let sum = |x: Var, y: Var| {
        custom_derivative("sum", &[x, y], |v| vec![v[0] * v[0] + v[1]], |v, d| vec![v[0] * d[0] * 2.0 + d[1] / v[1]])[0]
    };
    let constant = |x: Var| sum(x, x.number(0.0)) * x;
    assert_derivatives(constant, 1.0, [3.0, 6.0, 6.0]);
    // A derivative declared as zero is no zeros that an infinite slope in front of it multiplies.
    let flat = |x: Var| {
        let y = (x - 1.0).sqrt();
        custom_derivative("flat", &[x, y], |v| vec![v[0] * v[0] + v[1]], |v, d| vec![v[0] * d[0] * 2.0])[0] * x
    };
    assert_derivatives(flat, 1.0, [3.0, 6.0, 6.0]);
    // Bodies in a declared derivative are gone through as its own equations are.
    let inside = |x: Var, y: Var| {
        let jvp = |v: &[Var], d: &[Var]| {
            let (v, d) = ((v[0], v[1]), (d[0], d[1]));
            let (a, b) = checkpoint(|(v, d): ((Var, Var), (Var, Var))| (v.0 * d.0 * 2.0, d.1 / v.1), &(v, d));
            let halves = v.0.number(0.5).broadcast_to([2]);
            let step = |(a, b): (Var, Var), s: Var| ((a + d.0 * v.0 * s * 0.0, b), nothing());
            let ((a, b), _) = scan(step, &(a, b), &halves);
            vec![a, b]
        };
        custom_derivative("inside", &[x, y], |v| vec![v[0] * v[0], v[1].log()], jvp)
    };
    let f = |x: Var| inside(x, x - 1.0)[0] * x;
    assert_derivatives(f, 1.0, [3.0, 6.0, 6.0]);
    let g = |x: Var| inside(x, x.number(0.0))[0] * x;
    assert_derivatives(g, 1.0, [3.0, 6.0, 6.0]);
}

#[test]
fn linear_parts_and_cuts_leave_nothing_of_it_either() {
    use quadric_autodiff::trace::hvp_of_part;
    use quadric_autodiff::transform::Part;
    let loss = |x: Var| cut("z", checkpoint(|x: Var| (x * x, pole(x)), &x).0).powi(2);
    let (x, one) = (Tensor::scalar(1.0), Tensor::scalar(1.0));
    let part = |part: Part| hvp_of_part(&part, loss, &x, &one).unwrap().item();
    assert_eq!((part(Part::gauss_newton("z")), part(Part::nme("z"))), (8.0, 4.0));
    // Products with several directions, at one linearised point.
    let f = |x: Var| scan(|(a, b): (Var, Var), s: Var| ((a * s, b + pole(a)), a), &(x.sum(), x.sum()), &x).1;
    let (y, map) = linearize(f, &tensor![1.0, 2.0]).unwrap();
    assert_eq!(y, tensor![3.0, 3.0]);
    assert_eq!(map.apply(&tensor![1.0, 0.0]).unwrap(), tensor![1.0, 4.0]);
}
