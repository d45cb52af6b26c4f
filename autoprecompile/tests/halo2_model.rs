//! The profiler's model of halo2 is made here: what autoprec's gadgets give for each instruction
//! alone, times what a column and a message cost a prover on halo2. `BLESS=1` writes it.

#[path = "common/assembly.rs"]
mod assembly;

use std::path::Path;

use assembly::region;
use autoprec_circuits::Bus;
use autoprec_profiler::cost::Model;
use autoprec_synth::{HALO2, OPENVM, PrecompileId, synthesise};
use autoprec_testing::expect_file;

/// Instructions that share a table, and the most general of them. One with an immediate is a row of
/// the table of its form with registers, as the operand of such a table comes from the program.
const TABLES: [(&str, &str); 32] = [
    ("add addi", "add a0, a1, a2"),
    ("sub", "sub a0, a1, a2"),
    ("xor xori", "xor a0, a1, a2"),
    ("or ori", "or a0, a1, a2"),
    ("and andi", "and a0, a1, a2"),
    ("sll slli", "sll a0, a1, a2"),
    ("srl srli", "srl a0, a1, a2"),
    ("sra srai", "sra a0, a1, a2"),
    ("slt slti", "slt a0, a1, a2"),
    ("sltu sltiu", "sltu a0, a1, a2"),
    ("lb", "lb a0, 0(a1)"),
    ("lbu", "lbu a0, 0(a1)"),
    ("lh", "lh a0, 0(a1)"),
    ("lhu", "lhu a0, 0(a1)"),
    ("lw", "lw a0, 0(a1)"),
    ("sb", "sb a0, 0(a1)"),
    ("sh", "sh a0, 0(a1)"),
    ("sw", "sw a0, 0(a1)"),
    ("beq bne", "beq a0, a1, 8"),
    ("blt bge", "blt a0, a1, 8"),
    ("bltu bgeu", "bltu a0, a1, 8"),
    ("jal", "jal ra, 8"),
    ("jalr", "jalr ra, 0(a0)"),
    ("lui", "lui a0, 1"),
    ("auipc", "auipc a0, 1"),
    ("mul", "mul a0, a1, a2"),
    ("mulh", "mulh a0, a1, a2"),
    ("mulhsu", "mulhsu a0, a1, a2"),
    ("mulhu", "mulhu a0, a1, a2"),
    ("div rem", "div a0, a1, a2"),
    ("divu", "divu a0, a1, a2"),
    ("remu", "remu a0, a1, a2"),
];

/// CPU nanoseconds of one thread for a row, whatever is in it, with `halo2_proofs` 0.4.1 (IPA over the
/// Pasta curves) and some thousand rows: opening and the pieces of the quotient.
const ROW: u64 = HALO2.prices.row;
/// For a column of small values: commitment, twice for those that challenges depend on, and
/// transforms.
const COLUMN: u64 = HALO2.prices.column;

/// For a message: columns of random field elements and the gates on them.
fn message(bus: Bus) -> u64 {
    match bus {
        // Packed into one field element each, three to a column.
        Bus::Range => HALO2.prices.range,
        // Two such: the bytes, and the third.
        Bus::Bitwise | Bus::TupleRange => 2 * HALO2.prices.range,
        // Compressed by a challenge, a column each.
        Bus::Memory | Bus::Execution | Bus::Program => HALO2.prices.message,
    }
}

/// A line of the file.
fn table((instructions, assembly): (&str, &str)) -> String {
    let precompile = synthesise(&region("rv32", assembly), PrecompileId::from_index(0), &OPENVM)
        .unwrap_or_else(|error| panic!("{assembly}: {error}"));
    let system =
        &precompile.lowered::<autoprec_circuits::BabyBear, Bus>().expect("it is for OpenVM").system;
    let columns = system.columns.len() as u64;
    let messages: u64 = system.interactions.iter().map(|sent| message(sent.bus)).sum();
    let row = [ROW + COLUMN * columns + messages, columns, system.interactions.len() as u64];
    let names: Vec<String> = instructions.split(' ').map(|name| format!("\"{name}\"")).collect();
    let name = instructions.split(' ').next().expect("there is one");
    format!(
        "    {{ \"name\": \"{name}\", \"row\": {row:?}, \"instructions\": [{}] }}",
        names.join(", ")
    )
}

#[test]
fn the_model_of_halo2_is_what_the_gadgets_give() {
    let tables: Vec<String> = TABLES.into_iter().map(table).collect();
    let text = format!(
        r#"{{
  "version": 1,
  "name": "halo2",
  "about": "An estimate: CPU nanoseconds of one thread on halo2_proofs 0.4.1, if each kind of RV32IM instruction had a table of its own, with the columns and messages that autoprec's gadgets for OpenVM give for it alone. The target `halo2` has other tables, whose prices are in the reports of builds for it. Not in it: operands from the program, lookup tables, memory before and after the run, system calls.",
  "source": "autoprecompile/tests/halo2_model.rs, which makes this file; costs of rows, columns and messages are the prices of the target `halo2` in autoprecompile/src/registry.rs, which were measured on generated systems of 32 to 1,975 columns and are right to about 15 %",
  "units": ["cpu_ns", "columns", "messages"],
  "tables": [
{}
  ]
}}
"#,
        tables.join(",\n")
    );
    Model::from_json(&text).expect("it is a model");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiler/models/halo2.json");
    expect_file(&path, &text);
}
