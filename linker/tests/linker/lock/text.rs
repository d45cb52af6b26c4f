//! The text of a lock.

use autoprec_linker::Form;
use autoprec_linker::lock::{Lock, LockError, LockedBuild, LockedTotals};
use proptest::prelude::*;

use super::{assign, build, locked, wanted};

const HEAD: &str = "# Written by autoprec. Keep it under version control: it keeps the numbers of \
                    precompiles stable.\n\n";

/// A lock with everything there is in it.
fn full() -> Lock {
    let mut lock = Lock::default();
    lock.record(locked(&wanted("old", 0x10_0000, 5), 10000));
    let build = LockedBuild {
        limit: Some(8),
        config: Some([6; 32]),
        form: "ecall a7".parse().expect("a form"),
        totals: Some(LockedTotals {
            instructions: 1000,
            instructions_patched: 400,
            cost: 90_000,
            cost_patched: 30_000,
        }),
        ..build()
    };
    lock.finish(build, &[locked(&wanted("core::f", 0x20_0820, 1), 10001)]);
    lock
}

/// The text of [`full`].
fn full_text() -> String {
    let digest = |byte: u8| format!("{byte:02x}").repeat(32);
    format!(
        "{HEAD}version = 2\n\n[build]\nelf = \"{}\"\nprofile = \"{}\"\ninput = \"{}\"\n\
         target = \"openvm\"\nform = \"ecall a7\"\nlimit = 8\nconfig = \"{}\"\n\
         synthesiser = \"0.1.0\"\npatched = \"{}\"\ninstructions = 1000\n\
         instructions_patched = 400\ncost = 90000\ncost_patched = 30000\n\n\
         [[precompile]]\nid = 10000\nlinked = false\nsymbol = \"old\"\nentry = \"0x100000\"\n\
         end = \"0x100010\"\ninsts = 4\ncalls = 7\nshape = \"{}\"\nsystem = \"{}\"\n\
         target = \"openvm\"\nsynthesiser = \"0.1.0\"\n\n\
         [[precompile]]\nid = 10001\nlinked = true\nsymbol = \"core::f\"\nentry = \"0x200820\"\n\
         end = \"0x200830\"\ninsts = 4\ncalls = 7\nshape = \"{}\"\nsystem = \"{}\"\n\
         target = \"openvm\"\nsynthesiser = \"0.1.0\"\n",
        digest(1),
        digest(2),
        digest(3),
        digest(6),
        digest(4),
        digest(5),
        digest(9),
        digest(1),
        digest(9),
    )
}

#[test]
fn the_text_is_as_expected() {
    let text = full_text();
    assert_eq!(full().to_text(), text);
    assert_eq!(Lock::parse(&text), Ok(full()));
    assert_eq!(Lock::default().to_text(), format!("{HEAD}version = 2\n"));
    assert_eq!(Lock::parse("version = 2\n"), Ok(Lock::default()));
}

/// An entry as version 1 wrote it.
fn version_1(id: u32, entry: &str) -> String {
    format!(
        "[[precompile]]\nid = {id}\nsymbol = \"f\"\nentry = \"{entry}\"\nshape = \"{0}\"\n\
         system = \"{0}\"\ntarget = \"t\"\nsynthesiser = \"0\"\n",
        "00".repeat(32)
    )
}

#[test]
fn version_1_is_read_and_its_numbers_stay() {
    let text = format!("version = 1\n\n{}", version_1(10003, "0x100"));
    let mut lock = Lock::parse(&text).expect("version 1 is read");
    assert_eq!(lock.build(), None);
    let [one] = lock.entries() else { panic!("one entry") };
    assert_eq!((one.id.number(), one.end, one.calls, one.linked), (10003, None, None, false));
    let again = lock.to_text();
    assert!(again.contains("version = 2\n") && again.contains("linked = false\n"));
    assert_eq!(Lock::parse(&again), Ok(lock.clone()));
    assert_eq!(assign(&mut lock, &[wanted("f", 0x180, 0)]), [10003]);
}

