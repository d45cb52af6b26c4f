//! SP1's calls, from assembly, in both widths of its machine.

use autoprec_executor::{Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;

use crate::common::{BASE, program};
use crate::vectors::{
    BLS12_381, BN254, ED25519, SECP256K1, SECP256R1, SHA256_ABC, SHA256_START, abc_block,
    keccak_of_nothing, little, point, small,
};

/// Where inputs are read to, and results of several parts go.
const DATA: u32 = 0x40_0000;

fn li(register: &str, value: u32) -> String {
    let low = value & 0xfff;
    let (high, low) = if low < 0x800 {
        (value >> 12, i64::from(low))
    } else {
        ((value >> 12) + 1, i64::from(low) - 0x1000)
    };
    format!("lui {register}, {high:#x}\naddi {register}, {register}, {low}\n")
}

/// A call with these arguments.
fn call(number: u32, args: &[u32]) -> String {
    let args = args.iter().enumerate().map(|(i, &value)| li(&format!("a{i}"), value));
    args.collect::<String>() + &li("t0", number) + "ecall\n"
}

const HALT: u32 = 0;
const WRITE: u32 = 2;
const ENTER: u32 = 3;
const EXIT: u32 = 4;
const HINT_LEN: u32 = 0xf0;
const HINT_READ: u32 = 0xf1;

/// Reads the next input to [`DATA`].
fn read_input() -> String {
    call(HINT_LEN, &[]) + "addi a1, t0, 0\n" + &li("a0", DATA) + &li("t0", HINT_READ) + "ecall\n"
}

fn guest(xlen: Xlen, body: &str) -> Program {
    program(xlen, &format!("guest:\n{body}\n{}", call(HALT, &[0]))).0
}

fn execute(xlen: Xlen, body: &str, hints: &[Vec<u8>]) -> Result<Run, RunError> {
    let input = Input { hints: hints.to_vec(), ..Input::default() };
    let program = guest(xlen, body);
    run(&program, &Patches::none(), Environment::Sp1, &input, &Limits::none())
}

/// Bytes from `offset` of the data on after a call, of which `args` are offsets in the data.
fn result(xlen: Xlen, number: u32, args: &[u32], data: &[u8], out: (u32, usize)) -> Vec<u8> {
    let args: Vec<u32> = args.iter().map(|offset| DATA + offset).collect();
    let len = u32::try_from(out.1).unwrap();
    let body = read_input() + &call(number, &args) + &call(WRITE, &[13, DATA + out.0, len]);
    execute(xlen, &body, &[data.to_vec()]).unwrap().public_values
}

const BOTH: [Xlen; 2] = [Xlen::Rv32, Xlen::Rv64];

#[test]
fn hints_public_values_streams_and_exit_codes() {
    let text = read_input()
        + &call(WRITE, &[13, DATA + 1, 3])
        + &call(WRITE, &[1, DATA, 2])
        + &call(WRITE, &[2, DATA + 4, 1])
        // A hint of its own comes next.
        + &call(WRITE, &[14, DATA + 2, 3])
        + &read_input()
        + &call(WRITE, &[13, DATA, 4])
        + &call(HINT_LEN, &[])
        + "addi s0, t0, 0\n"
        + &call(0x10, &[0, 7])
        + &call(0x1a, &[0, 7])
        + &call(HALT, &[3]);
    for xlen in BOTH {
        let run = execute(xlen, &text, &[b"hello".to_vec()]).unwrap();
        assert_eq!((run.exit_code, run.public_values), (3, b"ellllo\0".to_vec()));
        assert_eq!((run.stdout, run.stderr), (b"he".to_vec(), b"o".to_vec()));
        assert_eq!(run.registers[8], xlen.mask(u64::MAX), "no input is left");
        let error = execute(xlen, &text, &[]).unwrap_err().to_string();
        assert!(error.contains("pass one more"), "{error}");
    }
}

#[test]
fn an_input_is_read_whole() {
    let text = li("a0", DATA) + &call(HINT_READ, &[DATA, 4]);
    let error = execute(Xlen::Rv32, &text, &[vec![1; 5]]).unwrap_err().to_string();
    assert!(error.contains("reads 4 bytes") && error.contains("has 5"), "{error}");
    let error = execute(Xlen::Rv64, &call(HINT_READ, &[DATA + 4, 5]), &[vec![1; 5]]).unwrap_err();
    assert!(matches!(error, RunError::Misaligned { bytes: 8, .. }), "{error}");
}

#[test]
fn points_are_added_and_doubled() {
    for (curve, add, double) in [
        (SECP256K1, 0x1010a, 0x10b),
        (SECP256R1, 0x1012c, 0x12d),
        (BN254, 0x1010e, 0x10f),
        (BLS12_381, 0x1011e, 0x11f),
    ] {
        let [one, two, three] = curve.map(point);
        let size = one.len();
        let offset = u32::try_from(size).unwrap();
        for xlen in BOTH {
            assert_eq!(result(xlen, double, &[0], &one, (0, size)), two);
            let data = [one.clone(), two.clone()].concat();
            assert_eq!(result(xlen, add, &[0, offset], &data, (0, size)), three);
        }
        let same = read_input() + &call(add, &[DATA, DATA]);
        let error = execute(Xlen::Rv32, &same, &[one]).unwrap_err().to_string();
        assert!(error.contains("to itself"), "{error}");
    }
    let [one, two, three] = ED25519.map(point);
    let sum = |p: &[u8], q: &[u8]| result(Xlen::Rv64, 0x10107, &[0, 64], &[p, q].concat(), (0, 64));
    assert_eq!((sum(&one, &one), sum(&one, &two)), (two.clone(), three));
}

#[test]
fn points_are_decompressed() {
    for (curve, number) in [(SECP256K1, 0x10c), (SECP256R1, 0x12e), (BLS12_381, 0x11c)] {
        for [x, y] in curve {
            let size = x.len() / 2;
            let data = [vec![0; size], little(x)].concat();
            // The sign is y's lowest bit, or whether it is the larger of both roots.
            let sign =
                if number == 0x11c { u32::from(y > "0d") } else { u32::from(little(y)[0] & 1) };
            let body = |sign| {
                read_input()
                    + &call(number, &[DATA, sign])
                    + &call(WRITE, &[13, DATA, u32::try_from(size).unwrap()])
            };
            let run = |sign| execute(Xlen::Rv32, &body(sign), std::slice::from_ref(&data)).unwrap();
            assert_eq!(run(sign).public_values, little(y));
            assert_ne!(run(1 - sign).public_values, little(y));
        }
    }
    for [x, y] in ED25519 {
        let data = [vec![0; 32], little(y)].concat();
        let sign = u32::from(little(x)[0] & 1);
        let body = read_input() + &call(0x108, &[DATA, sign]) + &call(WRITE, &[13, DATA, 32]);
        let run = execute(Xlen::Rv64, &body, &[data]).unwrap();
        assert_eq!(run.public_values, little(x));
    }
}

#[test]
fn hashes() {
    let (state, hash) = keccak_of_nothing();
    for xlen in BOTH {
        assert_eq!(result(xlen, 0x10109, &[0], &state, (0, 32)), hash);
        let wide = |words: &[u32]| -> Vec<u8> {
            let bytes =
                |w: &u32| u64::from(*w).to_le_bytes().into_iter().take(xlen.bytes() as usize);
            words.iter().flat_map(bytes).collect()
        };
        let word = xlen.bytes();
        let data = [wide(&abc_block()), wide(&[0; 48]), wide(&SHA256_START)].concat();
        let body = read_input()
            + &call(0x30_0105, &[DATA, 0])
            + &call(0x10106, &[DATA, DATA + 64 * word])
            + &call(WRITE, &[13, DATA + 64 * word, 8 * word]);
        let run = execute(xlen, &body, &[data]).unwrap();
        assert_eq!(run.public_values, wide(&SHA256_ABC));
    }
}

#[test]
fn fields_and_wide_numbers() {
    for (number, size) in [(0x10126, 32), (0x10120, 48)] {
        let offset = u32::try_from(size).unwrap();
        let one = |a, b| [small(a, size), small(b, size)].concat();
        let field =
            |op: u32, data: &[u8]| result(Xlen::Rv64, number + op, &[0, offset], data, (0, size));
        assert_eq!(field(0, &one(7, 5)), small(12, size));
        assert_eq!(field(1, &one(7, 5)), small(2, size));
        assert_eq!(field(2, &one(7, 5)), small(35, size));
        // (5 - 7) + 2 = 0
        let negative = field(1, &one(5, 7));
        assert_eq!(field(0, &[negative, small(2, size)].concat()), small(0, size));
        // On (7 + 5i) and (3 + 1i).
        let data = [one(7, 5), one(3, 1)].concat();
        let complex =
            |op: u32| result(Xlen::Rv32, number + 3 + op, &[0, 2 * offset], &data, (0, 2 * size));
        assert_eq!(complex(0), one(10, 6));
        assert_eq!(complex(1), one(4, 4));
        assert_eq!(complex(2), one(16, 22));
    }
    let mulmod = |modulus: Vec<u8>| {
        let data = [vec![0xff; 32], small(2, 32), modulus].concat();
        result(Xlen::Rv32, 0x1011d, &[0, 32], &data, (0, 32))
    };
    assert_eq!(mulmod(small(7, 32)), small(2, 32), "2^256 is 2 modulo 7");
    assert_eq!(mulmod(vec![0; 32])[..2], [0xfe, 0xff]);
    let wide = result(
        Xlen::Rv32,
        0x1012f,
        &[0, 32, 0x200, 0x400],
        &[vec![0xff; 32], vec![0xff; 256]].concat(),
        (0x200, 0x220),
    );
    assert_eq!((wide[0], wide[1], wide[32], wide[255]), (1, 0, 0xff, 0xff));
    assert_eq!((wide[0x200], wide[0x201], wide[0x21f]), (0xfe, 0xff, 0xff));
    for (number, low, high) in [(0x10130, 0xfd, 2), (0x10131, 0, 0xff)] {
        let data = vec![0xff; 96];
        let both = result(Xlen::Rv64, number, &[0, 32, 64, 96, 128], &data, (96, 64));
        assert_eq!((both[0], both[32]), (low, high), "{number:#x}");
    }
}

#[test]
fn unconstrained_blocks_are_undone() {
    let text =
        li("s1", DATA)
            + "addi s2, zero, 1\n sw s2, 0(s1)\n addi s3, zero, 5\n"
            + &li("t0", ENTER)
            + "ecall
        beq t0, zero, @.after
        addi s3, zero, 6
        addi s4, zero, 9
        sw s3, 0(s1)
        sw s3, 4(s1)
        lui s5, 0x1000
        sw s3, 0(s5)
        " + &call(WRITE, &[14, DATA, 4])
            + &li("t0", EXIT)
            + "ecall
    .after:
        lui s5, 0x1000
        lw s6, 0(s1)
        lw s7, 4(s1)
        lw s8, 0(s5)
        sw s3, 0(s5)
        " + &read_input()
            + &call(WRITE, &[13, DATA, 4]);
    for xlen in BOTH {
        let run = execute(xlen, &text, &[]).unwrap();
        assert_eq!(run.public_values, [6, 0, 0, 0]);
        assert_eq!(run.registers[18..=24], [1, 5, 0, 0x100_0000, 1, 0, 0]);
    }
    let nested = li("t0", ENTER) + "ecall\n" + &call(HINT_LEN, &[]);
    let error = execute(Xlen::Rv64, &nested, &[vec![1]]).unwrap_err().to_string();
    assert!(error.contains("hint_len") && error.contains("unconstrained"), "{error}");
}

/// What a hook answers, in so many parts.
fn hook(descriptor: u32, question: &[u8], answers: usize) -> Vec<u8> {
    let len = u32::try_from(question.len()).unwrap();
    let mut text = read_input() + &call(WRITE, &[descriptor, DATA, len]);
    for _ in 0..answers {
        text += &(read_input() + "addi a2, a1, 0\n" + &li("a1", DATA));
        text += &(li("a0", 1) + &li("t0", WRITE) + "ecall\n");
    }
    execute(Xlen::Rv64, &text, &[question.to_vec()]).unwrap().stdout
}

#[test]
fn hooks_answer() {
    let reversed = |bytes: Vec<u8>| bytes.into_iter().rev().collect::<Vec<u8>>();
    let [x, y] = SECP256K1[0].map(crate::vectors::big);
    // y² modulo p, as the hook gets it.
    let square =
        crate::vectors::big("4866d6a5ab41ab2c6bcc57ccd3735da5f16f80a548e5e20a44e4e9b8118c26f2");
    let question = [vec![1], x, square].concat();
    let answer = hook(15, &question, 3);
    assert_eq!((answer[0], &answer[1..33]), (1, &y[..]));
    let size = [0, 0, 0, 1];
    assert_eq!(hook(21, &[&size[..], &[3, 7]].concat(), 1), [5]);
    // 2 = 3², and 3 is no square: 3 · 3 = 2 = 4².
    let root = |x| hook(20, &[&size[..], &[x, 7, 3]].concat(), 2);
    assert!([vec![1, 3], vec![1, 4]].contains(&root(2)));
    assert!([vec![0, 3], vec![0, 4]].contains(&root(3)));
    let number = |n| reversed(small(n, 48));
    let half = hook(19, &number(2), 1);
    assert_eq!(half[..4], [0x0d, 0x00, 0x88, 0xf5]);
    assert_eq!(hook(18, &number(4), 2).len(), 49);
    let reduced = hook(17, &[vec![0xff; 512], small(255, 256)].concat(), 2);
    assert_eq!((reduced[0], reduced[256], reduced[511]), (0, 1, 1));
    let [_, y] = ED25519[0];
    let v = small(1, 32);
    assert_eq!(hook(16, &[little(y), v].concat(), 1).len(), 1);
}

#[test]
fn unknown_and_refused_calls_say_what_they_are() {
    let error = execute(Xlen::Rv32, &call(0x1_00ff, &[1, 2, 3]), &[]).unwrap_err();
    let RunError::UnknownCall { site, number: 0x1_00ff, environment: Environment::Sp1 } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((site.function.as_deref(), &site.args[..3]), (Some("guest"), &[1, 2, 3][..]));
    assert_eq!(site.pc, BASE + 8 * 4);
    let error = execute(Xlen::Rv64, &call(0x133, &[DATA]), &[]).unwrap_err().to_string();
    assert!(error.contains("poseidon2") && error.contains("a0=0x400000"), "{error}");
    for (descriptor, said) in [(7, "before 4"), (99, "no hook")] {
        let error = execute(Xlen::Rv32, &call(WRITE, &[descriptor, DATA, 4]), &[]).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn guests_are_recognised_by_their_calls() {
    for xlen in BOTH {
        assert_eq!(Environment::detect(&guest(xlen, &read_input())), Environment::Sp1);
        assert_eq!(Environment::detect(&guest(xlen, &call(0x10109, &[1, 0]))), Environment::Sp1);
    }
    // The number of another register's call.
    let linux = "addi t0, zero, 0xf0\n addi a7, zero, 94\n ecall";
    assert_eq!(Environment::detect(&program(Xlen::Rv64, linux).0), Environment::Linux);
}
