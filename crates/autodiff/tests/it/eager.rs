//! Tensors outside a trace: the bits of compiled functions, mistakes with the caller's line.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use quadric_autodiff::trace::{
    self, Operand, Var, compile, concat, einsum, eye, full, iota, linspace, meshgrid, ones, select, stack,
};
use quadric_autodiff::{Arithmetic, DType, Error, ErrorKind, Tensor, tensor};

const FLOATS: [DType; 2] = [DType::F64, DType::F32];

/// Each method on `x` alone gives what it gives compiled, to the bit.
macro_rules! same {
    ($x:expr; $($name:ident($($argument:expr),*);)*) => { $(
        let compiled = compile(|x: Var| x.$name($($argument),*)).call($x.clone());
        assert_eq!($x.$name($($argument),*), compiled, "{} of {}", stringify!($name), $x);
    )* };
}

/// Likewise with another array beside it.
macro_rules! same_beside {
    ($x:expr, $y:expr; $($name:ident($($argument:expr),*);)*) => { $(
        let compiled = compile(|(x, y): (Var, Var)| x.$name(y $(, $argument)*)).call(($x.clone(), $y.clone()));
        assert_eq!($x.$name(&$y $(, $argument)*), compiled, "{} of {} and {}", stringify!($name), $x, $y);
    )* };
}

fn floats(dtype: DType, shape: &[usize]) -> Tensor {
    Tensor::from_fn(dtype, shape, |i| (i as f64 * 0.7 + 0.4).sin() * 2.0)
}

