//! A function, instruction by instruction: counts, cost, assembly, and the source lines it comes
//! from.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use autoprec_guest_elf::{Program, Segment, Symbol};
use autoprec_isa::Inst;
use autoprec_profile::Profile;

use crate::cost::Model;
use crate::sources::{Place, Sources};

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The address of the instruction.
    pub pc: u64,
    /// Executions.
    pub count: u64,
    /// Their cost in the first unit of the model.
    pub cost: u64,
    /// Assembly, or the word that is no RISC-V instruction.
    pub asm: String,
    /// Where it comes from, the innermost inlined function first; empty if unknown.
    pub places: Vec<Place>,
}

/// A function was not found.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// No symbol has that in its name.
    #[error(
        "no function is called `{name}`; `autoprec profile` lists those that were executed, and an \
         address such as 0x1000 works without names"
    )]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// Several have.
    #[error("`{name}` is in the names of {}; name one of them", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Up to ten of them.
        candidates: Vec<String>,
    },
    /// An address at which nothing was executed and no function is known.
    #[error("no function is known at {addr:#x}, and none that starts there was called")]
    Nothing {
        /// The address.
        addr: u64,
    },
}

/// The code of a function, by its name, a part of its name that no other has, or an address in it.
///
/// Where there are no symbols, a function is what was executed between its call and its return.
///
/// # Errors
///
/// If there is none, or more than one.
pub fn find(
    program: &Program,
    profile: &Profile,
    name: &str,
) -> Result<Vec<Range<u64>>, FindError> {
    let address = name.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    if let Some(addr) = address {
        let known = program.function_at(addr).map(|symbol| vec![extent(program, symbol)]);
        return known.or_else(|| called(profile, addr)).ok_or(FindError::Nothing { addr });
    }
    let functions: Vec<&Symbol> = program.symbols.iter().filter(|s| s.is_function).collect();
    let exact: Vec<&Symbol> = functions.iter().copied().filter(|s| s.name == name).collect();
    let found = if exact.is_empty() {
        functions.into_iter().filter(|s| s.name.contains(name)).collect()
    } else {
        exact
    };
    let mut distinct: Vec<&Symbol> = found;
    distinct.dedup_by_key(|symbol| symbol.addr);
    match distinct[..] {
        [] => Err(FindError::Unknown { name: name.to_owned() }),
        [symbol] => Ok(vec![extent(program, symbol)]),
        _ => {
            let label = |s: &&Symbol| format!("{} ({:#x})", s.name, s.addr);
            let candidates = distinct.iter().take(10).map(label).collect();
            Err(FindError::Ambiguous { name: name.to_owned(), candidates })
        }
    }
}

fn extent(program: &Program, symbol: &Symbol) -> Range<u64> {
    let next = program.symbols.iter().find(|s| s.is_function && s.addr > symbol.addr);
    let segment = program.segment_at(symbol.addr).map_or(symbol.addr, Segment::end);
    let end = match symbol.size {
        0 => next.map_or(segment, |next| next.addr),
        size => symbol.addr.saturating_add(size),
    };
    symbol.addr..end.min(segment)
}

/// What was executed in the function that was called at an address.
fn called(profile: &Profile, addr: u64) -> Option<Vec<Range<u64>>> {
    let is_own = |stack: usize| profile.stacks[stack].frames.last() == Some(&addr);
    let own = profile.visits.iter().filter(|visit| is_own(visit.stack));
    let mut ends: BTreeMap<u64, u64> = BTreeMap::new();
    for visit in own {
        let span = &profile.spans[visit.span];
        ends.insert(span.start, span.end);
    }
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for (start, end) in ends {
        match ranges.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => ranges.push(start..end),
        }
    }
    (!ranges.is_empty()).then_some(ranges)
}

/// The instructions of some code. `program` holds the original words.
pub fn lines(
    (program, profile): (&Program, &Profile),
    code: &[Range<u64>],
    model: &Model,
    sources: &Sources,
) -> Vec<Line> {
    let counts = profile.counts();
    let line = |(pc, inst): (u64, Option<Inst>)| {
        let count = counts.at(pc);
        let row = model.row_of(inst).map_or(0, |row| row[0]);
        let word = || format!(".word {:#010x}", program.word_at(pc).unwrap_or_default());
        let asm = inst.map_or_else(word, |inst| inst.asm().to_string());
        Line { pc, count, cost: count.saturating_mul(row), asm, places: sources.at(pc) }
    };
    code.iter().flat_map(|range| program.insts(range.clone())).map(line).collect()
}

/// The text for people. Where the source line changes, a line says so, with its text if `source`
/// knows it: it is given a path and a line number.
pub fn text(lines: &[Line], unit: &str, source: &dyn Fn(&str, u32) -> Option<String>) -> String {
    let mut text = String::new();
    let total: u64 = lines.iter().map(|line| line.cost).sum();
    let by_unit = unit != "instructions";
    let cost = |cost: u64| if by_unit { format!("  {cost:>15}") } else { String::new() };
    let head = if by_unit { format!("  {unit:>15}") } else { String::new() };
    writeln!(text, "{:>15}{head}  {:>6}  instruction", "executions", "share").expect(STRING);
    let mut places: &[Place] = &[];
    for line in lines {
        if line.places != places && !line.places.is_empty() {
            write_places(&mut text, &line.places, source);
        }
        places = &line.places;
        let share = crate::report::share(line.cost, total);
        let Line { pc, count, asm, .. } = line;
        writeln!(text, "{count:>15}{}  {share:>6}  {pc:#x}: {asm}", cost(line.cost)).expect(STRING);
    }
    text
}

const STRING: &str = "writing to a string does not fail";

fn write_places(text: &mut String, places: &[Place], source: &dyn Fn(&str, u32) -> Option<String>) {
    for (depth, place) in places.iter().enumerate() {
        let file = place.file.as_deref().unwrap_or("?");
        let line = place.line.unwrap_or(0);
        let function = place.function.as_deref().unwrap_or("?");
        let relation = if depth == 0 { "in" } else { "inlined into" };
        writeln!(text, "; {relation} {function} at {file}:{line}").expect(STRING);
        if let Some(code) = source(file, line).filter(|_| depth == 0) {
            writeln!(text, ";     {}", code.trim()).expect(STRING);
        }
    }
}
