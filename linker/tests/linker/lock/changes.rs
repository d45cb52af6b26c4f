//! What a build would change in its lock, in words.

use autoprec_linker::Form;
use autoprec_linker::lock::{Lock, LockedBuild, LockedTotals};
use proptest::prelude::*;

use super::text::any_lock;
use super::{build, locked, wanted};

fn lock(build: LockedBuild, linked: &[(&str, u64, u8, u32)]) -> Lock {
    let mut lock = Lock::default();
    let linked: Vec<_> = linked
        .iter()
        .map(|&(symbol, entry, shape, id)| locked(&wanted(symbol, entry, shape), id))
        .collect();
    lock.finish(build, &linked);
    lock
}

fn told(old: &Lock, new: &Lock) -> Vec<String> {
    old.changes(new).iter().map(ToString::to_string).collect()
}

#[test]
fn options_and_inputs_are_told_apart() {
    let old = lock(build(), &[]);
    let change = |change: fn(&mut LockedBuild)| {
        let mut new = build();
        change(&mut new);
        told(&old, &lock(new, &[]))
    };
    assert!(change(|_| ()).is_empty());
    let elf = change(|build| build.elf = [0xab; 32]);
    assert_eq!(elf, ["ELF of the guest: 0101010101010101… → abababababababab…"]);
    let input = change(|build| build.input = [0xab; 32]);
    assert_eq!(input, ["input of the profiled run: 0303030303030303… → abababababababab…"]);
    let target = change(|build| build.target = "halo2".to_owned());
    assert_eq!(target, ["target: `openvm` → `halo2`"]);
    let form = change(|build| build.form = "ecall t0".parse::<Form>().expect("a form"));
    assert_eq!(form, ["form of calls: `insn` → `ecall t0`"]);
    assert_eq!(change(|build| build.limit = Some(3)), ["most precompiles: none → 3"]);
    let config = change(|build| build.config = Some([7; 32]));
    assert_eq!(config, ["configuration of the VM: none → 0707070707070707…"]);
    let synthesiser = change(|build| build.synthesiser = "0.2.0".to_owned());
    assert_eq!(synthesiser, ["version of the synthesiser: `0.1.0` → `0.2.0`"]);
    let patched = change(|build| (build.patched, build.profile) = ([8; 32], [9; 32]));
    assert_eq!(
        patched,
        [
            "profile: 0202020202020202… → 0909090909090909…",
            "patched ELF: 0404040404040404… → 0808080808080808…"
        ]
    );
    let totals = change(|build| build.totals = Some(LockedTotals::default()));
    assert_eq!(totals.len(), 4);
    assert_eq!(told(&Lock::default(), &old), ["the lock records no build yet"]);
    assert_eq!(told(&old, &Lock::default()), ["the build is not recorded any more"]);
}

#[test]
fn precompiles_come_go_move_and_change() {
    let old = lock(build(), &[("f", 0x100, 1, 10000), ("g", 0x200, 2, 10001)]);
    let new = lock(build(), &[("f", 0x140, 1, 10000), ("h", 0x300, 3, 10002)]);
    assert_eq!(
        told(&old, &new),
        [
            "precompile 10000 in f moved: 0x100 → 0x140",
            "precompile 10000 in f: end: 0x110 → 0x150",
            "precompile 10001 at 0x200 in g is gone",
            "precompile 10002 at 0x300 in h is new",
        ]
    );
    let mut new = old.clone();
    let mut f = locked(&wanted("f", 0x100, 8), 10000);
    (f.system, f.calls) = ([8; 32], None);
    new.record(f);
    assert_eq!(
        told(&old, &new),
        [
            "precompile 10000 in f: shape of its code: 0101010101010101… → 0808080808080808…",
            "precompile 10000 in f: constraint system: 0909090909090909… → 0808080808080808…",
            "precompile 10000 in f: calls in the profiled run: 7 → none",
        ]
    );
    // A number without use is no precompile, but the text would change.
    let mut retired = old.clone();
    retired.finish(build(), &[locked(&wanted("f", 0x100, 1), 10000)]);
    let mut dropped = retired.clone();
    dropped.remove(locked(&wanted("g", 0, 0), 10001).id);
    assert_eq!(told(&old, &retired), ["precompile 10001 at 0x200 in g is gone"]);
    assert_eq!(told(&retired, &old), ["precompile 10001 at 0x200 in g is new"]);
    assert_eq!(told(&retired, &dropped), ["number 10001 is not kept any more"]);
    assert_eq!(told(&dropped, &retired), ["number 10001 is kept though it is not in use"]);
}

#[test]
fn names_are_shown_on_one_line_and_cut() {
    let name = format!("\u{1b}[2J\n{}", "x".repeat(10_000));
    let [line] = &told(&lock(build(), &[]), &lock(build(), &[(&name, 0x100, 1, 10000)]))[..] else {
        panic!("one change")
    };
    assert!(line.len() < 200 && !line.contains(char::is_control), "{line}");
}

proptest! {
    #[test]
    fn there_are_changes_exactly_if_locks_differ(old in any_lock(), new in any_lock()) {
        prop_assert_eq!(old.changes(&new).is_empty(), old == new);
        prop_assert_eq!(old == new, old.to_text() == new.to_text());
        prop_assert!(old.changes(&old).is_empty());
        for change in old.changes(&new) {
            prop_assert!(!change.to_string().contains('\n'));
        }
    }
}
