//! Instructions that are a few word operations: the definition of Zba and Zbb's operations.
//!
//! **Invariant:** [`Composite::expand`] is the only place that says what these do. Everything that is a
//! [`Machine`] performs them by its own [`Machine::alu`] and [`Machine::select`], so executors, lifters
//! and gadgets need not know them.

use crate::alu::Alu;
use crate::step::Machine;
use crate::word::Xlen;

/// An operation of two registers (the second is `x0` where an instruction has one) that is made of
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Composite {
    /// `a & !b`
    Andn,
    /// `a | !b`
    Orn,
    /// `!(a ^ b)`
    Xnor,
    /// The lesser, or the greater, of two numbers.
    Extremum {
        /// The comparison: [`Alu::Slt`] or [`Alu::Sltu`].
        less: Alu,
        /// Whether the greater is meant.
        greater: bool,
    },
    /// The bytes of `a` in reverse.
    Rev8,
    /// `(a << shift) + b`
    ShiftAdd {
        /// From 1 to 3.
        shift: u8,
    },
}

impl Composite {
    /// Every operation. New ones come last: proof systems number them by this order.
    pub const ALL: [Self; 11] = [
        Self::Andn,
        Self::Orn,
        Self::Xnor,
        Self::Extremum { less: Alu::Slt, greater: false },
        Self::Extremum { less: Alu::Sltu, greater: false },
        Self::Extremum { less: Alu::Slt, greater: true },
        Self::Extremum { less: Alu::Sltu, greater: true },
        Self::Rev8,
        Self::ShiftAdd { shift: 1 },
        Self::ShiftAdd { shift: 2 },
        Self::ShiftAdd { shift: 3 },
    ];

    /// Performs the operation on `m`.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of `step`")]
    pub(crate) fn expand<M: Machine>(
        self,
        m: &mut M,
        xlen: Xlen,
        a: M::Word,
        b: M::Word,
    ) -> M::Word {
        match self {
            Self::Andn => {
                let not_b = not(m, xlen, b);
                m.alu(Alu::And, a, not_b)
            }
            Self::Orn => {
                let not_b = not(m, xlen, b);
                m.alu(Alu::Or, a, not_b)
            }
            Self::Xnor => {
                let differ = m.alu(Alu::Xor, a, b);
                not(m, xlen, differ)
            }
            Self::Extremum { less, greater } => {
                let below = m.alu(less, a, b);
                if greater { m.select(below, b, a) } else { m.select(below, a, b) }
            }
            Self::Rev8 => reverse_bytes(m, xlen, a),
            Self::ShiftAdd { shift } => {
                // Doubled rather than shifted: to a circuit this is one sum, and no bit is split off.
                let shifted = (0..shift).fold(a, |a, _| m.alu(Alu::Add, a, a));
                m.alu(Alu::Add, shifted, b)
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `step`")]
fn not<M: Machine>(m: &mut M, xlen: Xlen, value: M::Word) -> M::Word {
    let ones = m.constant(xlen.mask(u64::MAX));
    m.alu(Alu::Xor, value, ones)
}

/// Moves each byte to its place and joins them: a form in which no operation mixes bytes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "part of `step`")]
fn reverse_bytes<M: Machine>(m: &mut M, xlen: Xlen, value: M::Word) -> M::Word {
    let last = u64::from(xlen.bits()) - 8;
    let distance = m.constant(last);
    // The lowest byte needs no mask: what is above it is shifted out.
    let mut reversed = m.alu(Alu::Sll, value, distance);
    for from in (8..=last).step_by(8) {
        let to = last - from;
        let (op, distance) = if to > from { (Alu::Sll, to - from) } else { (Alu::Srl, from - to) };
        let distance = m.constant(distance);
        let mut byte = m.alu(op, value, distance);
        if to > 0 {
            let mask = m.constant(0xff << to);
            byte = m.alu(Alu::And, byte, mask);
        }
        reversed = m.alu(Alu::Or, reversed, byte);
    }
    reversed
}
