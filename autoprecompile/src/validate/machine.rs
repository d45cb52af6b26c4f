//! Machines for the checker: states, the reference that executes instructions, the host that runs
//! recipes.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Reg, Width, Word, step};

use super::access::Access;
use crate::ir::{Node, State, ValueId};
use crate::lift::lift;
use crate::precompile::Precompile;
use crate::random::{Rng, into_address, mix};
use crate::recipe::{Host, RecordWord};
use crate::target::OPENVM;

/// Bits of a memory address.
const ADDRESS_BITS: u32 = OPENVM.address_bits;

/// A recorded machine state at the entry of a region: what the region reads of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Registers by number.
    pub regs: [u32; 32],
    /// Aligned words that the region touches, as they were at entry.
    pub memory: BTreeMap<u32, u32>,
}

impl Snapshot {
    /// Records what a region touches, given its registers and a way to read aligned words.
    ///
    /// `None` if the region faults on that state.
    pub fn record(
        region: &Region,
        regs: [u32; 32],
        mut word: impl FnMut(u32) -> Option<u32>,
    ) -> Option<Self> {
        let mut machine = Machine { regs, ..Machine::empty() };
        let mut memory = BTreeMap::new();
        // Each round finds one more word that is missing.
        loop {
            machine.memory.clone_from(&memory);
            machine.regs = regs;
            machine.missing = None;
            machine.strict = true;
            match (machine.execute(region), machine.missing) {
                (Ok(_), _) => return Some(Self { regs, memory }),
                (Err(_), Some(addr)) => {
                    memory.insert(addr, word(addr)?);
                }
                (Err(_), None) => return None,
            }
        }
    }
}

/// The instructions cannot be executed on this state: the address of data is misaligned or too
/// large, or unknown in a strict machine, or that of code is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadAddress;

/// Registers and memory. Words that were never set are a function of their address.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) regs: [u32; 32],
    pub(super) memory: BTreeMap<u32, u32>,
    /// What unset words are made from.
    filler: u64,
    /// Whether unset words are missing instead.
    strict: bool,
    missing: Option<u32>,
}

impl Machine {
    pub(super) fn empty() -> Self {
        Self { regs: [0; 32], memory: BTreeMap::new(), filler: 0, strict: false, missing: None }
    }

    /// A state of no special values.
    pub(super) fn arbitrary() -> Self {
        let mut machine = Self::empty();
        for (number, reg) in (0_u64..).zip(&mut machine.regs).skip(1) {
            *reg = Rng::new(number).word();
        }
        machine
    }

    pub(super) fn recorded(snapshot: &Snapshot, rng: &mut Rng) -> Self {
        let mut machine = Self { filler: rng.next(), ..Self::empty() };
        machine.regs = snapshot.regs;
        machine.memory.clone_from(&snapshot.memory);
        machine
    }

    /// A state on which the region has a fair chance to run without fault: what flows into an
    /// address is likely a pointer or a small number.
    pub(super) fn random(precompile: &Precompile, rng: &mut Rng) -> Self {
        let ir = lift(&precompile.region).unwrap_or_else(|_| precompile.ir.clone());
        let mut machine = Self { filler: rng.next(), ..Self::empty() };
        let mut dice = Dice {
            into_address: into_address(&ir),
            machine: &mut machine,
            style: rng.below(4),
            rng,
            last: 0,
            last_pointer: 0,
        };
        for (id, value) in ir.ids().zip(&ir.values) {
            if let Node::Reg(reg) = value.node {
                let word = dice.word(id);
                dice.machine.regs[reg.index()] = word;
            }
        }
        for number in 1..32 {
            if dice.machine.regs[number] == 0 {
                dice.machine.regs[number] = dice.rng.word();
            }
        }
        // Loads define the words they read; what the run stores is forgotten again.
        let regs = dice.machine.regs;
        let mut state = Rolling { dice, stored: BTreeMap::new() };
        // A fault ends the choosing of words; executing the region will tell.
        drop(ir.eval(precompile.region.entry(), &mut state));
        machine.regs = regs;
        machine
    }

    pub(super) fn word(&self, addr: u32) -> u32 {
        let filler = mix(self.filler ^ u64::from(addr)) >> 32;
        self.memory.get(&addr).copied().unwrap_or(filler as u32)
    }

    /// Executes the instructions of a region and gives the next pc.
    pub(super) fn execute(&mut self, region: &Region) -> Result<u64, BadAddress> {
        for at in &region.insts {
            let xlen = region.xlen;
            match step(self, xlen, at.pc, at.len, &at.inst)? {
                Flow::Next => {}
                Flow::Branch { condition, taken_if, target } => {
                    return Ok(if (condition != 0) == taken_if {
                        target
                    } else {
                        at.next_pc(xlen)
                    });
                }
                Flow::Jump(target) if target >> OPENVM.pc_bits == 0 => return Ok(target),
                Flow::JumpTo(target) if target >> OPENVM.pc_bits == 0 => {
                    return Ok(u64::from(target));
                }
                Flow::Jump(_) | Flow::JumpTo(_) | Flow::Ecall | Flow::Ebreak => {
                    return Err(BadAddress);
                }
            }
        }
        Ok(region.end())
    }

