//! Trees as vectors: sums, products, norms over all leaves at once.

use super::{Leaf, Tree};
use crate::dtype::DType;
use crate::trace::var::scale_of;
use crate::trace::{Var, scalar, select};

/// What a method of [`Arithmetic`] that gives a tree returns: the tree inside a trace, a `Result` of it outside.
type Outcome<T> = <<T as Tree>::Leaf as Leaf>::Outcome<T>;

/// What one that gives a number returns: a scalar leaf, likewise.
type Number<T> = <<T as Tree>::Leaf as Leaf>::Outcome<<T as Tree>::Leaf>;

/// Arithmetic on trees, as if all their leaves were one vector: `model.minus(&gradient.scale(0.1))`.
///
/// It works on trees of [`Var`]s inside a trace, and on trees of [`Tensor`](crate::Tensor)s outside, where each call is traced and run by
/// itself and returns a `Result`. A sum over leaves of both float dtypes is an `f64`, and a scalar leaf is converted to the dtype of the
/// leaf that it meets. Norms are taken of entries over the largest one, so that no square leaves the dtype; `dot` and `square_norm` are what they say.
///
/// # Errors
/// Trees of different structure, as [`Tree::zip_leaves`] says; leaves of shapes that do not broadcast or of different dtypes; for
/// scaling, inner products and norms a leaf that is no float.
///
/// # Example
/// ```
/// use quadric_autodiff::Arithmetic;
/// use quadric_autodiff::{Error, Tensor, tensor};
/// let (w, g) = ((tensor![3.0, 0.0], tensor![1.0]), (tensor![1.0, 0.0], tensor![-4.0]));
/// assert_eq!(w.minus(&g.scale(2.0)?)?, (tensor![1.0, 0.0], tensor![9.0]));
/// assert_eq!((w.dot(&g)?.item(), w.plus(&g)?.norm()?.item()), (-1.0, 5.0));
/// # Ok::<(), Error>(())
/// ```
pub trait Arithmetic: Tree {
    /// `self + other`, leaf by leaf.
    #[track_caller]
    fn plus(&self, other: &Self) -> Outcome<Self> {
        both(self, other, |a, b| a + b)
    }

    /// `self − other`, leaf by leaf.
    #[track_caller]
    fn minus(&self, other: &Self) -> Outcome<Self> {
        both(self, other, |a, b| a - b)
    }

    /// `self · other`, entry by entry.
    #[track_caller]
    fn times(&self, other: &Self) -> Outcome<Self> {
        both(self, other, |a, b| a * b)
    }

    /// `s · self` for a number, or a scalar leaf s.
    #[track_caller]
    fn scale(&self, s: impl Factor<Self::Leaf>) -> Outcome<Self> {
        s.multiply(self)
    }

    /// `self + s · other`: a step along a direction.
    #[track_caller]
    fn add_scaled(&self, other: &Self, s: impl Factor<Self::Leaf>) -> Outcome<Self> {
        s.multiply_add(other, self)
    }

    /// `⟨self, other⟩`, summed over all leaves.
    #[track_caller]
    fn dot(&self, other: &Self) -> Number<Self> {
        Self::Leaf::enter(&(self.clone(), other.clone()), |(a, b): (Self::With<Var>, Self::With<Var>)| inner(&a, &b))
    }

    /// `‖self‖² = ⟨self, self⟩`.
    #[track_caller]
    fn square_norm(&self) -> Number<Self> {
        Self::Leaf::enter(self, |x: Self::With<Var>| inner(&x, &x))
    }

    /// `‖self‖`, the root of the sum of all squares. At 0 it is 0 and so is its derivative, at every order (no NaN appears); the derivatives of its
    /// `powi(2)` are those of [`square_norm`](Arithmetic::square_norm). A NaN is kept.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::trace::{Var, grad, hvp, tree::Arithmetic};
    /// use quadric_autodiff::tensor;
    /// let f = |x: Var| x.norm();
    /// assert_eq!(grad(f, &tensor![0.0, -4.0])?, tensor![0.0, -1.0]);
    /// assert_eq!(grad(f, &tensor![0.0, 0.0])?, tensor![0.0, 0.0]);
    /// assert_eq!(hvp(f, &tensor![0.0, 0.0], &tensor![1.0, 0.0])?, tensor![0.0, 0.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    fn norm(&self) -> Number<Self> {
        Self::Leaf::enter(self, |x: Self::With<Var>| {
            let (unit, scale) = over_largest(&x);
            let norm = zero_at_zero(inner(&unit, &unit), |s| s.sqrt()) * scale;
            let leaves: Vec<Var> = x.leaves().into_iter().copied().collect();
            norm.is_root_of(move || inner(&leaves, &leaves))
        })
    }

    /// `self / ‖self‖`, and 0 where self is 0 (with derivative 0). Of the smallest and the largest vectors, too, it is a unit vector.
    #[track_caller]
    fn normalized(&self) -> Outcome<Self> {
        Self::Leaf::enter(self, |x: Self::With<Var>| {
            let (unit, _) = over_largest(&x);
            let inverse = zero_at_zero(inner(&unit, &unit), |s| s.sqrt().recip());
            let unit = scaled(&unit, inverse);
            unit.zip_leaves(&x, |unit, x| unit.convert(x.dtype()))
        })
    }
}

impl<T: Tree> Arithmetic for T {}

/// A scalar that a tree with leaves `L` can be multiplied by: a number, or a leaf.
pub trait Factor<L: Leaf> {
    /// `self · x`.
    fn multiply<T: Tree<Leaf = L>>(self, x: &T) -> L::Outcome<T>;
    /// `y + self · x`.
    fn multiply_add<T: Tree<Leaf = L>>(self, x: &T, y: &T) -> L::Outcome<T>;
}

