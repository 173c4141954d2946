//! Sixteen logical lanes: the order of every sum along a contiguous row.
//!
//! The number is the same on every path, whatever its vectors hold, so that a sum's bits are too. Everything here is
//! on whole arrays of constant size: one index that is only known at run time, and the compiler keeps the lanes in
//! memory instead of in registers (that cost a factor of ten in `gemm`).

use crate::element::Real;

/// The number of lanes.
pub(crate) const LANES: usize = 16;

/// One value per lane.
pub(crate) type Lanes<T> = [T; LANES];

/// The at most `LANES` elements of `x`, and zeros after them: adding those changes no lane.
#[inline(always)]
pub(crate) fn padded<T: Real>(x: &[T]) -> Lanes<T> {
    let mut lanes = [T::zero(); LANES];
    lanes[..x.len()].copy_from_slice(x);
    lanes
}

/// The sum of the lanes, folded in halves.
#[inline(always)]
pub(crate) fn fold<T: Real>(x: Lanes<T>) -> T {
    let x: [T; 8] = std::array::from_fn(
        #[inline(always)]
        |l| x[l] + x[l + 8],
    );
    let x: [T; 4] = std::array::from_fn(
        #[inline(always)]
        |l| x[l] + x[l + 4],
    );
    (x[0] + x[2]) + (x[1] + x[3])
}
