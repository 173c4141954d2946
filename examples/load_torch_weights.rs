//! Weights of PyTorch into a network of one's own, and back.
//!
//! A file as `safetensors.torch.save_file(model.state_dict(), …)` writes it, of
//!
//! ```text
//! Sequential(features=Sequential(Conv2d(1, 2, 2), BatchNorm2d(2), ReLU(), Flatten()), classifier=Linear(2, 2))
//! ```
//!
//! is written into a temporary folder, so that this runs offline. A table says which leaf comes from which array: the names differ, a linear weight is
//! `[out, in]` there and `[in, out]` here, and the running statistics, which are no parameters, are a tree of their own. The output is checked against numbers that
//! follow by hand, and the same table writes the file back, array by array as it was.
//!
//! Prints the table and the output.

use quadric::nn::archive::{Archive, ArchiveFile, Dtype, Entry};
use quadric::nn::layers::{Activate, BatchNorm, BatchNormState, Conv2d, Flatten, Layer, generator, initial_state};
use quadric::nn::weights::Table;
use quadric::prelude::*;

#[derive(Tree, Clone)]
struct Net<T = Tensor> {
    conv: Conv2d<T>,
    norm: BatchNorm<T>,
    head: Dense<T>,
}

impl Net<Var> {
    fn apply(&self, x: Var, state: &BatchNormState<Var>) -> Var {
        let h = self.norm.infer(self.conv.apply(x), state);
        let h = Activate::new(Activation::Relu).apply(h);
        self.head.apply(Flatten::new().apply(h))
    }
}

const TABLE: &str = "
    net.conv.*      <- features.0.*
    net.norm.scale  <- features.1.weight
    net.norm.shift  <- features.1.bias
    net.head.weight <- classifier.weight : transpose
    net.head.bias   <- classifier.bias
    state.mean      <- features.1.running_mean
    state.variance  <- features.1.running_var
    state.batches   <- features.1.num_batches_tracked : as I64
";

/// The parameters and what is none of them.
#[derive(Tree, Clone)]
struct Loaded<T = Tensor> {
    net: Net<T>,
    state: BatchNormState<T>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("quadric-load-torch-weights-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("model.safetensors");
    let theirs = written_by_torch();
    theirs.write(&path)?;

    let rng = &mut generator(1);
    let norm = BatchNorm::new(2, DType::F32);
    let state = initial_state(&norm)?;
    let net = Net { conv: Conv2d::new(1, 2, 2, DType::F32, rng), norm, head: Dense::new(2, 2, DType::F32, rng) };
    let table: Table = TABLE.parse()?;
    print!("{table}");
    let loaded = table.load(&ArchiveFile::open(&path)?, &Loaded { net, state })?;

    let image = Tensor::new([1, 1, 2, 2], &[1.0f32, 0.0, 2.0, -1.0])?;
    let mut apply = compile(|(all, x): (Loaded<Var>, Var)| all.net.apply(x, &all.state));
    let y = apply.call((loaded.clone(), image))?.to_vec::<f32>();
    println!("output {y:?}");
    // The convolution gives 1·1 + 2·0 + 3·2 + 4·(−1) + ½ = 3.5 and 1·0 − 1·(−1) − 1 = 0; the norm 2 (3.5 − 1.5)/√(4 + ε) and 1.
    let h = 4.0 / (4.0f64 + 1e-5).sqrt();
    for (y, expected) in y.iter().zip([h + 1.0, h - 2.0 + 10.0]) {
        assert!((f64::from(*y) - expected).abs() < 1e-6);
    }

    let ours = table.save(&loaded)?;
    assert_eq!(ours.entries().collect::<Vec<_>>(), theirs.entries().collect::<Vec<_>>());
    ours.write(&path)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// The file, in PyTorch's names and layouts.
fn written_by_torch() -> Archive {
    let mut file = Archive::new();
    file.note("format", "pt");
    for (name, shape, numbers) in [
        ("features.0.weight", &[2, 1, 2, 2][..], &[1.0f32, 2.0, 3.0, 4.0, 0.0, 1.0, 0.0, -1.0][..]),
        ("features.0.bias", &[2], &[0.5, -1.0]),
        ("features.1.weight", &[2], &[2.0, 1.0]),
        ("features.1.bias", &[2], &[0.0, 1.0]),
        ("features.1.running_mean", &[2], &[1.5, 0.0]),
        ("features.1.running_var", &[2], &[4.0, 1.0]),
        ("classifier.weight", &[2, 2], &[1.0, 1.0, 1.0, -2.0]),
        ("classifier.bias", &[2], &[0.0, 10.0]),
    ] {
        file.insert(Entry::from_f32(name, shape, numbers));
    }
    let batches = Entry::new("features.1.num_batches_tracked", Dtype::I64, &[], 7i64.to_le_bytes().to_vec());
    file.insert(batches.expect("eight bytes for one number"));
    file
}
