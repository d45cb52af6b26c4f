//! Machine states for the checker: the reference that executes instructions, and the host that runs
//! recipes. RV32 and RV64.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Reg, Width, Xlen, step};

use crate::ir::{Ir, Node, State, ValueId};
use crate::random::{Rng, into_address, mix};

/// The instructions cannot be executed on this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault;

/// A recorded machine state at the entry of a region: what the region reads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineState {
    /// Registers by number.
    pub registers: [u64; 32],
    /// Aligned words, of the width of a register, as they were at entry.
    pub memory: BTreeMap<u64, u64>,
}

impl MachineState {
    /// Records what a region touches, given its registers and a way to read aligned words.
    ///
    /// `None` if the region faults on that state.
    pub fn record(
        region: &Region,
        registers: [u64; 32],
        mut word: impl FnMut(u64) -> Option<u64>,
    ) -> Option<Self> {
        let mut memory = BTreeMap::new();
        // Each round finds one more word that is missing.
        loop {
            let mut world = World::new(region.xlen, 0);
            world.registers = registers;
            world.memory.clone_from(&memory);
            world.is_strict = true;
            match (world.execute(region), world.missing) {
                (Ok(_), _) => return Some(Self { registers, memory }),
                (Err(Fault), Some(address)) => {
                    memory.insert(address, word(address)?);
                }
                (Err(Fault), None) => return None,
            }
        }
    }
}

/// Registers and memory. Words that were never set are a function of their address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct World {
    pub(super) xlen: Xlen,
    pub(super) registers: [u64; 32],
    pub(super) memory: BTreeMap<u64, u64>,
    filler: u64,
    /// Whether unset words are missing instead.
    is_strict: bool,
    /// The first one that was.
    missing: Option<u64>,
}

impl World {
    pub(super) fn new(xlen: Xlen, filler: u64) -> Self {
        Self {
            xlen,
            registers: [0; 32],
            memory: BTreeMap::new(),
            filler,
            is_strict: false,
            missing: None,
        }
    }

    pub(super) fn recorded(xlen: Xlen, state: &MachineState, filler: u64) -> Self {
        let MachineState { registers, memory } = state.clone();
        Self { registers, memory, ..Self::new(xlen, filler) }
    }

    /// A state on which the region has a fair chance to run without fault: what flows into an address
    /// is likely a pointer or a small number.
    pub(super) fn random(ir: &Ir, entry: u64, rng: &mut Rng) -> Self {
        let mut world = Self::new(ir.xlen, rng.next());
        let style = rng.below(3);
        let mut dice = Dice { into_address: into_address(ir), style, xlen: ir.xlen, rng, last: 0 };
        for number in 1..32 {
            world.registers[number] = dice.any();
        }
        for (id, value) in ir.ids().zip(&ir.values) {
            if let Node::Reg(reg) = value.node {
                world.registers[reg.index()] = dice.word(id);
            }
        }
        let mut rolling = Rolling { dice, stored: world.clone(), world };
        // A fault ends the choosing of words; executing the region will tell.
        drop(ir.eval(entry, &mut rolling));
        rolling.world
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
                Flow::Next => {}
                Flow::Branch { condition, taken_if, target } => {
                    let taken = (condition != 0) == taken_if;
                    return Ok(if taken { target } else { at.next_pc(xlen) });
                }
                Flow::Jump(target) | Flow::JumpTo(target) => return Ok(target),
                Flow::Ecall | Flow::Ebreak => return Err(Fault),
            }
        }
        Ok(region.end())
    }

    /// How this differs from what it should be, if it does.
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

    fn line(&mut self, width: Width, address: u64) -> Result<u64, Fault> {
        if !address.is_multiple_of(u64::from(width.bytes())) {
            return Err(Fault);
        }
        let line = address & !u64::from(self.xlen.bytes() - 1);
        if self.is_strict && !self.memory.contains_key(&line) {
            self.missing.get_or_insert(line);
            return Err(Fault);
        }
        Ok(line)
    }

    /// The bits of an access within its line: shift and mask before the shift.
    fn place(&self, width: Width, address: u64) -> (u32, u64) {
        let offset = address & u64::from(self.xlen.bytes() - 1);
        let shift = 8 * u32::try_from(offset).expect("below 8");
        (shift, u64::MAX >> (64 - 8 * width.bytes()))
    }
}

impl autoprec_isa::Machine for World {
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
        let unused = 64 - 8 * width.bytes();
        let extended = (value << unused).cast_signed() >> unused;
        Ok(if signed { self.xlen.mask(extended.cast_unsigned()) } else { value })
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

/// Chooses words.
struct Dice<'a> {
    into_address: Vec<bool>,
    style: u32,
    xlen: Xlen,
    rng: &'a mut Rng,
    last: u64,
}

