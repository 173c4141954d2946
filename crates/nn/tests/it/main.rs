//! Layers, activations, losses and optimizers against formulas, differences and each other.

mod accuracy;
mod activations;
mod archives;
mod checkpoints;
mod composition;
mod ctc;
mod ends;
mod every_loss;
mod folder;
mod interventions;
mod layer_checks;
mod layers_conv;
mod layers_dropout;
mod layers_models;
mod layers_norm;
mod layers_pool;
mod layers_sequence;
mod layers_sequence_attention;
mod layers_sequence_mistakes;
mod layers_sequence_models;
mod layers_sequence_recurrent;
mod layers_sequence_reference;
mod layers_shape;
mod losses;
mod metrics;
mod models;
mod optimizers;
mod reference;
mod schedules;
mod support;
mod training;
mod weights;

use quadric_autodiff::Tensor;
use support::{flat, gradcheck_to_third_order, noise, noisy, relative, unflat};

/// A float tensor with the numbers of a slice.
fn tensor(shape: &[usize], data: &[f64]) -> Tensor {
    Tensor::new(shape, data).unwrap()
}
