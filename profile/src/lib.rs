//! Profiles as data: what a run counted, its file form, and the sum of several.
//!
//! A [`Profile`] has exact execution counts per straight-line span, taken edge and call path, calls,
//! marked [`Section`]s and [`MemoryUse`]. Who counts and who shows are other crates.

mod accesses;
mod json;
mod merge;
mod profile;
mod section;

pub use accesses::{Accesses, MemoryUse, Touched, WIDTHS};
pub use json::{ByWidth, ProfileError, by_width};
pub use merge::MergeError;
pub use profile::{Called, Counts, Edge, Profile, Span, Stack, Visit};
pub use section::Section;
