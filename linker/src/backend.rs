//! Who runs calls: back ends by name, each with the forms that it runs.
//!
//! Invariant: the targets are data of the caller. Known here are the executor, which is no target, and the
//! provers that take no foreign precompile.

use autoprec_guest_elf::Linkage;

use crate::Form;
use crate::vendors::is_vendor;

/// The back end that proves nothing: our own executor.
const EXECUTOR: &str = "executor";
const FOREIGN: &str = "it accepts no precompiles but its own";
const UNKNOWN: &str = "nothing is known about it";
const NAME: &str = "the name has characters other than a-z, 0-9 and `-`";

/// A back end that a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The name in manifests.
    pub name: String,
    /// The forms of calls that it runs.
    pub linkage: Linkage,
}

impl Backend {
    /// A back end of this name.
    pub fn new(name: &str, linkage: Linkage) -> Self {
        Self { name: name.to_owned(), linkage }
    }

    /// Our own executor, which runs calls of every form and proves nothing.
    pub fn executor() -> Self {
        Self::new(EXECUTOR, Linkage::Any)
    }

    /// The back end that a manifest names. One that is neither in `known` nor the executor runs no call.
    pub fn named(name: &str, known: &[Self]) -> Self {
        if let Some(found) = known.iter().find(|backend| backend.name == name) {
            return found.clone();
        }
        match name {
            EXECUTOR => Self::executor(),
            _ if is_vendor(name) => Self::new(name, Linkage::None(FOREIGN)),
            _ => Self::new(name, Linkage::None(UNKNOWN)),
        }
    }

    /// Why it runs no calls of this form; none if it does.
    pub fn refusal(&self, form: Form) -> Option<&'static str> {
        match self.linkage {
            _ if !is_backend_name(&self.name) => Some(NAME),
            Linkage::Any => None,
            Linkage::InsnOnly(_) if form == Form::Insn => None,
            Linkage::InsnOnly(reason) | Linkage::None(reason) => Some(reason),
        }
    }
}

/// Whether `name` can stand in a manifest.
pub(crate) fn is_backend_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
