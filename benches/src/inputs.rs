//! The peers' inputs: parameters, a direction, a batch, and the loss and gradient norm that must come out.

use std::fs;
use std::path::PathBuf;

use quadric_autodiff::{DType, Tensor};
use safetensors::tensor::{Dtype, SafeTensors};

use crate::args::Float;

/// A file of the peers' `export_inputs.py`, converted to one float type.
pub struct Inputs {
    tensors: Vec<(String, Tensor)>,
    pub loss: f64,
    pub grad_norm: f64,
}

/// Where `setup.sh` has put everything.
pub fn peers_home() -> PathBuf {
    match std::env::var_os("PEERS_HOME") {
        Some(home) => home.into(),
        None => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/quadric-peers"),
    }
}

impl Inputs {
    pub fn read(workload: &str, dtype: Float) -> Result<Inputs, String> {
        let path = peers_home().join("data").join(format!("{workload}.safetensors"));
        let bytes = fs::read(&path)
            .map_err(|e| format!("{} cannot be read ({e}); the peers' setup.sh writes it", path.display()))?;
        let broken = |what: &dyn std::fmt::Display| format!("{} is no file of the peers: {what}", path.display());
        let file = SafeTensors::deserialize(&bytes).map_err(|e| broken(&e))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(&e))?;
        let number = |name: &str| {
            let text = header.metadata().as_ref().and_then(|m| m.get(name));
            text.and_then(|t| t.parse::<f64>().ok()).ok_or_else(|| broken(&format!("it has no {name}")))
        };
        let (loss, grad_norm) = (number("loss")?, number("grad_norm")?);
        let mut tensors = Vec::new();
        for (name, view) in file.tensors() {
            let (shape, data) = (view.shape(), view.data());
            let tensor = match view.dtype() {
                Dtype::F32 => {
                    let (each, _) = data.as_chunks::<4>();
                    let values: Vec<f32> = each.iter().map(|b| f32::from_le_bytes(*b)).collect();
                    Tensor::new(shape, &values).map(|t| t.to_dtype(dtype.0))
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
        Ok(Inputs { tensors, loss, grad_norm })
    }

    /// An array by its name in the file.
    pub fn get(&self, name: &str) -> Result<Tensor, String> {
        let found = self.tensors.iter().find(|(n, _)| n == name);
        found.map(|(_, t)| t.clone()).ok_or_else(|| format!("the inputs have no array {name}"))
    }

    /// Stops before anything is timed if this is not the problem that the peers solve: a benchmark of another one is worse than none.
    pub fn check(&self, loss: f64, grad: &[&Tensor]) -> Result<(), String> {
        debug_assert!(grad.iter().all(|g| matches!(g.dtype(), DType::F32 | DType::F64)));
        let norm = grad.iter().flat_map(|g| g.to_f64_vec()).map(|g| g * g).sum::<f64>().sqrt();
        for (name, ours, theirs) in [("loss", loss, self.loss), ("gradient's norm", norm, self.grad_norm)] {
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
