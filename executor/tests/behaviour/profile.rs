//! Counts, call paths and the file format, on programs small enough to count by hand.

use std::collections::BTreeSet;

use autoprec_executor::{Environment, Input, Limits, run_watched};
use autoprec_guest_elf::Patches;
use autoprec_isa::{Reg, Xlen};
use autoprec_profile::{Profile, ProfileError};

use crate::common::{BASE, adds_up, execute, folded, program};
use crate::programs::CALLS;

#[test]
fn spans_and_edges_are_exact() {
    for xlen in [Xlen::Rv32, Xlen::Rv64] {
        let (program, at) = program(xlen, CALLS);
        let run = execute(&program, Environment::Bare).unwrap();
        // 1 + 3 * (1 + 2) + 3, and three times 1 + 5 * 2 + 1 + 2.
        assert_eq!((run.exit_code, run.instructions, run.vm_instructions), (0, 55, 55));
        let spans: Vec<_> = run
            .profile
            .spans
            .iter()
            .map(|s| (s.start - BASE, s.end - BASE, s.insts, s.count))
            .collect();
        assert_eq!(
            spans,
            [
                (0, 8, 2, 1),
                (4, 8, 1, 2),
                (8, 16, 2, 3),
                (16, 24, 2, 1),
                (24, 28, 1, 1),
                (28, 40, 3, 3),
                (32, 40, 2, 12),
                (40, 44, 1, 3),
                (44, 52, 2, 3),
            ]
        );
        let edges: Vec<_> =
            run.profile.edges.iter().map(|e| (e.from - BASE, e.to - BASE, e.count)).collect();
        assert_eq!(edges, [(4, 28, 3), (12, 4, 2), (36, 32, 12), (40, 44, 3), (48, 8, 3),]);
        let counts = run.profile.counts();
        for (pc, count) in [(BASE, 1), (at[".again"], 3), (at[".loop"], 15), (at["leaf"], 3)] {
            assert_eq!((run.profile.count_at(pc), counts.at(pc)), (count, count), "{pc:#x}");
        }
        assert_eq!(counts.at(BASE - 4), 0);
        assert_eq!(counts.at(BASE + 52), 0);
    }
}

#[test]
fn call_paths_know_tail_calls() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    assert_eq!(
        folded(&program, &profile),
        "\
_start 12
_start;[exit] 1
_start;leaf 6
_start;work 36
"
    );
}

#[test]
fn call_paths_know_their_spans() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let visits: Vec<_> = profile.visits.iter().map(|v| (v.stack, v.span, v.count)).collect();
    // Paths: _start, its exit, its work, its leaf.
    assert_eq!(
        visits,
        [
            (0, 0, 1),
            (0, 1, 2),
            (0, 2, 3),
            (0, 3, 1),
            (1, 4, 1),
            (2, 5, 3),
            (2, 6, 12),
            (2, 7, 3),
            (3, 8, 3)
        ]
    );
    adds_up(&profile);
}

#[test]
fn recursion_keeps_exact_counts() {
    // Sums 10 down to 1 by recursion: 11 calls.
    let (program, _) = program(
        Xlen::Rv64,
        "
_start:
    addi a0, zero, 10
    jal ra, @sum
    addi a7, zero, 93
    ecall
sum:
    beq a0, zero, @.zero
    addi sp, sp, -16
    sd ra, 8(sp)
    sd a0, 0(sp)
    addi a0, a0, -1
    jal ra, @sum
    ld t1, 0(sp)
    ld ra, 8(sp)
    addi sp, sp, 16
    add a0, a0, t1
.zero:
    jalr zero, 0(ra)
",
    );
    let run = execute(&program, Environment::Bare).unwrap();
    assert_eq!((run.exit_code, run.instructions), (55, 4 + 10 * 11 + 2));
    assert_eq!(run.profile.stacks.len(), 13);
    assert_eq!((run.profile.stacks[0].count, run.profile.stacks[1].count), (3, 1));
    assert_eq!(run.profile.stacks[1].call.as_deref(), Some("exit"));
    assert_eq!(run.profile.stacks[12].frames.len(), 12);
    assert_eq!(run.profile.stacks[12].count, 2);
    assert_eq!(run.profile.stacks.iter().map(|s| s.count).sum::<u64>(), run.instructions);
}

#[test]
fn runs_are_deterministic() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let (first, second) = (
        execute(&program, Environment::Bare).unwrap(),
        execute(&program, Environment::Bare).unwrap(),
    );
    assert_eq!(first, second);
}

#[test]
fn profiles_survive_their_file_format() {
    let (program, _) = program(Xlen::Rv32, CALLS);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let text = profile.to_json();
    assert_eq!(Profile::from_json(&text).unwrap(), profile);
    assert_eq!(Profile::from_json(&text).unwrap().to_json(), text);

    let newer = text.replacen("\"version\":3", "\"version\":7", 1);
    let error = Profile::from_json(&newer).unwrap_err();
    assert!(matches!(error, ProfileError::Version { got: 7, expected: 3 }), "{error}");
    let other = r#"{"version": 4, "something": "else"}"#;
    assert!(matches!(Profile::from_json(other), Err(ProfileError::Version { got: 4, .. })));
    assert!(matches!(Profile::from_json("{}"), Err(ProfileError::Malformed(_))));
    let other_span = text.replacen("[0,1]", "[99,1]", 1);
    assert_ne!(other_span, text);
    assert!(matches!(
        Profile::from_json(&other_span),
        Err(ProfileError::Disordered { rows: "visits" } | ProfileError::Span { index: 99, .. })
    ));
    let bad = text.replacen("0x", "xx", 1);
    assert!(matches!(Profile::from_json(&bad), Err(ProfileError::Address { .. })));
}

#[test]
fn watched_addresses_are_seen_each_time() {
    let (program, at) = program(Xlen::Rv32, CALLS);
    // One in the middle of what would be a span.
    let watch = BTreeSet::from([at[".loop"], BASE + 20]);
    let mut seen = Vec::new();
    let mut on_entry = |pc, state: &dyn autoprec_executor::MachineState| {
        seen.push((pc, state.reg(Reg::T1), state.read(pc, 2).map(|b| b.len())));
    };
    let (input, limits) = (Input::default(), Limits::none());
    let run = run_watched(
        &program,
        &Patches::none(),
        Environment::Bare,
        &input,
        &limits,
        &watch,
        &mut on_entry,
    )
    .unwrap();
    assert_eq!(run.instructions, 55);
    assert_eq!(seen.len(), 16);
    assert_eq!(seen[..6], [5, 4, 3, 2, 1, 5].map(|t1| (at[".loop"], t1, Some(2))));
    assert_eq!(seen[15], (BASE + 20, 0, Some(2)));
    assert_eq!(run.profile.count_at(BASE + 24), 1);
}

#[test]
fn an_unknown_return_starts_a_new_path() {
    // `_start` jumps with a return address nobody called with.
    let (program, _) = program(
        Xlen::Rv32,
        "
_start:
    auipc ra, 0
    addi ra, ra, 16
    jalr zero, 0(ra)
    addi zero, zero, 0
other:
    addi a7, zero, 93
    ecall
",
    );
    let run = execute(&program, Environment::Bare).unwrap();
    assert_eq!(folded(&program, &run.profile), "_start 3\nother 1\nother;[exit] 1\n");
}
