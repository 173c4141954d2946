//! A run that was stopped and went on is, to the byte, the run that was not.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use quadric_autodiff::DType;
use quadric_nn::training::{Averaging, EarlyStopping, Ended, Every};
use quadric_nn::{Adam, Checkpoints, Constant, Plateau};

use super::{NetTraining, loader, net, net_step};
use crate::folder::Folder;

const EPOCHS: u64 = 6;

/// Everything that a run may remember: moments, running statistics, dropout keys, a mean of parameters, a plateau, early stopping with its best
/// model, totals of an epoch, a record.
pub fn training(folder: &Path, averaging: Averaging) -> NetTraining {
    let step = net_step(Adam::new()).averaging(averaging).clip_norm(1.0);
    let checkpoints = Checkpoints::open(folder).unwrap().keep_last(2).keep_lowest("test loss");
    NetTraining::of_layer(net(DType::F32, 0.2), step, Constant { rate: 0.0 })
        .unwrap()
        .plateau(Plateau::new(0.02).factor(0.5).patience(0).threshold(0.5), "test loss")
        .seed(5)
        .evaluate("test", loader(30, 2, 16))
        .early_stopping(EarlyStopping::lowest("test loss").patience(1000))
        .checkpoints(checkpoints, Every::Steps(1))
        .record_to(folder.join("record.csv"))
}

#[test]
fn stopped_at_every_step_it_ends_in_the_same_bytes() {
    let data = loader(43, 1, 8).shuffled(9);
    for averaging in [Averaging::Exponential(0.9), Averaging::Epochs { from: 2 }] {
        let (alone, stopped) = (Folder::new(), Folder::new());
        let mut whole = training(alone.path(), averaging);
        assert_eq!(whole.fit(&data, EPOCHS).unwrap(), Ended::Epochs);
        assert_eq!(whole.steps(), 36);
        let (mut starts, mut steps) = (0, 0);
        loop {
            // Stops after 1, 2, 3, … steps: at the ends of epochs, and within them.
            starts += 1;
            let until = steps + starts;
            let mut run = training(stopped.path(), averaging).on_step(move |moment| {
                if moment.step == until { ControlFlow::Break("a stop".into()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!(run.resume().unwrap(), starts > 1);
            assert_eq!(run.steps(), steps);
            let ended = run.fit(&data, EPOCHS).unwrap();
            steps = run.steps();
            if ended == Ended::Epochs {
                assert!(run.model() == whole.model() && run.averaged_model() == whole.averaged_model());
                assert_eq!(run.record(), whole.record());
                break;
            }
        }
        assert!(starts > 7);
        let names = |folder: &Folder| {
            let mut names: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(&alone), names(&stopped));
        assert!(names(&alone).len() >= 3);
        for name in names(&alone) {
            let bytes = |folder: &Folder| fs::read(folder.path().join(&name)).unwrap();
            assert!(bytes(&alone) == bytes(&stopped), "{name:?}");
        }
        // The plateau has fallen on the way, so that it mattered that it was remembered.
        let rates = whole.record().of("step rate");
        assert!(rates[0] == 0.02 && *rates.last().unwrap() < 0.02);
    }
}

#[test]
fn a_run_that_stopped_early_stays_stopped() {
    let folder = Folder::new();
    let data = loader(43, 1, 8).shuffled(9);
    let make = || {
        training(folder.path(), Averaging::Exponential(0.5))
            .early_stopping(EarlyStopping::lowest("test loss").patience(0).margin(0.5))
    };
    let mut first = make();
    let ended = first.fit(&data, 50).unwrap();
    assert!(matches!(ended, Ended::Early(_)) && first.steps() == 12, "{ended} after {} steps", first.steps());
    let mut second = make();
    assert!(second.resume().unwrap());
    assert_eq!(second.fit(&data, 50).unwrap(), ended);
    assert!(second.model() == first.model() && second.state() == first.state());
    // What was measured of the best epoch is measured of the model that is given back.
    let losses = first.record().of("test loss");
    let mut again = net_step(Adam::new());
    let set = super::examples(30, 2, DType::F32).all();
    let loss = again.evaluate(first.model(), first.state(), set).unwrap().get("loss").unwrap();
    assert!((loss - losses[0]).abs() < 1e-6, "{loss} {losses:?}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = Folder::new();
    let mut run = training(folder.path(), Averaging::Exponential(0.5));
    run.fit(&loader(43, 1, 8), 1).unwrap();
    let error = training(folder.path(), Averaging::Exponential(0.5)).seed(6).resume().unwrap_err().to_string();
    assert_eq!(error, "training: the checkpoint is of a run with seed 5, this one has 6");
    let step = net_step(quadric_nn::Sgd::new().momentum(0.5));
    let mut other = NetTraining::of_layer(net(DType::F32, 0.2), step, Constant { rate: 0.0 }).unwrap().seed(5);
    let error = other.restore(&run.checkpoint()).unwrap_err().to_string();
    assert!(error.contains("\"optimizer.sgd.0.0.weight\" f32[3,12] is not there"), "{error}");
    let error = other.resume().unwrap_err().to_string();
    assert_eq!(error, "training: to resume a run it needs a folder of checkpoints");
}
