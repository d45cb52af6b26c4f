//! The run loop: spans one after the other, counting as it goes.

mod called;
mod counted;
mod failed;
mod streamed;
mod threads;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use autoprec_guest_elf::{Patches, PrecompileId, Program};
use autoprec_isa::{Word, Xlen};
use autoprec_profile::Profile;

use crate::algebra::Algebra;
use crate::calls::{CallTree, CalleeId};
use crate::environment::{Action, Environment, Host, Session, Start};
use crate::error::RunError;
use crate::hart::{Guest as _, Hart, MachineState};
use crate::markers::Markers;
use crate::slot::perform_all;
use crate::spans::{Computed, End, NO_PATCH, SpanId, Spans, UNKNOWN};
use crate::visits::Visits;
use called::Callees;
use streamed::Stream;
pub use streamed::{Moment, OnMoment, run_streamed};
use threads::Threads;

/// What a guest reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// OpenVM: one vector per `hint_input`.
    pub hints: Vec<Vec<u8>>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Linux: the arguments, the program's name first; if empty, a name is made up.
    pub args: Vec<String>,
    /// Linux: environment variables, each as `NAME=VALUE`, on top of those that every guest gets.
    pub variables: Vec<String>,
    /// OpenVM: the moduli and curves that the guest was built for.
    pub algebra: Algebra,
}

/// When to give up, and whether to count what takes longer.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most instructions to execute.
    pub max_instructions: Option<u64>,
    /// Stop soon after this becomes true; a signal handler or another thread may set it.
    pub stop: Option<&'static AtomicBool>,
    /// Where to say now and then how many instructions were executed; another thread may read it.
    pub progress: Option<&'static AtomicU64>,
    /// Also count the distinct words that are touched, which makes the run several times slower.
    pub touched: bool,
}

impl Limits {
    /// Run until the guest ends.
    pub const fn none() -> Self {
        Self { max_instructions: None, stop: None, progress: None, touched: false }
    }

    /// Run this many instructions at most.
    pub const fn instructions(most: u64) -> Self {
        Self { max_instructions: Some(most), ..Self::none() }
    }
}

/// Instructions between two looks at [`Limits::stop`] and reports of [`Limits::progress`].
const LOOK: u64 = 1 << 20;

/// Told the address and the state of the machine whenever control arrives at a watched address.
pub type OnEntry<'a> = dyn FnMut(u64, &dyn MachineState) + 'a;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What the guest exited with; 0 is success.
    pub exit_code: u32,
    /// Standard output; of OpenVM, what the guest printed.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// OpenVM: the public values.
    pub public_values: Vec<u8>,
    /// Executed guest instructions; a precompile call counts those that it replaces.
    pub instructions: u64,
    /// The same with a precompile call as one instruction.
    pub vm_instructions: u64,
    /// Calls of each precompile, 0 included.
    pub calls: BTreeMap<PrecompileId, u64>,
    /// Where the instructions were executed.
    pub profile: Profile,
    /// Registers at the end, zero-extended, by number.
    pub registers: [u64; 32],
    /// SHA-256 of final registers and memory: equal for equal results.
    pub memory_digest: [u8; 32],
    /// Misaligned loads and stores.
    pub misaligned: u64,
}

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

struct Watch<'w> {
    pcs: &'w BTreeSet<u64>,
    on_entry: &'w mut OnEntry<'w>,
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

/// What does not change during a run.
#[derive(Clone, Copy)]
struct Setting<'a> {
    /// With the original words.
    program: &'a Program,
    patches: &'a Patches,
    environment: Environment,
    limits: &'a Limits,
    host: &'a dyn Host,
}

/// Executions of a computed jump from one span to one target.
#[derive(Clone, Copy)]
struct ComputedEdge {
    from: SpanId,
    to: SpanId,
    target: u64,
    count: u64,
}

/// Lines of the direct-mapped cache of computed edges.
const EDGE_CACHE: usize = 1 << 12;

struct Executor<'a, 'w, W: Word> {
    setting: Setting<'a>,
    session: Box<dyn Session>,
    watch: Watch<'w>,
    hart: Hart<W>,
    spans: Spans<'a, W>,
    calls: CallTree,
    visits: Visits,
    edge_cache: Vec<ComputedEdge>,
    edges: BTreeMap<(SpanId, u64), u64>,
    threads: Threads<W>,
    /// Calls per patch, in order of entry.
    patch_calls: Vec<u64>,
    callees: Callees,
    markers: Markers,
    /// End of the patched region that is being executed by its original; 0 if none is.
    region_end: u64,
    /// The precompile that the region is of.
    region_callee: CalleeId,
    /// Instructions executed in place of precompile calls.
    replaced: u64,
}

impl<'a, 'w: 'a, W: Word> Executor<'a, 'w, W> {
    fn new(
        setting: Setting<'a>,
        start: Start,
        session: Box<dyn Session>,
        watch: Watch<'w>,
    ) -> Self {
        let Start { mut memory, registers } = start;
        for patch in setting.patches.iter() {
            memory.guard_patch(patch.entry..patch.entry + patch.saved.len() as u64);
        }
        if setting.limits.touched {
            memory.observe(W::XLEN.bytes());
        }
        let mut hart = Hart::new(memory, setting.host.aligned_only());
        hart.float = setting.host.has_float().then(Box::default);
        for (reg, value) in registers {
            hart.set_reg(reg, value);
        }
        let mut callees = Callees::default();
        for patch in setting.patches.iter() {
            callees.precompile(patch.id);
        }
        let none = ComputedEdge { from: UNKNOWN, to: UNKNOWN, target: 0, count: 0 };
        let entry = setting.program.entry;
        Self {
            spans: Spans::new(setting.program, setting.host, setting.patches, watch.pcs),
            calls: CallTree::new(entry),
            visits: Visits::new(),
            edge_cache: vec![none; EDGE_CACHE],
            edges: BTreeMap::new(),
            threads: Threads::new(),
            patch_calls: vec![0; setting.patches.len()],
            callees,
            markers: Markers::default(),
            region_end: 0,
            region_callee: 0,
            replaced: 0,
            setting,
            session,
            watch,
            hart,
        }
    }

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
            let Ok(result) = perform_all(hart, &self.spans.slots[span.slots.clone()]) else {
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
