//! How often each instruction was executed: in the whole run, and per function.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_isa::encoding::TABLE;
use autoprec_profile::Profile;

use crate::owners::by_owner;

/// What is not RISC-V's.
const CUSTOM: &str = "custom";

/// Executions by mnemonic, those of custom instructions together.
pub type Histogram = BTreeMap<&'static str, u64>;

/// Executions by function or call, then mnemonic. `program` holds the original words.
pub fn opcodes(program: &Program, profile: &Profile) -> BTreeMap<String, Histogram> {
    let mut all: BTreeMap<String, Histogram> = BTreeMap::new();
    for (name, executed) in by_owner(program, profile) {
        let own = all.entry(name).or_default();
        for (span, count) in executed {
            let span = &profile.spans[span];
            for (_, inst) in program.insts(span.start..span.end) {
                let row = inst.and_then(|inst| TABLE.iter().find(|row| row.op == inst.op));
                *own.entry(row.map_or(CUSTOM, |row| row.name)).or_default() += count;
            }
        }
    }
    all
}
