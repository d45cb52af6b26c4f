//! Regions: the code one precompile replaces.
//!
//! Invariants of every [`Region`]: it has at least one instruction; instructions follow each other
//! without gap; only the last one may transfer control; none of them ends a region
//! (`Inst::ends_region`); and `exits` is exactly what the last instruction implies. They hold
//! because [`Region::checked`] is the one constructor and the parts that matter are derived.

use std::ops::Range;

use autoprec_guest_elf::Program;
use autoprec_isa::{Inst, Op, Xlen};

/// One instruction at its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionInst {
    /// Address of the instruction.
    pub pc: u64,
    /// What it does.
    pub inst: Inst,
    /// Bytes of its encoding: 2 or 4.
    pub len: u8,
}

impl RegionInst {
    /// Address of the byte after this instruction, within the address width.
    pub fn next_pc(&self, xlen: Xlen) -> u64 {
        xlen.mask(self.pc.wrapping_add(u64::from(self.len)))
    }

    /// Where a branch or `jal` goes when taken; `None` for every other instruction.
    pub fn target(&self, xlen: Xlen) -> Option<u64> {
        match self.inst.op {
            Op::Branch { .. } | Op::Jal => {
                Some(xlen.mask(self.pc.wrapping_add_signed(i64::from(self.inst.imm))))
            }
            _ => None,
        }
    }
}

/// When an exit is the one that is left through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Every time.
    Always,
    /// When the closing branch is taken.
    Taken,
    /// When the closing branch is not taken.
    NotTaken,
}

/// Where an exit leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitTarget {
    /// This address.
    Fixed(u64),
    /// The address the closing `jalr` computes.
    Dynamic,
}

/// Code with one entry and a list of guarded exits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Word width of the guest.
    pub xlen: Xlen,
    /// The instructions, in address order and without gaps.
    pub insts: Vec<RegionInst>,
    /// The exits; exactly one of the guards holds at the end of each execution.
    pub exits: Vec<(Guard, ExitTarget)>,
    /// How often the profiled run entered the region.
    pub count: u64,
    /// Demangled name of the function it lies in, where symbols tell.
    pub function: Option<String>,
}

/// Why instructions do not form a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// There is no instruction.
    #[error("a region needs at least one instruction")]
    Empty,
    /// An instruction does not start where the one before it ends.
    #[error(
        "instruction at {pc:#x} does not follow the one before it, which ends at {expected:#x}"
    )]
    Gap {
        /// Address of the instruction.
        pc: u64,
        /// Where it would have to be.
        expected: u64,
    },
    /// There is no instruction at an address.
    #[error("there is no instruction at {pc:#x}")]
    NoInstruction {
        /// The address.
        pc: u64,
    },
    /// The instructions do not end where they should.
    #[error("the instructions from {entry:#x} on do not end at {end:#x} but at {got:#x}")]
    End {
        /// Where they begin.
        entry: u64,
        /// Where they should end.
        end: u64,
        /// Where the first ends that does not end before.
        got: u64,
    },
    /// The encoding is neither 2 nor 4 bytes long.
    #[error("instruction at {pc:#x} is {len} bytes long; only 2 and 4 exist")]
    Length {
        /// Address of the instruction.
        pc: u64,
        /// Its stated length.
        len: u8,
    },
    /// An instruction other than the last transfers control.
    #[error("control transfer at {pc:#x} before the end of the region")]
    ControlInside {
        /// Address of the instruction.
        pc: u64,
    },
    /// An instruction that no region can hold, such as `ecall` or an atomic.
    #[error("instruction at {pc:#x} cannot be part of a region (`{}`); cut the region there", .inst.asm())]
    Unsupported {
        /// Address of the instruction.
        pc: u64,
        /// The instruction.
        inst: Inst,
    },
}

impl Region {
    /// Forms a region of `insts`, deriving its exits; `count` is how often it was entered.
    ///
    /// # Errors
    /// If the instructions do not satisfy the module's invariants; the error names the address.
    pub fn checked(xlen: Xlen, insts: Vec<RegionInst>, count: u64) -> Result<Self, RegionError> {
        let last = *insts.last().ok_or(RegionError::Empty)?;
        let mut expected = insts[0].pc;
        for (index, at) in insts.iter().enumerate() {
            if at.pc != expected {
                return Err(RegionError::Gap { pc: at.pc, expected });
            }
            if at.len != 2 && at.len != 4 {
                return Err(RegionError::Length { pc: at.pc, len: at.len });
            }
            if at.inst.ends_region() {
                return Err(RegionError::Unsupported { pc: at.pc, inst: at.inst });
            }
            if at.inst.is_control() && index + 1 != insts.len() {
                return Err(RegionError::ControlInside { pc: at.pc });
            }
            expected = at.next_pc(xlen);
        }
        Ok(Self { xlen, exits: exits_of(xlen, &last), insts, count, function: None })
    }

