//! Windows that slide over the last N axes of an array, for one, two and three of them: what convolutions and pools share.

use std::fmt;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Static};

/// One size for every axis, or a size for each: `3` and `[3, 5]`.
pub trait IntoSizes<const N: usize> {
    /// A size for each axis.
    fn sizes(self) -> [usize; N];
}

impl<const N: usize> IntoSizes<N> for usize {
    fn sizes(self) -> [usize; N] {
        [self; N]
    }
}

impl<const N: usize> IntoSizes<N> for [usize; N] {
    fn sizes(self) -> [usize; N] {
        self
    }
}

/// What stands around the input of a convolution or a pool.
///
/// # Example
/// ```
/// use quadric_nn::Padding;
/// assert_eq!(Padding::<2>::from(1), Padding::from([(1, 1), (1, 1)]));
/// assert_eq!(Padding::<2>::from([0, 2]), Padding::from([(0, 0), (2, 2)]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding<const N: usize> {
    /// So many entries before and behind, along each axis.
    Each([(usize, usize); N]),
    /// So many that the output has `⌈n / stride⌉` places along each axis; of an odd number the larger part is behind. An axis without entries
    /// stops the trace.
    Same,
}

impl<const N: usize> Static for Padding<N> {}

impl<const N: usize> Padding<N> {
    /// None.
    #[allow(non_upper_case_globals)] // it stands beside `Same`
    pub const Valid: Padding<N> = Padding::Each([(0, 0); N]);
}

impl<const N: usize> From<usize> for Padding<N> {
    fn from(all: usize) -> Padding<N> {
        Padding::Each([(all, all); N])
    }
}

impl<const N: usize> From<[usize; N]> for Padding<N> {
    fn from(both: [usize; N]) -> Padding<N> {
        Padding::Each(both.map(|n| (n, n)))
    }
}

impl<const N: usize> From<[(usize, usize); N]> for Padding<N> {
    fn from(each: [(usize, usize); N]) -> Padding<N> {
        Padding::Each(each)
    }
}

/// The window of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows<const N: usize> {
    /// Entries of the window.
    pub kernel: [usize; N],
    /// Distance between neighbouring places.
    pub stride: [usize; N],
    /// Around the input.
    pub padding: Padding<N>,
    /// Distance between neighbouring entries of the window.
    pub dilation: [usize; N],
}

impl<const N: usize> Static for Windows<N> {}

impl<const N: usize> Windows<N> {
    /// Every place, nothing around, entries side by side.
    pub(crate) fn new(kernel: [usize; N]) -> Windows<N> {
        const { one_to_three(N) };
        Windows { kernel, stride: [1; N], padding: Padding::Valid, dilation: [1; N] }
    }

