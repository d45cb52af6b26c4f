//! Profiles for people: tables, folded stacks, flame graphs. All deterministic text.

mod functions;
mod places;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_guest_elf::Program;
use autoprec_profile::{Called, MemoryUse, Profile, Section, WIDTHS};

use crate::accesses::misaligned;
use crate::cost::Model;
use crate::export::{self, GraphError, Growth};
use crate::opcodes::Histogram;
use crate::owners::by_owner;
use crate::view::{Subject, View};
pub use places::{By, PlaceRow, place_table, places};

pub use functions::functions_json;

/// What was executed in one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRow {
    /// Its name, or what stands for code without symbols; of a call of the environment or of a
    /// precompile, its name in brackets.
    pub name: String,
    /// Instructions executed in it, its callees excluded; in a weighted table, what they cost.
    pub instructions: u64,
    /// Spans of it that were executed: a measure of how spread out its work is.
    pub blocks: usize,
}

/// Executed functions, those with the most instructions first.
///
/// The instructions of all rows add up to those of the profile. A span that runs from one function
/// into the next counts for the first.
pub fn functions(program: &Program, profile: &Profile) -> Vec<FunctionRow> {
    by_function(program, profile, |_, span| u64::from(profile.spans[span].insts))
}

/// Functions by what one execution of each span costs in each.
fn by_function(
    program: &Program,
    profile: &Profile,
    cost: impl Fn(&str, usize) -> u64,
) -> Vec<FunctionRow> {
    let row = |(name, executed): (String, BTreeMap<usize, u64>)| FunctionRow {
        instructions: executed.iter().fold(0, |sum: u64, (&span, &count)| {
            sum.saturating_add(cost(&name, span).saturating_mul(count))
        }),
        name,
        blocks: executed.len(),
    };
    let mut rows: Vec<FunctionRow> = by_owner(program, profile).into_iter().map(row).collect();
    // Stable, so equal rows stay in order of name.
    rows.sort_by_key(|row| std::cmp::Reverse(row.instructions));
    rows
}

/// Calls of the environment and of precompiles, those made most often first; nothing if there are
/// none.
pub fn call_table(profile: &Profile) -> String {
    let mut calls: Vec<&Called> = profile.calls.iter().collect();
    calls.sort_by_key(|call| std::cmp::Reverse(call.count));
    if calls.is_empty() {
        return String::new();
    }
    let mut text = format!("{:>15}  call\n", "count");
    for Called { name, count } in calls {
        writeln!(text, "{count:>15}  {name}").expect("writing to a string does not fail");
    }
    text
}

/// What lies between markers, those with the most instructions first, and notes on markers without
/// a counterpart.
pub fn marker_table(profile: &Profile) -> String {
    let mut sections: Vec<&Section> = profile.markers.iter().filter(|s| s.count > 0).collect();
    sections.sort_by_key(|section| std::cmp::Reverse(section.total));
    let mut text = String::new();
    let mut line = |columns: [String; 6], name: &str| {
        let [share, total, count, min, mean, max] = columns;
        writeln!(
            text,
            "{share:>6}  {total:>15}  {count:>9}  {min:>13}  {mean:>13}  {max:>13}  {name}"
        )
        .expect("writing to a string does not fail");
    };
    if !sections.is_empty() {
        let head = ["share", "instructions", "count", "min", "mean", "max"];
        line(head.map(str::to_owned), "between markers");
    }
    for section in sections {
        let Section { total, count, min, max, .. } = section;
        let numbers = [total, count, min, &section.mean(), max].map(u64::to_string);
        let [total_text, count, min, mean, max] = numbers;
        let share = share(*total, profile.instructions);
        line([share, total_text, count, min, mean, max], &section.name);
    }
    for note in profile.markers.iter().filter_map(Section::note) {
        writeln!(text, "{note}").expect("writing to a string does not fail");
    }
    text
}

