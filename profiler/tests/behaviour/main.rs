//! What loads, what runs, what is counted, and what is said when it does not work.
#![expect(clippy::unwrap_used, clippy::type_complexity, reason = "tests and their helpers")]

mod common;
mod environments;
mod errors;
mod fixtures;
mod guests;
mod load;
mod patches;
mod profile;
