//! Checking a patched ELF against its original, trusting neither.
//!
//! Everything the manifest says is derived again. The last check alone would do: the file must be
//! what linking gives of the original and the manifest. Those before it say what does not fit.

use autoprec_blocks::{Cfg, Region};
use autoprec_guest_elf::{LoadError, PrecompileId, Program};
use autoprec_profile::{Profile, Span};

use crate::digest::sha256;
use crate::elf::Elf;
use crate::link::{self, Item};
use crate::manifest::Call;
use crate::safety::{self, Guest};
use crate::{Backend, ElfError, Manifest, ManifestError, Refusal};

/// What was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkReport {
    /// What the patched ELF calls.
    pub manifest: Manifest,
    /// Bytes of the loaded segments that the calls overwrite.
    pub overwritten: u64,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyLinkError {
    /// The original cannot be loaded.
    #[error("the original cannot be loaded: {0}")]
    Original(LoadError),
    /// One of the files is not one the linker handles.
    #[error("{which} ELF: {error}")]
    Elf {
        /// `original` or `patched`.
        which: &'static str,
        /// What is wrong with it.
        error: ElfError,
    },
    /// The manifest cannot be read.
    #[error("the manifest of the patched ELF cannot be read: {0}")]
    Manifest(#[from] ManifestError),
    /// There is no manifest.
    #[error("the patched ELF has no manifest; was it linked by autoprec?")]
    NoManifest,
    /// The manifest is of another original.
    #[error("the manifest is of an original with SHA-256 {expected}, this one has {got}")]
    OtherOriginal {
        /// Digest in the manifest.
        expected: String,
        /// Digest of the file given.
        got: String,
    },
    /// Entry point or program headers differ.
    #[error("entry point or program headers of the patched ELF are not those of the original")]
    Headers,
    /// The manifest's region is not one of the original.
    #[error("precompile {id}: region {entry:#x}..{end:#x} is none in the original: {reason}")]
    Region {
        /// The precompile.
        id: PrecompileId,
        /// Entry of the region.
        entry: u64,
        /// Address after it.
        end: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Patching it is not safe.
    #[error("precompile {id}: it must not be patched: {refusal}")]
    Unsafe {
        /// The precompile.
        id: PrecompileId,
        /// The reason for the refusal.
        refusal: Refusal,
    },
    /// Saved bytes, exits or another field of the manifest are not those of the original.
    #[error("precompile {id}: the manifest says\n{got}where the original gives\n{expected}")]
    Call {
        /// The precompile.
        id: PrecompileId,
        /// What follows from the original.
        expected: Box<Call>,
        /// What the manifest says.
        got: Box<Call>,
    },
    /// Memory of the patched guest is not that of the original with the calls.
    #[error("byte {addr:#x} of the loaded segments is {got:#04x} instead of {expected:#04x}")]
    Memory {
        /// Address of the byte.
        addr: u64,
        /// What has to stand there.
        expected: u8,
        /// What stands there.
        got: u8,
    },
    /// The region cannot be synthesised.
    #[error("precompile {id}: it cannot be synthesised again: {reason}")]
    Synthesis {
        /// The precompile.
        id: PrecompileId,
        /// What the synthesiser says.
        reason: String,
    },
    /// Synthesis gives another constraint system.
    #[error(
        "precompile {id}: its constraint system has digest {got}, the manifest says {expected}"
    )]
    System {
        /// The precompile.
        id: PrecompileId,
        /// Digest in the manifest.
        expected: String,
        /// Digest of what was synthesised now.
        got: String,
    },
    /// The file is not what linking gives.
    #[error(
        "byte {offset:#x} of the patched file is not what linking gives ({expected} bytes expected, \
         {got} found)"
    )]
    File {
        /// Offset of the first byte that differs.
        offset: usize,
        /// Bytes of the file that linking gives.
        expected: usize,
        /// Bytes of the file.
        got: usize,
    },
}

/// Gives the digest of the constraint system of a region under an id, or why there is none.
pub type Resynthesise<'a> = dyn Fn(&Region, PrecompileId) -> Result<[u8; 32], String> + 'a;

