//! Running a region or an instruction on a machine, and filling the row of that call.
//!
//! Invariant: the steps of execution and of filling are the same ones; execution asks the machine for
//! the inputs, in the order of the record, and filling reads the record.

use std::marker::PhantomData;

use autoprec_circuits::Field;
use autoprec_isa::Xlen;

use super::fill::{Filler, Slot, Step, mark_operands, word};

/// What the program says of an instruction, as its Program message has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperandValues {
    /// The register written; 0 if there is none.
    pub rd: u8,
    /// The first register read; 0 if there is none.
    pub rs1: u8,
    /// The second register read; 0 if there is none.
    pub rs2: u8,
    /// Whether `rd` is not `x0`.
    pub writes: bool,
    /// The instruction's constant as a word.
    pub constant: u64,
    /// The address behind it.
    pub next: u64,
    /// Its address.
    pub pc: u64,
}

/// The machine that rows are made from. One access is one tick of its clock.
pub trait MachineHost {
    /// Why execution stopped.
    type Fault;
    /// The time of the next access.
    fn time(&self) -> u64;
    /// A register, without access; register 0 is 0.
    fn register(&self, number: u8) -> u64;
    /// The word at an aligned address, without access.
    ///
    /// # Errors
    /// The address cannot be accessed.
    fn word(&mut self, address: u64) -> Result<u64, Self::Fault>;
    /// Writes a register; gives the time of the access before this one. Register 0 is written with 0 only.
    fn access_register(&mut self, number: u8, new: u64) -> u64;
    /// Writes the word at an aligned address that was asked for before; gives the time of the access
    /// before this one.
    fn access_word(&mut self, address: u64, new: u64) -> u64;
    /// The fault of an access at an address that the row cannot have: misaligned, or beyond the ends of
    /// the address space.
    fn misaligned(&self, address: u64) -> Self::Fault;
}

/// A register that a row accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// Always this one.
    Fixed(u8),
    /// The one that the program says.
    Operand(Part),
}

/// A part of an instruction's Program message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Rd,
    Rs1,
    Rs2,
    Writes,
    Constant,
    Next,
    Pc,
}

impl OperandValues {
    fn field(&self, field: Part) -> u64 {
        match field {
            Part::Rd => self.rd.into(),
            Part::Rs1 => self.rs1.into(),
            Part::Rs2 => self.rs2.into(),
            Part::Writes => self.writes.into(),
            Part::Constant => self.constant,
            Part::Next => self.next,
            Part::Pc => self.pc,
        }
    }

    fn register(&self, which: Which) -> u8 {
        match which {
            Which::Fixed(number) => number,
            Which::Operand(field) => u8::try_from(self.field(field)).expect("a register's number"),
        }
    }
}

/// What an input of the record is, when a call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The time.
    Time,
    /// What the program says.
    Operand(Part),
    /// A register, without access.
    Register(Which),
    /// A word, without access; the address of the instruction's access is for the fault, if `bad` is
    /// not 0 or the line is no line.
    Look { line: Slot, address: Slot, bad: Slot },
    /// The time before an access that leaves this word.
    AccessWord { line: Slot, value: Slot },
    /// The time before an access that leaves this word.
    AccessRegister { which: Which, value: Slot },
}

impl Ask {
    fn operands(self) -> Vec<Slot> {
        match self {
            Self::Time | Self::Operand(_) | Self::Register(_) => vec![],
            Self::Look { line, address, bad } => vec![line, address, bad],
            Self::AccessWord { line, value } => vec![line, value],
            Self::AccessRegister { value, .. } => vec![value],
        }
    }
}

/// Execution and row filling of one precompile or kind of instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineRecipe<F> {
    xlen: Xlen,
    /// What execution computes; steps that only filling needs are constants.
    steps: Vec<Step>,
    /// One per input.
    asks: Vec<Ask>,
    next_pc: Slot,
    ticks: u32,
    filler: Filler,
    field: PhantomData<F>,
}

impl<F: Field> MachineRecipe<F> {
    pub(crate) fn new(
        mut steps: Vec<Step>,
        asks: Vec<Ask>,
        next_pc: Slot,
        xlen: Xlen,
        filler: Filler,
    ) -> Self {
        let mut needed: Vec<bool> = steps.iter().map(|s| matches!(s, Step::Input(_))).collect();
        needed[next_pc.index()] = true;
        let operands = asks.iter().flat_map(|ask| ask.operands());
        operands.for_each(|slot| needed[slot.index()] = true);
        mark_operands(&steps, &mut needed);
        for (step, needed) in steps.iter_mut().zip(needed) {
            if !needed {
                *step = Step::Const(0);
            }
        }
        let is_access =
            |ask: &&Ask| matches!(ask, Ask::AccessWord { .. } | Ask::AccessRegister { .. });
        let ticks = u32::try_from(asks.iter().filter(is_access).count()).expect("few accesses");
        Self { xlen, steps, asks, next_pc, ticks, filler, field: PhantomData }
    }

    /// Ticks of one call: its accesses, or 1 if there are none.
    pub fn ticks(&self) -> u32 {
        self.ticks.max(1)
    }

    /// Words of a record.
    pub fn record_words(&self) -> usize {
        self.asks.len()
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.filler.width()
    }

    /// Runs the region or instruction and gives the address of the next instruction and the record
    /// from which [`Self::fill`] makes the row.
    ///
    /// `operands` matters to kinds of instructions only.
    ///
    /// # Errors
    /// Those of the host; accesses before that have taken place.
    pub fn execute<H: MachineHost>(
        &self,
        host: &mut H,
        operands: &OperandValues,
    ) -> Result<(u64, Vec<u64>), H::Fault> {
        let mut record = Vec::with_capacity(self.asks.len());
        let mut slots: Vec<i128> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Step::Input(index) => {
                    let answer = self.ask(host, operands, self.asks[*index as usize], &slots)?;
                    record.push(answer);
                    i128::from(answer)
                }
                other => other.eval(self.xlen, &slots),
            };
            slots.push(value);
        }
        Ok((word(slots[self.next_pc.index()]), record))
    }

    fn ask<H: MachineHost>(
        &self,
        host: &mut H,
        operands: &OperandValues,
        ask: Ask,
        slots: &[i128],
    ) -> Result<u64, H::Fault> {
        let at = |slot: Slot| slots[slot.index()];
        Ok(match ask {
            Ask::Time => host.time(),
            Ask::Operand(field) => operands.field(field),
            Ask::Register(which) => host.register(operands.register(which)),
            Ask::Look { line, address, bad } => {
                let line = at(line);
                let end = 1_i128 << self.xlen.bits();
                let is_line = (0..end).contains(&line) && line % i128::from(self.xlen.bytes()) == 0;
                if at(bad) != 0 || !is_line {
                    return Err(host.misaligned(word(at(address))));
                }
                host.word(word(line))?
            }
            Ask::AccessWord { line, value } => host.access_word(word(at(line)), word(at(value))),
            Ask::AccessRegister { which, value } => {
                host.access_register(operands.register(which), word(at(value)))
            }
        })
    }

    /// What fills rows.
    pub fn filler(&self) -> &Filler {
        &self.filler
    }

    /// Fills a row of [`Self::width`] cells from the record of a call.
    pub fn fill(&self, record: &[u64], row: &mut [F]) {
        self.filler.fill(record, row);
    }
}
