//! A statement compiled: the tables of it and of its boundary, as Plonky3 sees them.
//!
//! **Invariants**
//!
//! - Everything here follows from the statement and the parameters, so the verifier computes it again.
//! - The boundary's tables have fixed cells only: the prover has no choice in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use autoprec_circuits::{BabyBear, Boundary, Expr, Field as _, MachineBus, Statement, Table};
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use crate::air::{Message, SharedAir, TableAir};
use crate::config::{Parameters, Val};
use crate::error::StatementError;
use crate::layout::Layout;
use crate::polynomial::{Cell, Polynomial, element};

/// The binary logarithm of the fewest rows that a table is padded to.
const MIN_LOG_HEIGHT: usize = 3;

/// More work than this is not asked of anyone, nor is it counted in one element.
const MAX_WORK_BITS: usize = 28;

/// The field has roots of unity of order 2^27: so many points are what columns can be committed at.
const TWO_ADICITY: usize = 27;

/// The tables of a statement, those of its boundary last.
#[derive(Debug)]
pub(crate) struct Machine {
    /// The tables.
    pub(crate) airs: Vec<SharedAir>,
    /// The binary logarithm of the rows of each, padding included.
    pub(crate) log_heights: Vec<usize>,
}

impl Machine {
    /// Compiles a statement, after checking that it is one that can be proved soundly.
    pub(crate) fn new(
        statement: &Statement<BabyBear>,
        parameters: &Parameters,
    ) -> Result<Self, StatementError> {
        check_parameters(parameters)?;
        if statement.tables.is_empty() {
            return Err(StatementError::Empty);
        }
        let mut names = BTreeSet::new();
        let mut machine = Self { airs: Vec::new(), log_heights: Vec::new() };
        for table in &statement.tables {
            if !names.insert(&table.name) {
                return Err(StatementError::Name { table: table.name.clone() });
            }
            let log_height = log_height(table.rows);
            if log_height + parameters.log_blowup > TWO_ADICITY {
                return Err(StatementError::shape(table, format!("{} rows", table.rows)));
            }
            check_shape(table)?;
            check_degrees(table, parameters.max_degree())?;
            machine.push(compile(table, 1 << log_height, parameters), log_height);
        }
        for (log_height, groups) in boundary_groups(&statement.boundary) {
            if log_height + parameters.log_blowup > TWO_ADICITY {
                return Err(StatementError::Boundary { messages: statement.boundary.len() });
            }
            machine.push(boundary_table(&groups, 1 << log_height), log_height);
        }
        machine.check_multiplicities()?;
        Ok(machine)
    }

    /// What Plonky3 makes of the tables.
    pub(crate) fn layouts(&self, parameters: &Parameters) -> Vec<Layout> {
        let tables = self.airs.iter().zip(&self.log_heights);
        tables.map(|(air, &log_height)| Layout::new(air, log_height, parameters)).collect()
    }

    fn push(&mut self, air: TableAir, log_height: usize) {
        self.airs.push(SharedAir(Arc::new(air)));
        self.log_heights.push(log_height);
    }

    /// Multiplicities that cancel in the field cancel as integers if they cannot add up to its order.
    fn check_multiplicities(&self) -> Result<(), StatementError> {
        let of_table = |(air, log_height): (&SharedAir, &usize)| {
            let per_row: u128 = air.0.messages.iter().map(|m| u128::from(m.weight)).sum();
            per_row << log_height
        };
        let most = self.airs.iter().zip(&self.log_heights).map(of_table).sum();
        if most < u128::from(BabyBear::ORDER) {
            Ok(())
        } else {
            Err(StatementError::Multiplicities { most })
        }
    }
}

fn check_parameters(parameters: &Parameters) -> Result<(), StatementError> {
    let fail = |what: String| Err(StatementError::Parameters { what });
    let Parameters { log_blowup, fold_degree, query_work_bits, challenge_work_bits, .. } =
        *parameters;
    if !(1..=4).contains(&log_blowup) {
        return fail(format!("2^{log_blowup} points per row"));
    }
    if fold_degree > parameters.max_degree() {
        return fail(format!("messages are folded to degree {fold_degree}"));
    }
    if query_work_bits.max(challenge_work_bits) > MAX_WORK_BITS || parameters.queries == 0 {
        return fail(format!("{} queries after 2^{query_work_bits} work", parameters.queries));
    }
    Ok(())
}

