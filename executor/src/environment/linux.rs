//! Linux, as far as a static program of musl, newlib, glibc or Go asks.
//!
//! Standard streams, memory, threads, exit and a clock work. One thread runs at a time; the clock
//! counts instructions as nanoseconds and passes over the time in which all threads sleep, so runs
//! are deterministic. There are no files, sockets or other processes: such calls give the error
//! number that programs expect. Signal handlers are accepted but never run. Calls that are not
//! listed stop the run.

mod areas;
mod call;
mod files;
mod names;
mod poll;
mod space;
mod start;
mod system;
mod threads;
mod wait;

use std::borrow::Cow;

use autoprec_guest_elf::Program;
use autoprec_isa::{Reg, Xlen};

use self::call::{Args, Clock, Reply};
pub(super) use self::call::{BRK, EXIT_GROUP};
use crate::hart::{Guest, MachineState};
use crate::host::{
    Action, Call, CallError, Host, ILLEGAL, Output, Session, Started, Switch, numbered,
};
use crate::input::Input;

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
        let Call::Ecall = call else { return ILLEGAL };
        let number = guest.reg(Reg::A7);
        names::of(number).map_or_else(|| numbered(number), Cow::Borrowed)
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
