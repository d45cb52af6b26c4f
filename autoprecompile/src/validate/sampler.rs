//! Random states on which a region has a fair chance to run without fault, and that meet its edges.

use autoprec_blocks::Region;
use autoprec_isa::{Machine, Reg, Width};

use super::state::{Fault, GuestState};
use crate::ir::{Ir, Node, State, ValueId};
use crate::lift::lift;
use crate::random::{Rng, into_address};
use crate::target::Bounds;

/// Makes up states for a region.
pub(super) struct StateSampler {
    ir: Ir,
    /// Per value, whether it flows into an address.
    into_address: Vec<bool>,
    entry: u64,
    bounds: Bounds,
}

impl StateSampler {
    /// For a region that was lowered from `ir`. Words are made up for the dataflow as it is lifted: what
    /// rewrites change is not to decide what is tried.
    pub(super) fn new(region: &Region, ir: &Ir, bounds: Bounds) -> Self {
        let ir = lift(region).unwrap_or_else(|_| ir.clone());
        Self { into_address: into_address(&ir), ir, entry: region.entry(), bounds }
    }

    /// A state: what flows into an address is likely a pointer or a small number.
    pub(super) fn sample(&self, rng: &mut Rng) -> GuestState {
        let mut state = GuestState::new(self.ir.xlen, self.bounds, rng.next());
        let style = rng.below(5);
        let mut dice = Dice { sampler: self, style, rng, last: 0, last_pointer: 0 };
        for number in 1..32 {
            state.registers[number] = dice.any();
        }
        for (id, value) in self.ir.ids().zip(&self.ir.values) {
            if let Node::Reg(reg) = value.node {
                state.registers[reg.index()] = dice.word(id);
            }
        }
        // Loads define the words they read; what the run stores is forgotten again.
        let mut rolling = Rolling { dice, stored: state.clone(), state };
        // A fault ends the choosing of words; executing the region will tell.
        drop(self.ir.eval(self.entry, &mut rolling));
        rolling.state
    }
}

/// Chooses words.
struct Dice<'a> {
    sampler: &'a StateSampler,
    style: u32,
    rng: &'a mut Rng,
    last: u64,
    /// The last pointer chosen; 0 if there is none.
    last_pointer: u64,
}

impl Dice<'_> {
    fn word(&mut self, id: ValueId) -> u64 {
        let is_address = self.sampler.into_address[id.index()];
        self.last = if is_address { self.pointer() } else { self.any() };
        self.last
    }

    fn below(&mut self, bound: u32) -> u64 {
        u64::from(self.rng.below(bound))
    }

    fn pointer(&mut self) -> u64 {
        let xlen = self.sampler.ir.xlen;
        // Pointers that meet, so that the order of accesses matters.
        let pointer = if self.last_pointer != 0 && self.rng.below(4) == 0 {
            self.last_pointer.wrapping_add(u64::from(xlen.bytes()) * self.below(2))
        } else {
            self.new_pointer()
        };
        self.last_pointer = xlen.mask(pointer);
        self.last_pointer
    }

    fn new_pointer(&mut self) -> u64 {
        let Bounds { address_bits, .. } = self.sampler.bounds;
        let bytes = u64::from(self.sampler.ir.xlen.bytes());
        let end = self.sampler.bounds.end();
        let pointer = 0x1_0000 + (self.below(1 << 27) & !(bytes - 1));
        // Styles: all pointers aligned; low bits too; small numbers among them; near the ends; anywhere.
        match (self.style, self.rng.below(4)) {
            (1 | 2, 0) => pointer + self.below(8),
            (2, 1 | 2) => self.below(64) & !(bytes - 1),
            (2, _) => self.below(64),
            (3, 0) => bytes * self.below(4),
            (3, 1) => 0_u64.wrapping_sub(bytes * self.below(4)),
            (3, 2) => end.wrapping_sub(bytes * self.below(600)),
            (4, 0 | 1) => {
                let anywhere = self.rng.next() >> (64 - address_bits);
                anywhere & !(bytes - 1)
            }
            _ => pointer,
        }
    }

    fn any(&mut self) -> u64 {
        const EDGES: [u64; 16] = [
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
            0xffff_ffff,
            0x1_0000_0000,
            i64::MAX.cast_unsigned(),
            i64::MIN.cast_unsigned(),
            u64::MAX,
        ];
        let word = match self.rng.below(8) {
            0 | 1 => self.rng.choose(&EDGES),
            2 => self.last,
            3 => self.below(256),
            4 => self.rng.next() & self.rng.next() & 0xff00_ff00_ff00_ff00,
            _ => self.rng.next(),
        };
        self.sampler.ir.xlen.mask(word)
    }
}

/// Evaluates the region while memory is being made up.
struct Rolling<'a> {
    dice: Dice<'a>,
    /// What is being chosen.
    state: GuestState,
    /// The same with what the region itself stored.
    stored: GuestState,
}

impl State for Rolling<'_> {
    type Fault = Fault;

    fn reg(&mut self, reg: Reg) -> u64 {
        self.state.registers[reg.index()]
    }

    fn load(&mut self, id: ValueId, width: Width, addr: u64) -> Result<u64, Fault> {
        let line = self.stored.line(width, addr)?;
        let is_whole = width.bytes() == self.state.xlen.bytes();
        if is_whole && !self.stored.memory.contains_key(&line) {
            let word = self.dice.word(id);
            self.state.memory.insert(line, word);
            self.stored.memory.insert(line, word);
        }
        Machine::load(&mut self.stored, width, false, addr)
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Fault> {
        Machine::store(&mut self.stored, width, addr, value)
    }
}
