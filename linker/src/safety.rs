//! Whether a call may stand where it is wanted.
//!
//! A call overwrites the first instructions of its region. That is sound if control reaches the
//! overwritten bytes only at the first of them, if nobody writes them at run time, if what they
//! were is what the precompile was made from, and if all that the call clobbers is dead.

use std::ops::Range;

use autoprec_blocks::{Cfg, Region};
use autoprec_guest_elf::{PrecompileId, Program};
use autoprec_isa::Reg;

use crate::elf::Elf;
use crate::form::{IDS, Place};
use crate::manifest::Call;
use crate::{Form, Item};

/// Why a region is not patched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Control may enter behind the first overwritten instruction.
    #[error(
        "region {entry:#x}: control may enter at {inside:#x}, among the {bytes} bytes that the call \
         overwrites"
    )]
    EntryInside {
        /// Entry of the region.
        entry: u64,
        /// Where else control may enter.
        inside: u64,
        /// Bytes that the call overwrites.
        bytes: u64,
    },
    /// The region can be written at run time, so it need not stay what it is.
    #[error("region {entry:#x}: it lies in a writable segment")]
    Writable {
        /// Entry of the region.
        entry: u64,
    },
    /// The region does not lie in the file-backed part of one executable segment.
    #[error("region {entry:#x}: {addr:#x} is not loaded from one place of the file as code")]
    NotLoaded {
        /// Entry of the region.
        entry: u64,
        /// First address that is not.
        addr: u64,
    },
    /// The region is not what the program holds there.
    #[error("region {entry:#x}: the instruction at {pc:#x} is not that of the program")]
    OtherCode {
        /// Entry of the region.
        entry: u64,
        /// First instruction that differs.
        pc: u64,
    },
    /// The digest of the shape is not that of the region.
    #[error("region {entry:#x}: its shape has digest {expected}, the item says {got}")]
    OtherShape {
        /// Entry of the region.
        entry: u64,
        /// Digest of the region's shape.
        expected: String,
        /// Digest that the item has.
        got: String,
    },
    /// The region has fewer bytes than the call.
    #[error("region {entry:#x}: it has {have} bytes, the call needs {need}")]
    TooShort {
        /// Entry of the region.
        entry: u64,
        /// Bytes of the region.
        have: u64,
        /// Bytes of the call.
        need: u64,
    },
    /// The words that one call overwrites belong to the region of another.
    #[error("region {entry:#x}: it and region {other:#x} overlap where a call is to stand")]
    Overlap {
        /// Entry of the region.
        entry: u64,
        /// Entry of the region that was accepted before.
        other: u64,
    },
    /// The id cannot be encoded.
    #[error("region {entry:#x}: id {id} is not below {}, the limit of the call's encoding", PrecompileId::FIRST + IDS)]
    IdOutOfRange {
        /// Entry of the region.
        entry: u64,
        /// The id.
        id: PrecompileId,
    },
    /// Another region has the same id.
    #[error("region {entry:#x}: id {id} is that of region {other:#x} already")]
    IdTaken {
        /// Entry of the region.
        entry: u64,
        /// The id.
        id: PrecompileId,
        /// Entry of the region that has it.
        other: u64,
    },
    /// The region has a form of exits that the form of the call cannot express.
    #[error(
        "region {entry:#x}: it ends in a control transfer; the ecall form needs one exit, at the \
         end (cut the region with `Form::region`)"
    )]
    Exits {
        /// Entry of the region.
        entry: u64,
    },
    /// The number register can hold no number.
    #[error("region {entry:#x}: register {number} cannot hold the call number; use a7 or t0")]
    NumberRegister {
        /// Entry of the region.
        entry: u64,
        /// The register.
        number: Reg,
    },
    /// The region reads the number register, which the call overwrites.
    #[error(
        "region {entry:#x}: the instruction at {pc:#x} reads {number}, which the call overwrites"
    )]
    NumberRead {
        /// Entry of the region.
        entry: u64,
        /// The instruction.
        pc: u64,
        /// The register.
        number: Reg,
    },
    /// The number register is needed after the region.
    #[error("region {entry:#x}: {number} may be read after {end:#x}, and the call overwrites it")]
    NumberLive {
        /// Entry of the region.
        entry: u64,
        /// Address after the region.
        end: u64,
        /// The register.
        number: Reg,
    },
    /// The call cannot reach the end of the region.
    #[error("region {entry:#x}: its end {end:#x} is too far for a jump")]
    TooLong {
        /// Entry of the region.
        entry: u64,
        /// Address after the region.
        end: u64,
    },
    /// A back end cannot run the call.
    #[error("region {entry:#x}: back end `{backend}`: {reason}")]
    Backend {
        /// Entry of the region.
        entry: u64,
        /// The back end.
        backend: String,
        /// Why it cannot.
        reason: &'static str,
    },
    /// No back end can prove the region.
    #[error("region {entry:#x}: no back end is named that can prove it")]
    NoBackend {
        /// Entry of the region.
        entry: u64,
    },
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest<'a> {
    pub(crate) elf: &'a Elf<'a>,
    pub(crate) program: &'a Program,
    pub(crate) cfg: &'a Cfg,
}

