//! What differs between two locks, one thing at a time and in words: what a build that must not change
//! its lock refuses with.
//!
//! Invariants: there are no changes if and only if the locks are equal; causes (ELF, input, options)
//! come before what follows from them, and precompiles are in order of their numbers.

use std::fmt;

use autoprec_guest_elf::PrecompileId;

use super::{Lock, Locked, LockedBuild};

/// The most characters of a name that are shown.
const NAME: usize = 80;
/// Hexadecimal digits of a digest that are shown.
const DIGITS: usize = 16;

/// One difference between two locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// The old lock records no build.
    FirstBuild,
    /// The new lock records no build, the old one does.
    NoBuild,
    /// Something that the build was made from, or that it gave.
    Build {
        /// The part of the build that differs.
        field: BuildField,
        /// The old value, as text.
        old: String,
        /// The new value, as text.
        new: String,
    },
    /// A precompile is linked that was not.
    Added {
        /// The number of the precompile.
        id: PrecompileId,
        /// Its function.
        symbol: Option<String>,
        /// The address of its first instruction.
        entry: u64,
    },
    /// A precompile was linked and is not any more.
    Gone {
        /// The number of the precompile.
        id: PrecompileId,
        /// Its function.
        symbol: Option<String>,
        /// The address of its first instruction in the old lock.
        entry: u64,
    },
    /// A precompile differs.
    Precompile {
        /// The number of the precompile.
        id: PrecompileId,
        /// Its function, in the new lock.
        symbol: Option<String>,
        /// The part of the entry that differs.
        field: PrecompileField,
        /// The old value, as text.
        old: String,
        /// The new value, as text.
        new: String,
    },
    /// A number that is not in use is kept, which was not.
    Kept {
        /// The number.
        id: PrecompileId,
    },
    /// A number that is not in use was kept, and is not any more.
    Dropped {
        /// The number.
        id: PrecompileId,
    },
}

/// What a build was made from, and what it gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuildField {
    /// The original ELF.
    Elf,
    /// What the profiled run was given.
    Input,
    /// The target.
    Target,
    /// The form of calls.
    Form,
    /// How many precompiles there may be.
    Limit,
    /// The VM's configuration.
    Config,
    /// The version of the synthesiser.
    Synthesiser,
    /// The profile.
    Profile,
    /// Guest instructions of the profiled run.
    Instructions,
    /// The same with the precompiles.
    InstructionsPatched,
    /// Cost of the profiled run.
    Cost,
    /// The same with the precompiles.
    CostPatched,
    /// The patched ELF.
    Patched,
}

/// What is recorded of a precompile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrecompileField {
    /// The address of its first instruction.
    Entry,
    /// The address behind its last.
    End,
    /// Its instructions.
    Insts,
    /// The digest of its code, wherever it lies.
    Shape,
    /// The digest of its constraint system.
    System,
    /// The function it lies in.
    Symbol,
    /// The target it was synthesised for.
    Target,
    /// The version of what synthesised it.
    Synthesiser,
    /// How often the profiled run executed it.
    Calls,
}

impl Lock {
    /// What differs in `new`; empty if nothing does.
    pub fn changes(&self, new: &Self) -> Vec<LockChange> {
        let mut changes = match (self.build(), new.build()) {
            (None, None) => Vec::new(),
            (None, Some(_)) => vec![LockChange::FirstBuild],
            (Some(_), None) => vec![LockChange::NoBuild],
            (Some(old), Some(new)) => differing(&build_fields(old), &build_fields(new))
                .map(|(field, old, new)| LockChange::Build { field, old, new })
                .collect(),
        };
        let mut ids: Vec<PrecompileId> =
            self.entries().iter().chain(new.entries()).map(|locked| locked.id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            changes.extend(precompile_changes(id, self.get(id), new.get(id)));
        }
        changes
    }
}

/// What differs in one entry.
fn precompile_changes(
    id: PrecompileId,
    old: Option<&Locked>,
    new: Option<&Locked>,
) -> Vec<LockChange> {
    let linked = |locked: Option<&Locked>| locked.is_some_and(|locked| locked.linked);
    match (old, new) {
        (_, Some(new)) if new.linked && !linked(old) => {
            vec![LockChange::Added { id, symbol: new.symbol.clone(), entry: new.entry }]
        }
        (Some(old), _) if old.linked && !linked(new) => {
            vec![LockChange::Gone { id, symbol: old.symbol.clone(), entry: old.entry }]
        }
        (Some(old), Some(new)) => {
            let symbol = || new.symbol.clone();
            differing(&entry_fields(old), &entry_fields(new))
                .map(|(field, old, new)| LockChange::Precompile {
                    id,
                    symbol: symbol(),
                    field,
                    old,
                    new,
                })
                .collect()
        }
        (None, Some(_)) => vec![LockChange::Kept { id }],
        (Some(_), None) => vec![LockChange::Dropped { id }],
        (None, None) => Vec::new(),
    }
}

/// The fields whose values differ; values are compared in full and told as [`Value`] prints them.
fn differing<F: Copy>(
    old: &[(F, Value)],
    new: &[(F, Value)],
) -> impl Iterator<Item = (F, String, String)> {
    let pairs = old.iter().zip(new).filter(|((_, old), (_, new))| old != new);
    pairs.map(|((field, old), (_, new))| (*field, old.to_string(), new.to_string()))
}

