//! What a run counted, put together at its end or while it goes on.
//!
//! Invariant: the profile depends on what was executed alone, not on the order in which spans were
//! decoded or paths were met.

use std::collections::BTreeMap;

use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Word;
use autoprec_profile::{Accesses, Edge, MemoryUse, Profile, Span, Stack, Visit};

use super::state::Executor;
use crate::calls::ROOT;
use crate::run::Run;
use crate::spans::{End, SpanId};

impl<W: Word> Executor<'_, '_, W> {
    pub(super) fn finish(mut self, exit_code: u32, now: u64) -> Run {
        let output = self.session.finish();
        let calls: BTreeMap<PrecompileId, u64> = self
            .setting
            .patches
            .iter()
            .zip(&self.patch_calls)
            .map(|(patch, &count)| (patch.id, count))
            .collect();
        Run {
            exit_code,
            stdout: output.stdout,
            stderr: output.stderr,
            public_values: output.public_values,
            instructions: now,
            vm_instructions: now - self.replaced + self.patch_calls.iter().sum::<u64>(),
            calls,
            registers: self.hart.registers(),
            memory_digest: self.hart.digest(),
            misaligned: self.hart.misaligned.values().sum(),
            profile: self.profile(now),
        }
    }

    /// What was counted until now. The run can go on.
    pub(super) fn profile(&self, now: u64) -> Profile {
        // Overlapping spans share control instructions.
        let mut edges: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let cached = self.edge_cache.iter().filter(|line| line.count > 0);
        let cached = cached.map(|line| ((line.from, line.target), line.count));
        let kept = self.edges.iter().map(|(&edge, &count)| (edge, count));
        for ((from, target), count) in kept.chain(cached) {
            let from = self.spans.all[from as usize].last;
            *edges.entry((from, target)).or_default() += count;
        }
        for span in self.spans.all.iter().filter(|span| span.count > 0) {
            let (target, count) = match span.finish {
                End::Branch { target, .. } => (target, span.taken),
                End::Jump { target, .. } | End::Call { target } => (target, span.count),
                _ => continue,
            };
            if count > 0 {
                *edges.entry((span.last, target)).or_default() += count;
            }
        }
        let executed = self.spans.all.iter().filter(|span| span.count > 0);
        let mut spans: Vec<Span> = executed
            .map(|s| Span { start: s.start, end: s.end, insts: s.insts, count: s.count })
            .collect();
        spans.sort();
        let elf_digest = self.setting.program.digest.clone();
        let calls = self.callees.counts();
        let markers = self.markers.clone().finish();
        let memory = self.memory(&spans);
        let (stacks, visits) = self.paths(&spans, now);
        Profile {
            version: Profile::VERSION,
            elf_digest,
            partial: false,
            instructions: now,
            spans,
            edges: edges.into_iter().map(|((from, to), count)| Edge { from, to, count }).collect(),
            stacks,
            visits,
            calls,
            markers,
            memory,
        }
    }

    fn memory(&self, spans: &[Span]) -> MemoryUse {
        let executed = spans.iter().map(|span| (span, span.count));
        MemoryUse {
            accesses: Accesses::of_spans(self.setting.program, executed),
            misaligned: self.hart.misaligned.iter().map(|(&pc, &count)| (pc, count)).collect(),
            pages: self.hart.memory.dirty_pages(),
            touched: self.hart.memory.touched(),
        }
    }

    /// The call paths, and which of the sorted spans each executed.
    fn paths(&self, spans: &[Span], now: u64) -> (Vec<Stack>, Vec<Visit>) {
        let mut visited = self.visits.clone();
        for (id, span) in (0..).zip(&self.spans.all) {
            visited.add(span.path, id, span.count - span.before);
        }
        let counts = visited.finish();
        let mut paths = self.calls.counted(now, self.callees.names());
        let lost = counts.range((ROOT, 0)..=(ROOT, SpanId::MAX)).next().is_some();
        paths.retain(|(stack, node)| stack.count > 0 || (*node == ROOT && lost));
        let mut stacks = Vec::new();
        let mut visits = Vec::new();
        for (index, (stack, node)) in paths.into_iter().enumerate() {
            stacks.push(stack);
            let executed = counts.range((node, 0)..=(node, SpanId::MAX));
            visits.extend(executed.map(|(&(_, id), &count)| {
                let start = self.spans.all[id as usize].start;
                let span = spans.binary_search_by_key(&start, |span| span.start);
                Visit { stack: index, span: span.expect("it was executed"), count }
            }));
        }
        visits.sort();
        (stacks, visits)
    }
}
