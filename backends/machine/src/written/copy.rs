//! Copies: one row per word or byte that moves between memory and the outside.
//!
//! A row receives `[operation, pointer, left, place, time]` on the Copy bus and sends the same with the
//! next pointer, one less left, and one tick later. Along a chain, left + time stays the same, and
//! only a call's row receives a message with nothing left: so a chain that a call begins ends at that
//! call, whose ticks no other call shares, after as many rows as it said.

use autoprec_circuits::{ColumnKind, Expr, Field, Linear, MachineBus};
use autoprec_synth::Slot;
use autoprec_synth::bits::{TableBuilder, Time, Word};

use super::{HINT, IN, OUT, aligned, copying, power, word_shift};

/// What each row begins with: the words time, pointer, left, place.
struct Move<F> {
    operation: i128,
    time: Time<F>,
    pointer: Word<F>,
    left: Linear<F>,
    place: Linear<F>,
}

fn receive<F: Field>(b: &mut TableBuilder<F>, operation: i128, has_place: bool) -> Move<F> {
    let (time, pointer, left) = (b.input(), b.input(), b.input());
    let place = has_place.then(|| b.input());
    let form = b.column("time", ColumnKind::Time, time);
    let pointer = b.word("pointer", ColumnKind::Pointer, pointer);
    let left = b.column("left", ColumnKind::Input, left);
    let place = place.map_or_else(Linear::zero, |at| b.column("place", ColumnKind::Input, at));
    let fields = [left.clone(), place.clone(), form.clone()];
    let message = copying(operation, &pointer.limbs, fields);
    b.send(MachineBus::Copy, -TableBuilder::is_valid(), message, "from");
    // The lowest limb's range is shown with what it is a multiple of.
    for (index, limb) in pointer.limbs.iter().enumerate().skip(1) {
        let (part, width) = (b.limb_slot(pointer.slot, index), b.limb_width());
        b.range(limb, part, width, "pointer");
    }
    Move { operation, time: Time { form, slot: time }, pointer, left, place }
}

impl<F: Field> Move<F> {
    /// Sends the copy on with the pointer this many bytes further, modulo 2^xlen.
    ///
    /// The limbs sent need not be in range: who receives them shows it, or is the call's row, which
    /// does not look at them.
    fn send(self, b: &mut TableBuilder<F>, bytes: i128, places: i128) {
        let (width, pointer) = (b.limb_width(), b.integer(&self.pointer));
        let sum = b.combine(&[(1, &pointer)], bytes);
        let (limbs, _) = b.carried(&sum, width, "next pointer");
        let linear =
            |(expr, _): &(Expr<F>, Slot)| expr.as_linear().expect("sums are linear").clone();
        let limbs: Vec<Linear<F>> = limbs.iter().map(linear).collect();
        let int = TableBuilder::int;
        let fields = [self.left - int(1), self.place + int(places), self.time.form + int(1)];
        let message = copying(self.operation, &limbs, fields);
        b.send(MachineBus::Copy, TableBuilder::is_valid(), message, "to");
    }
}

/// Record: time, pointer, left; old word, new word, previous time.
///
/// Lemma: the pointer is a multiple of 4 in range, and the new word, which is the prover's, is in range.
pub(crate) fn hint<F: Field>(b: &mut TableBuilder<F>) {
    let copy = receive(b, HINT, false);
    aligned(b, &copy.pointer, 2);
    let (old, new, previous) = (b.input(), b.input(), b.input());
    let old = b.word("old", ColumnKind::Input, old);
    let new = b.ranged_word("new", ColumnKind::Input, new);
    let words = [&old.limbs[..], &new.limbs[..]];
    b.access(MachineBus::Memory, &copy.pointer.limbs, words, &copy.time, previous);
    copy.send(b, 4, 0);
}

/// A byte of a word of memory, by one flag per byte.
struct Selected<F> {
    /// The address of the word.
    address: Vec<Linear<F>>,
    flags: Vec<Linear<F>>,
    bytes: Vec<Linear<F>>,
    /// The word's limbs.
    word: Vec<Linear<F>>,
}

