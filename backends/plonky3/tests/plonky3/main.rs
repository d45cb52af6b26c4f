//! Proofs of statements by Plonky3: honest ones verify, all others are refused.

mod bytes;
mod machine;
mod plans;
mod proofs;
mod shapes;
mod statements;
