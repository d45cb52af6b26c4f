//! What a proof costs, predicted from the system and its layout.
//!
//! The model has the parts of the library's prover: a commitment per column (Pippenger's method with
//! digits of ⌈ln n⌉ bits, so it is the number of digits that counts), transforms, evaluation of the
//! constraints node by node on the larger domain, and the opening, which costs the same whatever the
//! columns. The constants are nanoseconds of one thread of the machine that they were measured on
//! (`benches/primitives.rs`, `benches/rounds.rs`); on others all times are off by one factor.

use std::collections::BTreeMap;

use autoprec_circuits::{ColumnId, Expr, Field, Linear, MachineBus, MachineSystem, Pasta, Table};

use crate::expression::Nodes;
use crate::layout::Layout;
use crate::limits::MOST_BITS;

/// A product of field elements.
const PRODUCT: u64 = 17;
/// A sum of columns, per cell.
const SUM: u64 = 5;
/// A copy of a column, per cell.
const LEAF: u64 = 4;
/// A transform, per cell and level.
const TRANSFORM: u64 = 17;
/// A point added to a bucket.
const ADD_POINT: u64 = 270;
/// A bucket that is not empty, summed up.
const BUCKET: u64 = 640;
/// A digit looked at, and an empty bucket.
const DIGIT: u64 = 6;
const EMPTY: u64 = 78;
/// A point doubled: as often as an element has bits, for each commitment.
const DOUBLE: u64 = 75;
/// A node of a constraint in a key: made three times, and written out to be hashed.
const KEY_NODE: u64 = 3_000;
/// A generator folded in the opening.
const FOLD: u64 = 150_000;
/// Per cell of advice: assigning, copying, evaluating, combining.
const CELL: u64 = 700;
/// Per row and term of a message: evaluating it for the helper columns.
const TERM: u64 = 45;
/// Bits of an element.
const FULL: u32 = 255;

/// What a proof of a table is predicted to cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Nanoseconds of one thread for the proof and its keys.
    pub prove: u64,
    /// Nanoseconds of one thread for the key and the check.
    pub verify: u64,
    /// Bytes of memory while it is made.
    pub memory: u64,
    /// Bytes of the proof, exactly: [`Layout::proof_bytes`].
    pub proof: u64,
}

impl Cost {
    /// The cost of a table's proof. How many bits columns have is seen from `sample`, which is rows of the
    /// table; if there are none, it is guessed from the system.
    pub fn new(table: &Table<Pasta>, layout: &Layout, sample: &[Pasta]) -> Self {
        let model = match sample {
            [] => Model::new(table),
            sample => Model::of(table, &widths_in(sample, table.width())),
        };
        Self {
            prove: model.prove(layout),
            verify: model.verify(layout),
            memory: memory(layout),
            proof: layout.proof_bytes() as u64,
        }
    }
}

/// What does not depend on the layout.
pub(crate) struct Model<'a> {
    system: &'a MachineSystem<Pasta>,
    /// Of the constraints of the system.
    constraints: Nodes,
    /// How many columns that are not fixed have so many bits.
    widths: BTreeMap<u32, u64>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(table: &'a Table<Pasta>) -> Self {
        Self::of(table, &widths_of(&table.system))
    }

    /// With columns of so many bits.
    fn of(table: &'a Table<Pasta>, bits: &[u32]) -> Self {
        let system = &table.system;
        let constraints = system.constraints.iter().map(|c| Nodes::of(&c.expr));
        let constraints = constraints.fold(Nodes::default(), Nodes::plus);
        let mut widths = BTreeMap::new();
        for bits in &bits[table.fixed.len().min(system.columns.len())..] {
            *widths.entry(*bits).or_default() += 1;
        }
        Self { system, constraints, widths }
    }

    /// Nanoseconds of the prover.
    pub(crate) fn prove(&self, layout: &Layout) -> u64 {
        let rows = 1_u64 << layout.k;
        let used = layout.rows as u64;
        let columns = self.widths.iter();
        let first: u64 = columns
            .map(|(&bits, &count)| {
                count * (commit(layout.k, used, bits) + replay(layout.k, used, bits))
            })
            .sum();
        // Helper columns and pieces of the quotient, one column of the opening, and two rounds of halves.
        let large = layout.batches.len() as u64 + layout.degree as u64 + 2;
        let large = large * commit(layout.k, rows, FULL);
        let advice = layout.advice() as u64;
        let levels = u64::from(layout.k);
        let extension = layout.extension() as u64;
        let extended = levels + u64::from(layout.extension().trailing_zeros());
        let per_column = TRANSFORM * (levels + extension * extended) + CELL;
        let gates = self.gates(layout).nanoseconds() * extension;
        let terms: usize =
            self.system.interactions.iter().flat_map(|i| &i.message).map(Expr::terms).sum();
        let messages = TERM * (terms as u64 + 4 * self.system.interactions.len() as u64);
        let keys = KEY_NODE * self.gates(layout).count();
        first + large + rows * (advice * per_column + gates + FOLD) + used * messages + keys
    }

    /// What is evaluated on the larger domain.
    fn gates(&self, layout: &Layout) -> Nodes {
        let interactions = &self.system.interactions;
        let fingerprint = |message: usize| {
            let fields = interactions[message].message.iter().map(Nodes::of);
            fields.fold(Nodes { leaves: 1, ..Nodes::default() }, Nodes::plus)
        };
        let mut all = self.constraints;
        all.products += self.system.constraints.len() as u64;
        for batch in &layout.batches {
            let mut order = batch.clone();
            order.sort_by_key(|&message| fingerprint(message).nanoseconds());
            for (place, &message) in order.iter().enumerate() {
                let multiplicity = Nodes::of(&interactions[message].multiplicity);
                let copies = 1 + order.len().saturating_sub(place + 1) as u64;
                all = all.plus(multiplicity).plus(fingerprint(message).times(copies));
                all.products += 2 + copies;
                all.leaves += 2;
                all.sums += 2;
            }
        }
        all.plus(
            Nodes { sums: 1, leaves: 1, ..Nodes::default() }.times(layout.batches.len() as u64),
        )
    }

    /// Nanoseconds of the verifier: two points or elements per column to be read, the sum of the
    /// generators, and the key with its fixed columns.
    fn verify(&self, layout: &Layout) -> u64 {
        let rows = 1_u64 << layout.k;
        let fixed = (layout.fixed as u64 + 1) * commit(layout.k, rows, 16);
        let keys = KEY_NODE / 2 * self.gates(layout).count();
        layout.advice() as u64 * 40_000 + rows * 9_000 + fixed + keys
    }
}

