//! Tables of a whole machine that share buses: what a prover proves and a verifier is told.
//!
//! Unlike the system of an OpenVM precompile, which talks to tables of its host, these tables are
//! complete: memory, registers, program and ranges are tables too, and what is left over is a
//! [`Boundary`] that the verifier computes itself.
//!
//! **Invariants**
//!
//! - A row concerns itself alone: order between rows is said by messages, never by position.
//! - A row of zeros is padding in every table ([`ConstraintSystem::padding_violations`]).
//! - A [`Statement`] holds if there are rows, as many as it says, that satisfy their tables'
//!   constraints, such that on every bus each message is sent as often as it is received, the
//!   boundary included. [`Statement::check`] is that sentence; provers prove it.

use std::collections::BTreeMap;

use crate::bus::{BusKind, Goal};
use crate::check::Violation;
use crate::field::Field;
use crate::system::ConstraintSystem;

/// The buses of a machine whose tables are all its own.
///
/// A *word* in a message is the target's limbs of a register, from the lowest: one element in a wide
/// field, 16 bits each in a field of 31 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineBus {
    /// `[pc: word, time]`: received at entry, sent at exit.
    Execution,
    /// `[pc: word, kind, …]`: a lookup of what lies at an address. What stands behind `kind` is up to those
    /// who state the machine.
    Program,
    /// `[number, value: word, time]`: previous value received, new value sent.
    Register,
    /// `[address: word, value: word, time]`: previous value received, new value sent. The address is
    /// that of a byte and a multiple of the bytes of a word.
    Memory,
    /// `[value, bits]`: a lookup that shows `value < 2^bits`.
    Range,
    /// `[address: word]`: the words of memory that were touched, from one to the next.
    Order,
    /// `[address: word, value: word]`: a word that memory holds at the beginning.
    Image,
    /// `[from: word, to: word]`: first and last address of words that are zeros at the beginning.
    Zeros,
    /// `[operation, pointer: word, left, place, time]`: a copy between memory and the outside that is
    /// under way. What is left, and the place, are counted in words or bytes.
    Copy,
    /// `[place, value]`: a byte that the guest has given out.
    Output,
    /// `[code: word, time]`: the end of the run.
    Exit,
}

impl MachineBus {
    /// Every bus, in the order in which listings show them; provers number them by it.
    pub const ALL: [Self; 11] = [
        Self::Execution,
        Self::Program,
        Self::Register,
        Self::Memory,
        Self::Range,
        Self::Order,
        Self::Image,
        Self::Zeros,
        Self::Copy,
        Self::Output,
        Self::Exit,
    ];
}

impl BusKind for MachineBus {
    fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Program => "program",
            Self::Register => "register",
            Self::Memory => "memory",
            Self::Range => "range",
            Self::Order => "order",
            Self::Image => "image",
            Self::Zeros => "zeros",
            Self::Copy => "copy",
            Self::Output => "output",
            Self::Exit => "exit",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bus| bus.name() == name)
    }

    fn is_stateful(self) -> bool {
        !matches!(self, Self::Program | Self::Range | Self::Image | Self::Zeros)
    }

    fn message_len(self) -> Option<usize> {
        (self == Self::Range).then_some(2)
    }

    fn accepts<F: Field>(self, message: &[F]) -> bool {
        match self {
            Self::Range => {
                let (value, bits) = (message[0].to_u64(), message[1].to_u64());
                bits < u64::from(u64::BITS) && value >> bits == 0
            }
            _ => true,
        }
    }

    fn has_table(self) -> bool {
        self == Self::Range
    }

    fn goals<F: Field>(self, message: &[F]) -> Vec<Goal> {
        match self {
            Self::Range => {
                let bits = message[1].to_u64().min(u64::from(u64::BITS - 1));
                vec![Goal::Below { field: 0, bound: 1 << bits }]
            }
            _ => Vec::new(),
        }
    }
}

/// The system of a table of a machine.
pub type MachineSystem<F> = ConstraintSystem<F, MachineBus>;

/// A table: its system, how many rows it has, and what the verifier knows of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<F> {
    /// Unique in its statement.
    pub name: String,
    /// What each row satisfies.
    pub system: MachineSystem<F>,
    /// The contents of the first columns, each of [`Self::rows`] cells, if the verifier knows them.
    pub fixed: Vec<Vec<F>>,
    /// Rows that are not padding, at most.
    pub rows: usize,
}

/// A message that no table sends or receives: the verifier computes it from what it knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boundary<F> {
    /// Where it goes.
    pub bus: MachineBus,
    /// How often it is sent; negative if it is received.
    pub multiplicity: i64,
    /// Its fields.
    pub message: Vec<F>,
}

