//! Every primitive keeps its promises: the cases of `ops::samples()`, by every engine and through every transform.
//!
//! Truth is the reference interpreter in double-double. It is told two ways that share nothing: the tape of the
//! derivative, and differences of the tape that is differentiated; and every second derivative comes by four nestings.
//! What the executor gives is then measured in units in the last place of the largest entry. The matrix is written to
//! `docs/coverage.md`, and a file that is stale fails the test.

use std::collections::BTreeMap;
use std::fmt::Write;

use quadric_autodiff::ops::{self, Domain};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{Array, Data};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{Kind, Tape};
use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::transform::{jvp, vmap};
use quadric_autodiff::{DType, Tensor, shape, tensor};
use quadric_gradcheck as gradcheck;

use super::support::{self, *};

/// A tape to be tested, and where its operands lie.
pub struct Case {
    pub name: &'static str,
    pub tape: Tape,
    pub inputs: Vec<(Type, Domain)>,
    /// Whether the primitive is one that its text names: a planted bug is not.
    pub parses: bool,
}

impl Case {
    pub fn of(sample: ops::Sample) -> Case {
        Case { name: sample.op.name(), tape: sample.tape(), inputs: sample.inputs, parses: true }
    }

    fn tensors(&self, rng: &mut Rng) -> Vec<Tensor> {
        self.inputs.iter().map(|(ty, domain)| support::tensor(ty, *domain, rng)).collect()
    }

    /// Why there is nothing to differentiate, if so.
    fn reason(&self) -> Option<&'static str> {
        if floats(&self.tape.input_types()).is_empty() {
            return Some(if self.inputs.is_empty() {
                "it has no operand"
            } else {
                "its operands are integers or bools"
            });
        }
        if floats(&self.tape.output_types()).is_empty() {
            return Some("its result is integer or bool");
        }
        None
    }
}

/// The samples of every primitive, and cases for the structured ones, whose bodies a sample cannot hold.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = ops::samples().into_iter().map(Case::of).collect();
    let x = || tensor![[0.3, -0.7, 1.2], [0.5, 0.9, -1.1]];
    let traced = |name, tape: Result<Tape, quadric_autodiff::Error>| {
        let tape = tape.unwrap();
        let inputs = tape.input_types().into_iter().map(|t| (t, Domain::Reals)).collect();
        Case { name, tape, inputs, parses: true }
    };
    // Declared derivatives that are the true ones, so that differences may judge.
    let swish = |x: Var| trace::custom_pointwise("sin", x, Var::sin, Var::cos);
    let product = |(x, y): (Var, Var)| {
        trace::custom_derivative(
            "product",
            &[x, y],
            |x| vec![x[0].matmul(x[1]), x[0].sin()],
            |x, d| vec![d[0].matmul(x[1]) + x[0].matmul(d[1]), d[0] * x[0].cos()],
        )
    };
    let bent = |x: Var| trace::declare_second_derivative("cube", x, |x| x * x * x, |x| x * 6.0);
    cases.push(traced("custom", trace::trace(swish, &x())));
    cases.push(traced("custom", trace::trace(product, &(x(), tensor![[0.4], [0.2], [-0.9]]))));
    cases.push(traced("custom", trace::trace(bent, &x())));
    let kept = |(x, y): (Var, Var)| {
        // y is captured, so it becomes an operand of the checkpoint as well.
        trace::checkpoint(|x: Var| ((x * y).sin().exp(), x.sum_axes(&[1]).tanh()), &x)
    };
    let rolled = |(state, xs, w): (Var, Var, Var)| {
        // w is captured: the same in every step. The index rides along as an integer state.
        let step = |(h, i): (Var, Var), x: Var| {
            let next = (h * w + x).tanh();
            ((next, i + i.number(1.0)), (next.sum(), h.gather_along(i.reshape([1]), 0)))
        };
        trace::scan(step, &(state, state.number(0.0).convert(DType::I32)), &xs)
    };
    let rows = |xs: Var| trace::scan(|s: Var, x: Var| (s * x.sin(), s), &xs.sum_axes(&[0]), &xs);
    cases.push(traced("scan", trace::trace(rolled, &(tensor![0.1, 0.2, 0.9], x(), tensor![0.7, -0.6, 1.1]))));
    cases.push(traced("scan", trace::trace(rows, &x())));
    let nested = |x: Var| trace::checkpoint(|x: Var| trace::checkpoint(|x: Var| x.sin() * x, &x.exp()), &x);
    cases.push(traced("checkpoint", trace::trace(kept, &(x(), x()))));
    cases.push(traced("checkpoint", trace::trace(nested, &x())));
    cases
}

