//! What is to be done with a guest, and what was done: what the steps hand to each other.

use std::path::{Path, PathBuf};

use autoprec_pipeline::{Guest, output};
use autoprec_profile::Profile;

use crate::environment::Skip;
use crate::error::Error;
use crate::settings::Settings;

/// What was done to a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was patched.
    Patched {
        /// Its precompiles.
        precompiles: usize,
        /// Whether it was profiled for that; otherwise the lock said everything.
        profiled: bool,
    },
    /// It is the original, for its prover takes no foreign precompiles; it was profiled.
    Reported {
        /// Why.
        reason: String,
    },
    /// It is the original, for that was asked for.
    Skipped(Skip),
}

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

/// The result of a build.
pub(crate) struct Done {
    /// The patched guest, if there is one.
    pub(crate) elf: Option<PathBuf>,
    /// The way in which it was built.
    pub(crate) outcome: Outcome,
    /// The files that the result depends on, the guest itself apart.
    pub(crate) read: Vec<PathBuf>,
    /// Warnings for the user.
    pub(crate) warnings: Vec<String>,
    /// A summary for the user, in some lines.
    pub(crate) summary: String,
}

/// The profile that was given in place of a run.
pub(crate) fn given_profile(job: &Job<'_>, guest: &Guest) -> Result<Option<Profile>, Error> {
    let Some(path) = &job.profile else { return Ok(None) };
    let text = output::read_text(path)?;
    let profile =
        Profile::from_json(&text).map_err(|error| Error::Profile { path: path.clone(), error })?;
    if profile.elf_digest != guest.program.digest {
        return Err(Error::OtherProfile { path: path.clone(), guest: guest.name.clone() });
    }
    Ok(Some(profile))
}
