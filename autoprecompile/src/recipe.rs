//! How a precompile runs and how its row is filled: a straight-line program over words.
//!
//! The same steps serve execution, which reads and writes the machine through a [`Host`], and row
//! filling, which replays them from a record of what came in. Nothing of the original instructions'
//! tables is involved.
//!
//! Invariants:
//! - a step uses only slots of earlier steps;
//! - accesses happen in the order of the steps, then the registers in order; each is one tick;
//! - every look at memory or a register has one word in the record, in the order of the steps.

use autoprec_circuits::{BabyBear, Field};
use autoprec_isa::{Alu, Reg};

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl Slot {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One step; its result is a 32-bit word, for field steps the canonical form of an element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The timestamp of the call.
    Timestamp,
    /// A register at entry.
    Reg(Reg),
    /// The word at an aligned address, without access.
    Look(Slot),
    /// An access that leaves the word at an address as it is; its result is unspecified.
    Touch(Slot),
    /// An access that writes a word; its result is unspecified.
    Write {
        /// Where.
        addr: Slot,
        /// What.
        value: Slot,
    },
    /// The timestamp of the previous access to what the n-th access of the call touches.
    Previous(u32),
    /// A known word.
    Const(u32),
    /// A word operation.
    Alu(Alu, Slot, Slot),
    /// The second slot if the first is not 0, else the third.
    Select(Slot, Slot, Slot),
    /// `len` bits from bit `low` on.
    Bits {
        /// Of this word.
        of: Slot,
        /// The lowest bit.
        low: u8,
        /// How many.
        len: u8,
    },
    /// Σ coefficient·slot + constant in the field.
    Linear(Vec<(BabyBear, Slot)>, BabyBear),
    /// A product in the field.
    Product(Slot, Slot),
    /// The inverse in the field; 0 of 0.
    Inverse(Slot),
}

impl Step {
    /// Whether its result comes from outside and is recorded.
    fn is_input(&self) -> bool {
        matches!(self, Self::Reg(_) | Self::Look(_))
    }

    fn is_access(&self) -> bool {
        matches!(self, Self::Touch(_) | Self::Write { .. })
    }

    fn operands(&self) -> Vec<Slot> {
        match self {
            Self::Timestamp | Self::Reg(_) | Self::Previous(_) | Self::Const(_) => vec![],
            Self::Look(a) | Self::Touch(a) | Self::Inverse(a) | Self::Bits { of: a, .. } => {
                vec![*a]
            }
            Self::Write { addr: a, value: b } | Self::Alu(_, a, b) | Self::Product(a, b) => {
                vec![*a, *b]
            }
            Self::Select(a, b, c) => vec![*a, *b, *c],
            Self::Linear(terms, _) => terms.iter().map(|(_, slot)| *slot).collect(),
        }
    }
}

/// A register that the call touches: accessed once, at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterAccess {
    /// Which.
    pub reg: Reg,
    /// The value written, if it is written.
    pub written: Option<Slot>,
}

/// Execution and row filling of one precompile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessRecipe {
    steps: Vec<Step>,
    registers: Vec<RegisterAccess>,
    /// Where the next pc is.
    next_pc: Slot,
    /// Where the value of each column is.
    columns: Vec<Slot>,
    /// Addresses are below 2 to this power.
    address_bits: u32,
    /// Derived: the steps that execution needs, without and with a record, in order.
    to_execute: Vec<u32>,
    to_record: Vec<u32>,
    /// Derived: how many steps are inputs.
    inputs: usize,
}

/// The machine that a precompile runs on. One access is one tick of its clock.
pub trait Host {
    /// Why execution stopped.
    type Fault;
    /// The current timestamp.
    fn timestamp(&self) -> u32;
    /// A register, without access.
    fn look_reg(&mut self, reg: Reg) -> u32;
    /// The word at a checked address, without access.
    fn look(&mut self, addr: u32) -> u32;
    /// Reads the word at a checked address: the previous timestamp and the word.
    fn read(&mut self, addr: u32) -> (u32, u32);
    /// Writes the word at a checked address: the previous timestamp and the previous word.
    fn write(&mut self, addr: u32, value: u32) -> (u32, u32);
    /// Accesses a register that keeps its value: the previous timestamp.
    fn read_reg(&mut self, reg: Reg) -> u32;
    /// Writes a register: the previous timestamp.
    fn write_reg(&mut self, reg: Reg, value: u32) -> u32;
    /// The fault for a word address that is misaligned or too large.
    fn bad_address(&self, addr: u32) -> Self::Fault;
}

