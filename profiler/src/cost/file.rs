//! The file format of a model: JSON, in which instructions have their mnemonics.

use std::collections::BTreeMap;

use autoprec_isa::encoding::TABLE;
use serde::Deserialize;

use super::{Model, Table};

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
    units: Vec<String>,
    tables: Vec<FileTable>,
    discarded: Option<String>,
    otherwise: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    name: String,
    row: Vec<u64>,
    instructions: Vec<String>,
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
        let mut tables: Vec<Table> = Vec::new();
        let mut by_op = BTreeMap::new();
        for FileTable { name: table, row, instructions } in file.tables {
            if row.len() != file.units.len() {
                let (got, expected) = (row.len(), file.units.len());
                return Err(ModelError::Row { table, got, expected });
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
        let find = |name: Option<String>| {
            let Some(name) = name else { return Ok(None) };
            let found = tables.iter().position(|table| table.name == name);
            found.map(Some).ok_or(ModelError::NoTable { name })
        };
        let (discarded, otherwise) = (find(file.discarded)?, find(file.otherwise)?);
        let (name, about, units) = (file.name, file.about, file.units);
        Ok(Self { name, about, units, tables, by_op, discarded, otherwise })
    }
}
