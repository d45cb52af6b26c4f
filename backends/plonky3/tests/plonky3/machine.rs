//! A small machine: two kinds of instruction on one register, a program and a table of ranges.
//!
//! The instructions are `add 200` and `double`, both modulo 256, and take turns. Each looks itself up
//! in the program, accesses register 1, and takes one tick.

use autoprec_circuits::{
    BabyBear, Boundary, Field, MachineBus, MachineSystem, Statement, Table, Trace,
};

/// What the two kinds have in common; `{}` stand for the result less 256 carries, and the kind.
const STEP: &str = "system babybear
column is_valid flag
column pc input
column t time
column last time
column old input
column carry helper
column new result
constraint (is_valid) * (is_valid - 1) ; boolean
constraint (carry) * (carry - 1) ; boolean
constraint RESULT - new - 256*carry ; the result
send execution -is_valid [pc, t] ; entry
send execution is_valid [pc + 4, t + 1] ; exit
send program is_valid [pc, KIND] ; fetch
send register -is_valid [1, old, last] ; before
send register is_valid [1, new, t] ; after
send range is_valid [-last + t - 1, 8] ; before now
send range is_valid [new, 8] ; a byte
";

const PROGRAM_TEXT: &str = "system babybear
column pc input
column kind input
column times helper
send program -times [pc, kind] ; looked up
";

const RANGE_TEXT: &str = "system babybear
column value input
column bits input
column times helper
send range -times [value, bits] ; looked up
";

/// The tables by number.
pub(crate) const ADD: usize = 0;
pub(crate) const DOUBLE: usize = 1;
pub(crate) const PROGRAM: usize = 2;
pub(crate) const RANGE: usize = 3;

pub(crate) fn parse(text: &str) -> MachineSystem<BabyBear> {
    MachineSystem::parse(text).expect("the text is a system")
}

pub(crate) fn element(value: usize) -> BabyBear {
    BabyBear::from_u64(value as u64)
}

fn message(bus: MachineBus, multiplicity: i64, fields: &[usize]) -> Boundary<BabyBear> {
    Boundary { bus, multiplicity, message: fields.iter().map(|&f| element(f)).collect() }
}

fn columns(rows: &[Vec<BabyBear>], count: usize) -> Vec<Vec<BabyBear>> {
    (0..count).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

/// The statement that so many steps lead from 0 to what they lead to, and the rows that show it.
pub(crate) fn machine(steps: usize) -> (Statement<BabyBear>, Trace<BabyBear>) {
    let mut cells = vec![Vec::new(); 2];
    let mut program: Vec<[usize; 3]> = Vec::new();
    let mut range: Vec<[usize; 3]> = (0..256).map(|value| [value, 8, 0]).collect();
    let mut register = 0;
    for step in 0..steps {
        let (kind, result) =
            if step % 2 == 0 { (ADD, register + 200) } else { (DOUBLE, 2 * register) };
        let (carry, new, t, last) = (result / 256, result % 256, step + 1, step);
        let row = [1, 4 * step, t, last, register, carry, new];
        cells[kind].extend(row.map(element));
        program.push([4 * step, kind + 1, 1]);
        range[t - last - 1][2] += 1;
        range[new][2] += 1;
        register = new;
    }
    let boundary = vec![
        message(MachineBus::Execution, 1, &[0, 1]),
        message(MachineBus::Execution, -1, &[4 * steps, steps + 1]),
        message(MachineBus::Register, 1, &[1, 0, 0]),
        message(MachineBus::Register, -1, &[1, register, steps]),
    ];
    let rows = |rows: &[[usize; 3]]| -> Vec<Vec<BabyBear>> {
        rows.iter().map(|row| row.map(element).to_vec()).collect()
    };
    let table = |name: &str, text: &str, fixed: Vec<Vec<BabyBear>>, rows: usize| Table {
        name: name.to_owned(),
        system: parse(text),
        fixed,
        rows,
    };
    let step = |result: &str, kind: &str| STEP.replace("RESULT", result).replace("KIND", kind);
    let (program, range) = (rows(&program), rows(&range));
    let tables = vec![
        table("add", &step("200*is_valid + old", "1"), Vec::new(), steps.div_ceil(2)),
        table("double", &step("2*old", "2"), Vec::new(), steps / 2),
        table("program", PROGRAM_TEXT, columns(&program, 2), program.len()),
        table("range", RANGE_TEXT, columns(&range, 2), range.len()),
    ];
    cells.extend([program.concat(), range.concat()]);
    (Statement { tables, boundary, binding: [7; 32] }, Trace { cells })
}
