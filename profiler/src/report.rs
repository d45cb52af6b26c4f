//! Profiles for people: tables, folded stacks, flame graphs. All deterministic text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::export::{self, GraphError, Growth};
use crate::profile::Profile;
use crate::program::Program;
use crate::view::View;

/// What was executed in one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRow {
    /// Its name, or the address that stands for code without symbols.
    pub name: String,
    /// Instructions executed in it, its callees excluded.
    pub instructions: u64,
    /// Spans of it that were executed: a measure of how spread out its work is.
    pub blocks: usize,
}

/// Executed functions, those with the most instructions first.
///
/// The instructions of all rows add up to those of the profile. A span that runs from one function
/// into the next counts for the first.
pub fn functions(program: &Program, profile: &Profile) -> Vec<FunctionRow> {
    let mut totals: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    for span in &profile.spans {
        let total = totals.entry(name_of(program, span.start)).or_default();
        total.0 += u64::from(span.insts) * span.count;
        total.1 += 1;
    }
    let row = |(name, (instructions, blocks))| FunctionRow { name, instructions, blocks };
    let mut rows: Vec<FunctionRow> = totals.into_iter().map(row).collect();
    // Stable, so equal rows stay in order of name.
    rows.sort_by_key(|row| std::cmp::Reverse(row.instructions));
    rows
}

/// The table of [`functions`], at most `rows` of them and a line for the rest.
pub fn table(program: &Program, profile: &Profile, rows: usize) -> String {
    let all = functions(program, profile);
    let (shown, rest) = all.split_at(rows.min(all.len()));
    let mut text = format!("{:>6}  {:>15}  {:>6}  function\n", "share", "instructions", "blocks");
    let mut line = |instructions: u64, blocks: usize, name: &str| {
        let share = share(instructions, profile.instructions);
        writeln!(text, "{share:>6}  {instructions:>15}  {blocks:>6}  {name}")
            .expect("writing to a string does not fail");
    };
    for row in shown {
        line(row.instructions, row.blocks, &row.name);
    }
    if !rest.is_empty() {
        let instructions = rest.iter().map(|r| r.instructions).sum();
        let blocks = rest.iter().map(|r| r.blocks).sum();
        line(instructions, blocks, &format!("({} more)", rest.len()));
    }
    line(profile.instructions, all.iter().map(|r| r.blocks).sum(), "(all)");
    text
}

/// One line per call path, outermost function first: `main;parse;memcpy 123`.
pub fn folded(program: &Program, profile: &Profile) -> String {
    export::folded(&View::instructions(program, profile, ""), 0)
}

/// A flame graph of the call paths as SVG, in which a width is a number of instructions.
///
/// # Errors
///
/// If the profile is empty.
pub fn flamegraph(program: &Program, profile: &Profile, title: &str) -> Result<String, GraphError> {
    export::graph(&View::instructions(program, profile, title), 0, Growth::Up)
}

fn name_of(program: &Program, pc: u64) -> String {
    program.function_at(pc).map_or_else(|| "(no symbol)".to_owned(), |f| f.name.clone())
}

/// A percentage with one digit, without going through floating point.
fn share(part: u64, whole: u64) -> String {
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    format!("{}.{}%", permille / 10, permille % 10)
}
