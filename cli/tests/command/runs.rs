//! Whole runs, proved with tables of our own: original and patched, RV32 and RV64. Proofs verify, and
//! fit nothing but what they were made for.

use crate::support::{Desk, examples, expected};

/// One hash of a short message: `keccak` and `keccak-rv64` with inputs that take a second to prove.
fn desk() -> Desk {
    let desk = Desk::new();
    let from = examples().join("elf/keccak-rv64.elf");
    std::fs::copy(from, desk.path("keccak-rv64.elf")).unwrap();
    desk.write("one.bin", [&2_u32.to_le_bytes()[..], b"a message"].concat());
    desk
}

struct Guest {
    elf: &'static str,
    /// How the input is given.
    input: &'static str,
}

const GUESTS: [Guest; 2] = [
    Guest { elf: "keccak", input: "--input one.bin" },
    Guest { elf: "keccak-rv64", input: "--stdin one.bin" },
];

#[test]
fn runs_are_proved_and_verified_with_plonky3() {
    let desk = desk();
    for Guest { elf, input } in GUESTS {
        let out = format!("out-{elf}");
        desk.succeeds(&format!(
            "build {elf}.elf {input} --target plonky3 --lock {elf}.lock --out {out}"
        ));
        desk.succeeds(&format!("verify-link {elf}.elf {out}/guest.elf"));
        for (name, guest) in [("o", format!("{elf}.elf")), ("p", format!("{out}/guest.elf"))] {
            desk.succeeds(&format!("prove {guest} {input} --target plonky3 --check"));
            let ran = desk.succeeds(&format!(
                "prove {guest} {input} --target plonky3 --proof {elf}-{name}.proof \
                 --public-values {elf}-{name}.public --json"
            ));
            assert_eq!(ran.stderr, "", "{guest}");
            let bytes = desk.read(&format!("{elf}-{name}.proof")).len();
            assert_eq!(ran.json()["proof_bytes"], bytes, "{guest}");
            let ran = desk.succeeds(&format!(
                "verify --proof {elf}-{name}.proof --elf {guest} --original {elf}.elf \
                 --public-values {elf}-{name}.public"
            ));
            assert!(ran.stdout.ends_with("made with plonky3: verified\n"), "{}", ran.stdout);
        }
        // The same bytes from original and patched guest, of RV32 and RV64.
        assert_eq!(desk.read(&format!("{elf}-o.public")), desk.read("keccak-p.public"));
        assert_eq!(desk.read(&format!("{elf}-p.public")), desk.read("keccak-p.public"));
    }
    refused(&desk);
}

/// A proof and what belongs to it, with one thing exchanged.
fn refused(desk: &Desk) {
    let verify = |proof: &str, elf: &str, original: &str, rest: &str, words: &[&str]| {
        let line = format!(
            "verify --proof {proof} --elf {elf} --original {original} --public-values {rest}"
        );
        desk.refuses(&line, words);
    };
    let patched = "out-keccak/guest.elf";
    // Another guest, original and patched exchanged.
    let wide = "out-keccak-rv64/guest.elf";
    verify("keccak-p.proof", wide, "keccak-rv64.elf", "keccak-p.public", &["keccak-p.proof"]);
    verify("keccak-p.proof", "keccak.elf", "keccak.elf", "keccak-p.public", &["keccak-p.proof"]);
    verify("keccak-o.proof", patched, "keccak.elf", "keccak-p.public", &["keccak-o.proof"]);
    verify("keccak-p.proof", patched, "sha256.elf", "keccak-p.public", &["is of an original"]);
    // Another output, another exit code.
    let mut public = desk.read("keccak-p.public");
    public[5] ^= 1;
    desk.write("changed.public", &public);
    verify("keccak-p.proof", patched, "keccak.elf", "changed.public", &["keccak-p.proof"]);
    verify(
        "keccak-p.proof",
        patched,
        "keccak.elf",
        "keccak-p.public --exit-code 1",
        &["keccak-p.proof"],
    );
    // Other bytes: the head, the claims, the proof.
    let proof = desk.read("keccak-p.proof");
    let length = proof.len();
    for at in [0, 27, 34, 60, 200, length / 2, length - 50] {
        let mut changed = proof.clone();
        changed[at] ^= 1;
        desk.write("changed.proof", changed);
        verify("changed.proof", patched, "keccak.elf", "keccak-p.public", &["changed.proof"]);
    }
    for length in [0, 10, 30, 100, length / 2, length - 1] {
        desk.write("changed.proof", &proof[..length]);
        verify("changed.proof", patched, "keccak.elf", "keccak-p.public", &["changed.proof"]);
    }
    assert_ne!(expected("keccak"), hex::encode(desk.read("keccak-p.public")), "another input");
}

