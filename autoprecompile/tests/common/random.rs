//! Random regions of RV32IM and the composite instructions, and how many of them a test tries.

use std::fmt;

use autoprec_blocks::Region;
use autoprec_isa::{Composite, Inst, Op, Reg};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::assembly::region;

/// Runs a property on the same inputs every time: `cases` of them, or as many as the environment
/// says in `AUTOPREC_CASES`.
#[expect(clippy::disallowed_methods, reason = "the switch for longer runs")]
pub(crate) fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let cases = match std::env::var("AUTOPREC_CASES") {
        Ok(number) => number.parse().expect("AUTOPREC_CASES is a number"),
        Err(_) => cases,
    };
    let config =
        Config { cases, failure_persistence: None, max_shrink_iters: 10_000, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(strategy, property) {
        panic!("{error}");
    }
}

const REGISTER: &[&str] = &[
    "add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and", "mul", "mulh", "mulhsu",
    "mulhu", "div", "divu", "rem", "remu",
];
const IMMEDIATE: &[&str] = &["addi", "slti", "sltiu", "xori", "ori", "andi"];
const SHIFT: &[&str] = &["slli", "srli", "srai"];
const ACCESS: &[(&str, i32)] =
    &[("lb", 1), ("lbu", 1), ("lh", 2), ("lhu", 2), ("lw", 4), ("sb", 1), ("sh", 2), ("sw", 4)];
const BRANCH: &[&str] = &["beq", "bne", "blt", "bge", "bltu", "bgeu"];

/// Registers that hold data, few enough for values to meet again.
const DATA: &[&str] = &["a0", "a1", "a2", "a3", "t0", "zero"];
/// Registers that hold pointers.
const BASE: &[&str] = &["sp", "s0", "s1"];

fn data() -> impl Strategy<Value = &'static str> {
    select(DATA)
}

fn immediate() -> impl Strategy<Value = i32> {
    prop_oneof![
        select(&[0, 1, -1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 255, 256, 2047, -2048][..]),
        -2048..2048,
    ]
}

fn composite(op: Composite, registers: [&str; 3]) -> String {
    let [rd, rs1, rs2] = registers.map(|name| name.parse::<Reg>().expect("a register"));
    Inst { op: Op::Composite(op), rd, rs1, rs2, imm: 0 }.normal().asm().to_string()
}

fn straight() -> impl Strategy<Value = String> {
    let source = prop_oneof![8 => select(DATA), 1 => select(BASE)].boxed();
    let base = prop_oneof![12 => select(BASE), 1 => select(DATA)];
    let register = (select(REGISTER), data(), source.clone(), source.clone())
        .prop_map(|(op, d, a, b)| format!("{op} {d}, {a}, {b}"));
    let composite = (select(&Composite::ALL[..]), data(), source.clone(), source.clone())
        .prop_map(|(op, d, a, b)| composite(op, [d, a, b]));
    let immediates = (select(IMMEDIATE), data(), source.clone(), immediate())
        .prop_map(|(op, d, a, imm)| format!("{op} {d}, {a}, {imm}"));
    let shift = (select(SHIFT), data(), source, 0..32)
        .prop_map(|(op, d, a, by)| format!("{op} {d}, {a}, {by}"));
    // Few distances, so that accesses meet; multiples of the width, so that most regions can run.
    let access = (select(ACCESS), data(), base, prop_oneof![6 => -2..6, 1 => -500..500])
        .prop_map(|((op, width), value, base, n)| format!("{op} {value}, {}({base})", n * width));
    let upper = (select(&["lui", "auipc"][..]), data(), 0..0x10_0000)
        .prop_map(|(op, d, imm)| format!("{op} {d}, {imm:#x}"));
    let pointer = (select(BASE), select(BASE), -8..8)
        .prop_map(|(d, a, n)| format!("addi {d}, {a}, {}", 4 * n));
    let constant = (data(), immediate()).prop_map(|(d, imm)| format!("addi {d}, zero, {imm}"));
    prop_oneof![
        8 => register,
        2 => composite,
        4 => immediates,
        3 => shift,
        8 => access,
        1 => upper,
        1 => pointer,
        1 => constant,
    ]
}

fn closing() -> impl Strategy<Value = Option<String>> {
    let branch = (select(BRANCH), data(), data(), -64..64)
        .prop_map(|(op, a, b, n)| Some(format!("{op} {a}, {b}, {}", 4 * n)));
    let jal = (select(&["zero", "ra", "a0"][..]), -512..512)
        .prop_map(|(d, n)| Some(format!("jal {d}, {}", 4 * n)));
    let jalr = (select(&["zero", "ra"][..]), select(&["ra", "s0"][..]), -8..8)
        .prop_map(|(d, a, n)| Some(format!("jalr {d}, {n}({a})")));
    prop_oneof![3 => Just(None), 3 => branch, 1 => jal, 1 => jalr]
}

/// A region that failures show as its text.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) Region);

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Regions of so many instructions, not counting a closing branch or jump.
pub(crate) fn regions(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Shown> {
    (proptest::collection::vec(straight(), length), closing()).prop_map(|(mut lines, closing)| {
        lines.extend(closing);
        Shown(region("rv32", &lines.join("; ")))
    })
}
