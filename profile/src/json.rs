//! The file format of a profile: JSON on types of its own, so that the profile's may change.
//!
//! Addresses are hexadecimal strings, as tools print them; counts are numbers. The version is looked
//! at before anything else.

mod memory;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::memory::{ByWidth, by_width};

use self::memory::MemoryRow;
use crate::profile::{Called, Edge, Profile, Span, Stack, Visit};
use crate::section::Section;

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
    /// Rows out of order, or twice.
    #[error("the {rows} of the profile are not sorted or not distinct; profile the guest again")]
    Disordered {
        /// What the rows are, in the plural.
        rows: &'static str,
    },
    /// A call path that names a span that is not there.
    #[error("a call path of the profile names span {index}, of {spans}; profile the guest again")]
    Span {
        /// The index that it names.
        index: usize,
        /// How many there are.
        spans: usize,
    },
    /// A span whose addresses and number of instructions do not go together.
    #[error(
        "the span {start:#x}..{end:#x} of the profile cannot have {insts} instructions; profile the \
         guest again"
    )]
    Extent {
        /// Where it starts.
        start: u64,
        /// Where it ends.
        end: u64,
        /// Its instructions.
        insts: u32,
    },
    /// More than any run counts.
    #[error("the counts of the {rows} add up to 2^56 or more; profile the guest again")]
    Counts {
        /// What the rows are, in the plural.
        rows: &'static str,
    },
    /// An address that is not one.
    #[error("`{text}` in the profile is not a hexadecimal address")]
    Address {
        /// What stands there.
        text: String,
    },
}

