//! The run loop: spans one after the other, counting as it goes.

mod called;
mod callees;
mod counted;
mod failed;
mod parked;
mod state;
mod streamed;
mod threads;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::{Word, Xlen};

pub use self::state::OnEntry;
use self::state::{ComputedEdge, EDGE_CACHE, Executor, Setting, Watch};
use self::streamed::Stream;
pub use self::streamed::{Moment, OnMoment};
use crate::environment::Environment;
use crate::error::RunError;
use crate::host::Action;
use crate::input::Input;
use crate::limits::Limits;
use crate::run::Run;
use crate::spans::{Computed, End, NO_PATCH, SpanId, UNKNOWN};

/// Instructions between two looks at [`Limits::stop`] and reports of [`Limits::progress`].
const LOOK: u64 = 1 << 20;

/// Runs a guest to its end.
///
/// # Errors
///
/// A [`RunError`] says where and why the guest could not go on; [`RunError::partial`] is what was
/// counted until a limit was reached.
pub fn run(
    program: &Program,
    patches: &Patches,
    environment: Environment,
    input: &Input,
    limits: &Limits,
) -> Result<Run, RunError> {
    let watch = Watch { pcs: &BTreeSet::new(), on_entry: &mut |_, _| {} };
    dispatch(program, patches, environment, (input, limits), (watch, None))
}

/// Runs a guest, calling `on_entry` with the address and the machine's state each time control
/// arrives at an address in `watch`, before the instruction there is executed.
///
/// # Errors
///
/// As [`run`].
#[expect(clippy::too_many_arguments, reason = "the arguments of `run` and two more")]
pub fn run_watched(
    program: &Program,
    patches: &Patches,
    environment: Environment,
    input: &Input,
    limits: &Limits,
    watch: &BTreeSet<u64>,
    on_entry: &mut OnEntry<'_>,
) -> Result<Run, RunError> {
    let watch = Watch { pcs: watch, on_entry };
    dispatch(program, patches, environment, (input, limits), (watch, None))
}

/// Runs a guest to its end, calling `on_moment` about every so many instructions, each time between two
/// spans. The result is that of [`run`](run).
///
/// # Errors
///
/// As [`run`](run).
#[expect(clippy::too_many_arguments, reason = "the arguments of `run` and two more")]
pub fn run_streamed(
    program: &Program,
    patches: &Patches,
    environment: Environment,
    input: &Input,
    limits: &Limits,
    every: u64,
    on_moment: &mut OnMoment<'_>,
) -> Result<Run, RunError> {
    let watch = Watch { pcs: &BTreeSet::new(), on_entry: &mut |_, _| {} };
    let mut told = |moment: &Moment<'_>| on_moment(moment);
    let stream = Stream { every, next: every, on_moment: &mut told };
    dispatch(program, patches, environment, (input, limits), (watch, Some(stream)))
}

fn dispatch(
    program: &Program,
    patches: &Patches,
    environment: Environment,
    (input, limits): (&Input, &Limits),
    (watch, stream): (Watch<'_>, Option<Stream<'_>>),
) -> Result<Run, RunError> {
    for patch in patches.iter() {
        let bytes = patch.saved.len();
        let executable = program.segment_at(patch.entry).is_some_and(|s| s.executable);
        if !executable || program.bytes(patch.entry, bytes).is_none() {
            return Err(RunError::BadPatch { entry: patch.entry, bytes });
        }
    }
    let original = if patches.is_empty() {
        Cow::Borrowed(program)
    } else {
        Cow::Owned(program.with_patches_undone(patches))
    };
    let host = environment.host();
    let (start, session) = host
        .start(&original, input)
        .map_err(|reason| RunError::Unsuitable { environment, reason })?;
    let setting = Setting { program: &original, patches, environment, limits, host: &*host };
    match program.xlen {
        Xlen::Rv32 => Executor::<u32>::new(setting, start, session, watch).run(stream),
        Xlen::Rv64 => Executor::<u64>::new(setting, start, session, watch).run(stream),
    }
}

