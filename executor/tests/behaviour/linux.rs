//! Threads, memory and descriptors of Linux: what guests print is what they print under qemu-user,
//! as `tests/linux/record.sh` recorded it.

use std::collections::BTreeMap;

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;

use crate::common::{execute, program};

macro_rules! guest {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../linux/", $name, ".elf")) as &[u8],
            include_str!(concat!("../linux/", $name, ".txt")),
        )
    };
}

const GUESTS: [(&str, &[u8], &str); 5] =
    [guest!("threads"), guest!("leader"), guest!("space"), guest!("files"), guest!("slices")];

fn load(name: &str) -> Program {
    let (_, file, _) = GUESTS.iter().find(|(guest, ..)| *guest == name).unwrap();
    Program::load(file).unwrap()
}

/// The example in C, whose figure its documentation has.
#[test]
fn the_example_in_c_counts_tokens() {
    let program = Program::load(include_bytes!("../../../examples/linux-c/tokens.elf")).unwrap();
    let built = format!("{}  tokens.elf\n", program.digest);
    assert_eq!(include_str!("../../../examples/linux-c/SHA256SUMS"), built);
    let with = |stdin: &[u8]| {
        let input = Input { stdin: stdin.to_vec(), ..Input::default() };
        run(&program, &Patches::none(), Environment::Linux, &input, &Limits::none()).unwrap()
    };
    let run = with(include_bytes!("../../../examples/linux-c/input.json"));
    assert_eq!(run.stdout, include_bytes!("../../../examples/linux-c/expected.txt"));
    assert_eq!((run.exit_code, run.instructions), (0, 752_288));
    let run = with(b"[1,");
    assert_eq!((run.exit_code, run.stderr), (1, b"input: it ends in the middle\n".to_vec()));
}

/// A run that ends, or not, at a system call.
fn assembled(text: &str) -> Result<Run, RunError> {
    execute(&program(Xlen::Rv64, text).0, Environment::Linux)
}

/// C libraries put data behind their code: here one that looks like a call of ZisK.
#[test]
fn data_among_the_code_does_not_tell_the_environment() {
    let words: [u32; 3] = [0x05e0_0893, 0x0000_0073, 0x8005_2073];
    let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let detect = |addr| Environment::detect(&Program::from_code(Xlen::Rv64, addr, &code));
    assert_eq!(detect(0x1_0000), Environment::Linux);
    assert_eq!(detect(0x8000_0000), Environment::Zisk);
}

#[test]
fn guests_print_what_they_print_under_qemu() {
    for (name, file, recorded) in GUESTS {
        let program = Program::load(file).unwrap();
        let built = format!("{}  ./{name}.elf", program.digest);
        assert!(include_str!("../linux/SHA256SUMS").lines().any(|line| line == built), "{name}");
        assert_eq!(Environment::detect(&program), Environment::Linux, "{name}");
        let run = execute(&program, Environment::Linux).unwrap();
        let printed = String::from_utf8_lossy(&run.stdout);
        assert_eq!(format!("{printed}exit {}\n", run.exit_code), recorded, "{name}");
        assert_eq!(Ok(run), execute(&program, Environment::Linux), "{name}");
    }
}

#[test]
fn every_instruction_is_on_a_path_of_its_thread() {
    for (name, file, _) in GUESTS {
        let program = Program::load(file).unwrap();
        let profile = execute(&program, Environment::Linux).unwrap().profile;
        let spans: u64 = profile.spans.iter().map(|s| u64::from(s.insts) * s.count).sum();
        let mut weights = vec![0; profile.stacks.len()];
        for visit in &profile.visits {
            weights[visit.stack] += u64::from(profile.spans[visit.span].insts) * visit.count;
        }
        assert_eq!(spans, profile.instructions, "{name}");
        assert!(profile.stacks.iter().map(|s| s.count).eq(weights), "{name}");
    }
}

/// Both threads do the same, in a function of their own each, for several time slices.
#[test]
fn paths_of_threads_that_take_turns_are_exact() {
    let program = load("slices");
    let profile = execute(&program, Environment::Linux).unwrap().profile;
    let name = |&addr: &u64| program.function_at(addr).unwrap().name.clone();
    let mut paths: BTreeMap<String, u64> = BTreeMap::new();
    for stack in profile.stacks.iter().filter(|stack| stack.call.is_none()) {
        let path: Vec<String> = stack.frames.iter().map(name).collect();
        paths.insert(path.join(";"), stack.count);
    }
    let rounds = 500_000;
    let of = |thread: &str, below: &str| paths[&format!("clone;run_{thread};{thread}{below}")];
    for below in ["", ";inner", ";inner;leaf"] {
        assert_eq!(of("left", below), of("right", below), "{below}");
        assert!(of("left", below) > 3 * rounds);
    }
    // More than the slice of 2 million each.
    assert!(of("left", "") + of("left", ";inner") + of("left", ";inner;leaf") > 6_000_000);
    let crossed = |path: &&String| path.contains("left") && path.contains("right");
    assert_eq!(paths.keys().find(crossed), None);
    // Of whichever thread, functions are called from where they are.
    assert!(paths.keys().all(|path| !path.contains("inner") || path.starts_with("clone;run_")));
}

