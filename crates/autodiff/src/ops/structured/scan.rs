//! `scan`: a loop too long to unroll.
//!
//! The body maps `(constants…, state…, xₜ…)` to `(state′…, yₜ…)`. The operands are the constants, the first state, and the
//! inputs stacked along axis 0; the results are the last state and the outputs stacked along axis 0.
//!
//! Forward mode is a scan over states with their tangents. Reverse mode keeps the states alone: one scan collects them,
//! one runs backwards over the body's reverse derivative, which computes the inside of each step anew. The constants'
//! cotangents are summed on the way, so they ride along as states.

use std::sync::Arc;

use crate::ops::prelude::*;
use crate::ops::Variadic;
use crate::tape::{AnyPrimitive, AnyRule, Kind, Derive, Op, Tape, BatchBodies};

/// `length` runs of the body, each on the state that the last one left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// How many steps.
    pub length: usize,
    /// How many operands are the same in every step.
    pub constants: usize,
    /// How many arrays the state is.
    pub states: usize,
    /// From the last input to the first; outputs keep their places.
    pub reverse: bool,
}

impl Scan {

    /// Operands as (constants, states, inputs).
    fn parts<'a, T>(&self, all: &'a [T]) -> (&'a [T], &'a [T], &'a [T]) {
        let (constants, rest) = all.split_at(self.constants);
        let (states, inputs) = rest.split_at(self.states);
        (constants, states, inputs)
    }

    /// Which operands of the body carry a tangent once the states have passed them on, given those that do at first.
    fn settle(&self, body: &Tape, first: &[bool]) -> Vec<bool> {
        let mut flags = first.to_vec();
        loop {
            let moved = reached(body, &flags);
            let mut grew = false;
            for i in 0..self.states {
                let float = body.type_of(body.outputs()[i]).dtype.is_float();
                let flag = &mut flags[self.constants + i];
                if moved[i] && float && !*flag {
                    *flag = true;
                    grew = true;
                }
            }
            if !grew {
                return flags;
            }
        }
    }

    fn jvp(&self, t: &mut Builder, e: &Derive<'_>, dots: &[Option<Value>]) -> Result<Vec<Option<Value>>, Error> {
        let body = &e.bodies[0];
        let flags = self.settle(body, e.wanted);
        let inner = e.transforms.jvp(body, &flags)?;
        // The tangents stand beside what they are tangents of: constants, states, inputs.
        let mut b = Builder::new(body.name());
        let types = body.input_types();
        let (mut primal, mut tangent) = (Vec::new(), Vec::new());
        let mut at = 0;
        for count in [self.constants, self.states, types.len() - self.constants - self.states] {
            let range = at..at + count;
            primal.extend(range.clone().map(|i| b.input(types[i].clone())));
            tangent.extend(range.filter(|i| flags[*i]).map(|i| b.input(types[i].clone())));
            at += count;
        }
        let out = b.inline(&inner, &[primal, tangent].concat());
        let count = body.outputs().len();
        let floats: Vec<usize> = (0..count).filter(|i| body.type_of(body.outputs()[*i]).dtype.is_float()).collect();
        let moved = reached(body, &flags);
        let stacked_dots: Vec<usize> = floats.iter().copied().filter(|i| *i >= self.states && moved[*i]).collect();
        let dot_of = |i: usize| out[count + floats.iter().position(|f| *f == i).expect("a float output")];
        let moving: Vec<usize> = (0..self.states).filter(|i| flags[self.constants + i]).collect();
        let mut outputs: Vec<Value> = out[..self.states].to_vec();
        outputs.extend(moving.iter().map(|i| dot_of(*i)));
        outputs.extend(&out[self.states..count]);
        outputs.extend(stacked_dots.iter().map(|i| dot_of(*i)));
        let body = Arc::new(b.finish_live(outputs));

        let mut operands = Vec::new();
        let mut at = 0;
        for part in [self.constants, self.states, e.inputs.len() - self.constants - self.states] {
            let range = at..at + part;
            operands.extend(&e.inputs[range.clone()]);
            for i in range.filter(|i| flags[*i]) {
                operands.push(dots[i].unwrap_or_else(|| t.like(e.inputs[i], 0.0)));
            }
            at += part;
        }
        let constants = self.constants + flags[..self.constants].iter().filter(|f| **f).count();
        let op = Scan { constants, states: self.states + moving.len(), ..self.clone() };
        let results = t.emit_all(Op::new(op), &operands, vec![body])?;
        let stacked = self.states + moving.len() + (count - self.states);
        Ok((0..count)
            .map(|i| match (moving.iter().position(|m| *m == i), i >= self.states) {
                (Some(k), _) => Some(results[self.states + k]),
                (None, false) => None,
                (None, true) => {
                    let k = stacked_dots.iter().position(|f| *f == i)?;
                    Some(results[stacked + k])
                }
            })
            .collect())
    }

    fn vjp(&self, t: &mut Builder, e: &Derive<'_>, bars: &[Option<Value>]) -> Result<Vec<Option<Value>>, Error> {
        let body = &e.bodies[0];
        let (constants, states, inputs) = self.parts(e.inputs);
        let history = self.states_of_every_step(t, body, e.inputs)?;

        let types = body.input_types();
        let is_float = |i: usize| types[i].dtype.is_float();
        // Every float state may carry a cotangent, whether or not the first one is wanted.
        let wanted: Vec<bool> = (0..types.len())
            .map(
                |i| if (self.constants..self.constants + self.states).contains(&i) { is_float(i) } else { e.wanted[i] },
            )
            .collect();
        let inner = e.transforms.vjp(body, &wanted)?;
        let float_states: Vec<usize> = (0..self.states).filter(|i| is_float(self.constants + i)).collect();
        let summed: Vec<usize> = (0..self.constants).filter(|i| wanted[*i]).collect();
        let count = body.outputs().len();
        let float_outputs: Vec<usize> =
            (self.states..count).filter(|i| body.type_of(body.outputs()[*i]).dtype.is_float()).collect();

        // (constants; state cotangents, sums; states, inputs, output cotangents) → (…; input cotangents)
        let mut b = Builder::new(body.name());
        let fixed: Vec<Value> = types[..self.constants].iter().map(|ty| b.input(ty.clone())).collect();
        let state_bars: Vec<Value> = float_states.iter().map(|i| b.input(types[self.constants + i].clone())).collect();
        let sums: Vec<Value> = summed.iter().map(|i| b.input(types[*i].clone())).collect();
        let rest: Vec<Value> = types[self.constants..].iter().map(|ty| b.input(ty.clone())).collect();
        let y_bars: Vec<Value> =
            float_outputs.iter().map(|i| b.input(body.type_of(body.outputs()[*i]).clone())).collect();
        let out = b.inline(&inner, &[fixed, rest, state_bars, y_bars].concat());
        let mut out = out.into_iter();
        let constant_bars: Vec<Value> =
            sums.iter().map(|s| (*s, out.next().expect("one cotangent each"))).map(|(s, c)| b.add(s, c)).collect();
        let new_bars: Vec<Value> = float_states.iter().map(|_| out.next().expect("one cotangent each")).collect();
        let outputs = new_bars.into_iter().chain(constant_bars).chain(out).collect();
        let backward = Arc::new(b.finish_live(outputs));

        let mut operands = constants.to_vec();
        for i in &float_states {
            operands.push(bars[*i].unwrap_or_else(|| t.like(states[*i], 0.0)));
        }
        for i in &summed {
            operands.push(t.like(constants[*i], 0.0));
        }
        operands.extend(history);
        operands.extend(inputs);
        for i in &float_outputs {
            let ty = body.type_of(body.outputs()[*i]).batched(self.length);
            operands.push(bars[*i].unwrap_or_else(|| t.full(&ty, 0.0)));
        }
        let op = Scan { states: float_states.len() + summed.len(), reverse: !self.reverse, ..self.clone() };
        let results = t.emit_all(Op::new(op), &operands, vec![backward])?;
        let (first, rest) = results.split_at(float_states.len());
        let (sums, mut stacked) = {
            let (a, b) = rest.split_at(summed.len());
            (a, b.iter().copied())
        };
        Ok((0..e.inputs.len())
            .map(|i| {
                if i < self.constants {
                    summed.iter().position(|s| *s == i).map(|k| sums[k])
                } else if i < self.constants + self.states {
                    let k = float_states.iter().position(|s| *s == i - self.constants);
                    k.filter(|_| e.wanted[i]).map(|k| first[k])
                } else if wanted[i] {
                    stacked.next()
                } else {
                    None
                }
            })
            .collect())
    }

    /// The state before every step, stacked.
    fn states_of_every_step(&self, t: &mut Builder, body: &Tape, inputs: &[Value]) -> Result<Vec<Value>, Error> {
        let mut b = Builder::new(body.name());
        let all: Vec<Value> = body.input_types().into_iter().map(|ty| b.input(ty)).collect();
        let next = b.inline(body, &all)[..self.states].to_vec();
        let before = &all[self.constants..self.constants + self.states];
        let recorded = Arc::new(b.finish_live([&next, before].concat()));
        let results = t.emit_all(Op::new(self.clone()), inputs, vec![recorded])?;
        Ok(results[self.states..].to_vec())
    }
}

