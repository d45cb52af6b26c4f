//! The tables of a guest: systems, what makes their rows, and how large they are.
//!
//! A table is a function of guest, target and number, so prover and verifier make the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoprec_circuits::{Field, MachineSystem};
use autoprec_synth::bits::{MachineLowered, lift_kind, lower_kind, lower_region};
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{LiftError, PrecompileId, RowGenerator, lift};
use autoprec_synth::{LowerError, Target};

use crate::guest::Guest;
use crate::kind::Kind;
use crate::table::{TableId, Written};
use crate::written;

/// A table that has records.
#[derive(Clone, Debug)]
pub(crate) enum Maker<F> {
    /// Made from dataflow.
    Lowered(Box<MachineLowered<F>>),
    /// Written by hand.
    Written(Box<(MachineSystem<F>, RowGenerator<F>)>),
}

impl<F: Field> Maker<F> {
    pub(crate) fn system(&self) -> &MachineSystem<F> {
        match self {
            Self::Lowered(lowered) => &lowered.system,
            Self::Written(written) => &written.0,
        }
    }

    pub(crate) fn record_words(&self) -> usize {
        match self {
            Self::Lowered(lowered) => lowered.recipe.record_words(),
            Self::Written(written) => written.1.record_words(),
        }
    }

    pub(crate) fn fill(&self, record: &[u64], row: &mut [F]) {
        match self {
            Self::Lowered(lowered) => lowered.recipe.rows().generate(record, row),
            Self::Written(written) => written.1.generate(record, row),
        }
    }

    /// How much later control is sent on at most, copies not counted.
    pub(crate) fn ticks(&self) -> u64 {
        match self {
            Self::Lowered(lowered) => lowered.recipe.ticks().into(),
            // No request accesses more.
            Self::Written(_) => 8,
        }
    }
}

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The operation or region cannot be lifted.
    #[error("table {table}: {error}")]
    Lift {
        /// The table.
        table: String,
        /// Why.
        error: LiftError,
    },
    /// The dataflow cannot be lowered.
    #[error("table {table}: {error}")]
    Lower {
        /// The table.
        table: String,
        /// Why.
        error: LowerError,
    },
    /// The guest calls no such precompile.
    #[error("the guest has no precompile {id}")]
    NoCall {
        /// The number of the precompile.
        id: PrecompileId,
    },
}

/// The tables of a guest that were asked for so far, by number.
#[derive(Clone, Debug)]
pub(crate) struct Tables<F> {
    pub(crate) target: Target,
    made: BTreeMap<u32, Arc<Maker<F>>>,
}

impl<F: Field> Tables<F> {
    pub(crate) fn new(target: &Target) -> Self {
        Self { target: *target, made: BTreeMap::new() }
    }

    /// A table with records.
    pub(crate) fn get(
        &mut self,
        guest: &Guest,
        table: TableId,
    ) -> Result<Arc<Maker<F>>, TableError> {
        let number = table.number();
        if let Some(made) = self.made.get(&number) {
            return Ok(Arc::clone(made));
        }
        let maker = Arc::new(make(guest, table, &self.target)?);
        self.made.insert(number, Arc::clone(&maker));
        Ok(maker)
    }
}

fn make<F: Field>(guest: &Guest, table: TableId, target: &Target) -> Result<Maker<F>, TableError> {
    let xlen = guest.xlen();
    let name = || table.to_string();
    let lift_error = |error| TableError::Lift { table: name(), error };
    let lowered = match table {
        TableId::Written(table) => return Ok(hand_written(table, target, xlen)),
        TableId::Op(op) => {
            let kind = Kind::Op(op).number().expect("an operation with a table has a number");
            let ir = lift_kind(op, xlen).map_err(lift_error)?;
            lower_kind(&optimise(&ir).0, kind, target)
        }
        TableId::Call(id) => {
            let call = guest.call(id).ok_or(TableError::NoCall { id })?;
            let ir = lift(&call.region).map_err(lift_error)?;
            lower_region(&optimise(&ir).0, target)
                .and_then(|unplaced| unplaced.placed(call.region.entry(), id, target))
        }
    };
    let lowered = lowered.map_err(|error| TableError::Lower { table: name(), error })?;
    Ok(Maker::Lowered(Box::new(lowered)))
}

fn hand_written<F: Field>(table: Written, target: &Target, xlen: autoprec_isa::Xlen) -> Maker<F> {
    Maker::Written(Box::new(written::lower(table, target, xlen)))
}
