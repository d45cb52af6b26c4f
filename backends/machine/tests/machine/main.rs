//! Whole runs, checked natively: guests of a few instructions, then the examples.

mod assembly;
mod calls;
mod claims;
mod examples;
mod random;
mod runs;
