//! Sizes of the tables of the heaviest regions of the example guests.

use std::fmt::Write;
use std::path::Path;

use autoprec_blocks::{Cfg, Region};
use autoprec_circuits::{ColumnKind, Expr, Field, MachineBus, MachineSystem};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_synth::Target;

use super::system::own;

/// The regions of an example, with how often a run enters them.
pub(crate) fn regions(name: &str) -> Vec<Region> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let read = |path: String| std::fs::read(examples.join(path)).unwrap();
    let program = Program::load(&read(format!("elf/{name}.elf"))).unwrap();
    let stem = name.trim_end_matches("-rv64");
    let input = read(format!("inputs/{stem}.bin"));
    let (environment, input) = if name.ends_with("-rv64") {
        (Environment::Linux, Input { stdin: input, ..Input::default() })
    } else {
        (Environment::OpenVm, Input { hints: vec![input], ..Input::default() })
    };
    let limits = Limits::instructions(10_000_000);
    let run = run(&program, &Patches::none(), environment, &input, &limits).unwrap();
    let mut regions = Cfg::build(&program, Some(&run.profile)).regions();
    regions.sort_by_key(|region| std::cmp::Reverse(region.count * region.insts.len() as u64));
    regions
}

/// What a row costs with halo2, in tenths of microseconds.
fn price<F: Field>(system: &MachineSystem<F>) -> usize {
    let inverses = system.columns.iter().filter(|column| column.name.starts_with("inverse"));
    let full = inverses.count();
    let ranges = system.interactions.iter().filter(|i| i.bus == MachineBus::Range).count();
    let others = system.interactions.len() - ranges;
    let small = system.columns.len() - full;
    47 * small + 120 * full + 60 * ranges + 140 * others
}

/// The system of a region.
pub(crate) fn system<F: Field>(region: &Region, target: &Target) -> String {
    own::<F>(region, target).unwrap().system.to_string()
}

/// One line per region.
pub(crate) fn sizes<F: Field>(name: &str, target: &Target, count: usize) -> String {
    let mut out = String::new();
    for region in regions(name).iter().take(count) {
        let lowered = match own::<F>(region, target) {
            Ok(lowered) => lowered,
            Err(error) => {
                writeln!(out, "{name} {:#x}: {error}", region.entry()).unwrap();
                continue;
            }
        };
        let system = &lowered.system;
        let kinds = system.columns_by_kind();
        let of = |kind: ColumnKind| kinds.get(&kind).copied().unwrap_or(0);
        let buses = system.interactions_by_bus();
        let bus = |bus: MachineBus| buses.get(&bus).copied().unwrap_or(0);
        let terms: usize = system.constraints.iter().map(|c| c.expr.terms()).sum();
        let fields = system.interactions.iter().flat_map(|i| &i.message);
        let message_terms: usize = fields.map(Expr::terms).sum();
        writeln!(
            out,
            "{name} {} {:#x}: {} calls of {} instructions; {} columns (input {}, result {}, helper {}, \
             pointer {}, time {}), range {}, memory {}, register {}; {} constraints, {terms} terms, \
             {message_terms} in messages; {} us",
            target.field,
            region.entry(),
            region.count,
            region.insts.len(),
            system.columns.len(),
            of(ColumnKind::Input),
            of(ColumnKind::Result),
            of(ColumnKind::Helper),
            of(ColumnKind::Pointer),
            of(ColumnKind::Time),
            bus(MachineBus::Range),
            bus(MachineBus::Memory),
            bus(MachineBus::Register),
            system.constraints.len(),
            price(system) / 10,
        )
        .unwrap();
    }
    out
}
