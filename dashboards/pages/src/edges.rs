//! Ways from block to block, with how often the run took them.

use std::collections::BTreeMap;

use autoprec_blocks::{Block, Cfg, EdgeKind, Terminator};
use autoprec_dashboards::Edges;

use crate::Guest;

/// By block, as the graph has them. A count is that of taken transfers, or what is left of the block's
/// executions; it is −1 behind a call of the environment, which may not come back, and on the way from
/// a call to the instruction behind it, which goes through what was called.
pub(crate) fn edges(guest: &Guest<'_>) -> Edges {
    let Guest { cfg, run, .. } = guest;
    let mut edges = Edges::default();
    let mut kinds: BTreeMap<&str, u8> = BTreeMap::new();
    for edge in cfg.graph.raw_edges() {
        let (from, to) = (edge.source().index(), edge.target().index());
        let (Some(from_block), Some(to_block)) = (cfg.blocks.get(from), cfg.blocks.get(to)) else {
            continue;
        };
        let count = run.as_ref().and_then(|_| count(cfg, from_block, to_block, edge.weight));
        let name = name(from_block, edge.weight);
        let next = u8::try_from(kinds.len()).expect("there are few kinds");
        let kind = *kinds.entry(name).or_insert_with(|| {
            edges.kinds.push(name.to_owned());
            next
        });
        edges.from.push(index(from));
        edges.to.push(index(to));
        edges.kind.push(kind);
        edges.count.push(count.map_or(-1, |count| i64::try_from(count).unwrap_or(i64::MAX)));
    }
    edges
}

fn index(block: usize) -> u32 {
    u32::try_from(block).expect("an address space holds fewer blocks")
}

fn name(block: &Block, kind: EdgeKind) -> &'static str {
    match (kind, block.terminator) {
        (EdgeKind::FallThrough, _) => "falls through",
        (EdgeKind::Indirect, Terminator::Return) => "return",
        (EdgeKind::Indirect, Terminator::IndirectCall { .. }) => "indirect call",
        (EdgeKind::Indirect, _) => "indirect jump",
        (kind, _) => kind.name(),
    }
}

fn count(cfg: &Cfg, from: &Block, to: &Block, kind: EdgeKind) -> Option<u64> {
    let last = from.insts.last().map_or(from.start, |at| at.pc);
    match (kind, from.terminator) {
        (EdgeKind::Taken | EdgeKind::Jump | EdgeKind::Call | EdgeKind::Indirect, _) => {
            Some(cfg.taken(last, to.start))
        }
        (EdgeKind::FallThrough, Terminator::Branch { taken, .. }) => {
            Some(from.count.saturating_sub(cfg.taken(last, taken)))
        }
        (EdgeKind::FallThrough, Terminator::FallThrough { .. }) => Some(from.count),
        (EdgeKind::FallThrough | EdgeKind::ReturnPoint, _) => None,
    }
}
