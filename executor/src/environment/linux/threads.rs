//! Threads: which of them runs, and what the others wait for.
//!
//! Threads take turns in order: one runs until it waits, yields or ends, or until its time slice is
//! over while others are ready. Invariants: each thread but the running one is either ready or
//! waits; time never goes back.

use std::collections::{BTreeMap, VecDeque};

use autoprec_isa::Reg;

use super::call::{Answer, Args, Clock, EAGAIN, EINVAL, ENOSYS, ETIMEDOUT, Reply, word};
use super::files::Table;
use super::wait::{Event, Wait};
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::{Action, CallError, Switch, ThreadId};

/// Instructions after which a thread makes room for those that are ready.
const SLICE: u64 = 2_000_000;
/// Most threads at a time.
const MOST: usize = 1 << 12;
/// The thread that the program starts with.
const LEADER: ThreadId = 1;

pub(super) struct Threads {
    current: ThreadId,
    newest: ThreadId,
    /// Those that could run, next one first, and the result of the call in which they waited.
    ready: VecDeque<(ThreadId, Option<u64>)>,
    /// In order of arrival.
    waiting: Vec<(ThreadId, Wait)>,
    /// Words that are zeroed and woken when a thread ends.
    clear: BTreeMap<ThreadId, u64>,
    /// The exit code of the first thread.
    code: u32,
    /// Nanoseconds in which all threads slept.
    skipped: u64,
    /// Instructions executed when the current thread's turn began.
    since: u64,
}

impl Threads {
    pub(super) fn new() -> Self {
        Self {
            current: LEADER,
            newest: LEADER,
            ready: VecDeque::new(),
            waiting: Vec::new(),
            clear: BTreeMap::new(),
            code: 0,
            skipped: 0,
            since: 0,
        }
    }

    /// The time in nanoseconds after so many instructions.
    pub(super) fn clock(&self, instructions: u64) -> u64 {
        instructions.saturating_add(self.skipped)
    }

    pub(super) fn call(
        &mut self,
        number: u64,
        args: Args,
        guest: &mut dyn Guest,
        clock: Clock,
    ) -> Answer {
        let wide = matches!(number, 407 | 422);
        Ok(Some(match number {
            // set_tid_address
            96 => {
                self.clear.insert(self.current, args[0]);
                Reply::Value(u64::from(self.current))
            }
            98 | 422 => self.futex(args, guest, clock, wide)?,
            // set_robust_list
            99 => Reply::Value(0),
            // nanosleep
            101 => sleep(clock.after(clock.read(guest, args[0], false)?)),
            // clock_nanosleep
            115 | 407 => {
                const ABSOLUTE: u64 = 1;
                let time = clock.read(guest, args[2], wide)?;
                sleep(if args[1] & ABSOLUTE == 0 { clock.after(time) } else { time })
            }
            // sched_yield
            124 => Reply::Yield,
            // gettid
            178 => Reply::Value(u64::from(self.current)),
            _ => return Ok(None),
        }))
    }

    /// `clone`: a thread that shares everything. Other processes are refused.
    pub(super) fn clone(&mut self, args: Args, guest: &mut dyn Guest) -> Result<Action, CallError> {
        /// CLONE_VM and CLONE_THREAD.
        const THREAD: u64 = 0x10100;
        const SET_TLS: u64 = 0x8_0000;
        const PARENT_SET_TID: u64 = 0x10_0000;
        const CHILD_CLEAR_TID: u64 = 0x20_0000;
        const CHILD_SET_TID: u64 = 0x100_0000;
        let [flags, stack, parent_tid, tls, child_tid, _] = args;
        let refused = if flags & THREAD != THREAD {
            Some(ENOSYS)
        } else if stack == 0 {
            Some(EINVAL)
        } else if self.ready.len() + self.waiting.len() + 1 >= MOST {
            Some(EAGAIN)
        } else {
            None
        };
        if let Some(refused) = refused {
            guest.set_reg(Reg::A0, refused);
            return Ok(Action::Continue);
        }
        let thread = self.newest + 1;
        for (flag, addr) in [(PARENT_SET_TID, parent_tid), (CHILD_SET_TID, child_tid)] {
            if flags & flag != 0 {
                transfer::write(guest, addr, &thread.to_le_bytes())?;
            }
        }
        if flags & CHILD_CLEAR_TID != 0 {
            self.clear.insert(thread, child_tid);
        }
        self.newest = thread;
        self.ready.push_back((thread, Some(0)));
        guest.set_reg(Reg::A0, u64::from(thread));
        Ok(Action::Spawn { thread, stack, tls: (flags & SET_TLS != 0).then_some(tls) })
    }

