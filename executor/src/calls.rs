//! The shadow call stack: exact instruction counts per call path.
//!
//! A return address identifies a frame, so that unwinding pops several frames, and a tail call
//! replaces its caller. A return to where no frame waits, as `longjmp` does it, goes back to the
//! function that it arrives in. Each thread has a stack of its own. A call of the environment or of
//! a precompile is a leaf below the function that makes it. Invariants: memory is bounded by
//! [`MAX_NODES`], [`MAX_DEPTH`] and, per thread, [`MAX_FRAMES`], whatever the guest does; beyond
//! them, counts go to the nearest known caller. Time
//! is linear in calls and returns: searches that find frames remove them, and calls pay for others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use autoprec_profile::Stack;

/// Call paths told apart.
const MAX_NODES: usize = 1 << 18;
/// Frames of a call path; what a deeper recursion executes counts for the last of them.
const MAX_DEPTH: u32 = 256;
/// Return addresses remembered; beyond, the older half is forgotten.
const MAX_FRAMES: usize = 1 << 16;
/// Frames that may be searched in vain: at first, and more per call.
const CREDIT: (u64, u64) = (1 << 20, 8);
const CACHE: usize = 1 << 12;
/// Index of a call path.
pub(crate) type NodeId = u32;
/// Index of the name of a call of the environment or of a precompile.
pub(crate) type CalleeId = u32;
/// The path without functions.
pub(crate) const ROOT: NodeId = 0;

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    depth: u32,
    /// The entry of a function, which is even; or a [`callee`], which is odd.
    function: u64,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    return_to: u64,
    caller: u32,
    /// The caller's stack pointer.
    sp: u64,
}

/// What stands for a callee where others have the entry of a function.
fn callee(id: CalleeId) -> u64 {
    u64::from(id) << 1 | 1
}

/// The callee that this stands for.
fn as_callee(function: u64) -> Option<CalleeId> {
    (function & 1 == 1).then(|| CalleeId::try_from(function >> 1).expect("made by `callee`"))
}

/// The shadow stack of a thread that does not run.
#[derive(Debug)]
pub(crate) struct Frames {
    frames: Vec<Frame>,
    current: u32,
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
    credit: u64,
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
            credit: CREDIT.0,
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
        // Leaves need no room below them.
        let deep = depth > MAX_DEPTH && as_callee(function).is_none();
        let full = self.nodes.len() >= MAX_NODES || deep;
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

    /// The stack of a new thread that starts in `function`: a path of its own.
    pub(crate) fn frames_of_thread(&mut self, function: u64) -> Frames {
        Frames { frames: Vec::new(), current: self.child(ROOT, function) }
    }

    /// Goes on with the stack of another thread.
    pub(crate) fn exchange(&mut self, other: &mut Frames, now: u64) {
        self.charge(now);
        std::mem::swap(&mut self.frames, &mut other.frames);
        std::mem::swap(&mut self.current, &mut other.current);
    }

    /// A call of `function`, by a caller with this stack pointer, after `now` instructions.
    pub(crate) fn call(&mut self, function: u64, return_to: u64, sp: u64, now: u64) {
        self.charge(now);
        self.credit += CREDIT.1;
        if self.frames.len() == MAX_FRAMES {
            self.frames.drain(..MAX_FRAMES / 2);
        }
        self.frames.push(Frame { return_to, caller: self.current, sp });
        self.current = self.child(self.current, function);
    }

    /// A jump to the start of `function`, which takes its caller's place.
    pub(crate) fn tail_call(&mut self, function: u64, now: u64) {
        self.charge(now);
        let Node { parent, .. } = self.nodes[self.current as usize];
        self.current = self.child(parent, function);
    }

    /// A call of the environment or of a precompile by the current function, which takes `insts`
    /// instructions from `now` on. Gives its path; the current one stays.
    pub(crate) fn leaf(&mut self, id: CalleeId, now: u64, insts: u64) -> NodeId {
        self.charge(now);
        let node = self.child(self.current, callee(id));
        self.nodes[node as usize].count += insts;
        self.charged += insts;
        node
    }

    /// A return to `target`. False if no frame waits for it.
    pub(crate) fn ret(&mut self, target: u64, now: u64) -> bool {
        let index = self.search(|frame, _| frame.return_to == target);
        index.is_some_and(|index| self.pop(index, now))
    }

    /// A return into `function`, where no frame waits. False if it is not on the stack.
    pub(crate) fn unwind(&mut self, function: u64, sp: u64, now: u64) -> bool {
        let exact =
            |f: &Frame, nodes: &[Node]| f.sp == sp && nodes[f.caller as usize].function == function;
        if let Some(index) = self.search(exact) {
            return self.pop(index, now);
        }
        if self.nodes[self.current as usize].function == function {
            return true;
        }
        let index = self.search(|frame, nodes| nodes[frame.caller as usize].function == function);
        index.is_some_and(|index| self.pop(index, now))
    }

    /// The innermost frame of that kind.
    fn search(&mut self, is: impl Fn(&Frame, &[Node]) -> bool) -> Option<usize> {
        if self.credit < self.frames.len() as u64 {
            return None;
        }
        let index = self.frames.iter().rposition(|frame| is(frame, &self.nodes));
        if index.is_none() {
            self.credit -= self.frames.len() as u64;
        }
        index
    }

