//! How a table becomes columns: which size, which degree, which messages share a helper column.
//!
//! A layout is a function of system, number of rows and nothing else, so prover and verifier have the
//! same without telling each other.

use autoprec_circuits::{Expr, Pasta, Table};

use crate::cost::Model;
use crate::error::TableError;
use crate::layout::Layout;
use crate::limits::{BLINDED_ROWS, MAX_K};

/// The least size: the library wants eight rows.
const MIN_K: u32 = 3;

/// The least degree of the library's own constraints.
const MIN_DEGREE: usize = 3;

/// Batches are not made so large that the degree exceeds this.
const MAX_BATCHED: usize = 9;

impl Layout {
    /// The layout of a table.
    ///
    /// # Errors
    /// The table has no rows, too many, or fixed columns that do not fit.
    pub fn new(table: &Table<Pasta>) -> Result<Self, TableError> {
        let k = size(table)?;
        let needed = needed_degree(table);
        let (fixed, rows) = (table.fixed.len(), table.rows);
        let main = table.width() - fixed;
        let within = |limit| {
            let (batches, degree) = batches(table, limit);
            Self { k, rows, fixed, main, degree: degree.max(least_degree(table)), batches }
        };
        let model = Model::new(table);
        let layouts = (needed..=needed.max(MAX_BATCHED)).map(within);
        Ok(layouts.min_by_key(|layout| model.prove(layout)).expect("there is at least one degree"))
    }
}

fn size(table: &Table<Pasta>) -> Result<u32, TableError> {
    let name = || table.name.clone();
    if table.rows == 0 {
        return Err(TableError::Empty { table: name() });
    }
    let k = (MIN_K..=MAX_K).find(|k| table.rows <= (1_usize << k) - BLINDED_ROWS);
    let too_many = TableError::TooManyRows { table: name(), rows: table.rows, max_k: MAX_K };
    let shape = |what: String| Err(TableError::Shape { table: name(), what });
    if let Some(what) = table.system.padding_violations().into_iter().next() {
        return shape(format!("on a row of zeros, {what} is not 0"));
    }
    if table.fixed.len() > table.width() {
        return shape(format!("{} fixed columns of {}", table.fixed.len(), table.width()));
    }
    match table.fixed.iter().find(|column| column.len() != table.rows) {
        Some(column) => shape(format!("{} fixed cells for {} rows", column.len(), table.rows)),
        None => k.ok_or(too_many),
    }
}

/// Messages that share a helper column, and what the degree of their constraint follows from.
#[derive(Clone, Debug, Default)]
struct Batch {
    messages: Vec<usize>,
    /// The sum of the degrees of the fingerprints.
    fingerprints: usize,
    /// The most by which a multiplicity's degree, plus 1, exceeds that of its own fingerprint.
    excess: usize,
}

impl Batch {
    /// This with a message whose fingerprint and multiplicity have these degrees.
    fn with(&self, message: usize, (fingerprint, multiplicity): (usize, usize)) -> Self {
        let mut messages = self.messages.clone();
        messages.push(message);
        Self {
            messages,
            fingerprints: self.fingerprints + fingerprint,
            excess: self.excess.max((multiplicity + 1).saturating_sub(fingerprint)),
        }
    }

    /// The degree of the constraint: the helper times all fingerprints, or a selector and a multiplicity
    /// times all others.
    fn degree(&self) -> usize {
        self.fingerprints + self.excess.max(1)
    }
}

/// Degrees of a message: of its fingerprint and of its multiplicity.
fn degrees(table: &Table<Pasta>, message: usize) -> (usize, usize) {
    let interaction = &table.system.interactions[message];
    let fields = interaction.message.iter().map(Expr::degree).max();
    (fields.unwrap_or(0) as usize, interaction.multiplicity.degree() as usize)
}

/// The least degree that holds every constraint.
fn least_degree(table: &Table<Pasta>) -> usize {
    let constraints = table.system.constraints.iter().map(|c| c.expr.degree() as usize);
    constraints.max().unwrap_or(0).max(MIN_DEGREE)
}

/// The least degree that holds every constraint and every message on its own.
fn needed_degree(table: &Table<Pasta>) -> usize {
    let alone = |message| Batch::default().with(message, degrees(table, message)).degree();
    let messages = (0..table.system.interactions.len()).map(alone);
    messages.max().unwrap_or(0).max(least_degree(table))
}

/// Messages to batches, and the highest degree of one: the first with room takes the next, those of high
/// degree first.
fn batches(table: &Table<Pasta>, degree: usize) -> (Vec<Vec<usize>>, usize) {
    let mut order: Vec<usize> = (0..table.system.interactions.len()).collect();
    order.sort_by_key(|&message| std::cmp::Reverse(degrees(table, message)));
    let (mut full, mut open): (Vec<Batch>, Vec<Batch>) = (Vec::new(), Vec::new());
    for message in order {
        let of_message = degrees(table, message);
        let fitting = open.iter().map(|batch| batch.with(message, of_message));
        match fitting.enumerate().find(|(_, batch)| batch.degree() <= degree) {
            Some((index, batch)) => open[index] = batch,
            None => open.push(Batch::default().with(message, of_message)),
        }
        // Constant fingerprints, for which there would be room, are rare.
        full.extend(open.extract_if(.., |batch| batch.with(0, (1, 0)).degree() > degree));
    }
    full.append(&mut open);
    if full.is_empty() {
        full.push(Batch::default());
    }
    let degree = full.iter().map(Batch::degree).max().expect("there is a batch");
    (full.into_iter().map(|batch| batch.messages).collect(), degree)
}
