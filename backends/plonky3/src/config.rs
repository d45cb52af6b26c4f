//! The proof system's parameters: field, hash, and how many queries are worth how many bits.

use p3_baby_bear::{
    BabyBear, Poseidon2BabyBear, default_babybear_poseidon2_16, default_babybear_poseidon2_24,
};
use p3_challenger::{CanObserve, DuplexChallenger};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::extension::BinomialExtensionField;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::StarkConfig;

/// The field of cells.
pub(crate) type Val = BabyBear;
/// The field of challenges, of 2^124 elements.
pub(crate) type Challenge = BinomialExtensionField<Val, 4>;

type Permutation = Poseidon2BabyBear<16>;
/// Rows are long, so they are absorbed 16 elements at a time.
type Hash = PaddingFreeSponge<Poseidon2BabyBear<24>, 24, 16, 8>;
type Compress = TruncatedPermutation<Permutation, 2, 8, 16>;
type ValMmcs =
    MerkleTreeMmcs<<Val as Field>::Packing, <Val as Field>::Packing, Hash, Compress, 2, 8>;
type ChallengeMmcs = ExtensionMmcs<Val, Challenge, ValMmcs>;
type Challenger = DuplexChallenger<Val, Permutation, 16, 8>;
type Pcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, ValMmcs, ChallengeMmcs>;
/// Plonky3's configuration.
pub(crate) type Config = StarkConfig<Pcs, Challenge, Challenger>;

/// What decides how secure, how long and how fast to make a proof is.
///
/// Prover and verifier must have the same: it is part of what the challenger observes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The binary logarithm of the number of points per row that columns are committed to at.
    ///
    /// Constraints are of degree 2^this + 1 at most, those of messages included.
    pub log_blowup: usize,
    /// Up to which degree the messages of a bus are folded into one column, if that is more than
    /// comes for free.
    pub fold_degree: usize,
    /// A message's field that is a linear form of more terms is committed to as a column.
    pub field_terms: usize,
    /// Queries of FRI.
    pub queries: usize,
    /// Bits of work before queries are drawn.
    pub query_work_bits: usize,
    /// Bits of work before the challenges of the buses are drawn, and before the point at which
    /// constraints are checked is.
    pub challenge_work_bits: usize,
}

impl Parameters {
    /// 100 bits, if committed words are no better for the prover than random ones: a query at rate 1/2
    /// is worth 0.97 bits. Proved are about 50.
    pub const STANDARD: Self = Self {
        log_blowup: 1,
        fold_degree: 3,
        field_terms: 4,
        queries: 87,
        query_work_bits: 16,
        challenge_work_bits: 12,
    };

    /// As many bits with half the queries at rate 1/4: constraints up to degree 5, half the proof, and
    /// more time.
    pub const WIDE: Self = Self { log_blowup: 2, fold_degree: 5, queries: 43, ..Self::STANDARD };

    /// Of no security: for tests.
    pub const TEST: Self =
        Self { queries: 4, query_work_bits: 1, challenge_work_bits: 0, ..Self::STANDARD };

    /// FRI folds 8 points into one.
    pub(crate) const MAX_LOG_ARITY: usize = 3;

    /// The largest degree of a constraint.
    pub const fn max_degree(&self) -> usize {
        (1 << self.log_blowup) + 1
    }

    /// The configuration whose challenger has observed `digest`.
    pub(crate) fn config(&self, digest: &[u8; 32]) -> Config {
        let permutation = default_babybear_poseidon2_16();
        let mmcs = ValMmcs::new(
            Hash::new(default_babybear_poseidon2_24()),
            Compress::new(permutation.clone()),
            0,
        );
        let fri = FriParameters {
            log_blowup: self.log_blowup,
            log_final_poly_len: 0,
            max_log_arity: Self::MAX_LOG_ARITY,
            num_queries: self.queries,
            batch_proof_of_work_bits: self.challenge_work_bits,
            commit_proof_of_work_bits: self.challenge_work_bits,
            query_proof_of_work_bits: self.query_work_bits,
            mmcs: ChallengeMmcs::new(mmcs.clone()),
        };
        let mut challenger = Challenger::new(permutation);
        // 16 bits each: a pair of bytes is one element and no other pair's.
        for pair in digest.chunks_exact(2) {
            challenger.observe(Val::from_u16(u16::from_le_bytes([pair[0], pair[1]])));
        }
        Config::new(Pcs::new(Radix2DitParallel::default(), mmcs, fri), challenger)
            .with_lookup_proof_of_work_bits(self.challenge_work_bits)
            .with_ood_proof_of_work_bits(self.challenge_work_bits)
    }
}
