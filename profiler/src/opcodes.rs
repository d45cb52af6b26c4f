//! How often each instruction was executed: in the whole run, and per function.

use std::collections::BTreeMap;

use autoprec_isa::encoding::TABLE;

use crate::profile::Profile;
use crate::program::Program;
use crate::report::function_name;

/// What is not RISC-V's.
const CUSTOM: &str = "custom";

/// Executions by mnemonic, those of custom instructions together.
pub type Histogram = BTreeMap<&'static str, u64>;

/// Executions by function, then mnemonic. `program` holds the original words.
pub fn opcodes(program: &Program, profile: &Profile) -> BTreeMap<String, Histogram> {
    let mut all: BTreeMap<String, Histogram> = BTreeMap::new();
    for span in &profile.spans {
        let own = all.entry(function_name(program, span.start)).or_default();
        for (_, inst) in program.insts(span.start..span.end) {
            let row = inst.and_then(|inst| TABLE.iter().find(|row| row.op == inst.op));
            *own.entry(row.map_or(CUSTOM, |row| row.name)).or_default() += span.count;
        }
    }
    all
}
