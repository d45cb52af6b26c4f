//! Loads and stores: each word of memory is accessed as seldom as it can be.
//!
//! A word whose address is at a known distance from a base, alignment included, is a [`Line`]: the
//! bytes that it has now, and whether they still have to be sent to memory. Loads of known bytes cost
//! nothing, stores to a line that was not sent yet change what will be sent.
//!
//! The no-alias argument: lines of one base are different words. Lines of different bases may be the
//! same word, so
//! - before memory is read through one base, what was stored through others is sent;
//! - before something is stored through one base, everything of others is sent and forgotten.
//!
//! Between the moment at which a line's word is looked at and the moment of its access nothing is
//! sent that may be the same word, so the access receives what was looked at.
//!
//! Accesses whose alignment is not known take place at once, after everything that was stored is
//! sent; those that store make everything forgotten.
//!
//! Complete: for every state on which the accesses do not fault ([`super::access`]), whichever pointers
//! are equal or meet in a word. The recipe makes the same looks and accesses in the same order, and
//! stops at a word that is misaligned or beyond the memory.

use autoprec_circuits::ColumnKind;
use autoprec_isa::{Alu, Width};

use super::Lowering;
use super::access::{self, Anchor, GroupKey, MEMORY};
use super::builder::{Ex, Lin};
use super::word::{Byte, Word};
use crate::ir::{Effect, Node, ValueId};
use crate::recipe::{Slot, Step};

/// A word of memory whose bytes are known.
#[derive(Clone, Debug)]
struct Line {
    base: GroupKey,
    /// The distance of its address from the base less the base's residue modulo 4.
    offset: u32,
    /// Its address.
    addr: Slot,
    pointer: Lin,
    /// What memory holds: what the next access receives.
    old: [Lin; 4],
    /// What the region has made of it.
    bytes: [Byte; 4],
    /// The same, when the region runs.
    word: Slot,
    state: State,
}

/// What has to be done about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It was looked at; an access has to show that memory held it.
    Read,
    /// It was changed.
    Written,
    /// Memory holds it, and an access has shown so.
    Sent,
}

/// The lines of a region, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Vec<Line>);

