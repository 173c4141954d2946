//! Phase 2: which equations are computed together.
//!
//! Elementwise equations over one shape in one float type make a group: one pass over memory computes them all. An equation
//! joins the group of one of its operands, and the groups of its other operands are merged into that one, wherever
//!
//! - no path of reads leaves the group and comes back (the group would wait for itself), and
//! - nothing in the group reads what another equation in it makes in another order (`x` beside its own transpose): that is
//!   read from memory, so it must be finished before. What is read through a barrier counts too: it is computed again on
//!   purpose, and not early in the first one's group.
//!
//! Every other equation is a group of its own, with a kernel of its own. Views, arguments and constants (phase 1) are in no group.
//!
//! Considered and set aside: the best grouping. It is NP-hard; one walk in the order of the tape finds the groups that people
//! would draw, and takes linear time but for the search for paths, which is bounded.

use super::storage::{Storage, Storages};
use crate::dtype::DType;
use crate::shape::Shape;
use crate::tape::{Binary, Equation, Kernel, Tape, Value};

/// Equations in a group; more would not fit its registers anyway.
const GROUP: usize = 64;

/// Groups that a search for a path between two of them looks at.
const SEARCHED: usize = 1000;

/// What elementwise equations share to be one group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Common {
    pub(super) shape: Shape,
    /// The float type; `None` if all are bools.
    pub(super) float: Option<DType>,
}

/// Equations that are computed together.
#[derive(Debug)]
pub(super) struct Group {
    /// In the order of the tape.
    pub(super) equations: Vec<usize>,
    /// `None` for an equation with a kernel of its own.
    pub(super) common: Option<Common>,
    /// The groups that its equations read from; some may be named twice.
    pub(super) needs: Vec<usize>,
}

/// All groups of a tape.
pub(super) struct Groups {
    pub(super) all: Vec<Group>,
    /// The group of an equation; that of a view or a constant is none.
    pub(super) of: Vec<Option<usize>>,
    /// By [`Value::index`], whether a value must be in memory: it is read outside of its own group, or returned.
    pub(super) stored: Vec<bool>,
}

/// Groups the equations of a tape.
pub(super) fn groups(tape: &Tape, storages: &Storages) -> Groups {
    let mut growing = Growing {
        tape,
        storages,
        of: vec![None; tape.equations().len()],
        groups: Vec::new(),
        search: 0,
        seen: Vec::new(),
    };
    for (i, e) in tape.equations().iter().enumerate() {
        if *storages.of(e.outputs[0]) == Storage::Buffer {
            growing.place(i, e);
        }
    }
    growing.finished()
}

/// What an elementwise equation has in common with its group; `None` if it needs a kernel of its own.
fn common(tape: &Tape, e: &Equation) -> Option<Common> {
    let dtype = |v: Value| tape.type_of(v).dtype;
    let fits = match e.op.kernel() {
        Kernel::Unary(_) | Kernel::Select => true,
        // Comparisons of bools have a kernel of their own; their logic is fused.
        Kernel::Binary(op) => dtype(e.inputs[0]) != DType::Bool || [Binary::AND, Binary::OR].contains(&op),
        Kernel::Convert => {
            let (from, to) = (dtype(e.inputs[0]), dtype(e.outputs[0]));
            from == DType::Bool && to.is_float() || from.is_float() && to == DType::Bool
        }
        _ => false,
    };
    if !fits {
        return None;
    }
    let mut float = None;
    for v in e.inputs.iter().chain(&e.outputs) {
        match dtype(*v) {
            DType::Bool => {}
            d if d.is_float() && float.is_none_or(|f| f == d) => float = Some(d),
            _ => return None,
        }
    }
    Some(Common { shape: tape.type_of(e.outputs[0]).shape.clone(), float })
}

/// The groups so far.
struct Growing<'a> {
    tape: &'a Tape,
    storages: &'a Storages,
    of: Vec<Option<usize>>,
    groups: Vec<Draft>,
    /// The number of the current search for a path, and for each group the last search that saw it.
    search: u32,
    seen: Vec<u32>,
}

/// A group that may still grow, or become part of another.
#[derive(Default)]
struct Draft {
    equations: Vec<usize>,
    common: Option<Common>,
    /// The groups that its equations read from, each once, by the numbers they had then.
    needs: Vec<usize>,
    /// Where its equations went when it was merged.
    merged_into: Option<usize>,
}

