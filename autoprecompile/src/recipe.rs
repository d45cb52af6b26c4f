//! How a precompile runs and how its row is filled: a straight-line program over words.
//!
//! The same steps serve execution, which reads and writes the machine through a [`Host`], and row
//! filling, which replays them from a record of what came in. Nothing of the original instructions'
//! tables is involved.
//!
//! [`WitnessRecipe::results`] defines what the steps give. What runs is compiled from them
//! ([`program`]); the checker compares the two on every row.
//!
//! Invariants:
//! - a step uses only slots of earlier steps;
//! - accesses happen in the order of the steps, then the registers in order; each is one tick;
//! - every look at memory or a register has one word in the record, in the order of the steps.

mod program;

use std::convert::Infallible;

use autoprec_circuits::{BabyBear, Field};
use autoprec_isa::{Alu, Reg};

use program::{Position, Program};

/// Columns that are written to one row before it is the next row's turn: a cache line.
const TILE: usize = 16;

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
    /// The code address that lies so many bytes, modulo 2^32, behind the entry of the region. Only
    /// the next pc is made from it.
    Code(u32),
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

    /// Whether it is one tick.
    fn is_access(&self) -> bool {
        matches!(self, Self::Touch(_) | Self::Write { .. })
    }

    fn operands(&self) -> Vec<Slot> {
        match self {
            Self::Timestamp | Self::Reg(_) | Self::Previous(_) | Self::Const(_) | Self::Code(_) => {
                vec![]
            }
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
    /// Where the region begins.
    entry: u32,
    steps: Vec<Step>,
    registers: Vec<RegisterAccess>,
    /// Where the next pc is.
    next_pc: Slot,
    /// Where the value of each column is.
    columns: Vec<Slot>,
    /// Addresses are below 2 to this power.
    address_bits: u32,
    /// Derived: how many steps are inputs, and how many accesses a call makes.
    inputs: usize,
    ticks: u32,
    /// Derived: execution without and with a record. The results are the next pc and the registers
    /// that are written.
    execution: Program<Access>,
    recording: Program<Access>,
    /// Derived: the columns from the words of a record.
    filling: Program<RecordWord>,
}

/// What execution does on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Timestamp,
    Reg(Reg),
    Code(u32),
    Look(Position),
    Touch(Position),
    Write { addr: Position, value: Position },
}

