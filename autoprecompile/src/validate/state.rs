//! States of a guest, of 32 or 64 bits: the reference that executes instructions, and what was recorded.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Reg, Width, Xlen, step};

use crate::ir::{self, Ir, ValueId};
use crate::random::{Rng, mix};
use crate::target::Bounds;

/// The state of a real run at the entry of a region: what the region reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedState {
    /// Registers by number.
    pub registers: [u64; 32],
    /// Aligned words, of the width of a register, as they were at entry.
    pub memory: BTreeMap<u64, u64>,
}

impl RecordedState {
    /// Records what a region touches, given its registers and a way to read aligned words.
    ///
    /// `None` if the region faults on that state.
    pub fn record(
        region: &Region,
        bounds: Bounds,
        registers: [u64; 32],
        mut word: impl FnMut(u64) -> Option<u64>,
    ) -> Option<Self> {
        let mut memory = BTreeMap::new();
        // Each round finds one more word that is missing.
        loop {
            let mut state = GuestState::new(region.xlen, bounds, 0);
            state.registers = registers;
            state.memory.clone_from(&memory);
            state.is_strict = true;
            match (state.execute(region), state.missing) {
                (Ok(_), _) => return Some(Self { registers, memory }),
                (Err(Fault), Some(address)) => {
                    memory.insert(address, word(address)?);
                }
                (Err(Fault), None) => return None,
            }
        }
    }
}

/// The instructions cannot be executed on this state: the address of data is misaligned or out of
/// bounds, or unknown in a strict state, or that of code is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault;

/// Registers and memory. Words that were never set are a function of their address.
#[derive(Clone, Debug)]
pub(super) struct GuestState {
    pub(super) xlen: Xlen,
    pub(super) bounds: Bounds,
    pub(super) registers: [u64; 32],
    /// Aligned words of the width of a register.
    pub(super) memory: BTreeMap<u64, u64>,
    /// What unset words are made from.
    filler: u64,
    /// Whether unset words are missing instead.
    is_strict: bool,
    /// The first one that was.
    missing: Option<u64>,
}

impl GuestState {
    pub(super) fn new(xlen: Xlen, bounds: Bounds, filler: u64) -> Self {
        Self {
            xlen,
            bounds,
            registers: [0; 32],
            memory: BTreeMap::new(),
            filler,
            is_strict: false,
            missing: None,
        }
    }

    /// A state of no special values.
    pub(super) fn arbitrary(xlen: Xlen, bounds: Bounds) -> Self {
        let mut state = Self::new(xlen, bounds, 0);
        for (number, register) in (0..).zip(&mut state.registers).skip(1) {
            *register = xlen.mask(Rng::new(number).next());
        }
        state
    }

    pub(super) fn recorded(xlen: Xlen, bounds: Bounds, state: &RecordedState, filler: u64) -> Self {
        let RecordedState { registers, memory } = state.clone();
        Self { registers, memory, ..Self::new(xlen, bounds, filler) }
    }

    pub(super) fn word(&self, address: u64) -> u64 {
        let filler = self.xlen.mask(mix(self.filler ^ address));
        self.memory.get(&address).copied().unwrap_or(filler)
    }

    /// Executes the instructions of a region and gives the next pc.
    pub(super) fn execute(&mut self, region: &Region) -> Result<u64, Fault> {
        let xlen = region.xlen;
        for at in &region.insts {
            match step(self, xlen, at.pc, at.len, &at.inst)? {
                Flow::Branch { condition, taken_if, target } if (condition != 0) == taken_if => {
                    return Ok(target);
                }
                Flow::Next | Flow::Branch { .. } => {}
                Flow::Jump(target) | Flow::JumpTo(target) if self.bounds.has_code(target) => {
                    return Ok(target);
                }
                Flow::Jump(_) | Flow::JumpTo(_) | Flow::Ecall | Flow::Ebreak => return Err(Fault),
            }
        }
        Ok(region.end())
    }

