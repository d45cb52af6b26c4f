//! When a run is given up, and what it counts besides.

use std::sync::atomic::{AtomicBool, AtomicU64};

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
