//! The tables of a base VM, and the room beside them.

use autoprec_synth::{Budget, OPENVM};
use num_bigint::BigUint;

use crate::bound::{self, Bytes};
use crate::config::{ConfigError, Curve, OpenVmConfig};

/// A table: its name in OpenVM and its columns, cached ones included.
type Table = (&'static str, usize);

/// The size of a base VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseSize {
    /// Tables.
    pub airs: usize,
    /// Columns of all tables.
    pub columns: usize,
}

/// Why a number of precompiles cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// None at all.
    #[error("the number of precompiles must be at least 1; it is 0")]
    None,
    /// More than there is room for.
    #[error(
        "{wanted} precompiles are more than fit: OpenVM's security analysis allows {} tables, and \
         this VM has {airs} of its own, which leaves {room}",
        OPENVM.limits.tables
    )]
    TooMany {
        /// How many are wanted.
        wanted: usize,
        /// Tables of the base VM.
        airs: usize,
        /// How many fit.
        room: usize,
    },
}

/// The size of the base VM that an `openvm.toml` describes, or of that without one.
///
/// # Errors
///
/// If the file is refused: it is malformed, names an extension that is not supported, or sets what
/// precompiles are not synthesised for.
pub fn base_limits(openvm_toml: Option<&str>) -> Result<BaseSize, ConfigError> {
    Ok(match openvm_toml {
        Some(text) => OpenVmConfig::provable(text)?,
        None => OpenVmConfig::default(),
    }
    .size())
}

impl BaseSize {
    /// What this VM leaves for precompiles, and no more than is wanted.
    ///
    /// # Errors
    ///
    /// If none is wanted, or more than there is room for.
    pub fn budget(&self, wanted: Option<usize>) -> Result<Budget, BudgetError> {
        let room = OPENVM.limits.tables.saturating_sub(self.airs);
        match wanted {
            Some(0) => return Err(BudgetError::None),
            Some(wanted) if wanted > room => {
                return Err(BudgetError::TooMany { wanted, airs: self.airs, room });
            }
            _ => {}
        }
        Ok(Budget {
            precompiles: wanted.unwrap_or(room),
            columns: OPENVM.limits.total_columns.saturating_sub(self.columns),
        })
    }

    fn add(&mut self, tables: &[Table]) {
        self.airs += tables.len();
        self.columns += tables.iter().map(|(_, columns)| columns).sum::<usize>();
    }
}

impl OpenVmConfig {
    /// Tables and columns of the VM.
    pub fn size(&self) -> BaseSize {
        let mut size = BaseSize { airs: 0, columns: 0 };
        size.add(SYSTEM);
        size.add(RV32I);
        size.add(IO);
        for (enabled, tables) in [
            (self.keccak, KECCAK),
            (self.sha2, SHA2),
            (self.rv32m.is_some(), RV32M),
            (self.bigint.is_some(), BIGINT),
            // Both multipliers share it.
            (self.rv32m.is_some() || self.bigint.is_some(), RANGE_TUPLE),
        ] {
            if enabled {
                size.add(tables);
            }
        }
        for modulus in self.modular.iter().flatten() {
            size.add(&modular(modulus));
        }
        for (_, modulus) in self.fp2.iter().flatten() {
            size.add(&fp2(modulus));
        }
        // Pairings are hints: they have no table.
        for curve in self.ecc.iter().flatten() {
            size.add(&ecc(curve));
        }
        size
    }
}

fn modular(modulus: &BigUint) -> [Table; 3] {
    let bytes = Bytes::of(modulus);
    let adapter = heap_adapter(2, bytes.count());
    let is_equal = match bytes {
        Bytes::B32 => IS_EQUAL_32,
        Bytes::B48 => IS_EQUAL_48,
    };
    [
        ("ModularAddSub", adapter + bound::add_sub(modulus)),
        ("ModularMulDiv", adapter + bound::mul_div(modulus)),
        ("ModularIsEqual", is_equal),
    ]
}

fn fp2(modulus: &BigUint) -> [Table; 2] {
    let adapter = heap_adapter(2, 2 * Bytes::of(modulus).count());
    [
        ("Fp2AddSub", adapter + bound::fp2_add_sub(modulus)),
        ("Fp2MulDiv", adapter + bound::fp2_mul_div(modulus)),
    ]
}

fn ecc(Curve { modulus, a, .. }: &Curve) -> [Table; 2] {
    let point = 2 * Bytes::of(modulus).count();
    [
        ("EcAddNe", heap_adapter(2, point) + bound::ec_add(modulus)),
        ("EcDouble", heap_adapter(1, point) + bound::ec_double(modulus, a)),
    ]
}

/// Columns of what reads operands of so many bytes from memory, each at a pointer in a register, and
/// writes a result of as many.
const fn heap_adapter(operands: usize, bytes: usize) -> usize {
    /// Of an access: the previous timestamp, and two limbs of the difference to it.
    const ACCESS: usize = 3;
    /// Bytes of a register, and of a block of memory.
    const WORD: usize = 4;
    let blocks = bytes / WORD;
    // Program counter and timestamp; of each register its number, value and access.
    let registers = 2 + (operands + 1) * (1 + WORD + ACCESS);
    // A write also has the previous value.
    registers + operands * blocks * ACCESS + blocks * (ACCESS + WORD)
}

/// Program, its end, and memory; range checks, hashing, and instructions without effect.
const SYSTEM: &[Table] = &[
    ("ProgramAir", 10),
    ("VmConnectorAir", 6),
    ("PersistentBoundaryAir", 21),
    ("MemoryMerkleAir", 33),
    ("PhantomAir", 6),
    ("Poseidon2PeripheryAir", 300),
    ("VariableRangeCheckerAir", 4),
];
/// The base instruction set, and the table of bitwise operations, which all share.
const RV32I: &[Table] = &[
    ("Auipc", 20),
    ("Jalr", 28),
    ("JalLui", 18),
    ("BranchLessThan", 32),
    ("BranchEqual", 26),
    ("LoadSignExtend", 36),
    ("LoadStore", 41),
    ("Shift", 53),
    ("LessThan", 37),
    ("BaseAlu", 36),
    ("BitwiseOperationLookupAir", 18),
];
const IO: &[Table] = &[("HintStore", 32)];
const RV32M: &[Table] = &[("DivRem", 59), ("MulH", 39), ("Multiplication", 31)];
const RANGE_TUPLE: &[Table] = &[("RangeTupleCheckerAir", 3)];
const KECCAK: &[Table] = &[("KeccakfOpAir", 561), ("KeccakfPermAir", 2634), ("XorinVmAir", 914)];
const SHA2: &[Table] = &[
    ("Sha2MainAir<Sha512>", 540),
    ("Sha2BlockHasherVmAir<Sha512>", 903),
    ("Sha2MainAir<Sha256>", 284),
    ("Sha2BlockHasherVmAir<Sha256>", 456),
];
const BIGINT: &[Table] = &[
    ("Shift256", 304),
    ("Multiplication256", 227),
    ("BranchLessThan256", 172),
    ("BranchEqual256", 166),
    ("LessThan256", 232),
    ("BaseAlu256", 231),
];
/// Of `ModularIsEqual` with 32 bytes.
const IS_EQUAL_32: usize = 208;
/// Of `ModularIsEqual` with 48 bytes.
const IS_EQUAL_48: usize = 296;
