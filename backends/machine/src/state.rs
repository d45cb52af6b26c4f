//! The machine that a run is traced on: registers and aligned words of memory, each with the time
//! of its last access.
//!
//! **Invariants**: time is the number of ticks plus 1; what was never accessed has time 0; a word that
//! was not accessed is what the image says.

use std::collections::BTreeMap;

use autoprec_isa::Xlen;
use autoprec_synth::Host;

use crate::guest::Guest;

/// Registers of the instruction set, the number of bytes given out, and OpenVM's public values.
const REGISTERS: usize = PUBLIC_VALUES as usize + 8;
/// The number of the register that counts the bytes given out.
pub(crate) const OUTPUT_CURSOR: u8 = 32;
/// The number of the register with the first word of OpenVM's public values.
pub(crate) const PUBLIC_VALUES: u8 = 64;

/// Words of a page.
const PAGE_WORDS: usize = 512;

#[derive(Debug)]
struct Page {
    /// Address of the first word.
    start: u64,
    values: [u64; PAGE_WORDS],
    times: [u64; PAGE_WORDS],
    /// Whether it holds bytes that a call overwrote.
    patched: bool,
}

/// A word of memory that was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) address: u64,
    /// What it held at the beginning; none if the file says nothing of it.
    pub(crate) initial: Option<u64>,
    pub(crate) last: u64,
    pub(crate) time: u64,
}

/// Registers and memory during a run.
#[derive(Debug)]
pub(crate) struct State<'a> {
    guest: &'a Guest,
    pub(crate) time: u64,
    registers: [u64; REGISTERS],
    register_times: [u64; REGISTERS],
    pages: Vec<Page>,
    /// Positions in `pages` by number.
    index: BTreeMap<u64, usize>,
    /// Number and position of the page accessed last.
    recent: (u64, usize),
    /// The address of a store to code that a call replaced.
    pub(crate) overwritten: Option<u64>,
    word_bytes: u64,
}

/// An access that a recipe cannot make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Misaligned(pub(crate) u64);

impl<'a> State<'a> {
    /// The state in which a run of a guest begins.
    pub(crate) fn new(guest: &'a Guest) -> Self {
        Self {
            guest,
            time: 1,
            registers: std::array::from_fn(|number| {
                guest.first_of_register(u8::try_from(number).expect("few registers"))
            }),
            register_times: [0; REGISTERS],
            pages: Vec::new(),
            index: BTreeMap::new(),
            recent: (u64::MAX, 0),
            overwritten: None,
            word_bytes: u64::from(guest.xlen().bytes()),
        }
    }

    /// The position of a word: its page, and which of its words.
    fn place(&mut self, address: u64) -> (usize, usize) {
        let word = address / self.word_bytes;
        let number = word / PAGE_WORDS as u64;
        let offset = usize::try_from(word % PAGE_WORDS as u64).expect("below the words of a page");
        if self.recent.0 != number {
            let position = match self.index.get(&number) {
                Some(position) => *position,
                None => self.open(number),
            };
            self.recent = (number, position);
        }
        (self.recent.1, offset)
    }

    fn open(&mut self, number: u64) -> usize {
        let bytes = PAGE_WORDS as u64 * self.word_bytes;
        let start = number * bytes;
        let mut values = [0; PAGE_WORDS];
        for (value, offset) in values.iter_mut().zip(0..) {
            let address = start + offset * self.word_bytes;
            *value = self.guest.image.word(address).unwrap_or_default();
        }
        let ends = start.saturating_add(bytes - 1);
        let patched = self.guest.calls.range(..=ends).next_back();
        let patched = patched.is_some_and(|(entry, call)| entry.saturating_add(call.saved) > start);
        self.pages.push(Page { start, values, times: [0; PAGE_WORDS], patched });
        let position = self.pages.len() - 1;
        self.index.insert(number, position);
        position
    }

    /// The word at an aligned address, without access.
    pub(crate) fn look(&mut self, address: u64) -> u64 {
        let (page, word) = self.place(address);
        self.pages[page].values[word]
    }

    /// The words that were accessed, in order of address.
    pub(crate) fn touched(&self) -> Vec<Touched> {
        let pages = self.index.values().map(|&position| &self.pages[position]);
        pages
            .flat_map(|page| {
                let words = (0..).zip(page.values.iter().zip(&page.times));
                words.filter(|(_, (_, time))| **time > 0).map(|(offset, (&last, &time))| {
                    let address = page.start + offset * self.word_bytes;
                    Touched { address, initial: self.guest.image.word(address), last, time }
                })
            })
            .collect()
    }

    /// What a register holds, and when it was accessed last.
    pub(crate) fn last_of_register(&self, number: u8) -> (u64, u64) {
        let number = usize::from(number);
        (self.registers[number], self.register_times[number])
    }

    /// The width of registers.
    pub(crate) fn xlen(&self) -> Xlen {
        self.guest.xlen()
    }
}

impl Host for State<'_> {
    type Fault = Misaligned;

    fn time(&self) -> u64 {
        self.time
    }

    fn register(&mut self, number: u8) -> u64 {
        self.registers[usize::from(number)]
    }

    fn word(&mut self, address: u64) -> Result<u64, Misaligned> {
        Ok(self.look(address))
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let number = usize::from(number);
        if let Some(new) = new {
            self.registers[number] = new;
        }
        let previous = std::mem::replace(&mut self.register_times[number], self.time);
        self.time += 1;
        previous
    }

    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let (position, word) = self.place(address);
        let time = self.time;
        let page = &mut self.pages[position];
        let old = page.values[word];
        let new = new.unwrap_or(old);
        page.values[word] = new;
        let previous = std::mem::replace(&mut page.times[word], time);
        if page.patched && old != new && self.guest.is_patched(address) {
            self.overwritten = Some(address);
        }
        self.time += 1;
        previous
    }

    fn bad_address(&self, address: u64) -> Misaligned {
        Misaligned(address)
    }
}
