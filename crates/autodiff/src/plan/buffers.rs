//! Phase 4: in which slot of memory each value is.
//!
//! A value that a step writes lives from that step to the last one that reads it, and values whose lives do not overlap may
//! share a slot. The largest values choose first (greedy by size, [Pisarchyk & Lee 2020], §4): each takes the smallest slot that is free
//! for all its life, of those the one that became free last, whose bytes may still be in a cache, or else a new one. So no slot grows, and no large one
//! is given to small values while a large value waits. A step never writes where it reads. A result of the program keeps a slot of its
//! own size to itself, because its storage is handed out; one that is an argument, a constant or another result is copied.
//!
//! Considered and set aside: going through the steps with a pool of free slots that grow. The plan of the gradient of a residual network with
//! checkpoints had 1.7 times the bytes that live at once, that of its Hessian product 2.5 times.
//!
//! [Pisarchyk & Lee 2020]: https://arxiv.org/abs/2001.03288

use std::collections::BTreeMap;

use super::order::Schedule;
use super::step::Place;
use super::storage::{Storage, Storages};
use crate::tape::{Tape, Value};

/// Where everything is.
pub(super) struct Buffers {
    /// By [`Value::index`]; `None` for what is not an array in memory.
    places: Vec<Option<Place>>,
    /// Bytes of the slots.
    pub(super) slots: Vec<usize>,
    /// For each output, whether its slot is its own.
    pub(super) owned: Vec<bool>,
}

impl Buffers {
    /// The place of an array that a step writes, or of an argument or constant.
    pub(super) fn place(&self, v: Value) -> Place {
        self.places[v.index()].expect("written before it is read")
    }
}

/// When a value is read for the last time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Last {
    Never,
    Step(usize),
    /// By the caller.
    End,
}

/// Places for the values of a schedule.
pub(super) fn buffers(tape: &Tape, storages: &Storages, schedule: &Schedule) -> Buffers {
    let mut last = vec![Last::Never; tape.value_count()];
    for (i, task) in schedule.tasks.iter().enumerate() {
        for read in &task.reads {
            last[read.value.index()] = Last::Step(i);
        }
    }
    for output in &schedule.outputs {
        last[output.value.index()] = Last::End;
    }
    let given = |storage: &Storage| match storage {
        Storage::Input(i) => Some(Place::Input(*i)),
        Storage::Constant(k) => Some(Place::Constant(*k)),
        _ => None,
    };
    let mut places: Vec<Option<Place>> = storages.of.iter().map(given).collect();
    let mut slots = Slots::default();
    let mut sharing: Vec<(usize, Life, Value)> = Vec::new();
    for (i, task) in schedule.tasks.iter().enumerate() {
        for v in &task.writes {
            let bytes = tape.type_of(*v).bytes();
            match last[v.index()] {
                Last::End => places[v.index()] = Some(Place::Slot(slots.new_one(bytes))),
                // What nobody reads is needed for this one step.
                Last::Never => sharing.push((bytes, Life { from: i, to: i }, *v)),
                Last::Step(to) => sharing.push((bytes, Life { from: i, to: to.max(i) }, *v)),
            }
        }
    }
    // Stable: of one size, in the order of the steps.
    sharing.sort_by_key(|(bytes, ..)| std::cmp::Reverse(*bytes));
    slots.open();
    for (bytes, life, v) in sharing {
        places[v.index()] = Some(Place::Slot(slots.take(bytes, life)));
    }
    // Numbered as they are first written, which is how a plan is read.
    let mut number: Vec<Option<usize>> = vec![None; slots.bytes.len()];
    let mut bytes = Vec::with_capacity(number.len());
    for v in schedule.tasks.iter().flat_map(|task| &task.writes) {
        if let Some(Place::Slot(slot)) = places[v.index()] {
            let new = *number[slot].get_or_insert_with(|| {
                bytes.push(slots.bytes[slot]);
                bytes.len() - 1
            });
            places[v.index()] = Some(Place::Slot(new));
        }
    }
    let mut taken = vec![false; bytes.len()];
    let outputs = schedule.outputs.iter();
    let owned = outputs.map(|output| match places[output.value.index()] {
        Some(Place::Slot(s)) => !std::mem::replace(&mut taken[s], true),
        _ => false,
    });
    Buffers { owned: owned.collect(), places, slots: bytes }
}

/// From the step that writes to the last one that reads, both included.
#[derive(Clone, Copy)]
struct Life {
    from: usize,
    to: usize,
}

/// Slots, and when they are taken.
#[derive(Default)]
struct Slots {
    bytes: Vec<usize>,
    /// Of the slots from `shared` on, the lives of the values in them, by their first step.
    lives: Vec<BTreeMap<usize, usize>>,
    shared: usize,
}

impl Slots {
    /// How many slots a value looks at: what bounds the work for a program that keeps a hundred thousand values at once.
    const LOOKED_AT: usize = 256;

    fn new_one(&mut self, bytes: usize) -> usize {
        self.bytes.push(bytes);
        self.bytes.len() - 1
    }

    /// From here on slots are shared.
    fn open(&mut self) {
        self.shared = self.bytes.len();
    }

    /// The smallest slot that is free for this life, of those the one that became free last, or a new one. Asked for in the order of falling size, so
    /// every slot is large enough and the newest is the smallest.
    fn take(&mut self, bytes: usize, life: Life) -> usize {
        let mut best: Option<(usize, usize)> = None;
        for (k, lives) in self.lives.iter().enumerate().rev().take(Slots::LOOKED_AT) {
            if best.is_some_and(|(b, _)| self.bytes[self.shared + k] > self.bytes[self.shared + b]) {
                break;
            }
            let before = lives.range(..=life.to).next_back();
            if before.is_some_and(|(_, to)| *to >= life.from) {
                continue;
            }
            let since = before.map_or(0, |(_, to)| to + 1);
            if best.is_none_or(|(_, other)| since > other) {
                best = Some((k, since));
            }
        }
        let k = match best {
            Some((k, _)) => k,
            None => {
                self.new_one(bytes);
                self.lives.push(BTreeMap::new());
                self.lives.len() - 1
            }
        };
        self.lives[k].insert(life.from, life.to);
        self.shared + k
    }
}
