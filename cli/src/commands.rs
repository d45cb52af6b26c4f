//! The commands, one module each: arguments in, results printed.

pub(crate) mod annotate;
pub(crate) mod bench;
pub(crate) mod blocks;
pub(crate) mod build;
pub(crate) mod calls;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod merge;
pub(crate) mod profile;
pub(crate) mod prove;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod verify;
pub(crate) mod verify_link;
