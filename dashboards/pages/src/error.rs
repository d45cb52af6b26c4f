//! Why there is no page.

use autoprec_guest_elf::LoadError;
use autoprec_linker::{ManifestError, ParseFormError};

/// Why there is no page: what does not belong together, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The guest is no program.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The manifest of the patched guest cannot be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The report is about another guest.
    #[error(
        "the report is about the guest with SHA-256 {report}, and this one has {guest}; give the \
         guest that was built with the report"
    )]
    OtherGuest {
        /// The report's digest of the guest.
        report: String,
        /// The digest of the guest.
        guest: String,
    },
    /// The report is about a target that there is none of.
    #[error(
        "the report is about the target {name}, which this version does not know; build again or show \
         it with the version that made it"
    )]
    Target {
        /// The name of the target.
        name: String,
    },
    /// The profile is of another guest.
    #[error(
        "the profile is of the guest with SHA-256 {profile}, and the report is about {report}; \
         give the profile of the original guest"
    )]
    ProfileOfOther {
        /// What the profile says.
        profile: String,
        /// The report's digest of the guest.
        report: String,
    },
    /// The profile contradicts itself or the guest.
    #[error("the profile is damaged or cut off: {what}; profile the guest again")]
    Profile {
        /// The fault, in words.
        what: String,
    },
    /// The report is about another run than the profile.
    #[error(
        "the report is about a run of {report} instructions, the profile has {profile}; give the \
         profile that the build was made with"
    )]
    OtherRun {
        /// The report's digest of the guest.
        report: u64,
        /// What the profile says.
        profile: u64,
    },
    /// The profile and the report count the calls of a precompile differently.
    #[error(
        "precompile {id}: the report counts {report} calls, the profile {profile}; give the \
         profile that the build was made with"
    )]
    Calls {
        /// The number of the precompile.
        id: u32,
        /// The report's digest of the guest.
        report: u64,
        /// What the profile says.
        profile: u64,
    },
    /// The report has a region that the guest does not have.
    #[error(
        "the report has a region from {entry:#x} to {end:#x} that this guest does not have: \
         {what}; give the guest that was built with the report"
    )]
    Region {
        /// Its first address.
        entry: u64,
        /// The address behind it.
        end: u64,
        /// The fault, in words.
        what: String,
    },
    /// Two precompiles replace the same instruction.
    #[error(
        "precompiles {first} and {second} of the report both replace the instruction at {pc:#x}"
    )]
    Overlap {
        /// The number of one.
        first: u32,
        /// The number of the other.
        second: u32,
        /// The instruction.
        pc: u64,
    },
    /// A number that no precompile can have.
    #[error("the report has a precompile {id}; their numbers begin at 10000")]
    Number {
        /// The number.
        id: u32,
    },
    /// The form of the calls is not known.
    #[error(transparent)]
    Form(#[from] ParseFormError),
    /// The instructions of a region have other prices now.
    #[error(
        "precompile {id}: its instructions cost {report} in the report and {now} with this version \
         of autoprec; build again"
    )]
    Cost {
        /// The number of the precompile.
        id: u32,
        /// The report's digest of the guest.
        report: u64,
        /// What they cost now.
        now: u64,
    },
    /// A precompile cannot be synthesised again.
    #[error("precompile {id} at {entry:#x} cannot be synthesised again: {what}")]
    Synthesis {
        /// The number of the precompile.
        id: u32,
        /// Where its region begins.
        entry: u64,
        /// The fault, in words.
        what: String,
    },
    /// A precompile has another system now.
    #[error(
        "the constraint system of precompile {id} is not the one of the report; build again with \
         this version of autoprec"
    )]
    System {
        /// The number of the precompile.
        id: u32,
    },
    /// There is nothing to price instructions by.
    #[error("target `{target}` has no prices of its own; give a cost model")]
    NoModel {
        /// Its name.
        target: String,
    },
}
