//! A run that is asked to stop: by a flag, and by a real SIGINT.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use quadric_nn::checkpoint::latest;
use quadric_nn::training::{Averaging, Ended, Interrupt};

use super::loader;
use super::resume::training;
use crate::folder::Folder;

#[test]
fn a_flag_stops_after_the_step_with_a_checkpoint() {
    let folder = Folder::new();
    let interrupt = Interrupt::new();
    let flag = interrupt.clone();
    let mut run =
        training(folder.path(), Averaging::Exponential(0.5)).interrupt(interrupt.clone()).on_step(move |moment| {
            if moment.step == 4 {
                flag.set();
            }
            ControlFlow::Continue(())
        });
    let data = loader(43, 1, 8);
    assert_eq!(run.fit(&data, 3).unwrap(), Ended::Interrupted);
    assert_eq!((run.steps(), latest(folder.path()).unwrap().unwrap().step), (4, 4));
    assert_eq!(run.fit(&data, 3).unwrap(), Ended::Interrupted);
    assert_eq!(run.steps(), 4);
    interrupt.clear();
    assert_eq!(run.fit(&data, 3).unwrap(), Ended::Epochs);
    assert_eq!(run.steps(), 18);
}

const FOLDER: &str = "QUADRIC_TEST_INTERRUPTED";

#[test]
#[ignore = "the process that the test below starts and interrupts"]
fn a_run_to_be_interrupted() {
    let folder = env::var(FOLDER).expect("the test below says in which folder");
    let mut run = training(Path::new(&folder), Averaging::Exponential(0.5))
        .interrupt(Interrupt::ctrl_c().unwrap())
        .on_step(|moment| {
            println!("step {}", moment.step);
            ControlFlow::Continue(())
        });
    let ended = run.fit(&loader(43, 1, 8), 1_000_000).unwrap();
    println!("{ended} after {}", run.steps());
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_with_a_checkpoint() {
    let folder = Folder::new();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "training::interrupt::a_run_to_be_interrupted",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("step 9") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the run ended by itself");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    let last = rest.lines().find_map(|line| line.strip_prefix("interrupted after ")).expect("it said how it ended");
    let found = latest(folder.path()).unwrap().unwrap();
    assert_eq!(found.step.to_string(), last);
    assert!(found.passed_over.is_empty() && found.step >= 9);
}
