//! A search for wrong rows that a system accepts.
//!
//! An attempt changes one cell of an honest row and then repairs what is violated: it picks a
//! constraint or lookup that does not hold and a cell in it that has not been touched, and solves
//! for that cell, until everything holds or nothing can be repaired. A lookup is solved for some
//! message that its table holds: the honest one, the nearest one, any.

use std::collections::BTreeSet;

use autoprec_circuits::{BabyBear, Bus, ColumnId, ColumnKind, ConstraintSystem, Expr, Field};
use proptest::prelude::{Rng, RngExt};

/// Cells that an attempt changes at most.
const DEPTH: usize = 40;

/// Something that can be violated, by its position in the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    /// A constraint.
    Constraint(usize),
    /// A message on a lookup bus.
    Message(usize),
}

/// A system, indexed for the search, with one of its parts switched off.
pub(crate) struct Attack<'a> {
    system: &'a ConstraintSystem<BabyBear>,
    /// Per column, what it occurs in.
    items: Vec<Vec<Item>>,
    /// Columns that attempts change.
    columns: Vec<ColumnId>,
}

/// A row that is being repaired.
struct Attempt<'a> {
    honest: &'a [BabyBear],
    row: Vec<BabyBear>,
    touched: BTreeSet<ColumnId>,
    /// What may be violated.
    open: BTreeSet<Item>,
}

impl<'a> Attack<'a> {
    pub(crate) fn new(system: &'a ConstraintSystem<BabyBear>, without: Option<Item>) -> Self {
        let mut attack =
            Self { system, items: vec![vec![]; system.columns.len()], columns: vec![] };
        let constraints = (0..system.constraints.len()).map(Item::Constraint);
        let messages = (0..system.interactions.len()).map(Item::Message);
        for item in constraints.chain(messages).filter(|item| Some(*item) != without) {
            for column in attack.columns_of(item) {
                attack.items[column.index()].push(item);
            }
        }
        attack.columns = (0..).map(ColumnId).take(system.columns.len()).collect();
        if let Some(without) = without {
            // What is not constrained any more is where to begin.
            let of_it = attack.columns_of(without);
            attack.columns.retain(|column| of_it.contains(column));
        }
        attack
    }

    fn columns_of(&self, item: Item) -> BTreeSet<ColumnId> {
        let mut columns = BTreeSet::new();
        match item {
            Item::Constraint(index) => {
                self.system.constraints[index].expr.collect_columns(&mut columns);
            }
            Item::Message(index) => {
                let interaction = &self.system.interactions[index];
                interaction.message.iter().for_each(|field| field.collect_columns(&mut columns));
            }
        }
        columns
    }

    /// Another row that the system accepts, if this attempt gives one. It begins with a row, honest
    /// or not, and up to three changes.
    pub(crate) fn attempt(&self, start: &[BabyBear], rng: &mut impl Rng) -> Option<Vec<BabyBear>> {
        if self.columns.is_empty() {
            return None;
        }
        let mut attempt = Attempt {
            honest: start,
            row: start.to_vec(),
            touched: BTreeSet::new(),
            open: BTreeSet::new(),
        };
        attempt.open.extend(self.items.iter().flatten());
        for _ in 0..rng.random_range(0..4) {
            let column = if rng.random_range(0..4) == 0 {
                ColumnId(rng.random_range(0..u32::try_from(start.len()).expect("few columns")))
            } else {
                pick(&self.columns, rng)
            };
            let value = other_value(start[column.index()], rng);
            self.set(&mut attempt, column, value);
        }
        for _ in 0..DEPTH {
            attempt.open.retain(|item| self.is_violated(*item, &attempt.row));
            if attempt.open.is_empty() {
                return Some(attempt.row);
            }
            self.repair(&mut attempt, rng)?;
        }
        None
    }

    fn set(&self, attempt: &mut Attempt<'_>, column: ColumnId, value: BabyBear) {
        attempt.row[column.index()] = value;
        attempt.touched.insert(column);
        attempt.open.extend(&self.items[column.index()]);
    }

    /// Whether the system, without what is switched off, accepts a row.
    pub(crate) fn accepts(&self, row: &[BabyBear]) -> bool {
        !self.items.iter().flatten().any(|item| self.is_violated(*item, row))
    }

    fn is_violated(&self, item: Item, row: &[BabyBear]) -> bool {
        match item {
            Item::Constraint(index) => {
                self.system.constraints[index].expr.eval(row) != BabyBear::ZERO
            }
            Item::Message(index) => {
                let interaction = &self.system.interactions[index];
                let message: Vec<BabyBear> =
                    interaction.message.iter().map(|field| field.eval(row)).collect();
                !interaction.bus.accepts(&message)
            }
        }
    }

