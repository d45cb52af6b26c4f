//! What runs is what the steps say: the compiled forms of a recipe, on random regions and random
//! records, against the definition of its steps. Of OpenVM's recipes, whose numbers are words of 32 bits,
//! and of those of tables of our own, whose numbers are integers.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;
#[path = "common/system.rs"]
mod system;

use std::cell::Cell;

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_synth::{
    HALO2, Host, OPENVM, OperandValues, PLONKY3, PrecompileId, Query, RecordWord, RegisterRef,
    Slot, Step, Target, WitnessRecipe, synthesise,
};
use proptest::prelude::*;

/// The recipe of a region that has one, and the bits of addresses.
fn openvm(region: &Region) -> Option<(WitnessRecipe<BabyBear>, u32)> {
    let precompile = synthesise(region, PrecompileId::from_index(0), &OPENVM).ok()?;
    Some((system::openvm(&precompile).recipe.clone(), OPENVM.address_bits))
}

/// The same for tables of our own.
fn own<F: Field>(region: &Region, target: &Target) -> Option<(WitnessRecipe<F>, u32)> {
    let lowered = system::own(region, target).ok()?;
    Some((lowered.recipe, region.xlen.bits()))
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
    Memory(u64, Option<u64>),
    Register(u8, Option<u64>),
}

/// A machine that answers at random and notes what it is asked to do.
struct Noting {
    seed: u64,
    events: Vec<Event>,
}

impl Noting {
    fn access(&mut self, event: Event) -> u64 {
        self.events.push(event);
        mix(self.seed, self.events.len() as u64).into()
    }
}

impl Host for Noting {
    type Fault = u64;

    fn time(&self) -> u64 {
        u64::from(mix(self.seed, 0) >> 3)
    }

    fn register(&mut self, number: u8) -> u64 {
        // Mostly pointers, so that accesses are possible.
        let word = mix(self.seed, 0x1000 + u64::from(number));
        u64::from(if word >> 24 == 0 { word } else { word >> 3 & !3 })
    }

    fn word(&mut self, addr: u64) -> Result<u64, u64> {
        Ok(mix(self.seed, 1 << 32 | addr).into())
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        self.access(Event::Register(number, new))
    }

    fn access_word(&mut self, addr: u64, new: Option<u64>) -> u64 {
        self.access(Event::Memory(addr, new))
    }

    fn bad_address(&self, addr: u64) -> u64 {
        addr
    }
}

/// What the steps say on a record: the effects, up to the first address that is bad if there is
/// one.
fn effects<F: Field>(
    recipe: &WitnessRecipe<F>,
    record: &[u64],
    address_bits: u32,
) -> (Vec<Event>, Option<u64>) {
    let results = recipe.rows().results(record, |_, word| word);
    let at = |slot: Slot| results[slot.0 as usize];
    let word = |slot: Slot| u64::try_from(at(slot)).expect("words are not negative");
    let mut events = Vec::new();
    for query in recipe.steps().iter().filter_map(Step::query) {
        let (line, address, event) = match *query {
            Query::Word { line, address } => (line, address, None),
            Query::AccessWord { address, value } => (address, address, Some(value.map(word))),
            Query::AccessRegister { register: RegisterRef::Fixed(number), value } => {
                events.push(Event::Register(number, value.map(word)));
                continue;
            }
            _ => continue,
        };
        let is_line = at(line) % 4 == 0 && at(line) >= 0 && at(line) >> address_bits == 0;
        if !is_line {
            return (events, Some(word(address)));
        }
        events.extend(event.map(|new| Event::Memory(word(line), new)));
    }
    (events, None)
}

