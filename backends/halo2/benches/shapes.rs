//! Compares what proofs of tables of many shapes are predicted to cost with what they do cost.
//!
//! `cargo bench -p autoprec-halo2 --bench shapes -- [FOLDER OF PARAMETERS]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::path::Path;

use autoprec_circuits::{Field as _, MachineSystem, Pasta, Statement, Table, Trace};
use autoprec_halo2::{Cost, Layout, Options, Setup, prove_trace};

/// A table: how many rows, columns of so many bits, and messages of three fields.
struct Shape {
    rows: usize,
    columns: [(u32, usize); 4],
    messages: usize,
}

const SHAPES: &[Shape] = &[
    Shape { rows: 500, columns: [(1, 0), (8, 0), (32, 2), (64, 3)], messages: 1 },
    Shape { rows: 2000, columns: [(1, 0), (8, 0), (32, 2), (64, 3)], messages: 1 },
    Shape { rows: 500, columns: [(1, 10), (8, 30), (32, 20), (64, 20)], messages: 20 },
    Shape { rows: 1000, columns: [(1, 10), (8, 30), (32, 20), (64, 20)], messages: 60 },
    Shape { rows: 4000, columns: [(1, 10), (8, 10), (32, 10), (64, 10)], messages: 12 },
    Shape { rows: 120, columns: [(1, 500), (8, 100), (32, 20), (64, 20)], messages: 40 },
    Shape { rows: 1000, columns: [(1, 500), (8, 0), (32, 0), (64, 10)], messages: 10 },
];

fn table(shape: &Shape) -> (Statement<Pasta>, Trace<Pasta>) {
    let mut lines = vec!["system pasta".to_owned(), "column active flag".to_owned()];
    let mut names = Vec::new();
    for (bits, count) in shape.columns {
        for index in 0..count {
            let name = format!("c{bits}_{index}");
            lines.push(format!("column {name} helper"));
            names.push((name, bits));
        }
    }
    for (name, _) in names.iter().filter(|(_, bits)| *bits == 1) {
        lines.push(format!("constraint ({name}) * ({name} - active) ; bit"));
    }
    for message in 0..shape.messages {
        let [a, b] = [1, 2].map(|step| &names[(message * 7 + step) % names.len()].0);
        lines.push(format!("send memory active [{message}, {a}, {b} + 3*active] ; message"));
    }
    let mut state = 1_u64;
    let mut draw = |bits: u32| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        Pasta::from_u64(state.rotate_left(29) >> (64 - bits))
    };
    let mut cells = Vec::new();
    for _ in 0..shape.rows {
        cells.push(Pasta::ONE);
        cells.extend(names.iter().map(|(_, bits)| draw(*bits)));
    }
    let system = MachineSystem::parse(&lines.join("\n")).expect("the text is a system");
    let rows = shape.rows;
    let tables = vec![Table { name: "table".to_owned(), system, fixed: Vec::new(), rows }];
    (Statement { tables, boundary: Vec::new(), binding: [0; 32] }, Trace { cells: vec![cells] })
}

/// Milliseconds of the processor that this process has used.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum()
}

fn main() {
    let folder = std::env::args().skip(1).find(|argument| argument != "--bench");
    let setup = folder.map_or_else(Setup::in_memory, |folder| Setup::in_folder(Path::new(&folder)));
    println!("   k degree columns helpers   predicted ms   measured ms   verify ms predicted");
    for shape in SHAPES {
        let (statement, trace) = table(shape);
        let layout = Layout::new(&statement.tables[0]).expect("a layout");
        setup.params(layout.k).expect("parameters");
        let cost = Cost::new(&statement.tables[0], &layout, &trace.cells[0]);
        let options = Options { is_unchecked: true, ..Options::default() };
        let mut proof = Vec::new();
        let measured = (0..3).map(|_| {
            let before = cpu();
            proof = prove_trace(&statement, &trace, &setup, &options).expect("a proof");
            cpu() - before
        });
        let measured = measured.min().expect("three runs");

        assert_eq!(cost.proof + 12 + 36, proof.len() as u64, "the size is exact");

        println!(
            "{:4} {:6} {:7} {:7} {:14} {:13} {:10}",
            layout.k,
            layout.degree,
            layout.main,
            layout.batches.len(),
            cost.prove / 1_000_000,
            measured,
            cost.verify / 1_000_000,
        );
    }
}