    /// Repairs one thing by one cell.
    fn repair(&self, attempt: &mut Attempt<'_>, rng: &mut impl Rng) -> Option<()> {
        let free = |attempt: &Attempt<'_>, item: Item| {
            let is_free = |column: &ColumnId| {
                !attempt.touched.contains(column)
                    && self.system.columns[column.index()].kind != ColumnKind::Flag
            };
            self.columns_of(item).into_iter().filter(is_free).collect::<Vec<_>>()
        };
        let open: Vec<(Item, Vec<ColumnId>)> =
            attempt.open.iter().map(|&item| (item, free(attempt, item))).collect();
        // What has no cell left cannot be repaired; what has few is repaired first, mostly.
        let fewest = open.iter().map(|(_, free)| free.len()).min()?;
        let urgent: Vec<_> = open.iter().filter(|(_, free)| free.len() == fewest).collect();
        let (item, free) = if rng.random_range(0..4) == 0 {
            &open[rng.random_range(0..open.len())]
        } else {
            pick(&urgent, rng)
        };
        for _ in 0..4 {
            if free.is_empty() {
                return None;
            }
            let column = self.prefer(free, rng);
            if let Some(value) = self.solve(attempt, *item, column, rng) {
                self.set(attempt, column, value);
                return Some(());
            }
        }
        None
    }

    /// A cell to change: rather one of the gadgets' own than one that comes in.
    fn prefer(&self, free: &[ColumnId], rng: &mut impl Rng) -> ColumnId {
        let is_input = |column: &ColumnId| {
            matches!(self.system.columns[column.index()].kind, ColumnKind::Input | ColumnKind::Time)
        };
        let own: Vec<ColumnId> = free.iter().copied().filter(|column| !is_input(column)).collect();
        if own.is_empty() || rng.random_range(0..5) == 0 {
            pick(free, rng)
        } else {
            pick(&own, rng)
        }
    }

    /// A value of a cell with which the item holds.
    fn solve(
        &self,
        attempt: &mut Attempt<'_>,
        item: Item,
        column: ColumnId,
        rng: &mut impl Rng,
    ) -> Option<BabyBear> {
        match item {
            Item::Constraint(index) => {
                let expr = &self.system.constraints[index].expr;
                let factors = match expr {
                    Expr::Product(factors) => &factors[..],
                    _ => std::slice::from_ref(expr),
                };
                let factor = &factors[rng.random_range(0..factors.len())];
                root(factor, attempt, column, BabyBear::ZERO)
            }
            Item::Message(index) => {
                let interaction = &self.system.interactions[index];
                let fields = &interaction.message;
                let at = |i: usize| fields[i].eval(&attempt.row).to_u64();
                let (field, target) = match interaction.bus {
                    Bus::Range => (0, target(&fields[0], attempt, 1 << at(1).min(17), rng)),
                    Bus::TupleRange => {
                        let field = usize::from(at(0) < 256);
                        (field, target(&fields[field], attempt, [256, 2048][field], rng))
                    }
                    // An exclusive or of bytes: any of the three follows from the other two.
                    _ if at(3) == 1 && at(0).max(at(1)) < 256 => {
                        let field = rng.random_range(0..3);
                        let value = at(0) ^ at(1) ^ at(2) ^ at(field);
                        (field, BabyBear::from_u64(value))
                    }
                    _ => {
                        let field = usize::from(at(0) < 256);
                        (field, target(&fields[field], attempt, 256, rng))
                    }
                };
                root(&fields[field], attempt, column, target)
            }
        }
    }
}

/// A number below `bound` that a field of a message may be.
fn target(
    field: &Expr<BabyBear>,
    attempt: &Attempt<'_>,
    bound: u64,
    rng: &mut impl Rng,
) -> BabyBear {
    let (old, now) = (field.eval(attempt.honest), field.eval(&attempt.row));
    let negative = BabyBear::from_u64(bound * 4096) + now;
    match rng.random_range(0..6) {
        0 | 1 => old,
        2 | 3 => BabyBear::from_u64(now.to_u64() % bound),
        4 => BabyBear::from_u64(negative.to_u64() % bound),
        _ => BabyBear::from_u64(rng.random_range(0..bound)),
    }
}

/// The value of a cell in which an expression is linear that makes it `target`.
fn root(
    expr: &Expr<BabyBear>,
    attempt: &mut Attempt<'_>,
    column: ColumnId,
    target: BabyBear,
) -> Option<BabyBear> {
    let old = attempt.row[column.index()];
    let mut at = |value: BabyBear| {
        attempt.row[column.index()] = value;
        expr.eval(&attempt.row) - target
    };
    let (zero, one) = (at(BabyBear::ZERO), at(BabyBear::ONE));
    let two = at(BabyBear::from_u64(2));
    attempt.row[column.index()] = old;
    let slope = one - zero;
    (two - one == slope).then(|| slope.inverse().map(|inverse| -zero * inverse)).flatten()
}

/// A value to begin with instead of a cell's.
fn other_value(old: BabyBear, rng: &mut impl Rng) -> BabyBear {
    let small = BabyBear::from_u64(if rng.random() { 1 } else { rng.random_range(0..256) });
    let exponent = if rng.random() { 8 * rng.random_range(1..4) } else { rng.random_range(0..28) };
    let part = small * BabyBear::inverse_power_of_two(exponent);
    match rng.random_range(0..8) {
        0 => old + BabyBear::ONE,
        1 => old - BabyBear::ONE,
        2 => small,
        3 => BabyBear::ONE - old,
        4 => old + BabyBear::from_u64(1 << rng.random_range(0..30)),
        // A limb that is off by this leaves a sum of limbs nearly as it was.
        5 => old + part,
        6 => old - part,
        _ => BabyBear::from_u64(rng.random()),
    }
}

fn pick<T: Clone>(items: &[T], rng: &mut impl Rng) -> T {
    items[rng.random_range(0..items.len())].clone()
}
