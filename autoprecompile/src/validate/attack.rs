//! A search for wrong rows that a system accepts.
//!
//! An attempt changes a few cells of a row and then repairs what is violated: it picks a constraint
//! or lookup that does not hold and a cell in it that has not been touched, and solves for that
//! cell, until everything holds or nothing can be repaired. A lookup is solved for some message that
//! its table holds: the one of the row it began with, the nearest one, any. A constraint may also be solved for
//! two cells that are the low and the high part of what it says.
//!
//! Some attempts begin with two cells of a linear form that change so that the form does not: the parts of a word
//! that nothing but their sum is known of.
//!
//! It judges nothing: whether an accepted row is wrong is for [`super::claim`] to say.
//!
//! Invariants:
//! - what is open in an attempt is exactly what its row violates;
//! - a repair changes a cell that was as it began, so repairs do not undo each other;
//! - an attempt costs what it touches, not the whole system.

use std::collections::BTreeSet;

use autoprec_circuits::{
    BusKind, ColumnId, ColumnKind, ConstraintSystem, Expr, Field, Goal, Interaction, Linear,
};

use crate::random::Rng;

/// Repairs of an attempt, and things that may be violated at once: more are never all repaired.
const DEPTH: usize = 40;

/// A constraint or a lookup.
enum Rule<'a, F, B> {
    /// The expression is 0.
    Zero(&'a Expr<F>),
    /// The table of the bus holds the message, unless it is not sent.
    Lookup(&'a Interaction<F, B>),
}

/// A rule and the cells that repair it: not the flags, which decide what kind of row it is.
struct Part<'a, F, B> {
    rule: Rule<'a, F, B>,
    cells: Vec<ColumnId>,
}

/// A system, indexed for the search.
pub(super) struct Attack<'a, F, B> {
    system: &'a ConstraintSystem<F, B>,
    parts: Vec<Part<'a, F, B>>,
    /// Per column, the parts that it occurs in.
    parts_of: Vec<Vec<usize>>,
    /// Per column, the linear forms of several cells that it occurs in.
    forms_of: Vec<Vec<&'a Linear<F>>>,
}

/// A row to begin with.
pub(super) struct Start<F> {
    row: Vec<F>,
    /// The parts that it violates.
    open: BTreeSet<usize>,
}

/// A row that is being repaired.
struct Attempt<'a, F> {
    start: &'a Start<F>,
    row: Vec<F>,
    touched: BTreeSet<ColumnId>,
    open: BTreeSet<usize>,
}

