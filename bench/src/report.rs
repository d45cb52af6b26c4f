//! All rows with their totals, as JSON and as a table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::measure::{Columns, Row};
use crate::size::Size;
use crate::totals::{Ratios, Totals};

/// The measurements of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The blocks, in the order in which they were measured.
    pub rows: Vec<Row>,
    /// Their totals.
    pub totals: Option<Totals>,
    /// CPU seconds over all blocks.
    pub cpu_seconds: Seconds,
    /// The block on which autoprec does least beside powdr, of those on which both were run.
    pub worst: Option<Worst>,
}

/// The block on which autoprec does least beside powdr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// The name of its file.
    pub file: String,
    /// Columns and messages of powdr's system, over those of autoprec's.
    pub gain: f64,
    /// Whether powdr's is not smaller; then it is on no block.
    pub none_worse: bool,
}

/// CPU seconds over all blocks: sums of the means of each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Of synthesis.
    pub ours: f64,
    /// Of powdr's optimiser on the exported machines, if it was run on all blocks.
    pub powdr: Option<f64>,
}

impl Report {
    /// The report of some rows.
    pub fn new(rows: Vec<Row>) -> Self {
        let cpu_seconds = Seconds {
            ours: rows.iter().map(|row| row.time.cpu_seconds).sum(),
            powdr: rows.iter().map(|row| Some(row.powdr?.time.cpu_seconds)).sum(),
        };
        let gains = rows.iter().filter_map(|row| Some((row, row.powdr?.gain)));
        let worst = gains.min_by(|(_, a), (_, b)| a.total_cmp(b));
        let worst = worst.map(|(row, gain)| Worst {
            file: row.file.clone(),
            gain,
            none_worse: gain >= 1.0,
        });
        Self { totals: Totals::of(&rows), rows, cpu_seconds, worst }
    }

    /// Whether the checker was content with every system that it saw.
    pub fn passed(&self) -> bool {
        self.rows.iter().filter_map(|row| row.check.as_ref()).all(|check| check.failure.is_none())
    }

    /// Says what the checker did to columns, if it was asked.
    fn checked(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<_> = self.rows.iter().filter_map(|row| row.check.as_ref()).collect();
        if checks.is_empty() {
            return Ok(());
        }
        let sum = |count: fn(&Columns) -> usize| -> usize {
            checks.iter().map(|check| count(&check.columns)).sum()
        };
        let failed = checks.iter().filter(|check| check.failure.is_some()).count();
        let rejected: u64 = checks.iter().map(|check| u64::from(check.rejected)).sum();
        let count = checks.len();
        writeln!(
            f,
            "checker: {count} systems, {failed} refused; {rejected} changed rows rejected"
        )?;
        writeln!(
            f,
            "columns: {}, of which {} were changed: {} rejected, {} of another state, {} without \
             effect; {} began a search",
            sum(|columns| columns.all),
            sum(|columns| columns.altered),
            sum(|columns| columns.rejected),
            sum(|columns| columns.other_state),
            sum(|columns| columns.unchanged),
            sum(|columns| columns.searched),
        )
    }

    /// The JSON form, with a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data is JSON");
        text.push('\n');
        text
    }
}

/// The name of a block, from that of its file.
fn block(file: &str) -> &str {
    file.trim_end_matches(".gz").trim_end_matches(".json")
}

/// `columns/messages/constraints`.
fn triple(size: Size) -> String {
    format!("{}/{}/{}", size.columns, size.interactions, size.constraints)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "columns/messages/constraints; times in CPU milliseconds")?;
        let baseline = self.rows.iter().any(|row| row.powdr.is_some());
        write!(f, "{:<28} {:>5} {:>20} {:>17}", "block", "insts", "before", "autoprec")?;
        write!(f, " {:>21} {:>8} {:<6}", "within limits", "time", "check")?;
        if baseline {
            write!(f, " {:>17} {:>9} {:>5}", "powdr", "time", "gain")?;
            write!(f, " {:>17}", "powdr on autoprec")?;
        }
        writeln!(f)?;
        self.rows.iter().try_for_each(|row| line(f, row))?;
        let Some(totals) = &self.totals else { return Ok(()) };
        writeln!(f)?;
        let [c, m, k] = ["columns", "messages", "constraints"];
        writeln!(f, "{:<28} {c:>24} {m:>24} {k:>24}", "before/after: sums, mean, weighted")?;
        let named = [
            ("autoprec", Some(&totals.ours)),
            ("autoprec, within limits", Some(&totals.split)),
            ("powdr", totals.powdr.as_ref()),
            ("powdr on autoprec", totals.oracle.as_ref()),
        ];
        for (name, ratios) in named.into_iter().filter_map(|(name, r)| Some((name, r?))) {
            writeln!(f, "{name:<34} {}", shown(ratios))?;
        }
        write!(f, "synthesis: {:.3} CPU seconds", self.cpu_seconds.ours)?;
        match self.cpu_seconds.powdr {
            Some(powdr) => writeln!(
                f,
                "; powdr: {powdr:.1} CPU seconds, {:.0} times as many",
                powdr / self.cpu_seconds.ours
            ),
            None => writeln!(f),
        }?;
        if let Some(Worst { file, gain, none_worse }) = &self.worst {
            let answer = if *none_worse { "yes" } else { "no" };
            let file = block(file);
            writeln!(f, "no block worse than powdr: {answer} (worst {file}, gain {gain:.3})")?;
        }
        self.checked(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let name = block(&row.file);
    let check = match &row.check {
        None => "-",
        Some(check) if check.failure.is_none() => "passed",
        Some(_) => "FAILED",
    };
    let pieces = match row.split {
        split if split.pieces == 1 && split.refused == 0 => "the same".to_owned(),
        split => format!("{} in {}", triple(split.size), split.pieces),
    };
    write!(f, "{name:<28} {:>5} {:>20}", row.instructions, triple(row.before))?;
    write!(f, " {:>17} {pieces:>21}", triple(row.ours))?;
    write!(f, " {:>8.2} {check:<6}", 1000.0 * row.time.cpu_seconds)?;
    if let Some(powdr) = row.powdr {
        let millis = 1000.0 * powdr.time.cpu_seconds;
        write!(f, " {:>17} {millis:>9.0} {:>5.2}", triple(powdr.size), powdr.gain)?;
        write!(f, " {:>17}", triple(powdr.oracle))?;
    }
    writeln!(f)
}

fn shown(ratios: &Ratios) -> String {
    [ratios.columns, ratios.interactions, ratios.constraints]
        .map(|ratio| {
            let weighted = ratio.weighted.map_or_else(|| "-".to_owned(), |w| format!("{w:.3}"));
            format!("{:>8.3} {:>7.3} {weighted:>7}", ratio.of_sums, ratio.geometric_mean)
        })
        .join(" ")
}
