//! What must hold of every layer: a line for each layer, the same promises for all.

use quadric_autodiff::reference::{self, Array, double_double::Dd};
use quadric_autodiff::trace::{self, Var, compile, constant, cut, grad, hvp, hvps, jvp, random, vmap};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{Arithmetic, DType, Error, Tensor, Tree, VarTree};
use quadric_gradcheck as gradcheck;
use quadric_nn::{Layer, Mode, StateOf};

use crate::support::{flat, minus, noise, noisy, norm, relative, unflat};

/// What kind of function of parameters and input together a layer is: which of the parts `A` and `M` of its Hessian are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Both are: a rearrangement, a mean.
    Linear,
    /// A is: a product of weight and input.
    Multilinear,
    /// M is: an activation, a norm, a maximum.
    Nonlinear,
    /// Neither need be.
    Mixed,
}

/// What the closures below are made of. Of no type of layer, so that they are compiled once.
#[derive(Clone)]
struct Case<'a> {
    parameters: Vec<Tensor>,
    /// Held fixed, if it is no float.
    input: Tensor,
    /// The layer with these parameters on this input, in training or afterwards.
    forward: &'a dyn Fn(&[Var], Var, bool) -> Var,
    training: bool,
}

impl Case<'_> {
    /// Parameters, and the input if it moves.
    fn point(&self) -> Vec<Tensor> {
        let mut all = self.parameters.clone();
        all.extend(self.input.dtype().is_float().then(|| self.input.clone()));
        all
    }

    fn apply(&self, at: &[Var]) -> Var {
        let n = self.parameters.len();
        let x = at.get(n).copied().unwrap_or_else(|| constant(&self.input));
        cut("output", (self.forward)(&at[..n], x, self.training))
    }

    /// `Σ c y² (1 + 0.3 y)`: something of every order in each output.
    fn loss(&self, at: &[Var]) -> Var {
        let y = self.apply(at);
        (weights(y) * y * y * (y * 0.3 + 1.0)).sum()
    }

    /// `Σ c y`: what is not finite here is the layer's.
    fn plain_loss(&self, at: &[Var]) -> Var {
        let y = self.apply(at);
        (weights(y) * y).sum()
    }

    /// Output, loss, gradient, `H v`, and `D³f[u, v]`.
    #[allow(clippy::type_complexity)]
    fn to_third_order(&self, (at, u, v): (Vec<Var>, Vec<Var>, Vec<Var>)) -> (Var, Var, Vec<Var>, Vec<Var>, Vec<Var>) {
        let f = |at: Vec<Var>| self.loss(&at);
        let slope = |at: Vec<Var>| jvp(f, &at, &u).1;
        (self.apply(&at), self.loss(&at), grad(f, &at), hvp(f, &at, &v), hvp(slope, &at, &v))
    }
}

/// Numbers that look random, of the shape and dtype of y.
fn weights(y: Var) -> Var {
    constant(&noisy(9, &y.shape()).to_dtype(y.dtype()))
}

fn direction(like: &[Tensor], seed: u64) -> Vec<Tensor> {
    let mut at = 0;
    let mut next = |_| {
        at += 1;
        noise(seed, at)
    };
    like.iter().map(|leaf| Tensor::from_fn(leaf.dtype(), leaf.shape(), &mut next)).collect()
}

fn converted(tensors: &[Tensor], dtype: DType) -> Vec<Tensor> {
    tensors.iter().map(|t| if t.dtype().is_float() { t.to_dtype(dtype) } else { t.clone() }).collect()
}

/// A layer in f64, the state it is handed and an input whose axis 0 is the batch keep, in training and afterwards, what every layer promises:
///
/// - derivatives to third order are those of differences, and of all 2, 4 and 8 nestings of forward and reverse mode;
/// - f64 and f32 are near what the reference interpreter finds in double-double, with the same bits on one thread and two;
/// - `H = G + N + R` and `N = A + M`, with `A` and `M` zero where the class says so;
/// - `vmap` over an ensemble gives what the members give;
/// - all of it is finite to second order for inputs that are constant or huge, and for one example or none also if it is not told in a sentence why.
pub fn check_layer<H>(name: &str, class: Class, layer: &H, state: &StateOf<H>, input: &Tensor)
where
    H: Tree<Leaf = Tensor, With<Tensor> = H>,
    H::With<Var>: Layer + VarTree<Host = H>,
{
    let forward = |parameters: &[Var], x: Var, training: bool| {
        let model: H::With<Var> = layer.with_leaves(parameters.to_vec());
        let dtype = parameters.first().map_or(x.dtype(), |leaf| leaf.dtype());
        let state = state.map_leaves(|leaf| {
            let leaf = constant(leaf);
            if leaf.dtype().is_float() { leaf.convert(dtype) } else { leaf }
        });
        let mode = if training { Mode::Train(Some(constant(&random::key(3, 1)))) } else { Mode::Infer };
        model.forward(x, &state, mode).0
    };
    let parameters: Vec<Tensor> = layer.leaves().into_iter().cloned().collect();
    for training in [false, true] {
        let name = format!("{name}, {}", if training { "training" } else { "inference" });
        let case = Case { parameters: parameters.clone(), input: input.clone(), forward: &forward, training };
        if !case.point().is_empty() {
            differences(&name, &case);
            nestings(&name, &case);
            double_double(&name, &case);
            parts(&name, class, &case);
            ensemble(&name, &case);
        }
        ends(&name, &case);
    }
}

