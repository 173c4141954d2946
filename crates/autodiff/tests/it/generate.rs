//! Programs that nobody wrote: any list of numbers becomes a well-typed tape of up to 40 equations over the whole set.
//!
//! A step names a primitive (from `ops::samples()`, so a new one is in the game from its first day) or a structure with
//! sizes of its own, and operands among the values there are. What does not fit is made to: an operand is reshaped, and
//! moved into the primitive's domain by equations in front of it. The program is run at its point while it is built, so
//! domains and kinks are judged by the numbers that arise, not by bounds. A step that fails is undone. So removing a
//! step or lowering a number always leaves a program, and proptest can shrink.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use quadric_autodiff::ops::{self, Domain, Ops, Sample, op};
use quadric_autodiff::reference::{self, Array, Data};
use quadric_autodiff::shape::{Axes, Type};
use quadric_autodiff::tape::{Binary, Builder, Kernel, Op, Tape, Value};
use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::{DType, Shape, Tensor};

use super::support::Rng;

/// Most equations of a program.
const EQUATIONS: usize = 40;
/// Most elements of a value.
const ELEMENTS: usize = 48;
/// How close to a kink a value may come; differences reach 3e-8 times the slope.
const MARGIN: f64 = 1e-4;

/// Primitives with kinks or jumps; comparisons and conversions have them too.
const KINKS: [&str; 10] = ["abs", "sign", "floor", "ceil", "round", "maximum", "minimum", "max", "argmax", "argsort"];

/// The numbers a program is made of.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub inputs: Vec<u8>,
    pub steps: Vec<[u16; 4]>,
    pub seed: u64,
}

pub fn recipes(steps: usize) -> impl Strategy<Value = Recipe> {
    let inputs = proptest::collection::vec(any::<u8>(), 1..=3);
    let steps = proptest::collection::vec(any::<[u16; 4]>(), 1..=steps);
    (inputs, steps, any::<u64>()).prop_map(|(inputs, steps, seed)| Recipe { inputs, steps, seed })
}

/// A program at a point.
pub struct Program {
    pub tape: Tape,
    pub point: Vec<Tensor>,
    /// The smallest distance of any value to a kink of what reads it.
    pub margin: f64,
    /// Whether the derivative is not that of the value, by intent.
    pub stops: bool,
}

/// A primitive put in place of another: a bug to be found.
pub type Plant = dyn Fn(&Op) -> Op + Sync;

static SAMPLES: LazyLock<BTreeMap<&'static str, Vec<Sample>>> = LazyLock::new(|| {
    let mut by_name: BTreeMap<&'static str, Vec<Sample>> = BTreeMap::new();
    for sample in ops::samples() {
        let empty = sample.inputs.iter().any(|(t, _)| t.shape.size() == 0 || t.shape.size() > ELEMENTS);
        // Reverse mode writes residuals; nobody else does.
        if !empty && sample.op.name() != "residual" {
            by_name.entry(sample.op.name()).or_default().push(sample);
        }
    }
    by_name
});

#[derive(Clone)]
struct Known {
    value: Value,
    ty: Type,
    data: Array<f64>,
    depth: usize,
}

#[derive(Clone)]
struct Maker<'a> {
    b: Builder,
    known: Vec<Known>,
    read: Vec<bool>,
    margin: f64,
    stops: bool,
    plant: Option<&'a Plant>,
}

const SHAPES: [&[usize]; 10] = [&[], &[1], &[3], &[2, 2], &[3, 2], &[1, 3], &[3, 3], &[2, 1, 2], &[5], &[2, 3, 2]];

impl Recipe {
    pub fn program(&self, plant: Option<&Plant>) -> Program {
        let mut rng = Rng(self.seed);
        let point = self.inputs.iter().map(|code| {
            let shape = SHAPES[*code as usize % SHAPES.len()];
            Tensor::from_fn(DType::F64, shape, |_| rng.between(0.1, 1.6) * rng.sign())
        });
        self.program_at(&point.collect::<Vec<_>>(), plant)
    }

