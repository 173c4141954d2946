//! Claim 11: what the Hessian at a point does not tell of the gradient nearby.

use quadric::autodiff::Tree;
use quadric::curvature::operators::Hessian;
use quadric::curvature::vector::{axpy, norm, normalized, scaled};
use quadric::curvature::{Gradient, LinearOperator};
use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, significant};
use crate::reproduce::check::{Check, Context, Found};
use crate::reproduce::sweep::{in_parallel, problem, training};
use crate::train::in_f64;

pub const CHECK: Check = Check {
    number: 11,
    kind: Kind::Mechanism,
    claim: "the curvature that H misses goes to 0 with ρ for GELU, does not for ReLU, and plateaus for ablated GELU",
    measure: || {
        "e(ρ) = ‖(∇L(θ+ρg̃) − g)/ρ − H g̃‖ / ‖(∇L(θ+ρg̃) − g)/ρ‖ over the whole training set in f64, after a quarter of a plain \
                  SGD run"
            .into()
    },
    rule: || {
        "e vanishes if e(0.001) < 0.05 and e(0.001) ≤ e(0.03)/5; stays if e(0.001) ≥ 0.05 and e(0.001) ≥ e(0.01)/2; plateaus if it \
               stays and e(0.001), e(0.003) differ by at most 10 % of the latter. Reproduced if for every seed it vanishes for GELU, stays \
               for ReLU and plateaus for ablated GELU; not seen if it vanishes for all three and every seed; contradicted if for every \
               seed it stays for GELU and vanishes for ReLU or ablated GELU; else inconclusive."
            .into()
    },
    run,
};

const RADII: [f64; 6] = [0.3, 0.1, 0.03, 0.01, 0.003, 0.001];

fn run(ctx: &Context) -> Result<Found, Failure> {
    const ACTIVATIONS: [Activation; 3] = [Activation::Gelu, Activation::Relu, Activation::GeluAblated];
    let jobs: Vec<(Activation, u64)> =
        ACTIVATIONS.iter().flat_map(|&activation| ctx.seeds.iter().map(move |&seed| (activation, seed))).collect();
    let errors = in_parallel(ctx, &jobs, |&(activation, seed)| missing(ctx, activation, seed))?;
    let (errors, limits): (Vec<[f64; 6]>, Vec<f64>) = errors.into_iter().unzip();
    let n = ctx.seeds.len();
    let (gelu, relu, ablated) = (&errors[..n], &errors[n..2 * n], &errors[2 * n..]);
    let seeds = || 0..n;
    let verdict = if seeds().all(|i| vanishes(&gelu[i]) && stays(&relu[i]) && plateaus(&ablated[i])) {
        Verdict::Reproduced
    } else if seeds().all(|i| vanishes(&gelu[i]) && vanishes(&relu[i]) && vanishes(&ablated[i])) {
        Verdict::NotSeen
    } else if seeds().all(|i| stays(&gelu[i]) && (vanishes(&relu[i]) || vanishes(&ablated[i]))) {
        Verdict::Contradicted
    } else {
        Verdict::Inconclusive
    };
    let row = |((activation, seed), e): (&(Activation, u64), &[f64; 6])| {
        let mut row = vec![activation.to_string(), seed.to_string()];
        row.extend(e.iter().map(|e| significant(*e, 3)));
        row
    };
    let at_smallest = |e: &[[f64; 6]]| {
        let least = e.iter().map(|e| e[5]).fold(f64::INFINITY, f64::min);
        let most = e.iter().map(|e| e[5]).fold(f64::NEG_INFINITY, f64::max);
        format!("{} to {}", significant(least, 3), significant(most, 3))
    };
    let mut headings = vec!["activation".to_string(), "seed".to_string()];
    headings.extend(RADII.iter().map(|rho| format!("e({rho})")));
    Ok(Found {
        numbers: vec![
            ("e(0.001), GELU, over seeds".into(), at_smallest(gelu)),
            ("e(0.001), ReLU, over seeds".into(), at_smallest(relu)),
            ("e(0.001), ablated GELU, over seeds".into(), at_smallest(ablated)),
            (
                "where e(ρ → 0) must end for ablated GELU, ‖(H − H_ablated) g̃‖/‖H g̃‖, by seed".into(),
                limits[2 * n..].iter().map(|e| significant(*e, 3)).collect::<Vec<_>>().join(", "),
            ),
        ],
        grid: Some(Grid { headings, rows: jobs.iter().zip(&errors).map(row).collect() }),
        verdict,
    })
}

/// e(ρ) over [`RADII`], and its limit had φ the second derivative of GELU.
fn missing(ctx: &Context, activation: Activation, seed: u64) -> Result<([f64; 6], f64), Failure> {
    let mut training = training(ctx, activation, Method::Plain, 0.0, seed);
    while training.done < training.total() / 4 {
        if training.step()?.is_err() {
            return Ok(([f64::NAN; 6], f64::NAN));
        }
    }
    let smooth = problem(ctx, &training.model.clone().with_activation(Activation::Gelu))?;
    let problem = problem(ctx, &training.model)?;
    let mut gradient = Gradient::new(&problem)?;
    let theta: Vec<f64> = in_f64(&training.model).leaves().iter().flat_map(|t| t.to_f64_vec()).collect();
    let (_, g) = gradient.value_and_gradient()?;
    let along = normalized(&g);
    let h_along = Hessian::new(&problem)?.apply(&along)?;
    let mut errors = [0.0; 6];
    for (error, rho) in errors.iter_mut().zip(RADII) {
        let mut moved = theta.clone();
        axpy(rho, &along, &mut moved);
        gradient.set_parameters(&moved)?;
        let mut quotient = gradient.value_and_gradient()?.1;
        axpy(-1.0, &g, &mut quotient);
        let quotient = scaled(1.0 / rho, &quotient);
        let mut rest = quotient.clone();
        axpy(-1.0, &h_along, &mut rest);
        *error = norm(&rest) / norm(&quotient);
    }
    let smooth_along = Hessian::new(&smooth)?.apply(&along)?;
    let mut limit = smooth_along.clone();
    axpy(-1.0, &h_along, &mut limit);
    Ok((errors, norm(&limit) / norm(&smooth_along)))
}

fn vanishes(e: &[f64; 6]) -> bool {
    e[5] < 0.05 && e[5] <= e[2] / 5.0
}

fn stays(e: &[f64; 6]) -> bool {
    e[5] >= 0.05 && e[5] >= e[3] / 2.0
}

fn plateaus(e: &[f64; 6]) -> bool {
    stays(e) && (e[5] - e[4]).abs() <= 0.1 * e[4]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_go_with_the_radius() {
        let smooth = [0.6, 0.3, 0.1, 0.03, 0.01, 0.003];
        let rough = [0.6, 0.5, 0.5, 0.4, 0.5, 0.6];
        let flat = [0.6, 0.5, 0.4, 0.35, 0.34, 0.34];
        assert!(vanishes(&smooth) && !stays(&smooth) && !plateaus(&smooth));
        assert!(!vanishes(&rough) && stays(&rough) && !plateaus(&rough));
        assert!(!vanishes(&flat) && stays(&flat) && plateaus(&flat));
        let nan = [f64::NAN; 6];
        assert!(!vanishes(&nan) && !stays(&nan) && !plateaus(&nan));
    }
}