    /// How two machines with the same filler differ, if they do.
    pub(super) fn difference(&self, expected: &Self) -> Option<String> {
        let differs = |n: &usize| self.regs[*n] != expected.regs[*n];
        if let Some(n) = (0..32).find(differs) {
            let (got, want) = (self.regs[n], expected.regs[n]);
            return Some(format!("x{n} is {got:#x} instead of {want:#x}"));
        }
        let mut addrs = self.memory.keys().chain(expected.memory.keys());
        let addr = addrs.find(|addr| self.word(**addr) != expected.word(**addr))?;
        let (got, want) = (self.word(*addr), expected.word(*addr));
        Some(format!("the word at {addr:#x} is {got:#x} instead of {want:#x}"))
    }

    fn aligned(&mut self, width: Width, addr: u32) -> Result<u32, BadAddress> {
        let fits = addr.is_multiple_of(width.bytes()) && addr >> ADDRESS_BITS == 0;
        let word = addr & !3;
        if fits && self.strict && !self.memory.contains_key(&word) {
            self.missing.get_or_insert(word);
            return Err(BadAddress);
        }
        if fits { Ok(word) } else { Err(BadAddress) }
    }
}

impl autoprec_isa::Machine for Machine {
    type Word = u32;
    type Fault = BadAddress;

    fn constant(&mut self, value: u64) -> u32 {
        u32::try_from(value).expect("constants of rv32 are words")
    }

    fn alu(&mut self, op: Alu, a: u32, b: u32) -> u32 {
        op.eval(a, b)
    }

    fn reg(&mut self, reg: Reg) -> u32 {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: u32) {
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: u32) -> Result<u32, BadAddress> {
        let at = self.aligned(width, addr)?;
        let word = self.word(at) >> (8 * (addr & 3));
        let unused = 32 - 8 * width.bytes();
        let top = word << unused;
        Ok(if signed { (top.cast_signed() >> unused).cast_unsigned() } else { top >> unused })
    }

    fn store(&mut self, width: Width, addr: u32, value: u32) -> Result<(), BadAddress> {
        let at = self.aligned(width, addr)?;
        let shift = 8 * (addr & 3);
        let mask = (u32::MAX >> (32 - 8 * width.bytes())) << shift;
        let word = self.word(at) & !mask | (value << shift) & mask;
        self.memory.insert(at, word);
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: u32, _: u32) -> Result<u32, BadAddress> {
        Err(BadAddress)
    }

    fn load_reserved(&mut self, _: Width, _: u32) -> Result<u32, BadAddress> {
        Err(BadAddress)
    }

    fn store_conditional(&mut self, _: Width, _: u32, _: u32) -> Result<u32, BadAddress> {
        Err(BadAddress)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u32>>) -> Result<u32, BadAddress> {
        Err(BadAddress)
    }

    fn float(&mut self, _: FloatAction<u32>) -> Result<u32, BadAddress> {
        Err(BadAddress)
    }
}

/// Chooses words.
struct Dice<'a> {
    into_address: Vec<bool>,
    machine: &'a mut Machine,
    style: u32,
    rng: &'a mut Rng,
    last: u32,
    /// The last pointer chosen; 0 if there is none.
    last_pointer: u32,
}

impl Dice<'_> {
    fn word(&mut self, id: ValueId) -> u32 {
        let word = if self.into_address[id.index()] { self.pointer() } else { self.any() };
        self.last = word;
        word
    }

    fn pointer(&mut self) -> u32 {
        // Pointers that meet, so that the order of accesses matters.
        if self.last_pointer != 0 && self.rng.below(4) == 0 {
            return self.last_pointer.wrapping_add(4 * self.rng.below(2));
        }
        self.last_pointer = self.new_pointer();
        self.last_pointer
    }

    fn new_pointer(&mut self) -> u32 {
        // Styles: all pointers aligned; low bits too; small numbers among them; near the ends.
        let pointer = 0x1_0000 + (self.rng.below(1 << 27) & !3);
        match (self.style, self.rng.below(4)) {
            (1 | 2, 0) => pointer + self.rng.below(4),
            (2, 1 | 2) => self.rng.below(64) & !3,
            (2, _) => self.rng.below(64),
            (3, 0) => 4 * self.rng.below(4),
            (3, 1) => 0_u32.wrapping_sub(4 * self.rng.below(4)),
            (3, 2) => (1 << ADDRESS_BITS) - 4 * self.rng.below(600),
            _ => pointer,
        }
    }

    fn any(&mut self) -> u32 {
        const EDGES: [u32; 12] = [
            0,
            1,
            2,
            31,
            0xff,
            0x100,
            0xffff,
            0x1_0000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_fffe,
            u32::MAX,
        ];
        match self.rng.below(8) {
            0 | 1 => self.rng.choose(&EDGES),
            2 => self.last,
            3 => self.rng.below(256),
            4 => self.rng.word() & self.rng.word() & 0xff00_ff00,
            _ => self.rng.word(),
        }
    }
}

