//! The circuit of a table.
//!
//! `Circuit::configure` of the library has no argument, so what it configures comes by a variable of
//! the thread, set for the duration of one call ([`Shape::scope`]). Every call of the library that
//! configures does so on the calling thread.
//!
//! Columns: see [`Layout`]. Fixed columns are those of the table and `active`, which is 1 on the rows of
//! the table. The one instance column holds the table's sum S in its first row and 0 in the others.
//!
//! Constraints, on all 2^k rows, with z the running sum and h the helper columns:
//! - each constraint of the system;
//! - h·Πf − `active`·Σ m·Π(other f) for each batch but the last;
//! - the same for the last batch, with z − z(next) + instance − Σ h for h.
//!
//! **Lemma.** If they hold and no fingerprint f is 0, then the rows of the table satisfy its system, and S
//! is Σ m/f over these rows and all messages. For h is Σ m/f of its batch on rows where `active` is 1,
//! and 0 on others; the row behind the last is the first, so z cancels in the sum of the last
//! constraint over all rows. Rows that are not the table's may hold anything that satisfies the system:
//! they send nothing. Rows of zeros do, and are what the prover has there.

use std::cell::RefCell;
use std::sync::Arc;

use autoprec_circuits::{Expr, MachineSystem, Pasta};
use halo2_proofs::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_proofs::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, VirtualCells,
};
use halo2_proofs::poly::Rotation;
use pasta_curves::Fp;
use pasta_curves::group::ff::Field as _;

use crate::challenge::Challenges;
use crate::expression::{lower, sum};
use crate::layout::Layout;

/// What a circuit is configured from.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) system: MachineSystem<Pasta>,
    pub(crate) layout: Layout,
    /// The fingerprint of each message.
    fingerprints: Vec<Expr<Pasta>>,
}

/// The name of the one gate.
pub(crate) const GATE: &str = "table";

thread_local! {
    static SHAPE: RefCell<Option<Arc<Shape>>> = const { RefCell::new(None) };
}

/// Puts back, at the end of a scope, what there was before.
struct Restore(Option<Arc<Shape>>);

impl Drop for Restore {
    fn drop(&mut self) {
        SHAPE.with(|shape| *shape.borrow_mut() = self.0.take());
    }
}

impl Shape {
    pub(crate) fn new(
        system: &MachineSystem<Pasta>,
        layout: &Layout,
        challenges: &Challenges,
    ) -> Arc<Self> {
        let messages = system.interactions.iter();
        let fingerprints = messages.map(|i| challenges.fingerprint(i.bus, &i.message)).collect();
        Arc::new(Self { system: system.clone(), layout: layout.clone(), fingerprints })
    }

    /// Calls the library with this as what it configures.
    pub(crate) fn scope<T>(self: &Arc<Self>, call: impl FnOnce() -> T) -> T {
        let before = SHAPE.with(|shape| shape.replace(Some(Arc::clone(self))));
        let _restore = Restore(before);
        call()
    }

    /// The constraints of one row, as the library's expressions.
    fn expressions(&self, queries: &Queries) -> Vec<Expression<Fp>> {
        let constraints = self.system.constraints.iter();
        let mut all: Vec<Expression<Fp>> =
            constraints.map(|c| lower(&c.expr, &queries.table)).collect();
        let (last, helped) = self.layout.batches.split_last().expect("there is a batch");
        let helpers = queries.helpers.iter();
        all.extend(helped.iter().zip(helpers).map(|(batch, h)| self.batch(batch, h, queries)));
        let less = queries.helpers.iter().chain([&queries.sum_next]);
        let rest = queries.sum.clone() + queries.instance.clone() - sum(less.cloned().collect());
        all.push(self.batch(last, &rest, queries));
        all
    }

    /// h·Πf − active·Σ m·Π(other f), multiplied out like Horner's scheme: of all but the first fingerprint
    /// there are at most two copies per later one.
    fn batch(&self, batch: &[usize], h: &Expression<Fp>, queries: &Queries) -> Expression<Fp> {
        let fingerprint = |message: usize| lower(&self.fingerprints[message], &queries.table);
        // A difference costs the library a product by −1; most multiplicities are ±1 times a column.
        let received = |message: usize| {
            let multiplicity = self.system.interactions[message].multiplicity.clone();
            lower(&-multiplicity, &queries.table) * queries.active.clone()
        };
        // The cheapest is copied most often.
        let mut order = batch.to_vec();
        order.sort_by_key(|&message| self.fingerprints[message].terms());
        let Some((&first, others)) = order.split_first() else { return h.clone() };
        let mut product = fingerprint(first);
        let mut total = h.clone() * product.clone() + received(first);
        for (index, &message) in others.iter().enumerate() {
            let f = fingerprint(message);
            total = total * f.clone() + received(message) * product.clone();
            if index + 1 < others.len() {
                product = product * f;
            }
        }
        total
    }
}

