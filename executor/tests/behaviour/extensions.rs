//! Guests that use OpenVM's extensions, against known answers.

use autoprec_executor::{Algebra, AlgebraError, Environment, Input, Limits, Run, RunError, run};
use autoprec_guest_elf::Patches;
use autoprec_isa::{Inst, Xlen};
use num_bigint::BigUint;

use crate::common::{BASE, program};
use crate::vectors::SHA256_START;

const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;
const A3: u32 = 13;

/// The scalar prime of BLS12-381, whose non-squares are drawn.
const BLS12_381_SCALAR: &str =
    "52435875175126190479447740508185965837690552500527637822603658699938581184513";
/// The prime of secp256k1.
const SECP256K1: &str =
    "115792089237316195423570985008687907853269984665640564039457584007908834671663";
/// A prime of 48 bytes.
const BLS12_381: &str = "4002409555221667393417789825735904156556882819939007885332058136124031650490837864442687629129015664037894272559787";
const BN254: &str = "21888242871839275222246405745257275088696311157297823662689037894645226208583";

fn decimal(text: &str) -> BigUint {
    text.parse().unwrap()
}

/// What the guests of these tests are configured for.
fn configured() -> Algebra {
    let moduli = [BLS12_381_SCALAR, SECP256K1, BLS12_381].map(decimal);
    Algebra::new(moduli, [decimal(BN254)], [(decimal(SECP256K1), BigUint::ZERO)]).unwrap()
}

/// A custom-0 word in the format of a register instruction.
fn custom(funct3: u32, funct7: u32, registers: [u32; 3]) -> String {
    format!(".word {:#010x}\n", word(0x0b, funct3, funct7, registers))
}

/// A custom-1 word.
fn algebra(funct3: u32, funct7: u32, registers: [u32; 3]) -> String {
    format!(".word {:#010x}\n", word(0x2b, funct3, funct7, registers))
}

fn word(opcode: u32, funct3: u32, funct7: u32, [rd, rs1, rs2]: [u32; 3]) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

/// Copies the input to 0x300000; then a0 to a2 are 0x300000, 0x300100 and 0x300200.
fn prologue(words: usize) -> String {
    let [input, length, buffer] =
        [0x0000_300b_u32, 0x0000_150b, 0x0015_950b].map(|word| format!(".word {word:#010x}"));
    format!(
        "{input}
        lui a0, 0x300
        {length}
        addi a1, zero, {words}
        {buffer}
        addi a1, a0, 0x100
        addi a2, a0, 0x200
        "
    )
}

/// The 32 bytes at `offset(a0)` become the public values.
fn epilogue(offset: u32) -> String {
    let reveal = |word: u32| {
        let reveal = 0x0b | 2 << 12 | A3 << 15 | (4 * word) << 20;
        format!("lw a3, {}(a0)\n.word {reveal:#010x}\n", offset + 4 * word)
    };
    (0..8).map(reveal).collect::<String>() + ".word 0x0000000b"
}

fn execute(text: &str, input: Vec<u8>) -> Result<Run, RunError> {
    let (program, _) = program(Xlen::Rv32, &format!("guest:\n{text}"));
    let input = Input { hints: vec![input], algebra: configured(), ..Input::default() };
    run(&program, &Patches::none(), Environment::OpenVm, &input, &Limits::none())
}

