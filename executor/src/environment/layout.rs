//! Where programs lie in memory.

use std::ops::Range;

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::Xlen;

use crate::memory::{self, Memory};

/// Puts the segments into memory with their permissions.
pub(super) fn load_segments(memory: &mut Memory, program: &Program) {
    for segment in &program.segments {
        let range = segment.addr..segment.end();
        let write = if segment.writable { memory::WRITE } else { 0 };
        memory.map(range.clone(), memory::READ | write);
        let held = usize::try_from(segment.file_size).unwrap_or(usize::MAX);
        let held = &segment.data[..held.min(segment.data.len())];
        memory.initialise(segment.addr, &held[..nonzero(held)]);
        if segment.executable && segment.writable {
            memory.guard_code(range);
        }
    }
}

/// Length without trailing zeros, which need not be written to fresh memory.
pub(super) fn nonzero(data: &[u8]) -> usize {
    data.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)
}

/// The window for a guest: from the page of its lowest segment (or `low`, if that is less) to at
/// least `room` bytes behind its last segment, if that is not too far away. Empty for a guest so high
/// that no Linux would have a place for it.
pub(super) fn window(program: &Program, low: u64, room: u64) -> Range<u64> {
    const FARTHEST: u64 = 3 << 30;
    let align = |addr: u64| addr & !(memory::PAGE - 1);
    let start = program.segments.first().map_or(0, |s| align(s.addr)).min(low);
    let near = |s: &&Segment| s.end() - start <= FARTHEST;
    let last = program.segments.iter().filter(near).map(|s| align(s.end())).max();
    let top = if program.xlen == Xlen::Rv32 { 1 << 32 } else { 1 << 46 };
    let end = last.unwrap_or(start).saturating_add(room).min(top).max(start);
    start..end
}
