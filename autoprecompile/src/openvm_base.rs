//! The base configuration of a guest for OpenVM 2.0.2, as its `openvm.toml` states it, and the room
//! that it leaves for precompiles. Nothing here needs OpenVM.
//!
//! It is the same file that `cargo openvm` reads. Two settings are not free: precompiles are
//! synthesised for 29-bit pointers and timestamps and 17-bit range checks, and other values are
//! refused. What OpenVM would panic at, such as a modulus that is too wide, is refused too.

mod bound;
mod size;

use num_bigint::BigUint;
use serde::{Deserialize, Deserializer, de};

pub use size::{BaseSize, BudgetError, base_limits};

/// Bits of a pointer and of a timestamp that precompiles are synthesised for.
const POINTER_AND_TIMESTAMP_BITS: usize = 29;
/// Bits of the widest range check that precompiles are synthesised for.
const RANGE_BITS: usize = 17;
/// From this degree on OpenVM's hash table has constraints of degree 7, which its proofs do not have.
const DEGREE_OF_WIDE_HASH: usize = 7;
/// The address space of the public values.
const PUBLIC_VALUES_SPACE: usize = 3;
/// Bytes of the widest modulus.
const MAX_MODULUS_BYTES: u64 = 48;

/// Why an `openvm.toml` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// The text is not TOML of the expected form.
    #[error(
        "openvm.toml is not understood (supported in [app_vm_config]: system, rv32i, rv32m, io, \
         keccak, sha2, bigint, modular, fp2, ecc, pairing): {0}"
    )]
    Toml(#[from] toml::de::Error),
    /// The base instruction set is missing.
    #[error(
        "openvm.toml does not enable {missing}, without which no guest runs; \
         add `[app_vm_config.{missing}]`"
    )]
    MissingExtension {
        /// The name of the table in the file.
        missing: &'static str,
    },
    /// A setting of the system that precompiles cannot be synthesised for.
    #[error("openvm.toml sets {name} = {got}; precompiles are synthesised for {expected}")]
    System {
        /// The name of the setting.
        name: &'static str,
        /// Its value in the file.
        got: usize,
        /// The one value that is supported.
        expected: usize,
    },
    /// The hash table would have constraints of a higher degree than proofs have.
    #[error(
        "openvm.toml sets max_constraint_degree = {got}, with which OpenVM's hash table does not \
         fit its proofs; set 3, which is what OpenVM sets by itself"
    )]
    Degree {
        /// Its value in the file.
        got: usize,
    },
    /// The number of public values is not one that an opening proof exists for.
    #[error(
        "openvm.toml sets num_public_values = {got}; it must be 8 times a power of two, and the \
         public value address space must have that many cells"
    )]
    PublicValues {
        /// Its value in the file.
        got: usize,
    },
    /// OpenVM has no tables for a modulus.
    #[error(
        "openvm.toml has in [app_vm_config.{section}] the modulus {modulus}; a modulus must be \
         greater than 1 and no longer than 48 bytes"
    )]
    Modulus {
        /// The name of the extension.
        section: &'static str,
        /// The modulus, in decimal.
        modulus: BigUint,
    },
    /// A coefficient of a curve is not an element of its field.
    #[error(
        "openvm.toml has in [app_vm_config.ecc] the curve `{curve}`, whose coefficient `a` is not \
         below its modulus"
    )]
    Coefficient {
        /// The name of the curve.
        curve: String,
    },
}

/// A base configuration: RV32I, input and output, and what is enabled beside them.
///
/// [`OpenVmBase::default`] is that of a guest without `openvm.toml`, which has RV32M too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVmBase {
    /// The settings of the system; none for those of OpenVM.
    pub system: Option<System>,
    /// Whether Keccak-256 is enabled.
    pub keccak: bool,
    /// Whether SHA-2 is enabled.
    pub sha2: bool,
    /// Sizes of the range tuple table of multiplication, if RV32M is enabled.
    pub rv32m: Option<[u32; 2]>,
    /// Sizes of the range tuple table of 256-bit integers, if these are enabled.
    pub bigint: Option<[u32; 2]>,
    /// The moduli of modular arithmetic, if it is enabled.
    pub modular: Option<Vec<BigUint>>,
    /// The moduli of quadratic extensions and their names, if these are enabled.
    pub fp2: Option<Vec<(String, BigUint)>>,
    /// The curves of the pairing extension, if it is enabled.
    pub pairing: Option<Vec<PairingCurve>>,
    /// The curves of the elliptic curve extension, if it is enabled.
    pub ecc: Option<Vec<Curve>>,
}

