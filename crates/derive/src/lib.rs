//! `#[derive(Tree)]` and `#[derive(Static)]`.
//!
//! A tree is a struct or an enum that is generic over its leaf. From the declaration the derive writes the two walks
//! of the trait, one that reads and one that replaces leaves. It goes through each field's type *as written*:
//!
//! | the type | what the walk does |
//! |---|---|
//! | `T`, the leaf | hands it to the function |
//! | `Vec<…>`, `Option<…>`, `Box<…>`, `[…; N]`, `(…, …)` that name `T` | goes in |
//! | another path that names `T`, such as `Dense<T>` | calls its `Tree` impl |
//! | a type that does not name `T` | it is *static*: cloned, and it must be `Static` |
//!
//! Why not call the `Tree` impl of every field: for a generic leaf the compiler cannot see that `Vec<T>` with other
//! leaves is `Vec<L>`; it can see it of `Dense<T>`, where the impl says so.
//!
//! `tree` writes the walks, `krate` finds the name under which the user's crate knows the engine.

mod krate;
mod tree;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Makes a struct or an enum a tree of leaves: a model, a state, a batch.
///
/// The leaf is the type parameter called `T`, or the only one there is, or the one that `#[tree(leaf = T)]` names. A
/// type parameter bounded by `Tree` stands for a part, `struct Residual<M: Tree> { inner: M }`; of another one the
/// derive asks that it be `Static`. The type must be `Clone`.
///
/// A leaf is called by its fields and indices, `layers.0.weight`. `Option`, `Box` and types with one unnamed field add
/// nothing to the name.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, Tree};
///
/// #[derive(Tree, Clone)]
/// struct Dense<T = Tensor> {
///     weight: T,
///     bias: Option<T>,
/// }
///
/// #[derive(Tree, Clone)]
/// struct Mlp<T = Tensor> {
///     layers: Vec<Dense<T>>,
///     dropout: f64, // static: no leaf in it
/// }
///
/// fn names(model: &Mlp) -> Vec<String> {
///     model.leaf_names() // "layers.0.weight", "layers.0.bias", …
/// }
/// ```
///
/// # What does not compile
/// A field that leaves the leaf out. `Dense` is `Dense<Tensor>`, which inside `Mlp<Var>` would be a constant that no
/// gradient reaches; a field without the leaf must be `Static`, and `Dense` is not:
/// ```compile_fail,E0277
/// # use quadric_autodiff::{Tensor, Tree};
/// # #[derive(Tree, Clone)]
/// # struct Dense<T = Tensor> { weight: T, bias: Option<T> }
/// #[derive(Tree, Clone)]
/// struct Mlp<T = Tensor> {
///     layers: Vec<Dense>, // Vec<Dense<T>>
///     head: Dense<T>,
/// }
/// ```
/// A bare `Tensor` beside the leaf, for the same reason. A constant is a leaf too, read through `stop_gradient`:
/// ```compile_fail,E0277
/// # use quadric_autodiff::{Tensor, Tree};
/// #[derive(Tree, Clone)]
/// struct Scaled<T = Tensor> { weight: T, scale: Tensor }
/// ```
/// A struct without a type parameter has no leaf to vary:
/// ```compile_fail
/// # use quadric_autodiff::{Tensor, Tree};
/// #[derive(Tree, Clone)]
/// struct Bias { value: Tensor }
/// ```
/// A reference to a leaf, because a tree owns its parts:
/// ```compile_fail
/// # use quadric_autodiff::{Tensor, Tree};
/// #[derive(Tree, Clone)]
/// struct Tied<T: 'static = Tensor> { weight: &'static T }
/// ```
///
/// # The engine's name
/// The code refers to `::quadric_autodiff`, or to `::quadric::autodiff`, whichever the `Cargo.toml` of the crate
/// depends on, under the name it has there. If it comes from somewhere else: `#[tree(crate = "path::to::autodiff")]`.
#[proc_macro_derive(Tree, attributes(tree))]
pub fn derive_tree(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tree::derive_tree(&input).unwrap_or_else(Error::into_compile_error).into()
}

/// Declares a type of your own a static field of trees: an enum of activations, a struct of hyperparameters.
///
/// All its fields must be `Static` themselves. The type must be `Clone` and `Debug`; the `Debug` form goes into the
/// cache key of `compile`, so it must tell unequal values apart.
///
/// # Example
/// ```
/// use quadric_autodiff::{Static, Tensor, Tree};
///
/// #[derive(Static, Clone, Debug)]
/// enum Activation {
///     Tanh,
///     Elu { alpha: f64 },
/// }
///
/// #[derive(Tree, Clone)]
/// struct Layer<T = Tensor> {
///     weight: T,
///     activation: Activation,
/// }
/// ```
///
/// # What does not compile
/// A tensor hidden in a static field, since a tape would keep the tensor of the first call:
/// ```compile_fail,E0277
/// # use quadric_autodiff::{Static, Tensor};
/// #[derive(Static, Clone, Debug)]
/// enum Activation { Tanh, Prelu { slope: Tensor } }
/// ```
#[proc_macro_derive(Static, attributes(tree))]
pub fn derive_static(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    tree::derive_static(&input).unwrap_or_else(Error::into_compile_error).into()
}
