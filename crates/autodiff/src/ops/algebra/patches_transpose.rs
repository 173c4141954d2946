//! `patches_transpose`: windows added back into images (col2im).

use super::window::Window;
use crate::ops::Patches;
use crate::ops::prelude::*;

/// `[B, C·kh·kw, oh·ow] → [B, C, H, W]`: the transpose of `patches`. Overlapping windows add up in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatchesTranspose {
    /// The image and the window that slides over it.
    pub window: Window,
}

impl Parameters for PatchesTranspose {
    fn params(&self) -> Params {
        self.window.params()
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(PatchesTranspose { window: Window::parse(p)? })
    }
}

impl Primitive<1> for PatchesTranspose {
    const NAME: &'static str = "patches_transpose";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let w = &self.window;
        w.check()?;
        if x.shape.rank() != 3 || x.shape[1..] != [w.rows(), w.positions()] {
            bail!(Shape, "the windows are {x}, [B,{},{}] is needed", w.rows(), w.positions());
        }
        Ok(float(x)?.with_shape([x.shape[0], w.channels, w.height, w.width]))
    }

    /// Linear: x̄ is the windows of ȳ.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| [Some(t.put(op(Patches { window: this.window.clone() }), &[y_bar]))])
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
            let sizes = self.window.kernel_sizes();
            quadric_kernels::patches::patches_transpose(&sizes, batch, x.elements::<T>(), y.elements());
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let mut out = vec![S::ZERO; y.shape.size()];
        for (i, u) in x.reals().iter().enumerate() {
            let index = unravel(i, &x.ty.shape);
            if let Some([c, row, col]) = self.window.source(index[1], index[2]) {
                let to = ravel(&[index[0], c, row, col], &y.shape);
                out[to] = out[to] + *u;
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        Window::samples().into_iter().map(|window| {
            let shape = shape![2, window.rows(), window.positions()];
            Sample::reals(PatchesTranspose { window }, [shape])
        }).collect()
    }
}
