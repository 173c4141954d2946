//! What attention remembers of the places so far.

use quadric_autodiff::trace::{Var, iota, select};
use quadric_autodiff::{DType, Tensor, Tree, Type};

use crate::LIBRARY;

/// The keys and values of the places so far, for [`Attention::step`](super::Attention::step): what goes in and comes out, like any state.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Attention, AttentionCache, AttentionOptions, generator};
/// let options = AttentionOptions { causal: true, ..AttentionOptions::default() };
/// let attention = Attention::with_options(4, 2, options, DType::F64, &mut generator(1));
/// let mut step = compile(|(a, x, c): (Attention<Var>, Var, AttentionCache<Var>)| a.step(x, &c));
/// let x = Tensor::from_fn(DType::F64, [1, 1, 4], |i| i as f64);
/// let (_, cache) = step.call((attention.clone(), x.clone(), attention.cache(1, 2)))?;
/// assert_eq!(cache.room(), 1);
/// let (_, cache) = step.call((attention.clone(), x.clone(), cache))?;
/// assert!(step.call((attention, x, cache)).is_err()); // it is full
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct AttentionCache<T = Tensor> {
    /// `[B, K, S, d]`, K the heads of keys and values, S the places there is room for.
    pub keys: T,
    /// The same.
    pub values: T,
    /// How many places are filled, `i32`.
    pub length: T,
}

impl AttentionCache<Tensor> {
    /// Nothing yet, with these sizes B, K, S, d.
    pub(crate) fn empty(sizes: [usize; 4], dtype: DType) -> AttentionCache {
        let zeros = Tensor::zeros(Type::new(dtype, sizes));
        AttentionCache { keys: zeros.clone(), values: zeros, length: Tensor::scalar(0) }
    }

    /// The same for each of `count` blocks, along axis 0.
    pub(crate) fn empty_stack(count: usize, sizes: [usize; 4], dtype: DType) -> AttentionCache {
        let zeros = Tensor::zeros(Type::new(dtype, [&[count], &sizes[..]].concat()));
        AttentionCache { keys: zeros.clone(), values: zeros, length: Tensor::from_vec(&vec![0i32; count]) }
    }

    /// How many places are free.
    pub fn room(&self) -> usize {
        let shape = self.keys.shape();
        let filled = self.length.to_f64_vec().into_iter().fold(0.0, f64::max);
        shape[shape.rank() - 2] - filled as usize
    }
}

impl AttentionCache<Var> {
    /// S.
    #[track_caller]
    pub(super) fn capacity(&self) -> usize {
        self.keys.shape()[2]
    }

    /// The next places, `i32[count]`: taken from those that there are, so that one too many is an error and not lost.
    #[track_caller]
    pub(super) fn next_places(&self, count: usize) -> Var {
        let capacity = self.capacity();
        // The scope's name stands before the sentence of the one mistake that the gather can find.
        LIBRARY.scope(&format!("the cache of {capacity} places is full"), || {
            iota(DType::I32, [capacity], 0).gather(iota(DType::I32, [count], 0) + self.length, 0)
        })
    }

    /// With the keys and values of the next places, `[B, K, n, d]`.
    #[track_caller]
    pub(super) fn with(&self, keys: Var, values: Var) -> AttentionCache<Var> {
        LIBRARY.scope("cache", || {
            let count = keys.shape()[2];
            if count == 0 {
                return self.clone();
            }
            // Which of the new rows each place of the cache takes, if one.
            let row = iota(DType::I32, [self.capacity()], 0) - self.length;
            let is_new = row.ge(0).and(row.lt(count as f64)).expand_dims(&[-1]);
            let row = row.clamp(0, (count - 1) as f64);
            let put = |old: Var, new: Var| select(is_new, new.gather(row, 2), old);
            let length = self.length + count as f64;
            AttentionCache { keys: put(self.keys, keys), values: put(self.values, values), length }
        })
    }
}
