//! One zeroed, 64-byte-aligned byte buffer with typed views at byte offsets.
//!
//! A compiled program keeps all its buffers in one arena and addresses them by offset. Within one step it reads some
//! of them and writes others, which the borrow checker cannot see: hence [`Split`], which checks at run time what
//! `&mut` checks at compile time, that a range being written is handed out only once. The planner above is supposed
//! to get this right; the check turns its mistakes into panics instead of undefined behaviour.

use crate::element::Element;
use std::marker::PhantomData;
use std::ops::Range;

/// Alignment of the arena's first byte: a cache line, and a vector of the widest path.
const ALIGNMENT: usize = 64;

/// A byte buffer, zeroed when made, with typed views.
///
/// Fresh pages come from the operating system as they are first touched, so a large arena costs what is used of it.
pub struct Arena {
    /// `ALIGNMENT` bytes longer than asked for; never reallocated, so `start` stays right.
    bytes: Vec<u8>,
    /// Offset of the first aligned byte.
    start: usize,
    len: usize,
}

impl Arena {
    /// A zeroed arena of `bytes` bytes.
    ///
    /// # Panics
    /// If the memory cannot be had.
    pub fn new(bytes: usize) -> Arena {
        let capacity = bytes.checked_add(ALIGNMENT).expect("an arena's size fits the address space");
        let buffer = vec![0u8; capacity];
        let start = buffer.as_ptr().align_offset(ALIGNMENT);
        assert!(start < ALIGNMENT, "a byte pointer can be aligned");
        Arena { bytes: buffer, start, len: bytes }
    }

    /// The size in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the size is zero.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `len` elements that start at byte `offset`.
    ///
    /// # Panics
    /// If they do not lie inside the arena, or `offset` is not a multiple of the element's alignment.
    pub fn view<T: Element>(&self, offset: usize, len: usize) -> &[T] {
        let range = checked_range::<T>(self.len, offset, len);
        // SAFETY: the range lies inside the buffer after `start` and is aligned for T (`checked_range`; `start` is
        // aligned to 64); every bit pattern is a T (`Element` is sealed); `&self` keeps writers away.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().add(self.start + range.start).cast::<T>(), len) }
    }

    /// The `len` elements that start at byte `offset`, for writing.
    ///
    /// # Panics
    /// As [`Arena::view`].
    pub fn view_mut<T: Element>(&mut self, offset: usize, len: usize) -> &mut [T] {
        let range = checked_range::<T>(self.len, offset, len);
        // SAFETY: as in `view`; `&mut self` keeps every other access away.
        unsafe {
            std::slice::from_raw_parts_mut(self.bytes.as_mut_ptr().add(self.start + range.start).cast::<T>(), len)
        }
    }

    /// Hands the arena out in pieces for one step: see [`Split`].
    pub fn split(&mut self) -> Split<'_> {
        Split {
            base: self.bytes[self.start..].as_mut_ptr(),
            len: self.len,
            reads: Ranges::new(),
            writes: Ranges::new(),
            arena: PhantomData,
        }
    }
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arena({} bytes)", self.len)
    }
}

/// Most ranges that one [`Split`] can read.
pub const MAX_READS: usize = 64;
/// Most ranges that one [`Split`] can write.
pub const MAX_WRITES: usize = 16;

/// Hands out views of an arena for one step: any number of readers of a byte, or one writer.
///
/// Checked at run time against the ranges handed out before, which are kept inline: no allocation. Empty views
/// take no room and conflict with nothing.
///
/// ```
/// use quadric_kernels::Arena;
/// let mut arena = Arena::new(64);
/// arena.view_mut::<f32>(0, 2).copy_from_slice(&[1.0, 2.0]);
/// let mut split = arena.split();
/// let (y, x) = (split.write::<f32>(8, 2), split.read::<f32>(0, 2));
/// y[0] = x[0] + x[1];
/// assert_eq!(arena.view::<f32>(8, 1), [3.0]);
/// ```
pub struct Split<'a> {
    base: *mut u8,
    len: usize,
    reads: Ranges<MAX_READS>,
    writes: Ranges<MAX_WRITES>,
    arena: PhantomData<&'a mut Arena>,
}

