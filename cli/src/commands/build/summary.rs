//! What `autoprec build` prints.

use std::path::Path;

use autoprec_dashboards::{Commitments, Precompile, Report, System};

use crate::terminal;

/// Precompiles that are listed; the report has all.
const LISTED: usize = 12;

pub(crate) fn summary(report: &Report, out: Option<&Path>) {
    terminal::line(&format!(
        "{:>6}  {:>10}  {:>5}  {:>9}  {:>15}  {:>13}  function",
        "id",
        "entry",
        "insts",
        "calls",
        "columns",
        format!("saved {}", unit(&report.target.unit).0),
    ));
    let mut rows: Vec<_> = report.precompiles.iter().collect();
    rows.sort_by_key(|p| (std::cmp::Reverse(p.saved), p.id));
    for p in rows.iter().take(LISTED) {
        let saved = u64::try_from(p.saved).unwrap_or(0);
        terminal::line(&format!(
            "{:>6}  {:>#10x}  {:>5}  {:>9}  {:>15}  {:>13}  {}",
            p.id,
            p.entry,
            p.instructions,
            p.calls,
            columns(p),
            terminal::grouped(saved / unit(&report.target.unit).1),
            p.function.as_deref().unwrap_or("-"),
        ));
    }
    if rows.len() > LISTED {
        terminal::line(&format!("{:>6}  and {} more", "…", rows.len() - LISTED));
    }
    totals(report);
    if let Some(Commitments { log_height, before, after }) = &report.commitments {
        let change = |what: &str, before: &str, after: &str| {
            terminal::line(&format!("{what} {} -> {}", &before[..16], &after[..16]));
        };
        terminal::line(&format!("what a verifier pins, with traces of up to 2^{log_height} rows:"));
        change("  verifying key", &before.verifying_key, &after.verifying_key);
        change("  program      ", &before.program, &after.program);
    }
    if let Some(out) = out {
        terminal::line(&format!("written to {}", out.display()));
    }
}

/// The unit as people read it, and by how much it is larger.
fn unit(unit: &str) -> (&str, u64) {
    if unit == "ns" { ("µs", 1000) } else { (unit, 1) }
}

/// Columns before and after, or of the systems over each field.
fn columns(precompile: &Precompile) -> String {
    let after: Vec<String> =
        precompile.systems.iter().map(|s: &System| s.size.columns.to_string()).collect();
    match precompile.before {
        Some(before) => format!("{} -> {}", before.columns, after.join(", ")),
        None => after.join(", "),
    }
}

fn totals(report: &Report) {
    let Some(totals) = report.totals else { return };
    let instructions = format!(
        "VM instructions {} -> {}",
        terminal::grouped(totals.instructions),
        terminal::grouped(totals.instructions_patched)
    );
    let ratio = ratio(totals.cost, totals.cost_patched);
    terminal::line(&if report.target.unit == "ns" {
        format!(
            "{instructions}, predicted CPU seconds with {} {} -> {} ({ratio:.2}x)",
            report.target.name,
            seconds(totals.cost),
            seconds(totals.cost_patched),
        )
    } else {
        format!(
            "{instructions}, main cells of instructions and precompiles {} -> {} ({ratio:.2}x)",
            terminal::grouped(totals.cost),
            terminal::grouped(totals.cost_patched),
        )
    });
}

/// Nanoseconds as seconds, for people.
fn seconds(nanoseconds: u64) -> String {
    let tenths = nanoseconds / 100_000_000;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn ratio(before: u64, after: u64) -> f64 {
    before as f64 / (after.max(1)) as f64
}