/// A value of either lock.
#[derive(PartialEq, Eq)]
enum Value {
    Nothing,
    Digest([u8; 32]),
    Number(u64),
    Address(u64),
    Text(String),
    Name(String),
}

impl Value {
    fn optional<T>(value: Option<T>, some: impl Fn(T) -> Self) -> Self {
        value.map_or(Self::Nothing, some)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
            Self::Digest(digest) => write!(f, "{}…", &hex::encode(digest)[..DIGITS]),
            Self::Number(number) => write!(f, "{number}"),
            Self::Address(address) => write!(f, "{address:#x}"),
            Self::Text(text) => write!(f, "`{}`", shown(text)),
            Self::Name(name) => f.write_str(&shown(name)),
        }
    }
}

fn build_fields(build: &LockedBuild) -> [(BuildField, Value); 13] {
    let total = |field: fn(&super::LockedTotals) -> u64| {
        Value::optional(build.totals.as_ref().map(field), Value::Number)
    };
    [
        (BuildField::Elf, Value::Digest(build.elf)),
        (BuildField::Input, Value::Digest(build.input)),
        (BuildField::Target, Value::Text(build.target.clone())),
        (BuildField::Form, Value::Text(build.form.to_string())),
        (BuildField::Limit, Value::optional(build.limit.map(u64::from), Value::Number)),
        (BuildField::Config, Value::optional(build.config, Value::Digest)),
        (BuildField::Synthesiser, Value::Text(build.synthesiser.clone())),
        (BuildField::Profile, Value::Digest(build.profile)),
        (BuildField::Instructions, total(|totals| totals.instructions)),
        (BuildField::InstructionsPatched, total(|totals| totals.instructions_patched)),
        (BuildField::Cost, total(|totals| totals.cost)),
        (BuildField::CostPatched, total(|totals| totals.cost_patched)),
        (BuildField::Patched, Value::Digest(build.patched)),
    ]
}

fn entry_fields(locked: &Locked) -> [(PrecompileField, Value); 9] {
    [
        (PrecompileField::Entry, Value::Address(locked.entry)),
        (PrecompileField::End, Value::optional(locked.end, Value::Address)),
        (PrecompileField::Insts, Value::optional(locked.insts.map(u64::from), Value::Number)),
        (PrecompileField::Shape, Value::Digest(locked.shape)),
        (PrecompileField::System, Value::Digest(locked.system)),
        (PrecompileField::Symbol, Value::optional(locked.symbol.clone(), Value::Name)),
        (PrecompileField::Target, Value::Text(locked.target.clone())),
        (PrecompileField::Synthesiser, Value::Text(locked.synthesiser.clone())),
        (PrecompileField::Calls, Value::optional(locked.calls, Value::Number)),
    ]
}

/// A name on one line, cut if it is long.
fn shown(name: &str) -> String {
    let mut escaped = name.chars().flat_map(char::escape_debug);
    let mut text: String = escaped.by_ref().take(NAME).collect();
    if escaped.next().is_some() {
        text.push('…');
    }
    text
}

/// ` in f`, if it lies in a function.
fn within(symbol: Option<&String>) -> String {
    symbol.map_or_else(String::new, |symbol| format!(" in {}", shown(symbol)))
}

impl fmt::Display for LockChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstBuild => f.write_str("the lock records no build yet"),
            Self::NoBuild => f.write_str("the build is not recorded any more"),
            Self::Build { field, old, new } => write!(f, "{field}: {old} → {new}"),
            Self::Added { id, symbol, entry } => {
                write!(f, "precompile {id} at {entry:#x}{} is new", within(symbol.as_ref()))
            }
            Self::Gone { id, symbol, entry } => {
                write!(f, "precompile {id} at {entry:#x}{} is gone", within(symbol.as_ref()))
            }
            Self::Precompile { id, symbol, field, old, new } => {
                let within = within(symbol.as_ref());
                match field {
                    PrecompileField::Entry => {
                        write!(f, "precompile {id}{within} moved: {old} → {new}")
                    }
                    _ => write!(f, "precompile {id}{within}: {field}: {old} → {new}"),
                }
            }
            Self::Kept { id } => write!(f, "number {id} is kept though it is not in use"),
            Self::Dropped { id } => write!(f, "number {id} is not kept any more"),
        }
    }
}

impl fmt::Display for BuildField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Elf => "ELF of the guest",
            Self::Input => "input of the profiled run",
            Self::Target => "target",
            Self::Form => "form of calls",
            Self::Limit => "most precompiles",
            Self::Config => "configuration of the VM",
            Self::Synthesiser => "version of the synthesiser",
            Self::Profile => "profile",
            Self::Instructions => "instructions of the profiled run",
            Self::InstructionsPatched => "instructions of the profiled run with precompiles",
            Self::Cost => "cost of the profiled run",
            Self::CostPatched => "cost of the profiled run with precompiles",
            Self::Patched => "patched ELF",
        })
    }
}

impl fmt::Display for PrecompileField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entry => "entry",
            Self::End => "end",
            Self::Insts => "instructions",
            Self::Shape => "shape of its code",
            Self::System => "constraint system",
            Self::Symbol => "function",
            Self::Target => "target",
            Self::Synthesiser => "version of its synthesiser",
            Self::Calls => "calls in the profiled run",
        })
    }
}