/// The field that is found fault with in the full text after `from` became `to`.
fn fault(from: &str, to: &str) -> (Option<u32>, &'static str) {
    let text = full_text();
    assert!(text.contains(from), "{from}");
    match Lock::parse(&text.replacen(from, to, 1)) {
        Err(LockError::Field { id, field, .. }) => (Some(id), field),
        Err(LockError::Build { field, .. }) => (None, field),
        other => panic!("{from} → {to}: {other:?}"),
    }
}

#[test]
fn what_is_wrong_is_named_by_entry_and_field() {
    assert_eq!(fault("0x200820", "200820"), (Some(10001), "entry"));
    assert_eq!(fault("0x200820", "0x0200820"), (Some(10001), "entry"));
    assert_eq!(fault("0x200830", "0x200820"), (Some(10001), "end"));
    assert_eq!(fault("end = \"0x200830\"\n", ""), (Some(10001), "end"));
    assert_eq!(fault("linked = true\n", ""), (Some(10001), "linked"));
    assert_eq!(fault("shape = \"05", "shape = \"0"), (Some(10000), "shape"));
    assert_eq!(fault("system = \"09", "system = \"0G"), (Some(10000), "system"));
    assert_eq!(fault("elf = \"01", "elf = \""), (None, "elf"));
    assert_eq!(fault("profile = \"02", "profile = \"AB"), (None, "profile"));
    assert_eq!(fault("input = \"03", "input = \"x3"), (None, "input"));
    assert_eq!(fault("config = \"06", "config = \"0606"), (None, "config"));
    assert_eq!(fault("patched = \"04", "patched = \"é"), (None, "patched"));
    assert_eq!(fault("ecall a7", "ecall a0"), (None, "form"));
    assert_eq!(fault("cost = 90000\n", ""), (None, "cost"));
    let error = Lock::parse(&full_text().replacen("0x200820", "200820", 1)).unwrap_err();
    let expected = "lock entry 10001: `entry` is `200820`; expected an address such as 0x200820";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_is_no_lock_is_refused() {
    assert_eq!(Lock::parse("version = 3\nnew = 1\n"), Err(LockError::Version { got: 3 }));
    for text in ["", "version =", "version = 2\nother = 2\n", "version = 2\n[build]\n", "\u{0}"] {
        assert!(matches!(Lock::parse(text), Err(LockError::Toml { .. })), "{text}");
    }
    let twice = format!("version = 1\n{}{}", version_1(10000, "0x1"), version_1(10000, "0x2"));
    assert!(matches!(Lock::parse(&twice), Err(LockError::Twice { .. })));
    for id in [0, 9999, u32::MAX] {
        let text = format!("version = 1\n{}", version_1(id, "0x1"));
        assert_eq!(Lock::parse(&text), Err(LockError::Id { got: id }));
    }
    // What version 1 does not have, and entries that are linked without a build.
    let old = format!("version = 1\n{}", version_1(10000, "0x1"));
    for (line, field) in
        [("end = \"0x2\"", "end"), ("linked = true", "linked"), ("calls = 1", "calls")]
    {
        let text = old.replacen("target", &format!("{line}\ntarget"), 1);
        let error = Lock::parse(&text).unwrap_err();
        assert!(matches!(error, LockError::Field { field: got, .. } if got == field), "{error}");
    }
    let old = full_text().replacen("version = 2", "version = 1", 1);
    assert!(matches!(Lock::parse(&old), Err(LockError::Build { field: "build", .. })));
    let linked = full_text();
    let (build, entry) = (linked.find("[build]"), linked.rfind("[[precompile]]"));
    let (build, entry) = (build.expect("a build"), entry.expect("an entry"));
    let text = format!("{}{}", &linked[..build], &linked[entry..]);
    assert!(matches!(Lock::parse(&text), Err(LockError::Field { field: "linked", .. })));
}

#[test]
fn counts_that_toml_cannot_hold_are_cut() {
    let mut lock = Lock::default();
    let most = LockedTotals { instructions: u64::MAX, cost: u64::MAX, ..LockedTotals::default() };
    let mut one = locked(&wanted("f", 0x100, 1), 10000);
    one.calls = Some(u64::MAX);
    lock.finish(LockedBuild { totals: Some(most), ..build() }, &[one]);
    assert_eq!(Lock::parse(&lock.to_text()), Ok(lock));
}

fn digest() -> impl Strategy<Value = [u8; 32]> {
    any::<u8>().prop_map(|byte| [byte; 32])
}

fn any_build() -> impl Strategy<Value = LockedBuild> {
    let form = prop::sample::select(vec!["insn", "ecall a7", "ecall t0"]);
    let form = form.prop_map(|form| form.parse::<Form>().expect("a form"));
    let totals = prop::option::of(any::<[u64; 4]>()).prop_map(|totals| {
        let of = |[instructions, instructions_patched, cost, cost_patched]: [u64; 4]| {
            LockedTotals { instructions, instructions_patched, cost, cost_patched }
        };
        totals.map(of)
    });
    let options = (any::<Option<u32>>(), prop::option::of(digest()), totals);
    let texts = ("\\PC{0,6}", "\\PC{0,6}", form);
    (prop::array::uniform4(digest()), texts, options).prop_map(
        |([elf, profile, input, patched], (target, synthesiser, form), (limit, config, totals))| {
            LockedBuild {
                elf,
                profile,
                input,
                target,
                form,
                limit,
                config,
                synthesiser,
                patched,
                totals,
            }
        },
    )
}

/// Any lock that can be made.
pub(super) fn any_lock() -> impl Strategy<Value = Lock> {
    let entry = (
        0..6u32,
        (prop::option::of(any::<String>()), any::<u64>(), 0..3u8),
        (any::<Option<u64>>(), any::<Option<u32>>(), any::<Option<u64>>()),
        (any::<String>(), digest()),
    )
        .prop_map(|(id, (symbol, entry, shape), (end, insts, calls), (target, system))| {
            let mut one = locked(&wanted("", 0, shape), 10000 + id);
            one.symbol = symbol;
            (one.entry, one.end, one.insts, one.calls) = (entry, end, insts, calls);
            (one.target, one.system) = (target, system);
            one
        })
        .boxed();
    let entries = || prop::collection::vec(entry.clone(), 0..5);
    (prop::option::of(any_build()), entries(), entries()).prop_map(|(build, first, second)| {
        let mut lock = Lock::default();
        for one in first {
            lock.record(one);
        }
        match build {
            Some(build) => lock.finish(build, &second),
            None => second.into_iter().for_each(|one| lock.record(one)),
        }
        lock
    })
}

proptest! {
    #[test]
    fn texts_round_trip(lock in any_lock()) {
        let text = lock.to_text();
        let read = Lock::parse(&text);
        prop_assert_eq!(read.as_ref(), Ok(&lock));
        prop_assert_eq!(read.expect("it was compared").to_text(), text);
    }

    #[test]
    fn the_parser_is_total(
        text in "(version = [12]\\n|\\[build\\]\\n|\\[\\[precompile\\]\\]\\n|id = 1\\n|\\PC|\\n){0,12}"
    ) {
        drop(Lock::parse(&text));
    }

    /// A changed text is refused, or it means something that is written as it can be read.
    #[test]
    fn damaged_texts_are_refused_or_mean_something(at in any::<prop::sample::Index>(), byte in 0..128u8) {
        let mut bytes = full_text().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("ASCII");
        if let Ok(lock) = Lock::parse(&text) {
            prop_assert_eq!(Lock::parse(&lock.to_text()), Ok(lock));
        }
    }
}
