//! What the environments answer, and the records of these rows.

use autoprec_circuits::Field;
use autoprec_executor::Environment;
use autoprec_synth::{Host as _, OperandValues};

use super::{Flow, RunError, Tracer};
use crate::kind::Request;
use crate::state::{OUTPUT_CURSOR, PUBLIC_VALUES};
use crate::table::Written;
use crate::written::linux::{EXITS, READ, WRITE};
use crate::written::openvm::HINT_BITS;

const A0: u8 = 10;
const A1: u8 = 11;
const A2: u8 = 12;
const A7: u8 = 17;
/// Most bytes that one call writes.
const MAX_WRITE: u64 = 16 << 20;

impl<F: Field> Tracer<'_, F> {
    pub(super) fn request(
        &mut self,
        request: Request,
        operands: &OperandValues,
    ) -> Result<Flow, RunError> {
        let begin = [operands.pc, self.state.time, operands.next];
        match request {
            Request::Terminate => {
                let time = self.state.time;
                self.push(Written::Terminate, &[&begin[..], &[operands.constant]].concat())?;
                let code = u32::try_from(operands.constant).expect("one byte");
                return Ok(Flow::Exit(code, time));
            }
            Request::HintStore => self.hint_store(begin, operands)?,
            Request::HintBuffer => self.hint_buffer(begin, operands)?,
            Request::Reveal => self.reveal(begin, operands)?,
            Request::Ecall => return self.ecall(begin),
        }
        Ok(Flow::To(operands.next))
    }

    /// Accesses a register without changing it: number, value, previous time.
    fn named(&mut self, number: u8) -> [u64; 3] {
        let value = self.state.register(number);
        [number.into(), value, self.state.access_register(number, Some(value))]
    }

    /// Accesses a register and gives the previous time.
    fn touch(&mut self, number: u8) -> u64 {
        let value = self.state.register(number);
        self.state.access_register(number, Some(value))
    }

    fn fail<T>(pc: u64, reason: impl Into<String>) -> Result<T, RunError> {
        Err(RunError::Request { pc, reason: reason.into() })
    }

    /// The next word of the hint stream, and whether the address can take it.
    fn hint(&mut self, pc: u64, address: u64) -> Result<u64, RunError> {
        if !address.is_multiple_of(4) {
            return Err(RunError::Misaligned { pc, address });
        }
        if self.hints.len() < 4 {
            return Self::fail(
                pc,
                "the guest reads more hints than its input vector holds, or forgot hint_input",
            );
        }
        let mut next = || u64::from(self.hints.pop_front().expect("four bytes are left"));
        Ok(next() | next() << 8 | next() << 16 | next() << 24)
    }

    fn hint_store(&mut self, begin: [u64; 3], operands: &OperandValues) -> Result<(), RunError> {
        let base = self.named(operands.rs1);
        let new = self.hint(operands.pc, base[1])?;
        let old = self.state.look(base[1]);
        let previous = self.state.access_word(base[1], Some(new));
        self.push(Written::HintStore, &[&begin[..], &base, &[old, new, previous]].concat())
    }

    fn hint_buffer(&mut self, begin: [u64; 3], operands: &OperandValues) -> Result<(), RunError> {
        let (base, words) = (self.named(operands.rs1), self.named(operands.rs2));
        let (mut pointer, count) = (base[1], words[1]);
        if count == 0 || count >> HINT_BITS != 0 {
            let reason = format!("hint_buffer of {count} words; one instruction takes 1 to 1023");
            return Self::fail(operands.pc, reason);
        }
        for left in (1..=count).rev() {
            let new = self.hint(operands.pc, pointer)?;
            let (time, old) = (self.state.time, self.state.look(pointer));
            let previous = self.state.access_word(pointer, Some(new));
            self.push(Written::CopyHint, &[time, pointer, left, old, new, previous])?;
            pointer = self.state.xlen().mask(pointer.wrapping_add(4));
        }
        self.push(Written::HintBuffer, &[&begin[..], &base, &words, &[pointer]].concat())
    }

    fn reveal(&mut self, begin: [u64; 3], operands: &OperandValues) -> Result<(), RunError> {
        let (base, value) = (self.named(operands.rs1), self.named(operands.rs2));
        let place = self.state.xlen().mask(base[1].wrapping_add(operands.constant));
        let index = u8::try_from(place / 4).ok().filter(|k| *k < 8 && place.is_multiple_of(4));
        let Some(index) = index else {
            let reason = format!("reveal at byte {place} of 32 public values");
            return Self::fail(operands.pc, reason);
        };
        let number = PUBLIC_VALUES + index;
        let old = self.state.register(number);
        let previous = self.state.access_register(number, Some(value[1]));
        let rest = [operands.constant, old, previous];
        self.push(Written::Reveal, &[&begin[..], &base, &value, &rest].concat())
    }

    fn ecall(&mut self, begin: [u64; 3]) -> Result<Flow, RunError> {
        let [pc, _, next] = begin;
        let number = self.state.register(A7);
        let file = self.state.register(A0);
        match number {
            READ if file == 0 => self.read(begin)?,
            WRITE if file == 1 => self.write(begin)?,
            WRITE if file == 2 => self.write_error(begin)?,
            READ | WRITE => {
                let reason = format!("there is no file {file}; 0, 1 and 2 are proved");
                return Self::fail(pc, reason);
            }
            _ if EXITS.contains(&number) => return self.exit(begin),
            _ => {
                let reason = format!(
                    "call {number} has no table; read (63), write (64) and exit (93, 94) have"
                );
                return Self::fail(pc, reason);
            }
        }
        Ok(Flow::To(next))
    }

    fn exit(&mut self, begin: [u64; 3]) -> Result<Flow, RunError> {
        let (which, code) = (self.named(A7), self.named(A0));
        let most = if self.guest.environment == Environment::Linux { 255 } else { u32::MAX };
        let Some(result) = u32::try_from(code[1]).ok().filter(|code| *code <= most) else {
            let reason = format!("exit code {}; at most {most} is proved", code[1]);
            return Self::fail(begin[0], reason);
        };
        self.push(Written::Exit, &[&begin[..], &which[1..], &code[1..]].concat())?;
        Ok(Flow::Exit(result, self.state.time))
    }

    fn read(&mut self, begin: [u64; 3]) -> Result<(), RunError> {
        let limit = self.state.register(A2);
        let count = u64::min(limit, self.stdin.len() as u64);
        let number = self.touch(A7);
        let result = self.state.access_register(A0, Some(count));
        let (base, limit) = (self.named(A1), self.named(A2));
        let (mut pointer, bytes) = (base[1], u64::from(self.state.xlen().bytes()));
        for left in (1..=count).rev() {
            let byte = u64::from(self.stdin.pop_front().expect("the count is what is left"));
            let (time, address) = (self.state.time, pointer - pointer % bytes);
            let (old, shift) = (self.state.look(address), 8 * (pointer % bytes));
            let new = old & !(0xff << shift) | byte << shift;
            let previous = self.state.access_word(address, Some(new));
            self.push(Written::CopyIn, &[time, pointer, left, old, byte, new, previous])?;
            pointer = self.state.xlen().mask(pointer.wrapping_add(1));
        }
        let first = [number, count, result];
        let rest = [&begin[..], &first, &base[1..], &limit[1..], &[pointer]].concat();
        self.push(Written::Read, &rest)
    }

    fn write(&mut self, begin: [u64; 3]) -> Result<(), RunError> {
        let count = self.state.register(A2);
        if count > MAX_WRITE {
            let reason = format!("a write of {count} bytes; at most {MAX_WRITE} are taken");
            return Self::fail(begin[0], reason);
        }
        let number = self.touch(A7);
        let file = self.state.access_register(A0, Some(count));
        let (base, counted, place) =
            (self.named(A1), self.named(A2), self.state.register(OUTPUT_CURSOR));
        let cursor = self.state.access_register(OUTPUT_CURSOR, Some(place + count));
        let (mut pointer, bytes) = (base[1], u64::from(self.state.xlen().bytes()));
        for (left, place) in (1..=count).rev().zip(place..) {
            let (time, address) = (self.state.time, pointer - pointer % bytes);
            let word = self.state.look(address);
            let [byte, ..] = (word >> (8 * (pointer % bytes))).to_le_bytes();
            let previous = self.state.access_word(address, Some(word));
            let record = [time, pointer, left, place, word, byte.into(), previous];
            self.push(Written::CopyOut, &record)?;
            self.output.push(byte);
            pointer = self.state.xlen().mask(pointer.wrapping_add(1));
        }
        let (first, last) = ([number, file], [place, cursor, pointer]);
        let record = [&begin[..], &first, &base[1..], &counted[1..], &last].concat();
        self.push(Written::Write, &record)
    }

    fn write_error(&mut self, begin: [u64; 3]) -> Result<(), RunError> {
        let count = self.state.register(A2);
        let number = self.touch(A7);
        let file = self.state.access_register(A0, Some(count));
        let counted = self.named(A2);
        self.push(Written::WriteError, &[&begin[..], &[number, file], &counted[1..]].concat())
    }
}
