//! Linux, as far as a static single-threaded program of musl, newlib or glibc asks.
//!
//! Standard streams, memory, exit and a clock work; the clock counts instructions as nanoseconds, so
//! runs are deterministic. Files, sockets, threads and signals are refused with the error number
//! that programs expect. Calls that are not listed stop the run.

mod names;

use std::borrow::Cow;

use autoprec_isa::{Reg, Xlen};
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};

use super::{
    Action, Call, CallError, CallResult, EBADF, Files, Host, Output, Session, Start, Started,
};
use crate::executor::Input;
use crate::hart::{Guest, MachineState};
use crate::memory::{self, Memory, PAGE};
use crate::program::Program;

const STACK_BYTES: u64 = 8 << 20;
/// Heap, mappings and stack together, in bytes.
const ROOM: u64 = 1 << 30;

pub(super) const EXIT_GROUP: u64 = 94;
pub(super) const BRK: u64 = 214;

/// Most random bytes of one call; the kernel has such a limit, too.
const MAX_RANDOM: u64 = 1 << 20;

const fn error(number: u64) -> u64 {
    number.wrapping_neg()
}
const ENOENT: u64 = error(2);
const ENOMEM: u64 = error(12);
const EINVAL: u64 = error(22);
const ENOTTY: u64 = error(25);
const ESPIPE: u64 = error(29);
const ENOSYS: u64 = error(38);
const ENODEV: u64 = error(19);

/// `AT_HWCAP`: a bit per letter of IMAFDC.
const HARDWARE: u64 = 1 << 8 | 1 << 12 | 1 | 1 << 5 | 1 << 3 | 1 << 2;

/// A pipe that its owner may read and write.
const PIPE_MODE: u32 = 0o010_600;

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        let window = super::window(program, u64::MAX, ROOM);
        let page_up = |addr: u64| addr.next_multiple_of(PAGE);
        let in_window = program.segments.iter().filter(|s| s.end() <= window.end);
        let heap = page_up(in_window.map(crate::Segment::end).max().unwrap_or(window.start));
        let stack = window.end.saturating_sub(STACK_BYTES);
        if heap.saturating_add(STACK_BYTES) > stack {
            return Err("its segments leave no room for heap and stack; link it lower".to_owned());
        }
        let mut memory = Memory::new(window.clone());
        super::load_segments(&mut memory, program);
        memory.map(stack..window.end, memory::READ | memory::WRITE);
        // C libraries expect a name.
        let unnamed = [String::from("guest")];
        let args = if input.args.is_empty() { &unnamed[..] } else { &input.args };
        let sp = build_stack(&mut memory, program, args, window.end)?;
        let session = Linux {
            xlen: program.xlen,
            files: Files::new(&input.stdin),
            heap,
            brk: heap,
            // The heap may grow to half of the room between segments and stack.
            mappings: page_up(heap + (stack - heap) / 2),
            stack,
            random: StdRng::seed_from_u64(0),
        };
        Ok((Start { memory, registers: vec![(Reg::SP, sp)] }, Box::new(session)))
    }

    fn has_float(&self) -> bool {
        true
    }
}

/// Writes arguments and the auxiliary vector; gives the stack pointer.
fn build_stack(
    memory: &mut Memory,
    program: &Program,
    args: &[String],
    top: u64,
) -> Result<u64, String> {
    let strings: u64 = args.iter().map(|a| a.len() as u64 + 1).sum();
    if strings > STACK_BYTES / 4 {
        return Err(format!("its arguments take {strings} bytes; at most {}", STACK_BYTES / 4));
    }
    let random = top - 32;
    memory.initialise(random, &[0x5a; 16]);
    let mut place = random - strings;
    let mut words = vec![args.len() as u64];
    for arg in args {
        words.push(place);
        memory.initialise(place, arg.as_bytes());
        place += arg.len() as u64 + 1;
    }
    // Ends of the arguments and of an empty environment.
    words.extend([0, 0]);
    let headers = program.headers.unwrap_or_default();
    let auxiliary = [
        (3, headers.addr),
        (4, headers.entry_bytes),
        (5, headers.count),
        (6, PAGE),
        (9, program.entry),
        (11, 0),
        (12, 0),
        (13, 0),
        (14, 0),
        (16, HARDWARE),
        (17, 100),
        (23, 0),
        (25, random),
        (0, 0),
    ];
    words.extend(auxiliary.iter().flat_map(|&(key, value)| [key, value]));
    let word = program.xlen.bytes() as usize;
    let bytes: Vec<u8> =
        words.iter().flat_map(|w| w.to_le_bytes().into_iter().take(word)).collect();
    let sp = (random - strings - bytes.len() as u64) & !15;
    memory.initialise(sp, &bytes);
    Ok(sp)
}

