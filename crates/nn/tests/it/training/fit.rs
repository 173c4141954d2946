//! The loop: what it measures, how it ends, what it tells.

use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, tensor};
use quadric_nn::data::{Batch, DIGITS_SPLIT_SEED, DataError, Dataset, Loader, Position, Vocabulary, Windows, digits};
use quadric_nn::layers::{Flatten, MaxPool2d, Stateless};
use quadric_nn::metrics::perplexity;
use quadric_nn::models::{Gpt, GptOptions, LstmLanguageModel};
use quadric_nn::training::{Averaging, EarlyStopping, Ended, Every, Progress};
use quadric_nn::{
    Activate, Activation, Adam, AdamW, BatchNorm, Checkpoints, Constant, Conv2d, Cosine, Dense, Mode, OneCycle,
    Outcome, Plateau, RecurrentOptions, Sgd, Step, Training, cross_entropy, generator,
};

use super::{NetTraining, judge, loader, net, net_step};
use crate::folder::Folder;

#[test]
fn a_convolutional_net_learns_digits() {
    let digits = digits(DIGITS_SPLIT_SEED);
    let loader =
        |set: &Dataset, batch| Loader::new(set.reshaped(&[1, 8, 8]).unwrap().to_dtype(DType::F32), batch).unwrap();
    let (train, test) = (loader(&digits.train, 32).shuffled(1).drop_last().unwrap(), loader(&digits.test, 128));
    let rng = &mut generator(1);
    let f = DType::F32;
    let net = (
        (Conv2d::new(1, 8, 3, f, rng).padding(1).without_bias(), BatchNorm::new(8, f), Activate::new(Activation::Relu)),
        MaxPool2d::new(2),
        (
            Conv2d::new(8, 16, 3, f, rng).padding(1).without_bias(),
            BatchNorm::new(16, f),
            Activate::new(Activation::Relu),
        ),
        MaxPool2d::new(2),
        Flatten::new(),
        Dense::new(64, 10, f, rng),
    );
    let schedule = OneCycle::new(0.02, 6 * train.batches_per_epoch());
    let mut training = Training::of_layer(net, Step::of_layer(AdamW::new(), judge), schedule)
        .unwrap()
        .evaluate("test", test)
        .record_every(0);
    assert_eq!(training.fit(&train, 6).unwrap(), Ended::Epochs);
    let accuracies = training.record().of("test accuracy");
    assert!(accuracies.len() == 6 && accuracies[5] > 0.95, "{accuracies:?}");
    assert_eq!(training.record().rows().len(), 12);
    let batches = training.state().0.1.batches.item();
    assert_eq!(batches, 6.0 * train.batches_per_epoch() as f64);
}

#[test]
fn a_gpt_and_an_lstm_learn_a_text() {
    let text = "the cat sat on the mat; the rat sat on the hat; the bat sat on the cat. ".repeat(12);
    let vocabulary = Vocabulary::of_characters(&text).unwrap();
    let windows = |stride| Windows::new(vocabulary.encode(&text).unwrap(), 24, stride).unwrap();
    let train = Loader::new(windows(3), 16).unwrap().shuffled(1).drop_last().unwrap();
    let judge = |z: Var, batch: &Batch<Var>| {
        let losses = cross_entropy(z, batch.target());
        Outcome::new(losses).metric("perplexity", perplexity(losses))
    };
    let schedule = OneCycle::new(0.01, 6 * train.batches_per_epoch());
    let gpt = Gpt::new(GptOptions::new(vocabulary.len(), 24, 32, 2, 1), DType::F32, 1);
    let test = Loader::new(windows(24), 16).unwrap();
    let step = Step::of_layer(AdamW::new(), judge).clip_norm(1.0);
    let mut training = Training::of_layer(gpt, step, schedule).unwrap().evaluate("test", test.clone());
    training.fit(&train, 6).unwrap();
    let of_gpt = training.record().of("test perplexity");
    let lstm = LstmLanguageModel::new(vocabulary.len(), 32, RecurrentOptions::default(), DType::F32, 1);
    let step = Step::of_layer(Adam::new(), judge).clip_norm(1.0);
    let mut training = Training::of_layer(lstm, step, schedule).unwrap().evaluate("test", test);
    training.fit(&train, 6).unwrap();
    let of_lstm = training.record().of("test perplexity");
    // Of 15 letters; what is said of each animal cannot be known from the letters before it.
    assert!(of_gpt[5] < 2.0 && of_lstm[5] < 2.0, "{of_gpt:?} {of_lstm:?}");
}

