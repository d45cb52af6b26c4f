//! Two machines: one computes, one records what to compute later.
//!
//! Memory is what was stored, and zero elsewhere. Every address is accessible.

use std::collections::BTreeMap;
use std::convert::Infallible;

use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, FloatUnit, Machine, Reg, Width, Word};

/// A machine of concrete words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concrete<W> {
    pub(crate) regs: [W; 32],
    pub(crate) memory: BTreeMap<u64, u8>,
    pub(crate) reservation: Option<W>,
    pub(crate) csrs: Vec<CsrAccess<W>>,
    pub(crate) float: FloatUnit,
}

impl<W: Word> Concrete<W> {
    pub(crate) fn write(&mut self, width: Width, addr: W, value: W) {
        self.write_bits(width, addr, value.to_u64());
    }

    fn write_bits(&mut self, width: Width, addr: W, bits: u64) {
        let addresses =
            (0..u64::from(width.bytes())).map(|i| W::XLEN.mask(addr.to_u64().wrapping_add(i)));
        for (addr, byte) in addresses.zip(bits.to_le_bytes()) {
            self.memory.insert(addr, byte);
        }
    }

    fn read_bits(&self, width: Width, addr: W) -> u64 {
        let byte = |i| {
            let addr = W::XLEN.mask(addr.to_u64().wrapping_add(i));
            u64::from(self.memory.get(&addr).copied().unwrap_or(0))
        };
        let bytes = u64::from(width.bytes());
        (0..bytes).map(|i| byte(i) << (8 * i)).fold(0, |value, byte| value | byte)
    }

    pub(crate) fn read(&self, width: Width, signed: bool, addr: W) -> W {
        let value = self.read_bits(width, addr);
        let unused = 64 - 8 * width.bytes();
        let extended = ((value << unused).cast_signed() >> unused).cast_unsigned();
        W::from_u64(if signed { extended } else { value })
    }
}

impl<W: Word> Machine for Concrete<W> {
    type Word = W;
    type Fault = Infallible;

    fn constant(&mut self, value: u64) -> W {
        assert_eq!(value, W::XLEN.mask(value), "constants fit");
        W::from_u64(value)
    }

    fn alu(&mut self, op: Alu, a: W, b: W) -> W {
        op.eval(a, b)
    }

    fn reg(&mut self, reg: Reg) -> W {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: W) {
        assert_ne!(reg, Reg::ZERO, "step never writes x0");
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: W) -> Result<W, Infallible> {
        Ok(self.read(width, signed, addr))
    }

    fn store(&mut self, width: Width, addr: W, value: W) -> Result<(), Infallible> {
        self.write(width, addr, value);
        Ok(())
    }

    fn amo(&mut self, op: Alu, width: Width, addr: W, value: W) -> Result<W, Infallible> {
        let old = self.read(width, true, addr);
        self.write(width, addr, op.eval(old, value));
        Ok(old)
    }

    fn load_reserved(&mut self, width: Width, addr: W) -> Result<W, Infallible> {
        self.reservation = Some(addr);
        Ok(self.read(width, true, addr))
    }

    fn store_conditional(&mut self, width: Width, addr: W, value: W) -> Result<W, Infallible> {
        let holds = self.reservation.take() == Some(addr);
        if holds {
            self.write(width, addr, value);
        }
        Ok(W::from_u64(u64::from(!holds)))
    }

    fn csr(&mut self, csr: Csr, write: Option<CsrWrite<W>>) -> Result<W, Infallible> {
        self.csrs.push((csr, write));
        Ok(self.float.csr(csr, write).unwrap_or(W::from_u64(0x1234)))
    }

    fn float(&mut self, action: FloatAction<W>) -> Result<W, Infallible> {
        match action {
            FloatAction::Load { precision, reg, addr } => {
                let bits = self.read_bits(precision.width(), addr);
                self.float.load(precision, reg, bits);
            }
            FloatAction::Store { precision, reg, addr } => {
                self.write_bits(precision.width(), addr, self.float.reg(reg));
            }
            FloatAction::Compute { op, precision, operands, x } => {
                let result = self.float.compute(op, precision, operands, x);
                return Ok(result.expect("no test here sets a mode that does not exist"));
            }
        }
        Ok(W::default())
    }
}

/// A control and status register, and what an instruction wrote to it.
pub(crate) type CsrAccess<W> = (Csr, Option<CsrWrite<W>>);

/// What a [`Lift`] records, in order; operands are positions in the record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ir {
    Const(u64),
    Alu(Alu, usize, usize),
    ReadReg(Reg),
    WriteReg(Reg, usize),
    Load(Width, bool, usize),
    Store(Width, usize, usize),
}

/// A machine that records.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lift(Vec<Ir>);

/// A lifter has no such thing.
#[derive(Debug)]
pub(crate) struct Unliftable;

impl Lift {
    fn push(&mut self, ir: Ir) -> usize {
        self.0.push(ir);
        self.0.len() - 1
    }

    /// Does to `m` what was recorded, and gives the value of each step that has one.
    pub(crate) fn play<W: Word>(&self, m: &mut Concrete<W>) -> Vec<W> {
        let mut values: Vec<W> = Vec::new();
        for ir in &self.0 {
            let mut value = W::default();
            match *ir {
                Ir::Const(constant) => value = W::from_u64(constant),
                Ir::Alu(op, a, b) => {
                    let (a, b) = (values[a].to_u64(), values[b].to_u64());
                    value = W::from_u64(op.eval_u64(W::XLEN, a, b));
                }
                Ir::ReadReg(reg) => value = m.regs[reg.index()],
                Ir::WriteReg(reg, from) => m.regs[reg.index()] = values[from],
                Ir::Load(width, signed, addr) => value = m.read(width, signed, values[addr]),
                Ir::Store(width, addr, from) => m.write(width, values[addr], values[from]),
            }
            values.push(value);
        }
        values
    }
}

impl Machine for Lift {
    type Word = usize;
    type Fault = Unliftable;

    fn constant(&mut self, value: u64) -> usize {
        self.push(Ir::Const(value))
    }

    fn alu(&mut self, op: Alu, a: usize, b: usize) -> usize {
        self.push(Ir::Alu(op, a, b))
    }

    fn reg(&mut self, reg: Reg) -> usize {
        self.push(Ir::ReadReg(reg))
    }

    fn set_reg(&mut self, reg: Reg, value: usize) {
        self.push(Ir::WriteReg(reg, value));
    }

    fn load(&mut self, width: Width, signed: bool, addr: usize) -> Result<usize, Unliftable> {
        Ok(self.push(Ir::Load(width, signed, addr)))
    }

    fn store(&mut self, width: Width, addr: usize, value: usize) -> Result<(), Unliftable> {
        self.push(Ir::Store(width, addr, value));
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: usize, _: usize) -> Result<usize, Unliftable> {
        Err(Unliftable)
    }

    fn load_reserved(&mut self, _: Width, _: usize) -> Result<usize, Unliftable> {
        Err(Unliftable)
    }

    fn store_conditional(&mut self, _: Width, _: usize, _: usize) -> Result<usize, Unliftable> {
        Err(Unliftable)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<usize>>) -> Result<usize, Unliftable> {
        Err(Unliftable)
    }

    fn float(&mut self, _: FloatAction<usize>) -> Result<usize, Unliftable> {
        Err(Unliftable)
    }
}
