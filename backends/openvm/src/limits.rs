//! The limits of OpenVM's security analysis, checked before anything is proved.
//!
//! The analysis behind the 100-bit parameters assumes bounds on the AIRs that no code of OpenVM
//! enforces. Two more conditions make a row of a precompile sound: it advances the clock no more
//! often than it has interactions (the verifier bounds interactions, not ticks, and the clock must
//! not wrap), and its record fits in its row.

use std::collections::BTreeSet;

use autoprec_circuits::{Bus, BusKind as _};
use autoprec_synth::OPENVM;

use crate::{buses::Buses, installed::Installed, params::MAX_DEGREE};

/// AIRs in one verifying key.
pub const MAX_AIRS: usize = OPENVM.limits.tables;
/// Constraints of one AIR.
pub const MAX_CONSTRAINTS: usize = OPENVM.limits.constraints;
/// Interactions of one AIR.
pub const MAX_INTERACTIONS: usize = OPENVM.limits.interactions;
/// Columns of all AIRs together.
pub const MAX_COLUMNS: usize = OPENVM.limits.total_columns;

/// A limit that a set of precompiles exceeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Too many AIRs.
    #[error(
        "{precompiles} precompiles and {base} AIRs of the base VM exceed the limit of {MAX_AIRS} \
         AIRs; select at most {} precompiles",
        MAX_AIRS.saturating_sub(*.base)
    )]
    Airs {
        /// AIRs of the base VM.
        base: usize,
        /// AIRs of precompiles.
        precompiles: usize,
    },
    /// Too many columns.
    #[error("all AIRs together have {got} columns; the limit is {MAX_COLUMNS}")]
    Columns {
        /// Columns of all AIRs.
        got: usize,
    },
    /// Two precompiles have one number.
    #[error("precompile {id} is given twice")]
    DuplicateId {
        /// The number.
        id: u32,
    },
    /// A precompile has no system for OpenVM.
    #[error("precompile {id} was made for another target; synthesise it for OpenVM")]
    OtherTarget {
        /// The number.
        id: u32,
    },
    /// One precompile is too large.
    #[error("precompile {id} has {got} {what}; the limit is {limit}: split its region")]
    TooLarge {
        /// The number of the precompile.
        id: u32,
        /// What there is too much of.
        what: &'static str,
        /// How much there is.
        got: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The base VM has no table for a lookup.
    #[error(
        "precompile {id} needs the {} table, which the base VM does not have; enable rv32i and \
         rv32m in openvm.toml",
        .bus.name()
    )]
    MissingTable {
        /// The number of the precompile.
        id: u32,
        /// The bus of the table.
        bus: Bus,
    },
}

/// Checks everything that does not need the AIRs of the base VM.
///
/// Its system has its bus interactions on buses of the VM.
pub(crate) fn check_precompile(precompile: &Installed, buses: &Buses) -> Result<(), LimitError> {
    let (id, system) = (precompile.id, precompile.system());
    let columns = system.columns.len();
    let interactions = system.interactions.len();
    let degree = system.degree() as usize;
    let ticks = precompile.recipe.ticks() as usize;
    for (what, got, limit) in [
        ("constraints", system.constraints.len(), MAX_CONSTRAINTS),
        ("interactions", interactions, MAX_INTERACTIONS),
        ("columns", columns, MAX_COLUMNS),
        ("as its highest degree", degree, MAX_DEGREE as usize),
        ("clock ticks in a row (its number of interactions bounds them)", ticks, interactions),
        (
            "words in a record (its number of columns bounds them)",
            precompile.recipe.record_words(),
            columns,
        ),
    ] {
        if got > limit {
            return Err(LimitError::TooLarge { id, what, got, limit });
        }
    }
    match system.interactions.iter().find(|i| buses.index(i.bus).is_none()) {
        Some(missing) => Err(LimitError::MissingTable { id, bus: missing.bus }),
        None => Ok(()),
    }
}

/// Checks the numbers of AIRs and columns; `base_widths` has the width of each AIR of the base VM.
pub(crate) fn check_totals(
    base_widths: &[usize],
    precompiles: &[(u32, usize)],
) -> Result<(), LimitError> {
    if base_widths.len() + precompiles.len() > MAX_AIRS {
        let (base, precompiles) = (base_widths.len(), precompiles.len());
        return Err(LimitError::Airs { base, precompiles });
    }
    let got = base_widths.iter().sum::<usize>()
        + precompiles.iter().map(|&(_, width)| width).sum::<usize>();
    if got > MAX_COLUMNS {
        return Err(LimitError::Columns { got });
    }
    let mut seen = BTreeSet::new();
    match precompiles.iter().find(|(id, _)| !seen.insert(*id)) {
        Some(&(id, _)) => Err(LimitError::DuplicateId { id }),
        None => Ok(()),
    }
}
