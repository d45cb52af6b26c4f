//! A run that is stopped says what it counted; and whatever was counted adds up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use autoprec_executor::{Environment, Input, Limits, RunError, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;
use autoprec_profile::Profile;
use proptest::prelude::*;

use crate::common::{by_function, execute, folded, program};
use crate::oracle::{ENVIRONMENT, GUESTS};

fn limited(program: &Program, limits: &Limits) -> Result<Profile, RunError> {
    run(program, &Patches::none(), ENVIRONMENT, &Input::default(), limits).map(|r| r.profile)
}

/// Addresses at which control arrived more often than it went on from there, and how much more.
///
/// Control arrives at the entry, by an edge, or from the instruction before, if that was executed
/// more often than edges leave it.
fn left_over(program: &Program, profile: &Profile) -> BTreeMap<u64, i128> {
    let mut flow: BTreeMap<u64, i128> = BTreeMap::from([(program.entry, 1)]);
    for span in &profile.spans {
        *flow.entry(span.start).or_default() -= i128::from(span.count);
        *flow.entry(span.end).or_default() += i128::from(span.count);
    }
    for edge in &profile.edges {
        let behind = edge.from + u64::from(program.decode_at(edge.from).unwrap().len);
        *flow.entry(behind).or_default() -= i128::from(edge.count);
        *flow.entry(edge.to).or_default() += i128::from(edge.count);
    }
    flow.retain(|_, &mut surplus| surplus != 0);
    flow
}

fn check_sums(profile: &Profile) {
    let spans: u64 = profile.spans.iter().map(|s| u64::from(s.insts) * s.count).sum();
    let stacks: u64 = profile.stacks.iter().map(|s| s.count).sum();
    assert_eq!((spans, stacks), (profile.instructions, profile.instructions));
    let mut visits = vec![0; profile.spans.len()];
    let mut weights = vec![0; profile.stacks.len()];
    for visit in &profile.visits {
        visits[visit.span] += visit.count;
        weights[visit.stack] += u64::from(profile.spans[visit.span].insts) * visit.count;
    }
    assert!(profile.spans.iter().map(|s| s.count).eq(visits), "every execution is on a path");
    assert!(profile.stacks.iter().map(|s| s.count).eq(weights), "as paths count them");
}

#[test]
fn control_leaves_every_place_as_often_as_it_arrives() {
    for (guest, file, _) in GUESTS {
        let program = Program::load(file).unwrap();
        let profile = execute(&program, ENVIRONMENT).unwrap().profile;
        assert!(!profile.partial);
        check_sums(&profile);
        let left = left_over(&program, &profile);
        // Behind the call that ends the guest.
        assert_eq!(left.values().collect::<Vec<_>>(), [&1], "{guest}: {left:#x?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn what_was_counted_until_a_limit_adds_up(guest in 0..GUESTS.len(), limit in 0..1_000_000u64) {
        let program = Program::load(GUESTS[guest].1).unwrap();
        let error = limited(&program, &Limits::instructions(limit)).unwrap_err();
        let partial = error.partial().unwrap();
        let RunError::InstructionLimit { site, .. } = &error else { panic!("{error}") };
        prop_assert!(partial.partial && partial.instructions <= limit);
        check_sums(partial);
        // One arrival at where it stopped.
        prop_assert_eq!(left_over(&program, partial), BTreeMap::from([(site.pc, 1)]));
    }
}

#[test]
fn partial_profiles_survive_their_file_format() {
    let program = Program::load(GUESTS[0].1).unwrap();
    let error = limited(&program, &Limits::instructions(100_000)).unwrap_err();
    let partial = error.partial().unwrap();
    assert_eq!(&Profile::from_json(&partial.to_json()).unwrap(), partial);
    let whole = limited(&program, &Limits::none()).unwrap();
    assert!(partial.to_json().contains("partial") && !whole.to_json().contains("partial"));
}

#[test]
fn a_guest_that_never_ends_stops_when_told() {
    static STOP: AtomicBool = AtomicBool::new(true);
    let (program, _) = program(Xlen::Rv64, "_start:\n.loop:\n addi a0, a0, 1\n jal zero, @.loop");
    let limits = Limits { stop: Some(&STOP), ..Limits::none() };
    let error = limited(&program, &limits).unwrap_err();
    assert!(matches!(error, RunError::Stopped { .. }), "{error}");
    assert!(error.partial().is_some_and(|p| p.partial && p.instructions == 0));
    // A limit that is reached first is named.
    let limits = Limits { stop: None, ..Limits::instructions(5) };
    let error = limited(&program, &limits).unwrap_err();
    assert!(matches!(error, RunError::InstructionLimit { limit: 5, .. }), "{error}");
    assert_eq!(error.partial().unwrap().instructions, 4);
}

#[test]
fn progress_is_told_while_a_guest_runs() {
    static PROGRESS: AtomicU64 = AtomicU64::new(0);
    let (program, _) = program(Xlen::Rv64, "_start:\n.loop:\n addi a0, a0, 1\n jal zero, @.loop");
    let limits = Limits { progress: Some(&PROGRESS), ..Limits::instructions(5_000_000) };
    let error = limited(&program, &limits).unwrap_err();
    assert_eq!(error.partial().unwrap().instructions, 5_000_000);
    let told = PROGRESS.load(Ordering::Relaxed);
    assert!((4_000_000..=5_000_002).contains(&told), "{told}");
}

#[test]
fn a_recursion_of_a_hundred_thousand_calls_is_counted() {
    let source = "
_start:
    lui a0, 24
    addi a0, a0, 1696
    jal ra, @even
    addi a7, zero, 93
    ecall
even:
    beq a0, zero, @.end
    addi sp, sp, -16
    sd ra, 8(sp)
    addi a0, a0, -1
    jal ra, @odd
    ld ra, 8(sp)
    addi sp, sp, 16
.end:
    jalr zero, 0(ra)
odd:
    addi sp, sp, -16
    sd ra, 8(sp)
    addi a0, a0, -1
    jal ra, @even
    ld ra, 8(sp)
    addi sp, sp, 16
    jalr zero, 0(ra)
";
    let (program, at) = program(Xlen::Rv64, source);
    let run = execute(&program, Environment::Linux).unwrap();
    check_sums(&run.profile);
    assert_eq!(run.profile.counts().at(at["odd"]), 50_000);
    assert_eq!(run.exit_code, 0);
    // Each half of the cycle has its own instructions, whatever the depth it was called at.
    let own = by_function(&program, &run.profile);
    assert_eq!((own["even"], own["odd"]), (50_000 * 8 + 2, 50_000 * 7));
    let folded = folded(&program, &run.profile);
    assert!(folded.lines().all(|line| line.split(';').count() <= 257));
}

#[test]
fn a_fault_far_into_a_long_block_names_its_instruction() {
    let mut text = "lui a1, 0x80000\n".to_owned();
    text.extend(std::iter::repeat_n("addi a0, a0, 1\n", 700));
    text.push_str("lw a2, -4(zero)\n addi a0, zero, 0\n");
    let (program, _) = program(Xlen::Rv32, &text);
    let error = execute(&program, Environment::Linux).unwrap_err();
    let RunError::Access { site, .. } = &error else { panic!("{error}") };
    assert_eq!((site.pc - program.entry, site.args[0]), (4 * 701, 700));
}
