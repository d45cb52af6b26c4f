//! A system under construction, with what its columns are made from: what the builders of all shelves write
//! into.
//!
//! Invariant: there is one source per column, and no two columns have the same name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use autoprec_circuits::{
    BusKind, Column, ColumnId, ColumnKind, Constraint, ConstraintSystem, Expr, Field, Interaction,
    Linear, Origin,
};

use crate::recipe::{Source, Steps};

/// A system under construction.
#[derive(Clone, Debug)]
pub(super) struct SystemDraft<F, B> {
    pub(super) system: ConstraintSystem<F, B>,
    /// What each column is made from.
    pub(super) sources: Vec<Source>,
    pub(super) steps: Steps<F>,
    /// The instruction of the region that everything comes from now.
    pub(super) inst: Option<u32>,
    /// How many columns have asked for a name.
    names: BTreeMap<String, u32>,
}

impl<F: Field, B: BusKind> SystemDraft<F, B> {
    pub(super) fn new() -> Self {
        Self {
            system: ConstraintSystem::default(),
            sources: Vec::new(),
            steps: Steps::default(),
            inst: None,
            names: BTreeMap::new(),
        }
    }

    /// A new column that is made from `source`. The name gets a number if it is taken.
    pub(super) fn column(
        &mut self,
        mut name: String,
        kind: ColumnKind,
        source: Source,
    ) -> Linear<F> {
        let uses = self.names.entry(name.clone()).or_default();
        *uses += 1;
        if *uses > 1 {
            // No caller's name ends like this.
            name = format!("{name}_n{uses}");
        }
        let id = u32::try_from(self.system.columns.len()).expect("a system has few columns");
        self.system.columns.push(Column { name, kind });
        self.sources.push(source);
        Linear::column(ColumnId(id))
    }

    /// Demands `expr = 0`.
    pub(super) fn constrain(&mut self, expr: Expr<F>, what: Cow<'static, str>) {
        let origin = Origin { instruction: self.inst, what };
        self.system.constraints.push(Constraint { expr, origin });
    }

    /// Sends a message `multiplicity` times.
    pub(super) fn send(
        &mut self,
        bus: B,
        multiplicity: Linear<F>,
        message: Vec<Expr<F>>,
        what: Cow<'static, str>,
    ) {
        let origin = Origin { instruction: self.inst, what };
        let multiplicity = multiplicity.into();
        self.system.interactions.push(Interaction { bus, multiplicity, message, origin });
    }
}
