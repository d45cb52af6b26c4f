//! A file is loaded, looked at and run.
#![no_main]
#![allow(dead_code, reason = "each target has one of the bodies")]

#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bodies::load(bytes));
