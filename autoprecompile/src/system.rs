//! The system of a precompile for one target, with field and buses hidden: what everything behind synthesis
//! handles that does not prove.
//!
//! **Invariant**: [`draft`] is the only place where a target's field and buses choose the gadgets.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Field, Listing, Pasta};
use autoprec_guest_elf::PrecompileId;

use crate::ir::Ir;
use crate::lower::{LowerError, Lowered, Unplaced, bits, bytes};
use crate::target::{RowCost, Target, Vocabulary};
use crate::validate::{
    Effort, ReadBus, RecordedState, Rules, Subject, Validation, ValidationError, validate,
};

/// A constraint system for a target, and its recipe.
#[derive(Clone, Debug)]
pub struct TargetSystem {
    target: Target,
    form: Arc<dyn Form>,
}

impl PartialEq for TargetSystem {
    /// Whether target, system and recipe are the same.
    fn eq(&self, other: &Self) -> bool {
        self.target.name == other.target.name && self.form.is(&*other.form)
    }
}

impl TargetSystem {
    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The system and its recipe, if field and buses are these.
    pub fn lowered<F: Field, B: ReadBus>(&self) -> Option<&Lowered<F, B>> {
        self.form.as_any().downcast_ref()
    }

    /// The text form of the system.
    pub fn text(&self) -> String {
        self.form.text()
    }

    /// The parts of the system as texts.
    pub fn listing(&self) -> Listing {
        self.form.listing()
    }

    /// What a row costs the prover of the target.
    pub fn row_cost(&self) -> RowCost {
        self.form.row_cost(&self.target)
    }

    /// Ticks of the memory clock per call.
    pub fn ticks(&self) -> u32 {
        self.form.ticks()
    }

    /// Numbers of columns by the name of their kind.
    pub fn columns_by_kind(&self) -> BTreeMap<&'static str, usize> {
        self.form.columns_by_kind()
    }

    /// Numbers of bus interactions by the name of their bus.
    pub fn interactions_by_bus(&self) -> BTreeMap<&'static str, usize> {
        self.form.interactions_by_bus()
    }

    /// The system under another number.
    pub(crate) fn numbered(&self, entry: u64, id: PrecompileId) -> Self {
        Self { target: self.target, form: self.form.numbered(entry, id, &self.target) }
    }

    /// Checks the system of precompile `id`, which is of a region with this dataflow.
    ///
    /// # Errors
    /// The first check that fails.
    pub(crate) fn check(
        &self,
        (region, ir, id): (&Region, &Ir, PrecompileId),
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Validation, ValidationError> {
        let rules = Rules { target: &self.target, xlen: region.xlen };
        self.form.check((region, ir, id.number()), rules, recorded, effort)
    }
}

/// A system that lacks place and number.
#[derive(Clone, Debug)]
pub(crate) struct DraftSystem {
    target: Target,
    form: Arc<dyn Draft>,
}

/// Lowers a region for a target, by the gadgets for its field and buses.
///
/// # Errors
/// What [`LowerError`] says.
pub(crate) fn draft(ir: &Ir, target: &Target) -> Result<DraftSystem, LowerError> {
    let form: Arc<dyn Draft> = match (target.vocabulary, target.field) {
        (Vocabulary::Host, BabyBear::NAME) => Arc::new(bytes::lower(ir, target)?),
        (Vocabulary::Own, BabyBear::NAME) => Arc::new(bits::lower_region::<BabyBear>(ir, target)?),
        (Vocabulary::Own, Pasta::NAME) => Arc::new(bits::lower_region::<Pasta>(ir, target)?),
        (_, field) => return Err(LowerError::Field { target: target.name, field }),
    };
    Ok(DraftSystem { target: *target, form })
}

impl DraftSystem {
    /// The target.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// What a row costs.
    pub(crate) fn row_cost(&self) -> RowCost {
        self.form.as_form().row_cost(&self.target)
    }

    /// The degree of the system.
    pub(crate) fn degree(&self) -> u32 {
        self.form.as_form().degree()
    }

    /// Ticks of the memory clock per call.
    pub(crate) fn ticks(&self) -> u32 {
        self.form.as_form().ticks()
    }

    /// The system of the region that begins at `entry` and is called by the number `id`.
    ///
    /// # Errors
    /// If the region or what follows it lies beyond what the target has of code.
    pub(crate) fn placed(&self, entry: u64, id: PrecompileId) -> Result<TargetSystem, LowerError> {
        let form = self.form.placed(entry, id, &self.target)?;
        Ok(TargetSystem { target: self.target, form })
    }
}

/// What can be said of a [`Lowered`] system of any field and buses.
trait Form: Any + Debug + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn is(&self, other: &dyn Form) -> bool;
    fn text(&self) -> String;
    fn listing(&self) -> Listing;
    fn row_cost(&self, target: &Target) -> RowCost;
    fn degree(&self) -> u32;
    fn ticks(&self) -> u32;
    fn columns_by_kind(&self) -> BTreeMap<&'static str, usize>;
    fn interactions_by_bus(&self) -> BTreeMap<&'static str, usize>;
    fn numbered(&self, entry: u64, id: PrecompileId, target: &Target) -> Arc<dyn Form>;
    fn check(
        &self,
        of: (&Region, &Ir, u32),
        rules: Rules<'_>,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Validation, ValidationError>;
}

/// What can be done with an [`Unplaced`] system of any field and buses.
trait Draft: Debug + Send + Sync {
    fn as_form(&self) -> &dyn Form;
    fn placed(
        &self,
        entry: u64,
        id: PrecompileId,
        target: &Target,
    ) -> Result<Arc<dyn Form>, LowerError>;
}

impl<F: Field, B: ReadBus> Draft for Unplaced<F, B> {
    fn as_form(&self) -> &dyn Form {
        self.lowered()
    }

    fn placed(
        &self,
        entry: u64,
        id: PrecompileId,
        target: &Target,
    ) -> Result<Arc<dyn Form>, LowerError> {
        Ok(Arc::new(self.placed(entry, id, target)?))
    }
}

impl<F: Field, B: ReadBus> Form for Lowered<F, B> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is(&self, other: &dyn Form) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn text(&self) -> String {
        self.system.to_string()
    }

    fn listing(&self) -> Listing {
        self.system.listing()
    }

    fn row_cost(&self, target: &Target) -> RowCost {
        target.row_cost(&self.system)
    }

    fn degree(&self) -> u32 {
        self.system.degree()
    }

    fn ticks(&self) -> u32 {
        self.recipe.ticks()
    }

    fn columns_by_kind(&self) -> BTreeMap<&'static str, usize> {
        let counts = self.system.columns_by_kind().into_iter();
        counts.map(|(kind, count)| (kind.name(), count)).collect()
    }

    fn interactions_by_bus(&self) -> BTreeMap<&'static str, usize> {
        let counts = self.system.interactions_by_bus().into_iter();
        counts.map(|(bus, count)| (bus.name(), count)).collect()
    }

    fn numbered(&self, entry: u64, id: PrecompileId, target: &Target) -> Arc<dyn Form> {
        let mut lowered = self.clone();
        lowered.set_call(entry, id, target);
        Arc::new(lowered)
    }

    fn check(
        &self,
        (region, ir, id): (&Region, &Ir, u32),
        rules: Rules<'_>,
        recorded: &[RecordedState],
        effort: Effort,
    ) -> Result<Validation, ValidationError> {
        let Self { system, recipe } = self;
        validate(&Subject { region, ir, id, rules, system, recipe }, recorded, effort)
    }
}