impl<L: Leaf> Factor<L> for f64 {
    #[track_caller]
    fn multiply<T: Tree<Leaf = L>>(self, x: &T) -> L::Outcome<T> {
        L::enter(x, |x: T::With<Var>| x.map_leaves(|x| *x * self))
    }

    #[track_caller]
    fn multiply_add<T: Tree<Leaf = L>>(self, x: &T, y: &T) -> L::Outcome<T> {
        L::enter(&(x.clone(), y.clone()), |(x, y): (T::With<Var>, T::With<Var>)| {
            y.zip_leaves(&x, |y, x| *y + *x * self)
        })
    }
}

impl<L: Leaf> Factor<L> for L {
    #[track_caller]
    fn multiply<T: Tree<Leaf = L>>(self, x: &T) -> L::Outcome<T> {
        L::enter(&(x.clone(), self), |(x, s): (T::With<Var>, Var)| scaled(&x, s))
    }

    #[track_caller]
    fn multiply_add<T: Tree<Leaf = L>>(self, x: &T, y: &T) -> L::Outcome<T> {
        L::enter(&(x.clone(), y.clone(), self), |(x, y, s): (T::With<Var>, T::With<Var>, Var)| {
            check_floats("add_scaled", &x);
            y.zip_leaves(&x, |y, x| *y + *x * s.convert(x.dtype()))
        })
    }
}

impl<L: Leaf> Factor<L> for &L {
    #[track_caller]
    fn multiply<T: Tree<Leaf = L>>(self, x: &T) -> L::Outcome<T> {
        self.clone().multiply(x)
    }

    #[track_caller]
    fn multiply_add<T: Tree<Leaf = L>>(self, x: &T, y: &T) -> L::Outcome<T> {
        self.clone().multiply_add(x, y)
    }
}

#[track_caller]
fn both<T: Tree>(a: &T, b: &T, f: fn(Var, Var) -> Var) -> Outcome<T> {
    T::Leaf::enter(&(a.clone(), b.clone()), |(a, b): (T::With<Var>, T::With<Var>)| a.zip_leaves(&b, |a, b| f(*a, *b)))
}

#[track_caller]
fn scaled<T: Tree<Leaf = Var>>(x: &T, s: Var) -> T::With<Var> {
    check_floats("scale", x);
    x.map_leaves(|x| *x * s.convert(x.dtype()))
}

/// All entries over the largest magnitude, in the widest dtype, and that; over 1 if it is 0 or infinite. The scale is a constant to every
/// derivative: what it is does not matter to what is computed with both.
#[track_caller]
fn over_largest<T: Tree<Leaf = Var, With<Var> = T>>(x: &T) -> (T, Var) {
    check_floats("norm", x);
    let dtype = widest(x).unwrap_or(DType::F64);
    let mut largest = scalar(dtype, 0.0);
    for leaf in x.leaves() {
        let axes: Vec<isize> = (0..leaf.shape().rank() as isize).collect();
        let of_leaf = if leaf.shape().size() == 0 { leaf.number(0.0) } else { leaf.abs().max_axes(&axes) };
        largest = largest.maximum(of_leaf.convert(dtype));
    }
    let scale = scale_of(largest.stop_gradient());
    (x.map_leaves(|leaf| leaf.convert(dtype) / scale), scale)
}

/// The float dtype of most digits among the leaves.
fn widest<T: Tree<Leaf = Var>>(x: &T) -> Option<DType> {
    x.leaves().iter().map(|leaf| leaf.dtype()).max_by_key(|dtype| dtype.size())
}

#[track_caller]
fn inner<T: Tree<Leaf = Var, With<Var> = T>>(a: &T, b: &T) -> Var {
    check_floats("dot", a);
    check_floats("dot", b);
    let dtype = widest(a).max(widest(b)).unwrap_or(DType::F64);
    let mut sum: Option<Var> = None;
    let _ = a.zip_leaves(b, |a, b| {
        let part = a.inner(*b).convert(dtype);
        sum = Some(sum.map_or(part, |sum| sum + part));
        part
    });
    sum.unwrap_or_else(|| {
        let what = "a tree without leaves has no inner product: there is no dtype for its 0";
        crate::trace::stop(crate::Error::new(crate::ErrorKind::Arity, what))
    })
}

/// A scale that a leaf cannot hold would be rounded to 0 without a word.
#[track_caller]
fn check_floats<T: Tree<Leaf = Var>>(name: &str, x: &T) {
    let leaves = x.leaves();
    if let Some(i) = leaves.iter().position(|leaf| !leaf.dtype().is_float()) {
        let what = format!("{name}: leaf {i} is {}, and a vector is made of floats", leaves[i].ty());
        crate::trace::stop(crate::Error::new(crate::ErrorKind::DType, what))
    }
}

/// `f(s)` for s > 0, and 0 with all its derivatives at 0: how a norm and its like are written. At s = 0, f is evaluated at 1 instead, because a
/// derivative that is not selected must still be finite: 0 · ∞ is NaN.
///
/// # Example
/// ```
/// use quadric_autodiff::trace::{Var, grad, tree::zero_at_zero};
/// use quadric_autodiff::tensor;
/// let root = |x: Var| zero_at_zero(x, |x| x.sqrt()).sum();
/// assert_eq!(grad(root, &tensor![0.0, 4.0])?, tensor![0.0, 0.25]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn zero_at_zero(s: Var, f: impl FnOnce(Var) -> Var) -> Var {
    let at_zero = s.equal(0.0);
    select(at_zero, 0.0, f(select(at_zero, 1.0, s)))
}
