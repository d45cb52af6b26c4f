//! What runs is what the steps say: the compiled forms of a recipe, on random regions and random
//! records, against the definition of its steps.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;

use std::cell::Cell;

use autoprec_blocks::Region;
use autoprec_isa::Reg;
use autoprec_synth::{
    Host, OPENVM, PrecompileId, RegisterAccess, Slot, Step, WitnessRecipe, synthesise,
};
use proptest::prelude::*;

/// The recipe of a region that has one.
fn recipe(region: &Region) -> Option<WitnessRecipe> {
    synthesise(region, PrecompileId::from_index(0), &OPENVM).ok().map(|p| p.recipe)
}

/// A well-mixed word.
fn mix(seed: u64, n: u64) -> u32 {
    let word = (seed ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    u32::try_from(word >> 32).expect("the upper half")
}

/// A visible effect: an access of memory or of a register, with what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Memory(u32, Option<u32>),
    Register(Reg, Option<u32>),
}

/// A machine that answers at random and notes what it is asked to do.
struct Noting {
    seed: u64,
    events: Vec<Event>,
}

impl Noting {
    fn access(&mut self, event: Event) -> u32 {
        self.events.push(event);
        mix(self.seed, self.events.len() as u64)
    }
}

impl Host for Noting {
    type Fault = u32;

    fn timestamp(&self) -> u32 {
        mix(self.seed, 0) >> 3
    }

    fn look_reg(&mut self, reg: Reg) -> u32 {
        // Mostly pointers, so that accesses are possible.
        let word = mix(self.seed, 0x1000 + reg.index() as u64);
        if word >> 24 == 0 { word } else { word >> 3 & !3 }
    }

    fn look(&mut self, addr: u32) -> u32 {
        mix(self.seed, 1 << 32 | u64::from(addr))
    }

    fn read(&mut self, addr: u32) -> (u32, u32) {
        (self.access(Event::Memory(addr, None)), self.look(addr))
    }

    fn write(&mut self, addr: u32, value: u32) -> (u32, u32) {
        (self.access(Event::Memory(addr, Some(value))), self.look(addr))
    }

    fn read_reg(&mut self, reg: Reg) -> u32 {
        self.access(Event::Register(reg, None))
    }

    fn write_reg(&mut self, reg: Reg, value: u32) -> u32 {
        self.access(Event::Register(reg, Some(value)))
    }

    fn bad_address(&self, addr: u32) -> u32 {
        addr
    }
}

/// What the steps say on a record: the effects, up to the first address that is bad if there is
/// one.
fn effects(recipe: &WitnessRecipe, record: &[u32]) -> (Vec<Event>, Option<u32>) {
    let results = recipe.results(record, |_, word| word);
    let at = |slot: Slot| results[slot.0 as usize];
    let mut events = Vec::new();
    for step in recipe.steps() {
        let (addr, event) = match *step {
            Step::Look(addr) => (at(addr), None),
            Step::Touch(addr) => (at(addr), Some(Event::Memory(at(addr), None))),
            Step::Write { addr, value } => {
                (at(addr), Some(Event::Memory(at(addr), Some(at(value)))))
            }
            _ => continue,
        };
        if addr % 4 != 0 || addr >> OPENVM.address_bits != 0 {
            return (events, Some(addr));
        }
        events.extend(event);
    }
    let register = |r: &RegisterAccess| Event::Register(r.reg, r.written.map(at));
    events.extend(recipe.registers().iter().map(register));
    (events, None)
}

#[test]
fn execution_does_what_the_steps_say() {
    let runs = Cell::new(0);
    let strategy = (random::regions(1..=25), any::<u64>());
    random::check(300, &strategy, |(random::Shown(region), seed)| {
        let Some(recipe) = recipe(&region) else { return Ok(()) };
        let mut record = vec![0; recipe.record_words()];
        let mut host = Noting { seed, events: Vec::new() };
        let next_pc = recipe.execute(&mut host, Some(&mut record));
        let (events, fault) = effects(&recipe, &record);
        prop_assert_eq!(&host.events, &events, "{}", &region);
        prop_assert_eq!(next_pc.err(), fault, "{}", &region);

        let mut silent = Noting { seed, events: Vec::new() };
        let without_record = recipe.execute(&mut silent, None);
        // It does not look at what only a row needs, so it may come further before it faults.
        prop_assert_eq!(without_record.ok(), next_pc.ok(), "{}", &region);
        if let Ok(next_pc) = next_pc {
            prop_assert_eq!(&silent.events, &events, "{}", &region);
            let results = recipe.results(&record, |_, word| word);
            prop_assert_eq!(next_pc, results[recipe.next_pc().0 as usize], "{}", &region);
            runs.set(runs.get() + 1);
        }
        Ok(())
    });
    assert!(runs.get() >= 100, "only {} calls did not fault", runs.get());
}

#[test]
fn rows_hold_what_the_steps_give() {
    let strategy = (random::regions(1..=25), 1..40_usize, any::<u64>());
    random::check(300, &strategy, |(random::Shown(region), calls, seed)| {
        let Some(recipe) = recipe(&region) else { return Ok(()) };
        let (width, words) = (recipe.width(), recipe.record_words());
        let word = |n: usize| match mix(seed, n as u64) {
            word if word % 3 == 0 => word % 256,
            word if word % 3 == 1 => !(word % 256),
            word => word,
        };
        let records: Vec<u32> = (0..words * calls).map(word).collect();
        let mut rows = vec![0xdead_beef; width * calls];
        for (record, row) in records.chunks_exact(words).zip(rows.chunks_exact_mut(width)) {
            row[..words].copy_from_slice(record);
        }
        recipe.fill_rows(&mut rows);
        for (record, row) in records.chunks_exact(words).zip(rows.chunks_exact(width)) {
            let results = recipe.results(record, |_, word| word);
            let expected: Vec<u32> =
                recipe.columns().iter().map(|slot| results[slot.0 as usize]).collect();
            prop_assert_eq!(row, &expected, "{}", &region);
            let mut alone = vec![0xdead_beef; width];
            recipe.fill_row(record, &mut alone);
            prop_assert_eq!(&alone, &expected, "{}", &region);
        }
        Ok(())
    });
}
