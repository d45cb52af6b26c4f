//! Small machines written by hand.

use autoprec_circuits::{
    Boundary, Field, MachineBus, MachineSystem, Pasta, Statement, Table, Trace,
};

/// Adds two numbers of some bits: reads a register, adds a constant of its row, writes it back. The next
/// step is that of the next time.
const ADDER: &str = "\
system pasta
column active flag
column time time
column old input
column added input
column new result
column carry helper
constraint (active) * (active - 1) ; flag
constraint (carry) * (carry - active) ; carry is a bit
constraint (old + added - new - 256*carry) ; sum
send execution -active [4096, time] ; begin
send execution active [4096, time + 1] ; end
send register -active [5, old, time - 1] ; previous
send register active [5, new, time] ; now
send range active [new, 8] ; result
send range active [added, 8] ; added
";

/// All values of 8 bits.
const RANGE: &str = "\
system pasta
column value input
column bits input
column count helper
send range -count [value, bits] ; table
";

pub(crate) fn number(value: u64) -> Pasta {
    Pasta::from_u64(value)
}

pub(crate) fn system(text: &str) -> MachineSystem<Pasta> {
    MachineSystem::parse(text).expect("the text is a system")
}

/// A register that is added to, `steps` times, beside a table of 256 values.
pub(crate) fn adder(steps: u64) -> (Statement<Pasta>, Trace<Pasta>) {
    let mut counts = vec![0_u64; 256];
    let mut cells = Vec::new();
    let mut value = 7;
    for step in 1..=steps {
        let added = step * 37 % 256;
        let (new, carry) = ((value + added) % 256, (value + added) / 256);
        cells.extend([1, step, value, added, new, carry].map(number));
        for value in [new, added] {
            counts[usize::try_from(value).expect("a byte")] += 1;
        }
        value = new;
    }
    let values: Vec<Pasta> = (0..256).map(number).collect();
    let range: Vec<Pasta> = (0..256)
        .zip(&counts)
        .flat_map(|(value, &count)| [number(value), number(8), number(count)])
        .collect();
    let adder = Table {
        name: "adder".to_owned(),
        system: system(ADDER),
        fixed: Vec::new(),
        rows: usize::try_from(steps).expect("a few"),
    };
    let fixed = vec![values, vec![number(8); 256]];
    let ranges = Table { name: "range".to_owned(), system: system(RANGE), fixed, rows: 256 };
    let boundary = |bus, multiplicity, message: &[u64]| {
        let message = message.iter().copied().map(number).collect();
        Boundary { bus, multiplicity, message }
    };
    let statement = Statement {
        tables: vec![adder, ranges],
        boundary: vec![
            boundary(MachineBus::Execution, 1, &[4096, 1]),
            boundary(MachineBus::Execution, -1, &[4096, steps + 1]),
            boundary(MachineBus::Register, 1, &[5, 7, 0]),
            boundary(MachineBus::Register, -1, &[5, value, steps]),
        ],
        binding: [42; 32],
    };
    let trace = Trace { cells: vec![cells, range] };
    statement.check(&trace).expect("the machine is right");
    (statement, trace)
}
