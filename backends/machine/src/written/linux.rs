//! The calls of Linux: exit, read from standard input, write to standard output and error.
//!
//! Every row accesses `a7`, of which it shows that it holds the call's number, then `a0`, `a1` and `a2` as
//! far as the call has them.

use autoprec_circuits::{ColumnKind, Expr, Field, Linear, MachineBus};
use autoprec_synth::Slot;
use autoprec_synth::bits::{TableBuilder, Time, Word};

use super::{Begin, IN, OUT, begin, copying, count, low, number, register};
use crate::kind::Request;
use crate::state::OUTPUT_CURSOR;

const A0: u8 = 10;
const A1: u8 = 11;
const A2: u8 = 12;
const A7: u8 = 17;

/// `read`
pub(crate) const READ: u64 = 63;
/// `write`
pub(crate) const WRITE: u64 = 64;
/// `exit` and `exit_group`
pub(crate) const EXITS: [u64; 2] = [93, 94];

/// The beginning of a call of this number: the words pc, time, next, previous time of `a7`.
fn call<F: Field>(b: &mut TableBuilder<F>, which: u64) -> Begin<F> {
    let begin = begin(b);
    let previous = b.input();
    begin.fetch_plain(b, Request::Ecall);
    let which = b.constant_word(which);
    register(b, number(A7), [&which, &which], &begin.time, previous);
    begin
}

/// Record: pc, time, next; number, previous time of `a7`; code, previous time of `a0`.
///
/// Lemma: `a7` holds 93 or 94; what `a0` holds is the exit code; control is not sent on.
pub(crate) fn exit<F: Field>(b: &mut TableBuilder<F>) {
    let begin = begin(b);
    begin.fetch_plain(b, Request::Ecall);
    let (which, previous) = (b.input(), b.input());
    let which = b.word("number", ColumnKind::Input, which);
    let factor = |n: u64| Expr::from(which.limbs[0].clone() - TableBuilder::int(i128::from(n)));
    b.constrain(factor(EXITS[0]) * factor(EXITS[1]), "exit or exit_group");
    for limb in &which.limbs[1..] {
        b.constrain(limb.clone().into(), "exit or exit_group");
    }
    register(b, number(A7), [&which, &which], &begin.time, previous);
    let (code, previous) = (b.input(), b.input());
    let code = b.word("code", ColumnKind::Input, code);
    let now = b.later(&begin.time, 1);
    register(b, number(A0), [&code, &code], &now, previous);
    let mut message = code.limbs;
    message.push(b.later(&begin.time, 2).form);
    b.send(MachineBus::Exit, TableBuilder::is_valid(), message, "exit code");
}

/// Begins a copy, receives its end, and goes on then.
fn copy<F: Field>(
    b: &mut TableBuilder<F>,
    begin: &Begin<F>,
    (operation, start): (i128, Time<F>),
    [pointer, last]: [&Word<F>; 2],
    [left, place, end_place]: [Linear<F>; 3],
) {
    let end = start.form.clone() + left.clone();
    let one = TableBuilder::is_valid;
    let message = copying(operation, &pointer.limbs, [left, place, start.form]);
    b.send(MachineBus::Copy, one(), message, "copy begins");
    let message = copying(operation, &last.limbs, [Linear::zero(), end_place, end.clone()]);
    b.send(MachineBus::Copy, -one(), message, "copy ends");
    begin.leave(b, end);
}

/// A word of a register with its previous time.
fn argument<F: Field>(b: &mut TableBuilder<F>, name: &str) -> (Word<F>, Slot) {
    let (value, previous) = (b.input(), b.input());
    (b.word(name, ColumnKind::Input, value), previous)
}