    /// How this differs from what it should be, if it does. Both have the same filler.
    pub(super) fn difference(&self, expected: &Self) -> Option<String> {
        let differs = |n: &usize| self.registers[*n] != expected.registers[*n];
        if let Some(n) = (0..32).find(differs) {
            let (got, want) = (self.registers[n], expected.registers[n]);
            return Some(format!("x{n} is {got:#x} instead of {want:#x}"));
        }
        let mut addresses = self.memory.keys().chain(expected.memory.keys());
        let address = addresses.find(|at| self.word(**at) != expected.word(**at))?;
        let (got, want) = (self.word(*address), expected.word(*address));
        Some(format!("the word at {address:#x} is {got:#x} instead of {want:#x}"))
    }

    /// The address of the word that an access touches.
    pub(super) fn line(&mut self, width: Width, address: u64) -> Result<u64, Fault> {
        if !address.is_multiple_of(u64::from(width.bytes())) || !self.bounds.has_address(address) {
            return Err(Fault);
        }
        let line = address & !u64::from(self.xlen.bytes() - 1);
        if self.is_strict && !self.memory.contains_key(&line) {
            self.missing.get_or_insert(line);
            return Err(Fault);
        }
        Ok(line)
    }

    /// The bits of an access within its word: shift, and mask before the shift.
    fn place(&self, width: Width, address: u64) -> (u32, u64) {
        let offset = address & u64::from(self.xlen.bytes() - 1);
        let shift = 8 * u32::try_from(offset).expect("below 8");
        (shift, u64::MAX >> (64 - 8 * width.bytes()))
    }
}

impl autoprec_isa::Machine for GuestState {
    type Word = u64;
    type Fault = Fault;

    fn constant(&mut self, value: u64) -> u64 {
        value
    }

    fn alu(&mut self, op: Alu, a: u64, b: u64) -> u64 {
        op.eval_u64(self.xlen, a, b)
    }

    fn reg(&mut self, reg: Reg) -> u64 {
        self.registers[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: u64) {
        self.registers[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: u64) -> Result<u64, Fault> {
        let line = self.line(width, addr)?;
        let (shift, mask) = self.place(width, addr);
        let value = self.word(line) >> shift & mask;
        Ok(if signed { ir::sign_extend(self.xlen, width, value) } else { value })
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Fault> {
        let line = self.line(width, addr)?;
        let (shift, mask) = self.place(width, addr);
        let word = self.word(line) & !(mask << shift) | (value & mask) << shift;
        self.memory.insert(line, word);
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: u64, _: u64) -> Result<u64, Fault> {
        Err(Fault)
    }

    fn load_reserved(&mut self, _: Width, _: u64) -> Result<u64, Fault> {
        Err(Fault)
    }

    fn store_conditional(&mut self, _: Width, _: u64, _: u64) -> Result<u64, Fault> {
        Err(Fault)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u64>>) -> Result<u64, Fault> {
        Err(Fault)
    }

    fn float(&mut self, _: FloatAction<u64>) -> Result<u64, Fault> {
        Err(Fault)
    }
}

impl ir::State for GuestState {
    type Fault = Fault;

    fn reg(&mut self, reg: Reg) -> u64 {
        self.registers[reg.index()]
    }

    fn load(&mut self, _: ValueId, width: Width, addr: u64) -> Result<u64, Fault> {
        autoprec_isa::Machine::load(self, width, false, addr)
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Fault> {
        autoprec_isa::Machine::store(self, width, addr, value)
    }
}

/// Whether an access at `address` is one whose distance from its base, as a signed number, leads across
/// the end of the address space in a region that is entered with this state.
pub(super) fn crosses_end(ir: &Ir, entry: u64, state: &GuestState, address: u64) -> bool {
    let Ok(evaluated) = ir.eval(entry, &mut state.clone()) else { return false };
    let unused = 64 - ir.xlen.bits();
    ir.effects.iter().any(|effect| {
        let addr = effect.address(ir);
        let (Some(base), distance) = ir.split_address(addr) else { return false };
        let base = i128::from(evaluated.values[base.index()]);
        let distance = i128::from((distance << unused).cast_signed() >> unused);
        let is_inside = (0..1_i128 << ir.xlen.bits()).contains(&(base + distance));
        evaluated.values[addr.index()] == address && !is_inside
    })
}
