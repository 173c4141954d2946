//! Random programs, to third order, by every road that must lead to the same numbers.
//!
//! Truth is double-double: there, two roads that differ by more than a hair differ because one is wrong. The roads to one
//! derivative: forward or reverse at each of its orders, linearised and transposed, batched and one by one, differences
//! of the order below. The executor runs each tape optimised and not, on one thread and on two, to equal bits.
//!
//! A longer run: `QUADRIC_RANDOM_PROGRAMS=1000000 cargo test --release -p quadric-autodiff --test it random_programs --
//! --nocapture`, with another `QUADRIC_RANDOM_SEED` for other programs. A failure prints the smallest tape it shrank to.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use quadric_autodiff::exec::double_double::Dd;
use quadric_autodiff::exec::reference::{Array, Data};
use quadric_autodiff::exec::{Options, Program as Executable};
use quadric_autodiff::ops::{self, Ops};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{AnyPrimitive, Batched, Builder, Kernel, Op, Params, Rule, Tape, Transforms, Value};
use quadric_autodiff::transform::{linearize, transpose, vmap};
use quadric_autodiff::{Error, Tensor};

use super::generate::{EQUATIONS, Plant, Program, Recipe, recipes};
use super::support::*;

/// What a run has seen.
#[derive(Default)]
struct Seen {
    programs: usize,
    kinky: usize,
    /// Programs that used a primitive, and the derivatives' tapes that used it, by order.
    primitives: BTreeMap<&'static str, [usize; 4]>,
    depth: BTreeMap<usize, usize>,
    rank: BTreeMap<usize, usize>,
    equations: [usize; 4],
    /// Linear parts that were transposed.
    transposed: usize,
    /// Linear parts that `transpose` refused, by the primitive that it could not see to be linear.
    refused: BTreeMap<String, usize>,
}

impl Seen {
    fn uses(&mut self, tape: &Tape, order: usize) {
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
        self.transposed += other.transposed;
        other.refused.into_iter().for_each(|(k, n)| *self.refused.entry(k).or_default() += n);
    }
}

fn collect(tape: &Tape, names: &mut Vec<&'static str>) {
    for e in tape.equations() {
        names.push(e.op.name());
        e.bodies.iter().for_each(|b| collect(b, names));
    }
}

macro_rules! ensure {
    ($condition:expr, $($arg:tt)*) => {
        // Not `>`: a NaN must fail.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        if !($condition) { return Err(format!($($arg)*)); }
    };
}

/// Equal up to `bound` of the largest entry of both (or of 1).
fn close(what: &str, a: &[Array<Dd>], b: &[Array<Dd>], bound: f64) -> Result<(), String> {
    ensure!(a.len() == b.len(), "{what}: {} and {} results", a.len(), b.len());
    let entries = |x: &[Array<Dd>]| x.iter().map(|x| largest(&x.to_f64_vec())).fold(1.0, f64::max);
    let scale = entries(a).max(entries(b));
    for (k, (a, b)) in a.iter().zip(b).enumerate() {
        ensure!(a.ty == b.ty, "{what}: result {k} is {} and {}", a.ty, b.ty);
        let (Data::Real(x), Data::Real(y)) = (&a.data, &b.data) else {
            ensure!(a == b, "{what}: result {k} is {:?} and {:?}", a.to_f64_vec(), b.to_f64_vec());
            continue;
        };
        for (x, y) in x.iter().zip(y) {
            let off = (*x - *y).abs().to_f64();
            ensure!(off <= bound * scale, "{what}: result {k} is {:?} and {:?}", a.to_f64_vec(), b.to_f64_vec());
        }
    }
    Ok(())
}

fn close_numbers(what: &str, (a, size): (Dd, f64), (b, other): (Dd, f64)) -> Result<(), String> {
    let off = (a - b).abs().to_f64();
    ensure!(off <= 1e-18 * (size + other + 1.0), "{what}: {} and {}", a.to_f64(), b.to_f64());
    Ok(())
}

