//! Calls of each environment, from assembly.

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;

use crate::common::{execute, program};

fn with(program: &Program, environment: Environment, input: &Input) -> Result<Run, RunError> {
    run(program, &Patches::none(), environment, input, &Limits::none())
}

/// A custom-0 word of OpenVM, by register numbers.
fn custom(funct3: u32, rd: u32, rs1: u32, imm: u32) -> String {
    format!(".word {:#x}", imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x0b)
}

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;

#[test]
fn openvm_hints_reveal_and_terminate() {
    let hint_input = custom(3, 0, 0, 0);
    let (program, _) = program(
        Xlen::Rv32,
        &format!(
            "
        {hint_input}
        lui a0, 0x300
        {}             ; the length to [a0]
        lw a3, 0(a0)
        addi a1, zero, 2
        {}             ; two words to [a0]
        lw a2, 4(a0)
        addi a1, zero, 8
        {}             ; reveal a2 at a1 + 4
        {hint_input}
        {}             ; an empty vector has a length, too
        lw a4, 0(a0)
        {}             ; exit 42
        ",
            custom(1, A0, 0, 0),
            custom(1, A0, A1, 1),
            custom(2, A1, A2, 4),
            custom(1, A0, 0, 0),
            custom(0, 0, 0, 42)
        ),
    );
    assert_eq!(Environment::detect(&program), Environment::OpenVm);
    let input = Input { hints: vec![b"hello".to_vec(), vec![]], ..Input::default() };
    let run = with(&program, Environment::OpenVm, &input).unwrap();
    assert_eq!((run.exit_code, run.instructions), (42, 13));
    assert_eq!((run.registers[13], run.registers[14]), (5, 0));
    let mut public = [0; 32];
    public[12] = b'o';
    assert_eq!(run.public_values, public);

    let error = execute(&program, Environment::OpenVm).unwrap_err();
    assert!(error.to_string().contains("pass one more"), "{error}");
}

#[test]
fn openvm_refuses_what_openvm_refuses() {
    let run = |text: &str| {
        let (program, _) = program(Xlen::Rv32, text);
        let input = Input { hints: vec![vec![1; 8]], ..Input::default() };
        with(&program, Environment::OpenVm, &input).unwrap_err()
    };
    let input = custom(3, 0, 0, 0);
    let too_much = run(&format!("{input}\n addi a1, zero, 4\n {}", custom(1, A0, A1, 1)));
    assert!(too_much.to_string().contains("12 are left"), "{too_much}");
    let none = run(&format!("{input}\n {}", custom(1, A0, A1, 1)));
    assert!(none.to_string().contains("0 words"), "{none}");
    let outside = run(&format!("addi a0, zero, 32\n {}", custom(2, A0, A1, 0)));
    assert!(outside.to_string().contains("32 public values"), "{outside}");
    assert!(matches!(run(&custom(7, 0, 0, 0)), RunError::IllegalInstruction { .. }));
    let (wide, _) = program(Xlen::Rv64, "addi a0, zero, 0");
    assert!(matches!(execute(&wide, Environment::OpenVm), Err(RunError::Unsuitable { .. })));
}

#[test]
fn openvm_prints_and_gives_the_same_random_words_each_time() {
    let (program, _) = program(
        Xlen::Rv32,
        &format!(
            "
        lui a0, 0x300
        lui a3, 7
        addi a3, a3, -1688
        sw a3, 0(a0)
        addi a1, zero, 2
        {}
        addi a1, zero, 1
        {}
        {}
        lw a4, 0(a0)
        {}",
            custom(3, A0, A1, 1),
            custom(3, A1, 0, 2),
            custom(1, A0, 0, 0),
            custom(0, 0, 0, 0)
        ),
    );
    let (first, second) =
        (execute(&program, Environment::OpenVm), execute(&program, Environment::OpenVm));
    let run = first.unwrap();
    assert_eq!(run.stdout, b"hi");
    assert_ne!(run.registers[14], 0);
    assert_eq!(Ok(run), second);
}

#[test]
fn openvm_text_is_data_that_may_change() {
    let (program, _) = program(
        Xlen::Rv32,
        &format!(
            "
        auipc a0, 0
        addi a1, zero, 7
        sw a1, 0(a0)
        lw a2, 0(a0)
        {}",
            custom(0, 0, 0, 1)
        ),
    );
    let run = execute(&program, Environment::OpenVm).unwrap();
    assert_eq!((run.registers[12], run.exit_code), (7, 1));
}

/// Copies standard input to standard output in pieces of four bytes.
const CAT: &str = "
.next:
    addi a0, zero, 0
    addi a1, sp, -16
    addi a2, zero, 4
    addi a7, zero, 63
    ecall
    beq a0, zero, @.end
    addi a2, a0, 0
    addi a0, zero, 1
    addi a1, sp, -16
    addi a7, zero, 64
    ecall
    jal zero, @.next
.end:
    addi a7, zero, 93
    addi a0, zero, 300
    ecall";

#[test]
fn standard_streams() {
    for (environment, code) in [(Environment::Bare, 300), (Environment::Linux, 44)] {
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            let (program, _) = program(xlen, CAT);
            let input = Input { stdin: b"guests read".to_vec(), ..Input::default() };
            let run = with(&program, environment, &input).unwrap();
            assert_eq!((run.exit_code, run.stdout), (code, b"guests read".to_vec()));
        }
    }
}

#[test]
fn linux_arguments_heap_and_mappings() {
    let (program, _) = program(
        Xlen::Rv64,
        "
    ld s0, 0(sp)            ; argc
    ld s1, 16(sp)           ; argv[1]
    lbu s2, 1(s1)
    addi a0, zero, 0
    addi a7, zero, 214
    ecall
    addi s3, a0, 0
    lui t1, 16
    add a0, a0, t1
    addi a7, zero, 214
    ecall
    sd s2, -8(a0)           ; the end of the heap
    addi a0, zero, 0
    lui a1, 32
    addi a2, zero, 3
    addi a3, zero, 0x22
    addi a4, zero, -1
    addi a7, zero, 222
    ecall
    addi s4, a0, 0
    lui t1, 32
    add t1, t1, a0
    sd s2, -8(t1)           ; the end of the mapping
    lui a1, 32
    addi a7, zero, 215
    ecall
    addi a0, zero, 0
    lui a1, 1
    addi a2, zero, 3
    addi a3, zero, 0x22
    addi a7, zero, 222
    ecall
    sub s4, s4, a0          ; the mapping is reused,
    ld s5, 0(a0)            ; and zero
    add a0, s0, s4
    add a0, a0, s5
    add a0, a0, s2
    addi a7, zero, 94
    ecall",
    );
    assert_eq!(Environment::detect(&program), Environment::Linux);
    let args = vec!["guest".to_owned(), "ABC".to_owned()];
    let run = with(&program, Environment::Linux, &Input { args, ..Input::default() }).unwrap();
    assert_eq!(run.exit_code, 2 + u32::from(b'B'));
}

#[test]
fn environments_are_detected_and_named() {
    let (bare, _) = program(Xlen::Rv32, CAT);
    assert_eq!(Environment::detect(&bare), Environment::Bare);
    // What looks like OpenVM's termination may be a constant.
    let (bare, _) = program(Xlen::Rv32, &format!("{CAT}\n .word 0x0000000b"));
    assert_eq!(Environment::detect(&bare), Environment::Bare);
    for environment in Environment::ALL {
        assert_eq!(environment.name().parse(), Ok(environment));
    }
    assert!("risc1".parse::<Environment>().unwrap_err().to_string().contains("risc1"));
}
