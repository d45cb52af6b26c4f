//! The address space: segments, heap, mappings and stack.
//!
//! Mappings lie between heap and stack, or in one distant range that opens where the program first
//! asks for an address outside. Memory that is mapped is zero and committed when touched.
//! Invariant: code never becomes writable, so what was decoded stays what is there.

use std::ops::Range;

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::Xlen;

use super::areas::Areas;
use super::call::{Args, BRK, EACCES, EINVAL, ENODEV, ENOMEM};
use crate::hart::Guest;
use crate::memory::{self, PAGE};

/// Bytes of the distant range.
const DISTANT: u64 = 4 << 30;
/// Addresses of a program end here on RV64.
const TOP: u64 = 1 << 47;

pub(super) struct Space {
    wide: bool,
    heap: u64,
    brk: u64,
    /// Room for mappings.
    near: Range<u64>,
    /// The same far away; empty until asked for.
    distant: Range<u64>,
    code: Vec<Range<u64>>,
    used: Areas,
}

impl Space {
    /// Of a program whose heap starts at `heap`, with the given room for mappings, and the stack
    /// behind it.
    pub(super) fn new(program: &Program, heap: u64, near: Range<u64>, stack: Range<u64>) -> Self {
        let mut used = Areas::default();
        used.insert(stack);
        let pages = |s: &Segment| s.addr & !(PAGE - 1)..s.end().next_multiple_of(PAGE);
        program.segments.iter().for_each(|segment| used.insert(pages(segment)));
        let code = program.segments.iter().filter(|s| s.executable && !s.writable);
        let code = code.map(pages).collect();
        let wide = program.xlen == Xlen::Rv64;
        Self { wide, heap, brk: heap, near, distant: 0..0, code, used }
    }

    /// The result of a call about memory; nothing if it is another one.
    pub(super) fn call(&mut self, number: u64, args: Args, guest: &mut dyn Guest) -> Option<u64> {
        let [addr, len, protection, flags, ..] = args;
        Some(match number {
            BRK => self.brk(addr, guest),
            215 => self.munmap(addr, len, guest),
            // mremap: programs fall back to allocate and copy.
            216 => ENOMEM,
            222 => self.mmap((addr, len), protection, flags, guest),
            226 => self.mprotect(addr, len, protection, guest),
            // msync
            227 => 0,
            233 => self.madvise(addr, len, protection, guest),
            _ => return None,
        })
    }

    fn brk(&mut self, wanted: u64, guest: &mut dyn Guest) -> u64 {
        if (self.heap..self.near.start).contains(&wanted) {
            let (old, new) = (self.brk.next_multiple_of(PAGE), wanted.next_multiple_of(PAGE));
            if new > old {
                guest.memory().map(old..new, memory::READ | memory::WRITE);
                self.used.insert(old..new);
            } else {
                guest.memory().unmap(new..old);
                self.used.remove(&(new..old));
            }
            self.brk = wanted;
        }
        self.brk
    }

    /// The pages of a range, if mappings may be there.
    fn mappable(&self, addr: u64, len: u64) -> Option<Range<u64>> {
        let end = addr.checked_add(len.checked_next_multiple_of(PAGE)?)?;
        let within = |room: &Range<u64>| room.start <= addr && end <= room.end;
        let fits = addr.is_multiple_of(PAGE) && (within(&self.near) || within(&self.distant));
        fits.then_some(addr..end)
    }

    fn munmap(&mut self, addr: u64, len: u64, guest: &mut dyn Guest) -> u64 {
        // The heap and the segments stay.
        let Some(range) = self.mappable(addr, len) else { return EINVAL };
        self.used.remove(&range);
        guest.memory().unmap(range);
        0
    }

    fn mmap(
        &mut self,
        (hint, len): (u64, u64),
        protection: u64,
        flags: u64,
        guest: &mut dyn Guest,
    ) -> u64 {
        const FIXED: u64 = 0x10;
        const ANONYMOUS: u64 = 0x20;
        if flags & ANONYMOUS == 0 {
            return ENODEV;
        }
        if len == 0 {
            return EINVAL;
        }
        self.open(hint, len, guest);
        let wanted = self.mappable(hint, len);
        let range = if flags & FIXED != 0 {
            wanted
        } else {
            wanted.filter(|range| self.used.is_free(range)).or_else(|| {
                let len = len.checked_next_multiple_of(PAGE)?;
                let start = self.used.first_free(&self.near, len)?;
                Some(start..start + len)
            })
        };
        let Some(range) = range else { return ENOMEM };
        guest.memory().unmap(range.clone());
        guest.memory().map(range.clone(), permission(protection));
        let start = range.start;
        self.used.insert(range);
        start
    }

    /// Makes room at an address that the program asks for.
    fn open(&mut self, hint: u64, len: u64, guest: &mut dyn Guest) {
        let room = hint..hint.saturating_add(DISTANT);
        let sensible = self.wide && hint.is_multiple_of(PAGE) && room.end <= TOP && len <= DISTANT;
        let new = self.distant.is_empty() && hint != 0 && self.used.is_free(&room);
        if new && sensible && guest.memory().add_window(room.clone()) {
            self.distant = room;
        }
    }

    fn mprotect(&mut self, addr: u64, len: u64, protection: u64, guest: &mut dyn Guest) -> u64 {
        let end = len.checked_next_multiple_of(PAGE).and_then(|len| addr.checked_add(len));
        let Some(end) = end.filter(|_| addr.is_multiple_of(PAGE)) else { return EINVAL };
        if !self.used.covers(&(addr..end)) {
            return ENOMEM;
        }
        let permission = permission(protection);
        let touches = |code: &Range<u64>| addr < code.end && code.start < end;
        if permission & memory::WRITE != 0 && self.code.iter().any(touches) {
            return EACCES;
        }
        guest.memory().protect(addr..end, permission);
        0
    }

    fn madvise(&mut self, addr: u64, len: u64, advice: u64, guest: &mut dyn Guest) -> u64 {
        const DONT_NEED: u64 = 4;
        if advice == DONT_NEED
            && let Some(range) = self.mappable(addr, len)
        {
            guest.memory().clear(range);
        }
        0
    }
}

/// What a protection allows; what may be stored to may be loaded.
fn permission(protection: u64) -> u8 {
    const WRITE: u64 = 2;
    const READ_OR_EXECUTE: u64 = 1 | 4;
    if protection & WRITE != 0 {
        memory::READ | memory::WRITE
    } else if protection & READ_OR_EXECUTE != 0 {
        memory::READ
    } else {
        0
    }
}
