//! Texts of reports, bounds on them, their page, and other programs' forms.

mod apc;
mod fixture;
mod markdown;
mod page;
mod synthetic;
mod threshold;
