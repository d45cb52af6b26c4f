//! The file of a proof: which back end and sizes, the claims, the proof.
//!
//! ```text
//! autoprec proof of a run 1
//! halo2 8 24
//! {"version":1,"time":…}
//! …the back end's bytes…
//! ```
//!
//! Three lines of text, then bytes to the end. The second line has the back end, the width of range
//! lookups and that of times.

use std::fmt;

use autoprec_machine::{Claims, ParseClaimsError};
use autoprec_synth::{HALO2, PLONKY3, Target};

/// The first line.
const HEADER: &str = "autoprec proof of a run 1";

/// The longest line that is looked for.
const MAX_LINE: usize = 64 << 20;

/// The targets whose proofs of runs are verified here: those whose AIRs are all our own. It is an enum, so that
/// the compiler finds each place that calls a prover or verifier; everything else about them is [`Self::target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// `halo2_proofs`, over the Pasta curves.
    Halo2,
    /// Plonky3, over BabyBear.
    Plonky3,
}

impl Backend {
    /// Every back end.
    pub const ALL: [Self; 2] = [Self::Halo2, Self::Plonky3];

    /// The name on the command line and in files.
    pub const fn name(self) -> &'static str {
        self.target().name
    }

    /// The back end of a target; none if its proofs are not verified here.
    pub fn of(target: &Target) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name() == target.name)
    }

    /// Its target, of standard sizes.
    pub const fn target(self) -> &'static Target {
        match self {
            Self::Halo2 => &HALO2,
            Self::Plonky3 => &PLONKY3,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A proof of a run, with what a verifier must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunProof {
    /// The back end that made the proof.
    pub backend: Backend,
    /// The width of range lookups of its tables.
    pub range_bits: u32,
    /// The width of its times.
    pub time_bits: u32,
    /// What the prover claims of the run.
    pub claims: Claims,
    /// The back end's proof.
    pub proof: Vec<u8>,
}

/// Why bytes are no file of a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// They do not begin as one.
    #[error("this is no proof of a run: it does not begin with `{HEADER}`")]
    Header,
    /// The second line is not of the form.
    #[error("the second line names no back end and sizes, as in `{} 8 24`", Backend::Halo2)]
    Sizes,
    /// The proof is for a target that is verified elsewhere.
    #[error("proofs for `{target}` are not verified here; only those for {} are", names())]
    Target {
        /// The name of the target.
        target: &'static str,
    },
    /// The file ends early.
    #[error("the file is cut off")]
    Short,
    /// The claims cannot be read.
    #[error(transparent)]
    Claims(#[from] ParseClaimsError),
}

impl RunProof {
    /// Whether bytes begin as a file of a proof of a run does.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(HEADER.as_bytes())
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { backend, range_bits, time_bits, claims, proof } = self;
        let claims = claims.to_text();
        let mut bytes =
            format!("{HEADER}\n{backend} {range_bits} {time_bits}\n{claims}\n").into_bytes();
        bytes.extend(proof);
        bytes
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// If they are none that [`Self::to_bytes`] gives.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let (first, rest) = line(bytes).ok_or(FileError::Header)?;
        if first != HEADER.as_bytes() {
            return Err(FileError::Header);
        }
        let (sizes, rest) = line(rest).ok_or(FileError::Short)?;
        let (backend, range_bits, time_bits) = parse_sizes(sizes)?;
        let (claims, proof) = line(rest).ok_or(FileError::Short)?;
        let claims = Claims::parse(claims)?;
        Ok(Self { backend, range_bits, time_bits, claims, proof: proof.to_vec() })
    }

    /// The target whose tables the proof is about.
    pub fn target(&self) -> Target {
        let Self { range_bits, time_bits, .. } = *self;
        Target { range_bits, time_bits, ..*self.backend.target() }
    }
}

/// The bytes up to the next line feed, and those behind it.
fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().take(MAX_LINE).position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

/// The names of the targets that are verified here.
fn names() -> String {
    Backend::ALL.map(|backend| format!("`{backend}`")).join(" and ")
}

fn parse_sizes(line: &[u8]) -> Result<(Backend, u32, u32), FileError> {
    let (target, range_bits, time_bits) = parse_words(line).ok_or(FileError::Sizes)?;
    let backend = Backend::of(target).ok_or(FileError::Target { target: target.name })?;
    Ok((backend, range_bits, time_bits))
}

fn parse_words(line: &[u8]) -> Option<(&'static Target, u32, u32)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let target = Target::named(words.next()?)?;
    let mut number = || {
        let word = words.next()?;
        let number: u32 = word.parse().ok()?;
        // One form for each number.
        (number.to_string() == word).then_some(number)
    };
    let sizes = (target, number()?, number()?);
    words.next().is_none().then_some(sizes)
}