struct Linux {
    xlen: Xlen,
    files: Files,
    heap: u64,
    brk: u64,
    mappings: u64,
    stack: u64,
    random: StdRng,
}

impl Session for Linux {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let Call::Ecall = call else { return Err(CallError::Illegal) };
        let number = guest.reg(Reg::A7);
        let args = [Reg::A0, Reg::A1, Reg::A2, Reg::A3].map(|r| guest.reg(r));
        #[expect(clippy::cast_possible_truncation, reason = "exit codes have 32 bits")]
        match number {
            93 | EXIT_GROUP => return Ok(Action::Exit(args[0] as u32 & 0xff)),
            // kill, tkill, tgkill: what `abort` ends with, as a shell reports it.
            129 | 130 => return Ok(Action::Exit(128 + (args[1] as u32 & 0x7f))),
            131 => return Ok(Action::Exit(128 + (args[2] as u32 & 0x7f))),
            _ => {}
        }
        let result = match self.memory_call(number, args, guest) {
            Some(result) => result,
            None => self.file_call(number, args, guest)?,
        };
        guest.set_reg(Reg::A0, result);
        Ok(Action::Continue)
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        let Call::Ecall = call else { return super::ILLEGAL };
        let number = guest.reg(Reg::A7);
        names::of(number).map_or_else(|| super::numbered(number), Cow::Borrowed)
    }

    fn output(&mut self) -> &mut Output {
        &mut self.files.output
    }
}

impl Linux {
    /// Calls about memory; `None` if it is another one.
    fn memory_call(&mut self, number: u64, args: [u64; 4], guest: &mut dyn Guest) -> Option<u64> {
        let [addr, len, _, flags] = args;
        Some(match number {
            BRK => self.brk(addr, guest),
            222 => self.mmap(addr, len, flags, guest),
            215 => {
                let end = addr.saturating_add(len).min(self.stack);
                // The heap and the segments stay.
                if addr % PAGE != 0 || addr < self.mappings || addr > end {
                    return Some(EINVAL);
                }
                guest.memory().unmap(addr..end);
                0
            }
            // mremap: programs fall back to allocate and copy.
            216 => ENOMEM,
            // mprotect, madvise, msync: nothing that shows.
            226 | 227 | 233 => 0,
            _ => return None,
        })
    }

    fn brk(&mut self, wanted: u64, guest: &mut dyn Guest) -> u64 {
        if (self.heap..self.mappings).contains(&wanted) {
            let (old, new) = (self.brk.next_multiple_of(PAGE), wanted.next_multiple_of(PAGE));
            if new > old {
                guest.memory().map(old..new, memory::READ | memory::WRITE);
            } else {
                guest.memory().unmap(new..old);
            }
            self.brk = wanted;
        }
        self.brk
    }

    fn mmap(&mut self, hint: u64, len: u64, flags: u64, guest: &mut dyn Guest) -> u64 {
        const FIXED: u64 = 0x10;
        const ANONYMOUS: u64 = 0x20;
        if flags & ANONYMOUS == 0 {
            return ENODEV;
        }
        if len == 0 {
            return EINVAL;
        }
        let area = self.mappings..self.stack;
        let room = area.end - area.start;
        if len > room {
            return ENOMEM;
        }
        let len = len.next_multiple_of(PAGE);
        let inside = |start: u64| start >= area.start && start <= area.end.saturating_sub(len);
        let start = if flags & FIXED == 0 {
            free_range(guest.memory(), &area, len)
        } else {
            Some(hint).filter(|&hint| hint % PAGE == 0 && inside(hint))
        };
        let Some(start) = start.filter(|&start| inside(start)) else { return ENOMEM };
        guest.memory().unmap(start..start + len);
        guest.memory().map(start..start + len, memory::READ | memory::WRITE);
        start
    }

