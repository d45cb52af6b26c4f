//! The text form of an [`Ir`]: printer and parser.
//!
//! ```text
//! ir rv32
//! v0 = reg a0
//! v1 = const 0x4
//! v2 = add v0 v1 ; @0
//! v3 = load word v2 ; @0
//! v4 = load byte signed v2 ; @1
//! v5 = select v1 v2 v3 ; @2
//! store word v2 v4 ; @3
//! out a0 = v3
//! exit if v5 -> entry - 8
//! exit -> entry + 16
//! ```
//!
//! An exit may lead to an address that is a value, too:
//!
//! ```text
//! exit unless v5 -> v2
//! exit -> v1
//! ```

use std::collections::BTreeMap;
use std::fmt;

use autoprec_isa::{Alu, Reg, Width, Xlen};

use super::{Effect, Exit, ExitTarget, Ir, Node, Value, ValueId};

/// Why a text is not the text form of an [`Ir`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct IrTextError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

const WIDTHS: [(Width, &str); 4] = [
    (Width::Byte, "byte"),
    (Width::Half, "half"),
    (Width::Word, "word"),
    (Width::Double, "double"),
];

fn width_name(width: Width) -> &'static str {
    WIDTHS.iter().find(|(w, _)| *w == width).expect("every width has a name").1
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Const(value) => write!(f, "const {value:#x}"),
            Self::Reg(reg) => write!(f, "reg {reg}"),
            Self::Alu(op, a, b) => write!(f, "{} {a} {b}", op.name()),
            Self::Select { condition, then, otherwise } => {
                write!(f, "select {condition} {then} {otherwise}")
            }
            Self::Load { width, signed, addr } => {
                let sign = if signed { " signed" } else { "" };
                write!(f, "load {}{sign} {addr}", width_name(width))
            }
        }
    }
}

impl fmt::Display for ExitTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Code(offset) if offset < 0 => write!(f, "entry - {}", offset.unsigned_abs()),
            Self::Code(offset) => write!(f, "entry + {offset}"),
            Self::Value(id) => write!(f, "{id}"),
        }
    }
}

impl fmt::Display for Ir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ir rv{}", self.xlen.bits())?;
        let mut ids = self.ids().zip(&self.values).peekable();
        for effect in &self.effects {
            let last = match *effect {
                Effect::Load(id) => id,
                Effect::Store { addr, value, .. } => addr.max(value),
            };
            while let Some((id, value)) = ids.next_if(|(id, _)| *id <= last) {
                writeln!(f, "{id} = {} ; @{}", value.node, value.inst)?;
            }
            if let Effect::Store { width, addr, value, inst } = *effect {
                writeln!(f, "store {} {addr} {value} ; @{inst}", width_name(width))?;
            }
        }
        for (id, value) in ids {
            writeln!(f, "{id} = {} ; @{}", value.node, value.inst)?;
        }
        for (reg, value) in &self.outputs {
            writeln!(f, "out {reg} = {value}")?;
        }
        for Exit { guard, target } in &self.exits {
            match guard {
                Some((id, true)) => writeln!(f, "exit if {id} -> {target}")?,
                Some((id, false)) => writeln!(f, "exit unless {id} -> {target}")?,
                None => writeln!(f, "exit -> {target}")?,
            }
        }
        Ok(())
    }
}

impl Ir {
    /// Parses the text form.
    ///
    /// # Errors
    /// Names the first line that does not fit, or the last one if an invariant does not hold.
    pub fn parse(text: &str) -> Result<Self, IrTextError> {
        let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
        let xlen = match lines.next() {
            Some((_, "ir rv32")) => Xlen::Rv32,
            Some((_, "ir rv64")) => Xlen::Rv64,
            _ => {
                return Err(IrTextError {
                    line: 1,
                    what: "expected `ir rv32` or `ir rv64`".into(),
                });
            }
        };
        let mut ir = Self {
            xlen,
            values: Vec::new(),
            effects: Vec::new(),
            outputs: BTreeMap::new(),
            exits: Vec::new(),
        };
        let mut last = 1;
        for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
            parse_line(&mut ir, text).map_err(|what| IrTextError { line, what })?;
            last = line;
        }
        ir.verify().map_err(|error| IrTextError { line: last, what: error.to_string() })?;
        Ok(ir)
    }
}