/// Checks that `patched` is `original` with calls as its manifest says, that each call is safe, and
/// that `resynthesise` gives the constraint systems that the manifest names. `backends` are the targets: a call
/// for any other back end than these and the executor is refused.
///
/// # Errors
/// The first thing that does not fit.
pub fn verify_link(
    original: &[u8],
    patched: &[u8],
    backends: &[Backend],
    resynthesise: &Resynthesise<'_>,
) -> Result<LinkReport, VerifyLinkError> {
    let manifest = Manifest::read(patched)?.ok_or(VerifyLinkError::NoManifest)?;
    let digest = sha256(original);
    if manifest.original != digest {
        return Err(VerifyLinkError::OtherOriginal {
            expected: hex::encode(manifest.original),
            got: hex::encode(digest),
        });
    }
    let parse =
        |which, bytes| Elf::parse(bytes).map_err(|error| VerifyLinkError::Elf { which, error });
    let (before, after) = (parse("original", original)?, parse("patched", patched)?);
    if before.entry != after.entry || before.program_headers != after.program_headers {
        return Err(VerifyLinkError::Headers);
    }
    let program = Program::load(original).map_err(VerifyLinkError::Original)?;
    let cfg = Cfg::build(&program, Some(&roots(&manifest)));
    let guest = Guest { elf: &before, program: &program, cfg: &cfg };
    let regions = check_calls(guest, &manifest, backends)?;
    let expected = link::write(&before, &program, &manifest)
        .map_err(|error| VerifyLinkError::Elf { which: "original", error })?;
    check_memory(&before, &expected, patched)?;
    for (call, region) in manifest.calls.iter().zip(&regions) {
        check_system(call, resynthesise(region, call.id))?;
    }
    if expected != patched {
        let same = expected.iter().zip(patched).take_while(|(a, b)| a == b).count();
        let (expected, got) = (expected.len(), patched.len());
        return Err(VerifyLinkError::File { offset: same, expected, got });
    }
    let overwritten = manifest.calls.iter().map(|call| call.saved.len() as u64).sum();
    Ok(LinkReport { manifest, overwritten })
}

/// What the profile that the link was planned with knew to be code at least.
fn roots(manifest: &Manifest) -> Profile {
    let span = |call: &Call| Span { start: call.entry, end: call.end, insts: call.insts, count: 1 };
    let mut spans: Vec<_> = manifest.calls.iter().map(span).collect();
    spans.sort();
    Profile { elf_digest: hex::encode(manifest.original), spans, ..Profile::empty() }
}

/// Plans every call again, and gives the regions.
fn check_calls(
    guest: Guest<'_>,
    manifest: &Manifest,
    known: &[Backend],
) -> Result<Vec<Region>, VerifyLinkError> {
    let (mut accepted, mut regions) = (Vec::new(), Vec::new());
    for call in &manifest.calls {
        let region = Region::read(guest.program, call.entry, call.end);
        let region = region.map_err(|error| VerifyLinkError::Region {
            id: call.id,
            entry: call.entry,
            end: call.end,
            reason: error.to_string(),
        })?;
        let item = Item {
            id: call.id,
            region,
            system_digest: call.system,
            shape_digest: call.shape,
            backends: call.backends.iter().map(|name| Backend::named(name, known)).collect(),
        };
        let plan = safety::plan(guest, &item, call.form, &accepted);
        let planned = plan.map_err(|refusal| VerifyLinkError::Unsafe { id: call.id, refusal })?;
        if planned != *call {
            let (expected, got) = (Box::new(planned), Box::new(call.clone()));
            return Err(VerifyLinkError::Call { id: call.id, expected, got });
        }
        accepted.push(planned);
        regions.push(item.region);
    }
    Ok(regions)
}

/// The loaded segments are those of the expected file.
fn check_memory(file: &Elf<'_>, expected: &[u8], got: &[u8]) -> Result<(), VerifyLinkError> {
    for segment in &file.segments {
        for at in 0..segment.file_size {
            let offset = usize::try_from(segment.offset + at).ok();
            let byte = |bytes: &[u8]| offset.and_then(|at| bytes.get(at)).copied();
            let (expected, got) = (byte(expected), byte(got));
            if expected != got {
                return Err(VerifyLinkError::Memory {
                    addr: segment.addr.wrapping_add(at),
                    expected: expected.unwrap_or_default(),
                    got: got.unwrap_or_default(),
                });
            }
        }
    }
    Ok(())
}

fn check_system(call: &Call, system: Result<[u8; 32], String>) -> Result<(), VerifyLinkError> {
    let system = system.map_err(|reason| VerifyLinkError::Synthesis { id: call.id, reason })?;
    if system != call.system {
        return Err(VerifyLinkError::System {
            id: call.id,
            expected: hex::encode(call.system),
            got: hex::encode(system),
        });
    }
    Ok(())
}
