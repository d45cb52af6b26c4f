//! Where instructions come from in the source: the function that was inlined there, or the line.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_profile::Visit;

use super::share;
use crate::cost::Model;
use crate::owners::function_name;
use crate::sources::Place;
use crate::view::Subject;

/// What rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Functions as they are written: an instruction counts for the innermost function that was
    /// inlined where it is.
    Inlined,
    /// Source lines.
    Line,
}

/// What was executed in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRow {
    /// Its name.
    pub name: String,
    /// The file and line, of rows that are lines.
    pub line: Option<(String, u32)>,
    /// What its instructions cost in the first unit of the model.
    pub cost: u64,
}

/// What orders rows of equal cost.
type Key = (String, Option<(String, u32)>);

/// Places that were executed, those that cost most first. The rows add up to the whole run.
pub fn places(subject: Subject<'_>, model: &Model, by: By) -> Vec<PlaceRow> {
    let profile = subject.profile;
    let mut costs: BTreeMap<Key, u64> = BTreeMap::new();
    let mut names: BTreeMap<u64, Key> = BTreeMap::new();
    // Spans overlap: each is weighed with its own executions.
    let mut counts = vec![0u64; profile.spans.len()];
    for &Visit { stack, span, count } in &profile.visits {
        match profile.stacks[stack].call_label() {
            Some(label) => {
                let range = profile.spans[span].start..profile.spans[span].end;
                let row = |(_, inst)| model.row_of(inst).map_or(0, |row| row[0]);
                let cost: u64 = subject.program.insts(range).map(row).sum();
                *costs.entry((label, None)).or_default() += cost.saturating_mul(count);
            }
            None => counts[span] += count,
        }
    }
    for (span, count) in profile.spans.iter().zip(counts).filter(|(_, count)| *count > 0) {
        for (pc, inst) in subject.program.insts(span.start..span.end) {
            let row = model.row_of(inst).map_or(0, |row| row[0]);
            let key = names.entry(pc).or_insert_with(|| key(subject, pc, by));
            *costs.entry(key.clone()).or_default() += row.saturating_mul(count);
        }
    }
    let row = |((name, line), cost)| PlaceRow { name, line, cost };
    let mut rows: Vec<PlaceRow> = costs.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.cost));
    rows
}

fn key(subject: Subject<'_>, pc: u64, by: By) -> Key {
    let function = || function_name(subject.program, pc);
    let mut places = subject.sources.map(|sources| sources.at(pc)).unwrap_or_default();
    let inlined = places.len() > 1;
    let Some(Place { function: name, file, line, .. }) = places.drain(..).next() else {
        return (function(), None);
    };
    match by {
        By::Inlined if inlined => (format!("{} (inlined)", name.unwrap_or_else(function)), None),
        By::Inlined => (function(), None),
        By::Line => {
            let name = name.filter(|_| inlined).unwrap_or_else(function);
            (name, file.zip(line))
        }
    }
}

/// The table of [`places`], at most `rows` of them and a line for the rest. Of lines it has the
/// text, where `source` knows it: it is given a path and a line number.
pub fn place_table(
    all: &[PlaceRow],
    unit: &str,
    rows: usize,
    source: &dyn Fn(&str, u32) -> Option<String>,
) -> String {
    let total = all.iter().map(|row| row.cost).sum();
    let (shown, rest) = all.split_at(rows.min(all.len()));
    let lines = all.iter().any(|row| row.line.is_some());
    let what = if lines { "line" } else { "function" };
    let draw = |cost: u64, name: &str| format!("{:>6}  {cost:>15}  {name}\n", share(cost, total));
    let mut text = format!("{:>6}  {unit:>15}  {what}\n", "share");
    for PlaceRow { name, line, cost } in shown {
        match line {
            Some((file, line)) => {
                text.push_str(&draw(*cost, &format!("{file}:{line} in {name}")));
                if let Some(code) = source(file, *line) {
                    writeln!(text, "{:27}{}", "", code.trim())
                        .expect("writing to a string does not fail");
                }
            }
            None if lines => text.push_str(&draw(*cost, &format!("(no line) in {name}"))),
            None => text.push_str(&draw(*cost, name)),
        }
    }
    if !rest.is_empty() {
        let cost = rest.iter().map(|row| row.cost).sum();
        text.push_str(&draw(cost, &format!("({} more)", rest.len())));
    }
    text.push_str(&draw(total, "(all)"));
    text
}
