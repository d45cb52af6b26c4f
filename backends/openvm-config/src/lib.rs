//! The configuration of the VM that an OpenVM 2.0.2 guest is built for, as its `openvm.toml` states it, and the
//! room that this VM leaves for precompiles. Nothing here needs OpenVM.
//!
//! - [`OpenVmConfig::read`] is the one parser of the file. What executes a guest needs no more.
//! - [`OpenVmConfig::provable`] reads it for a build or a proof and refuses what autoprec cannot prove.
//! - [`OpenVmConfig::algebra`] is what the executor computes with.
//! - [`OpenVmConfig::size`] and [`BaseSize::budget`] count the tables of the VM, and what they leave.

mod bound;
mod config;
mod size;

pub use config::{
    AddressSpace, Cell, ConfigError, Curve, Memory, OpenVmConfig, PairingCurve, System,
};
pub use size::{BaseSize, BudgetError, base_limits};
