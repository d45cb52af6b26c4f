//! What can go wrong between a guest and its report.

use autoprec_blocks::RegionError;
use autoprec_executor::RunError;
use autoprec_guest_elf::LoadError;
use autoprec_linker::lock::{LockChange, LockError};
use autoprec_linker::{Difference, LinkError, ManifestError};
use autoprec_synth::SynthError;

use crate::output::OutputError;
use crate::reason::Reason;

/// Why there is no build, or no way back from one.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A file is no guest.
    #[error("{name}")]
    Load {
        /// The guest.
        name: String,
        /// Why.
        #[source]
        error: LoadError,
    },
    /// The manifest of a patched guest is damaged.
    #[error("{name}")]
    Manifest {
        /// The guest.
        name: String,
        /// Why.
        #[source]
        error: ManifestError,
    },
    /// A patched guest was expected.
    #[error("{name}: there are no precompile calls in it; was it linked by autoprec?")]
    NotPatched {
        /// The guest.
        name: String,
    },
    /// An original guest was expected.
    #[error("{name} is patched already; build from the original")]
    Patched {
        /// The guest.
        name: String,
    },
    /// The guest does not take what it was given.
    #[error("{name}: {problem}")]
    Given {
        /// The guest.
        name: String,
        /// What it does not take, and what instead.
        problem: String,
    },
    /// A run cannot go on.
    #[error("{name}")]
    Run {
        /// The guest.
        name: String,
        /// Why.
        #[source]
        error: Box<RunError>,
    },
    /// The guest says that it failed.
    #[error("{failure}; give an input on which it succeeds")]
    Failed {
        /// How.
        failure: String,
    },
    /// There are no numbers left.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The lock would change, and must not.
    #[error("the lock does not fit: {}; build without --locked to bring it up to date", changes(.0))]
    Stale(Vec<LockChange>),
    /// There is neither a run nor a lock to build from.
    #[error("{name}: there is nothing to build from: give an input, a profile or a lock")]
    NothingToBuildFrom {
        /// The guest.
        name: String,
    },
    /// What the lock has cannot be built.
    #[error("{name}: precompile {id} of the lock cannot be built: {reason}")]
    Locked {
        /// The guest.
        name: String,
        /// The precompile's number.
        id: u32,
        /// What does not fit.
        reason: LockedReason,
    },
    /// A region that was synthesised once cannot be synthesised again.
    #[error("{name}: precompile {id}: {error}")]
    Precompile {
        /// The guest.
        name: String,
        /// The precompile's number.
        id: u32,
        /// What synthesis says.
        error: SynthError,
    },
    /// The guest cannot be patched.
    #[error("{name}")]
    Link {
        /// The guest.
        name: String,
        /// Why.
        #[source]
        error: LinkError,
    },
    /// The patched guest does something else.
    #[error("the patched guest does not do what the original does; this is a bug")]
    Difference(#[source] Difference),
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A profile cannot be drawn.
    #[error("{name}: the flamegraph cannot be drawn: {reason}")]
    Drawing {
        /// The guest.
        name: String,
        /// Why.
        reason: String,
    },
}

/// Why a precompile of a lock cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockedReason {
    /// The lock, of an earlier version, does not say where its region ends.
    #[error("the lock has no end of it")]
    NoEnd,
    /// The guest has no such region.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// No region of the profile lies there.
    #[error("its region is not in the profile")]
    NotInProfile,
    /// The guest has other code there.
    #[error("its code is another")]
    OtherCode,
    /// It cannot be made, fails its check or cannot be linked.
    #[error(transparent)]
    Refused(#[from] Reason),
}

/// Changes that a message lists.
const LISTED: usize = 6;

/// The first changes, which are the causes, on one line, and how many more there are.
fn changes(changes: &[LockChange]) -> String {
    let mut texts: Vec<String> = changes.iter().take(LISTED).map(ToString::to_string).collect();
    if changes.len() > LISTED {
        texts.push(format!("and {} more changes", changes.len() - LISTED));
    }
    texts.join("; ")
}
