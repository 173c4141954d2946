//! The multilayer perceptron: dense layers with an activation between them.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use super::{Classifier, Dense, Init, Layer, Mode, Stateless, generator};
use crate::LIBRARY;
use crate::activations::Activation;

/// `z = h_L W_L + b_L`, `h_{l+1} = φ(h_l W_l + b_l)`, `h_0 = x`: no activation after the last layer.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Mlp<T = Tensor> {
    /// The layers, first to last; their scopes are called `layers.0`, `layers.1`, ….
    pub layers: Vec<Dense<T>>,
    /// φ, the same everywhere.
    pub activation: Activation,
}

impl Mlp<Tensor> {
    /// A network with these layer sizes, input first, and LeCun-normal weights from the seed ([`generator`]).
    ///
    /// # Panics
    /// If there are fewer than two sizes, or `dtype` is no float.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tree};
    /// use quadric_nn::{Activation, Mlp};
    /// let model = Mlp::new(&[64, 32, 10], Activation::Gelu, DType::F32, 1);
    /// assert_eq!(model.leaf_names(), ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]);
    /// assert_eq!(model.layers[1].weight.shape().to_vec(), [32, 10]);
    /// ```
    pub fn new(sizes: &[usize], activation: Activation, dtype: DType, seed: u64) -> Mlp {
        Mlp::with_init(sizes, activation, Init::LeCunNormal, dtype, seed)
    }

    /// [`Mlp::new`] with weights drawn from `init`.
    ///
    /// # Panics
    /// As [`Mlp::new`].
    pub fn with_init(sizes: &[usize], activation: Activation, init: Init, dtype: DType, seed: u64) -> Mlp {
        assert!(sizes.len() >= 2, "Mlp: {sizes:?} names no layer; give the input size and at least one output size");
        let mut rng = generator(seed);
        let layers = sizes.windows(2).map(|pair| Dense::with_init(pair[0], pair[1], init, dtype, &mut rng)).collect();
        Mlp { layers, activation }
    }
}

impl<T> Mlp<T> {
    /// The same network with another activation: the same weights, so that two interventions can be compared.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Mlp<T> {
        Mlp { activation, ..self }
    }
}

impl Mlp<Var> {
    /// The logits of a batch.
    ///
    /// # Shapes
    /// `x: [B, inputs]`, result `[B, outputs]`.
    ///
    /// # Errors
    /// Stops the trace if `x` has not as many columns as the first layer has inputs.
    #[track_caller]
    pub fn logits(&self, x: Var) -> Var {
        let last = self.layers.len().saturating_sub(1);
        let mut h = x;
        for (i, layer) in self.layers.iter().enumerate() {
            h = LIBRARY.scope(&format!("layers.{i}"), || {
                let h = layer.apply(h);
                if i == last { h } else { self.activation.apply(h) }
            });
        }
        h
    }
}

impl Classifier for Mlp<Var> {
    #[track_caller]
    fn logits(&self, x: Var) -> Var {
        Mlp::logits(self, x)
    }
}

impl Layer for Mlp<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, _: Mode) -> (Var, Stateless<Var>) {
        (Mlp::logits(self, x), *state)
    }
}
