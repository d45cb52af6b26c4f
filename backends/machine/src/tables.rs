//! The tables of a guest: systems, what makes their rows, and how large they are.
//!
//! A table is a function of guest, target and number, so prover and verifier make the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use autoprec_circuits::{ColumnId, Expr, Field, Linear, MachineBus, MachineSystem};
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

    /// What a row adds to the times that are under way: see [`ticks`].
    pub(crate) fn ticks(&self) -> Option<u64> {
        ticks(self.system())
    }
}

/// What a row that is no padding adds to the sum of the times that are under way, those of control, of
/// copies and of the end: the times that it sends less those that it receives.
///
/// A copy's time is sent by its call, passed on by its rows, and received by the call, which adds as much
/// to its own: so what rows of a copy add is theirs, not the call's. None if a row does not always add the
/// same.
fn ticks<F: Field>(system: &MachineSystem<F>) -> Option<u64> {
    let valid = Linear::column(ColumnId(0));
    let (once, back) = (Expr::from(valid.clone()), Expr::from(-valid.clone()));
    let has_time = |bus| matches!(bus, MachineBus::Execution | MachineBus::Copy | MachineBus::Exit);
    let mut added = Linear::zero();
    for interaction in system.interactions.iter().filter(|interaction| has_time(interaction.bus)) {
        let time = interaction.message.last()?.as_linear()?.clone();
        added = match &interaction.multiplicity {
            sent if *sent == once => added + time,
            received if *received == back => added - time,
            _ => return None,
        };
    }
    let ticks = added.coefficient(ColumnId(0));
    (added == valid.scale(ticks)).then(|| ticks.to_u64())
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

#[cfg(test)]
mod tests {
    use autoprec_circuits::{BabyBear, Pasta};
    use autoprec_isa::Xlen;
    use autoprec_isa::encoding::TABLE;
    use autoprec_synth::{HALO2, PLONKY3};

    use super::*;

    /// The tables that are written by hand, with the ticks of a row besides those of a copy.
    const WRITTEN: [(Written, u64); 14] = [
        (Written::Terminate, 0),
        (Written::HintStore, 2),
        (Written::HintBuffer, 2),
        (Written::Reveal, 3),
        (Written::Exit, 2),
        (Written::Read, 4),
        (Written::Write, 5),
        (Written::WriteError, 3),
        (Written::CopyHint, 1),
        (Written::CopyIn, 1),
        (Written::CopyOut, 1),
        (Written::Registers, 0),
        (Written::MemoryImage, 0),
        (Written::MemoryZeros, 0),
    ];

    fn check<F: Field>(target: &Target) -> usize {
        let mut operations = 0;
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            for (table, expected) in WRITTEN {
                let maker: Maker<F> = hand_written(table, target, xlen);
                assert_eq!(maker.ticks(), Some(expected), "{table:?}");
            }
            for kind in (0..300).filter_map(Kind::of_number) {
                let Kind::Op(op) = kind else { continue };
                if !TABLE.iter().any(|row| row.op == op && row.since <= xlen) {
                    continue;
                }
                let ir = lift_kind(op, xlen).expect("operations with numbers have tables");
                let number = kind.number().expect("it has one");
                let lowered = lower_kind::<F>(&optimise(&ir).0, number, target).unwrap();
                let expected = u64::from(lowered.recipe.ticks());
                assert_eq!(ticks(&lowered.system), Some(expected), "{op:?} {xlen}");
                operations += 1;
            }
        }
        operations
    }

    #[test]
    fn each_row_advances_time_by_what_its_constraints_say() {
        for operations in [check::<Pasta>(&HALO2), check::<BabyBear>(&PLONKY3)] {
            // RV32IM and RV64IM have 45 and 60 operations besides those of the environment.
            assert!(operations > 100, "{operations}");
        }
    }

    #[test]
    fn a_row_that_advances_time_as_it_likes_has_no_ticks() {
        let maker: Maker<BabyBear> = hand_written(Written::HintStore, &PLONKY3, Xlen::Rv32);
        let mut system = maker.system().clone();
        let is_exit = |i: &&mut autoprec_circuits::Interaction<_, _>| {
            i.bus == MachineBus::Execution && i.origin.what == "exit"
        };
        let exit = system.interactions.iter_mut().find(is_exit).expect("it goes on");
        let time = exit.message.last_mut().expect("it has a time");
        *time = time.clone() + Linear::column(ColumnId(1)).into();
        assert_eq!(ticks(&system), None);
    }
}
