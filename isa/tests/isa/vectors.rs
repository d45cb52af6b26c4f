//! The recorded vectors of the conformance set: what an independent emulator did for a piece of code.
//!
//! `tests/oracle/qemu.py` says how they were recorded and how to read an outcome. This module reads the
//! files, makes the state before, and words what became of it, so that any machine can be compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use autoprec_isa::{FReg, FloatUnit, Reg, Xlen};

/// Where the code lies, surrounded by breakpoints.
pub(crate) const START: u64 = 0x2000_0800;
/// The memory there is, and its bytes.
pub(crate) const DATA: u64 = 0x3000_0000;
pub(crate) const DATA_BYTES: usize = 0x2000;
/// Offset in the data of the bytes that a vector may choose.
const CHOSEN: usize = 0x800;

/// What every register is a multiple of.
const PATTERN: u64 = 0x0101_0101_0101_0101;
/// Code, the state before, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Vector<'a> {
    pub(crate) xlen: Xlen,
    /// Instructions separated by semicolons; empty for a bare word.
    pub(crate) text: &'a str,
    pub(crate) code: Vec<u8>,
    pub(crate) before: State,
    pub(crate) outcome: &'a str,
}

/// Registers, of floating point too, and memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) regs: [u64; 32],
    pub(crate) float: FloatUnit,
    pub(crate) data: Vec<u8>,
}

/// How a piece of code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Control arrived outside the code or at a breakpoint, or stays in the code for ever.
    At(u64),
    /// The instruction at this address did not work, for this reason.
    Failed(u64, &'static str),
}

impl State {
    /// The pattern, with what a vector says about registers and memory.
    pub(crate) fn new(xlen: Xlen, inputs: &BTreeMap<&str, u64>) -> Self {
        let mut regs = [0; 32];
        for (reg, i) in Reg::all().zip(0..) {
            let value = inputs.get(reg.abi_name()).copied();
            regs[reg.index()] = xlen.mask(value.unwrap_or(PATTERN.wrapping_mul(i)));
        }
        let mut float = FloatUnit::default();
        for (reg, i) in FReg::all().zip(0..) {
            float.set_reg(reg, !PATTERN.wrapping_mul(i));
        }
        let pattern = (0..DATA_BYTES).map(|i| (i * 0x9d + 0x63).to_le_bytes()[0]);
        let mut data: Vec<u8> = pattern.collect();
        let chosen = inputs.get("memory").copied().unwrap_or(0);
        data[CHOSEN..CHOSEN + 8].copy_from_slice(&chosen.to_le_bytes());
        data[CHOSEN + 8..CHOSEN + 16].fill(0);
        Self { regs, float, data }
    }

    /// In one word, how `after` differs from this.
    pub(crate) fn outcome(&self, xlen: Xlen, len: usize, after: &Self, ended: Ended) -> String {
        let mut effects = Vec::new();
        for reg in Reg::all().filter(|reg| self.regs[reg.index()] != after.regs[reg.index()]) {
            effects.push(format!("{reg}={:x}", after.regs[reg.index()]));
        }
        for reg in FReg::all().filter(|&reg| self.float.reg(reg) != after.float.reg(reg)) {
            effects.push(format!("{reg}={:x}", after.float.reg(reg)));
        }
        if self.float.fcsr() != after.float.fcsr() {
            effects.push(format!("fcsr={:x}", after.float.fcsr()));
        }
        if self.data != after.data {
            effects.extend(self.stores(after));
        }
        match ended {
            Ended::Failed(START, reason) => effects.push(reason.to_owned()),
            Ended::Failed(pc, reason) => effects.push(format!("{reason}@+{}", pc - START)),
            Ended::At(pc) if pc == START + len as u64 => {}
            Ended::At(pc) => effects.push(arrival(xlen, pc)),
        }
        if effects.is_empty() { ".".to_owned() } else { effects.join(",") }
    }

    /// Runs of neighbouring bytes that changed.
    fn stores(&self, after: &Self) -> Vec<String> {
        let mut effects: Vec<String> = Vec::new();
        let mut last = None;
        for i in (0..DATA_BYTES).filter(|&i| self.data[i] != after.data[i]) {
            if i == 0 || last != Some(i - 1) {
                effects.push(format!("[{}]=", distance(i, CHOSEN)));
            }
            let effect = effects.last_mut().expect("just begun");
            write!(effect, "{:02x}", after.data[i]).expect("a string");
            last = Some(i);
        }
        effects
    }
}

