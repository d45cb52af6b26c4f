//! The text of a lock: TOML.
//!
//! Invariants: printing and reading back gives the same lock; version 1, which has neither builds nor
//! ends, is read, and written as version 2; reading is total.

use autoprec_guest_elf::PrecompileId;
use serde::{Deserialize, Serialize};

use super::{Lock, LockError, Locked, LockedBuild, LockedTotals, VERSION};
use crate::form::IDS;

/// First line of every lock.
const COMMENT: &str = "# Written by autoprec. Keep it under version control: it keeps the numbers \
                       of precompiles stable.\n\n";
const DIGEST: &str = "64 hexadecimal digits in lower case";
const NOTHING: &str = "nothing: version 1 does not have it";
const TOTALS: &str =
    "`instructions`, `instructions_patched`, `cost` and `cost_patched`, or none of them";

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build: Option<Build>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    precompile: Vec<Row>,
}

/// What tells the version, whatever else there is.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    elf: String,
    profile: String,
    input: String,
    target: String,
    form: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    synthesiser: String,
    patched: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instructions: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instructions_patched: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost_patched: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    linked: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    symbol: Option<String>,
    entry: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    insts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calls: Option<u64>,
    shape: String,
    system: String,
    target: String,
    synthesiser: String,
}

impl Lock {
    /// Reads the text of a lock, of this version or of version 1.
    ///
    /// # Errors
    /// If it is none; names the entry and field.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let toml = |error: toml::de::Error| LockError::Toml { reason: error.to_string() };
        let Versioned { version } = toml::from_str(text).map_err(toml)?;
        if ![1, VERSION].contains(&version) {
            return Err(LockError::Version { got: version });
        }
        let file: File = toml::from_str(text).map_err(toml)?;
        if version == 1 && file.build.is_some() {
            let got = "a table".to_owned();
            return Err(LockError::Build { field: "build", got, expected: NOTHING });
        }
        let build = file.build.map(Build::read).transpose()?;
        let mut lock = Self { build, entries: Vec::new() };
        for row in file.precompile {
            let locked = row.read(version, lock.build.is_some())?;
            if lock.get(locked.id).is_some() {
                return Err(LockError::Twice { id: locked.id });
            }
            lock.record(locked);
        }
        Ok(lock)
    }

    /// The text of this lock.
    pub fn to_text(&self) -> String {
        let build = self.build.as_ref().map(Build::of);
        let precompile = self.entries.iter().map(Row::of).collect();
        let file = File { version: VERSION, build, precompile };
        let toml = toml::to_string(&file).expect("strings, and numbers below 2^63, are TOML");
        format!("{COMMENT}{toml}")
    }
}

impl Build {
    fn of(build: &LockedBuild) -> Self {
        let total = |field: fn(&LockedTotals) -> u64| build.totals.as_ref().map(field);
        Self {
            elf: hex::encode(build.elf),
            profile: hex::encode(build.profile),
            input: hex::encode(build.input),
            target: build.target.clone(),
            form: build.form.to_string(),
            limit: build.limit,
            config: build.config.map(hex::encode),
            synthesiser: build.synthesiser.clone(),
            patched: hex::encode(build.patched),
            instructions: total(|totals| totals.instructions),
            instructions_patched: total(|totals| totals.instructions_patched),
            cost: total(|totals| totals.cost),
            cost_patched: total(|totals| totals.cost_patched),
        }
    }

    fn read(self) -> Result<LockedBuild, LockError> {
        let digest_of = |field, text: &str| {
            let wrong = || LockError::Build { field, got: text.to_owned(), expected: DIGEST };
            digest(text).ok_or_else(wrong)
        };
        let form = self.form.parse().map_err(|_| LockError::Build {
            field: "form",
            got: self.form.clone(),
            expected: "`insn`, `ecall a7` or `ecall t0`",
        })?;
        Ok(LockedBuild {
            elf: digest_of("elf", &self.elf)?,
            profile: digest_of("profile", &self.profile)?,
            input: digest_of("input", &self.input)?,
            config: self.config.as_deref().map(|text| digest_of("config", text)).transpose()?,
            patched: digest_of("patched", &self.patched)?,
            totals: self.totals()?,
            form,
            limit: self.limit,
            target: self.target,
            synthesiser: self.synthesiser,
        })
    }

