//! From a tape to steps: what is moved without work, what is fused, in which order, in which buffers.
//!
//! 1. *Storage.* Identities are aliases; broadcasts, permutations and slices are views of what they move; constants of one
//!    number are immediate. None of these cost a step unless somebody needs them written out.
//! 2. *Groups.* Elementwise equations over one shape join the group of an operand, if no path leaves the group and
//!    comes back (the group would wait for itself).
//! 3. *Order.* Depth first from the equations in their order, so a result is used soon after it is made.
//! 4. *Buffers.* A buffer is free again after the last step that reads it; best fit.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use super::fused::{Action, Fused, Instruction, LOADS, Load, REGISTERS, STORES, Source, Store, Target};
use super::loops::Loop;
use super::program::{Options, Program};
use super::step::{Operated, Place, Step, Work};
use crate::dtype::DType;
use crate::shape::Type;
use crate::tape::{Binary, Equation, Kernel, Label, Tape, Value};
use crate::tensor::Tensor;

/// Equations in a group; more would not fit its registers anyway.
const GROUP: usize = 64;

/// Nodes that a search for a path between two of them looks at.
const SEARCHED: usize = 1000;

/// A program's steps and buffers.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Bytes of every buffer.
    pub(super) slots: Vec<usize>,
    pub(super) constants: Vec<Tensor>,
    /// Where each output is found at the end.
    pub(super) outputs: Vec<(Place, Type)>,
    /// For each output the slot that belongs to it alone, and can be handed out.
    pub(super) owned: Vec<Option<usize>>,
}

/// How a value exists.
#[derive(Clone, Debug, PartialEq)]
enum Storage {
    /// In a buffer of its own (an input, a constant, the result of a step).
    Own,
    /// In the buffer of another value, in the same order.
    Alias(Value),
    /// In the buffer of another value, elsewhere.
    View { root: Value, offset: usize, strides: Vec<isize> },
    /// One number everywhere.
    Number(f64),
}

struct Planner<'a> {
    tape: &'a Tape,
    options: Options,
    storage: Vec<Storage>,
    /// The equation that defines a value.
    def: Vec<Option<usize>>,
    /// The node that computes an equation.
    node: Vec<Option<usize>>,
    nodes: Vec<Node>,
    steps: Vec<Step>,
    places: HashMap<Value, Place>,
    /// Values that some step reads from a buffer, or that are returned.
    stored: HashSet<Value>,
    constants: Vec<Tensor>,
    /// Slots before reuse: one a stored value.
    sizes: Vec<usize>,
    /// Views and numbers that were written out.
    written: HashMap<Value, Place>,
    /// The number of the current search for a path, and the last one that saw a node.
    search: u32,
    seen: Vec<u32>,
}

#[derive(Debug, Default)]
struct Node {
    equations: Vec<usize>,
    /// The shape and float type of a group; `None` for a kernel of its own.
    group: Option<(Vec<usize>, Option<DType>)>,
    /// The nodes that its equations read from, each once, by the numbers they had then.
    needs: Vec<usize>,
    /// Where its equations went when it was merged.
    home: Option<usize>,
}

pub(super) fn plan(tape: &Tape, options: &Options) -> Plan {
    let mut p = Planner {
        tape,
        options: options.clone(),
        storage: vec![Storage::Own; tape.value_count()],
        def: vec![None; tape.value_count()],
        node: vec![None; tape.equations().len()],
        nodes: Vec::new(),
        steps: Vec::new(),
        places: HashMap::new(),
        stored: HashSet::new(),
        constants: Vec::new(),
        sizes: Vec::new(),
        written: HashMap::new(),
        search: 0,
        seen: Vec::new(),
    };
    for (i, v) in tape.inputs().iter().enumerate() {
        p.places.insert(*v, Place::Input(i));
    }
    p.find_storage();
    p.group();
    p.mark_stored();
    for node in p.order() {
        p.emit(node);
    }
    p.finish()
}

fn strides_of(shape: &[usize]) -> Vec<isize> {
    crate::shape::Shape::from(shape).strides()
}

