//! Operations that are composed: values against plain loops, derivatives to third order by every road.

use std::fmt::Write as _;

use quadric_autodiff::trace::{
    self, Var, compile, constant, einsum, eye, full, grad, hessian, hvp, linspace, meshgrid, select, stack, zeros,
};
use quadric_autodiff::{Arithmetic, DType, ErrorKind, Tensor, tensor};

use super::generate::Program;
use super::random::Seen;
use super::roads;
use super::support::{Rng, golden};

/// A smooth function of one array at points without ties, by every road of derivatives; a line of the table.
fn by_every_road(table: &mut String, name: &str, shape: &[usize], low: f64, high: f64, f: impl Fn(Var) -> Var) {
    let mut made_of = Vec::new();
    for seed in 0..3 {
        let mut rng = Rng(seed + 11);
        let x = Tensor::from_fn(DType::F64, shape, |_| rng.between(low, high));
        let tape = trace::trace(&f, &x).unwrap_or_else(|e| panic!("{name}: {e}"));
        tape.equations().iter().for_each(|e| {
            let line = e.label.user_line().map_or_else(String::new, ToString::to_string);
            assert!(line.contains("operations.rs"), "{name}: {} is said to be of {line:?}", e.op.name());
            let name = e.op.name();
            if !made_of.contains(&name) {
                made_of.push(name);
            }
        });
        let program = Program { tape, point: vec![x], margin: f64::INFINITY, stops: false };
        let checked = roads::check(&program, false, seed * 8 + 7, &mut Seen::default());
        checked.unwrap_or_else(|why| panic!("{name}, seed {seed}: {why}"));
    }
    let _ = writeln!(table, "| `{name}` | {} |", made_of.join(", "));
}

const HEAD: &str = "\
# Composed operations

Written by `BLESS=1 cargo test -p quadric-autodiff --test it operations`; the same test fails if this page is stale. Methods of `Var` and functions of
`trace` that are made of other primitives. Each was run, as part of the function that the test shows, at three points: value, jvp, vjp, the four nestings of
second order, all six of third order, `linearize` and `transpose`, `vmap` against one by one, differences of each order, in double-double, and the executor against
that, optimised and not, on one thread and two. `docs/coverage.md` has the primitives themselves.

| operation | made of |
|---|---|
";