/// Tables of our own take calls of either form.
#[test]
fn environment_calls_are_proved() {
    let desk = desk();
    let build = "build keccak-rv64.elf --stdin one.bin --abi ecall --reg t0 --target plonky3";
    desk.succeeds(&format!("{build} --max-precompiles 60 --lock e.lock --out e"));
    let report = desk.report("e");
    assert_eq!(report["target"]["form"], "ecall t0");
    let precompiles = report["precompiles"].as_array().unwrap();
    assert!(!precompiles.is_empty(), "no call of this form is linked");
    desk.succeeds("verify-link keccak-rv64.elf e/guest.elf");
    let run = desk.succeeds("run e/guest.elf --stdin one.bin --json").json();
    assert_eq!(run["precompile_calls"].as_object().unwrap().len(), precompiles.len());
    desk.succeeds("prove e/guest.elf --stdin one.bin --target halo2 --check");
    desk.succeeds(
        "prove e/guest.elf --stdin one.bin --target plonky3 --proof e.proof --public-values e.public",
    );
    let verify = "verify --proof e.proof --elf e/guest.elf --original keccak-rv64.elf \
                  --public-values e.public";
    assert!(desk.succeeds(verify).stdout.ends_with("verified\n"));
    desk.refuses(&format!("{verify} --exit-code 1"), &["e.proof"]);
}

#[test]
fn builds_for_our_own_tables_are_reproducible_and_refused_by_openvm() {
    let desk = desk();
    for out in ["a", "b"] {
        desk.succeeds(&format!(
            "build keccak.elf --input one.bin --target halo2 --lock {out}.lock --out {out}"
        ));
    }
    assert_eq!(desk.read("a/guest.elf"), desk.read("b/guest.elf"));
    assert_eq!(desk.read("a/report.json"), desk.read("b/report.json"));
    let report = desk.report("a");
    let precompiles = report["precompiles"].as_array().unwrap();
    assert!(!precompiles.is_empty());
    for precompile in precompiles {
        let text = desk.read(&format!("a/precompiles/{}.txt", precompile["id"]));
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("system pasta") && text.contains("system babybear"), "{text}");
        let systems = precompile["systems"].as_array().unwrap();
        assert_eq!(systems.len(), 2, "one over each field");
        for system in systems {
            assert!(system["check"]["honest"].as_u64().unwrap() >= 12);
        }
    }
    desk.refuses("prove a/guest.elf --input one.bin --check", &["a/guest.elf", "--target openvm"]);
    calls_stand_alone(&desk);
}

/// A precompile of the build proved by itself, with its interface public.
fn calls_stand_alone(desk: &Desk) {
    let report = desk.report("a");
    let precompiles = report["precompiles"].as_array().unwrap();
    let hottest = precompiles.iter().max_by_key(|p| p["calls"].as_u64()).unwrap();
    let id = &hottest["id"];
    desk.succeeds(&format!("record-calls a {id} --input one.bin --most 5 --calls calls.json"));
    for target in ["plonky3", "halo2"] {
        let files = "--proof calls.proof --interface calls.public --params params";
        desk.succeeds(&format!("prove-calls a {id} --calls calls.json --target {target} {files}"));
        let line = format!("verify-calls a {id} --target {target} {files}");
        let ran = desk.succeeds(&line);
        assert!(ran.stdout.contains("5 calls") && ran.stdout.ends_with("verified\n"), "{ran:?}");
        // One word of what the calls leave is another one.
        let interface = String::from_utf8(desk.read("calls.public")).unwrap();
        let at = interface.rfind("\"fields\":[").unwrap() + 10;
        let changed = format!("{}7{}", &interface[..at], &interface[at..]);
        desk.write("calls.public", changed);
        desk.refuses(&line, &["calls.p"]);
    }
}
