//! What the HTML page of a build shows, as plain data: the one interface between the pipeline, which fills
//! it, and the page's scripts, which draw it.
//!
//! Lists that may be long (blocks, edges, frames) are columns of equal length, not lists of objects: a
//! guest may have 70,000 blocks. Indices point into other lists; −1 stands for none. Numbers of a run
//! may exceed 2^53 only in theory; the page shows them as JavaScript numbers.

use serde::{Deserialize, Serialize};

use crate::measured::Measured;
use crate::report::Report;

/// The version of the form.
pub const PAGE_VERSION: u32 = 1;

/// One build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// [`PAGE_VERSION`].
    pub version: u32,
    /// Its report.
    pub report: Report,
    /// Functions that hold code, by address.
    pub functions: Vec<Function>,
    /// Every block of the guest.
    pub blocks: Blocks,
    /// Ways from block to block.
    pub edges: Edges,
    /// Call paths of the profiled run.
    pub frames: Frames,
    /// Tables of the prover, as the cost model predicts them for this run.
    pub tables: Vec<Table>,
    /// Proofs of the original guest that were measured, at most one per target.
    pub measured_before: Vec<Measured>,
    /// The same of the patched guest.
    pub measured_after: Vec<Measured>,
    /// What limits the number of precompiles, where the target has limits.
    pub limits: Option<Limits>,
    /// Earlier builds and this one, oldest first; empty if there is only this one.
    pub history: Vec<HistoryPoint>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name as people write it, or its address.
    pub name: String,
    /// Address of its first instruction.
    pub entry: u64,
    /// The source file and line that it begins at, such as `src/main.rs:12`.
    pub place: Option<String>,
}

/// Blocks, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// Address of the first instruction.
    pub entry: Vec<u64>,
    /// Instructions.
    pub instructions: Vec<u32>,
    /// The function, as an index into [`Page::functions`].
    pub function: Vec<i32>,
    /// Executions in the profiled run.
    pub count: Vec<u64>,
    /// Cost of one execution, in the target's unit.
    pub cost: Vec<u64>,
    /// What the run saves here with the precompiles; what it would save if the block has none.
    pub saved: Vec<i64>,
    /// The precompile that begins in it, as an index into the report's precompiles.
    pub precompile: Vec<i32>,
    /// Why it has none, as an index into `reasons`; −1 if it has one.
    pub reason: Vec<i32>,
    /// The reasons that occur.
    pub reasons: Vec<String>,
}

/// Ways from block to block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edges {
    /// Index of the block that it leaves.
    pub from: Vec<u32>,
    /// Index of the block that it enters.
    pub to: Vec<u32>,
    /// What kind, as an index into `kinds`.
    pub kind: Vec<u8>,
    /// How often the profiled run took it; −1 where that was not counted.
    pub count: Vec<i64>,
    /// Names of kinds, such as `taken`, `falls through`, `call`, `return`.
    pub kinds: Vec<String>,
}

/// The tree of call paths, parents before children. Values are of the frame itself, callees excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frames {
    /// Index of the caller's frame; −1 for roots.
    pub parent: Vec<i32>,
    /// Index into `names`.
    pub name: Vec<u32>,
    /// Instructions.
    pub instructions: Vec<u64>,
    /// Instructions that the VM executes in the patched guest, a call as one.
    pub instructions_patched: Vec<u64>,
    /// Cost in the target's unit.
    pub cost: Vec<u64>,
    /// Cost with the precompiles.
    pub cost_patched: Vec<u64>,
    /// Names: functions, inlined ones with `inlined` true, calls of the environment in brackets.
    pub names: Vec<FrameName>,
}

/// What a frame is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameName {
    /// Its name.
    pub name: String,
    /// Index into [`Page::functions`]; −1 if it is none of them.
    pub function: i32,
    /// Whether it was inlined into its caller.
    pub inlined: bool,
}

/// A table (AIR) of the prover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The precompile whose calls its rows are.
    pub precompile: Option<u32>,
    /// Cost of a row, in the target's unit.
    pub row: u64,
    /// Rows of the original run.
    pub rows_before: u64,
    /// Rows of the patched run.
    pub rows_after: u64,
    /// Rows of the original run with the prover's padding.
    pub padded_before: u64,
    /// Rows of the patched run with the prover's padding.
    pub padded_after: u64,
}

/// What a target takes in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Tables at most, those of the base VM included.
    pub tables: usize,
    /// Columns of all tables at most.
    pub columns: usize,
    /// Tables of the base VM.
    pub base_tables: usize,
    /// Their columns.
    pub base_columns: usize,
}

/// A build among others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// What people call it: the name of its folder.
    pub label: String,
    /// Its report, without regions and with precompiles as they are.
    pub report: Report,
}

/// Everything about one precompile. On the page each is compressed by itself and read when it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The number of the precompile.
    pub id: u32,
    /// Its instructions, in order.
    pub assembly: Vec<Line>,
    /// The rewritten dataflow.
    pub ir: Vec<Origin>,
    /// Its systems, as in the report.
    pub systems: Vec<DetailSystem>,
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The address of the instruction.
    pub pc: u64,
    /// Its text.
    pub text: String,
    /// Where it comes from, innermost first, such as `src/lib.rs:7 in mix`.
    pub source: Vec<String>,
}

/// A line with the instruction it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its text.
    pub text: String,
    /// Index into the assembly; −1 if it is about none in particular.
    pub inst: i32,
    /// What it is for, such as `carry`; may be empty.
    pub what: String,
}

/// A constraint system, line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailSystem {
    /// Its field.
    pub field: String,
    /// Names and kinds of its columns.
    pub columns: Vec<(String, String)>,
    /// Its constraints: expressions that are 0 on every row.
    pub constraints: Vec<Origin>,
    /// Its messages.
    pub messages: Vec<Message>,
}

/// A message of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The bus.
    pub bus: String,
    /// How often it is sent; negative if received.
    pub multiplicity: String,
    /// Its fields.
    pub fields: Vec<String>,
    /// Index into the assembly; −1 if it is about none in particular.
    pub inst: i32,
    /// What it is for.
    pub what: String,
}

/// Instructions of the executed blocks, for the control-flow view: compressed apart from [`Page`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Index into [`Page::blocks`].
    pub block: Vec<u32>,
    /// The block's instructions, one per line.
    pub text: Vec<String>,
}