/// Whether a recipe could be run; what runs is what the steps say.
fn executes<F: Field>(
    region: &Region,
    (recipe, address_bits): &(WitnessRecipe<F>, u32),
    seed: u64,
) -> Result<bool, TestCaseError> {
    let operands = OperandValues::default();
    let mut record = vec![0_u64; recipe.record_words()];
    let mut host = Noting { seed, events: Vec::new() };
    let next_pc = recipe.execute(&mut host, &operands, Some(&mut record[..]));
    let (events, fault) = effects(recipe, &record, *address_bits);
    prop_assert_eq!(&host.events, &events, "{}", region);
    prop_assert_eq!(next_pc.err(), fault, "{}", region);

    let mut silent = Noting { seed, events: Vec::new() };
    let without_record = recipe.execute::<_, u64>(&mut silent, &operands, None);
    // It does not look at what only a row needs, so it may come further before it faults.
    prop_assert_eq!(without_record.ok(), next_pc.ok(), "{}", region);
    let Ok(next_pc) = next_pc else { return Ok(false) };
    prop_assert_eq!(&silent.events, &events, "{}", region);
    let results = recipe.rows().results(&record, |_, word| word);
    prop_assert_eq!(i128::from(next_pc), results[recipe.next_pc().0 as usize], "{}", region);
    Ok(true)
}

#[test]
fn execution_does_what_the_steps_say() {
    let runs = [const { Cell::new(0) }; 3];
    let strategy = (random::regions(1..=25), any::<u64>());
    random::check(300, &strategy, |(random::Shown(region), seed)| {
        if let Some(recipe) = openvm(&region) {
            runs[0].set(runs[0].get() + u32::from(executes(&region, &recipe, seed)?));
        }
        if let Some(recipe) = own::<BabyBear>(&region, &PLONKY3) {
            runs[1].set(runs[1].get() + u32::from(executes(&region, &recipe, seed)?));
        }
        if let Some(recipe) = own::<Pasta>(&region, &HALO2) {
            runs[2].set(runs[2].get() + u32::from(executes(&region, &recipe, seed)?));
        }
        Ok(())
    });
    for runs in runs {
        assert!(runs.get() >= 100, "only {} calls did not fault", runs.get());
    }
}

/// Rows generated together, or alone, are what the steps give.
fn generates<F: Field>(
    region: &Region,
    recipe: &WitnessRecipe<F>,
    (calls, seed): (usize, u64),
) -> Result<(), TestCaseError> {
    let (width, words) = (recipe.width(), recipe.record_words());
    let word = |n: usize| match mix(seed, n as u64) {
        word if word % 3 == 0 => word % 256,
        word if word % 3 == 1 => !(word % 256),
        word => word,
    };
    let records: Vec<u32> = (0..words * calls).map(word).collect();
    let rows = recipe.rows();
    let is_small = u32::try_from((-F::ONE).to_u64()).is_ok();
    // A row has room for its record, or there is no place to make it in.
    let mut together =
        vec![0xdead_beef; if is_small && words <= width { width * calls } else { 0 }];
    for (record, row) in records.chunks_exact(words).zip(together.chunks_exact_mut(width)) {
        row[..words].copy_from_slice(record);
    }
    rows.generate_in_place(&mut together);
    let mut together = together.chunks_exact(width);
    for record in records.chunks_exact(words) {
        let expected = rows.altered(record, |_, word| word);
        let mut alone = vec![F::ONE; width];
        rows.generate(record, &mut alone);
        prop_assert_eq!(&alone, &expected, "{}", region);
        if let Some(row) = together.next() {
            let row: Vec<F> = row.iter().map(|&cell| F::from_u64(cell.to_word())).collect();
            prop_assert_eq!(row, expected, "{}", region);
        }
    }
    Ok(())
}

#[test]
fn rows_hold_what_the_steps_give() {
    let counts = [const { Cell::new(0) }; 3];
    let count = |target: usize| counts[target].set(counts[target].get() + 1);
    let strategy = (random::regions(1..=25), 1..40_usize, any::<u64>());
    random::check(300, &strategy, |(random::Shown(region), calls, seed)| {
        if let Some((recipe, _)) = openvm(&region) {
            generates(&region, &recipe, (calls, seed))?;
            count(0);
        }
        if let Some((recipe, _)) = own::<BabyBear>(&region, &PLONKY3) {
            generates(&region, &recipe, (calls, seed))?;
            count(1);
        }
        if let Some((recipe, _)) = own::<Pasta>(&region, &HALO2) {
            generates(&region, &recipe, (calls, seed))?;
            count(2);
        }
        Ok(())
    });
    for count in counts {
        assert!(count.get() >= 100, "only {} regions have a recipe", count.get());
    }
}
