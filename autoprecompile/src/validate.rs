//! The checker that every precompile passes before it is used.
//!
//! There is one for all targets: what they differ in is data ([`Target`](crate::Target)) and how bus interactions read
//! ([`ReadBus`]). For a sample of machine states, random and recorded, it demands that
//!
//! 1. running the recipe does to registers, memory and pc what executing the instructions does,
//!    and takes as many ticks as it has accesses; a state on which only the recipe faults must be one
//!    that the target's lowering is known not to cover, and such states are counted;
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

mod attack;
mod claim;
mod host;
mod messages;
mod rules;
mod sampler;
mod start;
mod state;

use std::fmt;

use autoprec_blocks::Region;
use autoprec_circuits::{Check, ColumnId, ColumnKind, ConstraintSystem, Expr, Field, Linear};

use crate::ir::Ir;
use crate::random::Rng;
use crate::recipe::{Host as _, OperandValues, WitnessRecipe};
use attack::Attack;
use claim::{Claim, Verdict};
use host::TracedHost;
use sampler::StateSampler;
use start::Sample;
use state::{GuestState, crosses_end};

pub use messages::{Message, PlaceFields, ReadBus};
pub use rules::Rules;
pub use state::RecordedState;

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
    /// Whether on the first state a prover lies about every step of the recipe in turn. Attempts lie
    /// about some.
    pub every_lie: bool,
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
        every_lie: false,
        seed: 0x005e_ed0f_a0b1_c2d3,
    };

    /// What tests do.
    pub const THOROUGH: Self = Self {
        states: 60,
        mutated_states: 12,
        pairs_per_column: 4,
        attacks_per_column: 400,
        every_lie: true,
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
    /// Steps about which a prover lied, one at a time. Lies whose rows are accepted count as changed rows
    /// accepted.
    pub lies: u32,
    /// States on which the instructions run and the recipe may fault: the distance of an access from its
    /// base leads across the end of the address space. See [`Target::refuses_crossings`](crate::Target::refuses_crossings).
    pub excused: u32,
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
        changed: Vec<(String, String, String)>,
        /// Why the claim is wrong.
        claim: String,
    },
    /// There is no row for a state of a real run.
    Recorded,
    /// A degree is beyond the target's.
    Degree {
        /// The degree of what.
        what: String,
        /// The degree.
        degree: u32,
        /// The greatest.
        limit: u32,
    },
    /// A column that nothing mentions.
    UnusedColumn(String),
    /// A lookup of a form that no table of the target holds.
    Table {
        /// What is wrong with it.
        what: String,
        /// Where it comes from.
        origin: String,
    },
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
            Self::Recorded => {
                write!(f, "it has no row for a state that was recorded in a run")
            }
            Self::Degree { what, degree, limit } => {
                write!(f, "{what} has degree {degree}, and the target has {limit} at most")
            }
            Self::UnusedColumn(name) => write!(f, "nothing constrains column {name}"),
            Self::Table { what, origin } => write!(f, "no table holds {what} ({origin})"),
            Self::Lookup => write!(f, "it is not tied to the patched word at its entry"),
            Self::Record { words, columns } => {
                write!(f, "a record of {words} words does not fit into {columns} columns")
            }
        }
    }
}

/// What is checked: a region and what it was lowered to.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a, F, B> {
    /// The region.
    pub region: &'a Region,
    /// The rewritten dataflow that was lowered.
    pub ir: &'a Ir,
    /// The number that it is called by.
    pub id: u32,
    /// What the target demands.
    pub rules: Rules<'a>,
    /// What a row must satisfy.
    pub system: &'a ConstraintSystem<F, B>,
    /// What runs a call and generates its row.
    pub recipe: &'a WitnessRecipe<F>,
}

/// Checks a precompile on random states and on `recorded` ones.
///
/// # Errors
/// The first check that fails.
pub fn validate<F: Field, B: ReadBus>(
    subject: &Subject<'_, F, B>,
    recorded: &[RecordedState],
    effort: Effort,
) -> Result<Validation, ValidationError> {
    let entry = subject.region.entry();
    let mut validator = Validator {
        subject: *subject,
        check: Check::new(subject.system),
        sampler: StateSampler::new(subject.region, subject.ir, subject.rules.bounds()),
        rng: Rng::new(effort.seed ^ entry),
        done: Validation::default(),
    };
    validator.run(recorded, effort).map_err(|failure| ValidationError { entry, failure })?;
    Ok(validator.done)
}

/// Random states without an honest row, in all, after which no more are tried.
const MAX_MISSES: u32 = 400;

