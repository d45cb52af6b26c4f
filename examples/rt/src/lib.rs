//! A minimal runtime for guest programs on OpenVM (rv32im).
//!
//! It gives a guest an entry point, an allocator, a panic handler, its inputs and its public
//! output:
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! autoprec_guest_rt::entry!(main);
//!
//! fn main() {
//!     let input = autoprec_guest_rt::read_input();
//!     let mut output = [0; 32];
//!     output[0] = input.iter().fold(0, |sum, byte| sum ^ byte);
//!     autoprec_guest_rt::reveal(&output);
//! }
//! ```
//!
//! Invariants:
//! - A guest has one thread and no interrupts: nothing here is locked.
//! - Memory is zero at the start and is never reused, so allocations are zeroed for free.
//! - No access is misaligned: OpenVM refuses those.
//! - A guest is a function of its inputs: there is no clock and no randomness.
//!
//! Addresses come from `guest.ld`. With the feature `linux` the guest is a Linux program instead,
//! whose only input is its standard input and whose output goes to standard output.
#![no_std]

extern crate alloc;

mod heap;
#[cfg_attr(feature = "linux", path = "linux.rs")]
#[cfg_attr(not(feature = "linux"), path = "openvm.rs")]
mod host;
mod panic;
mod start;
mod text;

pub use host::{exit, print, read_input, reveal};
pub use text::{text, watched_text};