/// What of [`check_layer`] holds of any function of arrays, at this point: nestings, double-double, parts, and an ensemble.
pub fn check_function(name: &str, class: Class, at: &[Tensor], f: &dyn Fn(&[Var]) -> Var) {
    let (input, others) = at.split_first().expect("a function of something");
    let forward = |others: &[Var], x: Var, _: bool| f(&[&[x], others].concat());
    let case = Case { parameters: others.to_vec(), input: input.clone(), forward: &forward, training: false };
    nestings(name, &case);
    double_double(name, &case);
    parts(name, class, &case);
    ensemble(name, &case);
}

fn differences(name: &str, case: &Case<'_>) {
    let like = case.point();
    let run = std::cell::RefCell::new(compile(|args| case.to_third_order(args)));
    let (point, u, v) = (flat(&like), flat(&direction(&like, 4)), flat(&direction(&like, 5)));
    let all = |x: &[f64], u: &[f64], v: &[f64]| {
        run.borrow_mut().call((unflat(&like, x), unflat(&like, u), unflat(&like, v))).unwrap()
    };
    let f = |x: &[f64]| all(x, &u, &v).1.item();
    let g = |x: &[f64]| flat(&all(x, &u, &v).2);
    let h = |x: &[f64], v: &[f64]| flat(&all(x, &u, v).3);
    let t = |x: &[f64], u: &[f64], v: &[f64]| flat(&all(x, u, v).4);
    let held = |what: &str, verdict: gradcheck::Verdict| {
        if let Err(error) = verdict.ok() {
            panic!("{name}: {what}: {error}");
        }
    };
    held("gradient", gradcheck::gradient(f, g, &point));
    held("hvp", gradcheck::hvp(g, h, &point, &v));
    held("third", gradcheck::third(h, t, &point, &u, &v));
}

type Function<'a> = Box<dyn Fn(Vec<Var>) -> Var + 'a>;

/// `x ↦ Df(x)[v]` by forward or by reverse mode.
fn along<'a>(f: Function<'a>, v: &'a [Var], reverse: bool) -> Function<'a> {
    if reverse {
        Box::new(move |x| grad(&f, &x).dot(&v.to_vec()))
    } else {
        Box::new(move |x| jvp(&f, &x, &v.to_vec()).1)
    }
}

fn nestings(name: &str, case: &Case<'_>) {
    let like = case.point();
    let directions: Vec<Vec<Tensor>> = (4..7).map(|seed| direction(&like, seed)).collect();
    for order in 1..=3 {
        let mut all = compile(|(at, vs): (Vec<Var>, Vec<Vec<Var>>)| {
            let nesting = |modes: usize| {
                let f: Function<'_> = Box::new(|at: Vec<Var>| case.loss(&at));
                let f = (0..order).fold(f, |f, i| along(f, &vs[i], modes >> i & 1 == 1));
                f(at.clone())
            };
            (0..1 << order).map(nesting).collect::<Vec<Var>>()
        });
        let values = flat(&all.call((like.clone(), directions.clone())).unwrap());
        let scale = values.iter().fold(1e-3, |scale: f64, x| scale.max(x.abs()));
        for (modes, value) in values.iter().enumerate() {
            let is_near = (value - values[0]).abs() <= 1e-11 * scale;
            assert!(is_near, "{name}: order {order}: nesting {modes:b} gives {value}, all forward {}", values[0]);
        }
    }
}

