//! A recipe: execution of a call, and the generator of its row.

use autoprec_circuits::Field;
use autoprec_isa::Xlen;

use super::engine::{Answer, Engine};
use super::host::{Host, OperandValues, RecordWord};
use super::rows::RowGenerator;
use super::steps::{Query, Slot, Source, Step};

/// Execution and trace generation of one precompile, or of instructions with operands from the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRecipe<F> {
    rows: RowGenerator<F>,
    /// Where the next pc is.
    next_pc: Slot,
    /// Memory addresses are below 2 to this power.
    address_bits: u32,
    /// Derived: accesses.
    ticks: u32,
    /// Derived: execution without and with a record. The result is the next pc.
    execution: Engine<F>,
    recording: Engine<F>,
}

impl<F: Field> WitnessRecipe<F> {
    /// Puts a recipe together, for a region that begins at address 0.
    pub(crate) fn new(rows: RowGenerator<F>, next_pc: Slot, address_bits: u32) -> Self {
        let (steps, xlen) = (rows.steps(), rows.xlen);
        let is_access = |step: &Step<F>| step.query().is_some_and(Query::is_access);
        let accesses = steps.iter().filter(|step| is_access(step)).count();
        let results = [Source::Int(next_pc)];
        let execution = Engine::new(steps, xlen, &results, true, is_access);
        let recording = Engine::new(steps, xlen, &results, true, |step| step.query().is_some());
        let ticks = u32::try_from(accesses).expect("a region has few accesses");
        Self { rows, next_pc, address_bits, ticks, execution, recording }
    }

    /// The same recipe for a region that begins elsewhere.
    #[must_use]
    pub(crate) fn placed(mut self, entry: u64) -> Self {
        self.rows.entry = entry;
        self
    }

    /// What generates rows.
    pub fn rows(&self) -> &RowGenerator<F> {
        &self.rows
    }

    /// The steps, in order; a [`Slot`] is a position here.
    pub fn steps(&self) -> &[Step<F>] {
        self.rows.steps()
    }

    /// The width of words.
    pub fn xlen(&self) -> Xlen {
        self.rows.xlen
    }

    /// The slot of the address of the next instruction.
    pub fn next_pc(&self) -> Slot {
        self.next_pc
    }

    /// Ticks of one call: its accesses, or 1 if there are none.
    pub fn ticks(&self) -> u32 {
        self.ticks.max(1)
    }

    /// Words of a record: one per query, in their order.
    pub fn record_words(&self) -> usize {
        self.rows.record_words()
    }

    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.rows.width()
    }

    /// Runs a call on a machine and gives the address of the next instruction.
    ///
    /// `operands` matters to instructions whose operands the program says. `record`, of
    /// [`Self::record_words`] words, receives what the row is generated from.
    ///
    /// # Errors
    /// Those of the host, and [`Host::bad_address`] for the first access at what is no word's address
    /// or too large; accesses before it have taken place.
    #[inline]
    pub fn execute<H: Host, R: RecordWord>(
        &self,
        host: &mut H,
        operands: &OperandValues,
        record: Option<&mut [R]>,
    ) -> Result<u64, H::Fault> {
        let place = (self.rows.xlen, self.rows.entry);
        let beyond = u64::MAX.checked_shl(self.address_bits).unwrap_or(0);
        let no_line = beyond | u64::from(self.rows.xlen.bytes() - 1);
        match record {
            Some(record) => {
                let record = |place: u32, word| record[place as usize] = R::from_word(word);
                let mut asking = Asking { host, operands, no_line, record };
                self.recording.run(place, &mut asking)
            }
            None => {
                let mut asking = Asking { host, operands, no_line, record: |_, _| () };
                self.execution.run(place, &mut asking)
            }
        }
    }
}

/// Answers queries by a machine and keeps the answers.
struct Asking<'a, H, R> {
    host: &'a mut H,
    operands: &'a OperandValues,
    /// The bits that are 0 in the address of a word.
    no_line: u64,
    record: R,
}

impl<H: Host, R: FnMut(u32, u64)> Asking<'_, H, R> {
    /// The address of a word.
    #[inline]
    fn line(&self, line: u64, address: u64) -> Result<u64, H::Fault> {
        // What is no word is `u64::MAX`, which is odd.
        if line & self.no_line == 0 { Ok(line) } else { Err(self.host.bad_address(address)) }
    }
}

impl<H: Host, R: FnMut(u32, u64)> Answer for Asking<'_, H, R> {
    type Error = H::Fault;

    #[inline]
    fn answer(
        &mut self,
        query: Query,
        place: u32,
        at: impl Fn(Slot) -> u64,
    ) -> Result<u64, H::Fault> {
        let answer = match query {
            Query::Given => unreachable!("a recipe with words that are given is not executed"),
            Query::Time => self.host.time(),
            Query::Operand(field) => self.operands.field(field),
            Query::Register(register) => self.host.register(self.operands.register(register)),
            Query::Word { line, address } => {
                let line = self.line(at(line), at(address))?;
                self.host.word(line)?
            }
            Query::AccessWord { address, value } => {
                let line = self.line(at(address), at(address))?;
                self.host.access_word(line, value.map(at))
            }
            Query::AccessRegister { register, value } => {
                let number = self.operands.register(register);
                self.host.access_register(number, value.map(at))
            }
        };
        (self.record)(place, answer);
        Ok(answer)
    }
}
