//! A machine for tests: registers and memory with the times of their last accesses, instructions run
//! by the one semantics, and rows of tables checked against it.

use std::collections::BTreeMap;

use autoprec_isa::{
    Alu, Csr, CsrWrite, FloatAction, Flow, Inst, Machine, Operand, Reg, Width, Xlen, step,
};
use autoprec_synth::ir::sign_extend;
use autoprec_synth::{Host, OperandValues};

/// A cell of the machine and when it was accessed last.
type Cell = (u64, u64);

/// The state of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) xlen: Xlen,
    pub(crate) regs: BTreeMap<u8, Cell>,
    pub(crate) memory: BTreeMap<u64, Cell>,
    pub(crate) time: u64,
    /// What cells hold that nobody touched.
    pub(crate) seed: u64,
    /// Whether only cells that are there may be touched.
    pub(crate) closed: bool,
}

/// Numbers that look random.
pub(crate) fn mix(seed: u64, index: u64) -> u64 {
    let mut x = seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..3 {
        x ^= x >> 30;
        x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 27;
    }
    x
}

/// A word that is not too seldom special.
pub(crate) fn word(xlen: Xlen, x: u64) -> u64 {
    let special = [0, 1, 2, u64::MAX, 1 << 31, 1 << 63, 0x7fff_ffff, 0xffff_ffff, u64::MAX >> 1];
    xlen.mask(match x % 4 {
        0 => special[(x >> 8) as usize % special.len()],
        1 => x >> 56,
        _ => mix(x, 1),
    })
}

impl World {
    pub(crate) fn new(xlen: Xlen, seed: u64) -> Self {
        let time = 1000 + mix(seed, 99) % 100_000;
        let regs = (0..32)
            .map(|n| {
                let value = if n == 0 { 0 } else { word(xlen, mix(seed, n)) };
                (u8::try_from(n).unwrap(), (value, mix(seed, 50 + n) % time))
            })
            .collect();
        Self { xlen, regs, memory: BTreeMap::new(), time, seed, closed: false }
    }

    /// A machine that has only what is put there.
    pub(crate) fn empty(xlen: Xlen, time: u64) -> Self {
        let (regs, memory) = (BTreeMap::new(), BTreeMap::new());
        Self { xlen, regs, memory, time, seed: 0, closed: true }
    }

    fn line(&mut self, address: u64) -> Option<Cell> {
        let start = self.time;
        let seed = mix(self.seed, address ^ 0x55);
        if self.closed {
            return self.memory.get(&address).copied();
        }
        let xlen = self.xlen;
        let cell = (word(xlen, seed), mix(seed, 7) % start.min(1000));
        Some(*self.memory.entry(address).or_insert(cell))
    }

    /// The bytes of an access.
    fn place(&self, width: Width, addr: u64) -> Option<(u64, u32, u64)> {
        let bytes = u64::from(self.xlen.bytes());
        let line = addr / bytes * bytes;
        if !addr.is_multiple_of(width.bytes().into()) {
            return None;
        }
        let shift = u32::try_from(8 * (addr - line)).unwrap();
        Some((line, shift, u64::MAX >> (64 - 8 * width.bytes())))
    }
}

impl Host for World {
    type Fault = u64;
    fn time(&self) -> u64 {
        self.time
    }
    fn register(&mut self, number: u8) -> u64 {
        self.regs[&number].0
    }
    fn word(&mut self, address: u64) -> Result<u64, u64> {
        assert!(address.is_multiple_of(self.xlen.bytes().into()));
        self.line(address).map(|cell| cell.0).ok_or(address)
    }
    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let cell = self.regs.get_mut(&number).unwrap();
        let new = new.unwrap_or(cell.0);
        assert!(number != 0 || new == 0);
        let previous = cell.1;
        *cell = (new, self.time);
        self.time += 1;
        previous
    }
    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let (old, previous) = self.line(address).unwrap();
        let new = new.unwrap_or(old);
        self.memory.insert(address, (new, self.time));
        self.time += 1;
        previous
    }
    fn bad_address(&self, address: u64) -> u64 {
        address
    }
}

/// Runs instructions on a world; times are left alone.
pub(crate) struct Runner<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) operands: Option<OperandValues>,
}

