//! The time that synthesis takes, step by step, for regions of growing length: it should be linear.

#[path = "../tests/common/assembly.rs"]
mod assembly;
#[path = "../tests/common/guest.rs"]
mod guest;
#[path = "../tests/common/random.rs"]
#[expect(dead_code, reason = "only the strategies are used")]
mod random;

use autoprec_blocks::{Region, RegionInst};
use autoprec_isa::{Op, Reg};
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{OPENVM, lift, lower};
use criterion::{BenchmarkId, Criterion, Throughput};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const LENGTHS: [usize; 4] = [10, 100, 1_000, 10_000];

/// A region of these instructions, over and over, at the addresses from its entry on.
fn cycled(like: Region, insts: &[RegionInst], length: usize) -> Region {
    let insts: Vec<RegionInst> = (like.entry()..)
        .step_by(4)
        .zip(insts.iter().cycle().take(length))
        .map(|(pc, at)| RegionInst { pc, len: 4, ..*at })
        .collect();
    Region { insts, ..like }.part(0..length)
}

/// The straight-line code of the longest region of the keccak guest, repeated.
fn keccak(length: usize) -> Region {
    let regions = guest::Guest::load("keccak").regions();
    let longest = regions.into_iter().max_by_key(|r| r.insts.len()).expect("a guest has code");
    let straight: Vec<RegionInst> =
        longest.insts.iter().filter(|at| !at.inst.is_control()).copied().collect();
    cycled(longest, &straight, length)
}

/// Random instructions, the same every time, but no accesses by pointers that are data: regions of
/// this length would always fault.
fn random(length: usize) -> Region {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tree = random::regions(2 * length..=2 * length).new_tree(&mut runner);
    let region = tree.expect("nothing is filtered").current().0;
    let pointers: Vec<Reg> =
        ["sp", "s0", "s1"].map(|name| name.parse().expect("a register")).into();
    let runs = |at: &&RegionInst| {
        let is_access = matches!(at.inst.op, Op::Load { .. } | Op::Store(_));
        !at.inst.is_control() && (!is_access || pointers.contains(&at.inst.rs1))
    };
    let insts: Vec<RegionInst> = region.insts.iter().filter(runs).copied().collect();
    cycled(region, &insts, length)
}

/// Updates of one word after the other: as much as there can be to know of memory.
fn updates(length: usize) -> Region {
    let update = "lw a0, 0(sp); xor a0, a0, a1; sw a0, 0(sp); addi sp, sp, 4";
    let region = assembly::region("rv32", update);
    let insts = region.insts.clone();
    cycled(region, &insts, length)
}

fn measure(criterion: &mut Criterion, kind: &str, region: fn(usize) -> Region) {
    let mut group = criterion.benchmark_group(kind);
    group.sample_size(10);
    for length in LENGTHS {
        let region = region(length);
        let lifted = lift(&region).expect("the region has only dataflow");
        let (ir, _) = optimise(&lifted);
        lower(&ir, &OPENVM).expect("the region can run");
        group.throughput(Throughput::Elements(length as u64));
        let mut bench = |step: &str, run: &mut dyn FnMut()| {
            group.bench_function(BenchmarkId::new(step, length), |b| b.iter(&mut *run));
        };
        bench("lift", &mut || drop(lift(&region)));
        bench("optimise", &mut || drop(optimise(&lifted)));
        bench("lower", &mut || drop(lower(&ir, &OPENVM)));
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, "keccak", keccak);
    measure(&mut criterion, "random", random);
    measure(&mut criterion, "updates", updates);
    criterion.final_summary();
}
