//! The tables that are written by hand: what they have in common.
//!
//! Each table's record has one word per input, in the order in which its function asks for them;
//! `run` writes records in that order. A table's function says its lemma.

pub(crate) mod base;
pub(crate) mod copy;
pub(crate) mod linux;
pub(crate) mod memory;
pub(crate) mod openvm;
#[cfg(test)]
mod tests;

use autoprec_circuits::{ColumnKind, Field, Linear, MachineBus, MachineSystem};
use autoprec_isa::Xlen;
use autoprec_synth::Target;
use autoprec_synth::bits::{TableBuilder, Time, Word};
use autoprec_synth::{RowGenerator, Slot};

use crate::kind::{Kind, Request};
use crate::table::Written;

/// Operations on the Copy bus.
pub(crate) const HINT: i128 = 1;
pub(crate) const IN: i128 = 2;
pub(crate) const OUT: i128 = 3;

/// The system of a table that is written by hand and has records, and what fills its rows.
pub(crate) fn lower<F: Field>(
    table: Written,
    target: &Target,
    xlen: Xlen,
) -> (MachineSystem<F>, RowGenerator<F>) {
    let mut builder = TableBuilder::new(target, xlen);
    let b = &mut builder;
    match table {
        Written::Terminate => openvm::terminate(b),
        Written::HintStore => openvm::hint_store(b),
        Written::HintBuffer => openvm::hint_buffer(b),
        Written::Reveal => openvm::reveal(b),
        Written::Exit => linux::exit(b),
        Written::Read => linux::read(b),
        Written::Write => linux::write(b),
        Written::WriteError => linux::write_error(b),
        Written::CopyHint => copy::hint(b),
        Written::CopyIn => copy::bytes_in(b),
        Written::CopyOut => copy::bytes_out(b),
        Written::Registers => memory::registers(b),
        Written::MemoryImage => memory::image(b),
        Written::MemoryZeros => memory::zeros(b),
        Written::Program | Written::Range => unreachable!("these have no records"),
    }
    builder.finish()
}

/// What a row of a request begins with.
pub(crate) struct Begin<F> {
    pub(crate) pc: Word<F>,
    pub(crate) time: Time<F>,
    pub(crate) next: Word<F>,
}

/// A register that an instruction names: its number, its value and the time of its last access.
pub(crate) struct Named<F> {
    pub(crate) number: Linear<F>,
    pub(crate) value: Word<F>,
    pub(crate) previous: Slot,
}

/// Asks for address, time and next address: the first three words of a request's record.
pub(crate) fn begin<F: Field>(b: &mut TableBuilder<F>) -> Begin<F> {
    let (pc, time, next) = (b.input(), b.input(), b.input());
    let pc = b.word("pc", ColumnKind::Input, pc);
    let form = b.column("time", ColumnKind::Time, time);
    let next = b.word("next", ColumnKind::Input, next);
    Begin { pc, time: Time { form, slot: time }, next }
}

/// Asks for a register's number, value and previous time.
pub(crate) fn named<F: Field>(b: &mut TableBuilder<F>, name: &str) -> Named<F> {
    let (number, value, previous) = (b.input(), b.input(), b.input());
    let number = b.column(format!("{name}_number"), ColumnKind::Input, number);
    let value = b.word(name, ColumnKind::Input, value);
    Named { number, value, previous }
}

impl<F: Field> Begin<F> {
    /// Receives control, and looks the request up with the registers rs1 and rs2 and the constant that
    /// it has.
    pub(crate) fn fetch(
        &self,
        b: &mut TableBuilder<F>,
        request: Request,
        [rs1, rs2]: [&Linear<F>; 2],
        constant: &[Linear<F>],
    ) {
        let kind = Kind::Request(request).number().expect("every request has a number");
        let one = TableBuilder::is_valid;
        let mut here = self.pc.limbs.clone();
        here.push(self.time.form.clone());
        b.send(MachineBus::Execution, -one(), here, "entry");
        let zero = Linear::zero;
        let mut message = self.pc.limbs.clone();
        message.push(TableBuilder::plain(i128::from(kind)));
        message.extend([zero(), rs1.clone(), rs2.clone(), zero()]);
        message.extend_from_slice(constant);
        message.extend_from_slice(&self.next.limbs);
        b.send(MachineBus::Program, one(), message, "instruction");
    }

