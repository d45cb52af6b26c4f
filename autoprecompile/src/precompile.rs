//! One precompile, from region to system, and its identity.

use std::collections::BTreeSet;
use std::fmt::Write;

use autoprec_blocks::{Region, RegionInst};
use autoprec_circuits::{BabyBear, Bus, BusKind, ConstraintSystem, Expr, Size};
use autoprec_guest_elf::PrecompileId;
use sha2::{Digest, Sha256};

use crate::ir::Ir;
use crate::lift::{LiftError, lift};
use crate::lower::bytes::{Unplaced, lower};
use crate::lower::{LowerError, Lowered};
use crate::recipe::WitnessRecipe;
use crate::rewrite::{Fired, optimise};
use crate::target::{RowCost, Target};
use crate::validate::{
    Effort, RecordedState, Rules, Subject, Validation, ValidationError, validate,
};

/// The version of what synthesis makes of a region: it changes whenever a system may.
pub const SYNTHESISER_VERSION: u32 = 2;

/// A region with its constraint system.
#[derive(Clone, Debug)]
pub struct Precompile {
    /// The number it is called by.
    pub id: PrecompileId,
    /// The code it replaces.
    pub region: Region,
    /// The rewritten dataflow.
    pub ir: Ir,
    /// Which rewrites fired where.
    pub fired: Fired,
    /// What a row must satisfy.
    pub system: ConstraintSystem<BabyBear>,
    /// How it is executed and its row filled.
    pub recipe: WitnessRecipe<BabyBear>,
    /// What it costs and replaces.
    pub cost: Cost,
}

/// The price of one execution of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// In the tables of its instructions.
    pub before: Size,
    /// In the precompile's table.
    pub after: Size,
}

impl Cost {
    /// Main cells that a call saves; negative if it costs more.
    pub fn saved_per_call(self) -> i64 {
        let cells = |size: Size| i64::try_from(size.columns).expect("a table has few columns");
        cells(self.before) - cells(self.after)
    }
}

/// Why a region has no precompile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SynthError {
    /// It cannot be lifted.
    #[error(transparent)]
    Lift(#[from] LiftError),
    /// It cannot be lowered.
    #[error(transparent)]
    Lower(#[from] LowerError),
    /// It exceeds what one table of the target may be.
    #[error(
        "{what} of the region at {entry:#x} exceed the target's limit: {got} of at most {limit}"
    )]
    Limit {
        /// Entry of the region.
        entry: u64,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// How much there is.
        got: usize,
    },
}

/// What the instructions of a region cost in their own tables.
pub fn cost_before(region: &Region, target: &Target) -> Size {
    let table = |at: &RegionInst| (target.instruction)(at.inst, region.xlen, target);
    region.insts.iter().filter_map(table).fold(RowCost::default(), RowCost::plus).size
}

/// Synthesises the precompile of a region.
///
/// # Errors
/// If the region cannot be lifted or lowered, or its system exceeds the target's limits.
pub fn synthesise(
    region: &Region,
    id: PrecompileId,
    target: &Target,
) -> Result<Precompile, SynthError> {
    Draft::synthesise(region, target)?.placed(region.clone(), id, target)
}

/// A precompile without place and number: the same for all regions of one [`Shape`](autoprec_blocks::Shape).
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    ir: Ir,
    fired: Fired,
    lowered: Unplaced,
}

impl Draft {
    /// All of synthesis but for placing.
    ///
    /// # Errors
    /// If the region cannot be lifted or lowered, or its system exceeds the target's limits.
    pub(crate) fn synthesise(region: &Region, target: &Target) -> Result<Self, SynthError> {
        let (ir, fired) = optimise(&lift(region)?);
        let lowered = lower(&ir, target)?;
        check_limits(region, &lowered, target)?;
        Ok(Self { ir, fired, lowered })
    }

    /// Columns of a row.
    pub(crate) fn columns(&self) -> usize {
        self.lowered.system().columns.len()
    }