/// The executor, on these roads, to equal bits, near the truth.
fn executed(
    what: &str,
    tape: &Tape,
    inputs: &[Tensor],
    exactly: &[Array<Dd>],
    roads: &[(bool, usize)],
) -> Result<(), String> {
    let args: Vec<&Tensor> = inputs.iter().collect();
    let mut first: Option<Vec<Tensor>> = None;
    for (optimize, threads) in roads {
        let options = Options { optimize: *optimize, threads: Some(*threads) };
        let mut program = Executable::new(tape, &options);
        let outputs = program.call(&args).map_err(|e| format!("{what}: {e}"))?;
        let again = program.call(&args).map_err(|e| format!("{what}: {e}"))?;
        ensure!(outputs == again, "{what}: a replay gives other bits");
        match &first {
            None => first = Some(outputs),
            Some(first) => {
                ensure!(
                    *first == outputs,
                    "{what}: optimised {optimize}, {threads} threads: {outputs:?}, before {first:?}"
                )
            }
        }
    }
    let outputs = first.expect("a road");
    // What rounding may do is what it does to the interpreter in f64, give or take; f32 values are f64 to that one.
    let by_interpreter = plain(tape, inputs);
    let epsilon = epsilon(tape);
    let size = exactly.iter().map(|x| largest(&x.to_f64_vec())).fold(1.0, f64::max);
    for (k, exact) in exactly.iter().enumerate() {
        let (got, expected) = (outputs[k].to_f64_vec(), exact.to_f64_vec());
        if !exact.ty.dtype.is_float() {
            ensure!(got == expected, "{what}: result {k} is {got:?}, the truth {expected:?}");
            continue;
        }
        let off = |x: &[f64]| {
            x.iter().zip(&expected).map(|(x, y)| (x - y).abs()).fold(0.0, |m: f64, d| if d <= m { m } else { d })
        };
        let allowed = 1e5 * epsilon * size + 1e3 * off(&by_interpreter[k]) * epsilon / f64::EPSILON;
        ensure!(off(&got) <= allowed, "{what}: result {k} is {got:?}, the truth {expected:?}");
    }
    Ok(())
}

fn valid(what: &str, tape: &Tape, planted: bool) -> Result<(), String> {
    let violations = tape.verify();
    ensure!(violations.is_empty(), "{what}: {violations:?}");
    if !planted {
        ensure!(reparsed(tape) == *tape, "{what}: parse(print(tape)) is another tape");
    }
    Ok(())
}

