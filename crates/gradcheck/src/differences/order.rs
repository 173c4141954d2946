//! First or second derivative.

/// Which derivative along the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    First,
    Second,
}

impl Order {
    /// The textbook step at which truncation and rounding of a plain quotient balance: ε^(1/3) and ε^(1/4).
    pub(crate) fn best_step(self, epsilon: f64) -> f64 {
        match self {
            Order::First => epsilon.cbrt(),
            Order::Second => epsilon.sqrt().sqrt(),
        }
    }
}
