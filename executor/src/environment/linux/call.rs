//! Calls of Linux: arguments, error numbers, answers, and the clock that they read.

use autoprec_isa::Xlen;

use super::wait::Wait;
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::{CallError, CallResult};

/// `exit_group`, which ends a program.
pub(crate) const EXIT_GROUP: u64 = 94;
/// `brk`, which moves the end of the heap.
pub(crate) const BRK: u64 = 214;

pub(super) const fn error(number: u64) -> u64 {
    number.wrapping_neg()
}
pub(super) const EPERM: u64 = error(1);
pub(super) const ENOENT: u64 = error(2);
pub(super) const EAGAIN: u64 = error(11);
pub(super) const ENOMEM: u64 = error(12);
pub(super) const EACCES: u64 = error(13);
pub(super) const ENODEV: u64 = error(19);
pub(super) const EINVAL: u64 = error(22);
pub(super) const ENOTTY: u64 = error(25);
pub(super) const ESPIPE: u64 = error(29);
pub(super) const ENOSYS: u64 = error(38);
pub(super) const ETIMEDOUT: u64 = error(110);

/// The six arguments of a call.
pub(super) type Args = [u64; 6];

/// What becomes of the thread that called.
#[derive(Debug)]
pub(super) enum Reply {
    /// It goes on with this result.
    Value(u64),
    /// It waits.
    Wait(Wait),
    /// It lets others run first.
    Yield,
}

/// Nothing if the call is another room's.
pub(super) type Answer = Result<Option<Reply>, CallError>;

/// Time, and the width of its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) xlen: Xlen,
    /// Nanoseconds.
    pub(super) now: u64,
}

impl Clock {
    /// The time of a `timespec`; nothing if the pointer is null. `wide` for 64-bit fields on RV32.
    pub(super) fn read(
        self,
        guest: &mut dyn Guest,
        addr: u64,
        wide: bool,
    ) -> Result<Option<u64>, CallError> {
        if addr == 0 {
            return Ok(None);
        }
        let word = if wide { 8 } else { u64::from(self.xlen.bytes()) };
        let bytes = transfer::read(guest, addr, 2 * word)?;
        let (seconds, nanoseconds) = bytes.split_at(bytes.len() / 2);
        let time =
            number(seconds).saturating_mul(1_000_000_000).saturating_add(number(nanoseconds));
        Ok(Some(time))
    }

    /// The end of a wait of this length.
    pub(super) fn after(self, length: Option<u64>) -> Option<u64> {
        length.map(|length| self.now.saturating_add(length))
    }

    /// Writes a pair of numbers, such as a `timespec`.
    pub(super) fn write(
        self,
        guest: &mut dyn Guest,
        addr: u64,
        wide: bool,
        pair: [u64; 2],
    ) -> CallResult {
        let word = if wide { 8 } else { self.xlen.bytes() as usize };
        let bytes: Vec<u8> =
            pair.iter().flat_map(|v| v.to_le_bytes().into_iter().take(word)).collect();
        transfer::write(guest, addr, &bytes)?;
        Ok(0)
    }
}

/// Little-endian bytes as a number.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The value of a 32-bit word of memory.
pub(super) fn word(guest: &mut dyn Guest, addr: u64) -> Result<u32, CallError> {
    let bytes = transfer::read(guest, addr, 4)?;
    Ok(u32::from_le_bytes(bytes.try_into().expect("four were read")))
}
