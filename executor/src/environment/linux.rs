//! Linux, as far as a static program of musl, newlib, glibc or Go asks.
//!
//! Standard streams, memory, threads, exit and a clock work. One thread runs at a time; the clock
//! counts instructions as nanoseconds and passes over the time in which all threads sleep, so runs
//! are deterministic. There are no files, sockets or other processes: such calls give the error
//! number that programs expect. Signal handlers are accepted but never run. Calls that are not
//! listed stop the run.

mod areas;
mod files;
mod names;
mod poll;
mod space;
mod start;
mod system;
mod threads;

use std::borrow::Cow;

use autoprec_guest_elf::Program;
use autoprec_isa::{Reg, Xlen};

use super::{Action, Call, CallError, CallResult, Host, Output, Session, Started, Switch};
use crate::executor::Input;
use crate::hart::{Guest, MachineState};

pub(super) const EXIT_GROUP: u64 = 94;
pub(super) const BRK: u64 = 214;

const fn error(number: u64) -> u64 {
    number.wrapping_neg()
}
const EPERM: u64 = error(1);
const ENOENT: u64 = error(2);
const EAGAIN: u64 = error(11);
const ENOMEM: u64 = error(12);
const EACCES: u64 = error(13);
const ENODEV: u64 = error(19);
const EINVAL: u64 = error(22);
const ENOTTY: u64 = error(25);
const ESPIPE: u64 = error(29);
const ENOSYS: u64 = error(38);
const ETIMEDOUT: u64 = error(110);

/// The six arguments of a call.
type Args = [u64; 6];

/// What becomes of the thread that called.
#[derive(Debug)]
enum Reply {
    /// It goes on with this result.
    Value(u64),
    /// It waits.
    Wait(threads::Wait),
    /// It lets others run first.
    Yield,
}

/// Nothing if the call is another room's.
type Answer = Result<Option<Reply>, CallError>;

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        start::start(program, input)
    }

    fn has_float(&self) -> bool {
        true
    }
}

/// A program during its run.
struct Linux {
    xlen: Xlen,
    space: space::Space,
    files: files::Table,
    threads: threads::Threads,
    system: system::System,
}

impl Session for Linux {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        const ARGS: [Reg; 6] = [Reg::A0, Reg::A1, Reg::A2, Reg::A3, Reg::A4, Reg::A5];
        /// `exit`, which ends a thread.
        const EXIT: u64 = 93;
        const CLONE: u64 = 220;
        let Call::Ecall = call else { return Err(CallError::Illegal) };
        let number = guest.reg(Reg::A7);
        let args = ARGS.map(|reg| guest.reg(reg));
        match number {
            EXIT => return self.threads.exit(exit_code(args[0]), guest),
            EXIT_GROUP => return Ok(Action::Exit(exit_code(args[0]))),
            CLONE => return self.threads.clone(args, guest),
            _ => {}
        }
        if let Some(code) = self.system.killed(number, args)? {
            return Ok(Action::Exit(code));
        }
        match self.answer(number, args, guest)? {
            Reply::Value(result) => {
                guest.set_reg(Reg::A0, result);
                Ok(Action::Continue)
            }
            Reply::Wait(wait) => self.threads.wait(wait, guest),
            Reply::Yield => Ok(self.threads.give_way(guest)),
        }
    }

    fn slice(&mut self, now: u64) -> Option<Switch> {
        self.threads.slice(now)
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        let Call::Ecall = call else { return super::ILLEGAL };
        let number = guest.reg(Reg::A7);
        names::of(number).map_or_else(|| super::numbered(number), Cow::Borrowed)
    }

    fn output(&mut self) -> &mut Output {
        self.files.output()
    }
}

impl Linux {
    fn answer(
        &mut self,
        number: u64,
        args: Args,
        guest: &mut dyn Guest,
    ) -> Result<Reply, CallError> {
        if let Some(result) = self.space.call(number, args, guest) {
            return Ok(Reply::Value(result));
        }
        let clock = Clock { xlen: self.xlen, now: self.threads.clock(guest.instructions()) };
        if let Some(reply) = self.files.call(number, args, guest, clock)? {
            if std::mem::take(&mut self.files.changed) {
                self.threads.retry(&mut self.files, guest)?;
            }
            return Ok(reply);
        }
        if let Some(reply) = self.threads.call(number, args, guest, clock)? {
            return Ok(reply);
        }
        let reply = self.system.call(number, args, guest, clock)?;
        reply.ok_or(CallError::Unknown(number))
    }
}

/// What `wait` sees of an exit code.
fn exit_code(code: u64) -> u32 {
    u32::try_from(code & 0xff).expect("one byte")
}

/// Time, and the width of its fields.
#[derive(Clone, Copy, Debug)]
struct Clock {
    xlen: Xlen,
    /// Nanoseconds.
    now: u64,
}

impl Clock {
    /// The time of a `timespec`; nothing if the pointer is null. `wide` for 64-bit fields on RV32.
    fn read(self, guest: &mut dyn Guest, addr: u64, wide: bool) -> Result<Option<u64>, CallError> {
        if addr == 0 {
            return Ok(None);
        }
        let word = if wide { 8 } else { u64::from(self.xlen.bytes()) };
        let bytes = super::read(guest, addr, 2 * word)?;
        let (seconds, nanoseconds) = bytes.split_at(bytes.len() / 2);
        let time =
            number(seconds).saturating_mul(1_000_000_000).saturating_add(number(nanoseconds));
        Ok(Some(time))
    }

    /// The end of a wait of this length.
    fn after(self, length: Option<u64>) -> Option<u64> {
        length.map(|length| self.now.saturating_add(length))
    }

    /// Writes a pair of numbers, such as a `timespec`.
    fn write(self, guest: &mut dyn Guest, addr: u64, wide: bool, pair: [u64; 2]) -> CallResult {
        let word = if wide { 8 } else { self.xlen.bytes() as usize };
        let bytes: Vec<u8> =
            pair.iter().flat_map(|v| v.to_le_bytes().into_iter().take(word)).collect();
        super::write(guest, addr, &bytes)?;
        Ok(0)
    }
}

/// Little-endian bytes as a number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The value of a 32-bit word of memory.
fn word(guest: &mut dyn Guest, addr: u64) -> Result<u32, CallError> {
    let bytes = super::read(guest, addr, 4)?;
    Ok(u32::from_le_bytes(bytes.try_into().expect("four were read")))
}