/// Every road; the sentence says which two parted.
fn check(program: &Program, planted: bool, seed: u64, seen: &mut Seen) -> Result<(), String> {
    let f = &program.tape;
    valid("f", f, planted)?;
    ensure!(f.equations().len() <= EQUATIONS, "{} equations", f.equations().len());
    let mut rng = Rng(seed ^ 0x5eed);
    let (x, outputs) = (&program.point, f.outputs().len());
    let inputs = f.input_types();
    let float_outputs = floats(&f.output_types());
    let (n, m) = (inputs.len(), float_outputs.len());
    let along = |rng: &mut Rng| inputs.iter().map(|t| direction(t, rng)).collect::<Vec<Tensor>>();
    let (v, u) = (along(&mut rng), along(&mut rng));
    let w: Vec<Tensor> = float_outputs.iter().map(|t| direction(t, &mut rng)).collect();
    let none = |types: &[Type]| types.iter().map(|t| Tensor::zeros(t.clone())).collect::<Vec<_>>();
    let (no_v, no_w) = (none(&inputs), none(&float_outputs));
    let (xe, ve, ue, we) = (exact(x), exact(&v), exact(&u), exact(&w));
    let (no_ve, no_we) = (exact(&no_v), exact(&no_w));

    // Order 0.
    let y = truth(f, &xe);
    executed("f", f, x, &y, &ROADS)?;
    seen.uses(f, 0);

    // Order 1: forward, reverse, differences, linearised, transposed.
    let (j, b) = (forward(f), backward(f));
    valid("jvp", &j, planted)?;
    valid("vjp", &b, planted)?;
    seen.uses(&b, 1);
    let at_j = truth(&j, &[&xe[..], &ve].concat());
    let at_b = truth(&b, &[&xe[..], &we].concat());
    executed("jvp", &j, &[&x[..], &v].concat(), &at_j, &ROADS[seed as usize % 2..][..2])?;
    executed("vjp", &b, &[&x[..], &w].concat(), &at_b, &ROADS)?;
    close("f and the value of its jvp", &y, &at_j[..outputs], 0.0)?;
    close("f and the value of its vjp", &y, &at_b[..outputs], 0.0)?;
    let (y_dot, x_bar) = (&at_j[outputs..], &at_b[outputs..]);
    close_numbers("⟨w, J v⟩ and ⟨Jᵀ w, v⟩", dot(&we, y_dot), dot(x_bar, &ve))?;
    if !program.stops {
        close("jvp and differences", y_dot, &differences(f, &xe, &ve), 1e-12)?;
    }
    let all = vec![true; n];
    let split = linearize(f, &all, None).map_err(|e| format!("linearize: {e}"))?;
    valid("linearised", &split.linear, planted)?;
    let primal = truth(&split.primal, &xe);
    let residuals = &primal[outputs..];
    close("jvp and the linear part", y_dot, &truth(&split.linear, &[residuals, &ve].concat()), 1e-24)?;
    let count = residuals.len();
    let flags: Vec<bool> = (0..count + n).map(|i| i >= count).collect();
    match transpose(&split.linear, &flags) {
        Ok(t) => {
            seen.transposed += 1;
            close("vjp and the transposed linear part", x_bar, &truth(&t, &[residuals, &we].concat()), 1e-20)?;
        }
        Err(e) => *seen.refused.entry(e.to_string().split(' ').next().unwrap_or("").to_string()).or_default() += 1,
    }

    // Order 2: four nestings and differences.
    let (jb, bj, bb, jj) = (forward(&b), backward(&j), backward(&b), forward(&j));
    for (what, tape) in [("jvp∘vjp", &jb), ("vjp∘jvp", &bj), ("vjp∘vjp", &bb), ("jvp∘jvp", &jj)] {
        valid(what, tape, planted)?;
        seen.uses(tape, 2);
    }
    let jb_args = [&x[..], &w, &v, &no_w].concat();
    let at_jb = truth(&jb, &exact(&jb_args));
    let hv = &at_jb[outputs + n + m..];
    executed("jvp∘vjp", &jb, &jb_args, &at_jb, &[ROADS[0], ROADS[3]])?;
    let bj_args = [&x[..], &v, &no_w, &w].concat();
    let at_bj = truth(&bj, &exact(&bj_args));
    executed("vjp∘jvp", &bj, &bj_args, &at_bj, &ROADS[..1])?;
    let bb_args = [&x[..], &w, &no_w, &v].concat();
    let at_bb = truth(&bb, &exact(&bb_args));
    executed("vjp∘vjp", &bb, &bb_args, &at_bb, &ROADS[2..3])?;
    let at_jj = truth(&jj, &[&xe[..], &ve, &ue, &no_ve].concat());
    close("jvp∘vjp and vjp∘jvp", hv, &at_bj[outputs + m..][..n], 1e-18)?;
    close("jvp∘vjp and vjp∘vjp", hv, &at_bb[outputs + n..][..n], 1e-18)?;
    close_numbers("jvp∘jvp and jvp∘vjp", dot(&we, &at_jj[outputs + 2 * m..]), dot(hv, &ue))?;
    if !program.stops {
        let moved = differences(&b, &[&xe[..], &we].concat(), &[&ve[..], &no_we].concat());
        close("jvp∘vjp and differences of the vjp", hv, &moved[m..], 1e-11)?;
    }

    // A batch of two, over any of the inputs, and of the vjp over all.
    let size = 2;
    let (single, lanes) = if seed & 4 == 0 { (f, n) } else { (&b, n + m) };
    let flags: Vec<bool> = (0..lanes).map(|i| !std::ptr::eq(single, f) || seed >> (5 + i) & 1 == 0).collect();
    let batched = vmap(single, &flags, size).map_err(|e| format!("vmap: {e}"))?;
    valid("vmap", &batched, planted)?;
    let lane = |i: usize| -> Vec<Tensor> {
        let args = [&x[..], &w].concat();
        args[..lanes]
            .iter()
            .zip(&flags)
            .map(|(x, flag)| {
                let values = x.to_f64_vec();
                let shift = if *flag { 1.0 + 1e-7 * i as f64 } else { 1.0 };
                Tensor::from_fn(x.dtype(), x.shape(), |k| values[k] * shift)
            })
            .collect()
    };
    let parts = [lane(0), lane(1)];
    let args: Vec<Tensor> = (0..lanes)
        .map(|k| {
            let (first, second) = (parts[0][k].to_f64_vec(), parts[1][k].to_f64_vec());
            let values = [first.clone(), second].concat();
            let ty = if flags[k] { parts[0][k].ty().batched(size) } else { parts[0][k].ty().clone() };
            Tensor::from_fn(ty.dtype, &ty.shape, |i| values[i])
        })
        .collect();
    let together = truth(&batched, &exact(&args));
    executed("vmap", &batched, &args, &together, &[ROADS[0], ROADS[2]])?;
    for (i, part) in parts.iter().enumerate() {
        let alone = truth(single, &exact(part));
        let slices: Vec<Array<Dd>> = together.iter().map(|t| slice(t, i)).collect();
        close("vmap and one by one", &alone, &slices, 1e-24)?;
    }

    // Order 3: two of the roads to D³(wᵀf)[v, u, ·].
    let road = |k: u64| -> (&str, Tape, Vec<Array<Dd>>, usize) {
        let no_u = &no_ve;
        match k % 6 {
            0 => {
                let t = forward(&jb);
                let args = [&exact(&jb_args)[..], &ue, &no_we, no_u, &no_we].concat();
                let at = t.outputs().len() - n;
                ("jvp∘jvp∘vjp", t, args, at)
            }
            1 => {
                let t = backward(&jb);
                let args = [&exact(&jb_args)[..], &no_we, no_u, &no_we, &ue].concat();
                ("vjp∘jvp∘vjp", t, args, jb.outputs().len())
            }
            2 => {
                let t = backward(&bb);
                let args = [&exact(&bb_args)[..], &no_we, no_u, &ue, &no_we].concat();
                ("vjp∘vjp∘vjp", t, args, bb.outputs().len())
            }
            3 => {
                let t = backward(&jj);
                let args = [&xe[..], &ve, &ue, &no_ve, &no_we, &no_we, &no_we, &we].concat();
                ("vjp∘jvp∘jvp", t, args, jj.outputs().len())
            }
            4 => {
                let t = forward(&bb);
                let args = [&exact(&bb_args)[..], &ue, &no_we, &no_we, no_u].concat();
                let at = t.outputs().len() - n - m;
                ("jvp∘vjp∘vjp", t, args, at)
            }
            _ => {
                let t = backward(&bj);
                let args = [&exact(&bj_args)[..], &no_we, &no_we, &ue, no_u].concat();
                ("vjp∘vjp∘jvp", t, args, bj.outputs().len())
            }
        }
    };
    let mut third: Vec<(&str, Vec<Array<Dd>>)> = Vec::new();
    for k in [seed, seed + 1 + (seed / 6) % 5] {
        let (what, tape, args, at) = road(k);
        valid(what, &tape, planted)?;
        seen.uses(&tape, 3);
        let outputs = truth(&tape, &args);
        if seed & 3 == 0 {
            let inputs: Vec<Tensor> = args
                .iter()
                .map(|a| {
                    let values = a.to_f64_vec();
                    Tensor::from_fn(a.ty.dtype, &a.ty.shape, |i| values[i])
                })
                .collect();
            executed(what, &tape, &inputs, &outputs, &ROADS[..1])?;
        }
        third.push((what, outputs[at..at + n].to_vec()));
    }
    close(&format!("{} and {}", third[0].0, third[1].0), &third[0].1, &third[1].1, 1e-16)?;
    if !program.stops && seed & 1 == 0 {
        let moved = differences(&jb, &exact(&jb_args), &[&ue[..], &no_we, &no_ve, &no_we].concat());
        close(&format!("{} and differences of jvp∘vjp", third[0].0), &third[0].1, &moved[n + 2 * m..], 1e-10)?;
    }
    Ok(())
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

/// [`check`], where a panic is a failure.
fn checked(program: &Program, planted: bool, seed: u64, seen: &mut Seen) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| check(program, planted, seed, seen))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(|s| s.to_string())).unwrap_or("a panic".into()))
    })
}

