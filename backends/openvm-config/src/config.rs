//! The form of `openvm.toml`, and what of it is refused.
//!
//! It is the file that `cargo openvm` reads. A guest runs whatever the VM's limits are, so reading refuses only what
//! is malformed and moduli that OpenVM has no tables for. For proofs two settings are not free: precompiles are
//! synthesised for 29-bit pointers and timestamps and 17-bit range checks. Other values are refused, as are extensions
//! that are not known and what OpenVM would panic at.

use std::collections::BTreeMap;

use autoprec_executor::{Algebra, AlgebraError};
use num_bigint::BigUint;
use serde::{Deserialize, Deserializer, de};

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
pub enum ConfigError {
    /// The text is not TOML of the expected form.
    #[error("openvm.toml is not understood: {0}")]
    Toml(#[from] toml::de::Error),
    /// An extension that is not proved.
    #[error(
        "openvm.toml enables {name}, which is not supported (supported in [app_vm_config]: system, \
         rv32i, rv32m, io, keccak, sha2, bigint, modular, fp2, ecc, pairing)"
    )]
    Unsupported {
        /// The name of its table in the file.
        name: String,
    },
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
         greater than 2 and no longer than 48 bytes"
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

/// What an `openvm.toml` enables.
///
/// [`OpenVmConfig::default`] is that of a guest without the file: RV32IM, input and output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenVmConfig {
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
    /// What of RV32I and input and output, without which no guest runs, is not enabled.
    pub missing: Vec<&'static str>,
    /// The names of other tables, whose extensions cannot be proved.
    pub unsupported: Vec<String>,
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

impl Default for OpenVmConfig {
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
            missing: Vec::new(),
            unsupported: Vec::new(),
        }
    }
}

impl OpenVmConfig {
    /// Reads the table `app_vm_config` of an `openvm.toml`; its other tables are ignored.
    ///
    /// # Errors
    ///
    /// If the text is malformed, or has a modulus that OpenVM has no tables for.
    pub fn read(text: &str) -> Result<Self, ConfigError> {
        let tables = toml::from_str::<File<Tables>>(text)?.app_vm_config;
        let names = toml::from_str::<File<BTreeMap<String, toml::Value>>>(text)?.app_vm_config;
        let base = [(tables.rv32i.is_some(), "rv32i"), (tables.io.is_some(), "io")];
        let missing = base.into_iter().filter(|(enabled, _)| !enabled);
        let unsupported = names.into_keys().filter(|name| !KNOWN.contains(&name.as_str()));
        let config = Self {
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
            missing: missing.map(|(_, name)| name).collect(),
            unsupported: unsupported.collect(),
        };
        config.check_moduli()?;
        Ok(config)
    }

    /// Reads the file for a build or a proof.
    ///
    /// # Errors
    ///
    /// As [`OpenVmConfig::read`], and if the file enables an extension that is not supported, lacks one without
    /// which no guest runs, or sets what precompiles are not synthesised for.
    pub fn provable(text: &str) -> Result<Self, ConfigError> {
        let config = Self::read(text)?;
        config.check()?;
        Ok(config)
    }

    /// The moduli and curves, which the guest's instructions number in the order of the file.
    ///
    /// # Errors
    ///
    /// If the executor cannot compute with a modulus; reading has refused those.
    pub fn algebra(&self) -> Result<Algebra, AlgebraError> {
        Algebra::new(
            self.modular.iter().flatten().cloned(),
            self.fp2.iter().flatten().map(|(_, modulus)| modulus.clone()),
            self.ecc.iter().flatten().map(|curve| (curve.modulus.clone(), curve.a.clone())),
        )
    }

    fn check_moduli(&self) -> Result<(), ConfigError> {
        let modular = self.modular.iter().flatten().map(|modulus| ("modular", modulus));
        let fp2 = self.fp2.iter().flatten().map(|(_, modulus)| ("fp2", modulus));
        let ecc = self.ecc.iter().flatten().map(|curve| ("ecc", &curve.modulus));
        let wrong = |modulus: &BigUint| {
            *modulus <= BigUint::from(2_u8) || modulus.bits().div_ceil(8) > MAX_MODULUS_BYTES
        };
        match modular.chain(fp2).chain(ecc).find(|(_, modulus)| wrong(modulus)) {
            Some((section, modulus)) => {
                Err(ConfigError::Modulus { section, modulus: modulus.clone() })
            }
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        if let Some(name) = self.unsupported.first() {
            return Err(ConfigError::Unsupported { name: name.clone() });
        }
        if let Some(missing) = self.missing.first() {
            return Err(ConfigError::MissingExtension { missing });
        }
        if let Some(system) = &self.system {
            system.check()?;
        }
        match self.ecc.iter().flatten().find(|curve| curve.a >= curve.modulus) {
            Some(curve) => Err(ConfigError::Coefficient { curve: curve.struct_name.clone() }),
            None => Ok(()),
        }
    }
}

impl System {
    fn check(&self) -> Result<(), ConfigError> {
        let memory = &self.memory_config;
        for (name, got, expected) in [
            ("pointer_max_bits", memory.pointer_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("timestamp_max_bits", memory.timestamp_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("decomp", memory.decomp, RANGE_BITS),
        ] {
            if got != expected {
                return Err(ConfigError::System { name, got, expected });
            }
        }
        if self.max_constraint_degree >= DEGREE_OF_WIDE_HASH {
            return Err(ConfigError::Degree { got: self.max_constraint_degree });
        }
        let got = self.num_public_values;
        let cells = memory.addr_spaces.get(PUBLIC_VALUES_SPACE).map_or(0, |space| space.num_cells);
        if !got.is_multiple_of(8) || !(got / 8).is_power_of_two() || cells != got {
            return Err(ConfigError::PublicValues { got });
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
struct File<T> {
    app_vm_config: T,
}

/// The tables that are read.
const KNOWN: &[&str] = &[
    "system", "rv32i", "io", "keccak", "sha2", "rv32m", "bigint", "modular", "fp2", "pairing",
    "ecc",
];

/// One table per extension; an extension is enabled when its table is there. Others are in no field:
/// [`OpenVmConfig::unsupported`] names them.
#[derive(Deserialize)]
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
