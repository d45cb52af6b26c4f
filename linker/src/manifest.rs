//! The manifest: what a patched ELF calls and what it replaced, in the note `.note.autoprec`.
//!
//! Its text form is canonical: a text that parses is the one that printing gives, so there are no
//! two manifests that mean the same. It ends with a digest of itself, so that no accident goes
//! unnoticed. Parsing is total.
//!
//! ```text
//! autoprec manifest 1
//! original 0f…
//! precompile 10000
//! entry 0x200820
//! end 0x200840
//! insts 8
//! form insn
//! exit taken 0x200820
//! exit not-taken 0x200840
//! saved 13051500
//! system 7a…
//! shape 3c…
//! backends openvm halo2
//! digest 51…
//! ```

use std::fmt;

use autoprec_blocks::{ExitTarget, Guard};
use autoprec_guest_elf::{Patch, Patches, PrecompileId};
use object::{Object as _, ObjectSection as _};

use crate::Form;
use crate::backend::is_backend_name;
use crate::digest::sha256;

/// Name of the section.
pub(crate) const SECTION: &str = ".note.autoprec";
/// Name of the note's owner, with its terminator.
const OWNER: &[u8; 9] = b"autoprec\0";
/// Type of the note.
const NOTE_TYPE: u32 = 1;
/// First line, with the version of the format.
const HEADER: &str = "autoprec manifest 1";

/// What a patched ELF calls, and what it replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// SHA-256 of the original ELF.
    pub original: [u8; 32],
    /// The calls, by id.
    pub calls: Vec<Call>,
}

/// One patched region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The precompile called.
    pub id: PrecompileId,
    /// Address of the region's first instruction, where the call stands.
    pub entry: u64,
    /// Address of the byte after the region.
    pub end: u64,
    /// Instructions of the region.
    pub insts: u32,
    /// Form of the call.
    pub form: Form,
    /// Where the region leads.
    pub exits: Vec<(Guard, ExitTarget)>,
    /// The bytes that the call overwrites: whole instructions.
    pub saved: Vec<u8>,
    /// Digest of the constraint system.
    pub system: [u8; 32],
    /// Digest of the region's shape.
    pub shape: [u8; 32],
    /// Back ends that can prove it.
    pub backends: Vec<String>,
}

impl Call {
    /// Name of the symbol that marks the call.
    pub fn symbol(&self) -> String {
        format!("autoprec_{}", self.id)
    }
}

/// Why there is no manifest to be had from some bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The file is no ELF file.
    #[error("the file cannot be read as an ELF file: {reason}")]
    Elf {
        /// What the reader says.
        reason: String,
    },
    /// The section is not one note of ours.
    #[error("section {SECTION} is not one note of type {NOTE_TYPE} owned by `autoprec`")]
    Note,
    /// The text is of another version.
    #[error("the manifest begins `{got}`; this version reads `{HEADER}`")]
    Version {
        /// Its first line.
        got: String,
    },
    /// A line is not what has to stand there.
    #[error("manifest line {line}: expected `{expected}`, got `{got}`")]
    Line {
        /// Line number, from 1.
        line: usize,
        /// What has to stand there.
        expected: &'static str,
        /// The line; empty at the end of the text.
        got: String,
    },
    /// The text is not the one whose digest it ends with.
    #[error("the manifest was changed after it was written: its digest does not fit")]
    Digest,
    /// The text means something, but is not how it would be printed.
    #[error("the manifest is not in canonical form from byte {at} on")]
    NotCanonical {
        /// First byte that differs.
        at: usize,
    },
}

impl Manifest {
    /// The manifest of an ELF file; `None` if it has none.
    ///
    /// # Errors
    /// If the bytes are no ELF file, or the manifest cannot be parsed.
    pub fn read(elf: &[u8]) -> Result<Option<Self>, ManifestError> {
        let unreadable = |error: object::Error| ManifestError::Elf { reason: error.to_string() };
        let file = object::File::parse(elf).map_err(unreadable)?;
        let Some(section) = file.section_by_name(SECTION) else { return Ok(None) };
        let note = section.data().map_err(unreadable)?;
        let text = note_text(note).ok_or(ManifestError::Note)?;
        Self::parse(text).map(Some)
    }

    /// Parses the text form.
    ///
    /// # Errors
    /// If the text is not what [`Display`](fmt::Display) prints of a manifest; names the line.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut lines = Lines { lines: text.split('\n').collect(), next: 0 };
        let first = lines.lines.first().copied().unwrap_or_default();
        if first != HEADER {
            return Err(ManifestError::Version { got: first.chars().take(80).collect() });
        }
        lines.next = 1;
        let original = lines.field("original DIGEST", "original", digest)?;
        let mut calls = Vec::new();
        while lines.peek().starts_with("precompile ") {
            calls.push(lines.call()?);
        }
        let stated = lines.field("precompile ID, or digest DIGEST", "digest", digest)?;
        lines.field("the end", "", |rest| rest.is_empty().then_some(()))?;
        let manifest = Self { original, calls };
        let body = manifest.body();
        if text.starts_with(&body) && stated != sha256(body.as_bytes()) {
            return Err(ManifestError::Digest);
        }
        let printed = manifest.to_string();
        if printed != text {
            let same = printed.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
            return Err(ManifestError::NotCanonical { at: same });
        }
        Ok(manifest)
    }

    /// The content of the note section.
    pub(crate) fn to_note(&self) -> Vec<u8> {
        let text = self.to_string();
        let size = |len: usize| u32::try_from(len).expect("a manifest has less than 4 GiB");
        let mut note = Vec::new();
        note.extend(size(OWNER.len()).to_le_bytes());
        note.extend(size(text.len()).to_le_bytes());
        note.extend(NOTE_TYPE.to_le_bytes());
        note.extend(OWNER);
        note.resize(note.len().next_multiple_of(4), 0);
        note.extend(text.into_bytes());
        note.resize(note.len().next_multiple_of(4), 0);
        note
    }

    /// What the executor needs to run the patched ELF as its original.
    pub fn patches(&self) -> Patches {
        self.calls
            .iter()
            .map(|call| Patch {
                id: call.id,
                entry: call.entry,
                saved: call.saved.clone(),
                region_len: u32::try_from(call.end.wrapping_sub(call.entry)).unwrap_or(u32::MAX),
                insts: call.insts,
            })
            .collect()
    }
}

