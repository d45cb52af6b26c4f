//! Every rule fires on some region, and rewriting keeps what regions do.
//!
//! The reference is `autoprec_isa::step`, run on the instructions themselves.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::convert::Infallible;

use assembly::region;
use autoprec_blocks::Region;
use autoprec_isa::{Alu, Csr, CsrWrite, FloatAction, Flow, Machine, Reg, Width, Xlen, step};
use autoprec_synth::ir::{Ir, State, ValueId, sign_extend};
use autoprec_synth::{lift, rewrite};
use proptest::prelude::*;
use rewrite::{RULES, optimise};

/// For each rule of the table and of the other passes, regions that make it fire.
const INSTANCES: &[(&str, &[&str])] = &[
    ("fold", &["addi a0, zero, 5; slli a0, a0, 3", "lui a0, 0x12345; addi a0, a0, -1"]),
    ("constant-right", &["add a0, zero, a1", "addi a0, zero, 12; mulhu a0, a0, a1"]),
    ("shift-modulo", &["addi a2, zero, 33; sll a0, a1, a2", "addi a2, zero, -1; sra a0, a1, a2"]),
    ("right-identity", &["addi a0, a1, 0", "sll a0, a1, zero", "addi a2, zero, 1; div a0, a1, a2"]),
    ("and-ones", &["andi a0, a1, -1"]),
    (
        "annihilate",
        &[
            "andi a0, a1, 0",
            "mul a0, a1, zero",
            "mulh a0, zero, a1",
            "mulhsu a0, a1, zero",
            "sltu a0, a1, zero",
        ],
    ),
    (
        "self",
        &[
            "sub a0, a1, a1",
            "xor a0, a1, a1",
            "slt a0, a1, a1",
            "sltu a0, a1, a1",
            "and a0, a1, a1",
            "or a0, a1, a1",
            "bgeu a1, a1, 64",
            "bne a1, a1, 64",
        ],
    ),
    ("sub-constant", &["addi a1, zero, 5; sub a0, a2, a1", "addi a1, zero, -5; sub a0, a2, a1"]),
    ("add-add", &["addi a0, a1, 2047; addi a0, a0, 2047", "addi a0, a1, 4; lw a0, -4(a0)"]),
    ("and-and", &["andi a0, a1, 255; andi a0, a0, -16"]),
    ("xor-xor", &["xori a0, a1, 255; xori a0, a0, -1"]),
    (
        "choose",
        &[
            "xor a0, a1, a2; and a0, a0, a3; xor a0, a0, a2",
            "xor a0, a1, a2; and a0, a3, a0; xor a0, a0, a1",
        ],
    ),
    ("choose-swapped", &["xor a0, a1, a2; and a0, a0, a3; xor a0, a2, a0"]),
    ("or-or", &["ori a0, a1, 3; ori a0, a0, 12"]),
    (
        "shift-shift",
        &[
            "slli a0, a1, 3; slli a0, a0, 4",
            "srli a0, a1, 16; srli a0, a0, 16",
            "slli a0, a1, 31; slli a0, a0, 31",
        ],
    ),
    ("mul-power", &["addi a2, zero, 8; mul a0, a1, a2", "lui a2, 0x80000; mul a0, a1, a2"]),
    ("divu-power", &["addi a2, zero, 8; divu a0, a1, a2", "lui a2, 0x80000; divu a0, a1, a2"]),
    ("remu-power", &["addi a2, zero, 8; remu a0, a1, a2", "addi a2, zero, 1; remu a0, a1, a2"]),
    (
        "divide-by-zero",
        &["div a0, a1, zero", "divu a0, a1, zero", "rem a0, a1, zero", "remu a0, a1, zero"],
    ),
    ("no-bits", &["andi a0, a1, 15; srli a0, a0, 4", "slli a0, a1, 4; andi a0, a0, 15"]),
    ("and-covers", &["lbu a0, 0(a1); andi a0, a0, 255", "srli a0, a1, 24; andi a0, a0, 255"]),
    ("sign-bit", &["slti a0, a1, 0", "blt a1, zero, 64", "bgez a1, 64"]),
    ("slt-unsigned", &["andi a0, a1, 7; slti a0, a0, 5", "lbu a0, 0(a1); slti a0, a0, 48"]),
    ("eq-difference", &["sub a0, a1, a2; seqz a0, a0", "xor a0, a1, a2; bnez a0, 64"]),
    ("eq-bit-zero", &["sltu a0, a1, a2; beqz a0, 64", "slt a0, a1, a2; bnez a0, 64"]),
    ("eq-bit-one", &["addi a3, zero, 1; sltu a0, a1, a2; beq a0, a3, 64"]),
    ("below-one", &["seqz a0, a1"]),
    ("above-bit", &["sltu a0, a1, a2; snez a0, a0"]),
    ("above-zero", &["snez a0, a1"]),
    (
        "forward-load",
        &[
            "sw a0, 0(a1); lw a2, 0(a1)",
            "lh a0, 2(a1); lh a2, 2(a1)",
            "sw a0, 0(a1); sb a0, 4(a1); lw a2, 0(a1)",
        ],
    ),
    ("dead-store", &["sw a0, 0(a1); sw a2, 0(a1)", "sb a0, 1(a1); lbu a0, 2(a1); sb a2, 1(a1)"]),
    ("expand-mulh", &["mulh a0, a1, a2", "mulh a0, a1, a1"]),
    ("expand-mulhsu", &["mulhsu a0, a1, a2", "mulhsu a0, a1, a1"]),
    ("expand-div", &["div a0, a1, a2", "div a0, a1, a1"]),
    ("expand-rem", &["rem a0, a1, a2", "rem a0, a1, a1"]),
    ("dead-value", &["addi a0, a1, 1; addi a0, a2, 2"]),
];

