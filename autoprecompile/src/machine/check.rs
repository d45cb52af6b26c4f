//! The checker that every precompile for machines of our own passes before it is used.
//!
//! For a sample of states, random and recorded, and over each field, it demands that
//!
//! 1. running the recipe does to registers, memory and pc what executing the instructions does;
//! 2. the row filled from the record satisfies every constraint and range, and its messages are
//!    exactly the accesses that took place, the entry and the exit;
//! 3. a row with changed cells is rejected, or leaves every message with state as it was, or is an
//!    honest row of another state (what it receives, executed, gives what it sends), or receives what
//!    nothing can have sent;
//! 4. every call is looked up in the program, as its number at the entry.
//!
//! Reference semantics come from `autoprec_isa::step` on the original instructions, not from the IR, so
//! lifting and rewriting are checked too. Everything is a function of the precompile and the seed.

mod claim;
mod world;

use autoprec_blocks::Region;
use autoprec_circuits::{Check, ColumnId, Expr, Field, Linear, MachineBus};

use self::claim::Claim;
use self::world::{Host, World};
use super::{MachineLowered, MachineTarget};
use crate::ir::Ir;
use crate::random::Rng;
use crate::recipe::OperandValues;

pub use world::MachineState;

/// How much to check.
#[derive(Clone, Copy, Debug)]
pub struct MachineEffort {
    /// Random states on which the honest row is checked.
    pub states: u32,
    /// States, of all, whose row is changed cell by cell.
    pub mutated_states: u32,
    /// Rows with two changed cells, per such state and column.
    pub pairs_per_column: u32,
    /// Where randomness starts.
    pub seed: u64,
}

impl MachineEffort {
    /// What `build` does to each precompile.
    pub const STANDARD: Self =
        Self { states: 12, mutated_states: 2, pairs_per_column: 1, seed: 0x005e_ed0f_a0b1_c2d3 };

    /// What tests do.
    pub const THOROUGH: Self =
        Self { states: 60, mutated_states: 8, pairs_per_column: 4, ..Self::STANDARD };
}

/// States that a precompile must be checked on at least.
const MIN_STATES: usize = 3;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineValidation {
    /// Honest rows accepted.
    pub honest: u32,
    /// Changed rows rejected.
    pub rejected: u32,
    /// Changed rows accepted without any change of a message with state.
    pub unchanged: u32,
    /// Changed rows accepted that are honest for another state, or receive what nothing can send.
    pub other_state: u32,
}

/// A failed check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineFailure {
    /// Hardly a state was found on which the region runs without fault.
    #[error("hardly a machine state was found on which it runs without fault")]
    NoState,
    /// It has no row for a state of a real run.
    #[error("it has no row for a state that was recorded in a run")]
    Recorded,
    /// Something does not vanish on padding.
    #[error("a row of zeros violates {0}")]
    Padding(String),
    /// A degree is beyond the target's.
    #[error("it has degree {degree} where {target} has {limit} at most")]
    Degree {
        /// The target.
        target: &'static str,
        /// The degree.
        degree: u32,
        /// The greatest.
        limit: u32,
    },
    /// A column that nothing mentions.
    #[error("nothing constrains column {0}")]
    UnusedColumn(String),
    /// Calls are not looked up in the program, once each, by number and entry.
    #[error("it is not tied to the call at its entry")]
    Lookup,
    /// The recipe does something else than the instructions.
    #[error("it differs from the instructions: {0}")]
    Effect(String),
    /// An honest row is not accepted.
    #[error("an honest row is rejected: {0}")]
    Completeness(String),
    /// A wrong row is accepted.
    #[error("a wrong row is accepted: {claim}; changed {changed}")]
    Soundness {
        /// Why the claim is wrong.
        claim: String,
        /// The columns that differ.
        changed: String,
    },
}

/// What is checked: a region and what it was lowered to.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a, F> {
    /// The region.
    pub region: &'a Region,
    /// Its dataflow, from which states are made up.
    pub ir: &'a Ir,
    /// Its number in Program messages.
    pub id: u32,
    /// For what it was lowered.
    pub target: &'a MachineTarget,
    /// To what.
    pub lowered: &'a MachineLowered<F>,
}

