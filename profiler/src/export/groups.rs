//! Frames that are one place in the machine's code: a function and what is inlined in it there.

use crate::view::{Kind, View};

/// A path cut before each function that was called.
pub(super) fn groups<'a>(view: &View, path: &'a [usize]) -> Vec<&'a [usize]> {
    path.chunk_by(|_, &frame| view.function(frame).kind == Kind::Inlined).collect()
}
