//! The primitives: one page each, and the one list.
//!
//! A new primitive is a new file and one word below. Its page says what it computes (`kernel`), its types (`infer`), its
//! derivative (`rule`), how it batches (`batch` or `vmap`), and the cases it is tested on (`samples`).

mod absent;
mod checkpoint;
mod concat;
mod custom;
mod prelude;
mod primitive;
mod sample;
mod scan;
mod tape_ext;

pub use checkpoint::Checkpoint;
pub use concat::Concat;
pub use custom::Custom;
pub use primitive::{Primitive, op};
pub use residual::Side;
pub use sample::{Domain, Sample};
pub use scan::Scan;
pub use tape_ext::Ops;

use crate::dtype::DType;
use crate::shape::{Axes, Shape, Type};
use crate::tape::{Batched, Builder, Op, Params, Value};

/// How the parser finds a primitive, and its cases.
struct Entry {
    name: &'static str,
    parse: fn(&Params) -> Result<Op, String>,
    samples: fn() -> Vec<Sample>,
}

fn entry<const N: usize, P: Primitive<N>>() -> Entry {
    Entry { name: P::NAME, parse: |p| P::parse(p).map(op), samples: P::samples }
}

macro_rules! primitives {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $( mod $module; pub use $module::$name; )*
        fn list() -> Vec<Entry> {
            vec![
                $( entry::<_, $name>(), )*
                Entry { name: "concat", parse: Concat::parse, samples: Concat::samples },
                Entry { name: "checkpoint", parse: Checkpoint::parse, samples: Vec::new },
                Entry { name: "scan", parse: Scan::parse, samples: Vec::new },
                Entry { name: "custom", parse: Custom::parse, samples: Vec::new },
            ]
        }
    };
}

primitives! {
    // Elementwise, one operand.
    neg::Neg, exp::Exp, expm1::Expm1, log::Log, log1p::Log1p, sqrt::Sqrt, rsqrt::Rsqrt, recip::Recip, sin::Sin, cos::Cos,
    tanh::Tanh, erf::Erf, logistic::Logistic, abs::Abs, sign::Sign, floor::Floor, powi::Powi, not::Not, convert::Convert,
    // Elementwise, two or three.
    add::Add, sub::Sub, mul::Mul, div::Div, pow::Pow, max::Max, min::Min, lt::Lt, le::Le, eq::Eq, ne::Ne, and::And, or::Or,
    select::Select,
    // Movement.
    broadcast::Broadcast, reshape::Reshape, permute::Permute, slice::Slice, pad::Pad, reverse::Reverse,
    // Along axes.
    sum::Sum, max_reduce::MaxReduce, argmax::ArgMax, argsort::ArgSort, cumsum::CumSum,
    // Products and places.
    dot::Dot, gather::Gather, scatter_add::ScatterAdd, gather_along::GatherAlong, scatter_add_along::ScatterAddAlong,
    // Images and small dense linear algebra.
    patches::Patches, patches_transpose::PatchesTranspose, cholesky::Cholesky, triangular_solve::TriangularSolve,
    // Sources.
    iota::Iota, constant::Constant, random_bits::RandomBits,
    // Identities with a meaning.
    residual::Residual, cut::Cut, stop_gradient::StopGradient, barrier::Barrier,
}

/// The names of all primitives.
pub fn names() -> Vec<&'static str> {
    list().iter().map(|e| e.name).collect()
}

/// The cases of every primitive.
pub fn samples() -> Vec<Sample> {
    list().iter().flat_map(|e| (e.samples)()).collect()
}

/// The primitive of that name with these parameters; `None` if there is none of that name.
pub fn find(name: &str, params: &Params) -> Option<Result<Op, String>> {
    list().iter().find(|e| e.name == name).map(|e| (e.parse)(params))
}
