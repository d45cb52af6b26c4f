//! Executes guests in their environments and counts what they do.
//!
//! [`run`] executes a program in an [`Environment`] and gives a [`Run`] with its output and a profile. A
//! patched guest runs as its original does.
//!
//! ```
//! use autoprec_executor::{Environment, Input, Limits, run};
//! use autoprec_guest_elf::{Patches, Program};
//! use autoprec_isa::Xlen;
//!
//! // li a0, 7; li a7, 93; ecall
//! let code = [0x0070_0513_u32, 0x05d0_0893, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let program = Program::from_code(Xlen::Rv32, 0x1_0000, &code);
//! let environment = Environment::Bare;
//! let run = run(&program, &Patches::none(), environment, &Input::default(), &Limits::none())?;
//! assert_eq!((run.exit_code, run.instructions), (7, 3));
//! # Ok::<(), autoprec_executor::RunError>(())
//! ```

mod algebra;
mod calls;
mod code;
mod environment;
mod error;
mod executor;
mod hart;
mod host;
mod input;
mod limits;
mod markers;
mod memory;
mod run;
mod slot;
mod spans;
mod visits;

pub use algebra::{Algebra, AlgebraError};
pub use environment::{Environment, OpenVmRequest, ParseEnvironmentError};
pub use error::{RunError, Site};
pub use executor::{Moment, OnEntry, OnMoment, run, run_streamed, run_watched};
pub use hart::MachineState;
pub use input::Input;
pub use limits::Limits;
pub use run::Run;
