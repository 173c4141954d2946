//! The claims, one a file: its number, its sentence, the rule stated before the run, the run, the verdict.

mod ablation_is_worse;
mod declared_activations;
mod definiteness;
mod missing_curvature;
mod nme_shrinks;
mod nme_splits;
mod noise_and_nme;
mod parts_add_up;
mod piecewise_linear;
mod quadratic_loss;
mod relu_control;
mod sampled_labels;
mod sampled_penalty;
mod three_roads;
mod trace_of_gauss_newton;
mod trace_penalties;

use super::check::Check;

/// All of them, by number.
pub const ALL: [Check; 16] = [
    parts_add_up::CHECK,
    nme_splits::CHECK,
    piecewise_linear::CHECK,
    definiteness::CHECK,
    trace_of_gauss_newton::CHECK,
    sampled_labels::CHECK,
    three_roads::CHECK,
    declared_activations::CHECK,
    quadratic_loss::CHECK,
    nme_shrinks::CHECK,
    missing_curvature::CHECK,
    ablation_is_worse::CHECK,
    trace_penalties::CHECK,
    noise_and_nme::CHECK,
    relu_control::CHECK,
    sampled_penalty::CHECK,
];
