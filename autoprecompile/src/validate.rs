//! The checker that every precompile passes before it is used.
//!
//! For a sample of machine states, random and recorded, it demands that
//!
//! 1. running the recipe does to registers, memory and pc what executing the instructions does,
//!    accesses no word twice as much as its ticks say, and needs no more ticks than messages;
//! 2. the row filled from the record satisfies every constraint and lookup, and its messages are
//!    exactly the accesses that took place;
//! 3. a row with changed cells is rejected, or leaves every stateful message as it was, or receives
//!    what nothing can have sent, or is the honest row of another state: what it receives, executed,
//!    gives what it sends. Cells are changed singly, in pairs, and by a search that repairs what
//!    changes violate by changing other cells, also in rows of words that no call met and of a
//!    prover that lies about one step;
//! 4. every call is looked up in the program, as the patched word at the entry.
//!
//! Reference semantics come from `autoprec_isa::step` on the original instructions, not from the IR,
//! so lifting and rewriting are checked too. A system that no state could be found for is refused.
//!
//! Everything is a function of the precompile and the seed.

mod access;
mod attack;
mod claim;
mod machine;

mod start;

use std::fmt;

use autoprec_circuits::{BabyBear, Bus, Check, ColumnId, ColumnKind, Expr, Field, Linear};

use crate::precompile::Precompile;
use crate::random::Rng;
use crate::recipe::{Host, OperandValues};
use attack::Attack;
use claim::{Claim, Verdict};
use machine::{Machine, TracedHost};
use start::Sample;

pub use machine::Snapshot;

/// How much to check.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Random states on which the honest row is checked.
    pub states: u32,
    /// States, of those, whose row is mutated cell by cell.
    pub mutated_states: u32,
    /// States to try besides while there are columns that have done nothing in any row: what they
    /// are there for (an alignment, a choice) has not happened yet.
    pub more_states: u32,
    /// Rows with two changed cells per mutated state and column.
    pub pairs_per_column: u32,
    /// Attempts, per column, to find a wrong row by repairing what changes violate.
    pub attacks_per_column: u32,
    /// Where randomness starts.
    pub seed: u64,
}

impl Effort {
    /// What `build` does to each precompile.
    pub const STANDARD: Self = Self {
        states: 12,
        mutated_states: 2,
        more_states: 200,
        pairs_per_column: 1,
        attacks_per_column: 10,
        seed: 0x005e_ed0f_a0b1_c2d3,
    };

    /// What tests do.
    pub const THOROUGH: Self = Self {
        states: 60,
        mutated_states: 12,
        pairs_per_column: 4,
        attacks_per_column: 400,
        ..Self::STANDARD
    };
}

/// States that a precompile must be checked on at least.
const MIN_STATES: usize = 3;

/// Attempts from one row: finding out what a row violates costs as much as several attempts.
const ATTACKS_PER_START: u32 = 10;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validation {
    /// Honest rows accepted.
    pub honest: u32,
    /// Changed rows rejected.
    pub rejected: u32,
    /// Changed rows accepted without any change of a stateful message.
    pub unchanged: u32,
    /// Changed rows accepted that are honest for another state, or receive what nothing can send.
    pub other_state: u32,
    /// Attempts to repair a changed row. Those that succeed count as changed rows accepted.
    pub attacks: u32,
    /// What was done to each of its columns.
    pub columns: Coverage,
}

/// Columns by what came of changing a cell of them. Of the columns whose cells were changed alone,
/// each is in exactly one of the first three counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Some change of it alone was rejected.
    pub rejected: u32,
    /// None was, but some made it a row of another state, or one that receives what nothing sends.
    pub other_state: u32,
    /// None did anything to a stateful message.
    pub unchanged: u32,
    /// The search for wrong rows began with a change of it.
    pub searched: u32,
}

impl Coverage {
    /// Columns that were changed alone.
    pub fn altered(&self) -> u32 {
        self.rejected + self.other_state + self.unchanged
    }
}

/// What came of a changed row that is not wrong; of several changes the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Accepted, with the same stateful messages.
    Unchanged,
    /// Accepted as the row of another state, or of one that cannot be.
    OtherState,
    /// Rejected.
    Rejected,
}

/// A precompile that must not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("precompile at {entry:#x} fails its check: {failure}")]
pub struct ValidationError {
    /// Entry of the region.
    pub entry: u64,
    /// What is wrong.
    pub failure: Failure,
}

