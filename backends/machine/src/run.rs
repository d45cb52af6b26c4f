//! Executing a guest through the recipes of its tables, one record per row.
//!
//! **Invariant**: what a row says is what its recipe did; nothing else changes registers or memory but
//! the requests in `requests`, whose rows are written by hand.

mod finish;
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use autoprec_circuits::Field;
use autoprec_executor::Input;
use autoprec_synth::Target;

use crate::claims::Claims;
use crate::code::{CodeError, Effect, Line, What};
use crate::guest::Guest;
use crate::kind::Kind;
use crate::state::{Misaligned, State};
use crate::table::{TableId, Written};
use crate::tables::{Maker, TableError, Tables};

/// Registers with a row of their own: those of the instruction set, and the output's length.
pub(crate) const REGISTER_ROWS: u8 = 33;

/// Why a run has no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// Control came to something that has no row.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// What control came to has no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A load or store is misaligned, or beyond the address space.
    #[error(
        "the instruction or call at {pc:#x} accesses {address:#x}, which is misaligned; tables have \
         aligned accesses only: build the guest with strict alignment"
    )]
    Misaligned {
        /// The address of the instruction or call.
        pc: u64,
        /// What is accessed.
        address: u64,
    },
    /// A store to code that a call replaces.
    #[error(
        "the instruction or call at {pc:#x} stores to {address:#x}, which is code that a precompile \
         call replaces; do not patch code that the guest changes"
    )]
    Overwritten {
        /// The address of the instruction or call.
        pc: u64,
        /// What is stored to.
        address: u64,
    },
    /// A request that cannot be answered.
    #[error("the request at {pc:#x}: {reason}")]
    Request {
        /// The address of the instruction or call.
        pc: u64,
        /// The reason, in words.
        reason: String,
    },
    /// The rows send more messages than the field can count.
    #[error(
        "the run has more than 2^{field_bits} messages, which is all that the field of this target \
         can count; use a smaller input, or a target with a larger field"
    )]
    TooLarge {
        /// The target's.
        field_bits: u32,
    },
    /// The run takes longer than times are wide.
    #[error(
        "the run takes more than 2^{time_bits} accesses, which is all that this target can count; \
         use a smaller input, or a target with more time bits"
    )]
    TooLong {
        /// The target's.
        time_bits: u32,
    },
}

/// The records of one table's rows.
#[derive(Clone, Debug)]
pub(crate) struct Records<F> {
    pub(crate) table: TableId,
    pub(crate) maker: Arc<Maker<F>>,
    /// [`Maker::record_words`] words for each row.
    pub(crate) words: Vec<u64>,
}

impl<F: Field> Records<F> {
    pub(crate) fn rows(&self) -> usize {
        self.words.len() / self.maker.record_words().max(1)
    }
}

/// A run and all of its rows.
#[derive(Clone, Debug)]
pub struct Run<F> {
    /// What the guest gave out: standard output, or OpenVM's 32 bytes of public values.
    pub output: Vec<u8>,
    /// What it ended with.
    pub exit_code: u32,
    /// Instructions and calls executed.
    pub instructions: u64,
    /// What a verifier has to be told.
    pub claims: Claims,
    pub(crate) tables: Tables<F>,
    /// By number of the table.
    pub(crate) records: BTreeMap<u32, Records<F>>,
    /// How often each line of code was executed, by address.
    pub(crate) executed: BTreeMap<u64, u64>,
}

/// Runs a guest to its end and keeps what its rows are made from.
///
/// # Errors
/// A [`RunError`] says where and why there is no row, and what to do about it.
pub fn execute<F: Field>(
    guest: &Guest,
    target: &Target,
    input: &Input,
) -> Result<Run<F>, RunError> {
    let mut tracer = Tracer {
        guest,
        state: State::new(guest),
        tables: Tables::new(target),
        lines: Vec::new(),
        index: BTreeMap::new(),
        records: Vec::new(),
        inputs: input.hints.iter().cloned().collect(),
        hints: VecDeque::new(),
        stdin: input.stdin.iter().copied().collect(),
        output: Vec::new(),
        instructions: 0,
        messages: 0,
    };
    let (exit_code, time) = tracer.run(target)?;
    tracer.finish(exit_code, time)
}

/// A line of code with where its rows go and how often it was executed.
struct Executed {
    line: Line,
    /// Position in [`Tracer::records`]; of requests, unused.
    records: usize,
    count: u64,
}

