//! What a run counted. Kilobytes, whatever the length of the run.
//!
//! Invariants: spans are sorted by start, edges by origin and target, stacks by frames, visits by stack
//! and span, calls and markers by name, each without duplicates; visits name spans and stacks that exist; equal runs give equal
//! profiles.

use std::collections::BTreeMap;

use crate::accesses::MemoryUse;
use crate::section::Section;

/// Counts of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Version of the format.
    pub version: u32,
    /// SHA-256 of the ELF in hex; see [`Program::digest`](autoprec_guest_elf::Program).
    pub elf_digest: String,
    /// Whether the run was stopped before the guest ended.
    pub partial: bool,
    /// Executed instructions.
    pub instructions: u64,
    /// Straight-line runs of instructions, by where they were entered.
    pub spans: Vec<Span>,
    /// Taken control transfers.
    pub edges: Vec<Edge>,
    /// Instructions per call path.
    pub stacks: Vec<Stack>,
    /// Which spans each call path executed.
    pub visits: Vec<Visit>,
    /// Calls of the environment and of precompiles.
    pub calls: Vec<Called>,
    /// What lies between markers that the guest printed.
    pub markers: Vec<Section>,
    /// What was done to memory.
    pub memory: MemoryUse,
}

/// Instructions that were executed one after the other.
///
/// A span begins where control arrived: at the entry, a target, behind a branch not taken or behind
/// a call of the environment. It ends with the next branch (taken or not) or jump; and before a call
/// of the environment, which is a span of its own, before the entry and the end of a patched region
/// and before a watched address. Spans may overlap, where code is entered in several places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Address of the first instruction.
    pub start: u64,
    /// Address after the last one.
    pub end: u64,
    /// Number of instructions.
    pub insts: u32,
    /// How often it was executed.
    pub count: u64,
}

/// A taken branch or a jump. Of a branch, the executions that no edge counts fell through.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Address of the control instruction.
    pub from: u64,
    /// Address that control went to.
    pub to: u64,
    /// Number of times.
    pub count: u64,
}

/// A call path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// Entry addresses of the functions, outermost first. A path without functions stands for
    /// those that were too many to tell apart.
    pub frames: Vec<u64>,
    /// What the innermost function called, if the path goes on to the environment (such as
    /// `write`) or to a precompile (`precompile 10000`).
    pub call: Option<String>,
    /// Instructions executed in the innermost one on this path, its callees excluded. Those of a
    /// call of the environment are the calling instructions, those of a precompile what it
    /// replaces.
    pub count: u64,
}

/// Executions of a span on a call path. Those of all paths add up to the span's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    /// Index of the call path in [`Profile::stacks`].
    pub stack: usize,
    /// Index of the span in [`Profile::spans`].
    pub span: usize,
    /// Number of times.
    pub count: u64,
}

/// Calls of one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called {
    /// As in [`Stack::call`].
    pub name: String,
    /// Number of times.
    pub count: u64,
}

impl Stack {
    /// How tables and graphs show a call: in brackets, so that it is told from a function.
    pub fn call_label(&self) -> Option<String> {
        self.call.as_ref().map(|name| format!("[{name}]"))
    }
}

impl Profile {
    /// The version of the format that this crate writes and reads.
    pub const VERSION: u32 = 3;

    /// Of a run that executed nothing.
    pub fn empty() -> Self {
        Self {
            version: Self::VERSION,
            elf_digest: String::new(),
            partial: false,
            instructions: 0,
            spans: Vec::new(),
            edges: Vec::new(),
            stacks: Vec::new(),
            visits: Vec::new(),
            calls: Vec::new(),
            markers: Vec::new(),
            memory: MemoryUse::default(),
        }
    }

    /// How often the instruction at `pc` was executed. For many addresses, [`Profile::counts`] is
    /// faster.
    pub fn count_at(&self, pc: u64) -> u64 {
        let started = self.spans.partition_point(|span| span.start <= pc);
        self.spans[..started].iter().filter(|span| pc < span.end).map(|span| span.count).sum()
    }

    /// The counts of all addresses.
    pub fn counts(&self) -> Counts {
        let mut changes: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for span in &self.spans {
            changes.entry(span.start).or_default().0 += span.count;
            changes.entry(span.end).or_default().1 += span.count;
        }
        let mut count = 0;
        let steps = changes.into_iter().map(|(addr, (begun, ended))| {
            count = count + begun - ended;
            (addr, count)
        });
        Counts { steps: steps.collect() }
    }
}

/// Execution counts by address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// From this address on, this count; sorted.
    steps: Vec<(u64, u64)>,
}

impl Counts {
    /// How often the instruction at `pc` was executed.
    pub fn at(&self, pc: u64) -> u64 {
        let after = self.steps.partition_point(|&(addr, _)| addr <= pc);
        after.checked_sub(1).map_or(0, |index| self.steps[index].1)
    }
}
