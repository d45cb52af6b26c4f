//! Trace generation: from the records of calls to their rows.

use std::convert::Infallible;

use autoprec_circuits::Field;
use autoprec_isa::Xlen;

use super::engine::{Answer, Engine};
use super::host::RecordWord;
use super::program::Program;
use super::steps::{Query, Slot, Source, Step};

/// See [`RowGenerator::LANES`].
const LANES: usize = 16;

/// Columns that are written to one row before it is the next row's turn: a cache line.
const TILE: usize = 16;

/// Generates the rows of an AIR from their records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowGenerator<F> {
    pub(super) xlen: Xlen,
    /// Where the region begins.
    pub(super) entry: u64,
    pub(super) steps: Vec<Step<F>>,
    /// What each column is made from.
    columns: Vec<Source>,
    /// Derived: queries.
    record_words: usize,
    /// Derived: the columns from the words of a record.
    engine: Engine<F>,
}

/// Answers queries by a record.
struct Recorded<'a, R>(&'a [R]);

impl<R: RecordWord> Answer for Recorded<'_, R> {
    type Error = Infallible;

    #[inline]
    fn answer(&mut self, _: Query, place: u32, _: impl Fn(Slot) -> u64) -> Result<u64, Infallible> {
        Ok(self.0[place as usize].to_word())
    }
}

impl<F: Field> RowGenerator<F> {
    /// Rows that [`Self::generate_in_place`] makes together: each operation is a few vector
    /// instructions.
    pub const LANES: usize = LANES;

    /// Of these steps and what each column is made from, for a region that begins at address 0.
    pub(crate) fn new(xlen: Xlen, steps: Vec<Step<F>>, columns: Vec<Source>) -> Self {
        let record_words = steps.iter().filter(|step| step.query().is_some()).count();
        let engine = Engine::new(&steps, xlen, &columns, false, |_| false);
        Self { xlen, entry: 0, steps, columns, record_words, engine }
    }

    /// Words of a record: one per query, in their order.
    pub fn record_words(&self) -> usize {
        self.record_words
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The steps, in order; a [`Slot`] is a position here.
    pub fn steps(&self) -> &[Step<F>] {
        &self.steps
    }

    /// What each column is made from.
    pub fn columns(&self) -> &[Source] {
        &self.columns
    }

    /// Generates a row of [`Self::width`] cells from a record of [`Self::record_words`] words.
    pub fn generate<R: RecordWord>(&self, record: &[R], row: &mut [F]) {
        match &self.engine {
            Engine::Narrow(program) => {
                let mut words = vec![[0; 1]; program.len()];
                self.replay(program, &mut words, |_, place| record[place].to_word());
                let cells = program.results().iter().map(|&at| words[at as usize][0]);
                row.iter_mut().zip(cells).for_each(|(cell, word)| *cell = F::from_u64(word.into()));
            }
            Engine::Wide(pruned) => {
                let mut slots = Vec::new();
                let place = (self.xlen, self.entry);
                let Ok(()) = pruned.run(place, &mut slots, &mut Recorded(record));
                for (cell, source) in row.iter_mut().zip(pruned.results()) {
                    *cell = source.cell(&slots);
                }
            }
        }
    }

    /// Generates rows whose cells are the representatives of elements of a field of order below 2^32.
    /// Each row begins with the record of its call, which it must have room for.
    ///
    /// [`Self::LANES`] rows take little more time than one, if all numbers are words of 32 bits.
    pub fn generate_in_place(&self, rows: &mut [u32]) {
        let width = self.width();
        match &self.engine {
            Engine::Narrow(program) => {
                let mut words = vec![[0; LANES]; program.len()];
                for rows in rows.chunks_mut(width * LANES) {
                    // Lanes without a row do what the last one does.
                    let last = rows.len() / width - 1;
                    self.replay(program, &mut words, |lane, place| {
                        u64::from(rows[lane.min(last) * width + place])
                    });
                    write_columns(program, &words, (width, rows));
                }
            }
            Engine::Wide(_) => {
                let mut cells = vec![F::ZERO; width];
                for row in rows.chunks_mut(width) {
                    self.generate(&row[..self.record_words], &mut cells);
                    for (word, cell) in row.iter_mut().zip(&cells) {
                        *word = u32::try_from(cell.to_u64()).expect("the field is small");
                    }
                }
            }
        }
    }

    /// Computes everything that columns need for `L` calls, given the words of their records.
    #[inline]
    fn replay<const L: usize>(
        &self,
        program: &Program<F>,
        words: &mut [[u32; L]],
        record: impl Fn(usize, usize) -> u64,
    ) {
        let answers =
            |place: u32| std::array::from_fn(|lane| u32::from_word(record(lane, place as usize)));
        let Ok(()) =
            program.run(self.entry, words, |_, place, _| Ok::<_, Infallible>(answers(place)));
    }

    /// What every step gives on a record, by the definition of steps.
    ///
    /// `alter` is given each step's position and result, and says what is used instead: a prover
    /// that does not keep to the recipe.
    pub fn results<R: RecordWord>(
        &self,
        record: &[R],
        alter: impl Fn(usize, i128) -> i128,
    ) -> Vec<i128> {
        let mut slots = Vec::with_capacity(self.steps.len());
        let mut answers = record.iter();
        for (index, step) in self.steps.iter().enumerate() {
            let value = match step {
                Step::Query(_) => {
                    let answer = answers.next().expect("the record has a word per query");
                    i128::from(answer.to_word())
                }
                other => other.eval(self.xlen, self.entry, &slots),
            };
            slots.push(alter(index, value));
        }
        slots
    }

    /// The row that [`Self::results`] make.
    pub fn altered<R: RecordWord>(
        &self,
        record: &[R],
        alter: impl Fn(usize, i128) -> i128,
    ) -> Vec<F> {
        let slots = self.results(record, alter);
        self.columns.iter().map(|source| source.cell(&slots)).collect()
    }
}

/// Writes the columns of as many lanes as there are rows.
#[inline]
fn write_columns<F: Field, const L: usize>(
    program: &Program<F>,
    words: &[[u32; L]],
    (width, rows): (usize, &mut [u32]),
) {
    for (columns, start) in program.results().chunks(TILE).zip((0..).step_by(TILE)) {
        let mut tile = [[0; L]; TILE];
        for (lanes, &position) in tile.iter_mut().zip(columns) {
            *lanes = words[position as usize];
        }
        for (lane, row) in (0..L).zip(rows.chunks_exact_mut(width)) {
            let cells: [u32; TILE] = std::array::from_fn(|column| tile[column][lane]);
            let row = &mut row[start..];
            match row.first_chunk_mut() {
                Some(full) => *full = cells,
                None => row.copy_from_slice(&cells[..columns.len()]),
            }
        }
    }
}
