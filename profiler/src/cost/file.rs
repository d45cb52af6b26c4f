//! The file format of a model: JSON, in which instructions have their mnemonics.

use std::collections::BTreeMap;

use autoprec_isa::{Op, encoding::TABLE};
use serde::Deserialize;

use super::{Model, Padding, Table};

/// The version of the format.
const VERSION: u32 = 1;

/// Why text is not a cost model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Not JSON, or not of this form.
    #[error("not a cost model: {0}; docs/formats.md describes the form")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the format.
    #[error("the cost model has version {got}, expected {VERSION}")]
    Version {
        /// The version of the file.
        got: u32,
    },
    /// No units, or one twice.
    #[error("the units of the cost model are not distinct names: {units:?}")]
    Units {
        /// Those of the file.
        units: Vec<String>,
    },
    /// A table whose row has not one number per unit.
    #[error("a row of table `{table}` costs {got} numbers, expected one per unit: {expected}")]
    Row {
        /// Its name.
        table: String,
        /// Numbers.
        got: usize,
        /// Units.
        expected: usize,
    },
    /// No such instruction.
    #[error("table `{table}`: there is no instruction `{name}`")]
    Instruction {
        /// The table that names it.
        table: String,
        /// The name.
        name: String,
    },
    /// An instruction that is in two tables.
    #[error("instruction `{name}` is listed twice, the second time in table `{table}`")]
    Twice {
        /// The later table.
        table: String,
        /// The instruction.
        name: String,
    },
    /// Tables that are to be filled up to a multiple of nothing.
    #[error("`padding` is a multiple of 0; no padding is 1")]
    Padding,
    /// A call that is in it twice.
    #[error("the call `{name}` is listed twice")]
    CallTwice {
        /// Its name.
        name: String,
    },
    /// No such table.
    #[error("there is no table `{name}`")]
    NoTable {
        /// The name.
        name: String,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: u32,
    name: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    source: String,
    units: Vec<String>,
    #[serde(default)]
    padding: FilePadding,
    tables: Vec<FileTable>,
    #[serde(default)]
    calls: Vec<FileCall>,
    discarded: Option<String>,
    otherwise: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    name: String,
    row: Vec<u64>,
    #[serde(default)]
    instructions: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum FilePadding {
    #[default]
    #[serde(skip)]
    Unsaid,
    Named(PowerOfTwo),
    Multiple(u64),
}

#[derive(Deserialize)]
enum PowerOfTwo {
    #[serde(rename = "power-of-two")]
    PowerOfTwo,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCall {
    name: String,
    rows: BTreeMap<String, u64>,
}

impl Model {
    /// Reads the file form.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, ModelError> {
        let Version { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(ModelError::Version { got: version });
        }
        let file: File = serde_json::from_str(text)?;
        let distinct = |(index, unit): (usize, &String)| !file.units[..index].contains(unit);
        if file.units.is_empty() || !file.units.iter().enumerate().all(distinct) {
            return Err(ModelError::Units { units: file.units });
        }
        let (tables, by_op) = read_tables(file.tables, file.units.len())?;
        let find = |name: String| {
            let found = tables.iter().position(|table| table.name == name);
            found.ok_or(ModelError::NoTable { name })
        };
        let discarded = file.discarded.map(find).transpose()?;
        let otherwise = file.otherwise.map(find).transpose()?;
        let mut calls = BTreeMap::new();
        for FileCall { name, rows } in file.calls {
            let rows = rows.into_iter().map(|(table, rows)| Ok((find(table)?, rows)));
            let rows = rows.collect::<Result<_, ModelError>>()?;
            if calls.insert(name.clone(), rows).is_some() {
                return Err(ModelError::CallTwice { name });
            }
        }
        Ok(Self {
            name: file.name,
            about: file.about,
            source: file.source,
            units: file.units,
            padding: file.padding.read()?,
            tables,
            calls,
            by_op,
            discarded,
            otherwise,
        })
    }
}

impl FilePadding {
    fn read(self) -> Result<Padding, ModelError> {
        match self {
            Self::Unsaid | Self::Named(PowerOfTwo::PowerOfTwo) => Ok(Padding::PowerOfTwo),
            Self::Multiple(0) => Err(ModelError::Padding),
            Self::Multiple(step) => Ok(Padding::Multiple(step)),
        }
    }
}

/// The tables, and which of them each operation lands in.
fn read_tables(
    file: Vec<FileTable>,
    units: usize,
) -> Result<(Vec<Table>, BTreeMap<Op, usize>), ModelError> {
    let mut tables = Vec::new();
    let mut by_op = BTreeMap::new();
    for FileTable { name: table, row, instructions } in file {
        if row.len() != units {
            return Err(ModelError::Row { table, got: row.len(), expected: units });
        }
        for name in instructions {
            let Some(known) = TABLE.iter().find(|known| known.name == name) else {
                return Err(ModelError::Instruction { table, name });
            };
            if by_op.insert(known.op, tables.len()).is_some() {
                return Err(ModelError::Twice { table, name });
            }
        }
        tables.push(Table { name: table, row });
    }
    Ok((tables, by_op))
}