impl Dice<'_> {
    fn word(&mut self, id: ValueId) -> u64 {
        if self.into_address[id.index()] { self.pointer() } else { self.any() }
    }

    fn pointer(&mut self) -> u64 {
        let line = u64::from(self.xlen.bytes());
        // Pointers that meet, so that the order of accesses matters.
        if self.last != 0 && self.rng.below(4) == 0 {
            return self.last.wrapping_add(line * u64::from(self.rng.below(2)));
        }
        let pointer = 0x1_0000 + u64::from(self.rng.below(1 << 27)) * line;
        // Styles: all pointers aligned; low bits too; small numbers and ends among them.
        let pointer = match (self.style, self.rng.below(4)) {
            (1, 0) => pointer + u64::from(self.rng.below(8)),
            (2, 0) => line * u64::from(self.rng.below(8)),
            (2, 1) => 0_u64.wrapping_sub(line * u64::from(self.rng.below(64))),
            _ => pointer,
        };
        self.last = self.xlen.mask(pointer);
        self.last
    }

    fn any(&mut self) -> u64 {
        const EDGES: [u64; 14] = [
            0,
            1,
            2,
            31,
            0xff,
            0xffff,
            0x1_0000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            i64::MAX.cast_unsigned(),
            i64::MIN.cast_unsigned(),
            u64::MAX,
        ];
        let word = match self.rng.below(8) {
            0 | 1 => self.rng.choose(&EDGES),
            2 => self.last,
            3 => u64::from(self.rng.below(256)),
            4 => self.rng.next() & self.rng.next() & 0xff00_ff00_ff00_ff00,
            _ => self.rng.next(),
        };
        self.xlen.mask(word)
    }
}

/// Evaluates the region while memory is being made up.
struct Rolling<'a> {
    dice: Dice<'a>,
    /// What is being chosen.
    world: World,
    /// The same with what the region itself stored.
    stored: World,
}

impl State for Rolling<'_> {
    type Fault = Fault;

    fn reg(&mut self, reg: Reg) -> u64 {
        self.world.registers[reg.index()]
    }

    fn load(&mut self, id: ValueId, width: Width, addr: u64) -> Result<u64, Fault> {
        let line = self.stored.line(width, addr)?;
        if width.bytes() == self.world.xlen.bytes() && !self.stored.memory.contains_key(&line) {
            let word = self.dice.word(id);
            self.world.memory.insert(line, word);
            self.stored.memory.insert(line, word);
        }
        autoprec_isa::Machine::load(&mut self.stored, width, false, addr)
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Fault> {
        autoprec_isa::Machine::store(&mut self.stored, width, addr, value)
    }
}

/// Where an access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Register(u64),
    Memory(u64),
}

/// One access: the old word with its time for the new one with its.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Access {
    pub(super) place: Place,
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) previous: u64,
    pub(super) now: u64,
}

/// Runs recipes on a world with a clock, and notes every access.
pub(super) struct Host {
    pub(super) world: World,
    pub(super) accesses: Vec<Access>,
    /// The time of the call.
    pub(super) began: u64,
    now: u64,
    /// When a place was accessed last, if in this call; before that a function of the place.
    last: BTreeMap<Place, u64>,
    filler: u64,
}

impl Host {
    pub(super) fn new(world: World, time_bits: u32, rng: &mut Rng) -> Self {
        let end = (1_u64 << time_bits) - (1 << (time_bits - 2));
        let began = if rng.below(4) == 0 { 1 } else { 1 + rng.next() % end };
        let (last, filler) = (BTreeMap::new(), rng.next());
        Self { world, accesses: Vec::new(), began, now: began, last, filler }
    }

    fn access(&mut self, place: Place, old: u64, new: u64) -> u64 {
        let number = match place {
            Place::Register(number) => number,
            Place::Memory(address) => !address,
        };
        let hash = mix(self.filler ^ number);
        let before = match hash >> 62 {
            0 => 0,
            1 => self.began - 1,
            _ => hash % self.began,
        };
        let previous = self.last.insert(place, self.now).unwrap_or(before);
        self.accesses.push(Access { place, old, new, previous, now: self.now });
        self.now += 1;
        previous
    }
}

impl crate::recipe::Host for Host {
    type Fault = u64;

    fn time(&self) -> u64 {
        self.now
    }

    fn register(&mut self, number: u8) -> u64 {
        self.world.registers[usize::from(number)]
    }

    fn word(&mut self, address: u64) -> Result<u64, u64> {
        Ok(self.world.word(address))
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let old = self.world.registers[usize::from(number)];
        let new = new.unwrap_or(old);
        self.world.registers[usize::from(number)] = new;
        self.access(Place::Register(u64::from(number)), old, new)
    }

    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let old = self.world.word(address);
        let new = new.unwrap_or(old);
        self.world.memory.insert(address, new);
        self.access(Place::Memory(address), old, new)
    }

    fn bad_address(&self, address: u64) -> u64 {
        address
    }
}
