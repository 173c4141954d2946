//! Small nets, written inline with scopes as `nn` opens them, and the problems made of them.

use quadric_autodiff::trace::{Var, cut, nonlinear_scope, scope, select};
use quadric_autodiff::{DType, Static, Tensor, Tree};
use quadric_curvature::{Probe, Problem};

#[derive(Tree, Clone, Debug)]
pub struct Dense<T = Tensor> {
    pub weight: T,
    pub bias: T,
}

#[derive(Tree, Clone, Debug)]
pub struct Mlp<T = Tensor> {
    pub layers: Vec<Dense<T>>,
    pub activation: Activation,
}

#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    Tanh,
    Gelu,
    Silu,
    Softplus,
    Relu,
    LeakyRelu,
}

pub const SMOOTH: [Activation; 4] = [Activation::Tanh, Activation::Gelu, Activation::Silu, Activation::Softplus];
pub const PIECEWISE: [Activation; 2] = [Activation::Relu, Activation::LeakyRelu];

impl Activation {
    pub fn all() -> impl Iterator<Item = Activation> {
        SMOOTH.into_iter().chain(PIECEWISE)
    }

    pub fn apply(self, h: Var) -> Var {
        match self {
            Activation::Tanh => nonlinear_scope("tanh", || h.tanh()),
            Activation::Gelu => nonlinear_scope("gelu", || h * ((h * 0.5_f64.sqrt()).erf() + 1.0) * 0.5),
            Activation::Silu => nonlinear_scope("silu", || h * h.logistic()),
            Activation::Softplus => nonlinear_scope("softplus", || h.exp().log1p()),
            Activation::Relu => nonlinear_scope("relu", || select(h.gt(0.0), h, h.zeros_like())),
            Activation::LeakyRelu => nonlinear_scope("leaky_relu", || select(h.gt(0.0), h, h * 0.1)),
        }
    }

    /// φ″, by hand.
    pub fn second(self, x: f64) -> f64 {
        let logistic = 1.0 / (1.0 + (-x).exp());
        match self {
            Activation::Tanh => -2.0 * x.tanh() * (1.0 - x.tanh() * x.tanh()),
            Activation::Gelu => (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt() * (2.0 - x * x),
            Activation::Silu => logistic * (1.0 - logistic) * (2.0 + x * (1.0 - 2.0 * logistic)),
            Activation::Softplus => logistic * (1.0 - logistic),
            Activation::Relu | Activation::LeakyRelu => 0.0,
        }
    }
}

impl Mlp<Var> {
    pub fn logits(&self, x: Var) -> Var {
        let mut x = x;
        for (i, layer) in self.layers.iter().enumerate() {
            x = scope(&format!("layers.{i}"), || {
                let h = x.matmul(layer.weight) + layer.bias;
                if i + 1 < self.layers.len() { self.activation.apply(h) } else { h }
            });
        }
        x
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    CrossEntropy,
    Squares,
}

pub const LOSSES: [Loss; 2] = [Loss::CrossEntropy, Loss::Squares];

impl Loss {
    pub fn apply(self, z: Var, y: Var) -> Var {
        let [examples, classes] = z.shape()[..] else { panic!("logits are a matrix") };
        match self {
            Loss::CrossEntropy => nonlinear_scope("cross_entropy", || {
                let shifted = z - z.max_axes(&[-1]).stop_gradient().reshape([examples, 1]);
                let log_sum = shifted.exp().sum_axes(&[-1]).log();
                let picked = shifted.gather_along(y.reshape([examples, 1]), -1).reshape([examples]);
                (log_sum - picked).mean()
            }),
            Loss::Squares => nonlinear_scope("squares", || {
                let classes = quadric_autodiff::trace::iota(DType::I32, [examples, classes], 1);
                let one_hot = classes.equal(y.reshape([examples, 1])).convert(z.dtype());
                let error = z - one_hot;
                (error * error).sum_axes(&[-1]).mean() * 0.5
            }),
        }
    }
}

pub const SIZES: [usize; 4] = [3, 5, 4, 3];

pub fn mlp(activation: Activation, dtype: DType, seed: u64) -> Mlp {
    let mut numbers = Probe::Gaussian.draw(1000, 1, seed).swap_remove(0).into_iter();
    let mut tensor = |shape: &[usize], scale: f64| {
        Tensor::from_fn(dtype, shape.to_vec(), |_| scale * numbers.next().expect("enough numbers"))
    };
    let layers =
        SIZES.windows(2).map(|s| Dense { weight: tensor(&[s[0], s[1]], 0.8), bias: tensor(&[s[1]], 0.3) }).collect();
    Mlp { layers, activation }
}

pub const EXAMPLES: usize = 7;

pub fn data(dtype: DType) -> (Tensor, Tensor) {
    let x = &Probe::Gaussian.draw(EXAMPLES * SIZES[0], 1, 99)[0];
    let labels: Vec<i32> = (0..EXAMPLES as i32).map(|i| (i * 5 + 1) % SIZES[3] as i32).collect();
    (Tensor::from_fn(dtype, [EXAMPLES, SIZES[0]], |i| x[i]), Tensor::from_vec(&labels))
}

pub fn loss_of(loss: Loss) -> impl Fn(Mlp<Var>, Var, Var) -> Var {
    move |model, x, y| loss.apply(cut("logits", model.logits(x)), y)
}

/// In batches of 3, 3 and 1.
pub fn problem(activation: Activation, loss: Loss) -> Problem {
    let (x, y) = data(DType::F64);
    Problem::in_batches(&mlp(activation, DType::F64, 1), loss_of(loss), &x, &y, 3).unwrap()
}

/// All examples in one batch.
pub fn whole(activation: Activation, loss: Loss) -> Problem {
    let (x, y) = data(DType::F64);
    Problem::new(&mlp(activation, DType::F64, 1), loss_of(loss), vec![(x, y)]).unwrap()
}
