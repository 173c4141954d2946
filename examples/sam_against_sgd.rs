//! The same network and the same batches, trained by gradient descent and by sharpness-aware minimization, with batch norm.
//!
//! A network with a batch norm learns the embedded 8×8 digits twice, from the same weights on the same batches: along the gradient, and along SAM's
//! direction `∇L(θ + ρ g/‖g‖)`. SAM runs the network twice in a step; the running statistics that come out are those of the first pass, as the paper's code
//! takes care to have them. Afterwards both are measured with these statistics: the largest eigenvalue of the Hessian of the training loss, by power iteration
//! on its products, and SAM's own gap `L(θ + ρ g/‖g‖) − L(θ)`.
//!
//! Prints for each the accuracy on held-out digits, the loss, the eigenvalue and the gap.

use quadric::autodiff::trace::scalar;
use quadric::nn::data::{DIGITS_SPLIT_SEED, Dataset, Loader, digits};
use quadric::nn::layers::{Activate, BatchNorm, Layer, StateOf, generator};
use quadric::nn::{Cosine, Outcome, Step, Training, metrics};
use quadric::prelude::*;

type Net<T = Tensor> = (Dense<T>, BatchNorm<T>, Activate<T>, Dense<T>);
type NetState = <Net<Var> as Layer>::State;

const EPOCHS: usize = 20;
const RHO: f64 = 0.1;

fn main() -> Result<(), Error> {
    let digits = digits(DIGITS_SPLIT_SEED);
    let batches = |set: &Dataset, size| Loader::new(set.flattened().to_dtype(DType::F64), size);
    let (train, test) = (batches(&digits.train, 64)?.shuffled(1).drop_last()?, batches(&digits.test, 360)?);
    let (x, y) = digits.train.flattened().to_dtype(DType::F64).all().pair()?;

    let mut measured = Vec::new();
    for sharp in [false, true] {
        let mut step = Step::of_layer(Sgd::new().momentum(0.9), |z, batch| {
            let y = batch.target();
            Outcome::new(cross_entropy(z, y)).metric("accuracy", metrics::accuracy(z, y))
        });
        if sharp {
            step = step.direction(|loss, params, _| {
                let update = Sam { rho: scalar(DType::F64, RHO) }.update(&loss, params);
                (update.objective, update.direction)
            });
        }
        let rng = &mut generator(3);
        let (first, last) = (Dense::new(64, 32, DType::F64, rng), Dense::new(32, 10, DType::F64, rng));
        let net: Net = (first, BatchNorm::new(32, DType::F64), Activate::new(Activation::Gelu), last);
        let schedule = Cosine { peak: 0.1, floor: 0.0, steps: EPOCHS * train.batches_per_epoch() };
        let mut training = Training::of_layer(net, step, schedule)?.evaluate("test", test.clone());
        training.fit(&train, EPOCHS as u64)?;

        // One batch was counted in a step, by SAM too.
        assert_eq!(training.state().1.batches.item() as u64, training.steps());
        let accuracy = training.record().last("test accuracy").expect("the test digits were evaluated");
        let (loss, gap, lambda) = sharpness(training.model(), training.state(), &x, &y)?;
        let name = if sharp { "SAM" } else { "SGD" };
        println!(
            "{name}  held-out accuracy {:5.2} %  loss {loss:.5}  λ_max {lambda:8.4}  gap {gap:.5}",
            100.0 * accuracy
        );
        measured.push((accuracy, gap, lambda));
    }
    let [(by_sgd, gap_of_sgd, lambda_of_sgd), (by_sam, gap_of_sam, lambda_of_sam)] = measured[..] else {
        unreachable!()
    };
    assert!(lambda_of_sam < 0.8 * lambda_of_sgd && gap_of_sam < 0.9 * gap_of_sgd, "SAM finds a wider minimum");
    assert!(by_sam > by_sgd - 0.01, "and one that is no worse on what it has not seen");
    Ok(())
}

/// The training loss with the running statistics, SAM's gap there, and the largest eigenvalue of its Hessian.
fn sharpness(net: &Net, state: &StateOf<Net>, x: &Tensor, y: &Tensor) -> Result<(f64, f64, f64), Error> {
    let loss = |net: Net<Var>, state: &NetState, x: Var, y: Var| cross_entropy(net.infer(x, state), y).mean();
    let mut gap = compile(|(net, state, x, y): (Net<Var>, NetState, Var, Var)| {
        let of = |net: Net<Var>| loss(net, &state, x, y);
        let update = Sam { rho: x.number(RHO) }.update(&of, &net);
        (update.loss, update.objective - update.loss)
    });
    let mut product = compile(|(net, v, state, x, y): (Net<Var>, Net<Var>, NetState, Var, Var)| {
        let h_v = hvp(|net| loss(net, &state, x, y), &net, &v);
        (v.dot(&h_v), h_v.normalized())
    });
    let (value, gap) = gap.call((net.clone(), state.clone(), x.clone(), y.clone()))?;
    let mut v = net.clone().normalized()?;
    let mut lambda = 0.0;
    for _ in 0..60 {
        let (rayleigh, next) = product.call((net.clone(), v, state.clone(), x.clone(), y.clone()))?;
        (lambda, v) = (rayleigh.item(), next);
    }
    Ok((value.item(), gap.item(), lambda))
}
