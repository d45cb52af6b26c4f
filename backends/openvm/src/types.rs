//! The concrete types of the prover: field, proof system, engine and record arena.

use openvm_circuit::arch::MatrixRecordArena;
use openvm_cpu_backend::CpuBackend;
use openvm_stark_sdk::config::baby_bear_poseidon2::{
    BabyBearPoseidon2Config, BabyBearPoseidon2CpuEngine, DuplexSponge,
};

pub(crate) use openvm_stark_sdk::config::baby_bear_poseidon2::{Digest, F};

/// The proof system: `BabyBear` with Poseidon2 hashing.
pub(crate) type Sc = BabyBearPoseidon2Config;
/// The prover that runs on this machine's processor.
pub(crate) type Engine = BabyBearPoseidon2CpuEngine<DuplexSponge>;
/// The data types of that prover.
pub(crate) type Backend = CpuBackend<Sc>;
/// Where preflight execution leaves the records of one AIR.
pub(crate) type Arena = MatrixRecordArena<F>;
