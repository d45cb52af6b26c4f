//! The AIR of a precompile: one AIR for all constraint systems, which walks the system's expressions.
//!
//! OpenVM's prover reads an AIR once, at key generation, into its own symbolic form, so that walking
//! data costs nothing when proving.

use std::sync::Arc;

use autoprec_circuits::{BabyBear, Bus, ConstraintSystem, Expr, Interaction, Linear, TUPLE_SIZES};
use openvm_circuit_primitives::ColumnsAir;
use openvm_stark_backend::{
    BaseAirWithPublicValues, PartitionedBaseAir,
    interaction::InteractionBuilder,
    p3_air::{Air, AirBuilder, BaseAir},
    p3_field::{Field, PrimeCharacteristicRing},
    p3_matrix::Matrix,
};

use crate::buses::Buses;

/// The weight of a message in the check that no multiset is larger than the field; as in OpenVM's
/// own instruction AIRs.
const COUNT_WEIGHT: u32 = 1;

/// A constraint system as an AIR. Every bus of the system has a number in `buses`.
#[derive(Clone, Debug)]
pub(crate) struct PrecompileAir {
    pub(crate) system: Arc<ConstraintSystem<BabyBear>>,
    pub(crate) buses: Buses,
}

/// The system with every message on a bus that this VM has.
///
/// A VM whose table of range tuples has other sizes gets two plain range checks for each tuple: they
/// say the same, and only the number of interactions differs.
pub(crate) fn localise(
    system: &ConstraintSystem<BabyBear>,
    buses: &Buses,
) -> ConstraintSystem<BabyBear> {
    let mut local = system.clone();
    if buses.index(Bus::TupleRange).is_none() {
        local.interactions =
            local.interactions.into_iter().flat_map(split_tuple).collect::<Vec<_>>();
    }
    local
}

fn split_tuple(interaction: Interaction<BabyBear>) -> Vec<Interaction<BabyBear>> {
    if interaction.bus != Bus::TupleRange {
        return vec![interaction];
    }
    let Interaction { multiplicity, message, origin, .. } = interaction;
    let bits = TUPLE_SIZES.map(|size| i64::from(size.ilog2()));
    message
        .into_iter()
        .zip(bits)
        .map(|(value, bits)| Interaction {
            bus: Bus::Range,
            multiplicity: multiplicity.clone(),
            message: vec![value, Expr::int(bits)],
            origin: origin.clone(),
        })
        .collect()
}

impl<F: Field> BaseAir<F> for PrecompileAir {
    fn width(&self) -> usize {
        self.system.columns.len()
    }
}

impl<F: Field> BaseAirWithPublicValues<F> for PrecompileAir {}
impl<F: Field> PartitionedBaseAir<F> for PrecompileAir {}

impl ColumnsAir for PrecompileAir {
    fn columns(&self) -> Option<Vec<String>> {
        Some(self.system.columns.iter().map(|column| column.name.clone()).collect())
    }
}

impl<AB: InteractionBuilder> Air<AB> for PrecompileAir {
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let row = main.row_slice(0).expect("a main trace has a current row");
        let row: &[AB::Var] = &row;
        for constraint in &self.system.constraints {
            builder.assert_zero(expression::<AB>(&constraint.expr, row));
        }
        for interaction in &self.system.interactions {
            let bus = self
                .buses
                .index(interaction.bus)
                .expect("a VM is only built for systems whose buses it has");
            let message: Vec<AB::Expr> =
                interaction.message.iter().map(|field| expression::<AB>(field, row)).collect();
            let multiplicity = expression::<AB>(&interaction.multiplicity, row);
            builder.push_interaction(bus, message, multiplicity, COUNT_WEIGHT);
        }
    }
}

fn expression<AB: AirBuilder>(expr: &Expr<BabyBear>, row: &[AB::Var]) -> AB::Expr {
    match expr {
        Expr::Linear(linear) => linear_form::<AB>(linear, row),
        Expr::Sum(terms) => terms
            .iter()
            .map(|term| expression::<AB>(term, row))
            .reduce(|a, b| a + b)
            .unwrap_or(AB::Expr::ZERO),
        Expr::Product(factors) => factors
            .iter()
            .map(|factor| expression::<AB>(factor, row))
            .reduce(|a, b| a * b)
            .unwrap_or(AB::Expr::ONE),
    }
}

fn linear_form<AB: AirBuilder>(linear: &Linear<BabyBear>, row: &[AB::Var]) -> AB::Expr {
    let one = BabyBear::from_canonical(1).expect("1 is below the order of the field");
    let constant = linear.constant().canonical();
    linear
        .terms()
        .iter()
        .map(|&(column, factor)| {
            let cell: AB::Expr = row[column.index()].clone().into();
            if factor == one { cell } else { cell * AB::Expr::from_u32(factor.canonical()) }
        })
        .chain((constant != 0).then(|| AB::Expr::from_u32(constant)))
        .reduce(|a, b| a + b)
        .unwrap_or(AB::Expr::ZERO)
}
