//! What the verifier sends and receives: the beginning and the end of the run.

use autoprec_circuits::{Boundary, Field, MachineBus};
use autoprec_isa::Xlen;
use autoprec_synth::Target;

use super::{Public, StatementError, is_openvm, refuse};
use crate::claims::Claims;
use crate::guest::Guest;
use crate::state::PUBLIC_VALUES;

/// Messages under construction.
struct Ends<'a, F> {
    target: &'a Target,
    xlen: Xlen,
    messages: Vec<Boundary<F>>,
}

impl<F: Field> Ends<'_, F> {
    fn word(&self, word: u64) -> Vec<F> {
        self.target.split(self.xlen, word).into_iter().map(F::from_u64).collect()
    }

    fn send(&mut self, bus: MachineBus, multiplicity: i64, message: Vec<F>) {
        self.messages.push(Boundary { bus, multiplicity, message });
    }
}

/// The word before the first address.
fn below_all<F: Field>(limbs: usize) -> Vec<F> {
    let mut word = vec![F::ZERO; limbs];
    word[0] = -F::ONE;
    word
}

pub(super) fn boundary<F: Field>(
    guest: &Guest,
    target: &Target,
    public: &Public,
    claims: &Claims,
) -> Result<Vec<Boundary<F>>, StatementError> {
    let xlen = guest.xlen();
    let mut ends = Ends { target, xlen, messages: Vec::new() };
    let element = F::from_u64;
    let entry = ends.word(guest.program.entry);
    ends.send(MachineBus::Execution, 1, [entry, vec![F::ONE]].concat());
    let code = ends.word(public.exit_code.into());
    ends.send(MachineBus::Exit, -1, [code, vec![element(claims.time)]].concat());
    order(&mut ends, claims)?;
    initial_memory(guest, claims, &mut ends);
    let times = &claims.public_times;
    if is_openvm(guest) {
        if public.output.len() != 32 {
            return Err(StatementError::Output { bytes: public.output.len() });
        }
        if times.len() != 8 || times.iter().any(|time| *time > claims.time) {
            return refuse("each of OpenVM's eight public words has a time within the run");
        }
        let words = public.output.chunks(4).map(little_endian);
        for ((number, word), time) in (PUBLIC_VALUES..).zip(words).zip(times) {
            let number = element(number.into());
            let first = [vec![number], ends.word(0), vec![F::ZERO]].concat();
            ends.send(MachineBus::Register, 1, first);
            let last = [vec![number], ends.word(word), vec![element(*time)]].concat();
            ends.send(MachineBus::Register, -1, last);
        }
    } else {
        if !times.is_empty() {
            return refuse("public words are OpenVM's alone");
        }
        for (place, byte) in (0..).zip(&public.output) {
            let message = vec![element(place), element((*byte).into())];
            ends.send(MachineBus::Output, -1, message);
        }
    }
    Ok(ends.messages)
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Addresses begin below all words and end with the last that was touched.
fn order<F: Field>(ends: &mut Ends<'_, F>, claims: &Claims) -> Result<(), StatementError> {
    let first = below_all(ends.target.limbs(ends.xlen));
    let last = match claims.last_word {
        None => first.clone(),
        Some(word) if ends.xlen.mask(word) == word => ends.word(word),
        Some(word) => return refuse(format!("there is no word at {word:#x}")),
    };
    ends.send(MachineBus::Order, 1, first);
    ends.send(MachineBus::Order, -1, last);
    Ok(())
}

/// The words of the file that were touched, and how often a range of zeros was.
fn initial_memory<F: Field>(guest: &Guest, claims: &Claims, ends: &mut Ends<'_, F>) {
    let bytes = guest.xlen().bytes() as usize;
    for &(start, words) in &claims.image {
        let words = usize::try_from(words).expect("the file has them");
        let held = guest.image.words_from(start).iter().take(words);
        for (word, address) in held.zip((start..).step_by(bytes)) {
            let message = [ends.word(address), ends.word(*word)].concat();
            ends.send(MachineBus::Image, -1, message);
        }
    }
    for ((from, to), count) in guest.image.zeros().into_iter().zip(&claims.zeros) {
        if let Some(count) = i64::try_from(*count).ok().filter(|count| *count > 0) {
            let message = [ends.word(from), ends.word(to)].concat();
            ends.send(MachineBus::Zeros, -count, message);
        }
    }
}
