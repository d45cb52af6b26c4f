//! The shadow call stack: exact instruction counts per call path.
//!
//! A return address identifies a frame, so that `longjmp` and unwinding pop several frames, and a
//! tail call replaces its caller. Invariant: memory is bounded by [`MAX_NODES`], [`MAX_DEPTH`] and
//! [`MAX_FRAMES`], whatever the guest does; beyond them, counts go to the nearest known caller.

use std::collections::BTreeMap;

use crate::profile::Stack;

/// Call paths told apart.
const MAX_NODES: usize = 1 << 18;
/// Frames of a call path; what a deeper recursion executes counts for the last of them.
const MAX_DEPTH: u32 = 256;
/// Return addresses remembered; beyond, the older half is forgotten.
const MAX_FRAMES: usize = 1 << 16;
const CACHE: usize = 1 << 12;
/// Index of a call path.
pub(crate) type NodeId = u32;
/// The path without functions.
pub(crate) const ROOT: NodeId = 0;

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    depth: u32,
    function: u64,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    return_to: u64,
    caller: u32,
}

/// Counts per call path.
#[derive(Debug)]
pub(crate) struct CallTree {
    nodes: Vec<Node>,
    children: BTreeMap<(u32, u64), u32>,
    /// Direct-mapped: parent, function, child.
    cache: Vec<(u32, u64, u32)>,
    frames: Vec<Frame>,
    current: u32,
    charged: u64,
}

impl CallTree {
    /// A guest that starts in the function at `entry`.
    pub(crate) fn new(entry: u64) -> Self {
        let root = Node { parent: ROOT, depth: 0, function: 0, count: 0 };
        let mut tree = Self {
            nodes: vec![root],
            children: BTreeMap::new(),
            cache: vec![(u32::MAX, 0, 0); CACHE],
            frames: Vec::new(),
            current: ROOT,
            charged: 0,
        };
        tree.current = tree.child(ROOT, entry);
        tree
    }

    fn child(&mut self, parent: u32, function: u64) -> u32 {
        let hash = (function >> 1) ^ u64::from(parent).wrapping_mul(0x9e37_79b9);
        let line = usize::try_from(hash % CACHE as u64).expect("below CACHE");
        let (cached_parent, cached_function, node) = self.cache[line];
        if (cached_parent, cached_function) == (parent, function) {
            return node;
        }
        let depth = self.nodes[parent as usize].depth + 1;
        let full = self.nodes.len() >= MAX_NODES || depth > MAX_DEPTH;
        let next = u32::try_from(self.nodes.len()).expect("at most MAX_NODES");
        let node = match self.children.get(&(parent, function)) {
            Some(&node) => node,
            None if full => return parent,
            None => {
                self.nodes.push(Node { parent, depth, function, count: 0 });
                self.children.insert((parent, function), next);
                next
            }
        };
        self.cache[line] = (parent, function, node);
        node
    }

    /// The path that is being executed.
    #[inline]
    pub(crate) fn current(&self) -> NodeId {
        self.current
    }

    /// Charges what was executed since the last change to the current path.
    fn charge(&mut self, now: u64) {
        self.nodes[self.current as usize].count += now - self.charged;
        self.charged = now;
    }

    /// A call of `function`, after `now` instructions.
    pub(crate) fn call(&mut self, function: u64, return_to: u64, now: u64) {
        self.charge(now);
        if self.frames.len() == MAX_FRAMES {
            self.frames.drain(..MAX_FRAMES / 2);
        }
        self.frames.push(Frame { return_to, caller: self.current });
        self.current = self.child(self.current, function);
    }

    /// A jump to the start of `function`, which takes its caller's place.
    pub(crate) fn tail_call(&mut self, function: u64, now: u64) {
        self.charge(now);
        let Node { parent, .. } = self.nodes[self.current as usize];
        self.current = self.child(parent, function);
    }

    /// A return to `target`. False if no frame waits for it.
    pub(crate) fn ret(&mut self, target: u64, now: u64) -> bool {
        let Some(index) = self.frames.iter().rposition(|f| f.return_to == target) else {
            return false;
        };
        self.charge(now);
        self.current = self.frames[index].caller;
        self.frames.truncate(index);
        true
    }

    /// Control is in `function`, of which nothing is known but that it runs.
    pub(crate) fn restart(&mut self, function: u64, now: u64) {
        if self.frames.is_empty() {
            self.charge(now);
            self.current = self.child(ROOT, function);
        }
    }

    /// Every path that executed something, sorted, and where it was counted.
    pub(crate) fn finish(mut self, now: u64) -> Vec<(Stack, NodeId)> {
        self.charge(now);
        let mut stacks: Vec<(Stack, NodeId)> = (0u32..)
            .zip(&self.nodes)
            // Spans that no path had room for are counted at the root.
            .filter(|&(index, node)| node.count > 0 || index == ROOT)
            .map(|(index, node)| (Stack { frames: self.path(index), count: node.count }, index))
            .collect();
        stacks.sort();
        stacks
    }

    fn path(&self, mut index: u32) -> Vec<u64> {
        let mut frames = Vec::new();
        while index != ROOT {
            let Node { parent, function, .. } = self.nodes[index as usize];
            frames.push(function);
            index = parent;
        }
        frames.reverse();
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Counted = (Vec<u64>, u64);

    fn stacks(tree: CallTree, now: u64) -> Vec<Counted> {
        let stacks = tree.finish(now).into_iter().map(|(stack, _)| (stack.frames, stack.count));
        stacks.filter(|(_, count)| *count > 0).collect()
    }

    #[test]
    fn a_tail_call_replaces_its_caller() {
        let mut tree = CallTree::new(1);
        tree.call(2, 100, 10);
        tree.tail_call(3, 15);
        assert!(tree.ret(100, 22));
        assert_eq!(stacks(tree, 30), [(vec![1], 18), (vec![1, 2], 5), (vec![1, 3], 7)]);
    }

    #[test]
    fn a_long_jump_pops_several_frames() {
        let mut tree = CallTree::new(1);
        tree.call(2, 100, 1);
        tree.call(3, 200, 2);
        tree.call(4, 300, 3);
        assert!(tree.ret(100, 4));
        assert!(!tree.ret(300, 4));
        assert_eq!(
            stacks(tree, 5),
            [(vec![1], 2), (vec![1, 2], 1), (vec![1, 2, 3], 1), (vec![1, 2, 3, 4], 1)]
        );
    }

    #[test]
    fn deep_recursion_is_bounded_and_loses_no_instruction() {
        let mut tree = CallTree::new(1);
        for now in 1..=200_000 {
            tree.call(1, 100, now);
        }
        for now in 200_001..=400_000 {
            tree.ret(100, now);
        }
        assert!(tree.frames.len() <= MAX_FRAMES);
        let stacks = stacks(tree, 400_000);
        assert_eq!(stacks.iter().map(|(_, count)| count).sum::<u64>(), 400_000);
        assert!(stacks.iter().all(|(frames, _)| frames.len() <= MAX_DEPTH as usize));
    }
}