    /// The program's steps from these inputs on, whatever the recipe says of inputs.
    pub fn program_at(&self, point: &[Tensor], plant: Option<&Plant>) -> Program {
        let mut m = Maker {
            b: Builder::new("random"),
            known: vec![],
            read: vec![],
            margin: f64::INFINITY,
            stops: false,
            plant,
        };
        for x in point {
            let value = m.b.input(x.ty().clone());
            m.learn(value, x.ty().clone(), Array::of(x), 0);
        }
        for (i, step) in self.steps.iter().enumerate() {
            let mix = step.iter().fold(i as u64, |h, x| h.wrapping_mul(0x1_0001).wrapping_add(u64::from(*x)));
            let mut trial = m.clone();
            if trial.step(*step, &mut Rng(self.seed ^ mix)).is_some() && trial.b.tape().equations().len() <= EQUATIONS {
                m = trial;
            }
        }
        let is_float = |k: &&Known| k.ty.dtype.is_float();
        let unread = m.known.iter().zip(&m.read).filter(|(_, read)| !**read).map(|(k, _)| k);
        let mut outputs: Vec<Value> = unread.clone().filter(is_float).map(|k| k.value).collect();
        // The latest, for they have most of the program behind them.
        outputs.drain(..outputs.len().saturating_sub(3));
        if outputs.is_empty() {
            outputs.push(m.known.iter().rfind(is_float).expect("there is an input").value);
        }
        // Integer results are part of the game: they carry no tangent.
        outputs.extend(unread.clone().filter(|k| !k.ty.dtype.is_float()).map(|k| k.value).take(1));
        let tape = m.b.finish(outputs).expect("its own values").without_dead();
        Program { tape, point: point.to_vec(), margin: m.margin, stops: m.stops }
    }
}

