//! Altered traces, so that tests can see the check and the proof fail.

use openvm_stark_backend::{p3_field::PrimeCharacteristicRing, prover::ProvingContext};

use crate::{
    machine::Machine,
    types::{Backend, F},
};

/// Adds to one cell of a precompile's trace.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Tamper {
    /// The id of the precompile.
    pub precompile: u32,
    /// The row; taken from the first segment in which the precompile has rows.
    pub row: usize,
    /// The column.
    pub column: usize,
    /// What is added.
    pub add: u32,
}

impl Tamper {
    pub(crate) fn apply(&self, machine: &Machine, traces: &mut ProvingContext<Backend>) {
        let shape = |id: usize| machine.airs[id].precompile;
        let trace = traces.per_trace.iter_mut().find(|(id, _)| shape(*id) == Some(self.precompile));
        if let Some((_, trace)) = trace {
            let main = &mut trace.common_main;
            main.values[self.row * main.width + self.column] += F::from_u32(self.add);
        }
    }
}
