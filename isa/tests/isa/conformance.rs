//! The conformance set: every instruction on edge-case operands does what an emulator recorded.
//!
//! The files in `fixtures/conformance` hold cases as text, `fixtures/halfwords.txt` digests of every
//! compressed encoding; `tests/oracle/record.py` writes both. [`every_instruction_has_vectors`] fails
//! for an instruction without any.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_isa::encoding::TABLE;
use autoprec_isa::{
    Alu, Csr, CsrWrite, FloatAction, FloatUnit, Flow, Inst, Machine, Reg, Width, Word, Xlen,
    decode, step,
};

use autoprec_testing::{expect_file, fixture};

use crate::encoding::XLENS;
use crate::vectors::{self, DATA, DATA_BYTES, Ended, START, State, Vector, agrees};

/// Name and content of the files.
const FILES: &[(&str, &str)] = &[
    ("base", include_str!("../fixtures/conformance/base.txt")),
    ("memory", include_str!("../fixtures/conformance/memory.txt")),
    ("control", include_str!("../fixtures/conformance/control.txt")),
    ("multiply", include_str!("../fixtures/conformance/multiply.txt")),
    ("bits", include_str!("../fixtures/conformance/bits.txt")),
    ("atomic", include_str!("../fixtures/conformance/atomic.txt")),
    ("counters", include_str!("../fixtures/conformance/counters.txt")),
    ("reserved", include_str!("../fixtures/conformance/reserved.txt")),
];
const HALFWORDS: &str = include_str!("../fixtures/halfwords.txt");

/// After so many instructions, code that jumps to itself has done what it does.
const LONG: usize = 64;
/// What Linux answers to a call that it does not have.
const ENOSYS: i64 = -38;

/// Compressed breakpoints, as around the code.
const PADDING: u64 = 0x9002_9002_9002_9002;

/// A machine with the memory of the vectors and nothing else.
struct Guest<W> {
    regs: [W; 32],
    float: FloatUnit,
    data: Vec<u8>,
    reservation: Option<W>,
}

impl<W: Word> Guest<W> {
    fn new(state: &State) -> Self {
        let regs = state.regs.map(W::from_u64);
        let (float, data) = (state.float.clone(), state.data.clone());
        Self { regs, float, data, reservation: None }
    }

    fn state(&self) -> State {
        let (float, data) = (self.float.clone(), self.data.clone());
        State { regs: self.regs.map(W::to_u64), float, data }
    }

    fn bytes(&mut self, width: Width, addr: W) -> Result<&mut [u8], &'static str> {
        let offset = usize::try_from(addr.to_u64().wrapping_sub(DATA)).unwrap_or(DATA_BYTES);
        let range = offset..offset.saturating_add(width.bytes() as usize);
        self.data.get_mut(range).ok_or("fault")
    }

    fn aligned(width: Width, addr: W) -> Result<(), &'static str> {
        let aligned = addr.to_u64().is_multiple_of(u64::from(width.bytes()));
        if aligned { Ok(()) } else { Err("misaligned") }
    }
}

impl<W: Word> Machine for Guest<W> {
    type Word = W;
    type Fault = &'static str;

    fn constant(&mut self, value: u64) -> W {
        W::from_u64(value)
    }

    fn alu(&mut self, op: Alu, a: W, b: W) -> W {
        op.eval(a, b)
    }

    fn reg(&mut self, reg: Reg) -> W {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: W) {
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: W) -> Result<W, &'static str> {
        let bytes = self.bytes(width, addr)?;
        let value = bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
        let unused = 64 - 8 * width.bytes();
        let extended = ((value << unused).cast_signed() >> unused).cast_unsigned();
        Ok(W::from_u64(if signed { extended } else { value }))
    }

    fn store(&mut self, width: Width, addr: W, value: W) -> Result<(), &'static str> {
        let bytes = self.bytes(width, addr)?;
        bytes.copy_from_slice(&value.to_u64().to_le_bytes()[..width.bytes() as usize]);
        Ok(())
    }

    fn amo(&mut self, op: Alu, width: Width, addr: W, value: W) -> Result<W, &'static str> {
        Self::aligned(width, addr)?;
        let old = self.load(width, true, addr)?;
        self.store(width, addr, op.eval(old, value))?;
        Ok(old)
    }

    fn load_reserved(&mut self, width: Width, addr: W) -> Result<W, &'static str> {
        Self::aligned(width, addr)?;
        self.reservation = Some(addr);
        self.load(width, true, addr)
    }

    fn store_conditional(&mut self, width: Width, addr: W, value: W) -> Result<W, &'static str> {
        if self.reservation.take() != Some(addr) {
            return Ok(W::from_u64(1));
        }
        self.store(width, addr, value)?;
        Ok(W::default())
    }

    /// Counters that stand still.
    fn csr(&mut self, csr: Csr, write: Option<CsrWrite<W>>) -> Result<W, &'static str> {
        let known = match csr {
            Csr::CYCLE | Csr::TIME | Csr::INSTRET => true,
            Csr::CYCLEH | Csr::TIMEH | Csr::INSTRETH => W::XLEN == Xlen::Rv32,
            _ => false,
        };
        if known && write.is_none() { Ok(W::from_u64(77)) } else { Err("illegal") }
    }

    fn float(&mut self, action: FloatAction<W>) -> Result<W, &'static str> {
        match action {
            FloatAction::Load { precision, reg, addr } => {
                let bytes = self.bytes(precision.width(), addr)?;
                let bits = bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte));
                self.float.load(precision, reg, bits);
            }
            FloatAction::Store { precision, reg, addr } => {
                let bits = self.float.reg(reg).to_le_bytes();
                let bytes = self.bytes(precision.width(), addr)?;
                bytes.copy_from_slice(&bits[..bytes.len()]);
            }
            FloatAction::Compute { op, precision, operands, x } => {
                return self.float.compute(op, precision, operands, x).map_err(|_| "illegal");
            }
        }
        Ok(W::default())
    }
}

