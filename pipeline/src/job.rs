//! What is to be built, and what became of it: what the steps of a build hand to each other.

use std::collections::BTreeMap;

use autoprec_linker::Linked;
use autoprec_linker::lock::Lock;
use autoprec_profile::Profile;
use autoprec_synth::{Candidate, Precompile, Validation};

use crate::guest::{Guest, Setting};
use crate::options::Options;
use crate::reason::Reason;

/// What to build, and from what.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The original guest.
    pub guest: &'a Guest,
    /// What precompiles are for.
    pub options: &'a Options,
    /// Numbers that precompiles have; with [`Source::Lock`] also which there are.
    pub lock: &'a Lock,
    /// What decides which regions become precompiles.
    pub source: Source<'a>,
    /// Digests that the new lock records.
    pub recorded: Recorded,
}

/// What decides which regions become precompiles.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A profile; with a setting the guest is run again, to record states and to compare.
    Profile(&'a Profile, Option<&'a Setting>),
    /// The lock, which has to fit. A profile is for the report only.
    Lock(Option<&'a Profile>),
}

/// Digests of what a build was given, for the lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// What the profiled run was given: [`crate::Given::digest`]. None if that is not known: then a lock
    /// fits whatever it was.
    pub input: Option<[u8; 32]>,
    /// SHA-256 of the VM's configuration, if one was given.
    pub config: Option<[u8; 32]>,
    /// Precompiles at most, if a limit was asked for.
    pub limit: Option<u32>,
}

impl<'a> Source<'a> {
    /// The profile, if there is one.
    pub fn profile(self) -> Option<&'a Profile> {
        match self {
            Self::Profile(profile, _) => Some(profile),
            Self::Lock(profile) => profile,
        }
    }
}

/// Every region and what became of it.
pub(crate) struct Outcome {
    pub(crate) candidates: Vec<Candidate>,
    /// The precompiles that were linked, by number.
    pub(crate) checked: Vec<Checked>,
    /// Why a candidate has no precompile though it might have one, by its position.
    pub(crate) refused: BTreeMap<usize, Reason>,
    pub(crate) linked: Linked,
}

/// A precompile that passed the checker.
pub(crate) struct Checked {
    /// Its position among the candidates.
    pub(crate) candidate: usize,
    pub(crate) precompile: Precompile,
    /// What was checked of each of its systems.
    pub(crate) validations: Vec<Validation>,
    /// How many of the states of the check were recorded in the run.
    pub(crate) recorded: usize,
}