/// Runs `count` programs of one shard; the smallest failure as text.
fn shard(count: u32, steps: usize, shard: u64, plant: Option<&Plant>, seen: &mut Seen) -> Result<(), String> {
    let mut seed = [0u8; 32];
    seed[..8].copy_from_slice(&shard.to_le_bytes());
    let config = Config { cases: count, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let seen = std::cell::RefCell::new(seen);
    let result =
        runner.run(&recipes(steps), |recipe| one(&recipe, plant, &mut seen.borrow_mut()).map_err(TestCaseError::fail));
    result.map_err(|e| match e {
        TestError::Fail(why, recipe) => {
            let whole = recipe.program(plant);
            let equations = whole.tape.equations().len();
            let short = shortest(recipe.program(plant), plant.is_some(), recipe.seed);
            let (why, program) = short.unwrap_or((why.to_string(), whole));
            let (text, point) = (program.tape.to_short_text(), program.point);
            format!("{why}\n{text}\nat {point:?}\n({equations} equations of {recipe:?})")
        }
        TestError::Abort(why) => why.to_string(),
    })
}

/// The shortest run of equations that fails by itself, at the numbers it sees in the program: what proptest cannot
/// remove, because all before it made these numbers, is cut off here.
fn shortest(program: Program, planted: bool, seed: u64) -> Option<(String, Program)> {
    let n = program.tape.equations().len();
    for len in 1..n {
        for start in 0..=n - len {
            let Some(window) = program.window(start, len) else { continue };
            if let Err(why) = checked(&window, planted, seed, &mut Seen::default()) {
                return Some((why, window));
            }
        }
    }
    None
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |x| x.parse().unwrap_or_else(|_| panic!("{name}={x} is no number")))
}

