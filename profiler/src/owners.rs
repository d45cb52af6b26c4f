//! What executions count for: the function that they lie in, or the call on whose path they were.
//!
//! Invariant: each execution counts for one owner, so tables by owner add up to the run.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_profile::{Profile, Visit};

/// Executions of spans by what they count for: the function that they lie in, or the call on whose
/// path they were executed. Each execution is counted once.
pub(crate) fn by_owner(
    program: &Program,
    profile: &Profile,
) -> BTreeMap<String, BTreeMap<usize, u64>> {
    let mut owners: BTreeMap<String, BTreeMap<usize, u64>> = BTreeMap::new();
    let mut own = vec![0; profile.spans.len()];
    for &Visit { stack, span, count } in &profile.visits {
        match profile.stacks[stack].call_label() {
            Some(label) => *owners.entry(label).or_default().entry(span).or_default() += count,
            None => own[span] += count,
        }
    }
    for (index, (span, count)) in profile.spans.iter().zip(own).enumerate() {
        if count > 0 {
            owners.entry(function_name(program, span.start)).or_default().insert(index, count);
        }
    }
    owners
}

/// The function that an address belongs to, for tables.
pub(crate) fn function_name(program: &Program, pc: u64) -> String {
    program.function_at(pc).map_or_else(|| "(no symbol)".to_owned(), |f| f.name.clone())
}
