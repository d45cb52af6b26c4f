//! Several runs of one guest as one profile.

use std::collections::BTreeMap;

use crate::accesses::MemoryUse;
use crate::profile::{Called, Edge, Profile, Span, Stack, Visit};
use crate::section::Section;

/// Why profiles cannot be merged.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is none.
    #[error("no profile to merge; name at least one")]
    Nothing,
    /// They are of different guests.
    #[error("profile {index} is of the ELF {got}, the first of {expected}; merge runs of one ELF")]
    OtherElf {
        /// Which, from 1.
        index: usize,
        /// Its digest.
        got: String,
        /// That of the first.
        expected: String,
    },
}

type Place = (u64, u64, u32);
/// Functions, and the name of a call.
type CallPath = (Vec<u64>, Option<String>);

impl Profile {
    /// The sum of profiles of one ELF. It is partial if one of them is.
    ///
    /// # Errors
    ///
    /// If there is none, or they are of different ELFs.
    pub fn merge(profiles: &[Self]) -> Result<Self, MergeError> {
        let Some(first) = profiles.first() else { return Err(MergeError::Nothing) };
        let mut sums = Sums::default();
        for (index, profile) in (1..).zip(profiles) {
            if profile.elf_digest != first.elf_digest {
                let (got, expected) = (profile.elf_digest.clone(), first.elf_digest.clone());
                return Err(MergeError::OtherElf { index, got, expected });
            }
            sums.add(profile);
        }
        Ok(Self {
            elf_digest: first.elf_digest.clone(),
            partial: profiles.iter().any(|profile| profile.partial),
            instructions: profiles.iter().map(|profile| profile.instructions).sum(),
            ..sums.profile()
        })
    }
}

/// Counts by what they are of, not by where that stands.
#[derive(Default)]
struct Sums {
    spans: BTreeMap<Place, u64>,
    edges: BTreeMap<(u64, u64), u64>,
    stacks: BTreeMap<CallPath, (u64, BTreeMap<Place, u64>)>,
    calls: BTreeMap<String, u64>,
    markers: BTreeMap<String, Section>,
    memory: MemoryUse,
}

fn path(stack: &Stack) -> CallPath {
    (stack.frames.clone(), stack.call.clone())
}

fn place(span: &Span) -> Place {
    (span.start, span.end, span.insts)
}

impl Sums {
    fn add(&mut self, profile: &Profile) {
        for span in &profile.spans {
            *self.spans.entry(place(span)).or_default() += span.count;
        }
        for edge in &profile.edges {
            *self.edges.entry((edge.from, edge.to)).or_default() += edge.count;
        }
        for stack in &profile.stacks {
            self.stacks.entry(path(stack)).or_default().0 += stack.count;
        }
        for visit in &profile.visits {
            let path = path(&profile.stacks[visit.stack]);
            let (_, visits) = self.stacks.get_mut(&path).expect("added above");
            *visits.entry(place(&profile.spans[visit.span])).or_default() += visit.count;
        }
        for call in &profile.calls {
            *self.calls.entry(call.name.clone()).or_default() += call.count;
        }
        for section in &profile.markers {
            let name = section.name.clone();
            let sum = self.markers.entry(name.clone()).or_default();
            sum.name = name;
            sum.add(section);
        }
        self.memory.merge(&profile.memory);
    }

    /// The rows of the sum.
    fn profile(self) -> Profile {
        let index: BTreeMap<Place, usize> =
            self.spans.keys().enumerate().map(|(index, &place)| (place, index)).collect();
        let (mut stacks, mut visits) = (Vec::new(), Vec::new());
        for ((frames, call), (count, own)) in self.stacks {
            let stack = stacks.len();
            visits.extend(own.into_iter().map(|(place, count)| Visit {
                stack,
                span: index[&place],
                count,
            }));
            stacks.push(Stack { frames, call, count });
        }
        let span = |((start, end, insts), count)| Span { start, end, insts, count };
        let edge = |((from, to), count)| Edge { from, to, count };
        let called = |(name, count)| Called { name, count };
        Profile {
            spans: self.spans.into_iter().map(span).collect(),
            edges: self.edges.into_iter().map(edge).collect(),
            stacks,
            visits,
            calls: self.calls.into_iter().map(called).collect(),
            markers: self.markers.into_values().collect(),
            memory: self.memory,
            ..Profile::empty()
        }
    }
}
