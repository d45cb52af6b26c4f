//! Rewrites of the IR: a table of passes and the driver that runs them.
//!
//! Invariant: every pass keeps what the region does to registers, memory and control flow, on every
//! state on which the original does not fault. The driver verifies the IR after each pass; the
//! fixtures and the validator compare effects.

mod dead;
mod expand;
mod memory;
mod rebuild;
mod rules;

use std::collections::BTreeMap;

use crate::ir::Ir;

/// Where each rule fired: per firing the instruction, counted from 0, whose value it rewrote.
pub type Fired = BTreeMap<&'static str, Vec<u32>>;

/// Notes the instructions at which a rule fired, if it did.
fn note(fired: &mut Fired, rule: &'static str, insts: Vec<u32>) {
    if !insts.is_empty() {
        fired.entry(rule).or_default().extend(insts);
    }
}

/// A pass: gives the rewritten region and counts what it did.
type Pass = fn(&Ir, &mut Fired) -> Ir;

/// The passes in the order in which they run.
pub const PASSES: &[(&str, Pass)] = &[
    ("simplify", rules::simplify),
    ("memory", memory::forward),
    ("simplify-again", rules::simplify),
    ("memory-again", memory::forward),
    ("expand", expand::expand),
    ("simplify-expanded", rules::simplify),
    ("dead", dead::remove_dead),
];

/// The names of the rules of the table of equations, each with its equation.
pub use rules::RULES;

/// Runs every pass.
pub fn optimise(ir: &Ir) -> (Ir, Fired) {
    let mut fired = Fired::new();
    let mut ir = ir.clone();
    for (name, pass) in PASSES {
        ir = pass(&ir, &mut fired);
        tracing::trace!(pass = name, values = ir.values.len(), effects = ir.effects.len());
        debug_assert_eq!(ir.verify(), Ok(()), "after {name}");
    }
    (ir, fired)
}
