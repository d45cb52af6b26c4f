//! What Plonky3 makes of a table: columns and degrees, counted as it counts them.

use p3_air::BaseAir;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::{get_log_num_quotient_chunks, get_symbolic_constraints};
use p3_field::BasedVectorSpace;
use p3_lookup::{LogUpGadget, Lookups};

use crate::air::SharedAir;
use crate::config::{Challenge, Parameters, Val};
use crate::polynomial::Polynomial;

/// The columns of a table, in elements of the field of cells, and what is evaluated on a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) log_height: usize,
    pub(crate) fixed: usize,
    pub(crate) main: usize,
    /// Columns of sums of messages, and of the running sum.
    pub(crate) bus: usize,
    pub(crate) quotient: usize,
    /// The binary logarithm of the points per row at which constraints are evaluated.
    pub(crate) log_chunks: usize,
    /// Constraints, those of buses included.
    pub(crate) constraints: usize,
    /// Fields of messages.
    pub(crate) fields: usize,
    pub(crate) messages: usize,
    pub(crate) widest_message: usize,
    /// Terms of constraints and of what derived columns are equal to.
    pub(crate) terms: usize,
}

impl Layout {
    pub(crate) fn new(air: &SharedAir, log_height: usize, parameters: &Parameters) -> Self {
        let gadget = LogUpGadget::new();
        let layout = AirLayout::from_air::<Val>(air);
        let log_chunks = |lookups: &Lookups<Val>| {
            let rows = 1 << log_height;
            get_log_num_quotient_chunks::<Val, Challenge, _, _>(
                air, layout, rows, lookups, 0, &gadget,
            )
        };
        let unfolded = Lookups::<Val>::from_air::<Challenge, _>(air);
        let free = (1 << log_chunks(&unfolded)) + 1;
        let folded = unfolded.pack_same_bus(&gadget, free.max(parameters.fold_degree));
        let log_chunks = log_chunks(&folded);
        let (cells, sums) =
            get_symbolic_constraints::<Val, Challenge, _, _>(air, layout, &folded, &gadget);
        let dimension = <Challenge as BasedVectorSpace<Val>>::DIMENSION;
        let polynomials = air.0.constraints.iter().chain(&air.0.derived);
        let fields = air.0.messages.iter().map(|message| message.fields.len());
        Self {
            log_height,
            fixed: BaseAir::<Val>::preprocessed_width(air),
            main: air.0.main_width,
            bus: if folded.is_empty() { 0 } else { dimension * (folded.len() + 1) },
            quotient: dimension << log_chunks,
            log_chunks,
            constraints: cells.len() + sums.len(),
            fields: fields.clone().sum(),
            messages: air.0.messages.len(),
            widest_message: fields.max().unwrap_or(0),
            terms: polynomials.map(Polynomial::terms).sum(),
        }
    }

    /// All that is committed to, per row.
    pub(crate) const fn columns(&self) -> usize {
        self.fixed + self.main + self.bus + self.quotient
    }

    /// Values at the point at which constraints are checked; those of buses at the next as well.
    pub(crate) const fn opened(&self) -> usize {
        self.columns() + self.bus
    }
}
