//! Splitting rows over threads, or not.
//!
//! The split decides only who computes a row, never how: callers pass work whose rows are independent. Recursion with
//! `rayon::join` needs no allocation of ours, and with one thread rayon is not entered at all.

/// Elements of work below which a second thread costs more than it brings (a rayon hand-over is some microseconds).
pub(crate) const GRAIN: usize = 1 << 15;

/// Calls `f(first_row, rows)` on contiguous groups of rows of `y`, at most `threads` of them at once.
///
/// `y` is rows of `row` elements. `work` is the size of the whole job in elements touched; below [`GRAIN`] per group
/// there are fewer groups.
pub(crate) fn rows<T: Send>(threads: usize, work: usize, y: &mut [T], row: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    if y.is_empty() || row == 0 {
        return;
    }
    let count = y.len() / row;
    let groups = threads.min(work / GRAIN).min(count).max(1);
    split(groups, 0, y, row, &f);
}

fn split<T: Send>(groups: usize, first: usize, y: &mut [T], row: usize, f: &(impl Fn(usize, &mut [T]) + Sync)) {
    if groups <= 1 {
        return f(first, y);
    }
    let left_groups = groups / 2;
    let left_rows = (y.len() / row) * left_groups / groups;
    let (left, right) = y.split_at_mut(left_rows * row);
    rayon::join(
        || split(left_groups, first, left, row, f),
        || split(groups - left_groups, first + left_rows, right, row, f),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_visited_once() {
        for threads in 0..5 {
            for count in [0, 1, 2, 3, 7, 16] {
                let mut y = vec![0usize; count * 3];
                rows(threads, GRAIN * 16, &mut y, 3, |first, rows| {
                    for (i, row) in rows.chunks_exact_mut(3).enumerate() {
                        row.iter_mut().for_each(|v| *v += first + i + 1);
                    }
                });
                let expected: Vec<usize> = (0..count).flat_map(|i| [i + 1; 3]).collect();
                assert_eq!(y, expected);
            }
        }
    }
}