#[test]
fn composed_operations_have_right_derivatives() {
    let mut table = HEAD.to_string();
    let t = &mut table;
    by_every_road(t, "prod", &[2, 3], -2.0, 2.0, Var::prod);
    by_every_road(t, "prod_axes", &[2, 3, 2], -2.0, 2.0, |x| x.prod_axes(&[0, 2]));
    by_every_road(t, "var_axes", &[3, 4], -2.0, 2.0, |x| x.var_axes(&[1], 1));
    by_every_road(t, "std_axes", &[3, 4], -2.0, 2.0, |x| x.std_axes(&[0], 0));
    by_every_road(t, "norm_axes", &[3, 4], -2.0, 2.0, |x| x.norm_axes(&[1]));
    by_every_road(t, "norm", &[3, 2], -2.0, 2.0, |x| x.norm());
    by_every_road(t, "normalized", &[5], -2.0, 2.0, |x| x.normalized());
    by_every_road(t, "logsumexp", &[2, 3, 2], -3.0, 3.0, |x| x.logsumexp(&[0, 1]));
    by_every_road(t, "cumlogsumexp", &[2, 5], -3.0, 3.0, |x| x.cumlogsumexp(1));
    by_every_road(t, "cummax", &[2, 5], -3.0, 3.0, |x| x.cummax(1) * x);
    by_every_road(t, "cummin", &[5, 2], -3.0, 3.0, |x| x.cummin(0) * x);
    by_every_road(t, "min_axes", &[3, 2], -3.0, 3.0, |x| x.min_axes(&[0]) * x.min_keepdims(&[0, 1]));
    by_every_road(t, "roll", &[4, 2], -2.0, 2.0, |x| x.roll(-3, 0) * x);
    by_every_road(t, "flip", &[2, 3], -2.0, 2.0, |x| x.flip(&[0, -1]) * x * x);
    by_every_road(t, "tile", &[2, 1], -2.0, 2.0, |x| x.tile(&[2, 1, 3]).powi(3));
    by_every_road(t, "repeat", &[2, 2], -2.0, 2.0, |x| x.repeat(3, 1).powi(3));
    by_every_road(t, "stack", &[3], -2.0, 2.0, |x| stack(&[x, x * x, x.sin()], 1));
    by_every_road(t, "split", &[5], -2.0, 2.0, |x| {
        let parts = x.split(&[2, 0, 3], 0);
        parts[0].prod() * parts[2].prod() + parts[1].sum()
    });
    by_every_road(t, "outer", &[3], -2.0, 2.0, |x| x.outer(x * x));
    by_every_road(t, "diag", &[2, 3], -2.0, 2.0, |x| x.diag().matmul(x.t()));
    by_every_road(t, "diagonal", &[2, 3, 4], -2.0, 2.0, |x| x.diagonal().powi(3));
    by_every_road(t, "trace", &[3, 3], -2.0, 2.0, |x| x.matmul(x).matmul(x).trace());
    by_every_road(t, "tril", &[3, 4], -2.0, 2.0, |x| x.tril(1).powi(3));
    by_every_road(t, "triu", &[3, 4], -2.0, 2.0, |x| x.triu(-1).powi(3));
    by_every_road(t, "clamp", &[6], -2.0, 2.0, |x| x.clamp(-1.01, 0.97) * x);
    by_every_road(t, "matmul, a batch and a matrix", &[2, 3, 3], -1.0, 1.0, |x| {
        let m = x.sum_axes(&[0]);
        x.matmul(m) * m.matmul(x)
    });
    by_every_road(t, "matmul, with vectors", &[3, 3], -1.0, 1.0, |x| {
        let v = x.sum_axes(&[0]);
        (x.matmul(v) * v.matmul(x)) * v.matmul(v)
    });
    by_every_road(t, "meshgrid", &[3], -1.0, 1.0, |x| {
        let grid = meshgrid(&[x, x * x]);
        grid[0] * grid[1]
    });
    by_every_road(t, "einsum", &[2, 3, 3], -1.0, 1.0, |x| einsum("bij,bjk,bkk->ki", &[x, x, x]));
    by_every_road(t, "gather_nd", &[2, 3, 2], -1.0, 1.0, |x| {
        x.gather_nd(constant(&tensor![[0, 2], [1, 0], [0, 2]])).powi(3)
    });
    let regular = |x: Var| x + eye(DType::F64, 3) * 3.0;
    by_every_road(t, "inverse", &[3, 3], -1.0, 1.0, |x| regular(x).inverse());
    by_every_road(t, "logdet", &[2, 3, 3], -1.0, 1.0, |x| regular(x).logdet());
    by_every_road(t, "slogdet", &[3, 3], -1.0, 1.0, |x| regular(x).slogdet().1);
    by_every_road(t, "qr", &[4, 2], -1.0, 1.0, |x| {
        let (q, r) = x.qr();
        q.matmul(r.powi(2))
    });
    by_every_road(t, "lstsq", &[4, 2], -1.0, 1.0, |x| x.lstsq(x.powi(2).sum_axes(&[1])));
    by_every_road(t, "eigh", &[2, 2], -1.0, 1.0, |x| {
        let (w, v) = (x + constant(&tensor![[0.0, 0.0], [0.0, 5.0]])).eigh();
        v.powi(2).matmul(w)
    });
    by_every_road(t, "svd", &[3, 2], -1.0, 1.0, |x| {
        let (u, s, v) = (x + constant(&tensor![[4.0, 0.0], [0.0, 2.0], [0.0, 0.0]])).svd();
        (u * s).matmul(v).sum_axes(&[0]) + u.powi(2).matmul(s).sum()
    });
    golden("docs/operations.md", t);
}