impl<'a, 'w: 'a, W: Word> Executor<'a, 'w, W> {
    fn run(mut self, mut stream: Option<Stream<'_>>) -> Result<Run, RunError> {
        let mut now = 0u64;
        // Where to look at the limits again, and where to do so or to tell what was counted.
        let (mut look, mut pause) = (0, 0);
        let mut id = self.enter(self.setting.program.entry)?;
        loop {
            let span = &self.spans.all[id as usize];
            let after = now + u64::from(span.insts);
            if after > pause {
                if after > look {
                    match self.look(after) {
                        Some(next) => look = next,
                        None => return Err(self.give_up(id, now, after)),
                    }
                    id = self.share(id, now);
                }
                let next = stream.as_mut().map(|stream| stream.tell(&self, now, after));
                pause = look.min(next.unwrap_or(look));
                continue;
            }
            let span = &self.spans.all[id as usize];
            if span.patch != NO_PATCH || span.watched || self.region_end != 0 {
                self.notice(id, now);
            }
            let span = &mut self.spans.all[id as usize];
            if span.path != self.calls.current() {
                self.visits.add(span.path, id, span.count - span.before);
                (span.path, span.before) = (self.calls.current(), span.count);
            }
            span.count += 1;
            let hart = &mut self.hart;
            hart.instructions = now;
            now = after;
            // A branch gives whether it is taken, a jump its target.
            let Ok(result) = self.spans.code.perform(hart, &span.line) else {
                return Err(self.faulted());
            };
            id = match span.finish {
                End::Branch { .. } if result == 0 => self.next(id)?,
                End::Branch { target, enters } => {
                    span.taken += 1;
                    self.region_end = 0;
                    if enters {
                        self.calls.tail_call(target, now);
                    }
                    self.target(id, target)?
                }
                End::Jump { target, enters } => {
                    self.region_end = 0;
                    if enters {
                        self.calls.tail_call(target, now);
                    }
                    self.target(id, target)?
                }
                End::Call { target } => {
                    self.region_end = 0;
                    self.calls.call(target, span.end, self.hart.sp(), now);
                    self.target(id, target)?
                }
                End::Computed(kind) => {
                    let end = span.end;
                    self.region_end = 0;
                    self.follow(kind, result, end, now);
                    self.jump(id, result)?
                }
                End::FallThrough => self.next(id)?,
                finish => match self.leave(id, finish, now)? {
                    Action::Continue => self.next(id)?,
                    Action::Branch(offset) => self.branch_custom(id, offset, now)?,
                    Action::Restart(target) => self.restart(id, target, now)?,
                    Action::Exit(code) => return Ok(self.finish(code, now)),
                    action => self.reschedule(id, action, now)?,
                },
            };
        }
    }

    /// Where to look at the limits again; nothing if they forbid to go on to `after` instructions.
    #[cold]
    fn look(&self, after: u64) -> Option<u64> {
        let Limits { max_instructions, stop, progress, .. } = *self.setting.limits;
        let most = max_instructions.unwrap_or(u64::MAX);
        if let Some(progress) = progress {
            progress.store(after, Ordering::Relaxed);
        }
        let stopped = stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
        (after <= most && !stopped).then(|| after.saturating_add(LOOK).min(most))
    }

    /// The span at the target of a direct transfer.
    #[inline]
    fn target(&mut self, id: SpanId, target: u64) -> Result<SpanId, RunError> {
        match self.spans.all[id as usize].target {
            UNKNOWN => self.link_target(id, target),
            known => Ok(known),
        }
    }

    /// The span behind this one.
    #[inline]
    fn next(&mut self, id: SpanId) -> Result<SpanId, RunError> {
        match self.spans.all[id as usize].next {
            UNKNOWN => self.link_next(id),
            known => Ok(known),
        }
    }

    /// Keeps the shadow stack after a computed jump.
    fn follow(&mut self, kind: Computed, target: u64, return_to: u64, now: u64) {
        match kind {
            Computed::Call => self.calls.call(target, return_to, self.hart.sp(), now),
            Computed::Return if self.calls.ret(target, now) => {}
            _ if self.setting.program.is_function_entry(target) => {
                self.calls.tail_call(target, now);
            }
            Computed::Return => {
                if let Some(function) = self.setting.program.function_at(target)
                    && !self.calls.unwind(function.addr, self.hart.sp(), now)
                {
                    self.calls.restart(function.addr, now);
                }
            }
            Computed::Jump => {}
        }
    }

    /// The span at `pc`.
    fn enter(&mut self, pc: u64) -> Result<SpanId, RunError> {
        let id = self.spans.at(pc);
        let span = &self.spans.all[id as usize];
        if !self.hart.memory.note_execution(&(span.start..span.end)) {
            let site = Box::new(self.site(pc));
            return Err(RunError::StoreToCode { site, addr: pc, patched: false });
        }
        Ok(id)
    }

    #[cold]
    #[inline(never)]
    fn link_target(&mut self, id: SpanId, target: u64) -> Result<SpanId, RunError> {
        let to = self.enter(target)?;
        self.spans.all[id as usize].target = to;
        Ok(to)
    }

    #[cold]
    #[inline(never)]
    fn link_next(&mut self, id: SpanId) -> Result<SpanId, RunError> {
        let to = self.enter(self.spans.all[id as usize].end)?;
        self.spans.all[id as usize].next = to;
        Ok(to)
    }

    /// Counts a computed jump and finds its target.
    #[inline]
    fn jump(&mut self, from: SpanId, target: u64) -> Result<SpanId, RunError> {
        let hash = (target >> 1) ^ u64::from(from).wrapping_mul(0x9e37_79b9);
        let index = usize::try_from(hash % EDGE_CACHE as u64).expect("below EDGE_CACHE");
        let line = &mut self.edge_cache[index];
        if line.from == from && line.target == target {
            line.count += 1;
            return Ok(line.to);
        }
        self.jump_slow(from, target, index)
    }

    #[cold]
    #[inline(never)]
    fn jump_slow(&mut self, from: SpanId, target: u64, index: usize) -> Result<SpanId, RunError> {
        let to = self.enter(target)?;
        let new = ComputedEdge { from, to, target, count: 1 };
        let old = std::mem::replace(&mut self.edge_cache[index], new);
        if old.count > 0 {
            *self.edges.entry((old.from, old.target)).or_default() += old.count;
        }
        Ok(to)
    }

    /// Takes the branch that a custom instruction is; gives the span that follows.
    #[cold]
    #[inline(never)]
    fn branch_custom(&mut self, id: SpanId, offset: i64, now: u64) -> Result<SpanId, RunError> {
        let span = &self.spans.all[id as usize];
        let target = W::XLEN.mask(span.last.wrapping_add_signed(offset));
        let next = span.end;
        self.region_end = 0;
        self.follow(Computed::Jump, target, next, now);
        self.jump(id, target)
    }

    /// Goes on where the environment says, as after a `longjmp`; gives the span that follows.
    #[cold]
    #[inline(never)]
    fn restart(&mut self, id: SpanId, target: u64, now: u64) -> Result<SpanId, RunError> {
        self.region_end = 0;
        self.follow(Computed::Return, target, target, now);
        self.jump(id, target)
    }
}
