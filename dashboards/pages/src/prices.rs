//! What an instruction costs in the target's unit.

use std::collections::BTreeMap;

use autoprec_blocks::{Cfg, Region, RegionInst};
use autoprec_circuits::{BabyBear, Field, Pasta};
use autoprec_dashboards::Report;
use autoprec_isa::{Inst, Op};
use autoprec_linker::Form;
use autoprec_profiler::cost::Model;
use autoprec_synth::OPENVM;
use autoprec_synth::machine::{BABYBEAR, MachineTarget, PASTA, RowCost};
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
    /// Main cells of OpenVM's tables.
    OpenVm,
    /// Nanoseconds in tables of our own, one per operation.
    Kinds(BTreeMap<Op, u64>),
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
        let source = match (report.target.name.as_str(), model) {
            ("openvm", _) => Source::OpenVm,
            ("halo2", _) => Source::Kinds(kinds::<Pasta>(cfg, &PASTA)),
            ("plonky3", _) => Source::Kinds(kinds::<BabyBear>(cfg, &BABYBEAR)),
            (_, Some(model)) => Source::Model(model),
            (target, None) => return Err(PageError::NoModel { target: target.to_owned() }),
        };
        let form: Option<Form> = report.target.form.as_deref().map(str::parse).transpose()?;
        Ok(Self { source, without_control: matches!(form, Some(Form::Ecall { .. })) })
    }

    /// The price of an instruction, or of a word that is none. What no region holds costs nothing,
    /// but by a model.
    pub(crate) fn of_inst(&self, inst: Option<Inst>) -> u64 {
        if let Source::Model(model) = self.source {
            return model.row_of(inst).and_then(|row| row.first().copied()).unwrap_or(0);
        }
        let Some(inst) = inst.filter(|inst| self.in_regions(inst)) else { return 0 };
        match &self.source {
            Source::Kinds(kinds) => kinds.get(&inst.op).copied().unwrap_or(0),
            _ => (OPENVM.instruction_cost)(inst).columns as u64,
        }
    }

    /// Whether a region may hold an instruction.
    pub(crate) fn in_regions(&self, inst: &Inst) -> bool {
        !(inst.ends_region() || self.without_control && inst.is_control())
    }
}

/// The prices of all operations that occur in the code.
fn kinds<F: Field>(cfg: &Cfg, target: &MachineTarget) -> BTreeMap<Op, u64> {
    let insts = cfg.blocks.iter().flat_map(|block| &block.insts);
    let mut samples: BTreeMap<Op, RegionInst> = BTreeMap::new();
    for at in insts.filter(|at| !at.inst.ends_region()) {
        samples.entry(at.inst.op).or_insert(*at);
    }
    let price = |(op, at): (Op, RegionInst)| {
        let region = Region::checked(cfg.xlen, vec![at], 0).ok()?;
        let cost = RowCost::of_kind::<F>(op, &region, target)?;
        Some((op, cost.nanoseconds(target)))
    };
    let prices: Vec<Option<(Op, u64)>> = samples.into_par_iter().map(price).collect();
    prices.into_iter().flatten().collect()
}