/// Against plain loops over all letters.
#[test]
fn einsum_is_the_sum_over_letters() {
    let mut rng = Rng(5);
    let sizes = |c: char| 2 + "ijklb".find(c).unwrap() % 3;
    for text in [
        "ij,jk->ik",
        "ij,kj->ki",
        "ii->i",
        "ii",
        "ij->ji",
        "ij->",
        "i,j->ij",
        "bij,bjk->bik",
        "bij,jk->bik",
        "ij,ij->",
        "ij,ij->ij",
    ] {
        let (inputs, output) = text.split_once("->").unwrap_or((text, ""));
        let words: Vec<&str> = inputs.split(',').collect();
        let operands: Vec<Tensor> = words
            .iter()
            .map(|w| Tensor::from_fn(DType::F64, w.chars().map(sizes).collect::<Vec<_>>(), |_| rng.between(-1.0, 1.0)))
            .collect();
        let got = compile(|x: Vec<Var>| einsum(text, &x)).call(operands.clone()).unwrap();
        let mut letters: Vec<char> = output.chars().collect();
        letters.extend(inputs.chars().filter(|c| c.is_alphabetic() && !output.contains(*c)));
        let mut distinct: Vec<char> = Vec::new();
        letters.into_iter().for_each(|c| {
            if !distinct.contains(&c) {
                distinct.push(c)
            }
        });
        let total: usize = distinct.iter().map(|c| sizes(*c)).product();
        let kept: usize = output.chars().map(sizes).product();
        let mut expected = vec![0.0; kept];
        for flat in 0..total {
            let mut rest = flat;
            let mut at = std::collections::BTreeMap::new();
            for c in distinct.iter().rev() {
                at.insert(*c, rest % sizes(*c));
                rest /= sizes(*c);
            }
            let entry = |x: &Tensor, w: &str| x.to_f64_vec()[w.chars().fold(0, |i, c| i * sizes(c) + at[&c])];
            expected[flat / (total / kept)] += operands.iter().zip(&words).map(|(x, w)| entry(x, w)).product::<f64>();
        }
        assert_eq!(got.shape()[..], output.chars().map(sizes).collect::<Vec<_>>(), "{text}");
        for (a, b) in got.to_f64_vec().iter().zip(&expected) {
            assert!((a - b).abs() < 1e-14, "{text}: {got} and {expected:?}");
        }
    }
}