    fn file_call(&mut self, number: u64, args: [u64; 4], guest: &mut dyn Guest) -> CallResult {
        let [a0, a1, a2, _] = args;
        Ok(match number {
            63 => self.files.read(guest, a0, (a1, a2))?,
            64 => self.files.write(guest, a0, (a1, a2))?,
            65 | 66 => self.vectored(number == 66, a0, (a1, a2), guest)?,
            // fstat, and newfstatat as glibc's fstat uses it.
            80 if a0 <= 2 => stat(guest, a1)?,
            79 if a0 <= 2 => stat(guest, a2)?,
            80 => EBADF,
            113 | 403 => self.clock(guest, a1, number == 403)?,
            169 => self.time_of_day(guest, a0)?,
            278 => {
                let len = a1.min(MAX_RANDOM);
                let mut bytes = vec![0; usize::try_from(len).expect("at most MAX_RANDOM")];
                self.random.fill_bytes(&mut bytes);
                super::write(guest, a0, &bytes)?;
                len
            }
            160 => uname(guest, a0)?,
            // openat, newfstatat, readlinkat, faccessat: there are no files.
            48 | 56 | 78 | 79 => ENOENT,
            29 => ENOTTY,
            62 => ESPIPE,
            // set_tid_address, getpid, getppid, gettid: the one thread.
            96 | 172 | 173 | 178 => 1,
            // close, fcntl, set_robust_list, futex, sched_yield, signals, user and group ids, ppoll.
            25 | 57 | 73 | 98 | 99 | 124 | 132 | 134 | 135 | 174..=177 | 414 | 422 => 0,
            // sched_getaffinity, getrlimit, riscv_hwprobe, prlimit64, statx, rseq: have fallbacks.
            123 | 163 | 258 | 259 | 261 | 291 | 293 => ENOSYS,
            _ => return Err(CallError::Unknown(number)),
        })
    }

    /// `readv` and `writev`.
    fn vectored(
        &mut self,
        write: bool,
        fd: u64,
        (vector, count): (u64, u64),
        guest: &mut dyn Guest,
    ) -> CallResult {
        if count > 1024 {
            return Ok(EINVAL);
        }
        let word = u64::from(self.xlen.bytes());
        let mut total = 0;
        for index in 0..count {
            let entry = super::read(guest, vector.wrapping_add(index * 2 * word), 2 * word)?;
            let (addr, len) = entry.split_at(entry.len() / 2);
            let (addr, len) = (number(addr), number(len));
            let done = if write {
                self.files.write(guest, fd, (addr, len))?
            } else {
                self.files.read(guest, fd, (addr, len))?
            };
            if done == EBADF {
                return Ok(EBADF);
            }
            total += done;
            if done < len {
                break;
            }
        }
        Ok(total)
    }

    /// Seconds and nanoseconds, at one instruction per nanosecond; `wide` for 64-bit fields on RV32.
    fn clock(&self, guest: &mut dyn Guest, addr: u64, wide: bool) -> CallResult {
        let (seconds, nanoseconds) =
            (guest.instructions() / 1_000_000_000, guest.instructions() % 1_000_000_000);
        self.pair(guest, addr, wide, [seconds, nanoseconds])
    }

    fn time_of_day(&self, guest: &mut dyn Guest, addr: u64) -> CallResult {
        let microseconds = guest.instructions() / 1000;
        self.pair(guest, addr, false, [microseconds / 1_000_000, microseconds % 1_000_000])
    }

    fn pair(&self, guest: &mut dyn Guest, addr: u64, wide: bool, pair: [u64; 2]) -> CallResult {
        let word = if wide { 8 } else { self.xlen.bytes() as usize };
        let bytes: Vec<u8> =
            pair.iter().flat_map(|v| v.to_le_bytes().into_iter().take(word)).collect();
        super::write(guest, addr, &bytes)?;
        Ok(0)
    }
}

/// The first range of `len` free bytes in `area`.
fn free_range(memory: &Memory, area: &std::ops::Range<u64>, len: u64) -> Option<u64> {
    let mut start = area.start;
    let mut end = start;
    while end < area.end {
        let next = end + PAGE;
        if !memory.is_free(&(end..next)) {
            start = next;
        }
        end = next;
        if end - start >= len {
            return Some(start);
        }
    }
    None
}

/// Little-endian bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The kernel's `struct stat` of a standard stream.
fn stat(guest: &mut dyn Guest, addr: u64) -> CallResult {
    let mut bytes = [0; 128];
    bytes[16..20].copy_from_slice(&PIPE_MODE.to_le_bytes());
    bytes[20..24].copy_from_slice(&1u32.to_le_bytes());
    bytes[56..60].copy_from_slice(&4096u32.to_le_bytes());
    super::write(guest, addr, &bytes)?;
    Ok(0)
}

fn uname(guest: &mut dyn Guest, addr: u64) -> CallResult {
    const FIELD: usize = 65;
    let mut bytes = [0; 6 * FIELD];
    for (index, text) in ["Linux", "guest", "6.0.0", "autoprec", "riscv"].iter().enumerate() {
        bytes[index * FIELD..][..text.len()].copy_from_slice(text.as_bytes());
    }
    super::write(guest, addr, &bytes)?;
    Ok(0)
}
