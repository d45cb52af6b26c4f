//! Files of other tools, one module each, all made from a [`View`](crate::View).
//!
//! Invariants: equal views give equal bytes; no file holds a time or the name of a machine; the
//! values of a file add up to those of the view.

mod differential;
mod firefox;
mod folded;
mod graph;
mod groups;
mod pprof;
mod speedscope;

pub use differential::differential;
pub use firefox::firefox;
pub use folded::folded;
pub use graph::{GraphError, Growth, graph};
pub use pprof::pprof;
pub use speedscope::speedscope;