impl Machine for Runner<'_> {
    type Word = u64;
    type Fault = u64;
    fn constant(&mut self, value: u64) -> u64 {
        value
    }
    fn operand(&mut self, operand: Operand, value: u64) -> u64 {
        match (&self.operands, operand) {
            (None, _) => value,
            (Some(own), Operand::Constant) => own.constant,
            (Some(own), Operand::Next) => own.next,
        }
    }
    fn alu(&mut self, op: Alu, a: u64, b: u64) -> u64 {
        op.eval_u64(self.world.xlen, a, b)
    }
    fn reg(&mut self, reg: Reg) -> u64 {
        if reg == Reg::ZERO {
            return 0;
        }
        self.world.regs.get(&u8::try_from(reg.index()).unwrap()).map_or(0, |cell| cell.0)
    }
    fn set_reg(&mut self, reg: Reg, value: u64) {
        self.world.regs.entry(u8::try_from(reg.index()).unwrap()).or_default().0 = value;
    }
    fn load(&mut self, width: Width, signed: bool, addr: u64) -> Result<u64, u64> {
        let (line, shift, mask) = self.world.place(width, addr).ok_or(addr)?;
        let value = self.world.line(line).ok_or(addr)?.0 >> shift & mask;
        Ok(if signed { sign_extend(self.world.xlen, width, value) } else { value })
    }
    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), u64> {
        let (line, shift, mask) = self.world.place(width, addr).ok_or(addr)?;
        let (old, time) = self.world.line(line).ok_or(addr)?;
        let new = old & !(mask << shift) | (value & mask) << shift;
        self.world.memory.insert(line, (new, time));
        Ok(())
    }
    fn amo(&mut self, _: Alu, _: Width, _: u64, _: u64) -> Result<u64, u64> {
        unreachable!()
    }
    fn load_reserved(&mut self, _: Width, _: u64) -> Result<u64, u64> {
        unreachable!()
    }
    fn store_conditional(&mut self, _: Width, _: u64, _: u64) -> Result<u64, u64> {
        unreachable!()
    }
    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u64>>) -> Result<u64, u64> {
        unreachable!()
    }
    fn float(&mut self, _: FloatAction<u64>) -> Result<u64, u64> {
        unreachable!()
    }
}

/// What a table's row claims to be.
#[derive(Clone, Debug)]
pub(crate) enum Claim {
    /// A call of these instructions, at addresses, of these lengths.
    Call { id: u32, entry: u64, insts: Vec<(u64, u8, Inst)> },
    /// An execution of an operation with the operands that its Program message says.
    Kind { kind: u32, inst: Inst },
}

impl Claim {
    /// Runs what is claimed on a world: the next pc.
    pub(crate) fn run(
        &self,
        world: &mut World,
        operands: Option<OperandValues>,
    ) -> Result<u64, u64> {
        let xlen = world.xlen;
        match self {
            Self::Call { insts, .. } => {
                let mut next = 0;
                for (pc, len, inst) in insts {
                    next = xlen.mask(pc + u64::from(*len));
                    let flow = step(&mut Runner { world, operands: None }, xlen, *pc, *len, inst)?;
                    let taken = flow_target(&flow, None);
                    if let Some(target) = taken {
                        return Ok(target);
                    }
                }
                Ok(next)
            }
            Self::Kind { inst, .. } => {
                let own = operands.unwrap();
                let reg = |number: u8, has: Reg| {
                    if has == Reg::ZERO { has } else { Reg::new(number).unwrap() }
                };
                let inst = Inst {
                    rd: reg(own.rd, inst.rd),
                    rs1: reg(own.rs1, inst.rs1),
                    rs2: reg(own.rs2, inst.rs2),
                    ..*inst
                };
                let flow = step(&mut Runner { world, operands }, xlen, own.pc, 4, &inst)?;
                Ok(flow_target(&flow, Some(own.constant)).unwrap_or(own.next))
            }
        }
    }
}

fn flow_target(flow: &Flow<u64>, constant: Option<u64>) -> Option<u64> {
    match flow {
        Flow::Next => None,
        Flow::Branch { condition, taken_if, target } => {
            ((*condition != 0) == *taken_if).then_some(constant.unwrap_or(*target))
        }
        Flow::Jump(target) => Some(constant.unwrap_or(*target)),
        Flow::JumpTo(target) => Some(*target),
        Flow::Ecall | Flow::Ebreak => unreachable!(),
    }
}
