//! From a guest and its profile to the patched guest, its lock and its report, without a prover.
//!
//! [`build()`] is the pipeline on one page; nothing in it differs between targets. [`resynthesise`] goes
//! the way back, for those who check a link.
//! [`output`] writes files so that nothing half-done is left.
//!
//! Invariants: results are functions of what is passed; no clock, no environment, no terminal; files
//! only in [`output`].

mod again;
mod backends;
mod build;
mod error;
pub mod folder;
mod guest;
mod job;
mod live;
mod locked;
mod options;
pub mod output;
mod profiled;
mod reason;
mod report;
mod watch;

pub use again::resynthesise;
pub use backends::backends;
pub use build::{Build, build};
pub use error::{LockedReason, PipelineError};
pub use guest::{Given, Guest, Setting, failure};
pub use job::{Job, Recorded, Source};
pub use live::live_profile;
pub use locked::changes;
pub use options::{Options, recorded_state};
pub use profiled::{NotLinked, profile_report};
pub use reason::Reason;
pub use watch::{Silent, Stage, Watch};