#[test]
fn operations_at_their_ends() {
    let run = |f: fn(Var) -> Var, x: Tensor| compile(f).call(x).unwrap();
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let empty = Tensor::new([0], &[0.0; 0]).unwrap();
    let none = Tensor::new([2, 0], &[0.0; 0]).unwrap();

    // Empty things.
    assert_eq!(run(Var::prod, empty.clone()), Tensor::scalar(1.0));
    assert_eq!(run(|x| x.logsumexp(&[0]), empty.clone()), Tensor::scalar(-inf));
    assert_eq!(run(|x| x.norm_axes(&[1]), none.clone()), tensor![0.0, 0.0]);
    assert_eq!(run(|x| x.cumlogsumexp(0), empty.clone()), empty);
    assert_eq!(run(|x| x.cummax(0).roll(3, 0), empty.clone()), empty);
    assert_eq!(run(|x| x.diagonal(), none.clone()).shape()[..], [0]);
    assert_eq!(run(|x| x.trace(), none), Tensor::scalar(0.0));
    assert_eq!(run(|x| x.norm(), empty), Tensor::scalar(0.0));

    // Sets of equal things: all −∞ (a masked row), ties.
    let masked = tensor![[-inf, -inf], [0.0, -inf], [1.0, 1.0]];
    let lse = |x: Var| x.logsumexp(&[1]);
    assert_eq!(run(lse, masked.clone()), tensor![-inf, 0.0, 1.0 + 2f64.ln()]);
    let rows = |x: Var| select(lse(x).gt(-1e300), lse(x), 0.0).sum();
    assert_eq!(grad(|x| lse(x).sum(), &masked).unwrap(), tensor![[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]]);
    assert_eq!(hvp(rows, &masked, &Tensor::from_fn(DType::F64, [3, 2], |i| (i % 2) as f64)).unwrap(), {
        tensor![[0.0, 0.0], [0.0, 0.0], [-0.25, 0.25]]
    });
    assert_eq!(run(lse, tensor![[inf, 0.0], [inf, -inf]]), tensor![inf, inf]);
    assert!(run(lse, tensor![[nan, 0.0]]).to_f64_vec()[0].is_nan());
    assert_eq!(run(|x| x.cumlogsumexp(0), tensor![-inf, -inf, 3.0, -1e4]), tensor![-inf, -inf, 3.0, 3.0]);
    assert_eq!(run(|x| x.cumlogsumexp(0), tensor![-inf, 1000.0, -inf]), tensor![-inf, 1000.0, 1000.0]);
    let add = |x: Var| x.slice(0, 0..1).logaddexp(x.slice(0, 1..2)).sum();
    assert_eq!(run(add, tensor![-inf, -inf]), Tensor::scalar(-inf));
    assert_eq!(grad(add, &tensor![-inf, -inf]).unwrap(), tensor![0.0, 0.0]);
    assert_eq!(hessian(add, &tensor![7.0, 7.0]).unwrap(), tensor![[0.25, -0.25], [-0.25, 0.25]]);
    assert_eq!(hessian(add, &tensor![-inf, 7.0]).unwrap(), tensor![[0.0, 0.0], [0.0, 0.0]]);

    // NaN.
    assert!(run(|x| x.clamp(-1.0, 1.0), tensor![nan]).item().is_nan());
    assert_eq!(run(|x| x.argmin(0), tensor![0.0, nan, -1.0]), Tensor::scalar(1));
    let running = run(|x| x.cummax(0), tensor![1.0, nan, 2.0]).to_f64_vec();
    assert!(running[0] == 1.0 && running[1].is_nan() && running[2].is_nan());
    assert_eq!(run(|x| select(x.equal(x), 1.0, x.zeros_like()), tensor![nan, 2.0]), tensor![0.0, 1.0]);

    // Sources.
    let sources = |x: Var| {
        (
            x + full(DType::F64, [2], 0.5),
            x * zeros(DType::F64, []),
            eye(DType::F32, 2),
            linspace(DType::F64, -1.0, 1.0, 1),
        )
    };
    let (a, b, c, d) = compile(sources).call(tensor![1.0, 2.0]).unwrap();
    assert_eq!((a, b, c, d), (tensor![1.5, 2.5], tensor![0.0, 0.0], tensor![[1.0f32, 0.0], [0.0, 1.0]], tensor![-1.0]));
    let (first, last) = (f64::MIN, f64::MAX);
    let ends = compile(move |x: Var| x * 0.0 + linspace(DType::F64, first, last, 3)).call(tensor![0.0]).unwrap();
    assert_eq!(ends, tensor![first, 0.0, last]);
}

