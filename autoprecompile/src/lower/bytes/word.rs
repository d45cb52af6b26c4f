//! Words as limbs, and the dispatch that lowers a value when it is first asked for.

use autoprec_circuits::ColumnKind;
use autoprec_isa::{Alu, Reg};

use super::Lowering;
use super::builder::{Builder, Lin};
use crate::ir::{Node, ValueId};
use crate::recipe::{Query, Slot};

/// A byte in range: its linear form and where its value comes from.
#[derive(Clone, Debug)]
pub(super) struct Byte {
    pub(super) lin: Lin,
    /// The bits that may be set.
    pub(super) bits: u8,
    /// The word it is part of.
    pub(super) word: Slot,
    /// Which byte of that word.
    pub(super) index: u8,
}

impl Byte {
    /// The bytes of the word that comes from `slot` and has these bits at most.
    pub(super) fn all_of(lins: [Lin; 4], possible: u32, slot: Slot) -> [Self; 4] {
        let bits = possible.to_le_bytes();
        let mut index = 0;
        lins.map(|lin| {
            index += 1;
            let i = index - 1;
            Self { lin, bits: bits[i], word: slot, index: u8::try_from(i).expect("below 4") }
        })
    }
}

/// A 16-bit limb in range.
#[derive(Clone, Debug)]
pub(super) struct Half {
    pub(super) lin: Lin,
    /// The bits that may be set.
    pub(super) bits: u16,
}

/// A word as limbs.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Bytes([Byte; 4]),
    Halves([Half; 2]),
}

impl Word {
    /// A word whose bytes are these linear forms.
    pub(super) fn from_bytes(lins: [Lin; 4], possible: u32, slot: Slot) -> Self {
        Self::Bytes(Byte::all_of(lins, possible, slot))
    }

    /// A word whose halves are these linear forms.
    pub(super) fn from_halves([low, high]: [Lin; 2], possible: u32) -> Self {
        let (low_bits, high_bits) = ((possible & 0xffff) as u16, (possible >> 16) as u16);
        Self::Halves([Half { lin: low, bits: low_bits }, Half { lin: high, bits: high_bits }])
    }

    pub(super) fn halves(&self) -> [Half; 2] {
        match self {
            Self::Halves(halves) => halves.clone(),
            Self::Bytes(b) => [(&b[0], &b[1]), (&b[2], &b[3])].map(|(low, high)| Half {
                lin: low.lin.clone() + high.lin.times(256),
                bits: u16::from_le_bytes([low.bits, high.bits]),
            }),
        }
    }
}