/// The code at a distance from the start as a word; breakpoints lie behind it.
fn word_at(code: &[u8], offset: usize) -> u32 {
    let padding = PADDING.to_le_bytes();
    let mut bytes = code[offset..].iter().chain(&padding);
    u32::from_le_bytes([(); 4].map(|()| *bytes.next().expect("padding is longer than a word")))
}

/// Runs a piece of code until it ends.
fn run<W: Word>(code: &[u8], guest: &mut Guest<W>) -> Ended {
    let mut pc = START;
    for _ in 0..LONG {
        let offset = usize::try_from(pc - START).expect("within the code");
        let Some(decoded) = decode(W::XLEN, word_at(code, offset)) else {
            return Ended::Failed(pc, "illegal");
        };
        let behind = W::XLEN.mask(pc + u64::from(decoded.len));
        pc = match step(guest, W::XLEN, pc, decoded.len, &decoded.inst) {
            Err(reason) => return Ended::Failed(pc, reason),
            Ok(Flow::Next) => behind,
            Ok(Flow::Branch { condition, taken_if, target }) => {
                if (condition != W::default()) == taken_if { target } else { behind }
            }
            Ok(Flow::Jump(target)) => target,
            Ok(Flow::JumpTo(target)) => target.to_u64(),
            Ok(Flow::Ecall) => {
                guest.regs[Reg::A0.index()] = W::from_u64(ENOSYS.cast_unsigned());
                behind
            }
            Ok(Flow::Ebreak) => return Ended::At(pc),
        };
        if pc.wrapping_sub(START) >= code.len() as u64 {
            break;
        }
    }
    Ended::At(pc)
}

fn outcome(xlen: Xlen, code: &[u8], before: &State) -> String {
    fn go<W: Word>(code: &[u8], before: &State) -> String {
        let mut guest = Guest::<W>::new(before);
        let ended = run(code, &mut guest);
        before.outcome(W::XLEN, code.len(), &guest.state(), ended)
    }
    match xlen {
        Xlen::Rv32 => go::<u32>(code, before),
        Xlen::Rv64 => go::<u64>(code, before),
    }
}

/// The text of a case is what its code says.
fn check_text(vector: &Vector<'_>) {
    if vector.text.is_empty() {
        return;
    }
    for (i, text) in vector.text.split("; ").enumerate() {
        let word = word_at(&vector.code, 4 * i);
        let inst = Inst::parse(vector.xlen, text).expect(text);
        assert_eq!(decode(vector.xlen, word).map(|d| d.inst), Some(inst), "{text}");
        assert_eq!(inst.encode(vector.xlen), Some(word), "{text}");
    }
}

#[test]
fn an_emulator_agrees() {
    let mut wrong = String::new();
    for (file, content) in FILES {
        vectors::read(content, |vector| {
            check_text(&vector);
            let ours = outcome(vector.xlen, &vector.code, &vector.before);
            if !agrees(&ours, vector.outcome) {
                let Vector { xlen, text, code, outcome, .. } = &vector;
                let word = word_at(code, 0);
                writeln!(wrong, "{file}: {xlen} {word:08x} {text}: {ours}, recorded {outcome}")
                    .expect("a string");
            }
        });
    }
    let count = wrong.lines().count();
    let first: Vec<&str> = wrong.lines().take(40).collect();
    assert!(wrong.is_empty(), "{count} differ, among them\n{}", first.join("\n"));
}

