//! The primitives: one page each, a family a folder, and the one list.
//!
//! A new primitive is a new page and one word below. Its page says its types (`infer`), its derivative (`rule`), how it batches
//! (`batch` or `vmap`), what it computes, once by kernels (`kernel`, `run`) and once for reading (`define`), and the cases it is
//! tested on (`samples`).

mod page;

pub use algebra::window::Window;
pub use identity::residual::Side;
pub use page::{Domain, Elementwise, Given, Ops, Parameters, Primitive, Rule, Sample, Variadic, op};

use page::prelude;

use crate::tape::{Op, Params};

/// How the parser finds a primitive, and its cases.
struct Entry {
    name: &'static str,
    parse: fn(&Params) -> Result<Op, String>,
    samples: fn() -> Vec<Sample>,
}

/// The entry of a page.
fn entry<const N: usize, P: Primitive<N>>() -> Entry {
    Entry { name: P::NAME, parse: |p| P::parse(p).map(op), samples: P::samples }
}

/// The entry of a primitive that takes any number of operands, or has bodies.
fn variadic<P: Variadic>() -> Entry {
    Entry { name: P::NAME, parse: |p| P::parse(p).map(Op::new), samples: P::samples }
}

macro_rules! primitives {
    ($($(#[$doc:meta])* $family:ident { $($module:ident :: $name:ident $(($kind:ident))?),* $(,)? } $(, $shared:ident)* ;)*) => {
        $(
            $(#[$doc])*
            mod $family { $( pub(super) mod $module; )* $( pub(super) mod $shared; )* }
            $( pub use $family::$module::$name; )*
        )*
        fn list() -> Vec<Entry> {
            vec![$( $( primitives!(@ $name $($kind)?), )* )*]
        }
    };
    (@ $name:ident) => { entry::<_, $name>() };
    (@ $name:ident $kind:ident) => { $kind::<$name>() };
}

primitives! {
    /// Element by element; groups of them are one pass.
    pointwise {
        neg::Neg, exp::Exp, expm1::Expm1, log::Log, log1p::Log1p, sqrt::Sqrt, rsqrt::Rsqrt, recip::Recip, sin::Sin, cos::Cos, sinh::Sinh,
        cosh::Cosh, tanh::Tanh, sech::Sech, asin::Asin, acos::Acos, atan::Atan, asinh::Asinh, acosh::Acosh, atanh::Atanh, erf::Erf, erfc::Erfc,
        erf_inv::ErfInv, gaussian::Gaussian, half_gaussian::HalfGaussian, normal_cdf::NormalCdf, logistic::Logistic, softplus::Softplus, lgamma::Lgamma, polygamma::Polygamma, abs::Abs, sign::Sign, floor::Floor,
        ceil::Ceil, round::Round, powi::Powi, not::Not, convert::Convert, add::Add, sub::Sub, mul::Mul, div::Div, pow::Pow,
        pow_derivative::PowDerivative, atan2::Atan2, hypot::Hypot, logaddexp::LogAddExp,
        maximum::Maximum, minimum::Minimum, lt::Lt, le::Le, eq::Eq, ne::Ne, and::And, or::Or, select::Select,
    };
    /// The same entries in other places.
    movement { broadcast::Broadcast, reshape::Reshape, permute::Permute, slice::Slice, pad::Pad, reverse::Reverse, concat::Concat(variadic) };
    /// Along axes.
    reduce {
        sum::Sum, max::Max, argmax::ArgMax, cumargmax::CumArgMax, argsort::ArgSort, cumsum::CumSum, linear_recurrence::LinearRecurrence,
    };
    /// By index.
    index { gather::Gather, scatter_add::ScatterAdd, gather_along::GatherAlong, scatter_add_along::ScatterAddAlong };
    /// Products, images, small dense linear algebra.
    algebra {
        dot::Dot, patches::Patches, patches_transpose::PatchesTranspose, cholesky::Cholesky, triangular_solve::TriangularSolve,
        solve::Solve, det::Det, det_sign::DetSign, log_abs_det::LogAbsDet, qr_r::QrR, qr_q::QrQ, lstsq::Lstsq, inverse_gaps::InverseGaps,
        eigh_values::EighValues, eigh_vectors::EighVectors, svd_values::SvdValues, svd_left::SvdLeft, svd_right::SvdRight,
    }, window, matrix, plain;
    /// Out of nothing, or out of a key.
    source { iota::Iota, constant::Constant, random_bits::RandomBits };
    /// Identities with a meaning.
    identity { residual::Residual, cut::Cut, stop_gradient::StopGradient, barrier::Barrier };
    /// With bodies.
    structured { checkpoint::Checkpoint(variadic), scan::Scan(variadic), custom::Custom(variadic) }, absent;
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
