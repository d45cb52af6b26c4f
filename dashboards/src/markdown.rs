//! A build as Markdown, for a comment on a pull request: what it saves, what changed since the one
//! before, and what a verifier has to know it by.
//!
//! Invariants: the same reports give the same text; names are shown and never obeyed; the text has a
//! bounded number of lines, however large the guest.

mod changes;
mod escape;

use std::fmt::Write as _;

use crate::figures::{decimal, grouped, percent, ratio, signed, signed_percent};
use crate::measured::{Commitment, Commitments};
use crate::report::{Precompile, Region, Report, Target, Totals};
use escape::{name, text};

/// Precompiles that are shown at once.
const TOP: usize = 10;
/// Further ones that are shown on demand.
const MORE: usize = 50;
/// Regions without precompile that are shown on demand.
const REGIONS: usize = 10;

/// The Markdown of reports with what they are called, oldest first; the last is the one that the text
/// is about, the one before is what it is compared to.
pub fn markdown(reports: &[(&str, &Report)]) -> String {
    let Some(((_, last), earlier)) = reports.split_last() else {
        return "There are no reports.\n".to_owned();
    };
    let mut out = String::new();
    headline(&mut out, last, earlier.last().copied());
    if earlier.len() > 1 {
        history(&mut out, reports);
    }
    if let Some((label, former)) = earlier.last() {
        changes::section(&mut out, label, former, last);
    }
    precompiles(&mut out, last);
    if let Some(commitments) = &last.commitments {
        commitments_section(&mut out, commitments);
    }
    regions(&mut out, last);
    out
}

/// What was built, for what, and what it saves.
fn headline(out: &mut String, report: &Report, former: Option<(&str, &Report)>) {
    let Report { guest, target, .. } = report;
    line(out, &format!("## autoprec: {} for {}", name(&guest.name), text(&target.name)));
    line(out, "");
    if let Some(refused) = &target.refused {
        let refused = text(refused.trim_end_matches('.'));
        line(out, &format!("**Nothing was linked:** {refused}. The guest is unchanged."));
        line(out, "");
    }
    let Some(totals) = report.totals else {
        line(out, "Built from the lock, without a run: there are no costs.");
        line(out, "");
        return;
    };
    line(out, &format!("**Cost: {}.**", cost(&totals, target)));
    if let Some((label, former)) = former {
        line(out, &against(label, former, report, &totals));
    }
    let (before, after) = (totals.instructions, totals.instructions_patched);
    line(out, &format!("Instructions: {} → {}.", grouped(before), grouped(after)));
    line(out, "");
}

/// `1,000 → 250 cells, ratio 4.00 (−75.00 %)`.
fn cost(totals: &Totals, target: &Target) -> String {
    let (before, after) = (totals.cost, totals.cost_patched);
    let mut out = format!("{} → {} {}", grouped(before), grouped(after), text(&target.unit));
    if let Some(ratio) = ratio(before, after) {
        let _ = write!(out, ", ratio {}", decimal(ratio));
    }
    if let Some(change) = percent(difference(before, after), before) {
        let _ = write!(out, " ({})", signed_percent(change));
    }
    out
}

/// The cost against that of another report.
fn against(label: &str, former: &Report, report: &Report, totals: &Totals) -> String {
    let label = name(label);
    if former.target.name != report.target.name || former.target.unit != report.target.unit {
        let (target, unit) = (text(&former.target.name), text(&former.target.unit));
        return format!("Not comparable with {label}, which is for {target} in {unit}.");
    }
    let Some(old) = former.totals else {
        return format!("Not comparable with {label}, which has no costs.");
    };
    let more = difference(old.cost_patched, totals.cost_patched);
    let part = percent(more, old.cost_patched).map(signed_percent);
    let part = part.map_or_else(String::new, |part| format!(" ({part})"));
    match more {
        0 => format!("The same as {label}."),
        _ => format!("Against {label}: {} {}{part}.", signed(more), text(&report.target.unit)),
    }
}

fn history(out: &mut String, reports: &[(&str, &Report)]) {
    line(out, "| build | cost | with precompiles | ratio | precompiles |");
    line(out, "|---|---:|---:|---:|---:|");
    for (label, report) in reports {
        let Totals { cost, cost_patched, .. } = report.totals.unwrap_or_default();
        let shown = |text: String| report.totals.map_or_else(|| "–".to_owned(), |_| text);
        let times = ratio(cost, cost_patched).map_or_else(|| "–".to_owned(), decimal);
        row(
            out,
            &[
                name(label),
                shown(grouped(cost)),
                shown(grouped(cost_patched)),
                shown(times),
                report.precompiles.len().to_string(),
            ],
        );
    }
    line(out, "");
}

