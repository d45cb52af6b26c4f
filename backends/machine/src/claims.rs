//! What a prover claims of a run that a verifier cannot know: everything else follows from the guest.
//!
//! Claims come from a file that nobody vouches for. [`Claims::parse`] bounds their size, and
//! [`crate::statement()`] checks each before anything is made from it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::table::TableId;

/// The version of the form of claims, and of the tables that they speak of.
pub const CLAIMS_VERSION: u32 = 1;

/// The longest text that is read.
const MAX_BYTES: usize = 64 << 20;

/// What a prover claims of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// [`CLAIMS_VERSION`].
    pub version: u32,
    /// When the run ended, in ticks; it begins at 1.
    pub time: u64,
    /// Rows of tables by their numbers, in increasing order of these; tables without rows are absent.
    pub rows: Vec<(u32, u64)>,
    /// The parts of the code that were executed: first addresses and those behind the end, in order.
    pub code: Vec<(u64, u64)>,
    /// The words of the file's memory that were accessed, in order: runs of them, each by the address
    /// of the first and their number.
    pub image: Vec<(u64, u64)>,
    /// How many words were accessed of each range that begins as zeros, in order; the ranges follow
    /// from the file.
    pub zeros: Vec<u64>,
    /// The address of the last word that was accessed.
    pub last_word: Option<u64>,
    /// When each word of OpenVM's public values was revealed last; 0 if never.
    pub public_times: Vec<u64>,
}

/// Why a text has no claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseClaimsError {
    /// It is too long.
    #[error("the claims have {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLong {
        /// The length of the text.
        bytes: usize,
    },
    /// It is not of the form.
    #[error("the claims cannot be read: {0}")]
    Form(String),
    /// It is of another version.
    #[error("the claims are of version {got}; this program reads {CLAIMS_VERSION}")]
    Version {
        /// The version of the text.
        got: u32,
    },
}

impl Claims {
    /// Reads the text form, which is JSON.
    ///
    /// # Errors
    /// If the text is not one that [`Self::to_text`] could have written. No text panics.
    pub fn parse(text: &[u8]) -> Result<Self, ParseClaimsError> {
        if text.len() > MAX_BYTES {
            return Err(ParseClaimsError::TooLong { bytes: text.len() });
        }
        let claims: Self = serde_json::from_slice(text)
            .map_err(|error| ParseClaimsError::Form(error.to_string()))?;
        match claims.version {
            CLAIMS_VERSION => Ok(claims),
            got => Err(ParseClaimsError::Version { got }),
        }
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers are always JSON")
    }

    /// The claimed rows of a table.
    pub fn rows_of(&self, table: TableId) -> u64 {
        let number = table.number();
        self.rows.iter().find(|(other, _)| *other == number).map_or(0, |(_, rows)| *rows)
    }

    /// Identifies the claims: of their meaning, not of a text.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut number = |value: u64| hash.update(value.to_le_bytes());
        number(u64::from(self.version));
        number(self.time);
        number(self.rows.len() as u64);
        self.rows.iter().for_each(|(table, rows)| {
            number(u64::from(*table));
            number(*rows);
        });
        for list in [&self.code, &self.image] {
            number(list.len() as u64);
            list.iter().for_each(|(from, to)| {
                number(*from);
                number(*to);
            });
        }
        for list in [&self.zeros, &self.public_times] {
            number(list.len() as u64);
            list.iter().for_each(|value| number(*value));
        }
        number(u64::from(self.last_word.is_some()));
        number(self.last_word.unwrap_or_default());
        hash.finalize().into()
    }
}
