//! A window that slides over images: what `patches` and its transpose share.

use crate::error::{Error, bail};
use crate::tape::{Param, Params};

/// The size of an image and of the window on it. Zeros are padded around the image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Channels of the image.
    pub channels: usize,
    /// Height of the image.
    pub height: usize,
    /// Width of the image.
    pub width: usize,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between neighbouring positions, down and across.
    pub stride: [usize; 2],
    /// Zeros above, below, left and right.
    pub padding: [usize; 4],
    /// Distance between neighbouring entries of the window, down and across.
    pub dilation: [usize; 2],
}

impl Window {
    fn places(size: usize, padding: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
        (size + padding - (dilation * (kernel - 1) + 1)) / stride + 1 // `check` has seen that nothing here overflows
    }

    /// Positions down.
    pub fn out_height(&self) -> usize {
        let [top, bottom, ..] = self.padding;
        Window::places(self.height, top + bottom, self.kernel[0], self.stride[0], self.dilation[0])
    }

    /// Positions across.
    pub fn out_width(&self) -> usize {
        let [.., left, right] = self.padding;
        Window::places(self.width, left + right, self.kernel[1], self.stride[1], self.dilation[1])
    }

    /// All positions.
    pub fn positions(&self) -> usize {
        self.out_height().saturating_mul(self.out_width())
    }

    /// Entries of a window: channels × height × width.
    pub fn rows(&self) -> usize {
        self.channels.saturating_mul(self.kernel[0]).saturating_mul(self.kernel[1])
    }

    /// Which entry `[channel, row, column]` of the image stands in row r, column p of its patches; none in the padding.
    pub(super) fn source(&self, r: usize, p: usize) -> Option<[usize; 3]> {
        let [kh, kw] = self.kernel;
        let (c, down, across) = (r / (kh * kw), r / kw % kh, r % kw);
        let (y, x) = (p / self.out_width(), p % self.out_width());
        let row = (y * self.stride[0] + down * self.dilation[0]).checked_sub(self.padding[0])?;
        let col = (x * self.stride[1] + across * self.dilation[1]).checked_sub(self.padding[2])?;
        (row < self.height && col < self.width).then_some([c, row, col])
    }

    /// The same, as the kernels take it.
    pub(super) fn kernel_sizes(&self) -> quadric_kernels::Patches {
        let [top, bottom, left, right] = self.padding;
        quadric_kernels::Patches {
            channels: self.channels,
            height: self.height,
            width: self.width,
            kernel: self.kernel.into(),
            stride: self.stride.into(),
            padding: ((top, bottom), (left, right)),
            dilation: self.dilation.into(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let [top, bottom, left, right] = self.padding;
        if self.kernel.contains(&0) || self.stride.contains(&0) || self.dilation.contains(&0) {
            bail!(
                Shape,
                "kernel {:?}, stride {:?} and dilation {:?} must be at least 1",
                self.kernel,
                self.stride,
                self.dilation
            );
        }
        let reach = |i: usize| self.dilation[i].saturating_mul(self.kernel[i] - 1).saturating_add(1);
        let padded = [(self.height, top, bottom), (self.width, left, right)]
            .map(|(n, a, b)| n.saturating_add(a).saturating_add(b));
        if padded.iter().any(|n| *n > isize::MAX as usize) {
            bail!(Shape, "the padding {:?} is larger than any memory", self.padding);
        }
        if padded[0] < reach(0) || padded[1] < reach(1) {
            bail!(Shape, "a window of {}x{} does not fit the padded image", reach(0), reach(1));
        }
        Ok(())
    }

    pub(crate) fn params(&self) -> Params {
        Params::none()
            .with("image", &[self.channels, self.height, self.width][..])
            .with("kernel", &self.kernel[..])
            .with("stride", &self.stride[..])
            .with("padding", Param::from(&self.padding[..]))
            .with("dilation", &self.dilation[..])
    }

    pub(crate) fn parse(p: &Params) -> Result<Window, String> {
        fn list<const N: usize>(p: &Params, name: &str) -> Result<[usize; N], String> {
            p.sizes(name)?.try_into().map_err(|_| format!("parameter `{name}` needs {N} entries"))
        }
        let [channels, height, width] = list(p, "image")?;
        Ok(Window {
            channels,
            height,
            width,
            kernel: list(p, "kernel")?,
            stride: list(p, "stride")?,
            padding: list(p, "padding")?,
            dilation: list(p, "dilation")?,
        })
    }

    /// Cases: plain; stride and padding; dilation.
    pub(crate) fn samples() -> Vec<Window> {
        let plain = Window {
            channels: 1,
            height: 4,
            width: 3,
            kernel: [2, 2],
            stride: [1, 1],
            padding: [0; 4],
            dilation: [1, 1],
        };
        let strided = Window {
            channels: 2,
            height: 5,
            width: 4,
            kernel: [3, 3],
            stride: [2, 2],
            padding: [1, 1, 1, 0],
            ..plain.clone()
        };
        let dilated = Window { height: 5, width: 5, dilation: [2, 3], padding: [0, 1, 2, 0], ..plain.clone() };
        vec![plain, strided, dilated]
    }
}