    /// All four sums or none.
    fn totals(&self) -> Result<Option<LockedTotals>, LockError> {
        let all = [
            ("instructions", self.instructions),
            ("instructions_patched", self.instructions_patched),
            ("cost", self.cost),
            ("cost_patched", self.cost_patched),
        ];
        if all.iter().all(|(_, total)| total.is_none()) {
            return Ok(None);
        }
        let one = |(field, total): (&'static str, Option<u64>)| {
            let expected = TOTALS;
            total.ok_or_else(|| LockError::Build { field, got: "missing".to_owned(), expected })
        };
        let [instructions, instructions_patched, cost, cost_patched] = all.map(one);
        Ok(Some(LockedTotals {
            instructions: instructions?,
            instructions_patched: instructions_patched?,
            cost: cost?,
            cost_patched: cost_patched?,
        }))
    }
}

impl Row {
    fn of(locked: &Locked) -> Self {
        Self {
            id: locked.id.number(),
            linked: Some(locked.linked),
            symbol: locked.symbol.clone(),
            entry: format!("{:#x}", locked.entry),
            end: locked.end.map(|end| format!("{end:#x}")),
            insts: locked.insts,
            calls: locked.calls,
            shape: hex::encode(locked.shape),
            system: hex::encode(locked.system),
            target: locked.target.clone(),
            synthesiser: locked.synthesiser.clone(),
        }
    }

    fn read(self, version: u32, build: bool) -> Result<Locked, LockError> {
        let id = PrecompileId::new(self.id).filter(|id| id.index() < IDS);
        let id = id.ok_or(LockError::Id { got: self.id })?;
        let wrong = |field, got: &str, expected| {
            let got = got.to_owned();
            LockError::Field { id: self.id, field, got, expected }
        };
        let digest_of = |field, text: &str| digest(text).ok_or_else(|| wrong(field, text, DIGEST));
        if version == 1 {
            self.is_version_1()?;
        }
        let entry = address(&self.entry)
            .ok_or_else(|| wrong("entry", &self.entry, "an address such as 0x200820"))?;
        let end = self.end.as_deref().map(|text| {
            let end = address(text).filter(|end| *end > entry);
            end.ok_or_else(|| wrong("end", text, "an address behind `entry`"))
        });
        let end = end.transpose()?;
        let linked = match self.linked {
            None if version > 1 => return Err(wrong("linked", "missing", "`true` or `false`")),
            Some(true) if !build => {
                return Err(wrong("linked", "true", "a table `[build]`, or `false`"));
            }
            Some(true) if end.is_none() => {
                return Err(wrong("end", "missing", "an address, as the entry is linked"));
            }
            linked => linked == Some(true),
        };
        Ok(Locked {
            id,
            entry,
            end,
            insts: self.insts,
            calls: self.calls,
            linked,
            shape: digest_of("shape", &self.shape)?,
            system: digest_of("system", &self.system)?,
            symbol: self.symbol,
            target: self.target,
            synthesiser: self.synthesiser,
        })
    }

    /// Refuses what version 1 does not have.
    fn is_version_1(&self) -> Result<(), LockError> {
        let present = [
            ("linked", self.linked.map(|value| value.to_string())),
            ("end", self.end.clone()),
            ("insts", self.insts.map(|value| value.to_string())),
            ("calls", self.calls.map(|value| value.to_string())),
        ];
        match present.into_iter().find_map(|(field, got)| got.map(|got| (field, got))) {
            Some((field, got)) => {
                Err(LockError::Field { id: self.id, field, got, expected: NOTHING })
            }
            None => Ok(()),
        }
    }
}

/// The bytes of a digest as it is printed: equal digests have equal texts.
fn digest(text: &str) -> Option<[u8; 32]> {
    crate::manifest::digest(text).filter(|digest| hex::encode(digest) == text)
}

/// An address as it is printed.
fn address(text: &str) -> Option<u64> {
    let address = u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
    (format!("{address:#x}") == text).then_some(address)
}
