//! Lemmas of the gadgets, by machine: every instruction of RV32IM, alone and in pairs and chains,
//! passes the checker thoroughly. The checker mutates every cell and judges what is accepted by
//! executing the instructions.

#[path = "common/assembly.rs"]
mod assembly;

use assembly::region;
use autoprec_isa::{Composite, Inst, Op, Reg};
use autoprec_synth::{Effort, OPENVM, Precompile, PrecompileId, synthesise};

fn precompile(assembly: &str) -> Precompile {
    synthesise(&region("rv32", assembly), PrecompileId::from_index(0), &OPENVM)
        .unwrap_or_else(|error| panic!("{assembly}: {error}"))
}

fn check(assembly: &str) {
    let precompile = precompile(assembly);
    match precompile.check(&[], Effort::THOROUGH) {
        Ok(done) => {
            let [done] = done[..] else { panic!("OpenVM has one system") };
            assert!(done.honest >= 12 && done.rejected > 0, "{assembly}: {done:?}");
        }
        Err(error) => panic!("{assembly}\n{error}\n{}", precompile.report()),
    }
}

const REGISTER: [&str; 18] = [
    "add", "sub", "sll", "slt", "sltu", "xor", "srl", "sra", "or", "and", "mul", "mulh", "mulhsu",
    "mulhu", "div", "divu", "rem", "remu",
];

#[test]
fn register_operations() {
    for op in REGISTER {
        check(&format!("{op} a0, a1, a2"));
        check(&format!("{op} a0, a0, a0"));
        check(&format!("{op} a0, a1, zero"));
        check(&format!("{op} a0, zero, a1"));
    }
}

#[test]
fn composite_operations() {
    for op in Composite::ALL {
        for registers in
            [["a0", "a1", "a2"], ["a0", "a0", "a0"], ["a0", "a1", "zero"], ["a0", "zero", "a1"]]
        {
            let [rd, rs1, rs2] = registers.map(|name| name.parse::<Reg>().unwrap());
            let inst = Inst { op: Op::Composite(op), rd, rs1, rs2, imm: 0 }.normal();
            check(&inst.asm().to_string());
        }
    }
}

#[test]
fn immediate_operations() {
    for op in ["addi", "slti", "sltiu", "xori", "ori", "andi"] {
        for immediate in [0, 1, -1, 2047, -2048, 255, 256, 8, 15] {
            check(&format!("{op} a0, a1, {immediate}"));
        }
    }
    for op in ["slli", "srli", "srai"] {
        for amount in 0..32 {
            check(&format!("{op} a0, a1, {amount}"));
        }
    }
    check("lui a0, 0x12345");
    check("auipc a0, 0xfffff");
}

#[test]
fn memory_operations() {
    for op in ["lb", "lh", "lw", "lbu", "lhu", "sb", "sh", "sw"] {
        for offset in [0, 4, -4, 2, -2048, 2044] {
            check(&format!("{op} a0, {offset}(a1)"));
        }
    }
    for op in ["lb", "lbu", "sb"] {
        for offset in [1, 3, -1] {
            check(&format!("{op} a0, {offset}(a1)"));
        }
    }
    check("lw a0, 0(a0)");
    check("sw a0, 0(a0)");
    check("lw zero, 8(a1)");
    check("sw zero, 8(a1)");
}

#[test]
fn control_transfers() {
    for op in ["beq", "bne", "blt", "bge", "bltu", "bgeu"] {
        check(&format!("{op} a0, a1, -64"));
        check(&format!("addi a1, a1, 1; {op} a0, zero, 64"));
        check(&format!("addi a1, a1, 1; {op} zero, a0, 64"));
        check(&format!("addi a1, a1, 1; {op} a0, a0, 64"));
    }
    check("jal ra, 2048");
    check("addi a1, a1, 1; jal zero, -2048");
    check("jalr ra, 0(a0)");
    check("jalr ra, 12(ra)");
    check("jalr zero, 0(ra)");
    check("jalr zero, -7(ra)");
}

