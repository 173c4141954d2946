//! Checkpoints: what they hold, which are kept, and runs that are killed.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quadric_autodiff::{DType, tensor};
use quadric_nn::archive::Archive;
use quadric_nn::checkpoint::latest;
use quadric_nn::data::DataErrorKind;
use quadric_nn::training::{Averaging, Ended};
use quadric_nn::{Activation, Adam, Checkpoint, Checkpoints, Mlp, Optimizer};

use crate::folder::Folder;
use crate::noise;
use crate::training::loader;
use crate::training::resume::training;

fn model(seed: u64) -> Mlp {
    Mlp::new(&[3, 4, 2], Activation::Tanh, DType::F32, seed)
}

#[test]
fn everything_comes_back_bit_by_bit() {
    let folder = Folder::new();
    let path = folder.path().join("run.safetensors");
    let (model, optimizer) = (model(1), Adam::new().init(&model(2)));
    let losses = [0.1, f64::NAN, -0.0, f64::INFINITY];
    let written = Checkpoint::new()
        .with_tree("model", &model)
        .with_tree("optimizer", &optimizer)
        .with_tree("key", &tensor![7u32, u32::MAX])
        .with_count("step", u64::MAX)
        .with_number("loss", 0.1)
        .with_numbers("losses", &losses)
        .with_numbers("none", &[])
        .with_text("note", "line\n\"two\"");
    written.write(&path).unwrap();
    let read = Checkpoint::read(&path).unwrap();
    assert_eq!(read.tree("model", &self::model(5)).unwrap(), model);
    assert_eq!(read.tree("optimizer", &Adam::new().init(&model)).unwrap(), optimizer);
    assert_eq!(read.tree("key", &tensor![0u32, 0]).unwrap(), tensor![7u32, u32::MAX]);
    assert_eq!((read.count("step").unwrap(), read.number("loss").unwrap()), (u64::MAX, 0.1));
    let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&read.numbers("losses").unwrap()), bits(&losses));
    assert_eq!((read.numbers("none").unwrap(), read.text("note").unwrap()), (vec![], "line\n\"two\""));
    assert_eq!(read.archive(), written.archive());
}

#[test]
fn what_differs_from_the_tree_at_hand_is_one_sentence() {
    let folder = Folder::new();
    let path = folder.path().join("run.safetensors");
    Checkpoint::new().with_tree("model", &model(1)).with_count("step", 3).with_text("note", "").write(&path).unwrap();
    let read = Checkpoint::read(&path).unwrap();
    let said = |error: quadric_nn::data::DataError| {
        assert_eq!(error.kind(), DataErrorKind::Mismatch);
        error.to_string().strip_prefix(&format!("{}: ", path.display())).unwrap().to_owned()
    };
    let like = Mlp::new(&[3, 5, 2, 1], Activation::Tanh, DType::F32, 1);
    assert_eq!(
        said(read.tree("model", &like).unwrap_err()),
        "\"model.layers.0.weight\" is F32 [3, 4] there, f32[3,5] is needed; \"model.layers.0.bias\" is F32 [4] there, f32[5] is needed; \
         \"model.layers.1.weight\" is F32 [4, 2] there, f32[5,2] is needed; \"model.layers.2.weight\" f32[2,1] is not there; \
         \"model.layers.2.bias\" f32[1] is not there"
    );
    let short = Mlp::new(&[3, 4], Activation::Tanh, DType::F64, 1);
    assert_eq!(
        said(read.tree("model", &short).unwrap_err()),
        "\"model.layers.0.weight\" is F32 [3, 4] there, f64[3,4] is needed; \"model.layers.0.bias\" is F32 [4] there, f64[4] is needed; \
         \"model.layers.1.bias\" F32 [2] is not needed; \"model.layers.1.weight\" F32 [4, 2] is not needed"
    );
    assert_eq!(said(read.count("epoch").unwrap_err()), "there is no whole number epoch");
    assert_eq!(said(read.number("step").unwrap_err()), "step is U64 [] there, no number");
    assert_eq!(said(read.text("remark").unwrap_err()), "there is no text remark");
    assert_eq!(said(read.text("quadric.checkpoint").unwrap_err()), "there is no text quadric.checkpoint");

    Archive::new().write(&path).unwrap();
    let error = Checkpoint::read(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{}: is no checkpoint: it has no note quadric.checkpoint", path.display()));
    let mut later = Archive::new();
    later.note("quadric.checkpoint", "2");
    later.write(&path).unwrap();
    let error = Checkpoint::read(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{}: is a checkpoint of form \"2\", 1 is read here", path.display()));
}

