//! Copies into and out of guest memory.

use crate::hart::Guest;
use crate::host::CallError;
use crate::memory::AccessError;

/// No single copy is larger, whatever length the guest passes.
pub(super) const MAX_COPY: u64 = 1 << 30;

/// Copies guest memory out.
pub(super) fn read(guest: &dyn Guest, addr: u64, len: u64) -> Result<Vec<u8>, CallError> {
    let bytes = u32::try_from(len).unwrap_or(u32::MAX);
    let denied = CallError::Access { addr, bytes, write: false, error: AccessError::Denied };
    if len > MAX_COPY {
        return Err(denied);
    }
    let len = usize::try_from(len).expect("at most MAX_COPY");
    guest.read(addr, len).ok_or(denied)
}

/// Copies into guest memory.
pub(super) fn write(guest: &mut dyn Guest, addr: u64, data: &[u8]) -> Result<(), CallError> {
    let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let failed = |error| CallError::Access { addr, bytes, write: true, error };
    guest.memory().write(addr, data).map_err(failed)
}