/// What is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<F> {
    /// The tables.
    pub tables: Vec<Table<F>>,
    /// What the verifier sends and receives.
    pub boundary: Vec<Boundary<F>>,
    /// The digest of everything else that the statement is about: it is hashed first.
    pub binding: [u8; 32],
}

/// The rows of the tables of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace<F> {
    /// Per table: its cells row by row, [`Table::rows`] rows at most, fixed columns included.
    pub cells: Vec<Vec<F>>,
}

/// Why rows do not show a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbalanced {
    /// The cells are not whole rows, or too many, or not those that are fixed.
    #[error("table {table}: {what}")]
    Shape {
        /// The table.
        table: String,
        /// The fault, in words.
        what: String,
    },
    /// A row does not satisfy its table.
    #[error("table {table}, row {row}: {what}")]
    Row {
        /// The table.
        table: String,
        /// The row, counted from 0.
        row: usize,
        /// What is wrong with which values.
        what: String,
    },
    /// A message is not sent as often as it is received.
    #[error("the {bus} message [{message}] is sent {surplus} times more often than received")]
    Message {
        /// The bus.
        bus: &'static str,
        /// The message.
        message: String,
        /// Sent less received.
        surplus: String,
    },
}

impl<F: Field> Statement<F> {
    /// Checks that the rows show the statement: without any proof, in time linear in the cells.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, trace: &Trace<F>) -> Result<(), Unbalanced> {
        let mut sums: BTreeMap<(MachineBus, Vec<F>), F> = BTreeMap::new();
        for Boundary { bus, multiplicity, message } in &self.boundary {
            let sum = sums.entry((*bus, message.clone())).or_default();
            *sum = *sum + F::from_i64(*multiplicity);
        }
        if trace.cells.len() != self.tables.len() {
            let what = format!("rows of {} tables, not {}", trace.cells.len(), self.tables.len());
            return Err(Unbalanced::Shape { table: "all".to_owned(), what });
        }
        for (table, cells) in self.tables.iter().zip(&trace.cells) {
            table.check_shape(cells)?;
            for (index, row) in cells.chunks(table.width()).enumerate() {
                table.check_row(index, row)?;
                table.add_messages(row, &mut sums);
            }
        }
        match sums.into_iter().find(|(_, sum)| *sum != F::ZERO) {
            None => Ok(()),
            Some(((bus, message), surplus)) => {
                let fields: Vec<String> = message.iter().map(F::to_string).collect();
                Err(Unbalanced::Message {
                    bus: bus.name(),
                    message: fields.join(", "),
                    surplus: surplus.to_string(),
                })
            }
        }
    }
}

impl<F: Field> Table<F> {
    /// Columns of a row, those that are fixed included.
    pub fn width(&self) -> usize {
        self.system.columns.len()
    }

    fn check_shape(&self, cells: &[F]) -> Result<(), Unbalanced> {
        let fail = |what: String| Err(Unbalanced::Shape { table: self.name.clone(), what });
        let width = self.width();
        if width == 0 || !cells.len().is_multiple_of(width) || cells.len() / width > self.rows {
            return fail(format!("{} cells, for {} rows of {width}", cells.len(), self.rows));
        }
        let rows = cells.len() / width;
        if !self.fixed.is_empty() && rows != self.rows {
            return fail(format!("{rows} rows of a table that has exactly {}", self.rows));
        }
        for (column, contents) in self.fixed.iter().enumerate() {
            let found = cells.iter().skip(column).step_by(width);
            if contents.len() != self.rows || !found.eq(contents) {
                return fail(format!("column {column} is not what is fixed"));
            }
        }
        Ok(())
    }

    fn check_row(&self, index: usize, row: &[F]) -> Result<(), Unbalanced> {
        // Lookups are counted with the other messages.
        let is_constraint = |v: &Violation<F>| matches!(v, Violation::Constraint { .. });
        match self.system.violations(row).into_iter().find(is_constraint) {
            None => Ok(()),
            Some(violation) => Err(Unbalanced::Row {
                table: self.name.clone(),
                row: index,
                what: self.system.explain(&violation, row),
            }),
        }
    }

    fn add_messages(&self, row: &[F], sums: &mut BTreeMap<(MachineBus, Vec<F>), F>) {
        for interaction in &self.system.interactions {
            let multiplicity = interaction.multiplicity.eval(row);
            if multiplicity != F::ZERO {
                let message = interaction.message.iter().map(|field| field.eval(row)).collect();
                let sum = sums.entry((interaction.bus, message)).or_default();
                *sum = *sum + multiplicity;
            }
        }
    }
}
