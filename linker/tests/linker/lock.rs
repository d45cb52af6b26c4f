//! Numbers outlive rebuilds.

mod changes;
mod text;

use autoprec_guest_elf::PrecompileId;
use autoprec_linker::Form;
use autoprec_linker::lock::{Lock, Locked, LockedBuild, Wanted};
use proptest::prelude::*;

fn wanted(symbol: &str, entry: u64, shape: u8) -> Wanted {
    Wanted { symbol: Some(symbol.to_owned()), entry, shape: [shape; 32] }
}

fn locked(wanted: &Wanted, id: u32) -> Locked {
    Locked {
        id: PrecompileId::new(id).expect("a number of a precompile"),
        symbol: wanted.symbol.clone(),
        entry: wanted.entry,
        end: Some(wanted.entry + 16),
        insts: Some(4),
        calls: Some(7),
        linked: true,
        shape: wanted.shape,
        system: [9; 32],
        target: "openvm".to_owned(),
        synthesiser: "0.1.0".to_owned(),
    }
}

fn build() -> LockedBuild {
    LockedBuild {
        elf: [1; 32],
        profile: [2; 32],
        input: [3; 32],
        target: "openvm".to_owned(),
        form: Form::Insn,
        limit: None,
        config: None,
        synthesiser: "0.1.0".to_owned(),
        patched: [4; 32],
        totals: None,
    }
}

/// A build that links `all`.
fn assign(lock: &mut Lock, all: &[Wanted]) -> Vec<u32> {
    let ids = lock.assign(all).expect("there are numbers left");
    let ids: Vec<u32> = ids.into_iter().map(PrecompileId::number).collect();
    let linked: Vec<Locked> = all.iter().zip(&ids).map(|(one, id)| locked(one, *id)).collect();
    lock.finish(build(), &linked);
    ids
}

#[test]
fn numbers_follow_shape_and_symbol_then_shape_then_entry() {
    let mut lock = Lock::default();
    let first = [wanted("f", 0x100, 1), wanted("g", 0x200, 2), wanted("h", 0x300, 3)];
    assert_eq!(assign(&mut lock, &first), [10000, 10001, 10002]);
    // Everything moved; f was renamed, h changed in place, and one is new and comes first.
    let second = [
        wanted("new", 0x900, 4),
        wanted("h", 0x300, 5),
        wanted("renamed", 0x110, 1),
        wanted("g", 0x210, 2),
    ];
    assert_eq!(assign(&mut lock, &second), [10003, 10002, 10000, 10001]);
}

#[test]
fn of_two_of_the_same_shape_the_symbol_decides_and_then_the_address() {
    let mut lock = Lock::default();
    let first = [wanted("f", 0x100, 1), wanted("g", 0x200, 1), wanted("g", 0x240, 1)];
    assert_eq!(assign(&mut lock, &first), [10000, 10001, 10002]);
    let second = [wanted("g", 0x240, 1), wanted("g", 0x200, 1), wanted("f", 0x500, 1)];
    assert_eq!(assign(&mut lock, &second), [10002, 10001, 10000]);
}

#[test]
fn a_number_is_not_given_again_while_its_entry_remains() {
    let mut lock = Lock::default();
    assert_eq!(assign(&mut lock, &[wanted("f", 0x100, 1), wanted("g", 0x200, 2)]), [10000, 10001]);
    assert_eq!(assign(&mut lock, &[wanted("k", 0x700, 7)]), [10002]);
    assert_eq!(assign(&mut lock, &[wanted("f", 0x100, 1)]), [10000]);
}

#[test]
fn addresses_that_move_change_no_number() {
    let mut lock = Lock::default();
    let first = [wanted("f", 0x100, 1), wanted("g", 0x200, 2), wanted("h", 0x300, 1)];
    assert_eq!(assign(&mut lock, &first), [10000, 10001, 10002]);
    // An edit before `f` makes room of 0x100: `f` is where `g` was, `g` where `h` was.
    let second = [wanted("h", 0x400, 1), wanted("g", 0x300, 2), wanted("f", 0x200, 1)];
    assert_eq!(assign(&mut lock, &second), [10002, 10001, 10000]);
    let entries: Vec<u64> = lock.linked().map(|locked| locked.entry).collect();
    assert_eq!(entries, [0x200, 0x300, 0x400]);
}

#[test]
fn of_two_of_the_same_shape_in_one_function_the_order_of_addresses_decides() {
    let mut lock = Lock::default();
    assert_eq!(assign(&mut lock, &[wanted("f", 0x100, 1), wanted("f", 0x180, 1)]), [10000, 10001]);
    // What saves more comes first; that another one does now must not swap the numbers.
    let moved = [wanted("f", 0x1a4, 1), wanted("f", 0x124, 1)];
    assert_eq!(assign(&mut lock, &moved), [10001, 10000]);
}

#[test]
fn of_two_that_fit_the_one_that_was_linked_last_keeps_its_number() {
    let mut lock = Lock::default();
    assert_eq!(assign(&mut lock, &[wanted("f", 0x100, 1), wanted("f", 0x180, 1)]), [10000, 10001]);
    assert_eq!(assign(&mut lock, &[wanted("f", 0x180, 1)]), [10001]);
    assert_eq!(assign(&mut lock, &[wanted("f", 0x1a0, 1)]), [10001]);
}

#[test]
fn what_a_build_does_not_link_keeps_its_entry_and_is_not_linked() {
    let mut lock = Lock::default();
    assign(&mut lock, &[wanted("f", 0x100, 1), wanted("g", 0x200, 2)]);
    assign(&mut lock, &[wanted("g", 0x200, 2)]);
    let linked: Vec<u32> = lock.linked().map(|locked| locked.id.number()).collect();
    assert_eq!(linked, [10001]);
    let ids: Vec<u32> = lock.entries().iter().map(|locked| locked.id.number()).collect();
    assert_eq!(ids, [10000, 10001]);
}

#[test]
fn an_entry_is_linked_only_in_a_build_and_with_an_end() {
    let mut lock = Lock::default();
    let one = locked(&wanted("f", 0x100, 1), 10000);
    lock.record(one.clone());
    assert_eq!(lock.linked().count(), 0);
    for end in [None, Some(0x100), Some(0)] {
        lock.finish(build(), &[Locked { end, ..one.clone() }]);
        assert_eq!(lock.linked().count(), 0, "{end:?}");
    }
    lock.finish(build(), &[one]);
    assert_eq!(lock.linked().count(), 1);
}

fn wanteds() -> impl Strategy<Value = Vec<Wanted>> {
    let one = (prop::option::of("[a-c]"), 0..12u64, 0..6u8);
    let build = |(symbol, entry, shape)| Wanted { symbol, entry, shape: [shape; 32] };
    prop::collection::vec(one.prop_map(build), 0..12)
}

proptest! {
    #[test]
    fn numbers_are_unique_and_texts_round_trip(rounds in prop::collection::vec(wanteds(), 1..5)) {
        let mut lock = Lock::default();
        for all in rounds {
            let mut ids = assign(&mut lock, &all);
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), all.len());
            prop_assert_eq!(Lock::parse(&lock.to_text()), Ok(lock.clone()));
        }
    }

    #[test]
    fn nothing_changed_means_no_number_changes(all in wanteds()) {
        let mut lock = Lock::default();
        let first = assign(&mut lock, &all);
        prop_assert_eq!(assign(&mut lock, &all), first);
    }
}
