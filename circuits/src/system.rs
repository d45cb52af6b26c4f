//! The constraint system itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use crate::bus::{Bus, BusKind};
use crate::column::{Column, ColumnKind};
use crate::expr::Expr;
use crate::field::Field;

/// Where a constraint or a message comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The instruction of the region, counted from 0, if it is one instruction's.
    pub instruction: Option<u32>,
    /// What is being said, in a few words.
    pub what: Cow<'static, str>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instruction {
            Some(index) => write!(f, "@{index} {}", self.what),
            None => write!(f, "{}", self.what),
        }
    }
}

/// An expression that is zero on every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint<F> {
    /// The expression.
    pub expr: Expr<F>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A message that a row sends `multiplicity` times; a negative multiplicity receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction<F, B = Bus> {
    /// Where the message goes.
    pub bus: B,
    /// How often it is sent.
    pub multiplicity: Expr<F>,
    /// The fields of the message, as many as [`BusKind::message_len`] says.
    pub message: Vec<Expr<F>>,
    /// Where it comes from.
    pub origin: Origin,
}

/// The size of a constraint system, in the units that provers charge for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    /// Main columns: cells per call.
    pub columns: usize,
    /// Messages per row.
    pub interactions: usize,
    /// Constraints per row, the messages' own not counted.
    pub constraints: usize,
}

/// Columns, constraints and messages of one kind of row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintSystem<F, B = Bus> {
    /// The columns of a row, in order.
    pub columns: Vec<Column>,
    /// What is zero on every row.
    pub constraints: Vec<Constraint<F>>,
    /// The messages of a row.
    pub interactions: Vec<Interaction<F, B>>,
}

impl<F, B> Default for ConstraintSystem<F, B> {
    fn default() -> Self {
        Self { columns: Vec::new(), constraints: Vec::new(), interactions: Vec::new() }
    }
}

impl<F: Field, B: BusKind> ConstraintSystem<F, B> {
    /// The size of the system.
    pub fn size(&self) -> Size {
        Size {
            columns: self.columns.len(),
            interactions: self.interactions.len(),
            constraints: self.constraints.len(),
        }
    }

    /// The largest degree of a constraint, multiplicity or message field.
    pub fn degree(&self) -> u32 {
        let messages = self
            .interactions
            .iter()
            .flat_map(|i| i.message.iter().chain([&i.multiplicity]))
            .map(Expr::degree);
        self.constraints.iter().map(|c| c.expr.degree()).chain(messages).max().unwrap_or(0)
    }

    /// How many columns of each kind there are; kinds without columns are left out.
    pub fn columns_by_kind(&self) -> BTreeMap<ColumnKind, usize> {
        count_by(self.columns.iter().map(|column| column.kind))
    }

    /// How many messages go to each bus; buses without messages are left out.
    pub fn interactions_by_bus(&self) -> BTreeMap<B, usize> {
        count_by(self.interactions.iter().map(|interaction| interaction.bus))
    }
}

fn count_by<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    keys.fold(BTreeMap::new(), |mut counts, key| {
        *counts.entry(key).or_default() += 1;
        counts
    })
}
