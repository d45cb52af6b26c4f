//! The control flow graph of a guest.
//!
//! Invariants: every instruction that can be reached lies in exactly one block; control enters a
//! block only at its start and leaves it only at its end; node `i` of the graph is block `i`; and
//! with a profile, the sum over blocks of count times length is the number of instructions executed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use autoprec_guest_elf::Program;
use autoprec_isa::{Decoded, Op, Reg, Xlen};
use autoprec_profile::Profile;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::code::Code;
use crate::{RegSet, Region, RegionInst, liveness};

/// Number of a block, in address order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockId(pub u32);

impl BlockId {
    /// The block's place in [`Cfg::blocks`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block{}", self.0)
    }
}

/// How control leaves a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// The next block begins here, because something else enters it.
    FallThrough {
        /// Address of the next block.
        next: u64,
    },
    /// A conditional branch.
    Branch {
        /// Address when taken.
        taken: u64,
        /// Address when not.
        next: u64,
    },
    /// `jal` without a link.
    Jump {
        /// Its target.
        target: u64,
    },
    /// `jal` with a link.
    Call {
        /// Its target.
        target: u64,
        /// Where it returns to.
        next: u64,
    },
    /// `jalr` with a link.
    IndirectCall {
        /// Where it returns to.
        next: u64,
    },
    /// `jalr` without a link through `ra` or `t0`.
    Return,
    /// Any other `jalr` without a link.
    IndirectJump,
    /// `ecall` or `ebreak`: the environment acts, and may or may not come back.
    Environment {
        /// Address of the next instruction.
        next: u64,
    },
    /// A word that the instruction table lacks, for the environment to interpret. It counts as
    /// an instruction of the block, but not as one of `insts`.
    Opaque {
        /// Address of the word.
        pc: u64,
        /// The word.
        word: u32,
        /// Its bytes: 2 or 4.
        len: u8,
    },
    /// Nothing that can be executed follows.
    Stop,
}

/// A basic block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Address of the first instruction.
    pub start: u64,
    /// The instructions in the table; the last of them may be the terminator.
    pub insts: Vec<RegionInst>,
    /// How control leaves.
    pub terminator: Terminator,
    /// How often the block was executed; 0 without a profile.
    pub count: u64,
    /// Demangled name of the function that `start` lies in.
    pub function: Option<String>,
}

impl Block {
    /// Number of instructions, an opaque terminator included.
    pub fn len(&self) -> usize {
        self.insts.len() + usize::from(matches!(self.terminator, Terminator::Opaque { .. }))
    }

    /// Whether the block has no instruction; never true of a block of a [`Cfg`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one of the instructions stands at `pc`.
    fn holds(&self, pc: u64) -> bool {
        let opaque = matches!(self.terminator, Terminator::Opaque { pc: at, .. } if at == pc);
        opaque || self.insts.binary_search_by_key(&pc, |at| at.pc).is_ok()
    }

    /// Address of the byte after the block.
    pub fn end(&self) -> u64 {
        match (self.terminator, self.insts.last()) {
            (Terminator::Opaque { pc, len, .. }, _) => pc.wrapping_add(u64::from(len)),
            (_, Some(last)) => last.pc.wrapping_add(u64::from(last.len)),
            (_, None) => self.start,
        }
    }
}

/// Why control goes from one block to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The next instruction, also after an environment call.
    FallThrough,
    /// A taken branch.
    Taken,
    /// A direct jump.
    Jump,
    /// A direct call.
    Call,
    /// From a call to the instruction after it.
    ReturnPoint,
    /// An indirect jump, call or return, seen in the profile.
    Indirect,
}

impl EdgeKind {
    /// Name in listings and drawings.
    pub fn name(self) -> &'static str {
        match self {
            Self::FallThrough => "next",
            Self::Taken => "taken",
            Self::Jump => "jump",
            Self::Call => "call",
            Self::ReturnPoint => "return point",
            Self::Indirect => "indirect",
        }
    }
}

/// The control flow graph of a guest.
#[derive(Clone, Debug)]
pub struct Cfg {
    /// Word width of the guest.
    pub xlen: Xlen,
    /// The blocks in address order.
    pub blocks: Vec<Block>,
    /// Edges between blocks; node `i` is block `i`.
    pub graph: DiGraph<BlockId, EdgeKind>,
    entries: BTreeSet<u64>,
    starts: BTreeMap<u64, BlockId>,
    /// Bytes of the longest block.
    longest: u64,
    live: Vec<liveness::Live>,
    taken: BTreeMap<(u64, u64), u64>,
}

