//! What straight lines of instructions become and how they are performed: the seam between the run loop,
//! which counts and decides where to go on, and the engine, which only changes the machine.
//!
//! Today's engine keeps a line as pre-decoded [`Slot`]s. A translator to machine code would go here: [`Code`]
//! would keep what it translated, [`Line`] would say where, and nothing outside this file would change. Both
//! sides rely on these invariants:
//!
//! - A line is a straight run: only its last instruction may be a branch or a jump, and none of them calls the
//!   environment or is a breakpoint. Nothing enters it but at its start.
//! - [`Code::perform`] performs all of a line, or stops before the instruction that cannot be performed, with
//!   all before it done and [`Hart::fault`] and [`Hart::fault_pc`] set.
//! - A line stays as it was added: memory does not allow stores to code that was executed.
//! - Counts, call paths, limits and threads are the loop's; a line knows nothing of them.

use std::ops::Range;

use autoprec_isa::{Inst, Word};

use crate::hart::{Hart, Stopped};
use crate::slot::{Slot, perform_all};

/// The lines added so far.
#[derive(Debug)]
pub(crate) struct Code<W: Word> {
    slots: Vec<Slot<W>>,
}

/// One of the lines of a [`Code`].
#[derive(Clone, Debug)]
pub(crate) struct Line(Range<usize>);

impl<W: Word> Code<W> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Instructions of all lines.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Adds a line of instructions, each with its address and the bytes of its encoding.
    pub(crate) fn add(&mut self, insts: &[(u64, Inst, u8)]) -> Line {
        let start = self.slots.len();
        self.slots.extend(insts.iter().map(|&(pc, inst, len)| Slot::new(pc, inst, len)));
        Line(start..self.slots.len())
    }

    /// Performs a line. Gives 1 or 0 for a branch taken or not, and the target of a jump.
    ///
    /// # Errors
    ///
    /// [`Hart::fault`] and [`Hart::fault_pc`] say what stopped the hart, and at which instruction.
    #[inline]
    pub(crate) fn perform(&self, hart: &mut Hart<W>, line: &Line) -> Result<u64, Stopped> {
        perform_all(hart, &self.slots[line.0.clone()])
    }
}
