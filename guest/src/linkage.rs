//! Which forms of calls a back end runs.

/// The forms of calls that a back end runs. What a form is, the linker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// Every form.
    Any,
    /// The custom instruction only, and why no other.
    InsnOnly(&'static str),
    /// None, and why.
    None(&'static str),
}
