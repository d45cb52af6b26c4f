//! From the cells of a table to the columns of its circuit.

use autoprec_circuits::{Pasta, Table};
use pasta_curves::Fp;

use crate::challenge::Challenges;
use crate::error::ProveError;
use crate::layout::Layout;
use crate::logup::{Second, ZeroFingerprint};

/// Refuses cells that are not whole rows, too many, or not those that are fixed.
pub(crate) fn check_cells(table: &Table<Pasta>, cells: &[Pasta]) -> Result<(), ProveError> {
    let (width, rows) = (table.width(), table.rows);
    let fail = |what: String| Err(ProveError::Cells { table: table.name.clone(), what });
    if width == 0 || !cells.len().is_multiple_of(width) || cells.len() / width > rows {
        return fail(format!("{} cells for {rows} rows of {width}", cells.len()));
    }
    for (column, fixed) in table.fixed.iter().enumerate() {
        if !cells.iter().skip(column).step_by(width).eq(fixed) {
            return fail(format!("column {column} is not what is fixed"));
        }
    }
    Ok(())
}

/// The columns of the first phase.
pub(crate) fn first_phase(table: &Table<Pasta>, cells: &[Pasta]) -> Vec<Vec<Fp>> {
    let (width, fixed) = (table.width(), table.fixed.len());
    let rows = cells.len() / width;
    let mut columns = vec![Vec::with_capacity(rows); width - fixed];
    for row in cells.chunks(width) {
        for (column, cell) in columns.iter_mut().zip(&row[fixed..]) {
            column.push(cell.inner());
        }
    }
    columns
}

/// The columns of both phases and the table's sum.
pub(crate) fn both_phases(
    table: &Table<Pasta>,
    layout: &Layout,
    challenges: &Challenges,
    cells: &[Pasta],
) -> Result<(Vec<Vec<Fp>>, Fp), ProveError> {
    let mut columns = first_phase(table, cells);
    let second = Second::new(&table.system, layout, challenges, cells);
    let second = second.map_err(|ZeroFingerprint { row, message }| {
        ProveError::ZeroFingerprint { table: table.name.clone(), row, message }
    })?;
    columns.extend(second.columns);
    Ok((columns, second.sum))
}
