//! What a workload is run on: parameters, a direction and a batch, drawn from a seed or read from a file of the peers.

use std::fs;
use std::path::Path;

use quadric_autodiff::{DType, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use safetensors::tensor::{Dtype, SafeTensors};

use crate::workload::{Kind, Workload};

/// Arrays by name, of one float type: `params.*`, the direction `v.*`, and for a network `x` and the labels `y`.
pub struct Inputs {
    tensors: Vec<(String, Tensor)>,
    /// The loss and the norm of its gradient, where the file says them.
    expected: Option<[f64; 2]>,
}

impl Inputs {
    /// Parameters `N(0, 1)/√fan_in` (biases too, so that nothing is 0 by accident), inputs and direction `N(0, 1)`, labels at random.
    ///
    /// Both float types get the same numbers: they are rounded to f32.
    pub fn draw(workload: &Workload, seed: u64, dtype: DType) -> Inputs {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = |shape: &[usize], scale: f64| {
            let draw = |_| (scale * Distribution::<f64>::sample(&StandardNormal, &mut rng)) as f32;
            let values: Vec<f32> = (0..shape.iter().product()).map(draw).collect();
            Tensor::new(shape, &values).expect("as many numbers as the shape has").to_dtype(dtype)
        };
        let mut tensors = Vec::new();
        match workload.kind {
            Kind::Mlp { sizes, batch, .. } => {
                for (i, size) in sizes.windows(2).enumerate() {
                    let scale = 1.0 / (size[0] as f64).sqrt();
                    tensors.push((format!("params.w{i}"), normal(size, scale)));
                    tensors.push((format!("params.b{i}"), normal(&size[1..], scale)));
                    tensors.push((format!("v.w{i}"), normal(size, 1.0)));
                    tensors.push((format!("v.b{i}"), normal(&size[1..], 1.0)));
                }
                tensors.push(("x".into(), normal(&[batch, sizes[0]], 1.0)));
                let classes = Uniform::new(0, sizes[3] as i32).expect("a network has classes");
                let labels: Vec<i32> = (0..batch).map(|_| classes.sample(&mut rng)).collect();
                tensors.push(("y".into(), Tensor::from_vec(&labels)));
            }
            Kind::Rosenbrock { n } => {
                tensors.push(("params.x".into(), normal(&[n], 1.0)));
                tensors.push(("v.x".into(), normal(&[n], 1.0)));
            }
        }
        Inputs { tensors, expected: None }
    }

    /// Reads `folder/WORKLOAD.safetensors`, as the peers' `export_inputs.py` writes it.
    pub fn read(workload: &Workload, folder: &Path, dtype: DType) -> Result<Inputs, String> {
        let path = folder.join(format!("{workload}.safetensors"));
        let bytes = fs::read(&path)
            .map_err(|e| format!("{} cannot be read ({e}); the peers' setup.sh writes it", path.display()))?;
        let broken = |what: &dyn std::fmt::Display| format!("{} is no file of the peers: {what}", path.display());
        let file = SafeTensors::deserialize(&bytes).map_err(|e| broken(&e))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(&e))?;
        let number = |name: &str| {
            let text = header.metadata().as_ref().and_then(|m| m.get(name));
            text.and_then(|t| t.parse::<f64>().ok()).ok_or_else(|| broken(&format!("it has no {name}")))
        };
        let expected = Some([number("loss")?, number("grad_norm")?]);
        let mut tensors = Vec::new();
        for (name, view) in file.tensors() {
            let (shape, data) = (view.shape(), view.data());
            let tensor = match view.dtype() {
                Dtype::F32 => {
                    let (each, _) = data.as_chunks::<4>();
                    let values: Vec<f32> = each.iter().map(|b| f32::from_le_bytes(*b)).collect();
                    Tensor::new(shape, &values).map(|t| t.to_dtype(dtype))
                }
                Dtype::I64 => {
                    let (each, _) = data.as_chunks::<8>();
                    let labels: Result<Vec<i32>, _> = each.iter().map(|b| i64::from_le_bytes(*b).try_into()).collect();
                    Tensor::new(shape, &labels.map_err(|_| broken(&format!("a label of {name} is out of range")))?)
                }
                other => return Err(broken(&format!("{name} is {other:?}"))),
            };
            tensors.push((name, tensor.map_err(|e| broken(&e))?));
        }
        Ok(Inputs { tensors, expected })
    }

    /// An array by its name.
    pub fn get(&self, name: &str) -> Result<Tensor, String> {
        let found = self.tensors.iter().find(|(n, _)| n == name);
        found.map(|(_, t)| t.clone()).ok_or_else(|| format!("the inputs have no array {name}"))
    }

    /// Stops before anything is timed if this is not the problem that the peers solve: a benchmark of another one is worse than
    /// none. Inputs drawn from a seed have no stored values; there both numbers have to be finite.
    pub fn check(&self, loss: f64, grad: &[&Tensor]) -> Result<(), String> {
        let norm = grad.iter().flat_map(|g| g.to_f64_vec()).map(|g| g * g).sum::<f64>().sqrt();
        let expected = self.expected.map_or([None; 2], |e| e.map(Some));
        for ((name, ours), theirs) in [("loss", loss), ("gradient's norm", norm)].into_iter().zip(expected) {
            if !ours.is_finite() {
                return Err(format!("the {name} is {ours}; nothing was timed"));
            }
            let Some(theirs) = theirs else { continue };
            let difference = (ours - theirs).abs() / theirs.abs();
            if difference.is_nan() || difference > 1e-5 {
                return Err(format!(
                    "the {name} is {ours}, the inputs' file says {theirs} (relative difference {difference:.1e}); nothing was timed"
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload;

    #[test]
    fn every_workload_can_be_drawn() -> Result<(), String> {
        for workload in &workload::ALL {
            let inputs = Inputs::draw(workload, 0, DType::F32);
            match workload.kind {
                Kind::Mlp { sizes, batch, .. } => {
                    assert_eq!(inputs.get("params.w1")?.shape()[..], sizes[1..3]);
                    assert_eq!(inputs.get("x")?.shape()[..], [batch, sizes[0]]);
                    let labels = inputs.get("y")?;
                    assert_eq!(labels.shape()[..], [batch]);
                    assert!(labels.as_slice::<i32>().iter().all(|y| (0..sizes[3] as i32).contains(y)));
                }
                Kind::Rosenbrock { n } => assert_eq!(inputs.get("v.x")?.shape()[..], [n]),
            }
        }
        Ok(())
    }

    #[test]
    fn a_seed_gives_the_same_inputs_again() -> Result<(), String> {
        let x = |seed, dtype| Inputs::draw(&workload::ALL[0], seed, dtype).get("x");
        assert_eq!(x(0, DType::F64)?, x(0, DType::F64)?);
        assert_eq!(x(0, DType::F64)?, x(0, DType::F32)?.to_dtype(DType::F64));
        assert_ne!(x(0, DType::F64)?, x(1, DType::F64)?);
        Ok(())
    }

    #[test]
    fn a_file_of_the_peers_is_read() -> Result<(), Box<dyn std::error::Error>> {
        use safetensors::tensor::{TensorView, serialize};
        let (x, y) = ([0.5f32, -2.0].map(f32::to_le_bytes).concat(), [3i64, 4].map(i64::to_le_bytes).concat());
        let views =
            [("x", TensorView::new(Dtype::F32, vec![1, 2], &x)?), ("y", TensorView::new(Dtype::I64, vec![2], &y)?)];
        let header = [("loss", "0.25"), ("grad_norm", "5.0")].map(|(k, v)| (k.to_string(), v.to_string()));
        let folder = std::env::temp_dir().join(format!("quadric-benches-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let workload = &workload::ALL[0];
        fs::write(folder.join(format!("{workload}.safetensors")), serialize(views, Some(header.into()))?)?;
        let inputs = Inputs::read(workload, &folder, DType::F64);
        fs::remove_dir_all(&folder)?;
        let inputs = inputs?;
        assert_eq!(inputs.get("x")?, Tensor::new([1, 2], &[0.5, -2.0])?);
        assert_eq!(inputs.get("y")?, Tensor::from_vec(&[3, 4]));
        assert_eq!(inputs.expected, Some([0.25, 5.0]));
        assert!(inputs.get("z").is_err() && Inputs::read(workload, &folder, DType::F64).is_err());
        Ok(())
    }

    #[test]
    fn another_problem_is_refused() {
        let inputs = Inputs { tensors: vec![], expected: Some([2.0, 5.0]) };
        let [right, wrong] = [[3.0, 4.0], [3.0, 5.0]].map(|g| Tensor::from_vec(&g));
        assert_eq!(inputs.check(2.0, &[&right]), Ok(()));
        assert!(inputs.check(2.1, &[&right]).unwrap_err().starts_with("the loss is 2.1, the inputs' file says 2"));
        assert!(inputs.check(2.0, &[&wrong]).unwrap_err().starts_with("the gradient's norm is 5.8"));
        let drawn = Inputs { tensors: vec![], expected: None };
        assert_eq!(drawn.check(2.0, &[&right]), Ok(()));
        assert!(drawn.check(f64::NAN, &[&right]).is_err());
    }
}