/// Loads and stores by width, misaligned ones by function (at most `rows` of these), and how much of
/// memory was touched.
pub fn memory_table(program: &Program, profile: &Profile, rows: usize) -> String {
    let MemoryUse { accesses, pages, touched, .. } = &profile.memory;
    let mut text = format!("{:>15}  {:>15}  memory\n", "loads", "stores");
    let mut line = |loads: u64, stores: u64, what: &str| {
        writeln!(text, "{loads:>15}  {stores:>15}  {what}")
            .expect("writing to a string does not fail");
    };
    for (index, width) in WIDTHS.iter().enumerate() {
        let (loads, stores) = (accesses.loads[index], accesses.stores[index]);
        if (loads, stores) != (0, 0) {
            line(loads, stores, &format!("of width {}", width.bytes()));
        }
    }
    line(accesses.bytes_loaded(), accesses.bytes_stored(), "bytes");
    let mut count = |count: u64, what: &str| {
        writeln!(text, "{count:>15}  {what}").expect("writing to a string does not fail");
    };
    count(profile.memory.misaligned_count(), "misaligned");
    let mut functions: Vec<(String, u64)> = misaligned(program, profile).into_iter().collect();
    functions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (name, misaligned) in functions.into_iter().take(rows) {
        count(misaligned, &format!("misaligned in {name}"));
    }
    count(*pages, "pages of 4096 bytes hold something");
    if let Some(touched) = touched {
        count(touched.pages, "pages touched");
        count(touched.words, &format!("words of {} bytes touched", touched.word_bytes));
    }
    text
}

/// The table of [`functions`], at most `rows` of them and a line for the rest.
pub fn table(program: &Program, profile: &Profile, rows: usize) -> String {
    draw(&functions(program, profile), "instructions", rows)
}

/// Functions by what they cost in the first unit of a model.
fn weighted(program: &Program, profile: &Profile, model: &Model) -> Vec<FunctionRow> {
    let costs = model.span_costs(program, profile);
    // An execution on the path of a call is one call.
    let cost = |owner: &str, span: usize| costs[span].saturating_add(model.call_cost(owner));
    by_function(program, profile, cost)
}

/// The same table by the first unit of a model. `program` holds the original words.
pub fn weighted_table(program: &Program, profile: &Profile, model: &Model, rows: usize) -> String {
    draw(&weighted(program, profile, model), &model.units[0], rows)
}

/// `rows` functions with the most executed instructions, and what these were.
pub fn opcode_table(opcodes: &BTreeMap<String, Histogram>, rows: usize) -> String {
    let mut all: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in opcodes.values().flatten() {
        *all.entry(name).or_default() += count;
    }
    let mut functions: Vec<(u64, &String, &Histogram)> =
        opcodes.iter().map(|(name, own)| (own.values().sum(), name, own)).collect();
    functions.sort_by_key(|(sum, ..)| std::cmp::Reverse(*sum));
    let mut text = String::new();
    let mut line = |name: &str, counts: Vec<(&str, u64)>| {
        let mut counts = counts;
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let counts: Vec<String> = counts.iter().map(|(op, n)| format!("{op} {n}")).collect();
        writeln!(text, "{name}: {}", counts.join(", ")).expect("writing to a string does not fail");
    };
    line("(all)", all.into_iter().collect());
    for (_, name, own) in functions.into_iter().take(rows) {
        line(name, own.iter().map(|(&op, &count)| (op, count)).collect());
    }
    text
}

fn draw(all: &[FunctionRow], unit: &str, rows: usize) -> String {
    let total = all.iter().map(|row| row.instructions).sum();
    let (shown, rest) = all.split_at(rows.min(all.len()));
    let mut text = format!("{:>6}  {unit:>15}  {:>6}  function\n", "share", "blocks");
    let mut line = |instructions: u64, blocks: usize, name: &str| {
        let share = share(instructions, total);
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
    line(total, all.iter().map(|r| r.blocks).sum(), "(all)");
    text
}

/// One line per call path, outermost function first: `main;parse;memcpy 123`.
pub fn folded(program: &Program, profile: &Profile) -> String {
    let subject = Subject { program, profile, sources: None };
    export::folded(&View::instructions(subject, ""), 0)
}

/// A flame graph of the call paths as SVG, in which a width is a number of instructions.
///
/// # Errors
///
/// If the profile is empty.
pub fn flamegraph(program: &Program, profile: &Profile, title: &str) -> Result<String, GraphError> {
    let subject = Subject { program, profile, sources: None };
    export::graph(&View::instructions(subject, title), 0, Growth::Up)
}

/// A percentage with one digit, without going through floating point.
pub fn share(part: u64, whole: u64) -> String {
    let permille = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    format!("{}.{}%", permille / 10, permille % 10)
}
