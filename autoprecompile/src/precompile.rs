//! One precompile, from region to its systems, and its identity.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use autoprec_blocks::Region;
use autoprec_circuits::Field;
use autoprec_guest_elf::PrecompileId;
use sha2::{Digest as _, Sha256};

use crate::instructions::InstructionCosts;
use crate::ir::Ir;
use crate::lift::{LiftError, lift};
use crate::lower::{LowerError, Lowered};
use crate::rewrite::{Fired, optimise};
use crate::system::{DraftSystem, TargetSystem, draft};
use crate::target::{RowCost, Target};
use crate::validate::{Effort, ReadBus, RecordedState, Validation, ValidationError};

/// The version of what synthesis makes of a region: it changes whenever a system may.
pub const SYNTHESISER_VERSION: u32 = 2;

/// A region with its constraint systems.
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
    /// One system for each target that proves calls of it, in the order of
    /// [`TARGETS`](crate::TARGETS).
    pub systems: Vec<TargetSystem>,
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

/// What the instructions of a region cost in their own AIRs.
pub fn cost_before(region: &Region, target: &Target) -> RowCost {
    InstructionCosts::of([region], target).total(region)
}

/// Synthesises the precompile of a region, for a target and all others of its family.
///
/// # Errors
/// If the region cannot be lifted or lowered, or a system exceeds its target's limits.
pub fn synthesise(
    region: &Region,
    id: PrecompileId,
    target: &Target,
) -> Result<Precompile, SynthError> {
    Draft::synthesise(region, target)?.placed(region.clone(), id)
}

/// A precompile without place and number: the same for all regions of one [`Shape`](autoprec_blocks::Shape).
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    ir: Ir,
    fired: Fired,
    systems: Vec<DraftSystem>,
    /// Columns of a row for the target that was asked for.
    columns: usize,
}

impl Draft {
    /// All of synthesis but for placing.
    ///
    /// # Errors
    /// If the region cannot be lifted or lowered, or a system exceeds its target's limits.
    pub(crate) fn synthesise(region: &Region, target: &Target) -> Result<Self, SynthError> {
        let (ir, fired) = optimise(&lift(region)?);
        let (mut systems, mut columns) = (Vec::new(), 0);
        for member in target.family() {
            let is_asked_for = member.name == target.name;
            let system = draft(&ir, if is_asked_for { target } else { member })?;
            check_limits(region, &system)?;
            if is_asked_for {
                columns = system.row_cost().size.columns;
            }
            systems.push(system);
        }
        Ok(Self { ir, fired, systems, columns })
    }

    /// Columns of a row for the target that was asked for.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// The precompile of a region of this shape.
    ///
    /// # Errors
    /// If the region or what follows it lies beyond what a target has of code.
    pub(crate) fn placed(self, region: Region, id: PrecompileId) -> Result<Precompile, SynthError> {
        let Self { ir, fired, systems, .. } = self;
        let systems = systems.iter().map(|system| system.placed(region.entry(), id));
        let systems = systems.collect::<Result<_, _>>()?;
        Ok(Precompile { id, region, ir, fired, systems })
    }
}

fn check_limits(region: &Region, system: &DraftSystem) -> Result<(), SynthError> {
    let (size, limits) = (system.row_cost().size, system.target().limits);
    let degree = usize::try_from(system.degree()).expect("degrees are small");
    let max_degree = usize::try_from(limits.degree).expect("degrees are small");
    // A row that advances time by more than its interactions breaks the bound on timestamps that
    // verifiers derive from the number of interactions.
    let ticks = system.ticks() as usize;
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
    /// The system for a target; none if the precompile is for another family.
    pub fn system_for(&self, target: &Target) -> Option<&TargetSystem> {
        self.systems.iter().find(|system| system.target().name == target.name)
    }

    /// The first system with this field and these buses, and its recipe.
    pub fn lowered<F: Field, B: ReadBus>(&self) -> Option<&Lowered<F, B>> {
        self.systems.iter().find_map(TargetSystem::lowered)
    }

    /// Ticks of the memory clock per call: those of the first system.
    pub fn ticks(&self) -> u32 {
        self.systems.first().map_or(0, TargetSystem::ticks)
    }

    /// Checks each system on random states and on `recorded` ones.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(
        &self,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Vec<Validation>, ValidationError> {
        let of = (&self.region, &self.ir, self.id);
        self.systems.iter().map(|system| system.check(of, recorded, effort)).collect()
    }

    /// The same precompile under another number. Nothing but the lookup of the patched word says
    /// how it is called.
    #[must_use]
    pub fn renumbered(self, id: PrecompileId) -> Self {
        let entry = self.region.entry();
        let systems = self.systems.iter().map(|system| system.numbered(entry, id)).collect();
        Self { id, systems, ..self }
    }

    /// Identifies the systems, addresses and number included: what a verifying key is made from.
    pub fn system_digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.systems.iter().for_each(|system| hash.update(system.text()));
        hash.finalize().into()
    }

    /// Everything about the precompile as one text: assembly, dataflow, systems, costs.
    pub fn report(&self) -> String {
        let mut out = String::new();
        let mut line = |text: String| writeln!(out, "; {text}").expect(STRING);
        let function = self.region.function.as_deref().unwrap_or("(no symbol)");
        line(format!("precompile {} at {:#x} in {function}", self.id, self.region.entry()));
        for system in &self.systems {
            let target = system.target();
            let [before, after] = [cost_before(&self.region, target).size, system.row_cost().size];
            line(format!(
                "{}: columns {} -> {}, interactions {} -> {}, constraints {} -> {}, ticks {}",
                target.name,
                before.columns,
                after.columns,
                before.interactions,
                after.interactions,
                before.constraints,
                after.constraints,
                system.ticks(),
            ));
            for (kind, count) in system.columns_by_kind() {
                line(format!("columns: {count} {kind}"));
            }
            for (bus, count) in system.interactions_by_bus() {
                line(format!("messages: {count} {bus}"));
            }
        }
        for (rule, insts) in &self.fired {
            let places: BTreeSet<u32> = insts.iter().copied().collect();
            let places: Vec<String> = places.iter().map(|inst| format!("@{inst}")).collect();
            line(format!("rewrites: {} {rule} {}", insts.len(), places.join(" ")));
        }
        write!(out, "\n{}\n{}", self.region, self.ir).expect(STRING);
        for system in &self.systems {
            write!(out, "\n{}", system.text()).expect(STRING);
        }
        out
    }
}

/// Why a write to a string is not looked at.
const STRING: &str = "writing to a string does not fail";
