//! What is special to recurrence: lengths, states, directions, one product before the loop.

use quadric_autodiff::trace::{self, Var, compile, grad, hvp};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::{Activation, Gru, Lstm, LstmState, Mode, RecurrentOptions, Rnn, generator};

use crate::support::{flat, noisy, relative};

fn deep() -> RecurrentOptions {
    RecurrentOptions { layers: 2, both_directions: true, ..RecurrentOptions::default() }
}

/// A batch of sequences of unequal length is each of them alone, cut at its end: outputs, last state, gradients and curvature.
#[test]
fn a_batch_of_unequal_lengths_is_each_sequence_alone() {
    let lstm = Lstm::with_options(2, 3, deep(), DType::F64, &mut generator(1));
    let (x, lengths) = (noisy(1, &[3, 5, 2]), [5i32, 2, 0]);
    let score = |y: Var, s: &LstmState<Var>| y.powi(3).sum() + s.hidden.powi(2).sum() + s.cell.powi(3).sum();
    let mut together = compile(|(m, x, n): (Lstm<Var>, Var, Var)| {
        let f = |m: Lstm<Var>| {
            let (y, s) = m.run(x, None, n, Mode::Infer);
            score(y, &s)
        };
        (m.run(x, None, n, Mode::Infer), grad(f, &m), hvp(f, &m, &m))
    });
    let ((y, last), g, h) = together.call((lstm.clone(), x.clone(), Tensor::from_vec(&lengths))).unwrap();
    let (mut gs, mut hs) = (vec![0.0; flat(&g).len()], vec![0.0; flat(&h).len()]);
    for (b, length) in lengths.into_iter().enumerate() {
        let n = length as usize;
        let own = x.slice(0, b..b + 1).unwrap().slice(1, 0..n).unwrap();
        let mut alone = compile(|(m, x): (Lstm<Var>, Var)| {
            let f = |m: Lstm<Var>| {
                let (y, s) = m.run(x, None, None, Mode::Infer);
                score(y, &s)
            };
            (m.run(x, None, None, Mode::Infer), grad(f, &m), hvp(f, &m, &m))
        });
        let ((y_own, last_own), g_own, h_own) = alone.call((lstm.clone(), own)).unwrap();
        let row = y.slice(0, b..b + 1).unwrap().to_f64_vec();
        assert!(relative(&row[..6 * n], &y_own.to_f64_vec()) < 1e-15 && row[6 * n..].iter().all(|y| *y == 0.0));
        for (all, own) in last.leaves().into_iter().zip(last_own.leaves()) {
            assert!(relative(&all.slice(1, b..b + 1).unwrap().to_f64_vec(), &own.to_f64_vec()) < 1e-15);
        }
        gs.iter_mut().zip(flat(&g_own)).for_each(|(sum, x)| *sum += x);
        hs.iter_mut().zip(flat(&h_own)).for_each(|(sum, x)| *sum += x);
    }
    assert!(relative(&flat(&g), &gs) < 1e-13 && relative(&flat(&h), &hs) < 1e-13);
}

/// A sequence in two pieces, with the state handed on, is the sequence.
#[test]
fn a_state_that_is_handed_on_continues_a_sequence() {
    let options = RecurrentOptions { layers: 2, ..RecurrentOptions::default() };
    let rng = &mut generator(1);
    let x = noisy(1, &[2, 5, 2]);
    let pieces = |x: Var| (x.slice(1, 0..2), x.slice(1, 2..5));

    let gru = Gru::with_options(2, 3, options, DType::F64, rng);
    let mut f = compile(|(m, x): (Gru<Var>, Var)| {
        let (y, last) = m.run(x, None, None, Mode::Infer);
        let (_, between) = m.run(pieces(x).0, None, None, Mode::Infer);
        let (end, after) = m.run(pieces(x).1, between, None, Mode::Infer);
        (pieces(y).1 - end, last - after)
    });
    assert!(flat(&f.call((gru, x.clone())).unwrap()).iter().all(|d| d.abs() < 1e-15));

    let rnn = Rnn::with_options(2, 3, options, DType::F64, rng).activation(Activation::Relu);
    let mut f = compile(|(m, x): (Rnn<Var>, Var)| {
        let (y, last) = m.run(x, None, None, Mode::Infer);
        let (_, between) = m.run(pieces(x).0, None, None, Mode::Infer);
        let (end, after) = m.run(pieces(x).1, between, None, Mode::Infer);
        (pieces(y).1 - end, last - after)
    });
    assert!(flat(&f.call((rnn, x)).unwrap()).iter().all(|d| d.abs() < 1e-15));
}

/// The way back is the way there on the sequence turned around.
#[test]
fn the_way_back_is_the_way_there_turned_around() {
    let options = RecurrentOptions { both_directions: true, ..RecurrentOptions::default() };
    let gru = Gru::with_options(2, 3, options, DType::F64, &mut generator(1));
    let mut f = compile(|(m, x): (Gru<Var>, Var)| {
        let mut turned = m.clone();
        turned.layers[0].forwards = m.layers[0].backwards.clone().unwrap();
        turned.layers[0].backwards = None;
        let back = turned.run(x.reverse(1), None, None, Mode::Infer).0.reverse(1);
        (m.run(x, None, None, Mode::Infer).0.slice(-1, 3..6), back)
    });
    let (ours, back) = f.call((gru, noisy(1, &[2, 4, 2]))).unwrap();
    assert_eq!(ours, back);
}

/// No products with inputs are inside the loop, and the program does not grow with the sequence.
#[test]
fn the_products_with_inputs_are_one_product_before_the_loop() {
    let lstm = Lstm::new(2, 3, DType::F64, &mut generator(1));
    let tape = |length: usize| {
        let f = |(m, x): (Lstm<Var>, Var)| m.run(x, None, None, Mode::Infer).0;
        trace::trace(f, &(lstm.clone(), noisy(1, &[2, length, 2]))).unwrap()
    };
    let text = tape(50).to_string();
    assert_eq!(text.matches("dot").count(), 2, "{text}");
    assert_eq!(tape(5).to_string().lines().count(), text.lines().count());
}

/// Nothing is dropped in inference; in training the dropped are those of the key, between layers alone.
#[test]
fn dropout_is_between_layers() {
    let options = |layers| RecurrentOptions { layers, ..RecurrentOptions::default() };
    let key = trace::random::key(1, 1);
    let x = noisy(1, &[2, 4, 3]);
    let run = |layers: usize, key: &Tensor, training: bool| {
        let mut rnn = Rnn::with_options(3, 8, options(layers), DType::F64, &mut generator(1));
        rnn.dropout = 0.5;
        let mut f = compile(|(m, x, key): (Rnn<Var>, Var, Var)| {
            let mode = if training { Mode::Train(Some(key)) } else { Mode::Infer };
            m.run(x, None, None, mode).0
        });
        f.call((rnn, x.clone(), key.clone())).unwrap()
    };
    assert_eq!(run(1, &key, true), run(1, &key, false));
    assert_ne!(run(2, &key, true), run(2, &key, false));
    assert_eq!(run(2, &key, true), run(2, &key, true));
    assert_ne!(run(2, &key, true), run(2, &trace::random::key(1, 2), true));
}
