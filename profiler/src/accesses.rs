//! Loads and stores, and misaligned ones, by who made them.

use std::collections::BTreeMap;

use autoprec_guest_elf::Program;
use autoprec_profile::{Accesses, Profile};

use crate::owners::{by_owner, function_name};

/// Loads and stores by function or call, as in [`report::functions`](crate::report::functions).
/// `program` holds the original words.
pub fn accesses(program: &Program, profile: &Profile) -> BTreeMap<String, Accesses> {
    let of = |executed: BTreeMap<usize, u64>| {
        let spans = executed.into_iter().map(|(span, count)| (&profile.spans[span], count));
        Accesses::of_spans(program, spans)
    };
    by_owner(program, profile).into_iter().map(|(name, executed)| (name, of(executed))).collect()
}

/// Misaligned loads and stores by function.
pub fn misaligned(program: &Program, profile: &Profile) -> BTreeMap<String, u64> {
    let mut functions = BTreeMap::new();
    for &(pc, count) in &profile.memory.misaligned {
        *functions.entry(function_name(program, pc)).or_default() += count;
    }
    functions
}
