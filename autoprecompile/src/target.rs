//! Targets as plain data: what a back end offers and what it charges.

use autoprec_circuits::Size;
use autoprec_isa::{Alu, Inst, Op, Width};

/// A back end that precompiles are synthesised for.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name in locks, manifests and on the command line.
    pub name: &'static str,
    /// What one system may be at most.
    pub limits: Limits,
    /// Memory addresses are below 2 to this power.
    pub address_bits: u32,
    /// Code addresses are below 2 to this power.
    pub pc_bits: u32,
    /// A difference of timestamps is below 2 to this power.
    pub timestamp_bits: u32,
    /// What an instruction costs when it is executed by its own table.
    pub instruction_cost: fn(Inst) -> Size,
}

/// Limits of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Degree of constraints, message fields and multiplicities.
    pub degree: u32,
    /// Constraints of one system.
    pub constraints: usize,
    /// Messages of one system.
    pub interactions: usize,
    /// Columns of one system.
    pub columns: usize,
    /// Columns of all systems and of the base tables together.
    pub total_columns: usize,
    /// Tables, those of the base included.
    pub tables: usize,
}

/// OpenVM 2.0.2 with RV32IM, proved over BabyBear.
///
/// The limits are the assumptions of its 100-bit security analysis; the address and timestamp
/// widths are those of its system configuration.
pub const OPENVM: Target = Target {
    name: "openvm",
    limits: Limits {
        degree: 3,
        constraints: 5_000,
        interactions: 1_000,
        columns: 8_000,
        total_columns: 30_000,
        tables: 100,
    },
    address_bits: 29,
    pc_bits: 30,
    timestamp_bits: 29,
    instruction_cost: openvm_instruction_cost,
};

/// Columns, interactions and constraints of the table that executes an instruction on OpenVM 2.0.2.
///
/// Writes to `x0`, fences and the like are its phantom instruction.
pub fn openvm_instruction_cost(inst: Inst) -> Size {
    let [columns, interactions, constraints] = match inst.op {
        Op::Branch { alu: Alu::Eq, .. } => [26, 11, 11],
        Op::Branch { .. } => [32, 13, 25],
        Op::Load { width: Width::Byte | Width::Half, signed: true } => [36, 18, 18],
        Op::Load { .. } | Op::Store(_) => [41, 17, 25],
        Op::Jal => [18, 10, 9],
        Op::Jalr => [28, 16, 9],
        _ if inst.def().is_none() => [6, 3, 1],
        Op::Lui => [18, 10, 9],
        Op::Auipc => [20, 12, 5],
        Op::Alu(alu) | Op::AluImm(alu) => alu_cost(alu),
        _ => [6, 3, 1],
    };
    Size { columns, interactions, constraints }
}

fn alu_cost(alu: Alu) -> [usize; 3] {
    match alu {
        Alu::Sll | Alu::Srl | Alu::Sra => [53, 24, 76],
        Alu::Slt | Alu::Sltu => [37, 18, 28],
        Alu::Mul => [31, 19, 4],
        Alu::Mulh | Alu::Mulhsu | Alu::Mulhu => [39, 24, 11],
        Alu::Div | Alu::Divu | Alu::Rem | Alu::Remu => [59, 25, 64],
        _ => [36, 20, 22],
    }
}
