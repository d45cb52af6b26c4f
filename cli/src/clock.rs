//! The clock: the command line is where time is measured.

use std::time::Instant;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the command line is where time is measured")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