/// Which outputs of a tape depend on the flagged inputs through floats.
fn reached(tape: &Tape, flags: &[bool]) -> Vec<bool> {
    let mut moves = vec![false; tape.value_count()];
    for (v, flag) in tape.inputs().iter().zip(flags) {
        moves[v.index()] = *flag;
    }
    for e in tape.equations() {
        if e.inputs.iter().any(|v| moves[v.index()]) {
            for v in &e.outputs {
                moves[v.index()] = tape.type_of(*v).dtype.is_float();
            }
        }
    }
    tape.outputs().iter().map(|v| moves[v.index()]).collect()
}

/// Axes 0 and 1 exchanged: a batch of stacks is a stack of batches.
fn swapped(t: &mut Builder, x: Value) -> Value {
    let mut order: Vec<usize> = (0..t.shape_of(x).rank()).collect();
    order.swap(0, 1);
    t.permute(x, &order)
}

impl Parameters for Scan {
    fn params(&self) -> Params {
        Params::none()
            .with("length", self.length)
            .with("constants", self.constants)
            .with("states", self.states)
            .with("reverse", self.reverse)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        let (length, constants, states) = (p.size("length")?, p.size("constants")?, p.size("states")?);
        Ok(Scan { length, constants, states, reverse: p.flag("reverse")? })
    }
}

