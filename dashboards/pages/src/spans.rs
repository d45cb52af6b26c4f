//! Which precompiles each span of the profile calls in the patched guest.
//!
//! A span is straight-line code, and nothing enters a linked region but at its first instruction. So a
//! span either executes all of a region or none of it.

use autoprec_guest_elf::Program;
use autoprec_profile::{Profile, Span};

use crate::PageError;
use crate::linked::Linked;

/// Per span of the profile: the indices of the regions with precompiles that it executes.
#[derive(Debug)]
pub(crate) struct Spans {
    calls: Vec<Vec<usize>>,
}

impl Spans {
    /// Walks every span once.
    pub(crate) fn of(
        program: &Program,
        profile: &Profile,
        linked: &Linked,
    ) -> Result<Self, PageError> {
        let calls = profile.spans.iter().map(|span| calls_of(program, span, linked));
        Ok(Self { calls: calls.collect::<Result<_, _>>()? })
    }

    /// Where a call stands, or what it replaces.
    pub(crate) fn replaced(&self, span: usize, pc: u64, linked: &Linked) -> Option<(usize, usize)> {
        let (region, position) = linked.at(pc)?;
        self.calls.get(span)?.contains(&region).then_some((region, position))
    }

    /// How often the run calls each precompile, in the order of the regions.
    pub(crate) fn calls_of_run(&self, profile: &Profile, linked: &Linked) -> Vec<u64> {
        let mut calls = vec![0u64; linked.regions.len()];
        for (span, regions) in profile.spans.iter().zip(&self.calls) {
            for &region in regions {
                calls[region] = calls[region].saturating_add(span.count);
            }
        }
        calls
    }
}

fn calls_of(program: &Program, span: &Span, linked: &Linked) -> Result<Vec<usize>, PageError> {
    let Span { start, end, insts, .. } = *span;
    let damaged = || PageError::Profile {
        what: format!("{insts} instructions from {start:#x} on do not end at {end:#x}"),
    };
    let bytes = end.checked_sub(start).ok_or_else(damaged)?;
    // Also a bound on the walk.
    if bytes > 4 * u64::from(insts) {
        return Err(damaged());
    }
    let (mut calls, mut walked) = (Vec::new(), 0u32);
    // The region under way and how many of its instructions were met.
    let mut open: Option<(usize, usize)> = None;
    for (pc, _) in program.insts(start..end) {
        walked += 1;
        open = match (linked.at(pc), open) {
            (Some((region, 0)), _) => Some((region, 1)),
            (Some((region, at)), Some((same, met))) if region == same && at == met => {
                Some((region, met + 1))
            }
            _ => None,
        };
        if let Some((region, met)) = open
            && met == linked.regions[region].region.insts.len()
        {
            calls.push(region);
        }
    }
    if walked == insts { Ok(calls) } else { Err(damaged()) }
}