const COLUMNS: [&str; 12] = [
    "value",
    "jvp",
    "vjp",
    "jvp∘vjp",
    "vjp∘jvp",
    "vjp∘vjp",
    "jvp∘jvp",
    "third",
    "vmap",
    "f32",
    "gradcheck",
    "parse∘print",
];

/// What was seen of one primitive under one check.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    cases: usize,
    ulps: f64,
    /// Cases that carry no derivative, by reason.
    none: BTreeMap<&'static str, usize>,
}

impl Cell {
    fn saw(&mut self, ulps: f64) {
        self.cases += 1;
        self.ulps = self.ulps.max(ulps);
    }
}

type Matrix = BTreeMap<&'static str, [Cell; 12]>;

/// Bounds of the promise; no cell may be worse. `f32` counts its own ulps.
const WORST: f64 = 64.0;

#[test]
fn every_primitive_keeps_its_promises() {
    let mut matrix = Matrix::new();
    for case in &cases() {
        let row = matrix.entry(case.name).or_default();
        // By name and number within the name, so that a new primitive moves nobody else's figures.
        let name = case.name.bytes().fold(0u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        check(case, row, &mut Rng(name.wrapping_add(row[0].cases as u64)));
    }
    // For who asks with --nocapture: what was measured here and now.
    println!("worst error in ulps, by order of derivative: 0, 1, 2, 3; and in f32");
    for name in ops::names() {
        let Some(row) = matrix.get(name) else { continue };
        let worst = |cells: &[Cell]| cells.iter().map(|c| c.ulps).fold(0.0, f64::max);
        let orders = [&row[..1], &row[1..3], &row[3..7], &row[7..8], &row[9..10]].map(worst);
        println!("{name:18} {}", orders.map(|u| format!("{u:5.2}")).join("  "));
    }
    for (i, column) in COLUMNS.iter().enumerate().take(10) {
        let (name, row) = matrix.iter().max_by(|a, b| a.1[i].ulps.total_cmp(&b.1[i].ulps)).expect("a row");
        let cases: usize = matrix.values().map(|row| row[i].cases).sum();
        println!("{column}: {cases} cases, worst {:.2} ulps ({name})", row[i].ulps);
    }
    for name in ops::names() {
        let row = matrix.get(name).unwrap_or_else(|| panic!("{name} has no case: untested"));
        for (column, cell) in COLUMNS.iter().zip(row) {
            assert!(cell.cases > 0 || !cell.none.is_empty(), "{name}, {column}: untested");
            assert!(cell.ulps <= WORST, "{name}, {column}: {} ulps", cell.ulps);
        }
    }
    compare(&matrix);
}

/// All checks of one case; a panic says what does not hold.
pub fn check(case: &Case, row: &mut [Cell; 12], rng: &mut Rng) {
    check_orders(case, row, rng);
    row[8].saw(check_vmap(case, rng));
}

fn check_orders(case: &Case, row: &mut [Cell; 12], rng: &mut Rng) {
    let f = &case.tape;
    let context = || format!("{}:\n{f}", case.name);
    assert_eq!(f.verify(), vec![], "{}", context());
    let same_text = |t: &Tape| !case.parses || reparsed(t) == *t;
    assert!(same_text(f), "{}", context());
    row[11].saw(0.0);

    let x = case.tensors(rng);
    let x_exact = exact(&x);
    row[0].saw(measured(f, &x, &x_exact));
    let narrow: Vec<Tensor> = x.iter().map(|t| t.to_dtype(narrowed(t.ty()).dtype)).collect();
    // A tape with f64 constants of its own has no f32 form; where all operands are f64, so are they.
    let f32_tape = narrow_tape(f);
    let mut f32_ulps = measured(&f32_tape, &narrow, &exact(&narrow));

    if let Some(reason) = case.reason() {
        for cell in [1, 2, 3, 4, 5, 6, 7, 10] {
            *row[cell].none.entry(reason).or_default() += 1;
        }
        row[9].saw(f32_ulps);
        return;
    }

    let float_inputs = floats(&f.input_types());
    let float_outputs = floats(&f.output_types());
    let v: Vec<Tensor> = float_inputs.iter().map(|t| direction(t, rng)).collect();
    let u: Vec<Tensor> = float_inputs.iter().map(|t| direction(t, rng)).collect();
    let w: Vec<Tensor> = float_outputs.iter().map(|t| direction(t, rng)).collect();
    let no_w: Vec<Tensor> = float_outputs.iter().map(|t| Tensor::zeros(t.clone())).collect();
    let no_v: Vec<Tensor> = float_inputs.iter().map(|t| Tensor::zeros(t.clone())).collect();

    // Every tape of derivatives with its arguments.
    let args = |parts: &[&[Tensor]]| -> Vec<Tensor> { parts.concat() };
    let (j, v_) = (forward(f), backward(f));
    let jb = forward(&v_);
    let roads: [(usize, Tape, Vec<Tensor>); 8] = [
        (1, j.clone(), args(&[&x, &v])),
        (2, v_.clone(), args(&[&x, &w])),
        (3, jb.clone(), args(&[&x, &w, &v, &no_w])),
        (4, backward(&j), args(&[&x, &v, &no_w, &w])),
        (5, backward(&v_), args(&[&x, &w, &no_w, &v])),
        (6, forward(&j), args(&[&x, &v, &u, &no_v])),
        (7, forward(&jb), args(&[&x, &w, &v, &no_w, &u, &no_w, &no_v, &no_w])),
        (7, backward(&jb), args(&[&x, &w, &v, &no_w, &no_w, &no_v, &no_w, &u])),
    ];
    let mut exactly = Vec::new();
    for (column, tape, args) in &roads {
        assert_eq!(tape.verify(), vec![], "{}", context());
        assert!(same_text(tape), "{}", context());
        let worst = measured(tape, args, &exact(args));
        // Two roads to the third order share a column.
        if *column == 7 && row[7].cases == row[6].cases {
            row[7].ulps = row[7].ulps.max(worst);
        } else {
            row[*column].saw(worst);
        }
        exactly.push(truth(tape, &exact(args)));
        let narrow: Vec<Tensor> = args.iter().map(|t| t.to_dtype(narrowed(t.ty()).dtype)).collect();
        f32_ulps = f32_ulps.max(measured(&narrow_tape(tape), &narrow, &exact(&narrow)));
    }
    row[9].saw(f32_ulps);

    // The four nestings and the differences are one derivative.
    let outputs = f.output_types().len();
    let n = float_inputs.len();
    let m = float_outputs.len();
    let y_dot = &exactly[0][outputs..];
    let x_bar = &exactly[1][outputs..];
    let (v_exact, u_exact, w_exact) = (exact(&v), exact(&u), exact(&w));
    let hv = &exactly[2][outputs + n + m..];
    let same = |what: &str, a: &[Array<Dd>], b: &[Array<Dd>], bound: f64| {
        for (a, b) in a.iter().zip(b) {
            let off = apart_above(a, b, 1e-3);
            assert!(
                off <= bound,
                "{what} differ by {off:e}: {:?} and {:?}, {}",
                a.to_f64_vec(),
                b.to_f64_vec(),
                context()
            );
        }
    };
    let adjoint = |what: &str, (a, size_a): (Dd, f64), (b, size_b): (Dd, f64)| {
        let off = (a - b).abs().to_f64();
        assert!(off <= 1e-27 * (size_a + size_b + 1e-3), "{what}: {} and {}, {}", a.to_f64(), b.to_f64(), context());
    };
    // Constants in rules are rounded to f64 (2/√π), which is all that these may differ by.
    if case.name == "stop_gradient" {
        // Its derivative is not that of its value, by intent.
        assert!(y_dot.iter().chain(x_bar).chain(hv).all(|x| largest(&x.to_f64_vec()) == 0.0));
        for cell in [1, 2, 3, 4, 5, 6, 7] {
            row[cell].cases -= 1;
        }
        for cell in [1, 2, 3, 4, 5, 6, 7, 10] {
            *row[cell].none.entry("zero by intent").or_default() += 1;
        }
        return;
    }
    same("J v and differences of f", y_dot, &differences(f, &x_exact, &v_exact), 1e-15);
    adjoint("⟨w, J v⟩ and ⟨Jᵀ w, v⟩", dot(&w_exact, y_dot), dot(x_bar, &v_exact));
    let no_w_exact = exact(&no_w);
    let moved = differences(&v_, &args_exact(&[&x_exact, &w_exact]), &args_exact(&[&v_exact, &no_w_exact]));
    same("jvp∘vjp and differences of vjp", hv, &moved[m..], 1e-15);
    same("jvp∘vjp and vjp∘jvp", hv, &exactly[3][outputs + m..outputs + m + n], 1e-27);
    same("jvp∘vjp and vjp∘vjp", hv, &exactly[4][outputs + n..outputs + 2 * n], 1e-27);
    adjoint("jvp∘jvp and jvp∘vjp", dot(&w_exact, &exactly[5][outputs + 2 * m..]), dot(hv, &u_exact));

    // D³(wᵀf)[v, u, ·] by two roads and by differences of the second order.
    let third = &exactly[6][exactly[6].len() - n..];
    same("jvp∘jvp∘vjp and vjp∘jvp∘vjp", third, &exactly[7][jb.outputs().len()..][..n], 1e-26);
    let still = args_exact(&[&u_exact, &no_w_exact, &exact(&no_v), &no_w_exact]);
    let moved = differences(&jb, &exact(&roads[2].2), &still);
    same("jvp∘jvp∘vjp and differences of jvp∘vjp", third, &moved[n + 2 * m..], 1e-13);

    // Where a rule says "constant", the derivative is zero to the bit.
    if f.equations().len() == 1 && f.equations()[0].op.kind() == Kind::Constant {
        let zero = jvp(f, &float_flags(&f.input_types())).unwrap().zero;
        assert_eq!(zero, vec![true; m], "{}", context());
        for cell in [1, 2, 3, 4, 5, 6, 7] {
            row[cell].cases -= 1;
            *row[cell].none.entry("zero wherever it exists").or_default() += 1;
        }
    }
    match by_gradcheck(f, &j, &v_, &x, &v, &w) {
        Some(worst) => row[10].saw(worst),
        None => *row[10].none.entry("it is empty").or_default() += 1,
    }
}

fn args_exact(parts: &[&[Array<Dd>]]) -> Vec<Array<Dd>> {
    parts.concat()
}

/// [`apart`], where entries below `floor` do not set the scale: a zero that came out as 1e-40 is a zero.
fn apart_above(a: &Array<Dd>, b: &Array<Dd>, floor: f64) -> f64 {
    let scale = largest(&a.to_f64_vec()).max(largest(&b.to_f64_vec()));
    apart(a, b) * if scale == 0.0 { 1.0 } else { scale / scale.max(floor) }
}

/// The executor on every road (which must agree to the bit) against the truth; and the interpreter in f64.
fn measured(tape: &Tape, inputs: &[Tensor], exactly: &[Array<Dd>]) -> f64 {
    let expected = truth(tape, exactly);
    let epsilon = epsilon(tape);
    let mut worst: f64 = 0.0;
    for (got, expected) in run_all(tape, inputs).iter().zip(&expected) {
        assert_eq!(got.shape(), &expected.ty.shape);
        worst = worst.max(ulps(&got.to_f64_vec(), expected, epsilon));
    }
    if epsilon == f64::EPSILON {
        for (got, expected) in plain(tape, inputs).iter().zip(&expected) {
            let off = ulps(got, expected, epsilon);
            assert!(off <= WORST, "the f64 interpreter is {off} ulps off:\n{tape}");
        }
    }
    assert!(worst <= WORST, "the executor is {worst} ulps off:\n{tape}");
    worst
}

/// The same tape with f32 in place of f64, by way of its text.
fn narrow_tape(tape: &Tape) -> Tape {
    let find = |name: &str, params: &quadric_autodiff::tape::Params| ops::find(name, params);
    let text = tape.to_string().replace("f64", "f32");
    let constants: Vec<Tensor> = tape.constants().iter().map(|t| t.to_dtype(narrowed(t.ty()).dtype)).collect();
    // The checksums of the side table are of the f64 arrays.
    let mut text = text;
    for (old, new) in tape.constants().iter().zip(&constants) {
        text = text.replace(&format!("{:016x}", old.checksum()), &format!("{:016x}", new.checksum()));
    }
    quadric_autodiff::tape::parse(&text, &find, &constants).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// Batched is what a loop gives: each operand alone and all together, twice over, and over and under each derivative.
fn check_vmap(case: &Case, rng: &mut Rng) -> f64 {
    let n = case.inputs.len();
    let mut worst: f64 = 0.0;
    for flags in 0..1usize << n {
        let batched: Vec<bool> = (0..n).map(|i| flags >> i & 1 == 1).collect();
        for size in [3, 1, 0] {
            let tape = vmap(&case.tape, &batched, size).unwrap_or_else(|e| panic!("vmap: {e}\n{}", case.tape));
            worst = worst.max(against_loop(case, &case.tape, &tape, &batched, size, rng));
        }
    }
    let all = vec![true; n];
    let once = vmap(&case.tape, &all, 3).unwrap();
    // vmap of vmap, the inner over every operand, the outer over each alone.
    for i in 0..n.max(1) {
        let outer: Vec<bool> = (0..n).map(|k| k == i).collect();
        let twice = vmap(&once, &outer, 2).unwrap();
        let inner = Case {
            name: case.name,
            tape: once.clone(),
            inputs: case.inputs.iter().map(|(t, d)| (t.batched(3), *d)).collect(),
            parses: case.parses,
        };
        worst = worst.max(against_loop(&inner, &once, &twice, &outer, 2, rng));
    }
    if case.reason().is_some() {
        return worst;
    }
    // Of each derivative; and each derivative of it.
    for derive in [forward as fn(&Tape) -> Tape, backward] {
        let tape = derive(&case.tape);
        let more = tape.input_types().into_iter().skip(n).map(|t| (t, Domain::Reals));
        let inputs: Vec<(Type, Domain)> = case.inputs.iter().cloned().chain(more).collect();
        let derived = Case { name: case.name, tape: tape.clone(), inputs, parses: case.parses };
        let all = vec![true; derived.inputs.len()];
        let over = vmap(&tape, &all, 3).unwrap();
        worst = worst.max(against_loop(&derived, &tape, &over, &all, 3, rng));
        let under = derive(&once);
        worst = worst.max(against_loop(&derived, &tape, &under, &all, 3, rng));
    }
    worst
}

/// A batched tape against its single one, entry by entry.
fn against_loop(case: &Case, single: &Tape, batched: &Tape, flags: &[bool], size: usize, rng: &mut Rng) -> f64 {
    batched.assert_valid();
    assert!(!case.parses || reparsed(batched) == *batched, "parse∘print:\n{batched}");
    let one = case.tensors(rng);
    let many: Vec<Tensor> = case
        .inputs
        .iter()
        .zip(flags)
        .zip(&one)
        .map(|(((ty, domain), flag), one)| {
            if *flag {
                let parts: Vec<Tensor> = (0..size).map(|_| support::tensor(ty, *domain, rng)).collect();
                stacked(ty, &parts)
            } else {
                one.clone()
            }
        })
        .collect();
    let together = truth(batched, &exact(&many));
    for i in 0..size {
        let inputs: Vec<Array<Dd>> =
            exact(&many).iter().zip(flags).map(|(x, flag)| if *flag { slice(x, i) } else { x.clone() }).collect();
        for (all, alone) in together.iter().zip(truth(single, &inputs)) {
            let off = apart(&slice(all, i), &alone);
            assert!(off <= 1e-29, "entry {i} of the batch is {off:e} off:\n{single}\n{batched}");
        }
    }
    measured(batched, &many, &exact(&many))
}

fn stacked(ty: &Type, parts: &[Tensor]) -> Tensor {
    let ty = ty.batched(parts.len());
    let values: Vec<f64> = parts.iter().flat_map(Tensor::to_f64_vec).collect();
    match ty.dtype {
        DType::I32 => Tensor::new(&ty.shape, &values.iter().map(|x| *x as i32).collect::<Vec<_>>()).unwrap(),
        DType::U32 => Tensor::new(&ty.shape, &values.iter().map(|x| *x as u32).collect::<Vec<_>>()).unwrap(),
        DType::Bool => Tensor::new(&ty.shape, &values.iter().map(|x| *x != 0.0).collect::<Vec<_>>()).unwrap(),
        dtype => Tensor::from_fn(dtype, &ty.shape, |i| values[i]),
    }
}

/// By the crate that knows no engine: jvp against differences, vjp against jvp, and both once more on the vjp tape.
/// The worst share of the allowance that was used, as if in ulps; `None` for an empty array.
fn by_gradcheck(f: &Tape, j: &Tape, v: &Tape, x: &[Tensor], x_dot: &[Tensor], w: &[Tensor]) -> Option<f64> {
    let flat = |tensors: &[Tensor]| -> Vec<f64> {
        tensors.iter().filter(|t| t.dtype().is_float()).flat_map(Tensor::to_f64_vec).collect()
    };
    // A slice back into tensors shaped like these; those that are no floats stay.
    let shaped = |like: &[Tensor], data: &[f64]| -> Vec<Tensor> {
        let mut data = data.iter().copied();
        like.iter()
            .map(|t| {
                if t.dtype().is_float() {
                    Tensor::from_fn(t.dtype(), t.shape(), |_| data.next().expect("as many"))
                } else {
                    t.clone()
                }
            })
            .collect()
    };
    let (point, along, weight) = (flat(x), flat(x_dot), flat(w));
    if point.is_empty() || weight.is_empty() || epsilon(f) > f64::EPSILON {
        return None;
    }
    let outputs = f.output_types().len();
    let value = |at: &[f64]| flat(&run(f, &shaped(x, at), (true, 1)));
    let push = |at: &[f64], v: &[f64]| flat(&run(j, &[shaped(x, at), shaped(x_dot, v)].concat(), (true, 1))[outputs..]);
    let pull = |at: &[f64], bar: &[f64]| flat(&run(v, &[shaped(x, at), shaped(w, bar)].concat(), (true, 1))[outputs..]);
    let first = gradcheck::jvp(value, push, &point, &along).unwrap();
    let second = gradcheck::adjoint(push, pull, &point, &along, &weight).unwrap();
    // Once more: x ↦ Jᵀ(x) w, whose jvp and vjp are tapes of their own.
    let (jv, zero) = (forward(v), vec![0.0; weight.len()]);
    let bend = |at: &[f64], v: &[f64]| {
        let args = [shaped(x, at), w.to_vec(), shaped(x_dot, v), shaped(w, &zero)].concat();
        let out = run(&jv, &args, (true, 1));
        flat(&out[out.len() - x_dot.len()..])
    };
    let third = gradcheck::jvp(|at: &[f64]| pull(at, &weight), bend, &point, &along).unwrap();
    Some(first.worst.max(second.worst).max(third.worst))
}

/// Text of the matrix: a cell is the number of cases and a bound on the error.
fn table(matrix: &Matrix, bound: impl Fn(&str, usize, &Cell) -> f64) -> String {
    let mut text = String::from(HEAD);
    let _ = writeln!(text, "| primitive | {} |\n|---|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    let mut notes: Vec<String> = Vec::new();
    for name in ops::names() {
        let row = &matrix[name];
        let _ = write!(text, "| `{name}` |");
        for (i, cell) in row.iter().enumerate() {
            let mut parts = Vec::new();
            if cell.cases > 0 {
                parts.push(match i {
                    // gradcheck has tolerances of its own; a text is equal or not.
                    10 | 11 => format!("{}", cell.cases),
                    _ if cell.ulps == 0.0 => format!("{} exact", cell.cases),
                    _ => format!("{}, ≤ {}", cell.cases, bound(name, i, cell)),
                });
            }
            for (why, count) in &cell.none {
                let note = format!("not differentiable: {why}.");
                let at = notes.iter().position(|n| *n == note).unwrap_or_else(|| {
                    notes.push(note);
                    notes.len() - 1
                });
                parts.push(format!("{count} –{}", ["ᵃ", "ᵇ", "ᶜ", "ᵈ", "ᵉ", "ᶠ", "ᵍ"][at]));
            }
            let _ = write!(text, " {} |", parts.join("; "));
        }
        text.push('\n');
    }
    text.push('\n');
    for (i, note) in notes.iter().enumerate() {
        let mark = ["ᵃ", "ᵇ", "ᶜ", "ᵈ", "ᵉ", "ᶠ", "ᵍ"][i];
        let _ = writeln!(
            text,
            "{mark} {}  ",
            note.replace(
                "not differentiable: it is empty",
                "nothing to take differences of: the array is empty, or its entries are f32"
            )
        );
    }
    text
}

const HEAD: &str = "\
# Coverage: every primitive under every transform

Written by `BLESS=1 cargo test -p quadric-autodiff --test it promises`; the same test fails if this page is stale.
A cell is the number of cases and a bound on the worst error in ulps (units in the last place of the largest entry of
the result, against the interpreter in double-double); a bound is a power of two at least twice what was measured when the
page was written, and at least 4; `exact` is no error at all. Each case runs optimised and not, on one thread and two, with equal bits. Second
derivatives agree by all four nestings and with differences, in double-double; `third` is jvp∘jvp∘vjp and vjp∘jvp∘vjp,
which agree with each other and with differences of jvp∘vjp. `vmap` counts single primitives: each runs with every
subset of its operands batched, nested, and over and under `jvp` and `vjp`. `f32` is the worst of all columns before
`vmap`, in ulps of f32. `gradcheck` is that crate's verdict on jvp, vjp and jvp∘vjp.

";

/// Against the stored page: every count equal, no bound exceeded, none far too lax.
fn compare(matrix: &Matrix) {
    let path = "docs/coverage.md";
    let fresh = |_: &str, _: usize, cell: &Cell| (2.0 * cell.ulps).log2().ceil().exp2().max(4.0);
    if std::env::var_os("BLESS").is_some() {
        return golden(path, &table(matrix, fresh));
    }
    let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    let stored = std::fs::read_to_string(full).unwrap_or_default();
    let promised = |name: &str, column: usize| -> Option<f64> {
        let line = stored.lines().find(|l| l.starts_with(&format!("| `{name}` |")))?;
        let cell = line.split('|').nth(column + 2)?;
        cell.split('≤').nth(1)?.split(';').next()?.trim().parse().ok()
    };
    // Bounds differ a little between instruction sets, so they are checked as bounds; all else as text.
    let kept = |name: &str, column: usize, cell: &Cell| match promised(name, column) {
        Some(bound) if cell.ulps <= bound && bound <= 8.0 * fresh(name, column, cell) => bound,
        _ => fresh(name, column, cell),
    };
    golden(path, &table(matrix, kept));
}

/// Where numbers end, the executor does what the interpreter does: NaN, infinities, zeros of both signs, tiny and huge.
#[test]
fn special_values_are_those_of_the_interpreter() {
    let special = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-310,
        -5e-324,
        1e300,
        -1e300,
        1.0,
        -1.0,
        0.5,
        -2.0,
        3.0,
    ];
    let n = special.len();
    let mut wrong = Vec::new();
    for sample in ops::samples() {
        let all_f64 = sample.inputs.iter().all(|(t, _)| t.dtype == DType::F64 && t.shape == shape![3, 5]);
        if sample.inputs.is_empty() || !all_f64 {
            continue;
        }
        // Every pair of special values.
        let ty = Type::new(DType::F64, [n, n]);
        let one = ops::Sample { op: sample.op.clone(), inputs: vec![(ty, Domain::Reals); sample.inputs.len()] };
        let tape = one.tape();
        let inputs: Vec<Tensor> = (0..sample.inputs.len())
            .map(|k| Tensor::from_fn(DType::F64, [n, n], |i| special[if k == 0 { i / n } else { i % n }]))
            .collect();
        let got = run_all(&tape, &inputs)[0].to_f64_vec();
        for (i, (got, want)) in got.iter().zip(&plain(&tape, &inputs)[0]).enumerate() {
            let args: Vec<f64> = inputs.iter().map(|t| t.to_f64_vec()[i]).collect();
            let close = got == want && got.is_sign_negative() == want.is_sign_negative()
                || got.is_nan() && want.is_nan()
                || (got - want).abs() <= 8.0 * f64::EPSILON * want.abs() && *want != 0.0
                || (got - want).abs() <= 2e-323 && got.is_sign_negative() == want.is_sign_negative();
            if !close {
                wrong.push(format!("{:?}{args:?} = {got}, the interpreter says {want}", sample.op));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The words of the design's kinks page, each by both modes.
#[test]
fn kinks_are_where_the_design_puts_them() {
    use quadric_autodiff::trace::{grad, jvp, select};
    let both = |f: fn(Var) -> Var, x: Tensor| {
        let reverse = grad(|x: Var| f(x).sum(), &x).unwrap();
        for i in 0..x.size() {
            let e = Tensor::from_fn(DType::F64, [x.size()], |k| f64::from(u8::from(k == i)));
            let (_, along) = jvp(|x: Var| f(x).sum(), &x, &e).unwrap();
            assert_eq!(along.item(), reverse.to_f64_vec()[i], "jvp and vjp disagree at entry {i}");
        }
        reverse
    };
    let relu = |x: Var| select(x.gt(0.0), x, x.zeros_like());
    assert_eq!(both(relu, tensor![0.0, -0.0, 2.0, -2.0]), tensor![0.0, 0.0, 1.0, 0.0]);
    assert_eq!(both(Var::abs, tensor![0.0, -0.0, 2.0, -2.0]), tensor![0.0, -0.0, 1.0, -1.0]);
    assert_eq!(both(|x| x.maximum(x.reverse(0)), tensor![1.0, 1.0]), tensor![1.0, 1.0]);
    assert_eq!(both(|x| x.maximum(1.0), tensor![1.0, 2.0, 0.0]), tensor![0.5, 1.0, 0.0]);
    assert_eq!(both(|x| x.minimum(1.0), tensor![1.0, 2.0, 0.0]), tensor![0.5, 0.0, 1.0]);
    assert_eq!(both(|x| x.max_axes(&[0]), tensor![3.0, 1.0, 3.0, 3.0]), {
        let third = 1.0 / 3.0;
        tensor![third, 0.0, third, third]
    });
    assert_eq!(both(Var::floor, tensor![1.0, 1.5]), tensor![0.0, 0.0]);
    // x⁰ is 1, at 0 too; so is the derivative of x¹, and all that follow are 0.
    let third = |n: f64, x: f64| {
        let d = |f: &dyn Fn(Var) -> Var, x: Var| grad(|x: Var| f(x).sum(), &x);
        let power = move |x: Var| x.pow(n);
        let first = move |x: Var| d(&power, x);
        let second = move |x: Var| d(&first, x);
        let all = |x: Var| (first(x), second(x), d(&second, x));
        let (a, b, c) = trace::compile(all).call(Tensor::scalar(x)).unwrap();
        [a.item(), b.item(), c.item()]
    };
    assert_eq!(third(0.0, 0.0), [0.0, 0.0, 0.0]);
    assert_eq!(third(1.0, 0.0), [1.0, 0.0, 0.0]);
    assert_eq!(third(2.0, 0.0), [0.0, 2.0, 0.0]);
    assert_eq!(third(3.0, 0.0), [0.0, 0.0, 6.0]);
    // In the exponent, 0ᵇ is flat for b > 0, and 0⁰ has no derivative.
    assert_eq!(both(|b| b.zeros_like().pow(b), tensor![2.0, 0.5]), tensor![0.0, 0.0]);
    assert_eq!(grad(|b: Var| b.zeros_like().pow(b).sum(), &tensor![0.0]).unwrap(), tensor![f64::NEG_INFINITY]);
    let mixed = |x: Var| {
        let by_base = |a: Var, b: Var| grad(|a: Var| a.pow(b).sum(), &a);
        grad(|b: Var| by_base(x, b).sum(), &x)
    };
    assert_eq!(grad(|x: Var| mixed(x).sum(), &tensor![0.0]).unwrap(), tensor![f64::NEG_INFINITY]);
    // Where the maximum is NaN, so is its derivative, in both modes; the maximum of nothing is a constant.
    let has_nan = |f: fn(Var) -> Var, x: Tensor| {
        let reverse = grad(|x: Var| f(x).sum(), &x).unwrap();
        let forward = jvp(f, &x, &Tensor::from_fn(DType::F64, x.shape(), |_| 1.0)).unwrap().1;
        [reverse, forward].iter().all(|t| t.to_f64_vec().iter().any(|x| x.is_nan()))
    };
    assert!(has_nan(|x| x.max_axes(&[0]), tensor![1.0, f64::NAN, 2.0]));
    assert!(has_nan(|x| x.maximum(x.reverse(0)), tensor![1.0, f64::NAN]));
    assert!(has_nan(|x| x.minimum(x.reverse(0)), tensor![1.0, f64::NAN]));
    let empty = Tensor::zeros(Type::new(DType::F64, [2, 0]));
    let (top, tangent) = jvp(|x: Var| x.max_axes(&[1]), &empty, &empty).unwrap();
    assert_eq!((top, tangent), (tensor![f64::NEG_INFINITY, f64::NEG_INFINITY], tensor![0.0, 0.0]));
    assert_eq!(both(Var::sign, tensor![0.0, 1.5]), tensor![0.0, 0.0]);
    // The transpose of select selects, it never multiplies: the side that is not taken may be NaN without harm.
    let guarded = |x: Var| select(x.gt(0.0), x, x.full_like(f64::NAN)) * select(x.gt(0.0), x, x.full_like(1.0)).log();
    assert_eq!(both(guarded, tensor![1.0]), tensor![1.0]);
    let safe_log = |x: Var| {
        let inside = x.gt(0.0);
        select(inside, select(inside, x, x.full_like(1.0)).log(), x.zeros_like())
    };
    assert_eq!(both(safe_log, tensor![0.0, 2.0]), tensor![0.0, 0.5]);
    assert_eq!(both(|x| x.sort(0), tensor![2.0, 1.0, 3.0]), tensor![1.0, 1.0, 1.0]);
}

/// Not rewrites: `x·0`, `x − x`, `x/x`, `0·x` of NaN and infinity, and `0 + −0`.
#[test]
fn no_rewrite_hides_a_nan() {
    let f = |x: Var| {
        trace::concat(&[x * 0.0, x - x, x / x, 0.0 * x, x + 0.0, x * 1.0, x - 0.0, -(-x), (x * -1.0) * -1.0], 0)
    };
    let x = tensor![f64::NAN, f64::INFINITY, -0.0, 1.0];
    let tape = trace::trace(f, &x).unwrap();
    let inputs = [x];
    let got = run_all(&tape, &inputs)[0].to_f64_vec();
    for (i, (a, b)) in got.iter().zip(&plain(&tape, &inputs)[0]).enumerate() {
        let same = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert!(same, "entry {i}: {a} and {b}");
    }
}

/// The judge itself: 1 + 1e-20 − 1 is nothing in f64.
#[test]
fn the_truth_of_a_sum_is_exact() {
    let tape = trace::trace(|x: Var| x.sum(), &tensor![1.0, 1e-20, -1.0]).unwrap();
    let sum = truth(&tape, &exact(&[tensor![1.0, 1e-20, -1.0]]));
    let Data::Real(sum) = &sum[0].data else { panic!("a sum of reals is real") };
    assert!((sum[0].to_f64() - 1e-20).abs() < 1e-34);
}
