//! Clock, random numbers, limits, identity and signals.
//!
//! Signals go to nobody: what a program installs is remembered and reported back. One that ends the
//! program ends the run; one for which it has a handler stops the run with an error, since
//! the handler would have to run.

use std::collections::BTreeMap;

use autoprec_isa::Xlen;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};

use super::call::{Answer, Args, Clock, EINVAL, ENOSYS, Reply, number};
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::{CallError, CallResult};

/// Most random bytes of one call; the kernel has such a limit, too.
const MAX_RANDOM: u64 = 1 << 20;

pub(super) struct System {
    random: StdRng,
    /// Bytes of the stack.
    stack: u64,
    /// What was installed, as the kernel's `struct sigaction`.
    actions: BTreeMap<u64, Vec<u8>>,
    /// Width of a handler's address, known from the first that was installed.
    word: usize,
}

impl System {
    pub(super) fn new(stack: u64) -> Self {
        let random = StdRng::seed_from_u64(0);
        Self { random, stack, actions: BTreeMap::new(), word: 8 }
    }

    pub(super) fn call(
        &mut self,
        number: u64,
        args: Args,
        guest: &mut dyn Guest,
        clock: Clock,
    ) -> Answer {
        let [a0, a1, a2, a3, ..] = args;
        Ok(Some(Reply::Value(match number {
            113 | 403 => {
                let (seconds, rest) = (clock.now / 1_000_000_000, clock.now % 1_000_000_000);
                clock.write(guest, a1, number == 403, [seconds, rest])?
            }
            // clock_getres
            114 | 406 if a1 == 0 => 0,
            114 | 406 => clock.write(guest, a1, number == 406, [0, 1])?,
            // gettimeofday
            169 => {
                let microseconds = clock.now / 1000;
                let pair = [microseconds / 1_000_000, microseconds % 1_000_000];
                clock.write(guest, a0, false, pair)?
            }
            278 => self.get_random(guest, a0, a1)?,
            160 => uname(guest, a0)?,
            179 => sysinfo(guest, a0, clock.xlen)?,
            // sched_getaffinity: one processor.
            123 => {
                transfer::write(guest, a2, &1u64.to_le_bytes())?;
                8
            }
            // getrlimit, prlimit64
            163 => self.limit(guest, a0, a1, clock.xlen.bytes() as usize)?,
            261 => self.limit(guest, a1, a3, 8)?,
            132 => signal_stack(guest, a1, clock.xlen)?,
            134 => self.action(guest, (a0, a1), a2, clock.xlen)?,
            // rt_sigprocmask
            135 => {
                if a2 != 0 {
                    transfer::write(guest, a2, &[0; 8])?;
                }
                0
            }
            // getpid, getppid
            172 | 173 => 1,
            // setpriority, prctl, ids of user and group; kill, tkill and tgkill with a signal that
            // nobody minds.
            129..=131 | 140 | 167 | 174..=177 => 0,
            // riscv_hwprobe, riscv_flush_icache, membarrier, rseq, clone3: have fallbacks.
            258 | 259 | 283 | 293 | 435 => ENOSYS,
            _ => return Ok(None),
        })))
    }

    fn get_random(&mut self, guest: &mut dyn Guest, addr: u64, len: u64) -> CallResult {
        let len = len.min(MAX_RANDOM);
        let mut bytes = vec![0; usize::try_from(len).expect("at most MAX_RANDOM")];
        self.random.fill_bytes(&mut bytes);
        transfer::write(guest, addr, &bytes)?;
        Ok(len)
    }

    /// Writes the present and the most a resource may have.
    fn limit(&self, guest: &mut dyn Guest, resource: u64, addr: u64, word: usize) -> CallResult {
        const STACK: u64 = 3;
        const OPEN_FILES: u64 = 7;
        let value = match resource {
            STACK => self.stack,
            OPEN_FILES => super::files::MOST,
            _ => u64::MAX,
        };
        if addr != 0 {
            let bytes = &value.to_le_bytes()[..word];
            transfer::write(guest, addr, &[bytes, bytes].concat())?;
        }
        Ok(0)
    }

    /// `rt_sigaction`.
    fn action(
        &mut self,
        guest: &mut dyn Guest,
        (signal, new): (u64, u64),
        old: u64,
        xlen: Xlen,
    ) -> CallResult {
        if !(1..=64).contains(&signal) {
            return Ok(EINVAL);
        }
        // Handler, flags, mask.
        self.word = xlen.bytes() as usize;
        let len = 2 * self.word + 8;
        let before = self.actions.get(&signal).cloned().unwrap_or_else(|| vec![0; len]);
        if new != 0 {
            let action = transfer::read(guest, new, len as u64)?;
            self.actions.insert(signal, action);
        }
        if old != 0 {
            transfer::write(guest, old, &before)?;
        }
        Ok(0)
    }

    /// The exit code, as a shell reports it, if the call is a signal that ends the program.
    pub(super) fn killed(&self, call: u64, args: Args) -> Result<Option<u32>, CallError> {
        const DEFAULT: u64 = 0;
        const IGNORE: u64 = 1;
        /// Those that nobody minds: SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
        const HARMLESS: [u64; 4] = [17, 18, 23, 28];
        let signal = match call {
            // kill, tkill
            129 | 130 => args[1] & 0x7f,
            // tgkill
            131 => args[2] & 0x7f,
            _ => return Ok(None),
        };
        let action = self.actions.get(&signal);
        let handler = action.map_or(DEFAULT, |bytes| number(&bytes[..self.word]));
        match handler {
            _ if signal == 0 || HARMLESS.contains(&signal) => Ok(None),
            IGNORE => Ok(None),
            DEFAULT => Ok(Some(128 + u32::try_from(signal).expect("seven bits"))),
            _ => Err(CallError::Failed(format!(
                "the guest sends itself signal {signal}, whose handler would have to run; signals \
                 are not delivered"
            ))),
        }
    }
}

/// `sigaltstack`: there is none before.
fn signal_stack(guest: &mut dyn Guest, old: u64, xlen: Xlen) -> CallResult {
    const DISABLED: u8 = 2;
    if old != 0 {
        let word = xlen.bytes() as usize;
        let mut bytes = vec![0; 3 * word];
        bytes[word] = DISABLED;
        transfer::write(guest, old, &bytes)?;
    }
    Ok(0)
}

/// How much memory there is, by which C libraries choose how to sort.
fn sysinfo(guest: &mut dyn Guest, addr: u64, xlen: Xlen) -> CallResult {
    const TOTAL: u32 = 1 << 30;
    let word = xlen.bytes() as usize;
    // Words before the size of memory, and where its unit stands.
    let (total, unit) = (4 * word, 13 * word);
    let mut bytes = vec![0; unit + 8];
    bytes[total..total + 4].copy_from_slice(&TOTAL.to_le_bytes());
    bytes[unit] = 1;
    transfer::write(guest, addr, &bytes)?;
    Ok(0)
}

fn uname(guest: &mut dyn Guest, addr: u64) -> CallResult {
    const FIELD: usize = 65;
    let mut bytes = [0; 6 * FIELD];
    for (index, text) in ["Linux", "guest", "6.0.0", "autoprec", "riscv"].iter().enumerate() {
        bytes[index * FIELD..][..text.len()].copy_from_slice(text.as_bytes());
    }
    transfer::write(guest, addr, &bytes)?;
    Ok(0)
}