    /// Of the names of a layer over one, two and three axes, the one over N.
    pub(crate) fn name(names: [&'static str; 3]) -> &'static str {
        const { one_to_three(N) };
        names[N - 1]
    }

    /// How far the window reaches along an axis.
    pub(crate) fn reach(&self, axis: usize) -> usize {
        self.dilation[axis].saturating_mul(self.kernel[axis].saturating_sub(1)).saturating_add(1)
    }

    /// Whether the window is a single entry and every entry has its place: no window has to be written out.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1; N] && self.stride == [1; N] && self.padded(&[1; N]) == [(0, 0); N]
    }

    /// The padding of an input of these sizes.
    pub(crate) fn padded(&self, sizes: &[usize; N]) -> [(usize, usize); N] {
        match self.padding {
            Padding::Each(each) => each,
            Padding::Same => std::array::from_fn(|i| {
                let places = sizes[i].div_ceil(self.stride[i]).saturating_sub(1);
                let all = (places * self.stride[i] + self.reach(i)).saturating_sub(sizes[i]);
                (all / 2, all - all / 2)
            }),
        }
    }

    /// The sizes of an input `[B, C, …]` with N axes behind the channels.
    #[track_caller]
    pub(crate) fn sizes(&self, layer: &str, x: Var) -> [usize; N] {
        let ty = x.ty();
        match ty.shape.get(2..).map(<[usize; N]>::try_from) {
            Some(Ok(sizes)) => sizes,
            _ => {
                let axes = Self::name(["L", "H,W", "D,H,W"]);
                let what = format!("{layer}: the input is {ty}, [B,C,{axes}] is needed");
                stop(Error::new(ErrorKind::Shape, what))
            }
        }
    }

    /// Stops the trace unless the window has a place in an input of these sizes.
    #[track_caller]
    pub(crate) fn check(&self, layer: &str, sizes: &[usize; N], x: &dyn fmt::Display) {
        let Windows { kernel, stride, dilation, .. } = self;
        if [kernel, stride, dilation].iter().any(|sizes| sizes.contains(&0)) {
            let what =
                format!("{layer}: kernel {kernel:?}, stride {stride:?} and dilation {dilation:?} must be at least 1");
            stop(Error::new(ErrorKind::Shape, what));
        }
        if self.padding == Padding::Same {
            has_entries(layer, sizes, x);
        }
        for (axis, (low, high)) in self.padded(sizes).into_iter().enumerate() {
            let (reach, n) = (self.reach(axis), sizes[axis]);
            if n.saturating_add(low).saturating_add(high) < reach {
                let what = format!(
                    "{layer}: a window of {reach} entries does not fit axis {} of the input {x}: {n} entries and {low} + {high} of padding",
                    axis + 2
                );
                stop(Error::new(ErrorKind::Shape, what));
            }
        }
    }

    /// The number of places along each axis of an input of these sizes, which [`check`](Windows::check) has seen.
    pub(crate) fn places(&self, sizes: &[usize; N]) -> [usize; N] {
        let padding = self.padded(sizes);
        std::array::from_fn(|i| (sizes[i] + padding[i].0 + padding[i].1 - self.reach(i)) / self.stride[i] + 1)
    }

    /// The windows as columns (im2col): `[B, C, …] → [B, C·Πk, places]`, and for three axes `[B·depth, C·Πk, places of the other two]`,
    /// the windows of the windows along the first axis. The padding is zeros.
    #[track_caller]
    pub(crate) fn unfold(&self, x: Var) -> Var {
        let shape = x.shape();
        let (batch, channels) = (shape[0], shape[1]);
        let sizes: [usize; N] = shape[2..].try_into().expect("`sizes` has seen it");
        let (p, plane) = (self.padded(&sizes), self.plane(&sizes));
        let x = match N {
            3 => {
                let pixels = sizes[1] * sizes[2];
                let x = x.reshape([batch, channels, sizes[0], pixels]);
                let x =
                    x.patches([self.kernel[0], 1], [self.stride[0], 1], [p[0].0, p[0].1, 0, 0], [self.dilation[0], 1]);
                let (rows, depth) = (channels * self.kernel[0], self.places(&sizes)[0]);
                x.reshape([batch, rows, depth, pixels]).permute(&[0, 2, 1, 3]).reshape([
                    batch * depth,
                    rows,
                    sizes[1],
                    sizes[2],
                ])
            }
            _ => x.reshape([batch, channels, plane.image[0], plane.image[1]]),
        };
        x.patches(plane.kernel, plane.stride, plane.padding, plane.dilation)
    }

    /// The transpose of [`unfold`](Windows::unfold) (col2im): windows added into an array `[B, C, …]` of these sizes.
    #[track_caller]
    pub(crate) fn fold(&self, columns: Var, batch: usize, sizes: &[usize; N]) -> Var {
        let (p, plane) = (self.padded(sizes), self.plane(sizes));
        let x = columns.patches_transpose(plane.image, plane.kernel, plane.stride, plane.padding, plane.dilation);
        let channels = x.shape()[1];
        if N < 3 {
            return x.reshape([&[batch, channels], &sizes[..]].concat());
        }
        let (depth, pixels) = (self.places(sizes)[0], sizes[1] * sizes[2]);
        let x = x.reshape([batch, depth, channels, pixels]).permute(&[0, 2, 1, 3]).reshape([
            batch,
            channels,
            depth * pixels,
        ]);
        let x = x.patches_transpose(
            [sizes[0], pixels],
            [self.kernel[0], 1],
            [self.stride[0], 1],
            [p[0].0, p[0].1, 0, 0],
            [self.dilation[0], 1],
        );
        x.reshape([&[batch, channels / self.kernel[0]], &sizes[..]].concat())
    }

    /// Rows `[B', R, P]` beside the columns of [`unfold`](Windows::unfold) as an array `[B, R, places…]`.
    #[track_caller]
    pub(crate) fn spread(x: Var, batch: usize, places: &[usize; N]) -> Var {
        let rows = x.shape()[1];
        if N < 3 {
            return x.reshape([&[batch, rows], &places[..]].concat());
        }
        let x = x.reshape([batch, places[0], rows, places[1], places[2]]);
        x.permute(&[0, 2, 1, 3, 4])
    }

    /// The inverse of [`spread`](Windows::spread).
    #[track_caller]
    pub(crate) fn gathered(x: Var) -> Var {
        let shape = x.shape();
        let (batch, rows, places) = (shape[0], shape[1], &shape[2..]);
        if N < 3 {
            return x.reshape([batch, rows, places.iter().product()]);
        }
        x.permute(&[0, 2, 1, 3, 4]).reshape([batch * places[0], rows, places[1] * places[2]])
    }

    /// The same windows with so much more padding behind that every window which begins within the input or the padding before it has its
    /// place: the number of places rounded up, as PyTorch's `ceil_mode` does.
    pub(crate) fn rounded_up(&self, sizes: &[usize; N]) -> Windows<N> {
        let each = self.padded(sizes);
        let padding = std::array::from_fn(|i| {
            let ((low, high), n, stride) = (each[i], sizes[i], self.stride[i]);
            let further = (n + low + high - self.reach(i)).div_ceil(stride);
            let last = if further * stride >= n + low { further.saturating_sub(1) } else { further };
            (low, high.max((last * stride + self.reach(i)).saturating_sub(n + low)))
        });
        Windows { padding: Padding::Each(padding), ..*self }
    }

    /// How many entries of each window lie within the input or so much around it, a number for each place, the last axis first to change.
    pub(crate) fn counts(&self, sizes: &[usize; N], around: &[(usize, usize); N]) -> Vec<usize> {
        let (padding, places) = (self.padded(sizes), self.places(sizes));
        let mut counts = vec![1];
        for axis in 0..N {
            let within = padding[axis].0 - around[axis].0..padding[axis].0 + sizes[axis] + around[axis].1;
            let along = |place: usize| {
                let entry = |k: usize| place * self.stride[axis] + k * self.dilation[axis];
                (0..self.kernel[axis]).filter(|k| within.contains(&entry(*k))).count()
            };
            let along: Vec<usize> = (0..places[axis]).map(along).collect();
            counts = counts.iter().flat_map(|count| along.iter().map(move |n| count * n)).collect();
        }
        counts
    }

    /// Stops the trace if a window has no entry of the input.
    #[track_caller]
    pub(crate) fn check_entries(&self, layer: &str, sizes: &[usize; N], x: &dyn fmt::Display) {
        if self.counts(sizes, &[(0, 0); N]).contains(&0) {
            let (kernel, padding) = (self.kernel, self.padded(sizes));
            let what =
                format!("{layer}: a window of {kernel:?} lies in the padding {padding:?} of the input {x} alone");
            stop(Error::new(ErrorKind::Shape, what));
        }
    }

    /// `[B, C, …] → [B, C, places…]`, each window reduced to a number by `f(x, axes)`, which leave the shape.
    #[track_caller]
    pub(crate) fn reduce(&self, x: Var, f: fn(Var, &[isize]) -> Var) -> Var {
        let shape = x.shape();
        let sizes: [usize; N] = shape[2..].try_into().expect("`sizes` has seen it");
        let places = self.places(&sizes);
        let result = [&shape[..2], &places[..]].concat();
        if self.stride == self.kernel && self.dilation == [1; N] && self.padded(&sizes) == [(0, 0); N] {
            // Side by side: an axis of windows and one within the window, of the entries themselves.
            let (mut x, mut apart) = (x, shape[..2].to_vec());
            for (axis, (places, kernel)) in places.into_iter().zip(self.kernel).enumerate() {
                x = x.slice(axis as isize + 2, 0..places * kernel);
                apart.extend([places, kernel]);
            }
            return f(x.reshape(apart), &(0..N as isize).map(|axis| 2 * axis + 3).collect::<Vec<_>>());
        }
        let channels = x.reshape([&[shape[0] * shape[1], 1], &sizes[..]].concat());
        f(self.unfold(channels), &[1]).reshape(result)
    }

    /// The window over the last two axes; a single axis has height 1.
    fn plane(&self, sizes: &[usize; N]) -> Plane {
        let padding = self.padded(sizes);
        let last_two = |all: &[usize; N], one: usize| if N == 1 { [one, all[0]] } else { [all[N - 2], all[N - 1]] };
        let (low, high) = (padding.map(|p| p.0), padding.map(|p| p.1));
        let ([top, left], [bottom, right]) = (last_two(&low, 0), last_two(&high, 0));
        Plane {
            image: last_two(sizes, 1),
            kernel: last_two(&self.kernel, 1),
            stride: last_two(&self.stride, 1),
            dilation: last_two(&self.dilation, 1),
            padding: [top, bottom, left, right],
        }
    }
}

/// Where a layer over arrays with N axes behind the channels is written down; the program of another does not compile.
pub(crate) const fn one_to_three(axes: usize) {
    assert!(1 <= axes && axes <= 3, "windows slide over one, two or three axes");
}

/// Stops the trace if there is nothing along an axis, where padding is chosen by what there is.
#[track_caller]
pub(crate) fn has_entries(layer: &str, sizes: &[usize], x: &dyn fmt::Display) {
    if let Some(axis) = sizes.iter().position(|n| *n == 0) {
        let what =
            format!("{layer}: axis {} of the input {x} has no entries that `Padding::Same` could be around", axis + 2);
        stop(Error::new(ErrorKind::Shape, what));
    }
}

/// A window as [`Var::patches`] takes it.
struct Plane {
    image: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 4],
    dilation: [usize; 2],
}

/// The builders that layers with a window have.
macro_rules! window_settings {
    ($($setting:ident: $doc:literal),*) => {$(
        #[doc = concat!("The same layer with ", $doc, ".")]
        #[must_use]
        pub fn $setting(mut self, sizes: impl $crate::layers::IntoSizes<N>) -> Self {
            self.windows.$setting = sizes.sizes();
            self
        }
    )*};
}
pub(crate) use window_settings;