#[test]
fn random_programs_agree_on_every_road() {
    let count = number("QUADRIC_RANDOM_PROGRAMS", 3000);
    let seed = number("QUADRIC_RANDOM_SEED", 0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count as usize) as u64;
    let mut total = Seen::default();
    let mut failures = Vec::new();
    std::thread::scope(|scope| {
        let run = |k: u64| {
            scope.spawn(move || {
                let mut seen = Seen::default();
                let share = count / threads + u64::from(k < count % threads);
                let result = shard(share as u32, 24, seed * 1_000_003 + k, None, &mut seen);
                (seen, result)
            })
        };
        for handle in (0..threads).map(run).collect::<Vec<_>>() {
            let (seen, result) = handle.join().expect("a shard does not panic");
            total.add(seen);
            failures.extend(result.err());
        }
    });
    report(&total);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(total.kinky * 10 <= total.programs, "{} of {} programs were skipped", total.kinky, total.programs);
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
    println!(
        "{} programs, {} skipped for kinks ({:.2} %)",
        seen.programs,
        seen.kinky,
        100.0 * seen.kinky as f64 / seen.programs as f64
    );
    println!("equations run, by order of derivative: {:?}", seen.equations);
    println!("linear parts transposed: {}, refused: {:?}", seen.transposed, seen.refused);
    println!("depth: {:?}", seen.depth);
    println!("rank of results: {:?}", seen.rank);
    println!("{:18} {:>9} {:>9} {:>9} {:>9}   (programs of {checked} and tapes that use it, by order)", "", 0, 1, 2, 3);
    for (name, [a, b, c, d]) in &seen.primitives {
        println!("{name:18} {a:>9} {b:>9} {c:>9} {d:>9}");
    }
}