impl<F: Field> Subject<'_, F> {
    /// Checks on random states and on `recorded` ones.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(
        &self,
        recorded: &[MachineState],
        effort: MachineEffort,
    ) -> Result<MachineValidation, MachineFailure> {
        let mut checker = Checker {
            subject: *self,
            check: Check::new(&self.lowered.system),
            rng: Rng::new(effort.seed ^ self.region.entry()),
            done: MachineValidation::default(),
        };
        checker.check_shape()?;
        checker.run(recorded, effort)?;
        Ok(checker.done)
    }
}

struct Checker<'a, F> {
    subject: Subject<'a, F>,
    check: Check<'a, F, MachineBus>,
    rng: Rng,
    done: MachineValidation,
}

impl<F: Field> Checker<'_, F> {
    fn run(
        &mut self,
        recorded: &[MachineState],
        effort: MachineEffort,
    ) -> Result<(), MachineFailure> {
        let Subject { region, ir, .. } = self.subject;
        let mut rows = Vec::new();
        for state in recorded {
            let world = World::recorded(region.xlen, state, self.rng.next());
            match self.honest(world)? {
                Some(row) => rows.push(row),
                None => return Err(MachineFailure::Recorded),
            }
        }
        let (mut hits, mut misses) = (0, 0);
        while hits < effort.states && misses < 400 {
            let world = World::random(ir, region.entry(), &mut self.rng);
            match self.honest(world)? {
                Some(row) => {
                    rows.push(row);
                    hits += 1;
                }
                None => misses += 1,
            }
        }
        if rows.len() < MIN_STATES {
            return Err(MachineFailure::NoState);
        }
        for row in rows.iter().take(effort.mutated_states as usize) {
            self.mutate(row, effort)?;
        }
        Ok(())
    }

    fn check_shape(&self) -> Result<(), MachineFailure> {
        let Subject { target, lowered, .. } = self.subject;
        let system = &lowered.system;
        let padding = system.padding_violations();
        if !padding.is_empty() {
            return Err(MachineFailure::Padding(padding.join(", ")));
        }
        let constraints = system.constraints.iter().map(|c| (c.expr.degree(), target.degree));
        let fields = system.interactions.iter().flat_map(|i| &i.message);
        let fields = fields.map(|field| (field.degree(), target.message_degree));
        let factors = system.interactions.iter().map(|i| (i.multiplicity.degree(), 1));
        let mut degrees = constraints.chain(fields).chain(factors);
        if let Some((degree, limit)) = degrees.find(|(degree, limit)| degree > limit) {
            return Err(MachineFailure::Degree { target: target.name, degree, limit });
        }
        let mut columns = system.columns.iter().zip(0..);
        if let Some((column, _)) = columns.find(|(_, id)| !self.check.is_used(ColumnId(*id))) {
            return Err(MachineFailure::UnusedColumn(column.name.clone()));
        }
        if self.is_looked_up() { Ok(()) } else { Err(MachineFailure::Lookup) }
    }

    /// Whether exactly one message, sent by calls and by nothing else, looks up the call.
    ///
    /// No state and no changed cell would show it: the message is the same on every call.
    fn is_looked_up(&self) -> bool {
        let Subject { region, id, target, lowered, .. } = self.subject;
        let interactions = &lowered.system.interactions;
        let mut lookups = interactions.iter().filter(|i| i.bus == MachineBus::Program);
        let (Some(lookup), None) = (lookups.next(), lookups.next()) else { return false };
        let mut fields = target.split(region.xlen, region.entry());
        fields.push(u64::from(id));
        // rd, rs1, rs2, writes; constant and next.
        fields.resize(fields.len() + 4 + 2 * target.limbs(region.xlen), 0);
        let constant = |field: u64| Expr::constant(F::from_u64(field));
        lookup.message.iter().cloned().eq(fields.into_iter().map(constant))
            && lookup.multiplicity == Linear::column(ColumnId(0)).into()
    }

    /// Checks the honest row of a state and gives it; `None` if the instructions fault on it, or the
    /// row cannot be.
    fn honest(&mut self, start: World) -> Result<Option<Vec<F>>, MachineFailure> {
        let Subject { region, target, lowered, .. } = self.subject;
        let mut reference = start.clone();
        let Ok(next_pc) = reference.execute(region) else { return Ok(None) };
        let effect = |what: String| Err(MachineFailure::Effect(what));
        let mut host = Host::new(start, target.time_bits, &mut self.rng);
        let mut record = vec![0_u64; lowered.recipe.record_words()];
        let operands = OperandValues::default();
        match lowered.recipe.execute(&mut host, &operands, Some(&mut record[..])) {
            Ok(pc) if pc == next_pc => {}
            Ok(pc) => return effect(format!("it goes to {pc:#x} instead of {next_pc:#x}")),
            // A row cannot have an access whose base and distance lie on different sides of the end of
            // the address space. No recorded state is like that.
            Err(_) => return Ok(None),
        }
        if let Some(difference) = host.world.difference(&reference) {
            return effect(difference);
        }
        let mut row = vec![F::ZERO; lowered.recipe.width()];
        lowered.recipe.rows().generate(&record, &mut row);
        let violations = lowered.system.violations(&row);
        if let Some(violation) = violations.first() {
            let what = lowered.system.explain(violation, &row);
            return Err(MachineFailure::Completeness(what));
        }
        let claim = Claim::of(self.subject, &row).map_err(MachineFailure::Completeness)?;
        let ticks = u64::from(lowered.recipe.ticks());
        let expected = Claim {
            pc: region.entry(),
            next_pc,
            began: host.began,
            ended: host.began + ticks,
            accesses: host.accesses,
        };
        if claim != Some(expected.sorted()) {
            let what = "its messages are not what the call did".to_owned();
            return Err(MachineFailure::Completeness(what));
        }
        self.done.honest += 1;
        Ok(Some(row))
    }

    /// Changes each cell, alone and together with others.
    fn mutate(&mut self, honest: &[F], effort: MachineEffort) -> Result<(), MachineFailure> {
        let columns = u32::try_from(honest.len()).expect("a row has few columns");
        let mut row = honest.to_vec();
        for column in (0..columns).map(ColumnId) {
            let cell = honest[column.index()];
            for value in self.other_values(cell) {
                row[column.index()] = value;
                if self.check.rejects_change(&row, column) {
                    self.done.rejected += 1;
                } else if self.check.same_effect(honest, &row, column) {
                    self.done.unchanged += 1;
                } else {
                    self.judge(honest, &row)?;
                }
            }
            for _ in 0..effort.pairs_per_column {
                let other = ColumnId(self.rng.below(columns));
                let values = [column, other].map(|c| self.other_values(honest[c.index()]));
                row[column.index()] = values[0][0];
                row[other.index()] = values[1][1];
                self.judge_pair(honest, &row, [column, other])?;
                row[other.index()] = honest[other.index()];
            }
            row[column.index()] = cell;
        }
        Ok(())
    }

    /// Other values of a cell: next to it, the other bit, and anything.
    fn other_values(&mut self, cell: F) -> [F; 4] {
        let step = F::from_u64(1 << self.rng.below(17));
        let other = F::from_u64(self.rng.next() >> self.rng.below(64));
        let other = if other == cell { other + F::ONE } else { other };
        let flipped = if cell == F::ONE { F::ZERO } else { cell + F::ONE };
        [flipped, cell - F::ONE, cell + step, other]
    }

    fn judge_pair(
        &mut self,
        honest: &[F],
        row: &[F],
        changed: [ColumnId; 2],
    ) -> Result<(), MachineFailure> {
        if changed.iter().any(|column| self.check.rejects_change(row, *column)) {
            self.done.rejected += 1;
            return Ok(());
        }
        self.judge(honest, row)
    }

    /// Demands of an accepted row that it says what an honest one says.
    fn judge(&mut self, honest: &[F], row: &[F]) -> Result<(), MachineFailure> {
        let system = &self.subject.lowered.system;
        if system.stateful_messages(row) == system.stateful_messages(honest) {
            self.done.unchanged += 1;
            return Ok(());
        }
        let verdict = match Claim::of(self.subject, row) {
            Ok(Some(claim)) => claim.check(self.subject.region),
            Ok(None) => Ok(()),
            Err(what) => Err(what),
        };
        match verdict {
            Ok(()) => {
                self.done.other_state += 1;
                Ok(())
            }
            Err(claim) => {
                let differs = |(index, _): &(usize, _)| honest[*index] != row[*index];
                let columns = system.columns.iter().enumerate().filter(differs);
                let changed = columns
                    .map(|(i, c)| format!("{}: {} -> {}", c.name, honest[i], row[i]))
                    .collect::<Vec<_>>()
                    .join(", ");
                Err(MachineFailure::Soundness { claim, changed })
            }
        }
    }
}
