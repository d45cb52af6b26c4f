//! Tables under construction: columns with what fills them, constraints, messages.
//!
//! Invariants:
//! - column 0 is [`TableBuilder::is_valid`], which is 0 or 1; constants in constraints are multiples of
//!   it, so a row of zeros satisfies everything;
//! - every message's multiplicity vanishes with it.

use std::borrow::Cow;

use autoprec_circuits::{ColumnId, ColumnKind, Expr, Field, Linear, MachineBus, MachineSystem};
use autoprec_isa::{Alu, Xlen};

use crate::lower::draft::SystemDraft;
use crate::recipe::{Query, RowGenerator, Slot, Source, Step};
use crate::target::Target;

/// A linear form of columns.
pub type Lin<F> = Linear<F>;
/// A polynomial of columns.
pub type Ex<F> = Expr<F>;

/// A system and what fills its rows, under construction. Gadgets are in the sibling modules.
#[derive(Clone, Debug)]
pub struct TableBuilder<F> {
    target: Target,
    xlen: Xlen,
    draft: SystemDraft<F, MachineBus>,
}

impl<F: Field> TableBuilder<F> {
    /// An empty table of a machine with words of this width: column 0 is there.
    pub fn new(target: &Target, xlen: Xlen) -> Self {
        let mut builder = Self { target: *target, xlen, draft: SystemDraft::new() };
        let one = builder.constant(1);
        builder.column("is_valid", ColumnKind::Flag, one);
        builder.constrain(Ex::from(Self::is_valid()).boolean(), "is_valid is 0 or 1");
        builder
    }

    /// What the table is made for.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The width of words.
    pub fn xlen(&self) -> Xlen {
        self.xlen
    }

    /// The column that is 1 on rows and 0 on padding.
    pub fn is_valid() -> Lin<F> {
        Lin::column(ColumnId(0))
    }

    /// A constant that vanishes on padding.
    pub fn int(value: i128) -> Lin<F> {
        Self::is_valid().scale(F::from_i128(value))
    }

    /// A constant as it is, for fields of messages: these need not vanish.
    pub fn plain(value: i128) -> Lin<F> {
        Lin::constant_of(F::from_i128(value))
    }

    /// From now on everything comes from this instruction of a region.
    pub fn set_inst(&mut self, inst: Option<u32>) {
        self.draft.inst = inst;
    }

    /// The next word of the record, for AIRs whose records are written by hand.
    pub fn input(&mut self) -> Slot {
        self.query(Query::Given)
    }

    /// The answer to a query: the next word of the record.
    pub fn query(&mut self, query: Query) -> Slot {
        self.step(Step::Query(query))
    }

    /// The slot of a step.
    pub fn step(&mut self, step: Step<F>) -> Slot {
        self.draft.steps.push(step)
    }

    /// A known integer.
    pub fn constant(&mut self, value: i128) -> Slot {
        self.step(Step::Const(value))
    }

    /// A word operation.
    pub fn alu(&mut self, op: Alu, a: Slot, b: Slot) -> Slot {
        self.step(Step::Alu(op, a, b))
    }

    /// `Σ coefficient · slot + constant`.
    pub fn linear(&mut self, terms: &[(i128, Slot)], constant: i128) -> Slot {
        match terms {
            [] => self.constant(constant),
            [(1, slot)] if constant == 0 => *slot,
            _ => self.step(Step::Linear(terms.to_vec(), constant)),
        }
    }

    /// Some bits of an integer.
    pub fn bits(&mut self, of: Slot, low: u32, len: u32) -> Slot {
        self.step(Step::Bits { of, low, len })
    }

    /// A new column. The name gets a number if it is taken.
    pub fn column(&mut self, name: impl Into<String>, kind: ColumnKind, slot: Slot) -> Lin<F> {
        self.column_from(name, kind, Source::Int(slot))
    }

    /// A new column that is filled with a bit or an inverse.
    pub fn column_from(
        &mut self,
        name: impl Into<String>,
        kind: ColumnKind,
        source: Source,
    ) -> Lin<F> {
        self.draft.column(name.into(), kind, source)
    }

    /// Says with what a column is filled after all.
    pub(crate) fn set_source(&mut self, column: ColumnId, source: Source) {
        self.draft.sources[column.index()] = source;
    }

    /// A new column that is shown to be 0 or 1, filled with a bit of an integer.
    pub fn bit_column(
        &mut self,
        name: impl Into<String>,
        kind: ColumnKind,
        (of, bit): (Slot, u32),
    ) -> Lin<F> {
        let column = self.column_from(name, kind, Source::Bit(of, bit));
        self.constrain(Ex::from(column.clone()).boolean(), "0 or 1");
        column
    }

    /// A new column that is shown to be 0 or 1, filled with an integer.
    pub fn flag(&mut self, name: impl Into<String>, kind: ColumnKind, slot: Slot) -> Lin<F> {
        let column = self.column(name, kind, slot);
        self.constrain(Ex::from(column.clone()).boolean(), "0 or 1");
        column
    }

    /// A new column that equals an expression.
    pub fn materialise(
        &mut self,
        name: impl Into<String>,
        kind: ColumnKind,
        source: Source,
        expr: Ex<F>,
    ) -> Lin<F> {
        let column = self.column_from(name, kind, source);
        self.constrain(expr - column.clone().into(), "column");
        column
    }

    /// A linear form that equals an expression: a new column unless it is one already.
    pub fn linearised(&mut self, name: &str, expr: &Ex<F>, slot: Slot) -> Lin<F> {
        match expr.as_linear() {
            Some(linear) => linear.clone(),
            None => self.materialise(name, ColumnKind::Helper, Source::Int(slot), expr.clone()),
        }
    }

    /// Demands `expr = 0`.
    pub fn constrain(&mut self, expr: Ex<F>, what: impl Into<Cow<'static, str>>) {
        debug_assert!(expr.degree() <= self.target.limits.degree, "degree {}", expr.degree());
        self.draft.constrain(expr, what.into());
    }

    /// Sends a message `multiplicity` times; the multiplicity vanishes on padding.
    pub fn send(
        &mut self,
        bus: MachineBus,
        multiplicity: Lin<F>,
        message: Vec<Lin<F>>,
        what: impl Into<Cow<'static, str>>,
    ) {
        let is_whole = multiplicity.terms().iter().all(|(column, _)| column.index() == 0);
        let plain = |field: Lin<F>| if is_whole { as_constant(field) } else { field };
        let message = message.into_iter().map(|field| Ex::from(plain(field))).collect();
        self.draft.send(bus, multiplicity, message, what.into());
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.draft.sources.len()
    }

    /// The system and what fills its rows.
    pub fn finish(self) -> (MachineSystem<F>, RowGenerator<F>) {
        let SystemDraft { system, steps, sources, .. } = self.draft;
        (system, RowGenerator::new(self.xlen, steps.finish(), sources))
    }
}

/// A multiple of `is_valid` where that is 1.
pub(crate) fn as_constant<F: Field>(form: Lin<F>) -> Lin<F> {
    match form.terms() {
        [(ColumnId(0), factor)] => Lin::constant_of(*factor + form.constant()),
        _ => form,
    }
}