#[test]
fn elementwise_methods_have_the_bits_of_compiled_ones() {
    let ends = tensor![0.0, -0.0, 1.0, -1.0, 0.3, -2.5, 40.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for dtype in FLOATS {
        let x = ends.to_dtype(dtype);
        same! { x;
            exp(); expm1(); log(); log1p(); sqrt(); rsqrt(); recip(); sin(); cos(); sinh(); cosh(); tanh(); sech(); asin(); acos();
            atan(); asinh(); acosh(); atanh(); erf(); erfc(); erf_inv(); gaussian(); half_gaussian(); normal_cdf(); logistic();
            softplus(); abs(); sign(); floor(); ceil(); round(); lgamma(); digamma(); polygamma(2); powi(3); convert(DType::F32);
            pow(2.0); pow(0.5); maximum(0.0); minimum(1); clamp(-1.0, 0.5); atan2(1.0); hypot(-3.0); logaddexp(0.0);
            lt(0.0); le(0); gt(0.0); ge(0.0); equal(1.0); not_equal(1.0); zeros_like(); full_like(0.5);
        }
        let y = tensor![[0.5], [-1.0], [f64::NAN]].to_dtype(dtype);
        same_beside! { x, y;
            pow(); maximum(); minimum(); atan2(); hypot(); logaddexp(); lt(); le(); gt(); ge(); equal(); not_equal();
        }
        // x² and not |x|²: a whole number is one.
        assert_eq!(x.pow(2.0), x.powi(2));
    }
    let (p, q) = (tensor![1.0, -1.0].gt(0.0).unwrap(), tensor![[1.0], [-1.0]].gt(0.0).unwrap());
    same! { p; logical_not(); }
    same_beside! { p, q; and(); or(); }
    assert_eq!(p.and(&q), Tensor::new([2, 2], &[true, false, false, false]));
    let a = tensor![1.0, f64::NAN];
    let compiled = compile(|(p, a): (Var, Var)| select(p, a, 2.0)).call((p.clone(), a.clone()));
    assert_eq!(p.select(&a, 2.0), compiled);
    assert_eq!(p.logical_not().unwrap().select(&a, 2).unwrap().to_vec::<f64>()[0], 2.0);
}

#[test]
fn reductions_have_the_bits_of_compiled_ones() {
    for dtype in FLOATS {
        for x in [floats(dtype, &[3, 4]), tensor![[1.0, f64::NAN], [-f64::INFINITY, 2.0]].to_dtype(dtype)] {
            same! { x;
                sum(); sum_axes(&[0]); sum_keepdims(&[-1]); mean(); mean_axes(&[1]); mean_keepdims(&[0, 1]); prod(); prod_axes(&[0]);
                prod_keepdims(&[1]); max_axes(&[0]); max_keepdims(&[1]); min_axes(&[0, 1]); min_keepdims(&[0]); var_axes(&[1], 1);
                std_axes(&[0], 0); norm_axes(&[1]); norm_keepdims(&[0]); logsumexp(&[1]); logsumexp_keepdims(&[0]); argmax(1);
                argmin(0); argsort(-1); sort(0); top_k(2, 1); cumsum(0); cumprod(1); cumlogsumexp(1); cummax(0); cummin(1);
            }
            same_beside! { x, x; linear_recurrence(1); }
        }
    }
    let (largest, places) = tensor![1.0, 9.0, 5.0].top_k(2, 0).unwrap();
    assert_eq!((largest, places), (tensor![9.0, 5.0], tensor![1, 2]));
}

#[test]
fn arrangements_have_the_bits_of_compiled_ones() {
    for dtype in FLOATS {
        let x = floats(dtype, &[2, 3]);
        same! { x;
            reshape([3, 2]); reshape([2, 3]); broadcast_to([4, 2, 3]); expand_dims(&[0, -1]); permute(&[1, 0]); t(); slice(-1, 1..3);
            split(&[1, 2], 1); pad(0, 1, 2); reverse(1); flip(&[0, 1]); roll(1, 1); tile(&[2, 1]); repeat(2, 0);
        }
        let column = floats(dtype, &[2, 1]);
        same! { column; squeeze(&[1]); }
        let images = floats(dtype, &[1, 2, 3, 3]);
        same! { images; patches([2, 2], [1, 1], [0, 1, 1, 0], [1, 1]); }
        let windows = floats(dtype, &[1, 8, 9]);
        same! { windows; patches_transpose([3, 3], [2, 2], [1, 1], [0, 1, 1, 0], [1, 1]); }
        same_beside! { x, tensor![1, 1, 0]; gather(0); }
        same_beside! { x, tensor![[1], [2]]; gather_along(1); }
        same_beside! { x, tensor![[1, 2], [0, 0]]; gather_nd(); }
        same_beside! { x, tensor![3, 0]; scatter_add(0, 4); }

        let compiled = compile(|x: Var| (concat(&[x, x], 1), stack(&[x, x], 0))).call(x.clone()).unwrap();
        assert_eq!(
            (Tensor::concat(&[&x, &x], 1).unwrap(), Tensor::stack(&[x.clone(), x.clone()], 0).unwrap()),
            compiled
        );
        let (a, b) = (floats(dtype, &[2]), floats(dtype, &[3]));
        let compiled = compile(|(a, b): (Var, Var)| meshgrid(&[a, b])).call((a.clone(), b.clone()));
        assert_eq!(Tensor::meshgrid(&[&a, &b]), compiled);
    }
    same! { tensor![2, 0, 7]; one_hot(3, DType::F32); }
    same! { Tensor::new([2], &[7u32, 0]).unwrap(); random_bits([3]); }
    // Shapes are the caller's, storage is not shared by accident.
    let x = tensor![1.0, 2.0];
    let mut y = x.reshape([2, 1]).unwrap();
    y.as_mut_slice::<f64>()[0] = 5.0;
    assert_eq!((x, y), (tensor![1.0, 2.0], tensor![[5.0], [2.0]]));
}

#[test]
fn linear_algebra_has_the_bits_of_compiled_ones() {
    for dtype in FLOATS {
        let a = floats(dtype, &[3, 3]) + Tensor::eye(dtype, 3).unwrap() * 3.0;
        let definite = a.matmul(&a.t().unwrap()).unwrap();
        let (tall, v) = (floats(dtype, &[4, 3]), floats(dtype, &[3]));
        same! { a; diagonal(); trace(); tril(1); triu(0); inverse(); det(); logdet(); slogdet(); qr(); eigh(); svd(); }
        same! { definite; cholesky(); eigh(); }
        same! { tall; qr(); svd(); }
        same! { v; diag(); }
        same_beside! { a, v; matmul(); solve(); }
        same_beside! { v, v; matmul(); outer(); }
        same_beside! { a, tall.t().unwrap(); matmul(); solve(); triangular_solve(true, false); }
        same_beside! { tall, floats(dtype, &[4]); lstsq(); }
        let compiled = compile(|(a, v): (Var, Var)| einsum("ij,j->i", &[a, v])).call((a.clone(), v.clone()));
        assert_eq!(Tensor::einsum("ij,j->i", &[&a, &v]), compiled);
    }
}

#[test]
fn sources_have_the_bits_of_compiled_ones() {
    for dtype in FLOATS {
        let made = compile(move |_: Var| {
            let numbers = (full(dtype, [2, 1], 0.1), ones(dtype, [3]), eye(dtype, 2));
            (numbers, (linspace(dtype, 0.0, 1.0, 4), iota(dtype, [2, 2], -1)))
        });
        let ((f, o, e), (l, i)) = { made }.call(tensor![0.0]).unwrap();
        assert_eq!(Tensor::full(dtype, [2, 1], 0.1), Ok(f));
        assert_eq!(Tensor::ones(dtype, [3]), Ok(o));
        assert_eq!(Tensor::eye(dtype, 2), Ok(e));
        assert_eq!(Tensor::linspace(dtype, 0.0, 1.0, 4), Ok(l));
        assert_eq!(Tensor::iota(dtype, [2, 2], -1), Ok(i));
    }
}

#[test]
fn operators_have_the_bits_of_compiled_ones_and_broadcast() {
    macro_rules! operators {
        ($($op:tt)*) => { $(
            for dtype in FLOATS {
                let (x, y) = (tensor![[0.1], [-0.0], [f64::NAN]].to_dtype(dtype), tensor![3.0, 0.0].to_dtype(dtype));
                let both = compile(|(x, y): (Var, Var)| x $op y).call((x.clone(), y.clone())).unwrap();
                assert_eq!(both.shape()[..], [3, 2]);
                assert_eq!([x.clone() $op y.clone(), &x $op y.clone(), x.clone() $op &y, &x $op &y], [(); 4].map(|()| both.clone()));
                let right = compile(|x: Var| x $op 0.1).call(x.clone()).unwrap();
                assert_eq!([&x $op 0.1, x.clone() $op 0.1], [right.clone(), right]);
                let left = compile(|x: Var| 0.1 $op x).call(x.clone()).unwrap();
                assert_eq!([0.1 $op &x, 0.1 $op x.clone()], [left.clone(), left]);
            }
        )* };
    }
    operators!(+ - * /);
    let x = tensor![1.0, -0.0, f64::INFINITY];
    assert_eq!((-&x, -x), (tensor![-1.0, 0.0, -f64::INFINITY], tensor![-1.0, 0.0, -f64::INFINITY]));
    assert_eq!((tensor![1, 2] + tensor![10], 3.0 - tensor![1, 2] * 2.0), (tensor![11, 12], tensor![1, -1]));
    assert_eq!((1.0 - tensor![0.5f32]).dtype(), DType::F32);
    // One tensor on both sides, and temporaries in a chain.
    let x = tensor![1.0, 3.0];
    assert_eq!((&x * &x - &x) / 2.0 + 1.0, tensor![1.0, 4.0]);
}

#[test]
fn no_entries_are_what_they_are_in_a_trace() {
    let none = Tensor::from_fn(DType::F64, [0, 2], |_| 0.0);
    assert_eq!(&none + &none, none);
    assert_eq!((&none * 2.0, -&none, 1.0 / &none), (none.clone(), none.clone(), none.clone()));
    same! { none; exp(); sum(); sum_axes(&[0]); mean(); prod(); logsumexp(&[0]); t(); cumsum(0); norm_axes(&[1]); argmax(1); max_axes(&[0]); argmax(0); }
    assert_eq!((none.sum().unwrap().item(), none.prod().unwrap().item()), (0.0, 1.0));
    assert!(none.mean().unwrap().item().is_nan());
    assert_eq!(none.t().unwrap().matmul(&none), Ok(tensor![[0.0, 0.0], [0.0, 0.0]]));
    assert_eq!(Tensor::concat(&[none, tensor![[1.0, 2.0]]], 0), Ok(tensor![[1.0, 2.0]]));
    let square = Tensor::from_fn(DType::F64, [0, 0], |_| 0.0);
    assert_eq!(square.det().unwrap().item(), 1.0);
}

/// The sentence alone, once its place is found to be on this line of this file.
fn at(text: &str, line: u32) -> String {
    let (sentence, place) = text.rsplit_once(" (").unwrap_or((text, ""));
    let here = format!("crates/autodiff/tests/it/eager.rs:{line}:");
    assert!(place.starts_with(&here) && place.ends_with(')'), "{text} is not at {here}");
    sentence.to_string()
}

fn told<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind, line: u32) -> String {
    let error = result.expect_err("a mistake");
    assert_eq!(error.kind(), kind, "{error}");
    at(&error.to_string(), line)
}