/// Registers and bytes; nothing faults, whatever its alignment.
#[derive(Clone, Debug)]
struct Total {
    xlen: Xlen,
    regs: [u64; 32],
    memory: BTreeMap<u64, u8>,
}

impl Total {
    /// The byte of memory; one that was never written is a function of its address.
    fn byte(&self, addr: u64) -> u8 {
        let addr = self.xlen.mask(addr);
        let filler = (addr.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).to_le_bytes()[0];
        self.memory.get(&addr).copied().unwrap_or(filler)
    }

    fn read(&self, width: Width, addr: u64) -> u64 {
        let bytes = (0..u64::from(width.bytes())).rev();
        bytes.fold(0, |word, i| word << 8 | u64::from(self.byte(addr.wrapping_add(i))))
    }

    fn write(&mut self, width: Width, addr: u64, value: u64) {
        for (i, byte) in (0..u64::from(width.bytes())).zip(value.to_le_bytes()) {
            self.memory.insert(self.xlen.mask(addr.wrapping_add(i)), byte);
        }
    }

    /// Executes the instructions; gives the next pc.
    fn execute(&mut self, region: &Region) -> u64 {
        for at in &region.insts {
            let Ok(flow) = step(self, region.xlen, at.pc, at.len, &at.inst);
            match flow {
                Flow::Branch { condition, taken_if, target } if (condition != 0) == taken_if => {
                    return target;
                }
                Flow::Jump(target) | Flow::JumpTo(target) => return target,
                Flow::Next | Flow::Branch { .. } | Flow::Ecall | Flow::Ebreak => {}
            }
        }
        region.end()
    }

    /// Evaluates the IR; gives the next pc.
    fn evaluate(&mut self, ir: &Ir, entry: u64) -> u64 {
        let Ok(done) = ir.eval(entry, self);
        for (reg, value) in done.outputs {
            self.regs[reg.index()] = value;
        }
        done.next_pc
    }

    /// What distinguishes this from another state that began as the same.
    fn outcome(&self, next_pc: u64) -> (u64, [u64; 32], &BTreeMap<u64, u8>) {
        (next_pc, self.regs, &self.memory)
    }
}