/// A failed check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Hardly a state was found on which the region runs without fault.
    NoState,
    /// Something does not vanish on padding.
    Padding(Vec<String>),
    /// The recipe does something else than the instructions.
    Effect(String),
    /// An honest row is not accepted.
    Completeness(Vec<String>),
    /// A wrong row is accepted: how it differs from an honest one, and what it claims.
    Soundness {
        /// Names of the columns that differ, with the value in the honest row and in the wrong one.
        changed: Vec<(String, u32, u32)>,
        /// Why the claim is wrong.
        claim: String,
    },
    /// A column that nothing mentions.
    UnusedColumn(String),
    /// Calls are not looked up in the program, once each, as the patched word at the entry.
    Lookup,
    /// A record does not fit into a row.
    Record {
        /// Words of a record.
        words: usize,
        /// Columns of a row.
        columns: usize,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoState => {
                write!(f, "hardly a machine state was found on which it runs without fault")
            }
            Self::Padding(what) => write!(f, "a row of zeros violates {}", what.join(", ")),
            Self::Effect(what) => write!(f, "it differs from the instructions: {what}"),
            Self::Completeness(what) => write!(f, "an honest row is rejected: {}", what.join("; ")),
            Self::Soundness { changed, claim } => {
                write!(f, "a wrong row is accepted: {claim}; changed")?;
                changed.iter().try_for_each(|(name, old, new)| write!(f, " {name}: {old} -> {new}"))
            }
            Self::UnusedColumn(name) => write!(f, "nothing constrains column {name}"),
            Self::Lookup => write!(f, "it is not tied to the patched word at its entry"),
            Self::Record { words, columns } => {
                write!(f, "a record of {words} words does not fit into {columns} columns")
            }
        }
    }
}

/// Checks a precompile on random states and on `recorded` ones.
///
/// # Errors
/// The first check that fails.
pub fn validate(
    precompile: &Precompile,
    recorded: &[Snapshot],
    effort: Effort,
) -> Result<Validation, ValidationError> {
    let mut validator = Validator {
        precompile,
        check: Check::new(&precompile.system),
        rng: Rng::new(effort.seed ^ precompile.region.entry()),
        done: Validation::default(),
    };
    validator
        .run(recorded, effort)
        .map_err(|failure| ValidationError { entry: precompile.region.entry(), failure })?;
    Ok(validator.done)
}

struct Validator<'a> {
    precompile: &'a Precompile,
    check: Check<'a, BabyBear>,
    rng: Rng,
    done: Validation,
}

