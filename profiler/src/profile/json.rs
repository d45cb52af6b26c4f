//! The file format of a profile: JSON on types of its own, so that the profile's may change.
//!
//! Addresses are hexadecimal strings, as tools print them; counts are numbers. The version is looked
//! at before anything else.

use serde::{Deserialize, Serialize};

use super::{Edge, Profile, Span, Stack};

/// Why text is not a profile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not JSON, or not of this form.
    #[error("not a profile: {0}; write one with `autoprec profile`")]
    Malformed(#[from] serde_json::Error),
    /// Written by another version of the tool.
    #[error("the profile has version {got}, expected {expected}; profile the guest again")]
    Version {
        /// The version of the file.
        got: u32,
        /// The one version that can be read.
        expected: u32,
    },
    /// An address that is not one.
    #[error("`{text}` in the profile is not a hexadecimal address")]
    Address {
        /// What stands there.
        text: String,
    },
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Start, end, instructions, executions.
type SpanRow = (String, String, u32, u64);
/// Origin, target, executions.
type EdgeRow = (String, String, u64);
/// Functions, instructions.
type StackRow = (Vec<String>, u64);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    elf_digest: String,
    /// Absent in the profile of a run to the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    instructions: u64,
    spans: Vec<SpanRow>,
    edges: Vec<EdgeRow>,
    stacks: Vec<StackRow>,
}

fn hex(addr: u64) -> String {
    format!("{addr:#x}")
}

fn addr(text: &str) -> Result<u64, ProfileError> {
    text.strip_prefix("0x")
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| ProfileError::Address { text: text.to_owned() })
}

impl Profile {
    /// The file form.
    pub fn to_json(&self) -> String {
        let file = File {
            version: self.version,
            elf_digest: self.elf_digest.clone(),
            partial: self.partial,
            instructions: self.instructions,
            spans: self
                .spans
                .iter()
                .map(|s| (hex(s.start), hex(s.end), s.insts, s.count))
                .collect(),
            edges: self.edges.iter().map(|e| (hex(e.from), hex(e.to), e.count)).collect(),
            stacks: self
                .stacks
                .iter()
                .map(|s| (s.frames.iter().copied().map(hex).collect(), s.count))
                .collect(),
        };
        serde_json::to_string(&file).expect("strings and numbers are valid JSON")
    }

    /// Reads the file form.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Version`] for a profile of another version, whatever its form; otherwise what
    /// is wrong with the text.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        let Version { version } = serde_json::from_str(text)?;
        if version != Self::VERSION {
            return Err(ProfileError::Version { got: version, expected: Self::VERSION });
        }
        let file: File = serde_json::from_str(text)?;
        let mut profile = Self {
            version,
            elf_digest: file.elf_digest,
            partial: file.partial,
            instructions: file.instructions,
            spans: Vec::new(),
            edges: Vec::new(),
            stacks: Vec::new(),
        };
        for (start, end, insts, count) in file.spans {
            profile.spans.push(Span { start: addr(&start)?, end: addr(&end)?, insts, count });
        }
        for (from, to, count) in file.edges {
            profile.edges.push(Edge { from: addr(&from)?, to: addr(&to)?, count });
        }
        for (frames, count) in file.stacks {
            let frames = frames.iter().map(|f| addr(f)).collect::<Result<_, _>>()?;
            profile.stacks.push(Stack { frames, count });
        }
        profile.spans.sort();
        profile.edges.sort();
        profile.stacks.sort();
        Ok(profile)
    }
}
