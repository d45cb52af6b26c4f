//! The concrete machine: registers, memory and counters behind the ISA's [`Machine`] interface.

use std::collections::BTreeMap;

use autoprec_isa::{
    Alu, BadRounding, Csr, CsrWrite, FReg, FloatAction, FloatUnit, Machine, Reg, Width, Word, Xlen,
};
use sha2::{Digest as _, Sha256};

use crate::memory::{AccessError, Memory};

/// The marker of a fault; [`Hart::fault`] has the details, so that results stay in a register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

/// Why an instruction could not be performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A failed load or store.
    Access { addr: u64, bytes: u32, write: bool, error: AccessError },
    /// A misaligned access where there must be none.
    Misaligned { addr: u64, bytes: u32 },
    /// A control and status register that is not there.
    Csr(u16),
    /// An instruction that rounds as `frm` says, which says nothing.
    Rounding(BadRounding),
}

/// What the environment and observers see of the machine, whatever its word width.
pub trait MachineState {
    /// The value of a register, zero-extended.
    fn reg(&self, reg: Reg) -> u64;

    /// `len` bytes of memory, if all of them may be loaded.
    fn read(&self, addr: u64, len: usize) -> Option<Vec<u8>>;
}

/// What the environment may change.
pub(crate) trait Guest: MachineState {
    fn set_reg(&mut self, reg: Reg, value: u64);
    fn memory(&mut self) -> &mut Memory;
    /// Instructions executed so far, without those of the straight run being executed.
    fn instructions(&self) -> u64;
    /// Address of the instruction that asks.
    fn pc(&self) -> u64;
}

/// The registers of a thread that does not run.
#[derive(Debug)]
pub(crate) struct Registers<W> {
    x: [W; 32],
    float: Option<Box<FloatUnit>>,
}

impl<W: Word> Registers<W> {
    /// Sets a register other than `zero`.
    pub(crate) fn set(&mut self, reg: Reg, value: u64) {
        self.x[reg.index()] = W::from_u64(value);
    }
}

/// One hart.
#[derive(Debug)]
pub(crate) struct Hart<W> {
    regs: [W; 32],
    pub(crate) memory: Memory,
    pub(crate) fault: Option<Fault>,
    /// The instruction that was performed with all that may happen last; with a fault, the one that
    /// could not be performed.
    pub(crate) fault_pc: u64,
    /// Of the last branch, 1 if it was taken, else 0; of the last jump, its target.
    pub(crate) transfer: u64,
    /// Misaligned accesses so far, by instruction.
    pub(crate) misaligned: BTreeMap<u64, u64>,
    /// Whether a misaligned access is a fault.
    pub(crate) aligned_only: bool,
    /// Instructions executed before the current span.
    pub(crate) instructions: u64,
    /// The instruction that called the environment last.
    pub(crate) call_pc: u64,
    /// Floating point, where the environment has it; without, no such instruction is decoded.
    pub(crate) float: Option<Box<FloatUnit>>,
    reservation: Option<u64>,
}

impl<W: Word> Hart<W> {
    pub(crate) fn new(memory: Memory, aligned_only: bool) -> Self {
        Self {
            regs: [W::default(); 32],
            memory,
            fault: None,
            fault_pc: 0,
            transfer: 0,
            misaligned: BTreeMap::new(),
            aligned_only,
            instructions: 0,
            call_pc: 0,
            float: None,
            reservation: None,
        }
    }