/// Fits w to numbers: batches `[x]` of one entry each, by a closure, with the loss `w x`, so that the gradient is x.
fn line(
    numbers: &'static [f64],
    rate: f64,
) -> (Training<Var, Stateless<Var>, Var>, impl Fn(Position) -> Batches + Clone) {
    let pass = |w: &Var, s: &Stateless<Var>, x: Var, _: Mode| Outcome::new((*w * x).sum()).with_state(*s);
    let training = Training::new(tensor![1.0], Stateless::default(), Step::new(Sgd::new(), pass), Constant { rate });
    let source = move |from: Position| -> Batches { Box::new(numbers[from.batch..].iter().map(|x| Ok(tensor![*x]))) };
    (training.unwrap(), source)
}

type Batches = Box<dyn Iterator<Item = Result<quadric_autodiff::Tensor, DataError>>>;

#[test]
fn a_source_is_any_iterator_and_hooks_may_stop_the_run() {
    let (training, source) = line(&[1.0, 2.0, 3.0], 0.1);
    let seen = Rc::new(RefCell::new(vec![]));
    let (steps, epochs) = (seen.clone(), seen.clone());
    let mut training = training
        .evaluate("again", source.clone())
        .on_step(move |moment| {
            steps.borrow_mut().push((moment.step, moment.epoch, moment.batch, moment.get("loss").unwrap()));
            if moment.step == 5 { ControlFlow::Break("five is enough".into()) } else { ControlFlow::Continue(()) }
        })
        .on_epoch(move |moment| {
            assert!((moment.get("train loss").unwrap() - (1.0 + 0.9 * 2.0 + 0.7 * 3.0) / 3.0).abs() < 1e-15);
            epochs.borrow_mut().push((moment.step, moment.epoch, 99, moment.get("again loss").unwrap()));
            ControlFlow::Continue(())
        });
    assert_eq!(training.fit(&source, 9).unwrap(), Ended::Hook("five is enough".into()));
    let seen: Vec<_> = seen.borrow().iter().map(|(a, b, c, x)| (*a, *b, *c, (x * 1e9).round() / 1e9)).collect();
    assert_eq!(seen, [(1, 0, 0, 1.0), (2, 0, 1, 1.8), (3, 0, 2, 2.1), (3, 0, 99, 0.8), (4, 1, 0, 0.4), (5, 1, 1, 0.6)]);
    assert_eq!((training.steps(), training.position()), (5, Position { epoch: 1, batch: 2 }));
    // It goes on in the middle of the epoch; the mean over it is of all its steps.
    let loss_before = training.record().of("train loss").len();
    assert_eq!((loss_before, training.record().of("step rate")), (1, vec![0.1; 5]));
    let nothing = |_: Position| -> Batches { Box::new(std::iter::empty()) };
    let error = training.fit(&nothing, 9).unwrap_err().to_string();
    assert_eq!(error, "training: epoch 1 has no batch 2");
}

#[test]
fn early_stopping_gives_back_the_best_and_says_why() {
    // The loss of the evaluated set is (w − 2)², which passes its least value on the way.
    let pass = |w: &Var, s: &Stateless<Var>, x: Var, mode: Mode| {
        let loss = if mode.is_training() { *w * x } else { (*w - 2.0) * (*w - 2.0) };
        Outcome::new(loss).with_state(*s)
    };
    let source = |_: Position| -> Batches { Box::new([Ok(tensor![-1.0])].into_iter()) };
    let make = || {
        Training::new(tensor![0.0], Stateless::default(), Step::new(Sgd::new(), pass), Constant { rate: 0.5 })
            .unwrap()
            .evaluate("test", source)
    };
    let mut training = make().early_stopping(EarlyStopping::lowest("test loss").patience(2));
    let ended = training.fit(&source, 100).unwrap();
    assert_eq!(ended, Ended::Early("test loss has not improved for 3 epochs; the best is 0 of epoch 3".into()));
    assert_eq!((training.model(), training.steps()), (&tensor![2.0], 7));
    assert_eq!(training.fit(&source, 200).unwrap(), ended);
    assert_eq!(training.steps(), 7);
    // A margin that no step reaches: the first epoch stays the best.
    let mut training = make().early_stopping(EarlyStopping::lowest("test loss").patience(1).margin(3.0).keep_last());
    training.fit(&source, 100).unwrap();
    assert_eq!((training.model(), training.steps()), (&tensor![1.5], 3));
    let mut training = make().early_stopping(EarlyStopping::highest("test accuracy"));
    let error = training.fit(&source, 100).unwrap_err().to_string();
    assert_eq!(error, "early stopping: there is no result \"test accuracy\"; there are train loss, test loss");
}

