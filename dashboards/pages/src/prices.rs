//! What an instruction costs in the target's unit.

use std::collections::BTreeMap;

use autoprec_blocks::Cfg;
use autoprec_dashboards::Report;
use autoprec_isa::{Inst, Op};
use autoprec_linker::Form;
use autoprec_profiler::cost::Model;
use autoprec_synth::Target;
use rayon::prelude::*;

use crate::PageError;

/// The prices of a target.
#[derive(Debug)]
pub(crate) struct Prices<'a> {
    pub(crate) source: Source<'a>,
    /// Whether regions end before an instruction that transfers control: it has no precompile and no
    /// part in the report's costs.
    without_control: bool,
}

/// Where prices come from.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// The AIRs of a target: prices of all instructions that occur.
    Target(&'static Target, BTreeMap<Key, u64>),
    /// A cost model.
    Model(&'a Model),
}

impl<'a> Prices<'a> {
    /// The prices that a report is in.
    pub(crate) fn of(
        report: &Report,
        model: Option<&'a Model>,
        cfg: &Cfg,
    ) -> Result<Self, PageError> {
        let name = report.target.name.as_str();
        let source = match (Target::named(name), model) {
            (Some(target), _) => Source::Target(target, instructions(cfg, target)),
            (None, Some(model)) => Source::Model(model),
            (None, None) => return Err(PageError::NoModel { target: name.to_owned() }),
        };
        let form: Option<Form> = report.target.form.as_deref().map(str::parse).transpose()?;
        Ok(Self { source, without_control: matches!(form, Some(Form::Ecall { .. })) })
    }

    /// The price of an instruction, or of a word that is none. What no region holds costs nothing,
    /// but by a model.
    pub(crate) fn of_inst(&self, inst: Option<Inst>) -> u64 {
        match &self.source {
            Source::Model(model) => {
                model.row_of(inst).and_then(|row| row.first().copied()).unwrap_or(0)
            }
            Source::Target(_, prices) => {
                let inst = inst.filter(|inst| self.in_regions(inst));
                inst.and_then(|inst| prices.get(&key(inst)).copied()).unwrap_or(0)
            }
        }
    }

    /// Whether a region may hold an instruction.
    pub(crate) fn in_regions(&self, inst: &Inst) -> bool {
        !(inst.ends_region() || self.without_control && inst.is_control())
    }
}

/// What the price of an instruction depends on: its operation, and whether it writes a register.
pub(crate) type Key = (Op, bool);

fn key(inst: Inst) -> Key {
    (inst.op, inst.def().is_some())
}

/// The prices of all instructions that occur in the code.
fn instructions(cfg: &Cfg, target: &Target) -> BTreeMap<Key, u64> {
    let insts = cfg.blocks.iter().flat_map(|block| &block.insts).map(|at| at.inst);
    let samples: BTreeMap<Key, Inst> = insts.map(|inst| (key(inst), inst)).collect();
    let price = |(key, inst): (Key, Inst)| {
        let cost = (target.instruction)(inst, cfg.xlen, target)?;
        Some((key, cost.price(target)))
    };
    let prices: Vec<Option<(Key, u64)>> = samples.into_par_iter().map(price).collect();
    prices.into_iter().flatten().collect()
}
