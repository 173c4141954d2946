//! What is timed: the peers' quantities for any parameters, data and loss, each one compiled function.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::trace::{Compiled, Var, compile, grad, hvp, hvp_of_part, jvp, linearize, trace, value_and_grad};
use quadric_autodiff::transform::{self, Part};
use quadric_autodiff::{Error, Tensor, Tree, VarTree};

use crate::inputs::Inputs;

/// Every quantity of any workload.
pub const NAMES: [&str; 11] = [
    "loss",
    "grad",
    "hvp",
    "ggnvp",
    "nmevp",
    "sgd_step",
    "sam_step",
    "gp_step_fwd",
    "tracepen_fwd",
    "hessian",
    "hvp_amortized",
];

// The peers' `workloads.py`.
const LR: f64 = 1e-4;
const RHO_SAM: f64 = 0.05;
const RHO_GP: f64 = 0.1;

/// Something to time; the first call compiles.
pub struct Quantity {
    pub name: &'static str,
    pub run: Box<dyn FnMut() -> Result<(), Error>>,
}

/// A function called with the same arguments again and again.
pub fn timed<I, O, F>(name: &'static str, mut f: Compiled<I, O, F>, args: I::Host) -> Quantity
where
    I: VarTree,
    O: VarTree,
    F: Fn(I) -> O + 'static,
{
    Quantity { name, run: Box::new(move || f.call_ref(&args).map(drop)) }
}

/// A loss of parameters `P` and data `D`, and where and along what to differentiate it.
pub struct Task<P: VarTree, D: VarTree, L> {
    pub params: P::With<Tensor>,
    pub v: P::With<Tensor>,
    pub data: D::With<Tensor>,
    pub loss: L,
}

impl<P: VarTree, D: VarTree, L: Fn(P, D) -> Var + Copy + 'static> Task<P, D, L> {
    /// What every loss has, after a check of value and gradient.
    pub fn quantities(&self, inputs: &Inputs) -> Result<Vec<Quantity>, String> {
        let loss = self.loss;
        let at = move |d: D| move |p: P| loss(p, d.clone());
        let (value, gradient) = compile(move |(p, d): (P, D)| value_and_grad(at(d), &p))
            .call((self.params.clone(), self.data.clone()))
            .map_err(|e| e.to_string())?;
        inputs.check(value.item(), &gradient.leaves())?;

        let point = || (self.params.clone(), self.data.clone());
        let along = || (self.params.clone(), self.v.clone(), self.data.clone());
        Ok(vec![
            timed("loss", compile(move |(p, d): (P, D)| loss(p, d)), point()),
            timed("grad", compile(move |(p, d): (P, D)| value_and_grad(at(d), &p)), point()),
            timed("hvp", compile(move |(p, v, d): (P, P, D)| hvp(at(d), &p, &v)), along()),
            self.stepped("sgd_step", move |(p, d): (P, D)| {
                let g = grad(at(d), &p);
                p.zip_leaves(&g, |w, g| w - g * LR)
            }),
            self.stepped("sam_step", move |(p, d): (P, D)| {
                let g = grad(at(d.clone()), &p);
                let scale = RHO_SAM / g.norm();
                let worse = p.zip_leaves(&g, |w, g| w + g * scale);
                let g = grad(at(d), &worse);
                p.zip_leaves(&g, |w, g| w - g * LR)
            }),
            // The step of L + ρ ‖∇L‖, whose gradient is g + ρ H g/‖g‖.
            self.stepped("gp_step_fwd", move |(p, d): (P, D)| {
                let (g, hessian) = linearize(|p: P| grad(at(d.clone()), &p), &p);
                let scale = RHO_GP / g.norm();
                let g = g.zip_leaves(&hessian.apply(&g), |g, hg| g + hg * scale);
                p.zip_leaves(&g, |w, g| w - g * LR)
            }),
            // ∇(vᵀ H v) = d²/dε² ∇L(p + ε v)
            timed(
                "tracepen_fwd",
                compile(move |(p, v, d): (P, P, D)| {
                    let gradient = |p: P| grad(at(d.clone()), &p);
                    jvp(|p: P| jvp(gradient, &p, &v).1, &p, &v).1
                }),
                along(),
            ),
        ])
    }

    /// What only a network has: its parts, cut at the logits, and its linearisation kept for many directions.
    pub fn network_quantities(&self) -> Vec<Quantity> {
        let loss = self.loss;
        let part = |name, part: Part| {
            let f = move |(p, v, d): (P, P, D)| hvp_of_part(&part, |p: P| loss(p, d.clone()), &p, &v);
            timed(name, compile(f), (self.params.clone(), self.v.clone(), self.data.clone()))
        };
        vec![part("ggnvp", Part::gauss_newton("logits")), part("nmevp", Part::nme("logits")), self.amortized()]
    }

    /// A step that gives the parameters of the next one; the buffers of the last but one are used again.
    fn stepped(&self, name: &'static str, f: impl Fn((P, D)) -> P + 'static) -> Quantity {
        let mut step = compile(f);
        let mut state = (self.params.clone(), self.data.clone());
        let run = move || {
            state.0 = step.call_ref(&state)?;
            Ok(())
        };
        Quantity { name, run: Box::new(run) }
    }

    /// H v at a fixed point: the gradient is linearised once, and a call runs the linear part alone.
    fn amortized(&self) -> Quantity {
        let (loss, point, v) = (self.loss, (self.params.clone(), self.data.clone()), self.v.clone());
        let mut kept: Option<(Program, Vec<Tensor>)> = None;
        let run = move || {
            if kept.is_none() {
                let tape = trace(|(p, d): (P, D)| grad(|p: P| loss(p, d.clone()), &p), &point)?;
                let wrt: Vec<bool> = (0..tape.inputs().len()).map(|i| i < v.leaves().len()).collect();
                let split = transform::linearize(&tape, &wrt, None)?;
                let options = Options::default();
                let mut residuals = Program::new(&split.primal, &options).call(&point.leaves())?;
                let mut args = residuals.split_off(split.outputs);
                args.extend(v.leaves().into_iter().cloned());
                kept = Some((Program::new(&split.linear, &options), args));
            }
            let (linear, args) = kept.as_mut().expect("made above");
            linear.call(&args.iter().collect::<Vec<_>>()).map(drop)
        };
        Quantity { name: "hvp_amortized", run: Box::new(run) }
    }
}
