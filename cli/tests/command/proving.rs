//! Real proofs: they verify, and fit nothing but what they were made for.

use crate::support::{Desk, expected};

const PATCHED: &str = "--proof p.proof --elf out/guest.elf --original self-read.elf";
const ORIGINAL: &str = "--proof o.proof --elf self-read.elf --original self-read.elf";

/// Both proofs take most of the time, so what is done with them is one test.
#[test]
fn proofs_fit_what_they_were_made_for_and_nothing_else() {
    let desk = Desk::new();
    make(&desk);
    accepted(&desk);
    other_guests(&desk);
    other_values(&desk);
    damaged(&desk);
}

fn make(desk: &Desk) {
    desk.succeeds("build self-read.elf --input self-read.bin --max-precompiles 3 --out out");
    for (guest, name) in [("out/guest.elf", "p"), ("self-read.elf", "o")] {
        let ran = desk.succeeds(&format!(
            "prove {guest} --input self-read.bin --proof {name}.proof --public-values {name}.public \
             --json"
        ));
        assert_eq!(ran.stderr, "", "{guest}");
        let figures = ran.json();
        assert_eq!(figures["segments"], 1, "{guest}");
        assert_eq!(figures["proof_bytes"], desk.read(&format!("{name}.proof")).len());
        let vm_instructions = if name == "o" {
            166_459.into()
        } else {
            desk.report("out")["totals"]["instructions_patched"].clone()
        };
        assert_eq!(figures["vm_instructions"], vm_instructions, "{guest}");
        assert_eq!(hex::encode(desk.read(&format!("{name}.public"))), expected("self-read"));
    }
}

fn accepted(desk: &Desk) {
    for (files, values) in [(PATCHED, "p.public"), (ORIGINAL, "o.public")] {
        let ran = desk.succeeds(&format!("verify {files} --public-values {values}"));
        assert!(ran.stdout.contains(&expected("self-read")), "{}", ran.stdout);
        assert!(ran.stdout.ends_with(", 1 segment: verified\n"), "{}", ran.stdout);
        assert_eq!(ran.stderr, "");
    }
}

#[track_caller]
fn refuses(desk: &Desk, files: &str, values: &str, words: &[&str]) {
    desk.refuses(&format!("verify {files} --public-values {values}"), words);
}

fn other_guests(desk: &Desk) {
    desk.succeeds(
        "build self-read.elf --input self-read.bin --max-precompiles 2 --out two --lock two.lock",
    );
    desk.succeeds(
        "build keccak.elf --input keccak.bin --max-precompiles 3 --out other --lock other.lock",
    );
    // The same regions under exchanged numbers are other systems.
    let lock = String::from_utf8(desk.read("autoprec.lock")).unwrap();
    let swapped = lock
        .replace("id = 10000", "id = 19000")
        .replace("id = 10001", "id = 10000")
        .replace("id = 19000", "id = 10001");
    desk.write("swapped.lock", swapped);
    desk.succeeds("build self-read.elf --input self-read.bin --max-precompiles 3 --out swapped --lock swapped.lock");
    assert_ne!(desk.read("swapped/guest.elf"), desk.read("out/guest.elf"));

    let verify = |proof: &str, elf: &str, original: &str, words: &[&str]| {
        let files = format!("--proof {proof}.proof --elf {elf} --original {original}");
        refuses(desk, &files, "p.public", words);
    };
    // Another patch of the same guest.
    verify("p", "two/guest.elf", "self-read.elf", &["p.proof", "precompiles differ"]);
    verify("p", "swapped/guest.elf", "self-read.elf", &["p.proof", "precompiles differ", "10000"]);
    // Another guest.
    verify("p", "other/guest.elf", "keccak.elf", &["p.proof", "precompiles differ"]);
    verify("o", "keccak.elf", "keccak.elf", &["o.proof", "program commitment", "another ELF"]);
    // Original and patched.
    verify("o", "out/guest.elf", "self-read.elf", &["o.proof", "without precompiles", "patched"]);
    verify("p", "self-read.elf", "self-read.elf", &["p.proof", "patched", "no precompiles"]);
    // The link is checked, too.
    verify(
        "p",
        "out/guest.elf",
        "keccak.elf",
        &["out/guest.elf", "is of an original with SHA-256"],
    );
    verify("p", "out/guest.elf", "missing.elf", &["cannot read missing.elf"]);
    verify("o", "self-read.elf", "keccak.elf", &["self-read.elf", "keccak.elf", "original"]);
    let mut changed = desk.read("out/guest.elf");
    let last = changed.len() - 1;
    changed[last] ^= 1;
    desk.write("changed.elf", changed);
    verify("p", "changed.elf", "self-read.elf", &["changed.elf", "not what linking gives"]);
    // Another VM.
    desk.write(
        "openvm.toml",
        "[app_vm_config.rv32i]\n[app_vm_config.rv32m]\n[app_vm_config.io]\n[app_vm_config.sha2]\n",
    );
    refuses(
        desk,
        &format!("{PATCHED} --config openvm.toml"),
        "p.public",
        &["p.proof", "openvm.toml"],
    );
}

fn other_values(desk: &Desk) {
    let values = desk.read("p.public");
    for (at, bits) in [(0, 1), (31, 0x80)] {
        let mut changed = values.clone();
        changed[at] ^= bits;
        desk.write("changed.public", &changed);
        let (claimed, shown) = (hex::encode(&changed), expected("self-read"));
        for files in [PATCHED, ORIGINAL] {
            refuses(desk, files, "changed.public", &["public values", &claimed, &shown]);
        }
    }
    for bytes in [&values[..31], &[], &[&values[..], &[0]].concat()] {
        desk.write("changed.public", bytes);
        refuses(desk, PATCHED, "changed.public", &["public values"]);
    }
    refuses(desk, PATCHED, "missing.public", &["cannot read missing.public"]);
    refuses(desk, &PATCHED.replace("p.proof", "missing"), "p.public", &["cannot read missing"]);
}

fn damaged(desk: &Desk) {
    let proof = desk.read("p.proof");
    let files = PATCHED.replace("p.proof", "bad.proof");
    let cuts =
        [0, 1, 7, 8, 11, 12, 100, 1_000, proof.len() / 2, proof.len() - 100, proof.len() - 1];
    for length in cuts {
        desk.write("bad.proof", &proof[..length]);
        refuses(desk, &files, "p.public", &["bad.proof", "proof"]);
    }
    desk.write("bad.proof", [&proof[..], &[0]].concat());
    refuses(desk, &files, "p.public", &["bad.proof", "too many"]);

    // The claim at the start; commitments, sums, openings, Merkle paths; public values at the end.
    let length = proof.len();
    let places =
        [12, 20, 180, 200, 300, 1_000, length / 4, length / 2, length - 1_000, length - 40];
    for at in places {
        for bits in [1, 0x80] {
            let mut changed = proof.clone();
            changed[at] ^= bits;
            desk.write("bad.proof", changed);
            refuses(desk, &files, "p.public", &["bad.proof"]);
        }
    }
}
