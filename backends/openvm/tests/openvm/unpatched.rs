//! Guests without precompiles: run, prove, verify; and every way in which a proof may not fit.

use autoprec_openvm::{
    BaseVm, GuestImage, Phase, Proof, ProofFormatError, ProveError, ProveOptions, RunError,
    TranspileError, Verifier, VerifyError, execute, prove, verify,
};

use openvm_stark_backend::{codec::Decode, proof::Proof as SegmentProof};
use openvm_stark_sdk::config::baby_bear_poseidon2::BabyBearPoseidon2Config;

use crate::support::{Example, START, assemble, elf, example};

/// Where the parts of a proof file lie.
struct Layout {
    segments: usize,
    public_values: usize,
}

/// Offsets of the number of segments, for a proof without precompiles, and of the public values.
fn layout(bytes: &[u8]) -> Layout {
    Layout { segments: 8 + 4 + 1 + 4 + 4 + 32 + 32, public_values: bytes.len() - 32 - 4 * 32 }
}

/// Two terms of a sum from two hint words, and another public word.
const SUM: &str = "
    addi a0, x0, 40
    addi a1, a0, 2
    reveal a1, 0
    terminate 0
";

#[test]
fn a_proof_fits_one_guest_one_base_and_one_output() {
    let words = assemble(SUM);
    let elf_bytes = elf(&words);
    let guest = GuestImage::unpatched(&elf_bytes);
    let base = BaseVm::rv32im();
    let mut phases = Vec::new();
    let options = ProveOptions::for_tests();
    let (proof, report) =
        prove(&base, &guest, &[], &options, &mut |phase| phases.push(phase)).unwrap();
    assert_eq!(report.instructions, words.len() as u64);
    assert_eq!(phases.first(), Some(&Phase::Transpile));
    assert_eq!(phases.last(), Some(&Phase::Done));

    let bytes = proof.to_bytes();
    let proof = Proof::from_bytes(&bytes).unwrap();
    let verdict = verify(&base, &guest, &proof, true).unwrap();
    assert_eq!(verdict.public_values[..8], [42, 0, 0, 0, 0, 0, 0, 0]);

    // Parameters without security are for tests.
    let error = verify(&base, &guest, &proof, false).unwrap_err();
    assert!(matches!(error, VerifyError::TestParameters), "{error}");

    // Another program.
    let other = elf(&assemble(&SUM.replace("40", "41")));
    let error = verify(&base, &GuestImage::unpatched(&other), &proof, true).unwrap_err();
    assert!(matches!(error, VerifyError::Program { .. }), "{error}");

    // Another VM.
    let toml = "[app_vm_config.rv32i]\n[app_vm_config.io]\n";
    let error = verify(&BaseVm::from_toml(toml).unwrap(), &guest, &proof, true).unwrap_err();
    assert!(matches!(error, VerifyError::VerifyingKey { .. }), "{error}");

    let at = layout(&bytes);
    // Another output.
    let mut altered = bytes.clone();
    altered[at.public_values] ^= 1;
    let altered = Proof::from_bytes(&altered).unwrap();
    assert_eq!(altered.public_values()[0], 43);
    let error = verify(&base, &guest, &altered, true).unwrap_err();
    assert!(matches!(error, VerifyError::PublicValues(_)), "{error}");

    // A height that would need another key.
    let mut altered = bytes.clone();
    altered[13] = 20;
    let error = verify(&base, &guest, &Proof::from_bytes(&altered).unwrap(), true).unwrap_err();
    assert!(matches!(error, VerifyError::VerifyingKey { .. }), "{error}");
    altered[13] = 40;
    let error = verify(&base, &guest, &Proof::from_bytes(&altered).unwrap(), true).unwrap_err();
    assert!(matches!(error, VerifyError::Height { got: 40 }), "{error}");

    // No segments; the opening of the public values is 27 digests, and three counts.
    let opening = bytes.len() - (4 + 27 * 32 + 4 + 4 * 32 + 32);
    let mut empty = bytes[..at.segments].to_vec();
    empty.extend(0_u32.to_le_bytes());
    empty.extend(&bytes[opening..]);
    let error = verify(&base, &guest, &Proof::from_bytes(&empty).unwrap(), true).unwrap_err();
    assert!(matches!(error, VerifyError::Empty), "{error}");

    damage(&base, &guest, &bytes);
}

