//! The report as a verdict and as a table.

use super::slopes::NEAR;
use super::{Finding, Remainders, TaylorReport};
use crate::cause::Cause;
use crate::check::Check;
use crate::differences::Estimate;
use crate::failure::Failure;
use crate::number::Number;
use crate::passed::Passed;
use crate::place::Place;
use crate::reason::Reason;
use crate::unresolved::Unresolved;
use crate::verdict::Verdict;
use std::fmt;

/// A mistake of this part of a derivative has to show in its slope.
const RESOLVED: f64 = 0.1;

impl TaylorReport {
    /// The report as a verdict: the lowest wrong order fails it, an unclear order makes it unchecked.
    pub fn verdict(&self) -> Verdict {
        let check = Check::Taylor;
        if let Some(verdict) = &self.blocked {
            return verdict.clone();
        }
        let kink = self.orders.iter().find_map(|remainders| match &remainders.finding {
            Finding::Unclear(reason @ Reason::Kink { .. }) => Some(reason.clone()),
            _ => None,
        });
        if let Some(reason) = kink {
            return Verdict::unchecked(check, reason);
        }
        for remainders in &self.orders {
            if let Finding::Wrong { order, off } = remainders.finding {
                let slope = remainders.slope.unwrap_or(f64::NAN);
                return Verdict::Failed(Box::new(Failure {
                    check,
                    mismatches: Vec::new(),
                    compared: self.orders.len(),
                    cause: Some(Cause::Order(order)),
                    note: Some(format!(
                        "the remainder of order {} falls with slope {slope:.2}, expected {}: the derivative of order \
                         {order} along v is off by about {}",
                        remainders.order,
                        remainders.expected_slope,
                        Number::short(off)
                    )),
                }));
            }
        }
        let unclear = self.orders.iter().find_map(|remainders| match &remainders.finding {
            Finding::Unclear(reason) => Some(reason.clone()),
            _ => None,
        });
        if let Some(reason) = unclear {
            return Verdict::unchecked(check, reason);
        }
        let short = |remainders: &Remainders| {
            remainders.slope.map_or(0.0, |slope| (remainders.expected_slope - slope).max(0.0) / NEAR)
        };
        let mut passed = Passed {
            checks: self.orders.len(),
            worst: self.orders.iter().map(short).fold(0.0, f64::max),
            ..Passed::nothing(check)
        };
        for (remainders, derivative) in self.orders.iter().skip(1).zip(&self.derivatives) {
            let resolves = remainders.resolves;
            if *derivative == 0.0 {
                passed.zero_below = Some(passed.zero_below.unwrap_or(0.0).max(resolves));
            } else {
                passed.resolution = passed.resolution.max(resolves / derivative.abs());
            }
            // A slope that a wrong derivative would have had as well has told nothing.
            if *derivative != 0.0 && resolves > RESOLVED * derivative.abs() {
                passed.unresolved.push(Unresolved {
                    place: Place::Order(remainders.order),
                    claimed: *derivative,
                    estimate: Estimate { value: *derivative, error: resolves },
                    allowed: resolves,
                });
            }
        }
        Verdict::Passed(passed).closed(false)
    }

    pub(super) fn blocked(verdict: Verdict) -> Self {
        TaylorReport { orders: Vec::new(), derivatives: Vec::new(), blocked: Some(verdict) }
    }
}

impl fmt::Display for TaylorReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "order  expected slope  slope  points  finding")?;
        for remainders in &self.orders {
            let slope = remainders.slope.map_or("—".into(), |slope| format!("{slope:.2}"));
            let finding = match &remainders.finding {
                Finding::Right => "right".into(),
                Finding::Exact => "exact to rounding".into(),
                Finding::Wrong { order, off } => {
                    format!("wrong: order {order} is off by {}", Number::short(*off))
                }
                Finding::Unclear(reason) => format!("unclear: {reason}"),
            };
            let (order, expected, count) = (remainders.order, remainders.expected_slope, remainders.points.len());
            writeln!(out, "{order:>5}  {expected:>14}  {slope:>5}  {count:>6}  {finding}")?;
        }
        if let Some(verdict) = &self.blocked {
            writeln!(out, "{verdict}")?;
        }
        Ok(())
    }
}