    /// The running thread ends; the program does with the last one.
    pub(super) fn exit(&mut self, code: u32, guest: &mut dyn Guest) -> Result<Action, CallError> {
        if self.current == LEADER {
            self.code = code;
        }
        if let Some(addr) = self.clear.remove(&self.current).filter(|&addr| addr != 0)
            // A thread may free its memory and end: the kernel does not mind.
            && guest.memory().write(addr, &[0; 4]).is_ok()
        {
            self.wake(addr, 1, u32::MAX);
        }
        if self.ready.is_empty() && self.waiting.is_empty() {
            return Ok(Action::Exit(self.code));
        }
        let next = self.next(guest.instructions())?;
        Ok(Action::Switch(Switch { ends: true, ..next }))
    }

    /// The running thread waits.
    pub(super) fn wait(&mut self, wait: Wait, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let before = self.current;
        self.waiting.push((before, wait));
        let switch = self.next(guest.instructions())?;
        Ok(resume(before, switch, guest))
    }

    /// The running thread yields.
    pub(super) fn give_way(&mut self, guest: &mut dyn Guest) -> Action {
        let before = self.current;
        let switch = self.rotate(guest.instructions(), Some(0));
        resume(before, switch, guest)
    }

    /// Whose turn is next, if the running thread's is over.
    pub(super) fn slice(&mut self, now: u64) -> Option<Switch> {
        if now - self.since < SLICE {
            return None;
        }
        self.expire(now);
        (!self.ready.is_empty()).then(|| self.rotate(now, None))
    }

    /// The running thread goes behind those that are ready, with that result of its call.
    fn rotate(&mut self, now: u64, result: Option<u64>) -> Switch {
        self.expire(now);
        self.ready.push_back((self.current, result));
        let next = self.ready.pop_front().expect("one was just added");
        self.begin(next, now)
    }

    fn begin(&mut self, (to, result): (ThreadId, Option<u64>), now: u64) -> Switch {
        (self.current, self.since) = (to, now);
        Switch { to, result, ends: false }
    }

    /// The next thread; if all sleep, time passes until the first of them wakes.
    fn next(&mut self, now: u64) -> Result<Switch, CallError> {
        loop {
            self.expire(now);
            if let Some(next) = self.ready.pop_front() {
                return Ok(self.begin(next, now));
            }
            let deadline = self.waiting.iter().filter_map(|(_, wait)| wait.deadline).min();
            let Some(deadline) = deadline else { return Err(self.deadlock()) };
            self.skipped += deadline.saturating_sub(self.clock(now));
        }
    }

    fn deadlock(&self) -> CallError {
        const SHOWN: usize = 4;
        let shown = self.waiting.iter().take(SHOWN).map(|(thread, wait)| match wait.on {
            Event::Futex { addr, .. } => format!("thread {thread} for the futex at {addr:#x}"),
            Event::Time | Event::Files(_) => format!("thread {thread} for a file"),
        });
        let mut list: Vec<String> = shown.collect();
        let more = self.waiting.len() - list.len();
        if more > 0 {
            list.push(format!("{more} more"));
        }
        CallError::Failed(format!(
            "deadlock: every thread waits for ever ({}); what should wake them is in the guest, or \
             is a signal or another process, which there are not",
            list.join(", ")
        ))
    }

    /// Makes those ready whose time has come, earliest first.
    fn expire(&mut self, now: u64) {
        let clock = self.clock(now);
        let mut due: Vec<(u64, ThreadId, u64)> = Vec::new();
        self.waiting.retain(|(thread, wait)| match wait.deadline {
            Some(deadline) if deadline <= clock => {
                due.push((deadline, *thread, wait.expired));
                false
            }
            _ => true,
        });
        due.sort_by_key(|&(deadline, ..)| deadline);
        self.ready.extend(due.into_iter().map(|(_, thread, result)| (thread, Some(result))));
    }

