//! Richardson extrapolation with Ridders' error estimate.
//!
//! A difference quotient at steps h, h/r, h/r², … differs from its limit by a series c₁ h^p₁ + c₂ h^p₂ + …; each
//! column of the tableau removes one more term. Ridders (1982, <https://doi.org/10.1016/S0141-1195(82)80057-0>)
//! reads the error of an entry off its two parents: an entry that differs little from both has converged.
//!
//! Ridders' estimate alone is too hopeful when two entries agree by accident in values that are nothing but
//! rounding. So every entry also carries a bound on its rounding error, pushed through the same recursion as the
//! values, and the two add up.

use super::estimate::Estimate;

/// From one step to the next.
///
/// Not 2: a periodic function sampled at h, h/2, h/4, … near its period looks like a slow one at every step at
/// once, since 2^k whole periods are whole periods. sin(10⁵t) was once estimated to have the slope −1173 ± 5e-9 this way.
pub(crate) const RATIO: f64 = 1.6;

/// The powers of h in the error series of a quotient.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Powers {
    /// h², h⁴, h⁶, …: central quotients.
    Even,
    /// h, h³, h⁵, …: the difference of the two one-sided quotients.
    Odd,
}

impl Powers {
    fn weight(self, column: usize) -> f64 {
        let power = match self {
            Powers::Even => 2 * column,
            Powers::Odd => 2 * column - 1,
        };
        // Not `powi`, whose last digit depends on the platform: the same test prints the same message everywhere.
        (0..power).fold(1.0, |weight, _| weight * RATIO)
    }
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    value: f64,
    rounding: f64,
}

/// The best entry of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBest {
    pub(crate) estimate: Estimate,
    /// The part of `estimate.error` that is rounding.
    pub(crate) rounding: f64,
}

/// The last row of a triangular tableau whose steps shrink by [`RATIO`] from row to row.
#[derive(Clone, Debug)]
pub(crate) struct Tableau {
    powers: Powers,
    row: Vec<Cell>,
}

// More columns only amplify rounding: at eight, the truncation term is already h¹⁶.
const COLUMNS: usize = 8;

impl Tableau {
    pub(crate) fn new(powers: Powers) -> Self {
        Tableau { powers, row: Vec::with_capacity(COLUMNS) }
    }

    /// Adds the quotient at the next step and gives the best entry of the new row.
    ///
    /// The first row has no parents to compare with: its error is infinite.
    pub(crate) fn push(&mut self, value: f64, rounding: f64) -> RowBest {
        let mut row = Vec::with_capacity(COLUMNS);
        row.push(Cell { value, rounding });
        let mut best = RowBest { estimate: Estimate { value, error: f64::INFINITY }, rounding };
        for column in 1..COLUMNS.min(self.row.len() + 1) {
            let (below, left) = (row[column - 1], self.row[column - 1]);
            let weight = self.powers.weight(column);
            let cell = Cell {
                value: below.value + (below.value - left.value) / (weight - 1.0),
                rounding: (weight * below.rounding + left.rounding) / (weight - 1.0),
            };
            let spread = (cell.value - below.value).abs().max((cell.value - left.value).abs());
            let error = spread + cell.rounding;
            if error < best.estimate.error {
                best = RowBest { estimate: Estimate { value: cell.value, error }, rounding: cell.rounding };
            }
            row.push(cell);
        }
        self.row = row;
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn central_quotients_of_exp_converge_far_below_their_own_error() {
        let mut tableau = Tableau::new(Powers::Even);
        let mut best = f64::INFINITY;
        let mut value = 0.0;
        for k in 0..8 {
            let h = 0.5 / RATIO.powi(k);
            let row = tableau.push((h.exp() - (-h).exp()) / (2.0 * h), 1e-16 / h);
            if row.estimate.error < best {
                (best, value) = (row.estimate.error, row.estimate.value);
            }
        }
        assert!((value - 1.0).abs() <= best && best < 1e-11, "{value} ± {best}");
    }
}