impl Cfg {
    /// Finds the blocks of `program`, with counts and indirect targets if there is a profile.
    pub fn build(program: &Program, profile: Option<&Profile>) -> Self {
        let code = Code::discover(program, profile);
        let mut blocks = blocks_of(program, &code, &leaders(program.xlen, &code, profile));
        blocks.sort_by_key(|block| block.start);
        let mut cfg = Self {
            xlen: program.xlen,
            graph: DiGraph::new(),
            entries: code.entries,
            starts: BTreeMap::new(),
            longest: 0,
            live: Vec::new(),
            taken: BTreeMap::new(),
            blocks,
        };
        cfg.index();
        if let Some(profile) = profile {
            cfg.count(profile);
        }
        cfg.connect();
        cfg.live = liveness::solve(&cfg);
        cfg
    }

    /// The block with number `id`.
    ///
    /// # Panics
    /// If `id` is of another graph.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.index()]
    }

    /// All block numbers, in address order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = BlockId> + use<> {
        (0..u32::try_from(self.blocks.len()).expect("an address space holds fewer")).map(BlockId)
    }

    /// The block that starts at `pc`.
    pub fn block_at(&self, pc: u64) -> Option<BlockId> {
        self.starts.get(&pc).copied()
    }

    /// The block that has an instruction at `pc`.
    pub fn block_holding(&self, pc: u64) -> Option<BlockId> {
        // Blocks overlap where the code has two readings, so the last one that starts before `pc`
        // need not be the one.
        let near = self.starts.range(pc.saturating_sub(self.longest)..=pc).rev();
        near.map(|(_, id)| *id).find(|id| self.block(*id).holds(pc))
    }

    /// Every address that control may enter other than by falling through: targets of branches,
    /// jumps and calls, return points, symbols, relocations and code pointers.
    pub fn entries(&self) -> &BTreeSet<u64> {
        &self.entries
    }

    /// Registers that may be read before they are written, from the start of a block on.
    pub fn live_in(&self, id: BlockId) -> RegSet {
        self.live[id.index()].at_start
    }

    /// Registers that may be read before they are written, from the end of a block on.
    pub fn live_out(&self, id: BlockId) -> RegSet {
        self.live[id.index()].at_end
    }

    /// Registers that may be read before they are written, from the instruction at `pc` on; all
    /// of them where the graph does not know the address.
    pub fn live_before(&self, pc: u64) -> RegSet {
        let Some(id) = self.block_holding(pc) else { return RegSet::ALL };
        let later = self.block(id).insts.iter().rev().take_while(|at| at.pc >= pc);
        later.fold(self.live_out(id), |live, at| liveness::before(&at.inst, live))
    }

    /// How often the profiled run went from the control instruction at `from` to `to`, by taking it.
    pub fn taken(&self, from: u64, to: u64) -> u64 {
        self.taken.get(&(from, to)).copied().unwrap_or(0)
    }

    /// The executed blocks, those parts of them that a region can hold, in address order.
    pub fn regions(&self) -> Vec<Region> {
        let executed = self.blocks.iter().filter(|block| block.count != 0);
        executed.flat_map(|block| self.regions_of(block)).collect()
    }

    /// The parts of `block` that a region can hold.
    pub fn regions_of(&self, block: &Block) -> Vec<Region> {
        let parts = block.insts.split(|at| at.inst.ends_region()).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let mut region = Region::from_insts(self.xlen, part.to_vec(), block.count);
                region.function.clone_from(&block.function);
                region
            })
            .collect()
    }

    fn index(&mut self) {
        for (id, block) in self.ids().zip(&self.blocks) {
            self.starts.insert(block.start, id);
            self.longest = self.longest.max(block.end().wrapping_sub(block.start));
        }
    }

    /// Splits the counts of spans into blocks; leaders include the bounds of every span.
    fn count(&mut self, profile: &Profile) {
        for span in &profile.spans {
            let mut pc = span.start;
            while let (true, Some(id)) = (pc != span.end, self.block_at(pc)) {
                let block = &mut self.blocks[id.index()];
                block.count = block.count.saturating_add(span.count);
                pc = self.xlen.mask(block.end());
            }
        }
        for edge in &profile.edges {
            let count = self.taken.entry((edge.from, edge.to)).or_default();
            *count = count.saturating_add(edge.count);
        }
    }

    fn connect(&mut self) {
        let mut edges = BTreeSet::new();
        for (id, block) in self.ids().zip(&self.blocks) {
            for (to, kind) in self.successors(block) {
                edges.extend(self.block_at(to).map(|to| (id, to, kind)));
            }
        }
        for id in self.ids() {
            self.graph.add_node(id);
        }
        for (from, to, kind) in edges {
            self.graph.add_edge(NodeIndex::new(from.index()), NodeIndex::new(to.index()), kind);
        }
    }

    fn successors(&self, block: &Block) -> Vec<(u64, EdgeKind)> {
        let seen = |call: Option<u64>| {
            let from = block.insts.last().map_or(block.start, |at| at.pc);
            let seen = self.taken.range((from, 0)..=(from, u64::MAX));
            let seen = seen.map(|(&(_, to), _)| (to, EdgeKind::Indirect));
            seen.chain(call.map(|next| (next, EdgeKind::ReturnPoint))).collect()
        };
        match block.terminator {
            Terminator::FallThrough { next } | Terminator::Environment { next } => {
                vec![(next, EdgeKind::FallThrough)]
            }
            Terminator::Opaque { .. } => {
                vec![(self.xlen.mask(block.end()), EdgeKind::FallThrough)]
            }
            Terminator::Branch { taken, next } => {
                vec![(taken, EdgeKind::Taken), (next, EdgeKind::FallThrough)]
            }
            Terminator::Jump { target } => vec![(target, EdgeKind::Jump)],
            Terminator::Call { target, next } => {
                vec![(target, EdgeKind::Call), (next, EdgeKind::ReturnPoint)]
            }
            Terminator::IndirectCall { next } => seen(Some(next)),
            Terminator::Return | Terminator::IndirectJump => seen(None),
            Terminator::Stop => Vec::new(),
        }
    }
}

