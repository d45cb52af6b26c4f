//! What a verifier knows a guest by, before and after it was patched.

use anyhow::{Context, Result};
use autoprec_dashboards::{Commitment, Commitments};
use autoprec_openvm::{
    BaseVm, GuestImage, MIN_LOG_HEIGHT, PatchedGuest, ProveOptions, Security, identity, log_height,
};

/// Words as hexadecimal digits.
pub(crate) fn words(words: [u32; 8]) -> String {
    words.map(|word| format!("{word:08x}")).concat()
}

/// The commitments of an original guest and a patched one for OpenVM, at the height that a run on
/// `hints` takes, or at the lowest.
pub(crate) fn commitments(
    base: &BaseVm,
    [original, patched]: [&[u8]; 2],
    hints: Option<&[Vec<u8>]>,
) -> Result<Commitments> {
    let [original, patched] = [PatchedGuest::load(original)?, PatchedGuest::load(patched)?];
    let height = match hints {
        Some(hints) => log_height(base, &patched.image(), hints, &ProveOptions::new())
            .context("the height of the traces")?,
        None => MIN_LOG_HEIGHT,
    };
    let commitment = |image: &GuestImage<'_>| -> Result<Commitment> {
        let identity = identity(base, image, Security::Bits100, height)?;
        Ok(Commitment {
            verifying_key: words(identity.verifying_key),
            program: words(identity.program),
        })
    };
    Ok(Commitments {
        log_height: u32::try_from(height).unwrap_or(u32::MAX),
        before: commitment(&original.image())?,
        after: commitment(&patched.image())?,
    })
}