struct Tracer<'a, F> {
    guest: &'a Guest,
    state: State<'a>,
    tables: Tables<F>,
    lines: Vec<Executed>,
    /// Positions in `lines` by address.
    index: BTreeMap<u64, usize>,
    records: Vec<Records<F>>,
    inputs: VecDeque<Vec<u8>>,
    hints: VecDeque<u8>,
    stdin: VecDeque<u8>,
    output: Vec<u8>,
    instructions: u64,
    /// Messages of the rows so far.
    messages: u64,
}

/// Where control goes.
enum Flow {
    To(u64),
    /// With this code, at this time.
    Exit(u32, u64),
}

impl<F: Field> Tracer<'_, F> {
    /// Gives the exit code and when it ended.
    fn run(&mut self, target: &Target) -> Result<(u32, u64), RunError> {
        let Target { time_bits, field_bits, .. } = *target;
        let mut pc = self.guest.program.entry;
        loop {
            let at = self.line(pc)?;
            self.lines[at].count += 1;
            self.instructions += 1;
            let flow = self.perform(pc, at)?;
            if let Some(address) = self.state.overwritten {
                return Err(RunError::Overwritten { pc, address });
            }
            if self.state.time >> time_bits != 0 {
                return Err(RunError::TooLong { time_bits });
            }
            if self.messages >> field_bits.min(63) != 0 {
                return Err(RunError::TooLarge { field_bits });
            }
            match flow {
                Flow::To(next) => pc = next,
                Flow::Exit(code, time) => return Ok((code, time)),
            }
        }
    }

    fn line(&mut self, pc: u64) -> Result<usize, RunError> {
        if let Some(at) = self.index.get(&pc) {
            return Ok(*at);
        }
        let line = self.guest.line(pc)?;
        let records = match line.what {
            What::Kind(Kind::Op(op)) => self.records_of(TableId::Op(op))?,
            What::Call(id) => self.records_of(TableId::Call(id))?,
            What::Kind(Kind::Request(_)) => usize::MAX,
        };
        self.lines.push(Executed { line, records, count: 0 });
        self.index.insert(pc, self.lines.len() - 1);
        Ok(self.lines.len() - 1)
    }

    /// The position of a table's records.
    fn records_of(&mut self, table: TableId) -> Result<usize, RunError> {
        if let Some(at) = self.records.iter().position(|other| other.table == table) {
            return Ok(at);
        }
        let maker = self.tables.get(self.guest, table)?;
        self.records.push(Records { table, maker, words: Vec::new() });
        Ok(self.records.len() - 1)
    }

    fn perform(&mut self, pc: u64, at: usize) -> Result<Flow, RunError> {
        let Executed { line, records, .. } = &self.lines[at];
        let (what, effect, operands) = (line.what, line.effect, line.operands);
        if let What::Kind(Kind::Request(request)) = what {
            return self.request(request, &operands);
        }
        let records = &mut self.records[*records];
        let Maker::Lowered(lowered) = &*records.maker else {
            unreachable!("instructions and calls are lowered")
        };
        let start = self.state.time;
        let begin = records.words.len();
        records.words.resize(begin + lowered.recipe.record_words(), 0);
        let next = lowered
            .recipe
            .execute(&mut self.state, &operands, Some(&mut records.words[begin..]))
            .map_err(|Misaligned(address)| RunError::Misaligned { pc, address })?;
        self.state.time = start + u64::from(lowered.recipe.ticks());
        self.messages += lowered.system.interactions.len() as u64;
        if effect != Effect::None {
            self.effect(pc, effect)?;
        }
        Ok(Flow::To(next))
    }

    fn effect(&mut self, pc: u64, effect: Effect) -> Result<(), RunError> {
        let fail = |reason: &str| Err(RunError::Request { pc, reason: reason.to_owned() });
        match effect {
            Effect::None => {}
            Effect::NextInput => {
                let Some(input) = self.inputs.pop_front() else {
                    return fail("all input vectors are used up; pass one more");
                };
                let Ok(len) = u32::try_from(input.len()) else {
                    return fail("an input vector has more than 2^32 bytes");
                };
                self.hints.clear();
                self.hints.extend(len.to_le_bytes());
                self.hints.extend(input);
                self.hints.resize(self.hints.len().next_multiple_of(4), 0);
            }
            Effect::Random => {
                return fail("random hints are not offered; pass randomness as input");
            }
        }
        Ok(())
    }

    fn push(&mut self, table: Written, record: &[u64]) -> Result<(), RunError> {
        let at = self.records_of(TableId::Written(table))?;
        let records = &mut self.records[at];
        debug_assert_eq!(record.len(), records.maker.record_words(), "{}", records.table);
        records.words.extend_from_slice(record);
        Ok(())
    }
}
