//! Accesses to memory and registers: pointers, alignment, timestamps.
//!
//! Accesses whose addresses have the same base value form a group. One of them, the anchor, has its
//! address computed and checked; the pointers of the others are at constant distances from it.
//!
//! Lemma (anchor): the low half less the byte shift is 4 times a 14-bit number and the high half is
//! below 2^13, so the pointer is a multiple of 4 below 2^29. Lemma (others): with distances as signed
//! 32-bit numbers, V = anchor + distance − byte shift is a multiple of 4 in [−2^31 − 3, 2^31 + 2^29).
//! The memory tables derive pointers from the leaves of a tree, so messages exist only for multiples
//! P of 4 below 2^29. If V = P modulo p, then V − P is 0 or ±p; it is a multiple of 4, which p, being 1
//! modulo 4, is not; so V = P, and the instruction's address, V + byte shift modulo 2^32, is in P.
//!
//! Complete: for every state on which all accesses of the group are aligned and below 2^29, wherever
//! the base is, also beyond the memory or wrapping around. Addresses below 2^29 differ by less than
//! 2^29, so the signed 32-bit distance is their difference.

use std::collections::BTreeMap;

use autoprec_circuits::{BabyBear, Bus, ColumnKind, Field};
use autoprec_isa::{Alu, Reg};

use super::Lowering;
use super::builder::{Builder, Ex, Lin};
use super::word::Word;
use crate::ir::{Effect, Ir, Node, ValueId};
use crate::lower::alias::Base;
use crate::recipe::{Query, Slot};

/// Address space of registers.
const REGISTERS: i64 = 1;
/// Address space of memory.
pub(super) const MEMORY: i64 = 2;

/// One access of a group.
#[derive(Clone, Copy, Debug)]
struct Member {
    addr: ValueId,
    /// The distance from the base.
    offset: u32,
    /// How often something was stored through other bases before.
    epoch: usize,
}

/// Accesses at constant distances from each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// In program order.
    accesses: Vec<Member>,
    /// How many of them have been lowered.
    passed: usize,
    anchor: Option<Anchor>,
    /// What the base may be modulo 4.
    residues: Vec<u32>,
}

impl Group {
    /// The anchor, which [`Lowering::anchor`] has established.
    pub(super) fn anchor(&self) -> Anchor {
        self.anchor.clone().expect("no line is opened before its group has an anchor")
    }

    /// One more access is lowered.
    pub(super) fn pass(&mut self) {
        self.passed += 1;
    }

    /// The offsets of the access being lowered and of those after it, as far as nothing is stored
    /// through another base.
    pub(super) fn offsets_ahead(&self) -> impl Iterator<Item = u32> {
        let ahead = &self.accesses[self.passed - 1..];
        let epoch = ahead[0].epoch;
        ahead.iter().take_while(move |member| member.epoch == epoch).map(|member| member.offset)
    }
}

/// The access whose address is checked.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    /// The byte address that the access has, as a form in range.
    address: Lin,
    /// Its distance from the base.
    offset: u32,
    /// What the base may be modulo 4, and whether it is (these sum to 1).
    pub(super) residues: Vec<(u32, Lin)>,
}

impl Anchor {
    /// What the base may be modulo 4.
    pub(super) fn possible_residues(&self) -> Vec<u32> {
        self.residues.iter().map(|(residue, _)| *residue).collect()
    }

    /// The byte within its word at which an access at this distance from the base begins.
    fn shift(&self, offset: u32) -> Lin {
        self.residues.iter().fold(Lin::zero(), |sum, (residue, flag)| {
            sum + flag.times(i64::from(residue.wrapping_add(offset) & 3))
        })
    }

    /// The address of the word that an access at this distance from the base touches.
    pub(super) fn pointer(&self, offset: u32) -> Lin {
        let distance = i64::from(offset.wrapping_sub(self.offset).cast_signed());
        self.address.clone() + Builder::int(distance) - self.shift(offset)
    }
}

/// The groups of a region's accesses, by base and with its residues.
pub(super) fn group(ir: &Ir, residues: BTreeMap<Base, Vec<u32>>) -> BTreeMap<Base, Group> {
    let empty = |residues| Group { residues, ..Group::default() };
    let mut groups: BTreeMap<Base, Group> =
        residues.into_iter().map(|(base, residues)| (base, empty(residues))).collect();
    let mut stores: BTreeMap<Base, usize> = BTreeMap::new();
    let mut all_stores = 0;
    for effect in &ir.effects {
        let addr = effect.address(ir);
        let (base, offset) = split(ir, addr);
        let own_stores = stores.entry(base).or_default();
        let epoch = all_stores - *own_stores;
        groups.entry(base).or_default().accesses.push(Member { addr, offset, epoch });
        if matches!(effect, Effect::Store { .. }) {
            *own_stores += 1;
            all_stores += 1;
        }
    }
    groups
}

