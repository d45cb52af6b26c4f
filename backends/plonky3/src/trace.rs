//! Cells of a table as the prover commits to them.

use autoprec_circuits::{BabyBear, Table};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use rayon::prelude::*;

use crate::air::TableAir;
use crate::config::Val;
use crate::error::ProveError;
use crate::machine::Machine;
use crate::polynomial::{Row, element};

impl Machine {
    /// The prover's columns of a table, padded to its height, with those that are derived.
    pub(crate) fn trace(
        &self,
        index: usize,
        table: &Table<BabyBear>,
        cells: &[BabyBear],
    ) -> Result<RowMajorMatrix<Val>, ProveError> {
        check_cells(table, cells)?;
        let air: &TableAir = &self.airs[index].0;
        let (fixed, given) = (table.fixed.len(), air.main_width - air.derived.len());
        let fixed_width = air.fixed.as_ref().map_or(0, |fixed| fixed.width);
        let fixed_row = |row: usize| match &air.fixed {
            Some(matrix) => &matrix.values[row * fixed_width..][..fixed_width],
            None => &[],
        };
        let mut values = vec![Val::ZERO; air.main_width << self.log_heights[index]];
        values.par_chunks_exact_mut(air.main_width).enumerate().for_each(|(row, main)| {
            let (main, derived) = main.split_at_mut(given);
            if let Some(from) = cells.chunks_exact(table.width()).nth(row) {
                for (to, &from) in main.iter_mut().zip(&from[fixed..]) {
                    *to = element(from);
                }
            }
            let row = Row { fixed: fixed_row(row), main };
            for (to, value) in derived.iter_mut().zip(&air.derived) {
                *to = value.eval(&row);
            }
        });
        Ok(RowMajorMatrix::new(values, air.main_width))
    }
}

/// Checks that the cells are whole rows, not too many, with the fixed columns as they are.
fn check_cells(table: &Table<BabyBear>, cells: &[BabyBear]) -> Result<(), ProveError> {
    let fail = |what: String| Err(ProveError::Cells { table: table.name.clone(), what });
    let width = table.width();
    let rows = cells.len() / width;
    let exact = !table.fixed.is_empty();
    if !cells.len().is_multiple_of(width) || rows > table.rows || (exact && rows < table.rows) {
        return fail(format!("{} cells, for {} rows of {width}", cells.len(), table.rows));
    }
    for (column, contents) in table.fixed.iter().enumerate() {
        if !cells.iter().skip(column).step_by(width).eq(contents) {
            return fail(format!("column {column} is not what is fixed"));
        }
    }
    Ok(())
}
