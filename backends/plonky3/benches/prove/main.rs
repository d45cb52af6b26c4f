//! What proofs of machines of several sizes cost.
//!
//! `cargo bench -p autoprec-plonky3 --bench prove -- N` measures the Nth case only: memory is that of
//! the process, so it is right for the first case measured.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "this measures")]

mod synthetic;

use std::time::Instant;

use autoprec_plonky3::{Parameters, plan, prove, verify};
use synthetic::{Shape, machine};

fn status(key: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0");
    line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Rows, words, lookups, whether words are sums of products, and whether at a quarter of the rate.
const CASES: [(usize, usize, usize, bool, bool); 12] = [
    (4096, 50, 300, true, false),
    (4096, 50, 300, true, true),
    (4096, 50, 300, false, false),
    (4096, 50, 50, true, false),
    (4096, 20, 300, false, false),
    (1024, 50, 300, false, false),
    (16384, 10, 50, false, false),
    (16384, 2, 300, false, false),
    (65536, 2, 10, true, false),
    (8, 1, 1, false, false),
    // The model was not fitted to these.
    (8192, 30, 100, true, false),
    (32768, 6, 60, true, false),
];

fn main() {
    let only: Option<usize> = std::env::args().find_map(|arg| arg.parse().ok());
    println!("rows, words, lookups, products, wide: measured / predicted");
    for (_, case) in CASES.iter().enumerate().filter(|(i, _)| only.is_none_or(|only| only == *i)) {
        measure(*case);
    }
}

fn measure(case: (usize, usize, usize, bool, bool)) {
    let (rows, words, lookups, products, wide) = case;
    let parameters = if wide { Parameters::WIDE } else { Parameters::STANDARD };
    let (statement, trace) = machine(Shape { rows, words, lookups, products });
    let plan = plan(&statement, &parameters).expect("it can be proved");
    let mut cells = trace.cells;
    let (clock, before) = (Instant::now(), cpu());
    let proof = prove(&statement, |table| std::mem::take(&mut cells[table]), &parameters)
        .expect("it is true");
    let (wall, used) = (clock.elapsed().as_secs_f64(), cpu() - before);
    let before = cpu();
    for _ in 0..10 {
        verify(&statement, &proof, &parameters).expect("it is a proof");
    }
    let checking = (cpu() - before) / 10.0;
    println!(
        "{case:?}: cpu {used:.2} / {:.2} s (wall {wall:.2}), verify {checking:.3} / {:.3} s, \
         proof {} / {:.0} kB, memory {:.0} / {:.0} MB, {:.1} bits, {:.1} proven",
        plan.prove_seconds,
        plan.verify_seconds,
        proof.len() / 1000,
        plan.proof_bytes / 1e3,
        status("VmHWM:") / 1024.0,
        plan.memory / 1e6,
        plan.security.conjectured,
        plan.security.proven,
    );
}