// ---- planted bugs ------------------------------------------------------------------------------------------------

/// A primitive with one thing wrong.
struct Broken {
    inner: Op,
    bug: &'static Bug,
}

/// What can be wrong with it.
struct Bug {
    name: &'static str,
    primitive: &'static str,
    rule: fn(&Op) -> Rule,
    vmap: Option<fn(&mut Builder, &[Batched]) -> Value>,
    kernel: Option<fn(&Op) -> Kernel>,
}

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broken {:?}", self.inner)
    }
}

impl AnyPrimitive for Broken {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn params(&self) -> Params {
        self.inner.params()
    }
    fn infer(&self, inputs: &[&Type], bodies: &[std::sync::Arc<Tape>]) -> Result<Vec<Type>, Error> {
        self.inner.infer(inputs, bodies)
    }
    fn rule(&self) -> Rule {
        (self.bug.rule)(&self.inner)
    }
    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        bodies: &[std::sync::Arc<Tape>],
        size: usize,
        transforms: &dyn Transforms,
    ) -> Result<Vec<Batched>, Error> {
        match self.bug.vmap {
            Some(f) => Ok(vec![Batched { value: f(tape, inputs), batched: true }]),
            None => self.inner.vmap(tape, inputs, bodies, size, transforms),
        }
    }
    fn kernel(&self) -> Kernel {
        self.bug.kernel.map_or_else(|| self.inner.kernel(), |f| f(&self.inner))
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
    fn same(&self, other: &dyn AnyPrimitive) -> bool {
        other.as_any().downcast_ref::<Broken>().is_some_and(|o| o.inner == self.inner)
    }
    fn hash64(&self) -> u64 {
        self.inner.hash64() ^ 1
    }
}

fn own(op: &Op) -> Rule {
    op.rule()
}

const SOUND: Bug = Bug { name: "", primitive: "", rule: own, vmap: None, kernel: None };