fn distance(a: usize, b: usize) -> i64 {
    i64::try_from(a).expect("small") - i64::try_from(b).expect("small")
}

fn arrival(xlen: Xlen, pc: u64) -> String {
    let unused = 64 - xlen.bits();
    let distance = (pc.wrapping_sub(START) << unused).cast_signed() >> unused;
    if distance.abs() < 1 << 22 { format!("@{distance:+}") } else { format!("@={pc:x}") }
}

/// Whether an outcome is the recorded one, in which `*` stands for any value.
pub(crate) fn agrees(outcome: &str, recorded: &str) -> bool {
    let parts = |text: &str| -> Vec<(String, String)> {
        let split = |effect: &str| {
            let (name, value) = effect.split_once('=').unwrap_or((effect, ""));
            (name.to_owned(), value.to_owned())
        };
        text.split(',').map(split).collect()
    };
    let (ours, theirs) = (parts(outcome), parts(recorded));
    let same =
        |(a, b): (&(String, String), &(String, String))| a.0 == b.0 && (a.1 == b.1 || b.1 == "*");
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn width(text: &str) -> Xlen {
    if text == "rv32" { Xlen::Rv32 } else { Xlen::Rv64 }
}

/// A case: its first line, split.
struct Case<'a> {
    xlen: Xlen,
    text: &'a str,
    code: Vec<u8>,
    /// Name and values of each input.
    inputs: Vec<(&'a str, Vec<u64>)>,
}

type Sets<'a> = BTreeMap<(&'a str, &'a str), Vec<u64>>;

impl<'a> Case<'a> {
    fn read(line: &'a str, sets: &Sets<'a>) -> Self {
        let mut parts = line.split('|').map(str::trim);
        let (xlen, words) = parts.next().and_then(|p| p.split_once(' ')).expect("width and words");
        let code = words.split(' ').flat_map(|word| hex(word).to_le_bytes()[..4].to_vec());
        let (text, inputs) = (parts.next().expect("a text"), parts.next().expect("inputs"));
        let input = |pair: &'a str| {
            let (name, values) = pair.split_once('=').expect("a name and values");
            let named = sets.get(&(xlen, values)).cloned();
            (name, named.unwrap_or_else(|| vec![hex(values)]))
        };
        let inputs = inputs.split_whitespace().map(input).collect();
        Self { xlen: width(xlen), text, code: code.collect(), inputs }
    }

    fn vectors(&self) -> usize {
        self.inputs.iter().map(|(_, values)| values.len()).product()
    }

    /// The states before, the last input changing fastest.
    fn state(&self, mut index: usize) -> State {
        let mut given = BTreeMap::new();
        for (name, values) in self.inputs.iter().rev() {
            given.insert(*name, values[index % values.len()]);
            index /= values.len();
        }
        State::new(self.xlen, &given)
    }
}

/// Calls `each` with every vector of a file.
pub(crate) fn read<'a>(content: &'a str, mut each: impl FnMut(Vector<'a>)) {
    let mut sets: Sets<'a> = BTreeMap::new();
    let mut lines = content.lines().filter(|line| !line.starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        let outcomes = std::iter::from_fn(|| lines.next_if(|line| line.starts_with(' ')));
        let outcomes = outcomes.flat_map(str::split_whitespace);
        if let Some(set) = line.strip_prefix("set ") {
            let mut words = set.split(' ');
            let key = (words.next().expect("a width"), words.next().expect("a name"));
            sets.insert(key, words.map(hex).collect());
        } else if let Some(xlen) = line.strip_prefix("words ") {
            let before = State::new(width(xlen), &BTreeMap::new());
            for (word, outcome) in outcomes.map(|token| token.split_once(':').expect("a word")) {
                let (code, before) = (hex(word).to_le_bytes()[..4].to_vec(), before.clone());
                each(Vector { xlen: width(xlen), text: "", code, before, outcome });
            }
        } else {
            let case = Case::read(line, &sets);
            let mut count = 0;
            for (index, outcome) in outcomes.enumerate() {
                let (code, before) = (case.code.clone(), case.state(index));
                each(Vector { xlen: case.xlen, text: case.text, code, before, outcome });
                count += 1;
            }
            assert_eq!(count, case.vectors(), "{line}");
        }
    }
}