/// A position in a record.
type RecordWord = u32;

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
    /// Rows that [`Self::fill_rows`] fills together: each operation is a few vector instructions.
    pub const LANES: usize = 16;

    /// Puts a recipe together and compiles it, for a region that begins at address 0.
    pub(crate) fn new(
        steps: Vec<Step>,
        registers: Vec<RegisterAccess>,
        next_pc: Slot,
        columns: Vec<Slot>,
        address_bits: u32,
    ) -> Self {
        let count = |kind: fn(&Step) -> bool| steps.iter().filter(|step| kind(step)).count();
        let (inputs, accesses) = (count(Step::is_input), count(Step::is_access));
        let ticks = u32::try_from(accesses + registers.len()).expect("a region has few accesses");
        let written = registers.iter().filter_map(|register| register.written);
        let effects: Vec<Slot> = std::iter::once(next_pc).chain(written).collect();
        Self {
            entry: 0,
            execution: executing(&steps, &effects, Step::is_access),
            recording: executing(&steps, &effects, |step| step.is_access() || step.is_input()),
            filling: filling(&steps, &columns, inputs),
            steps,
            registers,
            next_pc,
            columns,
            address_bits,
            inputs,
            ticks,
        }
    }

    /// The same recipe for a region that begins elsewhere.
    #[must_use]
    pub(crate) fn placed(self, entry: u32) -> Self {
        Self { entry, ..self }
    }

    /// The steps, in order; a [`Slot`] is a position here.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The slot that fills each column.
    pub fn columns(&self) -> &[Slot] {
        &self.columns
    }

    /// The slot of the address of the next instruction.
    pub fn next_pc(&self) -> Slot {
        self.next_pc
    }

    /// The registers touched, in the order of their accesses.
    pub fn registers(&self) -> &[RegisterAccess] {
        &self.registers
    }

    /// Ticks of one call: its accesses.
    pub fn ticks(&self) -> u32 {
        self.ticks
    }

    /// Words of a record: the timestamp, the inputs, the previous timestamps of the accesses.
    pub fn record_words(&self) -> usize {
        1 + self.inputs + self.ticks as usize
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
                self.run(host, &self.recording, &mut tape)
            }
            None => self.run(host, &self.execution, &mut NoTape),
        }
    }

    #[inline]
    fn run<H: Host, R: Recorder>(
        &self,
        host: &mut H,
        program: &Program<Access>,
        tape: &mut R,
    ) -> Result<u32, H::Fault> {
        let mut words = Vec::new();
        program.run(&mut words, |access, words: &[[u32; 1]]| {
            let at = |position: Position| words[position as usize][0];
            let word = match access {
                Access::Timestamp => host.timestamp(),
                Access::Reg(reg) => tape.input(host.look_reg(reg)),
                Access::Code(offset) => self.entry.wrapping_add(offset),
                Access::Look(addr) => tape.input(host.look(self.checked(host, at(addr))?)),
                Access::Touch(addr) => {
                    let (previous, _) = host.read(self.checked(host, at(addr))?);
                    tape.previous(previous);
                    0
                }
                Access::Write { addr, value } => {
                    let addr = self.checked(host, at(addr))?;
                    let (previous, _) = host.write(addr, at(value));
                    tape.previous(previous);
                    0
                }
            };
            Ok([word])
        })?;
        let mut results = program.results().iter().map(|&position| words[position as usize][0]);
        let mut result = || results.next().expect("the program gives the pc and the registers");
        let next_pc = result();
        for &RegisterAccess { reg, written } in &self.registers {
            tape.previous(match written {
                Some(_) => host.write_reg(reg, result()),
                None => host.read_reg(reg),
            });
        }
        Ok(next_pc)
    }

    #[inline]
    fn checked<H: Host>(&self, host: &H, addr: u32) -> Result<u32, H::Fault> {
        let aligned = addr.is_multiple_of(4) && addr >> self.address_bits == 0;
        if aligned { Ok(addr) } else { Err(host.bad_address(addr)) }
    }

    /// Fills a row, all columns in canonical form, from the record of a call.
    pub fn fill_row(&self, record: &[u32], row: &mut [u32]) {
        let mut words: Vec<[u32; 1]> = Vec::new();
        self.replay(&mut words, |_, word| record[word]);
        self.write_columns(&words, row);
    }

    /// Fills rows, all columns in canonical form. Each row begins with the record of its call,
    /// which it must have room for.
    ///
    /// [`Self::LANES`] rows take little more time than one.
    pub fn fill_rows(&self, rows: &mut [u32]) {
        let width = self.width();
        let mut words: Vec<[u32; Self::LANES]> = Vec::new();
        for rows in rows.chunks_mut(width * Self::LANES) {
            // Lanes without a row do what the last one does.
            let last = rows.len() / width - 1;
            self.replay(&mut words, |lane, word| rows[lane.min(last) * width + word]);
            self.write_columns(&words, rows);
        }
    }

    /// Computes everything that columns need for `L` calls, given the words of their records.
    #[inline]
    fn replay<const L: usize>(
        &self,
        words: &mut Vec<[u32; L]>,
        record: impl Fn(usize, usize) -> u32,
    ) {
        let words_of = |word: RecordWord| std::array::from_fn(|lane| record(lane, word as usize));
        let Ok(()) = self.filling.run(words, |word, _| Ok::<_, Infallible>(words_of(word)));
    }

    /// Writes the columns of as many lanes as there are rows.
    #[inline]
    fn write_columns<const L: usize>(&self, words: &[[u32; L]], rows: &mut [u32]) {
        for (columns, start) in self.filling.results().chunks(TILE).zip((0..).step_by(TILE)) {
            let mut tile = [[0; L]; TILE];
            for (lanes, &position) in tile.iter_mut().zip(columns) {
                *lanes = words[position as usize];
            }
            for (lane, row) in (0..L).zip(rows.chunks_exact_mut(self.width())) {
                let cells: [u32; TILE] = std::array::from_fn(|column| tile[column][lane]);
                let row = &mut row[start..];
                match row.first_chunk_mut() {
                    Some(full) => *full = cells,
                    None => row.copy_from_slice(&cells[..columns.len()]),
                }
            }
        }
    }

    /// What every step gives on the call of a record, by the definition of steps.
    ///
    /// `alter` is given each step's position and result, and says what is used instead: a prover
    /// that does not keep to the recipe.
    pub fn results(&self, record: &[u32], alter: impl Fn(usize, u32) -> u32) -> Vec<u32> {
        let mut slots = vec![0_u32; self.steps.len()];
        let (mut input, previous) = (record[1..].iter(), &record[1 + self.inputs..]);
        for (index, step) in self.steps.iter().enumerate() {
            let word = match *step {
                Step::Timestamp => record[0],
                Step::Reg(_) | Step::Look(_) => {
                    *input.next().expect("the record has a word per input")
                }
                Step::Touch(_) | Step::Write { .. } => 0,
                Step::Code(offset) => self.entry.wrapping_add(offset),
                Step::Previous(access) => previous[access as usize],
                _ => pure(step, &slots),
            };
            slots[index] = alter(index, word);
        }
        slots
    }

    /// The row that [`Self::results`] make.
    pub(crate) fn altered_row(
        &self,
        record: &[u32],
        alter: impl Fn(usize, u32) -> u32,
    ) -> Vec<u32> {
        let results = self.results(record, alter);
        self.columns.iter().map(|slot| results[slot.index()]).collect()
    }
}