    /// SHA-256 of the registers and of memory that is not zero; of floating point too, once used.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for value in self.registers() {
            hasher.update(value.to_le_bytes());
        }
        if let Some(unit) = self.float.as_deref().filter(|unit| **unit != FloatUnit::default()) {
            for reg in FReg::all() {
                hasher.update(unit.reg(reg).to_le_bytes());
            }
            hasher.update([unit.fcsr()]);
        }
        self.memory.digest(&mut hasher);
        hasher.finalize().into()
    }

    /// All registers, zero-extended.
    pub(crate) fn registers(&self) -> [u64; 32] {
        self.regs.map(Word::to_u64)
    }

    /// A copy of what another thread would start with.
    pub(crate) fn registers_of_thread(&self) -> Registers<W> {
        Registers { x: self.regs, float: self.float.clone() }
    }

    /// Goes on as another thread, which loses its reservation.
    pub(crate) fn exchange(&mut self, other: &mut Registers<W>) {
        std::mem::swap(&mut self.regs, &mut other.x);
        std::mem::swap(&mut self.float, &mut other.float);
        self.reservation = None;
    }

    /// The stack pointer.
    pub(crate) fn sp(&self) -> u64 {
        self.regs[Reg::SP.index()].to_u64()
    }

    fn unit(&mut self) -> &mut FloatUnit {
        self.float.as_mut().expect("floating point is decoded only where there is a unit")
    }

    #[cold]
    fn stop(&mut self, fault: Fault) -> Stopped {
        self.fault = Some(fault);
        Stopped
    }

    fn misalignment(&mut self, width: Width, addr: u64) -> Result<(), Stopped> {
        let bytes = width.bytes();
        if !addr.is_multiple_of(u64::from(bytes)) {
            if self.aligned_only {
                return Err(self.stop(Fault::Misaligned { addr, bytes }));
            }
            *self.misaligned.entry(self.fault_pc).or_default() += 1;
        }
        Ok(())
    }

    fn load_bytes(&mut self, width: Width, addr: u64) -> Result<u64, Stopped> {
        self.misalignment(width, addr)?;
        let mut buffer = [0; 8];
        let bytes = width.bytes();
        match self.memory.read(addr, &mut buffer[..bytes as usize]) {
            Ok(()) => Ok(u64::from_le_bytes(buffer)),
            Err(error) => Err(self.stop(Fault::Access { addr, bytes, write: false, error })),
        }
    }

    fn store_bytes(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Stopped> {
        self.misalignment(width, addr)?;
        let bytes = width.bytes();
        self.memory
            .write(addr, &value.to_le_bytes()[..bytes as usize])
            .map_err(|error| self.stop(Fault::Access { addr, bytes, write: true, error }))
    }

    /// Atomic accesses fault when misaligned in every environment.
    fn atomic(&mut self, width: Width, addr: u64) -> Result<(), Stopped> {
        let bytes = width.bytes();
        if addr.is_multiple_of(u64::from(bytes)) {
            Ok(())
        } else {
            Err(self.stop(Fault::Misaligned { addr, bytes }))
        }
    }
}

/// A hart that stops, unchanged, at whatever needs a closer look: misaligned accesses, those
/// outside one window of memory or without permission, atomics and control registers.
///
/// Handlers on it call nothing, which makes them faster by an eighth; they start again with the other
/// window, or on the [`Hart`] itself, when it stops.
pub(crate) struct Fast<'a, W, const WINDOW: usize>(pub(crate) &'a mut Hart<W>);

#[expect(clippy::inline_always, reason = "the executor's inner loop")]
impl<W: Word, const WINDOW: usize> Machine for Fast<'_, W, WINDOW> {
    type Word = W;
    type Fault = Stopped;

    #[inline(always)]
    fn constant(&mut self, value: u64) -> W {
        W::from_u64(value)
    }

    #[inline(always)]
    fn alu(&mut self, op: Alu, a: W, b: W) -> W {
        op.eval(a, b)
    }

    #[inline(always)]
    fn reg(&mut self, reg: Reg) -> W {
        self.0.regs[reg.index()]
    }

    #[inline(always)]
    fn set_reg(&mut self, reg: Reg, value: W) {
        self.0.regs[reg.index()] = value;
    }

    #[inline(always)]
    fn load(&mut self, width: Width, signed: bool, addr: W) -> Result<W, Stopped> {
        let value = self.0.memory.load_fast::<WINDOW>(width, addr.to_u64()).ok_or(Stopped)?;
        Ok(W::from_u64(if signed { sign_extend(width, value) } else { value }))
    }

    #[inline(always)]
    fn store(&mut self, width: Width, addr: W, value: W) -> Result<(), Stopped> {
        self.0.memory.store_fast::<WINDOW>(width, addr.to_u64(), value.to_u64()).ok_or(Stopped)
    }

    fn amo(&mut self, _: Alu, _: Width, _: W, _: W) -> Result<W, Stopped> {
        Err(Stopped)
    }

    fn load_reserved(&mut self, _: Width, _: W) -> Result<W, Stopped> {
        Err(Stopped)
    }

    fn store_conditional(&mut self, _: Width, _: W, _: W) -> Result<W, Stopped> {
        Err(Stopped)
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<W>>) -> Result<W, Stopped> {
        Err(Stopped)
    }

    fn float(&mut self, _: FloatAction<W>) -> Result<W, Stopped> {
        Err(Stopped)
    }
}

/// The low bytes of `value` that an access of this width loads, sign-extended.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the executor's inner loop")]
fn sign_extend(width: Width, value: u64) -> u64 {
    let unused = 64 - 8 * width.bytes();
    ((value << unused).cast_signed() >> unused).cast_unsigned()
}

impl<W: Word> Machine for Hart<W> {
    type Word = W;
    type Fault = Stopped;