impl Growing<'_> {
    /// The group that computes a value, or the array that it is found in.
    fn group_of(&self, v: Value) -> Option<usize> {
        self.storages.definition[self.storages.root(v).index()].and_then(|i| self.of[i])
    }

    fn reads(&self, equation: usize) -> &[Value] {
        &self.tape.equations()[equation].inputs
    }

    /// Finds a group for an equation.
    fn place(&mut self, i: usize, e: &Equation) {
        let Some(common) = common(self.tape, e) else {
            return self.open(i, None);
        };
        let mut operands: Vec<usize> = e.inputs.iter().filter_map(|v| self.group_of(*v)).collect();
        operands.sort_unstable();
        operands.dedup();
        let mut home: Option<usize> = None;
        for candidate in operands.iter().rev().copied() {
            let moved = e.inputs.iter().any(|v| self.storages.is_moved(*v) && self.group_of(*v) == Some(candidate));
            if moved || !self.compatible(candidate, &common) {
                continue;
            }
            match home {
                Some(home) => self.try_merge(home, candidate),
                None => {
                    let has_room = self.groups[candidate].equations.len() < GROUP;
                    let mut others = operands.iter().filter(|n| **n != candidate);
                    if has_room && others.all(|n| !self.reaches(*n, candidate, None)) {
                        self.join(candidate, i, common.float);
                        home = Some(candidate);
                    }
                }
            }
        }
        if home.is_none() {
            self.open(i, Some(common));
        }
    }

    /// A new group for an equation.
    fn open(&mut self, equation: usize, common: Option<Common>) {
        let group = self.groups.len();
        self.groups.push(Draft { common, ..Draft::default() });
        self.add(group, equation);
    }

    fn compatible(&self, group: usize, common: &Common) -> bool {
        let other = self.groups[group].common.as_ref();
        let agree = |a: Option<DType>, b: Option<DType>| a.is_none() || b.is_none() || a == b;
        other.is_some_and(|other| other.shape == common.shape && agree(other.float, common.float))
    }

    /// Puts an equation into a group, whose float type may become known by it.
    fn join(&mut self, group: usize, equation: usize, float: Option<DType>) {
        self.add(group, equation);
        if let Some(common) = &mut self.groups[group].common {
            common.float = common.float.or(float);
        }
    }

    fn add(&mut self, group: usize, equation: usize) {
        self.of[equation] = Some(group);
        self.groups[group].equations.push(equation);
        for v in &self.tape.equations()[equation].inputs {
            if let Some(n) = self.group_of(*v)
                && n != group
                && !self.groups[group].needs.contains(&n)
            {
                self.groups[group].needs.push(n);
            }
        }
    }

    /// Makes `other` part of `home`, unless a path between them leaves both or one reads from the other in another order.
    fn try_merge(&mut self, home: usize, other: usize) {
        if self.groups[home].equations.len() + self.groups[other].equations.len() > GROUP {
            return;
        }
        if self.reaches(home, other, Some(other)) || self.reaches(other, home, Some(home)) {
            return;
        }
        let both = [home, other];
        let mut reads = both.iter().flat_map(|n| &self.groups[*n].equations).flat_map(|i| self.reads(*i));
        if reads.any(|v| self.storages.is_moved(*v) && self.group_of(*v).is_some_and(|n| both.contains(&n))) {
            return;
        }
        let merged = std::mem::take(&mut self.groups[other]);
        self.groups[other].merged_into = Some(home);
        let float = merged.common.and_then(|common| common.float);
        for i in merged.equations {
            self.join(home, i, float);
        }
        self.groups[home].equations.sort_unstable();
    }

    /// The groups that a group reads from, by the numbers they have now.
    fn needs(&self, group: usize) -> impl Iterator<Item = usize> + '_ {
        self.groups[group].needs.iter().map(|n| self.merged(*n)).filter(move |n| *n != group)
    }

    /// The group that a group has become part of.
    fn merged(&self, group: usize) -> usize {
        let mut group = group;
        while let Some(home) = self.groups[group].merged_into {
            group = home;
        }
        group
    }

    /// Whether `from` reads from `target`, directly or not; with `not_directly`, ways that lead there in one step do not count.
    ///
    /// Past [`SEARCHED`] groups the answer is yes: on long tapes that costs a fusion here and there, where a full search for
    /// every pair would take longer than all else.
    fn reaches(&mut self, from: usize, target: usize, not_directly: Option<usize>) -> bool {
        if not_directly.is_none() && from == target {
            return true;
        }
        self.search += 1;
        self.seen.resize(self.groups.len(), 0);
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

    /// The groups that are left, numbered anew, and what crosses their borders.
    fn finished(self) -> Groups {
        let stored = self.stored();
        let left: Vec<usize> = (0..self.groups.len()).filter(|n| self.groups[*n].merged_into.is_none()).collect();
        let mut new = vec![usize::MAX; self.groups.len()];
        for (i, n) in left.iter().enumerate() {
            new[*n] = i;
        }
        let needs: Vec<Vec<usize>> = left.iter().map(|n| self.needs(*n).map(|n| new[n]).collect()).collect();
        let of = self.of.iter().map(|n| n.map(|n| new[n])).collect();
        let drafts = self.groups.into_iter().filter(|draft| draft.merged_into.is_none());
        let groups = drafts.zip(needs);
        let all = groups.map(|(d, needs)| Group { equations: d.equations, common: d.common, needs }).collect();
        Groups { all, of, stored }
    }

    fn stored(&self) -> Vec<bool> {
        let mut stored = vec![false; self.tape.value_count()];
        for (i, e) in self.tape.equations().iter().enumerate() {
            let fused = self.of[i].filter(|n| self.groups[*n].common.is_some());
            for v in &e.inputs {
                let inside = fused.is_some() && !self.storages.is_moved(*v) && self.group_of(*v) == fused;
                if !inside {
                    stored[self.storages.root(*v).index()] = true;
                }
            }
        }
        for v in self.tape.outputs() {
            stored[self.storages.root(*v).index()] = true;
        }
        stored
    }
}
