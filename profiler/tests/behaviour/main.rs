//! What loads, what runs, what is counted, and what is said when it does not work.
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod annotations;
#[path = "../../../fuzz/bodies.rs"]
mod bodies;
mod calls;
mod common;
mod conformance;
mod corpus;
mod costs;
mod diffs;
mod environments;
mod errors;
mod exports;
mod extensions;
mod firefox;
mod fixtures;
mod floats;
mod guests;
mod inlined;
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
mod risc0;
mod sp1;
mod standard_io;
mod streamed;
mod vectors;
mod zisk;