/// The settings of the system, as far as they are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct System {
    /// The highest degree that OpenVM's own tables may use.
    pub max_constraint_degree: usize,
    /// Memory.
    pub memory_config: Memory,
    /// Cells that a guest can make public.
    pub num_public_values: usize,
}

/// The settings of memory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Memory {
    /// Binary logarithm of the number of address spaces.
    pub addr_space_height: usize,
    /// The address spaces, by number.
    pub addr_spaces: Vec<AddressSpace>,
    /// Bits of a pointer.
    pub pointer_max_bits: usize,
    /// Bits of a timestamp.
    pub timestamp_max_bits: usize,
    /// Bits of the widest range check.
    pub decomp: usize,
}

/// An address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct AddressSpace {
    /// Its cells.
    pub num_cells: usize,
    /// What a cell is.
    pub layout: Cell,
}

/// What a memory cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// A field element.
    F {
        /// Its bytes.
        size: u8,
    },
}

/// A curve with a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum PairingCurve {
    /// BN254.
    Bn254,
    /// BLS12-381.
    #[serde(rename = "Bls12_381")]
    Bls12381,
}

/// A curve in short Weierstrass form, y² = x³ + ax + b.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Curve {
    /// The name of its type in the guest.
    pub struct_name: String,
    /// The modulus of its coordinates.
    #[serde(deserialize_with = "decimal")]
    pub modulus: BigUint,
    /// The modulus of its scalars.
    #[serde(deserialize_with = "decimal")]
    pub scalar: BigUint,
    /// Its coefficient a.
    #[serde(deserialize_with = "decimal")]
    pub a: BigUint,
    /// Its coefficient b.
    #[serde(deserialize_with = "decimal")]
    pub b: BigUint,
}

impl Default for OpenVmBase {
    fn default() -> Self {
        Self {
            system: None,
            keccak: false,
            sha2: false,
            rv32m: Some(RV32M_TUPLE),
            bigint: None,
            modular: None,
            fp2: None,
            pairing: None,
            ecc: None,
        }
    }
}

impl OpenVmBase {
    /// Reads the table `app_vm_config` of an `openvm.toml`; its other tables are ignored.
    ///
    /// # Errors
    ///
    /// If the text is malformed, names an extension that is not supported, or sets what
    /// precompiles are not synthesised for.
    pub fn from_toml(text: &str) -> Result<Self, BaseError> {
        let tables = toml::from_str::<File>(text)?.app_vm_config;
        for (enabled, missing) in [(tables.rv32i.is_some(), "rv32i"), (tables.io.is_some(), "io")] {
            if !enabled {
                return Err(BaseError::MissingExtension { missing });
            }
        }
        let base = Self {
            system: tables.system.map(|table| table.config),
            keccak: tables.keccak.is_some(),
            sha2: tables.sha2.is_some(),
            rv32m: tables.rv32m.map(|table| table.range_tuple_checker_sizes.unwrap_or(RV32M_TUPLE)),
            bigint: tables
                .bigint
                .map(|table| table.range_tuple_checker_sizes.unwrap_or(BIGINT_TUPLE)),
            modular: tables.modular.map(Modular::moduli),
            fp2: tables.fp2.map(Fp2::moduli),
            pairing: tables.pairing.map(|table| table.supported_curves),
            ecc: tables.ecc.map(|table| table.supported_curves),
        };
        base.check()?;
        Ok(base)
    }

