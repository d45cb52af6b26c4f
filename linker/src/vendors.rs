//! Provers that take no foreign precompile, with the reasons. What is linked for such a prover would
//! fail in its executor or, worse, compute something else there, so it is refused before.
//!
//! The same table, with what each pipeline does with a guest, is `docs/guide/vendors.md`; a test
//! compares both.

use std::fmt;

use autoprec_executor::Environment;

/// A prover that takes no foreign precompile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Its name.
    pub name: &'static str,
    /// The environment that its guests are run in here, if there is one.
    pub environment: Option<Environment>,
    /// Why it proves no such precompile. A clause that goes on after the name and a colon.
    pub reason: &'static str,
    /// Where the documentation says so.
    pub docs: &'static str,
}

/// All that the documentation lists.
pub const VENDORS: &[Vendor] = &[
    Vendor {
        name: "SP1",
        environment: Some(Environment::Sp1),
        reason: "its calls are a closed list in its executor and its circuits, and its executor \
                 panics at any other number",
        docs: "docs/guide/vendors.md#sp1",
    },
    Vendor {
        name: "ZisK",
        environment: Some(Environment::Zisk),
        reason: "its circuits are for a fixed list of control registers, and its executor passes \
                 over an unknown call without an error, so the guest would compute something else",
        docs: "docs/guide/vendors.md#zisk",
    },
    Vendor {
        name: "RISC Zero",
        environment: Some(Environment::Risc0),
        reason: "its kernel hands on eight calls and traps at any other, and what an application \
                 may add are programs for a fixed circuit, not circuits",
        docs: "docs/guide/vendors.md#risc-zero",
    },
    Vendor {
        name: "Jolt",
        environment: None,
        reason: "what may be added are sequences of its own instructions, not constraints",
        docs: "docs/guide/vendors.md#jolt",
    },
    Vendor {
        name: "Airbender",
        environment: None,
        reason: "its circuits are for a fixed list of control registers, and a trap ends the run",
        docs: "docs/guide/vendors.md#airbender",
    },
    Vendor {
        name: "Pico",
        environment: None,
        reason: "its calls are a closed list, and its executor panics at any other number",
        docs: "docs/guide/vendors.md#pico",
    },
    Vendor {
        name: "Nexus",
        environment: None,
        reason: "its instructions for precompiles are run, but not yet proved",
        docs: "docs/guide/vendors.md#nexus",
    },
    Vendor {
        name: "Ceno",
        environment: None,
        reason: "its calls are a closed list, and any other is an error",
        docs: "docs/guide/vendors.md#ceno",
    },
];

/// Why nothing is linked into a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The name of the prover.
    pub vendor: &'static str,
    /// The reason why it proves no foreign precompile.
    pub reason: &'static str,
    /// Where the documentation says so.
    pub docs: &'static str,
}

/// One sentence without a full stop.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor, reason, docs } = self;
        write!(f, "{vendor} cannot prove a precompile of somebody else: {reason} ({docs})")
    }
}

/// Whether a back end of this name is one of these provers.
pub(crate) fn is_vendor(backend: &str) -> bool {
    VENDORS.iter().any(|vendor| match vendor.environment {
        Some(environment) => environment.name() == backend,
        None => vendor.name.eq_ignore_ascii_case(backend),
    })
}

/// Why nothing is linked into guests of this environment, if their own prover cannot prove it.
pub fn refusal(environment: Environment) -> Option<Refusal> {
    VENDORS
        .iter()
        .find(|vendor| vendor.environment == Some(environment))
        .map(|&Vendor { name, reason, docs, .. }| Refusal { vendor: name, reason, docs })
}
