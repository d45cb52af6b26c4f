//! What each function did, as JSON for scripts: a row per function or call.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_profile::{ByWidth, Profile, by_width};
use serde::Serialize;

use super::weighted;
use crate::accesses::{accesses, misaligned};
use crate::cost::Model;
use crate::opcodes::{Histogram, opcodes};
use crate::owners::by_owner;

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    elf_digest: &'a str,
    /// What `cost` is in.
    unit: &'a str,
    /// The whole run.
    instructions: u64,
    opcodes: Histogram,
    functions: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    instructions: u64,
    cost: u64,
    blocks: usize,
    opcodes: Histogram,
    loads: ByWidth,
    stores: ByWidth,
    misaligned: u64,
}

/// Functions and calls, those that cost most in the first unit of the model first, as JSON.
/// `program` holds the original words.
pub fn functions_json(program: &Program, profile: &Profile, model: &Model) -> String {
    let mut all = Histogram::new();
    let mut histograms = opcodes(program, profile);
    for (name, count) in histograms.values().flatten() {
        *all.entry(name).or_default() += count;
    }
    let mut accesses = accesses(program, profile);
    let misaligned = misaligned(program, profile);
    let instructions: BTreeMap<String, u64> = by_owner(program, profile)
        .into_iter()
        .map(|(name, executed)| {
            let insts = |(span, count): (usize, u64)| u64::from(profile.spans[span].insts) * count;
            (name, executed.into_iter().map(insts).sum())
        })
        .collect();
    let row = |row: super::FunctionRow| {
        let name = row.name;
        let own = accesses.remove(&name).unwrap_or_default();
        Row {
            instructions: instructions[&name],
            cost: row.instructions,
            blocks: row.blocks,
            opcodes: histograms.remove(&name).unwrap_or_default(),
            loads: by_width(&own.loads),
            stores: by_width(&own.stores),
            misaligned: misaligned.get(&name).copied().unwrap_or(0),
            name,
        }
    };
    let file = File {
        version: VERSION,
        elf_digest: &profile.elf_digest,
        unit: &model.units[0],
        instructions: profile.instructions,
        opcodes: all,
        functions: weighted(program, profile, model).into_iter().map(row).collect(),
    };
    serde_json::to_string(&file).expect("strings and numbers are valid JSON")
}
