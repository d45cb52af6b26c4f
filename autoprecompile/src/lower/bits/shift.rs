//! Shifts by an amount that is not known: in stages, each by a power of two or not.

use autoprec_circuits::Field;
use autoprec_isa::Alu;

use super::Lowering;
use super::bit::{Bit, Function};
use super::bitwise::sign_extended;
use super::value::{Body, Part, Parts};
use crate::ir::ValueId;
use crate::recipe::Slot;

/// A shift, by the bits of its amount.
#[derive(Clone, Copy, Debug)]
struct Shift {
    op: Alu,
    /// Bits that are shifted.
    bits: u32,
    /// Where the shifted word and the amount are.
    slots: (Slot, Slot),
}

impl<F: Field> Lowering<'_, F> {
    /// Shifts to the left, to the right and with copies of the sign, of whole words and of low halves.
    pub(super) fn shift(&mut self, op: Alu, id: ValueId, [a, b]: [ValueId; 2]) {
        let (op, is_low) = match op {
            Alu::SllW => (Alu::Sll, true),
            Alu::SrlW => (Alu::Srl, true),
            Alu::SraW => (Alu::Sra, true),
            op => (op, false),
        };
        let xlen = self.ir.xlen.bits();
        let bits = if is_low { 32 } else { xlen };
        let stages = bits.trailing_zeros();
        let word = self.parts(a, u64::MAX);
        let amount = self.parts(b, (2 << stages) - 1);
        let slots = (self.slot(a), self.slot(b));
        let shift = Shift { op, bits, slots };
        let mut current = self.single_bits(&word[..bits as usize]);
        let amount = self.single_bits(&amount[..stages as usize]);
        for (stage, flag) in amount.iter().enumerate() {
            current = self.shift_stage(shift, &current, stage, flag);
        }
        let result: Parts<F> = current.into_iter().map(Part::bit).collect();
        let result = if is_low { sign_extended(result, xlen) } else { result };
        self.set_parts(id, result);
    }

    /// Shifts by 2^stage if the flag is 1.
    fn shift_stage(&mut self, shift: Shift, bits: &[Bit], stage: usize, flag: &Bit) -> Vec<Bit> {
        let by = 1_usize << stage;
        let after = self.stage_slot(shift, stage);
        let zero = self.builder.constant(0);
        let fill = match shift.op {
            Alu::Sra => bits.last().expect("a word has bits").clone(),
            _ => Bit { function: Function::constant(false), source: (zero, 0) },
        };
        let mut shifted = Vec::new();
        for (index, bit) in bits.iter().enumerate() {
            let from = match shift.op {
                Alu::Sll => index.checked_sub(by),
                _ => Some(index + by),
            };
            let moved = from.and_then(|from| bits.get(from)).unwrap_or(&fill);
            let position = u32::try_from(index).expect("below 64");
            shifted.push(self.mux(flag, moved, bit, (after, position)));
        }
        shifted
    }

    /// Where the word is after the first stages.
    fn stage_slot(
        &mut self,
        Shift { op, bits, slots: (word, amount) }: Shift,
        stage: usize,
    ) -> Slot {
        let mask = self.builder.constant((2_i128 << stage) - 1);
        let by = self.builder.alu(Alu::And, amount, mask);
        let xlen = self.ir.xlen.bits();
        let unused = self.builder.constant(i128::from(xlen - bits));
        match op {
            Alu::Sll => self.builder.alu(Alu::Sll, word, by),
            _ => {
                // The low half as a word with the same sign.
                let high = self.builder.alu(Alu::Sll, word, unused);
                let back = if op == Alu::Sra { Alu::Sra } else { Alu::Srl };
                let word = self.builder.alu(back, high, unused);
                self.builder.alu(back, word, by)
            }
        }
    }

    /// The bits that parts are, which are cut into bits.
    fn single_bits(&mut self, parts: &[Part<F>]) -> Vec<Bit> {
        let zero = self.builder.constant(0);
        let bit = |part: &Part<F>| match &part.body {
            Body::Rep(bit) => bit.clone(),
            Body::Const(value) => {
                Bit { function: Function::constant(value & 1 == 1), source: (zero, 0) }
            }
            Body::Wide(..) => unreachable!("numbers are cut into bits"),
        };
        parts.iter().map(bit).collect()
    }

    /// The first of two bits if a condition is 1, else the second.
    pub(super) fn mux(
        &mut self,
        condition: &Bit,
        then: &Bit,
        otherwise: &Bit,
        source: (Slot, u32),
    ) -> Bit {
        let mut parts = [condition.clone(), then.clone(), otherwise.clone()];
        loop {
            let [c, x, y] = [&parts[0], &parts[1], &parts[2]].map(|bit| &bit.function);
            if let Some(function) = c.mux(x, y)
                && self.is_acceptable(&function)
            {
                return Bit { function, source };
            }
            let heaviest = parts.iter_mut().max_by_key(|bit| bit.function.atoms.len());
            let heaviest = heaviest.expect("there are three");
            let before = heaviest.clone();
            let settled = self.settled(&before);
            let heaviest = parts.iter_mut().find(|bit| **bit == before).expect("it is there");
            *heaviest = settled;
        }
    }
}
