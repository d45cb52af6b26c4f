//! What a system is checked for.

use autoprec_isa::Xlen;

use crate::target::{Bounds, Target};

/// What a system is checked for: a target, and words of one width.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The target.
    pub target: &'a Target,
    /// The width of words.
    pub xlen: Xlen,
}

impl Rules<'_> {
    /// Where data and code may lie.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of(self.target, self.xlen)
    }
}
