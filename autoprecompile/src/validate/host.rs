//! The host on which recipes run for the checker: a state with a clock, which notes every access.

use std::collections::BTreeMap;

use super::state::GuestState;
use crate::random::{Rng, mix};
use crate::recipe::Host;

/// What an access touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A register, by its number.
    Register(u8),
    /// The word at an aligned address within bounds.
    Word(u64),
}

/// One access: the old word with its time for the new one with its.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) place: Place,
    pub(super) old: u64,
    pub(super) new: u64,
    pub(super) previous: u64,
    pub(super) now: u64,
}

/// A state with a clock.
pub(super) struct TracedHost {
    pub(super) state: GuestState,
    pub(super) accesses: Vec<Access>,
    /// The time of the call.
    pub(super) began: u64,
    /// The time of the next access.
    pub(super) now: u64,
    /// When a place was accessed last, if in this call; before that a function of the place.
    last: BTreeMap<Place, u64>,
    filler: u64,
}

/// Times that are left after the latest call: more than the accesses of a region.
const LAST_CALL: u64 = 50_000;

impl TracedHost {
    /// A host whose clock is at the beginning, near the end, or anywhere.
    pub(super) fn new(state: GuestState, time_bits: u32, rng: &mut Rng) -> Self {
        let end = 1_u64 << time_bits;
        let began = match rng.below(4) {
            0 => 1,
            1 => end - LAST_CALL.min(end / 4),
            _ => 1 + rng.next() % (end - end / 4),
        };
        let (last, filler) = (BTreeMap::new(), rng.next());
        Self { state, accesses: Vec::new(), began, now: began, last, filler }
    }

    fn access(&mut self, place: Place, old: u64, new: u64) -> u64 {
        let number = match place {
            Place::Register(number) => number.into(),
            Place::Word(address) => !address,
        };
        let hash = mix(self.filler ^ number);
        let before = match hash >> 62 {
            0 => 0,
            1 => self.began - 1,
            _ => hash % self.began,
        };
        let previous = self.last.insert(place, self.now).unwrap_or(before);
        self.accesses.push(Access { place, old, new, previous, now: self.now });
        self.now += 1;
        previous
    }
}

impl Host for TracedHost {
    type Fault = u64;

    fn time(&self) -> u64 {
        self.now
    }

    fn register(&mut self, number: u8) -> u64 {
        self.state.registers[usize::from(number)]
    }

    fn word(&mut self, address: u64) -> Result<u64, u64> {
        Ok(self.state.word(address))
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        let old = self.state.registers[usize::from(number)];
        let new = new.unwrap_or(old);
        self.state.registers[usize::from(number)] = new;
        self.access(Place::Register(number), old, new)
    }

    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let old = self.state.word(address);
        let new = new.unwrap_or(old);
        self.state.memory.insert(address, new);
        self.access(Place::Word(address), old, new)
    }

    fn bad_address(&self, address: u64) -> u64 {
        address
    }
}