impl WitnessRecipe {
    /// Puts a recipe together and works out which steps execution needs.
    pub(crate) fn new(
        steps: Vec<Step>,
        registers: Vec<RegisterAccess>,
        next_pc: Slot,
        columns: Vec<Slot>,
        address_bits: u32,
    ) -> Self {
        let mut needed = vec![false; steps.len()];
        needed[next_pc.index()] = true;
        for register in &registers {
            if let Some(slot) = register.written {
                needed[slot.index()] = true;
            }
        }
        for (index, step) in steps.iter().enumerate().rev() {
            needed[index] |= step.is_access();
            if needed[index] {
                step.operands().iter().for_each(|slot| needed[slot.index()] = true);
            }
        }
        let to_execute = pick(steps.len(), |i| needed[i]);
        // A look's address may serve nothing else.
        for (index, step) in steps.iter().enumerate().rev() {
            needed[index] |= step.is_input();
            if needed[index] {
                step.operands().iter().for_each(|slot| needed[slot.index()] = true);
            }
        }
        let to_record = pick(steps.len(), |i| needed[i]);
        let inputs = steps.iter().filter(|step| step.is_input()).count();
        Self { steps, registers, next_pc, columns, address_bits, to_execute, to_record, inputs }
    }

    /// The steps, in order; a [`Slot`] is a position here.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The slot that fills each column.
    pub fn columns(&self) -> &[Slot] {
        &self.columns
    }

    /// The registers touched, in the order of their accesses.
    pub fn registers(&self) -> &[RegisterAccess] {
        &self.registers
    }

    /// Ticks of one call: its accesses.
    pub fn ticks(&self) -> u32 {
        let heap = self.steps.iter().filter(|step| step.is_access()).count();
        u32::try_from(heap + self.registers.len()).expect("a region has few accesses")
    }

    /// Words of a record: the timestamp, the inputs, the previous timestamps of the accesses.
    pub fn record_words(&self) -> usize {
        1 + self.inputs + self.ticks() as usize
    }

    /// Columns of a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Runs the region on a machine and gives the address of the next instruction.
    ///
    /// `record`, of [`Self::record_words`] words, receives what [`Self::fill_row`] needs.
    ///
    /// # Errors
    /// [`Host::bad_address`] for the first access whose word address is not a multiple of 4 or too
    /// large; accesses before it have taken place.
    pub fn execute<H: Host>(
        &self,
        host: &mut H,
        record: Option<&mut [u32]>,
    ) -> Result<u32, H::Fault> {
        match record {
            Some(record) => {
                record[0] = host.timestamp();
                let mut tape = Tape { record, input: 1, previous: 1 + self.inputs };
                self.run(host, &self.to_record, &mut tape)
            }
            None => self.run(host, &self.to_execute, &mut NoTape),
        }
    }

    #[inline]
    fn run<H: Host, R: Recorder>(
        &self,
        host: &mut H,
        order: &[u32],
        tape: &mut R,
    ) -> Result<u32, H::Fault> {
        let mut slots = vec![0_u32; self.steps.len()];
        for &index in order {
            let step = &self.steps[index as usize];
            slots[index as usize] = match *step {
                Step::Timestamp => host.timestamp(),
                Step::Reg(reg) => tape.input(host.look_reg(reg)),
                Step::Look(addr) => tape.input(host.look(self.checked(host, slots[addr.index()])?)),
                Step::Touch(addr) => {
                    let (previous, _) = host.read(self.checked(host, slots[addr.index()])?);
                    tape.previous(previous);
                    0
                }
                Step::Write { addr, value } => {
                    let addr = self.checked(host, slots[addr.index()])?;
                    let (previous, _) = host.write(addr, slots[value.index()]);
                    tape.previous(previous);
                    0
                }
                Step::Previous(_) => unreachable!("execution does not need previous timestamps"),
                _ => pure(step, &slots),
            };
        }
        for &RegisterAccess { reg, written } in &self.registers {
            tape.previous(match written {
                Some(slot) => host.write_reg(reg, slots[slot.index()]),
                None => host.read_reg(reg),
            });
        }
        Ok(slots[self.next_pc.index()])
    }