impl Maker<'_> {
    fn learn(&mut self, value: Value, ty: Type, data: Array<f64>, depth: usize) -> usize {
        self.known.push(Known { value, ty, data, depth });
        self.read.push(false);
        self.known.len() - 1
    }

    fn numbers(&self, x: usize) -> &[f64] {
        match &self.known[x].data.data {
            Data::Real(x) => x,
            Data::Int(_) => &[],
        }
    }

    /// Writes an equation and runs it; `None` if it is ill-typed, too large, or not finite.
    fn emit(&mut self, op: Op, inputs: &[usize]) -> Option<usize> {
        let values: Vec<Value> = inputs.iter().map(|i| self.known[*i].value).collect();
        let planted = self.plant.map_or_else(|| op.clone(), |plant| plant(&op));
        let y = self.b.emit(planted.clone(), &values).ok()?;
        let ty = self.b.type_of(y).clone();
        let mut one = Builder::new("one");
        let args: Vec<Value> = inputs.iter().map(|i| one.input(self.known[*i].ty.clone())).collect();
        let out = one.emit(planted, &args).ok()?;
        let data: Vec<Array<f64>> = inputs.iter().map(|i| self.known[*i].data.clone()).collect();
        let y_data = reference::run(&one.finish(vec![out]).ok()?, &data).ok()?.pop()?;
        self.finish(y, ty, y_data, inputs)
    }

    fn finish(&mut self, y: Value, ty: Type, data: Array<f64>, inputs: &[usize]) -> Option<usize> {
        // Random bits become floats as large as 2³², and are scaled by the next equation.
        let bits = inputs.len() == 1 && self.known[inputs[0]].ty.dtype == DType::U32;
        let tame = bits || data.to_f64_vec().iter().all(|x| x.abs() < 60.0 || !ty.dtype.is_float());
        if !tame || ty.shape.size() > ELEMENTS {
            return None;
        }
        for i in inputs {
            self.read[*i] = true;
        }
        let depth = inputs.iter().map(|i| self.known[*i].depth).max().unwrap_or(0) + 1;
        Some(self.learn(y, ty, data, depth))
    }

    fn constant(&mut self, value: Tensor) -> Option<usize> {
        self.emit(op(ops::Constant { value }), &[])
    }

    fn filled(&mut self, like: usize, number: f64) -> Option<usize> {
        let c = self.constant(Tensor::scalar(number))?;
        let shape = self.known[like].ty.shape.clone();
        if shape.rank() == 0 { Some(c) } else { self.emit(op(ops::Broadcast { shape, axes: vec![] }), &[c]) }
    }

    fn scaled(&mut self, x: usize, slope: f64, offset: f64) -> Option<usize> {
        let slope = self.filled(x, slope)?;
        let y = self.emit(op(ops::Mul), &[x, slope])?;
        let offset = self.filled(x, offset)?;
        self.emit(op(ops::Add), &[y, offset])
    }

    /// Any float value, later ones as likely as all before.
    fn float(&self, code: u16) -> usize {
        let floats: Vec<usize> = (0..self.known.len()).filter(|i| self.known[*i].ty.dtype == DType::F64).collect();
        let n = floats.len();
        let code = code as usize;
        let at = if code & 1 == 0 { n - 1 - (code >> 1) % n.min(3) } else { (code >> 1) % n };
        floats[at]
    }

    /// A float value under this shape: itself, its sum repeated, or some of its entries.
    fn shaped(&mut self, x: usize, shape: &Shape, rng: &mut Rng) -> Option<usize> {
        let from = self.known[x].ty.shape.clone();
        if from == *shape {
            return Some(x);
        }
        if from.size() == shape.size() {
            return self.emit(op(ops::Reshape { shape: shape.clone() }), &[x]);
        }
        if from.rank() == 0 || rng.below(2) == 0 {
            let mut x = x;
            if from.rank() > 0 {
                x = self.emit(op(ops::Sum { axes: Axes::all(from.rank()) }), &[x])?;
            }
            return self.emit(op(ops::Broadcast { shape: shape.clone(), axes: vec![] }), &[x]);
        }
        let flat =
            if from.rank() == 1 { x } else { self.emit(op(ops::Reshape { shape: [from.size()].into() }), &[x])? };
        let index: Vec<i32> = (0..shape.size()).map(|_| rng.below(from.size()) as i32).collect();
        let index = self.constant(Tensor::from_vec(&index))?;
        let y = self.emit(op(ops::Gather { axis: 0 }), &[flat, index])?;
        if shape.rank() == 1 { Some(y) } else { self.emit(op(ops::Reshape { shape: shape.clone() }), &[y]) }
    }

    /// x itself if its numbers are `fine`, or x plus a constant that makes them so.
    fn nudged(&mut self, x: usize, fine: impl Fn(&[f64]) -> bool, rng: &mut Rng) -> Option<usize> {
        if fine(self.numbers(x)) {
            return Some(x);
        }
        let shape = self.known[x].ty.shape.clone();
        for _ in 0..12 {
            let c = Tensor::from_fn(DType::F64, &shape, |_| rng.between(-2.5, 2.5));
            let sum: Vec<f64> = self.numbers(x).iter().zip(c.to_f64_vec()).map(|(x, c)| x + c).collect();
            if fine(&sum) {
                let c = self.constant(c)?;
                return self.emit(op(ops::Add), &[x, c]);
            }
        }
        None
    }

    fn tamed(&mut self, x: usize, most: f64) -> Option<usize> {
        if self.numbers(x).iter().all(|x| x.abs() <= most) { Some(x) } else { self.emit(op(ops::Tanh), &[x]) }
    }

    /// x moved into a domain.
    fn inside(&mut self, x: usize, domain: Domain, rng: &mut Rng) -> Option<usize> {
        let within = |low: f64, high: f64| move |x: &[f64]| x.iter().all(|x| (low..high).contains(x));
        match domain {
            Domain::Range(low, high) => {
                if within(low, high)(self.numbers(x)) {
                    return Some(x);
                }
                let x = self.emit(op(ops::Tanh), &[x])?;
                self.scaled(x, 0.45 * (high - low), 0.5 * (high + low))
            }
            Domain::Positive => {
                if within(0.2, 6.0)(self.numbers(x)) {
                    return Some(x);
                }
                let x = self.emit(op(ops::Logistic), &[x])?;
                self.scaled(x, 1.5, 0.4)
            }
            Domain::NonZero => {
                let x = self.tamed(x, 6.0)?;
                self.nudged(x, |x| x.iter().all(|x| x.abs() > 0.2), rng)
            }
            Domain::NonInteger => {
                let x = self.tamed(x, 6.0)?;
                self.nudged(x, |x| x.iter().all(|x| (x - x.round()).abs() > 0.03), rng)
            }
            Domain::Distinct => {
                let x = self.tamed(x, 6.0)?;
                self.nudged(x, |x| gap(x) > 2e-3, rng)
            }
            Domain::PositiveDefinite => {
                let x = self.tamed(x, 1.2)?;
                let product = self.emit(op(ops::Dot { transpose_lhs: false, transpose_rhs: true }), &[x, x])?;
                self.with_diagonal(product, 1.0)
            }
            Domain::Triangular => {
                let x = self.tamed(x, 1.0)?;
                self.with_diagonal(x, 2.0)
            }
            Domain::Regular | Domain::Spread => {
                let x = self.tamed(x, 1.0)?;
                let x = self.scaled(x, 0.3, 0.0)?;
                let ty = self.known[x].ty.clone();
                let c =
                    Tensor::from_fn(DType::F64, &ty.shape, |i| super::support::leading(&ty, domain, i) * rng.sign());
                let c = self.constant(c)?;
                self.emit(op(ops::Add), &[x, c])
            }
            _ => self.tamed(x, 8.0),
        }
    }

    fn with_diagonal(&mut self, x: usize, number: f64) -> Option<usize> {
        let shape = self.known[x].ty.shape.clone();
        let k = shape[shape.rank() - 1];
        let c = Tensor::from_fn(DType::F64, &shape, |i| if i / k % k == i % k { number } else { 0.0 });
        let c = self.constant(c)?;
        self.emit(op(ops::Add), &[x, c])
    }

    /// An operand of this type and domain.
    fn operand(&mut self, ty: &Type, domain: Domain, code: u16, rng: &mut Rng) -> Option<usize> {
        let fitting = |m: &Self, fine: &dyn Fn(&Known) -> bool| -> Option<usize> {
            let all: Vec<usize> = (0..m.known.len()).filter(|i| m.known[*i].ty == *ty && fine(&m.known[*i])).collect();
            (!all.is_empty()).then(|| all[code as usize % all.len()])
        };
        match ty.dtype {
            DType::F64 => {
                let x = self.float(code);
                let x = self.shaped(x, &ty.shape, rng)?;
                self.inside(x, domain, rng)
            }
            DType::I32 => {
                let below = if let Domain::Index(n) = domain { n as f64 } else { f64::INFINITY };
                let fine = |k: &Known| k.data.to_f64_vec().iter().all(|x| (0.0..below).contains(x));
                match fitting(self, &fine) {
                    Some(x) if code & 1 == 0 => Some(x),
                    _ => self.constant(super::support::tensor(ty, domain, rng)),
                }
            }
            DType::Bool => match fitting(self, &|_| true) {
                Some(x) => Some(x),
                None => {
                    let a = self.float(code);
                    let a = self.shaped(a, &ty.shape, rng)?;
                    let a = self.inside(a, Domain::NonZero, rng)?;
                    let zero = self.filled(a, 0.0)?;
                    self.checked(op(ops::Lt), &[zero, a], rng)
                }
            },
            _ => self.constant(super::support::tensor(ty, domain, rng)),
        }
    }

    /// Writes an equation that may have kinks: moves its operands away from them (but for one time in twelve, so that it is
    /// also seen that what is near a kink is noticed) and notes what distance is left.
    fn checked(&mut self, primitive: Op, inputs: &[usize], rng: &mut Rng) -> Option<usize> {
        let mut inputs = inputs.to_vec();
        let distance = match primitive.kernel() {
            Kernel::Binary(f)
                if [Binary::MAX, Binary::MIN, Binary::LT, Binary::LE, Binary::EQ, Binary::NE].contains(&f)
                    && self.known[inputs[0]].ty.dtype == DType::F64 =>
            {
                let a = self.numbers(inputs[0]).to_vec();
                let apart = |b: &[f64]| a.iter().zip(b).fold(f64::INFINITY, |m: f64, (a, b)| m.min((a - b).abs()));
                if rng.below(12) > 0 {
                    inputs[1] = self.nudged(inputs[1], |b| apart(b) > 0.01, rng)?;
                }
                apart(self.numbers(inputs[1]))
            }
            _ => match primitive.name() {
                "abs" | "sign" => smallest(self.numbers(inputs[0]).iter().copied()),
                "round" => smallest(self.numbers(inputs[0]).iter().map(|x| x - x.floor() - 0.5)),
                "floor" | "ceil" => smallest(self.numbers(inputs[0]).iter().map(|x| x - x.round())),
                "convert" if self.known[inputs[0]].ty.dtype == DType::F64 => {
                    let numbers = self.numbers(inputs[0]).to_vec();
                    let target = primitive.downcast::<ops::Convert>()?.dtype;
                    match target {
                        DType::Bool => smallest(numbers.into_iter()),
                        t if t.is_float() => f64::INFINITY,
                        _ => smallest(numbers.iter().map(|x| x - x.round())),
                    }
                }
                "max" | "argmax" | "argsort" => gap(self.numbers(inputs[0])),
                _ => f64::INFINITY,
            },
        };
        self.margin = self.margin.min(distance);
        self.stops |= primitive.name() == "stop_gradient";
        self.emit(primitive, &inputs)
    }

    fn step(&mut self, [choice, a, b, p]: [u16; 4], rng: &mut Rng) -> Option<usize> {
        let x = self.float(a);
        let structures = 21;
        let kinds = structures + 2 * SAMPLES.len();
        let kind = choice as usize % kinds;
        if kind >= structures {
            let samples = SAMPLES.values().nth((kind - structures) / 2)?;
            let sample = &samples[p as usize % samples.len()];
            return self.sampled(sample, a, b, rng);
        }
        let ty = self.known[x].ty.clone();
        let (shape, rank) = (ty.shape.clone(), ty.shape.rank());
        let p = p as usize;
        let axis = if rank == 0 { 0 } else { p % rank };
        match kind {
            0 => {
                let axes: Vec<usize> = (0..rank).filter(|i| p >> i & 1 == 0).collect();
                self.emit(op(ops::Sum { axes: Axes::new(axes) }), &[x])
            }
            1 => {
                let at = p % (rank + 1);
                let axes = (0..=rank).filter(|i| *i != at).collect();
                self.emit(op(ops::Broadcast { shape: shape.inserted(at, 1 + p / 7 % 3), axes }), &[x])
            }
            2 => {
                let order = (0..rank).map(|i| (i + 1 + p % rank) % rank).collect();
                self.emit(op(ops::Permute { order }), &[x])
            }
            3 => {
                // A square matrix beside its own transpose.
                let k = 2 + p % 2;
                let x = self.shaped(x, &[k, k].into(), rng)?;
                let x = self.tamed(x, 4.0)?;
                let x = self.emit(op(ops::Sin), &[x])?;
                let turned = self.emit(op(ops::Permute { order: vec![1, 0] }), &[x])?;
                self.emit(if p & 4 == 0 { op(ops::Mul) } else { op(ops::Sub) }, &[x, turned])
            }
            4 => {
                let start: Vec<usize> = shape.iter().map(|n| p % n.max(&1)).collect();
                let step: Vec<usize> = shape.iter().map(|_| 1 + p / 5 % 2).collect();
                let size = (0..rank).map(|i| (shape[i] - start[i]).div_ceil(step[i])).collect();
                self.emit(op(ops::Slice { start, size, step }), &[x])
            }
            5 => {
                let low: Vec<usize> = (0..rank).map(|i| (p >> i) % 2).collect();
                let inner: Vec<usize> = (0..rank).map(|i| (p >> (i + 3)) % 2).collect();
                let spread = |i: usize| if shape[i] == 0 { 0 } else { (shape[i] - 1) * (inner[i] + 1) + 1 };
                let grown: Vec<usize> = (0..rank).map(|i| low[i] + spread(i) + (p >> (i + 6)) % 2).collect();
                self.emit(op(ops::Pad { low, inner, shape: grown.into() }), &[x])
            }
            6 => {
                let y = self.float(b);
                let y = self.shaped(y, &shape, rng)?;
                self.emit(Op::new(ops::Concat { axis }), &[x, y, x])
            }
            7 => self.emit(op(ops::Reverse { axes: Axes::new(vec![axis]) }), &[x]),
            8 => self.emit(op(ops::CumSum { axis, reverse: p & 8 == 0 }), &[x]),
            9 | 10 => {
                // A product with another value, or with itself turned.
                let (m, k, n) = (1 + p % 3, 1 + p / 3 % 3, 1 + p / 9 % 3);
                let (ta, tb) = (p & 1 == 0, p & 2 == 0);
                let y = self.float(b);
                let (k, n) = if x == y { (k, m) } else { (k, n) };
                let batch: Vec<usize> = if kind == 10 { vec![2] } else { vec![] };
                let stored =
                    |r: usize, c: usize, t: bool| Shape::new([&batch[..], &if t { [c, r] } else { [r, c] }].concat());
                let lhs = self.shaped(x, &stored(m, k, ta), rng)?;
                let rhs = self.shaped(y, &stored(k, n, tb), rng)?;
                let (lhs, rhs) = (self.tamed(lhs, 4.0)?, self.tamed(rhs, 4.0)?);
                self.emit(op(ops::Dot { transpose_lhs: ta, transpose_rhs: tb }), &[lhs, rhs])
            }
            11 => {
                let x = self.inside(x, Domain::Distinct, rng)?;
                let order = self.checked(op(ops::ArgSort { axis }), &[x], rng)?;
                let y = self.float(b);
                let y = self.shaped(y, &shape, rng)?;
                if p & 4 == 0 {
                    self.emit(op(ops::GatherAlong { axis }), &[y, order])
                } else {
                    self.emit(op(ops::ScatterAddAlong { axis, n: shape[axis] }), &[y, order])
                }
            }
            12 => {
                let x = self.inside(x, Domain::Distinct, rng)?;
                self.checked(op(ops::Max { axes: Axes::new(vec![axis]) }), &[x], rng)
            }
            13 => {
                let y = self.float(b);
                let y = self.shaped(y, &shape, rng)?;
                let (x, y) = (self.tamed(x, 6.0)?, self.tamed(y, 6.0)?);
                let ops = [op(ops::Mul), op(ops::Add), op(ops::Sub), op(ops::Mul)];
                self.emit(ops[p % 4].clone(), &[x, y])
            }
            14 | 18..=20 => {
                let x = self.tamed(x, 3.0)?;
                let y = self.float(b);
                let y = self.shaped(y, &shape, rng)?;
                let y = self.tamed(y, 3.0)?;
                self.structured(p, &[x, y], rng)
            }
            15 => {
                // A mask times a number, both ways round a select.
                let x = self.inside(x, Domain::NonZero, rng)?;
                let mask = self.checked(op(ops::Convert { dtype: DType::Bool }), &[x], rng)?;
                let number = self.emit(op(ops::Convert { dtype: DType::F64 }), &[mask])?;
                let y = self.emit(op(ops::Mul), &[number, x])?;
                self.emit(op(ops::Select), &[mask, y, x])
            }
            16 => {
                let x = self.inside(x, Domain::Positive, rng)?;
                let y = self.emit(op(ops::Log), &[x])?;
                self.emit(op(ops::Div), &[y, x])
            }
            _ => {
                let y = self.emit(op(ops::Barrier), &[x])?;
                let y = self.tamed(y, 6.0)?;
                self.emit(op(ops::Mul), &[x, y])
            }
        }
    }

    /// A primitive by its sample; elementwise ones take any shape.
    fn sampled(&mut self, sample: &Sample, a: u16, b: u16, rng: &mut Rng) -> Option<usize> {
        let movable =
            matches!(sample.op.kernel(), Kernel::Unary(_) | Kernel::Binary(_) | Kernel::Select | Kernel::Convert)
                || ["barrier", "cut", "stop_gradient"].contains(&sample.op.name());
        let shape = self.known[self.float(a)].ty.shape.clone();
        let mut inputs = Vec::new();
        for (i, (ty, domain)) in sample.inputs.iter().enumerate() {
            let ty = if movable { ty.with_shape(&shape) } else { ty.clone() };
            let target = sample.op.downcast::<ops::Convert>().map(|c| c.dtype);
            let domain = match target {
                Some(DType::Bool) => Domain::NonZero,
                Some(t) if !t.is_float() => Domain::NonInteger,
                _ => *domain,
            };
            let domain = if KINKS.contains(&sample.op.name()) && rng.below(12) == 0 { Domain::Reals } else { domain };
            let code = [a, b, a ^ b][i.min(2)];
            inputs.push(self.operand(&ty, domain, code, rng)?);
        }
        let y = self.checked(sample.op.clone(), &inputs, rng)?;
        match self.known[y].ty.dtype {
            // Single precision comes back at once; what an integer is good for is decided by later steps.
            DType::F32 => self.emit(op(ops::Convert { dtype: DType::F64 }), &[y]),
            DType::U32 if a & 1 == 0 => {
                let y = self.emit(op(ops::Convert { dtype: DType::F64 }), &[y])?;
                let c = self.filled(y, (-31f64).exp2())?;
                // 2⁻³¹ of what may be 2³².
                self.emit(op(ops::Mul), &[y, c])
            }
            DType::I32 if a & 1 == 0 => self.emit(op(ops::Convert { dtype: DType::F64 }), &[y]),
            _ => Some(y),
        }
    }

    /// A custom function (with its true derivative) or a checkpoint, traced and inlined.
    fn structured(&mut self, p: usize, x: &[usize], rng: &mut Rng) -> Option<usize> {
        let example = Tensor::zeros(self.known[x[0]].ty.clone());
        let pair = &(example.clone(), example);
        if p % 8 == 7 {
            return self.random_loop(p / 8, x, rng);
        }
        let tape = match p % 6 {
            0 => trace::trace(|(x, y): (Var, Var)| trace::custom_pointwise("sine", x, Var::sin, Var::cos) * y, pair),
            1 => {
                let f = |(x, y): (Var, Var)| {
                    let product = |x: &[Var]| vec![x[0] * x[1]];
                    trace::custom_derivative("product", &[x, y], product, |x, d| vec![x[0] * d[1] + d[0] * x[1]])[0]
                };
                trace::trace(f, pair)
            }
            2 => trace::trace(
                |(x, y): (Var, Var)| trace::checkpoint(|x: Var| (x * y).sin() + x.logistic() * y, &x),
                pair,
            ),
            3 => trace::trace(
                |(x, y): (Var, Var)| {
                    let n = x.shape().size();
                    let xs = trace::concat(&[x.reshape([1, n]), y.reshape([1, n]), x.reshape([1, n])], 0);
                    // A captured scalar, the same in every step; an integer state; outputs beside the state.
                    let (sum, count) = (y.mean(), x.number(1.0).convert(DType::I32));
                    let step = |(s, i): (Var, Var), x: Var| {
                        ((((s * x).tanh() + sum * i.convert(DType::F64)), i + count), s * s)
                    };
                    let ((last, _), all) = trace::scan(step, &(x.reshape([n]) * 0.5, count), &xs);
                    (last * all.sum_axes(&[0])).reshape(x.shape())
                },
                pair,
            ),
            4 => trace::trace(
                |(x, y): (Var, Var)| {
                    let body = |x: Var| trace::custom_pointwise("sine", x * y, Var::sin, Var::cos) * x;
                    let both = [&[2][..], &x.shape()].concat();
                    trace::checkpoint(|x: Var| trace::vmap(body, &x.broadcast_to(both)).sum_axes(&[0]), &x)
                },
                pair,
            ),
            _ => trace::trace(
                |(x, y): (Var, Var)| trace::declare_second_derivative("sine", x, Var::sin, |x| -x.sin()) + y.sum() * x,
                pair,
            ),
        };
        let tape = tape.unwrap_or_else(|e| panic!("structure {}: {e}", p % 6));
        let values: Vec<Value> = x.iter().map(|i| self.known[*i].value).collect();
        let y = self.b.inline(&tape, &values)[0];
        let data: Vec<Array<f64>> = x.iter().map(|i| self.known[*i].data.clone()).collect();
        let y_data = reference::run(&tape, &data).ok()?.pop()?;
        let ty = self.b.type_of(y).clone();
        self.finish(y, ty, y_data, x)
    }
}