/// The binary logarithm of the rows that `rows` are padded to.
fn log_height(rows: usize) -> usize {
    let padded = rows.checked_next_power_of_two().unwrap_or(1 << (usize::BITS - 1));
    (padded.trailing_zeros() as usize).max(MIN_LOG_HEIGHT)
}

fn check_shape(table: &Table<BabyBear>) -> Result<(), StatementError> {
    let (width, fixed) = (table.width(), table.fixed.len());
    if width == 0 || fixed > width {
        return Err(StatementError::shape(table, format!("{fixed} of {width} columns are fixed")));
    }
    if let Some(column) = table.fixed.iter().position(|column| column.len() != table.rows) {
        let cells = table.fixed[column].len();
        let what = format!("fixed column {column} has {cells} cells, not {}", table.rows);
        return Err(StatementError::shape(table, what));
    }
    let mut columns = BTreeSet::new();
    table.system.constraints.iter().for_each(|c| c.expr.collect_columns(&mut columns));
    for interaction in &table.system.interactions {
        let parts = interaction.message.iter().chain([&interaction.multiplicity]);
        parts.for_each(|part| part.collect_columns(&mut columns));
    }
    if let Some(last) = columns.last().filter(|last| last.index() >= width) {
        return Err(StatementError::shape(table, format!("column {} of {width}", last.index())));
    }
    match table.system.padding_violations().into_iter().next() {
        None => Ok(()),
        Some(what) => Err(StatementError::Padding { table: table.name.clone(), what }),
    }
}

fn check_degrees(table: &Table<BabyBear>, max: usize) -> Result<(), StatementError> {
    let degree = |expr: &Expr<BabyBear>| expr.degree() as usize;
    let constraints = table.system.constraints.iter();
    let constraints = constraints.map(|c| (degree(&c.expr), c.origin.to_string()));
    let messages = table.system.interactions.iter().map(|interaction| {
        // Fields above degree 1 are columns, so what they are equal to is a constraint.
        let of = interaction.message.iter().chain([&interaction.multiplicity]).map(degree);
        let of = of.max().unwrap_or(0);
        (
            of,
            format!(
                "message {} {}",
                autoprec_circuits::BusKind::name(interaction.bus),
                interaction.origin
            ),
        )
    });
    match constraints.chain(messages).find(|(degree, _)| *degree > max) {
        None => Ok(()),
        Some((degree, what)) => {
            Err(StatementError::Degree { table: table.name.clone(), what, degree, max })
        }
    }
}

/// How large the value of an expression can be if its columns are 0 or 1.
///
/// That is what multiplicities are made of, but for those of the tables behind lookups, which are any:
/// what the others send is what is to be bounded.
fn weight(expr: &Expr<BabyBear>) -> u32 {
    match expr {
        Expr::Linear(linear) => {
            let coefficients = linear.terms().iter().map(|&(_, c)| c).chain([linear.constant()]);
            let magnitudes = coefficients.map(|c| c.to_i64().unsigned_abs());
            magnitudes.fold(0, |sum, m| sum.saturating_add(u32::try_from(m).unwrap_or(u32::MAX)))
        }
        Expr::Sum(parts) => parts.iter().map(weight).fold(0, u32::saturating_add),
        Expr::Product(factors) => factors.iter().map(weight).fold(1, u32::saturating_mul),
    }
}

/// Fields of messages that are columns of their own.
struct Derived<'a> {
    fixed: usize,
    first: usize,
    most_terms: usize,
    columns: BTreeMap<&'a Expr<BabyBear>, usize>,
    polynomials: Vec<Polynomial>,
}

impl<'a> Derived<'a> {
    fn field(&mut self, expr: &'a Expr<BabyBear>) -> Polynomial {
        let polynomial = Polynomial::compile(expr, self.fixed);
        if expr.degree() <= 1 && expr.terms() <= self.most_terms {
            return polynomial;
        }
        let index = *self.columns.entry(expr).or_insert_with(|| {
            self.polynomials.push(polynomial);
            self.polynomials.len() - 1
        });
        Polynomial::cell(Cell::Main(self.first + index))
    }
}