    /// Goes back to the caller of a frame.
    fn pop(&mut self, index: usize, now: u64) -> bool {
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

    /// Every path that executed something, sorted, and where it was counted. Callees have `names`.
    pub(crate) fn counted(&self, now: u64, names: &[Cow<'static, str>]) -> Vec<(Stack, NodeId)> {
        // What is not charged yet is the current path's.
        let open = |index| if index == self.current { now - self.charged } else { 0 };
        let mut stacks: Vec<(Stack, NodeId)> = (0u32..)
            .zip(&self.nodes)
            .map(|(index, node)| (index, node.count + open(index)))
            // Spans that no path had room for are counted at the root.
            .filter(|&(index, count)| count > 0 || index == ROOT)
            .map(|(index, count)| (self.stack(index, count, names), index))
            .collect();
        stacks.sort();
        stacks
    }

    fn stack(&self, mut index: NodeId, count: u64, names: &[Cow<'static, str>]) -> Stack {
        let mut frames = Vec::new();
        let Node { parent, function, .. } = self.nodes[index as usize];
        let call = as_callee(function).map(|id| names[id as usize].clone().into_owned());
        if call.is_some() {
            index = parent;
        }
        while index != ROOT {
            let Node { parent, function, .. } = self.nodes[index as usize];
            frames.push(function);
            index = parent;
        }
        frames.reverse();
        Stack { frames, call, count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Counted = (Vec<u64>, u64);

    fn stacks(tree: &CallTree, now: u64) -> Vec<Counted> {
        let stacks =
            tree.counted(now, &[]).into_iter().map(|(stack, _)| (stack.frames, stack.count));
        stacks.filter(|(_, count)| *count > 0).collect()
    }

    #[test]
    fn a_tail_call_replaces_its_caller() {
        let mut tree = CallTree::new(10);
        tree.call(20, 100, 0, 10);
        tree.tail_call(30, 15);
        assert!(tree.ret(100, 22));
        assert_eq!(stacks(&tree, 30), [(vec![10], 18), (vec![10, 20], 5), (vec![10, 30], 7)]);
    }

    #[test]
    fn callees_are_leaves_however_deep() {
        let mut tree = CallTree::new(2);
        for now in 1..=1000 {
            tree.call(2, 100, 0, now);
        }
        assert_eq!(tree.leaf(0, 1000, 1), tree.leaf(0, 1001, 1));
        assert_ne!(tree.leaf(1, 1002, 5), tree.current());
        assert!(tree.ret(100, 1010));
        let stacks = tree.counted(1010, &["read".into(), "write".into()]);
        let called = stacks.iter().filter(|(stack, _)| stack.call.is_some());
        let called: Vec<_> =
            called.map(|(s, _)| (s.frames.len(), s.call.as_deref().unwrap(), s.count)).collect();
        assert_eq!(called, [(256, "read", 2), (256, "write", 5)]);
        assert_eq!(stacks.iter().map(|(stack, _)| stack.count).sum::<u64>(), 1010);
    }

    #[test]
    fn a_long_jump_pops_several_frames() {
        let mut tree = CallTree::new(10);
        tree.call(20, 100, 0, 1);
        tree.call(30, 200, 0, 2);
        tree.call(40, 300, 0, 3);
        assert!(tree.ret(100, 4));
        assert!(!tree.ret(300, 4));
        assert_eq!(
            stacks(&tree, 5),
            [(vec![10], 2), (vec![10, 20], 1), (vec![10, 20, 30], 1), (vec![10, 20, 30, 40], 1)]
        );
    }

    #[test]
    fn a_long_jump_goes_back_to_the_function_and_stack_it_arrives_in() {
        let mut tree = CallTree::new(10);
        tree.call(20, 100, 1000, 1);
        // Function 20 calls itself at each depth of the stack.
        tree.call(20, 200, 900, 2);
        tree.call(20, 200, 800, 3);
        tree.call(30, 200, 700, 4);
        assert!(!tree.ret(250, 7));
        // To where it called itself for the first time.
        assert!(tree.unwind(20, 900, 7));
        assert!(!tree.unwind(90, 900, 8));
        assert!(tree.ret(100, 9));
        assert_eq!(
            stacks(&tree, 10),
            [
                (vec![10], 2),
                (vec![10, 20], 3),
                (vec![10, 20, 20], 1),
                (vec![10, 20, 20, 20], 1),
                (vec![10, 20, 20, 20, 30], 3)
            ]
        );
    }

    #[test]
    fn returns_to_nowhere_do_not_search_for_ever() {
        let mut tree = CallTree::new(10);
        for now in 0..50_000 {
            tree.call(10, 100, 0, now);
        }
        let (mut searched, mut credit) = (0, tree.credit);
        for now in 50_000..1_000_000 {
            assert!(!tree.ret(101, now));
            searched += credit - tree.credit;
            credit = tree.credit;
        }
        assert!(searched <= CREDIT.0 + 50_000 * CREDIT.1);
    }

    #[test]
    fn deep_recursion_is_bounded_and_loses_no_instruction() {
        let mut tree = CallTree::new(10);
        for now in 1..=200_000 {
            tree.call(10, 100, 0, now);
        }
        for now in 200_001..=400_000 {
            tree.ret(100, now);
        }
        assert!(tree.frames.len() <= MAX_FRAMES);
        let stacks = stacks(&tree, 400_000);
        assert_eq!(stacks.iter().map(|(_, count)| count).sum::<u64>(), 400_000);
        assert!(stacks.iter().all(|(frames, _)| frames.len() <= MAX_DEPTH as usize));
    }
}