impl Maker<'_> {
    /// A scan over three steps whose body is a program of its own, which may hand on what it was given as it is.
    fn random_loop(&mut self, p: usize, x: &[usize], rng: &mut Rng) -> Option<usize> {
        let ty = self.known[x[0]].ty.clone();
        let each = Tensor::zeros(ty.clone());
        let mut stacked = vec![0; 3];
        for (i, at) in stacked.iter_mut().enumerate() {
            let (x, shape) = (x[i % 2], ty.shape.inserted(0, 1));
            *at = self.emit(op(ops::Reshape { shape }), &[x])?;
        }
        let stacked = self.emit(Op::new(ops::Concat { axis: 0 }), &stacked)?;
        // (a constant, two states, an input) → (two states, a result); the numbers a body sees are not those it is made
        // at, so nothing with a domain or a kink is in it.
        let mut b = Builder::new("body");
        let mut known: Vec<Value> = (0..4).map(|_| b.input(each.ty().clone())).collect();
        for _ in 0..rng.below(5) {
            let (i, j) = (known[rng.below(known.len())], known[rng.below(known.len())]);
            let y = match rng.below(5) {
                0 => b.put(op(ops::Tanh), &[i]),
                1 => b.sin(i),
                2 => b.add(i, j),
                3 => b.put(op(ops::Logistic), &[i]),
                _ => {
                    let product = b.mul(i, j);
                    b.put(op(ops::Tanh), &[product])
                }
            };
            known.push(y);
        }
        let mut pick = || known[rng.below(known.len())];
        let body = std::sync::Arc::new(b.finish(vec![pick(), pick(), pick()]).ok()?);
        let scan = Op::new(ops::Scan { length: 3, constants: 1, states: 2, reverse: p & 1 == 1 });
        let operands = [x[1], x[0], x[1], stacked];
        let values: Vec<Value> = operands.iter().map(|i| self.known[*i].value).collect();
        let outputs = self.b.emit_all(scan.clone(), &values, vec![body.clone()]).ok()?;
        let mut one = Builder::new("one");
        let args: Vec<Value> = operands.iter().map(|i| one.input(self.known[*i].ty.clone())).collect();
        let results = one.emit_all(scan, &args, vec![body]).ok()?;
        let data: Vec<Array<f64>> = operands.iter().map(|i| self.known[*i].data.clone()).collect();
        let data = reference::run(&one.finish(results).ok()?, &data).ok()?;
        let mut last = None;
        for (y, data) in outputs.into_iter().zip(data) {
            last = Some(self.finish(y, data.ty.clone(), data, &operands)?);
        }
        last
    }
}

