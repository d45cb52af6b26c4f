//! Proofs of small machines, made and checked, and what must not be accepted.

mod damage;
mod forgeries;
mod machines;
mod parts;
mod proofs;
mod refusals;
