//! The state of a run between two spans.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Word;

use super::callees::Callees;
use super::parked::Threads;
use crate::calls::{CallTree, CalleeId};
use crate::environment::Environment;
use crate::hart::{Guest as _, Hart, MachineState};
use crate::host::{Host, Session, Start};
use crate::limits::Limits;
use crate::markers::Markers;
use crate::spans::{SpanId, Spans, UNKNOWN};
use crate::visits::Visits;

/// Called with the address and the state of the machine whenever control arrives at a watched address.
pub type OnEntry<'a> = dyn FnMut(u64, &dyn MachineState) + 'a;

/// Addresses whose observer wants to know, and the observer.
pub(super) struct Watch<'w> {
    pub(super) pcs: &'w BTreeSet<u64>,
    pub(super) on_entry: &'w mut OnEntry<'w>,
}

/// What does not change during a run.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// With the original words.
    pub(super) program: &'a Program,
    pub(super) patches: &'a Patches,
    pub(super) environment: Environment,
    pub(super) limits: &'a Limits,
    pub(super) host: &'a dyn Host,
}

/// Executions of a computed jump from one span to one target.
#[derive(Clone, Copy)]
pub(super) struct ComputedEdge {
    pub(super) from: SpanId,
    pub(super) to: SpanId,
    pub(super) target: u64,
    pub(super) count: u64,
}

/// Lines of the direct-mapped cache of computed edges.
pub(super) const EDGE_CACHE: usize = 1 << 12;

pub(super) struct Executor<'a, 'w, W: Word> {
    pub(super) setting: Setting<'a>,
    pub(super) session: Box<dyn Session>,
    pub(super) watch: Watch<'w>,
    pub(super) hart: Hart<W>,
    pub(super) spans: Spans<'a, W>,
    pub(super) calls: CallTree,
    pub(super) visits: Visits,
    pub(super) edge_cache: Vec<ComputedEdge>,
    pub(super) edges: BTreeMap<(SpanId, u64), u64>,
    pub(super) threads: Threads<W>,
    /// Calls per patch, in order of entry.
    pub(super) patch_calls: Vec<u64>,
    pub(super) callees: Callees,
    pub(super) markers: Markers,
    /// End of the patched region that is being executed by its original; 0 if none is.
    pub(super) region_end: u64,
    /// The precompile that the region is of.
    pub(super) region_callee: CalleeId,
    /// Instructions executed in place of precompile calls.
    pub(super) replaced: u64,
}

impl<'a, 'w: 'a, W: Word> Executor<'a, 'w, W> {
    pub(super) fn new(
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
}