#[test]
fn combinations() {
    for assembly in [
        "lbu a0, 0(a1); lbu a2, 1(a1); lbu a3, 2(a1); sb a0, 2(a1); sb a2, 1(a1); sb a3, 0(a1)",
        "lbu a0, 0(a1); lhu a2, 2(a1); lh a3, 4(a1); sh a0, 4(a1); sb a3, 1(a1)",
        "lbu a0, 0(a1); sb a0, 5(a2); lbu a0, 1(a1); sb a0, 6(a2); lbu a0, 2(a1); sb a0, 7(a2)",
        "sw a0, 0(a1); lw a2, 0(a3); sw a2, 0(a1); lw a4, 4(a3); sw a4, 0(a1); sw a4, 0(a3)",
        "mulhu a0, a1, a2; add a0, a0, a3; sltu a3, a0, a3; mul a1, a1, a2; add a1, a1, a3",
        "add a0, a1, a2; sltu a3, a0, a1; mulhu a4, a5, a6; add a4, a4, a3; add a4, a4, a7; sltu a7, a4, a7",
        "add a0, a1, a2; sltu a3, a0, a1; add a4, a3, a5; sltu a6, a4, a3",
        "sub a0, a1, a2; sltu a3, a1, a2; sub a4, a5, a3; sltu a5, a5, a3",
        "addi a0, a0, 1; seqz a1, a0; add a2, a2, a1",
        "add a0, a1, a2; add a0, a0, a3; add a0, a0, a4; add a0, a0, a5; sub a0, a0, a6; addi a0, a0, -77",
        "add a0, a1, a2; add a0, a0, a3; add a4, a0, a5; sub a6, a6, a0; add a0, a0, a0; sub a0, a0, a4",
        "mul a0, a1, a2; mulhu a3, a1, a2; mulh a4, a1, a2",
        "slli a0, a1, 5; srli a2, a1, 27; or a0, a0, a2; xor a3, a3, a0",
        "slli a0, a1, 13; srli a1, a1, 19; or a0, a0, a1",
        "slli a0, a1, 12; srli a1, a1, 20; or a0, a0, a1; xor a0, a0, a2; and a3, a0, a1",
        "srli a0, a1, 3; srli a2, a1, 7; slli a3, a1, 25; or a2, a2, a3; xor a0, a0, a2",
        "slli a0, a1, 6; srli a2, a3, 26; or a0, a0, a2; slli a3, a3, 6; srli a1, a1, 26; or a3, a3, a1; \
         xor a4, a4, a0; xor a5, a5, a3",
        "xor a0, a1, a2; slli a3, a0, 1; srli a0, a0, 31; or a3, a3, a0; xor a3, a3, a2; slli a4, a3, 7; \
         srli a5, a3, 25; or a4, a4, a5; xor a4, a4, a1",
        "slli a0, a1, 3; xor a0, a0, a2; srai a3, a1, 4; and a3, a3, a2; sltiu a4, a1, 5; slli a4, a4, 3",
        "divu a0, a1, a2; remu a3, a1, a2",
        "andn a3, a0, a1; orn a4, a1, a0; xnor a5, a0, a1; xor a6, a1, a0; not a0, a0; and a0, a0, a1",
        "and a3, a0, a1; andn a4, a2, a0; xor a3, a3, a4",
        "min a3, a0, a1; max a4, a0, a1; minu a5, a0, a1; maxu a6, a1, a0; sub a0, a4, a3",
        "rev8 a0, a1; rev8 a2, a0; srli a3, a0, 16; sw a0, 0(a4)",
        "sh1add a3, a0, a1; sh2add a4, a3, a1; sh3add a5, a0, a4; sh2add a0, a0, a0",
        "sh2add a0, a1, a2; lw a3, 0(a0); sh1add a4, a1, a2; lhu a5, 0(a4)",
        "div a0, a1, a2; rem a3, a1, a2",
        "andi a0, a1, 0xff; slli a0, a0, 2; add a0, a0, a2; lw a3, 0(a0)",
        "lbu a0, 0(a4); lbu a1, 1(a4); slli a1, a1, 8; or a0, a0, a1; lbu a2, 2(a4); sb a2, 3(a4)",
        "lhu a0, 2(a4); sh a0, 6(a4); lh a1, 6(a4); sb a1, 1(a4)",
        "lw a0, 0(a4); lbu a1, 1(a4); sb a1, 6(a4); lh a2, 4(a4)",
        "sw a0, 0(sp); lw a1, 0(sp); sw a1, 4(sp); sw a2, 0(sp)",
        "sw a0, 0(a1); sw a2, 0(a3); lw a4, 0(a1); lw a5, 0(a3)",
        "addi sp, sp, -32; sw ra, 28(sp); sw s0, 24(sp); addi s0, sp, 32; sw a0, -12(s0); j 100",
        "lw ra, 28(sp); lw s0, 24(sp); addi sp, sp, 32; ret",
        "slt a0, a1, a2; bnez a0, 32",
        "sltiu a0, a1, 10; beqz a0, 32",
        "andi a0, a1, 7; beqz a0, 32",
        "lbu a0, 0(a1); addi a0, a0, -48; sltiu a0, a0, 10; beqz a0, -8",
        "xor a0, a1, a2; and a3, a0, a4; xor a3, a3, a2; not a5, a1; and a5, a5, a2; or a6, a3, a5",
        "lw a0, 0(a1); lw a2, 0(a0); lw a3, 4(a2)",
        "srai a0, a1, 31; xor a2, a1, a0; sub a2, a2, a0",
        "srl a0, a1, a2; sra a3, a1, a2; sll a4, a1, a2; andi a2, a2, 31; srl a5, a5, a2",
        "xor a0, a1, a2; and a0, a0, a3; xor a0, a0, a2",
        "xor a0, a1, a2; and a0, a0, a3; and a4, a1, a2; xor a0, a0, a4; or a5, a1, a2",
        "lw a0, 0(a1); lw a2, 4(a1); sw a2, 0(a1); lw a3, 0(a4); sw a0, 4(a1); sw a3, 0(a1)",
        "lw a0, 0(a1); sb a2, 1(a1); lbu a3, 1(a1); lh a5, 0(a1); sw a5, 0(a4); lbu a3, 0(a1)",
        "sw a0, 0(a1); lbu a2, 0(a3); sw a2, 0(a1); sb a0, 0(a3); lw a4, 0(a1)",
        "lbu a0, 0(a1); lbu a2, 1(a1); lbu a3, 2(a1); lbu a4, 3(a1); lbu a5, 4(a1)",
        "lbu a0, -3(a1); lb a2, 9(a1); lbu a3, 1(a1); lbu a4, 1(a1); lbu zero, 3(a1); lb a5, -1(a1)",
        "lbu a0, -2(a1); lbu a2, 2(a1); sb a0, 2(a1); sb a2, -2(a1); lbu a3, 0(a1); lbu a4, 2(a1)",
        "sb a0, 0(a1); sb a2, 1(a1); sb a3, 2(a1); sb a4, 3(a1); sb a5, 1(a1)",
        "lbu a0, 0(a1); sb a0, 0(a2); lbu a0, 1(a1); sb a0, 1(a2); lbu a0, 2(a1); sb a0, 2(a2)",
        "sb a0, 1(a1); lw a2, 0(a3); sb a2, 2(a1); lbu a4, 1(a1); sw a4, 0(a3); lbu a5, 1(a1)",
        "lbu a0, 1(a1); sw a2, 0(a3); lbu a4, 1(a1); lbu a5, 3(a1)",
        "lhu a0, 0(a1); lh a2, 2(a1); lbu a3, 1(a1); lbu a4, 3(a1); lbu a5, 4(a1)",
        "sh a0, 0(a1); sh a2, 2(a1); lbu a3, 1(a1); sb a4, 2(a1); lhu a5, 2(a1); lh zero, 4(a1)",
        "lbu a0, 2(a1); lhu a2, 4(a1); sb a2, 0(a1); sh a0, -2(a1); lbu a1, -1(a1)",
        "lbu a0, 0(a1); lbu a2, 1(a1); add a0, a0, a2; lbu a3, 0(a0); lbu a4, 1(a0); sb a4, 0(a0)",
        "lui a0, 0x400; lw a1, 16(a0); sw a1, 20(a0); lbu a2, 21(a0)",
        "slli a1, a1, 2; lw a0, 4(a1); lbu a2, 1(a1)",
    ] {
        check(assembly);
    }
}

