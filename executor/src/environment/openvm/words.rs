//! Fields of OpenVM's instructions, and the memory that they name.

use autoprec_isa::Reg;

use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::CallError;

pub(super) const CUSTOM_0: u32 = 0x0b;

/// The fields of a custom-0 word, which has the format of an immediate instruction.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) rd: Reg,
    pub(super) funct3: u32,
    pub(super) rs1: Reg,
    pub(super) imm: i32,
}

impl Fields {
    pub(super) fn of(word: u32) -> Option<Self> {
        let reg = |shift: u32| Reg::new(u8::try_from(word >> shift & 31).ok()?);
        let imm = word.cast_signed() >> 20;
        (word & 0x7f == CUSTOM_0)
            .then(|| Some(Self { rd: reg(7)?, funct3: word >> 12 & 7, rs1: reg(15)?, imm }))?
    }
}

/// The fields of a custom word in the format of a register instruction.
pub(super) struct Operands {
    pub(super) rd: Reg,
    pub(super) rs1: Reg,
    pub(super) rs2: Reg,
    pub(super) funct7: u32,
}

impl Operands {
    pub(super) fn of(word: u32) -> Self {
        let reg = |shift: u32| {
            let number = u8::try_from(word >> shift & 31).expect("five bits");
            Reg::new(number).expect("five bits")
        };
        Self { rd: reg(7), rs1: reg(15), rs2: reg(20), funct7: word >> 25 }
    }
}

/// The distance to the target of a custom word in the format of a branch.
pub(super) fn branch_offset(word: u32) -> i64 {
    let sign = i64::from(word.cast_signed() >> 31) << 12;
    let rest = (word >> 25 & 0x3f) << 5 | (word >> 8 & 0xf) << 1 | (word >> 7 & 1) << 11;
    sign | i64::from(rest)
}

/// Copies guest memory out, from an address that is a multiple of 4.
pub(super) fn read(guest: &mut dyn Guest, addr: u64, len: u64) -> Result<Vec<u8>, CallError> {
    aligned(addr)?;
    transfer::read(guest, addr, len)
}

/// Copies into guest memory, to an address that is a multiple of 4.
pub(super) fn write(guest: &mut dyn Guest, addr: u64, data: &[u8]) -> Result<(), CallError> {
    aligned(addr)?;
    transfer::write(guest, addr, data)
}

pub(super) fn aligned(addr: u64) -> Result<(), CallError> {
    let error = CallError::Misaligned { addr, bytes: 4 };
    if addr.is_multiple_of(4) { Ok(()) } else { Err(error) }
}
