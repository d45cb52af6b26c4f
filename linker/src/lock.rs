//! `autoprec.lock`: which number means which precompile, so that numbers outlive rebuilds, and what the
//! last build linked, so that it can be made again from the ELF and the lock alone.
//!
//! Invariants: ids are unique and in ascending order; a precompile that is not found any more keeps
//! its entry, so that its number is not given to another; linked entries are those of the build, which
//! there is then, and know where they end; equal locks have equal texts, and a text can be read back.

mod assign;
mod change;
mod text;

pub use assign::Wanted;
pub use change::{BuildField, LockChange, PrecompileField};

use autoprec_guest_elf::PrecompileId;

use crate::Form;
use crate::form::IDS;

/// Version of the format.
const VERSION: u32 = 2;
/// The largest count that TOML can hold; larger ones are recorded as this one.
const LARGEST: u64 = i64::MAX.unsigned_abs();

/// A numbered precompile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The number of the precompile.
    pub id: PrecompileId,
    /// Function that the region lies in, where known.
    pub symbol: Option<String>,
    /// Entry of the region when it was last linked.
    pub entry: u64,
    /// Address of the byte after the region when it was last linked; `None` only if that was before
    /// locks had it.
    pub end: Option<u64>,
    /// Instructions of the region, where known.
    pub insts: Option<u32>,
    /// How often the profiled run executed it, where known.
    pub calls: Option<u64>,
    /// Whether the last build linked it; if not it only keeps its number.
    pub linked: bool,
    /// Digest of the region's shape, which does not depend on its address.
    pub shape: [u8; 32],
    /// Digest of its constraint system.
    pub system: [u8; 32],
    /// Name of the target it was synthesised for.
    pub target: String,
    /// Version of the synthesiser.
    pub synthesiser: String,
}

/// What the last build was made from and what it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedBuild {
    /// SHA-256 of the original ELF.
    pub elf: [u8; 32],
    /// SHA-256 of the text of the profile.
    pub profile: [u8; 32],
    /// Digest of what the profiled run was given.
    pub input: [u8; 32],
    /// Name of the target.
    pub target: String,
    /// Form of the calls.
    pub form: Form,
    /// The most precompiles that were asked for, if there was a limit.
    pub limit: Option<u32>,
    /// Digest of the VM's configuration, if one was given.
    pub config: Option<[u8; 32]>,
    /// Version of the synthesiser.
    pub synthesiser: String,
    /// SHA-256 of the patched ELF.
    pub patched: [u8; 32],
    /// Sums over the profiled run, where known.
    pub totals: Option<LockedTotals>,
}

/// Sums over the profiled run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockedTotals {
    /// Guest instructions.
    pub instructions: u64,
    /// Instructions that the VM executes with the precompiles: a call counts as one.
    pub instructions_patched: u64,
    /// Cost of all instructions, in the target's unit.
    pub cost: u64,
    /// The same with the precompiles.
    pub cost_patched: u64,
}

/// All numbered precompiles of a guest, and its last build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    build: Option<LockedBuild>,
    entries: Vec<Locked>,
}

/// Why there is no lock to be had, or no number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Not TOML of the expected form.
    #[error("the lock cannot be read: {reason}")]
    Toml {
        /// What the reader says.
        reason: String,
    },
    /// Another version.
    #[error("the lock has version {got}; this program reads versions 1 and {VERSION}")]
    Version {
        /// Its version.
        got: u32,
    },
    /// A number is not that of a synthesised precompile.
    #[error("the lock has id {got}; ids are from {} to {}", PrecompileId::FIRST, PrecompileId::FIRST + IDS - 1)]
    Id {
        /// The number.
        got: u32,
    },
    /// A number occurs twice.
    #[error("the lock has id {id} twice")]
    Twice {
        /// The number.
        id: PrecompileId,
    },
    /// A field of an entry cannot be read.
    #[error("lock entry {id}: `{field}` is `{got}`; expected {expected}")]
    Field {
        /// The entry.
        id: u32,
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A field of the build cannot be read.
    #[error("build of the lock: `{field}` is `{got}`; expected {expected}")]
    Build {
        /// The field.
        field: &'static str,
        /// Its value.
        got: String,
        /// What it should be.
        expected: &'static str,
    },
    /// All numbers are taken.
    #[error("no number below {} is free; remove entries of precompiles that are gone", PrecompileId::FIRST + IDS)]
    Full,
}

impl Lock {
    /// The entries, by id.
    pub fn entries(&self) -> &[Locked] {
        &self.entries
    }

    /// The last build; none in a lock that no build was recorded in since locks have it.
    pub fn build(&self) -> Option<&LockedBuild> {
        self.build.as_ref()
    }

    /// The entries that the last build linked, by id.
    pub fn linked(&self) -> impl Iterator<Item = &Locked> {
        self.entries.iter().filter(|locked| locked.linked)
    }

    /// The entry with this number.
    pub fn get(&self, id: PrecompileId) -> Option<&Locked> {
        self.place(id).ok().map(|index| &self.entries[index])
    }

    /// Adds an entry, in place of the one with the same number. It is linked only if it says so, has
    /// an end and there is a build; an end that is not behind the entry is left out.
    pub fn record(&mut self, mut locked: Locked) {
        locked.end = locked.end.filter(|end| *end > locked.entry);
        locked.linked = locked.linked && locked.end.is_some() && self.build.is_some();
        locked.calls = locked.calls.map(|calls| calls.min(LARGEST));
        match self.place(locked.id) {
            Ok(index) => self.entries[index] = locked,
            Err(index) => self.entries.insert(index, locked),
        }
    }

    /// Removes an entry; its number may be given again once all larger ones are gone.
    pub fn remove(&mut self, id: PrecompileId) -> Option<Locked> {
        self.place(id).ok().map(|index| self.entries.remove(index))
    }

    /// Records a build and what it linked, as [`record`](Self::record) does; no other entry is linked
    /// any more.
    pub fn finish(&mut self, mut build: LockedBuild, linked: &[Locked]) {
        build.totals = build.totals.map(|totals| LockedTotals {
            instructions: totals.instructions.min(LARGEST),
            instructions_patched: totals.instructions_patched.min(LARGEST),
            cost: totals.cost.min(LARGEST),
            cost_patched: totals.cost_patched.min(LARGEST),
        });
        self.build = Some(build);
        for entry in &mut self.entries {
            entry.linked = false;
        }
        for locked in linked {
            self.record(Locked { linked: true, ..locked.clone() });
        }
    }

    fn place(&self, id: PrecompileId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&id, |locked| locked.id)
    }
}
