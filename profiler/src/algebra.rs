//! The moduli and curves to which instructions of OpenVM guests refer by number.
//!
//! They are in no ELF: the guest's `openvm.toml` lists them, and OpenVM numbers them in its order.
//! Invariant: every modulus is more than 2 and fits the 48 bytes of the longest operand.

use num_bigint::BigUint;
use serde::Deserialize;

/// The bytes that an operand can have.
const SIZES: [usize; 2] = [32, 48];

/// OpenVM: the moduli and curves of a guest, from its `openvm.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Algebra {
    pub(crate) moduli: Vec<Modulus>,
    /// Of the quadratic extensions.
    pub(crate) complex: Vec<Modulus>,
    pub(crate) curves: Vec<Curve>,
}

/// A modulus, which OpenVM expects to be prime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Modulus {
    pub(crate) value: BigUint,
    /// Bytes of a number in memory.
    pub(crate) bytes: usize,
}

/// A curve with the equation y² = x³ + ax + b; instructions need not know b.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    pub(crate) modulus: Modulus,
    pub(crate) a: BigUint,
}

/// Why the moduli and curves of an `openvm.toml` are not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgebraError {
    /// The text is not TOML, or a table does not have its form.
    #[error("openvm.toml is not understood: {reason}")]
    Toml {
        /// What is wrong and where.
        reason: String,
    },
    /// Numbers are decimal, in quotes.
    #[error("openvm.toml has `{text}` for a {part}, which is not a decimal number")]
    Number {
        /// What the number is.
        part: &'static str,
        /// What was read.
        text: String,
    },
    /// OpenVM has no instructions for such a modulus.
    #[error("openvm.toml has a modulus of {bits} bits; OpenVM takes 2 to {most} bits", most = 8 * SIZES[1])]
    Size {
        /// Its length.
        bits: u64,
    },
}

impl Algebra {
    /// Reads `modular`, `fp2` and `ecc` in the table `app_vm_config`; the rest is ignored, and a
    /// table that is missing lists nothing.
    ///
    /// # Errors
    ///
    /// If the text is malformed or lists what OpenVM cannot compute with.
    pub fn from_toml(text: &str) -> Result<Self, AlgebraError> {
        let file: File = toml::from_str(text)
            .map_err(|error| AlgebraError::Toml { reason: error.to_string() })?;
        let Tables { modular, fp2, ecc } = file.app_vm_config;
        let curve = |curve: &CurveTable| {
            Ok(Curve {
                modulus: Modulus::parse(&curve.modulus)?,
                a: number("coefficient", &curve.a)?,
            })
        };
        Ok(Self {
            moduli: modular
                .supported_moduli
                .iter()
                .map(|m| Modulus::parse(m))
                .collect::<Result<_, _>>()?,
            complex: fp2
                .supported_moduli
                .iter()
                .map(|(_, m)| Modulus::parse(m))
                .collect::<Result<_, _>>()?,
            curves: ecc.supported_curves.iter().map(curve).collect::<Result<_, _>>()?,
        })
    }
}

fn number(part: &'static str, text: &str) -> Result<BigUint, AlgebraError> {
    text.parse().map_err(|_| AlgebraError::Number { part, text: text.to_owned() })
}

impl Modulus {
    fn parse(text: &str) -> Result<Self, AlgebraError> {
        let value = number("modulus", text)?;
        let bits = value.bits();
        let fits = |&size: &usize| bits <= 8 * size as u64;
        let bytes = SIZES.into_iter().find(|size| fits(size) && value > BigUint::from(2_u8));
        Ok(Self { bytes: bytes.ok_or(AlgebraError::Size { bits })?, value })
    }

    pub(crate) fn reduce(&self, a: &BigUint) -> BigUint {
        a % &self.value
    }

    pub(crate) fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a + b))
    }

    pub(crate) fn sub(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a + &self.value - self.reduce(b)))
    }

    pub(crate) fn mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        self.reduce(&(a * b))
    }

    /// None if `b` has no inverse.
    pub(crate) fn div(&self, a: &BigUint, b: &BigUint) -> Option<BigUint> {
        Some(self.mul(a, &self.reduce(b).modinv(&self.value)?))
    }

    pub(crate) fn pow(&self, a: &BigUint, exponent: &BigUint) -> BigUint {
        a.modpow(exponent, &self.value)
    }
}

#[derive(Deserialize)]
struct File {
    app_vm_config: Tables,
}

#[derive(Deserialize)]
struct Tables {
    #[serde(default)]
    modular: ModularTable,
    #[serde(default)]
    fp2: Fp2Table,
    #[serde(default)]
    ecc: EccTable,
}

#[derive(Default, Deserialize)]
struct ModularTable {
    supported_moduli: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Fp2Table {
    /// Names and moduli.
    supported_moduli: Vec<(String, String)>,
}

#[derive(Default, Deserialize)]
struct EccTable {
    supported_curves: Vec<CurveTable>,
}

#[derive(Deserialize)]
struct CurveTable {
    modulus: String,
    a: String,
}