impl<'a> Split<'a> {
    /// The `len` elements at byte `offset`, for this caller alone.
    ///
    /// # Panics
    /// If the range overlaps one handed out before, for reading or writing; if [`MAX_WRITES`] are out; and as
    /// [`Arena::view`].
    pub fn write<T: Element>(&mut self, offset: usize, len: usize) -> &'a mut [T] {
        let range = checked_range::<T>(self.len, offset, len);
        self.reads.check(&range, "written", "being read");
        self.writes.check(&range, "written", "being written");
        self.writes.push(&range);
        // SAFETY: inside the arena and aligned (`checked_range`), borrowed mutably for 'a (`arena`), and disjoint from
        // every other range handed out (checked above, and recorded for those that follow).
        unsafe { std::slice::from_raw_parts_mut(self.base.add(range.start).cast::<T>(), len) }
    }

    /// The `len` elements at byte `offset`, shared with other readers.
    ///
    /// # Panics
    /// If the range overlaps one being written; if [`MAX_READS`] are out; and as [`Arena::view`].
    pub fn read<T: Element>(&mut self, offset: usize, len: usize) -> &'a [T] {
        let range = checked_range::<T>(self.len, offset, len);
        self.writes.check(&range, "read", "being written");
        self.reads.push(&range);
        // SAFETY: inside the arena and aligned (`checked_range`), borrowed for 'a (`arena`), and no writer overlaps it
        // (checked above; later writers check against the recorded range).
        unsafe { std::slice::from_raw_parts(self.base.add(range.start).cast::<T>(), len) }
    }
}

/// The byte range of `len` elements at `offset`, inside an arena of `arena` bytes.
fn checked_range<T: Element>(arena: usize, offset: usize, len: usize) -> Range<usize> {
    let end = len.checked_mul(size_of::<T>()).and_then(|bytes| bytes.checked_add(offset));
    match end {
        Some(end) if end <= arena => {
            assert!(offset.is_multiple_of(align_of::<T>()), "arena: byte offset {offset} is not aligned for its type");
            offset..end
        }
        _ => panic!("arena: {len} elements at byte {offset} do not fit into {arena} bytes"),
    }
}

/// A short list of byte ranges, inline.
struct Ranges<const N: usize> {
    ranges: [(usize, usize); N],
    count: usize,
}

impl<const N: usize> Ranges<N> {
    fn new() -> Self {
        Ranges { ranges: [(0, 0); N], count: 0 }
    }

    fn check(&self, range: &Range<usize>, doing: &str, done: &str) {
        for &(start, end) in &self.ranges[..self.count] {
            // An empty `range` overlaps nothing: one of the two comparisons fails only if it lies strictly inside.
            if range.start < end && start < range.end && !range.is_empty() {
                panic!("arena: bytes {range:?} are to be {doing} while {:?} are {done}", start..end);
            }
        }
    }

    fn push(&mut self, range: &Range<usize>) {
        if !range.is_empty() {
            assert!(self.count < N, "arena: one step handed out more than {N} ranges of a kind");
            self.ranges[self.count] = (range.start, range.end);
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_zeroed_and_aligned() {
        for bytes in [0, 1, 63, 64, 4096] {
            let arena = Arena::new(bytes);
            assert_eq!(arena.len(), bytes);
            assert!(arena.view::<u8>(0, bytes).iter().all(|&b| b == 0));
            assert_eq!(arena.view::<u8>(0, 0).as_ptr() as usize % ALIGNMENT, 0);
        }
    }

    #[test]
    fn views_of_other_types_share_the_bytes() {
        let mut arena = Arena::new(64);
        arena.view_mut::<f32>(4, 1)[0] = 1.0;
        assert_eq!(arena.view::<u32>(4, 1), [0x3f80_0000]);
    }

    #[test]
    fn readers_overlap_and_writers_are_disjoint() {
        let mut arena = Arena::new(64);
        let mut split = arena.split();
        let a = split.read::<f64>(0, 4);
        let b = split.read::<f64>(8, 2);
        let y = split.write::<f64>(32, 2);
        let z = split.write::<f64>(48, 2);
        let empty = split.write::<f64>(8, 0);
        y[1] = a[1] + b[0] + empty.len() as f64 + 1.0;
        z[0] = 2.0;
        assert_eq!(arena.view::<f64>(32, 4), [0.0, 1.0, 2.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "bytes 16..24 are to be written while 0..32 are being read")]
    fn writing_what_is_read_panics() {
        let mut arena = Arena::new(64);
        let mut split = arena.split();
        split.read::<f64>(0, 4);
        split.write::<f64>(16, 1);
    }

    #[test]
    #[should_panic(expected = "are to be read while")]
    fn reading_what_is_written_panics() {
        let mut arena = Arena::new(64);
        let mut split = arena.split();
        split.write::<f64>(0, 4);
        split.read::<f32>(28, 1);
    }

    #[test]
    #[should_panic(expected = "are being written")]
    fn writing_twice_panics() {
        let mut arena = Arena::new(64);
        let mut split = arena.split();
        split.write::<u8>(0, 4);
        split.write::<u8>(3, 4);
    }

    #[test]
    #[should_panic(expected = "do not fit")]
    fn views_beyond_the_end_panic() {
        Arena::new(64).view::<f64>(8, 8);
    }

    #[test]
    #[should_panic(expected = "do not fit")]
    fn overflowing_lengths_panic() {
        Arena::new(64).view::<f64>(8, usize::MAX / 4);
    }

    #[test]
    #[should_panic(expected = "not aligned")]
    fn unaligned_views_panic() {
        Arena::new(64).view::<f64>(4, 1);
    }
}