/// Splits the pointer into the address of a word and which of its bytes, and the word into bytes.
///
/// Lemma: exactly one flag is 1, and the pointer less its number is a multiple of the word's bytes in
/// range; bytes are in range, and the word is their sum.
fn select<F: Field>(b: &mut TableBuilder<F>, pointer: &Word<F>, word: Slot) -> Selected<F> {
    let (bytes, shift) = (b.xlen().bytes(), word_shift(b.xlen()));
    let offset = b.bits(pointer.slot, 0, shift);
    let (mut flags, mut number, mut sum) = (Vec::new(), Linear::zero(), Linear::zero());
    for index in 0..bytes {
        let one = b.constant(1 << index);
        let is = bit_of(b, one, offset);
        let flag = b.flag(format!("is_{index}"), ColumnKind::Pointer, is);
        sum = sum + flag.clone();
        number = number + flag.times(i64::from(index));
        flags.push(flag);
    }
    b.constrain((sum - TableBuilder::is_valid()).into(), "one byte");
    let mut address = pointer.limbs.clone();
    address[0] = address[0].clone() - number;
    let limb = b.limb_slot(pointer.slot, 0);
    let width = b.limb_width();
    let quotient = b.bits(limb, shift, width - shift);
    let form = address[0].scale(F::inverse_power_of_two(shift));
    b.range(&form, quotient, width - shift, "pointer");
    let mut columns = Vec::new();
    for index in 0..bytes {
        let slot = b.bits(word, 8 * index, 8);
        let byte = b.column(format!("byte_{index}"), ColumnKind::Input, slot);
        b.range(&byte, slot, 8, "byte");
        columns.push(byte);
    }
    let per_limb = (b.limb_width() / 8) as usize;
    let word = columns.chunks(per_limb).map(join).collect();
    Selected { address, flags, bytes: columns, word }
}

/// Whether the constant, a power of two, has the bit of this number: 1 or 0.
fn bit_of<F: Field>(b: &mut TableBuilder<F>, power: Slot, number: Slot) -> Slot {
    let shifted = b.alu(autoprec_isa::Alu::Srl, power, number);
    b.bits(shifted, 0, 1)
}

/// Bytes as one number, from the lowest.
fn join<F: Field>(bytes: &[Linear<F>]) -> Linear<F> {
    let scaled = (0..).step_by(8).zip(bytes).map(|(shift, byte)| byte.scale(power(shift)));
    scaled.fold(Linear::zero(), |sum, byte| sum + byte)
}

/// Record: time, pointer, left; old word, byte, new word, previous time.
///
/// Lemma: the new word is the old one but for the selected byte, which is the prover's and in range.
pub(crate) fn bytes_in<F: Field>(b: &mut TableBuilder<F>) {
    let copy = receive(b, IN, false);
    let (old, byte, new, previous) = (b.input(), b.input(), b.input(), b.input());
    let selected = select(b, &copy.pointer, old);
    let value = b.column("value", ColumnKind::Input, byte);
    b.range(&value, byte, 8, "byte");
    let per_limb = (b.limb_width() / 8) as usize;
    let mut limbs = Vec::new();
    for (index, old) in selected.word.iter().enumerate() {
        let parts = index * per_limb..(index + 1) * per_limb;
        let pairs = selected.flags[parts.clone()].iter().zip(&selected.bytes[parts]);
        let change = (0..).step_by(8).zip(pairs).fold(
            Expr::from(old.clone()),
            |sum, (shift, (flag, byte))| {
                let difference = (value.clone() - byte.clone()).scale(power(shift));
                sum + Expr::from(flag.clone()) * difference.into()
            },
        );
        let slot = b.limb_slot(new, index);
        limbs.push(b.linearised("new", &change, slot));
    }
    let words = [&selected.word[..], &limbs[..]];
    b.access(MachineBus::Memory, &selected.address, words, &copy.time, previous);
    copy.send(b, 1, 0);
}

/// Record: time, pointer, left, place; word, byte, previous time.
///
/// Lemma: the selected byte of memory is given out at the place, and memory stays as it is.
pub(crate) fn bytes_out<F: Field>(b: &mut TableBuilder<F>) {
    let copy = receive(b, OUT, true);
    let (word, byte, previous) = (b.input(), b.input(), b.input());
    let selected = select(b, &copy.pointer, word);
    let pairs = selected.flags.iter().zip(&selected.bytes);
    let product = |(flag, byte): (&Linear<F>, &Linear<F>)| {
        Expr::from(flag.clone()) * Expr::from(byte.clone())
    };
    let value = pairs.map(product).reduce(|a, b| a + b).expect("a word has bytes");
    let value = b.linearised("value", &value, byte);
    let words = [&selected.word[..], &selected.word[..]];
    b.access(MachineBus::Memory, &selected.address, words, &copy.time, previous);
    let message = vec![copy.place.clone(), value];
    b.send(MachineBus::Output, TableBuilder::is_valid(), message, "byte given out");
    copy.send(b, 1, 1);
}
