//! The checker's time on precompiles of the keccak guest, with the effort of a build: OpenVM's, and those
//! over the two fields of machines of our own.

#[path = "../tests/common/guest.rs"]
mod guest;

use std::hint::black_box;

use autoprec_blocks::Region;
use autoprec_synth::{Effort, HALO2, OPENVM, Precompile, PrecompileId, Validation, synthesise};
use criterion::{BenchmarkId, Criterion};

/// Regions: those in which the guest executes most instructions.
const REGIONS: usize = 4;

fn heaviest() -> Vec<Region> {
    let mut regions = guest::Guest::load("keccak").regions();
    regions.sort_by_key(|region| std::cmp::Reverse(region.count * region.insts.len() as u64));
    regions.truncate(REGIONS);
    regions
}

fn check(precompile: &Precompile) -> Vec<Validation> {
    precompile.check(&[], Effort::STANDARD).expect("it is correct")
}

fn measure(criterion: &mut Criterion) {
    let id = PrecompileId::from_index(0);
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    for region in heaviest() {
        let (entry, count) = (region.entry(), region.insts.len());
        let name = |target| BenchmarkId::new(target, format!("{entry:#x}, {count} instructions"));
        if let Ok(precompile) = synthesise(&region, id, &OPENVM) {
            group.bench_function(name("openvm"), |bencher| {
                bencher.iter(|| black_box(check(&precompile)));
            });
        }
        let precompile = synthesise(&region, id, &HALO2).expect("it can be lowered");
        group.bench_function(name("own"), |bencher| {
            bencher.iter(|| black_box(check(&precompile)));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}