/// A deeper network is no shallow one, and what one optimizer remembers is not what another does.
#[test]
fn an_archive_is_as_strict_as_a_checkpoint() {
    let mut archive = Archive::new();
    archive.insert_tree("model", &model(1));
    archive.insert_tree("optimizer", &Adam::new().init(&vec![tensor![1.0]]));
    let said = |error: quadric_nn::data::DataError| {
        assert_eq!(error.kind(), DataErrorKind::Mismatch);
        error.to_string().strip_prefix("the archive does not have the tree: ").unwrap().to_owned()
    };
    assert_eq!(
        said(archive.tree("model", &Mlp::new(&[3, 4], Activation::Tanh, DType::F32, 1)).unwrap_err()),
        "\"model.layers.1.bias\" F32 [2] is not needed; \"model.layers.1.weight\" F32 [4, 2] is not needed"
    );
    let sgd = said(archive.tree("optimizer", &quadric_nn::Sgd::new().init(&vec![tensor![1.0]])).unwrap_err());
    assert!(sgd.contains("\"optimizer.adam.0.0\" F64 [1] is not needed"), "{sgd}");
    // Without a prefix the archive is the tree.
    let error = said(archive.tree("", &vec![tensor![1.0]]).unwrap_err());
    assert!(error.starts_with("\"0\" f64[1] is not there; \"model.layers.0.bias\" F32 [4] is not needed"), "{error}");
    let many = vec![tensor![1.0]; 1000];
    let error = said(archive.tree("many", &many).unwrap_err());
    assert!(error.ends_with("; \"many.19\" f64[1] is not there; and 980 more"), "{error}");
    let error = Checkpoint::new().tree("many", &many).unwrap_err().to_string();
    assert!(error.ends_with("; \"many.19\" f64[1] is not there; and 980 more"), "{error}");
}

#[test]
fn a_name_is_for_one_thing() {
    let panics = |f: fn(Checkpoint) -> Checkpoint| {
        let checkpoint = Checkpoint::new().with_tree("model", &model(1)).with_text("note", "");
        *std::panic::catch_unwind(|| f(checkpoint)).unwrap_err().downcast::<String>().unwrap()
    };
    assert_eq!(panics(|c| c.with_count("model", 1)), "checkpoint: \"model\" is there already");
    assert_eq!(panics(|c| c.with_number("note", 1.0)), "checkpoint: \"note\" is there already");
    let no_name = "is no name for what it holds; use one that is not empty and has no dot";
    assert_eq!(panics(|c| c.with_text("a.b", "")), format!("checkpoint: \"a.b\" {no_name}"));
    assert_eq!(panics(|c| c.with_text("", "")), format!("checkpoint: \"\" {no_name}"));
}