#[test]
fn methods_name_the_callers_line() {
    let (m, v) = (tensor![[1.0, 2.0]], tensor![1.0, 2.0, 3.0]);
    let sentences = [
        told(m.matmul(&v), ErrorKind::Shape, line!()),
        told(m.maximum(&v), ErrorKind::Shape, line!()),
        told(m.sum_axes(&[2]), ErrorKind::Shape, line!()),
        told(m.reshape([3]), ErrorKind::Shape, line!()),
        told(m.hypot(v.to_dtype(DType::F32)), ErrorKind::DType, line!()),
        told(tensor![1].maximum(0.5), ErrorKind::DType, line!()),
        told(tensor![1].exp(), ErrorKind::DType, line!()),
        told(m.inverse(), ErrorKind::Shape, line!()),
        told(m.gt(0.0).unwrap().select(1.0, 0.0), ErrorKind::DType, line!()),
        told(Tensor::concat(&[&m, &v], 0), ErrorKind::Shape, line!()),
        told(Tensor::stack(&[] as &[Tensor], 0), ErrorKind::Arity, line!()),
        told(Tensor::einsum("ij", &[&v]), ErrorKind::Shape, line!()),
        told(Tensor::full(DType::I32, [1], 0.5), ErrorKind::DType, line!()),
        told(tensor![[1.0, 2.0], [2.0, 4.0]].inverse(), ErrorKind::Data, line!()),
        told(v.gather(&tensor![3], 0), ErrorKind::Data, line!()),
    ];
    let expected = [
        "matmul: inner sizes differ: lhs f64[1,2] has 2 columns, rhs f64[3] has 3 entries",
        "maximum: shapes do not broadcast: lhs f64[1,2], rhs f64[3]",
        "sum_axes: axis 2 is out of range for f64[1,2]",
        "reshape: f64[1,2] has 2 elements, [3] has 3",
        "hypot: dtypes differ: lhs f64[1,2], rhs f32[3]",
        "0.5 is no i32",
        "exp: the operand is i32[1], a float is needed",
        "inverse: the operand is f64[1,2], a square matrix is needed",
        "select: two numbers have no dtype; give one of them as scalar(dtype, x)",
        "concat: f64[1,2] and f64[3] differ on an axis other than 0",
        "stack: at least one operand is needed",
        "einsum \"ij\": 2 letters stand for the axes of f64[3]",
        "0.5 is no i32",
        "solve: the matrix is singular (no pivot in column 1)",
        "gather: index 3 at position 0 is out of range for 3 entries",
    ];
    assert_eq!(sentences, expected);
}

