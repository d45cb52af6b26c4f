//! Loads and stores: each word of memory is accessed as seldom as it can be.
//!
//! Of words at known distances from a base it is known what bytes they have now and whether that
//! still has to be sent to memory ([`Held`]). Loads of known bytes cost nothing, stores to a word that
//! was not sent yet change what will be sent.
//!
//! Which word an access touches depends on what the base is modulo 4, its *residue*. If accesses of
//! whole words leave one residue, that is known. If several are left, words are held per residue,
//! and an access at some offset from the base is of the word `Σ flag·word` over the residues. Words
//! come in as [`Line`]s, one access' word each; all that a base will need are opened together, few of
//! them ([`covering`]), when the first is needed.
//!
//! When words are looked at and sent follows from the no-alias argument ([`crate::lower::alias`]).
//!
//! Complete: for every state on which the accesses do not fault ([`super::access`]), whichever pointers
//! are equal or meet in a word. Accesses are made where the region makes one, so no word is accessed
//! that running the instructions would not access. The recipe makes the same looks and accesses in
//! the same order, and stops at a word that is misaligned or beyond the memory.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_circuits::ColumnKind;
use autoprec_isa::{Alu, Width};

use super::Lowering;
use super::access::{self, Anchor, MEMORY};
use super::builder::{Builder, Ex, Lin};
use super::word::{Byte, Word};
use crate::ir::{Effect, Node, ValueId};
use crate::lower::alias::{Base, Memory, Pending};
use crate::recipe::{Query, Slot};

/// A word under one residue of its base: its distance from the base in words, and the residue.
type Place = (u32, u32);

/// A word that was looked at, when the region runs.
#[derive(Clone, Copy, Debug)]
struct Line {
    addr: Slot,
    /// Its value by now.
    word: Slot,
}

/// What is known of a word under one residue.
#[derive(Clone, Debug)]
struct Held {
    /// The line that has it when the region runs: the oldest that is this word.
    line: usize,
    /// What memory holds: what the next access receives.
    memory: [Lin; 4],
    /// What the region has made of it.
    bytes: [Byte; 4],
}

/// What is known of the words of one base.
#[derive(Clone, Debug, Default)]
struct Known {
    lines: Vec<Line>,
    held: BTreeMap<Place, Held>,
    /// Words that were changed and not sent.
    written: BTreeSet<Place>,
    /// Words that no access has received yet.
    unproven: BTreeSet<Place>,
    /// Offsets of accesses all words of which are held.
    offsets: BTreeSet<u32>,
}

impl Known {
    /// Words that are not as memory is known to hold them.
    fn pending(&self) -> BTreeSet<Place> {
        &self.written | &self.unproven
    }
}

/// The words that are known, by base.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    known: BTreeMap<Base, Known>,
    /// Bytes that were chosen by residue: the base and the byte per residue.
    chosen: BTreeMap<Lin, (Base, Vec<Byte>)>,
    /// The base of each access that was made, in order: they are the first of the call.
    made: Vec<Base>,
    /// The last access of a word by its base.
    last: BTreeMap<(Base, Place), u32>,
}

impl Lines {
    /// Notes that an access is made, and gives the accesses of which one was the last to the same
    /// word before, if they are known to be at most `few`.
    ///
    /// Since the last one through the same base others of the word can only have been through
    /// other bases.
    fn note_access(&mut self, access: &Access, few: u32) -> Vec<u32> {
        let now = u32::try_from(self.made.len()).expect("a region has few accesses");
        self.made.push(access.base);
        let last: Vec<Option<u32>> = access
            .places()
            .into_iter()
            .map(|place| self.last.insert((access.base, place), now))
            .collect();
        let Some(mut earlier) = last.into_iter().collect::<Option<BTreeSet<u32>>>() else {
            return vec![];
        };
        let first = *earlier.first().expect("an access has a residue");
        let others = (first + 1..now).filter(|&number| self.made[number as usize] != access.base);
        // One more than are wanted tells that there are too many.
        earlier.extend(others.take(few as usize + 1));
        if earlier.len() > few as usize { vec![] } else { earlier.into_iter().collect() }
    }
}

/// Where an access takes place.
struct Access {
    base: Base,
    offset: u32,
    anchor: Anchor,
}

impl Access {
    /// The word it touches, per residue.
    fn places(&self) -> Vec<Place> {
        places(self.offset, &self.anchor.possible_residues())
    }

    /// Where in its word it begins, per residue.
    fn positions(&self) -> Vec<u32> {
        let residues = self.anchor.possible_residues();
        residues.iter().map(|residue| residue.wrapping_add(self.offset) & 3).collect()
    }
}

