//! The command as a user meets it: its binary is run on the example guests, and what it prints,
//! writes and refuses is looked at.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

mod bench;
mod bench_exec;
mod building;
mod cargo_autoprec;
mod ecall;
mod elf;
mod linking;
mod locking;
mod profiling;
mod proving;
mod refusals;
mod reporting;
mod runs;
mod serve;
mod support;
mod surface;
