//! Random regions: each is synthesised and passes the checker.
//!
//! `AUTOPREC_CASES` sets how many; the first ones are always the same.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;
#[path = "common/system.rs"]
mod system;

use std::cell::Cell;

use autoprec_blocks::Region;
use autoprec_circuits::ConstraintSystem;
use autoprec_synth::{Effort, Failure, LowerError, OPENVM, PrecompileId, SynthError, synthesise};
use proptest::prelude::*;
use system::openvm;

/// Checks a region; whether states were found to check it on.
fn passes(region: &Region, effort: Effort) -> Result<bool, TestCaseError> {
    let precompile = match synthesise(region, PrecompileId::from_index(0), &OPENVM) {
        Ok(precompile) => precompile,
        // Some regions fault on every state, as when accesses contradict each other's alignment.
        Err(SynthError::Limit { .. }) => return Ok(false),
        Err(SynthError::Lower(error)) if !is_unsupported(&error) => return Ok(false),
        Err(error) => return Err(TestCaseError::fail(format!("{error}\n{region}"))),
    };
    let system = &openvm(&precompile).system;
    let text = system.to_string();
    let parsed = ConstraintSystem::parse(&text);
    prop_assert_eq!(parsed.as_ref(), Ok(system), "{}\n{}", region, text);
    match precompile.check(&[], effort) {
        Ok(done) => {
            let [done] = done[..] else { panic!("OpenVM has one system") };
            prop_assert!(done.honest > 0 && done.rejected > 0, "{}\n{:?}", region, done);
            Ok(true)
        }
        // Some do so in other ways, as when a constant address is too large.
        Err(error) if error.failure == Failure::NoState => Ok(false),
        Err(error) => Err(TestCaseError::fail(format!("{error}\n{region}"))),
    }
}

/// Whether a region is refused for what it computes.
fn is_unsupported(error: &LowerError) -> bool {
    matches!(error, LowerError::WordWidth { .. } | LowerError::Operation { .. })
}

#[test]
fn random_regions_pass_the_checker() {
    let (checked, all) = (Cell::new(0), Cell::new(0));
    random::check(250, &random::regions(3..=25), |random::Shown(region)| {
        all.set(all.get() + 1);
        checked.set(checked.get() + u32::from(passes(&region, Effort::STANDARD)?));
        Ok(())
    });
    let (checked, all) = (checked.get(), all.get());
    assert!(checked * 10 >= all * 7, "only {checked} of {all} regions could be checked");
}

#[test]
fn short_random_regions_pass_it_thoroughly() {
    random::check(40, &random::regions(1..=6), |random::Shown(region)| {
        passes(&region, Effort::THOROUGH).map(drop)
    });
}

#[test]
fn regions_that_always_fault_are_refused() {
    for (assembly, at) in [
        ("lw a0, 0(s0); lhu a1, 3(s0)", 1),
        ("sw a0, 2(s0); lw a1, 0(s0)", 1),
        ("slli a0, a0, 2; lbu a1, 1(a0); lh a2, 1(a0)", 2),
        ("lui a0, 0x400; lh a1, 3(a0)", 1),
        ("sw zero, 2(zero)", 0),
    ] {
        let region = assembly::region("rv32", assembly);
        let refused = synthesise(&region, PrecompileId::from_index(0), &OPENVM).unwrap_err();
        assert_eq!(refused, LowerError::Misaligned { inst: at }.into(), "{assembly}");
    }
}