    /// The precompile of a region of this shape.
    ///
    /// # Errors
    /// If the region or what follows it lies beyond what the target has of code.
    pub(crate) fn placed(
        self,
        region: Region,
        id: PrecompileId,
        target: &Target,
    ) -> Result<Precompile, SynthError> {
        let Self { ir, fired, lowered } = self;
        let Lowered { system, recipe } = lowered.placed(region.entry(), id, target)?;
        let cost = Cost { before: cost_before(&region, target), after: system.size() };
        Ok(Precompile { id, region, ir, fired, system, recipe, cost })
    }
}

fn check_limits(region: &Region, lowered: &Unplaced, target: &Target) -> Result<(), SynthError> {
    let (size, limits) = (lowered.system().size(), target.limits);
    let degree = usize::try_from(lowered.system().degree()).expect("degrees are small");
    let max_degree = usize::try_from(limits.degree).expect("degrees are small");
    // A row that advances time by more than its messages breaks the bound on timestamps that
    // verifiers derive from the number of messages.
    let ticks = lowered.recipe().ticks() as usize;
    let checks = [
        ("interactions", limits.interactions, size.interactions),
        ("constraints", limits.constraints, size.constraints),
        ("columns", limits.columns, size.columns),
        ("degrees", max_degree, degree),
        ("ticks beyond the interactions", size.interactions, ticks),
    ];
    match checks.into_iter().find(|(_, limit, got)| got > limit) {
        Some((what, limit, got)) => {
            Err(SynthError::Limit { entry: region.entry(), what, limit, got })
        }
        None => Ok(()),
    }
}

impl Precompile {
    /// Checks the system on random states and on `recorded` ones.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(
        &self,
        target: &Target,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Validation, ValidationError> {
        let Self { id, region, ir, system, recipe, .. } = self;
        let (id, rules) = (id.number(), Rules { target, xlen: region.xlen });
        validate(&Subject { region, ir, id, rules, system, recipe }, recorded, effort)
    }

    /// The same precompile under another number. Nothing but the look-up of the patched word says
    /// how it is called.
    #[must_use]
    pub fn renumbered(mut self, id: PrecompileId) -> Self {
        let lookups = self.system.interactions.iter_mut().filter(|i| i.bus == Bus::Program);
        for lookup in lookups {
            lookup.message[1] = Expr::int(i64::from(id.number()));
        }
        Self { id, ..self }
    }

    /// The text form of the system.
    pub fn system_text(&self) -> String {
        self.system.to_string()
    }

    /// Identifies the system, addresses and number included: what a verifying key is made from.
    pub fn system_digest(&self) -> [u8; 32] {
        Sha256::digest(self.system_text()).into()
    }

    /// Everything about the precompile as one text: assembly, dataflow, system, cost.
    pub fn report(&self) -> String {
        let mut out = String::new();
        let Cost { before, after } = self.cost;
        let function = self.region.function.as_deref().unwrap_or("(no symbol)");
        write!(
            out,
            "; precompile {} at {:#x} in {function}\n\
             ; columns {} -> {}, interactions {} -> {}, constraints {} -> {}, ticks {}\n",
            self.id,
            self.region.entry(),
            before.columns,
            after.columns,
            before.interactions,
            after.interactions,
            before.constraints,
            after.constraints,
            self.recipe.ticks(),
        )
        .expect("writing to a string does not fail");
        for (kind, count) in self.system.columns_by_kind() {
            writeln!(out, "; columns: {count} {}", kind.name()).expect("as above");
        }
        for (bus, count) in self.system.interactions_by_bus() {
            writeln!(out, "; messages: {count} {}", bus.name()).expect("as above");
        }
        for (rule, insts) in &self.fired {
            let places: BTreeSet<u32> = insts.iter().copied().collect();
            write!(out, "; rewrites: {} {rule}", insts.len()).expect("as above");
            places.iter().for_each(|inst| write!(out, " @{inst}").expect("as above"));
            writeln!(out).expect("as above");
        }
        write!(out, "\n{}\n{}\n{}", self.region, self.ir, self.system).expect("as above");
        out
    }
}
