//! The interface between a run and the environment that its guest asks.
//!
//! A [`Host`] has the rules of an environment and lays out memory; a [`Session`] answers the calls of one
//! run. Invariant: an environment sees the machine through [`Guest`] alone, whatever its word width.

use std::borrow::Cow;

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Reg, Xlen, decode};

use crate::hart::{Guest, MachineState};
use crate::input::Input;
use crate::memory::{AccessError, Memory};

/// How a guest asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    Ecall,
    Custom(u32),
}

/// What becomes of the guest after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Continue,
    /// On at this distance from the instruction.
    Branch(i64),
    /// On at this address, with registers and stack as they were when control last came there.
    Restart(u64),
    Exit(u32),
    /// On, with one more thread: it starts behind the call, with a copy of the registers but for
    /// its stack and, if given, thread pointer.
    Spawn {
        thread: ThreadId,
        stack: u64,
        tls: Option<u64>,
    },
    /// On with another thread.
    Switch(Switch),
}

/// Number of a thread; the program starts with thread 1.
pub(crate) type ThreadId = u32;

/// Control goes to another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Switch {
    pub(crate) to: ThreadId,
    /// The result of the call in which it waited.
    pub(crate) result: Option<u64>,
    /// Whether the thread that ran before has ended.
    pub(crate) ends: bool,
}

/// Why a call cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CallError {
    Unknown(u64),
    Illegal,
    Failed(String),
    Access { addr: u64, bytes: u32, write: bool, error: AccessError },
    Misaligned { addr: u64, bytes: u32 },
}

/// What a guest wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) public_values: Vec<u8>,
}

/// Memory and registers at the start.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) memory: Memory,
    pub(crate) registers: Vec<(Reg, u64)>,
}

/// A guest ready to run, and what answers its calls.
pub(crate) type Started = (Start, Box<dyn Session>);

/// The rules of an environment, which do not change during a run.
pub(crate) trait Host {
    /// Lays out memory and starts the environment's own state.
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String>;

    /// Whether the machine has floating point: the extensions F and D.
    fn has_float(&self) -> bool {
        false
    }

    /// The instruction, if the machine has it. Floating point is left to [`Host::has_float`].
    fn decode(&self, xlen: Xlen, word: u32) -> Option<Decoded> {
        decode(xlen, word)
    }

    /// Whether a word outside the table is a call of the environment.
    fn is_custom(&self, _word: u32) -> bool {
        false
    }

    /// Instruction addresses are multiples of this.
    fn instruction_alignment(&self) -> u64 {
        2
    }

    /// Whether misaligned accesses fault.
    fn aligned_only(&self) -> bool {
        false
    }
}

/// An environment during a run.
pub(crate) trait Session {
    /// Answers a call.
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError>;

    /// The thread that takes over after `now` instructions, if the running one has had its share.
    /// Asked now and then.
    fn slice(&mut self, _now: u64) -> Option<Switch> {
        None
    }

    /// The name of a call that is about to be answered, such as `write`: what profiles show. Calls
    /// of one name are counted together. Asked for at every call, answerable or not.
    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str>;

    /// What was written so far.
    fn output(&mut self) -> &mut Output;

    /// Whether the host takes each write for a line of its own, newline or not, as SP1's does. It
    /// matters for [markers](crate::markers) only.
    fn writes_are_lines(&self) -> bool {
        false
    }

    /// What was written, at the end.
    fn finish(&mut self) -> Output {
        std::mem::take(self.output())
    }
}

/// The name of a call of which only the number is known.
pub(crate) fn numbered(number: u64) -> Cow<'static, str> {
    Cow::Owned(format!("call {number}"))
}

/// The name of an instruction that is not the environment's.
pub(crate) const ILLEGAL: Cow<'static, str> = Cow::Borrowed("illegal");

/// What a call gives the guest, or why it gives nothing.
pub(crate) type CallResult = Result<u64, CallError>;
