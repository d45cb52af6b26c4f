//! Times the operations that the constants of `src/cost.rs` are about, in nanoseconds.
//!
//! `cargo bench -p autoprec-halo2 --bench primitives -- [K]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use halo2_proofs::poly::EvaluationDomain;
use halo2_proofs::poly::commitment::{Blind, Params};
use pasta_curves::group::ff::Field as _;
use pasta_curves::{EqAffine, Fp};

/// The least time of some runs, divided by `count`.
#[expect(clippy::disallowed_methods, reason = "a benchmark has a clock")]
fn time<T>(name: &str, count: f64, mut call: impl FnMut() -> T) {
    let runs = (0..15).map(|_| {
        let start = std::time::Instant::now();
        std::hint::black_box(call());
        start.elapsed().as_secs_f64() * 1e9
    });
    println!("{name}: {:.1} ns", runs.fold(f64::MAX, f64::min) / count);
}

fn main() {
    let k: u32 = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(9);
    let rows = 1_usize << k;
    let per_row = f64::from(1_u32 << k);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    pool.install(|| {
        let params = Params::<EqAffine>::new(k);
        let mut state = 1_u64;
        let mut draw = |bits: u32| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            Fp::from(state.rotate_left(29) >> (64 - bits))
        };
        let domain = EvaluationDomain::<Fp>::new(5, k);
        for bits in [0, 1, 8, 16, 32, 64, 255] {
            let column: Vec<Fp> = (0..rows)
                .map(|_| match bits {
                    0 => Fp::ZERO,
                    255 => draw(64).invert().unwrap_or(Fp::ONE),
                    _ => draw(bits),
                })
                .collect();
            let column = domain.lagrange_from_vec(column);
            time(&format!("commit {bits} bits, per row"), per_row, || {
                params.commit_lagrange(&column, Blind(Fp::ONE))
            });
        }
        let values: Vec<Fp> = (0..rows).map(|_| draw(64)).collect();
        let column = domain.lagrange_from_vec(values.clone());
        time("to coefficients, per row", per_row, || domain.lagrange_to_coeff(column.clone()));
        let poly = domain.lagrange_to_coeff(column);
        for degree in [3, 5, 9] {
            let domain = EvaluationDomain::<Fp>::new(degree, k);
            time(&format!("to the domain of degree {degree}, per row"), per_row, || {
                domain.coeff_to_extended(poly.clone())
            });
        }
        let mut products = values.clone();
        time("product, each", per_row, || products.iter_mut().for_each(|p| *p *= values[1]));
        time("copy, each", per_row, || values.clone());
    });
}
