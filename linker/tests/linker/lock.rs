//! Numbers outlive rebuilds.

use autoprec_linker::lock::{Lock, LockError, Locked, Wanted};
use autoprec_profiler::PrecompileId;
use proptest::prelude::*;

fn wanted(symbol: &str, entry: u64, shape: u8) -> Wanted {
    Wanted { symbol: Some(symbol.to_owned()), entry, shape: [shape; 32] }
}

fn record(lock: &mut Lock, wanted: &Wanted, id: PrecompileId) {
    lock.record(Locked {
        id,
        symbol: wanted.symbol.clone(),
        entry: wanted.entry,
        shape: wanted.shape,
        system: [9; 32],
        target: "openvm".to_owned(),
        synthesiser: "0.1.0".to_owned(),
    });
}

fn assign(lock: &mut Lock, all: &[Wanted]) -> Vec<u32> {
    let ids = lock.assign(all).expect("there are numbers left");
    for (wanted, id) in all.iter().zip(&ids) {
        record(lock, wanted, *id);
    }
    ids.iter().map(|id| id.number()).collect()
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
fn the_text_is_as_expected() {
    let mut lock = Lock::default();
    assign(&mut lock, &[wanted("core::f", 0x20_0820, 1)]);
    let expected = format!(
        "# Written by autoprec. Keep it under version control: it keeps the numbers of precompiles \
         stable.\n\nversion = 1\n\n[[precompile]]\nid = 10000\nsymbol = \"core::f\"\n\
         entry = \"0x200820\"\nshape = \"{}\"\nsystem = \"{}\"\ntarget = \"openvm\"\n\
         synthesiser = \"0.1.0\"\n",
        "01".repeat(32),
        "09".repeat(32)
    );
    assert_eq!(lock.to_text(), expected);
}

#[test]
fn what_is_no_lock_is_refused_by_name() {
    let text = |id: u32, entry: &str| {
        format!(
            "version = 1\n[[precompile]]\nid = {id}\nentry = \"{entry}\"\nshape = \"{0}\"\n\
             system = \"{0}\"\ntarget = \"t\"\nsynthesiser = \"0\"\n",
            "00".repeat(32)
        )
    };
    let twice = format!("{}{}", text(10000, "0x1"), text(10000, "0x2").split_off(12));
    assert!(Lock::parse(&text(10000, "0x1")).is_ok());
    assert!(matches!(Lock::parse(&twice), Err(LockError::Twice { .. })));
    assert_eq!(Lock::parse(&text(9999, "0x1")), Err(LockError::Id { got: 9999 }));
    assert!(matches!(
        Lock::parse(&text(10000, "1")),
        Err(LockError::Field { id: 10000, field: "entry", .. })
    ));
    assert_eq!(Lock::parse("version = 2\n"), Err(LockError::Version { got: 2 }));
    assert!(matches!(Lock::parse("version ="), Err(LockError::Toml { .. })));
    assert!(matches!(Lock::parse("version = 1\nother = 2\n"), Err(LockError::Toml { .. })));
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

    #[test]
    fn the_parser_is_total(text in "(version = 1\\n|\\[\\[precompile\\]\\]\\n|id = 1\\n|\\PC|\\n){0,12}") {
        drop(Lock::parse(&text));
    }
}
