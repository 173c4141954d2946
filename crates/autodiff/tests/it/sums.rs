//! Long sums in f32 keep their digits by every road that sums: 10⁶ times 0.1, of which a running sum in f32 makes 100958.

use quadric_autodiff::trace::{Var, compile, concat, einsum, grad, scan};
use quadric_autodiff::{DType, Tensor};

const N: usize = 1_000_000;
/// 0.1 as f32 has it.
const TENTH: f64 = 0.1f32 as f64;

fn tenths(shape: &[usize]) -> Tensor {
    Tensor::from_fn(DType::F32, shape, |_| TENTH)
}

/// Indices that are all 0.
fn one_row() -> Tensor {
    Tensor::new([N], &vec![0i32; N]).unwrap()
}

fn close(what: &str, got: f64, expected: f64, bound: f64) {
    assert!((got - expected).abs() <= bound * expected, "{what}: {got}, not {expected}");
}

fn last(x: Var) -> Var {
    let n = x.shape()[0];
    x.slice(0, n - 1..n).sum()
}

#[test]
fn values_that_are_sums_keep_their_digits() {
    let x = tenths(&[N]);
    let full = N as f64 * TENTH;
    type Road = (&'static str, fn((Var, Var)) -> Var, f64);
    let roads: [Road; 7] = [
        ("sum", |(x, _)| x.sum(), full),
        ("mean", |(x, _)| x.mean(), TENTH),
        ("sum of columns", |(x, _)| x.reshape([N / 2, 2]).sum_axes(&[0]).sum(), full),
        ("cumsum", |(x, _)| last(x.cumsum(0)), full),
        ("matmul", |(x, _)| x.matmul(x.full_like(1.0)), full),
        ("einsum", |(x, _)| einsum("i,i->", &[x, x.full_like(1.0)]), full),
        ("scatter_add", |(x, i)| x.scatter_add(i, 0, 1).sum(), full),
    ];
    for (what, f, expected) in roads {
        close(what, compile(f).call((x.clone(), one_row())).unwrap().item(), expected, 1e-6);
    }
}

/// 2²⁵ ones; one after the other they stop at 2²⁴, where 1 is half a unit in the last place.
#[test]
fn a_sum_goes_on_where_one_more_is_lost() {
    let n = 1 << 25;
    let ones = Tensor::new([n], &vec![1.0f32; n]).unwrap();
    let both = compile(|x: Var| (x.sum(), last(x.cumsum(0)))).call(ones).unwrap();
    assert_eq!((both.0.item(), both.1.item()), (n as f64, n as f64));
}

#[test]
fn gradients_that_are_sums_keep_their_digits() {
    let full = N as f64 * TENTH;
    // Every read of the one number x has the cotangent 0.1.
    type Road = (&'static str, fn(Var, Var, Var) -> Var);
    let roads: [Road; 6] = [
        ("gather", |x, w, i| (x.gather(i, 0) * w).sum()),
        ("gather_along", |x, w, i| (x.gather_along(i, 0) * w).sum()),
        ("broadcast", |x, w, _| (x.reshape([]).broadcast_to([N]) * w).sum()),
        ("broadcast of a number", |x, w, _| (x.sum() * w).sum()),
        ("cumsum", |x, w, _| (concat(&[x, w.slice(0, 1..N) * 0.0], 0).cumsum(0) * w).sum()),
        ("matmul", |x, w, _| w.reshape([N, 1]).matmul(x.reshape([1, 1])).sum()),
    ];
    for (what, f) in roads {
        let slope = |(x, w, i): (Var, Var, Var)| grad(|x: Var| f(x, w, i), &x);
        let got = compile(slope).call((tenths(&[1]), tenths(&[N]), one_row())).unwrap();
        close(what, got.item(), full, 1e-6);
    }
}

/// A value that k equations read has its k cotangents added one after the other.
#[test]
fn many_reads_of_one_value_round_as_that_many_additions() {
    let reads = 200;
    let chain = |(x, w): (Var, Var)| {
        let read = |x: Var| {
            let parts: Vec<Var> = (0..reads).map(|k| x.slice(0, k % 3..k % 3 + 1)).collect();
            (concat(&parts, 0) * w).sum()
        };
        grad(read, &x).sum()
    };
    let got = compile(chain).call((tenths(&[3]), tenths(&[reads]))).unwrap().item();
    close("slices", got, reads as f64 * TENTH, reads as f64 * f64::from(f32::EPSILON) / 2.0);
}

/// What a loop adds up it adds in a running sum, state and cotangent alike; its doc says how the error grows, and what adds pairwise.
#[test]
fn a_loop_rounds_once_a_step_and_a_sum_of_what_it_returns_does_not() {
    let n = 30_000;
    let running = |(c, xs): (Var, Var)| {
        let state = |c: Var| scan(|s: Var, x: Var| (s + c * x, c * x), &c.number(0.0), &xs);
        let (_, stacked) = state(c);
        (state(c).0, stacked.sum(), grad(|c: Var| state(c).0, &c))
    };
    let one = Tensor::from_fn(DType::F32, [], |_| 1.0);
    let (state, stacked, slope) = compile(running).call((one, tenths(&[n]))).unwrap();
    let full = n as f64 * TENTH;
    let bound = n as f64 * f64::from(f32::EPSILON) / 2.0;
    close("state", state.item(), full, bound);
    close("cotangent of what is captured", slope.item(), full, bound);
    close("stacked", stacked.item(), full, 1e-6);
    assert!((state.item() - full).abs() > 1e-6 * full, "a running sum keeps {}: its doc is out of date", state.item());
}
