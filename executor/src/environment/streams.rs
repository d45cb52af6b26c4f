//! Standard streams.

use super::transfer::{read, write};
use crate::hart::Guest;
use crate::host::{CallError, CallResult, Output};

/// Copies between guest memory and a file descriptor: the three calls that `bare` has, too.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) stdin: Vec<u8>,
    pub(super) position: usize,
    pub(super) output: Output,
}

/// Most bytes of one write.
const MAX_WRITE: u64 = 16 << 20;
/// Most bytes of one stream.
const MAX_OUTPUT: u64 = 256 << 20;
/// The descriptor is not open.
pub(super) const EBADF: u64 = 9_u64.wrapping_neg();

impl Files {
    pub(super) fn new(stdin: &[u8]) -> Self {
        Self { stdin: stdin.to_vec(), ..Self::default() }
    }

    /// Bytes read, or a negative error number.
    pub(super) fn read(
        &mut self,
        guest: &mut dyn Guest,
        fd: u64,
        (addr, len): (u64, u64),
    ) -> CallResult {
        if fd != 0 {
            return Ok(EBADF);
        }
        let rest = &self.stdin[self.position..];
        let count = rest.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        write(guest, addr, &rest[..count])?;
        self.position += count;
        Ok(count as u64)
    }

    /// Bytes written, or a negative error number. Of a longer range, the first [`MAX_WRITE`] bytes, as
    /// is the right of a kernel.
    pub(super) fn write(
        &mut self,
        guest: &mut dyn Guest,
        fd: u64,
        (addr, len): (u64, u64),
    ) -> CallResult {
        let sink = match fd {
            1 => &mut self.output.stdout,
            2 => &mut self.output.stderr,
            _ => return Ok(EBADF),
        };
        let len = len.min(MAX_WRITE);
        if sink.len() as u64 + len > MAX_OUTPUT {
            let reason = format!("it wrote more than {MAX_OUTPUT} bytes, which are kept in memory");
            return Err(CallError::Failed(reason));
        }
        sink.extend(read(guest, addr, len)?);
        Ok(len)
    }
}
