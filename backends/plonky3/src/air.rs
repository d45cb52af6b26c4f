//! One table as Plonky3 sees it.
//!
//! **Invariants**
//!
//! - Constraints and messages concern one row; no column is opened at the next.
//! - A table with fixed columns and fewer rows than its height has one more fixed column, which is 1
//!   on its rows and 0 below; below, the prover's columns are 0. So padding is a row of zeros there.
//! - A field of a message that is more than a few cells is a column of its own, which a constraint says
//!   to be equal to it: Plonky3 evaluates messages by walking trees, row by row, and folds more of them
//!   into a column if their degree is 1.

use std::sync::Arc;

use p3_air::{Air, AirBuilder, BaseAir, DebugConstraintBuilder, WindowAccess};
use p3_batch_stark::folder::{
    ProverConstraintFolderWithLookups, VerifierConstraintFolderWithLookups,
};
use p3_lookup::{Count, InteractionBuilder, InteractionSymbolicBuilder};
use p3_matrix::dense::RowMajorMatrix;

use crate::config::{Challenge, Config, Val};
use crate::polynomial::{Polynomial, Row};

/// A message of a row.
#[derive(Debug)]
pub(crate) struct Message {
    /// The bus and the number of fields: messages of different length never meet.
    pub(crate) bus: String,
    /// How often it is sent.
    pub(crate) multiplicity: Polynomial,
    /// An upper bound of the multiplicity's magnitude.
    pub(crate) weight: u32,
    /// Its fields.
    pub(crate) fields: Vec<Polynomial>,
}

/// A table.
#[derive(Debug)]
pub(crate) struct TableAir {
    /// The prover's columns, those that are derived last; at least one, for Plonky3 wants one.
    pub(crate) main_width: usize,
    /// What the derived columns are equal to.
    pub(crate) derived: Vec<Polynomial>,
    /// The verifier's columns, padded to the height, if there are any.
    pub(crate) fixed: Option<RowMajorMatrix<Val>>,
    /// What is zero on every row.
    pub(crate) constraints: Vec<Polynomial>,
    /// What every row sends.
    pub(crate) messages: Vec<Message>,
}

/// A table that is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SharedAir(pub(crate) Arc<TableAir>);

impl BaseAir<Val> for SharedAir {
    fn width(&self) -> usize {
        self.0.main_width
    }

    fn preprocessed_width(&self) -> usize {
        self.0.fixed.as_ref().map_or(0, |fixed| fixed.width)
    }

    fn preprocessed_trace(&self) -> Option<RowMajorMatrix<Val>> {
        self.0.fixed.clone()
    }

    fn main_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn preprocessed_next_row_columns(&self) -> Vec<usize> {
        Vec::new()
    }

    fn num_constraints(&self) -> Option<usize> {
        Some(self.0.derived.len() + self.0.constraints.len())
    }
}

impl SharedAir {
    fn row<'a, AB: AirBuilder>(
        &self,
        fixed: &'a AB::PreprocessedWindow,
        main: &'a AB::MainWindow,
    ) -> Row<'a, AB::Var> {
        // A window of no columns has no rows.
        let fixed = if self.0.fixed.is_some() { fixed.current_slice() } else { &[] };
        Row { fixed, main: main.current_slice() }
    }

    fn assert_constraints<AB: AirBuilder<F = Val>>(&self, builder: &mut AB) {
        let (main, fixed) = (builder.main(), builder.preprocessed().clone());
        let row = self.row::<AB>(&fixed, &main);
        for (index, value) in self.0.derived.iter().enumerate() {
            let cell: AB::Expr = row.main[self.0.main_width - self.0.derived.len() + index].into();
            builder.assert_zero(cell - value.eval::<AB::Var, AB::Expr>(&row));
        }
        for constraint in &self.0.constraints {
            builder.assert_zero(constraint.eval::<AB::Var, AB::Expr>(&row));
        }
    }
}

// Messages are recorded once, by the symbolic builder. The others get them from that record, so what
// they would evaluate here would be thrown away.

impl Air<InteractionSymbolicBuilder<Val, Challenge>> for SharedAir {
    fn eval(&self, builder: &mut InteractionSymbolicBuilder<Val, Challenge>) {
        type Builder = InteractionSymbolicBuilder<Val, Challenge>;
        type Expression = <Builder as AirBuilder>::Expr;
        self.assert_constraints(builder);
        let (main, fixed) = (builder.main(), builder.preprocessed().clone());
        let row = self.row::<Builder>(&fixed, &main);
        for Message { bus, multiplicity, weight, fields } in &self.0.messages {
            let fields: Vec<Expression> = fields.iter().map(|f| f.eval(&row)).collect();
            let multiplicity: Expression = multiplicity.eval(&row);
            builder.push_interaction(bus, fields, Count::bounded(multiplicity, *weight));
        }
    }
}

impl Air<ProverConstraintFolderWithLookups<'_, Config>> for SharedAir {
    fn eval(&self, builder: &mut ProverConstraintFolderWithLookups<'_, Config>) {
        self.assert_constraints(builder);
    }
}

impl Air<VerifierConstraintFolderWithLookups<'_, Config>> for SharedAir {
    fn eval(&self, builder: &mut VerifierConstraintFolderWithLookups<'_, Config>) {
        self.assert_constraints(builder);
    }
}

impl Air<DebugConstraintBuilder<'_, Val, Challenge>> for SharedAir {
    fn eval(&self, builder: &mut DebugConstraintBuilder<'_, Val, Challenge>) {
        self.assert_constraints(builder);
    }
}
