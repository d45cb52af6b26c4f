//! What loads, what runs, what is counted, and what is said when it does not work.

mod common;
mod environments;
mod errors;
mod fixtures;
mod load;
mod patches;
mod profile;