/// The steps that execution needs: those that `keep` names, and what the effects are made from.
fn executing(steps: &[Step], effects: &[Slot], keep: fn(&Step) -> bool) -> Program<Access> {
    let needed = needed(steps, effects, keep, Step::operands);
    Program::compile(steps, &needed, effects, |_, step, at| match *step {
        Step::Timestamp => Some(Access::Timestamp),
        Step::Reg(reg) => Some(Access::Reg(reg)),
        Step::Code(offset) => Some(Access::Code(offset)),
        Step::Look(addr) => Some(Access::Look(at(addr))),
        Step::Touch(addr) => Some(Access::Touch(at(addr))),
        Step::Write { addr, value } => Some(Access::Write { addr: at(addr), value: at(value) }),
        _ => None,
    })
}

/// The steps that columns need, from the record on.
fn filling(steps: &[Step], columns: &[Slot], inputs: usize) -> Program<RecordWord> {
    let mut next_input = 1..;
    let word = |step: &Step| match *step {
        Step::Timestamp => Some(0),
        Step::Reg(_) | Step::Look(_) => next_input.next(),
        Step::Previous(access) => Some(1 + inputs + access as usize),
        _ => None,
    };
    let words: Vec<Option<usize>> = steps.iter().map(word).collect();
    let operands = |step: &Step| if step.is_input() { Vec::new() } else { step.operands() };
    let needed = needed(steps, columns, |_| false, operands);
    Program::compile(steps, &needed, columns, |index, _, _| {
        words[index].map(|word| u32::try_from(word).expect("a record is short"))
    })
}

/// Per step, whether the results or the steps to keep need it.
fn needed(
    steps: &[Step],
    results: &[Slot],
    keep: impl Fn(&Step) -> bool,
    operands: impl Fn(&Step) -> Vec<Slot>,
) -> Vec<bool> {
    let mut needed: Vec<bool> = steps.iter().map(keep).collect();
    results.iter().for_each(|slot| needed[slot.index()] = true);
    for (index, step) in steps.iter().enumerate().rev() {
        if needed[index] {
            operands(step).iter().for_each(|slot| needed[slot.index()] = true);
        }
    }
    needed
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
        _ => unreachable!("the callers handle steps that ask for something from outside"),
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
