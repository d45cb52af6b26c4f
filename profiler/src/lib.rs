//! Loads guest ELFs, executes them and counts what they do.
//!
//! [`Program::load`] reads an ELF; [`run`] executes it in an [`Environment`] and gives a [`Run`] with
//! its output and a [`Profile`]: exact execution counts per straight-line span, taken edge and call
//! path. [`report`] renders profiles. A patched guest runs as its original does, from the plain data
//! of [`Patches`].
//!
//! ```
//! use autoprec_isa::Xlen;
//! use autoprec_profiler::{Environment, Input, Limits, Patches, Program, run};
//!
//! // li a0, 7; li a7, 93; ecall
//! let code = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let program = Program::from_code(Xlen::Rv32, 0x1_0000, &code);
//! let environment = Environment::Bare;
//! let run = run(&program, &Patches::none(), environment, &Input::default(), &Limits::none())?;
//! assert_eq!((run.exit_code, run.instructions), (7, 3));
//! # Ok::<(), autoprec_profiler::RunError>(())
//! ```

mod accesses;
mod algebra;
pub mod annotate;
mod calls;
pub mod cost;
mod demangle;
pub mod diff;
mod digest;
mod elf;
mod environment;
mod error;
mod executor;
pub mod export;
mod hart;
mod markers;
mod memory;
mod opcodes;
mod owners;
mod patches;
mod profile;
mod program;
pub mod report;
mod slot;
mod sources;
mod spans;
mod view;
mod visits;

pub use accesses::{Accesses, MemoryUse, Touched, WIDTHS, accesses, misaligned};
pub use algebra::{Algebra, AlgebraError};
pub use environment::{Environment, OpenVmRequest, ParseEnvironmentError};
pub use error::{LoadError, RunError, Site};
pub use executor::{Input, Limits, Moment, OnEntry, OnMoment, Run, run, run_streamed, run_watched};
pub use hart::MachineState;
pub use markers::Section;
pub use opcodes::{Histogram, opcodes};
pub use patches::{Patch, Patches, PrecompileId};
pub use profile::{Called, Counts, Edge, MergeError, Profile, ProfileError, Span, Stack, Visit};
pub use program::{Program, Segment, Symbol};
pub use sources::{DebugInfo, Place, Sources};
pub use view::{Executed, Frame, Function, Kind, Path, Subject, View};
