//! A transformer's Hessian product is one program, however many blocks there are.
//!
//! The blocks of a `Stack` run as a loop, and so do their derivatives: the program of `H v` of 96 blocks is that of 6, and takes as long to
//! trace and to compile. One by one, or each in a checkpoint, the program grows; what it is worth is told by the bytes that it needs at once.
//!
//! Prints the steps of the programs of `H v` for 6, 24 and 96 blocks (and the time to make them, on standard error), and for a GPT of 6
//! blocks of width 128 at 8 sequences of 64 the bytes of gradient and `H v` by each way to run the blocks.

use std::time::Instant;

use quadric::autodiff::plan::Plan;
use quadric::nn::models::{Gpt, GptOptions};
use quadric::nn::{Mode, Run};
use quadric::prelude::*;

fn loss(model: &Gpt<Var>, t: Var) -> Var {
    let last = t.shape()[1] - 1;
    cross_entropy(model.logits(t.slice(1, 0..last), Mode::Infer), t.slice(1, 1..last + 1)).mean()
}

/// The most bytes that are needed at once, the largest of the loops' among them.
fn bytes_at_once(plan: &Plan) -> usize {
    plan.peak().map_or(0, |(bytes, _)| bytes) + plan.bodies().map(|body| bytes_at_once(body)).max().unwrap_or(0)
}

fn main() -> Result<(), Error> {
    let tokens = |rows: usize, columns: usize| Tensor::new([rows, columns], &vec![1i32; rows * columns]);
    let mut sizes = Vec::new();
    for depth in [6, 24, 96] {
        let model = Gpt::new(GptOptions::new(50, 16, 64, 4, depth), DType::F32, 1);
        let mut product = compile(|(m, v, t): (Gpt<Var>, Gpt<Var>, Var)| hvp(|m| loss(&m, t), &m, &v));
        let start = Instant::now();
        let size = product.program(&(model.clone(), model, tokens(1, 9)?))?.size();
        eprintln!("{depth:3} blocks: traced and compiled in {:.3} s", start.elapsed().as_secs_f64());
        println!("{depth:3} blocks: H v is a program of {} steps", size.0);
        sizes.push(size);
    }

    println!("bytes at once     gradient        H v");
    let mut bytes = Vec::new();
    for run in [Run::Loop, Run::WrittenOut, Run::Checkpoints] {
        let mut model = Gpt::new(GptOptions::new(50, 64, 128, 4, 6), DType::F32, 1);
        model.transformer.blocks = model.transformer.blocks.run(run);
        let mut gradient = compile(|(m, t): (Gpt<Var>, Var)| grad(|m| loss(&m, t), &m));
        let mut product = compile(|(m, v, t): (Gpt<Var>, Gpt<Var>, Var)| hvp(|m| loss(&m, t), &m, &v));
        let t = tokens(8, 65)?;
        let of_gradient = bytes_at_once(gradient.program(&(model.clone(), t.clone()))?.plan());
        let of_product = bytes_at_once(product.program(&(model.clone(), model, t))?.plan());
        println!("{:12} {of_gradient:13} {of_product:10}", format!("{run:?}"));
        bytes.push(of_product);
    }
    assert!(sizes[0] == sizes[1] && sizes[1] == sizes[2], "the program does not grow with depth");
    assert!(bytes[0] < bytes[1] && bytes[2] < bytes[1], "computing anew needs less memory than keeping");
    Ok(())
}
