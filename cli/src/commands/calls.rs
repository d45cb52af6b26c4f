//! `autoprec record-calls`, `prove-calls` and `verify-calls`: a precompile that stands alone.

use anyhow::{Context, Result, bail};
use autoprec_blocks::Region;
use autoprec_circuits::{BabyBear, Pasta};
use autoprec_executor::run_watched;
use autoprec_guest_elf::PrecompileId;
use autoprec_halo2 as halo2;
use autoprec_machine::{CallState, CallTable, Cell, Interface, parse_calls};
use autoprec_plonky3 as plonky3;
use autoprec_synth::{Bounds, HALO2, Target};
use autoprec_verify::Backend;

use crate::args::{CallsOf, ProveCallsArgs, RecordCallsArgs, TargetName, VerifyCallsArgs};
use crate::files::{self, File};
use crate::guest::{Guest, Setting, load, setting};
use crate::proving::machine::params_folder;
use crate::terminal;
use autoprec_pipeline::recorded_state;

/// The sizes of tables of calls over the wide field: with a table of ranges that is small beside them.
const WIDE: Target = Target { range_bits: 8, time_bits: 24, ..HALO2 };

/// The precompile that a folder of a build and a number name.
fn region_of(of: &CallsOf) -> Result<(Guest, Region, PrecompileId)> {
    let guest = load(&of.dir.join("guest.elf"))?;
    let manifest = guest.patched()?;
    let call = manifest.calls.iter().find(|call| call.id.number() == of.id);
    let call = call.with_context(|| format!("{}: there is no precompile {}", guest.name, of.id))?;
    let region = Region::read(&guest.original(), call.entry, call.end)
        .with_context(|| format!("{}: precompile {}", guest.name, call.id))?;
    let id = call.id;
    Ok((guest, region, id))
}

/// What proves calls that stand alone: their tables are those of whole runs with AIRs of our own.
fn proves_calls(target: TargetName) -> Result<Backend> {
    let others = || Backend::ALL.map(|backend| format!("`--target {backend}`")).join(" or ");
    let TargetName(Target { name, .. }) = target;
    target.backend().with_context(|| format!("{name} proves whole runs only; use {}", others()))
}

/// States at the entry of a precompile's region in a run.
pub(crate) fn record(args: &RecordCallsArgs) -> Result<()> {
    let (guest, region, _) = region_of(&args.of)?;
    let file = File::create(&args.calls)?;
    let Setting { environment, input, limits } = setting(&args.input, &guest)?;
    // The same code without calls: the region runs as instructions.
    let original = guest.original();
    let mut states = Vec::new();
    let bounds = Bounds::of(&WIDE, region.xlen);
    let watch = [region.entry()].into();
    let mut on_entry = |_: u64, machine: &dyn autoprec_executor::MachineState| {
        if states.len() < args.most
            && let Some(found) = recorded_state(&region, bounds, machine)
        {
            states.push(found);
        }
    };
    let none = autoprec_guest_elf::Patches::none();
    run_watched(&original, &none, environment, &input, &limits, &watch, &mut on_entry)
        .with_context(|| guest.name.clone())?;
    let cell = |(at, value): (u64, u64)| Cell { at, value, time: 0 };
    // Each call has registers and memory of its own, and begins when the first could.
    let states: Vec<CallState> = states
        .into_iter()
        .map(|state| CallState {
            time: 1,
            registers: (0..).zip(state.registers).skip(1).map(cell).collect(),
            memory: state.memory.into_iter().map(cell).collect(),
        })
        .collect();
    if states.is_empty() {
        bail!("{}: the run does not come to {:#x}", guest.name, region.entry());
    }
    let mut text = serde_json::to_string(&states)?;
    text.push('\n');
    file.finish(text.as_bytes())?;
    terminal::line(&format!("{} recorded", terminal::counted(states.len(), "call")));
    Ok(())
}

pub(crate) fn prove(args: &ProveCallsArgs) -> Result<()> {
    let backend = proves_calls(args.target)?;
    let (_, region, id) = region_of(&args.of)?;
    let name = args.calls.display().to_string();
    let states = parse_calls(&files::read(&args.calls)?).with_context(|| name.clone())?;
    let proof_file = File::create(&args.proof)?;
    let interface_file = File::create(&args.interface)?;
    let spinner = terminal::spinner("proving");
    let (interface, proof) = match backend {
        Backend::Halo2 => {
            let calls = CallTable::<Pasta>::new(&region, id, &WIDE)?.run(&states);
            let calls = calls.with_context(|| name.clone())?;
            calls.statement.check(&calls.trace)?;
            let params = params_folder(args.params.as_deref());
            let setup =
                params.as_deref().map_or_else(halo2::Setup::in_memory, halo2::Setup::in_folder);
            let options = halo2::Options::default();
            let proof = halo2::prove_trace(&calls.statement, &calls.trace, &setup, &options)?;
            (calls.interface, proof)
        }
        Backend::Plonky3 => {
            let calls = CallTable::<BabyBear>::new(&region, id, backend.target())?.run(&states);
            let calls = calls.with_context(|| name.clone())?;
            calls.statement.check(&calls.trace)?;
            let cells = |table: usize| calls.trace.cells[table].clone();
            let parameters = plonky3::Parameters::STANDARD;
            let proof = plonky3::prove(&calls.statement, cells, &parameters)?;
            (calls.interface, proof)
        }
    };
    spinner.finish_and_clear();
    let bytes = proof.len();
    interface_file.finish(serde_json::to_string(&interface)?.as_bytes())?;
    proof_file.finish(&proof)?;
    let count = terminal::counted(states.len(), "call");
    let bytes = terminal::grouped(bytes as u64);
    terminal::line(&format!("{count} of precompile {id} proved in {bytes} bytes"));
    Ok(())
}

pub(crate) fn verify(args: &VerifyCallsArgs) -> Result<()> {
    let backend = proves_calls(args.target)?;
    let (_, region, id) = region_of(&args.of)?;
    let name = args.interface.display().to_string();
    let interface: Interface =
        serde_json::from_slice(&files::read(&args.interface)?).with_context(|| name.clone())?;
    let proof = files::read(&args.proof)?;
    let proof_name = args.proof.display().to_string();
    match backend {
        Backend::Halo2 => {
            let table = CallTable::<Pasta>::new(&region, id, &WIDE)?;
            let statement = table.statement(&interface).with_context(|| name.clone())?;
            let params = params_folder(args.params.as_deref());
            let setup =
                params.as_deref().map_or_else(halo2::Setup::in_memory, halo2::Setup::in_folder);
            halo2::verify(&statement, &proof, &setup).with_context(|| proof_name.clone())?;
        }
        Backend::Plonky3 => {
            let table = CallTable::<BabyBear>::new(&region, id, backend.target())?;
            let statement = table.statement(&interface).with_context(|| name.clone())?;
            plonky3::verify(&statement, &proof, &plonky3::Parameters::STANDARD)
                .with_context(|| proof_name.clone())?;
        }
    }
    let calls = usize::try_from(interface.calls).unwrap_or(usize::MAX);
    terminal::good(
        &format!("{proof_name}, {} of precompile {id}", terminal::counted(calls, "call")),
        "verified",
    );
    Ok(())
}