/// Norms: no square leaves the dtype, the square of a norm has the derivatives of a sum of squares, and a vector that is not 0 has a direction.
#[test]
fn norms_over_the_whole_range() {
    for scale in [1e-30, 1e-23, 1e-22, 1e-10, 1.0, 1e20, 1e30] {
        let x = Tensor::new([2], &[3.0 * scale as f32, 4.0 * scale as f32]).unwrap();
        let relative = |got: f64, expected: f64| (got / expected - 1.0).abs();
        assert!(relative(x.norm().unwrap().item(), 5.0 * scale) < 3e-7, "{scale}");
        let unit = x.normalized().unwrap().to_f64_vec();
        assert!(relative(unit[0], 0.6) < 3e-7 && relative(unit[1], 0.8) < 3e-7, "{scale}: {unit:?}");
        let slope = grad(|x: Var| x.norm(), &x).unwrap().to_f64_vec();
        assert!(relative(slope[0], 0.6) < 3e-7 && relative(slope[1], 0.8) < 3e-7, "{scale}: {slope:?}");
    }
    for scale in [1e-170, 1e170] {
        let x = tensor![3.0 * scale, 4.0 * scale];
        assert!((x.norm().unwrap().item() / scale - 5.0).abs() < 1e-14);
        assert!((x.normalized().unwrap().to_f64_vec()[0] - 0.6).abs() < 1e-15);
    }
    let smallest = tensor![f64::from_bits(1), 0.0];
    assert_eq!(smallest.normalized().unwrap(), tensor![1.0, 0.0]);
    let at_zero = tensor![0.0, 0.0];
    let identity = tensor![[2.0, 0.0], [0.0, 2.0]];
    assert_eq!(hessian(|x: Var| x.norm().powi(2), &at_zero).unwrap(), identity);
    assert_eq!(hessian(|x: Var| x.norm().pow(2.0), &at_zero).unwrap(), identity);
    let square = |n: Var| n * n;
    assert_eq!(hessian(|x: Var| square(x.norm()), &at_zero).unwrap(), identity);
    assert_eq!(hessian(|x: Var| x.norm_axes(&[0]).powi(2), &at_zero).unwrap(), identity);
    assert_eq!(hessian(|x: Var| x.norm(), &at_zero).unwrap(), tensor![[0.0, 0.0], [0.0, 0.0]]);
    assert_eq!(tensor![f64::INFINITY, 1.0].norm().unwrap().item(), f64::INFINITY);
}

#[test]
fn mistakes_are_named() {
    let fails = |f: fn(Var) -> Var, x: Tensor| compile(f).call(x).unwrap_err();
    let m = tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let said = |f: fn(Var) -> Var, text: &str| {
        let error = fails(f, tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert!(error.to_string().starts_with(text), "{error}");
        assert!(error.place().is_some_and(|p| p.contains("operations.rs")), "{error:?}");
    };
    said(|x| einsum("ij,jk->ik", &[x]), "einsum \"ij,jk->ik\": it is about 2 operands, 1 are given");
    said(|x| einsum("ijk", &[x]), "einsum \"ijk\": 3 letters stand for the axes of f64[2,3]");
    said(|x| einsum("ij,ji->", &[x, x]), "einsum \"ij,ji->\": j is 3 and 2");
    said(|x| einsum("ij->k", &[x]), "einsum \"ij->k\": no operand has the k of the result");
    said(|x| einsum("ij->ii", &[x]), "einsum \"ij->ii\": the result has i twice");
    said(|x| einsum("i1", &[x]), "einsum \"i1\": '1' is no letter");
    said(|x| x.split(&[1, 1], 1)[0], "split: parts of 2 entries along axis 1 of f64[2,3], which has 3");
    said(|x| x.squeeze(&[0]), "squeeze: axis 0 of f64[2,3] is not of size 1");
    said(|x| x.expand_dims(&[5]), "expand_dims: axis 5 of 1 new ones for f64[2,3]");
    said(|x| x.outer(x), "outer: two vectors are needed, not f64[2,3] and f64[2,3]");
    said(|x| x.slice(0, 0..1).reshape([3]).trace(), "diagonal: f64[3] is no matrix");
    said(|x| stack(&[x, x.t()], 0), "stack: shapes differ: f64[2,3] and f64[3,2]");
    said(|x| select(x.gt(0.0), 1.0, 2.0), "select: two numbers have no dtype");
    said(|x| x.matmul(x.expand_dims(&[0]).tile(&[2, 1, 1])), "matmul: inner sizes differ");
    let outside = compile(|x: Var| x.gather_nd(constant(&tensor![[0, 3]]))).call(m).unwrap_err();
    assert_eq!(outside.kind(), ErrorKind::Data, "{outside}");
    assert!(outside.to_string().contains("gather: index -1 at position 0 is out of range"), "{outside}");
}
