//! Layers on sequences beside PyTorch's.

use quadric_autodiff::DType;
use quadric_autodiff::trace::Var;
use quadric_nn::{Embedding, Gru, Lstm, Mode, RecurrentOptions, Rnn, generator, log_softmax};

use crate::reference::{Place, Reference, place};

#[test]
fn an_embedding_is_torchs() {
    let like = Embedding::new(7, 4, DType::F64, &mut generator(1));
    Reference::load("embedding").check(&like, &[], |e: Embedding<Var>, x| vec![e.apply(x[0])]);
}

#[test]
fn log_softmax_is_torchs() {
    Reference::load("log_softmax").check_function(|x| log_softmax(x[0]));
}

/// Weights are transposes; layer, direction and kind are in torch's names.
fn recurrent(layers: usize, both: bool) -> Vec<Place> {
    let directions: &[_] = if both { &[("forwards", ""), ("backwards", "_reverse")] } else { &[("forwards", "")] };
    let mut places = Vec::new();
    for layer in 0..layers {
        for (direction, suffix) in directions {
            let mut of = |torch: &str, ours: &str, is_matrix: bool| {
                let leak = |text: String| -> &'static str { text.leak() };
                let torch = leak(format!("{torch}_l{layer}{suffix}"));
                let place = place(torch, leak(format!("layers.{layer}.{direction}.{ours}")));
                places.push(if is_matrix { place.permuted(&[1, 0]) } else { place });
            };
            of("weight_ih", "input", true);
            of("weight_hh", "hidden", true);
            of("bias_ih", "input_bias", false);
            of("bias_hh", "hidden_bias", false);
        }
    }
    places
}

#[test]
fn an_rnn_is_torchs() {
    let like = Rnn::new(3, 4, DType::F64, &mut generator(1));
    Reference::load("rnn")
        .check(&like, &recurrent(1, false), |m: Rnn<Var>, x| vec![m.run(x[0], None, None, Mode::Infer).0]);
}

#[test]
fn a_gru_is_torchs() {
    let like = Gru::new(3, 4, DType::F64, &mut generator(1));
    Reference::load("gru")
        .check(&like, &recurrent(1, false), |m: Gru<Var>, x| vec![m.run(x[0], None, None, Mode::Infer).0]);
}

#[test]
fn an_lstm_is_torchs() {
    let like = Lstm::new(3, 4, DType::F64, &mut generator(1));
    Reference::load("lstm")
        .check(&like, &recurrent(1, false), |m: Lstm<Var>, x| vec![m.run(x[0], None, None, Mode::Infer).0]);
}

#[test]
fn an_lstm_of_two_layers_and_both_directions_is_torchs() {
    let options = RecurrentOptions { layers: 2, both_directions: true, ..RecurrentOptions::default() };
    let like = Lstm::with_options(3, 4, options, DType::F64, &mut generator(1));
    Reference::load("lstm_2layer_bi")
        .check(&like, &recurrent(2, true), |m: Lstm<Var>, x| vec![m.run(x[0], None, None, Mode::Infer).0]);
}
