//! What a run was made of: rows and cells per AIR, instructions per segment, and the phases that a
//! caller may time.

use std::collections::BTreeMap;

use crate::machine::AirShape;

/// A phase of proving that begins now. The crate reads no clock; a caller that wants times takes
/// them when it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The ELF becomes a program.
    Transpile,
    /// Keys are generated and the run is cut into segments.
    Meter,
    /// The program is committed to.
    Commit,
    /// A segment runs and records what its traces need.
    Preflight {
        /// Its number, from 0.
        segment: usize,
    },
    /// The traces of a segment are generated.
    Traces {
        /// Its number, from 0.
        segment: usize,
    },
    /// A segment is proved.
    Prove {
        /// Its number, from 0.
        segment: usize,
    },
    /// The constraints of a segment are checked without a proof.
    Check {
        /// Its number, from 0.
        segment: usize,
    },
    /// The public values are opened against the final memory.
    PublicValues,
    /// All done.
    Done,
}

impl Phase {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transpile => "transpile",
            Self::Meter => "meter",
            Self::Commit => "commit",
            Self::Preflight { .. } => "preflight",
            Self::Traces { .. } => "traces",
            Self::Prove { .. } => "prove",
            Self::Check { .. } => "check",
            Self::PublicValues => "public values",
            Self::Done => "done",
        }
    }
}

/// One AIR in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirUse {
    /// Its position in the verifying key.
    pub index: usize,
    /// The AIR.
    pub shape: AirShape,
    /// Rows that were metered. Exact for instructions and precompiles; an upper bound for memory.
    pub rows: u64,
    /// Rows of the trace: a power of two.
    pub padded_rows: u64,
    /// Cells of the trace, padding included.
    pub cells: u64,
}

/// One AIR in a whole run: sums over segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// `precompile 10000`, or the name of OpenVM's type. Two tables may have one name: there is one per
    /// modulus.
    pub name: String,
    /// The id, if it is a precompile.
    pub precompile: Option<u32>,
    /// Columns, cached and preprocessed ones included.
    pub columns: u64,
    /// Rows that were metered: see [`AirUse::rows`].
    pub rows: u64,
    /// Rows of the traces.
    pub padded_rows: u64,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Instructions of the VM, a precompile call counting as one.
    pub instructions: u64,
    /// The clock at the end of the segment.
    pub final_timestamp: u32,
    /// The AIRs that have rows, in the order of the verifying key.
    pub airs: Vec<AirUse>,
}

impl SegmentReport {
    /// Cells of all traces, padding included.
    pub fn cells(&self) -> u64 {
        self.airs.iter().map(|air| air.cells).sum()
    }
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The binary logarithm of the height limit, chosen from the run.
    pub log_height: usize,
    /// Instructions of the VM, a precompile call counting as one.
    pub instructions: u64,
    /// The segments.
    pub segments: Vec<SegmentReport>,
}

impl Report {
    /// Cells of all traces of all segments, padding included.
    pub fn cells(&self) -> u64 {
        self.segments.iter().map(SegmentReport::cells).sum()
    }

    /// The tables that had rows in any segment, in the order of the verifying key.
    pub fn tables(&self) -> Vec<TableUse> {
        let mut tables: BTreeMap<usize, TableUse> = BTreeMap::new();
        for air in self.segments.iter().flat_map(|segment| &segment.airs) {
            let table = tables.entry(air.index).or_insert_with(|| TableUse {
                name: air.shape.name.clone(),
                precompile: air.shape.precompile,
                columns: air.shape.width as u64,
                rows: 0,
                padded_rows: 0,
            });
            table.rows += air.rows;
            table.padded_rows += air.padded_rows;
        }
        tables.into_values().collect()
    }

    /// How often a precompile was called.
    pub fn calls(&self, id: u32) -> u64 {
        self.segments
            .iter()
            .flat_map(|segment| &segment.airs)
            .filter(|air| air.shape.precompile == Some(id))
            .map(|air| air.rows)
            .sum()
    }
}