fn precompiles(out: &mut String, report: &Report) {
    let mut all: Vec<&Precompile> = report.precompiles.iter().collect();
    if all.is_empty() && report.target.refused.is_some() {
        return;
    }
    all.sort_by_key(|one| (std::cmp::Reverse(one.saved), one.id));
    line(out, &format!("### Precompiles: {}", grouped(all.len() as u64)));
    line(out, "");
    if all.is_empty() {
        return;
    }
    let (top, rest) = all.split_at(all.len().min(TOP));
    precompile_table(out, top, report);
    line(out, "");
    if !rest.is_empty() {
        let shown = &rest[..rest.len().min(MORE)];
        details(out, &format!("{} more", grouped(rest.len() as u64)));
        precompile_table(out, shown, report);
        left_out(out, rest.len() - shown.len());
        end_details(out);
    }
}

fn precompile_table(out: &mut String, precompiles: &[&Precompile], report: &Report) {
    line(
        out,
        &format!(
            "| number | function | instructions | calls | cost of one, {} | saved | of the run |",
            text(&report.target.unit)
        ),
    );
    line(out, "|---:|---|---:|---:|---:|---:|---:|");
    let whole = report.totals.map_or(0, |totals| totals.cost);
    for one in precompiles {
        let share = percent(i128::from(one.saved), whole);
        row(
            out,
            &[
                one.id.to_string(),
                place(one.function.as_deref(), one.entry),
                grouped(one.instructions as u64),
                grouped(one.calls),
                format!("{} → {}", grouped(one.cost_before), grouped(one.cost_after)),
                saved(one.saved),
                share.map_or_else(|| "–".to_owned(), part),
            ],
        );
    }
}

fn commitments_section(out: &mut String, commitments: &Commitments) {
    let Commitments { log_height, before, after } = commitments;
    line(out, "### What a verifier knows the guest by");
    line(out, "");
    line(out, &format!("In proofs with traces of up to 2^{log_height} rows."));
    line(out, "");
    line(out, "| | before | after |");
    line(out, "|---|---|---|");
    let mut both = |what: &str, of: fn(&Commitment) -> &str| {
        let changed = if of(before) == of(after) { "the same".to_owned() } else { name(of(after)) };
        row(out, &[what.to_owned(), name(of(before)), changed]);
    };
    both("verifying key", |commitment| &commitment.verifying_key);
    both("program", |commitment| &commitment.program);
    line(out, "");
}

/// Regions without precompile, with the reason; on demand, unless there is nothing else to show.
fn regions(out: &mut String, report: &Report) {
    let mut regions: Vec<&Region> = report.regions.iter().collect();
    regions.sort_by_key(|region| {
        (std::cmp::Reverse((region.saved, cost_of_run(region))), region.entry)
    });
    if regions.is_empty() {
        return;
    }
    let count = grouped(regions.len() as u64);
    let shown = &regions[..regions.len().min(REGIONS)];
    if report.target.refused.is_some() {
        line(out, &format!("### Executed regions: {count}"));
        line(out, "");
    } else {
        details(out, &format!("Executed regions without precompile: {count}"));
    }
    region_table(out, shown, report);
    left_out(out, regions.len() - shown.len());
    if report.target.refused.is_none() {
        end_details(out);
    }
}

fn region_table(out: &mut String, regions: &[&Region], report: &Report) {
    let unit = text(&report.target.unit);
    line(out, &format!("| region | calls | cost, {unit} | would save | why it has none |"));
    line(out, "|---|---:|---:|---:|---|");
    for region in regions {
        row(
            out,
            &[
                place(region.function.as_deref(), region.entry),
                grouped(region.calls),
                grouped(cost_of_run(region)),
                saved(region.saved),
                text(&region.reason),
            ],
        );
    }
}

fn cost_of_run(region: &Region) -> u64 {
    region.cost.saturating_mul(region.calls)
}

/// A function and an address in it.
fn place(function: Option<&str>, entry: u64) -> String {
    match function {
        Some(function) => format!("{} at {entry:#x}", name(function)),
        None => format!("{entry:#x}"),
    }
}

fn saved(saved: i64) -> String {
    match u64::try_from(saved) {
        Ok(saved) => grouped(saved),
        Err(_) => signed(i128::from(saved)),
    }
}

/// A part of the whole, without a sign if it is positive.
fn part(hundredths: i128) -> String {
    signed_percent(hundredths).trim_start_matches('+').to_owned()
}

fn difference(before: u64, after: u64) -> i128 {
    i128::from(after) - i128::from(before)
}

fn left_out(out: &mut String, count: usize) {
    if count > 0 {
        line(out, "");
        line(out, &format!("{} more are in the report.", grouped(count as u64)));
    }
}

fn details(out: &mut String, summary: &str) {
    line(out, &format!("<details><summary>{summary}</summary>"));
    line(out, "");
}

fn end_details(out: &mut String) {
    line(out, "");
    line(out, "</details>");
    line(out, "");
}

fn row(out: &mut String, cells: &[String]) {
    line(out, &format!("| {} |", cells.join(" | ")));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
