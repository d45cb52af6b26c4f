//! Our systems in powdr's form.

use std::sync::Arc;

use autoprec_circuits::{
    BabyBear, Bus, ColumnId, ColumnKind, ConstraintSystem, Expr, Field, Linear, TUPLE_SIZES,
};
use powdr_autoprecompiles::bus_map::{BusMap, BusType};
use powdr_autoprecompiles::expression::{AlgebraicExpression, AlgebraicReference};
use powdr_autoprecompiles::symbolic_machine::{
    SymbolicBusInteraction, SymbolicConstraint, SymbolicMachine,
};
use powdr_number::BabyBearField;

use super::buses::Lookup;

type Expression = AlgebraicExpression<BabyBearField>;

/// The buses of converted systems.
pub(super) fn bus_map() -> BusMap<Lookup> {
    BusMap::from_id_type_pairs(Bus::ALL.map(|bus| {
        let kind = match bus {
            Bus::Execution => BusType::ExecutionBridge,
            Bus::Program => BusType::PcLookup,
            Bus::Memory => BusType::Memory,
            Bus::Range => BusType::Other(Lookup::VariableRangeChecker),
            Bus::Bitwise => BusType::Other(Lookup::Bitwise),
            Bus::TupleRange => BusType::Other(Lookup::TupleRangeChecker(TUPLE_SIZES)),
        };
        (id(bus), kind)
    }))
}

fn id(bus: Bus) -> u64 {
    bus as u64
}

/// The row of a call: the flag is 1, as in powdr's exports. Lookups in the program, which powdr
/// has none of, are left out.
pub(super) fn machine(system: &ConstraintSystem<BabyBear>) -> SymbolicMachine<BabyBearField> {
    let convert = |expr: &Expr<BabyBear>| expression(system, expr);
    let messages = system.interactions.iter().filter(|message| message.bus != Bus::Program);
    SymbolicMachine {
        constraints: system
            .constraints
            .iter()
            .map(|constraint| SymbolicConstraint { expr: convert(&constraint.expr) })
            .collect(),
        bus_interactions: messages
            .map(|message| SymbolicBusInteraction {
                id: id(message.bus),
                mult: convert(&message.multiplicity),
                args: message.message.iter().map(convert).collect(),
            })
            .collect(),
        derived_columns: Vec::new(),
    }
}

fn number(value: BabyBear) -> Expression {
    Expression::Number(BabyBearField::from(value.to_u64()))
}

fn expression(system: &ConstraintSystem<BabyBear>, expr: &Expr<BabyBear>) -> Expression {
    let all = |parts: &[Expr<BabyBear>]| -> Vec<Expression> {
        parts.iter().map(|part| expression(system, part)).collect()
    };
    match expr {
        Expr::Linear(linear) => sum_of_terms(system, linear),
        Expr::Sum(parts) => {
            all(parts).into_iter().reduce(|a, b| a + b).expect("a sum has summands")
        }
        Expr::Product(parts) => {
            all(parts).into_iter().reduce(|a, b| a * b).expect("a product has factors")
        }
    }
}

/// A linear form, without parts that are 0.
fn sum_of_terms(system: &ConstraintSystem<BabyBear>, linear: &Linear<BabyBear>) -> Expression {
    let mut constant = linear.constant();
    let mut sum: Option<Expression> = None;
    for &(column, coefficient) in linear.terms() {
        if system.columns[column.index()].kind == ColumnKind::Flag {
            constant = constant + coefficient;
            continue;
        }
        let reference = Expression::Reference(reference(system, column));
        let term =
            if coefficient == BabyBear::ONE { reference } else { reference * number(coefficient) };
        sum = Some(match sum {
            Some(sum) => sum + term,
            None => term,
        });
    }
    match sum {
        Some(sum) if constant == BabyBear::ZERO => sum,
        Some(sum) => sum + number(constant),
        None => number(constant),
    }
}

fn reference(system: &ConstraintSystem<BabyBear>, column: ColumnId) -> AlgebraicReference {
    let name = Arc::new(system.columns[column.index()].name.clone());
    AlgebraicReference { name, id: u64::from(column.0) }
}