/// The words that an access at an offset touches, per residue.
fn places(offset: u32, residues: &[u32]) -> Vec<Place> {
    residues.iter().map(|&residue| (residue.wrapping_add(offset) >> 2, residue)).collect()
}

/// Few of the offsets, such that accesses there touch all of the words: always one that adds most.
fn covering(mut words: BTreeSet<Place>, offsets: &BTreeSet<u32>, residues: &[u32]) -> Vec<u32> {
    let mut chosen = Vec::new();
    while let Some(&(word, residue)) = words.first() {
        let first = (word << 2).wrapping_sub(residue);
        let near = (0..4).map(|i| first.wrapping_add(i)).filter(|offset| offsets.contains(offset));
        let adds =
            |offset: u32| places(offset, residues).iter().filter(|w| words.contains(w)).count();
        let best = near.map(|offset| (adds(offset), std::cmp::Reverse(offset))).max();
        let (_, std::cmp::Reverse(best)) = best.expect("every word is touched by some access");
        for place in places(best, residues) {
            words.remove(&place);
        }
        chosen.push(best);
    }
    chosen
}

impl Memory for Lowering<'_> {
    fn bases(&self) -> Vec<Base> {
        self.lines.known.keys().copied().collect()
    }

    fn send(&mut self, base: Base, pending: Pending) {
        let known = &self.lines.known[&base];
        let words = match pending {
            Pending::Written => known.written.clone(),
            Pending::All => known.pending(),
        };
        let anchor = self.groups[&base].anchor();
        let residues = anchor.possible_residues();
        for offset in covering(words, &known.offsets, &residues) {
            self.make(&Access { base, offset, anchor: anchor.clone() });
        }
    }

    fn forget(&mut self, base: Base) {
        self.lines.known.remove(&base);
    }
}

