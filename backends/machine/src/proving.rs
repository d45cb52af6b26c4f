//! A run made ready for a prover: its statement, and the rows of each table when they are asked for.
//!
//! Rows are filled from records by chunks in parallel, and only when asked for: the rows of one table
//! are held at a time, if the prover lets them go.

use autoprec_circuits::{Field, Statement, Trace};
use rayon::prelude::*;

use crate::guest::Guest;
use crate::run::{Records, Run};
use crate::statement::{Part, Public, Stated, StatementError, stated};
use crate::written::base::{Ranges, count_row, program_message, range_rows};

/// Rows that are filled by one thread at a time.
const CHUNK: usize = 1024;

/// A run with its statement.
#[derive(Clone, Debug)]
pub struct Proving<F> {
    run: Run<F>,
    stated: Stated<F>,
    guest: Guest,
    /// How often each row of the range table is looked up.
    lookups: Vec<u64>,
}

impl<F: Field> Run<F> {
    /// What both sides know of this run.
    pub fn public(&self) -> Public {
        Public { output: self.output.clone(), exit_code: self.exit_code }
    }

    /// States the run and counts what its rows look up.
    ///
    /// # Errors
    /// If the run is too large for the target.
    pub fn prepare(mut self, guest: &Guest) -> Result<Proving<F>, StatementError> {
        let (public, claims) = (self.public(), self.claims.clone());
        let stated = stated(guest, &mut self.tables, &public, &claims)?;
        let mut lookups = vec![0; stated.ranges.rows()];
        for records in self.records.values() {
            count_lookups(records, &stated.ranges, &mut lookups);
        }
        Ok(Proving { run: self, stated, guest: guest.clone(), lookups })
    }
}

impl<F: Field> Proving<F> {
    /// The statement that is proved.
    pub fn statement(&self) -> &Statement<F> {
        &self.stated.statement
    }

    /// The run.
    pub fn run(&self) -> &Run<F> {
        &self.run
    }

    /// The cells of a table of the statement, row by row.
    pub fn rows(&self, table: usize) -> Vec<F> {
        match &self.stated.parts[table] {
            Part::Program => self.program(),
            Part::Range => range_rows(&self.stated.ranges, &self.lookups),
            Part::Rows(id, _) => match self.run.records.get(&id.number()) {
                Some(records) => fill(records),
                None => Vec::new(),
            },
        }
    }

    /// The cells of all tables.
    pub fn trace(&self) -> Trace<F> {
        let tables = 0..self.stated.statement.tables.len();
        Trace { cells: tables.map(|table| self.rows(table)).collect() }
    }

    fn program(&self) -> Vec<F> {
        let (target, xlen) = (&self.run.tables.target, self.guest.xlen());
        let rows = self.stated.lines.iter().flat_map(|line| {
            let count = self.run.executed.get(&line.operands.pc).copied().unwrap_or_default();
            let mut row = program_message(line, target, xlen);
            row.push(F::from_u64(count));
            row
        });
        rows.collect()
    }
}

/// The cells of a table's rows.
fn fill<F: Field>(records: &Records<F>) -> Vec<F> {
    let width = records.maker.system().columns.len();
    let mut cells = vec![F::ZERO; width * records.rows()];
    cells
        .par_chunks_mut(CHUNK * width)
        .zip(records.chunks())
        .for_each(|(rows, records_of_rows)| records.fill(records_of_rows, rows));
    cells
}

impl<F: Field> Records<F> {
    /// The records of [`CHUNK`] rows at a time.
    fn chunks(&self) -> rayon::slice::Chunks<'_, u64> {
        self.words.par_chunks(CHUNK * self.maker.record_words())
    }

    fn fill(&self, words: &[u64], rows: &mut [F]) {
        let (width, length) = (self.maker.system().columns.len(), self.maker.record_words());
        for (record, row) in words.chunks(length).zip(rows.chunks_mut(width)) {
            self.maker.fill(record, row);
        }
    }
}

/// Adds what the rows look up in the range table.
fn count_lookups<F: Field>(records: &Records<F>, ranges: &Ranges, lookups: &mut [u64]) {
    let system = records.maker.system();
    let width = system.columns.len();
    let count = |mut counts: Vec<u64>, words: &[u64]| {
        let mut rows = vec![F::ZERO; words.len() / records.maker.record_words() * width];
        records.fill(words, &mut rows);
        rows.chunks(width).for_each(|row| count_row(system, row, ranges, &mut counts));
        counts
    };
    let add = |mut a: Vec<u64>, b: Vec<u64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    let none = || vec![0; lookups.len()];
    let counts = records.chunks().fold(none, count).reduce(none, add);
    lookups.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}
