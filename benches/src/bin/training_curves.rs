//! Training curves to be compared with other systems': a convolutional network and a language model, a hundred steps each from stored weights on
//! stored batches.
//!
//! `training_curves DIR` writes `DIR/conv.safetensors` and `DIR/gpt.safetensors`: the first weights `param.NAME`, the batches `x` and `y`
//! along axis 0, and the loss before each step. `benches/peers/training_curves.py DIR` trains the same networks with PyTorch and JAX and
//! says how far their losses are.

use std::path::Path;
use std::process::ExitCode;

use quadric_autodiff::trace::{Var, compile, value_and_grad, value_and_grad_aux};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::archive::{Archive, Entry};
use quadric_nn::data::{DIGITS_SPLIT_SEED, batches, digits};
use quadric_nn::models::{ConvNet, Gpt, GptOptions};
use quadric_nn::{Adam, Layer, Mode, Optimizer, Sgd, cross_entropy, initial_state};

const STEPS: usize = 100;
const BATCH: usize = 64;

type Failure = Box<dyn std::error::Error>;

/// Momentum 0.9 and rate 0.05 on the digits, with batch norm in training.
fn conv() -> Result<Archive, Failure> {
    let net = ConvNet::new([1, 8, 8], &[8, 16], 10, DType::F32, 1);
    let (images, labels) = digits(DIGITS_SPLIT_SEED).train.to_dtype(DType::F32).reshaped(&[1, 8, 8])?.all().pair()?;
    let rows = (0..).flat_map(|epoch| batches(images.shape()[0], BATCH, 1, epoch)).filter(|rows| rows.len() == BATCH);
    let rows: Vec<i32> = rows.take(STEPS).flatten().map(|row| row as i32).collect();
    let rows = Tensor::from_vec(&rows);
    let (x, y) = (images.gather(&rows, 0)?, labels.gather(&rows, 0)?);

    let optimizer = Sgd::new().momentum(0.9);
    let mut step = compile(
        |(net, state, memory, x, y, rate): (ConvNet<Var>, <ConvNet<Var> as Layer>::State, _, Var, Var, Var)| {
            let loss = |net: ConvNet<Var>| {
                let (z, state) = net.train(x, &state, None);
                (cross_entropy(z, y).mean(), state)
            };
            let ((value, state), g) = value_and_grad_aux(loss, &net);
            let (net, memory) = optimizer.update(&net, &g, &memory, rate);
            (value, net, state, memory)
        },
    );
    let mut archive = begun(&net, &x, &y);
    let (mut now, mut state, mut memory, mut losses) =
        (net.clone(), initial_state(&net)?, optimizer.init(&net), vec![]);
    for i in 0..STEPS {
        let rows = i * BATCH..(i + 1) * BATCH;
        let batch = (x.slice(0, rows.clone())?, y.slice(0, rows)?);
        let (value, net, statistics, moments) =
            step.call((now, state, memory, batch.0, batch.1, Tensor::scalar(0.05f32)))?;
        (now, state, memory) = (net, statistics, moments);
        losses.push(value.item());
    }
    archive.insert(Entry::from_f64("loss", &[STEPS], &losses));
    Ok(archive)
}

/// Adam at 0.003 on sequences of a linear recurrence modulo 16: each token follows from the two before it.
fn gpt() -> Result<Archive, Failure> {
    const VOCABULARY: usize = 16;
    const LENGTH: usize = 24;
    let model = Gpt::new(GptOptions::new(VOCABULARY, LENGTH, 32, 4, 2), DType::F32, 1);
    let mut tokens = Vec::with_capacity(STEPS * BATCH * (LENGTH + 1));
    for sequence in 0..STEPS * BATCH {
        let (mut a, mut b) = (sequence * 7 % VOCABULARY, sequence * 3 / VOCABULARY % VOCABULARY);
        for _ in 0..=LENGTH {
            tokens.push(a as i32);
            (a, b) = (b, (5 * a + 3 * b + 1) % VOCABULARY);
        }
    }
    let tokens = Tensor::new([STEPS * BATCH, LENGTH + 1], &tokens)?;
    let (x, y) = (tokens.slice(1, 0..LENGTH)?, tokens.slice(1, 1..LENGTH + 1)?);

    let optimizer = Adam::new();
    let mut step = compile(|(model, memory, x, y, rate): (Gpt<Var>, _, Var, Var, Var)| {
        let loss = |model: Gpt<Var>| cross_entropy(model.logits(x, Mode::Train(None)), y).mean();
        let (value, g) = value_and_grad(loss, &model);
        let (model, memory) = optimizer.update(&model, &g, &memory, rate);
        (value, model, memory)
    });
    let mut archive = begun(&model, &x, &y);
    let (mut now, mut memory, mut losses) = (model.clone(), optimizer.init(&model), vec![]);
    for i in 0..STEPS {
        let rows = i * BATCH..(i + 1) * BATCH;
        let batch = (x.slice(0, rows.clone())?, y.slice(0, rows)?);
        let (value, model, moments) = step.call((now, memory, batch.0, batch.1, Tensor::scalar(0.003f32)))?;
        (now, memory) = (model, moments);
        losses.push(value.item());
    }
    archive.insert(Entry::from_f64("loss", &[STEPS], &losses));
    Ok(archive)
}

fn begun<H: Tree<Leaf = Tensor>>(model: &H, x: &Tensor, y: &Tensor) -> Archive {
    let mut archive = Archive::new();
    archive.insert_tree("param", model);
    archive.insert(Entry::from_tensor("x", x));
    archive.insert(Entry::from_tensor("y", y));
    archive
}

fn run(folder: &str) -> Result<(), Failure> {
    let folder = Path::new(folder);
    for (name, archive) in [("conv", conv()?), ("gpt", gpt()?)] {
        let losses = archive.get("loss").and_then(Entry::f64).expect("written above");
        println!("{name}: loss {:.4} before the first step, {:.4} before the last", losses[0], losses[STEPS - 1]);
        archive.write(folder.join(format!("{name}.safetensors")))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("training_curves DIR: where to write conv.safetensors and gpt.safetensors");
        return ExitCode::from(2);
    };
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("training_curves: {error}");
            ExitCode::FAILURE
        }
    }
}
