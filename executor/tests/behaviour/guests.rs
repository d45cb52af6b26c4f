//! The example guests reveal what they must, as they are and with every block patched.

use std::collections::BTreeMap;
use std::path::Path;

use autoprec_executor::{Environment, Input, Limits, Run, run};
use autoprec_guest_elf::{Patch, Patches, PrecompileId, Program};
use autoprec_profile::Profile;

use crate::common::folded;

/// Name, and executed instructions as the guests' own documentation says.
const GUESTS: [(&str, u64); 6] = [
    ("keccak", 1_041_048),
    ("sha256", 356_328),
    ("sort-vm", 355_931),
    ("self-read", 166_459),
    ("ecrecover", 22_715_760),
    ("revm-token", 22_314_803),
];

/// The same for those built for RV64 too, with the calls of Linux.
const RV64_GUESTS: [(&str, u64); 2] = [("keccak", 429_166), ("sha256", 359_908)];

fn file(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn go(program: &Program, patches: &Patches, name: &str) -> Run {
    let input = Input { hints: vec![file(&format!("inputs/{name}.bin"))], ..Input::default() };
    run(program, patches, Environment::OpenVm, &input, &Limits::none()).unwrap()
}

/// What a guest must reveal.
fn expected(name: &str) -> Vec<u8> {
    let hex = String::from_utf8(file(&format!("expected/{name}.hex"))).unwrap();
    let hex = hex.trim();
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[test]
fn results_and_instruction_counts() {
    for (name, instructions) in GUESTS {
        let program = Program::load(&file(&format!("elf/{name}.elf"))).unwrap();
        assert_eq!(Environment::detect(&program), Environment::OpenVm);
        let run = go(&program, &Patches::none(), name);
        assert_eq!((run.public_values, run.exit_code), (expected(name), 0), "{name}");
        assert_eq!(run.instructions, instructions, "{name}");
        // Each execution of a span is one of some path.
        for (index, span) in run.profile.spans.iter().enumerate() {
            let of_paths = run.profile.visits.iter().filter(|v| v.span == index).map(|v| v.count);
            assert_eq!(of_paths.sum::<u64>(), span.count, "{name}: {:#x}", span.start);
        }
        // Names and counts of the whole run, each path from the entry on.
        let folded = folded(&program, &run.profile);
        assert!(folded.lines().all(|line| line.starts_with("_start")), "{folded}");
    }
}

#[test]
fn guests_for_rv64_give_the_same_results() {
    for (name, instructions) in RV64_GUESTS {
        let program = Program::load(&file(&format!("elf/{name}-rv64.elf"))).unwrap();
        assert_eq!(Environment::detect(&program), Environment::Bare);
        for environment in [Environment::Bare, Environment::Linux] {
            let input = Input { stdin: file(&format!("inputs/{name}.bin")), ..Input::default() };
            let none = (Patches::none(), Limits::none());
            let run = run(&program, &none.0, environment, &input, &none.1).unwrap();
            assert_eq!((run.stdout, run.exit_code), (expected(name), 0), "{name}");
            assert_eq!(run.instructions, instructions, "{name} in {environment}");
        }
    }
}

/// The blocks that a linker could patch, the hottest first, without overlaps.
fn patch_everything(program: &mut Program, plain: &Run) -> Patches {
    let mut spans: Vec<_> = plain.profile.spans.iter().collect();
    spans.sort_by_key(|span| std::cmp::Reverse(u64::from(span.insts) * span.count));
    let mut taken: Vec<(u64, u64)> = Vec::new();
    let mut patches = Patches::none();
    for (index, span) in (0u32..).zip(spans) {
        // Custom instructions cannot be part of a region.
        let ends_in_call =
            span.end.checked_sub(4).is_none_or(|last| program.decode_at(last).is_none());
        let overlaps = taken.iter().any(|&(start, end)| span.start < end && start < span.end);
        if overlaps || ends_in_call {
            continue;
        }
        taken.push((span.start, span.end));
        let saved = program.bytes(span.start, 4).unwrap().to_vec();
        patches.insert(Patch {
            id: PrecompileId::from_index(index),
            entry: span.start,
            saved,
            region_len: u32::try_from(span.end - span.start).unwrap(),
            insts: span.insts,
        });
        let segment = program.segments.iter_mut().find(|s| s.end() > span.start).unwrap();
        let offset = usize::try_from(span.start - segment.addr).unwrap();
        segment.data[offset..offset + 4].copy_from_slice(&(0x5b | index << 7).to_le_bytes());
    }
    patches
}

fn by_function(profile: &Profile) -> BTreeMap<&[u64], u64> {
    let mut counts = BTreeMap::new();
    for stack in &profile.stacks {
        *counts.entry(&stack.frames[..]).or_default() += stack.count;
    }
    counts
}

#[test]
fn patched_guests_do_the_same() {
    for (name, _) in GUESTS {
        let mut program = Program::load(&file(&format!("elf/{name}.elf"))).unwrap();
        let plain = go(&program, &Patches::none(), name);
        let patches = patch_everything(&mut program, &plain);
        let patched = go(&program, &patches, name);
        assert_eq!(patched.memory_digest, plain.memory_digest, "{name}");
        assert_eq!(patched.registers, plain.registers);
        assert_eq!(patched.public_values, plain.public_values);
        assert_eq!(patched.instructions, plain.instructions);
        // What a precompile replaces counts below the function that it is in.
        assert_eq!(by_function(&patched.profile), by_function(&plain.profile));
        let (counts, before) = (patched.profile.counts(), plain.profile.counts());
        let mut saved = 0;
        for patch in patches.iter() {
            let calls = before.at(patch.entry);
            assert_eq!((patched.calls[&patch.id], counts.at(patch.entry)), (calls, calls));
            saved += calls * u64::from(patch.insts - 1);
        }
        assert_eq!(patched.vm_instructions, plain.instructions - saved, "{name}");
        assert!(saved > plain.instructions / 2, "{name}: {saved}");
    }
}