fn double_double(name: &str, case: &Case<'_>) {
    for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 2e-4)] {
        let at = converted(&case.point(), dtype);
        let args = (at.clone(), direction(&at, 4), direction(&at, 5));
        let tape = trace::trace(|args| case.to_third_order(args), &args).unwrap();
        let leaves = args.leaves();
        let inputs: Vec<Array<Dd>> = leaves.iter().map(|leaf| Array::of(leaf)).collect();
        let exact = reference::run::<Dd>(&tape, &inputs).unwrap();
        let on = |threads| compile(|args| case.to_third_order(args)).with_threads(threads).call(args.clone()).unwrap();
        let (one, two) = (on(1), on(2));
        assert_eq!(one, two, "{name}, {dtype}: one thread and two");
        for (order, (got, exact)) in one.leaves().into_iter().zip(&exact).enumerate() {
            let (got, exact) = (got.to_f64_vec(), exact.to_f64_vec());
            let error = norm(&minus(&got, &exact)) / norm(&exact).max(1.0);
            assert!(
                error <= tolerance,
                "{name}, {dtype}: result {order} is off by {error:.1e}: {got:?}, not {exact:?}"
            );
        }
    }
}

fn parts(name: &str, class: Class, case: &Case<'_>) {
    let at = case.point();
    let v = direction(&at, 5);
    let cut = "output";
    let which = [
        Part::Hessian,
        Part::gauss_newton(cut),
        Part::nme(cut),
        Part::activation_nme(cut),
        Part::multilinear_nme(cut),
        Part::remainder(cut),
    ];
    let mut products = compile(|(at, v): (Vec<Var>, Vec<Var>)| hvps(&which, |at: Vec<Var>| case.loss(&at), &at, &v).1);
    let [h, g, n, a, m, r] = products.call((at, v)).unwrap().map(|part| flat(&part));
    let sum = |parts: &[&Vec<f64>]| (0..h.len()).map(|i| parts.iter().map(|part| part[i]).sum()).collect::<Vec<f64>>();
    assert!(relative(&sum(&[&g, &n, &r]), &h) < 1e-12, "{name}: H = G + N + R");
    assert!(norm(&minus(&sum(&[&a, &m]), &n)) <= 1e-12 * norm(&h), "{name}: N = A + M");
    let zeros = match class {
        Class::Linear => vec![("A", &a), ("M", &m)],
        Class::Multilinear => vec![("A", &a)],
        Class::Nonlinear => vec![("M", &m)],
        Class::Mixed => vec![],
    };
    for (part, product) in zeros {
        assert!(product.iter().all(|x| *x == 0.0), "{name}: {part} of a {class:?} layer is {product:?}");
    }
    // A layer that has a weight and an input multiplies the two, or the test would hold of a constant.
    if class == Class::Multilinear && case.point().len() > 1 {
        assert!(norm(&m) > 0.0, "{name}: M of a multilinear layer is 0");
    }
}

fn ensemble(name: &str, case: &Case<'_>) {
    const MEMBERS: usize = 3;
    let point = case.point();
    let both = |at: Vec<Var>| (case.apply(&at), grad(|at: Vec<Var>| case.loss(&at), &at));
    let member = |i: usize| -> Vec<Tensor> {
        let away = direction(&point, 20 + i as u64);
        point.iter().zip(away).map(|(leaf, away)| leaf + away * 0.1).collect()
    };
    let members: Vec<Vec<Tensor>> = (0..MEMBERS).map(member).collect();
    let column = |leaf: usize| members.iter().map(|member| member[leaf].clone()).collect::<Vec<Tensor>>();
    let together: Vec<Tensor> = (0..point.len()).map(|leaf| Tensor::stack(&column(leaf), 0).unwrap()).collect();
    let (ys, gs) = compile(|at: Vec<Var>| vmap(both, &at)).call(together).unwrap();
    let mut alone = compile(both);
    for (i, member) in members.into_iter().enumerate() {
        let (y, g) = alone.call(member).unwrap();
        let row = |all: &Tensor| all.slice(0, i..i + 1).unwrap().to_f64_vec();
        assert!(relative(&row(&ys), &y.to_f64_vec()) < 1e-13, "{name}: member {i} of an ensemble");
        for (leaf, (gs, g)) in gs.iter().zip(&g).enumerate() {
            let error = norm(&minus(&row(gs), &g.to_f64_vec()));
            assert!(error <= 1e-12 * norm(&flat(g)).max(1.0), "{name}: gradient {leaf} of member {i} of an ensemble");
        }
    }
}