fn compile(table: &Table<BabyBear>, height: usize, parameters: &Parameters) -> TableAir {
    let (fixed, width) = (table.fixed.len(), table.width() - table.fixed.len());
    let compile = |expr: &Expr<BabyBear>| Polynomial::compile(expr, fixed);
    let mut derived = Derived {
        fixed,
        first: width.max(1),
        most_terms: parameters.field_terms,
        columns: BTreeMap::new(),
        polynomials: Vec::new(),
    };
    let messages = table.system.interactions.iter().map(|interaction| Message {
        bus: bus_name(interaction.bus, interaction.message.len()),
        multiplicity: compile(&interaction.multiplicity),
        weight: weight(&interaction.multiplicity),
        fields: interaction.message.iter().map(|field| derived.field(field)).collect(),
    });
    let messages = messages.collect();
    let mut constraints: Vec<Polynomial> =
        table.system.constraints.iter().map(|c| compile(&c.expr)).collect();
    if width == 0 {
        constraints.push(Polynomial::cell(Cell::Main(0)));
    }
    if fixed > 0 && table.rows < height {
        let below = Polynomial::one_minus(Cell::Fixed(fixed));
        let zero_below =
            |column| Polynomial::Product(vec![below.clone(), Polynomial::cell(Cell::Main(column))]);
        constraints.extend((0..width).map(zero_below));
    }
    let fixed = (fixed > 0).then(|| {
        let is_row = vec![BabyBear::ONE; table.rows];
        let guard = (table.rows < height).then_some(&is_row);
        fixed_matrix(&table.fixed.iter().chain(guard).collect::<Vec<_>>(), height)
    });
    let derived = derived.polynomials;
    TableAir { main_width: width.max(1) + derived.len(), derived, fixed, constraints, messages }
}

/// Columns padded with zeros to the height.
fn fixed_matrix(columns: &[&Vec<BabyBear>], height: usize) -> RowMajorMatrix<Val> {
    let width = columns.len();
    let mut values = vec![Val::ZERO; width * height];
    for (index, column) in columns.iter().enumerate() {
        for (row, &value) in values.chunks_exact_mut(width).zip(*column) {
            row[index] = element(value);
        }
    }
    RowMajorMatrix::new(values, width)
}

fn bus_name(bus: MachineBus, fields: usize) -> String {
    format!("{}/{fields}", autoprec_circuits::BusKind::name(bus))
}

/// The boundary's messages of one bus and length.
type Group<'a> = ((MachineBus, usize), Vec<&'a Boundary<BabyBear>>);

/// The boundary by the height of the table that its messages are in.
fn boundary_groups(boundary: &[Boundary<BabyBear>]) -> BTreeMap<usize, Vec<Group<'_>>> {
    let mut by_bus: BTreeMap<(MachineBus, usize), Vec<&Boundary<BabyBear>>> = BTreeMap::new();
    for message in boundary {
        by_bus.entry((message.bus, message.message.len())).or_default().push(message);
    }
    let mut by_height: BTreeMap<usize, Vec<Group<'_>>> = BTreeMap::new();
    for (bus, messages) in by_bus {
        by_height.entry(log_height(messages.len())).or_default().push((bus, messages));
    }
    by_height
}

/// Groups side by side: multiplicity and fields of each, all of them fixed.
fn boundary_table(groups: &[Group<'_>], height: usize) -> TableAir {
    let mut columns: Vec<Vec<BabyBear>> = Vec::new();
    let mut messages = Vec::new();
    for ((bus, length), group) in groups {
        let first = columns.len();
        let sent = group.iter().map(|b| b.multiplicity.unsigned_abs());
        let sent: u64 = sent.fold(0, u64::saturating_add);
        let per_row = sent.div_ceil(height as u64);
        columns.push(group.iter().map(|b| BabyBear::from_i64(b.multiplicity)).collect());
        let field = |index: usize| group.iter().map(|b| b.message[index]).collect();
        columns.extend((0..*length).map(field));
        messages.push(Message {
            bus: bus_name(*bus, *length),
            multiplicity: Polynomial::cell(Cell::Fixed(first)),
            weight: u32::try_from(per_row).unwrap_or(u32::MAX),
            fields: (1..=*length).map(|i| Polynomial::cell(Cell::Fixed(first + i))).collect(),
        });
    }
    TableAir {
        main_width: 1,
        derived: Vec::new(),
        fixed: Some(fixed_matrix(&columns.iter().collect::<Vec<_>>(), height)),
        constraints: vec![Polynomial::cell(Cell::Main(0))],
        messages,
    }
}
