//! Random programs, by every road that must lead to the same numbers (`roads`): how they are run, counted and shrunk.
//!
//! A longer run is one command, which ends after so many programs or minutes, whichever is sooner:
//! `QUADRIC_RANDOM_PROGRAMS=1000000 QUADRIC_RANDOM_MINUTES=60 cargo test --release -p quadric-autodiff --test it
//! random_programs_agree -- --nocapture`, with another `QUADRIC_RANDOM_SEED` for other programs. A failure prints the
//! smallest tape it shrank to.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use quadric_autodiff::ops;
use quadric_autodiff::tape::Tape;

use super::generate::{Plant, Program, Recipe, recipes};
use super::roads;

/// What a run has seen.
#[derive(Default)]
pub struct Seen {
    pub programs: usize,
    kinky: usize,
    /// Programs that used a primitive, and the derivatives' tapes that used it, by order.
    primitives: BTreeMap<&'static str, [usize; 4]>,
    depth: BTreeMap<usize, usize>,
    rank: BTreeMap<usize, usize>,
    /// Equations run, by order of derivative.
    equations: [usize; 4],
    /// Pairs of roads to a third derivative that were compared.
    pub thirds: usize,
    /// Programs that had side results beside them.
    pub sides: usize,
    /// Linear parts that were transposed.
    pub transposed: usize,
}

impl Seen {
    pub fn uses(&mut self, tape: &Tape, order: usize) {
        let mut names: Vec<&'static str> = Vec::new();
        collect(tape, &mut names);
        self.equations[order] += names.len();
        names.sort_unstable();
        names.dedup();
        for name in names {
            self.primitives.entry(name).or_default()[order] += 1;
        }
    }

    fn add(&mut self, other: Seen) {
        self.programs += other.programs;
        self.kinky += other.kinky;
        for (name, counts) in other.primitives {
            let mine = self.primitives.entry(name).or_default();
            mine.iter_mut().zip(counts).for_each(|(a, b)| *a += b);
        }
        other.depth.into_iter().for_each(|(k, n)| *self.depth.entry(k).or_default() += n);
        other.rank.into_iter().for_each(|(k, n)| *self.rank.entry(k).or_default() += n);
        self.equations.iter_mut().zip(other.equations).for_each(|(a, b)| *a += b);
        self.thirds += other.thirds;
        self.transposed += other.transposed;
        self.sides += other.sides;
    }
}

fn collect(tape: &Tape, names: &mut Vec<&'static str>) {
    for e in tape.equations() {
        names.push(e.op.name());
        e.bodies.iter().for_each(|b| collect(b, names));
    }
}

/// One program: skipped where it is too near a kink, else checked.
fn one(recipe: &Recipe, plant: Option<&Plant>, seen: &mut Seen) -> Result<(), String> {
    let program = recipe.program(plant);
    seen.programs += 1;
    if program.is_kinky() {
        seen.kinky += 1;
        return Ok(());
    }
    let mut fresh = Seen::default();
    *fresh.depth.entry(program.depth()).or_default() += 1;
    for e in program.tape.equations() {
        *fresh.rank.entry(program.tape.type_of(e.outputs[0]).shape.rank()).or_default() += 1;
    }
    let result = checked(&program, plant.is_some(), recipe.seed, &mut fresh);
    seen.add(fresh);
    result
}

/// [`roads::check`], where a panic is a failure.
fn checked(program: &Program, planted: bool, seed: u64, seen: &mut Seen) -> Result<(), String> {
    survives(|| roads::check(program, planted, seed, seen))
}

/// A check in which a panic is a failure.
pub fn survives(check: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap_or("a panic".into()))
    })
}