/// What a panic says.
fn panic_of(f: impl FnOnce() -> Tensor) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
    *payload.downcast::<String>().expect("an ordinary panic with a text")
}

#[test]
fn operators_panic_at_the_callers_line_with_the_sentence_of_the_error() {
    let (x, y) = (tensor![1.0, 2.0], tensor![1.0, 2.0, 3.0]);
    let sentences = [
        at(&panic_of(|| &x + &y), line!()),
        at(&panic_of(|| x.clone() / y.to_dtype(DType::F32)), line!()),
        at(&panic_of(|| tensor![1, 2] * 0.5), line!()),
        at(&panic_of(|| 1e300 - x.to_dtype(DType::F32)), line!()),
        at(&panic_of(|| -x.gt(0.0).unwrap()), line!()),
    ];
    let expected = [
        "add: shapes do not broadcast: lhs f64[2], rhs f64[3]",
        "div: dtypes differ: lhs f64[2], rhs f32[3]",
        "0.5 is no i32",
        "1e300 is no f32",
        "neg: the operand is bool[2], a number is needed",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn inside_a_trace_a_tensor_is_computed_while_tracing_and_a_mistake_stops_the_trace() {
    let (x, y) = (tensor![1.0, 2.0], tensor![1.0, 2.0, 3.0]);
    let scaled = |v: Var| v * trace::constant(&(&x * 2.0).exp().unwrap());
    assert_eq!(compile(scaled).call(x.clone()), (&x * 2.0).exp().map(|e| &x * e));
    let line = line!() + 1;
    let stopped = compile(|v: Var| v * trace::constant(&(&x - &y))).call(x.clone());
    assert_eq!(told(stopped, ErrorKind::Shape, line), "sub: shapes do not broadcast: lhs f64[2], rhs f64[3]");
}

#[test]
fn trees_keep_their_arithmetic() {
    let (x, y) = (tensor![3.0, 4.0], tensor![1.0, -1.0]);
    assert_eq!((x.norm().unwrap().item(), x.dot(&y).unwrap().item()), (5.0, -1.0));
    assert_eq!(x.plus(&y.scale(2.0).unwrap()).unwrap(), &x + 2.0 * &y);
    assert_eq!(compile(|x: Var| x.norm()).call(x.clone()), x.norm());
    assert_eq!(x.norm(), x.norm_axes(&[0]));
    let kind = x.minus(&tensor![1.0, 2.0, 3.0]).unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Shape);
    assert!(matches!(Operand::from(&x), Operand::Array(y) if y == x));
}

/// The names that the lines of the files of a folder of `src/trace` declare, in order.
fn names(folder: &str, of_line: impl Fn(&str) -> Option<&str>) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/trace").join(folder);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        names.extend(text.lines().filter_map(|line| of_line(line.trim())).map(str::to_string));
    }
    names.sort();
    names
}

/// A method that `Var` gets, `Tensor` gets: those that are none of arithmetic are named here.
#[test]
fn every_method_of_var_is_one_of_tensor() {
    let of_var = names("var", |line| {
        let declared = line.strip_prefix("pub fn ").filter(|rest| rest.contains("(self"));
        let is_word = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let listed = || line.strip_suffix(';').and_then(|l| l.split_once(" => ").or(l.split_once(" is ")));
        let listed = || listed().filter(|(name, what)| is_word(name) && is_word(what)).map(|(name, _)| name);
        declared.and_then(|rest| rest.split('(').next()).or_else(listed)
    });
    assert!(
        of_var.len() > 110 && of_var.iter().any(|n| n == "exp") && of_var.iter().any(|n| n == "max_keepdims"),
        "{of_var:?}"
    );
    let of_tensor = names("eager", |line| {
        let rest = line.strip_prefix("pub fn ").or_else(|| line.strip_prefix("fn "))?;
        rest.split(['(', '<']).next()
    });
    let mut missing: Vec<&String> = of_var.iter().filter(|name| !of_tensor.contains(name)).collect();
    missing.dedup();
    assert_eq!(missing, ["dtype", "number", "shape", "stop_gradient", "ty"]);
}
