//! Shifts, by way of splitting bytes.

use autoprec_circuits::{BabyBear, ColumnKind, Field};
use autoprec_isa::Alu;

use super::Lowering;
use super::builder::{Builder, Ex, Lin};
use super::word::{Byte, Word};
use crate::ir::ValueId;
use crate::recipe::Slot;

impl Lowering<'_> {
    /// Splits a byte b at bit s into its low s and high 8 − s bits: b = low + 2^s·high. What makes
    /// the parts right is said in [`super::splits`]. Complete: for all bytes.
    pub(super) fn split(&mut self, byte: &Byte, s: u8) -> (Lin, Lin) {
        if s == 0 {
            return (Lin::zero(), byte.lin.clone());
        }
        if s >= 8 || byte.bits >> s == 0 {
            return (byte.lin.clone(), Lin::zero());
        }
        if byte.bits & ((1 << s) - 1) == 0 {
            let high = byte.lin.scale(BabyBear::inverse_power_of_two(u32::from(s)));
            return (Lin::zero(), high);
        }
        let key = (byte.lin.clone(), s);
        let high = match self.splits.get(&key) {
            Some(high) => high.clone(),
            None => {
                let low = 8 * byte.index + s;
                let slot = self.builder.bits(byte.word, low.into(), 8 - u32::from(s));
                let high = self.builder.column("split", ColumnKind::Helper, slot);
                self.builder.split(byte.lin.clone(), s, high.clone());
                self.splits.insert(key, high.clone());
                high
            }
        };
        (byte.lin.clone() - high.times(1 << s), high)
    }

    /// A shift by a known amount: whole bytes move, the rest is joined from split bytes.
    pub(super) fn shift_by_constant(
        &mut self,
        id: ValueId,
        op: Alu,
        value: ValueId,
        amount: u8,
    ) -> Word {
        let bytes = self.bytes(value);
        let (whole, part) = (usize::from(amount / 8), amount % 8);
        let lins: [Lin; 4] = if op == Alu::Sll {
            std::array::from_fn(|j| {
                let upper = (j >= whole).then(|| self.split(&bytes[j - whole], 8 - part).0);
                let lower = (j > whole).then(|| self.split(&bytes[j - whole - 1], 8 - part).1);
                upper.unwrap_or_else(Lin::zero).times(1 << part) + lower.unwrap_or_else(Lin::zero)
            })
        } else {
            let sign = if op == Alu::Sra { self.sign_bit(value) } else { Lin::zero() };
            std::array::from_fn(|j| {
                let from = j + whole;
                if from > 3 {
                    return sign.times(255);
                }
                let (_, lower) = self.split(&bytes[from], part);
                let upper = match bytes.get(from + 1) {
                    Some(byte) => self.split(byte, part).0,
                    None => sign.times((1 << part) - 1),
                };
                lower + upper.times(1 << (8 - part))
            })
        };
        Word::from_bytes(lins, self.possible[id.index()], self.slots[id.index()])
    }

    /// A shift by a register: the amount is 8·m + t modulo 32.
    ///
    /// First every byte is shifted by t < 8, with what crosses byte borders as columns c_j; then bytes
    /// move by m. Of the c_j every second is checked to be below 2^t. Lemma: the rest follows as in
    /// [`super::splits`], with s = 8 − t when shifting left and s = t when shifting right.
    /// - Left: u_j = w_j + c_(j−1) are bytes, where w_j = 2^t·b_j − 256·c_j and c_(−1) = 0. With c_3 and
    ///   c_1 in range, c_2 and c_0 are bounded (far); then w_0 = u_0 is right, and w_1, w_2, w_3 follow
    ///   in turn from below.
    /// - Right: u_j = h_j + w_(j+1) are bytes, where h_j = (b_j − c_j) / 2^t and w_j = 2^(8−t)·c_j, w_4
    ///   being the sign's bits. h_3 is bounded (near), hence h_2 (far), and with c_2 in range b_2 is
    ///   taken apart rightly; the same from there: h_1 is bounded, h_0 too, and with c_0 in range b_0 is
    ///   right. c_1 and c_3 follow from below.
    ///
    /// Complete: for all words and amounts.
    pub(super) fn shift_by_value(
        &mut self,
        id: ValueId,
        op: Alu,
        value: ValueId,
        amount: ValueId,
    ) -> Word {
        let amount = self.shift_amount(id, amount, op == Alu::Sll);
        let sign = if op == Alu::Sra { self.sign_bit(value) } else { Lin::zero() };
        let bytes = self.bytes(value);
        let carries = self.crossing_bits(id, op, value, &amount);
        let parts: [Ex; 4] = std::array::from_fn(|j| {
            let byte = bytes[j].lin.clone();
            if op == Alu::Sll {
                let from_below = if j == 0 { Lin::zero() } else { carries[j - 1].clone() };
                let shifted = Ex::from(byte) * amount.power.clone().into();
                return shifted + (from_below - carries[j].times(256)).into();
            }
            // Above the top byte there are 256·(2^t − 1)·sign, divided by 2^t like the rest.
            let (from_above, ones) = match carries.get(j + 1) {
                Some(carry) => (carry.times(256), Lin::zero()),
                None => (-sign.times(256), sign.times(256)),
            };
            let numerator = Ex::from(byte - carries[j].clone() + from_above);
            numerator * amount.power.clone().into() + ones.into()
        });
        for pair in parts.chunks(2) {
            self.builder.two_bytes(pair[0].clone(), pair[1].clone(), "shifted bytes");
        }
        let lins = std::array::from_fn(|j| {
            let index = u8::try_from(j).expect("below 4");
            let result = self.byte_column(id, index, ColumnKind::Result);
            let moved = amount.bytes.iter().enumerate().map(|(m, flag)| {
                let from = if op == Alu::Sll { j.checked_sub(m) } else { Some(j + m) };
                let byte = match from.and_then(|from| parts.get(from)) {
                    Some(part) => part.clone(),
                    None => sign.times(255).into(),
                };
                Ex::from(flag.clone()) * byte
            });
            let moved = moved.fold(Ex::from(-result.clone()), |sum, part| sum + part);
            self.builder.constrain(moved, "bytes moved");
            result
        });
        Word::from_bytes(lins, self.possible[id.index()], self.slots[id.index()])
    }

    /// Per byte the bits that leave it: at the top when shifting left, else at the bottom.
    fn crossing_bits(&mut self, id: ValueId, op: Alu, value: ValueId, by: &Amount) -> [Lin; 4] {
        [0, 1, 2, 3].map(|j| {
            let of = self.slots[value.index()];
            let byte = self.builder.bits(of, 8 * j, 8);
            let slot = if op == Alu::Sll {
                let wide = self.builder.alu(Alu::Sll, byte, by.slot);
                self.builder.bits(wide, 8, 8)
            } else {
                let all = self.builder.constant(u32::MAX);
                let ones = self.builder.alu(Alu::Sll, all, by.slot);
                let mask = self.builder.alu(Alu::Xor, ones, all);
                self.builder.alu(Alu::And, byte, mask)
            };
            let carry = self.builder.column(format!("{id}_cross_{j}"), ColumnKind::Helper, slot);
            if (j % 2 == 1) == (op == Alu::Sll) {
                self.builder.range_expr(carry.clone().into(), by.bits.clone(), "crossing bits");
            }
            carry
        })
    }

    /// Takes a shift amount apart.
    ///
    /// Lemma: the lowest byte is t + 8·m + 32·q with t < 8 and m < 4 from bits and flags that are
    /// in range, and q in 3 bits, in one way only. Complete: for all words, of 32 and more too.
    fn shift_amount(&mut self, id: ValueId, amount: ValueId, left: bool) -> Amount {
        let low = self.bytes(amount)[0].lin.clone();
        let of = self.slots[amount.index()];
        let bits: [Lin; 3] = [0, 1, 2].map(|low| {
            let slot = self.builder.bits(of, low, 1);
            let bit = self.builder.column(format!("{id}_t_{low}"), ColumnKind::Helper, slot);
            self.builder.constrain(Ex::from(bit.clone()).boolean(), "bit of the amount");
            bit
        });
        let moved = self.builder.bits(of, 3, 2);
        let mut flags = Vec::new();
        let mut none = Builder::is_valid();
        for m in 1..4 {
            let number = self.builder.constant(m);
            let slot = self.builder.alu(Alu::Eq, moved, number);
            let flag = self.builder.column(format!("{id}_m_{m}"), ColumnKind::Helper, slot);
            self.builder.constrain(Ex::from(flag.clone()).boolean(), "bytes of the amount");
            none = none - flag.clone();
            flags.push(flag);
        }
        let rest = Builder::is_valid() - none.clone();
        self.builder.constrain(Ex::from(none.clone()) * rest.into(), "one number of bytes");
        flags.insert(0, none);
        let t = bits[0].clone() + bits[1].times(2) + bits[2].times(4);
        let m = flags[1].clone() + flags[2].times(2) + flags[3].times(3);
        let over = (low - t.clone() - m.times(8)).scale(BabyBear::inverse_power_of_two(5));
        self.builder.range(over, 3, "rest of the amount");
        let power = self.power(id, &bits, left);
        let slot = self.builder.bits(of, 0, 3);
        Amount { bits: t, bytes: flags, power, slot }
    }

    /// A column that is 2^t, or 2^−t, for the three bits of t.
    fn power(&mut self, id: ValueId, bits: &[Lin; 3], positive: bool) -> Lin {
        let factor = |bit: &Lin, exponent: u32| {
            let power = BabyBear::from_u64(1 << exponent);
            let power = if positive { power } else { power.inverse().expect("not zero") };
            Lin::constant_of(BabyBear::ONE) + bit.scale(power - BabyBear::ONE)
        };
        let first = Builder::is_valid() + factor(&bits[0], 1) - Builder::plain(1);
        let product = Ex::from(first) * factor(&bits[1], 2).into() * factor(&bits[2], 4).into();
        let slot = self.builder.eval_step(&product);
        let power = self.builder.column(format!("{id}_power"), ColumnKind::Helper, slot);
        self.builder.constrain(product - power.clone().into(), "power of two");
        power
    }
}

/// A shift amount 8·m + t.
struct Amount {
    /// t.
    bits: Lin,
    /// Flag i: whether m is i.
    bytes: Vec<Lin>,
    /// 2^t for left shifts, 2^−t for right shifts.
    power: Lin,
    /// t, when the region runs.
    slot: Slot,
}