/// A runner of `count` cases, the same ones for ever.
pub fn runner(count: u32, batch: u64) -> TestRunner {
    let mut seed = [0u8; 32];
    seed[..8].copy_from_slice(&batch.to_le_bytes());
    let config = Config { cases: count, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// Runs `count` programs of one batch; the smallest failure as text.
pub fn run_batch(count: u32, steps: usize, batch: u64, plant: Option<&Plant>, seen: &mut Seen) -> Result<(), String> {
    let seen = std::cell::RefCell::new(seen);
    let result = runner(count, batch)
        .run(&recipes(steps), |recipe| one(&recipe, plant, &mut seen.borrow_mut()).map_err(TestCaseError::fail));
    result.map_err(|e| match e {
        TestError::Fail(why, recipe) => {
            let whole = recipe.program(plant);
            let equations = whole.tape.equations().len();
            let short = shortest(recipe.program(plant), plant.is_some(), recipe.seed, &why.to_string());
            let (why, program) = short.unwrap_or((why.to_string(), whole));
            let (text, point) = (program.tape.to_short_text(), program.point);
            format!("{why}\n{text}\nat {point:?}\n({equations} equations of {recipe:?})")
        }
        TestError::Abort(why) => why.to_string(),
    })
}

/// The shortest run of equations that fails by itself, at the numbers it sees in the program: what proptest cannot
/// remove, because all before it made these numbers, is cut off here. A window may begin at a kink that the program
/// was never near; so where it holds one, the same two roads must part.
fn shortest(program: Program, planted: bool, seed: u64, why: &str) -> Option<(String, Program)> {
    let roads = |why: &str| why.split(':').next().map(str::to_string);
    let n = program.tape.equations().len();
    for len in 1..n {
        for start in 0..=n - len {
            let Some(window) = program.window(start, len) else { continue };
            if let Err(found) = checked(&window, planted, seed, &mut Seen::default())
                && (!window.may_have_kinks() || roads(&found) == roads(why))
            {
                return Some((found, window));
            }
        }
    }
    None
}

pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |x| x.parse().unwrap_or_else(|_| panic!("{name}={x} is no number")))
}

/// Programs in a batch; which ones they are depends on the seed and the batch alone.
const BATCH: u64 = 250;

#[test]
fn random_programs_agree_on_every_road() {
    let count = number("QUADRIC_RANDOM_PROGRAMS", 3000);
    let seed = number("QUADRIC_RANDOM_SEED", 0);
    let end = Instant::now() + Duration::from_secs(60 * number("QUADRIC_RANDOM_MINUTES", 60 * 24 * 365));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // (the next batch, what was seen, the failures)
    let state = Mutex::new((0, Seen::default(), Vec::<String>::new()));
    let work = || {
        loop {
            let batch = {
                let mut state = state.lock().expect("no batch panics");
                if state.0 * BATCH >= count || Instant::now() >= end || !state.2.is_empty() {
                    return;
                }
                state.0 += 1;
                state.0 - 1
            };
            let mut seen = Seen::default();
            let share = BATCH.min(count - batch * BATCH);
            let result = run_batch(share as u32, 24, seed * 1_000_003 + batch, None, &mut seen);
            let mut state = state.lock().expect("no batch panics");
            state.1.add(seen);
            state.2.extend(result.err());
            if state.1.programs as u64 % 10_000 < share {
                println!("{} programs so far", state.1.programs);
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let (_, total, failures) = state.into_inner().expect("no batch panics");
    report(&total);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(total.kinky * 10 <= total.programs, "{} of {} programs were skipped", total.kinky, total.programs);
    assert!(total.kinky > 0 || total.programs < 1000, "no program came near a kink: the detection is not tested");
    assert!(total.sides * 3 >= total.programs - total.kinky, "{} programs had side results", total.sides);
    for name in ops::names() {
        let used = total.primitives.get(name).copied().unwrap_or_default();
        let enough = if name == "residual" { used[1] } else { used[0] };
        assert!(
            enough as u64 * 400 >= total.programs as u64,
            "{name} occurs in {enough} of {} programs",
            total.programs
        );
    }
}

fn report(seen: &Seen) {
    let checked = seen.programs - seen.kinky;
    let share = 100.0 * seen.kinky as f64 / seen.programs as f64;
    println!("{} programs, {} skipped for kinks ({share:.2} %)", seen.programs, seen.kinky);
    println!("equations run, by order of derivative: {:?}", seen.equations);
    println!("programs with side results: {}", seen.sides);
    println!("linear parts transposed: {}; pairs of roads to a third derivative: {}", seen.transposed, seen.thirds);
    histogram("depth (the longest chain of equations) of the programs", &seen.depth, 3);
    histogram("rank of the equations' results", &seen.rank, 1);
    println!("{:18} {:>9} {:>9} {:>9} {:>9}   (programs of {checked} and tapes that use it, by order)", "", 0, 1, 2, 3);
    for (name, [a, b, c, d]) in &seen.primitives {
        println!("{name:18} {a:>9} {b:>9} {c:>9} {d:>9}");
    }
}

fn histogram(what: &str, counts: &BTreeMap<usize, usize>, width: usize) {
    let total: usize = counts.values().sum();
    println!("{what}:");
    for low in (0..=counts.keys().next_back().copied().unwrap_or(0)).step_by(width) {
        let n: usize = counts.range(low..low + width).map(|(_, n)| n).sum();
        let share = n as f64 / total.max(1) as f64;
        let label = if width == 1 { low.to_string() } else { format!("{low}-{}", low + width - 1) };
        println!("{label:>8} {n:>9}  {}", "#".repeat((60.0 * share).round() as usize));
    }
}