#[test]
fn the_mean_of_epochs_is_what_is_measured_and_kept() {
    let pass = |w: &Var, s: &Stateless<Var>, x: Var, mode: Mode| {
        Outcome::new(if mode.is_training() { *w * x } else { *w * x.full_like(1.0) }).with_state(*s)
    };
    let source = |_: Position| -> Batches { Box::new([Ok(tensor![-1.0]), Ok(tensor![-1.0])].into_iter()) };
    let step = Step::new(Sgd::new(), pass).averaging(Averaging::Epochs { from: 1 });
    let mut training = Training::new(tensor![0.0], Stateless::default(), step, Constant { rate: 1.0 })
        .unwrap()
        .evaluate("test", source);
    training.fit(&source, 4).unwrap();
    // Parameters at the ends of epochs are 2, 4, 6, 8; from the second on they are averaged.
    assert_eq!(training.record().of("test loss"), [2.0, 4.0, 5.0, 6.0]);
    assert_eq!((training.model(), training.averaged_model()), (&tensor![8.0], tensor![6.0]));
}

#[test]
fn a_plateau_is_shown_what_it_watches() {
    let (training, source) = line(&[1.0], 0.0);
    let plateau = Plateau::new(0.0).patience(0);
    let mut training = training.plateau(plateau, "train loss");
    training.fit(&source, 3).unwrap();
    let (training, source) = line(&[0.0], 0.0);
    let mut training = training.plateau(Plateau::new(1.0).factor(0.5).patience(0), "train loss");
    training.fit(&source, 3).unwrap();
    assert_eq!(training.record().of("step rate"), [1.0, 1.0, 0.5]);
}

#[test]
fn divergence_is_told_and_the_last_finite_model_is_kept() {
    let folder = Folder::new();
    let checkpoints = Checkpoints::open(folder.path()).unwrap();
    // The loss overflows only after the step that makes the parameter large.
    let (training, source) = line(&[1.0, 1e200, -1e200], 1.0);
    let mut training = training.checkpoints(checkpoints.clone(), Every::Epoch);
    let error = training.fit(&source, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "training: diverged in step 3 (epoch 0, batch 2, rate 1.0): the loss is inf; the model is left as it was before that step"
    );
    assert_eq!((training.model(), training.steps()), (&tensor![-1e200], 2));
    let found = checkpoints.latest().unwrap().unwrap();
    assert_eq!(found.step, 2);
    assert_eq!(found.checkpoint.tree("model", &tensor![0.0]).unwrap(), tensor![-1e200]);

    let (mut training, source) = line(&[1.0, 1e200], 1e300);
    let error = training.fit(&source, 1).unwrap_err().to_string();
    assert!(error.contains("diverged in step 2") && error.contains("the loss is -inf"), "{error}");
    let mut training =
        NetTraining::of_layer(net(DType::F32, 0.0), net_step(Sgd::new()), Constant { rate: f64::INFINITY }).unwrap();
    let error = training.fit(&loader(20, 1, 10), 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "training: diverged in step 1 (epoch 0, batch 0, rate inf): the parameter \"0.weight\" is inf in 36 of 36 entries; the model is \
         left as it was before that step"
            .replace("is inf in 36", &format!("is {}", error.split("\" is ").nth(1).unwrap().split(" of 36").next().unwrap()))
    );
    assert_eq!(training.model(), &net(DType::F32, 0.0));
}

