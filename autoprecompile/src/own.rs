//! Precompiles of targets whose AIRs are all our own: a system over each field, and which are worth it.

mod candidates;
mod precompile;

pub use candidates::machine_candidates;
pub use precompile::MachinePrecompile;
