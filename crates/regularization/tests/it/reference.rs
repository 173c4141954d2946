//! The answers of an independent system (JAX in f64): `tests/reference/README.md`.

use std::path::Path;

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::{Var, compile, hvp, hvp_of_part, value_and_grad};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{Tensor, Tree};
use quadric_nn::archive::Archive;
use quadric_nn::{Activation, Dense, Mlp, Optimizer, Sgd};
use quadric_regularization::{Classification, GaussNewtonTrace, GradientPower, HessianTrace, Loss, PenaltySam, Sam};

use crate::{flat, relative};

struct Reference {
    file: Archive,
    activation: Activation,
}

impl Reference {
    fn read(activation: Activation) -> Reference {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/reference/W1-mlp-small-{activation}.safetensors"));
        Reference { file: Archive::read(path).unwrap(), activation }
    }

    fn tensor(&self, name: &str) -> Tensor {
        self.file.get(name).unwrap_or_else(|| panic!("no {name} in the reference")).tensor().unwrap()
    }

    fn tree(&self, prefix: &str) -> Mlp {
        let layer = |i: usize| Dense {
            weight: self.tensor(&format!("{prefix}.w{i}")),
            bias: Some(self.tensor(&format!("{prefix}.b{i}"))),
        };
        Mlp { layers: (0..3).map(layer).collect(), activation: self.activation }
    }

    fn labels(&self) -> Tensor {
        let labels: Vec<i32> = self.file.get("y").unwrap().i64().unwrap().iter().map(|y| *y as i32).collect();
        Tensor::from_vec(&labels)
    }

    /// Runs a function of (model, direction, problem) on the reference's inputs.
    fn run<O: quadric_autodiff::VarTree>(&self, f: impl Fn(Mlp<Var>, Mlp<Var>, Classification) -> O) -> O::Host {
        compile(|(m, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| f(m, v, Classification::new(x, y)))
            .call((self.tree("params"), self.tree("v"), self.tensor("x"), self.labels()))
            .unwrap()
    }

    /// Every tensor of a tree, each by itself, to 1e-11.
    fn check(&self, prefix: &str, got: &Mlp) {
        let expected = self.tree(prefix);
        let names = got.leaf_names();
        for ((name, got), expected) in names.iter().zip(got.leaves()).zip(expected.leaves()) {
            assert_eq!(got.shape(), expected.shape());
            let error = relative(&got.to_f64_vec(), &expected.to_f64_vec());
            println!("{} {prefix}.{name}: {error:.1e}", self.activation);
            assert!(error < 1e-11, "{} {prefix}.{name} is off by {error:e}", self.activation);
        }
    }

    fn check_scalar(&self, name: &str, got: &Tensor) {
        let expected = self.tensor(name).item();
        let error = (got.item() - expected).abs() / expected.abs();
        println!("{} {name}: {error:.1e}", self.activation);
        assert!(error < 1e-11, "{} {name}: {} is no {expected}", self.activation, got.item());
    }
}

fn check_all(activation: Activation) {
    let r = Reference::read(activation);

    let z = r.run(|m, _, p| m.logits(p.x));
    assert!(relative(&z.to_f64_vec(), &r.tensor("logits").to_f64_vec()) < 1e-13);
    let (loss, grad) = r.run(|m, _, p| value_and_grad(|m: Mlp<Var>| p.loss(&m), &m));
    r.check_scalar("loss", &loss);
    r.check("grad", &grad);

    // Each product from its own sweep in its own program.
    let h_v = r.run(|m, v, p| hvp(|m: Mlp<Var>| p.loss(&m), &m, &v));
    let part = |part: Part| r.run(move |m, v, p| hvp_of_part(&part, |m: Mlp<Var>| p.loss(&m), &m, &v));
    let (g_v, n_v) = (part(Part::gauss_newton("logits")), part(Part::nme("logits")));
    r.check("Hv", &h_v);
    r.check("Gv", &g_v);
    r.check("NMEv", &n_v);
    let sum: Vec<f64> = flat(&g_v).iter().zip(flat(&n_v)).map(|(g, n)| g + n).collect();
    assert!(relative(&sum, &flat(&h_v)) < 1e-13);

    let (v_h_v, v_h_v_again, v_g_v) = r.run(|m, v, p| {
        let by_product = v.dot(&hvp(|m: Mlp<Var>| p.loss(&m), &m, &v));
        (HessianTrace::curvature(&p, &m, &v), by_product, GaussNewtonTrace::curvature(&p, "logits", &m, &v))
    });
    r.check_scalar("vHv", &v_h_v);
    r.check_scalar("vHv", &v_h_v_again);
    r.check_scalar("vGv", &v_g_v);

    // The third order, by both roads.
    r.check(
        "tracepen_grad",
        &r.run(|m, v, p| quadric_autodiff::trace::grad(|m: Mlp<Var>| HessianTrace::curvature(&p, &m, &v), &m)),
    );
    r.check(
        "tracepen_grad",
        &r.run(|m, v, p| {
            quadric_autodiff::trace::grad(|m: Mlp<Var>| v.dot(&hvp(|m: Mlp<Var>| p.loss(&m), &m, &v)), &m)
        }),
    );

    let rho = |m: &Mlp<Var>, x: f64| m.layers[0].weight.number(x);
    let (objective, direction) = r.run(|m, _, p| {
        let update = PenaltySam::new(rho(&m, 0.1)).update(&p, &m);
        (update.objective, update.direction)
    });
    r.check_scalar("gp_loss", &objective);
    r.check("gp_grad", &direction);
    r.check("gp_grad", &r.run(|m, _, p| GradientPower { rho: rho(&m, 0.1), power: 1.0 }.update(&p, &m).direction));

    let state = Sgd::new().init(&r.tree("params"));
    let step = |direction: Mlp| {
        compile(|(m, d, state, rate): (Mlp<Var>, Mlp<Var>, _, Var)| Sgd::new().update(&m, &d, &state, rate))
            .call((r.tree("params"), direction, state.clone(), Tensor::scalar(1e-4)))
            .unwrap()
            .0
    };
    r.check("sgd_params_after", &step(grad));
    r.check("sam_params_after", &step(r.run(|m, _, p| Sam { rho: rho(&m, 0.05) }.update(&p, &m).direction)));
}

#[test]
fn gelu_agrees_with_the_independent_system() {
    check_all(Activation::Gelu);
}

#[test]
fn tanh_agrees_with_the_independent_system() {
    check_all(Activation::Tanh);
}
