//! The calls of SP1 by number, from `syscall_code.rs` of `sp1-core-executor` 4.2, 5.2 and 6.10.

use crate::environment::curves::{BLS12_381, BN254, Lazy, SECP256K1, SECP256R1};

/// What a call asks for.
#[derive(Clone, Copy)]
pub(super) enum Service {
    Halt,
    Write,
    EnterUnconstrained,
    ExitUnconstrained,
    HintLen,
    HintRead,
    /// Something that only a prover does.
    Nothing,
    Precompile(Precompile),
    /// For this reason, it cannot be executed here.
    Refused(&'static str),
}

/// What is computed.
#[derive(Clone, Copy)]
pub(super) enum Precompile {
    ShaExtend,
    ShaCompress,
    Keccak,
    /// A point to another.
    Add(&'static Lazy),
    Double(&'static Lazy),
    /// The second coordinate, of which the sign is known as the choice says.
    Decompress(&'static Lazy, Choice),
    EdwardsAdd,
    EdwardsDecompress,
    Field(&'static Lazy, Arithmetic),
    /// On c0 + c1·i with i² = -1.
    Complex(&'static Lazy, Arithmetic),
    /// The product of two 256-bit numbers modulo a third.
    MulMod,
    /// The product of a 256-bit and a 2048-bit number.
    WideMul,
    /// The sum of three 256-bit numbers.
    AddCarry,
    /// The product of two 256-bit numbers, plus a third.
    MulCarry,
}

/// An operation in a field.
#[derive(Clone, Copy)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
}

/// How one of two roots is chosen.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    Odd,
    Greater,
}

use Arithmetic::{Add, Mul, Sub};
use Precompile as P;
use Service::{Nothing, Refused};

const fn precompile(precompile: Precompile) -> Service {
    Service::Precompile(precompile)
}

/// Number, name and service.
static CALLS: [(u64, &str, Service); 48] = [
    (0x00, "halt", Service::Halt),
    (0x02, "write", Service::Write),
    (0x03, "enter_unconstrained", Service::EnterUnconstrained),
    (0x04, "exit_unconstrained", Service::ExitUnconstrained),
    (0x0030_0105, "sha_extend", precompile(P::ShaExtend)),
    (0x0001_0106, "sha_compress", precompile(P::ShaCompress)),
    (0x0001_0107, "ed_add", precompile(P::EdwardsAdd)),
    (0x0000_0108, "ed_decompress", precompile(P::EdwardsDecompress)),
    (0x0001_0109, "keccak_permute", precompile(P::Keccak)),
    (0x0001_010a, "secp256k1_add", precompile(P::Add(&SECP256K1))),
    (0x0000_010b, "secp256k1_double", precompile(P::Double(&SECP256K1))),
    (0x0000_010c, "secp256k1_decompress", precompile(P::Decompress(&SECP256K1, Choice::Odd))),
    (0x0001_010e, "bn254_add", precompile(P::Add(&BN254))),
    (0x0000_010f, "bn254_double", precompile(P::Double(&BN254))),
    (0x10, "commit", Nothing),
    (0x1a, "commit_deferred_proofs", Nothing),
    (0x1b, "verify_sp1_proof", Nothing),
    (0x0000_011c, "bls12381_decompress", precompile(P::Decompress(&BLS12_381, Choice::Greater))),
    (0x0001_011d, "uint256_mul", precompile(P::MulMod)),
    (0x0001_011e, "bls12381_add", precompile(P::Add(&BLS12_381))),
    (0x0000_011f, "bls12381_double", precompile(P::Double(&BLS12_381))),
    (0x0001_0120, "bls12381_fp_add", precompile(P::Field(&BLS12_381, Add))),
    (0x0001_0121, "bls12381_fp_sub", precompile(P::Field(&BLS12_381, Sub))),
    (0x0001_0122, "bls12381_fp_mul", precompile(P::Field(&BLS12_381, Mul))),
    (0x0001_0123, "bls12381_fp2_add", precompile(P::Complex(&BLS12_381, Add))),
    (0x0001_0124, "bls12381_fp2_sub", precompile(P::Complex(&BLS12_381, Sub))),
    (0x0001_0125, "bls12381_fp2_mul", precompile(P::Complex(&BLS12_381, Mul))),
    (0x0001_0126, "bn254_fp_add", precompile(P::Field(&BN254, Add))),
    (0x0001_0127, "bn254_fp_sub", precompile(P::Field(&BN254, Sub))),
    (0x0001_0128, "bn254_fp_mul", precompile(P::Field(&BN254, Mul))),
    (0x0001_0129, "bn254_fp2_add", precompile(P::Complex(&BN254, Add))),
    (0x0001_012a, "bn254_fp2_sub", precompile(P::Complex(&BN254, Sub))),
    (0x0001_012b, "bn254_fp2_mul", precompile(P::Complex(&BN254, Mul))),
    (0x0001_012c, "secp256r1_add", precompile(P::Add(&SECP256R1))),
    (0x0000_012d, "secp256r1_double", precompile(P::Double(&SECP256R1))),
    (0x0000_012e, "secp256r1_decompress", precompile(P::Decompress(&SECP256R1, Choice::Odd))),
    (0x0001_012f, "u256x2048_mul", precompile(P::WideMul)),
    (0x0001_0130, "uint256_add_carry", precompile(P::AddCarry)),
    (0x0001_0131, "uint256_mul_carry", precompile(P::MulCarry)),
    (0x0000_0132, "mprotect", Nothing),
    (0x0000_0133, "poseidon2", Refused("Poseidon2 is not executed here; hash without it")),
    (
        0x0000_0134,
        "sig_return",
        Refused("guests that run untrusted programs are not executed here"),
    ),
    (0x0000_0035, "hint_mprotect_flush", Nothing),
    (
        0x40,
        "dump_elf",
        Refused("a run cannot be saved as an ELF here; build without `may_dump_elf`"),
    ),
    (0x41, "insert_profiler_symbols", Nothing),
    (0x42, "delete_profiler_symbols", Nothing),
    (0xf0, "hint_len", Service::HintLen),
    (0xf1, "hint_read", Service::HintRead),
];

/// Name and service of a call.
pub(super) fn find(number: u64) -> Option<(&'static str, Service)> {
    CALLS.iter().find(|(n, ..)| *n == number).map(|&(_, name, service)| (name, service))
}