impl Validator<'_> {
    fn run(&mut self, recorded: &[Snapshot], effort: Effort) -> Result<(), Failure> {
        self.check_shape()?;
        let mut samples = Vec::new();
        for snapshot in recorded {
            let machine = Machine::recorded(snapshot, &mut self.rng);
            samples.extend(self.honest(machine)?);
        }
        let mut misses = 0;
        let mut hits = 0;
        while hits < effort.states && misses < 400 {
            let machine = Machine::random(self.precompile, &mut self.rng);
            match self.honest(machine)? {
                Some(sample) => {
                    samples.push(sample);
                    hits += 1;
                }
                None => misses += 1,
            }
        }
        if samples.len() < MIN_STATES {
            return Err(Failure::NoState);
        }
        let mut outcomes = vec![None; self.precompile.system.columns.len()];
        let (mutated, others) = samples.split_at(samples.len().min(effort.mutated_states as usize));
        for sample in mutated {
            self.mutate(&sample.row, effort, &mut outcomes)?;
        }
        self.attack(&samples, effort)?;
        for sample in others {
            self.mutate_unchanged(&sample.row, &mut outcomes)?;
        }
        for _ in 0..effort.more_states {
            if !outcomes.contains(&Some(Outcome::Unchanged)) {
                break;
            }
            let machine = Machine::random(self.precompile, &mut self.rng);
            if let Some(sample) = self.honest(machine)? {
                self.mutate_unchanged(&sample.row, &mut outcomes)?;
            }
        }
        let with = |outcome| outcomes.iter().filter(|noted| **noted == Some(outcome)).count();
        let count = |outcome| u32::try_from(with(outcome)).expect("a row has few columns");
        self.done.columns.rejected = count(Outcome::Rejected);
        self.done.columns.other_state = count(Outcome::OtherState);
        self.done.columns.unchanged = count(Outcome::Unchanged);
        Ok(())
    }

    fn check_shape(&self) -> Result<(), Failure> {
        let system = &self.precompile.system;
        let padding = system.padding_violations();
        if !padding.is_empty() {
            return Err(Failure::Padding(padding));
        }
        let (words, columns) = (self.precompile.recipe.record_words(), system.columns.len());
        if words > columns {
            return Err(Failure::Record { words, columns });
        }
        if !self.is_looked_up() {
            return Err(Failure::Lookup);
        }
        let unused =
            system.columns.iter().zip(0..).find(|(_, id)| !self.check.is_used(ColumnId(*id)));
        match unused {
            Some((column, _)) => Err(Failure::UnusedColumn(column.name.clone())),
            None => Ok(()),
        }
    }

    /// Whether exactly one message, sent by calls and by nothing else, looks up the patched word.
    ///
    /// No state and no changed cell would show it: the message is the same on every call.
    fn is_looked_up(&self) -> bool {
        let Precompile { region, id, system, .. } = self.precompile;
        let mut lookups = system.interactions.iter().filter(|i| i.bus == Bus::Program);
        let (Some(lookup), None) = (lookups.next(), lookups.next()) else { return false };
        let mut fields = vec![region.entry(), u64::from(id.number())];
        fields.resize(Bus::Program.fields(), 0);
        let constant = |field: u64| Expr::constant(BabyBear::from_u64(field));
        lookup.message.iter().cloned().eq(fields.into_iter().map(constant))
            && lookup.multiplicity == Linear::column(ColumnId(0)).into()
    }

    /// Checks the honest row of a state; `None` if the instructions fault on it.
    fn honest(&mut self, start: Machine) -> Result<Option<Sample>, Failure> {
        let Precompile { region, recipe, system, .. } = self.precompile;
        let mut reference = start.clone();
        let Ok(next_pc) = reference.execute(region) else { return Ok(None) };

        let mut host = TracedHost::new(start.clone(), &mut self.rng);
        let began = host.time();
        let mut record: Vec<u32> = vec![0; recipe.record_words()];
        let operands = OperandValues::default();
        let effect = |what: String| Err(Failure::Effect(what));
        match recipe.execute(&mut host, &operands, Some(&mut record[..])) {
            Ok(pc) if pc == next_pc => {}
            Ok(pc) => return effect(format!("it goes to {pc:#x} instead of {next_pc:#x}")),
            Err(addr) => return effect(format!("it faults at address {addr:#x}")),
        }
        if let Some(difference) = host.machine.difference(&reference) {
            return effect(difference);
        }
        if host.time() != began + u64::from(recipe.ticks()) {
            return effect("its ticks are not its accesses".into());
        }
        let mut without_record = TracedHost::new(start, &mut self.rng);
        if recipe.execute::<_, u32>(&mut without_record, &operands, None) != Ok(next_pc)
            || without_record.machine.difference(&reference).is_some()
        {
            return effect("recording changes what it does".into());
        }
        let mut row = vec![BabyBear::ZERO; recipe.width()];
        recipe.rows().generate(&record, &mut row);
        if row != recipe.rows().altered(&record, |_, value| value) {
            return effect("its row is not what its steps give".into());
        }
        let violations = system.violations(&row);
        if !violations.is_empty() {
            let explain = |violation| system.explain(violation, &row);
            return Err(Failure::Completeness(violations.iter().map(explain).collect()));
        }
        match Claim::of(system, &row) {
            Some(claim) if claim.accesses == host.accesses => {}
            _ => return effect("its messages are not its accesses".into()),
        }
        self.done.honest += 1;
        Ok(Some(Sample { record, row }))
    }

    /// Changes cells of an honest row, one at a time and in pairs. Notes per column what came of
    /// changing it alone.
    fn mutate(
        &mut self,
        row: &[BabyBear],
        effort: Effort,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        let columns = u32::try_from(row.len()).expect("a row has few columns");
        for (column, noted) in (0..columns).map(ColumnId).zip(outcomes) {
            self.change_alone(row, column, noted)?;
            for _ in 0..effort.pairs_per_column {
                let second = ColumnId(self.rng.below(columns));
                let (a, b) = (self.other_values(row, column), self.other_values(row, second));
                let (a, b) = (self.rng.choose(&a), self.rng.choose(&b));
                self.try_change(row, &[(column, a), (second, b)])?;
            }
        }
        Ok(())
    }

    /// Changes the cells of an honest row of which no change did anything in other rows: what a
    /// column is there for may happen in this one.
    fn mutate_unchanged(
        &mut self,
        row: &[BabyBear],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        for (column, noted) in (0..).map(ColumnId).zip(outcomes) {
            if *noted == Some(Outcome::Unchanged) {
                self.change_alone(row, column, noted)?;
            }
        }
        Ok(())
    }

    /// Changes one cell of an honest row in several ways.
    fn change_alone(
        &mut self,
        row: &[BabyBear],
        column: ColumnId,
        noted: &mut Option<Outcome>,
    ) -> Result<(), Failure> {
        for value in self.other_values(row, column) {
            let outcome = self.try_change(row, &[(column, value)])?;
            *noted = (*noted).max(Some(outcome));
        }
        Ok(())
    }

    /// Values to try instead of a cell's.
    fn other_values(&mut self, row: &[BabyBear], column: ColumnId) -> Vec<BabyBear> {
        let old = row[column.index()];
        let random = BabyBear::from_u64(self.rng.next());
        let byte = BabyBear::from_u64(self.rng.next() & 0xff);
        let power = BabyBear::from_u64(1 << self.rng.below(30));
        let one = BabyBear::ONE;
        let mut values =
            vec![old + one, old - one, BabyBear::ZERO, one, byte, random, old + power, old - power];
        if self.precompile.system.columns[column.index()].kind == ColumnKind::Helper {
            values.extend([-old, old + old]);
        }
        values.retain(|value| *value != old);
        values
    }

    fn try_change(
        &mut self,
        row: &[BabyBear],
        changes: &[(ColumnId, BabyBear)],
    ) -> Result<Outcome, Failure> {
        let mut changed = row.to_vec();
        for &(column, value) in changes {
            changed[column.index()] = value;
        }
        if changes.iter().any(|&(column, _)| self.check.rejects_change(&changed, column)) {
            self.done.rejected += 1;
            return Ok(Outcome::Rejected);
        }
        // With one change the index says at once whether messages differ.
        if let [(column, _)] = *changes
            && self.check.same_effect(row, &changed, column)
        {
            self.done.unchanged += 1;
            return Ok(Outcome::Unchanged);
        }
        let before = Claim::of(&self.precompile.system, row);
        self.judge((row, before.as_ref()), &changed)
    }

    /// Searches for wrong rows, beginning with the states in turn: often from any column, then from
    /// each.
    fn attack(&mut self, samples: &[Sample], effort: Effort) -> Result<(), Failure> {
        let Precompile { system, recipe, .. } = self.precompile;
        let attack = Attack::new(system);
        let columns = u32::try_from(system.columns.len()).expect("a row has few columns");
        let random = columns * effort.attacks_per_column;
        let random = random.next_multiple_of(ATTACKS_PER_START) as usize;
        let each = (0..columns).map(|column| Some(ColumnId(column)));
        let firsts: Vec<_> = std::iter::repeat_n(None, random).chain(each).collect();
        for (sample, firsts) in
            samples.iter().cycle().zip(firsts.chunks(ATTACKS_PER_START as usize))
        {
            let before = Claim::of(system, &sample.row);
            let start = attack.start(sample.start(recipe, &mut self.rng));
            for &first in firsts {
                self.done.attacks += 1;
                self.done.columns.searched += u32::from(first.is_some());
                if let Some(row) = attack.attempt(&start, first, &mut self.rng) {
                    self.judge((&sample.row, before.as_ref()), &row)?;
                }
            }
        }
        Ok(())
    }

    /// Judges a row that the system accepts, beside an honest row and its claim.
    fn judge(
        &mut self,
        (honest, before): (&[BabyBear], Option<&Claim>),
        row: &[BabyBear],
    ) -> Result<Outcome, Failure> {
        let system = &self.precompile.system;
        let verdict = match Claim::of(system, row) {
            // A row without messages is padding: nothing balances it.
            None if system.stateful_messages(row).is_empty() => Verdict::Impossible,
            None => Verdict::Wrong("its messages are not those of a call".into()),
            Some(claim) if Some(&claim) == before => {
                self.done.unchanged += 1;
                return Ok(Outcome::Unchanged);
            }
            Some(claim) => claim.judge(&self.precompile.region),
        };
        match verdict {
            Verdict::Honest | Verdict::Impossible => {
                self.done.other_state += 1;
                Ok(Outcome::OtherState)
            }
            Verdict::Wrong(claim) => {
                let cells = system.columns.iter().zip(honest.iter().zip(row));
                let changed =
                    cells.filter(|(_, (old, new))| old != new).map(|(column, (old, new))| {
                        (column.name.clone(), old.canonical(), new.canonical())
                    });
                Err(Failure::Soundness { changed: changed.collect(), claim })
            }
        }
    }
}