impl Program {
    /// Too close to a kink for differences, or for f64 to choose the same side as the truth.
    pub fn is_kinky(&self) -> bool {
        self.margin < MARGIN
    }

    /// Whether any of its equations has kinks or jumps.
    pub fn may_have_kinks(&self) -> bool {
        let more = ["convert", "lt", "le", "eq", "ne"];
        self.tape.equations().iter().any(|e| KINKS.contains(&e.op.name()) || more.contains(&e.op.name()))
    }

    /// `len` equations from `start` on, as a program of their own at the numbers that they see here.
    pub fn window(&self, start: usize, len: usize) -> Option<Program> {
        let mut values: Vec<Option<Array<f64>>> = vec![None; self.tape.value_count()];
        for (v, x) in self.tape.inputs().iter().zip(&self.point) {
            values[v.index()] = Some(Array::of(x));
        }
        let mut b = Builder::new("random");
        let mut map: BTreeMap<Value, Value> = BTreeMap::new();
        let (mut point, mut read, mut written) = (Vec::new(), Vec::new(), Vec::new());
        for (i, e) in self.tape.equations().iter().enumerate().take(start + len) {
            let args: Vec<Array<f64>> = e.inputs.iter().map(|v| values[v.index()].clone()).collect::<Option<_>>()?;
            let mut one = Builder::new("one");
            let inputs: Vec<Value> = args.iter().map(|x| one.input(x.ty.clone())).collect();
            let outputs = one.emit_all(e.op.clone(), &inputs, e.bodies.clone()).ok()?;
            let results = reference::run(&one.finish(outputs).ok()?, &args).ok()?;
            if i >= start {
                // What comes from before: floats are inputs, integers constants.
                for (v, x) in e.inputs.iter().zip(&args) {
                    if !map.contains_key(v) {
                        let x = x.to_tensor();
                        let new = if x.dtype().is_float() {
                            point.push(x.clone());
                            b.input(x.ty().clone())
                        } else {
                            b.emit(op(ops::Constant { value: x }), &[]).ok()?
                        };
                        map.insert(*v, new);
                    }
                }
                read.extend(&e.inputs);
                let inputs: Vec<Value> = e.inputs.iter().map(|v| map[v]).collect();
                let outputs = b.emit_all(e.op.clone(), &inputs, e.bodies.clone()).ok()?;
                written.extend(e.outputs.iter().copied());
                map.extend(e.outputs.iter().copied().zip(outputs));
            }
            for (v, y) in e.outputs.iter().zip(results) {
                values[v.index()] = Some(y);
            }
        }
        let is_float = |v: &&Value| self.tape.type_of(**v).dtype.is_float();
        let outputs: Vec<Value> =
            written.iter().filter(|v| !read.contains(v)).filter(is_float).map(|v| map[v]).collect();
        if outputs.is_empty() || point.is_empty() {
            return None;
        }
        let tape = b.finish(outputs).ok()?;
        Some(Program { tape, point, margin: self.margin, stops: self.stops })
    }