impl State for Total {
    type Fault = Infallible;

    fn reg(&mut self, reg: Reg) -> u64 {
        self.regs[reg.index()]
    }

    fn load(&mut self, _: ValueId, width: Width, addr: u64) -> Result<u64, Infallible> {
        Ok(self.read(width, addr))
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Infallible> {
        self.write(width, addr, value);
        Ok(())
    }
}

impl Machine for Total {
    type Word = u64;
    type Fault = Infallible;

    fn constant(&mut self, value: u64) -> u64 {
        value
    }

    fn alu(&mut self, op: Alu, a: u64, b: u64) -> u64 {
        op.eval_u64(self.xlen, a, b)
    }

    fn reg(&mut self, reg: Reg) -> u64 {
        self.regs[reg.index()]
    }

    fn set_reg(&mut self, reg: Reg, value: u64) {
        self.regs[reg.index()] = value;
    }

    fn load(&mut self, width: Width, signed: bool, addr: u64) -> Result<u64, Infallible> {
        let word = self.read(width, addr);
        Ok(if signed { sign_extend(self.xlen, width, word) } else { word })
    }

    fn store(&mut self, width: Width, addr: u64, value: u64) -> Result<(), Infallible> {
        self.write(width, addr, value);
        Ok(())
    }

    fn amo(&mut self, _: Alu, _: Width, _: u64, _: u64) -> Result<u64, Infallible> {
        unreachable!("regions hold no atomics")
    }

    fn load_reserved(&mut self, _: Width, _: u64) -> Result<u64, Infallible> {
        unreachable!("regions hold no atomics")
    }

    fn store_conditional(&mut self, _: Width, _: u64, _: u64) -> Result<u64, Infallible> {
        unreachable!("regions hold no atomics")
    }

    fn csr(&mut self, _: Csr, _: Option<CsrWrite<u64>>) -> Result<u64, Infallible> {
        unreachable!("regions hold no accesses to control registers")
    }

    fn float(&mut self, _: FloatAction<u64>) -> Result<u64, Infallible> {
        unreachable!("regions hold no floating point")
    }
}

/// Words at the borders of what operations distinguish; as addresses they overlap and wrap.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    31,
    32,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0x8000_0001,
    0xffff_fff8,
    0xffff_fffd,
    0xffff_fffe,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_8000_0000,
    u64::MAX,
];

fn words() -> impl Strategy<Value = [u64; 32]> {
    let word = prop_oneof![
        3 => proptest::sample::select(EDGES),
        2 => any::<u64>(),
        1 => 0x1000_u64..0x1010,
    ];
    proptest::array::uniform32(word)
}

fn states(xlen: Xlen) -> impl Strategy<Value = Total> {
    words().prop_map(move |mut regs| {
        regs.iter_mut().for_each(|word| *word = xlen.mask(*word));
        regs[0] = 0;
        Total { xlen, regs, memory: BTreeMap::new() }
    })
}

/// Demands that instructions, lifted and optimised IR do the same on a state.
fn same(region: &Region, start: &Total) -> Result<(), TestCaseError> {
    let lifted = lift(region).expect("the region can be lifted");
    let (optimised, _) = optimise(&lifted);
    prop_assert_eq!(lifted.verify(), Ok(()));
    prop_assert_eq!(optimised.verify(), Ok(()));
    let mut machine = start.clone();
    let next_pc = machine.execute(region);
    for (stage, ir) in [("lifted", &lifted), ("optimised", &optimised)] {
        let mut evaluated = start.clone();
        let got = evaluated.evaluate(ir, region.entry());
        // A dropped store is overwritten, so the bytes written are the same ones.
        prop_assert_eq!(
            evaluated.outcome(got),
            machine.outcome(next_pc),
            "{}\n{}\n{}",
            stage,
            region,
            ir
        );
    }
    Ok(())
}

