//! A small GPT learns to add by reading sums, letter by letter, and then writes some.
//!
//! The text is made here: lines of sums of two digits, `7+5=12;3+4=07;`. What the two digits are cannot be known, so no model does better than
//! `2 ln 10 / 7 = 0.658` a letter; the sums can be, and the model has to find that the letters after `=` depend on those three and
//! one places before. Two pre-norm blocks of width 32, Adam, f32.
//!
//! Prints the loss every 100 steps, two of a hundred lines that the model writes, and how many of the sums in them are right.

use quadric::nn::Mode;
use quadric::nn::models::{Gpt, GptOptions, Sampling};
use quadric::prelude::*;

const LETTERS: &str = "0123456789+=;";

fn tokens(text: &str) -> Vec<i32> {
    text.chars().map(|c| LETTERS.find(c).expect("a letter of the text") as i32).collect()
}

fn text(tokens: &Tensor) -> String {
    tokens.to_vec::<i32>().into_iter().map(|t| LETTERS.as_bytes()[t as usize] as char).collect()
}

fn sum(i: usize) -> String {
    let (a, b) = (i / 10 % 10, i % 10);
    format!("{a}+{b}={:02};", a + b)
}

fn main() -> Result<(), Error> {
    let mut model = Gpt::new(GptOptions::new(LETTERS.len(), 28, 32, 2, 2), DType::F32, 1);
    let optimizer = Adam::new();
    let mut state = optimizer.init(&model);
    let mut step = compile(|(model, state, t, rate): (Gpt<Var>, _, Var, Var)| {
        let last = t.shape()[1] - 1;
        let (x, y) = (t.slice(1, 0..last), t.slice(1, 1..last + 1));
        let loss = |m: Gpt<Var>| cross_entropy(m.logits(x, Mode::Infer), y).mean();
        let (value, g) = value_and_grad(loss, &model);
        let (model, state) = optimizer.update(&model, &g, &state, rate);
        (value, model, state)
    });

    // 32 lines of four sums each step.
    let mut draw = 1u64;
    let mut next_sum = move || {
        draw = draw.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        sum((draw >> 40) as usize % 100)
    };
    let mut loss = 0.0;
    for i in 0..=600 {
        let line = |_| (0..5).map(|_| next_sum()).collect::<String>()[..29].to_string();
        let batch: String = (0..32).map(line).collect();
        let rate = Tensor::scalar(3e-3f32 * (1.0 - i as f32 / 650.0));
        let value;
        (value, model, state) = step.call((model, state, Tensor::new([32, 29], &tokens(&batch))?, rate))?;
        loss = value.item();
        if i % 100 == 0 {
            println!("step {i:3}  loss {loss:.3}");
        }
    }

    // From a question, four sums a line: the model answers it and asks itself three more.
    let questions: String = (0..100).map(|i| sum(i)[..4].to_string()).collect();
    let prompt = Tensor::new([100, 4], &tokens(&questions))?;
    let written = text(&model.generate(&prompt, 24, Sampling::new(3).temperature(0.5))?);
    println!("it writes {}", &written[..28]);
    println!("      and {}", &written[28..56]);
    let known: Vec<String> = (0..100).map(sum).collect();
    let right = (0..400).filter(|i| known.iter().any(|sum| *sum == written[7 * i..7 * i + 7])).count();
    println!("{right} of 400 sums are right");
    assert!(loss < 0.75 && right >= 360, "it reads, writes and adds");
    Ok(())
}