impl Lowering<'_> {
    /// Lowers a load: the slot and, if it is needed, the columns of its value.
    pub(super) fn load(&mut self, id: ValueId) {
        let outer = self.builder.set_inst(Some(self.ir.values[id.index()].inst));
        let (addr, _) = access::address(self.ir, Effect::Load(id));
        let (base, offset) = access::split(self.ir, addr);
        let anchor = self.anchor(base);
        if let [(residue, _)] = anchor.residues[..] {
            let position = residue.wrapping_add(offset);
            let line = self.line(&anchor, base, (addr, position));
            self.load_from(id, line, position & 3);
        } else {
            self.load_unaligned(id, &anchor, offset);
        }
        self.builder.set_inst(outer);
    }

    /// Lowers a store.
    pub(super) fn store(&mut self, effect: Effect) {
        let Effect::Store { width, addr, value, .. } = effect else {
            unreachable!("the caller passes a store")
        };
        let outer = self.builder.set_inst(Some(access::instruction(self.ir, effect)));
        let (base, offset) = access::split(self.ir, addr);
        let anchor = self.anchor(base);
        if let [(residue, _)] = anchor.residues[..] {
            self.send(|line| line.base != base);
            self.lines.0.retain(|line| line.base == base);
            let position = residue.wrapping_add(offset);
            let line = self.line(&anchor, base, (addr, position));
            self.store_to(line, value, (position & 3, width));
        } else {
            self.store_unaligned(&anchor, (addr, offset), value, width);
        }
        self.builder.set_inst(outer);
    }

    /// Accesses every word that is not as memory is known to hold it.
    pub(super) fn send_all(&mut self) {
        self.send(|_| true);
    }

    /// Accesses those of the lines that have something to show to memory.
    fn send(&mut self, which: impl Fn(&Line) -> bool) {
        let mut lines = std::mem::take(&mut self.lines.0);
        for line in lines.iter_mut().filter(|line| line.state != State::Sent && which(line)) {
            self.builder.step(match line.state {
                State::Written => Step::Write { addr: line.addr, value: line.word },
                State::Read | State::Sent => Step::Touch(line.addr),
            });
            let new = line.bytes.clone().map(|byte| byte.lin);
            let old = std::mem::replace(&mut line.old, new.clone());
            self.access(MEMORY, line.pointer.clone(), old, new.map(Ex::from));
            line.state = State::Sent;
        }
        self.lines.0 = lines;
    }

    /// The position of the line that an access falls into; memory is looked at if it is not known.
    fn line(&mut self, anchor: &Anchor, base: GroupKey, (addr, position): (ValueId, u32)) -> usize {
        let offset = position & !3;
        let known = self.lines.0.iter().position(|line| (line.base, line.offset) == (base, offset));
        if let Some(index) = known {
            return index;
        }
        self.send(|line| line.state == State::Written && line.base != base);
        let addr = self.word_address(addr, position & 3);
        let (word, old) = self.look(addr);
        let distance = position.wrapping_sub(anchor.residues[0].0);
        let pointer = anchor.pointer(distance);
        let Word::Bytes(bytes) = Word::from_bytes(old.clone(), u32::MAX, word) else {
            unreachable!("made of bytes")
        };
        let state = State::Read;
        self.lines.0.push(Line { base, offset, addr, pointer, old, bytes, word, state });
        self.lines.0.len() - 1
    }

    /// Looks at the word at an address: its value and its columns.
    fn look(&mut self, addr: Slot) -> (Slot, [Lin; 4]) {
        let word = self.builder.step(Step::Look(addr));
        let number = self.builder.next_word();
        let columns = self.byte_columns(&format!("m{number}"), ColumnKind::Input, word);
        (word, columns)
    }

    /// A load of bytes `at`… of a line.
    fn load_from(&mut self, id: ValueId, line: usize, at: u32) {
        let Node::Load { width, signed, .. } = self.ir.node(id) else {
            unreachable!("the caller passes a load")
        };
        let Line { word, bytes, .. } = self.lines.0[line].clone();
        if width == Width::Word {
            self.slots.push(word);
            self.words[id.index()] = Some(Word::Bytes(bytes));
            return;
        }
        let low = u8::try_from(8 * at).expect("at most 24");
        let len = u8::try_from(8 * width.bytes()).expect("at most 16");
        let value = self.builder.step(Step::Bits { of: word, low, len });
        let slot = self.extended(value, width, signed);
        self.slots.push(slot);
        if self.demand.is_needed(id) {
            let from = at as usize;
            let loaded = bytes[from..from + width.bytes() as usize].to_vec();
            self.extend_columns(id, &loaded, signed);
        }
    }

    /// A load whose alignment is not known: `Σ flag·byte` over the possible alignments.
    fn load_unaligned(&mut self, id: ValueId, anchor: &Anchor, offset: u32) {
        let Node::Load { width, signed, addr } = self.ir.node(id) else {
            unreachable!("the caller passes a load")
        };
        self.send(|line| line.state == State::Written);
        let aligned = self.aligned(self.slots[addr.index()], width);
        let (word, old) = self.look(aligned);
        let shift = self.bit_shift(self.slots[addr.index()]);
        let shifted = self.builder.step(Step::Alu(Alu::Srl, word, shift));
        let len = u8::try_from(8 * width.bytes()).expect("at most 16");
        let value = self.builder.step(Step::Bits { of: shifted, low: 0, len });
        let slot = self.extended(value, width, signed);
        self.slots.push(slot);
        if self.demand.is_needed(id) {
            let bytes: Vec<Byte> = (0..width.bytes())
                .map(|of| self.selected(id, anchor, (offset, of), &old))
                .collect();
            self.extend_columns(id, &bytes, signed);
        }
        self.builder.step(Step::Touch(aligned));
        let new = old.clone().map(Ex::from);
        self.access(MEMORY, anchor.pointer(offset), old, new);
    }

    /// Byte `of` of an access: one new column.
    fn selected(
        &mut self,
        id: ValueId,
        anchor: &Anchor,
        (offset, of): (u32, u32),
        word: &[Lin; 4],
    ) -> Byte {
        let index = u8::try_from(of).expect("at most 1");
        let lin = self.byte_column(id, index, ColumnKind::Result);
        let sum = anchor.residues.iter().fold(Ex::from(-lin.clone()), |sum, (residue, flag)| {
            let position = ((residue.wrapping_add(offset) & 3) + of) as usize;
            sum + Ex::from(flag.clone()) * word[position].clone().into()
        });
        self.builder.constrain(sum, "the byte at the alignment");
        Byte { lin, bits: u8::MAX, word: self.slots[id.index()], index }
    }

    /// The word of a load of less than a word.
    fn extend_columns(&mut self, id: ValueId, bytes: &[Byte], signed: bool) {
        let mut lins = [const { Lin::zero() }; 4];
        for (lin, byte) in lins.iter_mut().zip(bytes) {
            lin.clone_from(&byte.lin);
        }
        if signed {
            let (_, sign) = self.split(&bytes[bytes.len() - 1], 7);
            lins[bytes.len()..].fill(sign.times(255));
        }
        let word = Word::from_bytes(lins, self.possible[id.index()], self.slots[id.index()]);
        self.words[id.index()] = Some(word);
    }

    fn extended(&mut self, value: Slot, width: Width, signed: bool) -> Slot {
        if !signed {
            return value;
        }
        let unused = self.builder.step(Step::Const(32 - 8 * width.bytes()));
        let top = self.builder.step(Step::Alu(Alu::Sll, value, unused));
        self.builder.step(Step::Alu(Alu::Sra, top, unused))
    }

    /// Changes bytes `at`… of a line.
    fn store_to(&mut self, line: usize, value: ValueId, (at, width): (u32, Width)) {
        let bytes = self.bytes(value);
        let value = self.slots[value.index()];
        let shift = self.builder.step(Step::Const(8 * at));
        let old = self.lines.0[line].word;
        let word = self.replaced(old, value, shift, width);
        let line = &mut self.lines.0[line];
        let at = at as usize;
        line.bytes[at..at + width.bytes() as usize]
            .clone_from_slice(&bytes[..width.bytes() as usize]);
        line.word = word;
        line.state = State::Written;
    }

    /// A store whose alignment is not known: each byte is kept or replaced.
    fn store_unaligned(
        &mut self,
        anchor: &Anchor,
        (addr, offset): (ValueId, u32),
        value: ValueId,
        width: Width,
    ) {
        self.send_all();
        self.lines.0.clear();
        let aligned = self.aligned(self.slots[addr.index()], width);
        let (word, old) = self.look(aligned);
        let shift = self.bit_shift(self.slots[addr.index()]);
        let bytes = self.bytes(value);
        let new = self.replaced(word, self.slots[value.index()], shift, width);
        self.builder.step(Step::Write { addr: aligned, value: new });
        let new = stored(anchor, offset, &old, &bytes[..width.bytes() as usize]);
        self.access(MEMORY, anchor.pointer(offset), old, new);
    }

    /// A word with the low bytes of `value` put `shift` bits up.
    fn replaced(&mut self, word: Slot, value: Slot, shift: Slot, width: Width) -> Slot {
        if width == Width::Word {
            return value;
        }
        let len = u8::try_from(8 * width.bytes()).expect("at most 16");
        let ones = self.builder.step(Step::Const(u32::MAX >> (32 - len)));
        let all = self.builder.step(Step::Const(u32::MAX));
        let mask = self.builder.step(Step::Alu(Alu::Sll, ones, shift));
        let others = self.builder.step(Step::Alu(Alu::Xor, mask, all));
        let kept = self.builder.step(Step::Alu(Alu::And, word, others));
        let low = self.builder.step(Step::Bits { of: value, low: 0, len });
        let placed = self.builder.step(Step::Alu(Alu::Sll, low, shift));
        self.builder.step(Step::Alu(Alu::Or, kept, placed))
    }

    /// The address of the word in which an access begins at byte `at`.
    ///
    /// A base of another alignment makes it misaligned, which stops execution: other accesses of the
    /// line, which do not look again, would be misaligned.
    fn word_address(&mut self, addr: ValueId, at: u32) -> Slot {
        let addr = self.slots[addr.index()];
        if at == 0 {
            return addr;
        }
        let back = self.builder.step(Step::Const(at.wrapping_neg()));
        self.builder.step(Step::Alu(Alu::Add, addr, back))
    }

    /// The address of the word; a misaligned address stays misaligned, which stops execution.
    fn aligned(&mut self, addr: Slot, width: Width) -> Slot {
        let mask = match width {
            Width::Byte => !3,
            Width::Half => !2,
            Width::Word | Width::Double => return addr,
        };
        let mask = self.builder.step(Step::Const(mask));
        self.builder.step(Step::Alu(Alu::And, addr, mask))
    }

    /// 8 times the position of an address in its word.
    fn bit_shift(&mut self, addr: Slot) -> Slot {
        let position = self.builder.step(Step::Bits { of: addr, low: 0, len: 2 });
        let three = self.builder.step(Step::Const(3));
        self.builder.step(Step::Alu(Alu::Sll, position, three))
    }
}

/// The word after a store of unknown alignment: `kept + flag·(new − kept)` for each byte.
fn stored(anchor: &Anchor, offset: u32, old: &[Lin; 4], value: &[Byte]) -> [Ex; 4] {
    let mut index = 0;
    old.clone().map(|kept| {
        let position = index;
        index += 1;
        let choices = value.iter().zip(0..).map(|(byte, of)| {
            let flag = anchor.selects(offset, position, of);
            Ex::from(flag) * (byte.lin.clone() - kept.clone()).into()
        });
        choices.fold(Ex::from(kept.clone()), |sum, change| sum + change)
    })
}