impl Nodes {
    fn count(self) -> u64 {
        self.products + self.sums + self.leaves
    }

    fn nanoseconds(self) -> u64 {
        PRODUCT * self.products + SUM * self.sums + LEAF * self.leaves
    }
}

/// Bits of a digit, and digits, of a commitment.
fn digits(k: u32) -> (u32, u32) {
    // ⌈ln(2^k + 1)⌉, for ln 2 = 0.6931….
    let bits = (k * 6932).div_ceil(10_000).max(3);
    (bits, 256 / bits + 1)
}

/// Nanoseconds for a commitment to a column of which `used` cells have so many bits.
fn commit(k: u32, used: u64, bits: u32) -> u64 {
    let (digit, digits) = digits(k);
    let buckets = 1_u64 << (digit - 1);
    let rows = 1_u64 << k;
    let busy = u64::from((bits + 1).div_ceil(digit).min(digits));
    let (points, filled) = if bits <= 1 { (used / 2, 1) } else { (used, buckets.min(used)) };
    let scan = u64::from(digits) * (rows * DIGIT + buckets * EMPTY);
    scan + DOUBLE * u64::from(FULL) + busy * (points * ADD_POINT + filled * BUCKET)
}

/// Nanoseconds for the same commitment, made beforehand.
fn replay(k: u32, used: u64, bits: u32) -> u64 {
    if bits <= MOST_BITS { u64::from(bits) * used * ADD_POINT / 8 } else { commit(k, used, bits) }
}

fn memory(layout: &Layout) -> u64 {
    // Of each cell: ours twice, the library's values twice, coefficients, and the larger domain twice.
    let per_cell = 32 * (5 + 2 * layout.extension() as u64);
    let columns = layout.advice() as u64 + layout.fixed as u64 + 10;
    (per_cell * columns) << layout.k
}

/// Bits that columns have in these rows.
fn widths_in(cells: &[Pasta], width: usize) -> Vec<u32> {
    let mut widths = vec![0; width];
    for row in cells.chunks(width) {
        for (width, cell) in widths.iter_mut().zip(row) {
            let cell = Field::to_u64(*cell);
            let bits = if cell == u64::MAX { FULL } else { u64::BITS - cell.leading_zeros() };
            *width = bits.max(*width);
        }
    }
    widths
}

/// Bits that columns have at most, as far as the system says so in plain words: by a constraint that it
/// is a bit, or by a range lookup of the column itself. Others have 64.
fn widths_of(system: &MachineSystem<Pasta>) -> Vec<u32> {
    let mut widths = vec![64; system.columns.len()];
    let mut narrow = |column: ColumnId, bits: u32| {
        let width: &mut u32 = &mut widths[column.index()];
        *width = bits.min(*width);
    };
    for constraint in &system.constraints {
        if let Some(column) = bit(&constraint.expr) {
            narrow(column, 1);
        }
    }
    let ranges = system.interactions.iter().filter(|i| i.bus == MachineBus::Range);
    for [value, bits] in ranges.filter_map(|i| i.message.first_chunk::<2>()) {
        let column = value.as_linear().and_then(Linear::as_column);
        let bits = bits.as_linear().and_then(Linear::as_constant);
        let bits = bits.and_then(|bits| u32::try_from(Field::to_u64(bits)).ok());
        if let (Some(column), Some(bits)) = (column, bits) {
            narrow(column, bits);
        }
    }
    widths
}

/// The column that is 0, or 1, or the other column of a product of two, if that is what this says.
fn bit(expr: &Expr<Pasta>) -> Option<ColumnId> {
    let Expr::Product(factors) = expr else { return None };
    let [left, right] = &factors[..] else { return None };
    let column = left.as_linear()?.as_column()?;
    right.mentions(column).then_some(column)
}
