//! A text is read as a profile and as a cost model.
#![no_main]
#![allow(dead_code, reason = "each target has one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::profile_json(bytes));