/// Evaluates the region while memory is being made up.
struct Rolling<'a> {
    dice: Dice<'a>,
    /// What the region itself stored.
    stored: BTreeMap<u32, u32>,
}

impl Rolling<'_> {
    fn locate(width: Width, addr: u64) -> Result<u32, BadAddress> {
        let addr = u32::try_from(addr).map_err(|_| BadAddress)?;
        let fits = addr.is_multiple_of(width.bytes()) && addr >> ADDRESS_BITS == 0;
        if fits { Ok(addr) } else { Err(BadAddress) }
    }

    fn word(&self, at: u32) -> u32 {
        self.stored.get(&at).copied().unwrap_or_else(|| self.dice.machine.word(at))
    }
}

impl State for Rolling<'_> {
    type Fault = BadAddress;

    fn reg(&mut self, reg: Reg) -> u64 {
        u64::from(self.dice.machine.regs[reg.index()])
    }

    fn load(&mut self, id: ValueId, width: Width, addr: u64) -> Result<u64, BadAddress> {
        let addr = Self::locate(width, addr)?;
        let at = addr & !3;
        if width == Width::Word
            && !self.stored.contains_key(&at)
            && !self.dice.machine.memory.contains_key(&at)
        {
            let word = self.dice.word(id);
            self.dice.machine.memory.insert(at, word);
        }
        let word = self.word(at) >> (8 * (addr & 3));
        Ok(u64::from(word << (32 - 8 * width.bytes()) >> (32 - 8 * width.bytes())))
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), BadAddress> {
        let addr = Self::locate(width, addr)?;
        let (at, shift) = (addr & !3, 8 * (addr & 3));
        let mask = (u32::MAX >> (32 - 8 * width.bytes())) << shift;
        let word = self.word(at) & !mask | (u32::from_u64(value) << shift) & mask;
        self.stored.insert(at, word);
        Ok(())
    }
}

/// Runs recipes on a machine with timestamps, and notes every access.
pub(super) struct TracedHost {
    pub(super) machine: Machine,
    pub(super) accesses: Vec<Access>,
    /// The timestamp of the call.
    began: u32,
    now: u32,
    /// When a place was accessed last, if in this call; before that a function of the place.
    last: BTreeMap<(u32, u32), u32>,
    filler: u64,
}

impl TracedHost {
    pub(super) fn new(machine: Machine, rng: &mut Rng) -> Self {
        let now = match rng.below(4) {
            0 => 1,
            1 => (1 << 29) - 50_000,
            _ => 1 + rng.below(1 << 28),
        };
        Self {
            machine,
            accesses: Vec::new(),
            began: now,
            now,
            last: BTreeMap::new(),
            filler: rng.next(),
        }
    }

    fn access(&mut self, (space, pointer): (u32, u32), old: u32, new: u32) -> u32 {
        let hash = mix(self.filler ^ u64::from(pointer));
        let before = match hash >> 62 {
            0 => 0,
            1 => self.began - 1,
            _ => u32::try_from(hash % u64::from(self.began)).expect("below the timestamp"),
        };
        let previous = self.last.insert((space, pointer), self.now).unwrap_or(before);
        let (old, new) = (old.to_le_bytes(), new.to_le_bytes());
        self.accesses.push(Access { space, pointer, old, new, previous, now: self.now });
        self.now += 1;
        previous
    }
}

impl Host for TracedHost {
    type Fault = u32;

    fn time(&self) -> u64 {
        self.now.into()
    }

    fn register(&mut self, number: u8) -> u64 {
        self.machine.regs[usize::from(number)].into()
    }

    fn word(&mut self, addr: u64) -> Result<u64, u32> {
        Ok(self.machine.word(u32::from_word(addr)).into())
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let old = self.machine.regs[usize::from(number)];
        let new = new.map_or(old, u32::from_word);
        self.machine.regs[usize::from(number)] = new;
        self.access((1, 4 * u32::from(number)), old, new).into()
    }

    fn access_word(&mut self, addr: u64, new: Option<u64>) -> u64 {
        let addr = u32::from_word(addr);
        let old = self.machine.word(addr);
        let new = new.map_or(old, u32::from_word);
        self.machine.memory.insert(addr, new);
        self.access((2, addr), old, new).into()
    }

    fn bad_address(&self, addr: u64) -> u32 {
        u32::from_word(addr)
    }
}
