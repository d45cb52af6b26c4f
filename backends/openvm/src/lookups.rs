//! Counts the lookups of a row.
//!
//! The tables of the VM must be told how often each of their rows is looked up. Rather than having
//! every witness function count as it goes, the messages of the finished row are evaluated: what is
//! counted is then what the AIR sends, by construction. Most fields of messages are single columns,
//! constants, or short linear forms; they are compiled into forms that evaluate in `u64`.

use autoprec_circuits::{BabyBear, Bus, ConstraintSystem, Expr, Linear, RANGE_MAX_BITS};
use openvm_circuit_primitives::{
    bitwise_op_lookup::SharedBitwiseOperationLookupChip, range_tuple::SharedRangeTupleCheckerChip,
    var_range::SharedVariableRangeCheckerChip,
};

const ORDER: u64 = BabyBear::ORDER as u64;
const ORDER_SQUARED: u64 = ORDER * ORDER;

/// The tables of the VM.
#[derive(Clone)]
pub(crate) struct Tables {
    pub(crate) range: SharedVariableRangeCheckerChip,
    pub(crate) bitwise: SharedBitwiseOperationLookupChip<8>,
    pub(crate) tuple: Option<SharedRangeTupleCheckerChip<2>>,
}

/// The lookups of one constraint system, ready to be counted.
#[derive(Debug)]
pub(crate) struct Lookups(Vec<Lookup>);

#[derive(Debug)]
struct Lookup {
    /// Its position among the interactions of the system.
    interaction: usize,
    bus: Bus,
    multiplicity: Form,
    message: Vec<Form>,
}

/// A message that no table holds: the row is wrong, hence synthesis or the witness is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotInTable {
    /// Position among the interactions of the system.
    pub(crate) interaction: usize,
    pub(crate) bus: Bus,
    pub(crate) message: Vec<u32>,
    pub(crate) multiplicity: u32,
}

/// A field of a message over a row of canonical values.
#[derive(Debug)]
enum Form {
    Constant(u32),
    Column(usize),
    /// Terms and constant.
    Linear(Vec<(usize, u64)>, u64),
    Sum(Vec<Form>),
    Product(Vec<Form>),
}

impl Form {
    fn compile(expr: &Expr<BabyBear>) -> Self {
        match expr {
            Expr::Linear(linear) => Self::linear(linear),
            Expr::Sum(terms) => Self::Sum(terms.iter().map(Self::compile).collect()),
            Expr::Product(factors) => Self::Product(factors.iter().map(Self::compile).collect()),
        }
    }

    fn linear(linear: &Linear<BabyBear>) -> Self {
        let constant = linear.constant().canonical();
        if linear.terms().is_empty() {
            return Self::Constant(constant);
        }
        if let Some(column) = linear.as_column() {
            return Self::Column(column.index());
        }
        let terms = linear
            .terms()
            .iter()
            .map(|(column, factor)| (column.index(), u64::from(factor.canonical())))
            .collect();
        Self::Linear(terms, u64::from(constant))
    }

    /// The canonical value on a row of canonical values.
    fn eval(&self, row: &[u32]) -> u32 {
        let reduced = match self {
            Self::Constant(value) => return *value,
            Self::Column(column) => return row[*column],
            Self::Linear(terms, constant) => {
                // The sum stays below p^2 < 2^62, and each product is below p^2.
                terms.iter().fold(*constant, |sum, &(column, factor)| {
                    let sum = sum + factor * u64::from(row[column]);
                    if sum >= ORDER_SQUARED { sum - ORDER_SQUARED } else { sum }
                }) % ORDER
            }
            Self::Sum(terms) => {
                terms.iter().map(|term| u64::from(term.eval(row))).sum::<u64>() % ORDER
            }
            Self::Product(factors) => factors
                .iter()
                .fold(1, |product, factor| product * u64::from(factor.eval(row)) % ORDER),
        };
        u32::try_from(reduced).expect("a value below the order of the field has 31 bits")
    }
}

impl Lookups {
    /// Compiles the lookup interactions of a system.
    pub(crate) fn new(system: &ConstraintSystem<BabyBear>) -> Self {
        let lookups = system
            .interactions
            .iter()
            .enumerate()
            .filter(|(_, interaction)| {
                matches!(interaction.bus, Bus::Range | Bus::Bitwise | Bus::TupleRange)
            })
            .map(|(index, interaction)| Lookup {
                interaction: index,
                bus: interaction.bus,
                multiplicity: Form::compile(&interaction.multiplicity),
                message: interaction.message.iter().map(Form::compile).collect(),
            })
            .collect();
        Self(lookups)
    }

    /// Counts the lookups of a row of canonical values.
    pub(crate) fn count(&self, row: &[u32], tables: &Tables) -> Result<(), NotInTable> {
        for lookup in &self.0 {
            let multiplicity = lookup.multiplicity.eval(row);
            let counted = match multiplicity {
                0 => true,
                1 => lookup.count_once(row, tables),
                _ => false,
            };
            if !counted {
                return Err(NotInTable {
                    interaction: lookup.interaction,
                    bus: lookup.bus,
                    message: lookup.message.iter().map(|field| field.eval(row)).collect(),
                    multiplicity,
                });
            }
        }
        Ok(())
    }
}

impl Lookup {
    /// Counts one lookup; `false` if the table does not hold the message.
    fn count_once(&self, row: &[u32], tables: &Tables) -> bool {
        match (self.bus, self.message.as_slice()) {
            (Bus::Range, [value, bits]) => {
                let (value, bits) = (value.eval(row), bits.eval(row));
                let holds = u64::from(bits) <= RANGE_MAX_BITS && value >> bits == 0;
                if holds {
                    tables.range.add_count(value, bits as usize);
                }
                holds
            }
            (Bus::Bitwise, [x, y, z, op]) => {
                let (x, y, z) = (x.eval(row), y.eval(row), z.eval(row));
                match op.eval(row) {
                    _ if x > 255 || y > 255 => false,
                    0 if z == 0 => {
                        tables.bitwise.request_range(x, y);
                        true
                    }
                    1 => tables.bitwise.request_xor(x, y) == z,
                    _ => false,
                }
            }
            (Bus::TupleRange, [x, y]) => {
                let (x, y) = (x.eval(row), y.eval(row));
                let Some(table) = &tables.tuple else { return false };
                let holds = x < table.sizes()[0] && y < table.sizes()[1];
                if holds {
                    table.add_count(&[x, y]);
                }
                holds
            }
            _ => false,
        }
    }
}
