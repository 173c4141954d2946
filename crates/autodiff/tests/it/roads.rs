//! Every road to a derivative of one program, to third order; the first two that part are named.
//!
//! Truth is double-double: there, two roads that differ by more than a hair differ because one is wrong. The roads to one
//! derivative: forward or reverse at each of its orders, linearised and transposed, batched and one by one, differences
//! of the order below. The executor runs each tape optimised and not, on one thread and on two, to equal bits.

use quadric_autodiff::Tensor;
use quadric_autodiff::exec::{Options, Program as Executable};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{Array, Data};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::Tape;
use quadric_autodiff::transform::{linearize, transpose, vmap};

use super::generate::Program;
use super::random::Seen;
use super::sides::with_sides;
use super::support::*;

macro_rules! ensure {
    ($condition:expr, $($arg:tt)*) => {
        // Not `>`: a NaN must fail.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        if !($condition) { return Err(format!($($arg)*)); }
    };
}
pub(super) use ensure;

/// Equal up to `bound` of the largest entry of both (or of 1).
pub fn close(what: &str, a: &[Array<Dd>], b: &[Array<Dd>], bound: f64) -> Result<(), String> {
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

pub fn close_numbers(what: &str, (a, size): (Dd, f64), (b, other): (Dd, f64)) -> Result<(), String> {
    let off = (a - b).abs().to_f64();
    ensure!(off <= 1e-18 * (size + other + 1.0), "{what}: {} and {}", a.to_f64(), b.to_f64());
    Ok(())
}

/// The executor, on these roads, to equal bits, near the truth.
pub fn executed(
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

pub fn valid(what: &str, tape: &Tape, planted: bool) -> Result<(), String> {
    let violations = tape.verify();
    ensure!(violations.is_empty(), "{what}: {violations:?}");
    if !planted {
        ensure!(reparsed(tape) == *tape, "{what}: parse(print(tape)) is another tape");
    }
    Ok(())
}

/// Every road; the sentence says which two parted.
pub fn check(program: &Program, planted: bool, seed: u64, seen: &mut Seen) -> Result<(), String> {
    let mut rng = Rng(seed ^ 0x5eed);
    // Half of the programs walk with infinite and NaN results beside them, and must not know it.
    let has_sides = seed >> 9 & 1 == 1;
    let f = &if has_sides { with_sides(&program.tape, &mut Rng(seed ^ 0x51de5)) } else { program.tape.clone() };
    let alone = has_sides.then_some(&program.tape);
    seen.sides += usize::from(has_sides);
    valid("f", f, planted)?;
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
    if let Some(alone) = alone {
        let (y_alone, bars) = (truth(alone, &xe), truth(&backward(alone), &[&xe[..], &we].concat()));
        close("f with and without side results", &y, &y_alone, 0.0)?;
        close("vjp with and without side results", x_bar, &bars[outputs..], 1e-20)?;
    }
    let all = vec![true; n];
    let split = linearize(f, &all, None).map_err(|e| format!("linearize: {e}"))?;
    valid("linearised", &split.linear, planted)?;
    let primal = truth(&split.primal, &xe);
    let residuals = &primal[outputs..];
    close("jvp and the linear part", y_dot, &truth(&split.linear, &[residuals, &ve].concat()), 1e-24)?;
    let count = residuals.len();
    let flags: Vec<bool> = (0..count + n).map(|i| i >= count).collect();
    let t = transpose(&split.linear, &flags).map_err(|e| format!("transpose: {e}"))?;
    seen.transposed += 1;
    close("vjp and the transposed linear part", x_bar, &truth(&t, &[residuals, &we].concat()), 1e-20)?;

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

    if let Some(alone) = alone {
        let at = truth(&forward(&backward(alone)), &exact(&jb_args));
        close("jvp∘vjp with and without side results", hv, &at[outputs + n + m..], 1e-18)?;
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

    // Order 3: the roads to D³(wᵀf)[v, u, ·], all of them for some programs and two of them for the rest.
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
    let first = seed % 6;
    let others = if seed % 8 == 7 { 1..6 } else { 1 + seed / 6 % 5..2 + seed / 6 % 5 };
    for k in std::iter::once(first).chain(others.map(|k| first + k)) {
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
    for other in &third[1..] {
        close(&format!("{} and {}", third[0].0, other.0), &third[0].1, &other.1, 1e-16)?;
        seen.thirds += 1;
    }
    if !program.stops && seed & 1 == 0 {
        let moved = differences(&jb, &exact(&jb_args), &[&ue[..], &no_we, &no_ve, &no_we].concat());
        close(&format!("{} and differences of jvp∘vjp", third[0].0), &third[0].1, &moved[n + 2 * m..], 1e-10)?;
    }
    Ok(())
}
