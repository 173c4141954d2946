//! Second derivatives: products with the Hessian and with its parts.

use super::common::*;
use crate::LIBRARY;
use crate::error::Error;
use crate::tape::Tape;
use crate::trace::frame::inline;
use crate::trace::tree::{Leaf, Tree, VarTree};
use crate::trace::{Var, scalar};
use crate::transform::{self, Freeze, Part};

/// Multiplies the Hessian of a scalar function with a vector, without forming the Hessian.
///
/// Forward mode over the gradient tape: `H v = d/dε ∇f(x + ε v)` at ε = 0 [Pearlmutter 1994]; a few gradients' cost.
///
/// # Shapes and units
/// `f: [n] -> []`, `x: [n]`, `v: [n]`, result `[n]`. With f in joule, x and v in metre, the result is in J/m.
///
/// # Errors
/// [`ErrorKind::NotScalar`](crate::ErrorKind::NotScalar) if `f` returns more than one number.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, hvp}};
/// let h_v = hvp(|x: Var| x.powi(3).sum(), &tensor![1.0, 2.0], &tensor![1.0, 0.0])?;
/// assert_eq!(h_v, tensor![6.0, 0.0]); // H = diag(6 x)
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [Pearlmutter 1994]: https://doi.org/10.1162/neco.1994.6.1.147
#[track_caller]
pub fn hvp<I: Tree, F: Fn(I::With<Var>) -> Var>(f: F, x: &I, v: &I) -> <I::Leaf as Leaf>::Outcome<I> {
    along("hvp", &Part::Hessian, f, x, v)
}

/// Multiplies a [`Part`](crate::transform::Part) of the Hessian with a vector: `G v`, `N v`, `A v`, `M v`, `R v`, a layer's or a line's share.
///
/// The reverse tape is differentiated forward with the residuals of all other equations frozen, so the result is a
/// plain tape of exactly that product and can be differentiated again.
///
/// # Errors
/// As [`hvp`](super::hvp); [`ErrorKind::Selection`](crate::ErrorKind::Selection) for a cut, scope or line that the function does not have.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, cut, hvp_of_part}};
/// use quadric_autodiff::transform::Part;
/// // L(θ) = exp(z), z = θ²: G = eᶻ (2θ)², N = eᶻ · 2.
/// let loss = |x: Var| cut("z", x * x).exp().sum();
/// let (x, v) = (tensor![1.0], tensor![1.0]);
/// let e = 1f64.exp();
/// assert_eq!(hvp_of_part(&Part::gauss_newton("z"), loss, &x, &v)?, tensor![4.0 * e]);
/// assert_eq!(hvp_of_part(&Part::nme("z"), loss, &x, &v)?, tensor![2.0 * e]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn hvp_of_part<I: Tree, F: Fn(I::With<Var>) -> Var>(
    part: &Part,
    f: F,
    x: &I,
    v: &I,
) -> <I::Leaf as Leaf>::Outcome<I> {
    along("hvp_of_part", part, f, x, v)
}

/// One product, for the function of this name.
#[track_caller]
fn along<I: Tree, F: Fn(I::With<Var>) -> Var>(
    name: &str,
    part: &Part,
    f: F,
    x: &I,
    v: &I,
) -> <I::Leaf as Leaf>::Outcome<I> {
    LIBRARY.enter(|| {
        I::Leaf::enter(&(x.clone(), v.clone()), |(x, v): (I::With<Var>, I::With<Var>)| {
            products(name, std::slice::from_ref(part), &f, &x, &v).1.pop().expect("one part, one product")
        })
    })
}

/// The gradient and the products of several parts of the Hessian with one vector: `(∇f, [part v, …])`, a product for each part in
/// the array, so that they can be taken apart by a pattern.
///
/// # Errors
/// As [`hvp_of_part`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, cut, hvps}};
/// use quadric_autodiff::transform::Part;
/// let loss = |x: Var| cut("z", x * x).powi(2).sum(); // θ⁴
/// let parts = [Part::Hessian, Part::gauss_newton("z"), Part::nme("z")];
/// let (gradient, [h, g, n]) = hvps(&parts, loss, &tensor![1.0], &tensor![1.0])?;
/// assert_eq!(gradient, tensor![4.0]);
/// assert_eq!((h, g, n), (tensor![12.0], tensor![8.0], tensor![4.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[allow(clippy::type_complexity)]
pub fn hvps<const K: usize, I: Tree, F: Fn(I::With<Var>) -> Var>(
    parts: &[Part; K],
    f: F,
    x: &I,
    v: &I,
) -> <I::Leaf as Leaf>::Outcome<(I, [I; K])> {
    LIBRARY.enter(|| {
        I::Leaf::enter(&(x.clone(), v.clone()), |(x, v): (I::With<Var>, I::With<Var>)| {
            let (gradient, products) = products("hvps", parts, &f, &x, &v);
            let Ok(products) = <[_; K]>::try_from(products) else { unreachable!("a product for each part") };
            (gradient, products)
        })
    })
}

#[track_caller]
pub(super) fn products<J: VarTree>(name: &str, parts: &[Part], f: impl Fn(J) -> Var, x: &J, v: &J) -> (J, Vec<J>) {
    check_float_leaves(name, x);
    check_same(name, &types(x), &types(v));
    let recorded = record(f, x);
    check_scalar(name, &recorded.tape);
    let n = leaves(x).len();
    let (gradient, sweep, unreached) = check(gradient_tape(&recorded.tape, &recorded.wrt));
    note_unreached(name, x, &unreached);
    let one = scalar(recorded.tape.output_types()[0].dtype, 1.0);
    let args = [recorded.args(&leaves(x)), vec![one]].concat();
    let mut wrt = recorded.wrt.clone();
    wrt.push(false);
    let mut value = None;
    let products = parts
        .iter()
        .map(|part| {
            check(part.check_function(&recorded.tape));
            let freeze = Freeze { sweep, live: part.clone() };
            let forward = check(transform::jvp_frozen(&gradient, &wrt, Some(&freeze))).tape;
            let out = inline(&forward, &[args.clone(), leaves(v)].concat());
            value.get_or_insert_with(|| x.with_leaves(out[..n].to_vec()));
            x.with_leaves(out[n..].to_vec())
        })
        .collect();
    let value = value.unwrap_or_else(|| x.with_leaves(inline(&gradient, &args)));
    (value, products)
}

/// `(x…, seed) → ∇f`, its sweep, and the leaves whose gradient is exactly zero.
fn gradient_tape(tape: &Tape, wrt: &[bool]) -> Result<(Tape, u32, Vec<usize>), Error> {
    let reverse = transform::vjp(tape, wrt)?;
    let outputs = tape.outputs().len()..reverse.tape.outputs().len();
    Ok((reverse.tape.with_outputs(outputs), reverse.sweep, reverse.unreached))
}
