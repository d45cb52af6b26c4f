//! How to prove and check.

use crate::{params::Security, segments::Cut, tamper::Tamper};

/// How to prove.
#[derive(Clone, Copy, Debug)]
pub struct ProveOptions {
    /// The parameters; anything but [`Security::Bits100`] is for tests.
    pub security: Security,
    /// Bytes of memory that proving one segment may take, by OpenVM's estimate (15 GiB if `None`).
    /// A lower limit makes more and shorter segments.
    pub max_segment_memory: Option<usize>,
    /// Alters one cell of a precompile's trace, so that tests can see the proof fail.
    #[doc(hidden)]
    pub tamper: Option<Tamper>,
}

impl ProveOptions {
    /// 100 bits of security, OpenVM's memory limit.
    pub const fn new() -> Self {
        Self { security: Security::Bits100, max_segment_memory: None, tamper: None }
    }

    /// Parameters without security, which save time in tests.
    pub const fn for_tests() -> Self {
        Self { security: Security::Test, ..Self::new() }
    }

    pub(crate) const fn cut(&self) -> Cut {
        Cut { security: self.security, max_memory: self.max_segment_memory }
    }
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self::new()
    }
}