/// What `code` makes of the input.
fn result(code: &str, input: Vec<u8>, offset: u32) -> Vec<u8> {
    let text = prologue(input.len().div_ceil(4)) + code + &epilogue(offset);
    execute(&text, input).unwrap().public_values
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A message at the start of a block, the byte `mark` behind it.
fn block(len: usize, message: &[u8], mark: u8) -> Vec<u8> {
    let mut block = message.to_vec();
    block.push(mark);
    block.resize(len, 0);
    block
}

#[test]
fn keccak_absorbs_and_permutes() {
    // SHA3-256 of `abc`: the state is at a1, the block at a0.
    let mut input = block(136, b"abc", 6);
    input[135] = 0x80;
    // xorin a1, a0, a2; keccakf a1
    let code = "addi a2, zero, 136\n .word 0x02c5458b\n .word 0x0000458b\n";
    let digest = bytes("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    assert_eq!(result(code, input.clone(), 0x100), digest);
    for (len, expected) in [(140, "at most 136"), (6, "whole words")] {
        let text = format!("addi a2, zero, {len}\n .word 0x02c5458b\n");
        let error = execute(&(prologue(34) + &text), input.clone()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("guest"), "{error}");
    }
}

#[test]
fn sha256_compresses_a_block() {
    let mut input = SHA256_START.map(u32::to_le_bytes).concat();
    input.extend(block(64, b"abc", 0x80));
    input[32 + 63] = 24;
    // sha256 [a2] = [a0], [a1]
    let code = "addi a1, a0, 32\n .word 0x04b5460b\n";
    let digest = bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let words: Vec<u8> = digest.chunks(4).flat_map(|word| word.iter().rev()).copied().collect();
    assert_eq!(result(code, input, 0x200), words);
}

#[test]
fn sha512_compresses_a_block() {
    let state: [u64; 8] = [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ];
    let mut input = state.map(u64::to_le_bytes).concat();
    input.extend(block(128, b"abc", 0x80));
    input[64 + 127] = 24;
    // sha512 [a2] = [a0], [a1]
    let code = "addi a1, a0, 64\n .word 0x06b5460b\n";
    let digest = bytes(concat!(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ));
    for (half, offset) in digest.chunks(32).zip([0x200, 0x220]) {
        let words: Vec<u8> = half.chunks(8).flat_map(|word| word.iter().rev()).copied().collect();
        assert_eq!(result(code, input.clone(), offset), words);
    }
}

/// Negative, and positive with a shift of 41 in its low byte.
const A: &str = "d76d4330f1446beab0c11fdecb91ce375bc8fbbcbde5c0994164d8399f767c45";
const B: &str = "46a5387777330bdbd7210dff076ce2ef87b0b125ec1d7da0a6eb8c9ebd69fe29";
/// `funct7`, and the result for A and B.
const INT256: [(u32, &str); 11] = [
    (0, "1e127ba8687777c687e22dddd2feb126e379ace2aa033e39e85064d85ce07a6e"), // add
    (1, "90c80ab97a11600ed9a011dfc424eb47d4184a96d1c842f89a794b9ae20c7e1c"), // sub
    (2, "91c87b478677603167e01221ccfd2cd8dc784a9951f8bd39e78f54a7221f826c"), // xor
    (3, "d7ed7b77f7776bfbf7e11fffcffdeeffdff8fbbdfdfdfdb9e7efdcbfbf7ffe6d"), // or
    (4, "4625003071000bca90010dde0300c2270380b124ac054080006088189d607c01"), // and
    (5, "88d7d561823fbd97239c6eb791f7797bcb813282c9b0733eecf88a0000000000"), // sll
    (6, "00000000006bb6a19878a235f558608fef65c8e71bade47dde5ef2e04ca0b26c"), // srl
    (7, "ffffffffffebb6a19878a235f558608fef65c8e71bade47dde5ef2e04ca0b26c"), // sra
    (8, "0000000000000000000000000000000000000000000000000000000000000001"), // slt
    (9, "0000000000000000000000000000000000000000000000000000000000000000"), // sltu
    (10, "21d886488ed56de04c72b679bb0895d140686f08145cb6aaca7a1d6002935d0d"), // mul
];

/// Of a number.
fn little(hex: &str) -> Vec<u8> {
    bytes(hex).into_iter().rev().collect()
}

#[test]
fn integers_of_256_bits() {
    let input = [little(A), little(B)].concat();
    for (funct7, expected) in INT256 {
        let code = String::from("addi a1, a0, 32\n") + &custom(5, funct7, [A2, A0, A1]);
        assert_eq!(result(&code, input.clone(), 0x200), little(expected), "funct7 {funct7}");
    }
    // A shift by no bits, of a number that is its own result.
    let zero = [little(A), vec![0; 32]].concat();
    let code = String::from("addi a1, a0, 32\n") + &custom(5, 7, [A0, A0, A1]);
    assert_eq!(result(&code, zero, 0), little(A));
}

/// A branch with the opcode and `funct3` of OpenVM's.
fn beq256(offset: i32) -> String {
    let inst = Inst::parse(Xlen::Rv32, &format!("beq a0, a1, {offset}")).unwrap();
    let word = inst.encode(Xlen::Rv32).unwrap() & !0x707f | 6 << 12 | 0x0b;
    format!(".word {word:#010x}\n")
}

#[test]
fn a_branch_compares_256_bits() {
    // Doubles until equal: 1, 2, 4, 8.
    let text =
        prologue(16)
            + "addi a1, a0, 32
        jal zero, 8
        " + &custom(5, 0, [A0, A0, A0])
            + &beq256(8)
            + "jal zero, -8
        " + &epilogue(0);
    let number = |low: u8| [vec![low], vec![0; 31]].concat();
    let run = execute(&text, [number(1), number(8)].concat()).unwrap();
    assert_eq!(run.public_values, number(8));
    let branch = BASE + 4 * 10;
    let edges: Vec<_> = run.profile.edges.iter().filter(|e| e.from == branch).collect();
    assert_eq!(edges.len(), 1);
    assert_eq!((edges[0].to, edges[0].count), (branch + 8, 1));
    assert_eq!((run.profile.count_at(branch), run.profile.count_at(branch - 4)), (4, 3));
    assert_eq!(run.profile.count_at(branch + 8), 1);
    // Backward: never equal to what it jumps over.
    let back = execute(
        &(prologue(16) + "addi a1, a0, 32\n jal zero, 8\n .word 0x0000000b\n" + &beq256(-4)),
        [number(3), number(3)].concat(),
    );
    assert_eq!(back.unwrap().exit_code, 0);
}

#[test]
fn pointers_are_aligned_and_in_memory() {
    let error = |text: &str| execute(text, vec![]).unwrap_err();
    for (funct3, funct7) in [(4, 0), (4, 2), (4, 3), (5, 0), (6, 0)] {
        let word = custom(funct3, funct7, [A0, A0, A0]);
        let misaligned = error(&format!("addi a0, zero, 6\n{word}"));
        let outside = error(&format!("lui a0, 0x20000\n addi a0, a0, -4\n{word}"));
        assert!(matches!(misaligned, RunError::Misaligned { addr: 6, .. }), "{misaligned}");
        assert!(matches!(outside, RunError::Access { addr: 0x1fff_fffc, .. }), "{outside}");
    }
}

#[test]
fn other_custom_words_stop_with_their_place() {
    for word in [0x0800_450b_u32, 0x1600_550b, 0x0000_750b, 0x0000_752b] {
        let error = execute(&format!("addi a3, zero, 5\n .word {word:#010x}"), vec![]).unwrap_err();
        let RunError::IllegalInstruction { site, word: got, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((site.pc, site.args[3], *got), (BASE + 4, 5, word));
        assert_eq!(site.function.as_deref(), Some("guest"));
    }
}

/// `funct7`, and the result for A and B, for the first and the second modulus.
const MODULAR: [(u32, &str); 8] = [
    (0x00, "36372d02153c7d36216e7dcdbfbb011c3bfe64dcaa06863be85064da5ce07a6c"),
    (0x01, "1cda63665073e2c6a66639d7ba831342805aa693d1c9e6f99a794b9be20c7e1b"),
    (0x02, "11af9355b833d8a5040f64d0afdd1083ad15c3f25f9b85caf414f7cad02e8358"),
    (0x03, "3f0bd47dd85687d0913bf8e01b05ac3b842084ee92576d869998198f9c5335b3"),
    (0x08, "1e127ba8687777c687e22dddd2feb126e379ace2aa033e39e85064d95ce07e3f"),
    (0x09, "90c80ab97a11600ed9a011dfc424eb47d4184a96d1c842f89a794b9ae20c7e1c"),
    (0x0a, "22b4d72dbc0fe96869dae10b4a1c48ba342a67fc09f47b61503af871031fd72a"),
    (0x0b, "21ad4b6d5345d1e50da3ce12c0714c95cbbdd7b664e926a6300d2978357ec948"),
];

/// The same for (A, B) and (7, 11), for the complex modulus.
const COMPLEX: [(u32, &str, &str); 4] = [
    (
        0,
        "15dc09656c7deb43cf800904c58c6cc0fdc351771c1e966450e2a7de3d828730",
        "1640ea0496016bb21ed0c84885eb8a91f02f469483abb3136acb0087e4ed00ed",
    ),
    (
        1,
        "15dc09656c7deb43cf800904c58c6cc0fdc351771c1e966450e2a7de3d828722",
        "1640ea0496016bb21ed0c84885eb8a91f02f469483abb3136acb0087e4ed00d7",
    ),
    (
        2,
        "0502d07947c50e86ca282f70a8bab5bccd520702ed59000317baa96a895ca2f7",
        "091859e4b9e60c7affb3af7c1a6eb35bbca419a28b74076d8445d98d232eeab9",
    ),
    (
        3,
        "2f0803a6491078e68a97a50dd0af1ccb36799602bb73f3fec94c9ee94d3b5770",
        "1324ad62fbb031b380e92cfe7290f85ec1812d681bec800af97353aaa71a71ab",
    ),
];

fn small(low: u8) -> Vec<u8> {
    [vec![low], vec![0; 31]].concat()
}

#[test]
fn modular_arithmetic() {
    let input = [little(A), little(B)].concat();
    for (funct7, expected) in MODULAR {
        let code = String::from("addi a1, a0, 32\n") + &algebra(0, funct7, [A2, A0, A1]);
        assert_eq!(result(&code, input.clone(), 0x200), little(expected), "funct7 {funct7}");
    }
    for (other, expected) in [(A0, 1), (A1, 0)] {
        let code = String::from("addi a1, a0, 32\n")
            + &algebra(0, 8 + 4, [A3, A0, other])
            + "sw a3, 0(a0)\n";
        assert_eq!(result(&code, input.clone(), 0)[..4], [expected, 0, 0, 0]);
    }
    // 48 bytes: 2 divided by 2, and nothing behind it is written.
    let two = [vec![2], vec![0; 47], vec![9; 32]].concat();
    let code = algebra(0, 16 + 3, [A0, A0, A0]);
    assert_eq!(result(&code, two.clone(), 0), small(1));
    assert_eq!(result(&code, two, 32), [[0; 16], [9; 16]].concat());
}

#[test]
fn a_setup_shows_the_configured_modulus() {
    let modulus = little("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
    for rs2 in [0, 1] {
        let code = algebra(0, 8 + 5, [A2, A0, rs2]);
        assert_eq!(result(&code, modulus.clone(), 0x200), [0; 32]);
    }
    let text = prologue(8) + &algebra(0, 5, [A2, A0, 0]);
    let error = execute(&text, modulus).unwrap_err().to_string();
    assert!(error.contains("openvm.toml") && error.contains("guest"), "{error}");
}

#[test]
fn hints_are_square_roots() {
    // hint_sqrt [a0]; its flag to [a2], the root behind it.
    let code = |index: u32| {
        algebra(0, 8 * index + 7, [0, A0, 0]) + "addi a1, zero, 9\n .word 0x0015960b\n"
    };
    for index in [0, 1] {
        for x in [4, 3, 5, 7] {
            let hint = result(&code(index), small(x), 0x200);
            let flag = hint[0];
            // The root's square, and if need be over the non-square, is x.
            let square = code(index)
                + "addi a1, a2, 4\n"
                + &algebra(0, 8 * index + 2, [A0, A1, A1])
                + &algebra(0, 8 * index + 6, [0, 0, 0])
                + "addi a1, zero, 8\n .word 0x0015960b\n"
                + &(if flag == 1 {
                    String::new()
                } else {
                    algebra(0, 8 * index + 3, [A0, A0, A2])
                });
            assert_eq!(result(&square, small(x), 0), small(x), "{index}: {x}");
        }
    }
}

#[test]
fn complex_arithmetic() {
    let input = [little(A), little(B), small(7), small(11)].concat();
    for (funct7, c0, c1) in COMPLEX {
        let code = String::from("addi a1, a0, 64\n") + &algebra(2, funct7, [A2, A0, A1]);
        assert_eq!(result(&code, input.clone(), 0x200), little(c0), "funct7 {funct7}");
        assert_eq!(result(&code, input.clone(), 0x220), little(c1), "funct7 {funct7}");
    }
}

#[test]
fn points_are_added_and_doubled() {
    let generator = [
        little("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
        little("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"),
    ]
    .concat();
    let double = algebra(1, 1, [A1, A0, 0]);
    let triple = double.clone() + &algebra(1, 0, [A2, A0, A1]);
    for (code, offset, expected) in [
        (&double, 0x100, "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"),
        (&double, 0x120, "1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"),
        (&triple, 0x200, "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"),
        (&triple, 0x220, "388f7b0f632de8140fe337e62a37f3566500a99934c2231b6cb9fd7584b8e672"),
    ] {
        assert_eq!(result(code, generator.clone(), offset), little(expected));
    }
    let same = prologue(16) + &algebra(1, 0, [A2, A0, A0]);
    let error = execute(&same, generator).unwrap_err().to_string();
    assert!(error.contains("a point to itself"), "{error}");
}

#[test]
fn what_is_not_configured_is_named() {
    let zero = [A0, A0, A0];
    for (word, part) in [
        (algebra(0, 24, zero), "modulus 3"),
        (algebra(0, 31, [0, A0, 0]), "modulus 3"),
        (algebra(1, 8, zero), "curve 1"),
        (algebra(2, 8, zero), "complex modulus 1"),
        (algebra(3, 0, [0, A0, A0]), "pairing"),
    ] {
        let error = execute(&word, vec![]).unwrap_err();
        let RunError::Call { site, reason } = error else { panic!("{error}") };
        assert_eq!(site.pc, BASE);
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn moduli_are_numbers_that_openvm_takes() {
    assert_eq!(Algebra::new([], [], []), Ok(Algebra::default()));
    for text in ["0", "1", "2", &"9".repeat(116)] {
        let modulus = decimal(text);
        let refused = Err(AlgebraError { modulus: modulus.clone() });
        assert_eq!(Algebra::new([modulus.clone()], [], []), refused);
        assert_eq!(Algebra::new([], [modulus.clone()], []), refused);
        assert_eq!(Algebra::new([], [], [(modulus, BigUint::ZERO)]), refused);
    }
}