struct Validator<'a, F, B> {
    subject: Subject<'a, F, B>,
    check: Check<'a, F, B>,
    sampler: StateSampler,
    rng: Rng,
    done: Validation,
}

impl<F: Field, B: ReadBus> Validator<'_, F, B> {
    fn run(&mut self, recorded: &[RecordedState], effort: Effort) -> Result<(), Failure> {
        self.check_shape()?;
        let samples = self.samples(recorded, effort)?;
        let mut outcomes = vec![None; self.subject.system.columns.len()];
        let (mutated, others) = samples.split_at(samples.len().min(effort.mutated_states as usize));
        for sample in mutated {
            self.mutate(sample, effort, &mut outcomes)?;
        }
        self.attack(&samples, effort)?;
        if effort.every_lie {
            self.lie(&samples[0])?;
        }
        for sample in others {
            self.mutate_unchanged(sample, &mut outcomes)?;
        }
        for _ in 0..effort.more_states {
            if !outcomes.contains(&Some(Outcome::Unchanged)) {
                break;
            }
            let state = self.sampler.sample(&mut self.rng);
            if let Some(sample) = self.honest(state)? {
                self.mutate_unchanged(&sample, &mut outcomes)?;
            }
        }
        let with = |outcome| outcomes.iter().filter(|noted| **noted == Some(outcome)).count();
        let count = |outcome| u32::try_from(with(outcome)).expect("a row has few columns");
        self.done.columns.rejected = count(Outcome::Rejected);
        self.done.columns.other_state = count(Outcome::OtherState);
        self.done.columns.unchanged = count(Outcome::Unchanged);
        Ok(())
    }

    /// Honest calls, on recorded states and on random ones.
    fn samples(
        &mut self,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Vec<Sample<F>>, Failure> {
        let (xlen, bounds) = (self.subject.rules.xlen, self.subject.rules.bounds());
        let mut samples = Vec::new();
        for state in recorded {
            let state = GuestState::recorded(xlen, bounds, state, self.rng.next());
            samples.push(self.honest(state)?.ok_or(Failure::Recorded)?);
        }
        let (mut hits, mut misses) = (0, 0);
        while hits < effort.states && misses < MAX_MISSES {
            let state = self.sampler.sample(&mut self.rng);
            match self.honest(state)? {
                Some(sample) => {
                    samples.push(sample);
                    hits += 1;
                }
                None => misses += 1,
            }
        }
        if samples.len() < MIN_STATES { Err(Failure::NoState) } else { Ok(samples) }
    }

    fn check_shape(&self) -> Result<(), Failure> {
        let Subject { rules, system, recipe, .. } = self.subject;
        // Rows are evaluated by what messages of tables look like, so this comes first.
        for interaction in &system.interactions {
            if let Some(what) = interaction.bus.misfit(&rules, &interaction.message) {
                return Err(Failure::Table { what, origin: interaction.origin.to_string() });
            }
        }
        let padding = system.padding_violations();
        if !padding.is_empty() {
            return Err(Failure::Padding(padding));
        }
        self.check_degrees()?;
        let (words, columns) = (recipe.record_words(), system.columns.len());
        if rules.target.record_in_row && words > columns {
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

    fn check_degrees(&self) -> Result<(), Failure> {
        let Subject { rules, system, .. } = self.subject;
        let constraints =
            system.constraints.iter().map(|c| (&c.expr, rules.target.limits.degree, &c.origin));
        let multiplicities = system.interactions.iter();
        let multiplicities = multiplicities
            .map(|i| (&i.multiplicity, rules.target.limits.multiplicity_degree, &i.origin));
        let fields = system.interactions.iter().flat_map(|i| {
            i.message.iter().map(move |field| (field, rules.target.limits.field_degree, &i.origin))
        });
        let mut all = constraints.chain(multiplicities).chain(fields);
        match all.find(|(expr, limit, _)| expr.degree() > *limit) {
            Some((expr, limit, origin)) => {
                Err(Failure::Degree { what: origin.to_string(), degree: expr.degree(), limit })
            }
            None => Ok(()),
        }
    }

    /// Whether exactly one message, sent by calls and by nothing else, looks up the call.
    ///
    /// No state and no changed cell would show it: the message is the same on every call.
    fn is_looked_up(&self) -> bool {
        let Subject { region, id, rules, system, .. } = self.subject;
        let mut lookups = system.interactions.iter().filter(|i| i.bus == B::PROGRAM);
        let (Some(lookup), None) = (lookups.next(), lookups.next()) else { return false };
        let fields = B::call(rules.target, rules.xlen, region.entry(), id);
        let constant = |field: u64| Expr::constant(F::from_u64(field));
        lookup.message.iter().cloned().eq(fields.into_iter().map(constant))
            && lookup.multiplicity == Linear::column(ColumnId(0)).into()
    }

    /// Checks the honest row of a state; `None` if the instructions fault on it, or the target may
    /// refuse it.
    fn honest(&mut self, start: GuestState) -> Result<Option<Sample<F>>, Failure> {
        let Subject { region, ir, rules, recipe, .. } = self.subject;
        let mut reference = start.clone();
        let Ok(next_pc) = reference.execute(region) else { return Ok(None) };

        let mut host = TracedHost::new(start.clone(), rules.target.time_bits, &mut self.rng);
        let mut record: Vec<u64> = vec![0; recipe.record_words()];
        let operands = OperandValues::default();
        let effect = |what: String| Err(Failure::Effect(what));
        match recipe.execute(&mut host, &operands, Some(&mut record[..])) {
            Ok(pc) if pc == next_pc => {}
            Ok(pc) => return effect(format!("it goes to {pc:#x} instead of {next_pc:#x}")),
            Err(address)
                if rules.target.refuses_crossings
                    && crosses_end(ir, region.entry(), &start, address) =>
            {
                self.done.excused += 1;
                return Ok(None);
            }
            Err(address) => return effect(format!("it faults at address {address:#x}")),
        }
        if let Some(difference) = host.state.difference(&reference) {
            return effect(difference);
        }
        let accesses = host.time() - host.began;
        if accesses.max(1) != u64::from(recipe.ticks()) {
            return effect("its ticks are not its accesses".into());
        }
        let mut without_record = TracedHost::new(start, rules.target.time_bits, &mut self.rng);
        if recipe.execute::<_, u64>(&mut without_record, &operands, None) != Ok(next_pc)
            || without_record.state.difference(&reference).is_some()
        {
            return effect("recording changes what it does".into());
        }
        let row = self.honest_row(&record)?;
        let exit = (next_pc, host.began + u64::from(recipe.ticks()));
        let expected = Claim::honest((region.entry(), host.began), exit, host.accesses);
        match Claim::of(&rules, self.subject.system, &row) {
            Ok(claim) if claim.as_ref() == Some(&expected) => {}
            Ok(_) => return effect("its messages are not its accesses".into()),
            Err(what) => return effect(what),
        }
        self.done.honest += 1;
        Ok(Some(Sample { record, row, claim: expected }))
    }

    /// The row of a record, which the system accepts.
    fn honest_row(&self, record: &[u64]) -> Result<Vec<F>, Failure> {
        let Subject { system, recipe, .. } = self.subject;
        let mut row = vec![F::ZERO; recipe.width()];
        recipe.rows().generate(record, &mut row);
        if row != recipe.rows().altered(record, |_, value| value) {
            return Err(Failure::Effect("its row is not what its steps give".into()));
        }
        let violations = system.violations(&row);
        if violations.is_empty() {
            return Ok(row);
        }
        let explain = |violation| system.explain(violation, &row);
        Err(Failure::Completeness(violations.iter().map(explain).collect()))
    }

    /// Changes cells of an honest row, one at a time and in pairs. Notes per column what came of
    /// changing it alone.
    fn mutate(
        &mut self,
        honest: &Sample<F>,
        effort: Effort,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        let row = &honest.row[..];
        let columns = u32::try_from(row.len()).expect("a row has few columns");
        for (column, noted) in (0..columns).map(ColumnId).zip(outcomes) {
            self.change_alone(honest, column, noted)?;
            for _ in 0..effort.pairs_per_column {
                let second = ColumnId(self.rng.below(columns));
                let (a, b) = (self.other_values(row, column), self.other_values(row, second));
                let (a, b) = (self.rng.choose(&a), self.rng.choose(&b));
                self.try_change(honest, &[(column, a), (second, b)])?;
            }
        }
        Ok(())
    }

    /// Changes the cells of an honest row of which no change did anything in other rows: what a
    /// column is there for may happen in this one.
    fn mutate_unchanged(
        &mut self,
        honest: &Sample<F>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Failure> {
        for (column, noted) in (0..).map(ColumnId).zip(outcomes) {
            if *noted == Some(Outcome::Unchanged) {
                self.change_alone(honest, column, noted)?;
            }
        }
        Ok(())
    }

    /// Changes one cell of an honest row in several ways.
    fn change_alone(
        &mut self,
        honest: &Sample<F>,
        column: ColumnId,
        noted: &mut Option<Outcome>,
    ) -> Result<(), Failure> {
        for value in self.other_values(&honest.row, column) {
            let outcome = self.try_change(honest, &[(column, value)])?;
            *noted = (*noted).max(Some(outcome));
        }
        Ok(())
    }

    /// Values to try instead of a cell's.
    fn other_values(&mut self, row: &[F], column: ColumnId) -> Vec<F> {
        let old = row[column.index()];
        let random = F::from_u64(self.rng.next());
        let byte = F::from_u64(self.rng.next() & 0xff);
        let power = F::from_u64(1 << self.rng.below(30));
        let one = F::ONE;
        let mut values =
            vec![old + one, old - one, F::ZERO, one, byte, random, old + power, old - power];
        if self.subject.system.columns[column.index()].kind == ColumnKind::Helper {
            values.extend([-old, old + old]);
        }
        values.retain(|value| *value != old);
        values
    }

    fn try_change(
        &mut self,
        honest: &Sample<F>,
        changes: &[(ColumnId, F)],
    ) -> Result<Outcome, Failure> {
        let mut changed = honest.row.clone();
        for &(column, value) in changes {
            changed[column.index()] = value;
        }
        if changes.iter().any(|&(column, _)| self.check.rejects_change(&changed, column)) {
            self.done.rejected += 1;
            return Ok(Outcome::Rejected);
        }
        // With one change the index says at once whether messages differ.
        if let [(column, _)] = *changes
            && self.check.same_effect(&honest.row, &changed, column)
        {
            self.done.unchanged += 1;
            return Ok(Outcome::Unchanged);
        }
        self.judge(honest, &changed)
    }

    /// Searches for wrong rows, beginning with the states in turn: often from any column, then from
    /// each.
    fn attack(&mut self, samples: &[Sample<F>], effort: Effort) -> Result<(), Failure> {
        let Subject { rules, system, recipe, .. } = self.subject;
        let attack = Attack::new(system);
        let columns = u32::try_from(system.columns.len()).expect("a row has few columns");
        let random = columns * effort.attacks_per_column;
        let random = random.next_multiple_of(ATTACKS_PER_START) as usize;
        let each = (0..columns).map(|column| Some(ColumnId(column)));
        let firsts: Vec<_> = std::iter::repeat_n(None, random).chain(each).collect();
        for (sample, firsts) in
            samples.iter().cycle().zip(firsts.chunks(ATTACKS_PER_START as usize))
        {
            let row = sample.start(&rules, recipe, &mut self.rng);
            let start = attack.start(&sample.row, row);
            for &first in firsts {
                self.done.attacks += 1;
                self.done.columns.searched += u32::from(first.is_some());
                if let Some(row) = attack.attempt(&start, first, &mut self.rng) {
                    self.judge(sample, &row)?;
                }
            }
        }
        Ok(())
    }

    /// Judges the rows of provers that lie about one step and compute on from there, for every step.
    fn lie(&mut self, sample: &Sample<F>) -> Result<(), Failure> {
        let Subject { rules, system, recipe, .. } = self.subject;
        for step in 0..recipe.steps().len() {
            let row = sample.lying(step, &rules, recipe, &mut self.rng);
            self.done.lies += 1;
            if row == sample.row || !system.violations(&row).is_empty() {
                continue;
            }
            self.judge(sample, &row)?;
        }
        Ok(())
    }

    /// Judges a row that the system accepts, beside an honest call.
    fn judge(&mut self, honest: &Sample<F>, row: &[F]) -> Result<Outcome, Failure> {
        let Subject { region, rules, system, .. } = self.subject;
        let verdict = match Claim::of(&rules, system, row) {
            // A row without messages is padding: nothing balances it.
            Ok(None) => Verdict::Impossible,
            Err(what) => Verdict::Wrong(what),
            Ok(Some(claim)) if claim == honest.claim => {
                self.done.unchanged += 1;
                return Ok(Outcome::Unchanged);
            }
            Ok(Some(claim)) => claim.judge(&rules, region),
        };
        match verdict {
            Verdict::Honest | Verdict::Impossible => {
                self.done.other_state += 1;
                Ok(Outcome::OtherState)
            }
            Verdict::Wrong(claim) => {
                let cells = system.columns.iter().zip(honest.row.iter().zip(row));
                let changed =
                    cells.filter(|(_, (old, new))| old != new).map(|(column, (old, new))| {
                        (column.name.clone(), old.to_string(), new.to_string())
                    });
                Err(Failure::Soundness { changed: changed.collect(), claim })
            }
        }
    }
}
