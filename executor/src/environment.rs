//! What a guest can ask of the world: one file per environment, behind [`Host`].

mod bare;
mod curves;
mod detect;
mod hashes;
mod linux;
mod numbers;
mod openvm;
mod risc0;
mod sp1;
mod zisk;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::{Decoded, Reg, Xlen, decode};

pub use self::openvm::OpenVmRequest;

use crate::executor::Input;
use crate::hart::{Guest, MachineState};
use crate::memory::{self, AccessError, Memory};

/// The interface a guest was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Environment {
    /// OpenVM: RV32IM with instructions for input, output and termination.
    OpenVm,
    /// SP1 4 to 6: RV32IM or RV64IM with calls for input, output and precompiles.
    Sp1,
    /// ZisK: RV64IMA with input and output in memory and calls by control registers.
    Zisk,
    /// RISC Zero: RV32IM with the calls of its guest library, without the kernel.
    Risc0,
    /// Linux system calls of a static program.
    Linux,
    /// `ecall` with the Linux numbers of read, write and exit, and nothing else.
    Bare,
}

impl Environment {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::OpenVm, Self::Sp1, Self::Zisk, Self::Risc0, Self::Linux, Self::Bare];

    /// The names of all of them, for a sentence.
    fn names() -> String {
        let names = Self::ALL.map(Self::name);
        let (last, rest) = names.split_last().expect("there are environments");
        format!("{} and {last}", rest.join(", "))
    }

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenVm => "openvm",
            Self::Sp1 => "sp1",
            Self::Zisk => "zisk",
            Self::Risc0 => "risc0",
            Self::Linux => "linux",
            Self::Bare => "bare",
        }
    }

    /// The environment that the code asks for.
    ///
    /// OpenVM if it holds an OpenVM termination instruction and no `ecall`, without which no other
    /// guest can end; ZisK if it reads the machine's name or calls by control registers; SP1 if it
    /// loads the number of a call that only SP1 has into `t0` before an `ecall`, RISC Zero if
    /// another number; Linux if it loads the number of a call that only Linux has (`exit_group` or
    /// `brk`) into `a7`; otherwise bare.
    pub fn detect(program: &Program) -> Self {
        detect::detect(program)
    }

    /// The instruction that the environment's machine takes a word for, if it is one of the
    /// instruction set's. What it asks of the environment is another question.
    pub fn decode(self, xlen: Xlen, word: u32) -> Option<Decoded> {
        self.host().decode(xlen, word)
    }

    /// Where the stack pointer of a program starts that is given no arguments and has zeros behind it:
    /// in the environments of programs with Linux's calls, as `bare` has it; in others the program
    /// sets it, and this is none.
    pub fn stack_pointer(self, program: &Program) -> Option<u64> {
        matches!(self, Self::Linux | Self::Bare).then(|| bare::stack_pointer(program))
    }

    pub(crate) fn host(self) -> Box<dyn Host> {
        match self {
            Self::OpenVm => Box::new(openvm::Rules),
            Self::Sp1 => Box::new(sp1::Rules),
            Self::Zisk => Box::new(zisk::Rules),
            Self::Risc0 => Box::new(risc0::Rules),
            Self::Linux => Box::new(linux::Rules),
            Self::Bare => Box::new(bare::Rules),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no environment of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no environment is called `{name}`; there are {}", Environment::names())]
pub struct ParseEnvironmentError {
    /// What was read.
    pub name: String,
}

impl FromStr for Environment {
    type Err = ParseEnvironmentError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|e| e.name() == name);
        known.ok_or_else(|| ParseEnvironmentError { name: name.to_owned() })
    }
}

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
type Started = (Start, Box<dyn Session>);

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
fn numbered(number: u64) -> Cow<'static, str> {
    Cow::Owned(format!("call {number}"))
}

/// The name of an instruction that is not the environment's.
const ILLEGAL: Cow<'static, str> = Cow::Borrowed("illegal");

/// Puts the segments into memory with their permissions.
fn load_segments(memory: &mut Memory, program: &Program) {
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
fn nonzero(data: &[u8]) -> usize {
    data.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)
}

/// The window for a guest: from the page of its lowest segment (or `low`, if that is less) to at
/// least `room` bytes behind its last segment, if that is not too far away. Empty for a guest so high
/// that no Linux would have a place for it.
fn window(program: &Program, low: u64, room: u64) -> Range<u64> {
    const FARTHEST: u64 = 3 << 30;
    let align = |addr: u64| addr & !(memory::PAGE - 1);
    let start = program.segments.first().map_or(0, |s| align(s.addr)).min(low);
    let near = |s: &&Segment| s.end() - start <= FARTHEST;
    let last = program.segments.iter().filter(near).map(|s| align(s.end())).max();
    let top = if program.xlen == Xlen::Rv32 { 1 << 32 } else { 1 << 46 };
    let end = last.unwrap_or(start).saturating_add(room).min(top).max(start);
    start..end
}

/// Copies between guest memory and a file descriptor: the three calls that `bare` has, too.
#[derive(Debug, Default)]
struct Files {
    stdin: Vec<u8>,
    position: usize,
    output: Output,
}

/// Most bytes of one write.
const MAX_WRITE: u64 = 16 << 20;
/// Most bytes of one stream.
const MAX_OUTPUT: u64 = 256 << 20;
/// No single copy is larger, whatever length the guest passes.
const MAX_COPY: u64 = 1 << 30;

const EBADF: u64 = 9_u64.wrapping_neg();

impl Files {
    fn new(stdin: &[u8]) -> Self {
        Self { stdin: stdin.to_vec(), ..Self::default() }
    }

    /// Bytes read, or a negative error number.
    fn read(&mut self, guest: &mut dyn Guest, fd: u64, (addr, len): (u64, u64)) -> CallResult {
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
    fn write(&mut self, guest: &mut dyn Guest, fd: u64, (addr, len): (u64, u64)) -> CallResult {
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

type CallResult = Result<u64, CallError>;

/// Copies guest memory out.
fn read(guest: &dyn Guest, addr: u64, len: u64) -> Result<Vec<u8>, CallError> {
    let bytes = u32::try_from(len).unwrap_or(u32::MAX);
    let denied = CallError::Access { addr, bytes, write: false, error: AccessError::Denied };
    if len > MAX_COPY {
        return Err(denied);
    }
    let len = usize::try_from(len).expect("at most MAX_COPY");
    guest.read(addr, len).ok_or(denied)
}

/// Copies into guest memory.
fn write(guest: &mut dyn Guest, addr: u64, data: &[u8]) -> Result<(), CallError> {
    let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let failed = |error| CallError::Access { addr, bytes, write: true, error };
    guest.memory().write(addr, data).map_err(failed)
}