    #[inline]
    fn checked<H: Host>(&self, host: &H, addr: u32) -> Result<u32, H::Fault> {
        let aligned = addr.is_multiple_of(4) && addr >> self.address_bits == 0;
        if aligned { Ok(addr) } else { Err(host.bad_address(addr)) }
    }

    /// Fills a row, all columns in canonical form, from the record of a call.
    pub fn fill_row(&self, record: &[u32], row: &mut [u32]) {
        self.fill_row_altered(record, row, |_, word| word);
    }

    /// Fills the row of a prover that does not keep to the recipe: `alter` is given each step's
    /// position and result, and gives what is used instead.
    #[inline]
    pub(crate) fn fill_row_altered(
        &self,
        record: &[u32],
        row: &mut [u32],
        alter: impl Fn(usize, u32) -> u32,
    ) {
        let mut slots = vec![0_u32; self.steps.len()];
        let (mut input, previous) = (record[1..].iter(), &record[1 + self.inputs..]);
        for (index, step) in self.steps.iter().enumerate() {
            let word = match *step {
                Step::Timestamp => record[0],
                Step::Reg(_) | Step::Look(_) => {
                    *input.next().expect("the record has a word per input")
                }
                Step::Touch(_) | Step::Write { .. } => 0,
                Step::Previous(access) => previous[access as usize],
                _ => pure(step, &slots),
            };
            slots[index] = alter(index, word);
        }
        for (cell, slot) in row.iter_mut().zip(&self.columns) {
            *cell = slots[slot.index()];
        }
    }
}

fn pick(len: usize, keep: impl Fn(usize) -> bool) -> Vec<u32> {
    (0..len)
        .filter(|&i| keep(i))
        .map(|i| u32::try_from(i).expect("a region has few steps"))
        .collect()
}

/// The result of a step that depends on earlier slots only.
#[inline]
fn pure(step: &Step, slots: &[u32]) -> u32 {
    let at = |slot: Slot| slots[slot.index()];
    let field = |slot: Slot| BabyBear::from_u64(u64::from(at(slot)));
    match step {
        Step::Const(value) => *value,
        Step::Alu(op, a, b) => op.eval(at(*a), at(*b)),
        Step::Select(condition, then, otherwise) => {
            if at(*condition) == 0 {
                at(*otherwise)
            } else {
                at(*then)
            }
        }
        Step::Bits { of, low, len } => at(*of) >> low & (u32::MAX >> (32 - len)),
        Step::Linear(terms, constant) => {
            terms.iter().fold(*constant, |acc, (c, slot)| acc + *c * field(*slot)).canonical()
        }
        Step::Product(a, b) => (field(*a) * field(*b)).canonical(),
        Step::Inverse(a) => field(*a).inverse().unwrap_or(BabyBear::ZERO).canonical(),
        _ => unreachable!("the callers handle steps that touch the machine"),
    }
}

/// What execution tells while it runs.
trait Recorder {
    fn input(&mut self, word: u32) -> u32;
    fn previous(&mut self, timestamp: u32);
}

struct NoTape;

impl Recorder for NoTape {
    fn input(&mut self, word: u32) -> u32 {
        word
    }
    fn previous(&mut self, _: u32) {}
}

/// A record being written.
struct Tape<'a> {
    record: &'a mut [u32],
    input: usize,
    previous: usize,
}

impl Recorder for Tape<'_> {
    #[inline]
    fn input(&mut self, word: u32) -> u32 {
        self.record[self.input] = word;
        self.input += 1;
        word
    }

    #[inline]
    fn previous(&mut self, timestamp: u32) {
        self.record[self.previous] = timestamp;
        self.previous += 1;
    }
}
