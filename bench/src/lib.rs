//! Measures synthesis on blocks that another optimiser works on too, and says how fast guests are
//! executed, by autoprec and others.
//!
//! Inputs are blocks as powdr exports them: instructions, and the concatenated tables of these
//! instructions before any optimisation. From the instructions alone autoprec synthesises its own
//! system; what is counted is the same on both sides: main columns, messages and constraints, the
//! flag that marks calls included.
//!
//! With the feature `powdr` the optimiser of powdr's autoprecompiles runs in the same run on the
//! exported tables, as baseline, and on autoprec's system, as an oracle for reductions that were
//! missed.
//!
//! **Architecture invariants**
//!
//! - No file is read and no clock: callers pass bytes and a function that tells CPU time.
//! - A block that cannot be read, lifted or lowered is an error that names its file; it is never
//!   left out of a sum.

mod clock;
mod exec;
mod export;
mod measure;
mod opcode;
mod plot;
pub mod powdr;
mod report;
mod scaling;
mod size;
mod totals;

pub use clock::{Clock, Time};
pub use exec::{ExecReport, ExecutorTime, GuestTimes};
pub use export::{Export, ExportError, ExportProblem, frequencies, write_export};
pub use measure::{Check, Columns, MeasureError, Measured, Powdr, Row, Split, measure};
pub use opcode::{RowError, decode_row, encode_row};
pub use plot::PlotError;
pub use report::{Report, Seconds, Worst};
pub use scaling::{LENGTHS, Point, Scaling};
pub use size::Size;
pub use totals::{Ratio, Ratios, Totals};
