//! What tests that run guests share: an assembler for a handful of lines, and sums of profiles.

use std::collections::BTreeMap;

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{Patches, Program, Symbol};
use autoprec_isa::{Inst, Xlen};
use autoprec_profile::Profile;

/// Where the code of tests lies.
pub(crate) const BASE: u64 = 0x20_0800;

/// Assembles lines of instructions, `label:` lines, `.word`s, and `;` comments. `@label` stands for
/// the distance to a label. Gives the code and the labels.
pub(crate) fn assemble(xlen: Xlen, base: u64, text: &str) -> (Vec<u8>, BTreeMap<String, u64>) {
    let lines =
        || text.lines().map(|l| l.split(';').next().unwrap().trim()).filter(|l| !l.is_empty());
    let mut labels = BTreeMap::new();
    let mut pc = base;
    for line in lines() {
        match line.strip_suffix(':') {
            Some(label) => drop(labels.insert(label.to_owned(), pc)),
            None => pc += 4,
        }
    }
    let mut code = Vec::new();
    for line in lines().filter(|l| !l.ends_with(':')) {
        let pc = base + code.len() as u64;
        let word = if let Some(word) = line.strip_prefix(".word ") {
            u32::from_str_radix(word.trim_start_matches("0x"), 16).unwrap()
        } else {
            let line = match line.split_once('@') {
                Some((before, label)) => {
                    format!("{before}{}", labels[label.trim()].wrapping_sub(pc).cast_signed())
                }
                None => line.to_owned(),
            };
            let inst = Inst::parse(xlen, &line).unwrap_or_else(|e| panic!("`{line}`: {e}"));
            inst.encode(xlen).unwrap_or_else(|| panic!("`{line}` does not encode"))
        };
        code.extend(word.to_le_bytes());
    }
    (code, labels)
}

/// A program of assembled text in which each label without a leading `.` is a function.
pub(crate) fn program(xlen: Xlen, text: &str) -> (Program, BTreeMap<String, u64>) {
    let (code, labels) = assemble(xlen, BASE, text);
    let symbol = |(name, &addr): (&String, &u64)| Symbol {
        name: name.clone(),
        addr,
        size: 0,
        is_function: !name.starts_with('.'),
    };
    let symbols = labels.iter().map(symbol).collect();
    (Program::from_code(xlen, BASE, &code).with_symbols(symbols), labels)
}

/// Runs with neither patches nor input.
pub(crate) fn execute(program: &Program, environment: Environment) -> Result<Run, RunError> {
    run(program, &Patches::none(), environment, &Input::default(), &Limits::none())
}

/// The call paths by name, sorted, each with its instructions.
pub(crate) fn folded(program: &Program, profile: &Profile) -> String {
    let name = |&pc: &u64| program.function_at(pc).map_or("?", |f| &f.name).to_owned();
    let mut paths: BTreeMap<String, u64> = BTreeMap::new();
    for stack in profile.stacks.iter().filter(|stack| stack.count > 0) {
        let path: Vec<String> = stack.frames.iter().map(name).chain(stack.call_label()).collect();
        *paths.entry(path.join(";")).or_default() += stack.count;
    }
    let lines = paths.into_iter().map(|(path, count)| format!("{path} {count}"));
    lines.map(|line| line + "\n").collect()
}

/// Instructions by the function that they lie in.
pub(crate) fn by_function(program: &Program, profile: &Profile) -> BTreeMap<String, u64> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for span in &profile.spans {
        let function = program.function_at(span.start).map_or("?", |f| &f.name);
        *counts.entry(function.to_owned()).or_default() += u64::from(span.insts) * span.count;
    }
    counts
}

/// Every execution of a span counts for one call path, and paths add up to the run.
pub(crate) fn adds_up(profile: &Profile) {
    for (index, stack) in profile.stacks.iter().enumerate() {
        let own = profile.visits.iter().filter(|visit| visit.stack == index);
        let insts = own.map(|v| u64::from(profile.spans[v.span].insts) * v.count).sum::<u64>();
        assert_eq!(insts, stack.count, "{stack:?}");
    }
    for (index, span) in profile.spans.iter().enumerate() {
        let visits = profile.visits.iter().filter(|visit| visit.span == index);
        assert_eq!(visits.map(|visit| visit.count).sum::<u64>(), span.count, "{span:?}");
    }
    assert_eq!(profile.stacks.iter().map(|stack| stack.count).sum::<u64>(), profile.instructions);
}
