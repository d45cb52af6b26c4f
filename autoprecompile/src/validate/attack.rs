//! A search for wrong rows that a system accepts.
//!
//! An attempt changes a few cells of a row and then repairs what is violated: it picks a constraint
//! or lookup that does not hold and a cell in it that has not been touched, and solves for that
//! cell, until everything holds or nothing can be repaired. A lookup is solved for some message that
//! its table holds: the one of the row it began with, the nearest one, any.
//!
//! It judges nothing: whether an accepted row is wrong is for [`super::claim`] to say.
//!
//! Invariants:
//! - what is open in an attempt is exactly what its row violates;
//! - a repair changes a cell that was as it began, so repairs do not undo each other;
//! - an attempt costs what it touches, not the whole system.

use std::collections::BTreeSet;

use autoprec_circuits::{
    BabyBear, Bus, BusKind, ColumnId, ColumnKind, ConstraintSystem, Expr, Field, Interaction,
    RANGE_MAX_BITS, TUPLE_SIZES,
};

use crate::random::Rng;

/// Repairs of an attempt, and things that may be violated at once: more are never all repaired.
const DEPTH: usize = 40;

/// A constraint or a lookup.
enum Rule<'a> {
    /// The expression is 0.
    Zero(&'a Expr<BabyBear>),
    /// The table of the bus holds the message, unless it is not sent.
    Lookup(&'a Interaction<BabyBear>),
}

/// A rule and the cells that repair it: not the flags, which decide what kind of row it is.
struct Part<'a> {
    rule: Rule<'a>,
    cells: Vec<ColumnId>,
}

/// A system, indexed for the search.
pub(super) struct Attack<'a> {
    system: &'a ConstraintSystem<BabyBear>,
    parts: Vec<Part<'a>>,
    /// Per column, the parts that it occurs in.
    parts_of: Vec<Vec<usize>>,
}

/// A row to begin with.
pub(super) struct Start {
    row: Vec<BabyBear>,
    /// The parts that it violates.
    open: BTreeSet<usize>,
}

/// A row that is being repaired.
struct Attempt<'a> {
    start: &'a Start,
    row: Vec<BabyBear>,
    touched: BTreeSet<ColumnId>,
    open: BTreeSet<usize>,
}

impl<'a> Attack<'a> {
    /// Indexes a system.
    pub(super) fn new(system: &'a ConstraintSystem<BabyBear>) -> Self {
        let constraints = system.constraints.iter().map(|c| Rule::Zero(&c.expr));
        let has_table = |bus: Bus| !bus.is_stateful() && bus != Bus::Program;
        let lookups = system.interactions.iter().filter(|i| has_table(i.bus)).map(Rule::Lookup);
        let mut attack =
            Self { system, parts: Vec::new(), parts_of: vec![Vec::new(); system.columns.len()] };
        for rule in constraints.chain(lookups) {
            let columns = rule.columns();
            for column in &columns {
                attack.parts_of[column.index()].push(attack.parts.len());
            }
            let cells = columns.into_iter().filter(|c| attack.kind(*c) != ColumnKind::Flag);
            let cells = cells.collect();
            attack.parts.push(Part { rule, cells });
        }
        attack
    }

    /// Prepares attempts on a row, accepted or not.
    pub(super) fn start(&self, row: Vec<BabyBear>) -> Start {
        let is_open = |part: &usize| self.parts[*part].rule.is_violated(&row);
        let open = (0..self.parts.len()).filter(is_open).collect();
        Start { row, open }
    }

    /// A row that the system accepts, if this attempt gives one. It begins by changing the cell
    /// `first`, or any if that is absent.
    pub(super) fn attempt(
        &self,
        start: &Start,
        first: Option<ColumnId>,
        rng: &mut Rng,
    ) -> Option<Vec<BabyBear>> {
        let mut attempt = Attempt {
            start,
            row: start.row.clone(),
            touched: BTreeSet::new(),
            open: start.open.clone(),
        };
        self.disturb(&mut attempt, first, rng);
        for _ in 0..DEPTH {
            if attempt.open.is_empty() {
                return Some(attempt.row);
            }
            if attempt.open.len() > DEPTH {
                return None;
            }
            self.repair(&mut attempt, rng)?;
        }
        None
    }

