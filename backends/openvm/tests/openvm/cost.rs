//! The cost table of synthesis says what OpenVM's own AIRs say.

use autoprec_isa::{Inst, Xlen};
use autoprec_openvm::{BaseVm, describe};
use autoprec_synth::openvm_instruction_cost;
use openvm_rv32im_transpiler::{Rv32ITranspilerExtension, Rv32MTranspilerExtension};
use openvm_stark_sdk::config::baby_bear_poseidon2::F;
use openvm_transpiler::TranspilerExtension;

/// One instruction of every kind, and those that become a phantom.
const KINDS: &str = "
    add a0, a1, a2
    sub a0, a1, a2
    xor a0, a1, a2
    or a0, a1, a2
    and a0, a1, a2
    sll a0, a1, a2
    srl a0, a1, a2
    sra a0, a1, a2
    slt a0, a1, a2
    sltu a0, a1, a2
    addi a0, a1, 1
    xori a0, a1, 1
    ori a0, a1, 1
    andi a0, a1, 1
    slli a0, a1, 1
    srli a0, a1, 1
    srai a0, a1, 1
    slti a0, a1, 1
    sltiu a0, a1, 1
    lb a0, 0(a1)
    lh a0, 0(a1)
    lw a0, 0(a1)
    lbu a0, 0(a1)
    lhu a0, 0(a1)
    lb x0, 0(a1)
    lw x0, 0(a1)
    sb a0, 0(a1)
    sh a0, 0(a1)
    sw a0, 0(a1)
    beq a0, a1, 8
    bne a0, a1, 8
    blt a0, a1, 8
    bge a0, a1, 8
    bltu a0, a1, 8
    bgeu a0, a1, 8
    jal ra, 8
    jal x0, 8
    jalr ra, 0(a0)
    jalr x0, 0(a0)
    lui a0, 1
    auipc a0, 1
    mul a0, a1, a2
    mulh a0, a1, a2
    mulhsu a0, a1, a2
    mulhu a0, a1, a2
    div a0, a1, a2
    divu a0, a1, a2
    rem a0, a1, a2
    remu a0, a1, a2
    addi x0, a1, 1
    add x0, a1, a2
    lui x0, 1
    auipc x0, 1
    mul x0, a1, a2
    fence
";

#[test]
fn every_instruction_costs_what_its_air_has() {
    let description = describe(&BaseVm::rv32im()).unwrap();
    let mut wrong = Vec::new();
    for line in KINDS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let inst = Inst::parse(Xlen::Rv32, line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let word = inst.encode(Xlen::Rv32).expect("an instruction of four bytes");
        let transpiled = Rv32ITranspilerExtension
            .process_custom(&[word])
            .or_else(|| Rv32MTranspilerExtension.process_custom(&[word]))
            .unwrap_or_else(|| panic!("OpenVM does not know {line}"));
        let transpiled: &openvm_instructions::instruction::Instruction<F> =
            transpiled.instructions[0].as_ref().expect("not a gap");
        let air = description.air_of(transpiled.opcode.as_usize()).expect(line);
        let cost = openvm_instruction_cost(inst).expect(line);
        let told = (cost.columns, cost.interactions, cost.constraints);
        let is = (air.width, air.interactions, air.constraints);
        if told != is {
            wrong.push(format!("{line}: the table has {told:?}, {} has {is:?}", air.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