    /// The instructions of a program from `entry` up to `end`, never entered, with the name of the
    /// function that they are in.
    ///
    /// # Errors
    /// If they form no region, or `end` is not behind one of them.
    pub fn read(program: &Program, entry: u64, end: u64) -> Result<Self, RegionError> {
        let mut insts: Vec<RegionInst> = Vec::new();
        let mut pc = entry;
        while pc < end {
            let decoded = program.decode_at(pc).ok_or(RegionError::NoInstruction { pc })?;
            let at = RegionInst { pc, inst: decoded.inst, len: decoded.len };
            let next = at.next_pc(program.xlen);
            // What ends a region ends it here, so that no text is read to its end in vain.
            let ends = at.inst.is_control() || at.inst.ends_region() || next < pc;
            insts.push(at);
            pc = next;
            if ends {
                break;
            }
        }
        if pc != end {
            return Err(RegionError::End { entry, end, got: pc });
        }
        let mut region = Self::checked(program.xlen, insts, 0)?;
        region.function = program.function_at(entry).map(|symbol| symbol.name.clone());
        Ok(region)
    }

    /// [`Region::checked`] for instructions that are known to form a region.
    ///
    /// # Panics
    /// If they do not.
    pub fn from_insts(xlen: Xlen, insts: Vec<RegionInst>, count: u64) -> Self {
        match Self::checked(xlen, insts, count) {
            Ok(region) => region,
            Err(error) => panic!("the caller promised a region: {error}"),
        }
    }

    /// Address of the first instruction.
    pub fn entry(&self) -> u64 {
        self.insts[0].pc
    }

    /// Address of the byte after the last instruction.
    pub fn end(&self) -> u64 {
        self.last().next_pc(self.xlen)
    }

    /// Bytes the instructions occupy.
    pub fn byte_len(&self) -> u64 {
        self.insts.iter().map(|at| u64::from(at.len)).sum()
    }

    /// The last instruction.
    pub fn last(&self) -> &RegionInst {
        self.insts.last().expect("a region has at least one instruction")
    }

    /// Cuts the region before instruction `index`: the first part falls through to the second.
    ///
    /// # Panics
    /// If one of the parts would be empty.
    #[must_use]
    pub fn split_at(&self, index: usize) -> (Self, Self) {
        assert!(
            0 < index && index < self.insts.len(),
            "cut at {index} of {} instructions leaves an empty part",
            self.insts.len()
        );
        (self.part(0..index), self.part(index..self.insts.len()))
    }

    /// The instructions of a range as a region that falls through to what follows them.
    ///
    /// # Panics
    /// If there are none, or they are not the region's.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let insts = self.insts[range].to_vec();
        let last = insts.last().expect("a part has instructions");
        Self {
            xlen: self.xlen,
            exits: exits_of(self.xlen, last),
            insts,
            count: self.count,
            function: self.function.clone(),
        }
    }

    /// The part before the closing control transfer, which has exactly one exit; the whole region
    /// when nothing closes it, and `None` when nothing comes before the transfer.
    #[must_use]
    pub fn without_terminator(&self) -> Option<Self> {
        if !self.last().inst.is_control() {
            return Some(self.clone());
        }
        (self.insts.len() > 1).then(|| self.split_at(self.insts.len() - 1).0)
    }
}

/// The exits of a region that ends with `last`.
fn exits_of(xlen: Xlen, last: &RegionInst) -> Vec<(Guard, ExitTarget)> {
    let next = ExitTarget::Fixed(last.next_pc(xlen));
    match (last.inst.op, last.target(xlen)) {
        (Op::Branch { .. }, Some(taken)) => {
            vec![(Guard::Taken, ExitTarget::Fixed(taken)), (Guard::NotTaken, next)]
        }
        (Op::Jal, Some(target)) => vec![(Guard::Always, ExitTarget::Fixed(target))],
        (Op::Jalr, _) => vec![(Guard::Always, ExitTarget::Dynamic)],
        _ => vec![(Guard::Always, next)],
    }
}
