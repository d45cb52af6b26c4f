//! Profiles compared, and profiles put together.

use autoprec_executor::Environment;
use autoprec_guest_elf::Program;
use autoprec_isa::Xlen;
use autoprec_profile::{MergeError, Profile};
use autoprec_profiler::cost::Model;
use autoprec_profiler::diff::{Change, Diff, Side};

use crate::common::{execute, program};

/// A loop of `rounds` in a function, behind `extra` instructions.
fn guest(rounds: u32, extra: usize) -> (Program, Profile) {
    let text = format!(
        "
_start:
    {}
    addi a7, zero, 93
    jal ra, @work
    ecall
work:
    addi a0, zero, {rounds}
.loop:
    addi a0, a0, -1
    bne a0, zero, @.loop
    jalr zero, 0(ra)
",
        "addi s0, zero, 1\n".repeat(extra)
    );
    let (program, _) = program(Xlen::Rv32, &text);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    (program, profile)
}

fn change(name: &str, before: u64, after: u64) -> Change {
    Change { name: name.to_owned(), before, after }
}

#[test]
fn functions_and_blocks_are_recognised_where_they_moved() {
    let (old, old_profile) = guest(10, 1);
    let (new, new_profile) = guest(12, 4);
    let side = |program, profile| Side { program: Some(program), profile };
    let (before, after) = (side(&old, &old_profile), side(&new, &new_profile));
    let diff = Diff::of(before, after, None).unwrap();
    assert_eq!(diff.functions, [change("work", 22, 26), change("_start", 3, 6)]);
    assert_eq!(diff.blocks[..2], [change("work+0x4", 18, 22), change("_start+0x0", 3, 6)]);
    // What moved within its function is another block.
    assert_eq!(diff.blocks[2..], [change("_start+0x18", 0, 1), change("_start+0xc", 1, 0)]);
    assert_eq!(diff.total, change("(all)", 26, 33));
    // 26.92 %
    assert!(diff.is_worse(2_692) && !diff.is_worse(2_693));
    assert!(!Diff::of(after, before, None).unwrap().is_worse(0));
    assert_eq!(
        diff.table(1),
        "         before            after            change  function (instructions)
             22               26                +4  work
                                                    (1 more)
             26               33                +7  (all)
         before            after            change  block (instructions)
             18               22                +4  work+0x4
                                                    (3 more)
             26               33                +7  (all)
"
    );
    let cells = Model::built_in().remove(1);
    let diff = Diff::of(before, after, Some(&cells)).unwrap();
    assert_eq!(diff.functions[0], change("work", 36 + 620 + 28, 36 + 744 + 28));
    let unnamed = Side { program: None, ..before };
    assert!(Diff::of(unnamed, after, Some(&cells)).is_err());
    // Without names, functions are known by their entries.
    let diff = Diff::of(unnamed, Side { program: None, profile: &old_profile }, None).unwrap();
    assert_eq!((diff.functions.len(), diff.blocks.len()), (0, 0));
}

#[test]
fn merged_profiles_are_sums() {
    let (_, profile) = guest(10, 1);
    let double = Profile::merge(&[profile.clone(), profile.clone()]).unwrap();
    assert_eq!(double.instructions, 2 * profile.instructions);
    for (two, one) in double.spans.iter().zip(&profile.spans) {
        assert_eq!((two.start, two.count), (one.start, 2 * one.count));
    }
    assert_eq!(double.visits.len(), profile.visits.len());
    assert_eq!(double.stacks[1].count, 2 * profile.stacks[1].count);
    assert_eq!(Profile::from_json(&double.to_json()).unwrap(), double);
    assert_eq!(Profile::merge(std::slice::from_ref(&profile)).unwrap(), profile);

    let (_, other) = guest(11, 1);
    let error = Profile::merge(&[profile.clone(), other]).unwrap_err();
    assert!(matches!(error, MergeError::OtherElf { index: 2, .. }), "{error}");
    assert_eq!(Profile::merge(&[]).unwrap_err(), MergeError::Nothing);

    // Paths that only one of them has.
    let mut part = profile.clone();
    part.stacks.truncate(1);
    part.visits.retain(|visit| visit.stack == 0);
    part.partial = true;
    let sum = Profile::merge(&[part, profile.clone()]).unwrap();
    assert!(sum.partial && !double.partial);
    assert_eq!(sum.stacks.len(), profile.stacks.len());
    assert_eq!(
        sum.visits.iter().map(|v| v.span).max(),
        profile.visits.iter().map(|v| v.span).max()
    );
}
