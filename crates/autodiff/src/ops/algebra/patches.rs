//! `patches`: the windows of a batch of images, as columns (im2col).

use super::window::Window;
use crate::ops::PatchesTranspose;
use crate::ops::prelude::*;

/// `[B, C, H, W] → [B, C·kh·kw, oh·ow]`: column p of image b holds the window at output position p. A convolution is a product of this with
/// the kernels `[O, C·kh·kw]`; groups are a reshape of both before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Patches {
    /// The image and the window that slides over it.
    pub window: Window,
}

impl Parameters for Patches {
    fn params(&self) -> Params {
        self.window.params()
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Patches { window: Window::parse(p)? })
    }
}

impl Primitive<1> for Patches {
    const NAME: &'static str = "patches";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let w = &self.window;
        w.check()?;
        if x.shape.rank() != 4 || x.shape[1..] != [w.channels, w.height, w.width] {
            bail!(Shape, "the images are {x}, [B,{},{},{}] is needed", w.channels, w.height, w.width);
        }
        Ok(float(x)?.with_shape([x.shape[0], w.rows(), w.positions()]))
    }

    /// Linear: x̄ adds every window of ȳ back where it came from.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| [Some(t.put(op(PatchesTranspose { window: this.window.clone() }), &[y_bar]))])
    }

    /// The batch joins the images' own.
    fn vmap(&self, t: &mut Builder, [x]: [Batched; 1], size: usize) -> Value {
        let shape = t.shape_of(x.value);
        let flat = t.reshape(x.value, Shape::new([&[size * shape[1]], &shape[2..]].concat()));
        let y = t.put(op(self.clone()), &[flat]);
        let inner = t.shape_of(y);
        t.reshape(y, Shape::new([&[size, shape[1]], &inner[1..]].concat()))
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let batch = y.ty.shape[0];
        by_float!(y.ty.dtype, T => {
            quadric_kernels::patches::patches(&self.window.kernel_sizes(), batch, x.elements::<T>(), y.elements());
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let source = |i: Vec<usize>| self.window.source(i[1], i[2]).map(|[c, row, col]| vec![i[0], c, row, col]);
        Ok(x.pick_at(y, source))
    }

    fn samples() -> Vec<Sample> {
        Window::samples().into_iter().map(|window| {
            let shape = shape![2, window.channels, window.height, window.width];
            Sample::reals(Patches { window }, [shape])
        }).collect()
    }
}
