//! `autoprec.lock`: which number means which precompile, so that numbers outlive rebuilds.
//!
//! Invariants: ids are unique and in ascending order; a precompile that is not found any more keeps
//! its entry, so that its number is not given to another; equal locks have equal texts.

use autoprec_profiler::PrecompileId;
use serde::{Deserialize, Serialize};

use crate::form::IDS;
use crate::manifest::digest;

/// Version of the format.
const VERSION: u32 = 1;
/// First line of every lock.
const COMMENT: &str = "# Written by autoprec. Keep it under version control: it keeps the numbers \
                       of precompiles stable.\n\n";

/// A numbered precompile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its number.
    pub id: PrecompileId,
    /// Function that the region lies in, where known.
    pub symbol: Option<String>,
    /// Entry of the region when it was last linked.
    pub entry: u64,
    /// Digest of the region's shape, which does not depend on its address.
    pub shape: [u8; 32],
    /// Digest of its constraint system.
    pub system: [u8; 32],
    /// Name of the target it was synthesised for.
    pub target: String,
    /// Version of the synthesiser.
    pub synthesiser: String,
}

/// A precompile that wants a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Function that the region lies in, where known.
    pub symbol: Option<String>,
    /// Entry of the region.
    pub entry: u64,
    /// Digest of the region's shape.
    pub shape: [u8; 32],
}

/// All numbered precompiles of a guest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
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
    #[error("the lock has version {got}; this program reads version {VERSION}")]
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
    /// A field cannot be read.
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
    /// All numbers are taken.
    #[error("no number below {} is free; remove entries of precompiles that are gone", PrecompileId::FIRST + IDS)]
    Full,
}

/// Whether an entry is that of a precompile.
type Same = fn(&Wanted, &Locked) -> bool;

/// How entries are recognised, the surest way first.
const RECOGNISED: [Same; 5] = [
    |w, l| w.shape == l.shape && w.symbol == l.symbol && w.entry == l.entry,
    |w, l| w.shape == l.shape && w.symbol == l.symbol,
    |w, l| w.shape == l.shape && w.entry == l.entry,
    |w, l| w.shape == l.shape,
    |w, l| w.entry == l.entry,
];

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    precompile: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    entry: String,
    shape: String,
    system: String,
    target: String,
    synthesiser: String,
}

impl Lock {
    /// The entries, by id.
    pub fn entries(&self) -> &[Locked] {
        &self.entries
    }

    /// The entry with this number.
    pub fn get(&self, id: PrecompileId) -> Option<&Locked> {
        self.place(id).ok().map(|index| &self.entries[index])
    }

    /// Adds an entry, in place of the one with the same number.
    pub fn record(&mut self, locked: Locked) {
        match self.place(locked.id) {
            Ok(index) => self.entries[index] = locked,
            Err(index) => self.entries.insert(index, locked),
        }
    }

    /// Removes an entry; its number may be given again once all larger ones are gone.
    pub fn remove(&mut self, id: PrecompileId) -> Option<Locked> {
        self.place(id).ok().map(|index| self.entries.remove(index))
    }

    fn place(&self, id: PrecompileId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&id, |locked| locked.id)
    }

    /// Numbers for `wanted`, in their order. An entry is recognised by shape and symbol, else by
    /// shape, else by its address; what is not recognised gets a number above all in use.
    ///
    /// # Errors
    /// If there are no more numbers.
    pub fn assign(&self, wanted: &[Wanted]) -> Result<Vec<PrecompileId>, LockError> {
        let mut free: Vec<&Locked> = self.entries.iter().collect();
        let mut ids: Vec<Option<PrecompileId>> = vec![None; wanted.len()];
        for same in RECOGNISED {
            for (wanted, id) in wanted.iter().zip(&mut ids).filter(|(_, id)| id.is_none()) {
                if let Some(index) = free.iter().position(|locked| same(wanted, locked)) {
                    *id = Some(free.remove(index).id);
                }
            }
        }
        let mut next = self.entries.last().map_or(0, |last| last.id.index() + 1);
        let mut fresh = || {
            let index = next;
            next += 1;
            (index < IDS).then(|| PrecompileId::from_index(index)).ok_or(LockError::Full)
        };
        ids.into_iter().map(|id| id.map_or_else(&mut fresh, Ok)).collect()
    }

    /// Reads the text of a lock.
    ///
    /// # Errors
    /// If it is none; names the entry and field.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let file: File =
            toml::from_str(text).map_err(|error| LockError::Toml { reason: error.to_string() })?;
        if file.version != VERSION {
            return Err(LockError::Version { got: file.version });
        }
        let mut lock = Self::default();
        for entry in file.precompile {
            let locked = entry.read()?;
            if lock.get(locked.id).is_some() {
                return Err(LockError::Twice { id: locked.id });
            }
            lock.record(locked);
        }
        Ok(lock)
    }

    /// The text of this lock.
    pub fn to_text(&self) -> String {
        let precompile = self.entries.iter().map(Row::of).collect();
        let file = File { version: VERSION, precompile };
        let toml = toml::to_string(&file).expect("numbers and strings are TOML");
        format!("{COMMENT}{toml}")
    }
}

impl Row {
    fn of(locked: &Locked) -> Self {
        Self {
            id: locked.id.number(),
            symbol: locked.symbol.clone(),
            entry: format!("{:#x}", locked.entry),
            shape: hex::encode(locked.shape),
            system: hex::encode(locked.system),
            target: locked.target.clone(),
            synthesiser: locked.synthesiser.clone(),
        }
    }

    fn read(self) -> Result<Locked, LockError> {
        let id = PrecompileId::new(self.id).filter(|id| id.index() < IDS);
        let id = id.ok_or(LockError::Id { got: self.id })?;
        let digest_of = |field, text: &str| {
            let expected = "64 hexadecimal digits";
            let got = text.to_owned();
            digest(text).ok_or(LockError::Field { id: self.id, field, got, expected })
        };
        let entry = self.entry.strip_prefix("0x").and_then(|d| u64::from_str_radix(d, 16).ok());
        let entry = entry.ok_or_else(|| LockError::Field {
            id: self.id,
            field: "entry",
            got: self.entry.clone(),
            expected: "an address such as 0x200820",
        })?;
        Ok(Locked {
            id,
            entry,
            shape: digest_of("shape", &self.shape)?,
            system: digest_of("system", &self.system)?,
            symbol: self.symbol,
            target: self.target,
            synthesiser: self.synthesiser,
        })
    }
}
