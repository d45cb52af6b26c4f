//! The executor does what an emulator recorded for every instruction: the vectors of the instruction
//! set's own tests (`isa/tests/oracle`), as whole programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use autoprec_executor::{Environment, Input, Limits, RunError, Site, run_watched};
use autoprec_guest_elf::{Patches, Program, Segment};
use autoprec_isa::{Reg, Xlen, decode};

use crate::common::assemble;
use crate::instruction_vectors::{
    self as vectors, DATA, DATA_BYTES, Ended, START, State, Vector, agrees,
};

const FILES: &[&str] = &[
    include_str!("../../../isa/tests/fixtures/conformance/base.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/memory.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/control.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/multiply.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/bits.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/atomic.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/counters.txt"),
    include_str!("../../../isa/tests/fixtures/conformance/reserved.txt"),
];

/// The page of the code, filled with breakpoints. It begins with what fills the registers.
const TEXT: u64 = START - 0x800;
const TEXT_BYTES: usize = 0x1000;
/// Where the values of the registers are.
const VALUES: u64 = 0x2800_0000;
/// More instructions than any vector takes.
const LIMIT: u64 = 100;

/// Fills the registers from memory and goes to the code.
fn prologue(xlen: Xlen) -> Vec<u8> {
    let load = if xlen == Xlen::Rv32 { "lw" } else { "ld" };
    let mut text = format!("lui t6, {:#x}\n", VALUES >> 12);
    for reg in Reg::all().skip(1) {
        writeln!(text, "{load} {reg}, {}(t6)", 8 * reg.index()).unwrap();
    }
    writeln!(text, "jal zero, {}", 0x800 - 4 * 32).unwrap();
    assemble(xlen, TEXT, &text).0
}

fn program(vector: &Vector<'_>) -> Program {
    let mut text = [0x02, 0x90].repeat(TEXT_BYTES / 2);
    let mut put = |at: usize, code: &[u8]| text[at..at + code.len()].copy_from_slice(code);
    put(0, &prologue(vector.xlen));
    put(0x800, &vector.code);
    let values = vector.before.regs.map(u64::to_le_bytes).concat();
    let mut program = Program::from_code(vector.xlen, TEXT, &text);
    for (addr, data, writable) in
        [(VALUES, values, false), (DATA, vector.before.data.clone(), true)]
    {
        let file_size = data.len() as u64;
        program.segments.push(Segment { addr, data, file_size, executable: false, writable });
    }
    program
}

/// How a run ended, by the vectors' words.
fn ended(error: &RunError) -> (&Site, Ended) {
    match error {
        RunError::Breakpoint { site, .. }
        | RunError::OutsideText { site, .. }
        | RunError::InstructionLimit { site, .. } => (site, Ended::At(site.pc)),
        RunError::IllegalInstruction { site, .. } | RunError::Csr { site, .. } => {
            (site, Ended::Failed(site.pc, "illegal"))
        }
        RunError::Access { site, .. } => (site, Ended::Failed(site.pc, "fault")),
        RunError::Misaligned { site, .. } => (site, Ended::Failed(site.pc, "misaligned")),
        other => panic!("{other}"),
    }
}

/// What an outcome says of argument registers and control, which is what errors show.
fn shown(outcome: &str) -> String {
    let is_register = |name: &str| name.parse::<Reg>().is_ok();
    let argument = |name: &str| name.parse().is_ok_and(|reg: Reg| (10..18).contains(&reg.index()));
    let effects = outcome.split(',').filter(|effect| {
        let name = effect.split('=').next().unwrap_or_default();
        !effect.starts_with('[') && (!is_register(name) || argument(name))
    });
    effects.collect::<Vec<_>>().join(",")
}

fn check(vector: &Vector<'_>) {
    let program = program(vector);
    let mut seen: BTreeMap<u64, State> = BTreeMap::new();
    // Where control should arrive, everything is looked at.
    let distance = vector.outcome.rsplit_once('@').and_then(|(_, text)| text.parse::<i64>().ok());
    let end = vector.code.len().try_into().expect("short");
    let watch = BTreeSet::from([START.wrapping_add_signed(distance.unwrap_or(end))]);
    let mut on_entry = |pc, machine: &dyn autoprec_executor::MachineState| {
        let mut regs = [0; 32];
        Reg::all().for_each(|reg| regs[reg.index()] = machine.reg(reg));
        let data = machine.read(DATA, DATA_BYTES).expect("the data can be loaded");
        seen.insert(pc, State { regs, data, ..vector.before.clone() });
    };
    let limits = Limits::instructions(LIMIT);
    let (patches, input) = (Patches::none(), Input::default());
    let run =
        run_watched(&program, &patches, Environment::Linux, &input, &limits, &watch, &mut on_entry);
    let error = run.expect_err("nothing ends the program");
    let (site, ended) = ended(&error);
    let (Vector { xlen, text, code, before, outcome }, len) = (vector, vector.code.len());
    match seen.get(&site.pc) {
        Some(after) => {
            let ours = before.outcome(*xlen, len, after, ended);
            assert!(agrees(&ours, outcome), "{xlen} {text} {code:02x?}: {ours} but {outcome}");
        }
        None => {
            let mut after = before.clone();
            after.regs[Reg::A0.index()..][..8].copy_from_slice(&site.args);
            let (ours, theirs) = (before.outcome(*xlen, len, &after, ended), shown(outcome));
            assert!(agrees(&ours, &theirs), "{xlen} {text} {code:02x?}: {ours} but {outcome}");
        }
    }
}

/// Whether a vector is about floating point, which no observer sees: the instruction set's own test
/// has those.
fn is_float(vector: &Vector<'_>) -> bool {
    let mut word = [0; 4];
    let len = vector.code.len().min(4);
    word[..len].copy_from_slice(&vector.code[..len]);
    let decoded = decode(vector.xlen, u32::from_le_bytes(word));
    decoded.is_some_and(|decoded| decoded.inst.is_float()) || vector.outcome.contains("fcsr=")
}

#[test]
fn the_executor_does_what_an_emulator_recorded() {
    // Of a case with many vectors a part is enough: the instruction set's own test has all.
    const MANY: usize = 40;
    let (mut case, mut read, mut checked) = (Vec::new(), 0, 0);
    let folder = "../isa/tests/fixtures/conformance";
    assert_eq!(std::fs::read_dir(folder).expect("there are fixtures").count(), FILES.len());
    for content in FILES {
        vectors::read(content, |vector| {
            read = if case == vector.code { read + 1 } else { 0 };
            case.clone_from(&vector.code);
            // The environment answers or refuses calls on its own terms.
            let ours = vector.text != "ecall" && !is_float(&vector);
            if ours && (read < MANY || read % 7 == 0) {
                check(&vector);
                checked += 1;
            }
        });
    }
    assert!(checked > 10_000, "{checked}");
}
