//! Turns the records of a precompile's calls into the rows of its trace.

use std::sync::Arc;

use autoprec_synth::Precompile;
use openvm_circuit::arch::RowMajorMatrixArena;
use openvm_circuit_primitives::Chip;
use openvm_stark_backend::{p3_field::PrimeCharacteristicRing, prover::AirProvingContext};
use rayon::prelude::*;

use crate::{
    executor::record_words,
    lookups::{Lookups, NotInTable, Tables},
    types::{Arena, Backend, F},
};

/// Rows that one task expands before it takes the next ones.
const ROWS_PER_TASK: usize = 256;

/// Generates the trace of one precompile.
pub(crate) struct PrecompileChip {
    pub(crate) precompile: Arc<Precompile>,
    pub(crate) lookups: Lookups,
    pub(crate) tables: Tables,
}

impl PrecompileChip {
    /// Expands the record at the start of `row` and counts the row's lookups. `record` and
    /// `canonical` are working space.
    ///
    /// # Panics
    ///
    /// If a lookup is not in its table, which is a defect of the precompile: its proof would fail.
    fn fill(&self, row: &mut [F], record: &mut [u32], canonical: &mut [u32]) {
        // The record is made of integers, not of field elements, and lies where the row will.
        record.copy_from_slice(&record_words(row)[..record.len()]);
        self.precompile.recipe.fill_row(record, canonical);
        if let Err(NotInTable { interaction, bus, message, multiplicity }) =
            self.lookups.count(canonical, &self.tables)
        {
            panic!(
                "precompile {}: interaction {interaction} sends {message:?} to the {} bus with \
                 multiplicity {multiplicity}, which its table does not hold; this is a defect of \
                 autoprec",
                self.precompile.id,
                bus.name(),
            );
        }
        for (cell, &value) in row.iter_mut().zip(&*canonical) {
            *cell = F::from_u32(value);
        }
    }
}

impl Chip<Arena, Backend> for PrecompileChip {
    fn generate_proving_ctx(&self, arena: Arena) -> AirProvingContext<Backend> {
        let width = self.precompile.system.columns.len();
        let rows = arena.trace_offset() / width; // before `into_matrix`, which pads
        let mut trace = arena.into_matrix();
        let words = self.precompile.recipe.record_words();
        trace.values[..rows * width].par_chunks_mut(width * ROWS_PER_TASK).for_each(|chunk| {
            let mut record = vec![0; words];
            let mut canonical = vec![0; width];
            for row in chunk.chunks_exact_mut(width) {
                self.fill(row, &mut record, &mut canonical);
            }
        });
        AirProvingContext::simple(trace, vec![])
    }
}