impl Planner<'_> {
    fn ty(&self, v: Value) -> &Type {
        self.tape.type_of(v)
    }

    fn root(&self, v: Value) -> Value {
        match &self.storage[v.index()] {
            Storage::Alias(root) | Storage::View { root, .. } => *root,
            _ => v,
        }
    }

    fn find_storage(&mut self) {
        let tape = self.tape;
        for (i, e) in tape.equations().iter().enumerate() {
            let y = e.outputs[0];
            for v in &e.outputs {
                self.def[v.index()] = Some(i);
            }
            let x = e.inputs.first().copied();
            let storage = match (e.op.kernel(), x.map(|x| self.storage[x.index()].clone())) {
                (Kernel::Constant(t), _) if t.size() == 1 && is_exact_as_f64(&t) => Storage::Number(t.item()),
                (Kernel::Constant(t), _) => {
                    self.places.insert(y, Place::Constant(self.constants.len()));
                    self.constants.push(t);
                    Storage::Own
                }
                (Kernel::Identity, Some(Storage::Own)) => Storage::Alias(x.expect("an operand")),
                (Kernel::Identity, Some(Storage::Alias(root))) => Storage::Alias(root),
                (Kernel::Identity | Kernel::Broadcast { .. }, Some(Storage::Number(c))) => Storage::Number(c),
                (kernel, Some(from @ (Storage::Own | Storage::Alias(_)))) => {
                    let x = x.expect("an operand");
                    let root = if let Storage::Alias(root) = from { root } else { x };
                    match view(&kernel, &self.ty(x).shape, &self.ty(y).shape) {
                        Some((offset, strides)) => Storage::View { root, offset, strides },
                        None => Storage::Own,
                    }
                }
                // A moved view is written out and moved again.
                (kernel, Some(Storage::View { .. })) if kernel.is_movement() => {
                    let x = x.expect("an operand");
                    match view(&kernel, &self.ty(x).shape, &self.ty(y).shape) {
                        Some((offset, strides)) => Storage::View { root: x, offset, strides },
                        None => Storage::Alias(x),
                    }
                }
                (kernel, Some(Storage::Number(c))) if kernel.is_movement() => Storage::Number(c),
                _ => Storage::Own,
            };
            self.storage[y.index()] = storage;
        }
    }

    /// Whether a value is defined by a step (and not moved, given or immediate).
    fn computed_by(&self, v: Value) -> Option<usize> {
        let v = self.resolve_written(v);
        self.def[v.index()].and_then(|i| self.node[i])
    }

    /// Follows views of views down to a value that is in a buffer.
    fn resolve_written(&self, v: Value) -> Value {
        let mut v = v;
        while self.root(v) != v {
            v = self.root(v);
        }
        v
    }

    /// The float type an elementwise equation works in; `Err` if it cannot be part of a group.
    fn elementwise(&self, e: &Equation) -> Result<Option<DType>, ()> {
        match e.op.kernel() {
            Kernel::Unary(_) | Kernel::Select => {}
            Kernel::Binary(op) => {
                // Comparisons of bools have a kernel of their own; their logic is fused.
                let bools = self.ty(e.inputs[0]).dtype == DType::Bool;
                if bools && ![Binary::AND, Binary::OR].contains(&op) {
                    return Err(());
                }
            }
            Kernel::Convert => {
                let (from, to) = (self.ty(e.inputs[0]).dtype, self.ty(e.outputs[0]).dtype);
                if !(from == DType::Bool && to.is_float() || from.is_float() && to == DType::Bool) {
                    return Err(());
                }
            }
            _ => return Err(()),
        }
        let mut float = None;
        for v in e.inputs.iter().chain(&e.outputs) {
            match self.ty(*v).dtype {
                DType::Bool => {}
                d if d.is_float() && float.is_none_or(|f| f == d) => float = Some(d),
                _ => return Err(()),
            }
        }
        Ok(float)
    }

    fn group(&mut self) {
        for i in 0..self.tape.equations().len() {
            let e = &self.tape.equations()[i];
            if self.storage[e.outputs[0].index()] != Storage::Own || self.places.contains_key(&e.outputs[0]) {
                continue;
            }
            let Ok(float) = self.elementwise(e) else {
                self.open(i, None);
                continue;
            };
            let dims = self.ty(e.outputs[0]).shape.to_vec();
            let mut operands: Vec<usize> = e.inputs.iter().filter_map(|v| self.computed_by(*v)).collect();
            operands.sort_unstable();
            operands.dedup();
            let mut home: Option<usize> = None;
            for candidate in operands.iter().rev().copied().collect::<Vec<_>>() {
                // A moved value (x beside its own transpose) is read from memory, so not from inside the group that makes it.
                // So is what is read through a barrier, which is computed again on purpose and not early in the first one's group.
                let moved = e.inputs.iter().any(|v| self.root(*v) != *v && self.computed_by(*v) == Some(candidate));
                if moved || !self.compatible(candidate, &dims, float) {
                    continue;
                }
                match home {
                    None => {
                        let others = operands.iter().filter(|n| **n != candidate);
                        if self.nodes[candidate].equations.len() < GROUP
                            && others.clone().all(|n| !self.reaches(*n, candidate, None))
                        {
                            self.join(candidate, i, float);
                            home = Some(candidate);
                        }
                    }
                    Some(home) => self.try_merge(home, candidate),
                }
            }
            if home.is_none() {
                self.open(i, Some((dims, float)));
            }
        }
    }

    /// A node of its own for an equation.
    fn open(&mut self, equation: usize, group: Option<(Vec<usize>, Option<DType>)>) {
        let node = self.nodes.len();
        self.node[equation] = Some(node);
        self.nodes.push(Node { equations: vec![equation], group, ..Node::default() });
        self.note_needs(node, equation);
    }

    fn compatible(&self, node: usize, dims: &[usize], float: Option<DType>) -> bool {
        match &self.nodes[node].group {
            Some((d, f)) => d == dims && (f.is_none() || float.is_none() || *f == float),
            None => false,
        }
    }

    fn join(&mut self, node: usize, equation: usize, float: Option<DType>) {
        self.node[equation] = Some(node);
        self.nodes[node].equations.push(equation);
        self.note_needs(node, equation);
        if let Some((_, f)) = &mut self.nodes[node].group {
            *f = f.or(float);
        }
    }

    /// Makes `other` part of `home`, unless a path between them leaves both.
    fn try_merge(&mut self, home: usize, other: usize) {
        if self.nodes[home].equations.len() + self.nodes[other].equations.len() > GROUP {
            return;
        }
        if self.reaches(home, other, Some(other)) || self.reaches(other, home, Some(home)) {
            return;
        }
        let both = [home, other];
        let moved = |v: &Value| self.root(*v) != *v && self.computed_by(*v).is_some_and(|n| both.contains(&n));
        let equations = both.iter().flat_map(|n| &self.nodes[*n].equations);
        if equations.flat_map(|i| &self.tape.equations()[*i].inputs).any(moved) {
            return;
        }
        if self.reads_moved(home, other) || self.reads_moved(other, home) {
            return;
        }
        let moved = std::mem::take(&mut self.nodes[other]);
        self.nodes[other].home = Some(home);
        let float = moved.group.and_then(|(_, f)| f);
        for i in moved.equations {
            self.join(home, i, float);
        }
        self.nodes[home].equations.sort_unstable();
    }

    /// Whether a node reads what another makes through a view, which needs it written out before.
    fn reads_moved(&self, node: usize, other: usize) -> bool {
        let equations = self.nodes[node].equations.iter();
        let mut inputs = equations.flat_map(|i| &self.tape.equations()[*i].inputs);
        inputs.any(|v| self.root(*v) != *v && self.computed_by(*v) == Some(other))
    }

    /// Notes what an equation of a node reads from.
    fn note_needs(&mut self, node: usize, equation: usize) {
        for v in &self.tape.equations()[equation].inputs {
            if let Some(n) = self.computed_by(*v)
                && n != node
                && !self.nodes[node].needs.contains(&n)
            {
                self.nodes[node].needs.push(n);
            }
        }
    }

    /// The nodes that a node's equations read from.
    fn needs(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.nodes[node].needs.iter().map(|n| self.merged(*n)).filter(move |n| *n != node)
    }

    /// The node that a node has become part of.
    fn merged(&self, node: usize) -> usize {
        let mut node = node;
        while let Some(home) = self.nodes[node].home {
            node = home;
        }
        node
    }

    /// Whether `from` needs `target`, directly or not; with `not_directly`, ways that lead there in one step do not count.
    ///
    /// Past [`SEARCHED`] nodes the answer is yes: on long tapes that costs a fusion here and there, where a full search for
    /// every pair would take longer than all else.
    fn reaches(&mut self, from: usize, target: usize, not_directly: Option<usize>) -> bool {
        if not_directly.is_none() && from == target {
            return true;
        }
        self.search += 1;
        self.seen.resize(self.nodes.len(), 0);
        let mut seen = std::mem::take(&mut self.seen);
        let mut stack: Vec<usize> = Vec::new();
        let mut visited = 0;
        let mut found = false;
        let mut next = Some(from);
        while let Some(n) = next {
            for need in self.needs(n) {
                if n == from && Some(need) == not_directly {
                    continue;
                }
                found |= need == target;
                if std::mem::replace(&mut seen[need], self.search) != self.search {
                    stack.push(need);
                }
            }
            visited += 1;
            if found || visited > SEARCHED {
                found = true;
                break;
            }
            next = stack.pop();
        }
        self.seen = seen;
        found
    }

    /// A value is stored if a step outside its own group reads it, or the caller does.
    fn mark_stored(&mut self) {
        let mut stored = HashSet::new();
        for (i, e) in self.tape.equations().iter().enumerate() {
            for v in &e.inputs {
                let root = self.resolve_written(*v);
                let inside = self.storage[v.index()] == Storage::Own
                    && self.node[i].is_some_and(|n| self.nodes[n].group.is_some() && self.computed_by(*v) == Some(n));
                if !inside {
                    stored.insert(root);
                }
            }
        }
        for v in self.tape.outputs() {
            stored.insert(self.resolve_written(*v));
        }
        self.stored = stored;
    }

    fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut state = vec![0u8; self.nodes.len()];
        for i in 0..self.tape.equations().len() {
            let Some(first) = self.node[i] else { continue };
            let mut stack = vec![first];
            while let Some(n) = stack.last().copied() {
                match state[n] {
                    0 => {
                        state[n] = 1;
                        stack.extend(self.needs(n).filter(|m| state[*m] == 0));
                    }
                    1 => {
                        state[n] = 2;
                        order.push(n);
                        stack.pop();
                    }
                    _ => {
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    fn new_slot(&mut self, v: Value) -> usize {
        self.sizes.push(self.ty(v).bytes());
        self.sizes.len() - 1
    }

    fn emit(&mut self, node: usize) {
        let equations = self.nodes[node].equations.clone();
        if let Some((dims, float)) = self.nodes[node].group.clone() {
            return self.emit_group(&dims, float.unwrap_or(DType::F32), &equations);
        }
        let e = &self.tape.equations()[equations[0]];
        let kernel = e.op.kernel();
        if let Kernel::Scan { length, constants, states, reverse } = kernel {
            return self.emit_loop(e, length, constants, states, reverse);
        }
        let is_dot = kernel == Kernel::Product;
        let inputs = e.inputs.iter().map(|v| self.operand(*v, is_dot)).collect();
        let y = e.outputs[0];
        let output = self.new_slot(y);
        self.places.insert(y, Place::Slot(output));
        let ty = self.ty(y).clone();
        self.steps.push(Step { work: Work::Single { op: e.op.clone(), inputs, output, ty }, label: e.label.clone() });
    }

    fn emit_loop(&mut self, e: &Equation, length: usize, constants: usize, states: usize, reverse: bool) {
        let body = &e.bodies[0];
        let places: Vec<Place> = e.inputs.iter().map(|v| self.materialize(*v)).collect();
        let inputs = places.into_iter().zip(body.input_types()).collect();
        let outputs = e
            .outputs
            .iter()
            .zip(body.output_types())
            .map(|(v, ty)| {
                let slot = self.new_slot(*v);
                self.places.insert(*v, Place::Slot(slot));
                (slot, ty)
            })
            .collect();
        let body = RefCell::new(Program::new(body, &self.options));
        let work = Work::Scan(Box::new(Loop { length, constants, states, reverse, body, inputs, outputs }));
        self.steps.push(Step { work, label: e.label.clone() });
    }

    /// An operand in a buffer, written out if it is a view; a product reads a repeated matrix as it is.
    fn operand(&mut self, v: Value, is_dot: bool) -> Operated {
        let ty = self.ty(v).clone();
        if is_dot
            && let Storage::View { root, offset: 0, strides } = &self.storage[v.index()]
            && repeats_matrix(&ty.shape, strides)
        {
            let place = self.materialize(*root);
            return Operated { place, ty, repeats: true };
        }
        Operated { place: self.materialize(v), ty, repeats: false }
    }

    /// Where a value is, in row-major order; views and numbers are written out once.
    fn materialize(&mut self, v: Value) -> Place {
        match self.storage[v.index()].clone() {
            Storage::Own => self.places[&v],
            Storage::Alias(root) => self.materialize(root),
            Storage::View { root, offset, strides } => {
                if let Some(place) = self.written.get(&v) {
                    return *place;
                }
                let from = self.materialize(root);
                let output = self.new_slot(v);
                let work = Work::Copy { from, offset, strides, output, ty: self.ty(v).clone() };
                self.write_out(v, work, output)
            }
            Storage::Number(number) => {
                if let Some(place) = self.written.get(&v) {
                    return *place;
                }
                let output = self.new_slot(v);
                let work = Work::Fill { number, output, ty: self.ty(v).clone() };
                self.write_out(v, work, output)
            }
        }
    }

    fn write_out(&mut self, v: Value, work: Work, output: usize) -> Place {
        let label = self.def[v.index()].map_or_else(Label::default, |i| self.tape.equations()[i].label.clone());
        self.steps.push(Step { work, label });
        self.written.insert(v, Place::Slot(output));
        Place::Slot(output)
    }

    /// A group's register program; a group that needs too much is cut in two.
    fn emit_group(&mut self, dims: &[usize], dtype: DType, equations: &[usize]) {
        match self.compile_group(dims, equations) {
            Some((fused, inputs, stores)) => {
                let inputs = inputs.into_iter().map(|(v, mask)| (self.materialize(v), mask)).collect();
                let outputs: Vec<usize> = stores
                    .iter()
                    .map(|v| {
                        let slot = self.new_slot(*v);
                        self.places.insert(*v, Place::Slot(slot));
                        slot
                    })
                    .collect();
                let label = self.tape.equations()[*equations.last().expect("not empty")].label.clone();
                self.steps.push(Step { work: Work::Fused { fused: Box::new(fused), dtype, inputs, outputs }, label });
            }
            None => {
                // What crosses the cut has to be stored.
                let (first, second) = equations.split_at(equations.len() / 2);
                for i in second {
                    for v in &self.tape.equations()[*i].inputs {
                        if self.def[v.index()].is_some_and(|d| first.contains(&d)) {
                            self.stored.insert(*v);
                        }
                    }
                }
                self.emit_group(dims, dtype, first);
                self.emit_group(dims, dtype, second);
            }
        }
    }

    #[allow(clippy::type_complexity)]
    fn compile_group(&self, dims: &[usize], equations: &[usize]) -> Option<(Fused, Vec<(Value, bool)>, Vec<Value>)> {
        let mut g = Group { free: (0..REGISTERS).rev().collect(), ..Group::default() };
        let members: HashSet<Value> = equations.iter().map(|i| self.tape.equations()[*i].outputs[0]).collect();
        let mut last_use: HashMap<Value, usize> = HashMap::new();
        for (at, i) in equations.iter().enumerate() {
            for v in &self.tape.equations()[*i].inputs {
                last_use.insert(*v, at);
            }
        }
        // Loads that need a register hold it from the start of a chunk.
        for i in equations {
            for v in &self.tape.equations()[*i].inputs {
                if !members.contains(v) && !g.sources.contains_key(v) {
                    let source = self.load(&mut g, *v)?;
                    g.sources.insert(*v, source);
                }
            }
        }
        for (at, i) in equations.iter().enumerate() {
            let e = &self.tape.equations()[*i];
            let y = e.outputs[0];
            let arg = |k: usize| g.sources[&e.inputs[k]];
            let action = match e.op.kernel() {
                Kernel::Unary(op) => Action::Unary(op, arg(0)),
                Kernel::Binary(op) => Action::Binary(op, arg(0), arg(1)),
                Kernel::Select => Action::Select(arg(0), arg(1), arg(2)),
                Kernel::Convert if self.ty(y).dtype == DType::Bool => {
                    Action::Binary(Binary::NE, arg(0), Source::Number(0.0))
                }
                Kernel::Convert => Action::Move(arg(0)),
                other => unreachable!("{other:?} is not elementwise"),
            };
            let mask = self.ty(y).dtype == DType::Bool;
            let stored = self.stored.contains(&y);
            let read_inside = last_use.contains_key(&y);
            if stored && !read_inside && !mask {
                g.instructions.push(Instruction { action, target: Target::Store(g.stores.len()) });
                g.stores.push(Store { register: None, mask });
                g.stored.push(y);
            } else {
                let r = g.free.pop()?;
                g.sources.insert(y, Source::Register(r));
                g.instructions.push(Instruction { action, target: Target::Register(r) });
                if stored {
                    if !mask {
                        let copy = Action::Move(Source::Register(r));
                        g.instructions.push(Instruction { action: copy, target: Target::Store(g.stores.len()) });
                    }
                    // Bools are converted at the end of the chunk and keep their register until then.
                    g.stores.push(Store { register: mask.then_some(r), mask });
                    g.stored.push(y);
                    if mask {
                        g.pinned.insert(r);
                    }
                }
            }
            let mut freed: Vec<Value> = e.inputs.clone();
            freed.sort_unstable();
            freed.dedup();
            for v in freed.into_iter().filter(|v| last_use[v] == at) {
                if let Source::Register(r) = g.sources[&v]
                    && !g.pinned.contains(&r)
                    && !g
                        .sources
                        .iter()
                        .any(|(w, s)| *w != v && *s == Source::Register(r) && last_use.get(w) > Some(&at))
                {
                    g.free.push(r);
                    g.sources.remove(&v);
                }
            }
            if g.stores.len() > STORES || g.loads.len() > LOADS {
                return None;
            }
        }
        let fused = Fused { dims: dims.to_vec(), loads: g.loads, instructions: g.instructions, stores: g.stores };
        Some((fused, g.inputs, g.stored))
    }

    /// How a group reads a value from outside: in place, as a number, or into a register.
    fn load(&self, g: &mut Group, v: Value) -> Option<Source> {
        let mask = self.ty(v).dtype == DType::Bool;
        let (root, load) = match &self.storage[v.index()] {
            Storage::Number(c) => return Some(Source::Number(*c)),
            Storage::View { root, .. } if !mask && self.ty(*root).shape.size() == 1 => (*root, Load::One),
            Storage::View { root, offset, strides } => {
                (*root, Load::Strided { register: 0, offset: *offset, strides: strides.clone(), mask })
            }
            _ if mask => (self.resolve_alias(v), Load::Mask { register: 0 }),
            _ => (self.resolve_alias(v), Load::Whole),
        };
        let load = match load {
            Load::Strided { offset, strides, mask, .. } => {
                Load::Strided { register: g.free.pop()?, offset, strides, mask }
            }
            Load::Mask { .. } => Load::Mask { register: g.free.pop()? },
            Load::Whole | Load::One => load,
        };
        let source = match &load {
            Load::Strided { register, .. } | Load::Mask { register } => Source::Register(*register),
            Load::Whole | Load::One => Source::Load(g.loads.len()),
        };
        g.loads.push(load);
        g.inputs.push((root, mask));
        Some(source)
    }

    fn resolve_alias(&self, v: Value) -> Value {
        match self.storage[v.index()] {
            Storage::Alias(root) => root,
            _ => v,
        }
    }

    /// Outputs settled, buffers shared.
    fn finish(mut self) -> Plan {
        let mut outputs = Vec::new();
        let mut owned: Vec<Option<usize>> = Vec::new();
        for v in self.tape.outputs() {
            let place = self.materialize(*v);
            let slot = match place {
                Place::Slot(s) if !owned.contains(&Some(s)) => Some(s),
                _ => None,
            };
            owned.push(slot);
            outputs.push((place, self.ty(*v).clone()));
        }
        let mut plan = Plan { steps: self.steps, slots: self.sizes, constants: self.constants, outputs, owned };
        plan.share_buffers();
        plan
    }
}

#[derive(Default)]
struct Group {
    free: Vec<usize>,
    pinned: HashSet<usize>,
    sources: HashMap<Value, Source>,
    loads: Vec<Load>,
    inputs: Vec<(Value, bool)>,
    instructions: Vec<Instruction>,
    stores: Vec<Store>,
    stored: Vec<Value>,
}

impl Plan {
    /// Whether some step is worth a second thread; decided by shapes alone.
    pub(super) fn is_large(&self) -> bool {
        const ELEMENTS: usize = 1 << 15;
        self.steps.iter().any(|step| match &step.work {
            Work::Fused { fused, .. } => fused.dims.iter().product::<usize>() >= ELEMENTS,
            Work::Single { ty, inputs, .. } => {
                let largest = inputs.iter().map(|x| x.ty.shape.size()).max().unwrap_or(0);
                largest.max(ty.shape.size()) >= ELEMENTS
            }
            _ => false,
        })
    }

    /// Lets values whose lives do not overlap share a buffer. Outputs keep their own.
    fn share_buffers(&mut self) {
        let mut last_read = vec![0usize; self.slots.len()];
        for (i, step) in self.steps.iter().enumerate() {
            for place in step.reads() {
                if let Place::Slot(s) = place {
                    last_read[s] = i;
                }
            }
        }
        for (place, _) in &self.outputs {
            if let Place::Slot(s) = place {
                last_read[*s] = usize::MAX;
            }
        }
        let mut shared: Vec<usize> = Vec::new();
        let mut free: Vec<usize> = Vec::new();
        let mut map: Vec<Option<usize>> = vec![None; self.slots.len()];
        let sizes = std::mem::take(&mut self.slots);
        for (i, step) in self.steps.iter_mut().enumerate() {
            for s in step.writes() {
                // The smallest free buffer that is large enough, or the largest, grown.
                let fit = free.iter().copied().filter(|b| shared[*b] >= sizes[s]).min_by_key(|b| shared[*b]);
                let chosen = fit.or_else(|| free.iter().copied().max_by_key(|b| shared[*b]));
                // An output's buffer is handed out, so it has its own size.
                let chosen = if last_read[s] == usize::MAX { None } else { chosen };
                let buffer = chosen.unwrap_or_else(|| {
                    shared.push(0);
                    shared.len() - 1
                });
                free.retain(|b| *b != buffer);
                shared[buffer] = shared[buffer].max(sizes[s]);
                map[s] = Some(buffer);
            }
            let mut done: Vec<usize> = step.reads().into_iter().filter_map(slot).chain(step.writes()).collect();
            done.sort_unstable();
            done.dedup();
            for s in done.into_iter().filter(|s| last_read[*s] <= i) {
                free.push(map[s].expect("written before it is read"));
            }
            step.rename(&map);
        }
        let rename = |s: usize| map[s].expect("every slot is written");
        for (place, _) in &mut self.outputs {
            if let Place::Slot(s) = place {
                *s = rename(*s);
            }
        }
        for s in self.owned.iter_mut().flatten() {
            *s = rename(*s);
        }
        self.slots = shared;
    }
}

fn slot(place: Place) -> Option<usize> {
    match place {
        Place::Slot(s) => Some(s),
        _ => None,
    }
}

impl Step {
    fn reads(&self) -> Vec<Place> {
        match &self.work {
            Work::Fused { inputs, .. } => inputs.iter().map(|(p, _)| *p).collect(),
            Work::Single { inputs, .. } => inputs.iter().map(|x| x.place).collect(),
            Work::Scan(body) => body.inputs.iter().map(|(p, _)| *p).collect(),
            Work::Copy { from, .. } => vec![*from],
            Work::Fill { .. } => vec![],
        }
    }

    fn writes(&self) -> Vec<usize> {
        match &self.work {
            Work::Fused { outputs, .. } => outputs.clone(),
            Work::Scan(body) => body.outputs.iter().map(|(s, _)| *s).collect(),
            Work::Single { output, .. } | Work::Copy { output, .. } | Work::Fill { output, .. } => vec![*output],
        }
    }

    fn rename(&mut self, map: &[Option<usize>]) {
        let new = |s: &mut usize| *s = map[*s].expect("written before it is read");
        let place = |p: &mut Place| {
            if let Place::Slot(s) = p {
                *s = map[*s].expect("written before it is read");
            }
        };
        match &mut self.work {
            Work::Fused { inputs, outputs, .. } => {
                inputs.iter_mut().for_each(|(p, _)| place(p));
                outputs.iter_mut().for_each(new);
            }
            Work::Single { inputs, output, .. } => {
                inputs.iter_mut().for_each(|x| place(&mut x.place));
                new(output);
            }
            Work::Copy { from, output, .. } => {
                place(from);
                new(output);
            }
            Work::Scan(body) => {
                body.inputs.iter_mut().for_each(|(p, _)| place(p));
                body.outputs.iter_mut().for_each(|(s, _)| new(s));
            }
            Work::Fill { output, .. } => new(output),
        }
    }
}

fn is_exact_as_f64(t: &Tensor) -> bool {
    // Integers have no immediate operands, so they stay arrays; a NaN's payload would not survive.
    (t.dtype().is_float() || t.dtype() == DType::Bool) && !t.item().is_nan()
}

/// The view that a movement makes of a row-major operand: offset and strides over the result's axes.
fn view(kernel: &Kernel, from: &[usize], to: &[usize]) -> Option<(usize, Vec<isize>)> {
    let base = strides_of(from);
    match kernel {
        Kernel::Broadcast { axes } => {
            let mut strides = vec![0; to.len()];
            for (i, a) in axes.iter().enumerate() {
                strides[*a] = base[i];
            }
            Some((0, strides))
        }
        Kernel::Permute { order } => Some((0, order.iter().map(|i| base[*i]).collect())),
        Kernel::Slice { start, step } => {
            if to.contains(&0) {
                return Some((0, base));
            }
            let offset = start.iter().zip(&base).map(|(s, b)| s * *b as usize).sum();
            Some((offset, base.iter().zip(step).map(|(b, s)| b * *s as isize).collect()))
        }
        Kernel::Reverse { axes } => {
            if to.contains(&0) {
                return Some((0, base));
            }
            let offset = axes.iter().map(|a| (from[*a] - 1) * base[*a] as usize).sum();
            Some((offset, base.iter().enumerate().map(|(i, b)| if axes.contains(&i) { -b } else { *b }).collect()))
        }
        _ => None,
    }
}

/// Whether all axes but the last two repeat one row-major matrix.
fn repeats_matrix(shape: &[usize], strides: &[isize]) -> bool {
    let n = shape.len();
    n > 2 && strides[..n - 2].iter().all(|s| *s == 0) && strides[n - 2..] == [shape[n - 1] as isize, 1]
}
