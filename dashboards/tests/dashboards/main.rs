//! Texts of reports, bounds on them, and other programs' forms.

mod apc;
mod fixture;
mod markdown;
mod threshold;