#[test]
fn every_rule_fires() {
    for (rule, regions) in INSTANCES {
        for assembly in *regions {
            let lifted = lift(&region("rv32", assembly)).unwrap();
            let (optimised, fired) = optimise(&lifted);
            assert!(fired.contains_key(rule), "{rule}: {assembly}\n{fired:?}\n{optimised}");
        }
    }
}

#[test]
fn every_rule_has_an_instance() {
    for rule in RULES {
        let has_one =
            INSTANCES.iter().any(|(name, regions)| *name == rule.name && !regions.is_empty());
        assert!(has_one, "rule {} ({}) has no instance", rule.name, rule.equation);
    }
}

#[test]
fn instances_keep_their_effects() {
    let instances: Vec<&str> =
        INSTANCES.iter().flat_map(|(_, regions)| regions.iter().copied()).collect();
    for (name, xlen) in [("rv32", Xlen::Rv32), ("rv64", Xlen::Rv64)] {
        let regions: Vec<Region> = instances.iter().map(|asm| region(name, asm)).collect();
        random::check(300, &states(xlen), |state| {
            regions.iter().try_for_each(|region| same(region, &state))
        });
    }
}

#[test]
fn random_regions_keep_their_effects() {
    let cases = (random::regions(1..=25), proptest::collection::vec(states(Xlen::Rv32), 4));
    random::check(1000, &cases, |(random::Shown(region), states)| {
        states.iter().try_for_each(|state| same(&region, state))
    });
}

/// Demands that no value of the optimised IR has a bit or a size that it is said not to have.
fn within_bounds(region: &Region, start: &Total) -> Result<(), TestCaseError> {
    let (ir, _) = optimise(&lift(region).expect("the region can be lifted"));
    let possible = ir.all_possible_bits();
    let bounds = ir.all_upper_bounds(&possible);
    let Ok(done) = ir.eval(assembly::ENTRY, &mut start.clone());
    for (((id, value), possible), bound) in ir.ids().zip(done.values).zip(possible).zip(bounds) {
        prop_assert!(
            value & !possible == 0 && value <= bound,
            "{id} is {value:#x}, bits {possible:#x}, bound {bound:#x}\n{region}\n{ir}"
        );
    }
    Ok(())
}

#[test]
fn values_keep_to_their_bits_and_bounds() {
    let cases = (random::regions(1..=25), proptest::collection::vec(states(Xlen::Rv32), 4));
    random::check(500, &cases, |(random::Shown(region), states)| {
        states.iter().try_for_each(|state| within_bounds(&region, state))
    });
    let products = "mulhu a0, a1, a2; sltu a3, a0, a1; add a0, a0, a3; andi a4, a1, 63; \
                    mul a4, a4, a4; srli a5, a2, 3; add a5, a5, a4; addi a6, zero, 10; \
                    remu a6, a1, a6; divu a7, a5, a6";
    for (name, xlen) in [("rv32", Xlen::Rv32), ("rv64", Xlen::Rv64)] {
        let region = region(name, products);
        random::check(300, &states(xlen), |state| within_bounds(&region, &state));
    }
}

#[test]
fn rewriting_twice_changes_nothing_more() {
    random::check(300, &random::regions(1..=25), |random::Shown(region)| {
        let (once, _) = optimise(&lift(&region).expect("the region can be lifted"));
        let (twice, fired) = optimise(&once);
        prop_assert!(
            twice.values.len() <= once.values.len(),
            "{region}\n{once}\n{twice}\n{fired:?}"
        );
        Ok(())
    });
}

#[test]
fn random_regions_are_read_back_from_their_text() {
    random::check(300, &random::regions(1..=25), |random::Shown(region)| {
        let lifted = lift(&region).expect("the region can be lifted");
        for ir in [&lifted, &optimise(&lifted).0] {
            let parsed = Ir::parse(&ir.to_string());
            prop_assert_eq!(parsed.as_ref(), Ok(ir));
        }
        Ok(())
    });
}
