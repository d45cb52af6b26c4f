//! The verifier as a command, and files of proofs: those that were written are read, others refused.

use std::path::Path;
use std::process::{Command, Output};

use autoprec_circuits::BabyBear;
use autoprec_executor::Input;
use autoprec_machine::{Guest, Public, execute};
use autoprec_plonky3::{Parameters, prove};
use autoprec_synth::{TARGETS, Vocabulary};
use autoprec_verify::{Backend, FileError, RunProof};
use proptest::prelude::*;

/// The first line of a file.
const HEADER: &str = "autoprec proof of a run 1";

fn elf() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/elf/keccak-rv64.elf");
    std::fs::read(path).expect("the example is committed")
}

/// The proof of a run with one hash, and what it gave out.
fn proved() -> (RunProof, Public) {
    let guest = Guest::load(&elf(), None).expect("it is a guest");
    let stdin = [&1_u32.to_le_bytes()[..], b"a message"].concat();
    let input = Input { stdin, ..Input::default() };
    let backend = Backend::Plonky3;
    let run = execute::<BabyBear>(&guest, backend.target(), &input).expect("it runs");
    let (claims, public) = (run.claims.clone(), run.public());
    let proving = run.prepare(&guest).expect("it is stated");
    let rows = |table: usize| proving.rows(table);
    let proof = prove(proving.statement(), rows, &Parameters::STANDARD).expect("it is proved");
    let (range_bits, time_bits) = (backend.target().range_bits, backend.target().time_bits);
    (RunProof { backend, range_bits, time_bits, claims, proof }, public)
}

#[test]
fn the_command_tells_proofs_from_others() {
    let (proof, public) = proved();
    let folder = tempfile::tempdir().expect("a folder for the test");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(folder.path().join(name), bytes).expect("the folder can be written");
    };
    write("guest.elf", &elf());
    write("run.proof", &proof.to_bytes());
    write("run.public", &public.output);
    let verify = |line: &str| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoprec-verify"));
        command.current_dir(folder.path()).args(line.split(' '));
        command.output().expect("the command runs")
    };
    let good = "--proof run.proof --elf guest.elf --public-values run.public";
    let output = verify(good);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("plonky3") && said.ends_with("verified\n"), "{said}");
    assert!(verify(&format!("{good} --original guest.elf")).status.success());

    let refused = |line: &str, word: &str| {
        let output = verify(line);
        assert_eq!(output.status.code(), Some(1), "{line}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.starts_with("error: ") && said.contains(word), "{line}: {said}");
        assert!(output.stdout.is_empty(), "{line}");
    };
    refused(&format!("{good} --exit-code 3"), "run.proof");
    refused(&format!("{good} --original run.proof"), "guest.elf");
    write("other.public", &public.output[1..]);
    refused("--proof run.proof --elf guest.elf --public-values other.public", "run.proof");
    refused("--proof gone --elf guest.elf --public-values run.public", "cannot read gone");
    refused("--proof guest.elf --elf guest.elf --public-values run.public", "no proof of a run");
    // Sizes that the tables were not made with, and claims that are others.
    for change in [
        RunProof { range_bits: proof.range_bits - 1, ..proof.clone() },
        RunProof { time_bits: 28, ..proof.clone() },
        RunProof { backend: Backend::Halo2, ..proof.clone() },
        RunProof {
            claims: autoprec_machine::Claims {
                time: proof.claims.time + 1,
                ..proof.claims.clone()
            },
            ..proof
        },
    ] {
        write("run.proof", &change.to_bytes());
        refused(good, "run.proof");
    }
    assert_eq!(verify("--proof").status.code(), Some(2));
}

fn claims() -> impl Strategy<Value = autoprec_machine::Claims> {
    let pairs = || prop::collection::vec((any::<u64>(), any::<u64>()), 0..4);
    let rows = prop::collection::vec((any::<u32>(), any::<u64>()), 0..4);
    (any::<u64>(), rows, pairs(), pairs(), any::<Option<u64>>()).prop_map(
        |(time, rows, code, image, last_word)| autoprec_machine::Claims {
            version: autoprec_machine::CLAIMS_VERSION,
            time,
            rows,
            code,
            image,
            zeros: Vec::new(),
            last_word,
            public_times: Vec::new(),
        },
    )
}

#[test]
fn targets_with_tables_of_our_own_are_verified_and_others_refused() {
    let (proof, _) = proved();
    let text = proof.to_bytes();
    let begins = format!("{HEADER}\n{}", proof.backend);
    assert!(text.starts_with(begins.as_bytes()));
    let mut own = 0;
    for target in TARGETS {
        let bytes = [HEADER.as_bytes(), b"\n", target.name.as_bytes(), &text[begins.len()..]];
        let read = RunProof::from_bytes(&bytes.concat());
        if target.vocabulary == Vocabulary::Own {
            own += 1;
            let backend = Backend::of(target).expect("its proofs are verified here");
            assert_eq!(backend.name(), target.name);
            assert_eq!(read, Ok(RunProof { backend, ..proof.clone() }));
        } else {
            assert_eq!(Backend::of(target), None, "{}", target.name);
            assert_eq!(read, Err(FileError::Target { target: target.name }));
            let said = read.unwrap_err().to_string();
            assert!(Backend::ALL.iter().all(|backend| said.contains(backend.name())), "{said}");
        }
    }
    assert_eq!(own, Backend::ALL.len());
}

proptest! {
    #[test]
    fn files_are_read_as_they_were_written(
        claims in claims(),
        sizes in any::<(u32, u32)>(),
        is_halo2 in any::<bool>(),
        proof in prop::collection::vec(any::<u8>(), 0..100),
        (at, bits) in (any::<prop::sample::Index>(), 1..=u8::MAX),
    ) {
        let backend = if is_halo2 { Backend::Halo2 } else { Backend::Plonky3 };
        let (range_bits, time_bits) = sizes;
        let file = RunProof { backend, range_bits, time_bits, claims, proof };
        let mut bytes = file.to_bytes();
        prop_assert_eq!(RunProof::from_bytes(&bytes), Ok(file.clone()));
        // Others are other files, or none; nothing panics.
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        prop_assert_ne!(RunProof::from_bytes(&bytes), Ok(file));
    }

    #[test]
    fn bytes_that_are_no_file_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(RunProof::from_bytes(&bytes), Err(FileError::Header));
    }
}