impl<'a, F: Field, B: BusKind> Attack<'a, F, B> {
    /// Indexes a system.
    pub(super) fn new(system: &'a ConstraintSystem<F, B>) -> Self {
        let constraints = system.constraints.iter().map(|c| Rule::Zero(&c.expr));
        let lookups = system.interactions.iter().filter(|i| i.bus.has_table()).map(Rule::Lookup);
        let columns = system.columns.len();
        let (parts_of, forms_of) = (vec![Vec::new(); columns], vec![Vec::new(); columns]);
        let mut attack = Self { system, parts: Vec::new(), parts_of, forms_of };
        let said = system.interactions.iter().filter(|i| i.bus.is_stateful());
        let said = said.flat_map(|i| &i.message);
        let forms = said.chain(system.constraints.iter().map(|c| &c.expr));
        for form in forms.filter_map(Expr::as_linear) {
            let cells = form.terms().iter().map(|(column, _)| *column);
            let cells = cells.filter(|column| attack.kind(*column) != ColumnKind::Flag);
            let cells: Vec<ColumnId> = cells.collect();
            if cells.len() > 1 {
                cells.iter().for_each(|cell| attack.forms_of[cell.index()].push(form));
            }
        }
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

    /// Prepares attempts on a row, accepted or not, given one that is accepted: only rules about cells that
    /// differ can be violated.
    pub(super) fn start(&self, accepted: &[F], row: Vec<F>) -> Start<F> {
        let mut is_touched = vec![false; self.parts.len()];
        for column in (0..row.len()).filter(|column| row[*column] != accepted[*column]) {
            self.parts_of[column].iter().for_each(|part| is_touched[*part] = true);
        }
        let is_open = |part: &usize| is_touched[*part] && self.parts[*part].rule.is_violated(&row);
        let open = (0..self.parts.len()).filter(is_open).collect();
        Start { row, open }
    }

    /// A row that the system accepts, if this attempt gives one. It begins by changing the cell
    /// `first`, or any if that is absent.
    pub(super) fn attempt(
        &self,
        start: &Start<F>,
        first: Option<ColumnId>,
        rng: &mut Rng,
    ) -> Option<Vec<F>> {
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
    fn disturb(&self, attempt: &mut Attempt<'_, F>, first: Option<ColumnId>, rng: &mut Rng) {
        let columns = u32::try_from(self.parts_of.len()).expect("a row has few columns");
        let at_least = u32::from(attempt.open.is_empty() || first.is_some());
        // The first column says whether a row is a call; it is in most parts, and tried rarely.
        let any = ColumnId(if rng.below(32) == 0 { 0 } else { rng.below(columns) });
        let first = first.unwrap_or(any);
        let near = match self.parts_of[first.index()][..] {
            [] => &[][..],
            ref parts => &self.parts[rng.choose(parts)].cells[..],
        };
        if rng.below(4) == 0 && self.exchange(attempt, first, rng).is_some() {
            return;
        }
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

    /// Changes a cell, and another cell of a linear form such that the form stays what it is; `None` if there is
    /// no such form.
    fn exchange(&self, attempt: &mut Attempt<'_, F>, first: ColumnId, rng: &mut Rng) -> Option<()> {
        let forms = &self.forms_of[first.index()];
        if forms.is_empty() {
            return None;
        }
        let form = rng.choose(forms);
        let others = form.terms().iter().map(|(column, _)| *column);
        let others: Vec<ColumnId> = others
            .filter(|column| *column != first && self.kind(*column) != ColumnKind::Flag)
            .collect();
        let second = rng.choose(&others);
        let (moved, follows) = if rng.below(2) == 0 { (first, second) } else { (second, first) };
        let most = if rng.below(2) == 0 { 1 } else { 255 };
        let amount = F::from_u64(u64::from(1 + rng.below(most)));
        let amount = if rng.below(2) == 0 { amount } else { -amount };
        let ratio = form.coefficient(moved) * inverse(form.coefficient(follows))?;
        let [old, other] = [moved, follows].map(|column| attempt.row[column.index()]);
        self.set(attempt, moved, old + amount);
        self.set(attempt, follows, other - amount * ratio);
        Some(())
    }

    fn set(&self, attempt: &mut Attempt<'_, F>, column: ColumnId, value: F) {
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
    fn repair(&self, attempt: &mut Attempt<'_, F>, rng: &mut Rng) -> Option<()> {
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
            if rng.below(4) == 0
                && let Rule::Zero(expr) = self.parts[part].rule
                && let other = rng.choose(&free)
                && other != column
                && let Some([low, high]) = split(expr, &mut attempt.row, [column, other])
            {
                self.set(attempt, column, low);
                self.set(attempt, other, high);
                return Some(());
            }
            let solution = self.parts[part].rule.solve(attempt, column, rng);
            if let Some(value) = solution {
                self.set(attempt, column, value);
                return Some(());
            }
        }
        None
    }

    /// A cell to change: rather one that is in few other parts, which its change may violate, or one of the
    /// gadgets' own than one that comes in.
    fn prefer(&self, free: &[ColumnId], rng: &mut Rng) -> ColumnId {
        if rng.below(2) == 0 {
            let parts = |column: &ColumnId| self.parts_of[column.index()].len();
            let fewest = free.iter().map(parts).min();
            let loose = free.iter().copied().filter(|column| Some(parts(column)) == fewest);
            return rng.choose(&loose.collect::<Vec<_>>());
        }
        let is_own =
            |column: &ColumnId| !matches!(self.kind(*column), ColumnKind::Input | ColumnKind::Time);
        let own: Vec<ColumnId> = free.iter().copied().filter(is_own).collect();
        if own.is_empty() || rng.below(5) == 0 { rng.choose(free) } else { rng.choose(&own) }
    }
}

impl<F: Field, B: BusKind> Rule<'_, F, B> {
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

    fn is_violated(&self, row: &[F]) -> bool {
        match self {
            Self::Zero(expr) => expr.eval(row) != F::ZERO,
            Self::Lookup(Interaction { bus, multiplicity, message, .. }) => {
                let mut fields = [F::ZERO; 4];
                for (field, expr) in fields.iter_mut().zip(message) {
                    *field = expr.eval(row);
                }
                !bus.accepts(&fields[..message.len()]) && multiplicity.eval(row) != F::ZERO
            }
        }
    }

    /// A value of a cell with which the rule holds, or comes closer to it.
    fn solve(&self, attempt: &mut Attempt<'_, F>, column: ColumnId, rng: &mut Rng) -> Option<F> {
        match self {
            Self::Zero(Expr::Product(factors)) => {
                let count = u32::try_from(factors.len()).expect("degrees are small");
                let factor = &factors[rng.below(count) as usize];
                root(factor, &mut attempt.row, column, F::ZERO)
            }
            Self::Zero(expr) => root(expr, &mut attempt.row, column, F::ZERO),
            Self::Lookup(Interaction { bus, message, .. }) => {
                let (field, target) = goal(*bus, message, attempt, rng);
                root(&message[field], &mut attempt.row, column, target)
            }
        }
    }
}

/// A field of a message that its table does not hold, and what the field should be instead.
fn goal<F: Field, B: BusKind>(
    bus: B,
    message: &[Expr<F>],
    attempt: &Attempt<'_, F>,
    rng: &mut Rng,
) -> (usize, F) {
    let fields: Vec<F> = message.iter().map(|field| field.eval(&attempt.row)).collect();
    let goals = bus.goals(&fields);
    let goal = if let [only] = goals[..] { only } else { rng.choose(&goals) };
    match goal {
        Goal::Below { field, bound } => (field, target(&message[field], attempt, bound, rng)),
        Goal::Equal { field, value } => (field, F::from_u64(value)),
    }
}

/// A number below `bound` that a field of a message may be.
fn target<F: Field>(field: &Expr<F>, attempt: &Attempt<'_, F>, bound: u64, rng: &mut Rng) -> F {
    let (old, now) = (field.eval(&attempt.start.row), field.eval(&attempt.row));
    let negative = F::from_u64(bound.saturating_mul(4096)) + now;
    match rng.below(6) {
        0 | 1 => old,
        2 | 3 => F::from_u64(now.to_u64() % bound),
        4 => F::from_u64(negative.to_u64() % bound),
        _ => F::from_u64(rng.next() % bound),
    }
}

/// The values of two cells with which an expression is 0 and the first is below the factor of the second, if that
/// is a power of two times the factor of the first: what a sum of a low and a high part leaves of a number.
fn split<F: Field>(expr: &Expr<F>, row: &mut [F], [low, high]: [ColumnId; 2]) -> Option<[F; 2]> {
    let old = [low, high].map(|column| row[column.index()]);
    let mut at = |a: F, b: F| {
        (row[low.index()], row[high.index()]) = (a, b);
        expr.eval(row)
    };
    let (none, first, second) = (at(F::ZERO, F::ZERO), at(F::ONE, F::ZERO), at(F::ZERO, F::ONE));
    let both = at(F::ONE, F::ONE);
    (row[low.index()], row[high.index()]) = (old[0], old[1]);
    let (factor, other) = (first - none, second - none);
    if both - second != factor {
        return None;
    }
    let scale = inverse(factor)?;
    let border = (other * scale).to_signed()?;
    let size = border.unsigned_abs();
    let number = (-none * scale).to_u64();
    if size < 2 || !size.is_power_of_two() || number == u64::MAX {
        return None;
    }
    let part = F::from_u64(number / size);
    Some([F::from_u64(number % size), if border < 0 { -part } else { part }])
}

/// The inverse, mostly without an inversion.
fn inverse<F: Field>(value: F) -> Option<F> {
    match value {
        one if one == F::ONE => Some(F::ONE),
        one if one == -F::ONE => Some(-F::ONE),
        other => other.inverse(),
    }
}

/// The value of a cell in which an expression is linear that makes it `target`.
fn root<F: Field>(expr: &Expr<F>, row: &mut [F], column: ColumnId, target: F) -> Option<F> {
    let old = row[column.index()];
    if let Some(linear) = expr.as_linear() {
        // One evaluation instead of three.
        let slope = linear.coefficient(column);
        let zero = linear.eval(row) - slope * old - target;
        return inverse(slope).map(|inverse| -zero * inverse);
    }
    let mut at = |value: F| {
        row[column.index()] = value;
        expr.eval(row) - target
    };
    let (zero, one) = (at(F::ZERO), at(F::ONE));
    let two = at(F::from_u64(2));
    row[column.index()] = old;
    let slope = one - zero;
    let is_linear = two - one == slope;
    is_linear.then(|| inverse(slope)).flatten().map(|inverse| -zero * inverse)
}

/// A value to begin with instead of a cell's.
fn other_value<F: Field>(old: F, rng: &mut Rng) -> F {
    let small = if rng.below(2) == 0 { 1 } else { rng.below(256) };
    let small = F::from_u64(u64::from(small));
    let exponent = if rng.below(2) == 0 { 8 + 8 * rng.below(3) } else { rng.below(28) };
    // In a large field an inverse takes longer than everything else here.
    let part = || small * F::inverse_power_of_two(exponent);
    match rng.below(10) {
        0 => old + F::ONE,
        1 => old - F::ONE,
        // A bit that is off by this leaves a sum of bits as it was, if the next bit changes.
        8 => old + F::from_u64(2),
        9 => old - F::from_u64(2),
        2 => small,
        3 => F::ONE - old,
        4 => old + F::from_u64(1 << rng.below(30)),
        // A limb that is off by this leaves a sum of limbs nearly as it was.
        5 => old + part(),
        6 => old - part(),
        _ => F::from_u64(rng.next()),
    }
}
