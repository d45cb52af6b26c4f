//! Loads and stores, misaligned ones, and words touched.

use std::collections::{BTreeMap, BTreeSet};

use autoprec_executor::{Environment, Input, Limits, MachineState, Run, run, run_watched};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::{Op, Xlen};
use autoprec_profile::{Accesses, Profile, Touched};

use crate::common::{execute, program};
use crate::oracle::GUESTS;
use crate::programs::WORK;

fn go(program: &Program, environment: Environment, touched: bool) -> Run {
    let limits = Limits { touched, ..Limits::none() };
    run(program, &Patches::none(), environment, &Input::default(), &limits).unwrap()
}

#[test]
fn accesses_are_counted_by_width() {
    let (program, at) = program(Xlen::Rv32, WORK);
    let run = go(&program, Environment::Bare, false);
    let memory = &run.profile.memory;
    assert_eq!(memory.accesses, Accesses { loads: [1, 3, 2, 0], stores: [0, 0, 102, 0] });
    assert_eq!((memory.accesses.bytes_loaded(), memory.accesses.bytes_stored()), (15, 408));
    let across = at["across"];
    assert_eq!(memory.misaligned, [(across, 2), (across + 4, 2), (across + 8, 2)]);
    assert_eq!((run.misaligned, memory.misaligned_count()), (6, 6));
    assert_eq!(memory.touched, None);
    // Text, and two pages that were stored to.
    assert_eq!(memory.pages, 3);
}

#[test]
fn touched_words_are_distinct() {
    let expected = [(Xlen::Rv32, 4, 100 + 3), (Xlen::Rv64, 8, 50 + 2)];
    for (xlen, word_bytes, words) in expected {
        let (program, _) = program(xlen, WORK);
        let plain = go(&program, Environment::Bare, false);
        let mut run = go(&program, Environment::Bare, true);
        assert_eq!(run.profile.memory.touched, Some(Touched { word_bytes, words, pages: 2 }));
        // Nothing else is another.
        run.profile.memory.touched = None;
        assert_eq!(run, plain);
    }
}

#[test]
fn what_calls_copy_is_touched() {
    let (program, _) = program(
        Xlen::Rv64,
        "
    addi a0, zero, 1
    lui a1, 0x10000
    addi a1, a1, 4
    addi a2, zero, 24
    addi a7, zero, 64
    ecall
    addi a7, zero, 93
    ecall",
    );
    let run = go(&program, Environment::Bare, true);
    assert_eq!(run.stdout, [0; 24]);
    let touched = Some(Touched { word_bytes: 8, words: 4, pages: 1 });
    assert_eq!(run.profile.memory.touched, touched);
    assert_eq!(run.profile.memory.accesses, Accesses::default());
}

/// Words touched by instructions, by watching each of them.
fn watched(program: &Program) -> (BTreeSet<u64>, [u64; 2]) {
    let plain = execute(program, Environment::Bare).unwrap().profile;
    let code = plain.spans.iter().flat_map(|span| program.insts(span.start..span.end));
    let insts: BTreeMap<u64, _> = code.filter_map(|(pc, inst)| Some((pc, inst?))).collect();
    let (mut words, mut counts) = (BTreeSet::new(), [0, 0]);
    let word = u64::from(program.xlen.bytes());
    let mut on_entry = |pc: u64, state: &dyn MachineState| {
        let inst = &insts[&pc];
        let (width, stores) = match inst.op {
            Op::Load { width, .. } => (width, 0),
            Op::Store(width) => (width, 1),
            _ => return,
        };
        let addr = state.reg(inst.rs1).wrapping_add_signed(i64::from(inst.imm));
        let addr = program.xlen.mask(addr);
        words.extend((addr..addr + u64::from(width.bytes())).map(|byte| byte / word));
        counts[stores] += 1;
    };
    let watch = insts.keys().copied().collect();
    let (input, limits) = (Input::default(), Limits::none());
    let none = Patches::none();
    run_watched(program, &none, Environment::Bare, &input, &limits, &watch, &mut on_entry).unwrap();
    (words, counts)
}

#[test]
fn guests_touch_what_their_instructions_say() {
    // The guests that have no atomic instructions, which `watched` does not know.
    for (name, file, _) in GUESTS.iter().filter(|(name, ..)| name.starts_with("sort")) {
        let program = Program::load(file).unwrap();
        let (words, [loads, stores]) = watched(&program);
        let run = go(&program, Environment::Bare, true);
        let memory = &run.profile.memory;
        assert_eq!(memory.accesses.loads.iter().sum::<u64>(), loads, "{name}");
        assert_eq!(memory.accesses.stores.iter().sum::<u64>(), stores, "{name}");
        let touched = memory.touched.unwrap();
        // What is printed was stored before.
        assert_eq!(touched.words, words.len() as u64, "{name}");
    }
}

#[test]
fn memory_survives_file_and_merge() {
    let (program, _) = program(Xlen::Rv32, WORK);
    let profile = go(&program, Environment::Bare, true).profile;
    assert_eq!(Profile::from_json(&profile.to_json()).unwrap(), profile);
    let less = execute(&program, Environment::Bare).unwrap().profile;
    let sum = Profile::merge(&[less, profile.clone()]).unwrap().memory;
    assert_eq!(sum.accesses.stores, [0, 0, 204, 0]);
    assert_eq!((sum.misaligned[0].1, sum.pages), (4, 3));
    assert_eq!(sum.touched, profile.memory.touched);
}