/// What always faults, or takes no time, has no system that could be abused.
#[test]
fn refused() {
    for (assembly, reason) in [
        ("lw a0, 0(a1); lw a2, 1(a1)", "misaligned"),
        ("slli a1, a1, 2; lw a0, 1(a1)", "misaligned"),
        ("lui a1, 0x400; lw a0, 1(a1)", "misaligned"),
        ("lui a1, 0x400; lh a2, 3(a1)", "misaligned"),
        ("lui a1, 0x80000; sw a0, 0(a1)", "0x80000000"),
        ("lui a1, 0xf0201; jalr ra, -2046(a1)", "0xf0200802"),
        ("jal zero, 64", "no time"),
        ("beq a0, a0, 64", "no time"),
    ] {
        let result = synthesise(&region("rv32", assembly), PrecompileId::from_index(0), &OPENVM);
        let error = result.err().unwrap_or_else(|| panic!("{assembly} was not refused"));
        assert!(error.to_string().contains(reason), "{assembly}: {error}");
    }
}

/// Long chains: neither recursion nor carries grow with them.
#[test]
fn long_chains() {
    for (step, times) in [
        ("add a0, a0, a1", 3000),
        ("xor a0, a0, a1", 200),
        ("div a0, a0, a1", 60),
        ("slt a0, a0, a1", 300),
        ("sub a0, a0, a1", 700),
    ] {
        let assembly = vec![step; times].join("; ");
        let thread = std::thread::Builder::new().stack_size(512 << 10);
        let validated = thread
            .spawn(move || {
                let region = region("rv32", &assembly);
                let precompile = synthesise(&region, PrecompileId::from_index(0), &OPENVM);
                let precompile = precompile.expect("it is within the limits");
                precompile.check(&[], Effort::STANDARD)
            })
            .expect("threads can be started")
            .join()
            .expect("the stack is not exhausted");
        let validated = validated.unwrap_or_else(|error| panic!("{step}: {error}"));
        let [validated] = validated[..] else { panic!("OpenVM has one system") };
        assert_eq!(validated.honest, Effort::STANDARD.states, "{step}");
        assert!(validated.rejected > 0 && validated.attacks > 0, "{step}: {validated:?}");
    }
    check("addi a2, zero, 32; srl a1, a0, a2; bne a0, a1, 64");
}