#[test]
fn a_state_that_is_no_longer_finite_is_named() {
    let folder = Folder::new();
    let pass =
        |w: &Var, s: &(Var, Var), x: Var, _: Mode| Outcome::new(*w * x).with_state((s.0 + 1.0, s.1 / (2.0 - s.0)));
    let start = (tensor![0.0], tensor![1.0, 1.0]);
    let step = Step::new(Sgd::new(), pass);
    let path = folder.path().join("record.csv");
    let mut training = Training::new(tensor![1.0], start, step, Constant { rate: 0.1 }).unwrap().record_to(&path);
    let source = |_: Position| -> Batches { Box::new([Ok(tensor![1.0])].into_iter()) };
    let error = training.fit(&source, 9).unwrap_err().to_string();
    assert_eq!(
        error,
        "training: diverged in step 3 (epoch 2, batch 0, rate 0.1): the state \"1\" is inf in 2 of 2 entries; the model is left as it was \
         before that step"
    );
    assert_eq!(training.state().0, tensor![2.0]);
    assert!(std::fs::read_to_string(path).unwrap().contains("\n2,1,train,loss,"));
}

/// A writer that is looked into.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn progress_is_lines_or_one_line_that_is_written_over() {
    let told = |terminal: bool, every: Duration| {
        let out = Shared::default();
        let training = NetTraining::of_layer(
            net(DType::F32, 0.0),
            net_step(Sgd::new()),
            Cosine { peak: 0.1, floor: 0.0, steps: 4 },
        );
        let progress = Progress::to(out.clone(), terminal).every(every);
        training.unwrap().progress(progress).fit(&loader(20, 1, 10), 2).unwrap();
        String::from_utf8(out.0.borrow().clone()).unwrap()
    };
    let lines = told(false, Duration::ZERO);
    assert!(!lines.contains(['\r', '\x1b']), "{lines:?}");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 4 + 2 + 1, "{lines:?}");
    assert!(lines[0].starts_with("epoch 1/2 1/2  step 1  loss ") && lines[0].ends_with(" left"), "{lines:?}");
    assert!(lines[2].starts_with("epoch 1: train loss ") && lines[2].contains("  train accuracy "), "{lines:?}");
    assert_eq!(lines[6], "4 steps: all epochs are done");
    // Rarely: only what stays.
    assert_eq!(told(false, Duration::from_secs(3600)).lines().count(), 3);
    let over = told(true, Duration::ZERO);
    assert_eq!(over.matches("\r\x1b[2K").count(), 4, "{over:?}");
    assert!(over.contains("epoch 2/2 [====================] 2/2  step 4"), "{over:?}");
}

#[test]
fn the_record_is_a_table_of_steps_and_epochs() {
    let folder = Folder::new();
    for (name, lines) in [("r.csv", 1 + 2 * 2 + 1), ("r.jsonl", 3)] {
        let path = folder.path().join(name);
        let (training, source) = line(&[1.0, 2.0], 0.1);
        let mut training = training.record_to(&path);
        training.fit(&source, 1).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(
            text.contains(if name == "r.csv" {
                "2,0,step,loss,1.8\n2,0,step,rate,0.1\n"
            } else {
                "{\"step\":2,\"epoch\":0,\"part\":\"step\",\"loss\":1.8,\"rate\":0.1}\n"
            }),
            "{text}"
        );
    }
    let (training, source) = line(&[1.0], 0.1);
    let error = training.record_to(folder.path().join("r.txt")).fit(&source, 1).unwrap_err().to_string();
    assert!(error.ends_with("a record is written to a file that ends in .csv or .jsonl"), "{error}");
}

#[test]
fn batches_of_ones_own_kind_and_short_last_ones() {
    // 25 in batches of 10: the mean over the epoch is of 25 examples.
    let mut training = NetTraining::of_layer(net(DType::F32, 0.0), net_step(Sgd::new()), Constant { rate: 0.0 })
        .unwrap()
        .evaluate("all", loader(25, 1, 25))
        .evaluate("parts", loader(25, 1, 10));
    training.fit(&loader(25, 1, 10), 1).unwrap();
    let record = training.record();
    for result in ["loss", "accuracy"] {
        let (all, parts) =
            (record.last(&format!("all {result}")).unwrap(), record.last(&format!("parts {result}")).unwrap());
        assert!((all - parts).abs() < 1e-6 * all, "{result}: {all} and {parts}");
    }
}