/// The text in a note section that holds exactly one note of ours.
fn note_text(note: &[u8]) -> Option<&str> {
    let word = |at: usize| Some(u32::from_le_bytes(*note.get(at..)?.first_chunk::<4>()?));
    let size = usize::try_from(word(4)?).ok()?;
    let owner = note.get(12..24)?;
    let ours = word(0)? as usize == OWNER.len()
        && word(8)? == NOTE_TYPE
        && owner.starts_with(OWNER)
        && owner[OWNER.len()..].iter().all(|byte| *byte == 0);
    let text = note.get(24..24usize.checked_add(size)?)?;
    let padding = &note[24 + size..];
    let padded = note.len() == (24 + size).next_multiple_of(4) && padding.iter().all(|b| *b == 0);
    (ours && padded).then(|| std::str::from_utf8(text).ok()).flatten()
}

/// The lines of a text, taken one after the other.
struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> &'a str {
        self.lines.get(self.next).copied().unwrap_or_default()
    }

    /// Takes a line that begins with `name`, and reads the rest of it.
    fn field<T>(
        &mut self,
        expected: &'static str,
        name: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, ManifestError> {
        let line = self.peek();
        self.next += 1;
        let rest = line
            .strip_prefix(name)
            .and_then(|rest| if name.is_empty() { Some(rest) } else { rest.strip_prefix(' ') });
        rest.and_then(read).ok_or_else(|| ManifestError::Line {
            line: self.next,
            expected,
            got: line.chars().take(80).collect(),
        })
    }

    fn call(&mut self) -> Result<Call, ManifestError> {
        let id = self
            .field("precompile ID", "precompile", |text| PrecompileId::new(text.parse().ok()?))?;
        let entry = self.field("entry ADDRESS", "entry", address)?;
        let end = self.field("end ADDRESS", "end", address)?;
        let insts = self.field("insts COUNT", "insts", |text| text.parse().ok())?;
        let form = self.field("form insn|ecall a7|ecall t0", "form", |text| text.parse().ok())?;
        let mut exits = vec![self.field("exit GUARD TARGET", "exit", exit)?];
        while self.peek().starts_with("exit ") {
            exits.push(self.field("exit GUARD TARGET", "exit", exit)?);
        }
        let saved = self.field("saved BYTES", "saved", |text| hex::decode(text).ok())?;
        let system = self.field("system DIGEST", "system", digest)?;
        let shape = self.field("shape DIGEST", "shape", digest)?;
        let backends = self.field("backends NAME…", "backends", backends)?;
        Ok(Call { id, entry, end, insts, form, exits, saved, system, shape, backends })
    }
}

pub(crate) fn digest(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn exit(text: &str) -> Option<(Guard, ExitTarget)> {
    let (guard, target) = text.split_once(' ')?;
    let guard = [Guard::Always, Guard::Taken, Guard::NotTaken]
        .into_iter()
        .find(|known| guard_name(*known) == guard)?;
    let target =
        if target == "dynamic" { ExitTarget::Dynamic } else { ExitTarget::Fixed(address(target)?) };
    Some((guard, target))
}

fn guard_name(guard: Guard) -> &'static str {
    match guard {
        Guard::Always => "always",
        Guard::Taken => "taken",
        Guard::NotTaken => "not-taken",
    }
}

/// Names, none of which needs quoting.
fn backends(text: &str) -> Option<Vec<String>> {
    let names: Vec<String> = text.split(' ').map(str::to_owned).collect();
    names.iter().all(|name| is_backend_name(name)).then_some(names)
}

impl Manifest {
    /// The text but for its digest.
    fn body(&self) -> String {
        let calls: String = self.calls.iter().map(Call::to_string).collect();
        format!("{HEADER}\noriginal {}\n{calls}", hex::encode(self.original))
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        let digest = sha256(body.as_bytes());
        write!(f, "{body}")?;
        writeln!(f, "digest {}", hex::encode(digest))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "precompile {}", self.id)?;
        writeln!(f, "entry {:#x}", self.entry)?;
        writeln!(f, "end {:#x}", self.end)?;
        writeln!(f, "insts {}", self.insts)?;
        writeln!(f, "form {}", self.form)?;
        for (guard, target) in &self.exits {
            match target {
                ExitTarget::Fixed(to) => writeln!(f, "exit {} {to:#x}", guard_name(*guard))?,
                ExitTarget::Dynamic => writeln!(f, "exit {} dynamic", guard_name(*guard))?,
            }
        }
        writeln!(f, "saved {}", hex::encode(&self.saved))?;
        writeln!(f, "system {}", hex::encode(self.system))?;
        writeln!(f, "shape {}", hex::encode(self.shape))?;
        writeln!(f, "backends {}", self.backends.join(" "))
    }
}
