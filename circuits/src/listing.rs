//! A system as texts, part by part, for those who show it whatever its field and buses are.

use crate::bus::BusKind;
use crate::field::Field;
use crate::system::{ConstraintSystem, Origin};

/// The parts of a system as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Name and kind of each column.
    pub columns: Vec<(String, &'static str)>,
    /// Each constraint, with its origin.
    pub constraints: Vec<(String, Origin)>,
    /// Each bus interaction.
    pub interactions: Vec<ListedInteraction>,
}

/// A bus interaction as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInteraction {
    /// The name of the bus.
    pub bus: &'static str,
    /// How often the message is sent; negative if it is received.
    pub multiplicity: String,
    /// The fields of the message.
    pub fields: Vec<String>,
    /// Where the interaction comes from.
    pub origin: Origin,
}

impl<F: Field, B: BusKind> ConstraintSystem<F, B> {
    /// The parts as texts.
    pub fn listing(&self) -> Listing {
        let columns = self.columns.iter();
        let constraints = self.constraints.iter();
        let interactions = self.interactions.iter().map(|interaction| ListedInteraction {
            bus: interaction.bus.name(),
            multiplicity: self.show(&interaction.multiplicity),
            fields: interaction.message.iter().map(|field| self.show(field)).collect(),
            origin: interaction.origin.clone(),
        });
        Listing {
            columns: columns.map(|column| (column.name.clone(), column.kind.name())).collect(),
            constraints: constraints.map(|c| (self.show(&c.expr), c.origin.clone())).collect(),
            interactions: interactions.collect(),
        }
    }
}