/// How many vectors are about an instruction: those of the code of a case that decode to it.
fn counts() -> BTreeMap<(Xlen, &'static str), usize> {
    let mut counts = BTreeMap::new();
    for (_, content) in FILES {
        vectors::read(content, |vector| {
            let words = vector.code.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word));
            let decoded = words.filter_map(|word| decode(vector.xlen, word));
            let mut rows: Vec<&str> = decoded
                .filter_map(|decoded| TABLE.iter().find(|row| row.op == decoded.inst.op))
                .map(|row| row.name)
                .collect();
            rows.sort_unstable();
            rows.dedup();
            for name in rows {
                *counts.entry((vector.xlen, name)).or_default() += 1;
            }
        });
    }
    counts
}

/// Every row of the table but those of floating point has vectors, as many as `fixtures/coverage.txt` lists; of compressed
/// encodings, every single one is executed.
#[test]
fn every_instruction_has_vectors() {
    let counts = counts();
    let mut listing =
        String::from("# Vectors of the conformance set per instruction: rv32, rv64.\n");
    for row in TABLE.iter().filter(|row| !crate::floats::is_float(row.op)) {
        let of = |xlen| counts.get(&(xlen, row.name)).copied().unwrap_or(0);
        for xlen in XLENS.into_iter().filter(|&xlen| row.since <= xlen) {
            assert!(of(xlen) > 0, "no vector for {} on {xlen}; add one to cases.py", row.name);
        }
        writeln!(listing, "{} {} {}", row.name, of(Xlen::Rv32), of(Xlen::Rv64)).expect("a string");
    }
    listing
        .push_str("# Encodings of compressed forms, each executed on three states: rv32, rv64.\n");
    let mut forms: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for form in HALFWORDS.lines().filter_map(|line| line.strip_prefix("form rv")) {
        let [xlen, name, count] = form.split(' ').collect::<Vec<_>>()[..] else { panic!("{form}") };
        forms.entry(name).or_default()[usize::from(xlen == "64")] = count.parse().expect(form);
    }
    for (name, [narrow, wide]) in forms {
        let name = if name == "-" { "(none)" } else { name };
        writeln!(listing, "{name} {narrow} {wide}").expect("a string");
    }
    expect_file(&fixture!("coverage.txt"), &listing);
}

/// FNV-1a of 64 bits over lines.
fn digest(lines: &[String]) -> String {
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    let step = |value: u64, byte| (value ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", bytes.fold(0xcbf2_9ce4_8422_2325, step))
}

/// As in `halfwords.py`: pointers everywhere, and values of all kinds everywhere, twice.
fn states(xlen: Xlen) -> [State; 3] {
    const VALUES: [u64; 13] = [
        0,
        1,
        0x7f,
        0x80,
        0xffff_8000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_ffff,
        0x9e37_79b9,
        0x7fff_ffff_ffff_ffff,
        0x8000_0000_0000_0000,
        0xffff_ffff_8000_0000,
        !0,
    ];
    let state = |value: &dyn Fn(usize) -> u64| {
        let regs = Reg::all().skip(1).enumerate();
        State::new(xlen, &regs.map(|(i, reg)| (reg.abi_name(), value(i))).collect())
    };
    [
        state(&|i| DATA + 0x800 + 24 * i as u64 + i as u64 % 3),
        state(&|i| VALUES[i % 13]),
        state(&|i| VALUES[(7 * i + 3) % 13]),
    ]
}

/// What a halfword stands for, and what it does.
fn describe(xlen: Xlen, states: &[State], half: u32) -> (String, String) {
    let decoded = decode(xlen, half | 0xabcd_0000);
    assert!(decoded.is_none_or(|decoded| decoded.len == 2));
    let text = decoded.map_or("-".to_owned(), |decoded| decoded.inst.asm().to_string());
    let code = &half.to_le_bytes()[..2];
    let outcomes: Vec<String> = states.iter().map(|state| outcome(xlen, code, state)).collect();
    (text, outcomes.join(" "))
}

/// All 49,152 halfwords that are not the start of a word stand for what a disassembler says, and do
/// what an emulator does for them.
#[test]
fn every_halfword_is_what_others_say() {
    let groups = HALFWORDS.lines().filter_map(|line| line.strip_prefix("rv"));
    let mut count = 0;
    for line in groups {
        let [xlen, first, texts, outcomes] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let xlen = if xlen == "32" { Xlen::Rv32 } else { Xlen::Rv64 };
        let first = u32::from_str_radix(first, 16).expect(line);
        let states = states(xlen);
        let halves = (first..first + 64).filter(|half| half & 3 != 3);
        let ours: Vec<_> = halves.map(|half| describe(xlen, &states, half)).collect();
        let (ours_texts, ours_outcomes): (Vec<_>, Vec<_>) = ours.iter().cloned().unzip();
        let same = (digest(&ours_texts) == texts, digest(&ours_outcomes) == outcomes);
        assert_eq!(
            same,
            (true, true),
            "{xlen} {first:04x}: compare with what halfwords.py prints: {ours:#?}"
        );
        count += ours.len();
    }
    assert_eq!(count, 2 * 49_152);
}
