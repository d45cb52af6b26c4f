//! Threads that do not run, and which one does.

use std::collections::BTreeMap;

use crate::calls::{CalleeId, Frames};
use crate::hart::Registers;
use crate::host::ThreadId;
use crate::spans::SpanId;

/// A thread that does not run.
pub(super) struct Parked<W> {
    pub(super) registers: Registers<W>,
    pub(super) frames: Frames,
    pub(super) next: SpanId,
    /// The end of the patched region that it is in, and the precompile.
    pub(super) region: (u64, CalleeId),
}

/// All of them, and who runs.
pub(super) struct Threads<W> {
    pub(super) running: ThreadId,
    pub(super) parked: BTreeMap<ThreadId, Parked<W>>,
}

impl<W> Threads<W> {
    pub(super) fn new() -> Self {
        Self { running: 1, parked: BTreeMap::new() }
    }
}