/// The cells that constraints are about.
struct Queries {
    active: Expression<Fp>,
    instance: Expression<Fp>,
    /// The table's columns in their order.
    table: Vec<Expression<Fp>>,
    helpers: Vec<Expression<Fp>>,
    sum: Expression<Fp>,
    sum_next: Expression<Fp>,
}

/// The columns of a circuit.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    active: Column<Fixed>,
    fixed: Vec<Column<Fixed>>,
    advice: Vec<Column<Advice>>,
}

/// The cells of a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableCircuit<'a> {
    pub(crate) layout: &'a Layout,
    /// The fixed columns of the table.
    pub(crate) fixed: &'a [Vec<Pasta>],
    /// The columns of the advice; shorter ones end in zeros. `None` if only the key is made.
    pub(crate) advice: Option<&'a [Vec<Fp>]>,
}

impl Circuit<Fp> for TableCircuit<'_> {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self { advice: None, ..*self }
    }

    fn configure(meta: &mut ConstraintSystem<Fp>) -> Config {
        let shape = SHAPE.with(|shape| shape.borrow().clone());
        let shape = shape.expect("the library is called within a scope");
        let layout = &shape.layout;
        let advice: Vec<_> = (0..layout.advice()).map(|_| meta.advice_column()).collect();
        let fixed = (0..layout.fixed).map(|_| meta.fixed_column()).collect();
        let active = meta.fixed_column();
        let instance = meta.instance_column();
        let config = Config { active, fixed, advice };
        meta.set_minimum_degree(layout.degree);
        meta.create_gate(GATE, |cells| {
            let instance = cells.query_instance(instance, Rotation::cur());
            shape.expressions(&queries(layout, &config, instance, cells))
        });
        config
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fp>) -> Result<(), Error> {
        let mut measured = false;
        layouter.assign_region(
            || "table",
            |mut region| {
                if !measured {
                    // The first pass is only about which rows and columns there are.
                    measured = true;
                    return assign(&mut region, config.active, self.layout.rows - 1, Fp::ZERO);
                }
                self.assign_fixed(&config, &mut region)?;
                self.assign_advice(&config, &mut region)
            },
        )
    }
}

fn queries(
    layout: &Layout,
    config: &Config,
    instance: Expression<Fp>,
    cells: &mut VirtualCells<'_, Fp>,
) -> Queries {
    let fixed: Vec<_> = config.fixed.iter().map(|&column| cells.query_fixed(column)).collect();
    let advice = config.advice.iter().map(|&c| cells.query_advice(c, Rotation::cur()));
    let mut advice: Vec<_> = advice.collect();
    let sum = advice.pop().expect("there is a running sum");
    let helpers = advice.split_off(layout.main);
    let last = *config.advice.last().expect("there is a running sum");
    Queries {
        active: cells.query_fixed(config.active),
        instance,
        table: fixed.into_iter().chain(advice).collect(),
        helpers,
        sum,
        sum_next: cells.query_advice(last, Rotation::next()),
    }
}

fn assign(
    region: &mut Region<'_, Fp>,
    column: Column<Fixed>,
    row: usize,
    value: Fp,
) -> Result<(), Error> {
    region.assign_fixed(|| "", column, row, || Value::known(value)).map(drop)
}

impl TableCircuit<'_> {
    fn assign_fixed(&self, config: &Config, region: &mut Region<'_, Fp>) -> Result<(), Error> {
        for row in 0..self.layout.rows {
            assign(region, config.active, row, Fp::ONE)?;
        }
        for (&column, cells) in config.fixed.iter().zip(self.fixed) {
            for (row, cell) in cells.iter().enumerate() {
                assign(region, column, row, cell.inner())?;
            }
        }
        Ok(())
    }

    fn assign_advice(&self, config: &Config, region: &mut Region<'_, Fp>) -> Result<(), Error> {
        for (&column, cells) in config.advice.iter().zip(self.advice.unwrap_or(&[])) {
            for (row, cell) in cells.iter().enumerate().filter(|(_, cell)| **cell != Fp::ZERO) {
                region.assign_advice(|| "", column, row, || Value::known(*cell))?;
            }
        }
        Ok(())
    }
}