    fn kind(&self, column: ColumnId) -> ColumnKind {
        self.system.columns[column.index()].kind
    }

    /// Changes up to three cells, mostly of one part: what only they were to satisfy is missing
    /// where a gadget forgot it. A row that violates something may be left as it is, unless the
    /// first cell is given.
    fn disturb(&self, attempt: &mut Attempt<'_>, first: Option<ColumnId>, rng: &mut Rng) {
        let columns = u32::try_from(self.parts_of.len()).expect("a row has few columns");
        let at_least = u32::from(attempt.open.is_empty() || first.is_some());
        // The first column says whether a row is a call; it is in most parts, and tried rarely.
        let any = ColumnId(if rng.below(32) == 0 { 0 } else { rng.below(columns) });
        let first = first.unwrap_or(any);
        let near = match self.parts_of[first.index()][..] {
            [] => &[][..],
            ref parts => &self.parts[rng.choose(parts)].cells[..],
        };
        let changes = at_least + rng.below(4 - at_least);
        for change in 0..changes {
            let column = match rng.below(4) {
                _ if change == 0 => first,
                0 => ColumnId(rng.below(columns)),
                _ if near.is_empty() => first,
                _ => rng.choose(near),
            };
            let value = other_value(attempt.start.row[column.index()], rng);
            self.set(attempt, column, value);
        }
    }

    fn set(&self, attempt: &mut Attempt<'_>, column: ColumnId, value: BabyBear) {
        attempt.row[column.index()] = value;
        attempt.touched.insert(column);
        for &part in &self.parts_of[column.index()] {
            if self.parts[part].rule.is_violated(&attempt.row) {
                attempt.open.insert(part);
            } else {
                attempt.open.remove(&part);
            }
        }
    }

    /// Repairs one part by one cell; `None` if there is something that no cell repairs.
    fn repair(&self, attempt: &mut Attempt<'_>, rng: &mut Rng) -> Option<()> {
        let is_free = |column: &&ColumnId| !attempt.touched.contains(column);
        let free = |part: usize| self.parts[part].cells.iter().filter(is_free);
        let open: Vec<(usize, usize)> =
            attempt.open.iter().map(|&part| (free(part).count(), part)).collect();
        let (fewest, _) = *open.iter().min()?;
        // What has few cells left is repaired first, mostly.
        let urgent: Vec<_> = open.iter().copied().filter(|(count, _)| *count == fewest).collect();
        let candidates = if rng.below(4) == 0 { &open } else { &urgent };
        let (_, part) = rng.choose(candidates);
        let free: Vec<ColumnId> = free(part).copied().collect();
        if fewest == 0 || free.is_empty() {
            return None;
        }
        for _ in 0..4 {
            let column = self.prefer(&free, rng);
            let solution = self.parts[part].rule.solve(attempt, column, rng);
            if let Some(value) = solution {
                self.set(attempt, column, value);
                return Some(());
            }
        }
        None
    }

    /// A cell to change: rather one of the gadgets' own than one that comes in.
    fn prefer(&self, free: &[ColumnId], rng: &mut Rng) -> ColumnId {
        let is_own =
            |column: &ColumnId| !matches!(self.kind(*column), ColumnKind::Input | ColumnKind::Time);
        let own: Vec<ColumnId> = free.iter().copied().filter(is_own).collect();
        if own.is_empty() || rng.below(5) == 0 { rng.choose(free) } else { rng.choose(&own) }
    }
}

