//! Turns the records of a precompile's calls into the rows of its trace.

use std::sync::Arc;

use autoprec_circuits::{BabyBear, BusKind as _};
use autoprec_synth::{RowGenerator, WitnessRecipe};
use openvm_circuit::arch::RowMajorMatrixArena;
use openvm_circuit_primitives::Chip;
use openvm_stark_backend::{p3_field::PrimeCharacteristicRing, prover::AirProvingContext};
use rayon::prelude::*;

use crate::{
    executor::record_words,
    lookups::{Lookups, NotInTable, Tables},
    types::{Arena, Backend, F},
};

/// Rows that one task expands before it takes the next ones: few, so that they stay in its cache.
const ROWS_PER_TASK: usize = RowGenerator::<BabyBear>::LANES;

/// Generates the trace of one precompile.
pub(crate) struct PrecompileChip {
    /// The number of the precompile.
    pub(crate) id: u32,
    pub(crate) recipe: Arc<WitnessRecipe<BabyBear>>,
    pub(crate) lookups: Lookups,
    pub(crate) tables: Tables,
}

impl PrecompileChip {
    /// Expands the records at the start of `rows` and counts the rows' lookups. `canonical` is
    /// working space for as many rows.
    ///
    /// # Panics
    ///
    /// If a lookup is not in its table, which is a defect of the precompile: its proof would fail.
    fn fill(&self, rows: &mut [F], canonical: &mut [u32]) {
        let recipe = &*self.recipe;
        let (width, words) = (recipe.width(), recipe.record_words());
        // The records are made of integers, not of field elements, and lie where the rows will.
        for (row, canonical) in rows.chunks_exact(width).zip(canonical.chunks_exact_mut(width)) {
            canonical[..words].copy_from_slice(&record_words(row)[..words]);
        }
        recipe.rows().generate_in_place(canonical);
        for row in canonical.chunks_exact(width) {
            self.count(row);
        }
        for (cell, &value) in rows.iter_mut().zip(&*canonical) {
            *cell = F::from_u32(value);
        }
    }

    /// Counts the lookups of a row; panics as [`Self::fill`].
    fn count(&self, row: &[u32]) {
        if let Err(NotInTable { interaction, bus, message, multiplicity }) =
            self.lookups.count(row, &self.tables)
        {
            panic!(
                "precompile {}: interaction {interaction} sends {message:?} to the {} bus with \
                 multiplicity {multiplicity}, which its table does not hold; this is a defect of \
                 autoprec",
                self.id,
                bus.name(),
            );
        }
    }
}

impl Chip<Arena, Backend> for PrecompileChip {
    fn generate_proving_ctx(&self, arena: Arena) -> AirProvingContext<Backend> {
        let width = self.recipe.width();
        let rows = arena.trace_offset() / width; // before `into_matrix`, which pads
        let mut trace = arena.into_matrix();
        trace.values[..rows * width].par_chunks_mut(width * ROWS_PER_TASK).for_each_init(
            || vec![0; width * ROWS_PER_TASK],
            |canonical, rows| self.fill(rows, &mut canonical[..rows.len()]),
        );
        AirProvingContext::simple(trace, vec![])
    }
}