/// Record: pc, time, next, previous time of `a7`; count, previous time of `a0`; pointer and previous time
/// of `a1`; limit and previous time of `a2`; the address behind the last byte.
///
/// Lemma: `a0` was 0, standard input, and becomes a count of the prover's, at most `a2` and below
/// 2^time_bits; a copy of so many bytes begins at `a1`, and this row goes on when it has ended.
pub(crate) fn read<F: Field>(b: &mut TableBuilder<F>) {
    let begin = call(b, READ);
    let (bytes, previous) = (b.input(), b.input());
    let (bytes, left) = count(b, "count", bytes);
    let zero = b.constant_word(0);
    let mut now = b.later(&begin.time, 1);
    register(b, number(A0), [&zero, &bytes], &now, previous);
    let (pointer, previous) = argument(b, "pointer");
    now = b.later(&begin.time, 2);
    register(b, number(A1), [&pointer, &pointer], &now, previous);
    let (limit, previous) = argument(b, "limit");
    now = b.later(&begin.time, 3);
    register(b, number(A2), [&limit, &limit], &now, previous);
    let terms = [b.integer(&limit), b.integer(&bytes)];
    let rest = b.combine(&[(1, &terms[0]), (-1, &terms[1])], 0);
    let (_, carry) = b.reduced(&rest, "count is at most the limit");
    b.constrain(carry.expr, "count is at most the limit");
    let last = b.input();
    let last = b.word("last", ColumnKind::Helper, last);
    let start = b.later(&begin.time, 4);
    let counts = [left, Linear::zero(), Linear::zero()];
    copy(b, &begin, (IN, start), [&pointer, &last], counts);
}

/// Record: pc, time, next, previous time of `a7`; previous time of `a0`; pointer and previous time of
/// `a1`; count and previous time of `a2`; bytes given out before, previous time of register 32; the
/// address behind the last byte.
///
/// Lemma: `a0` was 1, standard output, and becomes `a2`, which is below 2^time_bits; a copy of so many
/// bytes from `a1` to the end of the output begins, and this row goes on when it has ended.
pub(crate) fn write<F: Field>(b: &mut TableBuilder<F>) {
    let begin = call(b, WRITE);
    let to_output = b.input();
    let (pointer, previous) = argument(b, "pointer");
    let (bytes, bytes_previous) = (b.input(), b.input());
    let (bytes, left) = count(b, "count", bytes);
    let standard = b.constant_word(1);
    let mut now = b.later(&begin.time, 1);
    register(b, number(A0), [&standard, &bytes], &now, to_output);
    now = b.later(&begin.time, 2);
    register(b, number(A1), [&pointer, &pointer], &now, previous);
    now = b.later(&begin.time, 3);
    register(b, number(A2), [&bytes, &bytes], &now, bytes_previous);
    let (place, previous) = (b.input(), b.input());
    let place = b.column("place", ColumnKind::Input, place);
    let end = place.clone() + left.clone();
    now = b.later(&begin.time, 4);
    let words = [low(b, &place), low(b, &end)];
    let words = [&words[0][..], &words[1][..]];
    b.access(MachineBus::Register, &[number(OUTPUT_CURSOR)], words, &now, previous);
    let last = b.input();
    let last = b.word("last", ColumnKind::Helper, last);
    let start = b.later(&begin.time, 5);
    copy(b, &begin, (OUT, start), [&pointer, &last], [left, place, end]);
}

/// Record: pc, time, next, previous time of `a7`; previous time of `a0`; count and previous time of `a2`.
///
/// Lemma: `a0` was 2, standard error, and becomes `a2`.
pub(crate) fn write_error<F: Field>(b: &mut TableBuilder<F>) {
    let begin = call(b, WRITE);
    let previous = b.input();
    let (bytes, bytes_previous) = argument(b, "count");
    let standard = b.constant_word(2);
    let mut now = b.later(&begin.time, 1);
    register(b, number(A0), [&standard, &bytes], &now, previous);
    now = b.later(&begin.time, 2);
    register(b, number(A2), [&bytes, &bytes], &now, bytes_previous);
    let end = b.later(&begin.time, 3);
    begin.leave(b, end.form);
}