    /// Makes at most `most` waiters of a futex ready; gives their number.
    fn wake(&mut self, addr: u64, most: u64, bits: u32) -> u64 {
        let mut woken = 0;
        let ready = &mut self.ready;
        self.waiting.retain(|(thread, wait)| {
            let Event::Futex { addr: on, bits: of } = wait.on else { return true };
            let wakes = on == addr && of & bits != 0 && woken < most;
            if wakes {
                woken += 1;
                ready.push_back((*thread, Some(0)));
            }
            !wakes
        });
        woken
    }

    /// Makes at most `most` waiters of a futex wait for another one; gives their number.
    fn requeue(&mut self, from: u64, to: u64, most: u64) -> u64 {
        let mut moved = 0;
        for (_, wait) in &mut self.waiting {
            if let Event::Futex { addr, .. } = &mut wait.on
                && *addr == from
                && moved < most
            {
                *addr = to;
                moved += 1;
            }
        }
        moved
    }

    fn futex(
        &mut self,
        [addr, operation, value, time, second, third]: Args,
        guest: &mut dyn Guest,
        clock: Clock,
        wide: bool,
    ) -> Result<Reply, CallError> {
        /// FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME: there is one process and one clock.
        const FLAGS: u64 = 0x180;
        const WAIT: u64 = 0;
        const WAKE: u64 = 1;
        const REQUEUE: u64 = 3;
        const CMP_REQUEUE: u64 = 4;
        const WAIT_BITSET: u64 = 9;
        const WAKE_BITSET: u64 = 10;
        if !addr.is_multiple_of(4) {
            return Ok(Reply::Value(EINVAL));
        }
        // Arguments of 32 bits.
        let low = |value: u64| u32::try_from(value & 0xffff_ffff).expect("32 bits");
        let count = |value: u64| u64::try_from(low(value).cast_signed()).unwrap_or(0);
        let operation = operation & !FLAGS;
        Ok(Reply::Value(match operation {
            WAIT | WAIT_BITSET => {
                if word(guest, addr)? != low(value) {
                    return Ok(Reply::Value(EAGAIN));
                }
                let time = clock.read(guest, time, wide)?;
                let (deadline, bits) = if operation == WAIT {
                    (clock.after(time), u32::MAX)
                } else {
                    (time, low(third))
                };
                let on = Event::Futex { addr, bits };
                return Ok(Reply::Wait(Wait { on, deadline, expired: ETIMEDOUT }));
            }
            WAKE => self.wake(addr, count(value), u32::MAX),
            WAKE_BITSET => self.wake(addr, count(value), low(third)),
            CMP_REQUEUE if word(guest, addr)? != low(third) => EAGAIN,
            REQUEUE | CMP_REQUEUE => {
                let woken = self.wake(addr, count(value), u32::MAX);
                let moved = self.requeue(addr, second, count(time));
                if operation == REQUEUE { woken } else { woken + moved }
            }
            _ => ENOSYS,
        }))
    }

    /// Lets those that wait for files try again.
    pub(super) fn retry(
        &mut self,
        files: &mut Table,
        guest: &mut dyn Guest,
    ) -> Result<(), CallError> {
        let mut still = Vec::new();
        for (thread, wait) in std::mem::take(&mut self.waiting) {
            let done = match &wait.on {
                Event::Files(pending) => files.attempt(pending, guest)?,
                Event::Time | Event::Futex { .. } => None,
            };
            match done {
                Some(result) => self.ready.push_back((thread, Some(result))),
                None => still.push((thread, wait)),
            }
        }
        self.waiting = still;
        Ok(())
    }
}

fn sleep(deadline: Option<u64>) -> Reply {
    match deadline {
        Some(_) => Reply::Wait(Wait { on: Event::Time, deadline, expired: 0 }),
        None => Reply::Value(EINVAL),
    }
}

/// Goes on with a thread, which may be the one that ran before.
fn resume(before: ThreadId, switch: Switch, guest: &mut dyn Guest) -> Action {
    if switch.to != before {
        return Action::Switch(switch);
    }
    if let Some(result) = switch.result {
        guest.set_reg(Reg::A0, result);
    }
    Action::Continue
}