impl Lowering<'_> {
    /// The columns of a value; lowers it if that has not happened yet.
    pub(super) fn word(&mut self, id: ValueId) -> Word {
        if let Some(word) = &self.words[id.index()] {
            return word.clone();
        }
        let outer = self.builder.set_inst(Some(self.ir.values[id.index()].inst));
        let word = self.lower_value(id);
        self.builder.set_inst(outer);
        self.words[id.index()] = Some(word.clone());
        word
    }

    /// A value as bytes.
    pub(super) fn bytes(&mut self, id: ValueId) -> [Byte; 4] {
        match self.word(id) {
            Word::Bytes(bytes) => bytes,
            Word::Halves(_) => unreachable!("{id} was not expected to be needed as bytes"),
        }
    }

    /// A value as halves.
    pub(super) fn halves(&mut self, id: ValueId) -> [Half; 2] {
        self.word(id).halves()
    }

    /// A value that is 0 or 1.
    pub(super) fn bit(&mut self, id: ValueId) -> Lin {
        debug_assert!(self.possible[id.index()] <= 1, "{id} is a bit");
        let [low, _] = self.halves(id);
        low.lin
    }

    /// A word that is a bit.
    pub(super) fn word_of_bit(&self, id: ValueId, bit: Lin) -> Word {
        let lins = [bit, Lin::zero(), Lin::zero(), Lin::zero()];
        Word::from_bytes(lins, 1, self.slots[id.index()])
    }

    fn lower_value(&mut self, id: ValueId) -> Word {
        match self.ir.node(id) {
            #[expect(clippy::cast_possible_truncation, reason = "the region is rv32")]
            Node::Const(value) => {
                let lins = (value as u32).to_le_bytes().map(|b| Builder::int(i64::from(b)));
                Word::from_bytes(lins, value as u32, self.slots[id.index()])
            }
            Node::Reg(reg) => self.register_word(reg),
            Node::Select { condition, then, otherwise } => {
                self.select(id, condition, then, otherwise)
            }
            Node::Load { .. } => unreachable!("loads are lowered as effects, before their users"),
            Node::Alu(op, a, b) => self.operation(id, op, a, b),
        }
    }

    fn operation(&mut self, id: ValueId, op: Alu, a: ValueId, b: ValueId) -> Word {
        let constant = self.ir.as_const(b);
        match op {
            Alu::Add | Alu::Sub => self.sum(id),
            Alu::And | Alu::Or | Alu::Xor => self.bitwise(id, op, a, b),
            Alu::Srl if constant.is_some_and(|c| c & 31 == 31) => {
                let bit = self.sign_bit(a);
                self.word_of_bit(id, bit)
            }
            Alu::Sll | Alu::Srl | Alu::Sra => match constant {
                Some(amount) => self.shift_by_constant(id, op, a, (amount & 31) as u8),
                None => self.shift_by_value(id, op, a, b),
            },
            Alu::Sltu => {
                let bit = self.less_unsigned(id, a, b);
                self.word_of_bit(id, bit)
            }
            Alu::Slt => {
                let bit = self.less_signed(id, a, b);
                self.word_of_bit(id, bit)
            }
            Alu::Eq => {
                let bit = self.equal(id, a, b);
                self.word_of_bit(id, bit)
            }
            Alu::Mul | Alu::Mulhu | Alu::Divu | Alu::Remu => self.twin(op, a, b),
            _ => unreachable!("`lower` refuses operations without a gadget"),
        }
    }

    /// The value of a register at entry, received as bytes from memory.
    pub(super) fn register_word(&mut self, reg: Reg) -> Word {
        let slot = self.builder.query(Query::Register(super::register(reg)));
        let outer = self.builder.set_inst(None);
        let lins = self.byte_columns(reg.abi_name(), ColumnKind::Input, slot);
        self.builder.set_inst(outer);
        Word::from_bytes(lins, u32::MAX, slot)
    }

    /// Four columns with the bytes of a word; they are not range-checked here.
    pub(super) fn byte_columns(&mut self, name: &str, kind: ColumnKind, slot: Slot) -> [Lin; 4] {
        [0, 8, 16, 24].map(|low| {
            let byte = self.builder.bits(slot, low, 8);
            self.builder.column(format!("{name}_{}", low / 8), kind, byte)
        })
    }

    /// One column of a byte of a value; it is not range-checked here.
    pub(super) fn byte_column(&mut self, id: ValueId, index: u8, kind: ColumnKind) -> Lin {
        let of = self.slots[id.index()];
        let byte = self.builder.bits(of, 8 * u32::from(index), 8);
        self.builder.column(format!("{id}_{index}"), kind, byte)
    }

    /// `condition ? then : otherwise`, limb by limb.
    ///
    /// Lemma: with c a bit, `c·(t − o) + o` is t or o, hence in range like them. Complete: always.
    fn select(&mut self, id: ValueId, condition: ValueId, then: ValueId, other: ValueId) -> Word {
        let choice = self.bit(condition);
        let possible = self.possible[id.index()];
        if self.demand.bytes(id) {
            let (then, other) = (self.bytes(then), self.bytes(other));
            let lins = std::array::from_fn(|i| {
                let (t, o) = (then[i].lin.clone(), other[i].lin.clone());
                let index = u8::try_from(i).expect("below 4");
                self.choose(&choice, t, o, |this| this.byte_column(id, index, ColumnKind::Result))
            });
            return Word::from_bytes(lins, possible, self.slots[id.index()]);
        }
        let (then, other) = (self.halves(then), self.halves(other));
        let lins = std::array::from_fn(|i| {
            let (t, o) = (then[i].lin.clone(), other[i].lin.clone());
            self.choose(&choice, t, o, |this| this.half_column(id, i))
        });
        Word::from_halves(lins, possible)
    }

    /// A limb that is `then` if `choice` is 1, else `other`; a new column unless that is linear.
    fn choose(
        &mut self,
        choice: &Lin,
        then: Lin,
        other: Lin,
        column: impl FnOnce(&mut Self) -> Lin,
    ) -> Lin {
        let difference = then - other.clone();
        if difference.is_zero() {
            return other;
        }
        if let [(only, factor)] = *difference.terms()
            && Lin::column(only) == Builder::is_valid()
        {
            return choice.scale(factor) + other;
        }
        let result = column(self);
        let chosen = super::builder::Ex::from(choice.clone()) * difference.into();
        self.builder.constrain(chosen + (other - result.clone()).into(), "choice");
        result
    }

    /// One column of a half of a value; it is not range-checked here.
    pub(super) fn half_column(&mut self, id: ValueId, index: usize) -> Lin {
        let (of, low) = (self.slots[id.index()], if index == 0 { 0 } else { 16 });
        let half = self.builder.bits(of, low, 16);
        let name = format!("{id}_{}", if index == 0 { "low" } else { "high" });
        self.builder.column(name, ColumnKind::Result, half)
    }
}
