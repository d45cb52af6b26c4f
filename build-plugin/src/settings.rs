//! `[package.metadata.autoprec]` of a guest's Cargo.toml.
//!
//! Invariant: paths are absolute once read; a key that is not in [`KEYS`] is an error, so that a
//! misspelt one does nothing silently.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::Error;
use crate::zkvm::{Target, Zkvm};

/// What the table may hold.
pub(crate) const KEYS: [&str; 14] = [
    "pipeline",
    "command",
    "elf",
    "input",
    "inputs",
    "stdin",
    "args",
    "variables",
    "env",
    "target",
    "max-precompiles",
    "lock",
    "config",
    "out",
];

/// What a guest's Cargo.toml says about autoprec; nothing where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The zkVM that the guest is for.
    pub pipeline: Option<Zkvm>,
    /// What builds the guest: program and arguments.
    pub command: Option<Vec<String>>,
    /// Where that leaves the ELF.
    pub elf: Option<PathBuf>,
    /// Inputs of the profiled run.
    pub inputs: Vec<PathBuf>,
    /// Its standard input.
    pub stdin: Option<PathBuf>,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its environment variables, `NAME=VALUE`.
    pub variables: Vec<String>,
    /// The environment that the guest expects, as the profiler names it.
    pub env: Option<String>,
    /// What is to prove it.
    pub target: Option<Target>,
    /// Precompiles at most.
    pub max_precompiles: Option<usize>,
    /// The lock.
    pub lock: Option<PathBuf>,
    /// The guest's openvm.toml.
    pub config: Option<PathBuf>,
    /// The folder of the build.
    pub out: Option<PathBuf>,
}

impl Settings {
    /// Reads the value of `metadata.autoprec`, as `cargo metadata` gives it. `manifest` is the Cargo.toml
    /// it comes from; paths are relative to its folder.
    ///
    /// # Errors
    /// If it has an unknown key or a value of another kind than expected.
    pub fn read(manifest: &Path, value: &Value) -> Result<Self, Error> {
        let folder = manifest.parent().unwrap_or(Path::new(""));
        let empty = serde_json::Map::new();
        let table = match value {
            Value::Null => &empty,
            Value::Object(table) => table,
            other => {
                return Err(Error::Value {
                    manifest: manifest.to_owned(),
                    key: "autoprec",
                    got: other.to_string(),
                    expected: "a table".to_owned(),
                });
            }
        };
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(Error::UnknownKey {
                manifest: manifest.to_owned(),
                key: key.clone(),
                known: KEYS.to_vec(),
            });
        }
        let reader = Reader { manifest, table };
        let path =
            |key| -> Result<_, Error> { Ok(reader.text(key)?.map(|text| folder.join(text))) };
        let mut inputs: Vec<PathBuf> = path("input")?.into_iter().collect();
        inputs.extend(reader.texts("inputs")?.into_iter().flatten().map(|text| folder.join(text)));
        let targets: Vec<&str> = Target::all().map(Target::name).collect();
        Ok(Self {
            pipeline: reader.named("pipeline", Zkvm::parse, &Zkvm::ALL.map(Zkvm::name))?,
            command: reader.command()?,
            elf: path("elf")?,
            inputs,
            stdin: path("stdin")?,
            args: reader.texts("args")?.unwrap_or_default(),
            variables: reader.texts("variables")?.unwrap_or_default(),
            env: reader.text("env")?.map(str::to_owned),
            target: reader.named("target", Target::named, &targets)?,
            max_precompiles: reader.number("max-precompiles")?,
            lock: path("lock")?,
            config: path("config")?,
            out: path("out")?,
        })
    }
}

struct Reader<'a> {
    manifest: &'a Path,
    table: &'a serde_json::Map<String, Value>,
}

impl<'a> Reader<'a> {
    fn wrong(&self, key: &'static str, got: &Value, expected: impl Into<String>) -> Error {
        let manifest = self.manifest.to_owned();
        Error::Value { manifest, key, got: got.to_string(), expected: expected.into() }
    }

    fn text(&self, key: &'static str) -> Result<Option<&'a str>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.wrong(key, value, "a string"))
    }

    fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let texts = value.as_array().and_then(|list| {
            list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.map(Some).ok_or_else(|| self.wrong(key, value, "a list of strings"))
    }

    fn command(&self) -> Result<Option<Vec<String>>, Error> {
        let words = self.texts("command")?;
        if words.as_ref().is_some_and(Vec::is_empty) {
            let expected = "a program and its arguments, such as [\"make\", \"guest\"]";
            return Err(self.wrong("command", &Value::Array(Vec::new()), expected));
        }
        Ok(words)
    }

    fn number(&self, key: &'static str) -> Result<Option<usize>, Error> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        number.map(Some).ok_or_else(|| self.wrong(key, value, "a number, 0 or more"))
    }

    fn named<T>(
        &self,
        key: &'static str,
        parse: fn(&str) -> Option<T>,
        names: &[&str],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| {
            self.wrong(key, &self.table[key], format!("one of {}", names.join(", ")))
        })
    }
}
