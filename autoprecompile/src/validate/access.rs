//! One access of a call, as the host saw it and as a row claims it.

/// One access: the old word with its timestamp for the new one with its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) space: u32,
    pub(super) pointer: u32,
    pub(super) old: [u8; 4],
    pub(super) new: [u8; 4],
    pub(super) previous: u32,
    pub(super) now: u32,
}
