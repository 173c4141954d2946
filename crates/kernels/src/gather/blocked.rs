//! Sums of many updates to the same rows that keep their digits.

use crate::element::Real;

/// Updates of one row that are added one after the other.
pub(super) const BLOCK: usize = 64;

/// What the rows of y have got beyond their first block.
///
/// A row of y holds the sum of its latest block, which is not full; full blocks wait on a stack of the row's own, combined as a binary counter
/// carries. A row that gets fewer than [`BLOCK`] updates has no stack, so that there are at most as many as full blocks.
pub(super) struct Blocked<T> {
    /// The number of updates of each row modulo 256: a multiple of [`BLOCK`], and small enough to stay in a near cache.
    counts: Vec<u8>,
    /// One more than the row's place in `stacks`, or 0; empty until there is a stack.
    places: Vec<u32>,
    stacks: Vec<Stack<T>>,
}

/// The full blocks of a row: the sums of the aligned powers of two that make up their number, the largest first.
struct Stack<T> {
    row: usize,
    blocks: usize,
    waiting: Vec<T>,
}

impl<T: Real> Blocked<T> {
    /// For `rows` rows.
    pub fn new(rows: usize) -> Self {
        Blocked { counts: vec![0; rows], places: Vec::new(), stacks: Vec::new() }
    }

    /// y\[row\] += update for each of them, with rows of one element.
    #[inline(always)]
    pub fn add_each(&mut self, y: &mut [T], mut updates: impl Iterator<Item = (usize, T)>) {
        loop {
            // What a full block needs stays out of the loop: it would take its registers.
            let counts = &mut *self.counts;
            let full = updates.find_map(|(row, update)| {
                y[row] += update;
                let count = counts[row].wrapping_add(1);
                counts[row] = count;
                (count as usize).is_multiple_of(BLOCK).then_some(row)
            });
            match full {
                Some(row) => self.push(row, &mut y[row..][..1]),
                None => return,
            }
        }
    }

    /// y\[row, ·\] += update for each of them, with rows of `inner` elements.
    #[inline(always)]
    pub fn add_rows<'a>(&mut self, y: &mut [T], inner: usize, mut updates: impl Iterator<Item = (usize, &'a [T])>) {
        loop {
            let counts = &mut *self.counts;
            let full = updates.find_map(|(row, update)| {
                for (y, &u) in y[row * inner..][..inner].iter_mut().zip(update) {
                    *y += u;
                }
                let count = counts[row].wrapping_add(1);
                counts[row] = count;
                (count as usize).is_multiple_of(BLOCK).then_some(row)
            });
            match full {
                Some(row) => self.push(row, &mut y[row * inner..][..inner]),
                None => return,
            }
        }
    }

    /// Puts a full block on the row's stack and starts the next one.
    #[cold]
    fn push(&mut self, row: usize, y: &mut [T]) {
        if self.places.is_empty() {
            self.places = vec![0; self.counts.len()];
        }
        if self.places[row] == 0 {
            self.stacks.push(Stack { row, blocks: 0, waiting: Vec::new() });
            self.places[row] = self.stacks.len() as u32;
        }
        let stack = &mut self.stacks[self.places[row] as usize - 1];
        let mut carries = stack.blocks;
        while carries & 1 == 1 {
            let rest = stack.waiting.len() - y.len();
            for (y, &left) in y.iter_mut().zip(&stack.waiting[rest..]) {
                *y = left + *y;
            }
            stack.waiting.truncate(rest);
            carries >>= 1;
        }
        stack.waiting.extend_from_slice(y);
        stack.blocks += 1;
        y.fill(T::zero());
    }

    /// Adds the full blocks to the rows of y, and starts anew.
    pub fn finish(&mut self, y: &mut [T], inner: usize) {
        for stack in self.stacks.drain(..) {
            self.places[stack.row] = 0;
            let y = &mut y[stack.row * inner..][..inner];
            for left in stack.waiting.chunks_exact(inner).rev() {
                for (y, &left) in y.iter_mut().zip(left) {
                    *y = left + *y;
                }
            }
        }
        self.counts.fill(0);
    }
}
