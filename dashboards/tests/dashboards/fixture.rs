//! A report to test with.

use std::collections::BTreeMap;

use autoprec_dashboards::{
    Check, Guest, Precompile, Region, Report, Size, System, Target, Totals, VERSION,
};

pub(crate) fn precompile(id: u32, function: &str, entry: u64, calls: u64) -> Precompile {
    let size = Size { columns: 30, interactions: 20, constraints: 10 };
    Precompile {
        id,
        entry,
        end: entry + 16,
        function: Some(function.to_owned()),
        instructions: 4,
        calls,
        cost_before: 100,
        cost_after: 30,
        saved: 70 * i64::try_from(calls).expect("a small number"),
        before: Some(Size { columns: 100, interactions: 60, constraints: 80 }),
        ticks: 9,
        systems: vec![System {
            field: "babybear".to_owned(),
            size,
            ranges: None,
            columns: BTreeMap::new(),
            messages: BTreeMap::new(),
            check: Check::default(),
        }],
        rewrites: BTreeMap::new(),
        system_digest: format!("{id}{entry}"),
        shape_digest: format!("{id}"),
    }
}

pub(crate) fn region(function: &str, entry: u64, calls: u64, saved: i64) -> Region {
    Region {
        entry,
        end: entry + 8,
        function: Some(function.to_owned()),
        instructions: 2,
        calls,
        cost: 50,
        saved,
        code: "no-room".to_owned(),
        reason: "it would save less than those chosen".to_owned(),
    }
}

/// A build of `guest.elf` for OpenVM.
pub(crate) fn report(precompiles: Vec<Precompile>, cost: u64, cost_patched: u64) -> Report {
    Report {
        version: VERSION,
        guest: Guest {
            name: "guest.elf".to_owned(),
            elf_digest: "ab".repeat(32),
            isa: "rv32".to_owned(),
            patched_digest: Some("cd".repeat(32)),
        },
        target: Target {
            name: "openvm".to_owned(),
            form: Some("insn".to_owned()),
            unit: "cells".to_owned(),
            refused: None,
        },
        totals: Some(Totals {
            instructions: 5_000,
            instructions_patched: 2_000,
            cost,
            cost_patched,
        }),
        precompiles,
        regions: vec![region("g", 0x900, 10, 120)],
        commitments: None,
    }
}
