//! Blocks as powdr exports them (`ApcWithBusMap`), as far as they are needed here.
//!
//! Of the exported machine only sizes are kept: a column is known by the number behind the last
//! `@` of its name, wherever it is mentioned.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;

use autoprec_blocks::{Region, RegionError, RegionInst};
use autoprec_isa::{Inst, Xlen};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::opcode::{RowError, decode_row, encode_row};
use crate::size::Size;

/// Bytes of an instruction on OpenVM.
const STEP: u8 = 4;

/// A block to measure.
#[derive(Clone, Debug)]
pub struct Export {
    /// The name of its file.
    pub file: String,
    /// Its instructions; `count` is 0.
    pub region: Region,
    /// The size of its concatenated tables, if the export has them.
    pub machine: Option<Size>,
}

/// An export that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct ExportError {
    /// The name of the file.
    pub file: String,
    /// What is wrong with it.
    pub problem: ExportProblem,
}

/// What is wrong with an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportProblem {
    /// It is compressed, and damaged.
    #[error("this is not a gzip file: {0}")]
    Gzip(std::io::Error),
    /// It is not JSON of the form.
    #[error("this is not an exported block of powdr: {0}")]
    Json(#[from] serde_json::Error),
    /// It has not one basic block.
    #[error("one basic block is expected, the export has {0}")]
    Blocks(usize),
    /// An instruction that is none of RV32IM.
    #[error("instruction {index}, at {pc:#x}: {error}")]
    Instruction {
        /// Its position, counted from 0.
        index: usize,
        /// The address of the instruction.
        pc: u64,
        /// What is wrong with it.
        error: RowError,
    },
    /// Instructions that form no region.
    #[error(transparent)]
    Region(#[from] RegionError),
}

#[derive(Serialize, Deserialize)]
struct Apc<M> {
    block: SuperBlock,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<M>,
}

#[derive(Serialize, Deserialize)]
struct SuperBlock {
    blocks: Vec<Block>,
}

#[derive(Serialize, Deserialize)]
struct Block {
    start_pc: u64,
    instructions: Vec<Vec<u64>>,
}

#[derive(Deserialize)]
struct Machine {
    constraints: Vec<Mentions>,
    bus_interactions: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    mult: Mentions,
    args: Vec<Mentions>,
}

/// The columns that an expression mentions.
struct Mentions(Vec<u64>);

impl<'de> Deserialize<'de> for Mentions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MentionsVisitor)
    }
}

struct MentionsVisitor;

impl<'de> Visitor<'de> for MentionsVisitor {
    type Value = Mentions;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column `name@number`, an operator, a number, or a list of these")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Mentions, E> {
        Ok(Mentions(Vec::new()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Mentions, E> {
        if ["+", "-", "*"].contains(&text) {
            return Ok(Mentions(Vec::new()));
        }
        let number = text.rsplit_once('@').and_then(|(_, number)| number.parse().ok());
        Ok(Mentions(vec![number.ok_or_else(|| {
            E::custom(format!("`{text}` is neither an operator nor a column `name@number`"))
        })?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Mentions, A::Error> {
        let mut all = Vec::new();
        while let Some(Mentions(part)) = parts.next_element()? {
            all.extend(part);
        }
        Ok(Mentions(all))
    }
}

impl Machine {
    fn size(&self) -> Size {
        let messages =
            self.bus_interactions.iter().flat_map(|m| std::iter::once(&m.mult).chain(&m.args));
        let columns: BTreeSet<u64> =
            self.constraints.iter().chain(messages).flat_map(|m| &m.0).copied().collect();
        Size {
            columns: columns.len(),
            interactions: self.bus_interactions.len(),
            constraints: self.constraints.len(),
        }
    }
}

impl Export {
    /// Reads an export: JSON, plain or compressed by gzip. `file` is its name, for errors.
    ///
    /// # Errors
    /// If it is something else, or not one basic block of RV32IM.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, ExportError> {
        let failed = |problem| ExportError { file: file.to_owned(), problem };
        let json = unpacked(bytes).map_err(|error| failed(ExportProblem::Gzip(error)))?;
        Self::parse(file, &json).map_err(failed)
    }

    fn parse(file: &str, json: &[u8]) -> Result<Self, ExportProblem> {
        let Apc::<Machine> { block, machine } = serde_json::from_slice(json)?;
        let [block] = &block.blocks[..] else {
            return Err(ExportProblem::Blocks(block.blocks.len()));
        };
        let insts = block.instructions.iter().enumerate().map(|(index, row)| {
            let pc = block.start_pc + u64::from(STEP) * index as u64;
            let inst =
                decode_row(row).map_err(|error| ExportProblem::Instruction { index, pc, error })?;
            Ok(RegionInst { pc, inst, len: STEP })
        });
        let insts: Vec<RegionInst> = insts.collect::<Result<_, ExportProblem>>()?;
        let region = Region::checked(Xlen::Rv32, insts, 0)?;
        Ok(Self { file: file.to_owned(), region, machine: machine.map(|m| m.size()) })
    }
}

/// The content of a file that may be compressed by gzip.
pub(crate) fn unpacked(bytes: &[u8]) -> std::io::Result<std::borrow::Cow<'_, [u8]>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.into());
    }
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut json)?;
    Ok(json.into())
}

/// A region in the form of an export, without machine.
///
/// # Errors
/// The first instruction that is none of RV32IM.
pub fn write_export(region: &Region) -> Result<String, Inst> {
    let rows = region.insts.iter().map(|at| Ok(encode_row(at.inst).ok_or(at.inst)?.to_vec()));
    let block = Block { start_pc: region.entry(), instructions: rows.collect::<Result<_, _>>()? };
    let apc = Apc::<()> { block: SuperBlock { blocks: vec![block] }, machine: None };
    Ok(serde_json::to_string(&apc).expect("plain data is JSON"))
}

/// How often each file's block was executed: the columns `file` and `freq` of a table with a
/// heading, separated by tabs. Lines without both are left out.
pub fn frequencies(table: &str) -> BTreeMap<String, u64> {
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let heading = lines.next().unwrap_or_default();
    let column = |name: &str| heading.iter().position(|title| *title == name);
    let (Some(file), Some(frequency)) = (column("file"), column("freq")) else {
        return BTreeMap::new();
    };
    lines
        .filter_map(|line| {
            Some(((*line.get(file)?).to_owned(), line.get(frequency)?.parse().ok()?))
        })
        .collect()
}