fn ends(name: &str, case: &Case<'_>) {
    let shape = case.input.shape();
    let of_batch = |n: usize, f: &dyn Fn(usize) -> f64| {
        let sizes = [&[n], &shape[1..]].concat();
        if !case.input.dtype().is_float() {
            let rows = case.input.to_f64_vec().into_iter().map(|x| x as i32).take(sizes.iter().product());
            return Tensor::new(sizes.clone(), &rows.collect::<Vec<i32>>()).unwrap();
        }
        Tensor::from_fn(case.input.dtype(), sizes, f)
    };
    for (dtype, huge) in [(DType::F64, 1e100), (DType::F32, 1e15)] {
        let mut inputs = vec![("one example", of_batch(1, &|i| noise(1, i))), ("no example", of_batch(0, &|_| 0.0))];
        if case.input.dtype().is_float() {
            inputs.extend([
                ("zeros", of_batch(shape[0], &|_| 0.0)),
                ("ones", of_batch(shape[0], &|_| 1.0)),
                ("huge", of_batch(shape[0], &|i| huge * noise(1, i))),
            ]);
        }
        for (what, input) in inputs {
            let is_small = input.shape()[0] <= 1;
            let parameters = converted(&case.parameters, dtype);
            let case = Case { parameters, input: converted(&[input], dtype).remove(0), ..case.clone() };
            let at = case.point();
            let v = direction(&at, 5);
            let mut run = compile(|(at, v): (Vec<Var>, Vec<Var>)| {
                let f = |at: Vec<Var>| case.plain_loss(&at);
                (case.apply(&at), grad(f, &at), hvp(f, &at, &v))
            });
            match run.call((at, v)) {
                Ok(results) => {
                    assert!(flat(&results).iter().all(|x| x.is_finite()), "{name}, {dtype}, {what}: {results:?}");
                }
                // What numbers there are decides nothing, how many there are may.
                Err(error) if is_small => told(name, what, &error),
                Err(error) => panic!("{name}, {dtype}, {what}: {error}"),
            }
        }
    }
}

/// One sentence, with this file's line: it says `layer: what is wrong (place)`.
fn told(name: &str, what: &str, error: &Error) {
    let sentence = error.to_string();
    assert!(sentence.contains(": ") && sentence.contains("layer_checks.rs"), "{name}, {what}: {sentence}");
}

/// A layer that breaks a promise; a check that lets it through says nothing.
#[derive(Tree, Clone, Copy)]
struct Broken<T = Tensor> {
    how: &'static str,
    leaf: std::marker::PhantomData<T>,
}

impl Layer for Broken<Var> {
    type State = quadric_nn::Stateless<Var>;

    fn initial_state(&self) -> Self::State {
        std::marker::PhantomData
    }

    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
        let y = match self.how {
            "a factor that is held" => x * x.stop_gradient(),
            "a second derivative that is declared" => {
                trace::custom_pointwise("broken", x, |x| x.sin(), |x| x.cos() * (x - x.stop_gradient() + 1.0))
            }
            "a root" => x.powi(2).sqrt(),
            "a difference of large numbers" => (x + 1e4) - 1e4 + x * x,
            "rows of a table by number" => {
                x * x
                    * trace::ones(x.dtype(), [4])
                        .gather(x.abs().convert(DType::I32).reshape([x.shape().size()]), 0)
                        .reshape(x.shape())
            }
            "training alone" if mode.is_training() => x * x.stop_gradient(),
            _ => x * x,
        };
        (y, *state)
    }
}

#[test]
fn a_layer_that_breaks_a_promise_is_found() {
    let told = |how: &'static str, class: Class| {
        let layer = Broken { how, leaf: std::marker::PhantomData };
        let check = || check_layer("broken", class, &layer, &quadric_nn::Stateless::default(), &noisy(1, &[2, 3]));
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check));
        caught.err().map(|why| why.downcast_ref::<String>().expect("a sentence").clone())
    };
    assert_eq!(told("", Class::Mixed), None);
    let starts = |how: &'static str, class: Class, with: &str| {
        let sentence = told(how, class).unwrap_or_else(|| panic!("{how} passes"));
        assert!(sentence.starts_with(with), "{how}: {sentence}");
    };
    starts("a factor that is held", Class::Mixed, "broken, inference: gradient: ");
    starts("training alone", Class::Mixed, "broken, training: gradient: ");
    starts("a second derivative that is declared", Class::Mixed, "broken, inference: hvp: ");
    starts("a difference of large numbers", Class::Mixed, "broken, inference"); // by differences, or by double-double
    starts("", Class::Linear, "broken, inference: M of a Linear layer is ");
    starts("", Class::Nonlinear, "broken, inference: M of a Nonlinear layer is ");
    starts("a root", Class::Mixed, "broken, inference, f64, zeros: ");
    starts("rows of a table by number", Class::Mixed, "broken, inference, f64, huge: ");
}