/// Addresses at which a block must begin.
fn leaders(xlen: Xlen, code: &Code, profile: Option<&Profile>) -> BTreeSet<u64> {
    let mut leaders = code.entries.clone();
    if let Some(profile) = profile {
        leaders.extend(profile.spans.iter().flat_map(|span| [span.start, span.end]));
    }
    let mut reached = BTreeSet::new();
    for (&pc, decoded) in &code.insts {
        let next = xlen.mask(pc.wrapping_add(u64::from(decoded.len)));
        // Two readings of overlapping code meet here.
        let meets = !reached.insert(next);
        if meets || ends_block(decoded) {
            leaders.insert(next);
        }
        // A call of the environment is a block of its own, as it is a span of its own.
        if decoded.inst.op == Op::Ecall {
            leaders.insert(pc);
        }
    }
    let bounds = |(&pc, &(_, len)): (&u64, &(u32, u8))| [pc, xlen.mask(pc + u64::from(len))];
    leaders.extend(code.opaque.iter().flat_map(bounds));
    leaders
}

fn ends_block(decoded: &Decoded) -> bool {
    decoded.inst.is_control() || matches!(decoded.inst.op, Op::Ecall | Op::Ebreak)
}

/// Forms a block from each leader, and from each instruction that none of them leads to.
fn blocks_of(program: &Program, code: &Code, leaders: &BTreeSet<u64>) -> Vec<Block> {
    let starts = code.insts.keys().chain(code.opaque.keys());
    let mut blocks = Vec::new();
    for &start in starts.filter(|pc| leaders.contains(pc)) {
        blocks.push(block_from(program, code, leaders, start));
    }
    blocks
}

fn block_from(program: &Program, code: &Code, leaders: &BTreeSet<u64>, start: u64) -> Block {
    let xlen = program.xlen;
    let mut insts = Vec::new();
    let mut pc = start;
    let terminator = loop {
        if let Some(&(word, len)) = code.opaque.get(&pc) {
            break Terminator::Opaque { pc, word, len };
        }
        let Some(decoded) = code.insts.get(&pc) else { break Terminator::Stop };
        let at = RegionInst { pc, inst: decoded.inst, len: decoded.len };
        insts.push(at);
        pc = at.next_pc(xlen);
        if ends_block(decoded) {
            break terminator_of(xlen, &at);
        }
        if leaders.contains(&pc) && (code.insts.contains_key(&pc) || code.opaque.contains_key(&pc))
        {
            break Terminator::FallThrough { next: pc };
        }
    };
    let function = program.function_at(start).map(|symbol| symbol.name.clone());
    Block { start, insts, terminator, count: 0, function }
}

fn terminator_of(xlen: Xlen, at: &RegionInst) -> Terminator {
    let next = at.next_pc(xlen);
    let linked = at.inst.def().is_some();
    let returns = at.inst.rs1 == Reg::RA || at.inst.rs1 == Reg::T0;
    match (at.inst.op, at.target(xlen)) {
        (Op::Branch { .. }, Some(taken)) => Terminator::Branch { taken, next },
        (Op::Jal, Some(target)) if linked => Terminator::Call { target, next },
        (Op::Jal, Some(target)) => Terminator::Jump { target },
        (Op::Jalr, _) if linked => Terminator::IndirectCall { next },
        (Op::Jalr, _) if returns => Terminator::Return,
        (Op::Jalr, _) => Terminator::IndirectJump,
        _ => Terminator::Environment { next },
    }
}
