//! A guest as the verifier knows it: program, precompiles and environment, from its file alone.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_executor::Environment;
use autoprec_guest_elf::{LoadError, Patches, PrecompileId, Program};
use autoprec_isa::{Reg, Xlen};
use autoprec_linker::{Form, Manifest, ManifestError, insn_id};
use sha2::{Digest as _, Sha256};

use crate::image::Image;

/// A guest whose runs can be stated.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The program with its original code.
    pub(crate) program: Program,
    /// What its patched words call, by address.
    pub(crate) calls: BTreeMap<u64, Call>,
    /// Whose instructions it may ask.
    pub(crate) environment: Environment,
    /// SHA-256 of the file.
    pub(crate) digest: [u8; 32],
    /// Memory at the beginning.
    pub(crate) image: Image,
}

/// A precompile where the guest calls it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: PrecompileId,
    pub(crate) region: Region,
    /// Bytes that the call overwrites.
    pub(crate) saved: u64,
}

/// Why a file is no guest of which a run can be stated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// The file cannot be loaded.
    #[error("the guest cannot be loaded: {0}")]
    Load(#[from] LoadError),
    /// Its manifest cannot be read.
    #[error("the guest's manifest cannot be read: {0}")]
    Manifest(#[from] ManifestError),
    /// A call of the manifest does not fit the file.
    #[error("precompile {id} at {entry:#x}: {reason}")]
    Call {
        /// The precompile.
        id: PrecompileId,
        /// Where the manifest says that it is called.
        entry: u64,
        /// What does not fit.
        reason: String,
    },
    /// The environment has no tables.
    #[error(
        "whole runs are proved of guests for `openvm` (rv32), `linux` and `bare`; this one is an \
         {xlen} guest for `{environment}`"
    )]
    Environment {
        /// The guest's word width.
        xlen: Xlen,
        /// The environment.
        environment: Environment,
    },
}

impl Guest {
    /// Reads a patched or original guest. Its environment is found out if none is given.
    ///
    /// # Errors
    /// If the file is no guest, its manifest does not fit it, or its environment has no tables. No
    /// input panics.
    pub fn load(elf: &[u8], environment: Option<Environment>) -> Result<Self, GuestError> {
        let program = Program::load(elf)?;
        let manifest = Manifest::read(elf)?;
        let patches = manifest.as_ref().map_or_else(Patches::none, Manifest::patches);
        let mut calls = BTreeMap::new();
        let original = program.with_patches_undone(&patches);
        for call in manifest.iter().flat_map(|manifest| &manifest.calls) {
            let (id, entry) = (call.id, call.entry);
            let fail = |reason: &str| GuestError::Call { id, entry, reason: reason.to_owned() };
            let called = program.word_at(entry).and_then(insn_id);
            if call.form == Form::Insn && called != Some(id) {
                return Err(fail("the file has no call there"));
            }
            if program.bytes(entry, call.saved.len()).is_none() || call.saved.is_empty() {
                return Err(fail("what it replaces is not within a segment"));
            }
            let region = Region::read(&original, entry, call.end)
                .map_err(|error| fail(&error.to_string()))?;
            let saved = call.saved.len() as u64;
            if saved > region.byte_len() {
                return Err(fail("it replaces more than its region"));
            }
            let before = calls.range(..entry.saturating_add(saved)).next_back();
            let overlaps =
                before.is_some_and(|(at, other): (&u64, &Call)| at + other.saved > entry);
            if overlaps || calls.values().any(|other| other.id == id) {
                return Err(fail("the manifest has another call of this number or at this place"));
            }
            calls.insert(entry, Call { id, region, saved });
        }
        let digest = Sha256::digest(elf).into();
        Self::of(original, calls, environment, digest)
    }

    /// A guest without precompiles whose program does not come from a file.
    ///
    /// # Errors
    /// If its environment has no tables.
    pub fn of_program(
        program: Program,
        environment: Option<Environment>,
    ) -> Result<Self, GuestError> {
        let mut hash = Sha256::new();
        hash.update(program.entry.to_le_bytes());
        for segment in &program.segments {
            hash.update(segment.addr.to_le_bytes());
            hash.update((segment.data.len() as u64).to_le_bytes());
            hash.update(&segment.data);
        }
        let digest = hash.finalize().into();
        Self::of(program, BTreeMap::new(), environment, digest)
    }

    /// This guest with the code of regions, given by entry and end, called as precompiles.
    ///
    /// # Errors
    /// If one is no region.
    pub fn with_calls(
        mut self,
        calls: impl IntoIterator<Item = (PrecompileId, u64, u64)>,
    ) -> Result<Self, GuestError> {
        for (id, entry, end) in calls {
            let region = Region::read(&self.program, entry, end)
                .map_err(|error| GuestError::Call { id, entry, reason: error.to_string() })?;
            let saved = u64::from(region.insts[0].len);
            let text = format!("{id} {entry:#x} {end:#x}");
            self.digest =
                Sha256::new().chain_update(self.digest).chain_update(text).finalize().into();
            self.calls.insert(entry, Call { id, region, saved });
        }
        Ok(self)
    }

    fn of(
        program: Program,
        calls: BTreeMap<u64, Call>,
        environment: Option<Environment>,
        digest: [u8; 32],
    ) -> Result<Self, GuestError> {
        let environment = environment.unwrap_or_else(|| Environment::detect(&program));
        let xlen = program.xlen;
        match environment {
            Environment::Linux | Environment::Bare => {}
            Environment::OpenVm if xlen == Xlen::Rv32 => {}
            _ => return Err(GuestError::Environment { xlen, environment }),
        }
        let image = Image::of(&program);
        Ok(Self { program, calls, environment, digest, image })
    }

    /// The word width.
    pub fn xlen(&self) -> Xlen {
        self.program.xlen
    }

    /// The environment.
    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What a register holds at the beginning: 0, but for the stack pointer of a guest whose environment
    /// sets it.
    pub(crate) fn first_of_register(&self, number: u8) -> u64 {
        let sp = (usize::from(number) == Reg::SP.index())
            .then(|| self.environment.stack_pointer(&self.program));
        sp.flatten().unwrap_or_default()
    }

    /// The call of a precompile.
    pub(crate) fn call(&self, id: PrecompileId) -> Option<&Call> {
        self.calls.values().find(|call| call.id == id)
    }

    /// Whether a word of memory has bytes that a call overwrote.
    pub(crate) fn is_patched(&self, addr: u64) -> bool {
        let end = addr.saturating_add(u64::from(self.xlen().bytes()));
        let before = self.calls.range(..end).next_back();
        before.is_some_and(|(entry, call)| entry.saturating_add(call.saved) > addr)
    }
}