#[expect(clippy::cast_possible_truncation, reason = "the region is rv32")]
pub(super) fn split(ir: &Ir, addr: ValueId) -> (Base, u32) {
    let (base, offset) = ir.split_address(addr);
    (base, offset as u32)
}

impl Lowering<'_> {
    /// The anchor of a group, established at the group's first access.
    pub(super) fn anchor(&mut self, base: Base) -> Anchor {
        if let Some(anchor) = &self.groups[&base].anchor {
            return anchor.clone();
        }
        let accesses = self.groups[&base].accesses.clone();
        let residues = self.groups[&base].residues.clone();
        let anchor = match base {
            None => {
                let residues = vec![(0, Builder::is_valid())];
                Anchor { address: Lin::zero(), offset: 0, residues }
            }
            Some(base) => {
                let residues = self.residue_flags(base, &residues);
                self.check_anchor(base, &accesses, residues)
            }
        };
        self.groups.get_mut(&base).expect("the group exists").anchor = Some(anchor.clone());
        anchor
    }

    /// One flag per possible residue of the base modulo 4; the first follows from the others.
    fn residue_flags(&mut self, base: ValueId, residues: &[u32]) -> Vec<(u32, Lin)> {
        let mut rest = Builder::is_valid();
        let mut flags = Vec::new();
        for &residue in &residues[1..] {
            let of = self.slots[base.index()];
            let position = self.builder.bits(of, 0, 2);
            let residue_slot = self.builder.constant(residue);
            let slot = self.builder.alu(Alu::Eq, position, residue_slot);
            let flag =
                self.builder.column(format!("{base}_mod4_{residue}"), ColumnKind::Pointer, slot);
            self.builder.constrain(Ex::from(flag.clone()).boolean(), "alignment flag");
            rest = rest - flag.clone();
            flags.push((residue, flag));
        }
        if flags.len() > 1 {
            let product = Ex::from(rest.clone()) * (Builder::is_valid() - rest.clone()).into();
            self.builder.constrain(product, "one alignment");
        }
        flags.insert(0, (residues[0], rest));
        flags
    }

    /// Chooses the access with the cheapest address, computes it and checks it.
    fn check_anchor(
        &mut self,
        base: ValueId,
        accesses: &[Member],
        residues: Vec<(u32, Lin)>,
    ) -> Anchor {
        let price = |member: &&Member| match member.offset {
            0 => 0,
            _ if self.is_lowered(member.addr) => 0,
            // A small negative distance always carries out of the word.
            offset if offset >> self.target.address_bits != 0 => 1,
            _ => 2,
        };
        let &Member { addr, offset, .. } =
            accesses.iter().min_by_key(price).expect("a group has accesses");
        let [low, high] = if offset == 0 {
            self.halves(base).map(|half| half.lin)
        } else if self.is_lowered(addr) {
            self.halves(addr).map(|half| half.lin)
        } else {
            self.offset_address(base, offset)
        };
        let address = low.clone() + high.times(1 << 16);
        let anchor = Anchor { address, offset, residues };
        let quarter = BabyBear::inverse_power_of_two(2);
        let word = (low - anchor.shift(offset)).scale(quarter);
        self.builder.range(word, 14, "pointer is aligned");
        self.builder.range(high, self.target.address_bits - 16, "pointer is in memory");
        anchor
    }

    /// The halves of base + offset; the caller checks that the low one is 16 bits wide and the high
    /// one below 2^(`address_bits` − 16).
    ///
    /// Lemma: with the low half in range its carry, a bit, is determined. If the offset's high half
    /// is not below 2^(`address_bits` − 16), a high half without carry would not be either, so it
    /// carries; otherwise the carry is a bit that its range determines. Complete: for every base from
    /// which the sum, modulo 2^32, is below 2^`address_bits`.
    fn offset_address(&mut self, base: ValueId, offset: u32) -> [Lin; 2] {
        let [base_low, base_high] = self.halves(base);
        let (low, high) = (offset & 0xffff, offset >> 16);
        let low_sum = base_low.lin + Builder::int(i64::from(low));
        let sum = self.builder.eval_step(&low_sum.clone().into());
        let mut carry = Lin::zero();
        if u32::from(base_low.bits) + low > 0xffff {
            let slot = self.builder.bits(sum, 16, 1);
            carry = self.builder.column(format!("{base}_carry"), ColumnKind::Pointer, slot);
            self.builder.constrain(Ex::from(carry.clone()).boolean(), "carry of the low half");
        }
        let high_sum = base_high.lin + Builder::int(i64::from(high)) + carry.clone();
        let wraps = if high >> (self.target.address_bits - 16) != 0 {
            Builder::is_valid()
        } else if u32::from(base_high.bits) + high + 1 > 0xffff {
            let offset = self.builder.constant(offset);
            let base_slot = self.slots[base.index()];
            let addr = self.builder.alu(Alu::Add, base_slot, offset);
            let slot = self.builder.alu(Alu::Sltu, addr, offset);
            let wraps = self.builder.column(format!("{base}_wraps"), ColumnKind::Pointer, slot);
            self.builder.constrain(Ex::from(wraps.clone()).boolean(), "carry of the high half");
            wraps
        } else {
            Lin::zero()
        };
        [low_sum - carry.times(1 << 16), high_sum - wraps.times(1 << 16)]
    }

    /// Whether an address has columns of its own by now.
    fn is_lowered(&self, addr: ValueId) -> bool {
        self.words[addr.index()].is_some()
    }

    /// Accesses a register at the end of the call.
    pub(super) fn register_access(&mut self, reg: Reg, written: Option<ValueId>) {
        let entry = self.ir.ids().find(|id| self.ir.node(*id) == Node::Reg(reg));
        let old = match entry {
            Some(id) => self.word(id),
            None => self.register_word(reg),
        };
        let Word::Bytes(old) = old else { unreachable!("registers come in as bytes") };
        let old = old.map(|byte| byte.lin);
        let new = match written {
            Some(id) => self.bytes(id).map(|byte| byte.lin.into()),
            None => old.clone().map(Ex::from),
        };
        let number = i64::try_from(reg.index()).expect("below 32");
        let place = [Builder::plain(REGISTERS), Builder::plain(4 * number)];
        let value = written.map(|id| self.slots[id.index()]);
        let register = super::register(reg);
        let previous = self.builder.query(Query::AccessRegister { register, value });
        self.access(place, previous, [old.map(Ex::from), new], &[]);
    }

    /// Receives the old word with its timestamp and sends the new one with this access's.
    ///
    /// `earlier` are the accesses of the call one of which was the last before this one; if it is
    /// empty, that may have been at any time.
    ///
    /// Lemma: the time of an access of the call that came earlier is earlier, whichever it is.
    /// Complete: for every state on which one of them was the last.
    pub(super) fn access(
        &mut self,
        place: [Lin; 2],
        previous: Slot,
        [old, new]: [[Ex; 4]; 2],
        earlier: &[u32],
    ) {
        let number = self.builder.next_access();
        let now = time_of(number);
        let previous = match *earlier {
            [] => self.any_earlier(number, previous),
            [only] => time_of(only),
            _ => self.one_of(number, previous, earlier),
        };
        let head = place.map(Ex::from);
        let message = |word: [Ex; 4], time: Lin| {
            head.iter().cloned().chain(word).chain([time.into()]).collect::<Vec<Ex>>()
        };
        let is_valid = Builder::is_valid();
        let received = message(old, previous);
        self.builder.send_expr(Bus::Memory, -is_valid.clone(), received, "previous");
        self.builder.send_expr(Bus::Memory, is_valid, message(new, now), "now");
    }

    /// A column for the time before this access at which its word was accessed last.
    fn previous_column(&mut self, number: u32, previous: Slot) -> Lin {
        self.builder.column(format!("t{number}"), ColumnKind::Time, previous)
    }

    /// The previous time if it is that of one of a few accesses of the call.
    fn one_of(&mut self, number: u32, previous: Slot, earlier: &[u32]) -> Lin {
        let previous = self.previous_column(number, previous);
        let since = |&access: &u32| {
            let time = Builder::timestamp() + Builder::int(i64::from(access));
            Ex::from(previous.clone() - time)
        };
        let product = earlier.iter().map(since).reduce(|a, b| a * b);
        self.builder.constrain(product.expect("there are accesses"), "time of an earlier access");
        previous
    }

    /// The previous time, whatever it is.
    ///
    /// Lemma: now − previous − 1 = low + 2^17·high with low in 17 and high in
    /// `timestamp_bits` − 17 bits, so the previous access was before this one. Complete: for all times
    /// below 2^`timestamp_bits`, 0 for what was not accessed yet included.
    fn any_earlier(&mut self, number: u32, previous: Slot) -> Lin {
        let previous = self.previous_column(number, previous);
        let gap = time_of(number) - previous.clone() - Builder::plain(1);
        let gap_slot = self.builder.eval_step(&gap.clone().into());
        let low = self.builder.bits(gap_slot, 0, 17);
        let low = self.builder.column(format!("t{number}_low"), ColumnKind::Time, low);
        self.builder.range(low.clone(), 17, "earlier, low limb");
        let high = (gap - low).scale(BabyBear::inverse_power_of_two(17));
        self.builder.range(high, self.target.time_bits - 17, "earlier, high limb");
        previous
    }
}

/// The time of an access of the call, for messages.
fn time_of(number: u32) -> Lin {
    Builder::timestamp() + Builder::plain(i64::from(number))
}