    fn constant(&mut self, value: u64) -> W {
        W::from_u64(value)
    }

    fn alu(&mut self, op: Alu, a: W, b: W) -> W {
        op.eval(a, b)
    }

    fn reg(&mut self, reg: Reg) -> W {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: W) {
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: W) -> Result<W, Stopped> {
        let value = self.load_bytes(width, addr.to_u64())?;
        Ok(W::from_u64(if signed { sign_extend(width, value) } else { value }))
    }

    fn store(&mut self, width: Width, addr: W, value: W) -> Result<(), Stopped> {
        self.store_bytes(width, addr.to_u64(), value.to_u64())
    }

    fn amo(&mut self, op: Alu, width: Width, addr: W, value: W) -> Result<W, Stopped> {
        self.atomic(width, addr.to_u64())?;
        let old = self.load(width, true, addr)?;
        self.store(width, addr, op.eval(old, value))?;
        Ok(old)
    }

    fn load_reserved(&mut self, width: Width, addr: W) -> Result<W, Stopped> {
        self.atomic(width, addr.to_u64())?;
        let value = self.load(width, true, addr)?;
        self.reservation = Some(addr.to_u64());
        Ok(value)
    }

    fn store_conditional(&mut self, width: Width, addr: W, value: W) -> Result<W, Stopped> {
        self.atomic(width, addr.to_u64())?;
        // One hart: only another `sc`, or another thread's turn, ends a reservation.
        if self.reservation.take() != Some(addr.to_u64()) {
            return Ok(W::from_u64(1));
        }
        self.store(width, addr, value)?;
        Ok(W::from_u64(0))
    }

    /// The counters count instructions; a read sees those before the current span.
    fn csr(&mut self, csr: Csr, write: Option<CsrWrite<W>>) -> Result<W, Stopped> {
        let readable = write.is_none();
        match csr {
            Csr::CYCLE | Csr::TIME | Csr::INSTRET if readable => {
                Ok(W::from_u64(W::XLEN.mask(self.instructions)))
            }
            Csr::CYCLEH | Csr::TIMEH | Csr::INSTRETH if readable && W::XLEN == Xlen::Rv32 => {
                Ok(W::from_u64(self.instructions >> 32))
            }
            _ => {
                let value = self.float.as_mut().and_then(|unit| unit.csr(csr, write));
                value.ok_or_else(|| self.stop(Fault::Csr(csr.number())))
            }
        }
    }

    fn float(&mut self, action: FloatAction<W>) -> Result<W, Stopped> {
        match action {
            FloatAction::Load { precision, reg, addr } => {
                let bits = self.load_bytes(precision.width(), addr.to_u64())?;
                self.unit().load(precision, reg, bits);
                Ok(W::default())
            }
            FloatAction::Store { precision, reg, addr } => {
                let bits = self.unit().reg(reg);
                self.store_bytes(precision.width(), addr.to_u64(), bits)?;
                Ok(W::default())
            }
            FloatAction::Compute { op, precision, operands, x } => {
                let result = self.unit().compute(op, precision, operands, x);
                result.map_err(|error| self.stop(Fault::Rounding(error)))
            }
        }
    }
}

impl<W: Word> MachineState for Hart<W> {
    fn reg(&self, reg: Reg) -> u64 {
        self.regs[reg.index()].to_u64()
    }

    fn read(&self, addr: u64, len: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.memory.read(addr, &mut bytes).ok().map(|()| bytes)
    }
}

impl<W: Word> Guest for Hart<W> {
    fn set_reg(&mut self, reg: Reg, value: u64) {
        if reg != Reg::ZERO {
            self.regs[reg.index()] = W::from_u64(value);
        }
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.memory
    }

    fn instructions(&self) -> u64 {
        self.instructions
    }

    fn pc(&self) -> u64 {
        self.call_pc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest is that of a machine without floating point until it is used.
    #[test]
    fn the_digest_covers_what_was_used() {
        let digest = |float: Option<FloatUnit>| {
            let mut hart = Hart::<u64>::new(Memory::new(0..0), false);
            hart.float = float.map(Box::new);
            hart.digest()
        };
        let reg = |number: usize, bits| {
            let mut unit = FloatUnit::default();
            unit.set_reg(FReg::all().nth(number).expect("below 32"), bits);
            Some(unit)
        };
        let unused = digest(None);
        assert_eq!(digest(reg(1, 0)), unused);
        assert_ne!(digest(reg(1, 1)), unused);
        assert_ne!(digest(reg(2, 1)), digest(reg(1, 1)));
    }
}