impl Variadic for Scan {
    const NAME: &'static str = "scan";
}

impl AnyPrimitive for Scan {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn params(&self) -> Params {
        Parameters::params(self)
    }

    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let [body] = bodies else { bail!(Arity, "scan: one body is needed, got {}", bodies.len()) };
        if inputs.len() != body.inputs().len() {
            bail!(Arity, "scan: the body takes {} arrays, {} are given", body.inputs().len(), inputs.len());
        }
        if inputs.len() < self.constants.saturating_add(self.states) {
            let (c, s) = (self.constants, self.states);
            bail!(Arity, "scan: {c} constants and {s} states are more than the body's {} arrays", inputs.len());
        }
        if body.outputs().len() < self.states {
            bail!(Arity, "scan: the state is {} arrays, the body returns {}", self.states, body.outputs().len());
        }
        for (i, (given, v)) in inputs.iter().zip(body.inputs()).enumerate() {
            let ty = body.type_of(*v);
            let needed = if i < self.constants + self.states { ty.clone() } else { ty.batched(self.length) };
            if **given != needed {
                bail!(Shape, "scan: operand {i} is {given}, {needed} is needed");
            }
        }
        for i in 0..self.states {
            let (before, after) = (inputs[self.constants + i], body.type_of(body.outputs()[i]));
            if before != after {
                bail!(Shape, "scan: state {i} is {before} before a step and {after} after it");
            }
        }
        let types = body.output_types().into_iter().enumerate();
        Ok(types.map(|(i, ty)| if i < self.states { ty } else { ty.batched(self.length) }).collect())
    }

    fn rule(&self) -> AnyRule {
        let (forward, backward) = (self.clone(), self.clone());
        AnyRule::Structured {
            jvp: Box::new(move |t, e, dots| forward.jvp(t, e, dots)),
            vjp: Box::new(move |t, e, bars| backward.vjp(t, e, bars)),
        }
    }

    /// Every state gets the batch, whether or not its first value has it.
    fn vmap(
        &self,
        t: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        let state = self.constants..self.constants + self.states;
        let flags: Vec<bool> = inputs.iter().enumerate().map(|(i, x)| x.batched || state.contains(&i)).collect();
        let body = Arc::new(transforms.vmap(&bodies[0], &flags, size)?);
        let operands: Vec<Value> = inputs
            .iter()
            .enumerate()
            .map(|(i, x)| match (state.contains(&i), i < self.constants, x.batched) {
                (true, _, _) => t.with_batch_axis(*x, size),
                (false, false, true) => swapped(t, x.value),
                _ => x.value,
            })
            .collect();
        let results = t.emit_all(Op::new(self.clone()), &operands, vec![body])?;
        Ok(results
            .into_iter()
            .enumerate()
            .map(|(i, value)| {
                let value = if i < self.states { value } else { swapped(t, value) };
                Batched { value, batched: true }
            })
            .collect())
    }

    fn kind(&self) -> Kind {
        Kind::Structured
    }

    fn kernel(&self) -> Kernel {
        let Scan { length, constants, states, reverse } = *self;
        Kernel::Scan { length, constants, states, reverse }
    }

}
