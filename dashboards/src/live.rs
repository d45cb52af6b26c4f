//! What a run that goes on tells of itself: a small file beside the folder that it will write, for
//! `autoprec serve`.
//!
//! Invariants: bounded, however large the guest is and however long it runs; unlike in a report, there
//! are times in it, so it is never part of a result.

use serde::{Deserialize, Serialize};

/// The version of the form.
pub const LIVE_VERSION: u32 = 1;

/// Functions and blocks at most, each.
pub const LIVE_ROWS: usize = 50;

/// Nodes of the call tree at most.
pub const LIVE_NODES: usize = 400;

/// Points of the history at most.
pub const LIVE_POINTS: usize = 240;

/// The longest name, in characters: some are kilobytes.
pub const LIVE_NAME: usize = 300;

/// A run that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Live {
    /// [`LIVE_VERSION`].
    pub version: u32,
    /// `profile` or `build`.
    pub command: String,
    /// The name of the guest's file.
    pub guest: String,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// Seconds since then.
    pub seconds: f64,
    /// What it does at the moment, such as `running`.
    pub stage: String,
    /// Seconds since that began.
    pub stage_seconds: f64,
    /// Things that the stage has done.
    pub done: u64,
    /// How many there are; none if that is not known or the stage has no parts.
    pub of: Option<u64>,
    /// Instructions that the guest has executed, if the stage runs it.
    pub instructions: Option<u64>,
    /// Millions of instructions per second, lately.
    pub mips: Option<f64>,
    /// The profiled run over time, oldest first; every other point is dropped when there are too many.
    pub history: Vec<LivePoint>,
    /// Where the instructions went, so far.
    pub profile: Option<LiveProfile>,
}

/// A point in time of the profiled run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LivePoint {
    /// Seconds since the run began.
    pub seconds: f64,
    /// Instructions that were executed until then.
    pub instructions: u64,
}

/// A profile in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveProfile {
    /// Instructions that it counts.
    pub instructions: u64,
    /// Whether the run goes on.
    pub partial: bool,
    /// Functions that executed something.
    pub functions_in_all: usize,
    /// Those that executed most by themselves, most first.
    pub functions: Vec<LiveRow>,
    /// Blocks that were executed.
    pub blocks_in_all: usize,
    /// Those that executed most, most first.
    pub blocks: Vec<LiveBlock>,
    /// Call paths, from the outermost functions on; those that executed most.
    pub tree: LiveTree,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveRow {
    /// Its name; calls of the environment and of precompiles in brackets.
    pub name: String,
    /// Instructions of its own, callees excluded.
    pub instructions: u64,
}

/// A block: instructions that are executed one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveBlock {
    /// Address of its first instruction.
    pub entry: u64,
    /// The function it lies in, if symbols tell.
    pub function: Option<String>,
    /// How often it was executed.
    pub count: u64,
    /// Instructions that were executed in it.
    pub instructions: u64,
}

/// A tree of call paths, parents before children, siblings by name. Lists of equal length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveTree {
    /// Index of the caller; −1 for outermost functions.
    pub parent: Vec<i32>,
    /// Its name.
    pub name: Vec<String>,
    /// Instructions on this path, callees included.
    pub instructions: Vec<u64>,
}

/// Why a text says nothing of a run.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Not JSON of the form.
    #[error("this is not what a run of autoprec tells of itself: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error("the run tells of itself in version {got}; this program reads version {LIVE_VERSION}")]
    Version {
        /// Its version.
        got: u32,
    },
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Live {
    /// The JSON form.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string(self).expect("plain data is JSON");
        text.push('\n');
        text
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    /// If it is something else or of another version.
    pub fn from_json(text: &str) -> Result<Self, LiveError> {
        let Versioned { version } = serde_json::from_str(text)?;
        if version != LIVE_VERSION {
            return Err(LiveError::Version { got: version });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// Adds a point to the history.
    pub fn note(&mut self, point: LivePoint) {
        if self.history.len() >= LIVE_POINTS {
            let mut index = 0;
            self.history.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
        self.history.push(point);
    }
}

/// What the server of the live page knows of a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveAnswer {
    /// [`LIVE_VERSION`].
    pub version: u32,
    /// How things are.
    pub state: LiveState,
    /// What a person should know of the state.
    pub note: Option<String>,
    /// The name of the folder.
    pub folder: String,
    /// Whether there is a report.
    pub report: bool,
    /// The run that goes on; of one that ended, what it told last.
    pub live: Option<Live>,
}

/// How things are with a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveState {
    /// Nothing was started yet.
    Waiting,
    /// A run goes on.
    Running,
    /// A run has told nothing for a while: it was killed or is suspended.
    Stale,
    /// A run has ended and left its report.
    Ended,
    /// A run has ended and left no report.
    Failed,
}