#[test]
fn a_limit_among_threads_leaves_a_consistent_profile() {
    let program = load("slices");
    let mut last = 0;
    for limit in [3_000_000, 5_000_000, 9_000_001] {
        let limits = Limits::instructions(limit);
        let result =
            run(&program, &Patches::none(), Environment::Linux, &Input::default(), &limits);
        let error = result.unwrap_err();
        let profile = error.partial().unwrap();
        assert!((last..=limit).contains(&profile.instructions));
        last = profile.instructions;
        assert_eq!(profile.stacks.iter().map(|stack| stack.count).sum::<u64>(), last);
    }
}

#[test]
fn a_deadlock_is_an_error_that_says_who_waits() {
    let error = assembled(
        "
    addi a0, sp, -16
    addi a1, zero, 128
    addi a2, zero, 0
    addi a3, zero, 0
    addi a7, zero, 98
    ecall",
    )
    .unwrap_err();
    let text = error.to_string();
    assert!(text.contains("deadlock") && text.contains("thread 1 for the futex at"), "{text}");
}

#[test]
fn a_reservation_does_not_outlive_a_turn() {
    // The child stores between the parent's `lr` and `sc`.
    let run = assembled(
        "
    lui a0, 0x11
    addi a0, a0, -0x100     ; CLONE_VM and CLONE_THREAD, and what goes with them
    lui t0, 0x10
    addi t0, t0, 0x100
    addi a0, t0, 0
    addi a1, sp, -256
    addi a7, zero, 220
    ecall
    beq a0, zero, @.child
    addi s0, sp, -16
    lr.w s1, (s0)
    addi a7, zero, 124
    ecall
    addi t0, zero, 7
    sc.w s2, t0, (s0)
    lw s3, 0(s0)
    addi a0, zero, 0
    addi a7, zero, 94
    ecall
.child:
    addi t0, zero, 5
    sw t0, 240(sp)
    addi a7, zero, 93
    ecall",
    )
    .unwrap();
    assert_eq!((run.registers[18], run.registers[19]), (1, 5));
}

#[test]
fn time_passes_while_everybody_sleeps() {
    let run = assembled(
        "
    addi a0, sp, -16
    addi t0, zero, 100
    sd t0, 0(a0)
    sd zero, 8(a0)
    addi a1, zero, 0
    addi a7, zero, 101
    ecall
    addi a1, sp, -32
    addi a0, zero, 0
    addi a7, zero, 113
    ecall
    ld s1, 0(a1)
    addi a0, zero, 0
    addi a7, zero, 94
    ecall",
    )
    .unwrap();
    assert_eq!((run.registers[9], run.instructions), (100, 15));
}

/// Copies the environment's first characters, each variable's, to standard output.
const VARIABLES: &str = "
    ld t0, 0(sp)
    slli t0, t0, 3
    add s0, sp, t0
    addi s0, s0, 16
.next:
    ld a1, 0(s0)
    beq a1, zero, @.end
    addi a0, zero, 1
    addi a2, zero, 6
    addi a7, zero, 64
    ecall
    addi s0, s0, 8
    jal zero, @.next
.end:
    addi a0, zero, 0
    addi a7, zero, 94
    ecall";

#[test]
fn variables_of_the_user_replace_those_of_every_guest() {
    let (program, _) = program(Xlen::Rv64, VARIABLES);
    let with = |variables: &[&str]| {
        let variables = variables.iter().map(|&v| v.to_owned()).collect();
        let input = Input { variables, ..Input::default() };
        run(&program, &Patches::none(), Environment::Linux, &input, &Limits::none())
    };
    assert_eq!(with(&[]).unwrap().stdout, b"GOMAXPGOGC=oGODEBU");
    assert_eq!(with(&["GOGC=50", "A=bcdef"]).unwrap().stdout, b"GOMAXPGODEBUGOGC=5A=bcde");
    let error = with(&["novalue"]).unwrap_err().to_string();
    assert!(error.contains("`novalue` is not of the form NAME=VALUE"), "{error}");
}

#[test]
fn a_signal_with_a_handler_is_refused() {
    let text = |handler: u32, signal: u32| {
        format!(
            "
    addi a1, sp, -64
    addi t0, zero, {handler}
    sd t0, 0(a1)
    addi a0, zero, {signal}
    addi a2, sp, -128
    addi a3, zero, 8
    addi a7, zero, 134
    ecall
    addi a0, zero, 1
    addi a1, zero, {signal}
    addi a7, zero, 130
    ecall
    addi a0, zero, 0
    addi a7, zero, 94
    ecall"
        )
    };
    assert_eq!(assembled(&text(0, 6)).unwrap().exit_code, 134);
    assert_eq!(assembled(&text(1, 6)).unwrap().exit_code, 0);
    assert_eq!(assembled(&text(64, 23)).unwrap().exit_code, 0);
    let error = assembled(&text(64, 6)).unwrap_err().to_string();
    assert!(error.contains("signal 6, whose handler"), "{error}");
}