/// Truncated and altered files are errors, never panics and never accepted.
fn damage(base: &BaseVm, guest: &GuestImage<'_>, bytes: &[u8]) {
    for length in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        assert!(Proof::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(matches!(Proof::from_bytes(&longer), Err(ProofFormatError::Damaged { .. })));
    let mut newer = bytes.to_vec();
    newer[8] = 99;
    assert!(matches!(Proof::from_bytes(&newer), Err(ProofFormatError::Version { got: 99 })));
    assert!(matches!(Proof::from_bytes(b"something else"), Err(ProofFormatError::Magic)));

    let start = layout(bytes).segments + 4;
    let mut verifier = Verifier::new(base, guest).unwrap();
    let mut verified = 0;
    for index in 0..200 {
        let mut altered = bytes.to_vec();
        let at = start + index * (bytes.len() - start) / 200;
        altered[at] ^= 1;
        if let Ok(proof) = Proof::from_bytes(&altered) {
            verified += 1;
            assert!(verifier.verify(&proof, true).is_err(), "byte {at} does not matter");
        }
    }
    assert!(verified > 50, "most alterations should be found by the verifier");
}

#[test]
fn only_guests_that_run_to_exit_code_0_are_proved() {
    let base = BaseVm::rv32im();
    let attempt = |text: &str| {
        let elf = elf(&assemble(text));
        let guest = GuestImage::unpatched(&elf);
        prove(&base, &guest, &[], &ProveOptions::for_tests(), &mut |_| ()).unwrap_err()
    };
    let error = attempt("terminate 3");
    assert!(matches!(error, ProveError::Run(RunError::ExitCode { code: 3 })), "{error}");
    let error = attempt("lw a0, 1(x0)\n terminate 0");
    assert!(matches!(error, ProveError::Run(RunError::OpenVm { .. } | RunError::Execution(_))));
    let error = attempt(".word 0xffffffff");
    let ProveError::Transpile(TranspileError::Instruction { word, address, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!((word, address), (0xffff_ffff, Some(START)));
    let error = attempt("terminate 0\n andn a0, a1, a2").to_string();
    let named =
        format!("the word 0x40c5f533 (andn a0, a1, a2) at {:#x} is no instruction", START + 4);
    assert!(error.contains(&named), "{error}");
    let error = attempt(".word 0x5b\n terminate 0");
    let ProveError::Transpile(TranspileError::UnknownPrecompile { id, address }) = error else {
        panic!("{error}")
    };
    assert_eq!((id, address), (10_000, Some(START)));
    let guest = GuestImage::unpatched(b"not an ELF");
    let error = execute(&base, &guest, &[]).unwrap_err();
    assert!(matches!(error, ProveError::Transpile(TranspileError::Elf(_))), "{error}");
}

#[test]
fn examples_reveal_what_they_must() {
    for name in ["keccak", "sha256", "sort-vm", "self-read"] {
        let Example { elf, hints, expected } = example(name);
        let guest = GuestImage::unpatched(&elf);
        let run = execute(&BaseVm::rv32im(), &guest, &hints).unwrap();
        assert_eq!(run.public_values[..32], expected, "{name}");
    }
}

/// Counts to 100,000, and reveals it.
const COUNT: &str = "
    lui  a1, 0x18
    addi a0, x0, 0
    addi a1, a1, 1696
    addi a0, a0, 1
    bne  a0, a1, -4
    reveal a0, 0
    terminate 0
";

#[test]
fn segments_must_be_those_of_one_run() {
    let elf = elf(&assemble(COUNT));
    let (base, guest) = (BaseVm::rv32im(), GuestImage::unpatched(&elf));
    let options = ProveOptions { max_segment_memory: Some(600 << 20), ..ProveOptions::for_tests() };
    let (proof, report) = prove(&base, &guest, &[], &options, &mut |_| ()).unwrap();
    assert_eq!(report.segments.len(), 2);
    // Sums over segments.
    let tables = report.tables();
    let cells: u64 = tables.iter().map(|table| table.columns * table.padded_rows).sum();
    assert_eq!(cells, report.cells());
    let adds = tables.iter().find(|table| table.name.contains("BaseAluCore")).unwrap();
    assert_eq!(adds.rows, 100_000 + 2);
    assert_eq!(report.instructions, 3 + 2 * 100_000 + 2);
    let mut verifier = Verifier::new(&base, &guest).unwrap();
    let verdict = verifier.verify(&proof, true).unwrap();
    assert_eq!(verdict.public_values[..4], 100_000_u32.to_le_bytes());

    let bytes = proof.to_bytes();
    let start = layout(&bytes).segments;
    let mut rest = &bytes[start + 4..];
    let mut take = || {
        let before = rest;
        let _proof: SegmentProof<BabyBearPoseidon2Config> = Decode::decode(&mut rest).unwrap();
        &before[..before.len() - rest.len()]
    };
    let (first, second) = (take(), take());
    let mut refuse = |segments: &[&[u8]]| {
        let count = u32::try_from(segments.len()).unwrap().to_le_bytes();
        let file = [&bytes[..start], &count, &segments.concat(), rest].concat();
        verifier.verify(&Proof::from_bytes(&file).unwrap(), true).unwrap_err()
    };
    for segments in [&[second, first][..], &[first][..], &[second][..], &[first, first, second]] {
        let error = refuse(segments);
        assert!(
            matches!(error, VerifyError::Continuity(_) | VerifyError::Program { .. }),
            "{error}"
        );
    }
}