/// A bound of all sums of counts. At 500 million instructions a second, a run takes four years to it.
const MOST: u128 = 1 << 56;
/// More instructions than the longest span has.
const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Start, end, instructions, executions.
type SpanRow = (String, String, u32, u64);
/// Origin, target, executions.
type EdgeRow = (String, String, u64);
/// Functions and the name of a call in brackets, instructions, and which spans were executed how often.
type StackRow = (Vec<String>, u64, Vec<VisitRow>);
/// Which row of the spans, executions.
type VisitRow = (usize, u64);

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
    calls: BTreeMap<String, u64>,
    markers: BTreeMap<String, MarkerRow>,
    memory: MemoryRow,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkerRow {
    count: u64,
    total: u64,
    min: u64,
    max: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unclosed: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unopened: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl MarkerRow {
    fn of(section: &Section) -> (String, Self) {
        let &Section { count, total, min, max, unclosed, unopened, .. } = section;
        (section.name.clone(), Self { count, total, min, max, unclosed, unopened })
    }

    fn section((name, row): (String, Self)) -> Section {
        let Self { count, total, min, max, unclosed, unopened } = row;
        Section { name, count, total, min, max, unclosed, unopened }
    }
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
            stacks: self.stack_rows(),
            memory: MemoryRow::of(&self.memory),
            markers: self.markers.iter().map(MarkerRow::of).collect(),
            calls: self.calls.iter().map(|c| (c.name.clone(), c.count)).collect(),
        };
        serde_json::to_string(&file).expect("strings and numbers are valid JSON")
    }

    fn stack_rows(&self) -> Vec<StackRow> {
        let mut rest = &self.visits[..];
        let row = |(index, stack): (usize, &Stack)| {
            let (own, others) = rest.split_at(rest.partition_point(|v| v.stack <= index));
            rest = others;
            let visits = own.iter().map(|visit| (visit.span, visit.count)).collect();
            let frames = stack.frames.iter().copied().map(hex).chain(stack.call_label());
            (frames.collect(), stack.count, visits)
        };
        self.stacks.iter().enumerate().map(row).collect()
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
            elf_digest: file.elf_digest,
            partial: file.partial,
            instructions: file.instructions,
            calls: file.calls.into_iter().map(|(name, count)| Called { name, count }).collect(),
            memory: file.memory.read()?,
            markers: file.markers.into_iter().map(MarkerRow::section).collect(),
            ..Self::empty()
        };
        for (start, end, insts, count) in file.spans {
            profile.spans.push(Span { start: addr(&start)?, end: addr(&end)?, insts, count });
        }
        for (from, to, count) in file.edges {
            profile.edges.push(Edge { from: addr(&from)?, to: addr(&to)?, count });
        }
        for (stack, (mut frames, count, visits)) in file.stacks.into_iter().enumerate() {
            let call = frames.pop_if(|last| last.starts_with('['));
            let call = call.map(|label| label.trim_matches(['[', ']']).to_owned());
            let frames = frames.iter().map(|f| addr(f)).collect::<Result<_, _>>()?;
            profile.stacks.push(Stack { frames, call, count });
            let visit = |(span, count)| Visit { stack, span, count };
            profile.visits.extend(visits.into_iter().map(visit));
        }
        profile.check_order()?;
        profile.check_extents()?;
        profile.check_counts()?;
        Ok(profile)
    }

    /// Instructions have 2 or 4 bytes; the last one may end where the address space does.
    fn check_extents(&self) -> Result<(), ProfileError> {
        let fits = |span: &Span| {
            let bytes = span.end.wrapping_sub(span.start) & u64::from(u32::MAX);
            let insts = u64::from(span.insts);
            let wraps = span.end < span.start;
            (2 * insts..=4 * insts).contains(&bytes)
                && (wraps || span.end - span.start == bytes)
                && insts <= LONGEST
        };
        match self.spans.iter().find(|span| !fits(span)) {
            None => Ok(()),
            Some(&Span { start, end, insts, .. }) => {
                Err(ProfileError::Extent { start, end, insts })
            }
        }
    }

    /// Sums of counts, and of a good many profiles, fit in 64 bits.
    fn check_counts(&self) -> Result<(), ProfileError> {
        let weight = |span: usize, count| u128::from(self.spans[span].insts) * u128::from(count);
        let spans = self.spans.iter().enumerate();
        let visits = self.visits.iter();
        let marked =
            |s: &Section| [s.count, s.total, s.min, s.max, s.unclosed, s.unopened].map(u128::from);
        let (memory, touched) = (&self.memory, self.memory.touched.as_ref());
        let accesses = memory.accesses.loads.iter().chain(&memory.accesses.stores).copied();
        let accesses = accesses
            .chain(memory.misaligned.iter().map(|&(_, count)| count))
            .chain([memory.pages])
            .chain(touched.into_iter().flat_map(|touched| [touched.words, touched.pages]));
        let sums: [(&'static str, u128); 8] = [
            ("instructions", self.instructions.into()),
            ("spans", spans.map(|(index, span)| weight(index, span.count)).sum()),
            ("visits", visits.map(|visit| weight(visit.span, visit.count)).sum()),
            ("edges", self.edges.iter().map(|edge| u128::from(edge.count)).sum()),
            ("stacks", self.stacks.iter().map(|stack| u128::from(stack.count)).sum()),
            ("calls", self.calls.iter().map(|call| u128::from(call.count)).sum()),
            ("markers", self.markers.iter().flat_map(marked).sum()),
            ("memory", accesses.map(u128::from).sum()),
        ];
        match sums.into_iter().find(|&(_, sum)| sum >= MOST) {
            None => Ok(()),
            Some((rows, _)) => Err(ProfileError::Counts { rows }),
        }
    }

    /// Visits name rows by number, so rows must be where they were written.
    fn check_order(&self) -> Result<(), ProfileError> {
        let ordered = |rows: &'static str, sorted: bool| {
            if sorted { Ok(()) } else { Err(ProfileError::Disordered { rows }) }
        };
        ordered("spans", self.spans.is_sorted_by(|a, b| (a.start, a.end) < (b.start, b.end)))?;
        ordered("edges", self.edges.is_sorted_by(|a, b| (a.from, a.to) < (b.from, b.to)))?;
        ordered(
            "stacks",
            self.stacks.is_sorted_by(|a, b| (&a.frames, &a.call) < (&b.frames, &b.call)),
        )?;
        ordered("visits", self.visits.is_sorted_by(|a, b| (a.stack, a.span) < (b.stack, b.span)))?;
        match self.visits.iter().find(|visit| visit.span >= self.spans.len()) {
            None => Ok(()),
            Some(visit) => Err(ProfileError::Span { index: visit.span, spans: self.spans.len() }),
        }
    }
}
