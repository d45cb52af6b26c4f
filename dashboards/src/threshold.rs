//! Bounds that a build has to keep: what makes a check in CI fail.
//!
//! Invariants: all bounds are checked, not the first only; what cannot be checked is a breach; no
//! floating point, so that a build at a bound is within it on every machine.

use std::borrow::Borrow;
use std::fmt;

use crate::figures::{decimal, grouped, percent, ratio, signed_percent};
use crate::report::{Report, Totals};

/// Bounds; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threshold {
    /// The largest cost of the run with the precompiles, in the target's unit.
    pub max_cost: Option<u64>,
    /// The smallest ratio of the run's cost without and with them, in hundredths.
    pub min_ratio: Option<u64>,
    /// By how much the cost with them may exceed that of the report before, in hundredths of a
    /// percent. The first report is compared to none.
    pub max_worse_percent: Option<u64>,
    /// The most precompiles.
    pub max_precompiles: Option<u64>,
    /// The most columns of all their systems.
    pub max_columns: Option<u64>,
}

/// A bound that is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breach {
    /// There is no report to check.
    NoReport,
    /// The report has no costs to check.
    NoCosts,
    /// The run costs too much.
    Cost {
        /// The cost of the run.
        got: u64,
        /// The highest cost that is allowed.
        max: u64,
        /// The unit of the costs.
        unit: String,
    },
    /// Too little is saved.
    Ratio {
        /// The ratio in hundredths, rounded down.
        got: u64,
        /// The lowest ratio that is allowed, in hundredths.
        min: u64,
    },
    /// The run costs more than with the build before.
    Worse {
        /// The cost with the build before.
        before: u64,
        /// The cost with this build.
        after: u64,
        /// The greatest increase that is allowed, in hundredths of a percent.
        max: u64,
        /// The unit of the costs.
        unit: String,
    },
    /// The report before has no costs, or costs in something else.
    NotComparable {
        /// Target and unit of the report before.
        before: String,
        /// Those of this one.
        after: String,
    },
    /// There are too many precompiles.
    Precompiles {
        /// The number of precompiles.
        got: u64,
        /// How many there may be.
        max: u64,
    },
    /// Their systems have too many columns.
    Columns {
        /// The number of columns.
        got: u64,
        /// How many there may be.
        max: u64,
    },
}

impl Threshold {
    /// The bounds that the last of the reports, oldest first, does not keep.
    pub fn check<R: Borrow<Report>>(&self, reports: &[R]) -> Vec<Breach> {
        let Some((last, former)) = reports.split_last() else { return vec![Breach::NoReport] };
        let last = last.borrow();
        let mut breaches = match last.totals {
            Some(totals) => self.costs(last, &totals),
            None if self.max_cost.or(self.min_ratio).or(self.max_worse_percent).is_some() => {
                vec![Breach::NoCosts]
            }
            None => Vec::new(),
        };
        if let (Some(max), Some(totals), Some(former)) =
            (self.max_worse_percent, last.totals, former.last())
        {
            breaches.extend(worse(former.borrow(), last, &totals, max));
        }
        let got = last.precompiles.len() as u64;
        if let Some(max) = self.max_precompiles.filter(|max| got > *max) {
            breaches.push(Breach::Precompiles { got, max });
        }
        let systems = last.precompiles.iter().flat_map(|precompile| &precompile.systems);
        let columns = systems.map(|system| system.size.columns as u64);
        let got = columns.fold(0, u64::saturating_add);
        if let Some(max) = self.max_columns.filter(|max| got > *max) {
            breaches.push(Breach::Columns { got, max });
        }
        breaches
    }

    fn costs(&self, report: &Report, totals: &Totals) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let got = totals.cost_patched;
        if let Some(max) = self.max_cost.filter(|max| got > *max) {
            breaches.push(Breach::Cost { got, max, unit: report.target.unit.clone() });
        }
        let below = |min: &u64| {
            u128::from(totals.cost) * 100 < u128::from(*min) * u128::from(totals.cost_patched)
        };
        if let Some(min) = self.min_ratio.filter(below) {
            let got = ratio(totals.cost, totals.cost_patched).unwrap_or(0);
            breaches.push(Breach::Ratio { got, min });
        }
        breaches
    }
}

/// Whether the last report costs too much against the one before.
fn worse(former: &Report, last: &Report, totals: &Totals, max: u64) -> Option<Breach> {
    let unit = last.target.unit.clone();
    let same = former.target.name == last.target.name && former.target.unit == unit;
    let Some(old) = former.totals.filter(|_| same) else {
        let what = |report: &Report| {
            let costs = if report.totals.is_some() { "" } else { ", without costs" };
            format!("{} in {}{costs}", report.target.name, report.target.unit)
        };
        return Some(Breach::NotComparable { before: what(former), after: what(last) });
    };
    let (before, after) = (old.cost_patched, totals.cost_patched);
    // after / before > 1 + max / 10,000
    let allowed = u128::from(before) * (10_000 + u128::from(max));
    (u128::from(after) * 10_000 > allowed).then_some(Breach::Worse { before, after, max, unit })
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReport => f.write_str("there is no report to check"),
            Self::NoCosts => {
                f.write_str("the report has no costs: its build did no run; build with a profile")
            }
            Self::Cost { got, max, unit } => {
                write!(
                    f,
                    "the run costs {} {unit}; at most {} are allowed",
                    grouped(*got),
                    grouped(*max)
                )
            }
            Self::Ratio { got, min } => write!(
                f,
                "without precompiles the run costs {} times as much; at least {} times are asked for",
                decimal(*got),
                decimal(*min)
            ),
            Self::Worse { before, after, max, unit } => {
                let more = i128::from(*after) - i128::from(*before);
                let more = percent(more, *before)
                    .map_or_else(String::new, |more| format!(" ({})", signed_percent(more)));
                write!(
                    f,
                    "the run costs {} {unit}, with the build before {}{more}; at most {} % more are \
                     allowed",
                    grouped(*after),
                    grouped(*before),
                    decimal(*max)
                )
            }
            Self::NotComparable { before, after } => {
                write!(
                    f,
                    "the report before cannot be compared: it is for {before}, this one for {after}"
                )
            }
            Self::Precompiles { got, max } => {
                write!(
                    f,
                    "there are {} precompiles; at most {} are allowed",
                    grouped(*got),
                    grouped(*max)
                )
            }
            Self::Columns { got, max } => write!(
                f,
                "the precompiles have {} columns; at most {} are allowed",
                grouped(*got),
                grouped(*max)
            ),
        }
    }
}