#[test]
fn the_last_and_the_best_are_kept() {
    let folder = Folder::new();
    let losses = [0.9, f64::NAN, 0.2, 0.5, 0.2, 0.8, 0.7];
    let run = |checkpoints: &Checkpoints, losses: &[f64]| {
        for (step, &loss) in losses.iter().enumerate() {
            checkpoints.save(step as u64, &Checkpoint::new().with_number("loss", loss)).unwrap();
        }
    };
    let lowest = Checkpoints::open(folder.path().join("a/lowest")).unwrap().keep_last(2).keep_lowest("loss");
    assert!(lowest.latest().unwrap().is_none() && lowest.best().unwrap().is_none());
    run(&lowest, &losses);
    assert_eq!(lowest.steps().unwrap(), [2, 5, 6]);
    assert_eq!(lowest.best().unwrap().unwrap().step, 2);
    assert_eq!(lowest.latest().unwrap().unwrap().checkpoint.number("loss").unwrap(), 0.7);
    let highest = Checkpoints::open(folder.path().join("highest")).unwrap().keep_last(1).keep_highest("loss");
    run(&highest, &losses);
    assert_eq!(highest.steps().unwrap(), [0, 6]);
    let all = Checkpoints::open(folder.path().join("all")).unwrap();
    run(&all, &losses);
    assert_eq!(all.steps().unwrap(), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(all.best().unwrap_err().kind(), DataErrorKind::Refused);
    // One of an earlier step than those kept is not removed by the call that writes it.
    highest.save(3, &Checkpoint::new().with_number("loss", 0.0)).unwrap();
    assert_eq!(highest.steps().unwrap(), [0, 3, 6]);
    let error = lowest.save(9, &Checkpoint::new()).unwrap_err();
    assert_eq!(error.to_string(), "checkpoint: there is no number loss");
    assert_eq!(lowest.steps().unwrap(), [2, 5, 6]);
}

#[test]
fn the_latest_whole_checkpoint_is_found_beside_what_is_none() {
    let folder = Folder::new();
    let checkpoints = Checkpoints::open(folder.path()).unwrap();
    for step in [8, 9, 10] {
        checkpoints.save(step, &Checkpoint::new().with_count("step", step)).unwrap();
    }
    let whole = fs::read(checkpoints.path(10)).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write(".step-000000000011.safetensors.new-1-0", &whole);
    write("step-11.safetensors", &whole);
    write("step-000000000012.safetensors.bak", &whole);
    write("notes.txt", b"");
    assert_eq!(latest(folder.path()).unwrap().unwrap().step, 10);
    // Damaged after it was written: the one before it.
    for damaged in [&whole[..whole.len() - 1], &[], &vec![0; whole.len()]] {
        fs::write(checkpoints.path(10), damaged).unwrap();
        let found = latest(folder.path()).unwrap().unwrap();
        assert_eq!((found.step, found.checkpoint.count("step").unwrap()), (9, 9));
        let sentence = found.passed_over[0].to_string();
        assert!(sentence.starts_with(&checkpoints.path(10).display().to_string()), "{sentence}");
    }
    assert_eq!(latest(folder.path().join("none")).unwrap_err().kind(), DataErrorKind::Missing);
    // The next run removes the dead writer's file, and nothing else.
    Checkpoints::open(folder.path()).unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "notes.txt",
            "step-000000000008.safetensors",
            "step-000000000009.safetensors",
            "step-000000000010.safetensors",
            "step-000000000012.safetensors.bak",
            "step-11.safetensors"
        ]
    );
}

#[test]
fn files_of_which_none_can_be_read_are_no_new_start() {
    let folder = Folder::new();
    let checkpoints = Checkpoints::open(folder.path()).unwrap();
    assert!(checkpoints.latest().unwrap().is_none());
    fs::write(checkpoints.path(7), b"").unwrap();
    let one = latest(folder.path()).unwrap_err();
    assert_eq!(
        one.to_string(),
        format!(
            "{}: 1 file is named as checkpoints are, and none can be read: {}: ends after 0 of the 8 bytes that say how long the header is",
            folder.path().display(),
            checkpoints.path(7).display()
        )
    );
    assert_eq!(one.kind(), DataErrorKind::Malformed);
    Archive::new().write(checkpoints.path(3)).unwrap();
    let both = latest(folder.path()).unwrap_err().to_string();
    assert!(both.starts_with(&format!("{}: 2 files are named as checkpoints are", folder.path().display())), "{both}");
    assert!(both.ends_with(": is no checkpoint: it has no note quadric.checkpoint"), "{both}");
    // What the system refuses is not passed over: an earlier checkpoint is not the latest.
    checkpoints.save(5, &Checkpoint::new()).unwrap();
    assert_eq!(latest(folder.path()).unwrap().unwrap().step, 5);
    fs::create_dir(checkpoints.path(9)).unwrap();
    assert_eq!(latest(folder.path()).unwrap_err().kind(), DataErrorKind::Io);
}

#[test]
fn files_that_cannot_be_read_are_not_kept_in_place_of_checkpoints() {
    let folder = Folder::new();
    let checkpoints = Checkpoints::open(folder.path()).unwrap().keep_last(2);
    for step in [0, 90, 91, 92] {
        fs::write(checkpoints.path(step), b"damaged").unwrap();
    }
    for step in 1..=4 {
        checkpoints.save(step, &Checkpoint::new()).unwrap();
    }
    assert_eq!(checkpoints.steps().unwrap(), [0, 3, 4, 90, 91, 92]);
    assert_eq!(checkpoints.latest().unwrap().unwrap().passed_over.len(), 3);
}

const EPOCHS: u64 = 100;
const STEPS: u64 = EPOCHS * 6;
const FOLDER: &str = "QUADRIC_TEST_FOLDER";
const PAUSE: &str = "QUADRIC_TEST_PAUSE";

