//! Limits: a region that exceeds one is cut, and what cannot be cut is refused.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/random.rs"]
mod random;
#[path = "common/system.rs"]
mod system;

use assembly::region;
use autoprec_blocks::Region;
use autoprec_synth::{
    Candidate, Limits, LowerError, OPENVM, PLONKY3, PrecompileId, SynthError, Target, candidates,
    synthesise,
};
use proptest::prelude::*;
use system::openvm;

fn target(limits: Limits) -> Target {
    Target { limits, ..OPENVM }
}

/// Demands that the parts are the region, in order, and each of them is within the limits.
fn covers(region: &Region, parts: &[Candidate], target: &Target) -> Result<(), TestCaseError> {
    let insts: Vec<_> = parts.iter().flat_map(|part| part.region.insts.clone()).collect();
    prop_assert_eq!(&insts, &region.insts, "{}", region);
    prop_assert_eq!(&parts.last().expect("a region has parts").region.exits, &region.exits);
    for Candidate { region: part, outcome, .. } in parts {
        prop_assert_eq!(part.count, region.count);
        match outcome {
            Ok(precompile) => {
                prop_assert_eq!(&precompile.region, part);
                let system = precompile.system_for(target).expect("it is for the target");
                let (size, limits) = (system.row_cost().size, target.limits);
                prop_assert!(size.columns <= limits.columns, "{part}");
                prop_assert!(size.interactions <= limits.interactions, "{part}");
                prop_assert!(size.constraints <= limits.constraints, "{part}");
            }
            // What cannot be cut further.
            Err(SynthError::Limit { got, limit, .. }) => {
                prop_assert!(got > limit && part.insts.len() == 1, "{part}");
            }
            // Such a region faults on every state or has no effect; it is refused as it is.
            Err(SynthError::Lower(error)) => {
                let is_supported = !matches!(error, LowerError::Operation { .. });
                prop_assert!(is_supported, "{part}");
            }
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{part}"))),
        }
    }
    Ok(())
}

#[test]
fn parts_cover_the_region_and_are_within_the_limits() {
    let small = [
        Limits { columns: 120, ..OPENVM.limits },
        Limits { interactions: 60, ..OPENVM.limits },
        Limits { constraints: 12, ..OPENVM.limits },
        Limits { columns: 40, interactions: 30, ..OPENVM.limits },
    ]
    .map(target);
    let own = |columns| Target { limits: Limits { columns, ..PLONKY3.limits }, ..PLONKY3 };
    let small = [&small[..], &[own(200), own(60)]].concat();
    random::check(30, &random::regions(15..=45), |random::Shown(region)| {
        for target in &small {
            let parts = candidates(std::slice::from_ref(&region), target);
            covers(&region, &parts, target)?;
        }
        Ok(())
    });
}

#[test]
fn a_region_within_the_limits_stays_whole() {
    let whole = region("rv32", "add a0, a1, a2; lw a3, 0(a0); bnez a3, 64");
    let precompile = synthesise(&whole, PrecompileId::from_index(0), &OPENVM).unwrap();
    let size = openvm(&precompile).system.size();
    let limits = Limits {
        columns: size.columns,
        interactions: size.interactions,
        constraints: size.constraints,
        ..OPENVM.limits
    };
    let parts = candidates(std::slice::from_ref(&whole), &target(limits));
    assert_eq!(parts.len(), 1);
    let narrower = Limits { columns: size.columns - 1, ..limits };
    let parts = candidates(std::slice::from_ref(&whole), &target(narrower));
    assert!(parts.len() > 1);
}

#[test]
fn a_limit_error_says_what_exceeds_what() {
    let limits = Limits { columns: 10, ..OPENVM.limits };
    let whole = region("rv32", "mul a0, a1, a2");
    let error = synthesise(&whole, PrecompileId::from_index(0), &target(limits)).unwrap_err();
    let SynthError::Limit { entry, what, limit, got } = error else { panic!("{error}") };
    assert_eq!((entry, what, limit), (assembly::ENTRY, "columns", 10));
    assert!(got > 10);
}

#[test]
fn candidates_keep_the_order_of_regions() {
    let limits = Limits { columns: 100, ..OPENVM.limits };
    let first = "add a0, a1, a2; mul a3, a4, a5; divu a6, a7, t0; xor t1, t2, t3; sub t4, t5, t6";
    let second = "lw a0, 0(a1); sw a0, 4(a1); bnez a0, -8";
    let regions = [region("rv32", first), region("rv32", second), region("rv32", first)];
    let parts = candidates(&regions, &target(limits));
    let insts: Vec<_> = parts.iter().flat_map(|part| part.region.insts.clone()).collect();
    let expected: Vec<_> = regions.iter().flat_map(|region| region.insts.clone()).collect();
    assert_eq!(insts, expected);
}
