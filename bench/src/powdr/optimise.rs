//! Runs of the optimiser.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autoprec_circuits::Bus;
use autoprec_synth::Precompile;
use powdr_autoprecompiles::bus_map::BusMap;
use powdr_autoprecompiles::export::ExportOptions;
use powdr_autoprecompiles::expression::AlgebraicReference;
use powdr_autoprecompiles::optimizer::optimize;
use powdr_autoprecompiles::symbolic_machine::SymbolicMachine;
use powdr_autoprecompiles::{ColumnAllocator, DegreeBound};
use powdr_number::BabyBearField;
use serde::Deserialize;

use super::PowdrError;
use super::buses::{Buses, Lookup, MemoryMessage};
use super::convert;
use crate::clock::{self, Clock, Time};
use crate::export::unpacked;
use crate::measure::Powdr;
use crate::measure::openvm;
use crate::size::Size;

/// OpenVM's bounds, as powdr sets them.
const DEGREES: DegreeBound = DegreeBound { identities: 3, bus_interactions: 2 };

/// Bytes of stack: the optimiser recurses over expressions and constraints.
const STACK: usize = 1 << 30;

/// The flag that powdr adds behind the optimiser: a column, and the constraint that it is 0 or 1.
const FLAG: Size = Size { columns: 1, interactions: 0, constraints: 1 };

type Machine = SymbolicMachine<BabyBearField>;

#[derive(Deserialize)]
struct Exported {
    machine: Machine,
    bus_map: BusMap<Lookup>,
}

/// See [`super::measure`].
pub(super) fn measure(
    file: &str,
    bytes: &[u8],
    precompile: &Precompile,
    clock: Clock<'_>,
) -> Result<Powdr, PowdrError> {
    let json = unpacked(bytes).map_err(serde_json::Error::io);
    let exported = json.and_then(|json| serde_json::from_slice(&json));
    let Exported { machine, bus_map } =
        exported.map_err(|error| PowdrError::Machine { file: file.to_owned(), error })?;
    let failed = |what: &'static str| {
        move |error: String| PowdrError::Failed { file: file.to_owned(), what, error }
    };
    let (size, time) = timed(&machine, &bus_map, clock).map_err(failed("the exported machine"))?;
    let system = &openvm(precompile).system;
    let own = convert::machine(system);
    let (mut oracle, oracle_time) =
        timed(&own, &convert::bus_map(), clock).map_err(failed("autoprec's system"))?;
    let lookups = system.interactions.iter().filter(|m| m.bus == Bus::Program).count();
    oracle.interactions += lookups;
    let gain = size.gain_over(system.size().into());
    Ok(Powdr { size, time, gain, oracle, oracle_time })
}

/// The size that remains of a machine, the flag counted, and the CPU time it took.
fn timed(
    machine: &Machine,
    bus_map: &BusMap<Lookup>,
    clock: Clock<'_>,
) -> Result<(Size, Time), String> {
    let optimise = |machine| catch_unwind(AssertUnwindSafe(|| run(machine, bus_map)));
    let work = || clock::timed(clock, || machine.clone(), optimise);
    let (optimised, time) = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| error.to_string())?;
        thread.join().map_err(|_| "its thread died".to_owned())
    })?;
    let optimised = optimised.map_err(|panic| said(panic.as_ref()))??;
    let size = Size {
        columns: optimised.main_columns().count(),
        interactions: optimised.bus_interactions.len(),
        constraints: optimised.constraints.len(),
    };
    Ok((size + FLAG, time))
}

fn run(machine: Machine, bus_map: &BusMap<Lookup>) -> Result<Machine, String> {
    let allocator = ColumnAllocator::from_max_poly_id_of_machine(&machine);
    optimize::<_, _, _, MemoryMessage<BabyBearField, AlgebraicReference>>(
        machine,
        Buses::new(bus_map.clone()),
        DEGREES,
        bus_map,
        allocator,
        &mut ExportOptions::default(),
    )
    .map(|(machine, _)| machine)
    .map_err(|error| format!("{error:?}"))
}

/// The text of a panic.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").replace('\n', " ")
}