/// A training loop with all that a run may remember, and a checkpoint a step; it goes on where the process before it was.
fn train(folder: &Path, pause: Duration) {
    let mut training = training(&folder.join("steps"), Averaging::Exponential(0.9)).on_step(move |moment| {
        println!("step {}", moment.step);
        thread::sleep(pause);
        ControlFlow::Continue(())
    });
    training.resume().unwrap();
    assert_eq!(training.fit(&loader(43, 1, 8).shuffled(9), EPOCHS).unwrap(), Ended::Epochs);
    assert_eq!(training.steps(), STEPS);
    let last = Checkpoints::open(folder.join("steps")).unwrap().path(STEPS);
    fs::copy(last, folder.join("final.safetensors")).unwrap();
    training.record().write(folder.join("final.csv")).unwrap();
}

#[test]
#[ignore = "the process that the test below starts and kills"]
fn a_run_to_be_killed() {
    let folder = env::var(FOLDER).expect("the test below says in which folder");
    let pause = env::var(PAUSE).expect("the test below says how long to rest").parse().unwrap();
    train(Path::new(&folder), Duration::from_micros(pause));
}

fn start(folder: &Path, pause: Duration) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "checkpoints::a_run_to_be_killed", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(PAUSE, pause.as_micros().to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn leftovers(steps: &Path) -> usize {
    let Ok(entries) = fs::read_dir(steps) else { return 0 };
    entries.flatten().filter(|entry| entry.file_name().to_string_lossy().contains(".new-")).count()
}

/// SIGKILL at 50 instants: every second one at random, the others as soon as a file that is being written is seen.
#[test]
fn a_run_that_is_killed_fifty_times_ends_in_the_same_bytes() {
    let (alone, killed) = (Folder::new(), Folder::new());
    let mut whole = start(alone.path(), Duration::ZERO);
    let output = whole.stdout.take().unwrap();
    let reader = thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).count());

    let steps = killed.path().join("steps");
    let mut kills = 0;
    let (mut in_a_write, mut reached) = (0, Vec::new());
    while kills < 50 {
        let mut child = start(killed.path(), Duration::from_millis(2));
        // The pipe stays open until the child is dead: one that writes to nobody would end by itself.
        let output = child.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        for _ in 0..1 + ((noise(12, kills) + 1.0) * 4.0) as usize {
            assert!(lines.any(|line| line.contains("step ")), "the run ended after {kills} kills");
        }
        if kills % 2 == 0 {
            let wait = (noise(11, kills) + 1.0) / 2.0 * 0.008;
            thread::sleep(Duration::from_secs_f64(wait));
        } else {
            let limit = Instant::now() + Duration::from_secs(5);
            while leftovers(&steps) == 0 && Instant::now() < limit {}
        }
        child.kill().unwrap();
        child.wait().unwrap();
        drop(lines);
        kills += 1;
        in_a_write += usize::from(leftovers(&steps) > 0);
        // A step tells that it was taken before it is in a checkpoint.
        reached.push(latest(&steps).unwrap().map_or(0, |found| found.step));
    }
    assert!(reached.is_sorted() && *reached.last().unwrap() < STEPS, "{reached:?}");
    assert!(in_a_write > 0, "no kill met a file that was being written");
    println!("{in_a_write} of {kills} kills within a write, at steps {reached:?}");

    let mut last = start(killed.path(), Duration::ZERO);
    let output = last.stdout.take().unwrap();
    assert!(BufReader::new(output).lines().map_while(Result::ok).count() > 0);
    assert!(last.wait().unwrap().success());
    assert!(whole.wait().unwrap().success());
    assert!(reader.join().unwrap() as u64 >= STEPS);
    for name in ["final.safetensors", "final.csv"] {
        let bytes = |folder: &Folder| fs::read(folder.path().join(name)).unwrap();
        assert!(bytes(&alone) == bytes(&killed), "the run that was killed ended elsewhere: {name}");
    }
    assert_eq!((leftovers(&steps), leftovers(&alone.path().join("steps"))), (0, 0));
    // The same files are kept, with the same bytes.
    let kept = |folder: &Folder| {
        let folder = folder.path().join("steps");
        let checkpoints = Checkpoints::open(&folder).unwrap();
        let steps = checkpoints.steps().unwrap();
        steps.into_iter().map(|step| (step, fs::read(checkpoints.path(step)).unwrap())).collect::<Vec<_>>()
    };
    let (alone, killed) = (kept(&alone), kept(&killed));
    assert!((2..=3).contains(&alone.len()) && alone == killed);
}
