//! Everything about each precompile, synthesised again from the guest's code.

use autoprec_blocks::Region;
use autoprec_circuits::{BusKind, ConstraintSystem, Field};
use autoprec_dashboards::{Detail, DetailSystem, Line, Message, Origin, Precompile};
use autoprec_profiler::{Place, Sources};
use autoprec_synth::MachinePrecompile;
use autoprec_synth::ir::Ir;
use autoprec_synth::{OPENVM, synthesise};
use rayon::prelude::*;

use crate::linked::LinkedRegion;
use crate::{Guest, PageError};

/// In the order of the report, in parallel.
pub(crate) fn details(guest: &Guest<'_>) -> Result<Vec<Detail>, PageError> {
    let reports = &guest.report.precompiles;
    let openvm = guest.report.target.name == OPENVM.name;
    // Debug information is read by one thread; synthesis takes the time.
    let assembly: Vec<Vec<Line>> =
        guest.linked.regions.iter().map(|l| assembly(&guest.sources, &l.region)).collect();
    let all = guest.linked.regions.par_iter().zip(reports).zip(assembly);
    let details: Vec<Result<Detail, PageError>> =
        all.map(|((linked, report), assembly)| detail(linked, report, assembly, openvm)).collect();
    details.into_iter().collect()
}

fn detail(
    LinkedRegion { id, region, .. }: &LinkedRegion,
    report: &Precompile,
    assembly: Vec<Line>,
    openvm: bool,
) -> Result<Detail, PageError> {
    let failed = |error: &dyn std::fmt::Display| {
        let (id, entry) = (id.number(), region.entry());
        PageError::Synthesis { id, entry, what: error.to_string() }
    };
    let insts = assembly.len();
    let (ir, digest, systems) = if openvm {
        let precompile = synthesise(region, *id, &OPENVM).map_err(|error| failed(&error))?;
        let digest = precompile.system_digest();
        let systems = vec![system(&precompile.system, insts)];
        (precompile.ir, digest, systems)
    } else {
        let precompile =
            MachinePrecompile::synthesise(region, *id).map_err(|error| failed(&error))?;
        let digest = precompile.system_digest();
        let wide = system(&precompile.wide.system, insts);
        let narrow = system(&precompile.narrow.system, insts);
        (precompile.ir, digest, vec![wide, narrow])
    };
    if hex::encode(digest) != report.system_digest {
        return Err(PageError::System { id: id.number() });
    }
    Ok(Detail { id: id.number(), assembly, ir: dataflow(&ir, insts), systems })
}

fn assembly(sources: &Sources, region: &Region) -> Vec<Line> {
    let line = |at: &autoprec_blocks::RegionInst| Line {
        pc: at.pc,
        text: at.inst.asm().to_string(),
        source: sources.at(at.pc).iter().filter_map(place).collect(),
    };
    region.insts.iter().map(line).collect()
}

/// A place as a text; nothing if nothing is known of it.
fn place(place: &Place) -> Option<String> {
    let file = place.file.as_ref().map(|file| match place.line {
        Some(line) => format!("{file}:{line}"),
        None => file.clone(),
    });
    match (file, &place.function) {
        (Some(file), Some(function)) => Some(format!("{file} in {function}")),
        (None, Some(function)) => Some(format!("in {function}")),
        (file, None) => file,
    }
}

/// The lines of the text form but for its header.
fn dataflow(ir: &Ir, insts: usize) -> Vec<Origin> {
    let text = ir.to_string();
    let line = |line: &str| {
        let (text, inst) = match line.rsplit_once(" ; @") {
            Some((text, inst)) => (text, inst.parse().ok()),
            None => (line, None),
        };
        Origin { text: text.to_owned(), inst: instruction(inst, insts), what: String::new() }
    };
    text.lines().skip(1).map(line).collect()
}

fn system<F: Field, B: BusKind>(system: &ConstraintSystem<F, B>, insts: usize) -> DetailSystem {
    let columns = system.columns.iter();
    let constraints = system.constraints.iter().map(|constraint| Origin {
        text: system.show(&constraint.expr),
        inst: instruction(constraint.origin.instruction, insts),
        what: constraint.origin.what.to_string(),
    });
    let messages = system.interactions.iter().map(|message| Message {
        bus: message.bus.name().to_owned(),
        multiplicity: system.show(&message.multiplicity),
        fields: message.message.iter().map(|field| system.show(field)).collect(),
        inst: instruction(message.origin.instruction, insts),
        what: message.origin.what.to_string(),
    });
    DetailSystem {
        field: F::NAME.to_owned(),
        columns: columns.map(|c| (c.name.clone(), c.kind.name().to_owned())).collect(),
        constraints: constraints.collect(),
        messages: messages.collect(),
    }
}

/// The index of an instruction, −1 if it is none of the region's.
fn instruction(index: Option<u32>, insts: usize) -> i32 {
    let index = index.filter(|&index| (index as usize) < insts);
    index.map_or(-1, |index| crate::signed(index as usize))
}