/// Twelve mistakes as people make them.
static BUGS: [Bug; 12] = [
    Bug { name: "the sign of cos′", primitive: "cos", rule: |_| Rule::pointwise(|t, [x], _| [t.sin(x)]), ..SOUND },
    Bug {
        name: "tanh′ = 1 − y instead of 1 − y²",
        primitive: "tanh",
        rule: |_| {
            Rule::pointwise(|t, [_], y| {
                let one = t.like(y, 1.0);
                [t.sub(one, y)]
            })
        },
        ..SOUND
    },
    Bug {
        name: "exp′ is a leaf: the second order is lost",
        primitive: "exp",
        rule: |_| Rule::pointwise(|t, [_], y| [t.put(ops::op(ops::StopGradient), &[y])]),
        ..SOUND
    },
    Bug {
        name: "div: the cotangent of the divisor has a term missing",
        primitive: "div",
        rule: |op| match op.rule() {
            Rule::General { class, jvp, vjp } => Rule::General {
                class,
                jvp,
                vjp: Box::new(move |t, e, bars| {
                    let mut x = vjp(t, e, bars)?;
                    x[1] = None;
                    Ok(x)
                }),
            },
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "dot: the cotangent of a square right operand is transposed",
        primitive: "dot",
        rule: |op| match op.rule() {
            Rule::Multilinear(transpose) => Rule::Multilinear(Box::new(move |t, x, y_bar, i| {
                let bar = transpose(t, x, y_bar, i);
                let shape = t.shape_of(bar);
                let rank = shape.rank();
                if i == 0 || shape[rank - 1] != shape[rank - 2] {
                    return bar;
                }
                let mut order: Vec<usize> = (0..rank).collect();
                order.swap(rank - 1, rank - 2);
                t.permute(bar, &order)
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "select: the cotangents are the wrong way round",
        primitive: "select",
        rule: |op| match op.rule() {
            Rule::Linear(transpose) => Rule::Linear(Box::new(move |t, x, y_bar| {
                let mut bars = transpose(t, x, y_bar);
                bars.swap(1, 2);
                bars
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "gather: repeated indices overwrite instead of adding up (here: are halved)",
        primitive: "gather",
        rule: |op| match op.rule() {
            Rule::Linear(transpose) => Rule::Linear(Box::new(move |t, x, y_bar| {
                let mut bars = transpose(t, x, y_bar);
                let bar = bars[0].expect("x is a float");
                // Counts how often each place was read, by the same transpose of ones.
                let ones = t.like(y_bar, 1.0);
                let counts = transpose(t, x, ones)[0].expect("x is a float");
                let one = t.like(counts, 1.0);
                let counts = t.max(counts, one);
                bars[0] = Some(t.div(bar, counts));
                bars
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "cumsum: the transpose runs the same way",
        primitive: "cumsum",
        rule: |op| {
            let ops::CumSum { axis, reverse } = *op.downcast::<ops::CumSum>().expect("a cumsum");
            Rule::linear(move |t, [_], y_bar| [t.cumsum(y_bar, axis, reverse)])
        },
        ..SOUND
    },
    Bug {
        name: "mul: forward mode forgets the second term",
        primitive: "mul",
        rule: |_| Rule::General {
            class: quadric_autodiff::tape::Class::Multilinear,
            jvp: Box::new(|t, e, dots| {
                let first = dots[0].map(|a| t.mul(a, e.inputs[1]));
                Ok(vec![first.or_else(|| dots[1].map(|b| t.mul(e.inputs[0], b)))])
            }),
            vjp: Box::new(|t, e, bars| {
                let y_bar = bars[0].expect("a cotangent");
                Ok(vec![Some(t.mul(y_bar, e.inputs[1])), Some(t.mul(y_bar, e.inputs[0]))])
            }),
        },
        ..SOUND
    },
    Bug {
        name: "sqrt′ is right to 1e-9 only",
        primitive: "sqrt",
        rule: |_| {
            Rule::pointwise(|t, [x], y| {
                let half = t.like(x, 0.5 * (1.0 + 1e-9));
                [t.div(half, y)]
            })
        },
        ..SOUND
    },
    Bug {
        name: "reverse: vmap turns the batch instead of the axis",
        primitive: "reverse",
        rule: own,
        vmap: Some(|t, x| t.put(ops::op(ops::Reverse { axes: quadric_autodiff::axes![0] }), &[x[0].value])),
        ..SOUND
    },
    Bug {
        name: "erf computes tanh",
        primitive: "erf",
        rule: own,
        kernel: Some(|_| Kernel::Unary(quadric_autodiff::tape::Unary::Tanh)),
        ..SOUND
    },
];

#[test]
fn planted_bugs_are_found() {
    for bug in &BUGS {
        let plant = move |op: &Op| {
            if op.name() == bug.primitive { Op::new(Broken { inner: op.clone(), bug }) } else { op.clone() }
        };
        let mut seen = Seen::default();
        let found = shard(3000, 16, 77, Some(&plant), &mut seen);
        let Err(text) = found else { panic!("{}: not found in {} programs", bug.name, seen.programs) };
        // Shrunk to the broken primitive, or to what it takes to see it.
        let equations = text.lines().filter(|l| l.starts_with("  v")).count();
        println!("{}: {} programs run\n{text}\n", bug.name, seen.programs);
        assert!(equations <= 3, "{}: shrunk to {equations} equations only:\n{text}", bug.name);
    }
}
