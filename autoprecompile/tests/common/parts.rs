//! The parts of a system, to be removed one at a time.

use autoprec_circuits::{BusKind, ConstraintSystem, Field, Origin};

/// A part of a system, by its position.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Constraint(usize),
    Interaction(usize),
}

/// All parts of a system: where each is, what kind of part it is, and where it comes from.
pub(crate) fn parts<F: Field, B: BusKind>(
    system: &ConstraintSystem<F, B>,
) -> Vec<(Part, &'static str, &Origin)> {
    let constraints = system.constraints.iter().enumerate();
    let constraints = constraints.map(|(i, c)| (Part::Constraint(i), "constraint", &c.origin));
    let interactions = system.interactions.iter().enumerate();
    let interactions = interactions.map(|(i, m)| (Part::Interaction(i), m.bus.name(), &m.origin));
    constraints.chain(interactions).collect()
}

/// Removes a part.
pub(crate) fn remove<F, B>(system: &mut ConstraintSystem<F, B>, part: Part) {
    match part {
        Part::Constraint(index) => drop(system.constraints.remove(index)),
        Part::Interaction(index) => drop(system.interactions.remove(index)),
    }
}
