//! What runs, what is counted, and what is said when it does not work.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod calls;
mod common;
mod conformance;
#[expect(dead_code, reason = "what the loader refuses is tested elsewhere")]
#[path = "../../../guest/tests/load/elf.rs"]
mod elf;
mod environments;
mod errors;
mod extensions;
mod fixtures;
mod floats;
mod guests;
#[path = "../../../isa/tests/isa/vectors.rs"]
mod instruction_vectors;
mod limits;
mod linux;
mod load;
mod markers;
mod memory;
mod oracle;
mod patches;
mod profile;
mod programs;
mod risc0;
mod sp1;
mod standard_io;
mod streamed;
mod vectors;
mod zisk;