impl Rule<'_> {
    fn columns(&self) -> BTreeSet<ColumnId> {
        let mut columns = BTreeSet::new();
        match self {
            Self::Zero(expr) => expr.collect_columns(&mut columns),
            Self::Lookup(Interaction { message, multiplicity, .. }) => {
                let parts = message.iter().chain([multiplicity]);
                parts.for_each(|expr| expr.collect_columns(&mut columns));
            }
        }
        columns
    }

    fn is_violated(&self, row: &[BabyBear]) -> bool {
        match self {
            Self::Zero(expr) => expr.eval(row) != BabyBear::ZERO,
            Self::Lookup(Interaction { bus, multiplicity, message, .. }) => {
                let mut fields = [BabyBear::ZERO; 4];
                for (field, expr) in fields.iter_mut().zip(message) {
                    *field = expr.eval(row);
                }
                !bus.accepts(&fields) && multiplicity.eval(row) != BabyBear::ZERO
            }
        }
    }

    /// A value of a cell with which the rule holds, or comes closer to it.
    fn solve(
        &self,
        attempt: &mut Attempt<'_>,
        column: ColumnId,
        rng: &mut Rng,
    ) -> Option<BabyBear> {
        match self {
            Self::Zero(Expr::Product(factors)) => {
                let count = u32::try_from(factors.len()).expect("degrees are small");
                let factor = &factors[rng.below(count) as usize];
                root(factor, &mut attempt.row, column, BabyBear::ZERO)
            }
            Self::Zero(expr) => root(expr, &mut attempt.row, column, BabyBear::ZERO),
            Self::Lookup(Interaction { bus, message, .. }) => {
                let (field, target) = goal(*bus, message, attempt, rng);
                root(&message[field], &mut attempt.row, column, target)
            }
        }
    }
}

/// A field of a message that its table does not hold, and what the field should be instead.
fn goal(
    bus: Bus,
    message: &[Expr<BabyBear>],
    attempt: &Attempt<'_>,
    rng: &mut Rng,
) -> (usize, BabyBear) {
    let at = |field: usize| message[field].eval(&attempt.row).to_u64();
    let mut below = |field: usize, bound| (field, target(&message[field], attempt, bound, rng));
    match bus {
        Bus::Range => below(0, 1 << at(1).min(RANGE_MAX_BITS)),
        Bus::TupleRange => {
            let field = usize::from(at(0) < TUPLE_SIZES[0]);
            below(field, TUPLE_SIZES[field])
        }
        // An exclusive or of bytes: any of the three follows from the other two.
        _ if at(3) == 1 && at(0).max(at(1)) < 256 => {
            let field = rng.below(3) as usize;
            (field, BabyBear::from_u64(at(0) ^ at(1) ^ at(2) ^ at(field)))
        }
        _ => below(usize::from(at(0) < 256), 256),
    }
}

/// A number below `bound` that a field of a message may be.
fn target(field: &Expr<BabyBear>, attempt: &Attempt<'_>, bound: u64, rng: &mut Rng) -> BabyBear {
    let (old, now) = (field.eval(&attempt.start.row), field.eval(&attempt.row));
    let negative = BabyBear::from_u64(bound * 4096) + now;
    match rng.below(6) {
        0 | 1 => old,
        2 | 3 => BabyBear::from_u64(now.to_u64() % bound),
        4 => BabyBear::from_u64(negative.to_u64() % bound),
        _ => BabyBear::from_u64(rng.next() % bound),
    }
}

/// The value of a cell in which an expression is linear that makes it `target`.
fn root(
    expr: &Expr<BabyBear>,
    row: &mut [BabyBear],
    column: ColumnId,
    target: BabyBear,
) -> Option<BabyBear> {
    let old = row[column.index()];
    let mut at = |value: BabyBear| {
        row[column.index()] = value;
        expr.eval(row) - target
    };
    let (zero, one) = (at(BabyBear::ZERO), at(BabyBear::ONE));
    let two = at(BabyBear::from_u64(2));
    row[column.index()] = old;
    let slope = one - zero;
    let is_linear = two - one == slope;
    is_linear.then(|| slope.inverse()).flatten().map(|inverse| -zero * inverse)
}

/// A value to begin with instead of a cell's.
fn other_value(old: BabyBear, rng: &mut Rng) -> BabyBear {
    let small = if rng.below(2) == 0 { 1 } else { rng.below(256) };
    let small = BabyBear::from_u64(u64::from(small));
    let exponent = if rng.below(2) == 0 { 8 + 8 * rng.below(3) } else { rng.below(28) };
    let part = small * BabyBear::inverse_power_of_two(exponent);
    match rng.below(8) {
        0 => old + BabyBear::ONE,
        1 => old - BabyBear::ONE,
        2 => small,
        3 => BabyBear::ONE - old,
        4 => old + BabyBear::from_u64(1 << rng.below(30)),
        // A limb that is off by this leaves a sum of limbs nearly as it was.
        5 => old + part,
        6 => old - part,
        _ => BabyBear::from_u64(rng.next()),
    }
}
