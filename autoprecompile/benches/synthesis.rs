//! The time that synthesis takes, step by step, for regions of growing length: it should be linear.

#[path = "../tests/common/assembly.rs"]
mod assembly;
#[path = "../tests/common/guest.rs"]
mod guest;
#[path = "../tests/common/random.rs"]
mod random;

use autoprec_blocks::{Region, RegionInst};
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{OPENVM, PrecompileId, lift, lower};
use criterion::{BenchmarkId, Criterion, Throughput};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

const LENGTHS: [usize; 4] = [10, 100, 1_000, 10_000];

/// The straight-line code of the longest region of the keccak guest, repeated.
fn repeated(length: usize) -> Region {
    let regions = guest::Guest::load("keccak").regions();
    let longest = regions.into_iter().max_by_key(|r| r.insts.len()).expect("a guest has code");
    let straight = longest.insts.iter().filter(|at| !at.inst.is_control());
    let insts = straight.cycle().take(length);
    let insts: Vec<RegionInst> = (longest.entry()..)
        .step_by(4)
        .zip(insts)
        .map(|(pc, at)| RegionInst { pc, len: 4, ..*at })
        .collect();
    Region { insts, ..longest }
}

/// Random instructions, the same every time.
fn random(length: usize) -> Region {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Default::default(), rng);
    let tree = random::regions(length..=length).new_tree(&mut runner).expect("no filter");
    tree.current().0
}

fn synthesis(criterion: &mut Criterion) {
    let id = PrecompileId::from_index(0);
    for (kind, region) in [("keccak", repeated as fn(usize) -> Region), ("random", random)] {
        let mut group = criterion.benchmark_group(kind);
        group.sample_size(10);
        for length in LENGTHS {
            let region = region(length);
            group.throughput(Throughput::Elements(length as u64));
            let mut bench = |step: &str, run: &mut dyn FnMut()| {
                group.bench_function(BenchmarkId::new(step, length), |b| b.iter(&mut *run));
            };
            let lifted = lift(&region).expect("the region has only dataflow");
            let (ir, _) = optimise(&lifted);
            bench("lift", &mut || drop(lift(&region)));
            bench("optimise", &mut || drop(optimise(&lifted)));
            bench("lower", &mut || drop(lower(&ir, region.entry(), id, &OPENVM)));
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    synthesis(&mut criterion);
    criterion.final_summary();
}
