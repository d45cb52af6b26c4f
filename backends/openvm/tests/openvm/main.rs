//! Behaviour of the OpenVM back end. Real proofs cost seconds each, so there are few; they use test
//! parameters. Everything that a check of the constraints can show is shown that way.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod base;
mod cost;
mod extensions;
mod patched;
mod support;
mod unpatched;
