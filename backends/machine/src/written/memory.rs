//! First and last values of registers and of words of memory.

use autoprec_circuits::{ColumnKind, Field, Linear, MachineBus};
use autoprec_synth::bits::{Int, Limb, TableBuilder, Word};

use super::{aligned, word_shift};

/// Sends a place with its first word at time 0, and receives it with the last.
fn ends<F: Field>(
    b: &mut TableBuilder<F>,
    bus: MachineBus,
    place: &[Linear<F>],
    first: &[Linear<F>],
    (last, time): (Word<F>, Linear<F>),
) {
    let one = TableBuilder::is_valid;
    b.send(bus, one(), [place, first, &[Linear::zero()]].concat(), "first");
    b.send(bus, -one(), [place, &last.limbs, &[time]].concat(), "last");
}

/// Record: number, first value, last value, time of the last access. Number and first value are fixed,
/// and so is that the row is valid.
///
/// Lemma: each register is sent once, with its first value and time 0, and received once.
pub(crate) fn registers<F: Field>(b: &mut TableBuilder<F>) {
    let (number, first, value, time) = (b.input(), b.input(), b.input(), b.input());
    let number = b.column("number", ColumnKind::Input, number);
    let first = b.word("first", ColumnKind::Input, first);
    let value = b.word("last", ColumnKind::Input, value);
    let time = b.column("time", ColumnKind::Time, time);
    ends(b, MachineBus::Register, &[number], &first.limbs, (value, time));
}

/// The address of a row: the words address, address before, and whether there is none before.
///
/// Lemma: the address is a multiple of a word's bytes, in range, and greater than the one before, which
/// is in range or −1 in the lowest limb and 0 in the others: rows and boundary send nothing else.
fn address<F: Field>(b: &mut TableBuilder<F>) -> Word<F> {
    let (address, before, first) = (b.input(), b.input(), b.input());
    let address = b.word("address", ColumnKind::Pointer, address);
    let shift = word_shift(b.xlen());
    aligned(b, &address, shift);
    for index in 1..address.limbs.len() {
        let (slot, width) = (b.limb_slot(address.slot, index), b.limb_width());
        b.range(&address.limbs[index], slot, width, "address");
    }
    let max = (1_i128 << b.limb_width()) - 1;
    let (mut limbs, mut forms) = (Vec::new(), Vec::new());
    for index in 0..b.limbs() {
        let lowest = index == 0;
        let mut slot = b.limb_slot(before, index);
        if lowest {
            slot = b.linear(&[(1, slot), (-1, first)], 0);
        }
        let form = b.column("before", ColumnKind::Pointer, slot);
        limbs.push(Limb { expr: form.clone().into(), slot, min: -i128::from(lowest), max });
        forms.push(form);
    }
    let (before, own) = (Int { limbs }, b.integer(&address));
    let gap = b.combine(&[(1, &own), (-1, &before)], -1);
    let (_, carry) = b.reduced(&gap, "addresses increase");
    b.constrain(carry.expr, "addresses increase");
    b.send(MachineBus::Order, -TableBuilder::is_valid(), forms, "address before");
    b.send(MachineBus::Order, TableBuilder::is_valid(), address.limbs.clone(), "address");
    address
}

/// Record: address, address before, whether there is none before; last word, time of the last access;
/// first word.
///
/// Lemma: the word is sent once, with what the file holds, and received once.
pub(crate) fn image<F: Field>(b: &mut TableBuilder<F>) {
    let address = address(b);
    let (last, time, first) = (b.input(), b.input(), b.input());
    let first = b.word("first", ColumnKind::Input, first);
    let message = [&address.limbs[..], &first.limbs].concat();
    b.send(MachineBus::Image, TableBuilder::is_valid(), message, "word of the file");
    let last = b.word("last", ColumnKind::Input, last);
    let time = b.column("time", ColumnKind::Time, time);
    ends(b, MachineBus::Memory, &address.limbs, &first.limbs, (last, time));
}

/// Record: address, address before, whether there is none before; last word, time of the last access;
/// first and last address of a range.
///
/// Lemma: the word lies in a range of zeros; it is sent once, as 0, and received once.
pub(crate) fn zeros<F: Field>(b: &mut TableBuilder<F>) {
    let address = address(b);
    let (last, time, from, to) = (b.input(), b.input(), b.input(), b.input());
    let from = b.word("from", ColumnKind::Pointer, from);
    let to = b.word("to", ColumnKind::Pointer, to);
    let message = [&from.limbs[..], &to.limbs].concat();
    b.send(MachineBus::Zeros, TableBuilder::is_valid(), message, "range of zeros");
    for [low, high] in [[&from, &address], [&address, &to]] {
        let ints = [b.integer(high), b.integer(low)];
        let gap = b.combine(&[(1, &ints[0]), (-1, &ints[1])], 0);
        let (_, carry) = b.reduced(&gap, "within the range");
        b.constrain(carry.expr, "within the range");
    }
    let zeros = vec![Linear::zero(); b.limbs()];
    let last = b.word("last", ColumnKind::Input, last);
    let time = b.column("time", ColumnKind::Time, time);
    ends(b, MachineBus::Memory, &address.limbs, &zeros, (last, time));
}
