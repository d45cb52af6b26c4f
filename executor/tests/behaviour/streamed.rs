//! Profiles of a run that goes on: exact at every moment, and without effect on the run.

use std::path::Path;

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run, run_streamed};
use autoprec_guest_elf::{Patch, Patches, PrecompileId, Program};
use autoprec_isa::Xlen;
use autoprec_profile::Profile;

use crate::common::{adds_up, program};
use crate::oracle;

/// A guest and how it is run.
struct Case {
    name: &'static str,
    program: Program,
    patches: Patches,
    environment: Environment,
    input: Input,
    /// Instructions between two moments; they differ from those between two looks at limits.
    every: u64,
}

impl Case {
    fn of(name: &'static str, program: Program, environment: Environment, every: u64) -> Self {
        let (patches, input) = (Patches::none(), Input::default());
        Self { name, program, patches, environment, input, every }
    }

    fn example(name: &'static str, every: u64) -> Self {
        let file = |path: String| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let program = Program::load(&file(format!("elf/{name}.elf"))).unwrap();
        let hints = vec![file(format!("inputs/{name}.bin"))];
        let input = Input { hints, ..Input::default() };
        Self { input, ..Self::of(name, program, Environment::OpenVm, every) }
    }

    fn plain(&self, limits: &Limits) -> Result<Run, RunError> {
        run(&self.program, &self.patches, self.environment, &self.input, limits)
    }

    fn streamed(&self, limits: &Limits) -> (Result<Run, RunError>, Vec<Profile>) {
        let mut profiles = Vec::new();
        let mut keep = |moment: &autoprec_executor::Moment<'_>| {
            let profile = moment.profile();
            assert_eq!(profile.instructions, moment.instructions(), "{}", self.name);
            profiles.push(profile);
        };
        let result = run_streamed(
            &self.program,
            &self.patches,
            self.environment,
            &self.input,
            limits,
            self.every,
            &mut keep,
        );
        (result, profiles)
    }
}

/// Recursion deeper than paths are told apart, and functions that jump to each other.
fn recursion_and_tail_calls() -> Program {
    let text = "
    start:
        addi a0, zero, 400
        jal ra, @deep
        addi a7, zero, 93
        ecall
    deep:
        addi sp, sp, -16
        sw ra, 0(sp)
        addi s1, zero, 20
        jal ra, @even
        beq a0, zero, @.out
        addi a0, a0, -1
        jal ra, @deep
    .out:
        lw ra, 0(sp)
        addi sp, sp, 16
        jalr zero, 0(ra)
    even:
        beq s1, zero, @.done
        addi s1, s1, -1
        jal zero, @odd
    odd:
        addi s1, s1, -1
        jal zero, @even
    .done:
        jalr zero, 0(ra)";
    program(Xlen::Rv32, text).0
}

/// A loop of three instructions that is patched as a whole.
fn patched() -> (Program, Patches) {
    let text = "
        addi t0, zero, 1000
    .again:
        addi a0, a0, 3
        addi t0, t0, -1
        bne t0, zero, @.again
        addi a0, zero, 0
        addi a7, zero, 93
        ecall";
    let (program, labels) = program(Xlen::Rv32, text);
    let entry = labels[".again"];
    let saved = program.bytes(entry, 4).unwrap().to_vec();
    let id = PrecompileId::from_index(0);
    let patch = Patch { id, entry, saved, region_len: 12, insts: 3 };
    (program, [patch].into_iter().collect())
}

fn cases() -> Vec<Case> {
    let linux = |name, file: &[u8], every| {
        Case::of(name, Program::load(file).unwrap(), Environment::Linux, every)
    };
    let (with_patch, patches) = patched();
    let mut cases = vec![
        Case::example("keccak", 100_003),
        Case::example("sort-vm", 10_007),
        linux("threads", include_bytes!("../linux/threads.elf"), 30_011),
        linux("slices", include_bytes!("../linux/slices.elf"), 700_001),
        Case::of("recursion", recursion_and_tail_calls(), Environment::Bare, 97),
        Case { patches, ..Case::of("patched", with_patch, Environment::Bare, 101) },
    ];
    let (name, file, _) = oracle::GUESTS[0];
    cases.push(Case::of(name, Program::load(file).unwrap(), oracle::ENVIRONMENT, 50_021));
    cases
}

#[test]
fn telling_of_moments_does_not_change_a_run() {
    for case in cases() {
        let (streamed, profiles) = case.streamed(&Limits::none());
        let streamed = streamed.unwrap();
        assert_eq!(streamed, case.plain(&Limits::none()).unwrap(), "{}", case.name);
        assert!(!streamed.profile.partial);
        let most = streamed.instructions / case.every;
        assert!((2..=most).contains(&(profiles.len() as u64)), "{}: {}", case.name, profiles.len());
    }
}

#[test]
fn every_moment_adds_up() {
    for case in cases() {
        let (streamed, profiles) = case.streamed(&Limits::none());
        let mut last = 0;
        for profile in &profiles {
            assert!(profile.partial && profile.instructions > last, "{}", case.name);
            last = profile.instructions;
            adds_up(profile);
        }
        assert!(last <= streamed.unwrap().instructions);
    }
}

/// As if the run had been stopped there.
#[test]
fn a_moment_is_what_a_limit_there_leaves() {
    for case in cases() {
        let (_, profiles) = case.streamed(&Limits::none());
        let step = (profiles.len() / 5).max(1);
        for profile in profiles.iter().step_by(step) {
            let error = case.plain(&Limits::instructions(profile.instructions)).unwrap_err();
            assert_eq!(error.partial(), Some(profile), "{}", case.name);
        }
    }
}

#[test]
fn a_limit_holds_while_moments_are_told_of() {
    for case in cases() {
        let limits = Limits::instructions(3 * case.every + 5);
        let (streamed, profiles) = case.streamed(&limits);
        let (streamed, plain) = (streamed.unwrap_err(), case.plain(&limits).unwrap_err());
        assert_eq!(streamed.partial(), plain.partial(), "{}", case.name);
        assert!((1..=3).contains(&profiles.len()), "{}: {}", case.name, profiles.len());
    }
}

#[test]
fn moments_after_every_span() {
    let case =
        Case { every: 0, ..Case::of("all", recursion_and_tail_calls(), Environment::Bare, 0) };
    let (mut moments, mut last) = (0u64, 0);
    let mut count = |moment: &autoprec_executor::Moment<'_>| {
        assert!(moment.instructions() >= last);
        last = moment.instructions();
        moments += 1;
    };
    let Case { program, patches, environment, input, .. } = &case;
    let limits = Limits::none();
    let run = run_streamed(program, patches, *environment, input, &limits, 0, &mut count).unwrap();
    let spans: u64 = run.profile.spans.iter().map(|span| span.count).sum();
    assert_eq!((moments, run), (spans, case.plain(&limits).unwrap()));
}
