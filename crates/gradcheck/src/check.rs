//! The names of the checks.

use std::fmt;

/// Which check spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// A gradient against differences of the values.
    Gradient,
    /// A Jacobian-vector product against differences of the values.
    Jvp,
    /// A vector-Jacobian product against differences of the values.
    Vjp,
    /// ⟨w, J v⟩ = ⟨Jᵀ w, v⟩.
    Adjoint,
    /// A Hessian-vector product against differences of the gradient.
    Hvp,
    /// A Hessian-vector product against second differences of the values.
    HvpFromValue,
    /// ⟨u, H v⟩ = ⟨v, H u⟩.
    HessianSymmetry,
    /// D³f\[u, v\] against differences of the Hessian-vector product.
    Third,
    /// D³f\[u, v, w\] is the same in every order of its arguments.
    ThirdSymmetry,
    /// The slopes of Taylor remainders.
    Taylor,
    /// A negative control: does the check catch a planted mistake?
    Control,
}

impl fmt::Display for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Check::Gradient => "gradient",
            Check::Jvp => "jvp",
            Check::Vjp => "vjp",
            Check::Adjoint => "adjoint",
            Check::Hvp => "hvp",
            Check::HvpFromValue => "hvp from values",
            Check::HessianSymmetry => "hessian symmetry",
            Check::Third => "third derivative",
            Check::ThirdSymmetry => "third derivative symmetry",
            Check::Taylor => "taylor",
            Check::Control => "negative control",
        })
    }
}
