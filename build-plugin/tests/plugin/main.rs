//! What a build script of a host sees, and what `cargo autoprec` runs. Build scripts run in this process,
//! with an environment and an output of their own; tools are scripts that copy a committed guest.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests and their helpers")]

mod command;
mod metadata;
mod patching;
mod refusals;
mod skipping;
mod tools;
mod world;
