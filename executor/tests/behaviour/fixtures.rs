//! Compiled guests give what `qemu-riscv32` and `qemu-riscv64` gave for them, to the instruction.

use autoprec_executor::{Environment, Input, Limits, Run, run};
use autoprec_guest_elf::{Patches, Program};

use crate::common::{by_function, folded};

fn go(file: &[u8], environment: Environment, input: &Input) -> (Program, Run) {
    let program = Program::load(file).unwrap();
    assert_eq!(Environment::detect(&program), environment);
    let run = run(&program, &Patches::none(), environment, input, &Limits::none()).unwrap();
    (program, run)
}

#[test]
fn keccak_and_recursion() {
    let files: [(&[u8], u64); 2] = [
        (include_bytes!("fixtures/keccak-rv32im.elf"), 812_637),
        (include_bytes!("fixtures/keccak-rv64imac.elf"), 325_937),
    ];
    for (file, instructions) in files {
        let (program, run) = go(file, Environment::Bare, &Input::default());
        assert_eq!(String::from_utf8_lossy(&run.stdout), "1bc7b80c537c730c53d50be385e4e4e3\n");
        assert_eq!((run.exit_code, run.instructions), (7, instructions));
        let counted: u64 = run.profile.spans.iter().map(|s| u64::from(s.insts) * s.count).sum();
        assert_eq!(counted, instructions);
        let folded = folded(&program, &run.profile);
        assert!(folded.contains("_start;_start2;keccakf "), "{folded}");
        assert!(folded.contains("_start;_start2;fib;fib;fib;fib "), "{folded}");
        let functions = by_function(&program, &run.profile);
        let hottest = functions.iter().max_by_key(|(_, count)| **count).unwrap();
        assert_eq!(hottest.0, "keccakf");
    }
}

#[test]
fn a_static_c_library() {
    let files: [(&[u8], u64); 2] = [
        (include_bytes!("fixtures/hello-musl-rv32ima.elf"), 34_169_540),
        (include_bytes!("fixtures/hello-musl-rv64ima.elf"), 34_204_495),
    ];
    for (file, near) in files {
        let args = ["hello.elf", "A", "B"].map(str::to_owned).to_vec();
        let input = Input { args, stdin: b"a\nbb\n".to_vec(), ..Input::default() };
        let (_, run) = go(file, Environment::Linux, &input);
        let expected = "3 B 93 16777143\nline 1: a\nline 2: bb\n";
        assert_eq!((run.exit_code, &*String::from_utf8_lossy(&run.stdout)), (2, expected));
        // The environment and the auxiliary vector on the stack differ from the recorded run's.
        assert!(run.instructions.abs_diff(near) < 1000, "{} but {near}", run.instructions);
    }
}