    fn check(&self) -> Result<(), BaseError> {
        if let Some(system) = &self.system {
            system.check()?;
        }
        let modular = self.modular.iter().flatten().map(|modulus| ("modular", modulus));
        let fp2 = self.fp2.iter().flatten().map(|(_, modulus)| ("fp2", modulus));
        let ecc = self.ecc.iter().flatten().map(|curve| ("ecc", &curve.modulus));
        for (section, modulus) in modular.chain(fp2).chain(ecc) {
            if modulus.bits() < 2 || modulus.bits().div_ceil(8) > MAX_MODULUS_BYTES {
                return Err(BaseError::Modulus { section, modulus: modulus.clone() });
            }
        }
        match self.ecc.iter().flatten().find(|curve| curve.a >= curve.modulus) {
            Some(curve) => Err(BaseError::Coefficient { curve: curve.struct_name.clone() }),
            None => Ok(()),
        }
    }
}

impl System {
    fn check(&self) -> Result<(), BaseError> {
        let memory = &self.memory_config;
        for (name, got, expected) in [
            ("pointer_max_bits", memory.pointer_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("timestamp_max_bits", memory.timestamp_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("decomp", memory.decomp, RANGE_BITS),
        ] {
            if got != expected {
                return Err(BaseError::System { name, got, expected });
            }
        }
        if self.max_constraint_degree >= DEGREE_OF_WIDE_HASH {
            return Err(BaseError::Degree { got: self.max_constraint_degree });
        }
        let got = self.num_public_values;
        let cells = memory.addr_spaces.get(PUBLIC_VALUES_SPACE).map_or(0, |space| space.num_cells);
        if !got.is_multiple_of(8) || !(got / 8).is_power_of_two() || cells != got {
            return Err(BaseError::PublicValues { got });
        }
        Ok(())
    }
}

/// OpenVM's sizes of the range tuple table of RV32M.
const RV32M_TUPLE: [u32; 2] = [1 << 8, 8 << 8];
/// OpenVM's sizes of the range tuple table of 256-bit integers.
const BIGINT_TUPLE: [u32; 2] = [1 << 8, 32 << 8];

/// The layout of `openvm.toml`, as far as it is read.
#[derive(Deserialize)]
struct File {
    app_vm_config: Tables,
}

/// One table per extension; an extension is enabled when its table is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    system: Option<SystemTable>,
    rv32i: Option<Empty>,
    io: Option<Empty>,
    keccak: Option<Empty>,
    sha2: Option<Empty>,
    rv32m: Option<Multiplier>,
    bigint: Option<Multiplier>,
    modular: Option<Modular>,
    fp2: Option<Fp2>,
    pairing: Option<Curves<PairingCurve>>,
    ecc: Option<Curves<Curve>>,
}

#[derive(Deserialize)]
struct SystemTable {
    config: System,
}

/// A table without settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::empty_structs_with_brackets, reason = "an empty table is not a unit in TOML")]
struct Empty {}

#[derive(Deserialize)]
struct Multiplier {
    range_tuple_checker_sizes: Option<[u32; 2]>,
}

#[derive(Deserialize)]
struct Modular {
    supported_moduli: Vec<Decimal>,
}

impl Modular {
    fn moduli(self) -> Vec<BigUint> {
        self.supported_moduli.into_iter().map(|Decimal(modulus)| modulus).collect()
    }
}

#[derive(Deserialize)]
struct Fp2 {
    supported_moduli: Vec<(String, Decimal)>,
}

impl Fp2 {
    fn moduli(self) -> Vec<(String, BigUint)> {
        self.supported_moduli.into_iter().map(|(name, Decimal(modulus))| (name, modulus)).collect()
    }
}

#[derive(Deserialize)]
struct Curves<T> {
    supported_curves: Vec<T>,
}

/// A number as a string of decimal digits: TOML's own numbers are too short.
#[derive(Deserialize)]
struct Decimal(#[serde(deserialize_with = "decimal")] BigUint);

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BigUint, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| de::Error::custom(format!("`{text}`: {error}")))
}