/// The call of `item`, if it is safe beside the calls already `accepted`.
pub(crate) fn plan(
    guest: Guest<'_>,
    item: &Item,
    form: Form,
    accepted: &[Call],
) -> Result<Call, Refusal> {
    let region = &item.region;
    let entry = region.entry();
    check_code(guest, region)?;
    let shape = region.shape_digest();
    if shape != item.shape_digest {
        let (expected, got) = (hex::encode(shape), hex::encode(item.shape_digest));
        return Err(Refusal::OtherShape { entry, expected, got });
    }
    let len = overwritten(region, form)?;
    check_entries(guest.cfg, entry, len)?;
    check_form(guest.cfg, region, form)?;
    check_backends(item, form)?;
    let call = Call {
        id: item.id,
        entry,
        end: region.end(),
        insts: u32::try_from(region.insts.len()).unwrap_or(u32::MAX),
        form,
        exits: region.exits.clone(),
        saved: guest.program.bytes(entry, len).unwrap_or_default().to_vec(),
        system: item.system_digest,
        shape: item.shape_digest,
        backends: item.backends.iter().map(|backend| backend.name.clone()).collect(),
    };
    check_neighbours(&call, accepted)?;
    if item.id.index() >= IDS {
        return Err(Refusal::IdOutOfRange { entry, id: item.id });
    }
    let place = Place { entry, end: call.end, len };
    match form.code(guest.program.xlen, item.id, place) {
        Some(_) => Ok(call),
        None => Err(Refusal::TooLong { entry, end: call.end }),
    }
}

/// The region is the program's, and lies where the file can be patched and the guest cannot.
fn check_code(guest: Guest<'_>, region: &Region) -> Result<(), Refusal> {
    let entry = region.entry();
    for at in &region.insts {
        let len = usize::from(at.len);
        let segment = guest.program.segment_at(at.pc);
        let loaded = segment.is_some_and(|segment| segment.executable)
            && guest.elf.file_range(at.pc, len).is_some();
        if !loaded {
            return Err(Refusal::NotLoaded { entry, addr: at.pc });
        }
        if segment.is_some_and(|segment| segment.writable) {
            return Err(Refusal::Writable { entry });
        }
        let decoded = guest.program.decode_at(at.pc);
        if decoded.is_none_or(|decoded| decoded.inst != at.inst || decoded.len != at.len) {
            return Err(Refusal::OtherCode { entry, pc: at.pc });
        }
    }
    if region.xlen != guest.program.xlen {
        return Err(Refusal::OtherCode { entry, pc: entry });
    }
    // One call is one write.
    let whole = usize::try_from(region.byte_len()).ok();
    match whole.and_then(|len| guest.elf.file_range(entry, len)) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotLoaded { entry, addr: region.end() }),
    }
}

/// How many bytes the call overwrites: whole instructions that cover it.
fn overwritten(region: &Region, form: Form) -> Result<usize, Refusal> {
    let mut len = 0;
    for at in &region.insts {
        if len >= form.bytes() {
            break;
        }
        len += u64::from(at.len);
    }
    if len < form.bytes() {
        let entry = region.entry();
        return Err(Refusal::TooShort { entry, have: len, need: form.bytes() });
    }
    Ok(usize::try_from(len).expect("at most 18 bytes"))
}

fn check_entries(cfg: &Cfg, entry: u64, len: usize) -> Result<(), Refusal> {
    let bytes = len as u64;
    match cfg.entries().range(entry + 1..entry.saturating_add(bytes)).next() {
        Some(&inside) => Err(Refusal::EntryInside { entry, inside, bytes }),
        None => Ok(()),
    }
}

fn check_form(cfg: &Cfg, region: &Region, form: Form) -> Result<(), Refusal> {
    let Form::Ecall { number } = form else { return Ok(()) };
    let (entry, end) = (region.entry(), region.end());
    if number != Reg::A7 && number != Reg::T0 {
        return Err(Refusal::NumberRegister { entry, number });
    }
    if region.last().inst.is_control() {
        return Err(Refusal::Exits { entry });
    }
    if let Some(at) = region.insts.iter().find(|at| at.inst.uses().any(|reg| reg == number)) {
        return Err(Refusal::NumberRead { entry, pc: at.pc, number });
    }
    if cfg.live_before(end).contains(number) {
        return Err(Refusal::NumberLive { entry, end, number });
    }
    Ok(())
}

fn check_backends(item: &Item, form: Form) -> Result<(), Refusal> {
    let entry = item.region.entry();
    if item.backends.is_empty() {
        return Err(Refusal::NoBackend { entry });
    }
    for backend in &item.backends {
        if let Some(reason) = backend.refusal(form) {
            return Err(Refusal::Backend { entry, backend: backend.name.clone(), reason });
        }
    }
    Ok(())
}

/// No two calls share an id, and none stands in the region of another.
fn check_neighbours(call: &Call, accepted: &[Call]) -> Result<(), Refusal> {
    let entry = call.entry;
    for other in accepted {
        if other.id == call.id {
            return Err(Refusal::IdTaken { entry, id: call.id, other: other.entry });
        }
        if overlap(&written(call), &whole(other)) || overlap(&whole(call), &written(other)) {
            return Err(Refusal::Overlap { entry, other: other.entry });
        }
    }
    Ok(())
}

fn written(call: &Call) -> Range<u64> {
    call.entry..call.entry.saturating_add(call.saved.len() as u64)
}

fn whole(call: &Call) -> Range<u64> {
    call.entry..call.end
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}
