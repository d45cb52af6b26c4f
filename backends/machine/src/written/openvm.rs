//! The requests of OpenVM.

use autoprec_circuits::{ColumnKind, Field, Linear, MachineBus};
use autoprec_synth::bits::TableBuilder;

use super::{HINT, aligned, begin, copying, named, register};
use crate::kind::Request;
use crate::state::PUBLIC_VALUES;

/// Words that one buffer of hints has at most, as a power of two.
pub(crate) const HINT_BITS: u32 = 10;

/// Record: pc, time, next, code.
///
/// Lemma: the code is the instruction's constant; control is not sent on.
pub(crate) fn terminate<F: Field>(b: &mut TableBuilder<F>) {
    let begin = begin(b);
    let code = b.input();
    let code = b.word("code", ColumnKind::Input, code);
    let zero = Linear::zero();
    begin.fetch(b, Request::Terminate, [&zero, &zero], &code.limbs);
    let mut message = code.limbs;
    message.push(begin.time.form);
    b.send(MachineBus::Exit, TableBuilder::is_valid(), message, "exit code");
}

/// Record: pc, time, next; rs1: number, value, previous time; old word, new word, previous time.
///
/// Lemma: the address is a multiple of 4 and the new word, which is the prover's, is in range.
pub(crate) fn hint_store<F: Field>(b: &mut TableBuilder<F>) {
    let begin = begin(b);
    let address = named(b, "address");
    let (old, new, previous) = (b.input(), b.input(), b.input());
    let limbs = b.limbs();
    begin.fetch(
        b,
        Request::HintStore,
        [&address.number, &Linear::zero()],
        &vec![Linear::zero(); limbs],
    );
    let value = &address.value;
    register(b, address.number, [value, value], &begin.time, address.previous);
    aligned(b, value, 2);
    let old = b.word("old", ColumnKind::Input, old);
    let new = b.ranged_word("new", ColumnKind::Input, new);
    let now = b.later(&begin.time, 1);
    b.access(MachineBus::Memory, &value.limbs, [&old.limbs, &new.limbs], &now, previous);
    let end = b.later(&begin.time, 2);
    begin.leave(b, end.form);
}

/// Record: pc, time, next; rs1: number, value, previous time; rs2: the same; the address behind the
/// last word.
///
/// Lemma: a copy of rs2 words, fewer than 2^10, begins at the address in rs1, and this row goes on when
/// it has ended. The last address is any: the copy's time identifies it.
pub(crate) fn hint_buffer<F: Field>(b: &mut TableBuilder<F>) {
    let begin = begin(b);
    let (pointer, words) = (named(b, "pointer"), named(b, "words"));
    let last = b.input();
    let limbs = b.limbs();
    let numbers = [&pointer.number, &words.number];
    begin.fetch(b, Request::HintBuffer, numbers, &vec![Linear::zero(); limbs]);
    let (value, count) = (&pointer.value, &words.value);
    register(b, pointer.number, [value, value], &begin.time, pointer.previous);
    let second = b.later(&begin.time, 1);
    register(b, words.number, [count, count], &second, words.previous);
    let low = b.limb_slot(count.slot, 0);
    b.range(&count.limbs[0], low, HINT_BITS, "words");
    for limb in &count.limbs[1..] {
        b.constrain(limb.clone().into(), "words");
    }
    let last = b.word("last", ColumnKind::Helper, last);
    let start = b.later(&begin.time, 2).form;
    let (left, end) = (count.limbs[0].clone(), start.clone() + count.limbs[0].clone());
    let (one, zero) = (TableBuilder::is_valid, Linear::zero);
    let message = copying(HINT, &value.limbs, [left, zero(), start]);
    b.send(MachineBus::Copy, one(), message, "copy begins");
    let message = copying(HINT, &last.limbs, [zero(), zero(), end.clone()]);
    b.send(MachineBus::Copy, -one(), message, "copy ends");
    begin.leave(b, end);
}

/// Record: pc, time, next; rs1: number, value, previous time; rs2: the same; constant; the old public
/// word, its previous time.
///
/// Lemma: the sum of rs1 and the constant modulo 2^32 is 4 times a number below 8, which names the
/// register of public values that becomes rs2.
pub(crate) fn reveal<F: Field>(b: &mut TableBuilder<F>) {
    let begin = begin(b);
    let (base, value) = (named(b, "base"), named(b, "value"));
    let (offset, old, previous) = (b.input(), b.input(), b.input());
    let offset = b.word("offset", ColumnKind::Input, offset);
    begin.fetch(b, Request::Reveal, [&base.number, &value.number], &offset.limbs);
    register(b, base.number, [&base.value, &base.value], &begin.time, base.previous);
    let second = b.later(&begin.time, 1);
    register(b, value.number, [&value.value, &value.value], &second, value.previous);
    let terms = [b.integer(&base.value), b.integer(&offset)];
    let sum = b.combine(&[(1, &terms[0]), (1, &terms[1])], 0);
    let width = b.limb_width();
    let (limbs, _) = b.carried(&sum, width, "place");
    let mut limbs = limbs.into_iter();
    let (low, slot) = limbs.next().expect("a word has a limb");
    let low = low.as_linear().expect("sums of limbs are linear").clone();
    let index = b.bits(slot, 2, 3);
    let form = low.scale(F::inverse_power_of_two(2));
    b.range(&form, index, 3, "place");
    for (limb, _) in limbs {
        b.constrain(limb, "place");
    }
    let old = b.word("old", ColumnKind::Input, old);
    let third = b.later(&begin.time, 2);
    let place = form + TableBuilder::int(i128::from(PUBLIC_VALUES));
    register(b, place, [&old, &value.value], &third, previous);
    let end = b.later(&begin.time, 3);
    begin.leave(b, end.form);
}
