//! From an ELF to the files of its build.
//!
//! Invariant: the lock is written last, and only if everything else succeeded and it changed.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::run::Outcome;
use crate::settings::Settings;

/// What is to be built.
pub(crate) struct Job<'a> {
    /// The guest.
    pub(crate) elf: &'a Path,
    /// What it runs on, and for which target.
    pub(crate) settings: &'a Settings,
    /// A profile in place of a run.
    pub(crate) profile: Option<PathBuf>,
    /// The lock, which need not exist.
    pub(crate) lock: &'a Path,
    /// Whether the lock must stay as it is.
    pub(crate) locked: bool,
    /// The folders to write; the patched guest lies in the first.
    pub(crate) folders: Vec<PathBuf>,
}

/// What was built.
pub(crate) struct Done {
    /// The patched guest, if there is one.
    pub(crate) elf: Option<PathBuf>,
    /// What was done.
    pub(crate) outcome: Outcome,
    /// The files that the result depends on, the guest itself apart.
    pub(crate) read: Vec<PathBuf>,
    /// What a person should know, in some lines.
    pub(crate) summary: String,
}

/// Builds and writes.
pub(crate) fn build(job: &Job<'_>) -> Result<Done, Error> {
    Err(Error::Pipeline(format!("{}", job.elf.display())))
}