impl Lowering<'_> {
    /// Lowers a load: the slot and, if it is needed, the columns of its value.
    pub(super) fn load(&mut self, id: ValueId) {
        let outer = self.builder.set_inst(Some(self.ir.values[id.index()].inst));
        let access = self.next_access_of(Effect::Load(id));
        self.make_known(&access);
        self.load_from(id, &access);
        self.builder.set_inst(outer);
    }

    /// Lowers a store.
    pub(super) fn store(&mut self, effect: Effect) {
        let Effect::Store { value, width, .. } = effect else {
            unreachable!("the caller passes a store")
        };
        let outer = self.builder.set_inst(Some(effect.inst(self.ir)));
        let access = self.next_access_of(effect);
        self.before_store(access.base);
        self.make_known(&access);
        self.store_to(&access, value, width);
        self.builder.set_inst(outer);
    }

    /// The access that an effect makes.
    fn next_access_of(&mut self, effect: Effect) -> Access {
        let addr = effect.address(self.ir);
        let (base, offset) = access::split(self.ir, addr);
        let anchor = self.anchor(base);
        self.groups.get_mut(&base).expect("every access is in a group").pass();
        Access { base, offset, anchor }
    }

    /// Accesses memory: what it holds is received, what the region has made of it is sent.
    fn make(&mut self, access: &Access) {
        let addr = self.word_address(access);
        let value = self.current_word(access);
        let known = self.lines.known.get_mut(&access.base).expect("its words are known");
        let places = access.places();
        let (mut memory, mut bytes) = (Vec::new(), Vec::new());
        let mut is_written = false;
        for place in &places {
            let held = known.held.get_mut(place).expect("words at known offsets are held");
            let new = held.bytes.clone().map(|byte| byte.lin);
            memory.push(std::mem::replace(&mut held.memory, new.clone()));
            bytes.push(new);
            is_written |= known.written.remove(place);
            known.unproven.remove(place);
        }
        let value = is_written.then_some(value);
        let previous = self.builder.query(Query::AccessWord { address: addr, value });
        let residues = &access.anchor.residues;
        let old = std::array::from_fn(|at| mixed(residues, |r| memory[r][at].clone()));
        let new = std::array::from_fn(|at| mixed(residues, |r| bytes[r][at].clone()));
        let earlier = self.lines.note_access(access, self.target.limits.degree);
        let place = [Builder::plain(MEMORY), access.anchor.pointer(access.offset)];
        self.access(place, previous, [old, new], &earlier);
    }

    /// Looks at memory if an access touches a word that is not known.
    fn make_known(&mut self, access: &Access) {
        let base = access.base;
        let is_held = |place: &Place| self.lines.known[&base].held.contains_key(place);
        if self.lines.known.contains_key(&base) && access.places().iter().all(is_held) {
            return;
        }
        self.before_look(base);
        let residues = access.anchor.possible_residues();
        let offsets: BTreeSet<u32> = match residues[..] {
            [_] => [access.offset].into(),
            _ => self.groups[&base].offsets_ahead().collect(),
        };
        let words = offsets.iter().flat_map(|offset| places(*offset, &residues)).collect();
        for offset in covering(words, &offsets, &residues) {
            self.open(&Access { base, offset, anchor: access.anchor.clone() });
        }
        self.lines.known.entry(base).or_default().offsets.extend(offsets);
    }

    /// Looks at the word that an access touches.
    fn open(&mut self, access: &Access) {
        let addr = self.word_address(access);
        let word = self.builder.query(Query::Word { line: addr, address: addr });
        let number = self.builder.next_word();
        let memory = self.byte_columns(&format!("m{number}"), ColumnKind::Input, word);
        let bytes = Byte::all_of(memory.clone(), u32::MAX, word);
        let known = self.lines.known.entry(access.base).or_default();
        let line = known.lines.len();
        known.lines.push(Line { addr, word });
        for place in access.places() {
            // Under some residue an older line may be the same word.
            known.held.entry(place).or_insert_with(|| {
                known.unproven.insert(place);
                Held { line, memory: memory.clone(), bytes: bytes.clone() }
            });
        }
    }

    /// The address of the word that an access touches.
    ///
    /// What is taken off is what the residues have in common. So a base of another residue makes it
    /// misaligned, which stops execution, as one of the instructions does.
    fn word_address(&mut self, access: &Access) -> Slot {
        let addr = self.address_slot(access);
        let positions = access.positions();
        let common = positions.iter().fold(3, |bits, position| bits & !(position ^ positions[0]));
        let position = positions[0] & common;
        let mut word = addr;
        if position != 0 {
            let back = self.builder.constant(position.wrapping_neg());
            word = self.builder.alu(Alu::Add, word, back);
        }
        if common != 3 {
            let mask = self.builder.constant(!(3 ^ common));
            word = self.builder.alu(Alu::And, word, mask);
        }
        word
    }

    /// The address of an access.
    fn address_slot(&mut self, access: &Access) -> Slot {
        let distance = self.builder.constant(access.offset);
        match access.base {
            None => distance,
            Some(base) if access.offset == 0 => self.slots[base.index()],
            Some(base) => self.builder.alu(Alu::Add, self.slots[base.index()], distance),
        }
    }

    /// The value of a load of known bytes.
    fn load_from(&mut self, id: ValueId, access: &Access) {
        let Node::Load { width, signed, .. } = self.ir.node(id) else {
            unreachable!("the caller passes a load")
        };
        let mut value = self.current_word(access);
        if width != Width::Word {
            let len = 8 * width.bytes();
            let mut low = 0;
            if let [position] = access.positions()[..] {
                low = 8 * position;
            } else {
                let shift = self.bit_shift(access);
                value = self.builder.alu(Alu::Srl, value, shift);
            }
            value = self.builder.bits(value, low, len);
        }
        let slot = self.extended(value, width, signed);
        self.slots.push(slot);
        if self.demand.is_needed(id) {
            let bytes: Vec<Byte> =
                (0..width.bytes()).map(|of| self.loaded_byte(id, access, of)).collect();
            self.extend_columns(id, &bytes, signed);
        }
    }

    /// Byte `of` of a load: what is held, or a new column if that depends on the residue.
    fn loaded_byte(&mut self, id: ValueId, access: &Access, of: u32) -> Byte {
        let held = &self.lines.known[&access.base].held;
        let per_residue: Vec<Byte> = access
            .places()
            .iter()
            .zip(access.positions())
            .map(|(place, at)| held[place].bytes[(at + of) as usize].clone())
            .collect();
        let value = mixed(&access.anchor.residues, |r| per_residue[r].lin.clone());
        if value.as_linear() == Some(&per_residue[0].lin) {
            return per_residue[0].clone();
        }
        let index = u8::try_from(of).expect("at most 1");
        let lin = self.byte_column(id, index, ColumnKind::Result);
        self.builder.constrain(value - lin.clone().into(), "the byte at the alignment");
        let bits = per_residue.iter().fold(0, |bits, byte| bits | byte.bits);
        self.lines.chosen.insert(lin.clone(), (access.base, per_residue));
        Byte { lin, bits, word: self.slots[id.index()], index }
    }

    /// The word of a load.
    fn extend_columns(&mut self, id: ValueId, bytes: &[Byte], signed: bool) {
        if let Ok(bytes) = <[Byte; 4]>::try_from(bytes.to_vec()) {
            self.words[id.index()] = Some(Word::Bytes(bytes));
            return;
        }
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
        if !signed || width == Width::Word {
            return value;
        }
        let unused = self.builder.constant(32 - 8 * width.bytes());
        let top = self.builder.alu(Alu::Sll, value, unused);
        self.builder.alu(Alu::Sra, top, unused)
    }

    /// Changes bytes of known words.
    fn store_to(&mut self, access: &Access, value: ValueId, width: Width) {
        let bytes = self.bytes(value);
        self.store_when_run(access, self.slots[value.index()], width);
        let Lines { known, chosen, .. } = &mut self.lines;
        let known = known.get_mut(&access.base).expect("its words are known");
        for (r, (place, at)) in access.places().into_iter().zip(access.positions()).enumerate() {
            let held = known.held.get_mut(&place).expect("its words are known");
            let places = &mut held.bytes[at as usize..];
            for (place, byte) in places.iter_mut().zip(&bytes[..width.bytes() as usize]) {
                // Under this residue a byte that was chosen by residue is known more exactly.
                let exact = chosen.get(&byte.lin).filter(|(base, _)| *base == access.base);
                let exact = exact.map_or(byte, |(_, per_residue)| &per_residue[r]);
                place.clone_from(exact);
            }
            known.written.insert(place);
        }
    }

    /// The words of the lines after a store, when the region runs.
    fn store_when_run(&mut self, access: &Access, value: Slot, width: Width) {
        let own = self.word_address(access);
        let shift = self.bit_shift(access);
        let lines = self.lines_of(access);
        for &index in &lines {
            let Line { addr, word: old } = self.lines.known[&access.base].lines[index];
            let mut word = self.replaced(old, value, shift, width);
            if lines.len() > 1 {
                let is_here = self.builder.alu(Alu::Eq, own, addr);
                word = self.builder.select(is_here, word, old);
            }
            let known = self.lines.known.get_mut(&access.base).expect("its words are known");
            known.lines[index].word = word;
        }
    }

    /// The word that an access touches, when the region runs.
    ///
    /// Of lines that are the same word the oldest is kept up to date.
    fn current_word(&mut self, access: &Access) -> Slot {
        let own = self.word_address(access);
        let words = self.lines_of(access).into_iter().rev();
        let words = words.map(|index| self.lines.known[&access.base].lines[index]);
        let words: Vec<Line> = words.collect();
        let mut result = words[0].word;
        for Line { addr, word } in &words[1..] {
            let is_here = self.builder.alu(Alu::Eq, own, *addr);
            result = self.builder.select(is_here, *word, result);
        }
        result
    }

    /// The lines that may be the word of an access, oldest first.
    fn lines_of(&self, access: &Access) -> Vec<usize> {
        let held = &self.lines.known[&access.base].held;
        let lines: BTreeSet<usize> = access.places().iter().map(|place| held[place].line).collect();
        lines.into_iter().collect()
    }

    /// A word with the low bytes of `value` put `shift` bits up.
    fn replaced(&mut self, word: Slot, value: Slot, shift: Slot, width: Width) -> Slot {
        if width == Width::Word {
            return value;
        }
        let len = 8 * width.bytes();
        let ones = self.builder.constant(u32::MAX >> (32 - len));
        let all = self.builder.constant(u32::MAX);
        let mask = self.builder.alu(Alu::Sll, ones, shift);
        let others = self.builder.alu(Alu::Xor, mask, all);
        let kept = self.builder.alu(Alu::And, word, others);
        let low = self.builder.bits(value, 0, len);
        let placed = self.builder.alu(Alu::Sll, low, shift);
        self.builder.alu(Alu::Or, kept, placed)
    }

    /// 8 times the position of an access in its word.
    fn bit_shift(&mut self, access: &Access) -> Slot {
        if let [position] = access.positions()[..] {
            return self.builder.constant(8 * position);
        }
        let addr = self.address_slot(access);
        let position = self.builder.bits(addr, 0, 2);
        let three = self.builder.constant(3);
        self.builder.alu(Alu::Sll, position, three)
    }
}

/// `Σ flag·value` over the residues, the flags of which sum to the row's flag: the first value and
/// the differences from it.
fn mixed(residues: &[(u32, Lin)], value: impl Fn(usize) -> Lin) -> Ex {
    let first = value(0);
    let differences = residues
        .iter()
        .enumerate()
        .skip(1)
        .map(|(r, (_, flag))| Ex::from(flag.clone()) * (value(r) - first.clone()).into());
    differences.fold(first.clone().into(), |sum, difference| sum + difference)
}