    /// The same for a request without operands.
    pub(crate) fn fetch_plain(&self, b: &mut TableBuilder<F>, request: Request) {
        let (zero, limbs) = (Linear::zero(), b.limbs());
        self.fetch(b, request, [&zero, &zero], &vec![Linear::zero(); limbs]);
    }

    /// Sends control on to the next instruction.
    pub(crate) fn leave(&self, b: &mut TableBuilder<F>, time: Linear<F>) {
        let mut there = self.next.limbs.clone();
        there.push(time);
        b.send(MachineBus::Execution, TableBuilder::is_valid(), there, "exit");
    }
}

/// Accesses a register of this number that keeps or changes its value.
pub(crate) fn register<F: Field>(
    b: &mut TableBuilder<F>,
    number: Linear<F>,
    [old, new]: [&Word<F>; 2],
    now: &Time<F>,
    previous: Slot,
) {
    let words = [&old.limbs[..], &new.limbs[..]];
    b.access(MachineBus::Register, &[number], words, now, previous);
}

/// The number of a register, in a message.
pub(crate) fn number<F: Field>(number: u8) -> Linear<F> {
    TableBuilder::plain(i128::from(number))
}

/// A word of which this row shows that it is below 2^`time_bits`, and its value as one element.
///
/// Lemma: each limb is in range of the bits that are left for it, or 0; so their sum is below
/// 2^time_bits, which is below the field's order.
pub(crate) fn count<F: Field>(
    b: &mut TableBuilder<F>,
    name: &str,
    slot: Slot,
) -> (Word<F>, Linear<F>) {
    let word = b.word(name, ColumnKind::Input, slot);
    let (width, mut left) = (b.limb_width(), b.target().time_bits.min(b.xlen().bits()));
    let (mut sum, mut scale) = (Linear::zero(), F::ONE);
    for (index, limb) in word.limbs.iter().enumerate() {
        let part = b.limb_slot(slot, index);
        b.range(limb, part, left.min(width), "count");
        sum = sum + limb.scale(scale);
        left -= left.min(width);
        scale = scale * power::<F>(width);
    }
    (word, sum)
}

/// 2 to a power.
pub(crate) fn power<F: Field>(exponent: u32) -> F {
    (0..exponent).fold(F::ONE, |power, _| power + power)
}

/// The limbs of a word that is one element, in the lowest limb.
pub(crate) fn low<F: Field>(b: &TableBuilder<F>, form: &Linear<F>) -> Vec<Linear<F>> {
    let mut limbs = vec![Linear::zero(); b.limbs()];
    limbs[0] = form.clone();
    limbs
}

/// The message of a copy that is under way.
pub(crate) fn copying<F: Field>(
    operation: i128,
    pointer: &[Linear<F>],
    [left, place, time]: [Linear<F>; 3],
) -> Vec<Linear<F>> {
    let mut message = vec![TableBuilder::plain(operation)];
    message.extend_from_slice(pointer);
    message.extend([left, place, time]);
    message
}

/// Demands that the lowest limb of an address is a multiple of a power of two, and in range.
///
/// Lemma: the quotient is in range, so the limb is an integer multiple below 2^limb_width.
pub(crate) fn aligned<F: Field>(b: &mut TableBuilder<F>, address: &Word<F>, bits: u32) {
    let limb = b.limb_slot(address.slot, 0);
    let width = b.limb_width();
    let quotient = b.bits(limb, bits, width - bits);
    let form = address.limbs[0].scale(F::inverse_power_of_two(bits));
    b.range(&form, quotient, width - bits, "multiple");
}

/// log2 of the bytes of a word.
pub(crate) fn word_shift(xlen: Xlen) -> u32 {
    xlen.bytes().ilog2()
}