    /// The longest chain of equations.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.tape.value_count()];
        for e in self.tape.equations() {
            let below = e.inputs.iter().map(|v| depth[v.index()]).max().unwrap_or(0);
            for v in &e.outputs {
                depth[v.index()] = below + 1;
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }
}

/// Back to a tensor.
trait ToTensor {
    fn to_tensor(&self) -> Tensor;
}

impl ToTensor for Array<f64> {
    fn to_tensor(&self) -> Tensor {
        let values = self.to_f64_vec();
        match self.ty.dtype {
            DType::I32 => Tensor::new(&self.ty.shape, &values.iter().map(|x| *x as i32).collect::<Vec<_>>()),
            DType::U32 => Tensor::new(&self.ty.shape, &values.iter().map(|x| *x as u32).collect::<Vec<_>>()),
            DType::Bool => Tensor::new(&self.ty.shape, &values.iter().map(|x| *x != 0.0).collect::<Vec<_>>()),
            dtype => Ok(Tensor::from_fn(dtype, &self.ty.shape, |i| values[i])),
        }
        .expect("of its own shape")
    }
}

fn smallest(x: impl Iterator<Item = f64>) -> f64 {
    x.fold(f64::INFINITY, |m, x| m.min(x.abs()))
}

/// The smallest distance between two of the numbers.
fn gap(x: &[f64]) -> f64 {
    let mut x = x.to_vec();
    x.sort_by(f64::total_cmp);
    x.windows(2).fold(f64::INFINITY, |m, w| m.min(w[1] - w[0]))
}
