//! Phase 4: in which slot of memory each value is.
//!
//! A value that a step writes lives from that step to the last one that reads it, and values whose lives do not overlap may
//! share a slot. Going through the steps, a result takes the smallest free slot that is large enough, or else the largest,
//! which grows. A step never writes where it reads. A result of the program keeps a slot of its own size to itself, because
//! its storage is handed out; one that is an argument, a constant or another result is copied.

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
    // The order in which values were written: buffers that become free together are used again in it.
    let mut age = vec![0; tape.value_count()];
    let mut count = 0;
    let mut pool = Pool { bytes: Vec::new(), free: Vec::new() };
    for (i, task) in schedule.tasks.iter().enumerate() {
        for v in &task.writes {
            let bytes = tape.type_of(*v).bytes();
            let slot = if last[v.index()] == Last::End { pool.fresh(bytes) } else { pool.take(bytes) };
            places[v.index()] = Some(Place::Slot(slot));
            age[v.index()] = count;
            count += 1;
        }
        let touched = task.reads.iter().map(|read| read.value).chain(task.writes.iter().copied());
        let mut done: Vec<Value> = touched.filter(|v| last[v.index()] <= Last::Step(i)).collect();
        done.sort_unstable_by_key(|v| (age[v.index()], *v));
        done.dedup();
        pool.free.extend(done.into_iter().filter_map(|v| places[v.index()].and_then(Place::slot)));
    }
    let mut taken = vec![false; pool.bytes.len()];
    let outputs = schedule.outputs.iter();
    let owned = outputs.map(|output| match places[output.value.index()] {
        Some(Place::Slot(s)) => !std::mem::replace(&mut taken[s], true),
        _ => false,
    });
    Buffers { owned: owned.collect(), places, slots: pool.bytes }
}

/// Slots, and which of them are free.
struct Pool {
    bytes: Vec<usize>,
    free: Vec<usize>,
}

impl Pool {
    fn fresh(&mut self, bytes: usize) -> usize {
        self.bytes.push(bytes);
        self.bytes.len() - 1
    }

    /// The smallest free slot that is large enough, or the largest, grown, or a new one.
    fn take(&mut self, bytes: usize) -> usize {
        let free = self.free.iter().copied();
        let fit = free.clone().filter(|b| self.bytes[*b] >= bytes).min_by_key(|b| self.bytes[*b]);
        let Some(slot) = fit.or_else(|| free.max_by_key(|b| self.bytes[*b])) else {
            return self.fresh(bytes);
        };
        self.free.retain(|b| *b != slot);
        self.bytes[slot] = self.bytes[slot].max(bytes);
        slot
    }
}
