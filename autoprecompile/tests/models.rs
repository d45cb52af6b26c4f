//! The profiler's model of OpenVM says what synthesis is told: they are written down twice, since
//! the profiler, which takes models from files, knows nothing of targets.

use autoprec_isa::encoding::TABLE;
use autoprec_isa::{Inst, Reg, Xlen};
use autoprec_profiler::cost::Model;
use autoprec_synth::openvm_instruction_cost;

#[test]
fn the_model_of_openvm_costs_what_synthesis_counts() {
    let models = Model::built_in();
    let model = models.iter().find(|model| model.name == "openvm-2.0.2").expect("it is there");
    assert_eq!(model.units, ["cells", "interactions"]);
    let mut compared = 0;
    for row in TABLE.iter().filter(|row| row.since == Xlen::Rv32) {
        for rd in [Reg::A0, Reg::ZERO] {
            let inst = Inst { op: row.op, rd, rs1: Reg::A1, rs2: Reg::A2, imm: 8 };
            let Some(table) = model.table_of(Some(inst)) else { continue };
            let cost = openvm_instruction_cost(inst).expect(row.name);
            let counted = [cost.columns as u64, cost.interactions as u64];
            assert_eq!(model.tables[table].row, counted, "{} to {rd:?}", row.name);
            compared += 1;
        }
    }
    // RV32IM without calls, and two fences: 37 + 8 + 2, once with each destination.
    assert_eq!(compared, 2 * 47);
}
