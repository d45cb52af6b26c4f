//! Execution and row filling of the keccak guest's largest and most frequent precompile, in cells
//! of the rows that they make.

#[path = "../tests/common/guest.rs"]
mod guest;

use std::hint::black_box;

use autoprec_circuits::{BabyBear, Bus};
use autoprec_synth::{
    Budget, Host, OPENVM, OperandValues, Precompile, RecordWord, WitnessRecipe, candidates, select,
};
use criterion::{Criterion, Throughput};

/// Calls whose rows are filled at a time.
const CALLS: usize = 256;

/// Words of memory; addresses wrap around.
const WORDS: usize = 1 << 14;

/// A machine that costs little: what is measured is the recipe.
struct Flat {
    regs: [u32; 32],
    memory: Vec<[u32; 2]>,
    now: u32,
}

impl Flat {
    /// A machine whose registers point to different places.
    fn new() -> Self {
        let mut regs = [0; 32];
        regs.iter_mut().zip(0..).for_each(|(word, n)| *word = 1024 * n);
        Self { regs, memory: vec![[1, 0]; WORDS], now: 2 }
    }

    fn access(&mut self, index: usize) -> (u32, &mut u32) {
        let [previous, word] = &mut self.memory[index % WORDS];
        let before = std::mem::replace(previous, self.now);
        self.now += 1;
        (before, word)
    }
}

impl Host for Flat {
    type Fault = u64;

    fn time(&self) -> u64 {
        self.now.into()
    }

    fn register(&mut self, number: u8) -> u64 {
        self.regs[usize::from(number)].into()
    }

    fn word(&mut self, addr: u64) -> Result<u64, u64> {
        Ok(self.memory[u32::from_word(addr) as usize / 4 % WORDS][1].into())
    }

    fn access_register(&mut self, number: u8, _: Option<u64>) -> u64 {
        // The registers stay what they are: every call is like the first.
        self.access(number.into()).0.into()
    }

    fn access_word(&mut self, addr: u64, new: Option<u64>) -> u64 {
        let (previous, word) = self.access(u32::from_word(addr) as usize / 4);
        if let Some(new) = new {
            *word = u32::from_word(new);
        }
        previous.into()
    }

    fn bad_address(&self, addr: u64) -> u64 {
        addr
    }
}

/// The recipe of a precompile for OpenVM.
fn recipe(precompile: &Precompile) -> &WitnessRecipe<BabyBear> {
    &precompile.lowered::<_, Bus>().expect("it is for OpenVM").recipe
}

fn measure(criterion: &mut Criterion, name: &str, precompile: &Precompile) {
    let recipe = recipe(precompile);
    let (width, words) = (recipe.width(), recipe.record_words());
    let mut host = Flat::new();
    let operands = OperandValues::default();
    let mut records = vec![0_u32; words * CALLS];
    for record in records.chunks_exact_mut(words) {
        recipe.execute(&mut host, &operands, Some(record)).expect("the addresses are aligned");
    }
    let mut group = criterion.benchmark_group(name);
    let cells = |n: usize| Throughput::Elements(n.try_into().expect("few cells"));

    group.throughput(cells(width));
    group.bench_function("execute", |bencher| {
        bencher.iter(|| black_box(recipe.execute::<_, u32>(&mut host, &operands, None)));
    });
    let mut record = vec![0_u32; words];
    group.bench_function("execute with record", |bencher| {
        host.now = 2;
        bencher.iter(|| black_box(recipe.execute(&mut host, &operands, Some(&mut record[..]))));
    });
    group.throughput(cells(width * CALLS));
    let mut rows = vec![0; width * CALLS];
    group.bench_function("fill", |bencher| {
        bencher.iter(|| {
            for (record, row) in records.chunks_exact(words).zip(rows.chunks_exact_mut(width)) {
                row[..words].copy_from_slice(record);
            }
            recipe.rows().generate_in_place(black_box(&mut rows));
        });
    });
}

fn witness(criterion: &mut Criterion) {
    let candidates = candidates(&guest::Guest::load("keccak").regions(), &OPENVM);
    let budget = Budget { precompiles: 64, columns: OPENVM.limits.total_columns };
    let chosen: Vec<&Precompile> = select(&candidates, budget)
        .into_iter()
        .map(|index| candidates[index].outcome.as_ref().expect("it was selected"))
        .collect();
    let largest = chosen.iter().max_by_key(|p| recipe(p).width()).expect("something saves cells");
    let frequent = chosen.iter().max_by_key(|p| p.region.count).expect("something saves cells");
    measure(criterion, "largest", largest);
    measure(criterion, "most frequent", frequent);
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    witness(&mut criterion);
    criterion.final_summary();
}
