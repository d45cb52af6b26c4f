//! The same code at several places: what was synthesised once and placed is, bit for bit, what
//! synthesis gives there.

#[path = "common/assembly.rs"]
mod assembly;
#[path = "common/guest.rs"]
mod guest;
#[path = "common/random.rs"]
mod random;

use std::cell::Cell;

use autoprec_blocks::{Region, RegionInst, Shape};
use autoprec_synth::{
    Candidate, HALO2, Limits, LowerError, OPENVM, PrecompileId, SynthError, Target, candidates,
    lift, synthesise,
};
use guest::Guest;
use proptest::prelude::*;

/// The region with its entry elsewhere.
fn moved(region: &Region, entry: u64) -> Region {
    let place = |at: &RegionInst| {
        let pc = region.xlen.mask(at.pc - region.entry() + entry);
        RegionInst { pc, ..*at }
    };
    let insts = region.insts.iter().map(place).collect();
    let function = region.function.clone();
    Region { function, ..Region::from_insts(region.xlen, insts, region.count) }
}

fn reads_pc(region: &Region) -> bool {
    region.insts.iter().any(|at| at.inst.reads_pc())
}

/// Demands that a candidate is what synthesis makes of its region.
fn is_fresh(candidate: &Candidate, target: &Target) -> Result<(), TestCaseError> {
    let Candidate { region, outcome, .. } = candidate;
    let fresh = synthesise(region, PrecompileId::from_index(0), target);
    match (outcome, fresh) {
        (Ok(placed), Ok(fresh)) => {
            prop_assert_eq!(&placed.region, &fresh.region);
            prop_assert!(placed.ir == fresh.ir, "{}\n{}\n{}", region, placed.ir, fresh.ir);
            prop_assert!(placed.systems == fresh.systems, "{}", region);
            prop_assert_eq!(placed.report(), fresh.report());
        }
        (placed, fresh) => prop_assert_eq!(placed.as_ref().err().cloned(), fresh.err()),
    }
    Ok(())
}

/// Demands that each list of candidates is cut like the first.
fn are_cut_alike(all: &[Candidate], lists: usize) -> Result<(), TestCaseError> {
    prop_assert_eq!(all.len() % lists, 0);
    let lengths = |list: &[Candidate]| list.iter().map(|c| c.region.insts.len()).collect();
    let lengths: Vec<Vec<usize>> = all.chunks(all.len() / lists).map(lengths).collect();
    prop_assert!(lengths.iter().all(|list| *list == lengths[0]), "{:?}", lengths);
    Ok(())
}

#[test]
fn regions_of_the_examples_are_the_same_elsewhere() {
    for name in ["keccak", "sha256", "sort-vm", "self-read"] {
        let regions = Guest::load(name).regions();
        let elsewhere: Vec<Region> =
            regions.iter().map(|region| moved(region, region.entry() + 0x0123_4568)).collect();
        let mut shared = 0;
        for (region, moved) in regions.iter().zip(&elsewhere) {
            let same = Shape::of(region) == Shape::of(moved);
            assert_eq!(same, !reads_pc(region), "{name}: {region}");
            shared += usize::from(same);
        }
        assert!(shared * 2 > regions.len(), "{name}: {shared} of {}", regions.len());
        let both = [regions, elsewhere].concat();
        for target in [&OPENVM, &HALO2] {
            let candidates = candidates(&both, target);
            are_cut_alike(&candidates, 2).unwrap();
            let made = candidates.iter().filter(|candidate| candidate.outcome.is_ok()).count();
            assert!(made * 2 > both.len(), "{name}: {made} of {} for {}", both.len(), target.name);
            for candidate in &candidates {
                is_fresh(candidate, target).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
    }
}

#[test]
fn random_regions_are_the_same_elsewhere() {
    let narrow = Target { limits: Limits { columns: 120, ..OPENVM.limits }, ..OPENVM };
    let narrow_own = Target { limits: Limits { columns: 300, ..HALO2.limits }, ..HALO2 };
    // Also where code ends, so that some exits lead nowhere.
    let places = prop_oneof![
        3 => 0x1000_u64..1 << 30,
        1 => 0_u64..0x400,
        1 => (1_u64 << 30) - 0x80..(1 << 30) + 0x20,
    ];
    let places = proptest::collection::vec(places.prop_map(|place| place & !3), 1..4);
    let strategy = (random::regions(1..=25), places);
    let made = Cell::new(0);
    random::check(150, &strategy, |(random::Shown(region), places)| {
        let elsewhere = places.iter().map(|&place| moved(&region, place));
        let regions: Vec<Region> = std::iter::once(region.clone()).chain(elsewhere).collect();
        if !reads_pc(&region) {
            let lifted = lift(&region).expect("it can be lifted");
            for moved in &regions {
                prop_assert_eq!(Shape::of(moved), Shape::of(&region));
                prop_assert_eq!(&lift(moved).expect("it can be lifted"), &lifted);
            }
        }
        for target in [&OPENVM, &narrow, &HALO2, &narrow_own] {
            let all = candidates(&regions, target);
            if !reads_pc(&region) {
                are_cut_alike(&all, regions.len())?;
            }
            made.set(made.get() + all.iter().filter(|candidate| candidate.outcome.is_ok()).count());
            all.iter().try_for_each(|candidate| is_fresh(candidate, target))?;
        }
        Ok(())
    });
    assert!(made.get() > 1500, "{} precompiles", made.get());
}

#[test]
fn what_reads_its_address_has_a_shape_of_its_own() {
    for (assembly, reads) in [
        ("auipc a0, 1", true),
        ("add a0, a0, a1; jal ra, 64", true),
        ("jalr ra, 0(a0)", true),
        ("lw a0, 0(a1); j 64", false),
        ("addi a0, a0, 1; ret", false),
        ("addi a0, a0, 1; bnez a0, -4", false),
    ] {
        let here = assembly::region("rv32", assembly);
        let there = moved(&here, here.entry() + 64);
        assert_eq!(Shape::of(&here) != Shape::of(&there), reads, "{assembly}");
        assert_eq!(lift(&here) != lift(&there), reads, "{assembly}");
    }
}

#[test]
fn code_that_does_not_exist_is_refused() {
    let end = 1_u64 << OPENVM.pc_bits;
    let id = PrecompileId::from_index(0);
    for (assembly, entry, bad) in [
        ("addi a0, a0, 1; ret", end, Some((0, end))),
        ("addi a0, a0, 1; ret", end - 4, None),
        ("addi a0, a0, 1", end - 8, None),
        ("addi a0, a0, 1", end - 4, Some((0, end))),
        ("addi a0, a0, 1; j -12", 4, Some((0, 0xffff_fffc))),
        ("addi a0, a0, 1; j -8", 4, None),
        // Modulo the order of the field this would be 0xfff_ffff + 1.
        ("addi a0, a0, 1; j 8", 0xffff_fffc, Some((0, 0xffff_fffc))),
    ] {
        let region = moved(&assembly::region("rv32", assembly), entry);
        let error = synthesise(&region, id, &OPENVM).err();
        let expected = bad
            .map(|(inst, address)| SynthError::Lower(LowerError::NoSuchAddress { inst, address }));
        assert_eq!(error, expected, "{assembly} at {entry:#x}");
    }
}