fn parse_line(ir: &mut Ir, text: &str) -> Result<(), String> {
    let (body, inst) = match text.split_once(" ; @") {
        Some((body, inst)) => (body, inst.parse().map_err(|_| format!("no instruction `{inst}`"))?),
        None => (text, 0),
    };
    let words: Vec<&str> = body.split_whitespace().collect();
    let known = ir.values.len();
    let value = |word: &str| parse_value(word, known);
    match words[..] {
        ["store", width, addr, stored] => {
            let (width, addr, value) = (parse_width(width)?, value(addr)?, value(stored)?);
            ir.effects.push(Effect::Store { width, addr, value, inst });
        }
        ["out", reg, "=", id] => {
            let (reg, id) = (parse_reg(reg)?, value(id)?);
            if ir.outputs.insert(reg, id).is_some() {
                return Err(format!("two outputs for {reg}"));
            }
        }
        ["exit", "->", ref target @ ..] => {
            ir.exits.push(Exit { guard: None, target: parse_target(target, known)? });
        }
        ["exit", when @ ("if" | "unless"), guard, "->", ref target @ ..] => {
            let guard = Some((value(guard)?, when == "if"));
            ir.exits.push(Exit { guard, target: parse_target(target, known)? });
        }
        [id, "=", ref node @ ..] => {
            let id_number = u32::try_from(known).map_err(|_| "too many values")?;
            if id != ValueId(id_number).to_string() {
                return Err(format!("expected v{known} instead of `{id}`"));
            }
            let node = parse_node(ir.xlen, node, known)?;
            if matches!(node, Node::Load { .. }) {
                ir.effects.push(Effect::Load(ValueId(id_number)));
            }
            ir.values.push(Value { node, inst });
        }
        _ => return Err(format!("cannot make sense of `{body}`")),
    }
    Ok(())
}

fn parse_node(xlen: Xlen, words: &[&str], known: usize) -> Result<Node, String> {
    let value = |word: &str| parse_value(word, known);
    Ok(match *words {
        ["const", number] => {
            let digits = number.strip_prefix("0x").ok_or("constants start with 0x")?;
            let number =
                u64::from_str_radix(digits, 16).map_err(|_| format!("no number `{number}`"))?;
            if xlen.mask(number) != number {
                return Err(format!("{number:#x} is wider than a word"));
            }
            Node::Const(number)
        }
        ["reg", reg] => Node::Reg(parse_reg(reg)?),
        ["select", condition, then, otherwise] => Node::Select {
            condition: value(condition)?,
            then: value(then)?,
            otherwise: value(otherwise)?,
        },
        ["load", width, addr] => {
            Node::Load { width: parse_width(width)?, signed: false, addr: value(addr)? }
        }
        ["load", width, "signed", addr] => {
            Node::Load { width: parse_width(width)?, signed: true, addr: value(addr)? }
        }
        [op, a, b] => {
            let op = Alu::from_name(op).ok_or_else(|| format!("no operation `{op}`"))?;
            Node::Alu(op, value(a)?, value(b)?)
        }
        _ => return Err(format!("no node `{}`", words.join(" "))),
    })
}

fn parse_target(words: &[&str], known: usize) -> Result<ExitTarget, String> {
    match *words {
        ["entry", sign @ ("+" | "-"), digits] => {
            let number = format!("{sign}{digits}");
            let offset = number.parse().map_err(|_| format!("no number `{digits}`"))?;
            Ok(ExitTarget::Code(offset))
        }
        [id] => Ok(ExitTarget::Value(parse_value(id, known)?)),
        _ => Err(format!("no target `{}`", words.join(" "))),
    }
}

fn parse_value(word: &str, known: usize) -> Result<ValueId, String> {
    let number = word.strip_prefix('v').and_then(|digits| digits.parse::<u32>().ok());
    match number {
        Some(number) if (number as usize) < known => Ok(ValueId(number)),
        _ => Err(format!("no value `{word}` so far")),
    }
}

fn parse_reg(word: &str) -> Result<Reg, String> {
    word.parse().map_err(|_| format!("no register `{word}`"))
}

fn parse_width(word: &str) -> Result<Width, String> {
    let found = WIDTHS.iter().find(|(_, name)| *name == word);
    found.map(|(width, _)| *width).ok_or_else(|| format!("no width `{word}`"))
}
