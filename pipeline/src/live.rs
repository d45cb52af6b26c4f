//! A profile in short, for a view of a run that goes on.
//!
//! Invariants: a function of program and profile; bounded by the constants of the form, however large
//! the guest is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use autoprec_dashboards::{
    LIVE_NAME, LIVE_NODES, LIVE_ROWS, LiveBlock, LiveProfile, LiveRow, LiveTree,
};
use autoprec_guest_elf::Program;
use autoprec_profile::{Profile, Span};

/// What executed most. `program` has the original words.
pub fn live_profile(program: &Program, profile: &Profile) -> LiveProfile {
    let names = Names { program };
    let mut functions: BTreeMap<String, u64> = BTreeMap::new();
    for stack in &profile.stacks {
        let innermost = stack.frames.last().map(|&addr| names.function(addr));
        let name = stack.call_label().or(innermost).unwrap_or_else(|| UNKNOWN.to_owned());
        *functions.entry(name).or_default() += stack.count;
    }
    functions.retain(|_, count| *count > 0);
    let spent = |span: &Span| u64::from(span.insts) * span.count;
    let blocks = hottest(profile.spans.iter(), |span| (spent(span), span.start));
    let block = |span: &Span| LiveBlock {
        entry: span.start,
        function: program.function_at(span.start).map(|f| cut(&f.name)),
        count: span.count,
        instructions: spent(span),
    };
    let rows = hottest(functions.iter(), |(name, count)| (**count, *name));
    LiveProfile {
        instructions: profile.instructions,
        partial: profile.partial,
        functions_in_all: functions.len(),
        functions: rows
            .into_iter()
            .map(|(name, &instructions)| LiveRow { name: cut(name), instructions })
            .collect(),
        blocks_in_all: profile.spans.len(),
        blocks: blocks.into_iter().map(block).collect(),
        tree: tree(&names, profile),
    }
}

/// What stands for paths that were too many to tell apart.
const UNKNOWN: &str = "(other paths)";

/// The largest of them, largest first; those of equal size by what else the key has.
fn hottest<T, K: Ord>(all: impl Iterator<Item = T>, key: impl Fn(&T) -> (u64, K)) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_by(|a, b| {
        let ((size_a, rest_a), (size_b, rest_b)) = (key(a), key(b));
        size_b.cmp(&size_a).then_with(|| rest_a.cmp(&rest_b))
    });
    all.truncate(LIVE_ROWS);
    all
}

/// A name that is not too long.
fn cut(name: &str) -> String {
    match name.char_indices().nth(LIVE_NAME - 1) {
        Some((at, last)) if at + last.len_utf8() < name.len() => format!("{}…", &name[..at]),
        _ => name.to_owned(),
    }
}

struct Names<'a> {
    program: &'a Program,
}

impl Names<'_> {
    fn function(&self, addr: u64) -> String {
        self.program.function_at(addr).map_or_else(|| format!("{addr:#x}"), |f| f.name.clone())
    }
}

/// A call path, while the tree grows.
#[derive(Default)]
struct Node {
    children: BTreeMap<Step, usize>,
    instructions: u64,
}

/// What a path goes on to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Function(u64),
    Call(String),
    Unknown,
}

/// The call paths that executed most. A path is in it only if its caller is.
fn tree(names: &Names<'_>, profile: &Profile) -> LiveTree {
    let all = whole_tree(profile);
    // The largest first, so that every one that is taken has its caller before it.
    let mut open: BinaryHeap<(u64, Reverse<usize>)> = BinaryHeap::new();
    let mut taken = vec![false; all.len()];
    let children = |node: &Node| -> Vec<(u64, Reverse<usize>)> {
        node.children.values().map(|&at| (all[at].instructions, Reverse(at))).collect()
    };
    open.extend(children(&all[0]));
    for _ in 0..LIVE_NODES {
        let Some((_, Reverse(at))) = open.pop() else { break };
        taken[at] = true;
        open.extend(children(&all[at]));
    }
    let mut out = LiveTree::default();
    let mut stack: Vec<(usize, i32, String)> = vec![(0, -1, String::new())];
    while let Some((at, parent, name)) = stack.pop() {
        let mut index = -1;
        if at != 0 {
            index = i32::try_from(out.name.len()).expect("at most LIVE_NODES");
            out.parent.push(parent);
            out.name.push(name);
            out.instructions.push(all[at].instructions);
        }
        let below = all[at].children.iter().filter(|(_, child)| taken[**child]);
        let mut below: Vec<(usize, i32, String)> =
            below.map(|(step, &child)| (child, index, cut(&step.name(names)))).collect();
        // The first name is taken from the stack first.
        below.sort_by(|(_, _, a), (_, _, b)| b.cmp(a));
        stack.extend(below);
    }
    out
}

impl Step {
    fn name(&self, names: &Names<'_>) -> String {
        match self {
            Self::Function(addr) => names.function(*addr),
            Self::Call(label) => label.clone(),
            Self::Unknown => UNKNOWN.to_owned(),
        }
    }
}

/// All call paths, the root first.
fn whole_tree(profile: &Profile) -> Vec<Node> {
    let mut all = vec![Node::default()];
    for stack in profile.stacks.iter().filter(|stack| stack.count > 0) {
        let functions = stack.frames.iter().map(|&addr| Step::Function(addr));
        let unknown = (stack.frames.is_empty() && stack.call.is_none()).then_some(Step::Unknown);
        let mut at = 0;
        all[at].instructions += stack.count;
        for step in functions.chain(stack.call_label().map(Step::Call)).chain(unknown) {
            let next = all.len();
            let child = *all[at].children.entry(step).or_insert(next);
            if child == next {
                all.push(Node::default());
            }
            at = child;
            all[at].instructions += stack.count;
        }
    }
    all
}
