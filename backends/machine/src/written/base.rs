//! The tables that are fixed but for how often each row is used: program and ranges.

use std::collections::BTreeSet;

use autoprec_circuits::{
    Column, ColumnId, ColumnKind, Expr, Field, Interaction, Linear, MachineBus, MachineSystem,
    Origin, Table,
};
use autoprec_isa::Xlen;
use autoprec_synth::Target;

use crate::code::Line;

/// A system whose rows are received as often as the last column says; all others are the message.
fn receiving<F: Field>(
    names: impl IntoIterator<Item = String>,
    bus: MachineBus,
    what: &'static str,
) -> MachineSystem<F> {
    let mut columns: Vec<Column> =
        names.into_iter().map(|name| Column { name, kind: ColumnKind::Input }).collect();
    let count = u32::try_from(columns.len()).expect("few columns");
    columns.push(Column { name: "multiplicity".to_owned(), kind: ColumnKind::Flag });
    let form = |id: u32| Linear::column(ColumnId(id));
    let interaction = Interaction {
        bus,
        multiplicity: Expr::from(-form(count)),
        message: (0..count).map(|id| form(id).into()).collect(),
        origin: Origin { instruction: None, what: what.into() },
    };
    MachineSystem { columns, constraints: Vec::new(), interactions: vec![interaction] }
}

/// The system of the program table. All columns but the last are fixed.
pub(crate) fn program<F: Field>(target: &Target, xlen: Xlen) -> MachineSystem<F> {
    let limbs = target.limbs(xlen);
    let word = |name: &'static str| (0..limbs).map(move |limb| format!("{name}_{limb}"));
    let fields = ["kind", "rd", "rs1", "rs2", "writes"].map(str::to_owned);
    let names = word("pc").chain(fields).chain(word("constant")).chain(word("next"));
    receiving(names, MachineBus::Program, "instruction")
}

/// The Program message of a row: `[pc: word, kind, rd, rs1, rs2, writes, constant: word, next: word]`.
///
/// `kind` is the kind of instruction, counted from 1, or the number of a precompile, whose other
/// fields are 0. `writes` is whether `rd` is not `x0`. `constant` is the instruction's one
/// constant as a word: its immediate, or the address that it leads to or computes from its own.
/// `next` is the address behind it.
pub(crate) fn program_message<F: Field>(line: &Line, target: &Target, xlen: Xlen) -> Vec<F> {
    let word = |word: u64| target.split(xlen, word).into_iter().map(F::from_u64);
    let operands = &line.operands;
    let fields = [
        u64::from(line.number),
        operands.rd.into(),
        operands.rs1.into(),
        operands.rs2.into(),
        operands.writes.into(),
    ];
    word(operands.pc)
        .chain(fields.map(F::from_u64))
        .chain(word(operands.constant))
        .chain(word(operands.next))
        .collect()
}

/// The values that lookups may show to be below powers of two, as rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Per number of bits that is looked up, the position of the row of value 0.
    starts: Vec<Option<usize>>,
    rows: usize,
}

impl Ranges {
    /// The ranges that these systems look up: those of the widths that stand in their messages, or all
    /// if a message computes one.
    pub(crate) fn of<'a, F: Field>(
        systems: impl Iterator<Item = &'a MachineSystem<F>>,
        target: &Target,
    ) -> Self {
        let mut widths = BTreeSet::new();
        let messages = systems
            .flat_map(|system| &system.interactions)
            .filter(|interaction| interaction.bus == MachineBus::Range)
            .map(|interaction| &interaction.message[1]);
        for bits in messages {
            match bits.as_linear().and_then(Linear::as_constant) {
                Some(bits) if bits.to_u64() <= u64::from(target.range_bits) => {
                    widths.insert(u32::try_from(bits.to_u64()).expect("at most range_bits"));
                }
                // A wider one has no row: nobody can show it.
                Some(_) => {}
                None => widths.extend(0..=target.range_bits),
            }
        }
        let (mut starts, mut rows) = (Vec::new(), 0);
        for bits in 0..=target.range_bits {
            starts.push(widths.contains(&bits).then_some(rows));
            if widths.contains(&bits) {
                rows += 1 << bits;
            }
        }
        Self { starts, rows }
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The row of a message, if there is one.
    pub(crate) fn row(&self, value: u64, bits: u64) -> Option<usize> {
        let start = (*self.starts.get(usize::try_from(bits).ok()?)?)?;
        (value >> bits == 0).then(|| start + usize::try_from(value).expect("below 2^bits"))
    }

    /// Value and bits of each row.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (u64, u64)> {
        let widths = (0_u64..).zip(&self.starts).filter(|(_, start)| start.is_some());
        widths.flat_map(|(bits, _)| (0..1_u64 << bits).map(move |value| (value, bits)))
    }

    /// The system of the table; value and bits are fixed.
    pub(crate) fn system<F: Field>() -> MachineSystem<F> {
        let names = ["value", "bits"].map(str::to_owned);
        receiving(names, MachineBus::Range, "range")
    }
}

/// The table of ranges, whose values and bits are fixed.
pub(crate) fn range_table<F: Field>(ranges: &Ranges) -> Table<F> {
    let (values, bits) =
        ranges.contents().map(|(value, bits)| (F::from_u64(value), F::from_u64(bits))).unzip();
    let (name, system) = ("range".to_owned(), Ranges::system());
    Table { name, system, fixed: vec![values, bits], rows: ranges.rows() }
}

/// The cells of the table of ranges.
pub(crate) fn range_rows<F: Field>(ranges: &Ranges, lookups: &[u64]) -> Vec<F> {
    let rows = ranges.contents().zip(lookups);
    rows.flat_map(|((value, bits), count)| [value, bits, *count].map(F::from_u64)).collect()
}

/// Adds what one row looks up. A lookup of what the table lacks is left out: the statement does not
/// hold then.
pub(crate) fn count_row<F: Field>(
    system: &MachineSystem<F>,
    row: &[F],
    ranges: &Ranges,
    counts: &mut [u64],
) {
    for interaction in system.interactions.iter().filter(|i| i.bus == MachineBus::Range) {
        let times = interaction.multiplicity.eval(row).to_u64();
        let message = [0, 1].map(|field: usize| interaction.message[field].eval(row).to_u64());
        if let Some(at) = ranges.row(message[0], message[1]) {
            counts[at] += times;
        }
    }
}
